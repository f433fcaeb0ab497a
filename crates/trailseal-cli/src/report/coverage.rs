//! Trails that were seen and that nothing in the report evaluates.
//!
//! A shadow copy and a member account's copy of an organization trail are not evaluated: their
//! trail is, in its home Region and in the account that owns it. Where the report does not show
//! that this has happened, the trail may be anything, and the report is partial.

use std::collections::HashSet;

use trailseal_rule::TrailArn;

use super::{AccountReport, Rank, TrailReport};

/// Gives each copy of a trail that the report does not evaluate the reason, and clears the mark of
/// the others. `trails` are marked as far as one trail alone can tell: every copy that was not
/// judged and is not exempt.
pub(super) fn mark_not_evaluated(trails: &mut [(Rank, TrailReport)], accounts: &[AccountReport]) {
    let evaluated: HashSet<Place> = trails.iter().filter_map(|(_, one)| evaluated(one)).collect();
    for (rank, trail) in trails.iter_mut().filter(|(_, trail)| trail.not_evaluated.is_some()) {
        trail.not_evaluated = match trail.copy_of() {
            Some(arn) if evaluated.contains(&Place::of(&arn)) => None,
            Some(arn) => Some(reason(&arn, accounts)),
            None => trail.not_evaluated.take().map(own_reason),
        };
        if trail.not_evaluated.is_some() {
            *rank = Rank::Unverified;
        }
    }
}

/// A trail by where it was made.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    account: String,
    region: String,
    name: String,
}

impl Place {
    fn of(arn: &TrailArn) -> Self {
        Self {
            account: arn.owner().to_string(),
            region: arn.home_region().to_string(),
            name: arn.name().to_owned(),
        }
    }
}

/// The trail that this report is about, unless it is a copy that was not judged. A trail that is
/// gone needs no evaluation any more.
fn evaluated(trail: &TrailReport) -> Option<Place> {
    if trail.not_evaluated.is_some() {
        return None;
    }
    if trail.is_gone() {
        let id = trail.resource_id.as_str();
        let name = id.rsplit_once(":trail/").map_or(id, |(_, name)| name);
        let (account, region) = (trail.account.clone(), trail.region.clone());
        return Some(Place { account, region, name: name.to_owned() });
    }
    if trail.copy_of().is_some() {
        return None;
    }
    TrailArn::parse(trail.arn.as_deref()?).ok().as_ref().map(Place::of)
}

/// The reason of a trail that by its ARN is not a copy: the one that it already has, or that it says
/// of itself to be one.
fn own_reason(reason: String) -> String {
    if reason.is_empty() {
        "its homeRegion is not the Region in its ARN; look the trail up in AWS, or set \
         replicas=EVALUATE"
            .to_owned()
    } else {
        reason
    }
}

