//! What `logs` and `audit` share about delivered log files: which trails deliver to a folder, and the
//! evidence for the check `log-files-sealed`.
//!
//! The rule decides; this module only gathers evidence. What was not read never proves a trail.

mod bucket_role;
mod evidence;
mod history;
mod latest;
mod unread;
mod writers;

pub(crate) use bucket_role::{BucketRole, bucket_role};
#[cfg(test)]
pub(crate) use evidence::missing_part;
pub(crate) use evidence::{
    Missing, are_all, log_files, missing_live, missing_unrecognized, proven, refusal,
    replace_found, unread, why_missing,
};
pub(crate) use history::History;
pub(crate) use latest::{ListedUntil, listed_before, missing_latest};
pub(crate) use unread::{unread_files, why_unread};
pub(crate) use writers::{Status, Writers, delivers, prefixes, status_of, statuses_of};
