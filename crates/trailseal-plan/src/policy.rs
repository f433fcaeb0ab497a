//! Key policies as documents: comparing two, and adding or removing statements.

mod remove;

use resource_policy::{Decision, Match, PolicyError, Reason, StatementRef};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::{POLICY_BYTES_MAX, parse_key_policy};
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{AccountId, TrailArn, json};

pub(crate) use remove::{Removed, is_generated, remove};

/// A key policy with added statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub document: String,
    /// The added statements, in order, each as JSON.
    pub added: Vec<String>,
}

/// Why adding statements to a key policy cannot make it admit CloudTrail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The policy cannot be read.
    #[error("the key policy cannot be read: {0}")]
    Unreadable(PolicyError),
    /// A Deny keeps CloudTrail out.
    #[error("{} denies it", StatementRef::listed(.0))]
    Denied(Vec<StatementRef>),
    /// A Deny may keep CloudTrail out; it depends on something that is not known.
    #[error("it depends on {} in {}", .elements.join(", "), StatementRef::listed(.statements))]
    InDoubt { statements: Vec<StatementRef>, elements: Vec<String> },
    /// The document would exceed the size that KMS accepts.
    #[error("it would have {bytes} bytes, and KMS accepts at most {POLICY_BYTES_MAX}")]
    TooLong {
        /// Its size in bytes.
        bytes: usize,
    },
}

/// Adds the statements for these grants that a key policy lacks.
///
/// Existing statements keep their bytes and order; a single statement becomes a list. The result
/// has all grants according to the rule's own reader, so merging again changes nothing.
///
/// # Errors
///
/// The policy cannot be read, a Deny keeps or may keep CloudTrail out, or the document would be too
/// long.
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

/// The policy of a new key: it delegates to IAM through the account's root, and admits CloudTrail.
pub(crate) fn new_key_policy(trail: &TrailArn, account: &AccountId, grants: &[Grant]) -> Merged {
    let question = TrailAndKey { trail, key: None };
    let root = format!(
        r#"{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:{}:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}"#,
        trail.partition()
    );
    let of_cloudtrail = grants.iter().map(|grant| grant.statement(&question, Some(grant.sid())));
    let added: Vec<String> = std::iter::once(root).chain(of_cloudtrail).collect();
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, added.join(","));
    Merged { document, added }
}

/// Parses JSON; `None` if it is invalid or an object has a name twice: parsers disagree on which
/// of the two counts, so two texts could look equal to one of them only.
pub(crate) fn strict(text: &str) -> Option<Value> {
    json::read(text).ok()
}

/// Whether two key policies are equal as JSON: KMS need not keep blanks and the order of members.
/// Policies in which an object repeats a member are equal only byte for byte.
pub(crate) fn same_policy(one: &str, other: &str) -> bool {
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

fn in_place(policy: &str, raw: &str, statement: &str) -> String {
    // The raw value borrows from the policy, so the difference of the addresses is its offset.
    let start = (raw.as_ptr() as usize).saturating_sub(policy.as_ptr() as usize);
    let (before, rest) = policy.split_at_checked(start).unwrap_or((policy, ""));
    format!("{before}{statement}{}", rest.strip_prefix(raw).unwrap_or_default())
}

/// The `Sid`s of all statements.
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

fn unused_sid(sid: &str, taken: &[String]) -> String {
    let is_free = |new: &String| !taken.iter().any(|one| one.eq_ignore_ascii_case(new));
    std::iter::once(sid.to_owned())
        .chain((2_usize..).map(|number| format!("{sid} {number}")))
        .find(is_free)
        .unwrap_or_else(|| sid.to_owned())
}
