//! From what was read and wished to a plan, or to every reason against one.

use trailseal_rule::Setting;

use crate::plan_data::Plan;
use crate::refusal::Refusals;
use crate::situation::{Consent, Situation, Wish};

/// Plans how the trail gets the wished key.
///
/// # Errors
///
/// Every reason why there is no plan, at once.
pub fn plan(
    _setting: &Setting<'_>,
    _situation: &Situation,
    _wish: &Wish,
    _consent: &Consent,
) -> Result<Plan, Refusals> {
    // FIXME: refuses everything until the planner is in.
    Err(Refusals::none_yet())
}
