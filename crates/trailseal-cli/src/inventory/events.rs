//! Rule events, as the rule reads them, and the items that they contain.

use std::collections::BTreeSet;

use serde_json::Value;
use trailseal_rule::{
    AccountId, Change, Invocation, KEY_TYPE, Region, TRAIL_TYPE, TrailGone, Trigger, json,
};

use super::items::state_id;
use super::{DocumentReader, EventParameters, InputTrail, Presence};
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
        // Events that are evidence do not supply parameters.
        let has_parameters =
            self.is_judged() && self.options.event_parameters == EventParameters::Own;
        if matches!(kind, Some(KEY_TYPE) | None) && resource.is_some() && has_parameters {
            let result = self.invocation_with_parameters(event, &invoking, resource);
            self.add_problem(result.map(drop));
        }
        match (kind, item, summary) {
            (Some(TRAIL_TYPE), ..) if !self.is_judged() => return Ok(()),
            (Some(TRAIL_TYPE), ..) | (None, None, None) => {}
            // The item of another resource is evidence, even if the rule ignores the event.
            (_, Some(item), _) => return self.item(item),
            (_, None, Some(summary)) => return self.summary(summary),
            (Some(_), None, None) => return Ok(()),
        }
        let parsed = if has_parameters {
            self.invocation_with_parameters(event, &invoking, resource)
        } else {
            event.as_object_mut().and_then(|members| members.remove("ruleParameters"));
            parse(event)
        };
        let invocation = parsed.inspect_err(|_| {
            let account = resource.and_then(account).or_else(|| text(event, "accountId"));
            let accounts = &mut self.inventory.accounts;
            accounts.add(account, None, self.observation.source);
            accounts.may_have_a_trail(account);
        })?;
        self.invocation(invocation, resource)
    }

    /// Parses an event and adds its parameters, for its account and for the account of its item if
    /// that is another one. The parameters of an event that cannot be read are not known.
    fn invocation_with_parameters(
        &mut self,
        event: &Value,
        invoking: &Value,
        item: Option<&Value>,
    ) -> Result<Invocation, String> {
        let parsed = parse(event);
        let place = self.observation;
        let of_rule = parsed.as_ref().ok().map(|invocation| invocation.rule.account.clone());
        let named = [text(event, "accountId"), account(invoking), item.and_then(account)];
        let named = named.into_iter().flatten().filter_map(|text| AccountId::parse(text).ok());
        let accounts: BTreeSet<AccountId> = named.chain(of_rule).collect();
        let all = &mut self.inventory.parameters;
        let parameters = parsed.as_ref().ok().map(|invocation| &invocation.parameters);
        for account in &accounts {
            all.add(account, place, parameters);
        }
        if accounts.is_empty() {
            all.add_unread(place);
        }
        parsed
    }

    fn invocation(&mut self, invocation: Invocation, item: Option<&Value>) -> Result<(), String> {
        let rule_account = invocation.rule.account;
        let region_of_item = item.and_then(|item| text(item, "awsRegion"));
        let region = region_of_item.or(invocation.rule.region.as_ref().map(Region::as_str));
        self.add_account(Some(rule_account.as_str()), region);
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
            state: item.and_then(state_id),
            ..self.observation
        };
        let trail = InputTrail { resource_id, account, region, presence };
        self.add_trail(observation, None, trail);
        Ok(())
    }
}

fn parse(event: &Value) -> Result<Invocation, String> {
    Invocation::parse(event.to_string().as_bytes()).map_err(|error| error.to_string())
}
