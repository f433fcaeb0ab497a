//! The questions that the checks ask about a key policy.
//!
//! May CloudTrail encrypt this trail's logs with the key ([`grants`])? Can somebody whom the policy
//! does not name decrypt them, or use the key through CloudTrail ([`exposure`])? May a known
//! principal decrypt them ([`readers`]), and who can read them in the bucket ([`bucket`])?
//! `resource_policy` answers; this module knows what KMS, CloudTrail and S3 put into a request.

pub mod question;
mod strangers;

pub mod exposure;
pub mod grants;

pub mod bucket;
pub mod parsed;
pub mod readers;
