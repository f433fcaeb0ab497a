//! The verdict, which combines the outcomes of the checks.

use crate::checks::{CheckId, Finding, Outcome};

/// The outcome of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// The check.
    pub check: CheckId,
    /// Its outcome.
    pub outcome: Outcome,
}

/// The verdict on a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every enabled check passed, and there was at least one.
    Sealed(Proof),
    /// A check failed.
    Broken(Vec<CheckResult>),
    /// No check failed, but evidence could not be read.
    Unverified(Vec<CheckResult>),
    /// The trail is not evaluated, and why.
    NotApplicable(String),
}

/// Proof that a trail is sealed. Only checks that all passed can build one.
///
/// INVARIANT (compliant-by-proof): the private `from_passes` is the only way to a `Proof`, so that
/// no default, empty list, skipped branch or swallowed error can become COMPLIANT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    passed: Vec<CheckResult>,
}

impl Proof {
    fn from_passes(results: Vec<CheckResult>) -> Result<Self, Vec<CheckResult>> {
        let all_passed = results.iter().all(|result| result.outcome == Outcome::Pass);
        if all_passed && !results.is_empty() { Ok(Self { passed: results }) } else { Err(results) }
    }

    /// The checks that passed.
    pub fn passed(&self) -> &[CheckResult] {
        &self.passed
    }
}

impl Verdict {
    /// Combines outcomes: a failure decides, then an unknown outcome, then passes.
    pub fn of(results: Vec<CheckResult>) -> Self {
        match Proof::from_passes(results) {
            Ok(proof) => Self::Sealed(proof),
            Err(results) if results.is_empty() => {
                Self::NotApplicable("no check applies to the trail".to_owned())
            }
            Err(results) => {
                let failed = |result: &CheckResult| matches!(result.outcome, Outcome::Fail(_));
                if results.iter().any(failed) {
                    Self::Broken(results)
                } else {
                    Self::Unverified(results)
                }
            }
        }
    }

    /// The findings that decide the verdict, in the order of the checks.
    pub fn deciding(&self) -> impl Iterator<Item = &Finding> {
        let is_broken = matches!(self, Self::Broken(_));
        let results = self.results().iter();
        let deciding =
            results.filter(move |one| matches!(one.outcome, Outcome::Fail(_)) == is_broken);
        deciding.filter_map(|result| result.outcome.finding())
    }

    /// The result of each check; empty if the trail was not evaluated.
    pub fn results(&self) -> &[CheckResult] {
        match self {
            Self::Sealed(proof) => proof.passed(),
            Self::Broken(results) | Self::Unverified(results) => results,
            Self::NotApplicable(_) => &[],
        }
    }
}
