//! The IDs of findings, which are the same in every report, and of the controls.

use trailseal_rule::{AccountId, Partition, Region, TrailArn};

/// The partition of a trail's ARN or, without an ARN, of the Region.
pub fn partition<'a>(arn: Option<&'a TrailArn>, region: &Region) -> &'a str {
    arn.map_or_else(|| Partition::of(region).name, TrailArn::partition)
}

/// Whether a result is about an account and Region without a visible trail.
pub fn is_of_account(arn: Option<&TrailArn>, resource_id: &str, account: &AccountId) -> bool {
    arn.is_none() && resource_id == account.as_str()
}

/// The ID of a trail as seen from one account and Region: the account, the Region and the trail's
/// name, with its owner and its home Region if those are others.
///
/// A copy of a trail of another Region may have the name of a trail of this one.
pub fn uid_of_trail(
    account: &AccountId,
    region: &Region,
    arn: Option<&TrailArn>,
    name: &str,
) -> String {
    let mut uid = format!("{}{name}", prefix(account, region));
    if let Some(owner) = arn.map(TrailArn::owner).filter(|owner| *owner != account) {
        uid.push_str(&format!("@{owner}"));
    }
    if let Some(home) = arn.map(TrailArn::home_region).filter(|home| *home != region) {
        uid.push_str(&format!("@{home}"));
    }
    uid
}

/// Whether an ID is that of a trail as seen from this account and Region, or of the account itself.
///
/// Findings of log files and of trails that do not exist yet have other IDs.
pub fn is_uid_of_trail(id: &str, account: &AccountId, region: &Region) -> bool {
    id.strip_prefix(&prefix(account, region)).is_some_and(|name| !name.contains('/'))
}

fn prefix(account: &AccountId, region: &Region) -> String {
    format!("trailseal/{account}/{region}/")
}

/// Text as 32 hexadecimal digits: FNV-1a of 128 bits, which is the same on every machine and in
/// every version.
pub fn fingerprint(text: &str) -> String {
    const BASIS: u128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
    let fold = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    format!("{:032x}", text.bytes().fold(BASIS, fold))
}

/// The versions of a control, each with the number: `("CIS … v1.3, v1.4", "3.7")` becomes
/// `("CIS … v1.3", "3.7")` and `("CIS … v1.4", "3.7")`.
pub fn by_version<'a>(
    controls: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<(String, &'a str)> {
    controls.into_iter().flat_map(|(publication, number)| of_control(publication, number)).collect()
}

fn of_control<'a>(publication: &str, number: &'a str) -> Vec<(String, &'a str)> {
    let mut versions = publication.split(", ");
    let first = versions.next().unwrap_or_default();
    let name = first.rsplit_once(' ').map_or(first, |(name, _)| name);
    let others = versions.map(|version| (format!("{name} {version}"), number));
    std::iter::once((first.to_owned(), number)).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_matches_the_published_vectors() {
        // Fowler, Noll, Vo, Eastlake, "The FNV Non-Cryptographic Hash Algorithm", test vectors.
        assert_eq!(fingerprint(""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(fingerprint("a"), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(fingerprint("foobar"), "343e1662793c64bf6f0d3597ba446f18");
    }

    #[test]
    fn trails_of_one_name_have_ids_of_their_own() {
        let account = AccountId::parse("111122223333").unwrap();
        let region = Region::parse("us-east-1").unwrap();
        let mut ids = std::collections::BTreeSet::new();
        for (home, owner, expected) in [
            ("us-east-1", "111122223333", "main"),
            ("eu-west-1", "111122223333", "main@eu-west-1"),
            ("us-east-1", "444455556666", "main@444455556666"),
            ("eu-west-1", "444455556666", "main@444455556666@eu-west-1"),
        ] {
            let arn = TrailArn::parse(&format!("arn:aws:cloudtrail:{home}:{owner}:trail/main"));
            let uid = uid_of_trail(&account, &region, Some(&arn.unwrap()), "main");
            assert_eq!(uid, format!("trailseal/111122223333/us-east-1/{expected}"));
            assert!(is_uid_of_trail(&uid, &account, &region));
            assert!(!is_uid_of_trail(&format!("{uid}/log-files"), &account, &region));
            ids.insert(uid);
        }
        assert_eq!(ids.len(), 4);
    }

    #[test]
    fn each_version_of_a_publication_is_separate() {
        let controls = [("Benchmark v1.3, v1.4", "3.7"), ("Controls v8", "3.7"), ("", "3.7")];
        let requirements = by_version(controls);
        let publications: Vec<&str> = requirements.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(publications, ["Benchmark v1.3", "Benchmark v1.4", "Controls v8", ""]);
        assert!(requirements.iter().all(|(_, number)| *number == "3.7"));
    }
}
