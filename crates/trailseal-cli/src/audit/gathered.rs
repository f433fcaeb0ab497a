//! The results so far, which are kept if the audit ends early.

use std::collections::{BTreeMap, BTreeSet};

use trailseal_findings::region_source;
use trailseal_rule::{AccountId, Exemption, Region};

use super::targets::Target;
use crate::report::{AccountReport, Kind, Problem, Rank, RegionReport, TrailReport};

const INTERRUPTED: &str = "the audit was interrupted before this account was done";
const UNFINISHED: &str = "the audit of this account ended unexpectedly";

/// The trails, problems and accounts.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) trails: Vec<(Rank, TrailReport)>,
    pub(super) problems: Vec<Problem>,
    /// The exemptions by tags of trails, each once.
    pub(super) exemptions: Vec<Exemption>,
    accounts: BTreeMap<String, AccountReport>,
    /// Accounts that are not done yet.
    open: BTreeSet<String>,
}

impl Gathered {
    /// All accounts of the audit, none of them finished.
    pub(super) fn of(targets: &[Target]) -> Self {
        let mut gathered = Self::default();
        for target in targets {
            let id = target.id.to_string();
            let account = AccountReport {
                id: id.clone(),
                name: target.name.clone(),
                problem: None,
                left_out: target.left_out.clone(),
                interrupted: false,
                regions: Vec::new(),
            };
            if target.left_out.is_none() {
                gathered.open.insert(id.clone());
            }
            gathered.accounts.insert(id, account);
        }
        gathered
    }

    /// Adds a Region, with the number of its trails or the reason that they could not be read.
    pub(super) fn region(&mut self, account: &AccountId, region: RegionReport) {
        if let Some(account) = self.accounts.get_mut(account.as_str()) {
            account.regions.push(region);
        }
    }

    /// Adds a problem of a Region whose other trails were evaluated.
    pub(super) fn region_problem(&mut self, account: &AccountId, region: &Region, what: &str) {
        let regions =
            self.accounts.get_mut(account.as_str()).into_iter().flat_map(|of| &mut of.regions);
        for known in regions.filter(|known| known.region == region.as_str()) {
            known.problem.get_or_insert_with(|| what.to_owned());
        }
    }

    /// Nothing in the account could be read.
    pub(super) fn refused(&mut self, account: &AccountId, what: &str) {
        if let Some(account) = self.accounts.get_mut(account.as_str()) {
            account.problem = Some(what.to_owned());
        }
        self.problem(source(account, None), what);
    }

    pub(super) fn problem(&mut self, source: String, what: &str) {
        self.problems.push(Problem { source, message: what.to_owned() });
    }

    pub(super) fn done(&mut self, account: &AccountId) {
        self.open.remove(account.as_str());
    }

    /// The number of trails without copies, and of all findings.
    pub(super) fn counts(&self) -> (usize, usize) {
        let all = || self.trails.iter().map(|(_, trail)| trail);
        let trails = all().filter(|trail| trail.kind() == Kind::Trail);
        (trails.count(), all().filter(|trail| trail.is_non_compliant()).count())
    }

    /// Ends the audit: unfinished accounts get a problem; an interruption is reported once for all.
    /// Returns whether there are any: an interruption after the last account changes nothing.
    pub(super) fn close(&mut self, is_interrupted: bool) -> bool {
        let why = if is_interrupted { INTERRUPTED } else { UNFINISHED };
        let open = std::mem::take(&mut self.open);
        for id in &open {
            if let Some(account) = self.accounts.get_mut(id) {
                account.interrupted = is_interrupted;
                account.problem.get_or_insert_with(|| why.to_owned());
            }
            if !is_interrupted {
                self.problem(format!("aws/{id}"), why);
            }
        }
        if let (true, Some(first)) = (is_interrupted, open.first()) {
            let accounts = match open.len() {
                1 => "1 account was".to_owned(),
                more => format!("{more} accounts were"),
            };
            let what = format!(
                "the audit was interrupted: {accounts} not completed, the first is {first}"
            );
            self.problem("aws".to_owned(), &what);
        }
        for account in self.accounts.values_mut() {
            account.regions.sort_by(|one, other| one.region.cmp(&other.region));
        }
        !open.is_empty()
    }

    pub(super) fn into_accounts(self) -> Vec<AccountReport> {
        self.accounts.into_values().collect()
    }
}

/// The source of a result: `aws/ACCOUNT/REGION`.
pub(super) fn source(account: &AccountId, region: Option<&Region>) -> String {
    match region {
        Some(region) => region_source(account, region),
        None => format!("aws/{account}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interruption_after_the_last_account_leaves_nothing_open() {
        let account = AccountId::parse("111122223333").unwrap();
        let mut gathered = Gathered::of(&[Target::plain(account.clone())]);
        gathered.done(&account);
        assert!(!gathered.close(true));
        assert_eq!(gathered.problems, []);
        let mut gathered = Gathered::of(&[Target::plain(account)]);
        assert!(gathered.close(true));
        assert_eq!(gathered.problems.len(), 1);
    }
}
