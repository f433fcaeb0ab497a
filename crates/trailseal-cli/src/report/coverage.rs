//! Trails in the input that nothing in the report evaluates.
//!
//! A shadow copy, or a member account's copy of an organization trail, is not evaluated itself: the
//! trail is evaluated in its home Region, in the account that owns it. If the report does not show
//! that, the state of the trail is unknown and the report is partial.

use std::collections::{HashMap, HashSet};

use trailseal_rule::{AccountId, Region, Timestamp, TrailArn};

use super::{AccountReport, Rank, TrailReport};

/// Sets `not_evaluated` of each copy whose trail the report does not evaluate to the reason, and
/// clears it on the others. The caller has set it on each copy that was not evaluated and is not
/// exempt.
pub(super) fn mark_not_evaluated(trails: &mut [(Rank, TrailReport)], accounts: &[AccountReport]) {
    let mut all: HashMap<TrailId, Evaluated<'_>> = HashMap::new();
    for (_, trail) in trails.iter() {
        if let Some(id) = evaluated(trail) {
            all.entry(id).or_default().add(trail);
        }
    }
    let is_audit = !accounts.is_empty();
    let reasons: Vec<Option<String>> = trails
        .iter()
        .map(|(_, trail)| match (&trail.not_evaluated, trail.copy_of()) {
            (None, _) => None,
            (Some(_), Some(arn)) => match all.get(&id(arn)) {
                Some(evaluated) if evaluated.covers(trail, is_audit) => None,
                Some(evaluated) => Some(evaluated.not_covered(trail, arn)),
                None => Some(reason(arn, accounts)),
            },
            (Some(given), None) => Some(own_reason(given.clone())),
        })
        .collect();
    for ((rank, trail), reason) in trails.iter_mut().zip(reasons) {
        if reason.is_some() {
            *rank = Rank::Unverified;
        }
        trail.not_evaluated = reason;
    }
}

/// The evaluated results of one trail.
#[derive(Debug, Default)]
struct Evaluated<'a> {
    /// The key and bucket of each result that shows that the trail exists.
    existing: HashSet<(Option<&'a str>, Option<&'a str>)>,
    /// Whether one of them has no time.
    exists_at_unknown_time: bool,
    /// The time of the newest result, and whether it is that the trail was deleted.
    newest: (Option<Timestamp>, bool),
}

impl<'a> Evaluated<'a> {
    fn add(&mut self, trail: &'a TrailReport) {
        let is_deleted = trail.is_deleted();
        if !is_deleted {
            self.existing.insert(key_and_bucket(trail));
            self.exists_at_unknown_time |= trail.captured.is_none();
        }
        self.newest = self.newest.max((trail.captured, is_deleted));
    }

    /// Whether a result is like the copy, or known to be as new.
    fn covers(&self, copy: &TrailReport, is_audit: bool) -> bool {
        let is_as_new = match copy.captured {
            Some(_) => self.newest.0 >= copy.captured,
            // An audit reads both within one run; files without times can be of any day.
            None => is_audit && self.exists_at_unknown_time,
        };
        is_as_new || self.existing.contains(&key_and_bucket(copy))
    }

    /// Why no result covers the copy: each is older than the copy, or not known to be newer, and
    /// differs from it.
    fn not_covered(&self, copy: &TrailReport, arn: &TrailArn) -> String {
        let time = |time: Option<Timestamp>| {
            time.map_or_else(|| "an unknown time".to_owned(), |time| time.to_string())
        };
        let (newest, is_deleted) = self.newest;
        let (seen, of_copy) = (time(newest), time(copy.captured));
        let (account, region) = (arn.owner(), arn.home_region());
        let what = if is_deleted {
            format!("account {account} deleted it at {seen}, and this copy of {of_copy} exists")
        } else {
            format!(
                "this copy of {of_copy} differs from the trail in its home Region {region} of \
                 account {account}, seen at {seen}"
            )
        };
        format!("{what}; add a newer item from the home Region, or set replicas=EVALUATE")
    }
}

fn key_and_bucket(trail: &TrailReport) -> (Option<&str>, Option<&str>) {
    (trail.key.as_deref(), trail.bucket.as_deref())
}

/// A trail's owner, home Region and name.
type TrailId = (AccountId, Region, String);

fn id(arn: &TrailArn) -> TrailId {
    (arn.owner().clone(), arn.home_region().clone(), arn.name().to_owned())
}

/// The trail that this report evaluates, if it does. A deleted trail needs no evaluation; one that
/// only left the scope of a rule still exists.
fn evaluated(trail: &TrailReport) -> Option<TrailId> {
    if trail.not_evaluated.is_some() || trail.copy_of().is_some() {
        return None;
    }
    if trail.is_gone() {
        let named = || (trail.account.clone(), trail.region.clone(), trail.name().to_owned());
        return trail.is_deleted().then(named);
    }
    trail.arn.as_ref().map(id)
}

