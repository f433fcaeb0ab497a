//! Amazon S3: whether a bucket exists, and in which Region.

use crate::caller::Caller;
use crate::state::State;

/// The status of `HeadBucket` and the bucket's Region, which S3 also sends with a refusal; `caller`
/// is the identity that signed the request, if any.
pub(crate) fn head_bucket<'a>(
    state: &'a State,
    caller: Option<&Caller>,
    name: &str,
) -> (u16, Option<&'a str>) {
    let Some(bucket) = state.bucket(name) else {
        return (if is_bucket_name(name) { 404 } else { 400 }, None);
    };
    let status = match caller {
        Some(caller) if caller.account() != bucket.account => 403,
        Some(caller) if caller.region != bucket.region => 301,
        Some(_) => 200,
        None => 403,
    };
    (status, Some(&bucket.region))
}

/// 3 to 63 lower-case letters, digits, periods and dashes (S3 User Guide, bucket naming rules).
fn is_bucket_name(name: &str) -> bool {
    let right =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (3..=63).contains(&name.len()) && name.bytes().all(right)
}
