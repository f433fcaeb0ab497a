//! The outputs of the runbook, shortened to the size that Automation accepts.

use serde_json::{Value, json};
use trailseal_plan::{Plan, Undo, aws_cli, plan_for_people, step_text};
use trailseal_remediation::{DeliverySeen, RemediationOutcome};
use trailseal_rule::Verdict;
use trailseal_rule::checks::Evidence;
use trailseal_rule::checks::key_usable::{EXTERNAL_KEY_FAILED, EXTERNAL_KEY_UNPROVEN};

use crate::error::Cause;

/// Bytes of an answer: a script step of Automation returns at most 100 KB (Systems Manager User
/// Guide, `aws:executeScript`), and the texts are escaped again as JSON.
const ANSWER_BYTES_MAX: usize = 90_000;

/// Bytes that a shortened text keeps. The log has it in full.
const CUT_BYTES: usize = 12_000;

/// The outputs that can be too long.
struct Texts {
    plan: String,
    back_out: Vec<String>,
    journal: Vec<String>,
}

/// The answer, with one member for each output of the runbook.
pub(crate) fn answer(remediated: &RemediationOutcome, journal: &[String]) -> Value {
    let plan = plan_for_people(&remediated.plan);
    let back_out = back_out(remediated);
    let in_log = match &remediated.journal {
        Some(id) => {
            format!("too long for the runbook: see journal `{id}` in the log of the function")
        }
        None => "too long for the runbook".to_owned(),
    };
    let shortened = format!("{}\n... {in_log}", cut(&plan, CUT_BYTES));
    let whole = Texts { plan, back_out: back_out.clone(), journal: journal.to_vec() };
    let shorter = Texts { plan: shortened.clone(), back_out, journal: vec![in_log.clone()] };
    [whole, shorter]
        .iter()
        .map(|texts| texts.within(remediated))
        .find(|answer| answer.to_string().len() <= ANSWER_BYTES_MAX)
        .unwrap_or_else(|| {
            let in_log = vec![in_log];
            let shortest = Texts { plan: shortened, back_out: in_log.clone(), journal: in_log };
            shortest.within(remediated)
        })
}

impl Texts {
    fn within(&self, remediated: &RemediationOutcome) -> Value {
        let change = remediated.plan.policy_change.as_ref();
        json!({
            "outcome": outcome(remediated),
            "trail": remediated.plan.trail.as_str(),
            "key": remediated.plan.key_arn().map(|arn| arn.as_str()),
            "plan": self.plan,
            "done": done(remediated),
            "formerKeyId": remediated.plan.former_key.as_ref().map(|key| key.as_str()),
            "formerKeyPolicy": change.and_then(|change| change.before.as_deref()),
            "backOut": self.back_out,
            "journal": self.journal,
        })
    }
}

/// `applied`, or `planned` for a dry run.
pub(crate) fn outcome(remediated: &RemediationOutcome) -> &'static str {
    if remediated.post_check.is_some() { "applied" } else { "planned" }
}

/// What was done, line by line; empty in a dry run.
fn done(remediated: &RemediationOutcome) -> Vec<String> {
    let Some(after) = &remediated.post_check else { return Vec::new() };
    let steps = remediated.plan.steps.iter();
    let mut done: Vec<String> =
        steps.map(|step| format!("{}: {}, read back", step.id, step_text(step))).collect();
    done.push(match &after.judgement.verdict {
        Verdict::Sealed(_) => "the rule is satisfied: COMPLIANT".to_owned(),
        Verdict::Broken(_) | Verdict::Unverified(_) | Verdict::NotApplicable(_) => {
            "the rule is satisfied after the next delivery".to_owned()
        }
    });
    done.push(match &after.delivery {
        DeliverySeen::Succeeded => "CloudTrail has delivered with the key".to_owned(),
        DeliverySeen::NotYet => {
            "CloudTrail has not delivered yet: check `LatestDeliveryError` of GetTrailStatus in 15 \
             minutes"
                .to_owned()
        }
        DeliverySeen::Failed(code) => format!("the first delivery failed: S3 returned {code}"),
        DeliverySeen::Unknown(why) => format!("could not read whether the trail delivers: {why}"),
    });
    done
}

/// How to back out: the command with the journal, then the same calls by hand, latest step first.
fn back_out(remediated: &RemediationOutcome) -> Vec<String> {
    if remediated.post_check.is_none() {
        return Vec::new();
    }
    let by_hand = aws_cli(&reversed(&remediated.plan));
    let advice = remediated.plan.steps.iter().rev().filter_map(|step| match &step.undo {
        Undo::Call(_) => None,
        Undo::Advice(words) => Some(format!("# {}: {words}", step.id)),
    });
    [
        "# save the output Journal as FILE, then",
        "trailseal remediate --back-out FILE",
        "# or by hand",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(by_hand)
    .chain(advice)
    .collect()
}

/// The calls that undo the plan, latest step first.
fn reversed(plan: &Plan) -> Plan {
    let mut back = plan.clone();
    back.steps.reverse();
    back.steps.retain_mut(|step| match &step.undo {
        Undo::Call(call) => {
            step.call = (**call).clone();
            true
        }
        Undo::Advice(_) => false,
    });
    back
}

/// Fails if the rule still finds a fault. What only a delivery with the new key can show is left
/// out: it comes later.
pub(crate) fn require_success(remediated: &RemediationOutcome) -> Result<(), Cause> {
    let Some(after) = &remediated.post_check else { return Ok(()) };
    if let DeliverySeen::Failed(code) = &after.delivery {
        return Err(Cause::NotProven(format!("the first delivery failed: S3 returned {code}")));
    }
    let results = match &after.judgement.verdict {
        Verdict::Sealed(_) => return Ok(()),
        Verdict::Broken(results) | Verdict::Unverified(results) => results,
        Verdict::NotApplicable(why) => return Err(Cause::NotProven(why.clone())),
    };
    let left: Vec<String> = results
        .iter()
        .filter(|result| !result.check.check().reads.contains(&Evidence::Delivery))
        .filter_map(|result| {
            let finding = result.outcome.finding()?;
            let is_early = after.delivery == DeliverySeen::NotYet
                && [EXTERNAL_KEY_FAILED, EXTERNAL_KEY_UNPROVEN].contains(&finding.code);
            if is_early {
                return None;
            }
            Some(format!("{}: {}", result.check, finding.cause))
        })
        .collect();
    if left.is_empty() { Ok(()) } else { Err(Cause::NotProven(left.join("; "))) }
}

fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
