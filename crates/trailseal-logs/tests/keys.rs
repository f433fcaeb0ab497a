//! Any key is either read in parts or set aside.

use proptest::prelude::*;
use trailseal_logs::{Class, Encryption, FileStatus, Owner, StorageClass, Version};
use trailseal_logs::{Coverage, Folder, Parsed, parse};

/// Prefixes with what could mislead: line breaks, escapes, directions, encodings, `AWSLogs`, folders of
/// Regions.
fn prefix() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("AWSLogs".to_owned()),
        Just("o-exampleorg1".to_owned()),
        Just("111122223333".to_owned()),
        Just("CloudTrail".to_owned()),
        Just("eu-central-1".to_owned()),
        Just("2026".to_owned()),
        Just("a\n\r\u{1b}[31m".to_owned()),
        Just("\u{202e}\u{200b}".to_owned()),
        Just("%2F+%41".to_owned()),
        Just("AWSLogs/111122223333/CloudTrail/eu-central-1".to_owned()),
        "[^/]{0,8}",
    ];
    proptest::collection::vec(part, 0..5).prop_map(|parts| parts.join("/"))
}

fn log_name(day: u8, minute: u16) -> String {
    let (hour, minute) = (minute / 60, minute % 60);
    format!(
        "111122223333_CloudTrail_eu-central-1_202601{day:02}T{hour:02}{minute:02}Z_Ab3dEf6hIj9kLm2n.json.gz"
    )
}

fn in_root(prefix: &str) -> String {
    if prefix.is_empty() { "AWSLogs/".to_owned() } else { format!("{prefix}/AWSLogs/") }
}

proptest! {
    #[test]
    fn a_file_is_read_in_the_parts_of_its_key(
        prefix in prefix(),
        has_organization in any::<bool>(),
        day in 1_u8..=28,
        minute in 0_u16..1440,
    ) {
        let organization = if has_organization { "o-exampleorg1/" } else { "" };
        let folder =
            format!("{}{organization}111122223333/CloudTrail/eu-central-1/", in_root(&prefix));
        let key = format!("{folder}2026/01/{day:02}/{}", log_name(day, minute));
        // CloudTrail puts no folders of its own into that of a Region.
        if parse(&format!("{prefix}/x")) == Parsed::Unrecognized {
            prop_assert_eq!(parse(&key), Parsed::Unrecognized);
            return Ok(());
        }
        let Parsed::File(file) = parse(&key) else {
            return Err(TestCaseError::fail(key));
        };
        prop_assert_eq!(file.prefix, prefix.as_str());
        prop_assert_eq!(file.organization.is_some(), has_organization);
        prop_assert_eq!(Folder::of(&file).unwrap().to_string(), folder);
        let time = format!("2026-01-{day:02}T{:02}:{:02}:00.000Z", minute / 60, minute % 60);
        prop_assert_eq!(file.time.to_string(), time);
    }

    #[test]
    fn a_name_with_any_other_character_is_set_aside(
        place in 0_usize..70,
        character in prop_oneof![
            Just('\n'), Just('\r'), Just('\0'), Just('%'), Just('+'), Just(' '), Just('.'),
            Just('\u{202e}'), Just('\u{200b}'), Just('\u{661}'), Just('\u{ff10}'), Just('\\'),
        ],
        day in 1_u8..=28,
    ) {
        let mut name = log_name(day, 1);
        let place = place.min(name.len());
        name.insert(place, character);
        let key = format!("AWSLogs/111122223333/CloudTrail/eu-central-1/2026/01/{day:02}/{name}");
        prop_assert_eq!(parse(&key), Parsed::Unrecognized);
    }

    #[test]
    fn a_digest_names_its_trail_whatever_separates_its_words(
        trail in "[A-Za-z0-9][A-Za-z0-9._-]{1,60}[A-Za-z0-9]",
        backfill in any::<bool>(),
    ) {
        let backfill = if backfill { "_backfill" } else { "" };
        let key = format!(
            "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/31/111122223333_CloudTrail-Digest_\
             us-east-1_{trail}_eu-central-1_20260131T000000Z{backfill}.json.gz"
        );
        let Parsed::File(file) = parse(&key) else {
            return Err(TestCaseError::fail(key));
        };
        prop_assert_eq!(file.trail, Some(trail.as_str()));
    }

    #[test]
    fn every_key_is_counted_once(
        keys in proptest::collection::vec(
            prop_oneof![
                prefix(),
                ".{0,40}",
                (prefix(), "[^/]{0,20}").prop_map(|(prefix, name)| format!(
                    "{}111122223333/CloudTrail/eu-central-1/2026/01/01/{name}", in_root(&prefix)
                )),
                (prefix(), 0_u16..1440).prop_map(|(prefix, minute)| format!(
                    "{}111122223333/CloudTrail/eu-central-1/2026/01/01/{}",
                    in_root(&prefix), log_name(1, minute)
                )),
            ],
            0..20,
        ),
    ) {
        let class = Class {
            status: FileStatus::Read(Encryption::SseS3),
            storage: StorageClass::Standard,
            version: Version::Current,
            owner: Owner::Bucket,
        };
        let mut coverage = Coverage::default();
        for key in &keys {
            coverage.count(key, &class, 1);
        }
        let files: u64 = coverage.rows().map(|(.., totals)| totals.files).sum();
        prop_assert_eq!(files + coverage.unrecognized + coverage.others, keys.len() as u64);
        for (folder, _, _, totals) in coverage.rows() {
            prop_assert!(totals.oldest.key.starts_with(&folder.to_string()));
        }
    }
}
