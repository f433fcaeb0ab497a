//! Reads an AWS resource policy and answers for sets of requests.
//!
//! A [`Request`] stands for a set of requests: some of what they carry is known, some is known to be
//! missing, some is not known (the time, the network), and some is for the caller to choose. So every
//! answer is *always*, *never* or *sometimes* ([`Match`]). Anything that is not understood, such as
//! an unknown operator, makes an answer *sometimes*: never *always* and never *never*.
//!
//! How doubtful documents are read:
//!
//! - A text that is not JSON, an unknown `Version`, a missing or unknown `Effect`, or a repeated or
//!   unknown member beside `Statement` is an error of [`PolicyDocument::parse`].
//! - A statement without `Action` and `NotAction`, or without `Resource` and `NotResource`, has no
//!   effect if the service documents that ([`PolicyFormat`]).
//! - A repeated or unknown member in a statement, both of `Action` and `NotAction`, of `Resource` and
//!   `NotResource`, both or neither of `Principal` and `NotPrincipal`, an empty list or a value of the
//!   wrong type make that element *sometimes*: another element can still exclude a request, but the
//!   statement never matches for certain. AWS does not document such statements.
//! - A condition that is not understood is *sometimes*.
//!
//! *Invariant of absence*: no network, file, clock, environment or thread. No service's operations
//! and condition keys are known here; the caller supplies them in the [`Request`].

mod matching;

mod address;
mod json;
mod operator;
mod shape;

mod context;
mod fit;
mod pattern;
mod request;

mod conditions;
mod elements;

mod statement;

mod document;
mod parse;

pub use crate::context::{Context, ContextValue, Settled};
pub use crate::document::{Decision, PolicyDocument, Reason};
pub use crate::elements::{Listed, Principal, same_service};
pub use crate::fit::Steps;
pub use crate::matching::Match;
pub use crate::parse::{PolicyError, PolicyFormat};
pub use crate::request::{CallerSet, Effect, Request};
pub use crate::shape::{Hole, Shape};
pub use crate::statement::{STATEMENT_MEMBERS, Statement, StatementRef};
