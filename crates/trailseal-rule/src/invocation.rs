//! Reads the bytes of an AWS Config event as an [`Invocation`] of this rule.

use config_rule::{
    AccountId, ConfigurationItem, Event, EventError, Faults, ItemChange, ItemStatus,
    OversizedNotice, Region, ResourceId, ResultToken, Rule, Timestamp,
};
use serde_json::Value;

use crate::key_ref::KeyRef;
use crate::parameters::Parameters;
use crate::trail::{TRAIL_TYPE, Trail};

/// `AWS::KMS::Key`.
pub const KEY_TYPE: &str = "AWS::KMS::Key";

/// One invocation of the rule by AWS Config.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The rule.
    pub rule: Rule,
    /// The token that evaluations must be sent with.
    pub token: ResultToken,
    /// The rule's parameters.
    pub parameters: Parameters,
    /// Why AWS Config invokes the rule.
    pub trigger: Trigger,
}

/// Why AWS Config invokes the rule.
pub type Trigger = config_rule::Trigger<Change>;

/// A change of a trail or a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A trail was created or changed.
    Trail(Box<TrailChange>),
    /// A trail was deleted, left the rule's scope, or AWS Config stopped recording it.
    TrailGone(TrailGone),
    /// A key was created, changed or deleted.
    Key(KeyChange),
}

/// A trail as its configuration item shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailChange {
    /// The ID under which AWS Config records the trail.
    pub resource_id: ResourceId,
    /// When AWS Config captured the item.
    pub captured: Timestamp,
    /// The trail.
    pub trail: Trail,
}

/// A trail that the rule no longer evaluates.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailGone {
    /// The ID under which AWS Config records the trail.
    pub resource_id: ResourceId,
    /// When AWS Config captured the item.
    pub captured: Timestamp,
    /// The reason, for the annotation.
    pub why: &'static str,
}

/// A change of a key. It only triggers evaluations: events arrive late and out of order, so the
/// item is never evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyChange {
    /// The account of the key.
    pub account: AccountId,
    /// The Region of the key.
    pub region: Region,
    /// The key ID.
    pub key_id: String,
    /// When AWS Config captured the change.
    pub captured: Timestamp,
    /// Whether a trail can use a key of this kind. Manager and key spec never change (KMS API
    /// Reference, `KeyMetadata`), so that an old item is right about them.
    pub can_seal_trails: bool,
}

impl Invocation {
    /// Reads an event.
    ///
    /// # Errors
    ///
    /// All faults of the event at once: those of [`Event::read`], unknown or invalid parameters,
    /// and a trail's item without the members that the rule needs. Nothing is evaluated then.
    pub fn parse(event: &[u8]) -> Result<Self, EventError> {
        let mut faults = Faults::default();
        let event = Event::read(event, &[TRAIL_TYPE, KEY_TYPE], &mut faults);
        let parameters = event.parameters.and_then(|raw| faults.collect(Parameters::parse(&raw)));
        let trigger = event.trigger.and_then(|trigger| read_trigger(trigger, &mut faults));
        let parts = event.rule.zip(event.token).zip(parameters.zip(trigger));
        let ((rule, token), (parameters, trigger)) =
            faults.unless_any(parts).map_err(EventError)?;
        Ok(Self { rule, token, parameters, trigger })
    }
}

/// A summary is enough for a resource that no longer exists: nothing needs to be fetched.
fn read_trigger(trigger: config_rule::Trigger, faults: &mut Faults) -> Option<Trigger> {
    match trigger {
        config_rule::Trigger::Changed(change) => {
            Change::read(change, "invokingEvent.configurationItem", faults).map(Trigger::Changed)
        }
        config_rule::Trigger::Oversized(notice) => {
            let OversizedNotice { summary, left_scope } = &notice;
            let gone = if summary.resource_type == TRAIL_TYPE {
                trail_gone(summary, *left_scope).map(Change::TrailGone)
            } else {
                (summary.status != ItemStatus::Present).then(|| Change::Key(key_change(summary)))
            };
            Some(gone.map_or(Trigger::Oversized(notice), Trigger::Changed))
        }
        config_rule::Trigger::Scheduled { created } => Some(Trigger::Scheduled { created }),
    }
}

impl Change {
    /// The change that an oversized notice announced, from the fetched item in the API's spelling.
    ///
    /// # Errors
    ///
    /// Those of [`OversizedNotice::resolve`], and a trail's item without the members that the rule
    /// needs.
    pub fn resolve(notice: &OversizedNotice, item: &Value) -> Result<Self, EventError> {
        let change = notice.resolve(item).map_err(EventError)?;
        let mut faults = Faults::default();
        let change = Self::read(change, "configurationItem", &mut faults);
        faults.unless_any(change).map_err(EventError)
    }

    fn read(change: ItemChange, path: &str, faults: &mut Faults) -> Option<Self> {
        let ItemChange { item, left_scope } = change;
        if item.resource_type != TRAIL_TYPE {
            return Some(Self::Key(key_change(&item)));
        }
        if let Some(gone) = trail_gone(&item, left_scope) {
            return Some(Self::TrailGone(gone));
        }
        let trail = Trail::read(&item, path, faults)?;
        let ConfigurationItem { resource_id, captured, .. } = item;
        Some(Self::Trail(Box::new(TrailChange { resource_id, captured, trail })))
    }
}

impl KeyChange {
    /// Whether a trail's `kmsKeyId` may mean this key.
    ///
    /// ARNs are compared in full, since replicas of a multi-Region key share an ID. An alias may
    /// mean the key: only KMS knows.
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
            KeyRef::Unrecognized(_) | KeyRef::NotKnown(_) => false,
        }
    }
}

fn trail_gone(item: &ConfigurationItem, left_scope: bool) -> Option<TrailGone> {
    let why = match item.status {
        ItemStatus::Deleted | ItemStatus::DeletedNotRecorded => TrailGone::DELETED,
        ItemStatus::NotRecorded => "AWS Config does not record the trail",
        ItemStatus::Present if left_scope => "the trail left the scope of the rule",
        ItemStatus::Present => return None,
    };
    Some(TrailGone { resource_id: item.resource_id.clone(), captured: item.captured, why })
}

fn key_change(item: &ConfigurationItem) -> KeyChange {
    let configuration = item.configuration.as_ref();
    let text = |name: &str| configuration.and_then(|members| members.get(name)?.as_str());
    let is_aws_managed = text("keyManager") == Some("AWS");
    // Older items contain the key spec as `customerMasterKeySpec`.
    let spec = text("keySpec").or_else(|| text("customerMasterKeySpec"));
    let is_symmetric = spec.is_none_or(|spec| spec == "SYMMETRIC_DEFAULT");
    KeyChange {
        account: item.account.clone(),
        region: item.region.clone(),
        key_id: item.resource_id.as_str().to_owned(),
        captured: item.captured,
        can_seal_trails: !is_aws_managed && is_symmetric,
    }
}
