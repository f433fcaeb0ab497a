use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::search::{STEPS_MAX, Search, TOO_LONG};
use super::{Openings, WAYS_TO_PLAINTEXT, ways_to_plaintext};
use crate::arn::{KeyArn, TrailArn};
use crate::key_policy::parsed::{POLICY_BYTES_MAX, RETURNED_BYTES_MAX, parse_key_policy};
use crate::key_policy::question::TrailAndKey;

const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// What a policy of these statements opens, and the steps of the search; the policy almost has the
/// maximum size that KMS accepts.
fn search(statements: Vec<Value>) -> (Openings, u64) {
    search_up_to(POLICY_BYTES_MAX, statements)
}

/// The same of a policy that almost has this size.
fn search_up_to(bytes_max: usize, statements: Vec<Value>) -> (Openings, u64) {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let bytes = text.len();
    assert!((bytes_max * 4 / 5..=bytes_max).contains(&bytes), "{bytes} {text:.200}");
    let (trail, key) = (TrailArn::parse(TRAIL).unwrap(), KeyArn::parse(KEY).unwrap());
    let question = TrailAndKey { trail: &trail, key: Some(&key) };
    let policy = parse_key_policy(&text).unwrap();
    let mut search = Search::new(&policy, &question);
    ways_to_plaintext(&mut search, &policy, &question);
    let steps = search.steps.count();
    (search.into_openings(), steps)
}

fn for_everyone(effect: &str, condition: &Value) -> Value {
    json!({
        "Effect": effect, "Principal": "*", "Action": "kms:*", "Resource": "*",
        "Condition": condition,
    })
}

/// A Deny of everyone but this number of services, each of which is then examined.
fn sparing(services: usize) -> Value {
    let names: Vec<String> = (0..services).map(|each| format!("s{each}.a")).collect();
    json!({
        "Effect": "Deny", "NotPrincipal": { "Service": names }, "Action": "kms:*", "Resource": "*",
    })
}

fn from_network(more: &Value) -> Value {
    let mut condition = json!({ "IpAddress": { "aws:SourceIp": "1.1.1.1" } });
    condition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    condition
}

fn of_source(pattern: &str, count: usize) -> Value {
    let pattern = pattern.repeat(count);
    for_everyone("Allow", &from_network(&json!({ "StringLike": { "aws:SourceArn": pattern } })))
}

/// The elements in doubt, each once.
fn in_doubt(open: &Openings) -> BTreeSet<&str> {
    let doubts = open.doubts.iter().flat_map(|exposure| &exposure.depends_on);
    doubts.map(|doubt| doubt.element.as_str()).collect()
}

/// An Allow with these members, whose conditions are in doubt and distinguish many contexts.
fn in_many_contexts(members: &Value) -> Value {
    let keys = [
        "aws:PrincipalServiceName",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "kms:EncryptionContextKeys",
        "kms:GranteePrincipal",
        "kms:GrantOperations",
    ];
    let keys: Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), json!("${aws:userid}"))).collect();
    let mut statement = for_everyone("Allow", &from_network(&json!({ "StringNotLike": keys })));
    for (name, value) in members.as_object().unwrap() {
        match (statement.get_mut(name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new.clone()),
            _ => statement[name] = value.clone(),
        }
    }
    statement
}

/// Policies of which every context needs a long value to be copied or spelled.
fn with_long_values() -> Vec<Value> {
    let long = "a".repeat(30_000);
    let trail = "${kms:EncryptionContext:aws:cloudtrail:arn}".repeat(680);
    let of_condition = |operator: &str, key: &str, value: &str| {
        in_many_contexts(&json!({ "Condition": { operator: { key: value } } }))
    };
    vec![
        of_condition("Bool", "aws:SecureTransport", &long),
        of_condition("Null", "aws:RequestedRegion", &long),
        of_condition("IpAddress", "aws:RequestedRegion", &long),
        of_condition("ArnNotLike", "aws:RequestedRegion", &long),
        of_condition("StringNotEquals", "aws:ResourceAccount", &trail),
        of_condition("StringNotEquals", "aws:ResourceAccount", &(long.clone() + "${")),
        of_condition("DateEquals", &long, "x"),
        in_many_contexts(&json!({ "Resource": [long, "*"] })),
        in_many_contexts(&json!({ "Sid": long })),
    ]
}

