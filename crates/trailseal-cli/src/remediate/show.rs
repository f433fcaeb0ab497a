//! What is told: plans, reasons, what came of it, and what to do next.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use trailseal_plan::{
    Plan, Progress, RefusalCode, Refusals, Step, aws_cli, iam_policy, indented, permissions_left,
    plan_for_people, refusals_for_people, shell_word, step_words, where_things_stand,
};
use trailseal_remediation::{DeliverySeen, Notice, PostCheck};
use trailseal_rule::Verdict;

use super::RemediateContext;
use super::arguments::Form;
use super::outcome::{End, Follows, Outcome, Stopped};
use crate::console::{Console, Failure};
use crate::output::{clean, clean_json, clean_lines};

/// The version of the form of `-o json`.
const VERSION: u32 = 1;

/// Writes a text for people, unless programs are written for. Names, policies and journals may hold
/// anything: no character of theirs acts on a terminal.
pub(super) fn people(
    context: &RemediateContext<'_>,
    text: &str,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    if context.arguments.output != Form::Text {
        return Ok(());
    }
    let (out, text) = (&mut console.out, clean_lines(text));
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::standard_output)
}

/// A plan, and the IAM policy that it takes, in a line to be copied.
pub(super) fn plan(plan: &Plan) -> String {
    let policy = iam_policy(&plan.permissions);
    format!("{}\nThe permissions as an IAM policy\n  {policy}\n", plan_for_people(plan))
}

/// The reasons against a plan; where AWS denied something, also what would let it be planned and
/// carried out.
pub(super) fn refusals(context: &RemediateContext<'_>, trail: &str, refusals: &Refusals) -> String {
    let mut text = format!("Trail {trail}: no plan\n{}", refusals_for_people(refusals));
    if refusals.has(RefusalCode::ReadingDenied) {
        add_every_permission(context, &mut text);
    }
    text
}

/// Adds what would let all of it be read, planned and carried out.
pub(super) fn add_every_permission(context: &RemediateContext<'_>, text: &mut String) {
    text.push_str("An IAM policy for all that this command may call here\n");
    let policy = every_permission(context).to_string();
    text.extend(indented(&policy).lines().map(|line| format!("  {line}\n")));
}

/// Every action that reading, planning and carrying out what was asked for may take.
fn every_permission(context: &RemediateContext<'_>) -> Value {
    let mut actions = vec![
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrail",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:ListTags",
        "cloudtrail:UpdateTrail",
        "config:BatchGetResourceConfig",
        "kms:DescribeKey",
        "kms:EnableKeyRotation",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:PutKeyPolicy",
    ];
    let arguments = context.arguments;
    if arguments.create_key {
        actions.extend([
            "kms:CreateAlias",
            "kms:CreateKey",
            "kms:ListKeys",
            "kms:ListResourceTags",
            "kms:TagResource",
        ]);
    }
    if arguments.enable_key {
        actions.extend(["kms:DisableKey", "kms:EnableKey"]);
    }
    if arguments.cancel_key_deletion {
        actions.push("kms:CancelKeyDeletion");
    }
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}

/// Tells what happens on standard error, as it happens.
pub(super) fn notice(notice: Notice<'_>) {
    let line = |step: &Step, what: &str| format!("{}: {what}", step.id);
    let line = match notice {
        Notice::Begins(step) => line(step, &step_words(step)),
        Notice::Resolves(step) => line(step, "looking whether the interrupted run has made it"),
        Notice::Verified(step) => line(step, "read back"),
        Notice::Waits(step, why) => line(step, &format!("waiting: {why}")),
    };
    // Nobody reads it: the journal has it all the same.
    let _nobody_reads = writeln!(anstream::stderr(), "{}", clean(&line));
}

/// Where things stand after a doubt, and what to run next.
pub(super) fn stopped(
    context: &RemediateContext<'_>,
    stopped: &Stopped,
    journal: &Path,
    progress: Option<&Progress>,
) -> String {
    let stands = progress.map(where_things_stand).unwrap_or_default();
    let mut text = format!("Stopped: {}\n\n{stands}\n", stopped.why);
    if let Some(policy) = policy_left(stopped, progress) {
        text.push_str("An IAM policy for all that is left to do, denied so far or not\n");
        text.push_str(&format!("  {policy}\n\n"));
    }
    let journal = shell_word(&journal.display().to_string());
    text.push_str("Next, once that is mended\n");
    if let Some(again) = context.arguments.again() {
        text.push_str(&format!("  go on:   {again}\n"));
    }
    text.push_str(&format!("  go back: trailseal remediate --back-out {journal}\n"));
    text
}

/// After a denial: what every call that is still to be made takes, so that nobody is sent back for
/// more.
fn policy_left(stopped: &Stopped, progress: Option<&Progress>) -> Option<String> {
    let progress = progress.filter(|_| stopped.is_denied)?;
    Some(iam_policy(&permissions_left(progress.current())))
}

