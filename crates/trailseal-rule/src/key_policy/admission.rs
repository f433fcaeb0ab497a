//! May CloudTrail encrypt the logs of this trail with the key?
//!
//! CloudTrail calls `GenerateDataKey` under its service principal, with the trail's ARN in the
//! encryption context ("CloudTrail User Guide, How AWS CloudTrail uses AWS KMS"). The documented
//! grant is `kms:GenerateDataKey*` ("CloudTrail User Guide, Configure AWS KMS key policies for
//! CloudTrail"); a grant of `kms:GenerateDataKeyWithoutPlaintext` alone, which that pattern also
//! covers, admits nothing, and a Deny of it alone does no harm.

use super::document::{Effect, PolicyDocument, Statement, StatementRef};
use super::grants::Grant;
use super::matching::Match;
use super::question::TrailAndKey;
use super::request::{Answer, Reply, Request};

/// Whether CloudTrail may use the key for a trail, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The answer.
    pub answer: Answer,
    /// What the answer rests on.
    pub ground: Ground,
    /// The statements that decided, in the order of the document.
    pub deciding: Vec<StatementRef>,
    /// What in these statements excludes the trail or is in doubt: condition keys as the policy
    /// spells them, or `Resource`, `Principal`, `Action`; none of them twice.
    pub elements: Vec<String>,
    /// Those of the deciding statements that are Deny statements.
    pub denying: Vec<StatementRef>,
    /// Whether an Allow reaches the request for certain, Deny statements aside.
    pub is_granted: bool,
}

/// What an admission rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Yes: the deciding statements allow it, and none can deny it.
    Allowed,
    /// No: the deciding statements deny it.
    Denied,
    /// No: no statement grants CloudTrail the operation.
    NotGranted,
    /// No: the deciding statements would concern the operation, but have no effect; the elements are
    /// the required ones that they lack.
    Ineffective,
    /// No: the deciding statements grant CloudTrail the operation, but not for this trail and key;
    /// the elements say what excludes it.
    GrantedForOthers,
    /// Unknown: the deciding statements may or may not match; the elements say why.
    Undecided,
}

/// Whether the policy lets CloudTrail call `kms:GenerateDataKey` for the trail.
#[must_use]
pub fn admits_cloudtrail(policy: &PolicyDocument, question: &TrailAndKey<'_>) -> Admission {
    admits(policy, question, Grant::Encrypt)
}

/// Whether the policy lets CloudTrail do what the grant is for, on behalf of the trail.
#[must_use]
pub fn admits(policy: &PolicyDocument, question: &TrailAndKey<'_>, grant: Grant) -> Admission {
    let request = grant.request(question);
    let Reply { answer, deciding } = policy.allows(&request);
    let (ground, deciding, elements) = match (answer, deciding.is_empty()) {
        (Answer::Yes, _) => (Ground::Allowed, deciding, Vec::new()),
        (Answer::No, false) => (Ground::Denied, deciding, Vec::new()),
        (Answer::No, true) => not_granted(policy, &request),
        (Answer::Unknown, _) => {
            let elements = elements_at(policy, &request, &deciding, Match::Sometimes);
            (Ground::Undecided, deciding, elements)
        }
    };
    let denies = policy.statements_of(Effect::Deny).map(|statement| &statement.reference);
    let denying = denies.filter(|one| deciding.contains(one)).cloned().collect();
    let is_granted = policy
        .statements_of(Effect::Allow)
        .any(|statement| statement.reach(&request).whole() == Match::Always);
    Admission { answer, ground, deciding, elements, denying, is_granted }
}

fn not_granted(
    policy: &PolicyDocument,
    request: &Request,
) -> (Ground, Vec<StatementRef>, Vec<String>) {
    let ineffective: Vec<&Statement> = policy.ineffective(request).collect();
    if let Some(first) = ineffective.first() {
        // Only those that lack the same: one fix must fit each of them.
        let alike = ineffective.iter().filter(|one| one.missing == first.missing);
        let deciding = alike.map(|one| one.reference.clone()).collect();
        let elements = first.missing.iter().map(|&element| element.to_owned()).collect();
        return (Ground::Ineffective, deciding, elements);
    }
    let near: Vec<StatementRef> = policy
        .statements_of(Effect::Allow)
        .filter(|statement| statement.reach(request).addressed() != Match::Never)
        .map(|statement| statement.reference.clone())
        .collect();
    let ground = if near.is_empty() { Ground::NotGranted } else { Ground::GrantedForOthers };
    let elements = elements_at(policy, request, &near, Match::Never);
    (ground, near, elements)
}

fn elements_at(
    policy: &PolicyDocument,
    request: &Request,
    statements: &[StatementRef],
    at: Match,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for statement in &policy.statements {
        if !statements.contains(&statement.reference) {
            continue;
        }
        for element in statement.reach(request).elements_at(at) {
            if !found.iter().any(|known| known == element) {
                found.push(element.to_owned());
            }
        }
    }
    found
}
