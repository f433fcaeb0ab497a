//! How old a result of Athena may be.

use trailseal_rule::Timestamp;

/// The age of a result, at most.
const HOURS_MAX: i64 = 6;

/// Why a result is too old to prove a trail, if it is: files that were delivered after the query are
/// not in it.
pub(super) fn outdated(queried_at: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let Some(queried_at) = queried_at else {
        return Some(
            "the result of Athena does not say when the query ran: run the query of --athena-sql"
                .to_owned(),
        );
    };
    let age = now.epoch_millis().saturating_sub(queried_at.epoch_millis());
    if age < 0 {
        return Some(format!(
            "the query in Athena ran at {queried_at}, which is later than now: correct the clock"
        ));
    }
    let is_old = age > HOURS_MAX * 60 * 60 * 1000;
    is_old.then(|| {
        format!(
            "the query in Athena ran at {queried_at}, more than {HOURS_MAX} hours ago: run it again"
        )
    })
}
