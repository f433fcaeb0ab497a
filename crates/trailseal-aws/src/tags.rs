//! The tags of a trail.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use trailseal_rule::{Reading, TagKey, Trail};

use crate::failure::{AwsError, failed};
use crate::pages::Pages;
use crate::session::Session;

const OPERATION: &str = "cloudtrail:ListTags";

/// All tags of a trail. CloudTrail lists tags in the Region of the trail only (CloudTrail API
/// Reference, `ListTags`).
///
/// # Errors
///
/// [`AwsError`] if CloudTrail denies the call or fails, or returns two values of a tag.
pub async fn trail_tags(
    session: &Session,
    trail: &Trail,
) -> Result<BTreeMap<String, String>, AwsError> {
    let (region, arn) = (&trail.home_region, trail.arn.as_str());
    let client = session.cloudtrail(region);
    let mut pages = Pages::new(OPERATION, region);
    let mut tags = BTreeMap::new();
    let mut next = None;
    loop {
        let call = client.list_tags().resource_id_list(arn).set_next_token(next);
        let page = call.send().boxed().await.map_err(|error| failed(OPERATION, region, &error))?;
        let listed = page.resource_tag_list.unwrap_or_default().into_iter();
        let of_trail = listed.filter(|listed| listed.resource_id.as_deref() == Some(arn));
        for tag in of_trail.flat_map(|listed| listed.tags_list.unwrap_or_default()) {
            let value = tag.value.unwrap_or_default();
            if tags.insert(tag.key, value.clone()).is_some_and(|other| other != value) {
                let cause = "the answer has a tag with two values";
                return Err(AwsError::bad_answer(OPERATION, region, cause));
            }
        }
        next = pages.next(page.next_token)?;
        if next.is_none() {
            return Ok(tags);
        }
    }
}

/// The value of one tag of a trail; absent if the trail does not have the tag or does not exist.
///
/// # Errors
///
/// Those of [`trail_tags`].
pub async fn trail_tag(
    session: &Session,
    trail: &Trail,
    key: &TagKey,
) -> Result<Reading<String>, AwsError> {
    match trail_tags(session, trail).await {
        Ok(mut tags) => Ok(tags.remove(key.as_str()).map_or(Reading::Absent, Reading::Known)),
        // A change is evaluated after the trail may have been deleted.
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(Reading::Absent),
        Err(error) => Err(error),
    }
}
