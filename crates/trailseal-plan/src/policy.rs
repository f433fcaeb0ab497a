//! Key policies as documents: whether two say the same.

use serde_json::Value;
use trailseal_rule::key_policy::document::PolicyDocument;

/// Bytes of a key policy, at most (KMS API Reference, `PutKeyPolicy`, `Policy`).
pub const KEY_POLICY_BYTES_MAX: usize = 32_768;

/// Whether two key policies say the same: blanks and the order of members aside, which KMS need
/// not keep.
#[must_use]
pub fn same_policy(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    // A member that occurs twice is kept by the one reader and lost by the other, so both must
    // agree.
    let values = |text: &str| serde_json::from_str::<Value>(text).ok();
    let documents = |text: &str| PolicyDocument::parse(text).ok();
    matches!((values(one), values(other)), (Some(one), Some(other)) if one == other)
        && matches!((documents(one), documents(other)), (Some(one), Some(other)) if one == other)
}
