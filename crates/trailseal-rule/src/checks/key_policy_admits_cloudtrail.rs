//! The key policy lets CloudTrail encrypt this trail.
//!
//! CloudTrail calls `GenerateDataKey` under its service principal; IAM cannot grant that, only the
//! key policy can (CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail").
//!
//! a) A statement must match this trail's requests, and no Deny can: pass.
//! b) No statement grants CloudTrail the operation: fail. A statement that would, but has no effect
//!    because it has no `Resource` or no `Action`, is named.
//! c) One does, but for another trail, account or key: fail; the finding names the
//!    elements that exclude this trail.
//! d) A Deny matches: fail; it is named.
//! e) Whether a statement matches depends on what cannot be known from here, or the document
//!    cannot be read: unknown. If a Deny is in doubt, the fix changes that Deny.
//! f) The key does not exist: fail. KMS refuses the policy: unknown.

use crate::checks::key_policy_words::{CHECK_KEY_POLICY, question, read};
use crate::checks::{
    Check, CheckId, CheckInput, Evidence, FIX_CHARS_MAX, FindingCode, Outcome, Severity,
};
use crate::key_policy::grants::Grant;
use crate::key_policy::question::TrailAndKey;
use crate::parameters::Profile;
use crate::trail::Trail;
use resource_policy::{Decision, Reason, StatementRef};

/// A Deny of the key policy applies to CloudTrail.
pub const DENIED: FindingCode = FindingCode::new("cloudtrail-denied");
/// No statement of the key policy grants CloudTrail the operation.
pub const NOT_GRANTED: FindingCode = FindingCode::new("cloudtrail-not-granted");
/// The statement that would grant it has no effect.
pub const WITHOUT_EFFECT: FindingCode = FindingCode::new("cloudtrail-grant-without-effect");
/// A statement grants it for another trail, account or key.
pub const GRANTED_FOR_OTHERS: FindingCode = FindingCode::new("cloudtrail-granted-for-others");
/// Whether the key policy grants it depends on what is not known.
pub const UNDECIDED: FindingCode = FindingCode::new("cloudtrail-grant-undecided");

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyPolicyAdmitsCloudtrail,
    name: "key-policy-admits-cloudtrail",
    title: "the key policy lets CloudTrail encrypt this trail",
    rationale: "a key that does not admit CloudTrail stops the delivery of logs",
    evidence: "KMS GetKeyPolicy",
    fails_when: "no Allow reaches `kms:GenerateDataKey` for `cloudtrail.amazonaws.com` with this \
                 trail's `aws:SourceArn` and encryption context, or a Deny does",
    fix: "add to the key policy a statement that allows cloudtrail.amazonaws.com \
          kms:GenerateDataKey* with this trail's aws:SourceArn; `trailseal check` prints it for each \
          trail",
    severity: Severity::High,
    profile: Some(Profile::Strict),
    switches: &[CHECK_KEY_POLICY],
    reads: &[Evidence::KeyPolicy, Evidence::KeyArn],
    can_be_skipped: true,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let admission = Grant::Encrypt.decide(read(input)?, &question(input));
    let (by, elements) =
        (StatementRef::listed(&admission.statements), admission.elements.join(", "));
    let not_admitted = "the key policy does not let CloudTrail encrypt this trail";
    let (fix, added) = fix(&admission, input.trail);
    let outcome = match admission.reason {
        Reason::Allowed => return Ok(Outcome::Pass),
        Reason::Denied => Outcome::fail(DENIED, format!("{not_admitted}: {by} denies it"), fix),
        Reason::NotGranted => {
            Outcome::fail(NOT_GRANTED, format!("{not_admitted}: no statement grants it"), fix)
        }
        Reason::Ineffective => {
            let why = format!("{by} without {elements} has no effect");
            Outcome::fail(WITHOUT_EFFECT, format!("{not_admitted}: {why}"), fix)
        }
        Reason::GrantedForOthers => Outcome::fail(
            GRANTED_FOR_OTHERS,
            format!("{not_admitted}: {by} excludes it by {elements}"),
            fix,
        ),
        Reason::Undecided => {
            let may = if admission.denying.is_empty() { "allow" } else { "deny" };
            let on = if admission.is_granted || admission.denying.is_empty() {
                format!("{by} may {may} it, depending on {elements}")
            } else {
                format!("it depends on {elements} in {by}")
            };
            let why = format!("could not verify that the key policy admits CloudTrail: {on}");
            Outcome::unknown(UNDECIDED, why, fix)
        }
    };
    Ok(match added {
        Some(added) => outcome.with_statement(added),
        None => outcome,
    })
}

const ALLOW: &str = "let the key policy allow cloudtrail.amazonaws.com kms:GenerateDataKey* with \
                     this trail's ARN as aws:SourceArn";
const EXEMPT: &str = "exempt this trail from that Deny by a condition ArnNotEquals aws:SourceArn";
const EXEMPT_AND_ALLOW: &str = "exempt this trail from that Deny by a condition ArnNotEquals \
                                aws:SourceArn, and allow cloudtrail.amazonaws.com \
                                kms:GenerateDataKey*";

/// What makes the policy admit CloudTrail for the trail, and the statement or condition that this
/// adds to the policy, if the fix is not all of it.
///
/// A Deny stays in force for all other requests: its conditions are kept, and the request must also
/// not be CloudTrail's for this trail.
fn fix(admission: &Decision, trail: &Trail) -> (String, Option<String>) {
    let Decision { reason, statements: deciding, elements, denying, is_granted, .. } = admission;
    if *reason == Reason::Ineffective {
        return (complete(deciding, elements), None);
    }
    if denying.is_empty() {
        return (ALLOW.to_owned(), Some(wanted(trail)));
    }
    let (by, arn) = (StatementRef::listed(denying), &trail.arn);
    let exempted =
        format!("\"ArnNotEquals\":{{\"aws:SourceArn\":\"{arn}\"}} in the Condition of {by}");
    if *is_granted {
        (EXEMPT.to_owned(), Some(exempted))
    } else {
        (EXEMPT_AND_ALLOW.to_owned(), Some(format!("{exempted}; {}", wanted(trail))))
    }
}

/// Adds the elements that these statements lack. The names of many statements, or a long one, would
/// not fit an annotation; the cause beside the fix has them.
fn complete(statements_without: &[StatementRef], elements: &[String]) -> String {
    let members = elements.iter().map(|element| match element.as_str() {
        "Action" => r#""Action": "kms:GenerateDataKey*""#,
        _ => r#""Resource": "*""#,
    });
    let members = members.collect::<Vec<_>>().join(", ");
    let whole = format!("add {members} to {}", StatementRef::listed(statements_without));
    if whole.chars().count() <= FIX_CHARS_MAX {
        whole
    } else {
        format!("add {members} to that statement")
    }
}

/// The statement that admits this trail and no other.
fn wanted(trail: &Trail) -> String {
    let question = TrailAndKey { trail: &trail.arn, key: None };
    Grant::Encrypt.statement(&question, None)
}
