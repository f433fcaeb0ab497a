//! A trail, and whose it is.

use serde_json::Value;

use crate::arn::TrailArn;
use crate::error::{Fault, Faults};
use crate::ids::{AccountId, BucketName, Region};
use crate::item::ConfigurationItem;
use crate::key_ref::KeyRef;
use crate::members::{Members, kind, parse_json};
use crate::timestamp::Timestamp;

/// A trail as it was seen in one account and Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// Its ARN, which names the owner and the home Region.
    pub arn: TrailArn,
    /// The account in which it was seen.
    pub account: AccountId,
    /// The Region in which it was seen.
    pub region: Region,
    /// The Region in which it was made (`homeRegion`; the ARN's where that is left out).
    pub home_region: Region,
    /// The bucket that it delivers to; nothing where AWS names none or no possible one.
    pub bucket: Option<BucketName>,
    /// `kmsKeyId`; nothing where it is absent, null, empty or blank: then there is no SSE-KMS.
    pub key: Option<KeyRef>,
    /// Whether it says that it is a multi-Region trail: then each Region delivers its own logs.
    pub is_multi_region_trail: bool,
    /// Whether it says that it is the trail of an organization.
    pub is_organization_trail: bool,
    /// When the trail last changed, as far as that is known: when AWS Config captured its item,
    /// which is after the change. `DescribeTrails` does not say it, and `StartLoggingTime` is about
    /// another kind of change.
    pub changed: Option<Timestamp>,
}

/// Whose a trail is, seen from one account and Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Made here, and to be judged here.
    Own,
    /// A multi-Region trail's copy outside its home Region ("shadow trail").
    Shadow,
    /// An organization trail as a member account sees it; the management account owns it.
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

    /// The path is that of the item.
    pub(crate) fn read(item: &ConfigurationItem, path: &str, faults: &mut Faults) -> Option<Self> {
        let path = format!("{path}.configuration");
        let Some(configuration) = &item.configuration else {
            faults.push(Fault::missing(path, "the trail's configuration"));
            return None;
        };
        let members = Members::of(configuration, &path, faults)?;
        let arn = read_arn(&members, item, faults);
        let key = members.text(["kmsKeyId", "KmsKeyId"], faults).and_then(KeyRef::parse);
        let bucket = members.text(["s3BucketName", "S3BucketName"], faults);
        // No verdict on an item depends on it, so that another type is not a fault.
        let is_multi_region_trail =
            members.get_either(["isMultiRegionTrail", "IsMultiRegionTrail"]);
        let is_organization_trail =
            members.flag(["isOrganizationTrail", "IsOrganizationTrail"], faults);
        let home_region = read_home_region(&members, faults);
        let arn = arn?;
        Some(Self {
            home_region: home_region.unwrap_or_else(|| arn.home_region().clone()),
            arn,
            account: item.account.clone(),
            region: item.region.clone(),
            bucket: bucket.and_then(|name| BucketName::parse(name).ok()),
            key,
            is_multi_region_trail: is_multi_region_trail == Some(&Value::Bool(true)),
            is_organization_trail,
            changed: Some(item.captured),
        })
    }

    /// Whose the trail is, seen from where it was seen.
    ///
    /// A trail is a member's copy only if it says that it is an organization trail *and* its ARN
    /// names another account; a trail seen outside its home Region is a shadow trail.
    #[must_use]
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

fn read_arn(
    members: &Members<'_>,
    item: &ConfigurationItem,
    faults: &mut Faults,
) -> Option<TrailArn> {
    let own = members.text(["trailARN", "TrailARN"], faults);
    let Some(text) = own.or(item.arn.as_deref()) else {
        faults.push(Fault::missing(members.path("trailARN"), "the trail's ARN"));
        return None;
    };
    TrailArn::parse(text)
        .map_err(|error| {
            faults.push(Fault::wrong(members.path("trailARN"), text, error.expected()))
        })
        .ok()
}

fn read_home_region(members: &Members<'_>, faults: &mut Faults) -> Option<Region> {
    let text = members.text(["homeRegion", "HomeRegion"], faults)?;
    Region::parse(text)
        .map_err(|error| {
            faults.push(Fault::wrong(members.path("homeRegion"), text, error.expected()))
        })
        .ok()
}

/// An item's configuration: an object in rule events, text that holds JSON in Config's API. That
/// text may hold `null`, where there is none.
pub(crate) fn read_configuration(
    value: &Value,
    path: &str,
    faults: &mut Faults,
) -> Option<Option<Value>> {
    if value.is_object() {
        return Some(Some(value.clone()));
    }
    let Some(text) = value.as_str() else {
        let message = format!("is {}; expected an object, or text that holds one", kind(value));
        faults.push(Fault::other(path, message));
        return None;
    };
    let inner = parse_json(text.as_bytes(), path, faults)?;
    Some(Some(inner).filter(|inner| !inner.is_null()))
}
