//! Policies as they occur on keys, each with the expected answers.
//!
//! The cases are data: `tests/corpus-policies/<name>.json` contains a policy, the trail and key of
//! the requests (if they differ from the default), a note with the source, and the expected
//! answers.

#![cfg(test)]

use std::fs;
use std::path::PathBuf;

use resource_policy::Match;
use serde::Deserialize;
use serde_json::{Value, json};

use trailseal_rule::key_policy::exposure::{
    Exposure, Openings, binds_cloudtrail, guards_decryption,
};
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{KeyArn, TrailArn};

const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    note: String,
    trail: Option<String>,
    key: Option<String>,
    policy: Option<Value>,
    policy_text: Option<String>,
    unreadable: Option<String>,
    admits: Option<Value>,
    guards: Option<Value>,
    binds: Option<Value>,
    /// The acceptable answers, if they were written before this reader ran.
    acceptable: Option<Acceptable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Acceptable {
    admits: Vec<String>,
    /// The answers of the two checks on exposure combined.
    guards: Vec<String>,
}

/// The exposures of a policy, as the cases write them: each element in doubt with its statement.
fn described(open: &Openings) -> Value {
    let one = |exposure: &Exposure| {
        let Exposure { statement, actions, depends_on } = exposure;
        let mut described = json!({ "statement": statement.to_string(), "actions": actions });
        if !depends_on.is_empty() {
            let doubts = depends_on.iter();
            described["dependsOn"] =
                doubts.map(|one| format!("{} in {}", one.element, one.statement)).collect();
        }
        described
    };
    let each = |exposures: &[Exposure]| -> Value { exposures.iter().map(one).collect() };
    json!({ "exposures": each(&open.exposures), "doubts": each(&open.doubts) })
}

fn outcome(open: &Openings) -> &'static str {
    match (open.exposures.is_empty(), open.doubts.is_empty()) {
        (false, _) => "fail",
        (true, false) => "unknown",
        (true, true) => "pass",
    }
}

fn cases() -> Vec<(String, Case)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus-policies");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let case =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, case)
        })
        .collect();
    cases.sort_by(|(one, _), (other, _)| one.cmp(other));
    cases
}

fn check(name: &str, case: &Case) {
    assert!(!case.note.is_empty(), "{name}: a note says where it is from");
    let text = match (&case.policy, &case.policy_text) {
        (Some(policy), None) => policy.to_string(),
        (None, Some(text)) => text.clone(),
        _ => panic!("{name}: one of `policy` and `policyText` is needed"),
    };
    let policy = match (parse_key_policy(&text), &case.unreadable) {
        (Ok(policy), None) => policy,
        (Err(error), Some(expected)) => {
            assert_eq!(error.to_string(), *expected, "{name}");
            return;
        }
        (read, expected) => panic!("{name}: {read:?}, not {expected:?}"),
    };
    let trail = TrailArn::parse(case.trail.as_deref().unwrap_or(TRAIL)).unwrap();
    let key = KeyArn::parse(case.key.as_deref().unwrap_or(KEY)).unwrap();
    let question = TrailAndKey { trail: &trail, key: Some(&key) };
    let admission = Grant::Encrypt.decide(&policy, &question);
    let (answer, outcome_of_admission) = match admission.allowed {
        Match::Always => ("Yes", "pass"),
        Match::Never => ("No", "fail"),
        Match::Sometimes => ("Unknown", "unknown"),
    };
    let statements = admission.statements.iter();
    let admits = json!({
        "answer": answer,
        "ground": format!("{:?}", admission.reason),
        "deciding": statements.map(ToString::to_string).collect::<Vec<_>>(),
        "elements": admission.elements,
    });
    let guards = guards_decryption(&policy, &question);
    let binds = binds_cloudtrail(&policy, &question);
    if let Some(acceptable) = &case.acceptable {
        let is_acceptable = acceptable.admits.iter().any(|one| one == outcome_of_admission);
        assert!(is_acceptable, "{name}: {outcome_of_admission}");
        let outcomes = [outcome(&guards), outcome(&binds)];
        let together = ["fail", "unknown", "pass"].into_iter().find(|one| outcomes.contains(one));
        let is_acceptable = acceptable.guards.iter().any(|one| Some(one.as_str()) == together);
        assert!(is_acceptable, "{name}: {together:?}");
    }
    for (found, expected) in [
        (admits, &case.admits),
        (described(&guards), &case.guards),
        (described(&binds), &case.binds),
    ] {
        assert_eq!(Some(&found), expected.as_ref(), "{name}: {}", case.note);
    }
}

