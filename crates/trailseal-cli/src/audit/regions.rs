//! Suggests a Region for a name that no Region has.

use crate::parameters::nearest;

/// The Regions that this release knows, only to suggest one: others may exist.
const KNOWN: [&str; 39] = [
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
    "mx-central-1",
    "sa-east-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-east-1",
    "us-gov-west-1",
    "eusc-de-east-1",
];

/// What to say about a Region that this release does not know; `None` if it knows it.
pub(crate) fn unknown_region(name: &str) -> Option<String> {
    if KNOWN.contains(&name) {
        return None;
    }
    let meant = nearest(name, KNOWN.into_iter());
    let meant = meant
        .map_or_else(|| "check its name".to_owned(), |meant| format!("did you mean `{meant}`?"));
    Some(format!("`{name}` is not a Region that this release knows: {meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_region_is_suggested() {
        assert_eq!(unknown_region("eu-central-1"), None);
        for (name, meant) in [
            ("us-esat-1", "us-east-1"),
            ("eu-centrall-1", "eu-central-1"),
            ("eu-west1", "eu-west-1"),
        ] {
            let line = unknown_region(name).unwrap();
            assert!(line.ends_with(&format!("did you mean `{meant}`?")), "{line}");
        }
        assert!(unknown_region("qq-zz-9").unwrap().ends_with("check its name"));
    }
}
