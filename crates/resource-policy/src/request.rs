//! A set of requests, about which a policy is asked, and what a statement does to them.

use crate::context::Context;
use crate::shape::Shape;

/// Who sends the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerSet {
    /// An AWS service under its service principal, such as `cloudtrail.amazonaws.com`.
    Service(String),
    /// An AWS service that the policy does not name.
    AnyService,
    /// Any user or role of an account that the policy does not name. Anonymous callers are not among
    /// them.
    Stranger,
    /// A role, a user or an account's root, by its ARN; a root stands for all of its account.
    Principal(String),
}

/// A set of requests for one operation on the resource that the policy belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The caller.
    pub caller: CallerSet,
    /// The operation, such as `kms:Decrypt`.
    pub action: String,
    /// The ARN of the resource, if known; without it, a `Resource` other than `*` is in doubt.
    pub resource: Option<Shape>,
    /// The condition keys that the requests carry.
    pub context: Context,
}

/// The `Effect` of a statement on the requests that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows them.
    Allow,
    /// It denies them, even if another statement allows them.
    Deny,
}
