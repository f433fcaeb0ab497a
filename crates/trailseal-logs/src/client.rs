//! The client of S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::ResponseChecksumValidation;
use trailseal_aws::{Service, Session, client_config};
use trailseal_rule::Region;

/// A client for buckets in this Region.
pub(crate) fn client(session: &Session, region: &Region) -> Client {
    let has_own_endpoint = session.sdk_config(Service::S3, region).endpoint_url().is_some();
    let config = client_config!(aws_sdk_s3, session, Service::S3, region)
        // The domain of a configured endpoint may have no name for each bucket.
        .force_path_style(has_own_endpoint)
        .disable_s3_express_session_auth(true)
        // Parts of an object are read, and an inventory has its own checksums.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Client::from_conf(config)
}
