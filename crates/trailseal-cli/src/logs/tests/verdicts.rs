//! The verdict on files that were counted by hand.

use super::super::history::{Seal, seal};
use super::*;
use crate::log_files::{History, are_all, missing_live, missing_unrecognized};

#[test]
fn a_trail_passes_if_its_newest_files_have_its_key() {
    let trail = judge_newest(&history());
    assert_eq!(
        (trail.check.outcome, trail.compliance),
        (CheckOutcome::Pass, ComplianceType::Compliant)
    );
    let first = trail.first_encrypted.unwrap();
    assert_eq!(first.time.to_string(), "2025-03-04T10:05:00.000Z");
    assert_eq!(trail.no_delivery_since, ["AWSLogs/111122223333/CloudTrail/us-east-1/"]);
}

#[test]
fn a_trail_fails_by_a_later_file_without_its_key() {
    for wrong in [
        FileStatus::Read(Encryption::SseS3),
        FileStatus::Read(Encryption::NotEncrypted),
        FileStatus::Read(Encryption::SseC),
        kms(OTHER_KEY),
    ] {
        let mut coverage = history();
        let file = key("", "111122223333", "CloudTrail", "us-east-1", "2026-11-23T11:50");
        coverage.count(&file, &class(wrong.clone()), 1);
        let trail = judge_newest(&coverage);
        assert_eq!(trail.check.outcome, CheckOutcome::Fail, "{wrong:?}");
        assert!(trail.check.what.unwrap().contains(&file), "the evidence is named");
    }
}

#[test]
fn what_was_not_read_never_passes() {
    for unread in [
        FileStatus::Unread(Unread::Denied),
        FileStatus::Unread(Unread::Missing),
        FileStatus::Unread(Unread::DeleteMarker),
        FileStatus::Unread(Unread::Rejected),
        FileStatus::Unread(Unread::Throttled),
        FileStatus::Unread(Unread::Failed),
        FileStatus::Unread(Unread::NotReported),
        FileStatus::Read(Encryption::Unrecognized),
        FileStatus::Read(Encryption::SseKms(KeyName::Unnamed)),
    ] {
        let mut coverage = history();
        let file = key("", "111122223333", "CloudTrail", "us-east-1", "2026-11-23T11:50");
        coverage.count(&file, &class(unread.clone()), 1);
        let trail = judge_newest(&coverage);
        assert_eq!(trail.check.outcome, CheckOutcome::Unknown, "{unread:?}");
        assert!(trail.unverified && trail.compliance == ComplianceType::NonCompliant);
    }
}

#[test]
fn a_part_of_the_bucket_never_passes_and_keeps_a_certain_failure() {
    let (trail, writers) = (delivery("main"), all_writers(&[]));
    let refusal = || Refusal::AccessDenied { action: "s3:ListBucket" };
    let part = || Missing::older(refusal());
    let newest = || Missing::newest(refusal());
    let outcome = |coverage: &Coverage, missing: Missing| {
        judged(&trail, coverage, &writers, Some(missing), LogFileScope::Newest).check.outcome
    };
    let sealed = history();
    assert_eq!(outcome(&sealed, part()), CheckOutcome::Unknown);
    assert_eq!(outcome(&sealed, newest()), CheckOutcome::Unknown);
    let plain = FileStatus::Read(Encryption::SseS3);
    let mut failing = history();
    let file = key("", "111122223333", "CloudTrail", "us-east-1", "2026-11-23T11:50");
    failing.count(&file, &class(plain.clone()), 1);
    assert_eq!(outcome(&failing, part()), CheckOutcome::Fail);
    // A later file may have the key.
    assert_eq!(outcome(&failing, newest()), CheckOutcome::Unknown);
    // A file that was not read may have the key.
    let none = files(&[("us-east-1", "2026-11-23T11:50", plain)]);
    assert_eq!(judge_newest(&none).check.outcome, CheckOutcome::Fail);
    assert_eq!(outcome(&none, part()), CheckOutcome::Unknown);
    assert_eq!(outcome(&Coverage::default(), newest()), CheckOutcome::Unknown);
}

