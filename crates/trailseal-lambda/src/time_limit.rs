//! How long an invocation may take.

use std::time::Duration;

use tokio::time::Instant;
use trailseal_rule::Timestamp;

/// When an invocation began, and when it must end.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimit {
    /// The time of the clock at its beginning.
    pub now: Timestamp,
    /// The end.
    pub deadline: Instant,
}

impl TimeLimit {
    /// The limit of an invocation that begins now and ends `margin` before the deadline of Lambda, which
    /// is in milliseconds since 1970.
    pub fn before(lambda_deadline: u64, margin: Duration) -> Self {
        let now = trailseal_aws::now();
        let elapsed = u64::try_from(now.epoch_millis()).unwrap_or_default();
        let left = Duration::from_millis(lambda_deadline.saturating_sub(elapsed));
        Self { now, deadline: Instant::now() + left.saturating_sub(margin) }
    }
}
