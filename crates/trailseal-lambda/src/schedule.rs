//! A scheduled run: evaluates every visible trail and replaces obsolete results.

use std::collections::HashSet;

use futures_util::join;
use trailseal_aws::{StandingResult, describe_trails, discovered_ids, standing_results};
use trailseal_rule::{
    Evaluation, ResourceId, TRAIL_TYPE, Timestamp, Trail, WhenNoTrails, no_trails_evaluation,
};

use crate::error::{FunctionError, describe};
use crate::run::{Judged, RuleRun, RunResult, with_ids};

impl RuleRun<'_> {
    /// Evaluates every trail of this account and Region, then replaces obsolete results.
    /// Discovery is complete here: an incomplete list of trails is an error.
    pub(crate) async fn judge_everything(
        &self,
        created: Timestamp,
    ) -> Result<RunResult, FunctionError> {
        let (trails, ids, standing) = join!(
            self.in_time(describe_trails(self.session)),
            self.in_time(discovered_ids(self.session)),
            self.standing_results(),
        );
        let (trails, ids) = (trails?, ids?);
        ids.require_agreement(&trails, self.session.region())?;
        let judged_here: Vec<&Trail> =
            trails.iter().filter(|trail| self.is_judged_here(trail)).collect();
        let ids = match &standing {
            Ok(standing) => ids.with_reported_ids(standing),
            Err(_) => ids,
        };
        let named = with_ids(&ids, &judged_here);
        let mut outcome = self.judge_all(&named, created).await;
        outcome.judged.extend(self.no_trails(&trails, created));
        match standing {
            Ok(standing) => {
                let obsolete = obsolete(standing, &named, &outcome);
                outcome.judged.extend(obsolete.into_iter().map(|one| replaced(one, created)));
            }
            Err(error) => outcome.clean_up_failure = Some(error),
        }
        Ok(outcome)
    }

    /// The current results of the rule, or why they could not be listed.
    pub(crate) async fn standing_results(&self) -> Result<Vec<StandingResult>, String> {
        let Some(name) = &self.invocation.rule.name else {
            return Err("the event has no `configRuleName`, by which results are listed".to_owned());
        };
        let listing = standing_results(self.session, name);
        self.in_half_the_time(listing).await.map_err(|error| describe(&error))
    }

    /// The evaluation of an account and Region in which no trail of any kind is visible.
    fn no_trails(&self, trails: &[Trail], created: Timestamp) -> Option<Judged> {
        let asked = self.invocation.parameters.no_trails == WhenNoTrails::NonCompliant;
        if !(asked && trails.is_empty()) {
            return None;
        }
        let account = &self.invocation.rule.account;
        let evaluation = no_trails_evaluation(account, created);
        Some(Judged { evaluation, of: None })
    }
}

/// The current results of resources that this run does not report on.
///
/// A trail that could not be evaluated keeps its results, under either form of its ID.
fn obsolete(
    standing: Vec<StandingResult>,
    named: &[(ResourceId, &Trail)],
    outcome: &RunResult,
) -> Vec<StandingResult> {
    let reported: HashSet<(&str, &str)> = outcome
        .judged
        .iter()
        .map(|judged| (judged.evaluation.resource_type, judged.evaluation.resource_id.as_str()))
        .collect();
    let failed: HashSet<&str> = outcome.failures.iter().map(|(arn, _)| arn.as_str()).collect();
    let kept: HashSet<&str> = named
        .iter()
        .filter(|(_, trail)| failed.contains(trail.arn.as_str()))
        .flat_map(|(_, trail)| [trail.arn.as_str(), trail.arn.name()])
        .collect();
    standing
        .into_iter()
        .filter(|one| !reported.contains(&(one.resource_type, one.resource_id.as_str())))
        .filter(|one| !kept.contains(one.resource_id.as_str()))
        .collect()
}

fn replaced(result: StandingResult, created: Timestamp) -> Judged {
    let why = if result.resource_type == TRAIL_TYPE {
        "the trail has no result under this id: it was deleted, is a copy, or has another id"
    } else {
        "the account has no result: a trail is visible, or noTrails is not NON_COMPLIANT"
    };
    let StandingResult { resource_type, resource_id } = result;
    let evaluation = Evaluation::not_applicable(resource_type, resource_id, why, created);
    Judged { evaluation, of: None }
}
