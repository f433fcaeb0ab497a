//! Twenty thousand random policies: the reader never panics and always ends.

#![cfg(test)]

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use resource_policy::{Match, Reason};
use trailseal_rule::key_policy::exposure::{binds_cloudtrail, guards_decryption};
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::question::TrailAndKey;

const QUESTION: TrailAndKey<'static> = TrailAndKey {
    trail_arn: "arn:aws:cloudtrail:us-east-1:111122223333:trail/all",
    key_arn: Some("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
};

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

/// A generator that gives the same numbers in every run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(mixed).unwrap() % limit.max(1)
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len())]
    }
}

fn policies() -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus-policies");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap())
        .filter_map(|case| case.get("policy").cloned())
        .collect()
}

/// Changes random nodes.
fn mutate(value: &mut Value, numbers: &mut Numbers) {
    if numbers.below(48) == 0 {
        *value = match numbers.below(7) {
            0 => Value::Null,
            1 => json!(numbers.below(2) == 0),
            2 => json!(numbers.below(1_000_000)),
            3 => json!([value.clone(), numbers.word()]),
            4 => json!({ numbers.word(): value.clone() }),
            5 => json!([]),
            _ => json!(numbers.word()),
        };
    }
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(|item| mutate(item, numbers));
            if numbers.below(12) == 0 && !items.is_empty() {
                let again = items[numbers.below(items.len())].clone();
                items.push(again);
            }
        }
        Value::Object(members) => {
            members.values_mut().for_each(|member| mutate(member, numbers));
            let names: Vec<String> = members.keys().cloned().collect();
            if numbers.below(32) == 0 && !names.is_empty() {
                let moved = members.remove(&names[numbers.below(names.len())]).unwrap();
                members.insert(numbers.word().to_owned(), moved);
            }
        }
        Value::String(text) if numbers.below(12) == 0 => {
            let at = text.char_indices().nth(numbers.below(text.len() + 1));
            text.insert_str(at.map_or(0, |(at, _)| at), numbers.word());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Cuts, repeats or inserts text.
fn garble(text: &str, numbers: &mut Numbers) -> String {
    let characters: Vec<char> = text.chars().collect();
    let from = numbers.below(characters.len());
    let to = (from + numbers.below(30)).min(characters.len());
    let (before, cut, after) = (&characters[..from], &characters[from..to], &characters[to..]);
    let middle: Vec<char> = match numbers.below(3) {
        0 => Vec::new(),
        1 => [cut, cut].concat(),
        _ => numbers.word().chars().chain(cut.iter().copied()).collect(),
    };
    before.iter().chain(&middle).chain(after).collect()
}

#[test]
fn twenty_thousand_random_documents_are_read_or_refused() {
    let policies = policies();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut answers = [0_u32; 4];
    for round in 0..20_000 {
        let mut policy = policies[numbers.below(policies.len())].clone();
        mutate(&mut policy, &mut numbers);
        let mut text = policy.to_string();
        if round % 8 == 0 {
            text = garble(&text, &mut numbers);
        }
        let Ok(policy) = parse_key_policy(&text) else {
            answers[3] += 1;
            continue;
        };
        let admission = Grant::Encrypt.decide(&policy, &QUESTION);
        answers[admission.allowed as usize] += 1;
        assert_eq!(admission.allowed == Match::Always, admission.reason == Reason::Allowed);
        for shown in admission.statements.iter().map(ToString::to_string) {
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
        // One in ten, because these evaluate many requests.
        if round % 10 == 0 {
            for open in [guards_decryption, binds_cloudtrail].map(|ask| ask(&policy, &QUESTION)) {
                assert!(open.exposures.iter().all(|one| one.depends_on.is_empty()));
                assert!(open.doubts.iter().all(|one| !one.depends_on.is_empty()), "{policy:?}");
                let all = open.exposures.iter().chain(&open.doubts);
                assert!(all.clone().all(|exposure| !exposure.actions.is_empty()));
            }
        }
    }
    assert!(answers.iter().all(|count| *count > 1000), "{answers:?}");
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
    assert_eq!(Grant::Encrypt.decide(&policy, &QUESTION).allowed, Match::Sometimes);
    assert!(!guards_decryption(&policy, &QUESTION).exposures.is_empty());
}

#[test]
fn policies_that_are_too_long_or_too_deep_are_refused() {
    let long = format!(r#"{{"Statement": [], "Id": "{}"}}"#, "x".repeat(32_768));
    assert_eq!(
        parse_key_policy(&long).unwrap_err().to_string(),
        format!("it has {} bytes, and a policy has at most 32768", long.len())
    );
    let deep = format!(r#"{{"Statement": {}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    assert!(parse_key_policy(&deep).is_err());
}
