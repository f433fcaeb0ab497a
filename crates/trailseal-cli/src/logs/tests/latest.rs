//! The verdict on files that lack the latest delivery of their trail.

use trailseal_rule::{Delivery, LogFiles, Reading};

use super::*;
use crate::log_files::{ListedUntil, listed_before, missing_latest};

const HOME: &str = "eu-central-1";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The key is on every file; the newest of the home Region has the time 05:00 today.
fn sealed() -> Coverage {
    files(&[
        (HOME, "2026-11-20T00:00", kms(KEY)),
        (HOME, "2026-11-23T05:00", kms(KEY)),
        ("us-east-1", "2026-11-23T11:55", kms(KEY)),
    ])
}

/// The outcome and its text, if the trail last delivered then.
fn outcome(
    main: &TrailDelivery,
    coverage: &Coverage,
    delivered: &str,
    until: ListedUntil,
) -> (CheckOutcome, String) {
    let writers = all_writers(&[]).delivered(time(delivered));
    let missing = missing_latest(main, coverage, &writers, until);
    let trail = judged(main, coverage, &writers, missing, LogFileScope::Newest);
    (trail.check.outcome, format!("{:?} {:?}", trail.check.what, trail.check.fix))
}

#[test]
fn a_live_reading_without_the_latest_delivery_does_not_pass() {
    let live = ListedUntil::Live(time(NOW));
    for (delivered, expected) in [
        ("2026-11-23T05:01:00Z", CheckOutcome::Pass),
        ("2026-11-23T06:00:00Z", CheckOutcome::Pass),
        ("2026-11-23T06:00:00.001Z", CheckOutcome::Unknown),
        ("2026-11-23T12:00:00Z", CheckOutcome::Unknown),
    ] {
        let (found, text) = outcome(&delivery("main"), &sealed(), delivered, live);
        assert_eq!(found, expected, "{delivered}: {text}");
    }
    let (_, text) = outcome(&delivery("main"), &sealed(), "2026-11-23T11:59:00Z", live);
    for part in [
        "the trail delivered at 23 November 2026, 11:59 UTC, but the newest file listed for its home \
         Region eu-central-1 is of 23 November 2026, 05:00 UTC",
        "`trailseal logs --versions` counts deleted files",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // CloudTrail was not asked.
    let writers = Writers::default();
    assert_eq!(missing_latest(&delivery("main"), &sealed(), &writers, live), None);
}

/// Such as one that was deleted and created again, and which the bucket policy refuses.
#[test]
fn a_trail_that_logs_and_never_delivered_does_not_pass() {
    let live = ListedUntil::Live(time(NOW));
    let outcome = |coverage: &Coverage, writers: &Writers, listed| {
        let main = delivery("main");
        let missing = missing_latest(&main, coverage, writers, listed);
        let trail = judged(&main, coverage, writers, missing, LogFileScope::Newest);
        (trail.check.outcome, format!("{:?} {:?}", trail.check.what, trail.check.fix))
    };
    let never = |there: Reading<Timestamp>| {
        all_writers(&[]).never_delivered().delivered_in(&region("us-east-1"), there)
    };
    let elsewhere = files(&[("us-east-1", "2026-11-23T11:55", kms(KEY))]);
    for (coverage, named) in [(sealed(), HOME), (elsewhere.clone(), "us-east-1")] {
        for there in [Reading::Absent, Reading::Refused(Refusal::NotRead)] {
            let (found, text) = outcome(&coverage, &never(there), live);
            assert_eq!(found, CheckOutcome::Unknown, "{text}");
            assert!(text.contains(&format!("names no delivery in {named} at the time")), "{text}");
            assert!(text.contains("find out why the trail does not deliver"), "{text}");
        }
    }
    // It delivers where something happens: the newest file is of that delivery.
    for (delivered, expected) in [
        ("2026-11-23T10:54:59Z", CheckOutcome::Unknown),
        ("2026-11-23T10:55:00Z", CheckOutcome::Pass),
        ("2026-11-23T11:56:00Z", CheckOutcome::Pass),
        ("2026-11-23T23:00:00Z", CheckOutcome::Pass),
    ] {
        let there = Reading::Known(time(delivered));
        let (found, text) = outcome(&elsewhere, &never(there.clone()), live);
        assert_eq!(found, expected, "{delivered}: {text}");
        assert_eq!(outcome(&sealed(), &never(there), live).0, CheckOutcome::Unknown);
    }
    let old = files(&[("us-east-1", "2026-11-23T09:54", kms(KEY))]);
    let there = || Reading::Known(time("2026-11-23T11:56:00Z"));
    let query = ListedUntil::Query(time("2026-11-23T11:55:00Z"));
    for listed in [live, query] {
        let (found, text) = outcome(&old, &never(there()), listed);
        assert_eq!(found, CheckOutcome::Unknown);
        let words = "in us-east-1, but the newest file listed there is of 23 November 2026, 09:54";
        assert!(text.contains(words), "{text}");
    }
    // Another trail delivers to the home Region too, and a failure stands.
    let (main, other) = (region(HOME), [delivery("other")]);
    let regions = [(&main, &other[..]), (&region("us-east-1"), &[])];
    let shared = Writers::known(&regions).never_delivered();
    let shared = shared.delivered_in(&region("us-east-1"), there());
    assert_eq!(outcome(&sealed(), &shared, live).0, CheckOutcome::Pass);
    let plain = files(&[(HOME, "2026-11-23T05:00", FileStatus::Read(Encryption::SseS3))]);
    assert_eq!(outcome(&plain, &never(Reading::Absent), live).0, CheckOutcome::Fail);
}

/// The names of files are compared with the time up to which they were listed, not with that at which
/// the run began.
#[test]
fn the_latest_delivery_of_a_long_run_passes() {
    let delivered = "2026-11-23T12:40:00Z";
    let coverage =
        files(&[(HOME, "2026-11-20T00:00", kms(KEY)), (HOME, "2026-11-23T12:39", kms(KEY))]);
    let status = Ok(Delivery { delivered: Some(time(delivered)), ..Delivery::default() });
    let before = listed_before(time(NOW), &[status]);
    for (before, expected) in [(before, CheckOutcome::Pass), (time(NOW), CheckOutcome::Unknown)] {
        let writers = all_writers(&[]).delivered(time(delivered));
        let main = delivery("main");
        let missing = missing_latest(&main, &coverage, &writers, ListedUntil::Live(before));
        let listed = log_files(&main, &coverage, true, &writers);
        let listed = LogFiles { listed_before: Some(before), ..listed };
        let log_files = Some(LogFileScope::Newest);
        let parameters = Parameters { log_files, ..Parameters::default() };
        let context = EvaluationContext { parameters: &parameters, now: time(NOW) };
        let trail = judge(&main, listed, missing, &coverage, &context);
        assert_eq!(trail.check.outcome, expected, "{:?}", trail.check.what);
    }
}

/// The names of files have whole minutes, and the audit may have begun long before it reads a bucket.
#[test]
fn a_run_lists_the_delivery_that_it_read_before() {
    let read =
        |delivered: &str| Ok(Delivery { delivered: Some(time(delivered)), ..Delivery::default() });
    let unknown = || Ok(Delivery::default());
    for (statuses, expected) in [
        (vec![], NOW),
        (vec![unknown()], NOW),
        (vec![read("2026-11-23T05:01:00Z")], NOW),
        (vec![read("2026-11-23T12:00:00Z")], "2026-11-23T12:01:00Z"),
        (vec![read("2026-11-23T12:05:30Z"), unknown()], "2026-11-23T12:06:30Z"),
    ] {
        assert_eq!(listed_before(time(NOW), &statuses), time(expected));
    }
}

#[test]
fn a_table_without_the_latest_delivery_does_not_pass() {
    for (at, delivered, expected) in [
        ("07:00", "07:00", CheckOutcome::Pass),
        // The trail delivered after the query, and may have delivered shortly before it.
        ("07:00", "11:59", CheckOutcome::Pass),
        ("07:01", "11:59", CheckOutcome::Unknown),
        ("11:59", "07:00", CheckOutcome::Pass),
        ("11:59", "07:01", CheckOutcome::Unknown),
    ] {
        let until = ListedUntil::Query(time(&format!("2026-11-23T{at}:00Z")));
        let delivered = format!("2026-11-23T{delivered}:00Z");
        let (found, text) = outcome(&delivery("main"), &sealed(), &delivered, until);
        assert_eq!(found, expected, "{until:?} {delivered}: {text}");
        let fix = "run the query again later, or check that S3 still updates the table";
        assert_eq!(text.contains(fix), expected == CheckOutcome::Unknown, "{text}");
    }
}

#[test]
fn files_without_the_latest_delivery_still_fail_and_stay_unverified() {
    let live = ListedUntil::Live(time(NOW));
    let delivered = "2026-11-23T11:59:00Z";
    let plain = || FileStatus::Read(Encryption::SseS3);
    let mut later = sealed();
    let file = key("", "111122223333", "CloudTrail", "us-east-1", "2026-11-23T11:56");
    later.count(&file, &class(plain()), 1);
    let none = files(&[(HOME, "2026-11-23T05:00", plain())]);
    for (coverage, words) in [(later, "has SSE-S3, not the"), (none, "no log file is encrypted")] {
        let (found, text) = outcome(&delivery("main"), &coverage, delivered, live);
        assert_eq!(found, CheckOutcome::Fail);
        assert!(text.contains(words), "{text}");
    }
    let mut unread = sealed();
    unread.count(&file, &class(FileStatus::Unread(Unread::Denied)), 1);
    let (found, text) = outcome(&delivery("main"), &unread, delivered, live);
    assert_eq!(found, CheckOutcome::Unknown);
    assert!(text.contains("s3:GetObject"), "{text}");
}

#[test]
fn log_files_of_each_kind_and_account_in_the_home_region_count() {
    let live = ListedUntil::Live(time(NOW));
    let outcome_with = |main: &TrailDelivery, folder: &str, account: &str, kind: &str| {
        let mut coverage = Coverage::default();
        for (account, kind, region, time) in [
            ("111122223333", "CloudTrail", HOME, "2026-11-23T05:00"),
            ("111122223333", "CloudTrail", "us-east-1", "2026-11-23T11:55"),
            (account, kind, HOME, "2026-11-23T11:50"),
        ] {
            let file = key("", account, kind, region, time).replace("AWSLogs/", folder);
            coverage.count(&file, &class(kms(KEY)), 1);
        }
        outcome(main, &coverage, "2026-11-23T11:59:00Z", live).0
    };
    let (main, mut organization) = (delivery("main"), delivery("main"));
    organization.trail.is_organization_trail = true;
    let of_organization = "AWSLogs/o-exampleorgid/";
    for (trail, folder, account, kind, expected) in [
        (&main, "AWSLogs/", "111122223333", "CloudTrail-Insight", CheckOutcome::Pass),
        (&organization, of_organization, "444455556666", "CloudTrail", CheckOutcome::Pass),
        // Digests are not log files, and the other account's files are not the trail's.
        (&main, "AWSLogs/", "111122223333", "CloudTrail-Digest", CheckOutcome::Unknown),
        (&main, "AWSLogs/", "444455556666", "CloudTrail", CheckOutcome::Unknown),
    ] {
        assert_eq!(outcome_with(trail, folder, account, kind), expected, "{account} {kind}");
    }
    let elsewhere = files(&[("us-east-1", "2026-11-23T11:55", kms(KEY))]);
    let (found, text) = outcome(&main, &elsewhere, "2026-11-23T11:59:00Z", live);
    assert_eq!(found, CheckOutcome::Unknown);
    assert!(text.contains("no file is listed for its home Region eu-central-1"), "{text}");
}

/// CloudTrail says when a trail last delivered in a Region.
#[test]
fn a_stopped_trail_is_compared_with_its_latest_delivery_in_each_region() {
    let coverage = files(&[
        (HOME, "2026-11-23T09:00", kms(KEY)),
        (HOME, "2026-11-23T10:25", kms(KEY)),
        ("us-east-1", "2026-11-23T11:55", FileStatus::Read(Encryption::SseS3)),
    ]);
    let at = |text: &str| Reading::Known(time(text));
    for (there, expected, words) in [
        (at("2026-11-23T10:55:00Z"), CheckOutcome::Fail, "has SSE-S3, not the"),
        (
            at("2026-11-23T10:54:59Z"),
            CheckOutcome::Unknown,
            "its latest delivery in us-east-1 was at 23 November 2026, 10:54 UTC, so that another \
             trail wrote the newest file",
        ),
        (Reading::Absent, CheckOutcome::Unknown, "another trail may have written the newest file"),
        (
            Reading::Refused(Refusal::NotRead),
            CheckOutcome::Unknown,
            "it is not known when it last delivered in us-east-1 for account 111122223333",
        ),
    ] {
        let stopped = all_writers(&[]).stopped(Some(time("2026-11-23T10:30:00Z")));
        let writers = stopped.delivered_in(&region("us-east-1"), there.clone());
        let trail = judged(&delivery("main"), &coverage, &writers, None, LogFileScope::Newest);
        let what = trail.check.what.unwrap();
        assert_eq!(trail.check.outcome, expected, "{there:?}: {what}");
        assert!(what.contains(words), "{what}");
    }
}

/// The status is that of the account that owns the trail.
#[test]
fn a_stopped_organization_trail_may_have_delivered_later_for_a_member() {
    let mut organization = delivery("main");
    organization.trail.is_organization_trail = true;
    let mut coverage = Coverage::default();
    for (account, time) in
        [("111122223333", "2026-11-23T10:25"), ("444455556666", "2026-11-23T11:55")]
    {
        let file = key("", account, "CloudTrail", HOME, time);
        let file = file.replace("AWSLogs/", "AWSLogs/o-exampleorgid/");
        coverage.count(&file, &class(kms(KEY)), 1);
    }
    for (delivered, expected) in [
        ("2026-11-23T10:55:00Z", CheckOutcome::Pass),
        ("2026-11-23T10:30:00Z", CheckOutcome::Unknown),
    ] {
        let writers = all_writers(&[]).stopped(Some(time(delivered)));
        let trail = judged(&organization, &coverage, &writers, None, LogFileScope::Newest);
        assert_eq!(trail.check.outcome, expected, "{delivered}");
        let what = trail.check.what.unwrap_or_default();
        let words = "eu-central-1 for account 444455556666, so that another trail may have written";
        assert_eq!(what.contains(words), expected == CheckOutcome::Unknown, "{what}");
    }
}
