//! What was seen in the input: pieces of text become trails, keys, buckets and complaints.

mod described;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use trailseal_rule::{
    AccountId, Announced, Change, ConfigurationItem, Invocation, ItemStatus, ItemType, KEY_TYPE,
    Parameters, Region, ResourceId, TRAIL_TYPE, Timestamp, Trail, TrailGone, Trigger,
};

use crate::evidence::{BUCKET_TYPE, Evidence, SeenKey, see_bucket};
use crate::newest::{Contest, Difference, Newest, Sighting, Telling};
use crate::scan::Piece;

/// What the pieces of a source are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Trails are judged, and everything else is evidence.
    Judged,
    /// Everything is evidence, and trails are left alone.
    FactsOnly,
}

/// Whose parameters count for a rule event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventParameters {
    /// The event's own.
    Own,
    /// Those of the command line, so that the event's are not even read.
    Overruled,
}

/// What makes two sightings the same trail.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TrailIdentity {
    account: AccountId,
    region: Region,
    id: String,
    /// `DescribeTrails` output has no time, so it never stands for an item or the other way.
    is_described: bool,
}

/// A trail, as it was seen last.
#[derive(Clone, Debug)]
pub(crate) struct SeenTrail {
    pub(crate) resource_id: ResourceId,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) presence: Presence,
    /// The parameters of the rule event that told of it.
    pub(crate) parameters: Option<Arc<Parameters>>,
}

/// Two rules may tell of one change, each with its own parameters; an item has none to tell.
impl Telling for SeenTrail {
    fn difference(&self, other: &Self) -> Option<Difference> {
        let parameters = (&self.parameters, &other.parameters);
        if self.presence != other.presence {
            Some(Difference::Content)
        } else if matches!(parameters, (Some(one), Some(other)) if one != other) {
            Some(Difference::Parameters)
        } else {
            None
        }
    }
}

/// Whether a trail is there to be judged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Presence {
    There(Box<Trail>),
    /// What became of it, in words.
    Gone(&'static str),
}

/// Something that kept a part of the input from being judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) source: usize,
    pub(crate) message: String,
}

/// A rule event that only announces an item, which must be found elsewhere in the input.
#[derive(Clone, Debug)]
struct Announcement {
    sighting: Sighting,
    account: AccountId,
    /// Where the announcement says so.
    region: Option<Region>,
    announced: Announced,
}

/// All that was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) trails: Newest<TrailIdentity, SeenTrail>,
    pub(crate) evidence: Evidence,
    pub(crate) complaints: Vec<Complaint>,
    announcements: Vec<Announcement>,
    /// Documents that are none of those that are read here.
    pub(crate) unknown_documents: u64,
    /// Pieces that are.
    pub(crate) known_pieces: u64,
}

/// How pieces are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taking {
    pub(crate) role: Role,
    pub(crate) event_parameters: EventParameters,
}

/// The one member by which an item that may be wanted is told from one that is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    resource_type: Option<Value>,
}

impl Seen {
    pub(crate) fn merge(&mut self, other: Self) {
        self.trails.merge(other.trails);
        self.evidence.merge(other.evidence);
        self.complaints.extend(other.complaints);
        self.announcements.extend(other.announcements);
        self.unknown_documents += other.unknown_documents;
        self.known_pieces += other.known_pieces;
    }

    /// Takes one piece of a source.
    pub(crate) fn take(&mut self, piece: Piece<'_>, taking: Taking, source: usize, position: u64) {
        let sighting =
            Sighting { captured: None, has_parameters: false, state: None, source, position };
        let taken = match piece {
            Piece::Item(text) => self.take_item_text(text, taking, sighting),
            Piece::Described(text) => self.take_described(text, taking, sighting),
            Piece::Document(text) => self.take_document(text, taking, sighting),
        };
        if let Err(message) = taken {
            self.complaints.push(Complaint { source, message });
        }
    }

