//! Plans and applies the remediation of one trail in a single call.

use trailseal_aws::{Session, now, read_object};
use trailseal_plan::{Consent, Plan, TargetKey, plan};
use trailseal_rule::{EvaluationContext, ExemptionsFrom, Parameters};

use crate::execute::{Notice, apply, begin};
use crate::failure::Failure;
use crate::journal_writer::{JournalWriter, new_journal_id};
use crate::post_check::{PostCheck, post_check};
use crate::read::AwsReader;
use crate::wait::WaitPolicy;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The name or ARN of the trail.
    pub trail: String,
    pub target_key: TargetKey,
    pub consent: Consent,
    /// Whether to apply the plan.
    pub mode: Mode,
}

/// Whether to apply a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only make the plan.
    DryRun,
    Apply,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemediationOutcome {
    /// The plan, with the ARN of the created key.
    pub plan: Plan,
    /// The journal's ID, if the plan was applied.
    pub journal: Option<String>,
    /// The state afterwards, if the plan was applied.
    pub post_check: Option<PostCheck>,
}

/// Reads the current state of a trail, makes a plan, and applies it if requested.
///
/// # Errors
///
/// [`Failure::Refused`] with all reasons against a plan; [`Failure::Stopped`] at the first unexpected
/// result of applying it; [`Failure::NotChecked`] after all changes. Otherwise nothing was changed.
pub async fn remediate_one(
    reader: AwsReader<'_>,
    parameters: &Parameters,
    request: &Request,
    journal_writer: &mut dyn JournalWriter,
    wait_policy: &WaitPolicy,
    tell: &mut (dyn FnMut(Notice<'_>) + Send),
) -> Result<RemediationOutcome, Failure> {
    let parameters = &with_exemptions(parameters, reader.session).await?;
    let context = EvaluationContext { parameters, now: now() };
    let trail = reader.trail(&request.trail).await?;
    let current_state = reader.current_state(&context, &trail, &request.target_key).await?;
    let plan = plan(&context, &current_state, &request.target_key, &request.consent)?;
    if request.mode == Mode::DryRun {
        return Ok(RemediationOutcome { plan, journal: None, post_check: None });
    }
    let journal = new_journal_id()?;
    let phase = begin(&plan, &journal, journal_writer)?;
    let applied = apply(reader, &phase, &journal, journal_writer, wait_policy, tell).await?;
    let after = post_check(reader, &context, &applied, wait_policy).await?;
    Ok(RemediationOutcome { plan: applied.plan, journal: Some(journal), post_check: Some(after) })
}

/// The parameters with the exemptions of their document, so that an exempt trail is refused.
async fn with_exemptions(
    parameters: &Parameters,
    session: &Session,
) -> Result<Parameters, Failure> {
    let mut parameters = parameters.clone();
    if let Some(ExemptionsFrom { object, .. }) = parameters.exemptions_from.clone() {
        let content = read_object(session, &object, ExemptionsFrom::BYTES_MAX).await?;
        let added = parameters.add_exemptions(&content);
        let document = object.to_string();
        added.map_err(|faults| Failure::Exemptions { document, faults: faults.join("; ") })?;
    }
    Ok(parameters)
}
