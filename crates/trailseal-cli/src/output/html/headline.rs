//! The report in one sentence.

use std::collections::BTreeSet;

use super::listing::NOTHING_EVALUATED;
use super::status::{TrailStatus, VerdictCounts};
use super::text::{Count, counted};
use crate::report::{AccountStatus, Report};

/// The head of the page.
pub(super) struct Headline {
    pub(super) statement: String,
    pub(super) scope: String,
}

impl Headline {
    pub(super) fn of(report: &Report, tally: &VerdictCounts) -> Self {
        let mut statement = statement(tally);
        if let Some(without) = report.without_trails() {
            statement.push_str(&format!(" {without}, which is not compliant."));
        }
        let left_out = tally.of(TrailStatus::NotEvaluated);
        if left_out > 0 {
            let verb = if left_out == 1 { "was" } else { "were" };
            statement.push_str(&format!(" {} {verb} not evaluated.", counted(left_out, "trail")));
        }
        statement.push_str(&not_completed(report));
        Self { statement, scope: scope(report) }
    }
}

fn statement(tally: &VerdictCounts) -> String {
    let trails = tally.trails();
    let evaluated = tally.evaluated();
    match (tally.of(TrailStatus::Failing), tally.of(TrailStatus::Unverified)) {
        (0, 0) if trails == 0 => "No trail was seen.".to_owned(),
        (0, 0) if evaluated == 0 => NOTHING_EVALUATED.to_owned(),
        (0, 0) if evaluated == 1 => "The one trail that was evaluated is compliant.".to_owned(),
        (0, 0) => format!("All {} trails that were evaluated are compliant.", Count(evaluated)),
        (0, unverified) => format!(
            "No trail is known to fail, but {} of {} could not be verified.",
            Count(unverified),
            counted(trails, "trail")
        ),
        (failing, unverified) => {
            let verb = if failing == 1 { "is" } else { "are" };
            let failing =
                format!("{} of {} {verb} not compliant", Count(failing), counted(trails, "trail"));
            match unverified {
                0 => format!("{failing}."),
                more => format!("{failing}; {} more could not be verified.", Count(more)),
            }
        }
    }
}

/// ` 3 of 4 accounts were not completed.`; nothing if every account was, or was skipped on purpose.
fn not_completed(report: &Report) -> String {
    let scope = report.scope();
    let asked = scope.requested - scope.skipped;
    match scope.refused + scope.interrupted {
        0 => String::new(),
        1 if asked == 1 => " The account was not completed.".to_owned(),
        1 => format!(" 1 of {asked} accounts was not completed."),
        more => format!(" {} of {} accounts were not completed.", Count(more), Count(asked)),
    }
}

fn scope(report: &Report) -> String {
    let of_trails = report.trails.iter().map(|trail| trail.account.as_str());
    let completed =
        report.accounts.iter().filter(|account| account.status() == AccountStatus::Completed);
    let accounts: BTreeSet<&str> =
        of_trails.chain(completed.map(|account| account.id.as_str())).collect();
    let of_trails = report.trails.iter().map(|trail| trail.region.as_str());
    let audited = report.accounts.iter().flat_map(|account| &account.regions);
    let regions: BTreeSet<&str> =
        of_trails.chain(audited.map(|region| region.region.as_str())).collect();
    let copies = report.copies();
    let trails = report.own_trails().len();
    let with_copies = match copies {
        0 => String::new(),
        1 => " and 1 copy".to_owned(),
        copies => format!(" and {} copies", Count(copies)),
    };
    let mut scope = format!(
        "{}{with_copies} in {} and {}",
        counted(trails, "trail"),
        counted(accounts.len(), "account"),
        counted(regions.len(), "Region")
    );
    let summary = &report.summary;
    if summary.files > 0 {
        scope.push_str(&format!(", from {}", counted(summary.files, "file")));
    }
    if summary.files_skipped > 0 {
        scope.push_str(&format!(" ({} skipped)", Count(summary.files_skipped)));
    }
    if !report.accounts.is_empty() {
        scope.push_str(&format!("; {}", report.scope().sentence()));
    }
    scope
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_claims_only_what_was_evaluated() {
        let check = |counts: [usize; 5], expected: &str| {
            let mut tally = VerdictCounts::default();
            for (status, count) in TrailStatus::ALL.into_iter().zip(counts) {
                (0..count).for_each(|_| tally.add(status));
            }
            assert_eq!(statement(&tally), expected);
        };
        check([0, 0, 0, 0, 0], "No trail was seen.");
        check([0, 0, 0, 0, 3], "No trail was evaluated.");
        check([0, 0, 2, 0, 0], "No trail was evaluated.");
        check([0, 0, 0, 1, 0], "The one trail that was evaluated is compliant.");
        check([0, 0, 1, 1, 0], "The one trail that was evaluated is compliant.");
        check([0, 0, 0, 1200, 1], "All 1,200 trails that were evaluated are compliant.");
        let unverified = "No trail is known to fail, but 2 of 3 trails could not be verified.";
        check([0, 2, 0, 1, 0], unverified);
        check([1, 0, 0, 0, 0], "1 of 1 trail is not compliant.");
        check([2, 1, 0, 0, 0], "2 of 3 trails are not compliant; 1 more could not be verified.");
    }
}
