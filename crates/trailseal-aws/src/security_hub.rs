//! Reads findings from Security Hub and imports findings into it.
//!
//! The requests are signed by [`signed`], without the SDK's client of Security Hub: findings are the
//! JSON that the caller wrote, and JSON of Security Hub that goes back as it was read. The names and
//! paths are those of the service's model (`securityhub-2018-10-26`).

mod error;

use aws_runtime::auth::SigningOptions;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::retries::classifiers::TransientErrorClassifier;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use futures_util::FutureExt as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};
use trailseal_rule::Region;

use self::error::SecurityHubError;
use crate::endpoints::Service;
use crate::failure::{AwsError, bounded_line, failed};
use crate::pages::Pages;
use crate::session::Session;
use crate::signed::signed;

const IMPORT: &str = "securityhub:BatchImportFindings";
const GET: &str = "securityhub:GetFindings";

/// The errors of a call that holds a finding of a wrong form: that of the service's model, and the
/// one that AWS answers before a service reads the request.
const INVALID_INPUT: [&str; 2] = ["InvalidInputException", "ValidationException"];

/// Findings per call of `BatchImportFindings` and per page of `GetFindings` (Security Hub API
/// Reference).
const FINDINGS_MAX: usize = 100;

/// Bytes of the findings of a call: AWS documents 6 MB for a batch, and not whether that is
/// 6,000,000.
const BATCH_BYTES_MAX: usize = 5_900_000;

/// A finding that Security Hub has.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundFinding {
    /// Its ID.
    pub id: String,
    /// All its members.
    pub members: Map<String, Value>,
}

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// How many findings Security Hub accepted.
    pub accepted: usize,
    /// The findings that it did not accept, with its reasons.
    pub refused: Vec<RefusedFinding>,
    /// The IDs of the findings of each call that failed, and why.
    pub failed: Vec<(Vec<String>, AwsError)>,
}

/// A finding that Security Hub did not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedFinding {
    /// Its ID.
    pub id: String,
    /// Security Hub's error code.
    pub code: String,
    /// Its message.
    pub message: String,
}

/// Every finding of a generator in a product of the session's account, archived ones included.
///
/// # Errors
///
/// [`AwsError::Denied`], [`AwsError::Refused`] if Security Hub is off, [`AwsError::EndlessList`], or
/// [`AwsError::ServiceFailure`], also if the answer is malformed: an incomplete list must not look
/// like a complete one.
pub async fn findings_of(
    session: &Session,
    product_arn: &str,
    generator: &str,
) -> Result<Vec<FoundFinding>, AwsError> {
    let region = session.region();
    let equals = |value: &str| json!([{ "Value": value, "Comparison": "EQUALS" }]);
    let mut request = json!({
        "Filters": {
            "ProductArn": equals(product_arn),
            "GeneratorId": equals(generator),
            "AwsAccountId": equals(session.account().as_str()),
        },
        "MaxResults": FINDINGS_MAX,
    });
    let mut pages = Pages::new(GET, region);
    let mut all = Vec::new();
    loop {
        let answer = call(session, GET, "GetFindings", "/findings", &request).await?;
        let page: Page = read(GET, region, answer)?;
        let is_asked_for = |finding: &Map<String, Value>| {
            text(finding, "ProductArn") == Some(product_arn)
                && text(finding, "GeneratorId") == Some(generator)
        };
        for members in page.findings.into_iter().filter(is_asked_for) {
            let id = text(&members, "Id").map(str::to_owned);
            let id = id.ok_or_else(|| AwsError::bad_answer(GET, region, "a finding has no ID"))?;
            all.push(FoundFinding { id, members });
        }
        let Some(token) = pages.next(page.next_token)? else { return Ok(all) };
        if let Some(members) = request.as_object_mut() {
            members.insert("NextToken".to_owned(), Value::from(token));
        }
    }
}

/// Imports findings of the session's account, at most 100 per call. Each finding has an ID. Every call
/// is made, even if an earlier one failed, until the deadline.
///
/// A call that Security Hub refuses because of one finding's form is made again for each half, so
/// that only this finding fails.
pub async fn import_findings(
    session: &Session,
    findings: &[Map<String, Value>],
    deadline: Instant,
) -> Imported {
    let mut imported = Imported::default();
    let mut left = batches(findings);
    left.reverse();
    while let Some(mut batch) = left.pop() {
        let answer = timeout_at(deadline, import_batch(session, &batch)).await;
        match answer.unwrap_or(Err(AwsError::Deadline("importing findings"))) {
            Ok((accepted, refused)) => {
                imported.accepted += accepted;
                imported.refused.extend(refused);
            }
            Err(error) if batch.len() > 1 && is_of_a_finding(&error) => {
                let second = batch.split_off(batch.len() / 2);
                left.extend([second, batch]);
            }
            Err(error) => {
                imported.failed.push((batch.iter().map(|one| id_of(one)).collect(), error))
            }
        }
    }
    imported
}

