//! Amazon S3: whether a bucket exists, and in which Region.

use crate::caller::Caller;
use crate::state::State;

/// The response to `HeadBucket`: a status and headers, without a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HeadBucket {
    pub(crate) status: u16,
    /// The value of `x-amz-bucket-region`, which S3 also sends with a refusal.
    pub(crate) region: Option<String>,
}

/// Answers for a bucket; `caller` is the identity that signed the request, if any.
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

/// 3 to 63 lower-case letters, digits, periods and dashes (S3 User Guide, bucket naming rules).
fn is_bucket_name(name: &str) -> bool {
    let right =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (3..=63).contains(&name.len()) && name.bytes().all(right)
}
