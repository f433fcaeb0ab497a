//! What AWS Config asks: an event's bytes become an [`Invocation`].
//!
//! *Invariant of absence*: no other module knows the event's JSON. Past this listener every field is
//! present and typed.
//!
//! The shapes are those of the AWS Config Developer Guide, "Example events for AWS Config rules".
//! `invokingEvent` and `ruleParameters` are JSON inside text; unknown members are ignored, since
//! AWS adds some from time to time.

use serde_json::Value;

use crate::arn::ArnParts;
use crate::error::{EventError, Fault, Faults};
use crate::evaluation::ResourceId;
use crate::ids::{AccountId, Region, ResultToken};
use crate::item::{ConfigurationItem, ItemStatus, ItemType};
use crate::key_ref::KeyRef;
use crate::members::{Members, kind, parse_json};
use crate::parameters::Parameters;
use crate::timestamp::Timestamp;
use crate::trail::Trail;

/// One invocation of the rule by AWS Config.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The rule.
    pub rule: Rule,
    /// What evaluations must be sent back with.
    pub token: ResultToken,
    /// The rule's parameters.
    pub parameters: Parameters,
    /// What happened.
    pub trigger: Trigger,
}

/// The rule that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The account that owns the rule, in which evaluations must be put.
    pub account: AccountId,
    /// Its name, where the event tells it; clean-up of old results needs it.
    pub name: Option<String>,
    /// The Region in which evaluations must be put, where the event tells it.
    pub region: Option<Region>,
}

/// What happened that makes Config ask.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A trail or a key changed.
    Changed(Change),
    /// A trail or key changed whose item was too large to send; it must be fetched.
    Oversized(Announced),
    /// The schedule.
    Scheduled {
        /// `notificationCreationTime`: the ordering timestamp of all evaluations of this run.
        created: Timestamp,
    },
}

/// What has changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A trail was made or changed.
    Trail(Box<TrailChange>),
    /// A trail was deleted, is no longer recorded, or left the rule's scope.
    TrailGone(TrailGone),
    /// A key was made, changed or deleted.
    Key(KeyChange),
}

/// A trail as its configuration item shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailChange {
    /// The id under which Config knows the trail.
    pub resource_id: ResourceId,
    /// When Config captured it.
    pub captured: Timestamp,
    /// The trail.
    pub trail: Trail,
}

/// A trail that is not to be judged any more.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailGone {
    /// The id under which Config knows the trail.
    pub resource_id: ResourceId,
    /// When Config captured that.
    pub captured: Timestamp,
    /// What became of it, in words for the annotation.
    pub why: &'static str,
}

/// A change whose item must be fetched from Config's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Announced {
    /// The type of the resource.
    pub resource_type: ItemType,
    /// Its id.
    pub resource_id: ResourceId,
    /// When the announced item was captured: the fetched one must say the same.
    pub captured: Timestamp,
    /// Whether the event says that the resource left the rule's scope.
    left_scope: bool,
}

/// A change of a key. It only triggers: what it says of the key is never evidence, since events
/// arrive late and out of order.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyChange {
    /// The account of the key.
    pub account: AccountId,
    /// The Region of the key.
    pub region: Region,
    /// The key's id.
    pub key_id: String,
    /// When Config captured the change.
    pub captured: Timestamp,
    /// Whether a key of this kind can seal a trail at all. Manager and kind of a key never change
    /// (KMS API Reference, `KeyMetadata`), so even an old item is right about them.
    pub can_seal_trails: bool,
}

impl Invocation {
    /// Reads an event.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the event, at once: it is not JSON, a needed member is
    /// missing or blank, a value is not what AWS documents, the message type or resource type is
    /// not one that this rule answers, a parameter is unknown or has a bad value. Nothing is
    /// evaluated then.
    pub fn parse(event: &[u8]) -> Result<Self, EventError> {
        let mut faults = Faults::default();
        let invocation = Self::read(event, &mut faults);
        faults.unless_any(invocation).map_err(EventError)
    }

    fn read(event: &[u8], faults: &mut Faults) -> Option<Self> {
        let event = parse_json(event, "event", faults)?;
        if !event.is_object() {
            let message =
                format!("is {}; expected the JSON object that Config sends", kind(&event));
            faults.push(Fault::other("event", message));
            return None;
        }
        let members = Members::of(&event, "", faults)?;
        let token = members
            .needed_text(["resultToken", "resultToken"], "the token that Config sent", faults)
            .and_then(ResultToken::new);
        let parameters = read_parameters(&members, faults);
        refuse_other_modes(&members, faults);
        let left_scope = members.flag(["eventLeftScope", "eventLeftScope"], faults);
        let name = members.text(["configRuleName", "configRuleName"], faults);
        let arn = members.text(["configRuleArn", "configRuleArn"], faults);
        let account = members.text(["accountId", "accountId"], faults);
        let account = account.and_then(|text| read_account(text, "accountId", faults));
        let invoking_event = read_invoking_event(&members, left_scope, faults);
        faults.drop_repeats("accountId", "awsAccountId");
        let (trigger, seen_in) = invoking_event?;
        let account = account.or(seen_in);
        if account.is_none() && !faults.iter().any(is_about_an_account) {
            faults.push(Fault::missing("accountId", "the account that owns the rule"));
        }
        Some(Self {
            rule: Rule {
                account: account?,
                name: name.map(str::to_owned),
                region: arn.and_then(region_of_arn),
            },
            token: token?,
            parameters: parameters?,
            trigger: trigger?,
        })
    }
}

