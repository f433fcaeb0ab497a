//! What a configuration aggregator knows of many accounts.

use futures_util::FutureExt as _;

use crate::failure::{AwsError, failed};
use crate::pages::Pages;
use crate::session::Session;

/// Rows on a page, the most that AWS Config gives.
const ROWS_PER_PAGE_MAX: i32 = 100;

/// Asks an aggregator of the session's account and Region, page by page; each row is JSON text.
///
/// # Errors
///
/// [`AwsError::Denied`] or [`AwsError::ServiceFailure`]; the latter also where there is no such
/// aggregator, with the code `NoSuchConfigurationAggregatorException`. [`AwsError::EndlessList`]
/// where the rows do not end.
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
        let page = page.map_err(|error| failed(ACTION, session.region().as_str(), &error))?;
        rows.extend(page.results.unwrap_or_default());
        next = pages.next(page.next_token)?;
        if next.is_none() {
            return Ok(rows);
        }
    }
}
