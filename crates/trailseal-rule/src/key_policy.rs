//! Reads a KMS key policy as KMS would, as far as it can be read without asking KMS.
//!
//! Two questions are put to a policy: may CloudTrail encrypt this trail's logs with the key
//! ([`admission`]), and can somebody whom the policy does not name come to read them
//! ([`exposure`])? Both are questions about *sets* of requests. Some of what a request carries is
//! certain (the trail's ARN), some is certain to be missing, some cannot be known from here (the
//! time, the network), and some is for the caller to choose. So every part of the reader answers
//! with *always*, *never* or *sometimes* ([`matching`]), and what it does not understand is
//! *sometimes*: an operator, a member or a value that is unknown makes an answer unknown, never yes
//! and never no.
//!
//! What is safe in either direction, decided once:
//!
//! - A text that is not JSON, an unknown `Version`, a missing or unknown `Effect`, a repeated or
//!   unknown member beside `Statement` make the whole document unreadable ([`document`]).
//! - A statement without `Action` and `NotAction`, or without `Resource` and `NotResource`, has no
//!   effect, as KMS documents ([`document`]).
//! - A repeated or unknown member within a statement, both of `Action` and `NotAction`, of `Resource`
//!   and `NotResource`, both or neither of `Principal` and `NotPrincipal`, an empty list or a value of
//!   the wrong type make that element *sometimes*: the statement may still be ruled out by its other
//!   elements, but it can never be relied upon. Whether KMS takes such a statement is not documented.
//! - A condition that is not understood is *sometimes*.
//!
//! *Invariant of absence*: nothing else of this crate, no clock, no input or output.

mod json;

pub mod matching;
pub mod shape;

pub mod context;
mod pattern;

mod address;
mod operator;

mod conditions;
mod elements;

pub mod document;
mod reading;

pub mod request;

pub mod admission;
pub mod bucket;
pub mod exposure;
pub mod grants;
pub mod parsed;
pub mod readers;

pub mod question;
mod strangers;
