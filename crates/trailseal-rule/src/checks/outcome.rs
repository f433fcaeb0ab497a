//! The outcome of a check.

pub use config_rule::FIX_CHARS_MAX;

/// The outcome of a check for a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The title of the check is true, and there is evidence for it.
    Pass,
    /// It is not true.
    Fail(Finding),
    /// The evidence could not be read, or does not decide it.
    Unknown(Finding),
}

/// The cause of an outcome that is not a pass, and its fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Identifies the cause for programs.
    pub code: FindingCode,
    /// What is wrong, or what could not be verified and why.
    pub cause: String,
    /// What to do about it, short enough for every annotation (see [`FIX_CHARS_MAX`]).
    pub fix: String,
    /// The policy statement or condition that the fix adds, if it adds one. It is too long for an
    /// annotation: only reports and the log show it.
    pub statement: Option<String>,
    /// Why it matters, if the rationale of the check does not fit.
    pub rationale: Option<&'static str>,
}

/// Identifies a cause, in kebab-case. Messages may change, a code does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FindingCode(&'static str);

impl FindingCode {
    pub(crate) const fn new(code: &'static str) -> Self {
        Self(code)
    }

    /// The code in kebab-case.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl Finding {
    /// The fix with the statement that it adds.
    pub fn fix_in_full(&self) -> String {
        match &self.statement {
            Some(statement) => format!("{}: {statement}", self.fix),
            None => self.fix.clone(),
        }
    }
}

impl Outcome {
    /// The word in logs: `pass`, `fail` or `unknown`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The finding of a failure or of an unknown outcome.
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Pass => None,
            Self::Fail(finding) | Self::Unknown(finding) => Some(finding),
        }
    }

    pub(super) fn fail(
        code: FindingCode,
        cause: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::Fail(finding(code, cause.into(), fix.into()))
    }

    pub(super) fn unknown(
        code: FindingCode,
        cause: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::Unknown(finding(code, cause.into(), fix.into()))
    }

    /// Adds the policy statement or condition that the fix adds.
    pub(super) fn with_statement(mut self, added: String) -> Self {
        if let Self::Fail(finding) | Self::Unknown(finding) = &mut self {
            finding.statement = Some(added);
        }
        self
    }

    /// Adds a rationale that replaces that of the check.
    pub(super) fn because(mut self, rationale: &'static str) -> Self {
        if let Self::Fail(finding) | Self::Unknown(finding) = &mut self {
            finding.rationale = Some(rationale);
        }
        self
    }
}

fn finding(code: FindingCode, cause: String, fix: String) -> Finding {
    Finding { code, cause, fix, statement: None, rationale: None }
}
