//! The account of the credentials, and the Region for trail names.

use trailseal_rule::Region;

use crate::audit::{Identity, no_region, request_listener};

/// The most concurrent requests.
const REQUESTS_MAX: usize = 8;

/// Finds credentials, their account and a Region.
///
/// # Errors
///
/// One line with a fix.
pub(super) async fn find_identity(
    profile: Option<&str>,
    given: Option<&Region>,
    shows_requests: bool,
) -> Result<Identity, String> {
    let region = |configured: Option<&str>| match (given, configured) {
        (Some(region), _) => Ok(region.clone()),
        (None, Some(name)) => Region::parse(name).map_err(|error| error.to_string()),
        (None, None) => Err(no_region(Some("use --region"))),
    };
    Identity::of(profile, REQUESTS_MAX, request_listener(shows_requests), region).await
}
