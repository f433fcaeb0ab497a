//! The verdict: what the checks add up to.

use crate::checks::{CheckId, Outcome};

/// What one check answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// The check.
    pub check: CheckId,
    /// Its answer.
    pub outcome: Outcome,
}

/// What is to be said of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every check that was asked for passed, and at least one was.
    Sealed(Proof),
    /// A check failed.
    Broken(Vec<CheckResult>),
    /// No check failed, but evidence could not be read.
    Unverified(Vec<CheckResult>),
    /// The trail is not to be judged, and why.
    NotApplicable(String),
}

/// The proof that a trail is sealed: it can be had only from checks that all passed.
///
/// INVARIANT (compliant-by-proof): the only way to a `Proof` is the private `from_passes`, so that
/// no default, empty list, skipped branch or swallowed error can ever become COMPLIANT.
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
    #[must_use]
    pub fn passed(&self) -> &[CheckResult] {
        &self.passed
    }
}

impl Verdict {
    /// Folds the answers of the checks: a failure counts most, then what is unknown, then passes.
    #[must_use]
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

    /// What each check answered; empty where the trail was not judged.
    #[must_use]
    pub fn results(&self) -> &[CheckResult] {
        match self {
            Self::Sealed(proof) => proof.passed(),
            Self::Broken(results) | Self::Unverified(results) => results,
            Self::NotApplicable(_) => &[],
        }
    }
}
