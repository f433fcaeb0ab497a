//! Random policies and requests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};

use resource_policy::PolicyDocument;
use trailseal_rule::key_policy::exposure::Openings;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{KeyArn, TrailArn};

use crate::naive::{Concrete, KNOWN, allowed};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
pub(crate) const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
pub(crate) const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

fn operator() -> impl Strategy<Value = String> {
    let sets = select(vec!["", "", "ForAnyValue:", "ForAllValues:"]);
    let missing = select(vec!["", "", "IfExists"]);
    let bases: Vec<&str> = KNOWN.into_iter().chain(["Null", "StringMatches"]).collect();
    (sets, select(bases), missing).prop_map(|(set, base, missing)| match base {
        "Null" => base.to_owned(),
        base => format!("{set}{base}{missing}"),
    })
}

fn conditions(
    keys: &'static [&'static str],
    values: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    let one = (operator(), select(keys), subsequence(values, 1..3));
    vec(one, 0..3).prop_map(|conditions| {
        let mut element = json!({});
        for (operator, key, values) in conditions {
            element[operator][key] = json!(values);
        }
        element
    })
}

fn principal() -> impl Strategy<Value = (&'static str, Value)> {
    let who = select(vec![
        json!("*"),
        json!({"AWS": "*"}),
        json!({"AWS": ACCOUNT}),
        json!({"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::*:root"]}),
        json!({"AWS": "AIDACKCEVSQ6C2EXAMPLE", "Service": CLOUDTRAIL}),
        json!({"Service": ["s3.amazonaws.com", CLOUDTRAIL]}),
        json!({"Service": "s3.amazonaws.com"}),
        json!({"Federated": "cognito-identity.amazonaws.com"}),
    ]);
    let how = select(vec!["Principal", "Principal", "Principal", "NotPrincipal"]);
    (how, who)
}

pub(crate) fn statement(
    keys: &'static [&'static str],
    values: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    let actions =
        ["kms:*", "*", "kms:GenerateDataKey*", "KMS:decrypt", "kms:DescribeKey", "kms:ReEncrypt*"];
    let effect = select(vec!["Allow", "Allow", "Deny"]);
    let how = select(vec!["Action", "Action", "NotAction"]);
    let what = subsequence(actions.to_vec(), 1..3);
    let resource = select(vec![
        "*",
        "*",
        KEY,
        "arn:aws:kms:*",
        "arn:aws:kms:*:*:key/*",
        "arn:aws:kms:::x",
        "",
    ]);
    (effect, principal(), how, what, resource, conditions(keys, values)).prop_map(
        |(effect, (who, principal), how, what, resource, condition)| {
            let mut statement = json!({
                "Effect": effect, who: principal, how: what, "Condition": condition,
            });
            // A statement without Resource has no effect.
            if !resource.is_empty() {
                statement["Resource"] = json!(resource);
            }
            statement
        },
    )
}

pub(crate) fn policy(
    keys: &'static [&'static str],
    values: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    let version = select(vec!["2012-10-17", "2012-10-17", "2008-10-17"]);
    (version, vec(statement(keys, values), 0..4))
        .prop_map(|(version, statements)| json!({"Version": version, "Statement": statements}))
}

/// Whether the operation is open, or may be.
pub(crate) fn says_open(open: &Openings, action: &str) -> bool {
    open.exposures.iter().chain(&open.doubts).any(|one| one.actions.contains(&action))
}

/// Neither reading of undocumented cases allows any of these requests.
pub(crate) fn assert_denied(policy: &Value, requests: &[Concrete], action: &str) {
    for request in requests {
        let request = Concrete { action: action.to_owned(), ..request.clone() };
        for quirk in [false, true] {
            assert!(!allowed(policy, &request, quirk), "{request:?} under {policy:#}");
        }
    }
}

pub(crate) fn concretes(
    keys: &[&str],
    fillings: &[Vec<Option<Vec<String>>>],
) -> Vec<BTreeMap<String, Vec<String>>> {
    let mut contexts = vec![BTreeMap::new()];
    for (key, fillings) in keys.iter().zip(fillings) {
        contexts = contexts
            .into_iter()
            .flat_map(|context| {
                fillings.iter().map(move |filling| {
                    let mut context: BTreeMap<_, _> = context.clone();
                    if let Some(values) = filling {
                        context.insert(key.to_lowercase(), values.clone());
                    }
                    context
                })
            })
            .collect();
    }
    contexts
}

pub(crate) fn run<S: Strategy>(cases: u32, strategy: &S, test: impl FnMut(S::Value)) {
    let test = RefCell::new(test);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
        .run(strategy, |value| {
            (test.borrow_mut())(value);
            Ok(())
        })
        .unwrap();
}

pub(crate) fn read(policy: &Value) -> PolicyDocument {
    parse_key_policy(&policy.to_string()).unwrap()
}

pub(crate) fn question() -> TrailAndKey<'static> {
    static ARNS: LazyLock<(TrailArn, KeyArn)> =
        LazyLock::new(|| (TrailArn::parse(TRAIL).unwrap(), KeyArn::parse(KEY).unwrap()));
    TrailAndKey { trail: &ARNS.0, key: Some(&ARNS.1) }
}