/// Why the trail was not evaluated, and what would have it evaluated.
fn reason(arn: &TrailArn, accounts: &[AccountReport]) -> String {
    let (owner, home) = (arn.owner(), arn.home_region());
    if accounts.is_empty() {
        return format!(
            "nothing in the input is from its home Region {home} of account {owner}; add the trail \
             from there, or set replicas=EVALUATE"
        );
    }
    let Some(account) = accounts.iter().find(|account| account.id == owner.as_str()) else {
        return format!(
            "account {owner} owns it and was not audited; add it to --accounts, or set \
             replicas=EVALUATE"
        );
    };
    if let Some(left_out) = &account.left_out {
        return format!("account {owner} owns it and was left out: {left_out}");
    }
    if account.problem.is_some() {
        return format!("account {owner} owns it and could not be audited");
    }
    match account.regions.iter().find(|region| region.region == home.as_str()) {
        None => format!(
            "its home Region {home} of account {owner} was not asked: --regions leaves it out, or \
             it is not enabled there; name or enable it, or set replicas=EVALUATE"
        ),
        Some(region) if region.problem.is_some() => {
            format!("its home Region {home} of account {owner} could not be read")
        }
        Some(_) => format!("its home Region {home} of account {owner} does not show it"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::RegionReport;

    const ARN: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/t";

    /// The trail as it is seen somewhere; a copy is marked as [`mark_not_evaluated`] finds it.
    fn seen(account: &str, region: &str, reason: Option<&str>) -> (Rank, TrailReport) {
        let is_copy = account != "111122223333" || region != "eu-west-1";
        let mark = reason.filter(|_| is_copy).map(|_| "");
        let trail = json!({
            "resourceId": "t", "arn": ARN, "account": account, "region": region,
            "compliance": "NOT_APPLICABLE", "unverified": false, "annotation": "", "key": null,
            "bucket": null, "reason": reason, "notEvaluated": mark, "notes": [], "checks": [],
            "evidence": null, "captured": null, "source": format!("{account}/{region}"),
        });
        (Rank::NotApplicable, serde_json::from_value(trail).unwrap())
    }

    fn account(id: &str, problem: Option<&str>, regions: &[(&str, Option<&str>)]) -> AccountReport {
        AccountReport {
            id: id.to_owned(),
            name: None,
            problem: problem.map(str::to_owned),
            left_out: None,
            regions: regions
                .iter()
                .map(|(region, problem)| RegionReport {
                    region: (*region).to_owned(),
                    trails: 1,
                    problem: problem.map(str::to_owned),
                })
                .collect(),
        }
    }

    /// The reasons of all copies that are not evaluated.
    fn reasons(mut trails: Vec<(Rank, TrailReport)>, accounts: &[AccountReport]) -> Vec<String> {
        mark_not_evaluated(&mut trails, accounts);
        trails.into_iter().filter_map(|(_, trail)| trail.not_evaluated).collect()
    }

    #[test]
    fn a_copy_counts_as_evaluated_with_its_trail_or_alone() {
        let copy = || seen("111122223333", "us-east-1", Some("this is a copy"));
        let home = || seen("111122223333", "eu-west-1", None);
        let exempt = || seen("111122223333", "eu-west-1", Some("the trail is exempt"));
        let judged_copy = || seen("444455556666", "eu-west-1", None);
        for other in [home, exempt, judged_copy] {
            assert_eq!(reasons(vec![copy(), other()], &[]), Vec::<String>::new());
            assert_eq!(reasons(vec![other(), copy()], &[]), Vec::<String>::new());
        }
        // Copies do not vouch for each other.
        let member = seen("444455556666", "us-east-1", Some("this is a copy"));
        let expected = "nothing in the input is from its home Region eu-west-1 of account \
                        111122223333; add the trail from there, or set replicas=EVALUATE";
        assert_eq!(reasons(vec![copy(), member], &[]), [expected, expected]);
    }

    /// An item can say another home Region than its ARN, or that it is not recorded.
    #[test]
    fn what_is_a_copy_by_its_own_words_only_is_not_evaluated() {
        let mut odd = seen("111122223333", "eu-west-1", Some("this is a copy"));
        odd.1.not_evaluated = Some(String::new());
        let mut not_recorded = seen("111122223333", "eu-west-1", Some("not recorded"));
        (not_recorded.1.arn, not_recorded.1.not_evaluated) =
            (None, Some("not recorded".to_owned()));
        let copy = seen("111122223333", "us-east-1", Some("this is a copy"));
        let said = reasons(vec![odd, not_recorded, copy], &[]);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].starts_with("its homeRegion is not the Region in its ARN"), "{said:?}");
        assert_eq!(said[1], "not recorded");
    }

    #[test]
    fn the_reason_is_that_of_the_owner() {
        let owner = "111122223333";
        let mut left_out = account(owner, None, &[]);
        left_out.left_out = Some("the account is SUSPENDED".to_owned());
        for (accounts, expected) in [
            (vec![account("444455556666", None, &[])], "was not audited; add it to --accounts"),
            (vec![left_out], "was left out: the account is SUSPENDED"),
            (vec![account(owner, Some("denied"), &[])], "could not be audited"),
            (vec![account(owner, None, &[("us-east-1", None)])], "eu-west-1 of account 11112222"),
            (vec![account(owner, None, &[("eu-west-1", Some("throttled"))])], "could not be read"),
            (vec![account(owner, None, &[("eu-west-1", None)])], "does not show it"),
        ] {
            let copy = seen("444455556666", "us-east-1", Some("this is a copy"));
            let said = reasons(vec![copy], &accounts);
            assert!(said.len() == 1 && said[0].contains(expected), "{said:?}: {expected}");
        }
    }
}