#[test]
fn every_policy_of_the_corpus_is_read_as_expected() {
    let cases = cases();
    assert!(cases.len() >= 100, "only {} cases were found", cases.len());
    let mut failures = Vec::new();
    for (name, case) in &cases {
        let outcome = std::panic::catch_unwind(|| check(name, case));
        if outcome.is_err() {
            failures.push(name);
        }
    }
    assert!(failures.is_empty(), "{} cases fail: {failures:?}", failures.len());
}

#[test]
fn without_the_key_arn_a_resource_is_in_doubt() {
    let text = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"Service": "cloudtrail.amazonaws.com"}},
            "Action": "kms:GenerateDataKey", "Resource": "{KEY}"}}}}"#
    );
    let policy = parse_key_policy(&text).unwrap();
    let trail = TrailArn::parse(TRAIL).unwrap();
    let question = TrailAndKey { trail: &trail, key: None };
    let admission = Grant::Encrypt.decide(&policy, &question);
    assert_eq!(admission.allowed, Match::Sometimes);
    assert_eq!(admission.elements, ["Resource"]);
}

/// What `guards_decryption` answers for a policy of these statements.
fn guards(statements: &Value) -> &'static str {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let policy = parse_key_policy(&text).unwrap();
    let (trail, key) = (TrailArn::parse(TRAIL).unwrap(), KeyArn::parse(KEY).unwrap());
    let question = TrailAndKey { trail: &trail, key: Some(&key) };
    outcome(&guards_decryption(&policy, &question))
}

fn for_everyone(effect: &str, action: &str, condition: &Value) -> Value {
    json!({
        "Effect": effect, "Principal": "*", "Action": action, "Resource": "*",
        "Condition": condition,
    })
}

/// The path of a stranger's role may contain colons and any account.
#[test]
fn string_operators_restrict_arns_only_by_the_text_before_a_wildcard() {
    for (arn, by_text, by_parts) in [
        ("arn:aws:iam::111122223333:role/*", "pass", "pass"),
        ("arn:aws:iam::111122223333:*", "pass", "pass"),
        ("arn:aws:iam::1111222?3333:role/*", "fail", "fail"),
        ("arn:*:iam::111122223333:role/*", "fail", "pass"),
        ("arn:aws*:iam::111122223333:role/*", "fail", "pass"),
        ("arn:aws:*::111122223333:role/Reader", "fail", "pass"),
        ("arn:aws:iam:*:111122223333:role/Reader", "fail", "pass"),
        ("*:111122223333:*", "fail", "unknown"),
    ] {
        for (action, key) in
            [("kms:Decrypt", "aws:PrincipalArn"), ("kms:CreateGrant", "kms:GranteePrincipal")]
        {
            for (like, not_like, expected) in
                [("StringLike", "StringNotLike", by_text), ("ArnLike", "ArnNotLike", by_parts)]
            {
                let allow = for_everyone("Allow", action, &json!({ like: { key: arn } }));
                assert_eq!(guards(&allow), expected, "{like} {key} {arn}");
                // A service is neither of the two, so a Deny must exclude services as well.
                let negated = format!("{not_like}IfExists");
                let condition = json!({ negated: { key: arn } });
                let deny = for_everyone("Deny", action, &condition);
                let everyone = for_everyone("Allow", action, &json!({}));
                let found = guards(&json!([everyone, deny]));
                let is_open = found == "fail";
                assert_eq!(is_open, expected == "fail", "{not_like} {key} {arn}: {found}");
            }
        }
    }
}

