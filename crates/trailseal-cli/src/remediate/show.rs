//! The output: plans, refusals, results and next steps.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use trailseal_plan::{
    Plan, Progress, RefusalCode, Refusals, Step, aws_cli, every_action, iam_policy, indented,
    permissions_left, plan_for_people, progress_text, refusals_for_people, shell_word, step_text,
};
use trailseal_remediation::{DeliverySeen, Notice, PostCheck};
use trailseal_rule::{CheckResult, Verdict};

use super::RemediateContext;
use super::arguments::Form;
use super::outcome::{End, Follows, NotPlanned, Outcome, Stopped};
use crate::console::{Console, Failure};
use crate::output::{clean, clean_json, clean_lines};

/// The version of the `-o json` format.
const VERSION: u32 = 1;

/// Writes a text, unless the output is JSON. Names, policies and journals are untrusted, so control
/// characters are removed.
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

/// Writes why something was refused to standard error, unless the output is JSON.
pub(super) fn refused(context: &RemediateContext<'_>, text: &str, console: &mut Console<'_>) {
    if context.arguments.output == Form::Text {
        console.print_line(clean_lines(text).trim_end());
    }
}

/// Writes an error, unless the output is JSON.
pub(super) fn failed(context: &RemediateContext<'_>, text: &str, console: &mut Console<'_>) {
    if context.arguments.output == Form::Text {
        console.print_error(clean_lines(text).trim_end());
    }
}

/// A plan with its IAM policy.
pub(super) fn plan(plan: &Plan) -> String {
    let policy = iam_policy(&plan.permissions);
    format!("{}\nThe permissions as an IAM policy\n  {policy}\n", plan_for_people(plan))
}

/// The reasons against a plan; after a denied read, also an IAM policy.
pub(super) fn refusals(context: &RemediateContext<'_>, trail: &str, refusals: &Refusals) -> String {
    let mut text = format!("Trail {trail}: no plan\n{}", refusals_for_people(refusals));
    if refusals.has(RefusalCode::ReadingDenied) {
        add_every_permission(context, &mut text);
    }
    text
}

/// Adds an IAM policy for everything that this command may call.
pub(super) fn add_every_permission(context: &RemediateContext<'_>, text: &mut String) {
    text.push_str("An IAM policy for everything that this command may call\n");
    let policy = every_permission(context).to_string();
    text.extend(indented(&policy).lines().map(|line| format!("  {line}\n")));
}

/// An IAM policy with every action that the requested remediation may need.
fn every_permission(context: &RemediateContext<'_>) -> Value {
    let actions = every_action(context.arguments.create_key, &context.consent);
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}

/// Prints progress on standard error, unless only the result is wanted.
pub(super) fn progress(context: &RemediateContext<'_>) -> impl FnMut(Notice<'_>) + use<> {
    let is_quiet = context.arguments.quiet;
    move |notice| {
        if !is_quiet {
            print_notice(notice);
        }
    }
}

fn print_notice(notice: Notice<'_>) {
    let line = |step: &Step, what: &str| format!("{}: {what}", step.id);
    let line = match notice {
        Notice::Begins(step) => line(step, &step_text(step)),
        Notice::Resolves(step) => line(step, "checking whether the interrupted run made it"),
        Notice::Verified(step) => line(step, "read back"),
        Notice::Waits(step, why) => line(step, &format!("waiting: {why}")),
    };
    // A closed standard error is not a reason to stop.
    let _ = writeln!(anstream::stderr(), "{}", clean(&line));
}

/// The progress of a stopped run, and the next commands.
pub(super) fn stopped(
    context: &RemediateContext<'_>,
    stopped: &Stopped,
    journal: &Path,
    progress: Option<&Progress>,
) -> String {
    let stands = progress.map(progress_text).unwrap_or_default();
    let mut text = format!("Stopped: {}\n\n{stands}\n", clean(&stopped.why));
    if let Some(policy) = policy_left(stopped, progress) {
        text.push_str("An IAM policy for all remaining calls\n");
        text.push_str(&format!("  {policy}\n\n"));
    }
    let journal = shell_word(&journal.display().to_string());
    text.push_str("Next, once this is fixed\n");
    if let Some(again) = context.arguments.to_resume() {
        text.push_str(&format!("  resume:    {again}\n"));
    }
    text.push_str(&format!("  back out:  trailseal remediate --back-out {journal}\n"));
    text
}

