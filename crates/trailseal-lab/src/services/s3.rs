//! Amazon S3: whether a bucket is there, and in which Region.

use crate::caller::Caller;
use crate::state::State;

/// What `HEAD` of a bucket answers: S3 sends no body, only a status and headers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HeadBucket {
    pub(crate) status: u16,
    /// What `x-amz-bucket-region` says: S3 names the Region also when it refuses.
    pub(crate) region: Option<String>,
}

/// Answers for a bucket; `caller` is the identity that signed, if any did.
pub(crate) fn head_bucket(state: &State, caller: Option<&Caller>, name: &str) -> HeadBucket {
    let Some(bucket) = state.bucket(name) else {
        let status = if is_bucket_name(name) { 404 } else { 400 };
        return HeadBucket { status, region: None };
    };
    let status = match caller {
        Some(caller) if caller.account() != bucket.account => 403,
        Some(caller) if caller.region != bucket.region => 301,
        Some(_) => 200,
        None => 403,
    };
    HeadBucket { status, region: Some(bucket.region.clone()) }
}

/// 3 to 63 small letters, digits, periods and dashes (S3 User Guide, bucket naming rules).
fn is_bucket_name(name: &str) -> bool {
    let right =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (3..=63).contains(&name.len()) && name.bytes().all(right)
}
