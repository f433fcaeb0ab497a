//! May somebody whom we know decrypt the logs of this trail?
//!
//! The key policy alone is asked. Where it hands the decision to IAM, by naming the account, the
//! answer is *unknown*: it is that of IAM policies which nobody showed. KMS grants are not seen.

use super::context::{Context, ContextValue};
use super::document::PolicyDocument;
use super::question::{TrailAndKey, known_principal_after_logs, of_operation};
use super::request::{CallerSet, Reply, Request};

/// Whether the key policy lets the principal, an ARN of a role, a user or an account's root,
/// decrypt the trail's log files as it reads them from S3.
#[must_use]
pub fn may_decrypt(
    policy: &PolicyDocument,
    question: &TrailAndKey<'_>,
    principal_arn: &str,
) -> Reply {
    let context: Context = known_principal_after_logs(question, principal_arn);
    let via_s3 = question.key_region().map_or(ContextValue::Unknown, |region| {
        ContextValue::known(&format!("s3.{region}.amazonaws.com"))
    });
    let action = "kms:Decrypt";
    policy.allows(&Request {
        caller: CallerSet::Principal(principal_arn.to_owned()),
        action: action.to_owned(),
        key_arn: question.key_arn.map(str::to_owned),
        context: of_operation(context.with("kms:ViaService", via_s3), action),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::request::Answer::{self, No, Unknown, Yes};
    use super::*;

    const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
    const AUDITOR: &str = "arn:aws:iam::111122223333:role/auditor";
    const KEY_IN_IRELAND: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";
    const READER: &str = "arn:aws:iam::444455556666:role/Reader";
    const ROOT: &str = "arn:aws:iam::111122223333:root";

    fn check(principal: &str, condition: &str, reader: &str, expected: Answer) {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"kms:Decrypt","Resource":"*","Condition":{condition}}}}}"#
        );
        let policy = PolicyDocument::parse(&policy).unwrap();
        let question = TrailAndKey { trail_arn: TRAIL, key_arn: Some(KEY) };
        let reply = may_decrypt(&policy, &question, reader);
        assert_eq!(reply.answer, expected, "{principal} {condition} {reader}");
    }

    #[test]
    fn who_is_named_may_and_an_account_leaves_it_to_iam() {
        let of = |arn: &str| format!(r#"{{"AWS":"{arn}"}}"#);
        for (named, reader, expected) in [
            (AUDITOR, AUDITOR, Yes),
            (AUDITOR, "arn:aws:iam::111122223333:role/other", No),
            (AUDITOR, ROOT, Unknown),
            (READER, ROOT, No),
            (ROOT, AUDITOR, Unknown),
            (ROOT, ROOT, Unknown),
            ("111122223333", AUDITOR, Unknown),
            ("111122223333", "arn:aws:iam::444455556666:role/siem", No),
            ("arn:aws:sts::111122223333:assumed-role/auditor/me", AUDITOR, Unknown),
            ("AROAEXAMPLE", AUDITOR, No),
        ] {
            check(&of(named), "{}", reader, expected);
        }
        check(r#""*""#, "{}", AUDITOR, Yes);
        check(r#"{"Service":"config.amazonaws.com"}"#, "{}", AUDITOR, No);
    }

    #[test]
    fn a_reader_comes_through_s3_with_the_trail_s_encryption_context() {
        let of_account = |id: &str| format!(r#"{{"StringEquals":{{"kms:CallerAccount":"{id}"}}}}"#);
        check(r#""*""#, &of_account("111122223333"), AUDITOR, Yes);
        check(r#""*""#, &of_account("444455556666"), AUDITOR, No);
        let context = r#"{"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"false"}}"#;
        check(r#""*""#, context, AUDITOR, Yes);
        let via = |service: &str| format!(r#"{{"StringEquals":{{"kms:ViaService":"{service}"}}}}"#);
        check(r#""*""#, &via("s3.us-east-1.amazonaws.com"), AUDITOR, Yes);
        check(r#""*""#, &via("ec2.us-east-1.amazonaws.com"), AUDITOR, No);
        check(r#""*""#, r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#, AUDITOR, Unknown);
    }
    fn ask(principal: Value, condition: Value, key_arn: Option<&str>, reader: &str) -> Answer {
        let text = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*",
            "Condition": condition,
        }});
        let document = PolicyDocument::parse(&text.to_string()).unwrap();
        may_decrypt(&document, &TrailAndKey { trail_arn: TRAIL, key_arn }, reader).answer
    }

    #[test]
    fn who_is_named_may_and_who_is_of_a_named_account_perhaps() {
        let check = |named: &str, reader: &str, expected: Answer| {
            let found = ask(json!({ "AWS": named }), json!({}), Some(KEY_IN_IRELAND), reader);
            assert_eq!(found, expected, "{reader} where {named} is named");
        };
        let root = "arn:aws:iam::444455556666:root";
        check(READER, READER, Yes);
        check("*", READER, Yes);
        check(root, READER, Unknown);
        check("444455556666", READER, Unknown);
        check(root, root, Unknown);
        check(READER, root, Unknown);
        check("arn:aws:sts::444455556666:assumed-role/Reader/me", READER, Unknown);
        check("arn:aws:iam::444455556666:role/Other", READER, No);
        check("arn:aws:iam::777788889999:root", READER, No);
        check("777788889999", READER, No);
        check("arn:aws:sts::777788889999:assumed-role/Reader/me", READER, No);
        check("AROAEXAMPLE", READER, No);
    }

    #[test]
    fn a_reader_is_no_service_and_perhaps_federated() {
        let check = |principal: Value, expected: Answer| {
            let found = ask(principal.clone(), json!({}), Some(KEY_IN_IRELAND), READER);
            assert_eq!(found, expected, "{principal}");
        };
        check(json!({ "Service": "s3.amazonaws.com" }), No);
        check(json!({ "Federated": "cognito-identity.amazonaws.com" }), Unknown);
    }

    #[test]
    fn a_reader_carries_its_name_the_context_of_the_logs_and_comes_through_s3() {
        let check = |operator: &str, key: &str, value: &str, expected: Answer| {
            let condition = json!({ operator: { key: value } });
            let found = ask(json!("*"), condition.clone(), Some(KEY_IN_IRELAND), READER);
            assert_eq!(found, expected, "{condition}");
        };
        check("StringEquals", "kms:CallerAccount", "444455556666", Yes);
        check("StringEquals", "aws:PrincipalAccount", "111122223333", No);
        check("ArnEquals", "aws:PrincipalArn", READER, Yes);
        check("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/Other", No);
        check("Bool", "aws:PrincipalIsAWSService", "true", No);
        check("Null", "aws:SourceArn", "true", Yes);
        check("StringEquals", "kms:EncryptionContext:aws:cloudtrail:arn", TRAIL, Yes);
        check("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", "aws:cloudtrail:arn", Yes);
        check("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com", Yes);
        check("StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com", No);
        check("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5", Unknown);
        let via_s3 = json!({ "StringEquals": { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } });
        assert_eq!(ask(json!("*"), via_s3, None, READER), Unknown, "the key is not known");
    }

    #[test]
    fn a_root_stands_for_all_of_its_account() {
        let root = "arn:aws:iam::444455556666:root";
        let check = |operator: &str, key: &str, value: &str, expected: Answer| {
            let condition = json!({ operator: { key: value } });
            let found = ask(json!("*"), condition.clone(), Some(KEY_IN_IRELAND), root);
            assert_eq!(found, expected, "{condition}");
        };
        check("StringEquals", "aws:PrincipalAccount", "444455556666", Yes);
        check("ArnEquals", "aws:PrincipalArn", READER, Unknown);
        check("ArnEquals", "aws:PrincipalArn", root, Unknown);
    }
}
