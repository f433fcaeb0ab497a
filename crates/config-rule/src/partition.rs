//! The partitions of AWS: their names, their Regions and the domains of their endpoints; ARNs.

use crate::ids::Region;

/// A partition, such as `aws` or `aws-cn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name, as in ARNs.
    pub name: &'static str,
    /// The domain of its endpoints, such as `amazonaws.com`.
    pub dns_suffix: &'static str,
    region_prefix: &'static str,
}

/// The partitions as the endpoint rules of the AWS SDKs define them. The first has the Regions that
/// no other partition has.
const PARTITIONS: [Partition; 8] = [
    partition("aws", "", "amazonaws.com"),
    partition("aws-cn", "cn-", "amazonaws.com.cn"),
    partition("aws-us-gov", "us-gov-", "amazonaws.com"),
    partition("aws-iso", "us-iso-", "c2s.ic.gov"),
    partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov"),
    partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"),
    partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov"),
    partition("aws-eusc", "eusc-", "amazonaws.eu"),
];

const fn partition(
    name: &'static str,
    region_prefix: &'static str,
    dns_suffix: &'static str,
) -> Partition {
    Partition { name, dns_suffix, region_prefix }
}

impl Partition {
    /// The partition of a Region; an unknown Region belongs to `aws`, as in the AWS SDKs.
    pub fn of(region: &Region) -> Self {
        let [standard, others @ ..] = PARTITIONS;
        let has = |partition: &Self| region.as_str().starts_with(partition.region_prefix);
        others.into_iter().find(has).unwrap_or(standard)
    }
}

/// An Amazon Resource Name, `arn:partition:service:region:account:resource`, split into its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// The partition: `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// The service, such as `kms`.
    pub service: &'a str,
    /// The Region; empty for global services.
    pub region: &'a str,
    /// The account ID; empty where the resource does not name one.
    pub account: &'a str,
    /// Everything after the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN of any partition; `None` for any other text.
    pub fn split(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = *parts.as_slice() else {
            return None;
        };
        let is_partition = partition.starts_with("aws")
            && partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        is_partition.then_some(Self { partition, service, region, account, resource })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_regions_and_domain() {
        for (region, name, dns_suffix) in [
            ("us-east-1", "aws", "amazonaws.com"),
            ("mx-central-1", "aws", "amazonaws.com"),
            ("eu-west-1", "aws", "amazonaws.com"),
            ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ] {
            let found = Partition::of(&Region::parse(region).unwrap());
            assert_eq!((found.name, found.dns_suffix), (name, dns_suffix), "{region}");
        }
    }
}