/// Proves that the number of steps is limited, not that the steps count all work. That every
/// character of a value counts is tested where conditions are compared.
#[test]
fn the_work_for_the_longest_policies_is_limited() {
    let keys: Map<String, Value> =
        (0..2_400).map(|each| (format!("a:{each:x}"), json!("1"))).collect();
    let keys = json!({ "StringEquals": keys });
    let network =
        |effect: &str, count: usize| vec![for_everyone(effect, &from_network(&json!({}))); count];
    let long_values = with_long_values().into_iter().map(|statement| vec![statement]);
    for services in [0, 2, 50] {
        for statements in [
            vec![of_source("*", 31_000)],
            vec![of_source("*a", 15_500)],
            vec![of_source("?*", 15_500)],
            vec![of_source("${aws:SourceAccount}*", 1_450)],
            vec![for_everyone("Allow", &keys)],
            [network("Allow", 1), vec![for_everyone("Deny", &keys)]].concat(),
            [network("Allow", 115), network("Deny", 115)].concat(),
            [network("Allow", 1), network("Deny", 230)].concat(),
            [network("Allow", 230), network("Deny", 1)].concat(),
        ]
        .into_iter()
        .chain(long_values.clone())
        {
            let (open, steps) = search([vec![sparing(services)], statements.clone()].concat());
            assert!(steps < 2 * STEPS_MAX, "{steps} steps: {services} {statements:.300?}");
            assert!(open.exposures.is_empty() && !open.doubts.is_empty(), "{statements:?}");
        }
    }
}

#[test]
fn the_work_for_a_policy_with_the_white_space_of_kms_is_limited() {
    for (pattern, count) in [("*", 125_000), ("*a", 62_000), ("?*", 62_000)] {
        let statements = vec![sparing(50), of_source(pattern, count)];
        let (open, steps) = search_up_to(RETURNED_BYTES_MAX, statements);
        assert!(steps < 2 * STEPS_MAX, "{steps} steps: {pattern}");
        assert!(open.exposures.is_empty() && !open.doubts.is_empty(), "{pattern}");
    }
}

#[test]
fn every_byte_of_a_doubt_is_a_step() {
    let mut statement = for_everyone("Allow", &from_network(&json!({})));
    statement["Sid"] = json!("s".repeat(POLICY_BYTES_MAX - 1_000));
    let (_, steps) = search(vec![statement]);
    assert!(steps > POLICY_BYTES_MAX as u64, "{steps}");
}

#[test]
fn what_is_not_compared_to_the_end_is_in_doubt() {
    for services in [1, 50] {
        let check = |allow: Value, expected: &[&str]| {
            let (open, _) = search(vec![sparing(services), allow]);
            assert_eq!(in_doubt(&open), BTreeSet::from_iter(expected.iter().copied()));
            assert_eq!(open.doubts[0].actions, WAYS_TO_PLAINTEXT);
        };
        check(of_source("*", 31_000), &["aws:SourceIp"]);
        check(of_source("*a", 15_500), &["aws:SourceIp", TOO_LONG]);
    }
}

#[test]
fn a_policy_with_long_lists_is_evaluated_to_the_end() {
    let arns: Vec<String> =
        (0..550).map(|each| format!("arn:aws:iam::111122223333:role/team/Reader{each}")).collect();
    let condition = json!({ "StringEquals": { "aws:PrincipalArn": arns } });
    let (open, _) = search(vec![for_everyone("Allow", &condition), sparing(50)]);
    assert_eq!(open, Openings::default());
}
