//! What the two checks of the key policy share: the document, the question and the statements'
//! names.

use crate::arn::KeyArn;
use crate::checks::{Case, Outcome, known};
use crate::evaluate::key_arn;
use crate::key_policy::document::{PolicyDocument, StatementRef};
use crate::key_policy::question::TrailAndKey;

/// The key's policy, or the answer of both checks where it could not be read.
pub(super) fn read(case: &Case<'_>) -> Result<PolicyDocument, Outcome> {
    let text = known(&case.facts.key_policy, "the policy", case)?;
    PolicyDocument::parse(text).map_err(|error| {
        Outcome::unknown(
            format!("could not verify the key policy: {error}"),
            "look the policy up in KMS, and update this rule",
        )
    })
}

pub(super) fn question<'a>(case: &Case<'a>) -> TrailAndKey<'a> {
    let key_arn = key_arn(case.trail, case.facts).map(KeyArn::as_str);
    TrailAndKey { trail_arn: case.trail.arn.as_str(), key_arn }
}

/// The statements' names in one line.
pub(super) fn statements(references: &[StatementRef]) -> String {
    references.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
