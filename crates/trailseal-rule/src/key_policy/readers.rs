//! Can a principal with a known ARN decrypt the logs of this trail?
//!
//! Only the key policy is read. If it names the account and so delegates the decision to IAM, the
//! answer is *sometimes*, because the IAM policies are not known. KMS grants are not read.

use resource_policy::{CallerSet, Context, ContextValue, Decision, PolicyDocument};

use super::question::{TrailAndKey, known_principal_after_logs};

/// Whether the key policy lets the principal, an ARN of a role, a user or an account's root,
/// decrypt the trail's log files as it reads them from S3.
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
    use crate::arn::{KeyArn, TrailArn};
    use crate::key_policy::parsed::parse_key_policy;
    use resource_policy::Match::{self, Always, Never, Sometimes};

    const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";
    const AUDITOR: &str = "arn:aws:iam::111122223333:role/auditor";
    const READER: &str = "arn:aws:iam::444455556666:role/Reader";
    const ROOT: &str = "arn:aws:iam::444455556666:root";

    fn ask(principal: &Value, condition: &Value, key_arn: Option<&str>, reader: &str) -> Match {
        let text = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*",
            "Condition": condition,
        }});
        let document = parse_key_policy(&text.to_string()).unwrap();
        let trail = TrailArn::parse(TRAIL).unwrap();
        let key = key_arn.map(|arn| KeyArn::parse(arn).unwrap());
        let question = TrailAndKey { trail: &trail, key: key.as_ref() };
        may_decrypt(&document, &question, reader).allowed
    }

    #[test]
    fn a_named_principal_can_read_and_a_named_account_delegates_to_iam() {
        let check = |principal: Value, reader: &str, expected: Match| {
            let found = ask(&principal, &json!({}), Some(KEY), reader);
            assert_eq!(found, expected, "{reader} where {principal} is named");
        };
        for (named, reader, expected) in [
            ("*", READER, Always),
            (READER, READER, Always),
            (AUDITOR, AUDITOR, Always),
            (ROOT, READER, Sometimes),
            (ROOT, ROOT, Sometimes),
            (ROOT, AUDITOR, Never),
            ("444455556666", READER, Sometimes),
            ("111122223333", AUDITOR, Sometimes),
            ("111122223333", READER, Never),
            (READER, ROOT, Sometimes),
            (AUDITOR, ROOT, Never),
            ("arn:aws:sts::444455556666:assumed-role/Reader/me", READER, Sometimes),
            ("arn:aws:sts::777788889999:assumed-role/Reader/me", READER, Never),
            ("arn:aws:iam::444455556666:role/Other", READER, Never),
            ("AROAEXAMPLE", READER, Never),
        ] {
            check(json!({ "AWS": named }), reader, expected);
        }
        check(json!("*"), AUDITOR, Always);
        check(json!({ "Service": "s3.amazonaws.com" }), READER, Never);
        check(json!({ "Federated": "cognito-identity.amazonaws.com" }), READER, Sometimes);
    }

    #[test]
    fn a_reader_has_its_arn_the_encryption_context_and_kms_via_service_of_s3() {
        let check = |operator: &str, key: &str, value: &str, reader: &str, expected: Match| {
            let condition = json!({ operator: { key: value } });
            let found = ask(&json!("*"), &condition, Some(KEY), reader);
            assert_eq!(found, expected, "{condition} for {reader}");
        };
        let context = "kms:EncryptionContext:aws:cloudtrail:arn";
        let context_keys = "kms:EncryptionContextKeys";
        let (via_ireland, via_us) = ("s3.eu-west-1.amazonaws.com", "s3.us-east-1.amazonaws.com");
        for (operator, key, value, expected) in [
            ("StringEquals", "kms:CallerAccount", "444455556666", Always),
            ("StringEquals", "kms:CallerAccount", "111122223333", Never),
            ("StringEquals", "aws:PrincipalAccount", "111122223333", Never),
            ("ArnEquals", "aws:PrincipalArn", READER, Always),
            ("ArnEquals", "aws:PrincipalArn", AUDITOR, Never),
            ("Bool", "aws:PrincipalIsAWSService", "true", Never),
            ("Null", "aws:SourceArn", "true", Always),
            ("Null", context, "false", Always),
            ("StringEquals", context, TRAIL, Always),
            ("ForAnyValue:StringEquals", context_keys, "aws:cloudtrail:arn", Always),
            ("StringEquals", "kms:ViaService", via_ireland, Always),
            ("StringEquals", "kms:ViaService", via_us, Never),
            ("StringEquals", "kms:ViaService", "ec2.eu-west-1.amazonaws.com", Never),
            ("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5", Sometimes),
            ("Bool", "aws:MultiFactorAuthPresent", "true", Sometimes),
        ] {
            check(operator, key, value, READER, expected);
        }
        let via_s3 = json!({ "StringEquals": { "kms:ViaService": via_ireland } });
        assert_eq!(ask(&json!("*"), &via_s3, None, READER), Sometimes, "the key is not known");
        // A root stands for all of its account.
        check("StringEquals", "aws:PrincipalAccount", "444455556666", ROOT, Always);
        check("ArnEquals", "aws:PrincipalArn", READER, ROOT, Sometimes);
        check("ArnEquals", "aws:PrincipalArn", ROOT, ROOT, Sometimes);
    }
}
