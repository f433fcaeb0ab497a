//! Lists the trails and the IDs that AWS Config has for them.

use std::collections::HashSet;

use aws_sdk_cloudtrail::operation::describe_trails::{DescribeTrailsError, DescribeTrailsOutput};
use aws_sdk_config::error::SdkError;
use aws_sdk_config::operation::list_discovered_resources::ListDiscoveredResourcesError;
use aws_sdk_config::types::ResourceType;
use futures_util::FutureExt as _;
use trailseal_rule::{AccountId, Reading, Region, ResourceId, TRAIL_TYPE, Trail, TrailArn};

use crate::convert::{self, Malformed};
use crate::failure::{AwsError, Read, failed, refused};
use crate::pages::Pages;
use crate::results::StandingResult;
use crate::session::Session;

const DESCRIBE_TRAILS: &str = "cloudtrail:DescribeTrails";

/// Every trail that is visible in the session's account and Region: the account's own trails,
/// shadow trails and members' copies of organization trails.
///
/// # Errors
///
/// [`AwsError::Denied`] or [`AwsError::ServiceFailure`], also if the description of one trail is
/// malformed or the list is missing: an incomplete list must not hide trails.
pub async fn describe_trails(session: &Session) -> Result<Vec<Trail>, AwsError> {
    let described = describe_delivery(session).await?;
    Ok(described.into_iter().map(|described| described.trail).collect())
}

/// A trail and where it delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailDelivery {
    /// The trail.
    pub trail: Trail,
    /// `S3KeyPrefix`, which its files' keys begin with; empty without one.
    pub prefix: String,
    /// Whether it may log more than management events: CloudTrail does not say that it has no event
    /// selectors of its own.
    pub may_log_data_events: bool,
}

/// As [`describe_trails`], with where each trail delivers.
///
/// # Errors
///
/// As for [`describe_trails`].
pub async fn describe_delivery(session: &Session) -> Result<Vec<TrailDelivery>, AwsError> {
    let region = session.region();
    let answer = list(session, region).await;
    let answer = answer.map_err(|error| failed(DESCRIBE_TRAILS, region, &error))?;
    delivery_of(answer, session, region)
}

/// As [`describe_delivery`], in a Region that may not be enabled in the account.
///
/// # Errors
///
/// [`AwsError::ServiceFailure`], as for [`describe_trails`].
pub async fn delivery_in(session: &Session, region: &Region) -> Read<Vec<TrailDelivery>> {
    match list(session, region).await {
        Ok(answer) => delivery_of(answer, session, region).map(Reading::Known),
        Err(error) => refused(DESCRIBE_TRAILS, region, session.region(), &error),
    }
}

async fn list(
    session: &Session,
    region: &Region,
) -> Result<DescribeTrailsOutput, SdkError<DescribeTrailsError>> {
    let call = session.cloudtrail(region).describe_trails().include_shadow_trails(true);
    call.send().boxed().await
}

fn delivery_of(
    answer: DescribeTrailsOutput,
    session: &Session,
    region: &Region,
) -> Result<Vec<TrailDelivery>, AwsError> {
    trails(answer, session.account(), region)
        .map_err(|cause| AwsError::bad_answer(DESCRIBE_TRAILS, region, cause))
}

fn trails(
    answer: DescribeTrailsOutput,
    account: &AccountId,
    region: &Region,
) -> Result<Vec<TrailDelivery>, Malformed> {
    let list = answer.trail_list.ok_or("DescribeTrails left out trailList")?;
    let delivery = |described: &aws_sdk_cloudtrail::types::Trail| {
        let trail = convert::trail(described, account, region)?;
        Ok(TrailDelivery {
            trail,
            prefix: described.s3_key_prefix().unwrap_or_default().to_owned(),
            may_log_data_events: described.has_custom_event_selectors() != Some(false),
        })
    };
    list.iter().map(delivery).collect()
}

/// The IDs that AWS Config has for the trails of an account and Region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoveredIds(HashSet<String>);