#[test]
fn a_gap_concerns_a_trail_if_it_is_above_or_in_its_folders() {
    let mut delivery = delivery("main");
    delivery.prefix = "org".to_owned();
    let concerns = |place: &str| {
        let gap = Gap { place: place.to_owned(), cause: Cause::TooMany };
        missing_part(&delivery, &[gap]).is_some()
    };
    for place in ["", "org/", "org/AWSLogs/", "org/AWSLogs/111122223333/CloudTrail/us-east-1/"] {
        assert!(concerns(place), "{place}");
    }
    for place in ["AWSLogs/", "other/", "org2/AWSLogs/", "org/other/"] {
        assert!(!concerns(place), "{place}");
    }
    assert_eq!(missing_part(&delivery, &[]), None);
}

#[test]
fn a_gap_in_a_folder_that_does_not_decide_concerns_no_trail() {
    let own = "AWSLogs/111122223333/CloudTrail/eu-central-1/";
    let of_region = "AWSLogs/111122223333/CloudTrail-Insight/us-east-1/2026/11/23/";
    let of_organization = "AWSLogs/o-exampleorgid/444455556666/CloudTrail/us-east-1/";
    let above = ["", "AWSLogs/", "AWSLogs/1", "AWSLogs/o-"];
    let never = [
        "AWSLogs/444455556666/",
        "AWSLogs/444455556666/CloudTrail/eu-central-1/",
        "AWSLogs/111122223333/CloudTrail-Digest/",
        "AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/2026/11/23/x",
        "AWSLogs/o-exampleorgid/111122223333/CloudTrail-Digest/eu-central-1/",
        "AWSLogs/111122223333/elsewhere/",
        "AWSLogs/inner/",
        "AWSLogs//",
    ];
    let account = "AWSLogs/111122223333/";
    let mut one_region = delivery("main");
    one_region.trail.is_multi_region_trail = false;
    let mut organization = delivery("main");
    organization.trail.is_organization_trail = true;
    for (trail, concerned, unconcerned) in [
        (delivery("main"), &[own, of_region, account][..], &[of_organization][..]),
        (one_region, &[own, account], &[of_region, of_organization]),
        (organization, &[of_organization, "AWSLogs/o-exampleorgid/"], &[own, of_region, account]),
    ] {
        let concerns = |place: &str, cause: Cause| {
            missing_part(&trail, &[Gap { place: place.to_owned(), cause }]).is_some()
        };
        let is_odd = |key: &str| {
            let mut coverage = history();
            coverage.set_aside(key);
            missing_unrecognized(&trail, &coverage).is_some()
        };
        for place in above.iter().chain(concerned) {
            assert!(concerns(place, Cause::TooMany), "{place}");
        }
        for place in concerned {
            assert!(is_odd(&format!("{place}new")), "{place}");
        }
        for place in never.iter().chain(unconcerned) {
            assert!(!concerns(place, Cause::TooMany), "{place}");
            assert!(!is_odd(&format!("{place}new")), "{place}");
            // A file of answers that S3 contradicts is not believed in any folder.
            let key = format!("{place}new");
            assert!(concerns(place, Cause::Contradicted { key }), "{place}");
        }
    }
}

fn a_failed_call() -> AwsError {
    AwsError::bad_answer("s3:ListBucket", &region("eu-central-1"), "S3 answers the same list again")
}

#[test]
fn versions_that_were_not_counted_decide_nothing() {
    let own = "AWSLogs/111122223333/CloudTrail/eu-central-1/".to_owned();
    let gap = |cause| missing_part(&delivery("main"), &[Gap { place: own.clone(), cause }]);
    assert_eq!(gap(Cause::Versions(a_failed_call())), None);
    assert!(gap(Cause::Aws(a_failed_call())).is_some());
}

