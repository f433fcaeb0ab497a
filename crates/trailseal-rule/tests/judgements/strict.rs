//! The strict profile: rotation, delivery and the key policy.

use serde_json::json;
use trailseal_rule::{
    CheckId, Delivery, EvaluationContext, Facts, KeyFacts, KeyOrigin, KeyPolicy, Outcome, Reading,
    Refusal, Region, Rotation, Timestamp, Trail, evaluate,
};

use crate::fixtures::{check, facts, key, now, parameters, policy, report, trail};

/// A status of each Region: a failure in any of them counts most, then what is not known.
#[test]
fn a_delivery_in_any_region_counts() {
    let region = |name: &str| Region::parse(name).unwrap();
    let known = |error: Option<&str>| {
        Reading::Known(Delivery { error: error.map(str::to_owned), ..Delivery::default() })
    };
    let denied = || Reading::Refused(Refusal::AccessDenied { action: "cloudtrail:GetTrailStatus" });
    let elsewhere = |regions: Vec<(&str, Reading<Delivery>)>| {
        let regions = regions.into_iter().map(|(name, read)| (region(name), read)).collect();
        move |_: &mut Trail, facts: &mut Facts| facts.delivery_elsewhere = Reading::Known(regions)
    };
    let fine = elsewhere(vec![("eu-west-1", known(None)), ("sa-east-1", known(Some("SlowDown")))]);
    check(fine, "COMPLIANT", "sealed");
    let broken = known(Some("KMS.DisabledException"));
    check(
        elsewhere(vec![("ap-south-1", denied()), ("eu-west-1", broken.clone())]),
        "NON_COMPLIANT",
        "the latest delivery from eu-west-1 failed because of the key: KMS.DisabledException",
    );
    check(
        elsewhere(vec![("eu-west-1", denied())]),
        "NON_COMPLIANT",
        "could not verify the delivery from eu-west-1: cloudtrail:GetTrailStatus was denied",
    );
    check(
        elsewhere(vec![("eu-west-1", Reading::Absent)]),
        "NON_COMPLIANT",
        "could not verify the delivery from eu-west-1: the trail is not known there",
    );
    check(
        elsewhere(vec![("eu-west-1", known(Some("AccessDenied")))]),
        "NON_COMPLIANT",
        "could not verify that the key let the latest delivery from eu-west-1 pass",
    );
    let nowhere = Refusal::AccessDenied { action: "account:ListRegions" };
    check(
        |_, facts| facts.delivery_elsewhere = Reading::Refused(nowhere),
        "NON_COMPLIANT",
        "could not verify in which Regions the trail delivers: account:ListRegions was denied",
    );
    // A failure counts more than what is not known of the home Region.
    check(
        |_, facts| {
            facts.delivery = denied();
            facts.delivery_elsewhere = Reading::Known([(region("eu-west-1"), broken)].into());
        },
        "NON_COMPLIANT",
        "the latest delivery from eu-west-1 failed because of the key",
    );
    let parameters = parameters(&json!({ "profile": "strict", "unverified": "COMPLIANT" }));
    let mut known_broken = facts();
    let broken = known(Some("KMS.DisabledException"));
    known_broken.delivery_elsewhere = Reading::Known([(region("eu-west-1"), broken)].into());
    let said = report(&parameters, &trail(), &known_broken);
    assert_eq!(said.compliance.as_str(), "NON_COMPLIANT");
}

