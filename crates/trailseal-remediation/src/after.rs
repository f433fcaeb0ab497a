//! What came of it: the rule's own judgement, and whether the trail delivers.

use aws_sdk_cloudtrail::error::ProvideErrorMetadata as _;
use tokio::time::{Instant, sleep};
use trailseal_rule::{Judgement, Setting, Timestamp, TrailArn};

use crate::clients;
use crate::failure::Failure;
use crate::look::Reach;
use crate::pace::Patience;

/// What came of a plan that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aftermath {
    /// The rule's judgement of the trail as it is now.
    pub judgement: Judgement,
    /// Whether the trail delivers with its key.
    pub delivery: DeliverySeen,
}

/// Whether a delivery after the change was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliverySeen {
    /// It went well.
    Succeeded,
    /// S3 refused it with this error code.
    Failed(String),
    /// There was none yet.
    NotYet,
    /// CloudTrail does not say; why.
    Unknown(String),
}

/// Looks for a delivery after `since` until there was one or patience ends, and judges the trail.
///
/// # Errors
///
/// [`Failure::Aws`] where the trail cannot be judged.
pub async fn aftermath(
    reach: Reach<'_>,
    setting: &Setting<'_>,
    trail: &TrailArn,
    since: Timestamp,
    patience: &Patience,
) -> Result<Aftermath, Failure> {
    let delivery = delivery_after(reach, trail, since, patience).await;
    Ok(Aftermath { judgement: reach.judge(setting, trail).await?, delivery })
}

async fn delivery_after(
    reach: Reach<'_>,
    trail: &TrailArn,
    since: Timestamp,
    patience: &Patience,
) -> DeliverySeen {
    let deadline = Instant::now() + patience.wait;
    loop {
        let seen = delivery(reach, trail, since).await;
        if seen != DeliverySeen::NotYet || Instant::now() >= deadline {
            return seen;
        }
        sleep(patience.pause).await;
    }
}

async fn delivery(reach: Reach<'_>, trail: &TrailArn, since: Timestamp) -> DeliverySeen {
    let client = clients::cloudtrail(reach.session, trail.home_region());
    let status = match client.get_trail_status().name(trail.as_str()).send().await {
        Ok(status) => status,
        Err(error) => {
            let code = error.code().unwrap_or("CloudTrail did not answer");
            return DeliverySeen::Unknown(format!("cloudtrail:GetTrailStatus: {code}"));
        }
    };
    let attempted = status.latest_delivery_attempt_time().and_then(|at| Timestamp::parse(at).ok());
    if attempted.is_none_or(|at| at < since) {
        return DeliverySeen::NotYet;
    }
    match status.latest_delivery_error() {
        Some(code) if !code.is_empty() => DeliverySeen::Failed(code.to_owned()),
        Some(_) | None => DeliverySeen::Succeeded,
    }
}
