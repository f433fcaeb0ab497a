//! The role that reads a bucket of another account.

use trailseal_rule::{AccountId, Arn, Partition, Region, RoleName};

/// A role in the account of the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BucketRole {
    partition: String,
    pub(crate) account: AccountId,
    pub(crate) name: RoleName,
}

impl BucketRole {
    /// Refuses a role of another partition than the caller's, which is that of the Region.
    pub(crate) fn check_partition(&self, region: &Region) -> Result<(), String> {
        let own = Partition::of(region).name;
        if self.partition == own {
            return Ok(());
        }
        let given = &self.partition;
        Err(format!(
            "the role of `--bucket-role` is in partition {given}, but Region {region} is in \
             partition {own}: name a role of partition {own}"
        ))
    }
}

/// Reads the ARN of a role.
pub(crate) fn bucket_role(text: &str) -> Result<BucketRole, String> {
    let read = || {
        let arn = Arn::split(text).filter(|arn| arn.service == "iam" && arn.region.is_empty())?;
        let account = AccountId::parse(arn.account).ok()?;
        let name = RoleName::parse(arn.resource.strip_prefix("role/")?)?;
        Some(BucketRole { partition: arn.partition.to_owned(), account, name })
    };
    let expected = "expected the ARN of a role, such as `arn:aws:iam::111122223333:role/ReadLogs`";
    read().ok_or_else(|| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_of_another_partition_is_refused() {
        let check = |partition: &str, region: &str| {
            let role = bucket_role(&format!("arn:{partition}:iam::111122223333:role/ReadLogs"));
            role.unwrap().check_partition(&Region::parse(region).unwrap())
        };
        for (partition, region) in
            [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
        {
            assert_eq!(check(partition, region), Ok(()));
        }
        for (partition, region) in
            [("aws-cn", "us-east-1"), ("aws", "cn-north-1"), ("aws-iso", "us-east-1")]
        {
            let why = check(partition, region).unwrap_err();
            assert!(why.contains(&format!("is in partition {partition}, ")), "{why}");
        }
    }

    #[test]
    fn a_role_is_an_arn_of_iam() {
        let parsed = bucket_role("arn:aws:iam::111122223333:role/path/ReadLogs").unwrap();
        assert_eq!(parsed.account.as_str(), "111122223333");
        assert_eq!(parsed.name.as_str(), "path/ReadLogs");
        for wrong in [
            "ReadLogs",
            "arn:aws:iam::111122223333:user/ReadLogs",
            "arn:aws:sts::111122223333:role/ReadLogs",
            "arn::iam::111122223333:role/ReadLogs",
            "arn:none:iam::111122223333:role/ReadLogs",
            "arn:aws:iam::1:role/ReadLogs",
            "arn:aws:iam::111122223333:role/",
        ] {
            assert!(bucket_role(wrong).is_err(), "{wrong}");
        }
    }
}