    /// What only the whole input shows, as complaints: resources that are told of in two ways, and
    /// announced items that were not found.
    pub(crate) fn settle(&mut self) {
        let trails = self.trails.take_contested().into_iter();
        let trails = trails.map(|(trail, contest)| (contest, format!("trail `{}`", trail.id)));
        let keys = self.evidence.keys.take_contested().into_iter();
        let keys = keys.map(|(key, contest)| (contest, format!("key `{}`", key.id)));
        let buckets = self.evidence.buckets.take_contested().into_iter();
        let buckets = buckets.map(|(name, contest)| (contest, format!("bucket `{name}`")));
        let mut contested: Vec<(Contest, String)> = trails.chain(keys).chain(buckets).collect();
        contested.sort_unstable();
        for (Contest { sources: [one, other], difference }, what) in contested {
            let why = match difference {
                Difference::Content => {
                    "is told of in two ways that no time tells apart, so that neither counts: give \
                     the newer one alone"
                }
                Difference::Parameters => {
                    "is told of by rule events with different parameters, so that neither counts: \
                     give one of them alone, or its parameters by --parameter"
                }
            };
            let message = format!("{what} {why}");
            self.complaints.push(Complaint { source: one, message: message.clone() });
            if other != one {
                self.complaints.push(Complaint { source: other, message });
            }
        }
        self.settle_announcements();
    }

    fn settle_announcements(&mut self) {
        for announcement in std::mem::take(&mut self.announcements) {
            if !self.holds(&announcement) {
                let Announcement { sighting, announced, .. } = announcement;
                let message = format!(
                    "the item of `{}` was too large for the event: give its item of {} too, as \
                     `aws configservice get-resource-config-history` tells it",
                    announced.resource_id, announced.captured
                );
                self.complaints.push(Complaint { source: sighting.source, message });
            }
        }
    }

    /// Whether the announced item, or a newer one, was seen.
    fn holds(&self, announcement: &Announcement) -> bool {
        let Announcement { account, region, announced, .. } = announcement;
        let there = |seen: &Region| region.as_ref().is_none_or(|region| region == seen);
        let id = announced.resource_id.as_str();
        let is_new = |seen: &Sighting| seen.captured >= Some(announced.captured);
        match announced.resource_type {
            ItemType::Trail => self.trails.iter().any(|(identity, seen, _)| {
                is_new(seen)
                    && identity.account == *account
                    && there(&identity.region)
                    && identity.id == id
            }),
            ItemType::Key => self.evidence.keys.iter().any(|(identity, seen, _)| {
                is_new(seen)
                    && identity.account == *account
                    && there(&identity.region)
                    && identity.id == id
            }),
        }
    }

    fn take_item_text(
        &mut self,
        text: &[u8],
        taking: Taking,
        sighting: Sighting,
    ) -> Result<(), String> {
        self.known_pieces += 1;
        let head: Head = serde_json::from_slice(text).map_err(not_json("an item"))?;
        let Some(Value::String(kind)) = head.resource_type else {
            return Ok(());
        };
        if ![TRAIL_TYPE, KEY_TYPE, BUCKET_TYPE].contains(&kind.as_str()) {
            return Ok(());
        }
        let item = serde_json::from_slice(text).map_err(not_json("an item"))?;
        self.take_item(&item, taking, sighting)
    }