/// A trail whose plan comes once another one's was carried out.
pub(super) fn follows(trail: &str, follows: &Follows) -> String {
    let mut text = format!(
        "Trail {trail}: gets the key that the plan for {} makes, once it is there\n  Its own plan \
         then adds to the policy of that key, for this trail alone, and sets the key:\n",
        follows.first
    );
    text.extend(follows.statements.iter().map(|statement| format!("  + {statement}\n")));
    text
}

/// What came of a plan that was carried out.
pub(super) fn done(plan: &Plan, after: Option<&PostCheck>, journal: &Path) -> String {
    let mut text = format!("Done: {}\n", plan.trail);
    if let Some(after) = after {
        text.push_str(&format!("  verdict   {}\n", verdict_words(&after.judgement.verdict)));
        text.push_str(&format!("  delivery  {}\n", delivery_words(&after.delivery)));
    }
    let journal = shell_word(&journal.display().to_string());
    text.push_str(&format!("  journal   {journal}\n"));
    if plan.purpose == trailseal_plan::Purpose::Seal {
        text.push_str(&format!("  go back   trailseal remediate --back-out {journal}\n"));
    }
    text
}

fn verdict_words(verdict: &Verdict) -> String {
    let found = |results: &[trailseal_rule::CheckResult]| {
        let found = results.iter().filter_map(|result| result.outcome.finding());
        found.map(|finding| finding.cause.as_str()).collect::<Vec<_>>().join("; ")
    };
    match verdict {
        Verdict::Sealed(_) => "COMPLIANT".to_owned(),
        Verdict::Broken(results) => format!("NON_COMPLIANT: {}", found(results)),
        Verdict::Unverified(results) => format!("unverified: {}", found(results)),
        Verdict::NotApplicable(why) => format!("NOT_APPLICABLE: {why}"),
    }
}

fn delivery_words(delivery: &DeliverySeen) -> String {
    match delivery {
        DeliverySeen::Succeeded => "a delivery after the change went well".to_owned(),
        DeliverySeen::Failed(code) => {
            format!("the delivery after the change failed with {code}: go back, or mend it now")
        }
        DeliverySeen::NotYet => {
            "none was seen after the change yet; CloudTrail delivers every few minutes".to_owned()
        }
        DeliverySeen::Unknown(why) => format!("it is not known: {why}"),
    }
}

/// Everything as one JSON document.
pub(super) fn json(
    context: &RemediateContext<'_>,
    outcomes: &[Outcome],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let document = json!({
        "version": VERSION,
        "account": context.aws.own().account(),
        "trails": outcomes.iter().map(|outcome| one(context, outcome)).collect::<Vec<_>>(),
    });
    let out = &mut console.out;
    let document = clean_json(&format!("{document:#}"));
    let written: io::Result<()> = writeln!(out, "{document}").and_then(|()| out.flush());
    written.map_err(Failure::standard_output)
}

fn one(context: &RemediateContext<'_>, outcome: &Outcome) -> Value {
    let (end, why) = match &outcome.end {
        End::Planned => ("planned", None),
        End::Follows(_) => ("follows", None),
        End::Refused(_) => ("refused", None),
        End::Declined => ("declined", None),
        End::Done(_) => ("done", None),
        End::Failed(why) => ("failed", Some(why)),
        End::Stopped(stopped) => ("stopped", Some(&stopped.why)),
    };
    let mut value = json!({ "trail": outcome.trail, "end": end });
    let mut put = |name: &str, member: Value| {
        if let Some(members) = value.as_object_mut() {
            members.insert(name.to_owned(), member);
        }
    };
    if let Some(why) = why {
        put("why", json!(why));
    }
    if let Some(plan) = &outcome.plan {
        put("plan", json!(plan));
        put("awsCli", json!(aws_cli(plan)));
        put("iamPolicy", serde_json::from_str(&iam_policy(&plan.permissions)).unwrap_or_default());
    }
    if let Some(journal) = &outcome.journal {
        put("journal", json!(journal.display().to_string()));
    }
    if let Some(progress) = &outcome.progress {
        put("whereThingsStand", json!(where_things_stand(progress)));
    }
    match &outcome.end {
        End::Refused(refusals) => {
            put("refusals", json!(refusals));
            if refusals.has(RefusalCode::ReadingDenied) {
                put("iamPolicy", every_permission(context));
            }
        }
        End::Done(Some(after)) => {
            put("verdict", json!(verdict_words(&after.judgement.verdict)));
            put("delivery", json!(delivery_words(&after.delivery)));
        }
        End::Follows(follows) => {
            put("follows", json!(follows.first));
            put("statements", json!(follows.statements));
        }
        End::Stopped(stopped) => {
            if let Some(policy) = policy_left(stopped, outcome.progress.as_ref()) {
                put("iamPolicy", serde_json::from_str(&policy).unwrap_or_default());
            }
        }
        End::Planned | End::Declined | End::Done(None) | End::Failed(_) => {}
    }
    value
}
