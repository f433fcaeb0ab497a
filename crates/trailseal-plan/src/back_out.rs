//! How to go back: the same form of plan, backwards.

use crate::condition::Present;
use crate::journal::Progress;
use crate::plan_data::Plan;
use crate::refusal::Refusals;

/// Whether what others changed meanwhile may be overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// No: a change by others is a refusal.
    No,
    /// Yes, by the user's own word.
    Yes,
}

/// Plans how what a journal tells of is taken back.
///
/// # Errors
///
/// Every reason why there is no way back, at once.
pub fn back_out(_progress: &Progress, _present: &Present, _force: Force) -> Result<Plan, Refusals> {
    // FIXME: refuses everything until it is in.
    Err(Refusals::none_yet())
}