#[test]
fn every_way_to_fail_strictly_has_its_words() {
    let on = |days: u32| Rotation::On {
        period_days: Some(days),
        next: Timestamp::parse("2027-01-02T00:00:00Z").ok(),
    };
    let rotation = |rotation: Rotation| {
        move |_: &mut Trail, facts: &mut Facts| facts.rotation = Reading::Known(rotation)
    };
    check(rotation(on(400)), "COMPLIANT", "sealed");
    check(
        rotation(on(401)),
        "NON_COMPLIANT",
        "the key is rotated every 401 days (next on 2027-01-02), more than the allowed 400. Fix: ",
    );
    check(rotation(Rotation::Off), "NON_COMPLIANT", "the key is not rotated. Fix: ");
    check(
        rotation(Rotation::NotSupported),
        "NON_COMPLIANT",
        "the key cannot be rotated automatically: KMS does not rotate its kind",
    );
    for (origin, why) in [
        (KeyOrigin::External, "its material is imported"),
        (KeyOrigin::CloudHsm, "it is in a custom key store"),
    ] {
        let change = move |_: &mut Trail, facts: &mut Facts| {
            facts.key = Reading::Known(KeyFacts { origin, ..key() });
            facts.rotation = Reading::Known(Rotation::NotSupported);
        };
        check(
            change,
            "NON_COMPLIANT",
            &format!("the key cannot be rotated automatically: {why}. Fix: "),
        );
    }
    let parameters = parameters(&json!({ "profile": "strict" }));
    let mut replica = facts();
    replica.key = Reading::Known(KeyFacts { is_replica: true, ..key() });
    replica.rotation = Reading::Known(Rotation::Off);
    let said = report(&parameters, &trail(), &replica);
    assert!(
        said.annotation.as_str().contains("rotation of the primary key"),
        "{}",
        said.annotation
    );
    let delivery = |error: Option<&str>, digest_error: Option<&str>| {
        let (error, digest_error) = (error.map(str::to_owned), digest_error.map(str::to_owned));
        move |_: &mut Trail, facts: &mut Facts| {
            facts.delivery = Reading::Known(Delivery { error, digest_error, ..Delivery::default() })
        }
    };
    check(delivery(Some("NoSuchBucket"), Some("SlowDown")), "COMPLIANT", "sealed");
    let either =
        "could not verify that the key let the latest delivery pass: S3 said AccessDenied. Fix: ";
    check(delivery(Some("AccessDenied"), Some("NoSuchBucket")), "NON_COMPLIANT", either);
    check(delivery(None, Some("AccessDenied")), "NON_COMPLIANT", either);
    let broken = "the latest delivery failed because of the key: KMS.DisabledException. Fix: ";
    check(delivery(Some("KMS.DisabledException"), None), "NON_COMPLIANT", broken);
    check(delivery(None, Some("KMS.DisabledException")), "NON_COMPLIANT", broken);
    let both = delivery(Some("AccessDenied"), Some("KMS.DisabledException"));
    check(both, "NON_COMPLIANT", broken);
    check(
        |_, facts| facts.delivery = Reading::Absent,
        "NON_COMPLIANT",
        "the trail does not exist any more",
    );
}

#[test]
fn the_key_policy_is_judged_with_the_statement_that_decided() {
    let check = |from: &str, to: &str, compliance: &str, words: &str| {
        let text = policy().replacen(from, to, 1);
        assert_ne!(text, policy(), "{from}");
        check(
            |_, facts| facts.key_policy = Reading::Known(KeyPolicy::new(text)),
            compliance,
            words,
        );
    };
    let not = "the key policy does not let CloudTrail encrypt this trail: ";
    check(
        "kms:GenerateDataKey*",
        "kms:DescribeKey",
        "NON_COMPLIANT",
        &format!("{not}no statement grants it. Fix: "),
    );
    check(
        "trail/lab",
        "trail/other",
        "NON_COMPLIANT",
        &format!("{not}statement `trail` excludes it by aws:SourceArn. Fix: "),
    );
    check(
        "[{",
        "[{\"Sid\":\"no\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"kms:*\",\"Resource\":\"*\"},{",
        "NON_COMPLIANT",
        &format!("{not}statement `no` denies it. Fix: "),
    );
    check(
        "StringEquals",
        "StringResembles",
        "NON_COMPLIANT",
        "could not verify that the key policy admits CloudTrail: statement `trail` may allow it, \
         depending on aws:SourceArn",
    );
    check(
        "\"Action\":\"kms:GenerateDataKey*\"",
        "\"Bction\":\"kms:GenerateDataKey*\"",
        "NON_COMPLIANT",
        "could not verify that the key policy admits",
    );
    check("Statement", "Sentence", "NON_COMPLIANT", "could not verify the key policy: ");
    check(
        "arn:aws:iam::111122223333:root",
        "*",
        "NON_COMPLIANT",
        "the key policy opens the logs: statement `root` allows everyone kms:Decrypt, kms:ReEncryptFrom",
    );
    check("aws:SourceArn", "aws:Nonsense", "NON_COMPLIANT", "could not verify that the key policy");
}

#[test]
fn a_grant_that_every_account_can_use_is_not_bound() {
    let mut document: serde_json::Value = serde_json::from_str(&policy()).unwrap();
    document["Statement"][1].as_object_mut().unwrap().remove("Condition").unwrap();
    let text = document.to_string();
    check(
        |_, facts| facts.key_policy = Reading::Known(KeyPolicy::new(text)),
        "NON_COMPLIANT",
        "the key policy lets trails of any account use the key: statement `trail` allows CloudTrail \
         kms:GenerateDataKey",
    );
}

