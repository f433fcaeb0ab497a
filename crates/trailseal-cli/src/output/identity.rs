//! How trails are named where findings are kept: by names that the next report gives again.

use trailseal_rule::TrailArn;

use crate::report::{CheckReport, TrailReport};

/// A trail as one account and Region sees it.
#[derive(Debug)]
pub(crate) struct Identity<'a> {
    trail: &'a TrailReport,
    arn: Option<TrailArn>,
}

impl<'a> Identity<'a> {
    pub(crate) fn of(trail: &'a TrailReport) -> Self {
        Self { trail, arn: trail.arn.as_deref().and_then(|arn| TrailArn::parse(arn).ok()) }
    }

    /// Its name without account and Region.
    pub(crate) fn name(&self) -> &str {
        if let Some(arn) = &self.arn {
            return arn.name();
        }
        let id = self.trail.resource_id.as_str();
        id.rsplit_once(":trail/").map_or(id, |(_, name)| name)
    }

    /// Its ARN, or what AWS Config calls it where only its end was seen.
    pub(crate) fn arn_or_id(&self) -> &str {
        self.arn.as_ref().map_or(self.trail.resource_id.as_str(), TrailArn::as_str)
    }

    /// Where it was made.
    pub(crate) fn home_region(&self) -> Option<&str> {
        self.arn.as_ref().map(|arn| arn.home_region().as_str())
    }

    /// `aws`, `aws-cn`, `aws-us-gov`, …; where there is no ARN, as the Region tells.
    pub(crate) fn partition(&self) -> &'a str {
        let region = self.trail.region.as_str();
        let of_arn = self.arn.as_ref().and(self.trail.arn.as_deref());
        match of_arn.and_then(|arn| arn.split(':').nth(1)) {
            Some(partition) => partition,
            None if region.starts_with("cn-") => "aws-cn",
            None if region.starts_with("us-gov-") => "aws-us-gov",
            None => "aws",
        }
    }

    /// A name that stays the same from report to report, whatever is found, and that no other trail
    /// has: where it was seen, and its name, with its owner where that is another account.
    pub(crate) fn uid(&self) -> String {
        let TrailReport { account, region, .. } = self.trail;
        let name = self.name();
        match &self.arn {
            Some(arn) if arn.owner().as_str() != account => {
                format!("trailseal/{account}/{region}/{name}@{}", arn.owner())
            }
            Some(_) | None => format!("trailseal/{account}/{region}/{name}"),
        }
    }

    /// Such a name for what a check says of it.
    pub(crate) fn uid_of_check(&self, check: &CheckReport) -> String {
        format!("{}#{}", self.uid(), check.id)
    }
}

/// Text in 32 hexadecimal digits: FNV-1a of 128 bits, which is the same on every machine and in
/// every version.
pub(crate) fn fingerprint(text: &str) -> String {
    const BASIS: u128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
    let fold = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    format!("{:032x}", text.bytes().fold(BASIS, fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_that_of_the_published_vectors() {
        // Fowler, Noll, Vo, Eastlake, "The FNV Non-Cryptographic Hash Algorithm", test vectors.
        assert_eq!(fingerprint(""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(fingerprint("a"), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(fingerprint("foobar"), "343e1662793c64bf6f0d3597ba446f18");
    }
}
