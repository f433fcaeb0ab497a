//! What was seen in the input: pieces of text become trails, keys, buckets and complaints.

mod accounts;
mod answers;
mod described;
mod documents;
mod events;
mod items;
mod settle;

use std::sync::Arc;

use serde_json::Value;
use trailseal_rule::{AccountId, Parameters, Region, ResourceId, Timestamp, Trail};

use crate::evidence::Evidence;
use crate::newest::{Difference, Newest, Sighting, Telling};
use crate::scan::Document;

pub(crate) use accounts::Accounts;
pub(crate) use answers::Subject;

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
    /// AWS Config does not record it, so that nothing is known of it.
    NotRecorded,
}

/// Something that kept a part of the input from being judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) source: usize,
    pub(crate) message: String,
}

/// An item that was too large for its notification, which must be found elsewhere in the input.
#[derive(Clone, Debug)]
struct Announcement {
    sighting: Sighting,
    resource_type: String,
    resource_id: String,
    account: AccountId,
    /// Where the announcement names it.
    region: Option<Region>,
    captured: Timestamp,
}

/// All that was seen.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) trails: Newest<TrailIdentity, SeenTrail>,
    pub(crate) evidence: Evidence,
    pub(crate) complaints: Vec<Complaint>,
    /// The accounts of the judged input.
    pub(crate) accounts: Accounts,
    announcements: Vec<Announcement>,
    /// Items without a `resourceType`.
    pub(crate) untyped_items: u64,
    /// Documents that are none of those that are read here.
    pub(crate) unknown_documents: u64,
    /// Pieces that are.
    pub(crate) known_pieces: u64,
}

/// How pieces are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanOptions<'a> {
    pub(crate) role: Role,
    pub(crate) event_parameters: EventParameters,
    /// What answers are about that do not say it themselves.
    pub(crate) subject: Option<&'a Subject>,
}

impl Inventory {
    pub(crate) fn merge(&mut self, other: Self) {
        self.trails.merge(other.trails);
        self.evidence.merge(other.evidence);
        self.complaints.extend(other.complaints);
        self.accounts.merge(other.accounts);
        self.announcements.extend(other.announcements);
        self.untyped_items += other.untyped_items;
        self.unknown_documents += other.unknown_documents;
        self.known_pieces += other.known_pieces;
    }

    /// Takes one piece of a source.
    pub(crate) fn take(
        &mut self,
        piece: Document<'_>,
        options: ScanOptions<'_>,
        source: usize,
        position: u64,
    ) {
        let sighting =
            Sighting { captured: None, has_parameters: false, state: None, source, position };
        let taken = match piece {
            Document::Item(text) => self.take_item_text(text, options, sighting),
            Document::Described(text) => self.take_described(text, options, sighting),
            Document::Other(text) => self.take_document_text(text, options, sighting),
            Document::Remainder(text) => self.take_remainder(text, options, sighting),
        };
        if let Err(message) = taken {
            self.complaints.push(Complaint { source, message });
        }
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
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        self.known_pieces += 1;
        if options.role == Role::FactsOnly {
            return Ok(());
        }
        let described: Value = serde_json::from_slice(text).map_err(not_json("a trail"))?;
        self.take_described_trail(&described, sighting)
    }

    fn take_described_trail(
        &mut self,
        described: &Value,
        sighting: Sighting,
    ) -> Result<(), String> {
        let trail = described::trail(described)?;
        self.accounts.see(
            Some(trail.account.as_str()),
            Some(trail.region.as_str()),
            sighting.source,
        );
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
}

/// The place of the error, never the content.
fn not_json(what: &'static str) -> impl Fn(serde_json::Error) -> String {
    move |error| {
        format!("{what} is not JSON (line {}, column {} of it)", error.line(), error.column())
    }
}

#[cfg(test)]
mod tests;
