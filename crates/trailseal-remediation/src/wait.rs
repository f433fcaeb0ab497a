//! How long to wait for AWS, and how fast to go.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use trailseal_rule::Timestamp;

/// How long to wait for AWS to show what was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitPolicy {
    /// For a key policy, or a new key, to have gone round: CloudTrail does not take the key before.
    pub propagation: Duration,
    /// For a change to be read back.
    pub read_back: Duration,
    /// Between two looks.
    pub pause: Duration,
    /// For a delivery after the change, and for a key of an interrupted run to be listed.
    pub wait: Duration,
    /// Between two changes of trails: CloudTrail takes one a second of an account and Region
    /// (CloudTrail User Guide, "Quotas in CloudTrail").
    pub between_trail_changes: Duration,
}

impl Default for WaitPolicy {
    fn default() -> Self {
        Self {
            propagation: Duration::from_secs(120),
            read_back: Duration::from_secs(30),
            pause: Duration::from_secs(2),
            wait: Duration::from_secs(30),
            between_trail_changes: Duration::from_secs(1),
        }
    }
}

/// When this process last changed a trail, so that the next change keeps its distance.
static LAST_TRAIL_CHANGE: Mutex<Option<Instant>> = Mutex::new(None);

/// Waits until another change of a trail keeps CloudTrail's rate, and counts it.
pub(crate) async fn before_trail_change(wait_policy: &WaitPolicy) {
    let at = {
        let mut last = LAST_TRAIL_CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let at = last.map_or(now, |last| (last + wait_policy.between_trail_changes).max(now));
        *last = Some(at);
        at
    };
    tokio::time::sleep_until(at).await;
}

/// The time now, for records.
pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_epoch_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