    /// Takes an item of any type; others than trails, keys and buckets are of no use.
    fn take_item(
        &mut self,
        item: &Value,
        taking: Taking,
        sighting: Sighting,
    ) -> Result<(), String> {
        let kind = item.get("resourceType").and_then(Value::as_str);
        let captured = item.get("configurationItemCaptureTime").and_then(capture_time);
        let sighting = Sighting { captured, state: state_id(item), ..sighting };
        match (kind, taking.role) {
            (Some(TRAIL_TYPE), Role::FactsOnly) => Ok(()),
            (Some(TRAIL_TYPE), Role::Judged) => self.take_trail_item(item, sighting),
            (Some(KEY_TYPE), _) => {
                let read = ConfigurationItem::parse(item)
                    .map_err(|faults| format!("an item of a key cannot be used: {faults}"))?;
                let (identity, key) = SeenKey::read(&read, item);
                self.evidence.keys.see(identity, sighting, key);
                Ok(())
            }
            (Some(BUCKET_TYPE), _) => see_bucket(&mut self.evidence, item, sighting),
            (Some(_) | None, _) => Ok(()),
        }
    }

    fn take_trail_item(&mut self, item: &Value, sighting: Sighting) -> Result<(), String> {
        let unusable = |faults| format!("an item of a trail cannot be used: {faults}");
        let item = ConfigurationItem::parse(item).map_err(unusable)?;
        // The words are those that the rule has for events.
        let presence = match item.status {
            ItemStatus::Deleted | ItemStatus::DeletedNotRecorded => {
                Presence::Gone("the trail was deleted")
            }
            ItemStatus::NotRecorded => Presence::Gone("AWS Config does not record the trail"),
            ItemStatus::Present => {
                Presence::There(Box::new(Trail::from_item(&item).map_err(unusable)?))
            }
        };
        let ConfigurationItem { resource_id, account, region, .. } = item;
        self.see(sighting, SeenTrail { resource_id, account, region, presence, parameters: None });
        Ok(())
    }

    fn see(&mut self, sighting: Sighting, trail: SeenTrail) {
        let identity = TrailIdentity {
            account: trail.account.clone(),
            region: trail.region.clone(),
            id: trail.resource_id.as_str().to_owned(),
            is_described: false,
        };
        self.trails.see(identity, sighting, trail);
    }

    fn take_described(
        &mut self,
        text: &[u8],
        taking: Taking,
        sighting: Sighting,
    ) -> Result<(), String> {
        self.known_pieces += 1;
        if taking.role == Role::FactsOnly {
            return Ok(());
        }
        let described: Value = serde_json::from_slice(text).map_err(not_json("a trail"))?;
        let trail = described::trail(&described)?;
        let identity = TrailIdentity {
            account: trail.account.clone(),
            region: trail.region.clone(),
            id: trail.arn.as_str().to_owned(),
            is_described: true,
        };
        let seen = SeenTrail {
            resource_id: ResourceId::new(trail.arn.name()).ok_or("a trail has no name")?,
            account: trail.account.clone(),
            region: trail.region.clone(),
            presence: Presence::There(Box::new(trail)),
            parameters: None,
        };
        self.trails.see(identity, sighting, seen);
        Ok(())
    }

    /// A document is told apart by what it holds.
    fn take_document(
        &mut self,
        text: &[u8],
        taking: Taking,
        sighting: Sighting,
    ) -> Result<(), String> {
        let mut document: Value = serde_json::from_slice(text).map_err(not_json("a document"))?;
        if document.get("invokingEvent").is_some() {
            self.known_pieces += 1;
            return self.take_event(&mut document, taking, sighting);
        }
        if let Some(item) = document.get("configurationItem").filter(|item| item.is_object()) {
            self.known_pieces += 1;
            return self.take_item(item, taking, sighting);
        }
        if document.get("configurationItemSummary").is_some() {
            self.known_pieces += 1;
            return Err(
                "a summary stands in for an item that was too large: give the item".to_owned()
            );
        }
        if document.get("resourceType").is_some()
            && document.get("configurationItemStatus").is_some()
        {
            self.known_pieces += 1;
            return self.take_item(&document, taking, sighting);
        }
        self.unknown_documents += 1;
        Ok(())
    }

