//! The scope of an audit: what was requested, and what became of it.

use super::{AccountReport, Problem, RegionReport, Report};

/// What became of an account of the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountStatus {
    /// It was audited, although Regions of it may have refused.
    Completed,
    /// Nothing in it could be read.
    Refused,
    /// It was left out on purpose.
    Skipped,
    /// The audit was interrupted before it was done.
    Interrupted,
}

/// The number of accounts of an audit, by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) requested: usize,
    pub(crate) completed: usize,
    pub(crate) refused: usize,
    pub(crate) skipped: usize,
    pub(crate) interrupted: usize,
    /// Completed accounts with a Region that refused.
    pub(crate) with_problems: usize,
}

impl AccountReport {
    pub(crate) fn status(&self) -> AccountStatus {
        if self.left_out.is_some() {
            AccountStatus::Skipped
        } else if self.interrupted {
            AccountStatus::Interrupted
        } else if self.problem.is_some() || self.is_unread() {
            AccountStatus::Refused
        } else {
            AccountStatus::Completed
        }
    }

    /// Whether each of its Regions refused, if it has any.
    fn is_unread(&self) -> bool {
        let is_unread = |region: &RegionReport| region.trails == 0 && region.problem.is_some();
        !self.regions.is_empty() && self.regions.iter().all(is_unread)
    }
}

impl Report {
    /// A problem for each account that an interruption left; `problems` has one for all of them.
    pub(crate) fn interrupted(&self) -> impl Iterator<Item = Problem> {
        let is_interrupted =
            |account: &&AccountReport| account.status() == AccountStatus::Interrupted;
        self.accounts.iter().filter(is_interrupted).map(|account| Problem {
            source: format!("aws/{}", account.id),
            message: account.problem.clone().unwrap_or_else(|| "it was interrupted".to_owned()),
        })
    }

    /// The accounts of an audit; nothing for files.
    pub(crate) fn scope(&self) -> Scope {
        let mut scope = Scope { requested: self.accounts.len(), ..Scope::default() };
        for account in &self.accounts {
            match account.status() {
                AccountStatus::Completed => {
                    scope.completed += 1;
                    scope.with_problems += usize::from(account.has_problem());
                }
                AccountStatus::Refused => scope.refused += 1,
                AccountStatus::Skipped => scope.skipped += 1,
                AccountStatus::Interrupted => scope.interrupted += 1,
            }
        }
        scope
    }
}

impl Scope {
    /// `4 accounts audited`, or `200 accounts requested: 3 completed, 2 skipped, 195 interrupted`.
    pub(crate) fn sentence(&self) -> String {
        let Self { requested, completed, refused, skipped, interrupted, with_problems } = *self;
        let plural = if requested == 1 { "" } else { "s" };
        if completed == requested && with_problems == 0 {
            return format!("{requested} account{plural} audited");
        }
        let mut sentence = format!("{requested} account{plural} requested: {completed} completed");
        if with_problems > 0 {
            sentence.push_str(&format!(" ({with_problems} with problems)"));
        }
        for (count, word) in
            [(refused, "refused"), (skipped, "skipped"), (interrupted, "interrupted")]
        {
            if count > 0 {
                sentence.push_str(&format!(", {count} {word}"));
            }
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_whose_regions_all_refused_is_refused() {
        let region = |trails: usize, problem: Option<&str>| RegionReport {
            region: "eu-west-1".to_owned(),
            trails,
            problem: problem.map(str::to_owned),
        };
        let status = |regions: &[RegionReport]| {
            let account = AccountReport {
                id: "111122223333".to_owned(),
                name: None,
                problem: None,
                left_out: None,
                interrupted: false,
                regions: regions.to_vec(),
            };
            account.status()
        };
        let (denied, throttled) = (region(0, Some("denied")), region(0, Some("throttled")));
        assert_eq!(status(&[denied.clone(), throttled]), AccountStatus::Refused);
        assert_eq!(status(&[denied.clone(), region(0, None)]), AccountStatus::Completed);
        // One trail of the Region could not be read.
        assert_eq!(status(&[denied, region(2, Some("denied"))]), AccountStatus::Completed);
        assert_eq!(status(&[]), AccountStatus::Completed);
    }

    #[test]
    fn the_scope_is_said_as_requested_completed_refused_and_skipped() {
        let check = |[requested, completed, refused, skipped, interrupted]: [usize; 5],
                     with_problems: usize,
                     expected: &str| {
            let scope =
                Scope { requested, completed, refused, skipped, interrupted, with_problems };
            assert_eq!(scope.sentence(), expected);
        };
        check([1, 1, 0, 0, 0], 0, "1 account audited");
        check([4, 4, 0, 0, 0], 0, "4 accounts audited");
        check([4, 4, 0, 0, 0], 1, "4 accounts requested: 4 completed (1 with problems)");
        check([1, 0, 1, 0, 0], 0, "1 account requested: 0 completed, 1 refused");
        let interrupted = "200 accounts requested: 3 completed, 2 skipped, 195 interrupted";
        check([200, 3, 0, 2, 195], 0, interrupted);
    }
}
