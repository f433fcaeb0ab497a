//! Garbled policies: the reader never panics and always ends.

#![cfg(test)]

#[path = "../fuzz/checks/key_policy.rs"]
mod key_policy;

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};

use resource_policy::Match;
use trailseal_rule::key_policy::exposure::guards_decryption;
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{KeyArn, TrailArn};

fn question() -> TrailAndKey<'static> {
    const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    static ARNS: LazyLock<(TrailArn, KeyArn)> =
        LazyLock::new(|| (TrailArn::parse(TRAIL).unwrap(), KeyArn::parse(KEY).unwrap()));
    TrailAndKey { trail: &ARNS.0, key: Some(&ARNS.1) }
}

/// The fragments to insert: words of the policy language, and text that has broken readers before.
const WORDS: [&str; 40] = [
    "*",
    "?",
    "**",
    "",
    "${",
    "${}",
    "${*}",
    "${aws:SourceArn}",
    "${aws:PrincipalTag/x, 'y'}",
    "${aws:userid, '",
    "\u{0}",
    "ä\u{10ffff}",
    "arn:::::",
    "arn:aws:iam::*:root",
    "::::::::",
    "1e999",
    "-0.0",
    "0x10",
    "true",
    "False",
    "null",
    "Allow",
    "Deny",
    "Principal",
    "NotPrincipal",
    "NotAction",
    "NotResource",
    "Condition",
    "kms:Decrypt",
    "kms:*",
    "cloudtrail.amazonaws.com",
    "ForAllValues:StringNotLikeIfExists",
    "ForAnyValue:ArnEquals",
    "NumericLessThanEquals",
    "DateLessThan",
    "NotIpAddress",
    "::/0",
    "203.0.113.0/4294967296",
    "kms:EncryptionContext:aws:cloudtrail:arn",
    "aws:PrincipalOrgID",
];

fn policies() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus-policies");
    let read = |path: PathBuf| -> Value {
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let cases = paths.into_iter().map(read);
    cases.filter_map(|case| case.get("policy").map(Value::to_string)).collect()
}

/// Policies with a few strings emptied, repeated or replaced, or with the text between two repeated.
fn garbled() -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), select(&WORDS[..]), 0..12_u8);
    (select(policies()), vec(edit, 1..5)).prop_map(|(text, edits)| {
        let mut parts: Vec<String> = text.split('"').map(str::to_owned).collect();
        for (place, word, kind) in edits {
            // Every other part is the content of a string.
            let string = 2 * place.index(parts.len() / 2) + 1;
            match kind {
                0 => parts[string].clear(),
                1 => parts[string] = parts[string].repeat(2),
                2 => parts[string - 1] = parts[string - 1].repeat(2),
                3..6 => word.clone_into(&mut parts[string]),
                _ => parts[string].insert_str(0, word),
            }
        }
        parts.join("\"")
    })
}

#[test]
fn garbled_policies_are_read_or_refused() {
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let mut runner =
        TestRunner::new_with_rng(config.clone(), TestRng::deterministic_rng(config.rng_algorithm));
    let answers = RefCell::new([0_u32; 4]);
    runner
        .run(&garbled(), |text| {
            key_policy::check(&text);
            let policy = parse_key_policy(&text);
            let answer =
                policy.map(|policy| Grant::Encrypt.decide(&policy, &question()).allowed as usize);
            answers.borrow_mut()[answer.unwrap_or(3)] += 1;
            Ok(())
        })
        .unwrap();
    let answers = answers.into_inner();
    assert!(answers.iter().all(|count| *count > 60), "{answers:?}");
}

#[test]
fn evaluation_of_the_longest_policies_ends() {
    let stars = "*a".repeat(5 * 1024) + "b";
    let marks = "?*".repeat(5 * 1024);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": [stars.clone(), "kms:*"], "Resource": "*",
         "Condition": {"StringLike": {"aws:PrincipalArn": [stars, marks]}}},
    ]});
    let text = policy.to_string();
    assert!(text.len() > 30 * 1024);
    let policy = parse_key_policy(&text).unwrap();
    assert_eq!(Grant::Encrypt.decide(&policy, &question()).allowed, Match::Sometimes);
    assert!(!guards_decryption(&policy, &question()).exposures.is_empty());
}

#[test]
fn policies_that_are_too_long_or_too_deep_are_refused() {
    let long = format!(r#"{{"Statement": [], "Id": "{}"}}"#, "x".repeat(131_072));
    assert_eq!(
        parse_key_policy(&long).unwrap_err().to_string(),
        format!("it has {} bytes, and a policy has at most 131072", long.len())
    );
    let deep = format!(r#"{{"Statement": {}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    assert!(parse_key_policy(&deep).is_err());
}
