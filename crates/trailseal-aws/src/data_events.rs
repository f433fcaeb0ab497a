//! Whether a trail logs an event for each read of an object in a bucket.
//!
//! A HEAD request is a data event of S3 (S3 User Guide, "Amazon S3 CloudTrail events"). A trail that
//! logs data events of its own bucket writes one into new log files for each request.

use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, ReadWriteType,
};
use futures_util::FutureExt as _;
use trailseal_rule::{BucketName, Partition, TrailArn};

use crate::failure::{AwsError, failed};
use crate::session::Session;

const OBJECTS: &str = "AWS::S3::Object";

/// Whether the trail logs reads of objects in `bucket`, or may do so (CloudTrail
/// `GetEventSelectors`). The session's Region is the trail's home Region.
///
/// # Errors
///
/// [`AwsError::Denied`] or [`AwsError::ServiceFailure`].
pub async fn logs_reads_of(
    session: &Session,
    trail: &TrailArn,
    bucket: &BucketName,
) -> Result<bool, AwsError> {
    let region = session.region();
    let call = session.cloudtrail(region).get_event_selectors().trail_name(trail.as_str());
    let answer = call.send().boxed().await;
    let answer = answer.map_err(|error| failed("cloudtrail:GetEventSelectors", region, &error))?;
    let objects = format!("arn:{}:s3:::{bucket}/", Partition::of(region).name);
    Ok(answer.event_selectors().iter().any(|basic| basic_logs(basic, &objects))
        || answer.advanced_event_selectors().iter().any(|more| advanced_logs(more, &objects)))
}

fn basic_logs(selector: &EventSelector, objects: &str) -> bool {
    let logs_reads = selector.read_write_type() != Some(&ReadWriteType::WriteOnly);
    let meets = |resource: &DataResource| {
        resource.r#type() == Some(OBJECTS)
            && resource.values().iter().any(|value| meet(value, objects))
    };
    logs_reads && selector.data_resources().iter().any(meets)
}

/// All fields of a selector must match. A field that is not understood does not exclude an event.
fn advanced_logs(selector: &AdvancedEventSelector, objects: &str) -> bool {
    let fields = selector.field_selectors();
    let is_of_objects = fields
        .iter()
        .any(|field| field.field() == "resources.type" && has(field.equals(), OBJECTS));
    is_of_objects && !fields.iter().any(|field| excludes(field, objects))
}

/// Whether the field excludes every read of the objects.
fn excludes(field: &AdvancedFieldSelector, objects: &str) -> bool {
    let begins = field.starts_with();
    match field.field() {
        "eventCategory" => !field.equals().is_empty() && !has(field.equals(), "Data"),
        "readOnly" => !field.equals().is_empty() && !has(field.equals(), "true"),
        "eventName" => {
            !field.equals().is_empty() && !has(field.equals(), "HeadObject")
                || has(field.not_equals(), "HeadObject")
        }
        "resources.ARN" => {
            let wanted = field.equals().iter().chain(begins);
            let is_limited = !field.equals().is_empty() || !begins.is_empty();
            is_limited && !wanted.into_iter().any(|value| meet(value, objects))
                || field.not_starts_with().iter().any(|value| objects.starts_with(value.as_str()))
        }
        _ => false,
    }
}

fn has(values: &[String], wanted: &str) -> bool {
    values.iter().any(|value| value == wanted)
}

/// Whether the ARN or the beginning of one is of objects in the bucket.
fn meet(value: &str, objects: &str) -> bool {
    objects.starts_with(value) || value.starts_with(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "arn:aws:s3:::logs/";

    fn basic(kind: ReadWriteType, of: &str, value: &str) -> bool {
        let resource = DataResource::builder().r#type(of).values(value).build();
        let selector =
            EventSelector::builder().read_write_type(kind).data_resources(resource).build();
        basic_logs(&selector, BUCKET)
    }

    #[test]
    fn a_basic_selector_logs_reads_of_all_buckets_or_of_this_one() {
        for value in ["arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::logs/", "arn:aws:s3:::logs/AWS"]
        {
            assert!(basic(ReadWriteType::All, OBJECTS, value), "{value}");
            assert!(basic(ReadWriteType::ReadOnly, OBJECTS, value), "{value}");
            assert!(!basic(ReadWriteType::WriteOnly, OBJECTS, value), "{value}");
            assert!(!basic(ReadWriteType::All, "AWS::Lambda::Function", value), "{value}");
        }
        for value in ["arn:aws:s3:::other/", "arn:aws:s3:::logs-of-others/"] {
            assert!(!basic(ReadWriteType::All, OBJECTS, value), "{value}");
        }
        assert!(!basic_logs(&EventSelector::builder().build(), BUCKET));
    }

    type Set = fn(
        aws_sdk_cloudtrail::types::builders::AdvancedFieldSelectorBuilder,
        &str,
    ) -> aws_sdk_cloudtrail::types::builders::AdvancedFieldSelectorBuilder;

    fn advanced(fields: &[(&str, Set, &str)]) -> bool {
        let field = |(name, set, value): &(&str, Set, &str)| {
            set(AdvancedFieldSelector::builder().field(*name), value).build().unwrap()
        };
        let selector = AdvancedEventSelector::builder()
            .set_field_selectors(Some(fields.iter().map(field).collect()))
            .build()
            .unwrap();
        advanced_logs(&selector, BUCKET)
    }

    #[test]
    fn an_advanced_selector_logs_reads_unless_a_field_excludes_them() {
        let equals: Set = |builder, value| builder.equals(value);
        let starts: Set = |builder, value| builder.starts_with(value);
        let starts_not: Set = |builder, value| builder.not_starts_with(value);
        let equals_not: Set = |builder, value| builder.not_equals(value);
        let objects = ("resources.type", equals, OBJECTS);
        let check = |field: (&str, Set, &str), expected: bool| {
            let name = format!("{} {}", field.0, field.2);
            let data = ("eventCategory", equals, "Data");
            assert_eq!(advanced(&[data, objects, field]), expected, "{name}");
        };
        check(("resources.ARN", starts, BUCKET), true);
        check(("resources.ARN", starts, "arn:aws:s3:::logs/AWSLogs/"), true);
        check(("resources.ARN", starts, "arn:aws:s3:::other/"), false);
        check(("resources.ARN", starts_not, BUCKET), false);
        check(("resources.ARN", starts_not, "arn:aws:s3:::logs/AWSLogs/"), true);
        check(("readOnly", equals, "true"), true);
        check(("readOnly", equals, "false"), false);
        check(("eventName", equals, "GetObject"), false);
        check(("eventName", equals_not, "HeadObject"), false);
        check(("eventName", equals, "HeadObject"), true);
        check(("userIdentity.arn", starts, "arn:aws:iam::111122223333:"), true);
        assert!(!advanced(&[("eventCategory", equals, "Management")]));
    }
}
