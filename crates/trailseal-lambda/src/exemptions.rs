//! The document of `exemptionsFrom`: no exemption of it applies unless all of it was read.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use trailseal_aws::{AwsError, Session, read_object};
use trailseal_rule::{ExemptionsFrom, Parameters};

use crate::error::{ExemptionsError, describe};

/// The most time for the document, so that a slow answer leaves time to evaluate the trails.
const TIME_MAX: Duration = Duration::from_secs(10);

/// The faults of a document that an error lists.
const FAULTS_MAX: usize = 100;

/// The parameters with the exemptions of their document, if they name one. It is read as `own`, the
/// function itself, in 10 seconds at most, and in half of the time that is left.
pub(crate) async fn with_exemptions(
    parameters: &Parameters,
    own: &Session,
    read_until: Instant,
) -> (Parameters, Option<ExemptionsError>) {
    let mut parameters = parameters.clone();
    let Some(ExemptionsFrom { object, .. }) = parameters.exemptions_from.clone() else {
        return (parameters, None);
    };
    let now = Instant::now();
    let time = TIME_MAX.min(read_until.saturating_duration_since(now) / 2);
    let content = timeout_at(now + time, read_object(own, &object, ExemptionsFrom::BYTES_MAX))
        .await
        .unwrap_or(Err(AwsError::Deadline("reading the exemptions")));
    let added = content
        .map_err(|error| describe(&error))
        .and_then(|content| parameters.add_exemptions(&content).map_err(|faults| listed(&faults)));
    let document = object.to_string();
    let failure = added.err().map(|cause| ExemptionsError { document, cause });
    (parameters, failure)
}

fn listed(faults: &[String]) -> String {
    let mut text =
        faults.iter().take(FAULTS_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
    if let Some(more) = faults.len().checked_sub(FAULTS_MAX).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}