/// The reason for a trail that is not a copy by its ARN: the given one, or that its item contradicts
/// the ARN.
fn own_reason(reason: String) -> String {
    if reason.is_empty() {
        "its homeRegion is not the Region in its ARN; look the trail up in AWS, or set \
         replicas=EVALUATE"
            .to_owned()
    } else {
        reason
    }
}

/// Why the trail was not evaluated, and how to have it evaluated.
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
        return format!("account {owner} owns it and was skipped: {left_out}");
    }
    if account.problem.is_some() {
        return format!("account {owner} owns it and could not be audited");
    }
    match account.regions.iter().find(|region| region.region == home.as_str()) {
        None => format!(
            "its home Region {home} of account {owner} was not audited: --region leaves it out, or \
             the Region is not enabled; add or enable it, or set replicas=EVALUATE"
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
    use trailseal_rule::TrailGone;

    use super::*;
    use crate::report::RegionReport;

    const ARN: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/t";

    /// The trail as seen in an account and Region; a copy is marked as [`mark_not_evaluated`]
    /// expects.
    fn seen(account: &str, region: &str, reason: Option<&str>) -> (Rank, TrailReport) {
        let is_copy = account != "111122223333" || region != "eu-west-1";
        let mark = reason.filter(|_| is_copy).map(|_| "");
        let trail = json!({
            "resourceId": "t", "arn": ARN, "account": account, "region": region,
            "compliance": "NOT_APPLICABLE", "unverified": false, "annotation": "", "key": null,
            "bucket": null, "copy": is_copy, "reason": reason, "notEvaluated": mark, "notes": [], "checks": [],
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
            interrupted: false,
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

    /// The reasons of the copies that are not evaluated.
    fn reasons(mut trails: Vec<(Rank, TrailReport)>, accounts: &[AccountReport]) -> Vec<String> {
        mark_not_evaluated(&mut trails, accounts);
        trails.into_iter().filter_map(|(_, trail)| trail.not_evaluated).collect()
    }

    #[test]
    fn a_copy_is_covered_by_its_trail_or_its_own_evaluation() {
        let copy = || seen("111122223333", "us-east-1", Some("this is a copy"));
        let home = || seen("111122223333", "eu-west-1", None);
        let exempt = || seen("111122223333", "eu-west-1", Some("the trail is exempt"));
        let judged_copy = || seen("444455556666", "eu-west-1", None);
        for other in [home, exempt, judged_copy] {
            assert_eq!(reasons(vec![copy(), other()], &[]), Vec::<String>::new());
            assert_eq!(reasons(vec![other(), copy()], &[]), Vec::<String>::new());
        }
        // A copy does not prove that another copy was evaluated.
        let member = seen("444455556666", "us-east-1", Some("this is a copy"));
        let expected = "nothing in the input is from its home Region eu-west-1 of account \
                        111122223333; add the trail from there, or set replicas=EVALUATE";
        assert_eq!(reasons(vec![copy(), member], &[]), [expected, expected]);
    }

    fn day(day: u32) -> Option<Timestamp> {
        Timestamp::parse(&format!("2026-11-{day:02}T10:00:00Z")).ok()
    }

    fn at(region: &str, time: Option<Timestamp>, key: Option<&str>) -> (Rank, TrailReport) {
        let reason = (region != "eu-west-1").then_some("this is a copy");
        let (rank, trail) = seen("111122223333", region, reason);
        (rank, TrailReport { captured: time, key: key.map(str::to_owned), ..trail })
    }

    fn deleted(time: Option<Timestamp>) -> (Rank, TrailReport) {
        let (rank, trail) = at("eu-west-1", time, None);
        let reason = Some(TrailGone::DELETED.to_owned());
        (rank, TrailReport { arn: None, reason, ..trail })
    }

    /// A trail can be created again after it was deleted, or changed after its item.
    #[test]
    fn a_copy_that_differs_and_is_not_known_to_be_older_is_not_covered() {
        let home = |time: Option<Timestamp>| at("eu-west-1", time, Some("key"));
        let copy = |time: Option<Timestamp>, key: Option<&str>| at("us-east-1", time, key);
        for (home, copy, expected) in [
            (home(day(1)), copy(day(30), Some("key")), None),
            (home(day(30)), copy(day(1), None), None),
            (home(day(1)), copy(day(1), None), None),
            (home(None), copy(None, Some("key")), None),
            (home(None), copy(None, None), Some("of an unknown time differs from")),
            (home(day(1)), copy(day(30), None), Some("of 2026-11-30T10:00:00.000Z differs from")),
            (home(None), copy(day(30), None), Some("of 2026-11-30T10:00:00.000Z differs from")),
            (home(day(1)), copy(None, None), Some("of an unknown time differs from")),
            (deleted(day(30)), copy(day(1), None), None),
            (deleted(day(1)), copy(day(30), None), Some("deleted it at 2026-11-01T10:00:00.000Z")),
            (deleted(None), copy(day(1), None), Some("deleted it at an unknown time")),
            (deleted(day(1)), copy(None, None), Some("copy of an unknown time exists")),
            (deleted(None), copy(None, None), Some("deleted it at an unknown time")),
        ] {
            let found = reasons(vec![copy, home], &[]);
            assert_eq!(found.len(), usize::from(expected.is_some()), "{expected:?}: {found:?}");
            let is_named = |expected: &str| found.iter().all(|reason| reason.contains(expected));
            assert!(expected.is_none_or(is_named), "{expected:?}: {found:?}");
        }
        // An audit reads both within one run.
        let audited = [account("111122223333", None, &[("eu-west-1", None)])];
        assert_eq!(reasons(vec![copy(None, None), home(None)], &audited), Vec::<String>::new());
        // Another result of the same trail can be newer.
        let all = vec![home(day(1)), copy(day(30), None), at("eu-west-1", day(30), None)];
        assert_eq!(reasons(all, &[]), Vec::<String>::new());
    }

    #[test]
    fn the_reason_names_the_newest_result_in_every_order() {
        let home = |time: Option<Timestamp>| at("eu-west-1", time, Some("key"));
        let copy = || at("us-east-1", day(30), None);
        for (results, expected) in [
            (vec![home(None), home(day(2)), home(day(1))], "seen at 2026-11-02"),
            (vec![home(day(1)), deleted(day(2))], "deleted it at 2026-11-02"),
            (vec![deleted(day(1)), home(day(2)), home(None)], "seen at 2026-11-02"),
            (vec![deleted(None), home(None)], "deleted it at an unknown time"),
            (vec![deleted(day(1)), home(day(1))], "deleted it at 2026-11-01"),
        ] {
            for turn in 0..=results.len() {
                let mut all = [results.clone(), vec![copy()]].concat();
                all.rotate_left(turn);
                let found = reasons(all, &[]);
                assert!(found.len() == 1 && found[0].contains(expected), "{found:?}: {expected}");
            }
        }
    }

    /// Each copy compared with all results takes minutes.
    #[test]
    fn many_copies_and_results_of_one_trail_are_compared_in_time() {
        const EACH: usize = 100_000;
        let of_each = |trail: (Rank, TrailReport)| std::iter::repeat_n(trail, EACH);
        let all: Vec<_> = of_each(at("eu-west-1", day(1), Some("key")))
            .chain(of_each(at("us-east-1", day(30), None)))
            .collect();
        let start = std::time::Instant::now();
        assert_eq!(reasons(all, &[]).len(), EACH);
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    }

    /// An item can have another home Region than its ARN, or a status that it is not recorded.
    #[test]
    fn a_copy_that_contradicts_its_arn_is_not_evaluated() {
        let mut odd = seen("111122223333", "eu-west-1", Some("this is a copy"));
        odd.1.not_evaluated = Some(String::new());
        let mut not_recorded = seen("111122223333", "eu-west-1", Some("not recorded"));
        (not_recorded.1.arn, not_recorded.1.not_evaluated) =
            (None, Some("not recorded".to_owned()));
        let copy = seen("111122223333", "us-east-1", Some("this is a copy"));
        let found = reasons(vec![odd, not_recorded, copy], &[]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("its homeRegion is not the Region in its ARN"), "{found:?}");
        assert_eq!(found[1], "not recorded");
    }

    #[test]
    fn the_reason_names_the_owner() {
        let owner = "111122223333";
        let mut left_out = account(owner, None, &[]);
        left_out.left_out = Some("the account is SUSPENDED".to_owned());
        for (accounts, expected) in [
            (vec![account("444455556666", None, &[])], "was not audited; add it to --accounts"),
            (vec![left_out], "was skipped: the account is SUSPENDED"),
            (vec![account(owner, Some("denied"), &[])], "could not be audited"),
            (vec![account(owner, None, &[("us-east-1", None)])], "eu-west-1 of account 11112222"),
            (vec![account(owner, None, &[("eu-west-1", Some("throttled"))])], "could not be read"),
            (vec![account(owner, None, &[("eu-west-1", None)])], "does not show it"),
        ] {
            let copy = seen("444455556666", "us-east-1", Some("this is a copy"));
            let found = reasons(vec![copy], &accounts);
            assert!(found.len() == 1 && found[0].contains(expected), "{found:?}: {expected}");
        }
    }
}
