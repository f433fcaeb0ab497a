//! What the checks of the key policy share: the document, the request and the wording for its
//! statements.

use crate::checks::{CheckInput, FindingCode, Outcome, Switch};
use crate::facts::key_arn;
use crate::key_policy::exposure::{Doubt, Exposure};
use crate::key_policy::question::TrailAndKey;
use resource_policy::{PolicyDocument, StatementRef};

/// The key policy is not a policy document.
pub(super) const POLICY_MALFORMED: FindingCode = FindingCode::new("key-policy-malformed");

/// The parameter that enables the checks of the key policy.
pub(super) const CHECK_KEY_POLICY: Switch =
    Switch { text: "checkKeyPolicy=true", is_on: |parameters| parameters.check_key_policy };

/// The key's policy, or the answer of each of these checks if it could not be read.
pub(super) fn read<'a>(input: &CheckInput<'a>) -> Result<&'a PolicyDocument, Outcome> {
    let policy = input.known(&input.facts.key_policy, "the policy")?;
    policy.document().map_err(|error| {
        Outcome::unknown(
            POLICY_MALFORMED,
            format!("could not verify the key policy: {error}"),
            "look the policy up in KMS, and install a later release of Trailseal",
        )
    })
}

pub(super) fn question<'a>(input: &CheckInput<'a>) -> TrailAndKey<'a> {
    TrailAndKey { trail: &input.trail.arn, key: key_arn(input.trail, input.facts) }
}

/// The operations that each statement allows, and what that depends on.
pub(super) fn each(exposures: &[Exposure], whom: &str) -> String {
    let words = |exposure: &Exposure| {
        let Exposure { statement, actions, depends_on } = exposure;
        let actions = actions.join(", ");
        if depends_on.is_empty() {
            return format!("{statement} allows {whom} {actions}");
        }
        let on = doubts(statement, depends_on);
        format!("{statement} may allow {whom} {actions}, depending on {on}")
    };
    exposures.iter().map(words).collect::<Vec<_>>().join("; ")
}

/// The elements in doubt; those of another statement with its name.
fn doubts(own: &StatementRef, doubts: &[Doubt]) -> String {
    let words = doubts.iter().map(|doubt| {
        if doubt.statement == *own {
            doubt.element.clone()
        } else {
            format!("{} in {}", doubt.element, doubt.statement)
        }
    });
    words.collect::<Vec<_>>().join(", ")
}
