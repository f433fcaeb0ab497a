//! CloudTrail, called with the AWS SDK.

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::Trail;
use trailseal_lab::Lab;

use super::support::{ACCOUNT, MEMBER, REGION, STRANGER, code, lab, sdk};

const IRELAND: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/ireland";
const ORGANIZATION: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/organization";

fn names(trails: &[Trail]) -> Vec<&str> {
    trails.iter().filter_map(Trail::name).collect()
}

async fn lab_and_client() -> (Lab, Client) {
    let lab = lab().await;
    let client = Client::new(&sdk(&lab, ACCOUNT, REGION));
    (lab, client)
}

#[tokio::test]
async fn describe_trails_includes_shadow_trails_by_default() {
    let (lab, here) = lab_and_client().await;
    let all = here.describe_trails().send().await.unwrap();
    assert_eq!(all.trail_list().len(), 10);
    let own = here.describe_trails().include_shadow_trails(false).send().await.unwrap();
    assert_eq!(own.trail_list().len(), 9);
    assert!(!names(own.trail_list()).contains(&"ireland"));
    let member = Client::new(&sdk(&lab, MEMBER, REGION));
    let seen = member.describe_trails().send().await.unwrap();
    assert_eq!(names(seen.trail_list()), ["organization"]);
    assert_eq!(seen.trail_list()[0].trail_arn(), Some(ORGANIZATION));
    let none = member.describe_trails().include_shadow_trails(false).send().await.unwrap();
    assert_eq!(none.trail_list().len(), 0);
    let stranger = Client::new(&sdk(&lab, STRANGER, REGION));
    assert_eq!(stranger.describe_trails().send().await.unwrap().trail_list().len(), 0);
    // Other Regions show only multi-Region trails.
    lab.edit(|state| state.trails[0].is_multi_region_trail = false);
    for (account, expected) in [(ACCOUNT, 9), (MEMBER, 1)] {
        let there = Client::new(&sdk(&lab, account, "eu-west-1"));
        let seen = there.describe_trails().send().await.unwrap();
        assert_eq!(seen.trail_list().len(), expected, "{account}");
        assert!(!names(seen.trail_list()).contains(&"sealed"));
    }
}

#[tokio::test]
async fn an_unencrypted_trail_has_no_key() {
    let (_lab, here) = lab_and_client().await;
    let trail = |name: &'static str| here.get_trail().name(name).send();
    let unencrypted = trail("unencrypted").await.unwrap().trail.unwrap();
    assert_eq!(unencrypted.kms_key_id(), None);
    let sealed = trail("sealed").await.unwrap().trail.unwrap();
    assert!(sealed.kms_key_id().unwrap().starts_with("arn:aws:kms:"));
    assert_eq!(sealed.home_region(), Some(REGION));
}

#[tokio::test]
async fn a_trail_name_matches_in_its_region_and_an_arn_in_any() {
    let (_lab, here) = lab_and_client().await;
    let named = here.describe_trails().trail_name_list("ireland").trail_name_list("sealed");
    assert_eq!(names(named.send().await.unwrap().trail_list()), ["sealed"]);
    let by_arn = here.describe_trails().trail_name_list(IRELAND).send().await.unwrap();
    assert_eq!(names(by_arn.trail_list()), ["ireland"]);
    let missing = here.get_trail().name("missing").send().await;
    assert!(missing.unwrap_err().into_service_error().is_trail_not_found_exception());
    let wrong = here.describe_trails().trail_name_list("a b").send().await;
    assert!(wrong.unwrap_err().into_service_error().is_invalid_trail_name_exception());
    let wrong = here.get_trail().name("arn:aws:s3:::bucket").send().await;
    assert_eq!(code(wrong), "CloudTrailARNInvalidException");
}

#[tokio::test]
async fn the_status_contains_the_latest_delivery() {
    let (lab, here) = lab_and_client().await;
    let status = here.get_trail_status().name("key-disabled").send().await.unwrap();
    assert_eq!(status.latest_delivery_error(), Some("KMS.DisabledException"));
    assert_eq!(status.is_logging(), Some(true));
    let status = here.get_trail_status().name("sealed").send().await.unwrap();
    assert_eq!(status.latest_delivery_error(), None);
    let member = Client::new(&sdk(&lab, MEMBER, REGION));
    let by_name = member.get_trail_status().name("organization").send().await;
    assert_eq!(code(by_name), "TrailNotFoundException");
    assert!(member.get_trail_status().name(ORGANIZATION).send().await.is_ok());
}
