//! The ARNs of trails and keys.

use std::borrow::Cow;

use config_rule::{
    AccountId, Arn, NOT_KNOWN_ACCOUNT, NOT_KNOWN_REGION, Region, display_as_str, impl_from_text,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// An ARN of a trail or key: `arn:<partition>:<service>:<Region>:<account>:<kind>/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Parts {
    text: Box<str>,
    region: Region,
    account: AccountId,
}

impl Parts {
    fn read(text: &str, service: &str, kind: &str, is_name: fn(&str) -> bool) -> Option<Self> {
        let parts = Arn::split(text).filter(|parts| parts.service == service)?;
        parts.resource.strip_prefix(kind).filter(|name| is_name(name))?;
        Some(Self {
            text: text.into(),
            region: Region::parse(parts.region).ok()?,
            account: AccountId::parse(parts.account).ok()?,
        })
    }

    fn planned(
        partition: &str,
        service: &str,
        region: &Region,
        account: &AccountId,
        kind: &str,
        name: &str,
    ) -> Self {
        Self {
            text: format!("arn:{partition}:{service}:{region}:{account}:{kind}{name}").into(),
            region: region.clone(),
            account: account.clone(),
        }
    }

    fn partition(&self) -> &str {
        self.text.split(':').nth(1).unwrap_or_default()
    }

    /// The rest after the kind; no part before it contains `/`.
    fn name(&self) -> &str {
        self.text.split_once('/').map_or("", |(_, name)| name)
    }

    /// Reads an ARN with stand-ins, as [`Parts::planned`] writes it; `None` for any other text.
    fn read_planned(text: &str, service: &str, kind: &str) -> Option<Self> {
        let parts = Arn::split(text).filter(|parts| parts.service == service)?;
        let name = parts.resource.strip_prefix(kind).filter(|_| text.contains('<'))?;
        let region = match parts.region {
            NOT_KNOWN_REGION => Region::not_known(),
            region => Region::parse(region).ok()?,
        };
        let account = match parts.account {
            NOT_KNOWN_ACCOUNT => AccountId::not_known(),
            account => AccountId::parse(account).ok()?,
        };
        Some(Self::planned(parts.partition, service, &region, &account, kind, name))
    }
}

/// Implements `Deserialize` for what a program wrote itself: a valid text, or one with stand-ins.
macro_rules! deserialize_or_planned {
    ($name:ty, $service:literal, $kind:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
                let text = String::deserialize(text)?;
                match Parts::read_planned(&text, $service, $kind) {
                    Some(parts) => Ok(Self(parts)),
                    None => Self::parse(&text).map_err(D::Error::custom),
                }
            }
        }
    };
}

deserialize_or_planned!(TrailArn, "cloudtrail", "trail/");
deserialize_or_planned!(KeyArn, "kms", "key/");

/// A trail's ARN: `arn:aws:cloudtrail:<home Region>:<owner>:trail/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct TrailArn(Parts);

/// A key's ARN: `arn:aws:kms:<Region>:<account>:key/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
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
        let is_name =
            |name: &str| (1..=NAME_CHARS_MAX).contains(&name.len()) && !name.starts_with('<');
        Parts::read(text, "cloudtrail", "trail/", is_name).map(Self)
    }

    /// The ARN as AWS wrote it.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        self.0.partition()
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
        self.0.name()
    }
}

/// Stands for what does not exist yet, by the name that its document gives it. It is none of the
/// texts that stand for an account, a Region or a trail's name.
pub fn stand_in(name: &str) -> String {
    let name = name.replace(['<', '>'], "");
    let text = format!("<{name}>");
    if [NOT_KNOWN_ACCOUNT, NOT_KNOWN_REGION, NOT_KNOWN_NAME].contains(&text.as_str()) {
        return format!("<resource-{name}>");
    }
    text
}

/// Stands for the name of a trail that is not known before deployment.
const NOT_KNOWN_NAME: &str = "<name>";

impl TrailArn {
    /// The ARN of a trail that does not exist yet, with a stand-in for each part that is not known.
    /// No text is read as this. `None` if the name is not one of a trail.
    pub fn planned(
        partition: &str,
        region: &Region,
        account: &AccountId,
        name: &str,
    ) -> Option<Self> {
        let is_name = (3..=NAME_CHARS_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        is_name
            .then(|| Self(Parts::planned(partition, "cloudtrail", region, account, "trail/", name)))
    }

    /// The same of a trail whose name is not known.
    pub fn unnamed(partition: &str, region: &Region, account: &AccountId) -> Self {
        Self(Parts::planned(partition, "cloudtrail", region, account, "trail/", NOT_KNOWN_NAME))
    }
}

impl TrailArn {
    /// The ARN for patterns: only a `*` matches a stand-in, because no pattern contains the character
    /// that replaces it.
    pub(crate) fn for_patterns(&self) -> Cow<'_, str> {
        let text = self.as_str();
        if !text.contains('<') {
            return Cow::Borrowed(text);
        }
        let stand_ins = [NOT_KNOWN_ACCOUNT, NOT_KNOWN_REGION, NOT_KNOWN_NAME];
        let opaque = |text: String, stand_in: &str| text.replace(stand_in, "\u{1}");
        Cow::Owned(stand_ins.into_iter().fold(text.to_owned(), opaque))
    }
}

