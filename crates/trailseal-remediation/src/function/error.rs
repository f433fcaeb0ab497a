//! Why the runbook fails, in one line.

use std::fmt;

use thiserror::Error;
use trailseal_aws::AwsError;
use trailseal_plan::Refusals;

use crate::failure::{Failure, Stop};
use crate::function::event::EventFaults;

/// Why an invocation ended without an answer.
#[derive(Debug, Error)]
pub struct RemediationError {
    cause: Cause,
    journal: Option<String>,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The event cannot be used.
    Event(EventFaults),
    /// The trail is changed in another Region.
    OtherRegion {
        /// The trail's ARN.
        trail: String,
        /// Where it is changed.
        home: String,
        /// Where the function is.
        own: String,
    },
    /// It could not be planned or carried out.
    Failure(Failure),
    /// It was carried out, and the rule is not satisfied.
    NotProven(String),
    /// Lambda would have ended the invocation.
    Deadline,
}

impl RemediationError {
    pub(crate) fn new(cause: Cause, journal: Option<&str>) -> Self {
        Self { cause, journal: journal.map(str::to_owned) }
    }

    /// The kind of the failure, as Lambda shows it: who must act.
    #[must_use]
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
        Failure::Refused(_) => "Refused",
        Failure::NoSuchTrail { .. } | Failure::NotATrail(_) => "NoSuchTrail",
        Failure::Aws(
            AwsError::Denied { .. }
            | AwsError::Refused { .. }
            | AwsError::Role { .. }
            | AwsError::NoRole { .. },
        )
        | Failure::Stopped(Stop::Denied { .. }) => "PermissionMissing",
        Failure::Aws(_) => "AwsBreakdown",
        Failure::Stopped(_) => "Stopped",
        Failure::Journal { .. }
        | Failure::JournalInUse(_)
        | Failure::NotAJournal { .. }
        | Failure::NoRandomBits(_)
        | Failure::OtherTrail { .. }
        | Failure::OtherAccount { .. } => "JournalError",
    }
}

impl fmt::Display for RemediationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match &self.cause {
            Cause::Event(faults) => faults.to_string(),
            Cause::OtherRegion { trail, home, own } => format!(
                "refused: trail `{trail}` is changed in its home Region {home}, and this function \
                 changes trails of {own} only; start the runbook in {home}"
            ),
            Cause::Failure(Failure::Refused(refusals)) => refusal_words(refusals),
            Cause::Failure(failure) => failure.to_string(),
            Cause::NotProven(why) => {
                format!("the plan was carried out, but the rule is not satisfied: {why}")
            }
            Cause::Deadline => "the time of this invocation ran out".to_owned(),
        };
        out.write_str(&one_line(&words))?;
        match &self.journal {
            Some(id) => write!(
                out,
                "; something may have been changed: journal `{id}` in the log of the function \
                 says what, and `trailseal remediate` goes on with it or back by it"
            ),
            None => out.write_str("; nothing was changed"),
        }
    }
}

fn refusal_words(refusals: &Refusals) -> String {
    let each = refusals.iter().map(|one| format!("{}: {} ({})", one.code, one.what, one.fix));
    format!("refused: {}", each.collect::<Vec<_>>().join("; "))
}

/// The runbook shows one line; what AWS says may have more.
fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

impl From<EventFaults> for Cause {
    fn from(faults: EventFaults) -> Self {
        Self::Event(faults)
    }
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_that_says_whether_something_was_changed() {
        let failure = || Cause::Failure(Failure::NotATrail("a\nb".to_owned()));
        let nothing = RemediationError::new(failure(), None);
        assert_eq!(
            nothing.to_string(),
            "`a b` is neither a trail's name nor its ARN; nothing was changed"
        );
        assert_eq!(nothing.kind(), "NoSuchTrail");
        let begun = RemediationError::new(Cause::Deadline, Some("J1"));
        assert_eq!(begun.kind(), "DeadlineExceeded");
        let said = begun.to_string();
        assert!(said.starts_with("the time of this invocation ran out; something may"), "{said}");
        assert!(said.contains("journal `J1`") && !said.contains('\n'), "{said}");
    }

    #[test]
    fn another_region_is_named_with_the_own_one() {
        let (trail, home, own) = ("T".to_owned(), "eu-west-1".to_owned(), "us-east-1".to_owned());
        let error = RemediationError::new(Cause::OtherRegion { trail, home, own }, None);
        assert_eq!(error.kind(), "Refused");
        assert_eq!(
            error.to_string(),
            "refused: trail `T` is changed in its home Region eu-west-1, and this function changes \
             trails of us-east-1 only; start the runbook in eu-west-1; nothing was changed"
        );
    }
}
