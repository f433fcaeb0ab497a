//! The statements by which a key policy lets CloudTrail work for one trail.
//!
//! "CloudTrail User Guide, Configure AWS KMS key policies for CloudTrail". The guide recommends
//! `aws:SourceArn` for all of them; without it, any account's trail could use the key ("IAM User
//! Guide, The confused deputy problem").

use super::context::{Context, ContextValue};
use super::question::{CLOUDTRAIL, TrailAndKey, cloudtrail_for, without_encryption_context};
use super::request::{CallerSet, Request};

/// Something that CloudTrail needs to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// To encrypt log files: `kms:GenerateDataKey*`.
    Encrypt,
    /// To look at the key: `kms:DescribeKey`.
    Describe,
    /// To decrypt: `kms:Decrypt`, where the bucket has an S3 Bucket Key.
    Decrypt,
}

impl Grant {
    /// The `Sid` that CloudTrail's own documentation uses, or one in its style.
    #[must_use]
    pub fn sid(self) -> &'static str {
        match self {
            Self::Encrypt => "Allow CloudTrail to encrypt logs",
            Self::Describe => "Allow CloudTrail to describe key",
            Self::Decrypt => "Allow CloudTrail to decrypt a trail",
        }
    }

    /// The statement that grants it for this trail and no other, as JSON in one line.
    #[must_use]
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
            format!(r#""StringEquals":{{"aws:SourceArn":{}}}"#, json_text(question.trail_arn));
        match self {
            Self::Encrypt => {
                let (partition, account) =
                    (question.partition(), question.trail_account().unwrap_or("*"));
                let trails = format!("arn:{partition}:cloudtrail:*:{account}:trail/*");
                format!(
                    r#"{{{source},"StringLike":{{"kms:EncryptionContext:aws:cloudtrail:arn":{}}}}}"#,
                    json_text(&trails)
                )
            }
            Self::Describe | Self::Decrypt => format!("{{{source}}}"),
        }
    }

    /// CloudTrail's request on behalf of the trail.
    pub(super) fn request(self, question: &TrailAndKey<'_>) -> Request {
        let action = match self {
            Self::Encrypt => "kms:GenerateDataKey",
            Self::Describe => "kms:DescribeKey",
            Self::Decrypt => "kms:Decrypt",
        };
        Request {
            caller: CallerSet::Service(CLOUDTRAIL.to_owned()),
            action: action.to_owned(),
            key_arn: question.key_arn.map(str::to_owned),
            context: self.context(question),
        }
    }

    /// `DescribeKey` takes no encryption context. What a decryption carries under an S3 Bucket Key
    /// is the bucket's, and nothing is said of the trail's.
    fn context(self, question: &TrailAndKey<'_>) -> Context {
        let context = cloudtrail_for(question);
        match self {
            Self::Encrypt => context,
            Self::Describe => without_encryption_context(context),
            Self::Decrypt => context
                .with("kms:EncryptionContextKeys", ContextValue::Unknown)
                .with("kms:EncryptionContext:aws:cloudtrail:arn", ContextValue::Unknown),
        }
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
