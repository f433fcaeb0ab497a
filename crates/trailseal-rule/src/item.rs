//! A configuration item, in both of AWS's spellings.
//!
//! Rule events and the API write the same item differently (AWS Config Developer Guide,
//! "Evaluating resources with custom rules", format differences): `awsAccountId` and `accountId`,
//! `ARN` and `arn`, an object and text for `configuration`, ISO 8601 and epoch seconds for times.

use serde_json::Value;

use crate::error::{Fault, Faults};
use crate::evaluation::ResourceId;
use crate::ids::{AccountId, Region};
use crate::members::Members;
use crate::timestamp::Timestamp;
use crate::trail::read_configuration;

/// `AWS::CloudTrail::Trail`.
pub const TRAIL_TYPE: &str = "AWS::CloudTrail::Trail";
/// `AWS::KMS::Key`.
pub const KEY_TYPE: &str = "AWS::KMS::Key";
/// `AWS::::Account`, on which "no trail at all" is reported.
pub const ACCOUNT_TYPE: &str = "AWS::::Account";

/// The resource types whose changes this rule answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemType {
    /// `AWS::CloudTrail::Trail`.
    Trail,
    /// `AWS::KMS::Key`.
    Key,
}

/// What Config says has become of the resource (`configurationItemStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemStatus {
    /// `OK` or `ResourceDiscovered`: it is there, and the item says how it is.
    Present,
    /// `ResourceDeleted`.
    Deleted,
    /// `ResourceDeletedNotRecorded`.
    DeletedNotRecorded,
    /// `ResourceNotRecorded`: its type is left out of the recorder.
    NotRecorded,
}

impl ItemStatus {
    const EXPECTED: &'static str = "one of `OK`, `ResourceDiscovered`, `ResourceNotRecorded`, \
        `ResourceDeleted`, `ResourceDeletedNotRecorded`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "OK" | "ResourceDiscovered" => Some(Self::Present),
            "ResourceDeleted" => Some(Self::Deleted),
            "ResourceDeletedNotRecorded" => Some(Self::DeletedNotRecorded),
            "ResourceNotRecorded" => Some(Self::NotRecorded),
            _ => None,
        }
    }
}

/// A configuration item of a trail or a key, or the summary of one that was too large to send.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigurationItem {
    /// The type of the resource.
    pub resource_type: ItemType,
    /// `resourceId`, byte for byte: results must be reported under it.
    pub resource_id: ResourceId,
    /// The account whose recorder made the item.
    pub account: AccountId,
    /// The Region whose recorder made the item.
    pub region: Region,
    /// The resource's ARN, where the item names it.
    pub arn: Option<String>,
    /// Whether the resource is there.
    pub status: ItemStatus,
    /// `configurationItemCaptureTime`: the evaluation's ordering timestamp.
    pub captured: Timestamp,
    /// The resource's own members; nothing for deleted ones and in summaries.
    pub configuration: Option<Value>,
}

impl ConfigurationItem {
    /// Reads an item in either spelling.
    ///
    /// # Errors
    ///
    /// A type other than trail and key, a missing id, account, Region, status or time, or a
    /// value that AWS does not document; all of them at once.
    pub fn parse(value: &Value) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let item = Self::read(value, "configurationItem", &mut faults);
        faults.unless_any(item)
    }

    pub(crate) fn read(value: &Value, path: &str, faults: &mut Faults) -> Option<Self> {
        let members = Members::of(value, path, faults)?;
        let resource_type = read_type(&members, faults);
        let resource_id = members
            .needed_text(["resourceId", "resourceId"], ResourceId::EXPECTED, faults)
            .and_then(|text| read_resource_id(&members, text, faults));
        let account = read_account(&members, faults);
        let region = read_region(&members, faults);
        let status = read_status(&members, faults);
        let captured = read_captured(&members, faults);
        let arn = members.text(["ARN", "arn"], faults).map(str::to_owned);
        // What is there but cannot be read is told as that, and not as missing.
        let configuration = match members.get("configuration") {
            None => Some(None),
            Some(value) => read_configuration(value, &members.path("configuration"), faults),
        };
        Some(Self {
            resource_type: resource_type?,
            resource_id: resource_id?,
            account: account?,
            region: region?,
            arn,
            status: status?,
            captured: captured?,
            configuration: configuration?,
        })
    }
}

fn read_type(members: &Members<'_>, faults: &mut Faults) -> Option<ItemType> {
    const EXPECTED: &str = "`AWS::CloudTrail::Trail` or `AWS::KMS::Key`";
    match members.needed_text(["resourceType", "resourceType"], EXPECTED, faults)? {
        TRAIL_TYPE => Some(ItemType::Trail),
        KEY_TYPE => Some(ItemType::Key),
        other => {
            faults.push(Fault::wrong(members.path("resourceType"), other, EXPECTED));
            None
        }
    }
}

fn read_resource_id(members: &Members<'_>, text: &str, faults: &mut Faults) -> Option<ResourceId> {
    let id = ResourceId::new(text);
    if id.is_none() {
        faults.push(Fault::wrong(members.path("resourceId"), text, ResourceId::EXPECTED));
    }
    id
}

fn read_account(members: &Members<'_>, faults: &mut Faults) -> Option<AccountId> {
    let expected = "an account id of twelve digits";
    let text = members.needed_text(["awsAccountId", "accountId"], expected, faults)?;
    AccountId::parse(text)
        .map_err(|error| {
            faults.push(Fault::wrong(members.path("awsAccountId"), text, error.expected()))
        })
        .ok()
}

fn read_region(members: &Members<'_>, faults: &mut Faults) -> Option<Region> {
    let text = members.needed_text(["awsRegion", "awsRegion"], "an AWS Region", faults)?;
    Region::parse(text)
        .map_err(|error| {
            faults.push(Fault::wrong(members.path("awsRegion"), text, error.expected()))
        })
        .ok()
}

fn read_status(members: &Members<'_>, faults: &mut Faults) -> Option<ItemStatus> {
    const NAMES: [&str; 2] = ["configurationItemStatus", "configurationItemStatus"];
    let text = members.needed_text(NAMES, ItemStatus::EXPECTED, faults)?;
    let status = ItemStatus::parse(text);
    if status.is_none() {
        let path = members.path("configurationItemStatus");
        faults.push(Fault::wrong(path, text, ItemStatus::EXPECTED));
    }
    status
}

fn read_captured(members: &Members<'_>, faults: &mut Faults) -> Option<Timestamp> {
    const NAME: &str = "configurationItemCaptureTime";
    const EXPECTED: &str = "a time such as `2016-02-17T01:36:34.043Z`";
    if let Some(Value::Number(seconds)) = members.get(NAME) {
        let captured = seconds.as_f64().and_then(Timestamp::from_epoch_seconds);
        if captured.is_none() {
            faults.push(Fault::wrong(members.path(NAME), &seconds.to_string(), EXPECTED));
        }
        return captured;
    }
    let text = members.needed_text([NAME, NAME], EXPECTED, faults)?;
    Timestamp::parse(text)
        .map_err(|_| faults.push(Fault::wrong(members.path(NAME), text, EXPECTED)))
        .ok()
}