/// What the check says to do about a policy, in full: an annotation leaves the statement out.
fn fix_of(id: CheckId, policy: &serde_json::Value) -> String {
    let mut facts = facts();
    facts.key_policy = Reading::Known(KeyPolicy::new(policy.to_string()));
    let parameters = parameters(&json!({ "profile": "strict" }));
    let judgement =
        evaluate(&EvaluationContext { parameters: &parameters, now: now() }, &trail(), &facts);
    let result = judgement.verdict.results().iter().find(|result| result.check == id).unwrap();
    match &result.outcome {
        Outcome::Fail(finding) => finding.fix_in_full(),
        Outcome::Unknown(unverified) => unverified.advice_in_full(),
        Outcome::Pass => panic!("{id} passes under {policy}"),
    }
}

#[test]
fn the_fix_of_a_policy_is_the_statement_to_add() {
    let fix = |statement: serde_json::Value| {
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
        fix_of(CheckId::KeyPolicyAdmitsCloudtrail, &policy)
    };
    let wanted = |fix: &str| -> serde_json::Value {
        let (_, behind) = fix.split_once('{').unwrap();
        serde_json::from_str(&format!("{{{behind}")).unwrap()
    };
    let expected = json!({
        "Effect": "Allow",
        "Principal": { "Service": "cloudtrail.amazonaws.com" },
        "Action": "kms:GenerateDataKey*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/lab",
            },
            "StringLike": {
                "kms:EncryptionContext:aws:cloudtrail:arn":
                    "arn:aws:cloudtrail:*:111122223333:trail/*",
            },
        },
    });
    let cloudtrail = |effect: &str, condition: serde_json::Value| {
        json!({
            "Effect": effect, "Principal": { "Service": "cloudtrail.amazonaws.com" },
            "Action": "kms:*", "Resource": "*", "Condition": condition,
        })
    };
    let root = json!({
        "Effect": "Allow", "Principal": { "AWS": "111122223333" }, "Action": "kms:*",
        "Resource": "*",
    });
    let others = json!({ "StringEquals": { "aws:SourceAccount": "444455556666" } });
    let unclear = json!({ "StringResembles": { "aws:SourceAccount": "444455556666" } });
    let allow = "let the key policy allow cloudtrail.amazonaws.com kms:GenerateDataKey*";
    for (statement, begin) in
        [(root, allow), (cloudtrail("Allow", others), allow), (cloudtrail("Allow", unclear), allow)]
    {
        let found = fix(statement);
        assert!(found.starts_with(begin), "{found}");
        assert_eq!(wanted(&found), expected);
    }
    let spared = "\"ArnNotEquals\":\
                  {\"aws:SourceArn\":\"arn:aws:cloudtrail:us-east-1:111122223333:trail/lab\"} \
                  in the Condition of statement 1; ";
    let found = fix(cloudtrail("Deny", json!({})));
    assert!(found.starts_with("exempt this trail from that Deny"), "{found}");
    let (_, behind) = found.split_once(spared).unwrap_or_else(|| panic!("{found}"));
    assert_eq!(wanted(behind), expected);
}

/// A policy that grants CloudTrail what it needs, and one more statement.
fn granted_and(statement: &serde_json::Value) -> serde_json::Value {
    let mut document: serde_json::Value = serde_json::from_str(&policy()).unwrap();
    document["Statement"].as_array_mut().unwrap().push(statement.clone());
    document
}

/// Following the fix makes the policy admit CloudTrail, and keeps the Deny for everybody else.
#[test]
fn the_fix_of_a_deny_is_about_that_deny_and_works() {
    for condition in [
        json!({}),
        json!({ "StringNotEqualsIfExists": { "aws:SourceOrgID": "o-abc" } }),
        json!({ "StringResembles": { "aws:SourceIp": "x" } }),
    ] {
        let mut deny = json!({
            "Sid": "perimeter", "Effect": "Deny", "Principal": "*", "Action": "kms:*",
            "Resource": "*", "Condition": condition,
        });
        let fix = fix_of(CheckId::KeyPolicyAdmitsCloudtrail, &granted_and(&deny));
        let prefix = "exempt this trail from that Deny by a condition ArnNotEquals aws:SourceArn: ";
        let added = fix.strip_prefix(prefix).unwrap();
        let added = added.strip_suffix(" in the Condition of statement `perimeter`").unwrap();
        let added: serde_json::Value = serde_json::from_str(&format!("{{{added}}}")).unwrap();
        deny["Condition"].as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
        let text = granted_and(&deny).to_string();
        check(|_, facts| facts.key_policy = Reading::Known(KeyPolicy::new(text)), "COMPLIANT", "");
    }
}

