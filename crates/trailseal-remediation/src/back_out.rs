//! The way back, planned from a journal and from what is there now.

use trailseal_plan::{Force, Plan, Progress, back_out};

use crate::failure::Failure;
use crate::look::Reach;
use crate::present::Wanted;

/// Plans how what a journal tells of is taken back.
///
/// # Errors
///
/// [`Failure::Refused`] with every reason against it, [`Failure::Aws`] where AWS does not say what
/// is there now.
pub async fn plan_back_out(
    reach: Reach<'_>,
    progress: &Progress,
    force: Force,
) -> Result<Plan, Failure> {
    let present = reach.present(&Wanted::of_back_out(progress)).await?;
    Ok(back_out(progress, &present, force)?)
}
