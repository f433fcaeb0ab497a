//! A plan, or the reasons against one, as text.

use std::fmt::{self, Write};

use trailseal_rule::one_line;

use crate::call::{Call, KeyTarget};
use crate::condition::Condition;
use crate::plan_data::{MayDecrypt, Permission, Plan, PlannedKey, Purpose, Step, StepId, Undo};
use crate::refusal::Refusals;
use crate::render::cli::aws_cli;
use crate::render::diff::policy_diff;

pub fn plan_for_people(plan: &Plan) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_plan(&mut out, plan);
    out
}

/// The reasons against a plan as text.
pub fn refusals_for_people(refusals: &Refusals) -> String {
    let mut out = String::new();
    for refusal in refusals.iter() {
        let (what, fix) = (one_line(&refusal.what), one_line(&refusal.fix));
        let _ = writeln!(out, "{}: {what}\n  fix: {fix}", refusal.code);
        for line in refusal.difference.iter().flat_map(|difference| difference.lines()) {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

/// The call of a step in one line.
pub fn step_text(step: &Step) -> String {
    one_line(call_text(&step.call))
}

fn write_plan(out: &mut String, plan: &Plan) -> fmt::Result {
    head(out, plan)?;
    writeln!(out, "\nSteps")?;
    for (index, step) in plan.steps.iter().enumerate() {
        write_step(out, plan, index + 1, step)?;
    }
    for step in &plan.steps {
        write_policy(out, step)?;
    }
    if !plan.readers.is_empty() {
        writeln!(out, "\nWho can decrypt new log files, by the key policy")?;
        for reader in &plan.readers {
            let may = match reader.may_decrypt {
                MayDecrypt::Yes => "yes",
                MayDecrypt::IfIamAllows => "if IAM allows",
                MayDecrypt::No => "no",
            };
            writeln!(out, "  {may:<13}  {}", one_line(&reader.principal))?;
        }
    }
    if !plan.warnings.is_empty() {
        writeln!(out, "\nWarnings")?;
        for warning in &plan.warnings {
            writeln!(out, "  {}: {}", warning.code, one_line(&warning.what))?;
        }
    }
    writeln!(out, "\nPermissions")?;
    for permission in &plan.permissions {
        let Permission { action, resource } = permission;
        writeln!(out, "  {:<30} {}", one_line(action), one_line(resource))?;
    }
    writeln!(out, "\nThe same with the AWS CLI; read back each change before the next")?;
    for line in aws_cli(plan) {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

fn head(out: &mut String, plan: &Plan) -> fmt::Result {
    let purpose = match plan.purpose {
        Purpose::Seal => "Plan to seal",
        Purpose::BackOut => "Plan to back out",
    };
    writeln!(out, "{purpose} trail {}", plan.trail)?;
    writeln!(out, "  bucket  {} in {}", plan.bucket, plan.bucket_region)?;
    writeln!(out, "  has     {}", key_or_none(plan.former_key.as_ref()))?;
    match (&plan.key, plan.purpose) {
        (_, Purpose::BackOut) => writeln!(out, "  gets    {}", key_after(plan))?,
        (PlannedKey::ToCreate { region }, Purpose::Seal) => {
            writeln!(out, "  gets    a new key in {region}")?;
        }
        (PlannedKey::Existing(arn), Purpose::Seal) => writeln!(out, "  gets    {arn}")?,
    }
    if let Some(cost) = &plan.cost {
        writeln!(out, "  cost    {}", one_line(&cost.words))?;
    }
    Ok(())
}

fn key_or_none<T: fmt::Display>(key: Option<T>) -> String {
    key.map_or_else(|| "no key (SSE-S3)".to_owned(), one_line)
}

/// The key that the trail has after a back-out: its present one, if no step changes the trail.
fn key_after(plan: &Plan) -> String {
    let restored = plan.step(StepId::RestoreTrail).map(|step| &step.call);
    match restored {
        Some(Call::UpdateTrail { key, .. }) => key_or_none(key.as_ref().and_then(|key| key.arn())),
        Some(_) | None => key_or_none(plan.former_key.as_ref()),
    }
}

fn write_step(out: &mut String, plan: &Plan, number: usize, step: &Step) -> fmt::Result {
    writeln!(out, "  {number}. {}: {}", step.id, step_text(step))?;
    for condition in &step.requires {
        writeln!(out, "       requires that {}", condition_text(plan, condition))?;
    }
    for condition in &step.proves {
        writeln!(out, "       proves that {}", condition_text(plan, condition))?;
    }
    match &step.undo {
        Undo::Call(call) => writeln!(out, "       undone by {}", one_line(call_text(call))),
        Undo::Advice(words) => writeln!(out, "       not undone: {}", one_line(words)),
    }
}

/// The change of the key policy: from the policy that the step requires to the one that it sends.
fn write_policy(out: &mut String, step: &Step) -> fmt::Result {
    let Some(sent) = step.call.policy() else { return Ok(()) };
    let required = step.requires.iter().find_map(Condition::policy);
    writeln!(out, "\nKey policy")?;
    for line in policy_diff(required, sent).lines() {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// A condition, with its key if that is not the plan's.
fn condition_text(plan: &Plan, condition: &Condition) -> String {
    match condition.key() {
        Some(key) if plan.key_arn() != Some(key) => one_line(format_args!("{condition} ({key})")),
        Some(_) | None => one_line(condition),
    }
}

fn call_text(call: &Call) -> String {
    let operation = call.operation();
    match call {
        Call::CreateKey { region, .. } => {
            format!("KMS {operation}, a symmetric encryption key in {region}")
        }
        Call::CreateAlias { alias, .. } => format!("KMS {operation} {alias}"),
        Call::CancelKeyDeletion { .. } | Call::EnableKey { .. } | Call::DisableKey { .. } => {
            format!("KMS {operation}")
        }
        Call::PutKeyPolicy { policy, .. } => {
            format!("KMS {operation}, {} bytes", policy.len())
        }
        Call::EnableKeyRotation { period_days: None, .. } => format!("KMS {operation}"),
        Call::EnableKeyRotation { period_days: Some(days), .. } => {
            format!("KMS {operation}, every {days} days")
        }
        Call::UpdateTrail { key: None, .. } => {
            format!("CloudTrail {operation} without a key, which turns SSE-KMS off")
        }
        Call::UpdateTrail { key: Some(KeyTarget::Created), .. } => {
            format!("CloudTrail {operation} with the new key")
        }
        Call::UpdateTrail { key: Some(KeyTarget::Existing(arn)), .. } => {
            format!("CloudTrail {operation} with key {arn}")
        }
    }
}
