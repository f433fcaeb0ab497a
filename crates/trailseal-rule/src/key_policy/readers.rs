//! May a principal with a known ARN decrypt the logs of this trail?
//!
//! Only the key policy is read. If it names the account and so delegates the decision to IAM, the
//! answer is *sometimes*, because the IAM policies are not known. KMS grants are not read.

use resource_policy::{CallerSet, Context, ContextValue, Decision, PolicyDocument};

use super::question::{TrailAndKey, known_principal_after_logs};

/// Whether the key policy lets the principal, an ARN of a role, a user or an account's root,
/// decrypt the trail's log files as it reads them from S3.
#[must_use]
pub fn may_decrypt(
    policy: &PolicyDocument,
    question: &TrailAndKey<'_>,
    principal_arn: &str,
) -> Decision {
    let context: Context = known_principal_after_logs(question, principal_arn);
    let via_s3 = question.key_region().map_or(ContextValue::Unknown, |region| {
        ContextValue::known(&format!("s3.{region}.amazonaws.com"))
    });
    let caller = CallerSet::Principal(principal_arn.to_owned());
    policy.decide(&question.request(&caller, "kms:Decrypt", context.with("kms:ViaService", via_s3)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::key_policy::parsed::parse_key_policy;
    use resource_policy::Match::{self, Always, Never, Sometimes};

    const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
    const AUDITOR: &str = "arn:aws:iam::111122223333:role/auditor";
    const KEY_IN_IRELAND: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";
    const READER: &str = "arn:aws:iam::444455556666:role/Reader";
    const ROOT: &str = "arn:aws:iam::111122223333:root";

    fn check(principal: &str, condition: &str, reader: &str, expected: Match) {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"kms:Decrypt","Resource":"*","Condition":{condition}}}}}"#
        );
        let policy = parse_key_policy(&policy).unwrap();
        let question = TrailAndKey { trail_arn: TRAIL, key_arn: Some(KEY) };
        let reply = may_decrypt(&policy, &question, reader);
        assert_eq!(reply.allowed, expected, "{principal} {condition} {reader}");
    }

    #[test]
    fn who_is_named_may_and_an_account_leaves_it_to_iam() {
        let of = |arn: &str| format!(r#"{{"AWS":"{arn}"}}"#);
        for (named, reader, expected) in [
            (AUDITOR, AUDITOR, Always),
            (AUDITOR, "arn:aws:iam::111122223333:role/other", Never),
            (AUDITOR, ROOT, Sometimes),
            (READER, ROOT, Never),
            (ROOT, AUDITOR, Sometimes),
            (ROOT, ROOT, Sometimes),
            ("111122223333", AUDITOR, Sometimes),
            ("111122223333", "arn:aws:iam::444455556666:role/siem", Never),
            ("arn:aws:sts::111122223333:assumed-role/auditor/me", AUDITOR, Sometimes),
            ("AROAEXAMPLE", AUDITOR, Never),
        ] {
            check(&of(named), "{}", reader, expected);
        }
        check(r#""*""#, "{}", AUDITOR, Always);
        check(r#"{"Service":"config.amazonaws.com"}"#, "{}", AUDITOR, Never);
    }

    #[test]
    fn a_reader_comes_through_s3_with_the_trail_s_encryption_context() {
        let of_account = |id: &str| format!(r#"{{"StringEquals":{{"kms:CallerAccount":"{id}"}}}}"#);
        check(r#""*""#, &of_account("111122223333"), AUDITOR, Always);
        check(r#""*""#, &of_account("444455556666"), AUDITOR, Never);
        let context = r#"{"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"false"}}"#;
        check(r#""*""#, context, AUDITOR, Always);
        let via = |service: &str| format!(r#"{{"StringEquals":{{"kms:ViaService":"{service}"}}}}"#);
        check(r#""*""#, &via("s3.us-east-1.amazonaws.com"), AUDITOR, Always);
        check(r#""*""#, &via("ec2.us-east-1.amazonaws.com"), AUDITOR, Never);
        check(r#""*""#, r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#, AUDITOR, Sometimes);
    }
    fn ask(principal: Value, condition: Value, key_arn: Option<&str>, reader: &str) -> Match {
        let text = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*",
            "Condition": condition,
        }});
        let document = parse_key_policy(&text.to_string()).unwrap();
        may_decrypt(&document, &TrailAndKey { trail_arn: TRAIL, key_arn }, reader).allowed
    }

    #[test]
    fn who_is_named_may_and_who_is_of_a_named_account_perhaps() {
        let check = |named: &str, reader: &str, expected: Match| {
            let found = ask(json!({ "AWS": named }), json!({}), Some(KEY_IN_IRELAND), reader);
            assert_eq!(found, expected, "{reader} where {named} is named");
        };
        let root = "arn:aws:iam::444455556666:root";
        check(READER, READER, Always);
        check("*", READER, Always);
        check(root, READER, Sometimes);
        check("444455556666", READER, Sometimes);
        check(root, root, Sometimes);
        check(READER, root, Sometimes);
        check("arn:aws:sts::444455556666:assumed-role/Reader/me", READER, Sometimes);
        check("arn:aws:iam::444455556666:role/Other", READER, Never);
        check("arn:aws:iam::777788889999:root", READER, Never);
        check("777788889999", READER, Never);
        check("arn:aws:sts::777788889999:assumed-role/Reader/me", READER, Never);
        check("AROAEXAMPLE", READER, Never);
    }

    #[test]
    fn a_reader_is_no_service_and_perhaps_federated() {
        let check = |principal: Value, expected: Match| {
            let found = ask(principal.clone(), json!({}), Some(KEY_IN_IRELAND), READER);
            assert_eq!(found, expected, "{principal}");
        };
        check(json!({ "Service": "s3.amazonaws.com" }), Never);
        check(json!({ "Federated": "cognito-identity.amazonaws.com" }), Sometimes);
    }

    #[test]
    fn a_reader_carries_its_name_the_context_of_the_logs_and_comes_through_s3() {
        let check = |operator: &str, key: &str, value: &str, expected: Match| {
            let condition = json!({ operator: { key: value } });
            let found = ask(json!("*"), condition.clone(), Some(KEY_IN_IRELAND), READER);
            assert_eq!(found, expected, "{condition}");
        };
        check("StringEquals", "kms:CallerAccount", "444455556666", Always);
        check("StringEquals", "aws:PrincipalAccount", "111122223333", Never);
        check("ArnEquals", "aws:PrincipalArn", READER, Always);
        check("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/Other", Never);
        check("Bool", "aws:PrincipalIsAWSService", "true", Never);
        check("Null", "aws:SourceArn", "true", Always);
        check("StringEquals", "kms:EncryptionContext:aws:cloudtrail:arn", TRAIL, Always);
        check(
            "ForAnyValue:StringEquals",
            "kms:EncryptionContextKeys",
            "aws:cloudtrail:arn",
            Always,
        );
        check("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com", Always);
        check("StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com", Never);
        check("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5", Sometimes);
        let via_s3 = json!({ "StringEquals": { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } });
        assert_eq!(ask(json!("*"), via_s3, None, READER), Sometimes, "the key is not known");
    }

    #[test]
    fn a_root_stands_for_all_of_its_account() {
        let root = "arn:aws:iam::444455556666:root";
        let check = |operator: &str, key: &str, value: &str, expected: Match| {
            let condition = json!({ operator: { key: value } });
            let found = ask(json!("*"), condition.clone(), Some(KEY_IN_IRELAND), root);
            assert_eq!(found, expected, "{condition}");
        };
        check("StringEquals", "aws:PrincipalAccount", "444455556666", Always);
        check("ArnEquals", "aws:PrincipalArn", READER, Sometimes);
        check("ArnEquals", "aws:PrincipalArn", root, Sometimes);
    }
}