fn is_of_a_finding(error: &AwsError) -> bool {
    error.code().is_some_and(|code| INVALID_INPUT.contains(&code))
}

async fn import_batch(
    session: &Session,
    batch: &[&Map<String, Value>],
) -> Result<(usize, Vec<RefusedFinding>), AwsError> {
    let request = json!({ "Findings": batch });
    let answer = call(session, IMPORT, "BatchImportFindings", "/findings/import", &request).await?;
    let answer: Answer = read(IMPORT, session.region(), answer)?;
    let refused = answer.failed_findings.unwrap_or_default();
    let is_whole = answer.failed_count == refused.len()
        && answer.success_count.checked_add(refused.len()) == Some(batch.len());
    if !is_whole {
        let cause = format!(
            "of {} findings it counts {} accepted and {} refused, and names {} refused",
            batch.len(),
            answer.success_count,
            answer.failed_count,
            refused.len()
        );
        return Err(AwsError::bad_answer(IMPORT, session.region(), cause));
    }
    let refused = refused.into_iter().map(|one| RefusedFinding {
        id: bounded_line(&one.id),
        code: bounded_line(&one.error_code),
        message: bounded_line(&one.error_message),
    });
    Ok((answer.success_count, refused.collect()))
}

/// The findings in order, as many in each batch as a call takes.
fn batches(findings: &[Map<String, Value>]) -> Vec<Vec<&Map<String, Value>>> {
    let mut batches: Vec<Vec<&Map<String, Value>>> = Vec::new();
    let mut bytes = 0;
    for finding in findings {
        let size = serde_json::to_string(finding).map_or(0, |text| text.len() + 1);
        bytes += size;
        match batches.last_mut() {
            Some(batch) if batch.len() < FINDINGS_MAX && bytes <= BATCH_BYTES_MAX => {
                batch.push(finding);
            }
            Some(_) | None => {
                batches.push(vec![finding]);
                bytes = size;
            }
        }
    }
    batches
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    findings: Vec<Map<String, Value>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    success_count: usize,
    failed_count: usize,
    failed_findings: Option<Vec<FailedFinding>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FailedFinding {
    id: String,
    error_code: String,
    error_message: String,
}

fn read<'de, T: Deserialize<'de>>(
    operation: &'static str,
    region: &Region,
    answer: Value,
) -> Result<T, AwsError> {
    T::deserialize(answer)
        .map_err(|error| AwsError::bad_answer(operation, region, bounded_line(&error.to_string())))
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

fn id_of(finding: &Map<String, Value>) -> String {
    text(finding, "Id").unwrap_or_default().to_owned()
}

async fn call(
    session: &Session,
    action: &'static str,
    operation: &'static str,
    path: &'static str,
    request: &Value,
) -> Result<Value, AwsError> {
    let region = session.region();
    signed(session, Service::SecurityHub, region, operation, SigningOptions::default())
        .retry_classifier(TransientErrorClassifier::<SecurityHubError>::new())
        .retry_classifier(AwsErrorCodeClassifier::<SecurityHubError>::new())
        .serializer(move |body: String| {
            let mut request = HttpRequest::new(SdkBody::from(body));
            request.set_method("POST")?;
            request.set_uri(path)?;
            request.headers_mut().insert("content-type", "application/json");
            Ok(request)
        })
        .deserializer(read_answer)
        .build()
        .invoke(request.to_string())
        .boxed()
        .await
        .map_err(|error| failed(action, region, &error))
}

fn read_answer(response: &HttpResponse) -> Result<Value, OrchestratorError<SecurityHubError>> {
    if !response.status().is_success() {
        return Err(OrchestratorError::operation(SecurityHubError::of(response)));
    }
    let body = response.body().bytes().unwrap_or_default();
    let malformed = |_| OrchestratorError::operation(SecurityHubError::malformed(response));
    serde_json::from_slice(body).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(count: usize, bytes: usize) -> Vec<Map<String, Value>> {
        let finding = json!({ "Id": "x".repeat(bytes) });
        vec![finding.as_object().unwrap().clone(); count]
    }

    #[test]
    fn a_batch_has_at_most_100_findings_and_6_megabytes() {
        let sizes = |findings: &[Map<String, Value>]| -> Vec<usize> {
            batches(findings).iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&findings(100, 10)), [100]);
        assert_eq!(sizes(&findings(201, 10)), [100, 100, 1]);
        assert_eq!(sizes(&findings(60, 240_000)), [24, 24, 12]);
        // A finding that is too large on its own is for Security Hub to refuse.
        assert_eq!(sizes(&findings(2, 7_000_000)), [1, 1]);
    }
}
