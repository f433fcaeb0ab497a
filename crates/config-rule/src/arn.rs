//! The parts of an ARN.

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
    #[must_use]
    pub fn split(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let is_partition = partition.starts_with("aws")
            && partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        (scheme == "arn" && is_partition).then_some(Self {
            partition,
            service,
            region,
            account,
            resource,
        })
    }
}
