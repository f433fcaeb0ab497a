//! The role that reads a bucket of another account.

use trailseal_rule::{AccountId, RoleName};

/// A role in the account of the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BucketRole {
    pub(crate) account: AccountId,
    pub(crate) name: RoleName,
}

/// Reads the ARN of a role.
pub(crate) fn bucket_role(text: &str) -> Result<BucketRole, String> {
    let read = || {
        let mut parts = text.splitn(6, ':');
        let is_role = parts.next()? == "arn" && parts.next().is_some_and(|one| !one.is_empty());
        let is_iam = parts.next()? == "iam" && parts.next()?.is_empty();
        let account = AccountId::parse(parts.next()?).ok()?;
        let name = RoleName::parse(parts.next()?.strip_prefix("role/")?)?;
        (is_role && is_iam).then_some(BucketRole { account, name })
    };
    let expected = "expected the ARN of a role, such as `arn:aws:iam::111122223333:role/ReadLogs`";
    read().ok_or_else(|| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_an_arn_of_iam() {
        let parsed = bucket_role("arn:aws:iam::111122223333:role/path/ReadLogs").unwrap();
        assert_eq!(parsed.account.as_str(), "111122223333");
        assert_eq!(parsed.name.as_str(), "path/ReadLogs");
        for wrong in [
            "ReadLogs",
            "arn:aws:iam::111122223333:user/ReadLogs",
            "arn:aws:sts::111122223333:role/ReadLogs",
            "arn:aws:iam::1:role/ReadLogs",
            "arn:aws:iam::111122223333:role/",
        ] {
            assert!(bucket_role(wrong).is_err(), "{wrong}");
        }
    }
}
