//! The events of the rules in the soak's accounts, and the expected result of each.

use accounts::{
    ACCOUNT as OWN, MEMBER, MEMBER_ROLE, REGION, account, bucket, change, deleted, history,
    key_arn, key_item, key_of_trails, oversized, role, role_arn, rule, schedule, trail, trail_arn,
    trail_item, with,
};
use serde_json::Value;
use trailseal_lab::{Key, Membership, RuleEvent, State, Trail};

const COMPLIANT: &str = "COMPLIANT";
const NON_COMPLIANT: &str = "NON_COMPLIANT";
const NOT_APPLICABLE: &str = "NOT_APPLICABLE";

/// 2026-12-14T10:00:00Z.
const DELETION_MILLIS: i64 = 1_797_242_400_000;

/// The trails: owner, name, the number of the key if there is one, verdict.
const TRAILS: [(&str, &str, Option<usize>, &str); 8] = [
    (OWN, "sealed-one", Some(1), COMPLIANT),
    (OWN, "sealed-two", Some(2), COMPLIANT),
    (OWN, "sealed-too", Some(2), COMPLIANT),
    (OWN, "unsealed", None, NON_COMPLIANT),
    (OWN, "disabled", Some(3), NON_COMPLIANT),
    (OWN, "doomed", Some(4), NON_COMPLIANT),
    (OWN, "orphaned", Some(5), NON_COMPLIANT),
    (MEMBER, "member", Some(6), COMPLIANT),
];

/// The keys: owner, number, state. Key 5 does not exist, key 7 seals nothing.
const KEYS: [(&str, usize, &str); 6] = [
    (OWN, 1, "Enabled"),
    (OWN, 2, "Enabled"),
    (OWN, 3, "Disabled"),
    (OWN, 4, "PendingDeletion"),
    (MEMBER, 6, "Enabled"),
    (OWN, 7, "Enabled"),
];

/// An event and the evaluations that it should submit without faults.
#[derive(Debug)]
pub(crate) struct SoakCase {
    pub(crate) event: RuleEvent,
    pub(crate) expected: Vec<(&'static str, &'static str)>,
}

/// The verdict of a trail; `None` for any other resource.
pub(crate) fn verdict(name: &str) -> Option<&'static str> {
    let trail = TRAILS.iter().find(|(_, of, _, _)| *of == name);
    trail.map(|(.., verdict)| *verdict).or((name == "former").then_some(NOT_APPLICABLE))
}

pub(crate) fn state() -> State {
    let trails: Vec<Trail> =
        TRAILS.iter().map(|(owner, name, key, _)| trail_of(owner, name, *key)).collect();
    let keys: Vec<Key> =
        KEYS.iter().map(|(owner, number, state)| key(owner, *number, state)).collect();
    let items = trails.iter().map(item).chain(keys.iter().map(key_item));
    State {
        accounts: vec![
            account(OWN, Membership::Management, &[REGION]),
            account(MEMBER, Membership::Member, &[REGION]),
        ],
        buckets: vec![bucket("logs", OWN, REGION)],
        roles: vec![role(&role_arn(REGION, MEMBER, MEMBER_ROLE), None)],
        config_rules: [OWN, MEMBER].map(|owner| rule(owner, REGION, Vec::new())).into(),
        history: items.map(|item| history(1, vec![item])).collect(),
        trails,
        keys,
        ..State::default()
    }
}

/// Every event of the mix, each under the default profile and the strict one.
pub(crate) fn cases() -> Vec<SoakCase> {
    let mut all = Vec::new();
    for profile in ["effective", "strict"] {
        let mut add = |event: RuleEvent, expected: Vec<(&'static str, &'static str)>| {
            let parameters = [("profile", profile), ("executionRoleName", MEMBER_ROLE)];
            all.push(SoakCase { event: with(event, &parameters), expected });
        };
        for (owner, name, key, verdict) in TRAILS {
            let item = item(&trail_of(owner, name, key));
            add(change(&item), vec![(name, verdict)]);
            add(oversized(&item), vec![(name, verdict)]);
        }
        for (owner, number, state) in KEYS {
            let item = key_item(&key(owner, number, state));
            add(change(&item), sealed_with(number));
            add(oversized(&item), sealed_with(number));
        }
        let managed = Key { manager: "AWS".to_owned(), ..key(OWN, 8, "Enabled") };
        add(change(&key_item(&managed)), Vec::new());
        let former = deleted(item(&trail_of(OWN, "former", Some(1))));
        add(change(&former), vec![("former", NOT_APPLICABLE)]);
        for owner in [OWN, MEMBER] {
            let of_owner = TRAILS.iter().filter(|(of, ..)| *of == owner);
            let expected = of_owner.map(|(_, name, _, verdict)| (*name, *verdict)).collect();
            add(schedule(owner, REGION), expected);
        }
    }
    all
}

fn sealed_with(number: usize) -> Vec<(&'static str, &'static str)> {
    let sealed = TRAILS.iter().filter(|(_, _, key, _)| *key == Some(number));
    sealed.map(|(_, name, _, verdict)| (*name, *verdict)).collect()
}

fn trail_of(owner: &str, name: &str, key: Option<usize>) -> Trail {
    let key = key.map(|number| key_arn(owner, REGION, number));
    trail(&trail_arn(owner, REGION, name), "logs", key.as_deref())
}

fn item(trail: &Trail) -> Value {
    trail_item(trail, accounts::account_of(&trail.arn), REGION)
}

fn key(owner: &str, number: usize, state: &str) -> Key {
    let sealed = sealed_with(number);
    let arns: Vec<String> = sealed.iter().map(|(name, _)| trail_arn(owner, REGION, name)).collect();
    let arns: Vec<&str> = arns.iter().map(String::as_str).collect();
    Key {
        state: state.to_owned(),
        deletion_date: (state == "PendingDeletion").then_some(DELETION_MILLIS),
        ..key_of_trails(&key_arn(owner, REGION, number), &arns)
    }
}
