//! Rule events: what the rule would read of them, and the items that they carry as evidence.

use std::sync::Arc;

use serde_json::Value;
use trailseal_rule::{Change, Invocation, Region, TRAIL_TYPE, TrailGone, Trigger, WhenNoTrails};

use super::items::{account, state_id, text};
use super::{EventParameters, Inventory, Presence, Role, ScanOptions, SeenTrail};
use crate::newest::Sighting;

impl Inventory {
    pub(super) fn take_event(
        &mut self,
        event: &mut Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let invoking = event.get("invokingEvent").and_then(Value::as_str).unwrap_or_default();
        let invoking: Value = serde_json::from_str(invoking).unwrap_or_default();
        let item = invoking.get("configurationItem");
        let summary = invoking.get("configurationItemSummary");
        let resource = item.or(summary);
        let kind = resource.and_then(|item| item.get("resourceType")?.as_str());
        match (kind, item, summary) {
            (Some(TRAIL_TYPE), ..) if options.role == Role::FactsOnly => return Ok(()),
            (Some(TRAIL_TYPE), ..) | (None, None, None) => {}
            // What the rule would do on another resource's item does not matter here.
            (_, Some(item), _) => return self.take_item(item, options, sighting),
            (_, None, Some(summary)) => return self.take_summary(summary, options, sighting),
            (Some(_), None, None) => return Ok(()),
        }
        // No trail is judged by the parameters of what is evidence only.
        let options = match options.role {
            Role::Judged => options,
            Role::FactsOnly => {
                ScanOptions { event_parameters: EventParameters::Overruled, ..options }
            }
        };
        if options.event_parameters == EventParameters::Overruled
            && let Some(members) = event.as_object_mut()
        {
            members.remove("ruleParameters");
        }
        let invocation = Invocation::parse(event.to_string().as_bytes());
        let invocation = invocation.map_err(|error| {
            let account = resource.and_then(account).or_else(|| text(event, "accountId"));
            self.accounts.see(account, None, sighting.source);
            self.accounts.may_have_a_trail(account);
            error.to_string()
        })?;
        self.take_invocation(invocation, resource, options, sighting)
    }

    fn take_invocation(
        &mut self,
        invocation: Invocation,
        item: Option<&Value>,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let parameters = match options.event_parameters {
            EventParameters::Own => Some(Arc::new(invocation.parameters)),
            EventParameters::Overruled => None,
        };
        let region_of_item = item.and_then(|item| text(item, "awsRegion"));
        if options.role == Role::Judged {
            let region = region_of_item.or(invocation.rule.region.as_ref().map(Region::as_str));
            let account = invocation.rule.account.as_str();
            self.accounts.see(Some(account), region, sighting.source);
            let asks = |parameters: &trailseal_rule::Parameters| {
                parameters.no_trails == WhenNoTrails::NonCompliant
            };
            if parameters.as_deref().is_some_and(asks) {
                self.accounts.ask(account);
            }
        }
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
                let region = Region::parse(region_of_item.unwrap_or_default());
                let region = region.map_err(|error| error.to_string())?;
                let sighting = Sighting { captured: Some(captured), ..sighting };
                let status = item.and_then(|item| text(item, "configurationItemStatus"));
                let presence = match status {
                    Some("ResourceNotRecorded") => Presence::NotRecorded,
                    _ => Presence::Gone(why),
                };
                let seen = SeenTrail { resource_id, account, region, presence, parameters };
                self.see(sighting, seen);
                Ok(())
            }
            Trigger::Oversized(_) => match item {
                Some(summary) => self.take_summary(summary, options, sighting),
                None => Ok(()),
            },
            // A key's change is taken as evidence before; the schedule names no trail.
            Trigger::Changed(Change::Key(_)) | Trigger::Scheduled { .. } => Ok(()),
        }
    }
}