/// The rule's words for evidence that was not read are about `check` and `audit`.
#[test]
fn each_gap_has_a_fix_for_the_user_of_log_files() {
    let place = "AWSLogs/111122223333/CloudTrail/eu-central-1/";
    let key = format!("{place}2026/11/23/x");
    let denied = Refusal::AccessDenied { action: "s3:ListBucket" };
    let causes = [
        (Cause::Aws(a_failed_call()), "run it again, with a lower --concurrency"),
        (Cause::Region(denied), "allow s3:ListBucket"),
        (Cause::NoFolder, "name a bucket, a prefix or a folder"),
        (Cause::TooMany, "move the folders that are not CloudTrail's"),
        (Cause::NotSearched { folders: 1 }, "s3://BUCKET/PREFIX"),
        (Cause::ChangeNotFound, "`trailseal logs --all`"),
        (Cause::MayBeNewer { key: key.clone() }, "look at the object"),
        (Cause::Contradicted { key }, "a new file of --resume"),
    ];
    let (writers, scope) = (all_writers(&[]), LogFileScope::Newest);
    for (cause, words) in causes {
        let why = cause.to_string();
        let gap = Gap { place: place.to_owned(), cause };
        let missing = missing_part(&delivery("main"), &[gap]);
        let check = judged(&delivery("main"), &history(), &writers, missing, scope).check;
        let (what, fix) = (check.what.unwrap(), check.fix.unwrap());
        assert!(what.contains(&why) || fix.contains("allow"), "{what}");
        assert!(fix.contains(words), "{fix}");
    }
    for (unread, words) in [
        (Unread::Denied, "allow s3:GetObject"),
        (Unread::Rejected, "aws s3api head-object"),
        (Unread::Throttled, "a lower --concurrency"),
        (Unread::Failed, "--verbose"),
        (Unread::NotReported, "without --inventory"),
    ] {
        let mut coverage = history();
        let file = key_of_today();
        coverage.count(&file, &class(FileStatus::Unread(unread)), 1);
        let check = judge_newest(&coverage).check;
        let fix = check.fix.unwrap();
        assert!(fix.contains(words), "{fix}");
    }
}

fn key_of_today() -> String {
    key("", "111122223333", "CloudTrail", "us-east-1", "2026-11-23T11:50")
}

#[test]
fn files_of_several_trails_decide_nothing() {
    let (main, other) = (delivery("main"), delivery("other"));
    let coverage = history();
    let writers = all_writers(&[main.clone(), other.clone()]);
    let trail = judged(&main, &coverage, &writers, None, LogFileScope::Newest);
    assert_eq!(trail.check.outcome, CheckOutcome::Unknown);
    assert_eq!(trail.first_encrypted, None);
    assert!(trail.shared.iter().all(|folder| folder.trails == [other.trail.arn.clone()]));
    assert_eq!(trail.shared.len(), 2);
    // Another bucket, prefix, account or Region.
    let mut elsewhere = vec![main.clone()];
    let mut add = |change: fn(&mut TrailDelivery)| {
        let mut one = delivery("other");
        change(&mut one);
        elsewhere.push(one);
    };
    add(|one| one.trail.bucket = BucketName::parse("other-logs").ok());
    add(|one| one.prefix = "other".to_owned());
    add(|one| one.trail.is_organization_trail = true);
    add(|one| {
        one.trail.is_multi_region_trail = false;
        one.trail.home_region = Region::parse("eu-west-1").unwrap();
    });
    let trail = judged(&main, &coverage, &all_writers(&elsewhere), None, LogFileScope::Newest);
    assert_eq!(trail.check.outcome, CheckOutcome::Pass);
    // It is not known which trails deliver.
    let trail = judged(&main, &coverage, &Writers::default(), None, LogFileScope::Newest);
    assert_eq!(trail.check.outcome, CheckOutcome::Unknown);
}

