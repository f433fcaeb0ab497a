//! The statements of a key policy that CloudTrail needs for one trail.
//!
//! "CloudTrail User Guide, Configure AWS KMS key policies for CloudTrail". The guide recommends
//! `aws:SourceArn` for all of them; without it, any account's trail could use the key ("IAM User
//! Guide, The confused deputy problem").

use resource_policy::{CallerSet, Context, ContextValue, Decision, PolicyDocument};

use super::question::{CLOUDTRAIL, TrailAndKey, cloudtrail_for, without_encryption_context};

/// A permission that CloudTrail needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// To encrypt log files: `kms:GenerateDataKey*`.
    Encrypt,
    /// To describe the key: `kms:DescribeKey`.
    Describe,
    /// To decrypt: `kms:Decrypt`, where the bucket has an S3 Bucket Key.
    Decrypt,
}

impl Grant {
    /// The `Sid` that CloudTrail's own documentation uses, or one in its style.
    pub fn sid(self) -> &'static str {
        match self {
            Self::Encrypt => "Allow CloudTrail to encrypt logs",
            Self::Describe => "Allow CloudTrail to describe key",
            Self::Decrypt => "Allow CloudTrail to decrypt a trail",
        }
    }

    /// The statement that grants it for this trail and no other, as JSON in one line.
    pub fn statement(self, question: &TrailAndKey<'_>, sid: Option<&str>) -> String {
        let sid = sid.map_or_else(String::new, |sid| format!(r#""Sid":{},"#, json_text(sid)));
        let (action, condition) = (self.granted(), self.condition(question));
        format!(
            r#"{{{sid}"Effect":"Allow","Principal":{{"Service":"{CLOUDTRAIL}"}},"Action":"{action}","Resource":"*","Condition":{condition}}}"#
        )
    }

    fn granted(self) -> &'static str {
        match self {
            Self::Encrypt => "kms:GenerateDataKey*",
            Self::Describe => "kms:DescribeKey",
            Self::Decrypt => "kms:Decrypt",
        }
    }

    fn condition(self, question: &TrailAndKey<'_>) -> String {
        let source =
            format!(r#""StringEquals":{{"aws:SourceArn":{}}}"#, json_text(question.trail.as_str()));
        match self {
            Self::Encrypt => {
                let (partition, account) = (question.trail.partition(), question.trail.owner());
                let trails = format!("arn:{partition}:cloudtrail:*:{account}:trail/*");
                format!(
                    r#"{{{source},"StringLike":{{"kms:EncryptionContext:aws:cloudtrail:arn":{}}}}}"#,
                    json_text(&trails)
                )
            }
            Self::Describe | Self::Decrypt => format!("{{{source}}}"),
        }
    }

    /// Whether the policy allows CloudTrail this on behalf of the trail.
    ///
    /// To encrypt, CloudTrail calls `GenerateDataKey` under its service principal, with the trail's
    /// ARN in the encryption context ("CloudTrail User Guide, How AWS CloudTrail uses AWS KMS"). So
    /// an Allow or a Deny of `kms:GenerateDataKeyWithoutPlaintext` alone changes nothing.
    pub fn decide(self, policy: &PolicyDocument, question: &TrailAndKey<'_>) -> Decision {
        let action = match self {
            Self::Encrypt => "kms:GenerateDataKey",
            Self::Describe => "kms:DescribeKey",
            Self::Decrypt => "kms:Decrypt",
        };
        let caller = CallerSet::Service(CLOUDTRAIL.to_owned());
        policy.decide(&question.request(&caller, action, self.context(question)))
    }

    /// `DescribeKey` has no encryption context. With an S3 Bucket Key, the context of a decryption
    /// is the bucket's; whether it also contains the trail's is not documented.
    fn context(self, question: &TrailAndKey<'_>) -> Context {
        let context = cloudtrail_for(question);
        match self {
            Self::Encrypt => context,
            Self::Describe => without_encryption_context(context),
            Self::Decrypt => context
                .with_family("kms:EncryptionContext:", ContextValue::Unknown)
                .with("kms:EncryptionContextKeys", ContextValue::Unknown)
                .with("kms:EncryptionContext:aws:cloudtrail:arn", ContextValue::Unknown),
        }
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use resource_policy::Match;

    use super::super::exposure::{Openings, binds_cloudtrail, guards_decryption};
    use super::super::parsed::parse_key_policy;
    use super::*;
    use crate::arn::{KeyArn, TrailArn};

    const GRANTS: [Grant; 3] = [Grant::Encrypt, Grant::Describe, Grant::Decrypt];
    const TRAIL: &str = "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/all";

    fn trail(name: &str) -> TrailArn {
        TrailArn::parse(&format!("arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/{name}"))
            .unwrap()
    }

    fn key() -> KeyArn {
        KeyArn::parse("arn:aws-cn:kms:cn-north-1:111122223333:key/1234").unwrap()
    }

    fn policy(statement: &str) -> PolicyDocument {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        parse_key_policy(&text).unwrap()
    }

    /// Each statement grants its operation to this trail only and exposes nothing.
    #[test]
    fn a_statement_grants_its_operation_and_nothing_else() {
        let (own, theirs, key) = (trail("all"), trail("other"), key());
        let trail = TrailAndKey { trail: &own, key: None };
        let other = TrailAndKey { trail: &theirs, key: Some(&key) };
        for grant in GRANTS {
            let policy = policy(&grant.statement(&trail, Some("with \"quotes\"")));
            for asked in GRANTS {
                let expected = if asked == grant { Match::Always } else { Match::Never };
                assert_eq!(asked.decide(&policy, &trail).allowed, expected, "{grant:?} {asked:?}");
                assert_eq!(asked.decide(&policy, &other).allowed, Match::Never);
            }
            for open in [guards_decryption(&policy, &trail), binds_cloudtrail(&policy, &trail)] {
                assert_eq!(open, Openings::default());
            }
        }
    }

    #[test]
    fn a_statement_is_the_documented_one_for_this_trail() {
        let (trail, key) = (trail("all"), key());
        let question = TrailAndKey { trail: &trail, key: Some(&key) };
        let check = |grant: Grant, sid: &str, action: &str, condition: Value| {
            assert_eq!(grant.sid(), sid);
            let mut expected = json!({
                "Effect": "Allow",
                "Principal": { "Service": "cloudtrail.amazonaws.com" },
                "Action": action,
                "Resource": "*",
                "Condition": condition,
            });
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(read(&grant.statement(&question, None)), expected);
            expected["Sid"] = json!("with \"quotes\"");
            let statement = grant.statement(&question, Some("with \"quotes\""));
            assert_eq!(read(&statement), expected);
            assert!(!statement.contains('\n'));
        };
        let source = json!({ "StringEquals": { "aws:SourceArn": TRAIL } });
        let mut with_context = source.clone();
        with_context["StringLike"] = json!({
            "kms:EncryptionContext:aws:cloudtrail:arn":
                "arn:aws-cn:cloudtrail:*:111122223333:trail/*",
        });
        let encrypt = "Allow CloudTrail to encrypt logs";
        check(Grant::Encrypt, encrypt, "kms:GenerateDataKey*", with_context);
        let describe = "Allow CloudTrail to describe key";
        check(Grant::Describe, describe, "kms:DescribeKey", source.clone());
        let decrypt = "Allow CloudTrail to decrypt a trail";
        check(Grant::Decrypt, decrypt, "kms:Decrypt", source);
    }

    #[test]
    fn each_operation_carries_its_encryption_context() {
        let (trail, key) = (trail("all"), key());
        let question = TrailAndKey { trail: &trail, key: Some(&key) };
        let check = |context: Value, expected: [Match; 3]| {
            let statement = json!({
                "Effect": "Allow",
                "Principal": { "Service": "cloudtrail.amazonaws.com" },
                "Action": "kms:*",
                "Resource": "*",
                "Condition": context,
            });
            let document = policy(&statement.to_string());
            let found = GRANTS.map(|grant| grant.decide(&document, &question).allowed);
            assert_eq!(found, expected, "{statement}");
        };
        let key = "kms:EncryptionContext:aws:cloudtrail:arn";
        let (yes, no, unknown) = (Match::Always, Match::Never, Match::Sometimes);
        check(json!({ "StringEquals": { key: TRAIL } }), [yes, no, unknown]);
        check(json!({ "Null": { key: "true" } }), [no, yes, unknown]);
        let keys = json!({ "kms:EncryptionContextKeys": "aws:cloudtrail:arn" });
        check(json!({ "ForAnyValue:StringEquals": keys }), [yes, no, unknown]);
        check(json!({ "ForAllValues:StringEquals": keys }), [no, yes, unknown]);
        let both = ["aws:cloudtrail:arn", "aws:s3:arn"];
        let keys = json!({ "kms:EncryptionContextKeys": both });
        check(json!({ "ForAllValues:StringEquals": keys }), [yes, yes, unknown]);
        let object = "kms:EncryptionContext:aws:s3:arn";
        check(json!({ "Null": { object: "true" } }), [unknown, yes, unknown]);
        let other = json!({ "kms:EncryptionContext:Department": "HR" });
        check(json!({ "StringEquals": other }), [no, no, unknown]);
        check(json!({ "StringNotEquals": other }), [yes, yes, unknown]);
    }
}