impl KeyArn {
    /// The ARN of a key that does not exist yet, with stand-ins for the key ID and for each other
    /// part that is not known. `name` is what the document calls the key. No text is read as this.
    pub fn planned(partition: &str, region: &Region, account: &AccountId, name: &str) -> Self {
        Self(Parts::planned(partition, "kms", region, account, "key/", &stand_in(name)))
    }

    /// Whether the key does not exist yet.
    pub(crate) fn is_planned(&self) -> bool {
        self.0.name().starts_with('<')
    }
}

impl KeyArn {
    /// Two stand-ins for a key that KMS will create: with the first and the last possible ID. A
    /// pattern that matches only one of them depends on the ID.
    pub fn stand_ins(partition: &str, region: &Region, account: &AccountId) -> [Self; 2] {
        ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
            .map(|id| Self(Parts::planned(partition, "kms", region, account, "key/", id)))
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        Parts::read(text, "kms", "key/", is_key_id).map(Self)
    }

    /// The ARN as AWS wrote it.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        self.0.partition()
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
        self.0.name()
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

    use config_rule::ResourceId;

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
        let longest = TrailArn::parse(&named(NAME_CHARS_MAX)).unwrap();
        assert!(TrailArn::parse(&named(NAME_CHARS_MAX + 1)).is_err());
        // Otherwise a scheduled run would leave the trail out.
        for id in [longest.as_str(), longest.name()] {
            assert!(ResourceId::new(id).is_some(), "{id}");
        }
        assert_eq!(NAME_CHARS_MAX, 128);
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
    fn only_our_own_reports_contain_arns_of_what_does_not_exist_yet() {
        let (region, account) = (Region::not_known(), AccountId::not_known());
        let key = KeyArn::planned("aws", &region, &account, "a<b>.Key");
        assert_eq!(key.as_str(), "arn:aws:kms:<region>:<account>:key/<ab.Key>");
        let trail = TrailArn::unnamed("aws", &region, &account);
        assert_eq!(trail.as_str(), "arn:aws:cloudtrail:<region>:<account>:trail/<name>");
        assert!(KeyArn::parse(key.as_str()).is_err() && TrailArn::parse(trail.as_str()).is_err());
        assert_eq!(serde_json::from_value::<KeyArn>(json!(key)).unwrap(), key);
        assert_eq!(serde_json::from_value::<TrailArn>(json!(trail)).unwrap(), trail);
        let known = AccountId::parse("111122223333").unwrap();
        for name in ["account", "region", "name", "<name"] {
            let key = KeyArn::planned("aws", &region, &account, name);
            assert_eq!(key.id(), format!("<resource-{}>", name.replace('<', "")));
            assert_eq!(serde_json::from_value::<KeyArn>(json!(key)).unwrap(), key);
        }
        for bad in ["", "ab", "a/b", "<x>", "a b", "a:b"] {
            assert_eq!(TrailArn::planned("aws", &region, &known, bad), None, "{bad}");
        }
        for good in ["abc", "a.b_c-1"] {
            let arn = TrailArn::planned("aws", &region, &known, good).unwrap();
            assert_eq!(arn.name(), good);
        }
        let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/<name>";
        assert!(TrailArn::parse(arn).is_err());
    }

    #[test]
    fn a_key_is_planned_until_it_has_an_id() {
        let (region, account) = (Region::not_known(), AccountId::not_known());
        assert!(KeyArn::planned("aws", &region, &account, "key").is_planned());
        assert!(!KeyArn::parse("arn:aws:kms:us-east-1:111122223333:key/k-1").unwrap().is_planned());
    }

    #[test]
    fn only_a_wildcard_matches_what_is_not_known() {
        let known = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t";
        assert_eq!(TrailArn::parse(known).unwrap().for_patterns(), known);
        let unnamed = TrailArn::unnamed("aws", &Region::not_known(), &AccountId::not_known());
        assert_eq!(unnamed.for_patterns(), "arn:aws:cloudtrail:\u{1}:\u{1}:trail/\u{1}");
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

    #[test]
    fn stand_ins_are_two_valid_arns() {
        let region = Region::parse("us-gov-west-1").unwrap();
        let account = AccountId::parse("111122223333").unwrap();
        let [first, last] = KeyArn::stand_ins("aws-us-gov", &region, &account);
        assert_ne!(first, last);
        for arn in [first, last] {
            assert_eq!(KeyArn::parse(arn.as_str()), Ok(arn));
        }
    }
}
