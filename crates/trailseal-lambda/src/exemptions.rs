//! Exemptions that are read: the document of `exemptionsFrom`, of which none applies unless all of
//! it was read, and the tag of a trail that `exemptionTag` names.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use trailseal_aws::{AwsError, Session, read_object, trail_tag};
use trailseal_rule::{
    EvaluationContext, ExemptionsFrom, Facts, Parameters, Trail, exemption_tag_to_read,
};

use crate::error::{ExemptionsError, describe};

/// The most time for the document and for a tag, so that a slow answer leaves time to evaluate the
/// trails and to report.
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
    let content = read_object(own, &object, ExemptionsFrom::BYTES_MAX);
    let content = in_part_of_the_time(content, read_until).await;
    let added = content
        .map_err(|error| describe(&error))
        .and_then(|content| parameters.add_exemptions(&content).map_err(|faults| listed(&faults)));
    let source_name = object.to_string();
    let failure = added.err().map(|cause| ExemptionsError { source_name, cause });
    (parameters, failure)
}

/// The facts with the tag that may exempt the trail, if the trail would fail. The tag is read as
/// `session`, in the account of the rule.
pub(crate) async fn with_tag(
    context: &EvaluationContext<'_>,
    session: &Session,
    trail: &Trail,
    facts: Facts,
    read_until: Instant,
) -> (Facts, Option<ExemptionsError>) {
    let Some(key) = exemption_tag_to_read(context, trail, &facts) else { return (facts, None) };
    match in_part_of_the_time(trail_tag(session, trail, key), read_until).await {
        Ok(exemption_tag) => (Facts { exemption_tag, ..facts }, None),
        Err(error) => {
            let source_name = format!("tag {} of {}", key.as_str(), trail.arn);
            (facts, Some(ExemptionsError { source_name, cause: describe(&error) }))
        }
    }
}

async fn in_part_of_the_time<T>(
    reading: impl Future<Output = Result<T, AwsError>>,
    read_until: Instant,
) -> Result<T, AwsError> {
    let now = Instant::now();
    let time = TIME_MAX.min(read_until.saturating_duration_since(now) / 2);
    timeout_at(now + time, reading)
        .await
        .unwrap_or(Err(AwsError::Deadline("reading the exemptions")))
}

fn listed(faults: &[String]) -> String {
    let mut text =
        faults.iter().take(FAULTS_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
    if let Some(more) = faults.len().checked_sub(FAULTS_MAX).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}
