//! Key policies as documents: whether two say the same, and how one gets the statements that
//! CloudTrail needs.

mod json;
mod remove;

use resource_policy::{Decision, Match, PolicyError, Reason, StatementRef};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::{POLICY_BYTES_MAX, parse_key_policy};
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{AccountId, TrailArn};

pub(crate) use json::strict;
pub(crate) use remove::{Removed, is_generated, remove};

/// A key policy with what was missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The document, whole.
    pub document: String,
    /// The statements that were added, in order, each as JSON.
    pub added: Vec<String>,
}

/// Why a key policy cannot be made to admit CloudTrail by adding statements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The policy cannot be read.
    #[error("the key policy cannot be read: {0}")]
    Unreadable(PolicyError),
    /// A Deny is in the way.
    #[error("{} denies it", names(.0))]
    Denied(Vec<StatementRef>),
    /// Whether a Deny is in the way depends on what cannot be known from here.
    #[error("it depends on {} in {}", .elements.join(", "), names(.statements))]
    InDoubt {
        /// The statements.
        statements: Vec<StatementRef>,
        /// Their elements that are in doubt.
        elements: Vec<String>,
    },
    /// The document would be longer than KMS takes.
    #[error("it would have {bytes} bytes, and KMS takes at most {POLICY_BYTES_MAX}")]
    TooLong {
        /// The bytes that it would have.
        bytes: usize,
    },
}

/// Adds to a key policy the statements for these grants that it lacks, and no other.
///
/// The bytes of what is there are kept, and their order; a single statement outside a list gets a
/// list around it. Merging again changes nothing: whatever this returns grants all of it, as the
/// rule itself reads the policy.
///
/// # Errors
///
/// The policy cannot be read, a Deny is or may be in the way, or the document would be too long.
pub fn merge(
    policy: &str,
    question: &TrailAndKey<'_>,
    grants: &[Grant],
) -> Result<Merged, MergeError> {
    let document = parse_key_policy(policy).map_err(MergeError::Unreadable)?;
    let lacks = |grant: &&Grant| grant.decide(&document, question).allowed != Match::Always;
    let mut sids = sids(policy);
    let mut added = Vec::new();
    for grant in grants.iter().filter(lacks) {
        let sid = unused_sid(grant.sid(), &sids);
        added.push(grant.statement(question, Some(&sid)));
        sids.push(sid);
    }
    let merged = append(policy, &added);
    if merged.len() > POLICY_BYTES_MAX {
        return Err(MergeError::TooLong { bytes: merged.len() });
    }
    let document = parse_key_policy(&merged).map_err(MergeError::Unreadable)?;
    for grant in grants {
        granted(grant.decide(&document, question))?;
    }
    Ok(Merged { document: merged, added })
}

/// The policy of a new key: its account's root, which hands the decision to IAM, and CloudTrail.
#[must_use]
pub(crate) fn new_key_policy(trail: &TrailArn, account: &AccountId, grants: &[Grant]) -> Merged {
    let question = TrailAndKey { trail_arn: trail.as_str(), key_arn: None };
    let root = format!(
        r#"{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:{}:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}"#,
        trail.partition()
    );
    let of_cloudtrail = grants.iter().map(|grant| grant.statement(&question, Some(grant.sid())));
    let added: Vec<String> = std::iter::once(root).chain(of_cloudtrail).collect();
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, added.join(","));
    Merged { document, added }
}

/// Whether two key policies say the same: blanks and the order of members aside, which KMS need
/// not keep. Policies in which an object repeats a member are the same only byte for byte.
#[must_use]
pub fn same_policy(one: &str, other: &str) -> bool {
    one == other || matches!((strict(one), strict(other)), (Some(one), Some(other)) if one == other)
}

fn granted(decision: Decision) -> Result<(), MergeError> {
    let Decision { reason, statements, elements, .. } = decision;
    match reason {
        Reason::Allowed => Ok(()),
        Reason::Denied => Err(MergeError::Denied(statements)),
        Reason::Undecided | Reason::NotGranted | Reason::Ineffective | Reason::GrantedForOthers => {
            Err(MergeError::InDoubt { statements, elements })
        }
    }
}

#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(borrow, rename = "Statement")]
    statement: &'a RawValue,
}

/// Puts statements behind the last one. The text is a policy that was read.
fn append(policy: &str, added: &[String]) -> String {
    let Ok(outline) = serde_json::from_str::<Outline<'_>>(policy) else {
        return policy.to_owned();
    };
    if added.is_empty() {
        return policy.to_owned();
    }
    let raw = outline.statement.get();
    let added = added.join(",");
    let list = match raw.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        None => format!("[{raw},{added}]"),
        Some(inner) => {
            let kept = inner.trim_end();
            let blanks = inner.strip_prefix(kept).unwrap_or_default();
            let comma = if kept.trim_start().is_empty() { "" } else { "," };
            format!("[{kept}{comma}{added}{blanks}]")
        }
    };
    in_place(policy, raw, &list)
}

/// The policy with this for its `Statement`, which `raw` is a part of.
fn in_place(policy: &str, raw: &str, statement: &str) -> String {
    // The raw value borrows from the text, so its place there is the distance of the two.
    let start = (raw.as_ptr() as usize).saturating_sub(policy.as_ptr() as usize);
    let (before, rest) = policy.split_at_checked(start).unwrap_or((policy, ""));
    format!("{before}{statement}{}", rest.strip_prefix(raw).unwrap_or_default())
}

/// The `Sid` of every statement that has one.
fn sids(policy: &str) -> Vec<String> {
    let Ok(value) = serde_json::from_str::<Value>(policy) else {
        return Vec::new();
    };
    let of = |statement: &Value| statement.get("Sid").and_then(Value::as_str).map(str::to_owned);
    match value.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().filter_map(of).collect(),
        Some(statement) => of(statement).into_iter().collect(),
        None => Vec::new(),
    }
}

fn unused_sid(wanted: &str, taken: &[String]) -> String {
    let is_free = |sid: &String| !taken.iter().any(|one| one.eq_ignore_ascii_case(sid));
    std::iter::once(wanted.to_owned())
        .chain((2_usize..).map(|number| format!("{wanted} {number}")))
        .find(is_free)
        .unwrap_or_else(|| wanted.to_owned())
}

fn names(statements: &[StatementRef]) -> String {
    statements.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
