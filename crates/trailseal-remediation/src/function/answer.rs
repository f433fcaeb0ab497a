//! What the runbook shows: texts, and all of them together no longer than it keeps.

use serde_json::{Value, json};
use trailseal_plan::{Plan, Undo, aws_cli, plan_for_people, step_words};
use trailseal_rule::{CheckId, Outcome, Verdict};

use crate::function::error::Cause;
use crate::post_check::DeliverySeen;
use crate::remediate_trail::RemediationOutcome;

/// Bytes of an answer: a script step of Automation returns at most 100 KB (Systems Manager User
/// Guide, `aws:executeScript`), and the texts are written once more as JSON.
const ANSWER_BYTES_MAX: usize = 90_000;

/// Bytes that a text which the log has in full may keep where the whole is too long.
const CUT_BYTES: usize = 12_000;

/// The texts that may be too long.
struct Texts {
    plan: String,
    back_out: Vec<String>,
    journal: Vec<String>,
}

/// The answer, in the members that the runbook makes outputs of.
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

/// What came of it, in a word.
pub(crate) fn outcome(remediated: &RemediationOutcome) -> &'static str {
    if remediated.post_check.is_some() { "applied" } else { "planned" }
}

/// What was done, line by line; nothing in a dry run.
fn done(remediated: &RemediationOutcome) -> Vec<String> {
    let Some(after) = &remediated.post_check else { return Vec::new() };
    let steps = remediated.plan.steps.iter();
    let mut done: Vec<String> =
        steps.map(|step| format!("{}: {}, read back", step.id, step_words(step))).collect();
    done.push(match &after.judgement.verdict {
        Verdict::Sealed(_) => "the rule is satisfied: COMPLIANT".to_owned(),
        Verdict::Broken(_) | Verdict::Unverified(_) | Verdict::NotApplicable(_) => {
            "the rule waits for the next delivery".to_owned()
        }
    });
    done.push(match &after.delivery {
        DeliverySeen::Succeeded => "a delivery with the key was seen".to_owned(),
        DeliverySeen::NotYet => {
            "no delivery was seen yet: look at `LatestDeliveryError` of GetTrailStatus in a quarter \
             of an hour"
                .to_owned()
        }
        DeliverySeen::Failed(code) => format!("the first delivery failed: S3 says {code}"),
        DeliverySeen::Unknown(why) => format!("whether it delivers is not known: {why}"),
    });
    done
}

/// How to go back: the command with the journal, then the calls by hand, the latest step first.
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

/// The plan whose steps are the calls that take its steps back.
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

/// Refuses an answer where the rule still finds something that the plan was to mend; a delivery
/// after the change comes later.
pub(crate) fn proven(remediated: &RemediationOutcome) -> Result<(), Cause> {
    let Some(after) = &remediated.post_check else { return Ok(()) };
    if let DeliverySeen::Failed(code) = &after.delivery {
        return Err(Cause::NotProven(format!("the first delivery failed: S3 says {code}")));
    }
    let results = match &after.judgement.verdict {
        Verdict::Sealed(_) => return Ok(()),
        Verdict::Broken(results) | Verdict::Unverified(results) => results,
        Verdict::NotApplicable(why) => return Err(Cause::NotProven(why.clone())),
    };
    let left: Vec<String> = results
        .iter()
        .filter(|result| result.check != CheckId::DeliveryUnbroken)
        .filter_map(|result| match &result.outcome {
            Outcome::Pass => None,
            Outcome::Fail(finding) => Some(format!("{}: {}", result.check, finding.what)),
            Outcome::Unknown(unverified) => Some(format!("{}: {}", result.check, unverified.why)),
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