#[test]
fn only_folders_of_the_trail_are_judged() {
    let coverage = history();
    let names = |delivery: &TrailDelivery| -> Vec<String> {
        let files = log_files(delivery, &coverage, true, &all_writers(&[]));
        files.folders.into_iter().map(|folder| folder.name).collect()
    };
    let home = "AWSLogs/111122223333/CloudTrail/eu-central-1/";
    let other = "AWSLogs/111122223333/CloudTrail/us-east-1/";
    assert_eq!(names(&delivery("main")), [home, other]);
    let change = |change: fn(&mut TrailDelivery)| {
        let mut delivery = delivery("main");
        change(&mut delivery);
        delivery
    };
    assert_eq!(names(&change(|one| one.trail.is_multi_region_trail = false)), [home]);
    assert_eq!(names(&change(|one| one.trail.is_organization_trail = true)), [""; 0]);
    let old = names(&change(|one| one.prefix = "old".to_owned()));
    assert_eq!(old, ["old/AWSLogs/111122223333/CloudTrail/eu-central-1/"]);
}

#[test]
fn with_history_fail_an_older_file_fails() {
    let judge = |scope| judged(&delivery("main"), &history(), &all_writers(&[]), None, scope).check;
    assert_eq!(judge(LogFileScope::Newest).outcome, CheckOutcome::Pass);
    let check = judge(LogFileScope::All);
    assert_eq!(check.outcome, CheckOutcome::Fail);
    assert!(check.what.unwrap().contains("AWSLogs/111122223333/CloudTrail/"));
}

#[test]
fn a_failure_stands_if_the_folder_of_the_file_was_listed() {
    let mut coverage = history();
    let failing = "AWSLogs/111122223333/CloudTrail/us-east-1/";
    let file = key("", "111122223333", "CloudTrail", "us-east-1", "2026-11-23T11:50");
    coverage.count(&file, &class(FileStatus::Read(Encryption::SseS3)), 1);
    let outcome = |place: &str, cause: &Cause| {
        let gap = Gap { place: place.to_owned(), cause: cause.clone() };
        let missing = missing_part(&delivery("main"), &[gap]);
        assert!(missing.is_some(), "{place}");
        let writers = all_writers(&[]);
        let newest = LogFileScope::Newest;
        judged(&delivery("main"), &coverage, &writers, missing, newest).check.outcome
    };
    // The file was read, and no file elsewhere can excuse it.
    let elsewhere = "AWSLogs/111122223333/CloudTrail/eu-west-1/";
    assert_eq!(outcome(elsewhere, &Cause::TooMany), CheckOutcome::Fail);
    assert_eq!(outcome(failing, &Cause::ChangeNotFound), CheckOutcome::Fail);
    // A newer file of the same folder may have the key.
    for place in ["", "AWSLogs/", "AWSLogs/111122223333/", failing, &format!("{failing}2026/11/")] {
        assert_eq!(outcome(place, &Cause::TooMany), CheckOutcome::Unknown, "{place}");
    }
    // No file of the folders that were listed has the key.
    let of_key = "AWSLogs/111122223333/CloudTrail/eu-central-1/";
    assert_eq!(outcome(of_key, &Cause::TooMany), CheckOutcome::Unknown);
}

#[test]
fn a_deleted_file_decides_only_if_it_is_the_newest() {
    let deleted = || FileStatus::Unread(Unread::DeleteMarker);
    let outcome = |time: &str, scope| {
        let mut coverage = files(&[
            ("eu-central-1", "2026-11-01T00:00", kms(KEY)),
            ("eu-central-1", "2026-11-23T11:00", kms(KEY)),
        ]);
        let file = key("", "111122223333", "CloudTrail", "eu-central-1", time);
        coverage.count(&file.replace("Ab3", "Zz9"), &class(deleted()), 1);
        judged(&delivery("main"), &coverage, &all_writers(&[]), None, scope).check.outcome
    };
    for scope in [LogFileScope::Newest, LogFileScope::All] {
        for older in ["2026-10-01T00:00", "2026-11-23T10:59", "2026-11-23T11:00"] {
            assert_eq!(outcome(older, scope), CheckOutcome::Pass, "{older}");
        }
        assert_eq!(outcome("2026-11-23T11:01", scope), CheckOutcome::Unknown);
    }
}

