//! Converts AWS's answers to the rule's types.

use aws_sdk_kms::types::KeyMetadata;
use aws_smithy_types::DateTime;
use trailseal_rule::{
    AccountId, BucketName, IdError, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeyRef, KeySpec,
    KeyState, KeyUsage, Region, Timestamp, Trail, TrailArn,
};

/// What is missing or wrong in an answer of AWS.
pub(crate) type Malformed = String;

/// A key as `DescribeKey` returns it.
pub(crate) fn key_facts(key: &KeyMetadata) -> Result<KeyFacts, Malformed> {
    let arn = key.arn().ok_or("DescribeKey left out Arn")?;
    let arn = KeyArn::parse(arn).map_err(|error| format!("DescribeKey says that {error}"))?;
    let usage = key.key_usage().ok_or("DescribeKey left out KeyUsage")?;
    let spec = key.key_spec().ok_or("DescribeKey left out KeySpec")?;
    let replica = key.multi_region_configuration().and_then(|of| of.multi_region_key_type());
    Ok(KeyFacts {
        arn,
        manager: KeyManager::from_kms(key.key_manager().map_or("", |word| word.as_str())),
        state: KeyState::from_kms(key.key_state().map_or("", |word| word.as_str())),
        usage: KeyUsage::from_kms(usage.as_str()),
        spec: KeySpec::from_kms(spec.as_str()),
        origin: KeyOrigin::from_kms(key.origin().map_or("", |word| word.as_str())),
        valid_to: key.valid_to().and_then(timestamp),
        deletion_date: key.deletion_date().and_then(timestamp),
        is_replica: replica.is_some_and(|kind| kind.as_str() == "REPLICA"),
    })
}

/// A trail as `DescribeTrails` returns it in one account and Region.
pub(crate) fn trail(
    described: &aws_sdk_cloudtrail::types::Trail,
    account: &AccountId,
    region: &Region,
) -> Result<Trail, Malformed> {
    let arn = described.trail_arn().ok_or("DescribeTrails left out TrailARN")?;
    let wrong = |error: IdError| format!("DescribeTrails says that {error}");
    let arn = TrailArn::parse(arn).map_err(wrong)?;
    let home_region = match described.home_region() {
        Some(name) => Region::parse(name).map_err(wrong)?,
        None => arn.home_region().clone(),
    };
    Ok(Trail {
        account: account.clone(),
        region: region.clone(),
        home_region,
        bucket: described.s3_bucket_name().and_then(|name| BucketName::parse(name).ok()),
        key: described.kms_key_id().and_then(KeyRef::parse),
        // CloudTrail always returns it. Without it, all Regions are read.
        is_multi_region_trail: described.is_multi_region_trail().unwrap_or(true),
        is_organization_trail: described.is_organization_trail().unwrap_or_default(),
        changed: None,
        arn,
    })
}

/// The time to the nearest millisecond, the precision of AWS Config.
///
/// A time is sent as seconds with a decimal fraction and read as a binary fraction:
/// `1468446600.373` becomes a little less than 373 ms, so truncating would give 372.
pub(crate) fn timestamp(instant: &DateTime) -> Option<Timestamp> {
    let nanos = instant.as_nanos().checked_add(500_000)?.div_euclid(1_000_000);
    i64::try_from(nanos).ok().map(Timestamp::from_epoch_millis)
}

/// The reverse, for requests.
pub(crate) fn date_time(instant: Timestamp) -> DateTime {
    DateTime::from_millis(instant.epoch_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_from_the_wire_keeps_its_milliseconds() {
        for millis in [1_468_446_600_373, 1_468_446_600_000, 1_468_446_600_999, -1, 0] {
            let on_the_wire = DateTime::from_secs_f64(millis as f64 / 1_000.0);
            assert_eq!(timestamp(&on_the_wire), Some(Timestamp::from_epoch_millis(millis)));
        }
    }
}
