//! What AWS does not document in a key policy admits nobody and protects nothing for certain.

#![cfg(test)]

use std::sync::LazyLock;

use resource_policy::Match;
use serde_json::{Value, json};
use trailseal_rule::key_policy::exposure::{Openings, binds_cloudtrail, guards_decryption};
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{KeyArn, TrailArn};

const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Whether a policy of these statements admits CloudTrail, and what it opens to everyone.
fn ask(statements: &Value) -> (Match, Openings) {
    static ARNS: LazyLock<(TrailArn, KeyArn)> =
        LazyLock::new(|| (TrailArn::parse(TRAIL).unwrap(), KeyArn::parse(KEY).unwrap()));
    let question = TrailAndKey { trail: &ARNS.0, key: Some(&ARNS.1) };
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let policy = parse_key_policy(&text).unwrap();
    let mut open = guards_decryption(&policy, &question);
    let bound = binds_cloudtrail(&policy, &question);
    open.exposures.extend(bound.exposures);
    open.doubts.extend(bound.doubts);
    (Grant::Encrypt.decide(&policy, &question).allowed, open)
}

/// A statement about everyone, with these members as well.
fn statement(effect: &str, members: &Value) -> Value {
    let mut statement = json!({
        "Effect": effect, "Principal": "*", "Action": "kms:*", "Resource": "*",
    });
    let all = statement.as_object_mut().unwrap();
    all.extend(members.as_object().unwrap().clone());
    all.retain(|_, value| !value.is_null());
    statement
}

/// An Allow with these members does not admit CloudTrail for certain, but may; and a Deny with them
/// neither excludes it for certain nor protects a key that is open to everyone.
fn assert_doubtful(members: &Value) {
    let (admits, _) = ask(&json!([statement("Allow", members)]));
    assert_eq!(admits, Match::Sometimes, "Allow with {members}");
    let everyone = statement("Allow", &json!({}));
    let (admits, open) = ask(&json!([everyone, statement("Deny", members)]));
    assert_eq!(admits, Match::Sometimes, "Deny with {members}");
    assert!(!open.exposures.is_empty() || !open.doubts.is_empty(), "Deny with {members}");
}

#[test]
fn a_variable_under_an_operator_that_has_none_is_in_doubt() {
    for condition in [
        json!({ "Bool": { "aws:PrincipalIsAWSService": "${aws:PrincipalIsAWSService}" } }),
        json!({ "Null": { "aws:SourceAccount": "${aws:PrincipalTag/x, 'false'}" } }),
        json!({ "Null": { "aws:PrincipalOrgID": "${aws:PrincipalTag/x, 'true'}" } }),
        json!({ "NumericEquals": { "aws:SourceAccount": "${aws:SourceAccount}" } }),
        json!({ "DateNotEquals": { "aws:PrincipalOrgID": "${aws:SourceAccount}" } }),
    ] {
        assert_doubtful(&json!({ "Condition": condition }));
    }
}

/// "NotPrincipal must be used with Effect:Deny. Using it with Effect:Allow is not supported" ("IAM
/// User Guide, AWS JSON policy elements: NotPrincipal").
#[test]
fn an_allow_with_not_principal_admits_nobody_for_certain_and_is_open_to_everybody_else() {
    for (principal, is_open) in [
        (json!({ "AWS": "arn:aws:iam::111122223333:user/bob" }), true),
        (json!({ "AWS": "*" }), false),
        (json!({ "Service": "cloudtrail.amazonaws.com" }), true),
        (json!("*"), false),
    ] {
        let members = json!({ "Principal": null, "NotPrincipal": principal });
        let (admits, open) = ask(&json!([statement("Allow", &members)]));
        assert_eq!(admits, Match::Sometimes, "{members}");
        assert_eq!(open.exposures.is_empty(), !is_open, "{members}");
        assert!(is_open || !open.doubts.is_empty(), "{members}");
    }
}

/// The Kelvin sign and the long s are a `k` and an `s` to Unicode.
#[test]
fn an_action_that_is_not_in_ascii_is_in_doubt() {
    for action in ["\u{212a}ms:*", "kms:GenerateData\u{212a}ey", "km\u{17f}:*", "kms:\u{e9}"] {
        assert_doubtful(&json!({ "Action": action }));
        assert_doubtful(&json!({ "Action": null, "NotAction": action }));
    }
}

/// IAM Access Analyzer reports a numeric operator on a string key as a type mismatch; all keys with
/// known values are string or Boolean keys.
#[test]
fn a_numeric_operator_on_a_key_with_a_value_is_in_doubt() {
    for (operator, number) in [
        ("NumericEquals", "111122223333"),
        ("NumericEquals", "111122223333.000001"),
        ("NumericNotEquals", "111122223333"),
        ("NumericNotEquals", "NaN"),
        ("NumericLessThan", "infinity"),
        ("NumericGreaterThan", "-inf"),
    ] {
        let condition = json!({ operator: { "aws:SourceAccount": number } });
        assert_doubtful(&json!({ "Condition": condition }));
    }
}

