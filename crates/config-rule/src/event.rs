//! An event's bytes become an [`Event`].
//!
//! No other module knows the event's JSON. The shapes are those of the AWS Config Developer Guide,
//! "Example events for AWS Config rules". `invokingEvent` and `ruleParameters` are JSON inside text.
//! Unknown members are ignored: AWS may add new ones at any time.

use serde_json::{Map, Value};

use crate::error::{Fault, Faults};
use crate::ids::{AccountId, Region, ResultToken};
use crate::item::ConfigurationItem;
use crate::members::{Members, kind, parse_json};
use crate::partition::Arn;
use crate::timestamp::Timestamp;

/// What an event contains. A part that cannot be read is `None`, and a fault says why, so that a
/// rule can add the faults of its own parameters and items and report them all at once.
#[derive(Debug, Default)]
pub struct Event {
    /// The rule that AWS Config evaluates.
    pub rule: Option<Rule>,
    /// The token that evaluations must be sent with.
    pub token: Option<ResultToken>,
    /// The rule's parameters, not yet checked; empty if the event has none.
    pub parameters: Option<Map<String, Value>>,
    /// Why AWS Config invokes the rule.
    pub trigger: Option<Trigger>,
}

/// The rule that AWS Config evaluates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The account of the rule, in which evaluations must be put.
    pub account: AccountId,
    /// Its name, if the event contains it.
    pub name: Option<String>,
    /// The Region of the rule, in which evaluations must be put, if the event contains it.
    pub region: Option<Region>,
}

/// Why AWS Config invokes the rule; `C` is a change as the rule reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger<C = ItemChange> {
    /// A resource changed.
    Changed(C),
    /// A resource changed, and its item is too large for an event.
    Oversized(OversizedNotice),
    /// A periodic evaluation.
    Scheduled {
        /// `notificationCreationTime`: the ordering timestamp of all evaluations of this run.
        created: Timestamp,
    },
}

/// A change of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemChange {
    /// The resource after the change.
    pub item: ConfigurationItem,
    /// Whether the resource left the scope of the rule.
    pub left_scope: bool,
}

/// A change whose item must be read from the resource's history.
#[derive(Clone, Debug, PartialEq)]
pub struct OversizedNotice {
    /// The item without its configuration.
    pub summary: ConfigurationItem,
    /// Whether the resource left the scope of the rule.
    pub left_scope: bool,
}

impl OversizedNotice {
    /// Reads the fetched item, in the API's spelling.
    ///
    /// # Errors
    ///
    /// The item is malformed, or is another one: its type, ID or capture time differs. A later
    /// attempt may find the right one.
    pub fn resolve(&self, item: &Value) -> Result<ItemChange, Faults> {
        let item = ConfigurationItem::parse(item)?;
        let summary = &self.summary;
        let mut faults = Faults::default();
        if item.captured != summary.captured {
            let message = format!(
                "is {} in the fetched item; the event announced {}",
                item.captured, summary.captured
            );
            faults.push(Fault::other("configurationItem.configurationItemCaptureTime", message));
        }
        if (&item.resource_type, &item.resource_id)
            != (&summary.resource_type, &summary.resource_id)
        {
            let message =
                format!("is another resource's in the fetched item than `{}`", summary.resource_id);
            faults.push(Fault::other("configurationItem.resourceId", message));
        }
        faults.unless_any(Some(ItemChange { item, left_scope: self.left_scope }))
    }
}

impl Event {
    /// Reads an event of a rule for these resource types.
    ///
    /// Faults: the event is not JSON, a required member is missing or blank, a value is not one
    /// that AWS documents, or the message type or resource type is not one that the rule handles.
    pub fn read(event: &[u8], resource_types: &[&str], faults: &mut Faults) -> Self {
        let Some(event) = parse_json(event, "event", faults) else {
            return Self::default();
        };
        if !event.is_object() {
            let message =
                format!("is {}; expected the JSON object that Config sends", kind(&event));
            faults.push(Fault::other("event", message));
            return Self::default();
        }
        Members::of(&event, "", faults)
            .map(|members| Self::of(&members, resource_types, faults))
            .unwrap_or_default()
    }

