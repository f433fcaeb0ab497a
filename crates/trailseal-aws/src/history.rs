//! Fetches a configuration item that was too large for the event from AWS Config's history.

use aws_sdk_config::types::{ConfigurationItem, ResourceType};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use trailseal_rule::{OversizedNotice, Timestamp};

use crate::convert::{date_time, timestamp};
use crate::failure::{AwsError, failed};
use crate::pages::Pages;
use crate::session::Session;

/// Fetches the announced item, in the API's spelling.
///
/// The history is read backwards from the announced capture time (`laterTime`). An empty page can
/// have a next page, because one call covers at most seven days (AWS Config API Reference,
/// `GetResourceConfigHistory`).
///
/// # Errors
///
/// [`AwsError::NotInHistory`] if the newest item up to that time is not the announced one;
/// [`AwsError::Denied`], [`AwsError::EndlessList`] or [`AwsError::ServiceFailure`].
pub async fn fetch_item(session: &Session, notice: &OversizedNotice) -> Result<Value, AwsError> {
    let announced = &notice.summary;
    const ACTION: &str = "config:GetResourceConfigHistory";
    let client = session.config();
    let mut pages = Pages::new(ACTION, session.region());
    let mut next = None;
    loop {
        let call = client
            .get_resource_config_history()
            .resource_type(ResourceType::from(announced.resource_type.as_str()))
            .resource_id(announced.resource_id.as_str())
            .later_time(date_time(announced.captured))
            .limit(1)
            .set_next_token(next);
        let page = call.send().boxed().await;
        let page = page.map_err(|error| failed(ACTION, session.region(), &error))?;
        if let Some(item) = page.configuration_items().first() {
            return as_announced(item, announced);
        }
        next = pages.next(page.next_token)?;
        if next.is_none() {
            return Err(not_in_history(announced));
        }
    }
}

fn as_announced(
    item: &ConfigurationItem,
    announced: &trailseal_rule::ConfigurationItem,
) -> Result<Value, AwsError> {
    let captured = item.configuration_item_capture_time().and_then(timestamp);
    if captured != Some(announced.captured) {
        return Err(not_in_history(announced));
    }
    Ok(json!({
        "accountId": item.account_id(),
        "arn": item.arn(),
        "awsRegion": item.aws_region(),
        "configuration": item.configuration(),
        "configurationItemCaptureTime": captured.as_ref().map(Timestamp::to_string),
        "configurationItemStatus": item.configuration_item_status().map(|word| word.as_str()),
        "resourceId": item.resource_id(),
        "resourceType": item.resource_type().map(|word| word.as_str()),
    }))
}

fn not_in_history(announced: &trailseal_rule::ConfigurationItem) -> AwsError {
    AwsError::NotInHistory {
        resource_id: announced.resource_id.to_string(),
        captured: announced.captured.to_string(),
    }
}
