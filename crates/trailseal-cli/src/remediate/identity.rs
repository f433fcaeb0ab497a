//! Whose credentials these are, and in which Region trails are named.

use trailseal_rule::Region;

use crate::audit::Identity;

/// Requests that are under way at the same time: there are never more than a handful.
const REQUESTS_MAX: usize = 8;

const NO_REGION: &str = "no AWS Region is set: name it by --region, set AWS_REGION, or put `region` \
                         into the profile";

/// Finds credentials and a Region, and asks whose they are.
///
/// # Errors
///
/// One line, with what to do next.
pub(super) async fn find_identity(
    profile: Option<&str>,
    wanted: Option<&Region>,
) -> Result<Identity, String> {
    let region = |configured: Option<&str>| match (wanted, configured) {
        (Some(region), _) => Ok(region.clone()),
        (None, Some(name)) => Region::parse(name).map_err(|error| error.to_string()),
        (None, None) => Err(NO_REGION.to_owned()),
    };
    Identity::of(profile, REQUESTS_MAX, region).await
}
