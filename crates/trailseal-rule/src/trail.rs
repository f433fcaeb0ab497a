//! A trail and its owner.

use config_rule::{
    AccountId, ConfigurationItem, Fault, Faults, Members, Region, Timestamp, display_as_str,
    impl_from_text,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arn::TrailArn;
use crate::key_ref::KeyRef;

/// `AWS::CloudTrail::Trail`.
pub const TRAIL_TYPE: &str = "AWS::CloudTrail::Trail";

/// The name of an S3 bucket: 3 to 63 lower-case letters, digits, dots and hyphens; names of older
/// buckets may contain capitals and underscores, and up to 255 characters (S3 User Guide, "General
/// purpose bucket naming rules").
///
/// It becomes part of a URL, so no other character is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BucketName(String);

impl_from_text!(BucketName, "the name of an S3 bucket");
display_as_str!(BucketName);

impl BucketName {
    fn read(text: &str) -> Option<Self> {
        let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_name = (3..=255).contains(&text.len())
            && text.bytes().all(is_name_byte)
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !text.contains("..");
        is_name.then(|| Self(text.to_owned()))
    }

    /// The name of a bucket that does not exist yet: a stand-in with what its document calls it. No
    /// text is read as this.
    pub fn planned(name: &str) -> Self {
        Self(format!("<{}>", name.replace(['<', '>'], "")))
    }

    /// The bucket's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A trail as one account and Region shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// Its ARN, which contains the owner and the home Region.
    pub arn: TrailArn,
    /// The account that shows it.
    pub account: AccountId,
    /// The Region that shows it.
    pub region: Region,
    /// The Region in which it was created (`homeRegion`, or else the Region in the ARN).
    pub home_region: Region,
    /// The bucket to which it delivers; `None` if the name is missing or not valid.
    pub bucket: Option<BucketName>,
    /// `kmsKeyId`; `None` if it is absent, null, empty or blank: the trail does not use SSE-KMS.
    pub key: Option<KeyRef>,
    /// Whether it is a multi-Region trail: each Region delivers its own logs.
    pub is_multi_region_trail: bool,
    /// Whether it is an organization trail.
    pub is_organization_trail: bool,
    /// An upper bound of the time of the last change: when AWS Config captured the item. `None` from
    /// `DescribeTrails`, which does not return it.
    pub changed: Option<Timestamp>,
}

/// How a trail relates to the account and Region that show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was created here.
    Own,
    /// The copy of a multi-Region trail outside its home Region ("shadow trail").
    Shadow,
    /// The copy of an organization trail in a member account.
    MemberCopy,
}

impl Trail {
    /// Reads the `configuration` of an `AWS::CloudTrail::Trail` item.
    ///
    /// # Errors
    ///
    /// No configuration, no usable trail ARN, or members of another type than AWS documents;
    /// all of them at once.
    pub fn from_item(item: &ConfigurationItem) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let trail = Self::read(item, "configurationItem", &mut faults);
        faults.unless_any(trail)
    }

    pub(crate) fn read(item: &ConfigurationItem, path: &str, faults: &mut Faults) -> Option<Self> {
        let path = format!("{path}.configuration");
        let Some(configuration) = &item.configuration else {
            faults.push(Fault::missing(path, "the trail's configuration"));
            return None;
        };
        let members = Members::of(configuration, &path, faults)?;
        let arn = read_arn(&members, item, faults);
        let key = members.text(&["kmsKeyId", "KmsKeyId"], faults).and_then(KeyRef::parse);
        let bucket = members.text(&["s3BucketName", "S3BucketName"], faults);
        // A value of another type is not a fault: the function reads the home Region only, and
        // `audit`, which reads all Regions, has the trail from CloudTrail.
        let is_multi_region_trail =
            members.get(&["isMultiRegionTrail", "IsMultiRegionTrail"]) == Some(&Value::Bool(true));
        let is_organization_trail =
            members.flag(&["isOrganizationTrail", "IsOrganizationTrail"], faults);
        let home_region = members.value(&["homeRegion", "HomeRegion"], faults);
        let arn = arn?;
        Some(Self {
            home_region: home_region.unwrap_or_else(|| arn.home_region().clone()),
            arn,
            account: item.account.clone(),
            region: item.region.clone(),
            bucket: bucket.and_then(|name| BucketName::parse(name).ok()),
            key,
            is_multi_region_trail,
            is_organization_trail,
            changed: Some(item.captured),
        })
    }

    /// How the trail relates to the account and Region that show it.
    ///
    /// It is a member's copy only if it is an organization trail *and* its ARN contains another
    /// account; outside its home Region it is a shadow trail.
    pub fn standing(&self) -> Standing {
        if self.is_organization_trail && self.arn.owner() != &self.account {
            Standing::MemberCopy
        } else if self.home_region != self.region {
            Standing::Shadow
        } else {
            Standing::Own
        }
    }
}

/// The ARN in the configuration, or else the item's own.
fn read_arn(
    members: &Members<'_>,
    item: &ConfigurationItem,
    faults: &mut Faults,
) -> Option<TrailArn> {
    const NAMES: [&str; 2] = ["trailARN", "TrailARN"];
    if members.text(&NAMES, faults).is_some() {
        return members.value(&NAMES, faults);
    }
    let path = members.path("trailARN");
    let arn = match item.arn.as_deref() {
        Some(text) => {
            TrailArn::parse(text).map_err(|error| Fault::wrong(path, text, error.expected()))
        }
        None => Err(Fault::missing(path, "the trail's ARN")),
    };
    arn.map_err(|fault| faults.push(fault)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_name_is_safe_in_a_url() {
        for good in ["trail-logs", "Old_Style.Bucket", "abc"] {
            assert_eq!(BucketName::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "ab", "../x", "a/b/c", "a?b", "a..b", ".ab", "b\u{fc}cket"] {
            assert!(BucketName::parse(bad).is_err(), "{bad}");
        }
    }
}
