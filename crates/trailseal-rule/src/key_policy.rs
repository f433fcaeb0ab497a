//! The questions about a key policy.
//!
//! Can CloudTrail encrypt this trail's logs with the key ([`grants`])? Can a principal that the
//! policy does not name decrypt them, or use the key through CloudTrail ([`exposure`])? Can a known
//! principal decrypt them ([`readers`])? `resource_policy` evaluates the policy; this module builds
//! the requests of KMS and CloudTrail.

pub mod question;
mod strangers;

pub mod exposure;
pub mod grants;

pub mod parsed;
pub mod readers;
