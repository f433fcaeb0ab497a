//! Suggests a Region for a name that no Region has.

use trailseal_rule::{Partition, Region};

use crate::parameters::nearest;

/// The Regions that this release knows, only to suggest one: others may exist.
const KNOWN: [&str; 48] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-east-1",
    "us-gov-west-1",
    "eusc-de-east-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "eu-isoe-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
];

/// What to say about a Region that this release does not know; `None` if it knows it.
pub(crate) fn unknown_region(region: &Region) -> Option<String> {
    let name = region.as_str();
    if KNOWN.contains(&name) {
        return None;
    }
    let partition = Partition::of(region);
    let is_near =
        |known: &&str| Region::parse(known).is_ok_and(|one| Partition::of(&one) == partition);
    let meant = nearest(name, KNOWN.into_iter().filter(is_near));
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    Some(format!("`{name}` is not a Region that this release knows{meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_region_is_suggested() {
        let unknown_region = |name: &str| unknown_region(&Region::parse(name).unwrap());
        assert_eq!(unknown_region("eu-central-1"), None);
        for (name, meant) in [
            ("us-esat-1", "us-east-1"),
            ("eu-centrall-1", "eu-central-1"),
            ("eu-west1", "eu-west-1"),
            ("us-gov-esat-1", "us-gov-east-1"),
            // A Region of another partition is not meant, even if its name is as similar.
            ("us-iso-esat-1", "us-iso-east-1"),
            ("us-isob-esat-1", "us-isob-east-1"),
            ("us-isof-suoth-1", "us-isof-south-1"),
        ] {
            let line = unknown_region(name).unwrap();
            assert!(line.ends_with(&format!("did you mean `{meant}`?")), "{line}");
        }
        assert!(unknown_region("qq-zz-9").unwrap().ends_with(" that this release knows"));
    }

    #[test]
    fn regions_of_every_partition_are_known() {
        for name in [
            "us-iso-east-1",
            "us-iso-west-1",
            "us-isob-east-1",
            "eu-isoe-west-1",
            "us-isof-east-1",
            "us-isof-south-1",
            "eusc-de-east-1",
            "cn-north-1",
            "us-gov-west-1",
        ] {
            assert_eq!(unknown_region(&Region::parse(name).unwrap()), None);
        }
    }
}
