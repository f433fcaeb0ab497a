//! Rule events, as the rule reads them, and the items that they contain.

use std::sync::Arc;

use serde_json::Value;
use trailseal_rule::{
    Change, Invocation, Parameters, Region, TRAIL_TYPE, TrailGone, Trigger, WhenNoTrails, json,
};

use super::items::state_id;
use super::{DocumentReader, EventParameters, InputTrail, Presence, Role};
use crate::evidence::{account, text};
use crate::newest::Observation;

impl DocumentReader<'_> {
    pub(super) fn event(&mut self, event: &mut Value) -> Result<(), String> {
        let invoking = event.get("invokingEvent").and_then(Value::as_str).unwrap_or_default();
        let invoking = json::read(invoking).unwrap_or_default();
        let item = invoking.get("configurationItem");
        let summary = invoking.get("configurationItemSummary");
        let resource = item.or(summary);
        let kind = resource.and_then(|item| item.get("resourceType")?.as_str());
        match (kind, item, summary) {
            (Some(TRAIL_TYPE), ..) if !self.is_judged() => return Ok(()),
            (Some(TRAIL_TYPE), ..) | (None, None, None) => {}
            // The item of another resource is evidence, even if the rule ignores the event.
            (_, Some(item), _) => return self.item(item),
            (_, None, Some(summary)) => return self.summary(summary),
            (Some(_), None, None) => return Ok(()),
        }
        // Events that are evidence do not supply parameters.
        let event_parameters = match self.options.role {
            Role::Judged => self.options.event_parameters,
            Role::FactsOnly => EventParameters::Overridden,
        };
        if event_parameters == EventParameters::Overridden
            && let Some(members) = event.as_object_mut()
        {
            members.remove("ruleParameters");
        }
        let invocation = Invocation::parse(event.to_string().as_bytes()).map_err(|error| {
            let account = resource.and_then(account).or_else(|| text(event, "accountId"));
            let accounts = &mut self.inventory.accounts;
            accounts.add(account, None, self.observation.source);
            accounts.may_have_a_trail(account);
            error.to_string()
        })?;
        self.invocation(invocation, resource, event_parameters)
    }

    fn invocation(
        &mut self,
        invocation: Invocation,
        item: Option<&Value>,
        event_parameters: EventParameters,
    ) -> Result<(), String> {
        let rule_account = invocation.rule.account;
        let region_of_item = item.and_then(|item| text(item, "awsRegion"));
        let region = region_of_item.or(invocation.rule.region.as_ref().map(Region::as_str));
        self.add_account(Some(rule_account.as_str()), region);
        let parameters = match event_parameters {
            EventParameters::Own => Some(Arc::new(invocation.parameters)),
            EventParameters::Overridden => None,
        };
        let reports_no_trails =
            |parameters: &Parameters| parameters.no_trails == WhenNoTrails::NonCompliant;
        if self.is_judged() && parameters.as_deref().is_some_and(reports_no_trails) {
            self.inventory.accounts.report_no_trails(rule_account.as_str());
        }
        let (resource_id, captured, account, region, presence) = match invocation.trigger {
            Trigger::Changed(Change::Trail(change)) => {
                let (account, region) = (change.trail.account.clone(), change.trail.region.clone());
                let presence = Presence::Present(Box::new(change.trail));
                (change.resource_id, change.captured, account, region, presence)
            }
            Trigger::Changed(Change::TrailGone(TrailGone { resource_id, captured, why })) => {
                let region = Region::parse(region_of_item.unwrap_or_default());
                let region = region.map_err(|error| error.to_string())?;
                let status = item.and_then(|item| text(item, "configurationItemStatus"));
                let presence = match status {
                    Some("ResourceNotRecorded") => Presence::NotRecorded,
                    _ => Presence::Gone(why),
                };
                (resource_id, captured, rule_account, region, presence)
            }
            Trigger::Oversized(_) => return item.map_or(Ok(()), |summary| self.summary(summary)),
            // `event` reads the item of a key as evidence; the schedule names no trail.
            Trigger::Changed(Change::Key(_)) | Trigger::Scheduled { .. } => return Ok(()),
        };
        let observation = Observation {
            captured: Some(captured),
            has_parameters: parameters.is_some(),
            state: item.and_then(state_id),
            ..self.observation
        };
        let trail = InputTrail { resource_id, account, region, presence, parameters };
        self.add_trail(observation, None, trail);
        Ok(())
    }
}