/// A missing key fails an operator and passes a negated one, without a comparison of numbers.
#[test]
fn a_numeric_operator_on_a_missing_key_is_decided() {
    for (operator, holds) in [
        ("NumericLessThan", Match::Never),
        ("NumericNotEquals", Match::Always),
        ("NumericLessThanIfExists", Match::Always),
    ] {
        let condition = json!({ operator: { "aws:PrincipalTag/level": "3" } });
        let members = json!({ "Condition": condition });
        let (admits, _) = ask(&json!([statement("Allow", &members)]));
        assert_eq!(admits, holds, "Allow with {members}");
        let everyone = statement("Allow", &json!({}));
        let (admits, _) = ask(&json!([everyone, statement("Deny", &members)]));
        assert_eq!(admits, !holds, "Deny with {members}");
    }
}

/// AWS does not document with which text such a number is compared.
#[test]
fn a_number_that_is_not_a_plain_integer_is_in_doubt() {
    for operator in ["StringEquals", "StringNotEquals", "StringLike"] {
        for number in [111_122_223_333.0, 111_122_223_333.5, -0.0, 1e300] {
            let condition = json!({ operator: { "aws:SourceAccount": number } });
            assert_doubtful(&json!({ "Condition": condition }));
        }
    }
}

/// "You can't use a variable to replace parts of the ARN before the fifth colon" ("IAM User Guide,
/// IAM policy elements: Variables and tags").
#[test]
fn a_variable_in_the_region_or_account_of_a_resource_is_in_doubt() {
    for resource in [
        "arn:aws:kms:us-east-1:${aws:SourceAccount}:key/*",
        "arn:aws:kms:${aws:RequestedRegion}:111122223333:key/*",
        "${aws:PrincipalTag/key, '*'}",
    ] {
        assert_doubtful(&json!({ "Resource": resource }));
        assert_doubtful(&json!({ "Resource": null, "NotResource": resource }));
    }
}

/// A variable without a value matches nothing; CloudTrail has no tags of a principal.
#[test]
fn a_variable_after_the_fifth_colon_of_a_resource_is_compared() {
    let members = json!({ "Resource": "arn:aws:kms:us-east-1:111122223333:${aws:PrincipalTag/x}" });
    assert_eq!(ask(&json!([statement("Allow", &members)])).0, Match::Never);
    let everyone = statement("Allow", &json!({}));
    assert_eq!(ask(&json!([everyone, statement("Deny", &members)])).0, Match::Always);
}

/// "The `Effect`, `Principal`, `Action`, and `Resource` elements are required" ("AWS KMS Developer
/// Guide, Key policies in AWS KMS").
#[test]
fn a_statement_without_action_or_resource_in_their_plain_forms_is_in_doubt() {
    let other = "arn:aws:kms:us-east-1:111122223333:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab";
    for members in [
        json!({ "Action": null, "NotAction": "kms:DescribeKey" }),
        json!({ "Resource": null, "NotResource": other }),
    ] {
        assert_doubtful(&members);
        let (_, open) = ask(&json!([statement("Allow", &members)]));
        assert!(!open.exposures.is_empty(), "an Allow with {members} counts as open");
    }
}

#[test]
fn a_wildcard_in_the_service_of_an_action_or_resource_is_in_doubt() {
    for action in ["*:*", "*:GenerateDataKey*", "k*", "kms*", "?ms:*", "km*:GenerateDataKey"] {
        assert_doubtful(&json!({ "Action": action }));
    }
    for resource in ["arn:aws:*:us-east-1:111122223333:key/*", "arn:aws:k?s:*", "a*", "*:key/*"] {
        assert_doubtful(&json!({ "Resource": resource }));
    }
    for members in [
        json!({ "Action": "*" }),
        json!({ "Action": "kms:*" }),
        json!({ "Action": "KMS:GenerateDataKey*" }),
        json!({ "Resource": "arn:aws:kms:*" }),
        json!({ "Resource": "arn:*:kms:us-east-1:111122223333:key/*" }),
    ] {
        assert_eq!(ask(&json!([statement("Allow", &members)])).0, Match::Always, "{members}");
    }
}

/// IAM Access Analyzer: "When you provide multiple Boolean values, the condition match might not
/// return the results that you expect".
#[test]
fn both_truth_values_for_one_key_are_in_doubt() {
    for operator in ["Bool", "BoolIfExists", "Null"] {
        for values in [json!(["true", "false"]), json!([false, true])] {
            let condition = json!({ operator: { "aws:PrincipalIsAWSService": values } });
            assert_doubtful(&json!({ "Condition": condition }));
        }
    }
}

#[test]
fn an_operator_in_another_letter_case_is_in_doubt() {
    for operator in ["stringEquals", "STRINGEQUALS", "StringEqualsifexists"] {
        let condition = json!({ operator: { "aws:SourceAccount": "111122223333" } });
        assert_doubtful(&json!({ "Condition": condition }));
    }
}