    fn take_event(
        &mut self,
        event: &mut Value,
        taking: Taking,
        sighting: Sighting,
    ) -> Result<(), String> {
        let invoking = event.get("invokingEvent").and_then(Value::as_str).unwrap_or_default();
        let invoking: Value = serde_json::from_str(invoking).unwrap_or_default();
        let item = invoking.get("configurationItem");
        let resource = item.or_else(|| invoking.get("configurationItemSummary"));
        let kind = resource.and_then(|item| item.get("resourceType")?.as_str());
        match (kind, item) {
            (Some(TRAIL_TYPE), _) if taking.role == Role::FactsOnly => return Ok(()),
            (Some(TRAIL_TYPE) | None, _) | (Some(KEY_TYPE), None) => {}
            // Whatever the rule would do on another resource's item, here it is evidence.
            (Some(_), Some(item)) => return self.take_item(item, taking, sighting),
            (Some(_), None) => return Ok(()),
        }
        // No trail is judged by the parameters of what is evidence only.
        let taking = match taking.role {
            Role::Judged => taking,
            Role::FactsOnly => Taking { event_parameters: EventParameters::Overruled, ..taking },
        };
        if taking.event_parameters == EventParameters::Overruled
            && let Some(members) = event.as_object_mut()
        {
            members.remove("ruleParameters");
        }
        let invocation = Invocation::parse(event.to_string().as_bytes());
        let invocation = invocation.map_err(|error| error.to_string())?;
        self.take_invocation(invocation, resource, taking, sighting)
    }

    fn take_invocation(
        &mut self,
        invocation: Invocation,
        item: Option<&Value>,
        taking: Taking,
        sighting: Sighting,
    ) -> Result<(), String> {
        let parameters = match taking.event_parameters {
            EventParameters::Own => Some(Arc::new(invocation.parameters)),
            EventParameters::Overruled => None,
        };
        let account = invocation.rule.account;
        let has_parameters = parameters.is_some();
        let state = item.and_then(state_id);
        let sighting = Sighting { has_parameters, state, ..sighting };
        match invocation.trigger {
            Trigger::Changed(Change::Trail(change)) => {
                let trail = change.trail;
                let sighting = Sighting { captured: Some(change.captured), ..sighting };
                let (account, region) = (trail.account.clone(), trail.region.clone());
                let resource_id = change.resource_id;
                let presence = Presence::There(Box::new(trail));
                let seen = SeenTrail { resource_id, account, region, presence, parameters };
                self.see(sighting, seen);
                Ok(())
            }
            Trigger::Changed(Change::TrailGone(TrailGone { resource_id, captured, why })) => {
                let region = item.and_then(|item| item.get("awsRegion")?.as_str());
                let region = Region::parse(region.unwrap_or_default());
                let region = region.map_err(|error| error.to_string())?;
                let sighting = Sighting { captured: Some(captured), ..sighting };
                let presence = Presence::Gone(why);
                let seen = SeenTrail { resource_id, account, region, presence, parameters };
                self.see(sighting, seen);
                Ok(())
            }
            Trigger::Oversized(announced) => {
                let region = item.and_then(|item| item.get("awsRegion")?.as_str());
                let region = region.and_then(|region| Region::parse(region).ok());
                self.announcements.push(Announcement { sighting, account, region, announced });
                Ok(())
            }
            // A key's change is taken as evidence before; the schedule names no trail.
            Trigger::Changed(Change::Key(_)) | Trigger::Scheduled { .. } => Ok(()),
        }
    }
}

/// `configurationStateId`: a number in events, digits in the API's answers.
fn state_id(item: &Value) -> Option<u64> {
    match item.get("configurationStateId")? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn capture_time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(seconds) => seconds.as_f64().and_then(Timestamp::from_epoch_seconds),
        Value::String(text) => Timestamp::parse(text).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The place of the error, never the content.
fn not_json(what: &'static str) -> impl Fn(serde_json::Error) -> String {
    move |error| {
        format!("{what} is not JSON (line {}, column {} of it)", error.line(), error.column())
    }
}

#[cfg(test)]
mod tests;
