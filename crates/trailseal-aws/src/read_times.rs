//! When evidence was read.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use trailseal_rule::{Answer, Timestamp};

/// The time of the clock.
pub fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_epoch_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// When AWS answered about each fact of a trail; absent for facts that were not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReadTimes {
    /// The key (`DescribeKey`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Timestamp>,
    /// The bucket's Region (`HeadBucket`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_region: Option<Timestamp>,
    /// The key's rotation (`GetKeyRotationStatus`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Timestamp>,
    /// The key's policy (`GetKeyPolicy`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_policy: Option<Timestamp>,
    /// The delivery in the home Region (`GetTrailStatus`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Timestamp>,
    /// The latest reading of the deliveries in other Regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_elsewhere: Option<Timestamp>,
    /// The log files (`ListObjectsV2` and `HeadObject`), which the command reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_files: Option<Timestamp>,
}

impl ReadTimes {
    /// Notes the time of an answer.
    pub(crate) fn set(&mut self, answer: &Answer, at: Timestamp) {
        let time = match answer {
            Answer::Key(_) => &mut self.key,
            Answer::BucketRegion(_) => &mut self.bucket_region,
            Answer::Rotation(_) => &mut self.rotation,
            Answer::KeyPolicy(_) => &mut self.key_policy,
            Answer::Delivery(_) => &mut self.delivery,
            Answer::DeliveryElsewhere(_) => &mut self.delivery_elsewhere,
        };
        *time = Some(at);
    }
}

/// A value with the time at which it was read.
pub(crate) type Timed<T> = (T, Timestamp);

/// Waits for a reading and notes the time.
pub(crate) async fn timed<T>(read: impl Future<Output = T>) -> Timed<T> {
    let value = read.await;
    (value, now())
}
