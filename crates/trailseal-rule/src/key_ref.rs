//! The possible values of a trail's `kmsKeyId`.

use config_rule::{AccountId, Arn, IdError, Region, display_as_str};
use serde::{Deserialize, Serialize};

use crate::arn::{KeyArn, is_key_id};

/// A trail's `kmsKeyId`: CloudTrail accepts four forms and returns a key's ARN (CloudTrail API
/// Reference, `UpdateTrail`, `KmsKeyId`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeyRef {
    /// `arn:aws:kms:…:key/…`.
    Key(KeyArn),
    /// `arn:aws:kms:…:alias/…`.
    AliasArn {
        /// The whole ARN.
        arn: String,
        /// The Region in it.
        region: Region,
        /// The account in it.
        account: AccountId,
        /// `alias/…`.
        alias: String,
    },
    /// `alias/…`, of the trail's own account.
    Alias(String),
    /// A bare key ID, of the trail's own account.
    Id(String),
    /// Any other text; KMS cannot be asked about it.
    Unrecognized(String),
    /// The trail does not exist yet, and whether it gets a key, and which, is known only once it is
    /// deployed; why. No text is read as this.
    NotKnown(String),
}

impl KeyRef {
    /// Reads any text; `None` if it is blank: the trail does not use SSE-KMS.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let unrecognized = || Self::Unrecognized(text.to_owned());
        let read = if text.starts_with("arn:") {
            KeyArn::read(text).map(Self::Key).or_else(|| Self::read_alias_arn(text))
        } else if text.starts_with("alias/") {
            is_alias(text).then(|| Self::Alias(text.to_owned()))
        } else {
            is_key_id(text).then(|| Self::Id(text.to_owned()))
        };
        Some(read.unwrap_or_else(unrecognized))
    }

    fn read_alias_arn(text: &str) -> Option<Self> {
        let parts = Arn::split(text).filter(|parts| parts.service == "kms")?;
        is_alias(parts.resource).then_some(())?;
        Some(Self::AliasArn {
            arn: text.to_owned(),
            region: Region::parse(parts.region).ok()?,
            account: AccountId::parse(parts.account).ok()?,
            alias: parts.resource.to_owned(),
        })
    }

    /// The text in the trail.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Key(arn) => arn.as_str(),
            Self::AliasArn { arn, .. } => arn,
            Self::Alias(text) | Self::Id(text) | Self::Unrecognized(text) => text,
            Self::NotKnown(_) => "<key>",
        }
    }

    /// The ARN of the key, if the reference is one.
    pub fn arn(&self) -> Option<&KeyArn> {
        match self {
            Self::Key(arn) => Some(arn),
            Self::AliasArn { .. }
            | Self::Alias(_)
            | Self::Id(_)
            | Self::Unrecognized(_)
            | Self::NotKnown(_) => None,
        }
    }

    /// The Region, if the reference contains one.
    pub fn region(&self) -> Option<&Region> {
        match self {
            Self::Key(arn) => Some(arn.region()),
            Self::AliasArn { region, .. } => Some(region),
            Self::Alias(_) | Self::Id(_) | Self::Unrecognized(_) | Self::NotKnown(_) => None,
        }
    }

    /// The account, if the reference contains one.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Key(arn) => Some(arn.account()),
            Self::AliasArn { account, .. } => Some(account),
            Self::Alias(_) | Self::Id(_) | Self::Unrecognized(_) | Self::NotKnown(_) => None,
        }
    }

    /// Whether KMS can be asked about it.
    ///
    /// INVARIANT (no-aws-alias-call): an alias of an AWS managed key is never passed to KMS, since
    /// `DescribeKey` would create the key (KMS API Reference, `DescribeKey`).
    pub fn is_describable(&self) -> bool {
        !self.is_aws_managed_alias() && !matches!(self, Self::Unrecognized(_) | Self::NotKnown(_))
    }

    /// Whether this is an alias of an AWS managed key, `alias/aws/…`.
    pub fn is_aws_managed_alias(&self) -> bool {
        match self {
            Self::AliasArn { alias, .. } | Self::Alias(alias) => alias.starts_with("alias/aws/"),
            Self::Key(_) | Self::Id(_) | Self::Unrecognized(_) | Self::NotKnown(_) => false,
        }
    }
}

impl TryFrom<String> for KeyRef {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text).ok_or_else(|| IdError::new(&text, "the ARN, id or alias of a key"))
    }
}

impl From<KeyRef> for String {
    fn from(key: KeyRef) -> Self {
        key.as_str().to_owned()
    }
}

display_as_str!(KeyRef);

fn is_alias(text: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte);
    text.strip_prefix("alias/")
        .is_some_and(|name| (1..=250).contains(&name.len()) && name.bytes().all(of_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn a_blank_text_is_not_a_key() {
        for blank in ["", " ", "\t\n"] {
            assert_eq!(KeyRef::parse(blank), None, "{blank:?}");
        }
    }

    #[test]
    fn the_four_forms_of_a_key_reference() {
        let forms = [
            (KEY, "Key"),
            (
                "arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
                "Key",
            ),
            ("arn:aws-cn:kms:cn-north-1:111122223333:alias/trail", "AliasArn"),
            ("alias/trail", "Alias"),
            ("alias/aws/cloudtrail", "Alias"),
            ("1234abcd-12ab-34cd-56ef-1234567890ab", "Id"),
            ("arn:aws:s3:::bucket", "Unrecognized"),
            ("arn:aws:kms:eu-central-1:1111:key/x", "Unrecognized"),
            ("arn:aws:kms::111122223333:key/x", "Unrecognized"),
            ("alias/", "Unrecognized"),
            ("key with blanks", "Unrecognized"),
            ("schl\u{fc}ssel", "Unrecognized"),
        ];
        for (text, form) in forms {
            let read = KeyRef::parse(text).unwrap();
            assert!(format!("{read:?}").starts_with(form), "{text}: {read:?}");
            assert_eq!(read.as_str(), text);
        }
    }

    #[test]
    fn only_a_key_arn_is_the_arn_of_a_key() {
        let arn = |text: &str| KeyRef::parse(text).unwrap().arn().map(ToString::to_string);
        assert_eq!(arn(KEY).as_deref(), Some(KEY));
        assert_eq!(arn("arn:aws:kms:us-east-1:111122223333:alias/a"), None);
        assert_eq!(arn("alias/a"), None);
    }

    #[test]
    fn only_aliases_below_alias_aws_are_aws_managed() {
        let managed = |text: &str| KeyRef::parse(text).unwrap().is_aws_managed_alias();
        assert!(managed("alias/aws/cloudtrail"));
        assert!(managed("arn:aws:kms:us-east-1:111122223333:alias/aws/s3"));
        assert!(!managed("alias/awesome"));
        assert!(!managed("alias/my/aws/key"));
        assert!(!managed(KEY));
    }

    #[test]
    fn a_reference_is_displayed_and_serialized_as_its_text() {
        for text in [KEY, "alias/trail", "1234abcd", "key with blanks"] {
            let key = KeyRef::parse(text).unwrap();
            assert_eq!(key.to_string(), text);
            let quoted = serde_json::to_string(&key).unwrap();
            assert_eq!(quoted, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<KeyRef>(&quoted).unwrap(), key);
        }
        let refusal = serde_json::from_str::<KeyRef>("\" \"").unwrap_err().to_string();
        assert!(refusal.starts_with("` ` is not the ARN, id or alias of a key"), "{refusal}");
    }
}
