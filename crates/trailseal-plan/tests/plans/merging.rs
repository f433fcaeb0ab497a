//! Merging statements into random policies.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRng, TestRunner};
use resource_policy::Match;
use serde_json::Value;
use trailseal_plan::{MergeError, merge};
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::{POLICY_BYTES_MAX, parse_key_policy};
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{KeyArn, TrailArn};

use crate::aws::{TRAIL, statements_of};

const GRANTS: [Grant; 3] = [Grant::Encrypt, Grant::Describe, Grant::Decrypt];

fn question() -> TrailAndKey<'static> {
    const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/a";
    static ARNS: LazyLock<(TrailArn, KeyArn)> =
        LazyLock::new(|| (TrailArn::parse(TRAIL).unwrap(), KeyArn::parse(KEY).unwrap()));
    TrailAndKey { trail: &ARNS.0, key: Some(&ARNS.1) }
}

/// A statement with unusual whitespace, odd texts and unknown operators.
fn statement() -> impl Strategy<Value = String> {
    let sid = select(vec![
        "",
        r#""Sid": "Allow CloudTrail to encrypt logs","#,
        r#""Sid":"allow cloudtrail to describe key" ,"#,
        r#""Sid":"]},{","#,
    ]);
    let effect = select(vec!["Allow", "Allow", "Allow", "Deny"]);
    let principal = select(vec![
        r#""*""#,
        r#"{"AWS":"arn:aws:iam::111122223333:root"}"#,
        r#"{ "Service" : "cloudtrail.amazonaws.com" }"#,
        r#"{"Service":["cloudtrail.amazonaws.com","config.amazonaws.com"]}"#,
    ]);
    let action = select(vec![
        "kms:*",
        "kms:GenerateDataKey*",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:List*",
    ]);
    let condition = select(vec![
        "",
        r#","Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/all"}}"#,
        r#","Condition":{"StringNotEquals":{"aws:SourceAccount":"111122223333"}}"#,
        r#","Condition":{"StringEquals":{"aws:SourceAccount":"444455556666"}}"#,
        r#","Condition":{"Bool":{"aws:SecureTransport":"false"}}"#,
        r#","Condition":{"Fancy":{"a\\\"]b":"x"}}"#,
    ]);
    (sid, effect, principal, action, condition).prop_map(
        |(sid, effect, principal, action, condition)| {
            format!(
                r#"{{{sid}"Effect":"{effect}","Principal":{principal},"Action":"{action}","Resource":"*"{condition}}}"#
            )
        },
    )
}

fn policy() -> impl Strategy<Value = (String, Vec<String>)> {
    let blanks = || select(vec!["", " ", "\n  "]);
    let head =
        select(vec!["", r#""Version":"2012-10-17","#, r#" "Id":"[{]", "Version":"2012-10-17","#]);
    let form = (vec(statement(), 0..5), Just(()), blanks(), blanks(), head);
    form.prop_map(|(statements, (), before, after, head)| {
        let list = match statements.as_slice() {
            [one] if before.is_empty() => one.clone(),
            many => format!("[{before}{}{after}]", many.join(&format!("{after},{before}"))),
        };
        (format!("{{{head}\"Statement\":{before}{list}{after}}}"), statements)
    })
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
        .run(strategy, |value| {
            test(value);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_merged_policy_keeps_its_bytes_and_admits_cloudtrail() {
    let merged_count = std::cell::Cell::new(0_u32);
    run(3000, &policy(), |(text, statements)| {
        let merged = match merge(&text, &question(), &GRANTS) {
            Ok(merged) => merged,
            Err(error) => {
                let denies = text.contains("Deny");
                assert!(denies && !matches!(error, MergeError::TooLong { .. }), "{error}: {text}");
                return;
            }
        };
        merged_count.set(merged_count.get() + 1);
        keeps(&merged.document, &statements, &merged.added);
        let document = parse_key_policy(&merged.document).unwrap();
        for grant in GRANTS {
            assert_eq!(grant.decide(&document, &question()).allowed, Match::Always, "{text}");
        }
        let again = merge(&merged.document, &question(), &GRANTS).unwrap();
        assert_eq!((again.document, again.added), (merged.document.clone(), Vec::new()));
        if merged.added.is_empty() {
            assert_eq!(merged.document, text);
        }
        let (before, _) = text.split_once("\"Statement\"").unwrap();
        assert!(merged.document.starts_with(before) && merged.document.ends_with('}'));
    });
    assert!(merged_count.get() > 1000, "{}", merged_count.get());
}

/// The statements keep their bytes and order, and the added ones come last.
fn keeps(document: &str, statements: &[String], added: &[String]) {
    let mut rest = document;
    for statement in statements.iter().chain(added) {
        let found = rest.split_once(statement.as_str());
        rest = found.unwrap_or_else(|| panic!("{statement}\n{document}")).1;
    }
    let value: Value = serde_json::from_str(document).unwrap();
    assert_eq!(statements_of(&value).len(), statements.len() + added.len());
    let new = added.iter().map(|one| serde_json::from_str::<Value>(one).unwrap());
    let mut sids: Vec<String> = new.map(|one| one["Sid"].as_str().unwrap().to_owned()).collect();
    let former = statements.iter().map(|one| serde_json::from_str::<Value>(one).unwrap());
    let former: Vec<String> =
        former.filter_map(|one| one["Sid"].as_str().map(str::to_lowercase)).collect();
    assert!(sids.iter().all(|sid| !former.contains(&sid.to_lowercase())), "{sids:?}");
    sids.dedup();
    assert_eq!(sids.len(), added.len());
}

#[test]
fn a_policy_may_have_the_largest_size_of_kms() {
    let of = |length: usize| {
        let filling = "x".repeat(length);
        format!(r#"{{"Id":"{filling}","Statement":[]}}"#)
    };
    let bare = merge(&of(0), &question(), &GRANTS).unwrap().document.len();
    let most = POLICY_BYTES_MAX - bare;
    assert_eq!(merge(&of(most), &question(), &GRANTS).unwrap().document.len(), 32_768);
    let error = merge(&of(most + 1), &question(), &GRANTS).unwrap_err();
    assert_eq!(error, MergeError::TooLong { bytes: 32_769 });
}