    fn of(members: &Members<'_>, resource_types: &[&str], faults: &mut Faults) -> Self {
        let token = members
            .required_text(&["resultToken"], "the token that Config sent", faults)
            .and_then(ResultToken::new);
        let parameters = read_parameters(members, faults);
        reject_other_modes(members, faults);
        let name = members.text(&["configRuleName"], faults).map(str::to_owned);
        let arn = members.text(&["configRuleArn"], faults);
        let region = arn.and_then(|arn| Region::parse(Arn::split(arn)?.region).ok());
        let account = members.value(&["accountId"], faults);
        let (trigger, account_of_trigger) = read_trigger(members, resource_types, faults).unzip();
        faults.drop_repeats("accountId", "awsAccountId");
        let account: Option<AccountId> = account.or(account_of_trigger.flatten());
        if trigger.is_some() && account.is_none() && !faults.iter().any(is_about_an_account) {
            faults.push(Fault::missing("accountId", "the account that owns the rule"));
        }
        let rule = account.map(|account| Rule { account, name, region });
        Self { rule, token, parameters, trigger }
    }
}

fn is_about_an_account(fault: &Fault) -> bool {
    matches!(fault.field().rsplit('.').next(), Some("accountId" | "awsAccountId"))
}

/// `ruleParameters` may be absent, null or blank; otherwise it is text that holds an object.
fn read_parameters(members: &Members<'_>, faults: &mut Faults) -> Option<Map<String, Value>> {
    const FIELD: &str = "ruleParameters";
    let Some(text) = members.text(&[FIELD], faults) else {
        return Some(Map::new());
    };
    let parsed = parse_json(text.as_bytes(), FIELD, faults)?;
    if let Value::Object(parameters) = parsed {
        return Some(parameters);
    }
    let message = format!("is {}; expected a JSON object of names and values", kind(&parsed));
    faults.push(Fault::other(FIELD, message));
    None
}

/// Newer events contain `DETECTIVE`. AWS does not document the shape of proactive events.
fn reject_other_modes(members: &Members<'_>, faults: &mut Faults) {
    const FIELD: &str = "evaluationMode";
    const EXPECTED: &str = "`DETECTIVE`, the only mode of this rule: a CloudFormation Hook, \
                            `hook` of Trailseal, evaluates what does not exist yet";
    if let Some(mode) = members.text(&[FIELD], faults)
        && mode != "DETECTIVE"
    {
        faults.push(Fault::wrong(FIELD, mode, EXPECTED));
    }
}

/// The trigger, and the account that it names.
fn read_trigger(
    members: &Members<'_>,
    resource_types: &[&str],
    faults: &mut Faults,
) -> Option<(Trigger, Option<AccountId>)> {
    const FIELD: &str = "invokingEvent";
    const EXPECTED: &str = "`ConfigurationItemChangeNotification`, \
        `OversizedConfigurationItemChangeNotification` or `ScheduledNotification`";
    let left_scope = members.flag(&["eventLeftScope"], faults);
    let text = members.required_text(&[FIELD], "text that holds a JSON object", faults)?;
    let event = parse_json(text.as_bytes(), FIELD, faults)?;
    let event = Members::of(&event, FIELD, faults)?;
    match event.required_text(&["messageType"], EXPECTED, faults)? {
        "ConfigurationItemChangeNotification" => {
            let item = read_item(&event, "configurationItem", resource_types, faults)?;
            let account = item.account.clone();
            Some((Trigger::Changed(ItemChange { item, left_scope }), Some(account)))
        }
        "OversizedConfigurationItemChangeNotification" => {
            let summary = read_item(&event, "configurationItemSummary", resource_types, faults)?;
            let account = summary.account.clone();
            Some((Trigger::Oversized(OversizedNotice { summary, left_scope }), Some(account)))
        }
        "ScheduledNotification" => {
            let created: Option<Timestamp> = event.required(&["notificationCreationTime"], faults);
            let account = event.value(&["awsAccountId", "accountId"], faults);
            created.map(|created| (Trigger::Scheduled { created }, account))
        }
        other => {
            faults.push(Fault::wrong(event.path("messageType"), other, EXPECTED));
            None
        }
    }
}

fn read_item(
    event: &Members<'_>,
    name: &str,
    resource_types: &[&str],
    faults: &mut Faults,
) -> Option<ConfigurationItem> {
    let path = event.path(name);
    let Some(value) = event.get(&[name]) else {
        faults.push(Fault::missing(path, "a configuration item"));
        return None;
    };
    let resource_type = value.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    let is_handled = resource_type.trim().is_empty() || resource_types.contains(&resource_type);
    if !is_handled {
        let expected = format!("`{}`", resource_types.join("` or `"));
        faults.push(Fault::wrong(format!("{path}.resourceType"), resource_type, &expected));
    }
    ConfigurationItem::read(value, &path, faults).filter(|_| is_handled)
}