impl Announced {
    /// Turns the fetched item (in the API's spelling) into what the event would have been, had
    /// the item been small enough.
    ///
    /// # Errors
    ///
    /// The item is malformed, or is not the announced one: another type, id or capture time. A
    /// later attempt may find the right one.
    pub fn resolve(&self, item: &Value) -> Result<Change, EventError> {
        let item = ConfigurationItem::parse(item).map_err(EventError)?;
        let mut faults = Faults::default();
        let change = if self.is_announced(&item, &mut faults) {
            change_of(item, "configurationItem", self.left_scope, &mut faults)
        } else {
            None
        };
        faults.unless_any(change).map_err(EventError)
    }

    fn is_announced(&self, item: &ConfigurationItem, faults: &mut Faults) -> bool {
        if item.captured != self.captured {
            let message = format!(
                "is {} in the fetched item; the event announced {}",
                item.captured, self.captured
            );
            faults.push(Fault::other("configurationItem.configurationItemCaptureTime", message));
        }
        if (item.resource_type, &item.resource_id) != (self.resource_type, &self.resource_id) {
            let message =
                format!("is another resource's in the fetched item than `{}`", self.resource_id);
            faults.push(Fault::other("configurationItem.resourceId", message));
        }
        faults.iter().next().is_none()
    }
}

impl KeyChange {
    /// Whether a trail's key reference may mean this key.
    ///
    /// An ARN is compared whole, so that the replicas of a multi-Region key, which share an id,
    /// stay apart. An alias cannot be compared without asking: it may mean the key.
    #[must_use]
    pub fn may_seal(&self, key: &KeyRef) -> bool {
        match key {
            KeyRef::Key(arn) => {
                (arn.account(), arn.region(), arn.id())
                    == (&self.account, &self.region, self.key_id.as_str())
            }
            KeyRef::AliasArn { account, region, .. } => {
                !key.is_aws_managed_alias() && (account, region) == (&self.account, &self.region)
            }
            KeyRef::Alias(_) => !key.is_aws_managed_alias(),
            KeyRef::Id(id) => *id == self.key_id,
            KeyRef::Unrecognized(_) => false,
        }
    }
}

fn is_about_an_account(fault: &Fault) -> bool {
    matches!(fault.field().rsplit('.').next(), Some("accountId" | "awsAccountId"))
}

fn read_account(text: &str, field: &str, faults: &mut Faults) -> Option<AccountId> {
    AccountId::parse(text)
        .map_err(|error| faults.push(Fault::wrong(field, text, error.expected())))
        .ok()
}

fn region_of_arn(arn: &str) -> Option<Region> {
    Region::parse(ArnParts::split(arn)?.region).ok()
}

/// `ruleParameters` may be absent, null or empty text; otherwise it is text that holds an object.
fn read_parameters(members: &Members<'_>, faults: &mut Faults) -> Option<Parameters> {
    const FIELD: &str = "ruleParameters";
    let raw = match members.text([FIELD, FIELD], faults) {
        Some(text) => parse_json(text.as_bytes(), FIELD, faults)?,
        None => Value::Object(serde_json::Map::new()),
    };
    if !raw.is_object() {
        let message = format!("is {}; expected a JSON object of names and values", kind(&raw));
        faults.push(Fault::other(FIELD, message));
    }
    Parameters::read(raw.as_object()?, faults)
}

/// Newer events say `DETECTIVE`. The shape of a proactive event is documented nowhere, and Config
/// does not offer that mode for trails.
fn refuse_other_modes(members: &Members<'_>, faults: &mut Faults) {
    if let Some(mode) = members.text(["evaluationMode", "evaluationMode"], faults)
        && mode != "DETECTIVE"
    {
        faults.push(Fault::wrong(
            "evaluationMode",
            mode,
            "`DETECTIVE`, the only mode of this rule",
        ));
    }
}

