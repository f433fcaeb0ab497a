//! Why a run failed, as Lambda and the operator see it.

use thiserror::Error;
use trailseal_aws::{AwsError, RefusedFinding};
use trailseal_lambda::describe;

/// Why a run failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ImportError {
    /// The rule or the trails could not be read. Nothing was imported or archived.
    #[error("no finding was imported: {0}")]
    Nothing(String),
    /// Some findings were not imported, archived or updated. All others were.
    #[error("{}, but {}", imported(*accepted), problems.join("; "))]
    Partly {
        /// How many findings Security Hub accepted.
        accepted: usize,
        /// What went wrong, each with the trail, the finding or the call.
        problems: Vec<String>,
    },
}

impl ImportError {
    /// The kind of the failure, as Lambda shows it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nothing(_) => "NothingImported",
            Self::Partly { .. } => "NotAllImported",
        }
    }
}

fn imported(accepted: usize) -> String {
    match accepted {
        1 => "1 finding was imported".to_owned(),
        several => format!("{several} findings were imported"),
    }
}

/// The error of a call and what the operator of the function can do about it.
pub(crate) fn advice(error: &AwsError) -> String {
    match error.code() {
        Some("InvalidInputException" | "ValidationException") => format!(
            "{error}; Security Hub does not accept the form of this finding: report it with this \
             message"
        ),
        Some("NoSuchConfigRuleException") => format!(
            "{error}; give the function the name that AWS Config has for the rule: a conformance \
             pack and an organization rule add to it"
        ),
        Some("LimitExceededException") => {
            format!(
                "{error}; the next run imports them, if others call Security Hub less often then"
            )
        }
        _ => describe(error),
    }
}

/// A finding that Security Hub did not accept. It refuses each one where it is off (Security Hub User
/// Guide, "BatchImportFindings for finding providers").
pub(crate) fn refused(finding: &RefusedFinding) -> String {
    let RefusedFinding { id, code, message } = finding;
    let advice = match code.starts_with("InvalidAccess") {
        true => "; turn Security Hub CSPM on in this account and Region",
        false => "",
    };
    format!("finding {id} was refused: {code}: {message}{advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_that_is_refused_because_security_hub_is_off_says_what_to_do() {
        for (code, has_advice) in [("InvalidAccess", true), ("InvalidInput", false)] {
            let (id, message) = ("the id".to_owned(), "the message".to_owned());
            let text = refused(&RefusedFinding { id, code: code.to_owned(), message });
            assert!(text.starts_with(&format!("finding the id was refused: {code}: the message")));
            assert_eq!(text.contains("; turn Security Hub CSPM on"), has_advice, "{text}");
        }
    }
}
