//! A configuration item, in both of AWS's spellings.
//!
//! Rule events and the API write the same item differently (AWS Config Developer Guide,
//! "Evaluating resources with custom rules", format differences): `awsAccountId` and `accountId`,
//! `ARN` and `arn`, an object and text for `configuration`, ISO 8601 and epoch seconds for times.

use serde_json::Value;

use crate::error::{Fault, Faults};
use crate::ids::{AccountId, FromText, Region, ResourceId};
use crate::members::{Members, kind, parse_json};
use crate::timestamp::Timestamp;

/// What happened to the resource (`configurationItemStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemStatus {
    /// `OK` or `ResourceDiscovered`: it exists, and the item describes it.
    Present,
    /// `ResourceDeleted`.
    Deleted,
    /// `ResourceDeletedNotRecorded`.
    DeletedNotRecorded,
    /// `ResourceNotRecorded`: the recorder leaves out its type.
    NotRecorded,
}

impl ItemStatus {
    const EXPECTED: &'static str = "one of `OK`, `ResourceDiscovered`, `ResourceNotRecorded`, \
        `ResourceDeleted`, `ResourceDeletedNotRecorded`";

    fn read(members: &Members<'_>, faults: &mut Faults) -> Option<Self> {
        const NAME: &str = "configurationItemStatus";
        match members.required_text(&[NAME], Self::EXPECTED, faults)? {
            "OK" | "ResourceDiscovered" => Some(Self::Present),
            "ResourceDeleted" => Some(Self::Deleted),
            "ResourceDeletedNotRecorded" => Some(Self::DeletedNotRecorded),
            "ResourceNotRecorded" => Some(Self::NotRecorded),
            other => {
                faults.push(Fault::wrong(members.path(NAME), other, Self::EXPECTED));
                None
            }
        }
    }
}

/// A configuration item, or the summary of one that was too large for an event.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigurationItem {
    /// The resource type, such as `AWS::S3::Bucket`.
    pub resource_type: String,
    /// `resourceId`, byte for byte: evaluations must name the resource by it.
    pub resource_id: ResourceId,
    /// The account in which the item was recorded.
    pub account: AccountId,
    /// The Region in which the item was recorded.
    pub region: Region,
    /// The resource's ARN, if the item contains it.
    pub arn: Option<String>,
    /// What happened to the resource.
    pub status: ItemStatus,
    /// `configurationItemCaptureTime`: the ordering timestamp of evaluations of this item.
    pub captured: Timestamp,
    /// The resource's own members; `None` for deleted resources and in summaries.
    pub configuration: Option<Value>,
}

impl ConfigurationItem {
    /// Reads an item in either spelling.
    ///
    /// # Errors
    ///
    /// The type, ID, account, Region, status or capture time is missing, or a value is not one that
    /// AWS documents; all faults at once.
    pub fn parse(value: &Value) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let item = Self::read(value, "configurationItem", &mut faults);
        faults.unless_any(item)
    }

    /// As [`ConfigurationItem::parse`], for an item at this path of a larger document.
    pub fn read(value: &Value, path: &str, faults: &mut Faults) -> Option<Self> {
        let members = Members::of(value, path, faults)?;
        let resource_type = members.required_text(&["resourceType"], "a resource type", faults);
        let resource_id = members.required(&["resourceId"], faults);
        let account = members.required(&["awsAccountId", "accountId"], faults);
        let region = members.required(&["awsRegion"], faults);
        let status = ItemStatus::read(&members, faults);
        let captured = read_captured(&members, faults);
        let arn = members.text(&["ARN", "arn"], faults).map(str::to_owned);
        let configuration = read_configuration(&members, faults);
        Some(Self {
            resource_type: resource_type?.to_owned(),
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

fn read_captured(members: &Members<'_>, faults: &mut Faults) -> Option<Timestamp> {
    const NAME: &str = "configurationItemCaptureTime";
    let Some(Value::Number(seconds)) = members.get(&[NAME]) else {
        return members.required(&[NAME], faults);
    };
    let captured = seconds.as_f64().and_then(Timestamp::from_epoch_seconds);
    if captured.is_none() {
        let path = members.path(NAME);
        faults.push(Fault::wrong(path, &seconds.to_string(), Timestamp::EXPECTED));
    }
    captured
}

/// An item's configuration: an object in rule events, text that holds JSON in Config's API, where
/// the text `null` stands for no configuration. `None` if it cannot be read.
fn read_configuration(members: &Members<'_>, faults: &mut Faults) -> Option<Option<Value>> {
    const NAME: &str = "configuration";
    match members.get(&[NAME]) {
        None => Some(None),
        Some(object @ Value::Object(_)) => Some(Some(object.clone())),
        Some(Value::String(text)) => {
            let inner = parse_json(text.as_bytes(), &members.path(NAME), faults)?;
            Some(Some(inner).filter(|inner| !inner.is_null()))
        }
        Some(other) => {
            let message = format!("is {}; expected an object, or text that holds one", kind(other));
            faults.push(Fault::other(members.path(NAME), message));
            None
        }
    }
}
