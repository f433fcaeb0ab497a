//! Queries a configuration aggregator.

use futures_util::FutureExt as _;

use crate::failure::{AwsError, failed};
use crate::pages::Pages;
use crate::session::Session;

/// Rows per page, the maximum of AWS Config.
const ROWS_PER_PAGE_MAX: i32 = 100;

/// Queries an aggregator of the session's account and Region. Each row is JSON text.
///
/// # Errors
///
/// [`AwsError::Denied`], [`AwsError::EndlessList`] or [`AwsError::ServiceFailure`]; the last with
/// the code `NoSuchConfigurationAggregatorException` if the aggregator does not exist.
pub async fn select_aggregate(
    session: &Session,
    aggregator: &str,
    expression: &str,
) -> Result<Vec<String>, AwsError> {
    const ACTION: &str = "config:SelectAggregateResourceConfig";
    let client = session.config();
    let mut rows = Vec::new();
    let mut pages = Pages::new(ACTION, session.region());
    let mut next = None;
    loop {
        let call = client
            .select_aggregate_resource_config()
            .configuration_aggregator_name(aggregator)
            .expression(expression)
            .limit(ROWS_PER_PAGE_MAX)
            .set_next_token(next);
        let page = call.send().boxed().await;
        let page = page.map_err(|error| failed(ACTION, session.region(), &error))?;
        rows.extend(page.results.unwrap_or_default());
        next = pages.next(page.next_token)?;
        if next.is_none() {
            return Ok(rows);
        }
    }
}