/// A request does not have the parameters of another operation.
#[test]
fn condition_keys_of_other_operations_are_missing() {
    for (key, operations) in [
        ("kms:EncryptionAlgorithm", &["kms:Decrypt", "kms:ReEncryptFrom"][..]),
        ("kms:ReEncryptOnSameKey", &["kms:ReEncryptFrom"]),
        ("kms:GrantOperations", &["kms:CreateGrant"]),
        ("kms:BypassPolicyLockoutSafetyCheck", &["kms:PutKeyPolicy"]),
    ] {
        let missing = json!({ "Null": { key: "true" } });
        for action in ["kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:PutKeyPolicy"] {
            let found = guards(&for_everyone("Allow", action, &missing));
            let is_of_another = !operations.contains(&action);
            assert!(!is_of_another || found == "fail", "{action} without {key}: {found}");
            let denied =
                [for_everyone("Allow", action, &json!({})), for_everyone("Deny", action, &missing)];
            let found = guards(&json!(denied));
            assert!(!is_of_another || found == "pass", "{action} with {key}: {found}");
        }
    }
}

/// Allows everyone to decrypt, and denies it to all but these services.
fn sparing(services: &[String]) -> Vec<Value> {
    let mut deny = for_everyone("Deny", "kms:*", &json!({}));
    let members = deny.as_object_mut().unwrap();
    members.remove("Principal");
    members.insert("NotPrincipal".to_owned(), json!({ "Service": services }));
    vec![for_everyone("Allow", "kms:Decrypt", &json!({})), deny]
}

#[test]
fn a_service_exempt_from_a_deny_works_for_strangers() {
    let check = |services: &[&str], more: Vec<Value>, expected: &str| {
        let services: Vec<String> = services.iter().map(ToString::to_string).collect();
        let statements = json!([sparing(&services), more.clone()].concat());
        assert_eq!(guards(&statements), expected, "{services:?} {more:?}");
    };
    check(&["s3.amazonaws.com"], Vec::new(), "fail");
    check(&["cloudtrail.amazonaws.com", "sns.amazonaws.com"], Vec::new(), "fail");
    check(&["cloudtrail.amazonaws.com"], Vec::new(), "pass");
    check(&["cloudtrail.af-south-1.amazonaws.com"], Vec::new(), "pass");
    let condition = json!({ "StringNotEquals": { "aws:SourceAccount": "111122223333" } });
    check(&["s3.amazonaws.com"], vec![for_everyone("Deny", "kms:*", &condition)], "pass");
    check(&["s3.amazonaws.com"], sparing(&["sns.amazonaws.com".to_owned()]), "pass");
    check(&["s3.amazonaws.com"], sparing(&["S3.amazonaws.com".to_owned()]), "unknown");
    let mut named = for_everyone("Allow", "kms:Decrypt", &json!({}));
    named["Principal"] = json!({ "Service": "s3.amazonaws.com" });
    let deny = sparing(&["s3.amazonaws.com".to_owned()]).pop();
    assert_eq!(guards(&json!([named, deny])), "pass", "the service is named");
}

#[test]
fn a_deny_that_exempts_too_many_services_to_check_is_in_doubt() {
    let services = |count| -> Vec<String> {
        (0..count).map(|each| format!("s{each:02}.amazonaws.com")).collect()
    };
    let deny_all_but_the_last = sparing(&["s50.amazonaws.com".to_owned()]).pop();
    let both = |count| {
        json!([sparing(&services(count)), vec![deny_all_but_the_last.clone().unwrap()]].concat())
    };
    assert_eq!(guards(&both(51)), "unknown");
    assert_eq!(guards(&both(49)), "pass", "50 services are exempt, and each is denied");
    assert_eq!(guards(&json!(sparing(&services(51)))), "fail");
    // The doubt names the Deny statements that exempt services, and no other.
    let condition = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } });
    let mut statements = both(51);
    statements.as_array_mut().unwrap().push(for_everyone("Deny", "kms:Decrypt", &condition));
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let (trail, key) = (TrailArn::parse(TRAIL).unwrap(), KeyArn::parse(KEY).unwrap());
    let question = TrailAndKey { trail: &trail, key: Some(&key) };
    let found = guards_decryption(&parse_key_policy(&policy).unwrap(), &question);
    assert_eq!(
        described(&found),
        json!({
            "exposures": [],
            "doubts": [{
                "statement": "statement 1", "actions": ["kms:Decrypt"],
                "dependsOn": ["Principal in statement 2", "Principal in statement 3"],
            }],
        })
    );
}