#[test]
fn the_first_hour_with_the_key_ends_with_its_last_minute() {
    for (time, expected) in [
        ("2026-11-23T10:59", CheckOutcome::Pass),
        ("2026-11-23T11:00", CheckOutcome::Pass),
        ("2026-11-23T11:01", CheckOutcome::Fail),
    ] {
        let coverage = files(&[
            ("eu-central-1", "2026-11-23T10:00", kms(KEY)),
            ("eu-central-1", "2026-11-23T11:55", kms(KEY)),
            ("us-east-1", time, FileStatus::Read(Encryption::SseS3)),
        ]);
        assert_eq!(judge_newest(&coverage).check.outcome, expected, "{time}");
    }
}

#[test]
fn objects_with_unrecognized_names_keep_a_trail_from_passing() {
    let missing = |keys: &[String]| {
        let mut coverage = history();
        keys.iter().for_each(|key| coverage.set_aside(key));
        missing_unrecognized(&delivery("main"), &coverage)
    };
    let own = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/23/new-name".to_owned();
    let other = |number: u32| format!("other/AWSLogs/111122223333/CloudTrail/{number}");
    let others: Vec<String> = (0..10).map(other).collect();
    assert_eq!(missing(&[]), None);
    assert_eq!(missing(&others), None);
    // Only the first ones are known: another may be in a folder of the trail.
    let more: Vec<String> = (0..11).map(other).collect();
    for keys in [&[own][..], &more] {
        let found = missing(keys);
        assert!(found.is_some(), "{keys:?}");
        let (writers, scope) = (all_writers(&[]), LogFileScope::Newest);
        let trail = judged(&delivery("main"), &history(), &writers, found, scope);
        assert_eq!(trail.check.outcome, CheckOutcome::Unknown);
        assert!(trail.check.what.unwrap().contains("no name that CloudTrail gives"));
    }
}

/// A run of every file is not called a sample.
#[test]
fn with_history_fail_the_objects_with_unrecognized_names_are_named() {
    let mut coverage = files(&[("eu-central-1", "2026-11-23T11:50", kms(KEY))]);
    let odd = "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/22/sub/x.json.gz";
    coverage.set_aside(odd);
    let mut outcome = live::Outcome {
        bucket: BucketName::parse("trail-logs").unwrap(),
        region: region("eu-central-1"),
        mode: Mode::All,
        versions: false,
        range: live::Range::new(None, None, Timestamp::parse(NOW).unwrap()),
        coverage,
        gaps: Vec::new(),
        owner: None,
        earlier: 0,
        is_stopped: false,
        requests: live::Requests::default(),
    };
    let main = delivery("main");
    let judged = |outcome: &live::Outcome, history: History| {
        let parameters = Parameters { log_files: Some(history.scope()), ..Parameters::default() };
        let context =
            EvaluationContext { parameters: &parameters, now: Timestamp::parse(NOW).unwrap() };
        let are_all = are_all(&main, outcome);
        let files = log_files(&main, &outcome.coverage, are_all, &all_writers(&[]));
        let missing = missing_live(&main, outcome, history);
        let trail = judge(&main, files, missing, &outcome.coverage, &context);
        (trail.check.outcome, trail.check.what.unwrap_or_default())
    };
    assert_eq!(judged(&outcome, History::Report).0, CheckOutcome::Pass);
    let (unknown, what) = judged(&outcome, History::Fail);
    assert_eq!(unknown, CheckOutcome::Unknown);
    assert!(what.contains(odd) && !what.contains("sample"), "{what}");
    outcome.mode = Mode::Sample;
    assert!(judged(&outcome, History::Fail).1.contains("only a sample"));
}