impl DiscoveredIds {
    /// The discovered ID of a trail, its ARN or its name; its name if AWS Config has not discovered
    /// it. `None` if that is not a valid ID.
    pub fn id_of(&self, trail: &Trail) -> Option<ResourceId> {
        let by_arn = Some(trail.arn.as_str()).filter(|arn| self.0.contains(*arn));
        ResourceId::new(by_arn.unwrap_or_else(|| trail.arn.name()))
    }

    /// Whether AWS Config has discovered a trail by its ARN or by its name.
    pub fn has(&self, trail: &Trail) -> bool {
        self.0.contains(trail.arn.as_str()) || self.0.contains(trail.arn.name())
    }

    /// Requires that CloudTrail lists a trail if AWS Config has discovered one. An empty list alone
    /// does not prove that there is none: it would end the results of all trails.
    ///
    /// After the last trail of an account was deleted, this fails until AWS Config has recorded it.
    ///
    /// # Errors
    ///
    /// [`AwsError::ServiceFailure`] of `DescribeTrails` with a trail that AWS Config has discovered.
    pub fn require_agreement(&self, trails: &[Trail], region: &Region) -> Result<(), AwsError> {
        match self.0.iter().min() {
            Some(id) if trails.is_empty() => Err(AwsError::bad_answer(
                DESCRIBE_TRAILS,
                region,
                format!("it lists no trail, but AWS Config has discovered `{id}`"),
            )),
            _ => Ok(()),
        }
    }

    /// Adds the ARN of each trail that AWS Config has not discovered but has a result for.
    #[must_use]
    pub fn with_reported_ids(mut self, standing: &[StandingResult]) -> Self {
        let reported = standing.iter().filter(|one| one.resource_type == TRAIL_TYPE);
        for result in reported {
            let id = result.resource_id.as_str();
            let discovered_by_name =
                TrailArn::parse(id).is_ok_and(|arn| self.0.contains(arn.name()));
            if !discovered_by_name {
                self.0.insert(id.to_owned());
            }
        }
        self
    }
}

/// Lists the IDs of all trails that AWS Config has discovered: none if there is no recorder.
///
/// # Errors
///
/// [`AwsError::Denied`], [`AwsError::ServiceFailure`] or [`AwsError::EndlessList`].
pub async fn discovered_ids(session: &Session) -> Result<DiscoveredIds, AwsError> {
    const ACTION: &str = "config:ListDiscoveredResources";
    let region = session.region();
    let client = session.config();
    let mut ids = HashSet::new();
    let mut pages = Pages::new(ACTION, region);
    let mut next = None;
    loop {
        let call = client.list_discovered_resources().resource_type(ResourceType::Trail);
        let call = call.limit(100).set_next_token(next);
        let page = match call.send().boxed().await {
            Ok(page) => page,
            Err(error) if is_without_recorder(&error) => return Ok(DiscoveredIds::default()),
            Err(error) => return Err(failed(ACTION, region, &error)),
        };
        let found = page.resource_identifiers.unwrap_or_default();
        ids.extend(found.into_iter().filter_map(|one| one.resource_id));
        next = pages.next(page.next_token)?;
        if next.is_none() {
            return Ok(DiscoveredIds(ids));
        }
    }
}

fn is_without_recorder<R>(error: &SdkError<ListDiscoveredResourcesError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(ListDiscoveredResourcesError::is_no_available_configuration_recorder_exception)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_list_is_not_an_empty_list() {
        let account = AccountId::parse("111122223333").unwrap();
        let region = Region::parse("us-east-1").unwrap();
        let answer = |list| DescribeTrailsOutput::builder().set_trail_list(list).build();
        assert_eq!(trails(answer(Some(Vec::new())), &account, &region), Ok(Vec::new()));
        let refused = trails(answer(None), &account, &region);
        assert_eq!(refused, Err("DescribeTrails left out trailList".to_owned()));
    }
}
