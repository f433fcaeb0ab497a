//! The check after a plan: the rule's evaluation, and whether the trail delivers.

use aws_sdk_cloudtrail::error::ProvideErrorMetadata as _;
use tokio::time::{Instant, sleep};
use trailseal_rule::{EvaluationContext, Judgement, Timestamp, Trail, TrailArn};

use crate::clients;
use crate::execute::Applied;
use crate::failure::Failure;
use crate::read::AwsReader;
use crate::wait::WaitPolicy;

/// The state of a trail after a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostCheck {
    /// The rule's judgement.
    pub judgement: Judgement,
    pub delivery: DeliverySeen,
}

/// The latest delivery after the last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliverySeen {
    Succeeded,
    /// S3 refused it with this error code.
    Failed(String),
    /// There is none yet.
    NotYet,
    /// It could not be read, for this reason.
    Unknown(String),
}

/// Waits for a delivery after the last step, and evaluates the trail.
///
/// # Errors
///
/// [`Failure::NotChecked`] if the trail cannot be read.
pub async fn post_check(
    reader: AwsReader<'_>,
    context: &EvaluationContext<'_>,
    applied: &Applied,
    wait_policy: &WaitPolicy,
) -> Result<PostCheck, Failure> {
    let (arn, changed) = (&applied.plan.trail, applied.verified);
    let deadline = Instant::now() + wait_policy.wait;
    let delivery = loop {
        let seen = delivery(reader, arn, changed).await;
        if seen != DeliverySeen::NotYet || Instant::now() >= deadline {
            break seen;
        }
        sleep(wait_policy.pause).await;
    };
    let judgement = judge(reader, context, arn, changed).await;
    let judgement = judgement.map_err(|failure| Failure::NotChecked(Box::new(failure)))?;
    Ok(PostCheck { judgement, delivery })
}

/// The rule's judgement of the trail as it is since the change: a delivery before it proves nothing.
async fn judge(
    reader: AwsReader<'_>,
    context: &EvaluationContext<'_>,
    arn: &TrailArn,
    changed: Timestamp,
) -> Result<Judgement, Failure> {
    let trail = Trail { changed: Some(changed), ..reader.trail(arn.as_str()).await?.trail };
    Ok(reader.judge(context, &trail).await?)
}

async fn delivery(reader: AwsReader<'_>, trail: &TrailArn, changed: Timestamp) -> DeliverySeen {
    let client = clients::cloudtrail(reader.session, trail.home_region());
    let status = match client.get_trail_status().name(trail.as_str()).send().await {
        Ok(status) => status,
        Err(error) => {
            let code = error.code().unwrap_or("no answer");
            return DeliverySeen::Unknown(format!("cloudtrail:GetTrailStatus: {code}"));
        }
    };
    let attempted = status.latest_delivery_attempt_time().and_then(|at| Timestamp::parse(at).ok());
    if attempted.is_none_or(|at| at < changed) {
        return DeliverySeen::NotYet;
    }
    match status.latest_delivery_error() {
        Some(code) if !code.is_empty() => DeliverySeen::Failed(code.to_owned()),
        Some(_) | None => DeliverySeen::Succeeded,
    }
}
