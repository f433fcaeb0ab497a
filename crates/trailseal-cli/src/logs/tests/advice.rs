//! The advice on older files, which encrypts files of certain owners only.

use super::*;

/// The line of the table and the section of the page, if the report has them.
fn advice(trails: &[(TrailDelivery, Writers)], coverage: &Coverage) -> Option<String> {
    let judged_of = |(delivery, writers): &(TrailDelivery, Writers)| {
        judged(delivery, coverage, writers, None, LogFileScope::Newest)
    };
    let mut report = report_of(coverage, trails.iter().map(judged_of).collect(), Mode::All);
    let place = Place {
        bucket: report.buckets[0].bucket.clone(),
        region: None,
        prefix: String::new(),
        source: report.buckets[0].source.clone(),
        owner: None,
        complete: true,
    };
    let deliveries: Vec<TrailDelivery> = trails.iter().map(|(one, _)| one.clone()).collect();
    report.buckets = vec![BucketLogs::of(place, coverage, &deliveries)];
    let table = written(&report, Format::Table, None);
    let page = written(&report, Format::Html, None);
    let line = table.lines().find(|line| line.starts_with("HISTORY: ")).map(str::to_owned);
    assert_eq!(line.is_some(), page.contains("id=\"history\""), "{table}");
    assert_eq!(line.is_some(), page.contains("S3UpdateObjectEncryption"), "{table}");
    line
}

#[test]
fn the_files_of_a_trail_with_a_key_are_advised_to_be_encrypted_with_it() {
    let line = advice(&[(delivery("main"), all_writers(&[]))], &history()).unwrap();
    let words =
        "HISTORY: 4 of 6 log files that were read are not encrypted with the key of their trail. ";
    assert!(line.starts_with(words), "{line}");
}

#[test]
fn files_that_may_not_be_those_of_the_trail_and_its_key_are_no_history() {
    let mut without_key = delivery("main");
    without_key.trail.key = None;
    let other = delivery("other");
    let main = || delivery("main");
    let (both, mine) = ([main(), other.clone()], [other.clone()]);
    for (trails, why) in [
        (vec![(without_key, all_writers(&[]))], "the trail has no key"),
        (vec![(main(), all_writers(&both))], "another trail delivers there"),
        (vec![(main(), all_writers(&mine))], "another trail delivers there"),
        (
            vec![(main(), all_writers(&both)), (other.clone(), all_writers(&both))],
            "both trails of the run deliver there",
        ),
        (vec![(main(), Writers::default())], "the trails that deliver there are not known"),
    ] {
        assert_eq!(advice(&trails, &history()), None, "{why}");
    }
    let mut foreign = Coverage::default();
    for owner in [Owner::Other, Owner::Unknown] {
        let file = key("", "111122223333", "CloudTrail", "eu-central-1", "2024-01-05T00:00");
        let plain = Class { owner, ..class(FileStatus::Read(Encryption::SseS3)) };
        foreign.count(&file, &plain, 1);
    }
    assert_eq!(advice(&[(main(), all_writers(&[]))], &foreign), None, "another account's files");
}

/// `--region` selects folders here.
#[test]
fn a_missing_region_is_not_set_by_an_option_of_logs() {
    let refused = first_region(&[], None).unwrap_err();
    assert_eq!(
        refused,
        "no AWS Region is set: set AWS_REGION (such as `AWS_REGION=eu-central-1`), or set `region` in \
         the profile"
    );
}
