//! How long an invocation may take.

use std::time::Duration;

use tokio::time::Instant;
use trailseal_rule::Timestamp;

/// When an invocation began, and when it must end.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimit {
    /// The time of the clock at its beginning.
    pub now: Timestamp,
    /// When it must end, so that there is time to report a failure before Lambda stops it.
    pub deadline: Instant,
}

impl TimeLimit {
    /// The limit of an invocation that begins now and ends `margin` before the deadline of Lambda, which
    /// is in milliseconds since 1970.
    pub fn before(lambda_deadline: u64, margin: Duration) -> Self {
        let now = trailseal_aws::now();
        let now_millis = u64::try_from(now.epoch_millis()).unwrap_or_default();
        let left = Duration::from_millis(lambda_deadline.saturating_sub(now_millis));
        Self { now, deadline: Instant::now() + left.saturating_sub(margin) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_ends_a_margin_before_the_deadline_of_lambda() {
        let second = Duration::from_secs(1);
        let lambda_deadline = trailseal_aws::now().epoch_millis() + 10_000;
        let limit = TimeLimit::before(lambda_deadline.try_into().unwrap(), second);
        let left = limit.deadline.saturating_duration_since(Instant::now());
        assert!(left > 7 * second && left <= 9 * second, "{left:?}");
        assert!(limit.now.epoch_millis() + 10_000 >= lambda_deadline);
    }

    #[test]
    fn no_time_is_left_after_the_deadline() {
        let limit = TimeLimit::before(0, Duration::ZERO);
        assert!(limit.deadline <= Instant::now());
    }
}
