//! The ARNs of trails and keys.

use config_rule::{AccountId, Arn, Region, display_as_str, impl_from_text};
use serde::{Deserialize, Serialize};

/// The parts that the ARNs of trails and keys have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Parts {
    text: String,
    partition: String,
    region: Region,
    account: AccountId,
    name: String,
}

impl Parts {
    fn read(text: &str, service: &str, kind: &str, is_name: fn(&str) -> bool) -> Option<Self> {
        let parts = Arn::split(text).filter(|parts| parts.service == service)?;
        let name = parts.resource.strip_prefix(kind).filter(|name| is_name(name))?;
        Some(Self {
            text: text.to_owned(),
            partition: parts.partition.to_owned(),
            region: Region::parse(parts.region).ok()?,
            account: AccountId::parse(parts.account).ok()?,
            name: name.to_owned(),
        })
    }
}

/// A trail's ARN: `arn:aws:cloudtrail:<home Region>:<owner>:trail/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrailArn(Parts);

/// A key's ARN: `arn:aws:kms:<Region>:<account>:key/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyArn(Parts);

/// Characters of a trail's name, at most (CloudTrail API Reference, `CreateTrail`); so that every
/// trail's name and ARN is a valid resource ID of AWS Config.
const NAME_CHARS_MAX: usize = 128;

impl_from_text!(
    TrailArn,
    "a trail's ARN such as `arn:aws:cloudtrail:eu-central-1:111122223333:trail/name`"
);
impl_from_text!(
    KeyArn,
    "a KMS key's ARN such as \
     `arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`"
);
display_as_str!(TrailArn, KeyArn);

impl TrailArn {
    fn read(text: &str) -> Option<Self> {
        let is_name = |name: &str| (1..=NAME_CHARS_MAX).contains(&name.len());
        Parts::read(text, "cloudtrail", "trail/", is_name).map(Self)
    }

    /// The ARN as AWS wrote it.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        &self.0.partition
    }

    /// The Region in which the trail was created and can be changed.
    pub fn home_region(&self) -> &Region {
        &self.0.region
    }

    /// The account that owns the trail; for an organization trail, the management account.
    pub fn owner(&self) -> &AccountId {
        &self.0.account
    }

    /// The trail's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

impl KeyArn {
    pub(crate) fn read(text: &str) -> Option<Self> {
        Parts::read(text, "kms", "key/", is_key_id).map(Self)
    }

    /// The ARN as AWS wrote it.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        &self.0.partition
    }

    /// The Region in which this key, or this replica of it, lives.
    pub fn region(&self) -> &Region {
        &self.0.region
    }

    /// The account that owns the key.
    pub fn account(&self) -> &AccountId {
        &self.0.account
    }

    /// The key ID: the ARN's last part.
    pub fn id(&self) -> &str {
        &self.0.name
    }
}

pub(crate) fn is_key_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 256
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::str::FromStr;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_trail_arn_has_its_parts() {
        let arn = TrailArn::parse("arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/t")
            .unwrap();
        assert_eq!(
            (arn.partition(), arn.home_region().as_str(), arn.owner().as_str(), arn.name()),
            ("aws-us-gov", "us-gov-west-1", "111122223333", "t")
        );
        for bad in [
            "",
            "t",
            "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/x",
            "arn:aws:cloudtrail:us-east-1:111122223333:trail/",
            "arn:aws:kms:us-east-1:111122223333:key/x",
            "urn:aws:cloudtrail:us-east-1:111122223333:trail/x",
            "arn:gcp:cloudtrail:us-east-1:111122223333:trail/x",
            "arn:aws!:cloudtrail:us-east-1:111122223333:trail/x",
        ] {
            assert!(TrailArn::parse(bad).is_err(), "{bad}");
        }
        let named = |length| {
            format!("arn:aws:cloudtrail:us-east-1:111122223333:trail/{}", "x".repeat(length))
        };
        assert!(TrailArn::parse(&named(128)).is_ok());
        assert!(TrailArn::parse(&named(129)).is_err());
    }
    #[test]
    fn a_key_arn_has_its_parts() {
        let text = "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1234_a";
        let arn = KeyArn::parse(text).unwrap();
        assert_eq!(
            (arn.partition(), arn.region().as_str(), arn.account().as_str(), arn.id()),
            ("aws-cn", "cn-north-1", "111122223333", "mrk-1234_a")
        );
        let key = |id: &str| KeyArn::parse(&format!("arn:aws:kms:us-east-1:111122223333:key/{id}"));
        assert!(key(&"x".repeat(256)).is_ok());
        for bad in ["", "a b", "a/b", &"x".repeat(257)] {
            assert!(key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_arn_is_displayed_and_serialized_as_its_text() {
        fn check<T>(text: &str, other: &str)
        where
            T: Serialize + for<'a> Deserialize<'a> + ToString + FromStr<Err: Debug>,
        {
            assert_eq!(text.parse::<T>().unwrap().to_string(), text);
            let quoted = json!(text);
            let read: T = serde_json::from_value(quoted.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), quoted);
            assert!(serde_json::from_value::<T>(json!(other)).is_err());
        }
        let trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t";
        let key = "arn:aws:kms:us-east-1:111122223333:key/x";
        check::<TrailArn>(trail, key);
        check::<KeyArn>(key, trail);
    }
}
