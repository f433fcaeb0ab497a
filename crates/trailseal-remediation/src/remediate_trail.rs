//! All of it for one trail, for whoever has a single call to make: the remediation function.

use trailseal_plan::{Consent, Plan, TargetKey, plan};
use trailseal_rule::{EvaluationContext, Parameters};

use crate::execute::{Notice, begin, carry_out};
use crate::failure::Failure;
use crate::journal_writer::{JournalWriter, new_journal_id};
use crate::post_check::{PostCheck, post_check};
use crate::read::AwsReader;
use crate::wait::{WaitPolicy, now};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The trail's name or ARN.
    pub trail: String,
    /// The key that it is to have.
    pub target_key: TargetKey,
    /// What was consented to.
    pub consent: Consent,
    /// Whether anything is to be changed.
    pub mode: Mode,
}

/// Whether anything is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: only the plan is wanted.
    DryRun,
    /// The plan is to be carried out.
    Apply,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemediationOutcome {
    /// The plan; once its key was created, with that key's ARN.
    pub plan: Plan,
    /// The journal's id, where the plan was carried out.
    pub journal: Option<String>,
    /// What came of it, where it was carried out.
    pub post_check: Option<PostCheck>,
}

/// Reads the current state of a trail, plans, and carries the plan out if that is asked for.
///
/// # Errors
///
/// [`Failure::Refused`] with every reason against a plan; [`Failure::Stopped`] at the first doubt,
/// with the journal saying where things stand; else nothing was changed.
pub async fn remediate_one(
    reader: AwsReader<'_>,
    parameters: &Parameters,
    request: &Request,
    journal_writer: &mut dyn JournalWriter,
    wait_policy: &WaitPolicy,
    tell: &mut (dyn FnMut(Notice<'_>) + Send),
) -> Result<RemediationOutcome, Failure> {
    let begun = now();
    let context = EvaluationContext { parameters, now: begun };
    let trail = reader.trail(&request.trail).await?;
    let current_state = reader.current_state(&context, &trail, &request.target_key).await?;
    let plan = plan(&context, &current_state, &request.target_key, &request.consent)?;
    if request.mode == Mode::DryRun {
        return Ok(RemediationOutcome { plan, journal: None, post_check: None });
    }
    let journal = new_journal_id()?;
    let phase = begin(&plan, &journal, journal_writer)?;
    let plan = carry_out(reader, &phase, &journal, journal_writer, wait_policy, tell).await?;
    let after = post_check(reader, &context, &plan.trail, begun, wait_policy).await?;
    Ok(RemediationOutcome { plan, journal: Some(journal), post_check: Some(after) })
}
