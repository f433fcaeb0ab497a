//! The contradictions of accounts and their Regions, and of trails with them.

use std::collections::{HashMap, HashSet};

use crate::report::{AccountReport, AccountStatus, RegionReport, Report};

/// All contradictions of the accounts of an audit.
pub(super) fn contradictions(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for (index, account) in report.accounts.iter().enumerate() {
        let place = format!("`accounts[{index}]` ({})", account.id);
        if !seen.insert(&account.id) {
            found.push(format!("{place} is there twice"));
        }
        let is_skipped = account.status() == AccountStatus::Skipped;
        let is_done = account.status() == AccountStatus::Completed && !account.has_problem();
        if report.complete && !is_done && !is_skipped {
            found.push(format!("`complete` is true, but {place} was not completed"));
        }
        if is_skipped && account.regions.iter().any(|region| region.trails > 0) {
            found.push(format!("{place} has `leftOut`, but trails in its `regions`"));
        }
        let mut names = HashSet::new();
        let twice = account.regions.iter().find(|region| !names.insert(&region.region));
        found.extend(twice.map(|twice| format!("{place} has `{}` twice", twice.region)));
    }
    if !report.accounts.is_empty() {
        found.extend(of_trails(report));
    }
    found
}

/// Trails outside of the accounts and Regions, and Regions with other numbers of trails.
fn of_trails(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let mut regions: HashMap<(&str, &str), (&RegionReport, usize)> = HashMap::new();
    let accounts: HashMap<&str, &AccountReport> =
        report.accounts.iter().map(|account| (account.id.as_str(), account)).collect();
    for (id, account) in &accounts {
        regions.extend(account.regions.iter().map(|one| ((*id, one.region.as_str()), (one, 0))));
    }
    for (index, trail) in report.trails.iter().enumerate() {
        let place = format!("`trails[{index}]` ({})", trail.arn_or_id());
        let (account, region) = (trail.account.as_str(), trail.region.as_str());
        match (accounts.get(account), regions.get_mut(&(account, region))) {
            (None, _) => found.push(format!("{place}: its account is not in `accounts`")),
            (Some(account), _) if account.left_out.is_some() => {
                found.push(format!("{place}: its account has `leftOut`"));
            }
            (Some(_), None) => {
                found.push(format!("{place}: its Region is not in `regions` of its account"));
            }
            (Some(_), Some((_, trails))) => *trails += usize::from(!trail.is_of_account()),
        }
    }
    let mut wrong: Vec<String> = Vec::new();
    for ((account, name), (region, trails)) in regions {
        let said = region.trails;
        if trails > said || report.complete && trails != said {
            wrong.push(format!(
                "`trails` of Region {name} of account {account} is {said}, but the report has \
                 {trails}"
            ));
        }
    }
    wrong.sort_unstable();
    found.extend(wrong);
    found
}
