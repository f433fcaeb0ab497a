//! Why the runbook fails, in one line.

use thiserror::Error;
use trailseal_aws::AwsError;
use trailseal_remediation::{Failure, Stop};
use trailseal_rule::one_line;

use crate::event::EventFaults;

/// Why an invocation failed.
#[derive(Debug, Error)]
#[error("{}{}", one_line(cause), consequence(journal.as_deref()))]
pub struct RemediationError {
    cause: Cause,
    journal: Option<String>,
}

#[derive(Debug, Error)]
pub(crate) enum Cause {
    /// The event is invalid.
    #[error("{0}")]
    Event(#[from] EventFaults),
    /// The trail's home Region is another Region.
    #[error(
        "refused: the home Region of trail `{trail}` is {home}, and this function changes trails of \
         {own} only; start the runbook in {home}"
    )]
    OtherRegion {
        /// The trail's ARN.
        trail: String,
        /// The trail's home Region.
        home: String,
        /// The function's Region.
        own: String,
    },
    /// The plan could not be made or applied.
    #[error("{}", failure_text(.0))]
    Failure(#[from] Failure),
    #[error("the plan was applied, but the rule is not satisfied: {0}")]
    NotProven(String),
    /// Lambda is about to end the invocation.
    #[error("the invocation ran out of time")]
    Deadline,
}

impl RemediationError {
    pub(crate) fn new(cause: Cause, journal: Option<&str>) -> Self {
        Self { cause, journal: journal.map(str::to_owned) }
    }

    /// The error type that Lambda shows. It says who must act.
    pub fn kind(&self) -> &'static str {
        match &self.cause {
            Cause::Event(_) => "EventError",
            Cause::OtherRegion { .. } => "Refused",
            Cause::NotProven(_) => "NotProven",
            Cause::Deadline => "DeadlineExceeded",
            Cause::Failure(failure) => kind_of(failure),
        }
    }
}

fn kind_of(failure: &Failure) -> &'static str {
    match failure {
        Failure::Refused(_) | Failure::Exemptions { .. } => "Refused",
        Failure::NoSuchTrail { .. } | Failure::NotATrail(_) => "NoSuchTrail",
        Failure::Aws(
            AwsError::Denied { .. } | AwsError::Refused { .. } | AwsError::Role { .. },
        )
        | Failure::Stopped(Stop::Denied { .. }) => "PermissionMissing",
        Failure::Aws(_) => "AwsBreakdown",
        Failure::Stopped(_) => "Stopped",
        Failure::NotChecked(_) => "NotProven",
        Failure::Journal { .. }
        | Failure::JournalInUse(_)
        | Failure::JournalHasBegun(_)
        | Failure::NotAJournal { .. }
        | Failure::NoRandomBits(_)
        | Failure::OtherTrail { .. }
        | Failure::OtherAccount { .. } => "JournalError",
    }
}

fn failure_text(failure: &Failure) -> String {
    let Failure::Refused(refusals) = failure else { return failure.to_string() };
    let each = refusals.iter().map(|one| format!("{}: {} ({})", one.code, one.what, one.fix));
    format!("refused: {}", each.collect::<Vec<_>>().join("; "))
}

fn consequence(journal: Option<&str>) -> String {
    match journal {
        Some(id) => format!(
            "; something may have changed: journal `{id}` in the log of the function lists each \
             step, and `trailseal remediate` resumes it or backs it out"
        ),
        None => "; nothing was changed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_and_says_whether_something_was_changed() {
        let failure = || Cause::Failure(Failure::NotATrail("a\nb".to_owned()));
        let nothing = RemediationError::new(failure(), None);
        assert_eq!(nothing.to_string(), "`a b` is not a trail name or ARN; nothing was changed");
        assert_eq!(nothing.kind(), "NoSuchTrail");
        let begun = RemediationError::new(Cause::Deadline, Some("J1"));
        assert_eq!(begun.kind(), "DeadlineExceeded");
        let message = begun.to_string();
        assert!(message.starts_with("the invocation ran out of time; something may"), "{message}");
        assert!(message.contains("journal `J1`") && !message.contains('\n'), "{message}");
    }

    #[test]
    fn a_wrong_region_names_both_regions() {
        let (trail, home, own) = ("T".to_owned(), "eu-west-1".to_owned(), "us-east-1".to_owned());
        let error = RemediationError::new(Cause::OtherRegion { trail, home, own }, None);
        assert_eq!(error.kind(), "Refused");
        assert_eq!(
            error.to_string(),
            "refused: the home Region of trail `T` is eu-west-1, and this function changes trails \
             of us-east-1 only; start the runbook in eu-west-1; nothing was changed"
        );
    }
}
