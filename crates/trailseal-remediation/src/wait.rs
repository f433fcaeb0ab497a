//! How long to wait for AWS, and the pace of changes.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

/// How long to wait until AWS shows a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitPolicy {
    /// For CloudTrail to see a new key or key policy; before that it does not accept the key.
    pub propagation: Duration,
    /// For a change to be visible.
    pub read_back: Duration,
    /// Between two reads.
    pub pause: Duration,
    /// For a delivery after the change, and for KMS to list the key of an interrupted run: zero
    /// fits a caller that creates no key and waits for no delivery.
    pub wait: Duration,
    /// Between two changes of trails: CloudTrail accepts one per second in an account and Region
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

/// The time of this process's latest change of a trail.
static LAST_TRAIL_CHANGE: Mutex<Option<Instant>> = Mutex::new(None);

/// Waits until CloudTrail accepts another change of a trail.
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