/// The trigger, and the account in which it was seen.
fn read_invoking_event(
    members: &Members<'_>,
    left_scope: bool,
    faults: &mut Faults,
) -> Option<(Option<Trigger>, Option<AccountId>)> {
    const FIELD: &str = "invokingEvent";
    const EXPECTED: &str = "`ConfigurationItemChangeNotification`, \
        `OversizedConfigurationItemChangeNotification` or `ScheduledNotification`";
    let text = members.needed_text([FIELD, FIELD], "text that holds a JSON object", faults)?;
    let event = parse_json(text.as_bytes(), FIELD, faults)?;
    let event = Members::of(&event, FIELD, faults)?;
    match event.needed_text(["messageType", "messageType"], EXPECTED, faults)? {
        "ConfigurationItemChangeNotification" => {
            let item = read_item(&event, "configurationItem", faults)?;
            let account = item.account.clone();
            let path = event.path("configurationItem");
            let change = change_of(item, &path, left_scope, faults);
            Some((change.map(Trigger::Changed), Some(account)))
        }
        "OversizedConfigurationItemChangeNotification" => {
            let summary = read_item(&event, "configurationItemSummary", faults)?;
            let account = summary.account.clone();
            Some((Some(announced(summary, left_scope)), Some(account)))
        }
        "ScheduledNotification" => read_schedule(&event, faults),
        other => {
            faults.push(Fault::wrong(event.path("messageType"), other, EXPECTED));
            None
        }
    }
}

fn read_item(event: &Members<'_>, name: &str, faults: &mut Faults) -> Option<ConfigurationItem> {
    let Some(item) = event.get(name) else {
        faults.push(Fault::missing(event.path(name), "a configuration item"));
        return None;
    };
    ConfigurationItem::read(item, &event.path(name), faults)
}

fn read_schedule(
    event: &Members<'_>,
    faults: &mut Faults,
) -> Option<(Option<Trigger>, Option<AccountId>)> {
    const NAME: &str = "notificationCreationTime";
    const EXPECTED: &str = "a time such as `2016-02-17T01:36:34.043Z`";
    let text = event.needed_text([NAME, NAME], EXPECTED, faults)?;
    let account = event.text(["awsAccountId", "accountId"], faults);
    let account = account.and_then(|text| read_account(text, "invokingEvent.awsAccountId", faults));
    let Ok(created) = Timestamp::parse(text) else {
        faults.push(Fault::wrong(event.path(NAME), text, EXPECTED));
        return None;
    };
    Some((Some(Trigger::Scheduled { created }), account))
}

/// The path is that of the item.
fn change_of(
    item: ConfigurationItem,
    path: &str,
    left_scope: bool,
    faults: &mut Faults,
) -> Option<Change> {
    match item.resource_type {
        ItemType::Key => Some(Change::Key(key_change(item))),
        ItemType::Trail => {
            if let Some(gone) = trail_gone(&item, left_scope) {
                return Some(Change::TrailGone(gone));
            }
            let trail = Trail::read(&item, path, faults)?;
            let ConfigurationItem { resource_id, captured, .. } = item;
            Some(Change::Trail(Box::new(TrailChange { resource_id, captured, trail })))
        }
    }
}

/// What is gone needs no fetching: the summary says enough.
fn announced(summary: ConfigurationItem, left_scope: bool) -> Trigger {
    if summary.resource_type == ItemType::Trail
        && let Some(gone) = trail_gone(&summary, left_scope)
    {
        return Trigger::Changed(Change::TrailGone(gone));
    }
    if summary.resource_type == ItemType::Key && summary.status != ItemStatus::Present {
        return Trigger::Changed(Change::Key(key_change(summary)));
    }
    let ConfigurationItem { resource_type, resource_id, captured, .. } = summary;
    Trigger::Oversized(Announced { resource_type, resource_id, captured, left_scope })
}

fn trail_gone(item: &ConfigurationItem, left_scope: bool) -> Option<TrailGone> {
    let why = match item.status {
        ItemStatus::Deleted | ItemStatus::DeletedNotRecorded => "the trail was deleted",
        ItemStatus::NotRecorded => "AWS Config does not record the trail",
        ItemStatus::Present if left_scope => "the trail left the scope of the rule",
        ItemStatus::Present => return None,
    };
    Some(TrailGone { resource_id: item.resource_id.clone(), captured: item.captured, why })
}

fn key_change(item: ConfigurationItem) -> KeyChange {
    let configuration = item.configuration.as_ref();
    let says = |name: &str| configuration.and_then(|members| members.get(name)?.as_str());
    let is_aws_managed = says("keyManager") == Some("AWS");
    // Older items name the same thing `customerMasterKeySpec`.
    let spec = says("keySpec").or_else(|| says("customerMasterKeySpec"));
    let is_symmetric = spec.is_none_or(|spec| spec == "SYMMETRIC_DEFAULT");
    KeyChange {
        account: item.account,
        region: item.region,
        key_id: item.resource_id.as_str().to_owned(),
        captured: item.captured,
        can_seal_trails: !is_aws_managed && is_symmetric,
    }
}
