//! All of it for one trail, for whoever has a single call to make: the remediation function.

use trailseal_plan::{Consent, Plan, Wish, plan};
use trailseal_rule::{Parameters, Setting};

use crate::after::{Aftermath, aftermath};
use crate::execute::{Notice, begin, carry_out};
use crate::failure::Failure;
use crate::ledger::{Ledger, new_journal_id};
use crate::look::Reach;
use crate::pace::{Patience, now};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The trail's name or ARN.
    pub trail: String,
    /// The key that it is to have.
    pub wish: Wish,
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
pub struct Remedied {
    /// The plan; once its key was created, with that key's ARN.
    pub plan: Plan,
    /// The journal's id, where the plan was carried out.
    pub journal: Option<String>,
    /// What came of it, where it was carried out.
    pub aftermath: Option<Aftermath>,
}

/// Reads the situation of a trail, plans, and carries the plan out if that is asked for.
///
/// # Errors
///
/// [`Failure::Refused`] with every reason against a plan; [`Failure::Stopped`] at the first doubt,
/// with the journal saying where things stand; else nothing was changed.
pub async fn remediate_one(
    reach: Reach<'_>,
    parameters: &Parameters,
    request: &Request,
    ledger: &mut dyn Ledger,
    patience: &Patience,
    tell: &mut (dyn FnMut(Notice<'_>) + Send),
) -> Result<Remedied, Failure> {
    let begun = now();
    let setting = Setting { parameters, now: begun };
    let trail = reach.trail(&request.trail).await?;
    let situation = reach.situation(&setting, &trail, &request.wish).await?;
    let plan = plan(&setting, &situation, &request.wish, &request.consent)?;
    if request.mode == Mode::DryRun {
        return Ok(Remedied { plan, journal: None, aftermath: None });
    }
    let journal = new_journal_id()?;
    let phase = begin(&plan, &journal, ledger)?;
    let plan = carry_out(reach, &phase, &journal, ledger, patience, tell).await?;
    let after = aftermath(reach, &setting, &plan.trail, begun, patience).await?;
    Ok(Remedied { plan, journal: Some(journal), aftermath: Some(after) })
}
