//! The fixes of key policies, which add statements and conditions.

use serde_json::{Value, json};
use trailseal_rule::{CheckId, Facts, Judgement, KeyPolicy, Reading};

use crate::fixtures::{facts, judge, outcomes, policy, strict, trail};

fn judgement(policy: &Value) -> Judgement {
    let key_policy = Reading::Known(KeyPolicy::new(policy.to_string()));
    judge(&strict(), &trail(), &Facts { key_policy, ..facts() })
}

/// The fix of a check with the statement that it adds, which an annotation leaves out.
fn fix_of(id: CheckId, policy: &Value) -> String {
    let judgement = judgement(policy);
    let result = judgement.verdict.results().iter().find(|result| result.check == id).unwrap();
    result.outcome.finding().unwrap().fix_in_full()
}

#[test]
fn the_fix_of_a_policy_is_the_statement_to_add() {
    let fix = |statement: Value| {
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
        fix_of(CheckId::KeyPolicyAdmitsCloudtrail, &policy)
    };
    let wanted = |fix: &str| -> Value {
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
    let cloudtrail = |effect: &str, condition: Value| {
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
fn granted_and(statement: &Value) -> Value {
    let mut document: Value = serde_json::from_str(&policy()).unwrap();
    document["Statement"].as_array_mut().unwrap().push(statement.clone());
    document
}

/// Following the fix makes the policy admit CloudTrail, and keeps the Deny for everybody else.
#[test]
fn the_fix_of_a_deny_names_that_deny_and_works() {
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
        let added: Value = serde_json::from_str(&format!("{{{added}}}")).unwrap();
        deny["Condition"].as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
        assert_eq!(outcomes(&judgement(&granted_and(&deny))), "pass");
    }
}

#[test]
fn a_statement_without_effect_is_named_with_what_it_lacks() {
    for (missing, fix) in [
        ("Resource", r#"add "Resource": "*" to statement `trail`"#),
        ("Action", r#"add "Action": "kms:GenerateDataKey*" to statement `trail`"#),
    ] {
        let mut document: Value = serde_json::from_str(&policy()).unwrap();
        document["Statement"][1].as_object_mut().unwrap().remove(missing).unwrap();
        assert_eq!(fix_of(CheckId::KeyPolicyAdmitsCloudtrail, &document), fix);
        let found = judgement(&document);
        assert_eq!(outcomes(&found), "fail cloudtrail-grant-without-effect");
        let named = format!("statement `trail` without {missing} has no effect");
        assert!(found.verdict.deciding().next().unwrap().cause.ends_with(&named), "{found:?}");
        // Without effect it neither opens the key nor denies anything.
        let mut other = document["Statement"][1].clone();
        other["Principal"] = json!("*");
        for effect in ["Allow", "Deny"] {
            other["Effect"] = json!(effect);
            assert_eq!(outcomes(&judgement(&granted_and(&other))), "pass");
        }
    }
}

/// The fix of a statement without effect fits an annotation, also with long names.
#[test]
fn the_fix_of_statements_without_effect_can_be_copied() {
    let fix = |sids: &[&str], removed: &[&[&str]]| {
        let mut document: Value = serde_json::from_str(&policy()).unwrap();
        let statements = document["Statement"].as_array_mut().unwrap();
        let complete = statements.remove(1);
        for (sid, removed) in sids.iter().zip(removed) {
            let mut statement = complete.clone();
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
    let fix = |id: CheckId, principal: Value| {
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

/// A doubt names the element, and the statement if it is not the one that allows.
#[test]
fn a_doubt_names_the_elements_that_it_depends_on() {
    let unclear = json!({ "StringResembles": { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } });
    let statement = |sid: &str, effect: &str, condition: &Value| {
        json!({
            "Sid": sid, "Effect": effect, "Principal": "*", "Action": "kms:Decrypt",
            "Resource": "*", "Condition": condition,
        })
    };
    let cause = |statements: &[Value]| {
        let mut document: Value = serde_json::from_str(&policy()).unwrap();
        document["Statement"].as_array_mut().unwrap().extend_from_slice(statements);
        let judgement = judgement(&document);
        let id = CheckId::KeyPolicyGuardsDecryption;
        let result = judgement.verdict.results().iter().find(|result| result.check == id).unwrap();
        result.outcome.finding().unwrap().cause.clone()
    };
    let may_allow = |elements: &str| {
        format!(
            "could not verify that the key policy guards the logs: statement `open` may allow \
             everyone kms:Decrypt, depending on {elements}"
        )
    };
    let own = [statement("open", "Allow", &unclear)];
    assert_eq!(cause(&own), may_allow("aws:PrincipalOrgID"));
    let of_a_deny = [statement("open", "Allow", &json!({})), statement("shut", "Deny", &unclear)];
    assert_eq!(cause(&of_a_deny), may_allow("aws:PrincipalOrgID in statement `shut`"));
}