#[test]
fn a_trail_whose_key_is_not_named_by_arn_is_unverified() {
    for name in ["alias/logs", "1234abcd-12ab-34cd-56ef-1234567890ab"] {
        let mut main = delivery("main");
        main.trail.key = KeyRef::parse(name);
        let (writers, scope) = (all_writers(&[]), LogFileScope::Newest);
        let trail = judged(&main, &history(), &writers, None, scope);
        assert_eq!(trail.check.outcome, CheckOutcome::Unknown, "{name}");
        let report = report_of(&history(), vec![trail], Mode::All);
        let sealed = report.buckets[0].all_files().find(|(_, files)| files.key.is_some()).unwrap();
        assert_eq!(seal(&report.trails, sealed.0, sealed.1), Seal::Unknown, "{name}");
        // The trail of the folder is not in the report.
        assert_eq!(seal(&[], sealed.0, sealed.1), Seal::Unknown);
    }
}

#[test]
fn a_prefix_with_a_slash_at_its_end_means_both_folders() {
    let mut main = delivery("main");
    main.prefix = "logs/".to_owned();
    for prefix in ["logs/", "logs//"] {
        let mut coverage = Coverage::default();
        let file = key(prefix, "111122223333", "CloudTrail", "us-east-1", "2026-11-23T11:50");
        coverage.count(&file, &class(kms(KEY)), 1);
        let (writers, scope) = (all_writers(&[]), LogFileScope::Newest);
        let trail = judged(&main, &coverage, &writers, None, scope);
        assert_eq!(trail.check.outcome, CheckOutcome::Pass, "{prefix}");
        let gap = Gap { place: format!("{prefix}AWSLogs/1"), cause: Cause::TooMany };
        assert!(missing_part(&main, &[gap]).is_some(), "{prefix}");
    }
}

/// Only the trails of today are known: another one, deleted since, wrote what came after the trail
/// stopped.
#[test]
fn files_that_came_after_the_trail_stopped_prove_nothing() {
    let outcome = |delivered: Option<&str>| {
        let delivered = delivered.map(|time| Timestamp::parse(time).unwrap());
        let writers = all_writers(&[]).stopped(delivered);
        let trail = judged(&delivery("main"), &history(), &writers, None, LogFileScope::Newest);
        (trail.check.outcome, trail.check.what.unwrap_or_default())
    };
    // The newest file of `history` has the time 11:55.
    assert_eq!(outcome(Some("2026-11-23T10:55:00Z")).0, CheckOutcome::Pass);
    let (unknown, what) = outcome(Some("2026-11-23T10:54:59Z"));
    assert_eq!(unknown, CheckOutcome::Unknown);
    assert!(what.contains("another trail wrote the newest file"), "{what}");
    assert_eq!(outcome(None).0, CheckOutcome::Unknown);
}

/// CloudTrail does not say to which organization a trail belongs.
#[test]
fn folders_of_several_organizations_prove_no_organization_trail() {
    let mut organization = delivery("main");
    organization.trail.is_organization_trail = true;
    let outcome = |ids: &[&str]| {
        let mut coverage = Coverage::default();
        for id in ids {
            let key = key("", "111122223333", "CloudTrail", "eu-central-1", "2026-11-23T11:55");
            let key = key.replace("AWSLogs/", &format!("AWSLogs/{id}/"));
            coverage.count(&key, &class(kms(KEY)), 1_000);
        }
        let writers = all_writers(&[]);
        let trail = judged(&organization, &coverage, &writers, None, LogFileScope::Newest);
        (trail.check.outcome, trail.check.what.unwrap_or_default())
    };
    assert_eq!(outcome(&["o-exampleorgid"]).0, CheckOutcome::Pass);
    let (unknown, what) = outcome(&["o-exampleorgid", "o-otherorgid1"]);
    assert_eq!(unknown, CheckOutcome::Unknown);
    assert!(what.contains("o-exampleorgid and o-otherorgid1"), "{what}");
}
