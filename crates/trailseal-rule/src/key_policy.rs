//! The questions about a key policy, and one about the policy of the bucket.
//!
//! Can CloudTrail encrypt this trail's logs with the key ([`grants`])? Can a principal that the
//! policy does not name decrypt them, or use the key through CloudTrail ([`exposure`])? Can a known
//! principal decrypt them ([`readers`])? Who can read them in the bucket ([`bucket`])?
//! `resource_policy` evaluates the policy; this module builds the requests of KMS, CloudTrail and
//! S3.

pub mod question;
mod strangers;

pub mod exposure;
pub mod grants;

pub mod bucket;
pub mod parsed;
pub mod readers;