/// After a denial: an IAM policy for all remaining calls.
fn policy_left(stopped: &Stopped, progress: Option<&Progress>) -> Option<String> {
    let progress = progress.filter(|_| stopped.is_denied)?;
    Some(iam_policy(&permissions_left(progress.current())))
}

/// A trail whose plan follows another trail's.
pub(super) fn follows(trail: &str, follows: &Follows) -> String {
    let mut text = format!(
        "Trail {trail}: gets the key that the plan for {} creates\n  Once the key exists, its own \
         plan adds these statements to the key policy and sets the key:\n",
        follows.first
    );
    text.extend(follows.statements.iter().map(|statement| format!("  + {statement}\n")));
    text
}

/// What the run does not plan, and why.
pub(super) fn not_planned(not_planned: &[NotPlanned]) -> String {
    let lines = not_planned
        .iter()
        .map(|NotPlanned { what, why, .. }| format!("  {}: {}\n", clean(what), clean(why)));
    lines.fold("No plan was made for\n".to_owned(), |text, line| text + &line)
}

pub(super) fn done(plan: &Plan, after: Option<&PostCheck>, journal: &Path) -> String {
    let mut text = format!("Done: {}\n", plan.trail);
    if let Some(after) = after {
        let (verdict, delivery) =
            (verdict_text(&after.judgement.verdict), delivery_text(&after.delivery));
        text.push_str(&format!("  verdict   {}\n", clean(&verdict)));
        text.push_str(&format!("  delivery  {}\n", clean(&delivery)));
    }
    let journal = shell_word(&journal.display().to_string());
    text.push_str(&format!("  journal   {journal}\n"));
    if plan.purpose == trailseal_plan::Purpose::Seal {
        text.push_str(&format!("  back out  trailseal remediate --back-out {journal}\n"));
    }
    text
}

/// What failed or could not be verified.
pub(super) fn causes(results: &[CheckResult]) -> String {
    let found = results.iter().filter_map(|result| result.outcome.finding());
    found.map(|finding| finding.cause.as_str()).collect::<Vec<_>>().join("; ")
}

fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Sealed(_) => "COMPLIANT".to_owned(),
        Verdict::Broken(results) => format!("NON_COMPLIANT: {}", causes(results)),
        Verdict::Unverified(results) => format!("unverified: {}", causes(results)),
        Verdict::NotApplicable(why) => format!("NOT_APPLICABLE: {why}"),
    }
}

fn delivery_text(delivery: &DeliverySeen) -> String {
    match delivery {
        DeliverySeen::Succeeded => "a delivery after the change succeeded".to_owned(),
        DeliverySeen::Failed(code) => {
            format!("the delivery after the change failed with {code}: fix it now, or back out")
        }
        DeliverySeen::NotYet => {
            "none after the change yet; CloudTrail delivers every few minutes".to_owned()
        }
        DeliverySeen::Unknown(why) => format!("unknown: {why}"),
    }
}

/// Everything as one JSON document.
pub(super) fn json(
    context: &RemediateContext<'_>,
    outcomes: &[Outcome],
    not_planned: &[NotPlanned],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut document = json!({
        "version": VERSION,
        "account": context.aws.own().account(),
        "trails": outcomes.iter().map(|outcome| one(context, outcome)).collect::<Vec<_>>(),
    });
    if let Some(members) = document.as_object_mut().filter(|_| !not_planned.is_empty()) {
        members.insert("notPlanned".to_owned(), json!(not_planned));
    }
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
        put("whereThingsStand", json!(progress_text(progress)));
    }
    match &outcome.end {
        End::Refused(refusals) => {
            put("refusals", json!(refusals));
            if refusals.has(RefusalCode::ReadingDenied) {
                put("iamPolicy", every_permission(context));
            }
        }
        End::Done(Some(after)) => {
            put("verdict", json!(verdict_text(&after.judgement.verdict)));
            put("delivery", json!(delivery_text(&after.delivery)));
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