#[test]
fn a_statement_without_effect_is_named_with_what_it_lacks() {
    for (missing, fix) in [
        ("Resource", r#"add "Resource": "*" to statement `trail`"#),
        ("Action", r#"add "Action": "kms:GenerateDataKey*" to statement `trail`"#),
    ] {
        let mut document: serde_json::Value = serde_json::from_str(&policy()).unwrap();
        document["Statement"][1].as_object_mut().unwrap().remove(missing).unwrap();
        assert_eq!(fix_of(CheckId::KeyPolicyAdmitsCloudtrail, &document), fix);
        let text = document.to_string();
        check(
            |_, facts| facts.key_policy = Reading::Known(KeyPolicy::new(text)),
            "NON_COMPLIANT",
            &format!(
                "the key policy does not let CloudTrail encrypt this trail: statement `trail` \
                 without {missing} has no effect. Fix: {fix}"
            ),
        );
        // Without effect it neither opens the key nor denies anything.
        let mut other = document["Statement"][1].clone();
        other["Principal"] = json!("*");
        for effect in ["Allow", "Deny"] {
            other["Effect"] = json!(effect);
            let text = granted_and(&other).to_string();
            let known = Reading::Known(KeyPolicy::new(text));
            check(|_, facts| facts.key_policy = known, "COMPLIANT", "");
        }
    }
}

/// The fix of a statement without effect fits an annotation, whatever the statements are called.
#[test]
fn the_fix_of_statements_without_effect_can_be_copied() {
    let fix = |sids: &[&str], removed: &[&[&str]]| {
        let mut document: serde_json::Value = serde_json::from_str(&policy()).unwrap();
        let statements = document["Statement"].as_array_mut().unwrap();
        let whole = statements.remove(1);
        for (sid, removed) in sids.iter().zip(removed) {
            let mut statement = whole.clone();
            statement["Sid"] = json!(sid);
            for element in *removed {
                statement.as_object_mut().unwrap().remove(*element).unwrap();
            }
            statements.push(statement);
        }
        fix_of(CheckId::KeyPolicyAdmitsCloudtrail, &document)
    };
    let both: &[&str] = &["Action", "Resource"];
    let found = fix(&["a"], &[both]);
    assert_eq!(found, r#"add "Action": "kms:GenerateDataKey*", "Resource": "*" to statement `a`"#);
    let found = fix(&["a", "b"], &[&["Resource"], &["Resource"]]);
    assert_eq!(found, r#"add "Resource": "*" to statement `a`, statement `b`"#);
    // A statement that lacks something else needs another fix, and is not named.
    let found = fix(&["a", "b"], &[&["Resource"], &["Action"]]);
    assert_eq!(found, r#"add "Resource": "*" to statement `a`"#);
    let longest = "x".repeat(115);
    let found = fix(&[&longest], &[&["Resource"]]);
    assert_eq!(found, format!("add \"Resource\": \"*\" to statement `{longest}`"));
    let found = fix(&[&format!("{longest}x")], &[&["Resource"]]);
    assert_eq!(found, r#"add "Resource": "*" to that statement"#);
}

#[test]
fn the_fix_of_an_open_key_is_the_condition_to_add() {
    let fix = |id: CheckId, principal: serde_json::Value| {
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*" },
        ]});
        fix_of(id, &policy)
    };
    assert_eq!(
        fix(CheckId::KeyPolicyGuardsDecryption, json!("*")),
        "name the principals, or confine the statement by kms:CallerAccount: \
         \"Condition\":{\"StringEquals\":{\"kms:CallerAccount\":\"111122223333\"}}"
    );
    assert_eq!(
        fix(CheckId::KeyPolicyBindsCloudtrail, json!({ "Service": "cloudtrail.amazonaws.com" })),
        "confine the statement to this trail by aws:SourceArn: \"Condition\":{\"StringEquals\":\
         {\"aws:SourceArn\":\"arn:aws:cloudtrail:us-east-1:111122223333:trail/lab\"}}"
    );
}
