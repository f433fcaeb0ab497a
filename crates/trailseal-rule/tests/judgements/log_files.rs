//! What delivered log files prove: the check `log-files-sealed`.

use serde_json::json;
use trailseal_rule::{
    CHECKS, Check, CheckId, EvaluationContext, Facts, FileEncryption, FolderStanding, KeyArn,
    KeyRef, LogFile, LogFileScope, LogFiles, LogFolder, Outcome, PARAMETERS, Parameters, Reading,
    Refusal, Timestamp, Trail, TrailArn, evaluate, needs,
};

use crate::fixtures::{FOREIGN, KEY, facts, now, parameters, trail};

const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const CHECK: &Check = CheckId::LogFilesSealed.check();

pub(super) type Encryption = Reading<FileEncryption>;

pub(super) fn sealed() -> Encryption {
    Reading::Known(FileEncryption::SseKms(KeyArn::parse(KEY).ok()))
}

pub(super) fn plain() -> Encryption {
    Reading::Known(FileEncryption::SseS3)
}

pub(super) fn unnamed() -> Encryption {
    Reading::Known(FileEncryption::SseKms(None))
}

pub(super) fn unread() -> Encryption {
    Reading::Refused(Refusal::AccessDenied { action: "s3:GetObject" })
}

/// A file that was delivered that long before now.
pub(super) fn file(ago: i64, encryption: Encryption) -> LogFile {
    let delivered = Timestamp::from_epoch_millis(now().epoch_millis() - ago);
    LogFile { key: format!("file of {delivered}"), delivered, encryption, doubt: None }
}

/// A file of another account than that of the bucket.
pub(super) fn of_another(file: LogFile) -> LogFile {
    let why = "another account than the bucket's owns it".to_owned();
    LogFile { doubt: Some(Refusal::LogFiles(why, "find out who wrote it")), ..file }
}

pub(super) fn other_trail() -> TrailArn {
    TrailArn::parse("arn:aws:cloudtrail:us-east-1:111122223333:trail/other").unwrap()
}

pub(super) fn own(name: &str, files: Vec<LogFile>) -> LogFolder {
    LogFolder { name: name.to_owned(), files, other_writers: Reading::Known(Vec::new()) }
}

pub(super) fn shared(name: &str, files: Vec<LogFile>) -> LogFolder {
    let other_writers = Reading::Known(vec![other_trail()]);
    LogFolder { other_writers, ..own(name, files) }
}

pub(super) fn of_unknown_writers(name: &str, files: Vec<LogFile>) -> LogFolder {
    let denied = Refusal::AccessDenied { action: "cloudtrail:DescribeTrails" };
    LogFolder { other_writers: Reading::Refused(denied), ..own(name, files) }
}

fn outcome_with(scope: LogFileScope, trail: &Trail, log_files: Reading<LogFiles>) -> Outcome {
    let parameters = Parameters { log_files: Some(scope), ..Parameters::default() };
    let facts = Facts { log_files, ..facts() };
    CHECK.evaluate(&EvaluationContext { parameters: &parameters, now: now() }, trail, &facts)
}

pub(super) fn outcome_of(folders: &[LogFolder]) -> Outcome {
    let files = LogFiles { folders: folders.to_vec(), is_complete: true, listed_before: None };
    outcome_with(LogFileScope::Newest, &trail(), Reading::Known(files))
}

/// `pass`, or what the outcome is and its code.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Pass => "pass".to_owned(),
        Outcome::Fail(finding) => format!("fail {}", finding.code.as_str()),
        Outcome::Unknown(finding) => format!("unknown {}", finding.code.as_str()),
    }
}

/// The outcome, which is the same for every order of folders and files.
fn of(folders: &[LogFolder]) -> String {
    let mut folders = folders.to_vec();
    let expected = outcome_of(&folders);
    let step = usize::from(!folders.is_empty());
    for _ in 0..folders.len().max(2) {
        folders.rotate_left(step);
        assert_eq!(outcome_of(&folders), expected);
        let mut reversed = folders.clone();
        reversed.reverse();
        reversed.iter_mut().for_each(|folder| folder.files.reverse());
        assert_eq!(outcome_of(&reversed), expected);
    }
    words(&expected)
}

const NOT_SEALED: &str = "fail log-file-not-sealed";
const NONE_SEALED: &str = "fail no-log-file-sealed";
const REFUSED: &str = "unknown evidence-refused";
const UNVERIFIED: &str = "unknown log-file-unverified";
const NO_RECENT: &str = "unknown no-recent-log-file";
const SHARED: &str = "unknown log-files-shared";

#[test]
fn a_folder_fails_if_its_newest_file_is_not_encrypted_with_the_key() {
    let a = own("a", vec![file(30 * DAY, sealed()), file(HOUR, sealed())]);
    assert_eq!(of(std::slice::from_ref(&a)), "pass");
    let with_older = own("b", vec![file(60 * DAY, plain()), file(2 * HOUR, sealed())]);
    assert_eq!(of(&[a.clone(), with_older]), "pass");
    let other_key = Reading::Known(FileEncryption::SseKms(KeyArn::parse(FOREIGN).ok()));
    let without = [
        plain(),
        other_key.clone(),
        Reading::Known(FileEncryption::SseC),
        Reading::Known(FileEncryption::NotEncrypted),
        Reading::Known(FileEncryption::DsseKms(KeyArn::parse(FOREIGN).ok())),
    ];
    for encryption in without {
        assert_eq!(
            of(&[own("a", vec![file(DAY, sealed()), file(0, encryption.clone())])]),
            NOT_SEALED
        );
        assert_eq!(of(&[a.clone(), own("b", vec![file(0, encryption)])]), NOT_SEALED);
    }
    let in_two_layers = Reading::Known(FileEncryption::DsseKms(KeyArn::parse(KEY).ok()));
    assert_eq!(of(&[own("a", vec![file(0, in_two_layers)])]), "pass");
}

#[test]
fn a_failure_is_a_file_delivered_more_than_an_hour_after_the_first_one_with_the_key() {
    let check = |after: i64, expected: &str| {
        let first = 3 * HOUR;
        let a = own("a", vec![file(first, sealed()), file(0, sealed())]);
        let b = own("b", vec![file(first - after, plain())]);
        assert_eq!(of(&[a, b]), expected, "{after}");
    };
    check(-5 * DAY, "pass");
    check(0, "pass");
    check(HOUR, "pass");
    check(HOUR + MINUTE, NOT_SEALED);
    check(HOUR + 1, NOT_SEALED);
    // The first file with the key of any folder counts, also if the folder is idle.
    let idle = own("c", vec![file(200 * DAY, sealed())]);
    let a = own("a", vec![file(3 * HOUR, sealed()), file(0, sealed())]);
    let b = own("b", vec![file(190 * DAY, plain())]);
    assert_eq!(of(&[a.clone(), b.clone()]), "pass");
    assert_eq!(of(&[a, b, idle]), NOT_SEALED);
}

#[test]
fn no_file_with_the_key_fails_if_there_were_deliveries_in_the_last_7_days() {
    let check = |ago: i64, expected: &str| {
        let old = own("b", vec![file(300 * DAY, plain())]);
        assert_eq!(of(&[own("a", vec![file(ago, plain())]), old]), expected, "{ago}");
    };
    check(0, NONE_SEALED);
    check(7 * DAY, NONE_SEALED);
    check(7 * DAY + MINUTE, NO_RECENT);
    check(-15 * MINUTE, NONE_SEALED);
    check(-16 * MINUTE, UNVERIFIED);
    assert_eq!(of(&[]), NO_RECENT);
    assert_eq!(of(&[own("a", Vec::new())]), NO_RECENT);
}

/// A run that takes long lists files that are later than its start.
#[test]
fn a_file_is_in_the_future_if_it_is_later_than_the_list_too() {
    let outcome = |encryption, listed: Option<i64>| {
        let folders = vec![own("a", vec![file(30 * DAY, sealed()), file(-HOUR, encryption)])];
        let ago = |millis| Timestamp::from_epoch_millis(now().epoch_millis() - millis);
        let listed_before = listed.map(ago);
        let files = LogFiles { folders, is_complete: true, listed_before };
        words(&outcome_with(LogFileScope::All, &trail(), Reading::Known(files)))
    };
    for (listed, newest_of, expected) in [
        (None, sealed(), UNVERIFIED),
        (Some(0), sealed(), UNVERIFIED),
        (Some(16 * MINUTE - HOUR), sealed(), UNVERIFIED),
        (Some(15 * MINUTE - HOUR), sealed(), "pass"),
        (Some(-HOUR), sealed(), "pass"),
        (Some(-HOUR), plain(), NOT_SEALED),
        (Some(DAY), sealed(), UNVERIFIED),
    ] {
        assert_eq!(outcome(newest_of, listed), expected, "{listed:?}");
    }
}

#[test]
fn a_pass_takes_a_file_of_the_last_7_days() {
    let check = |ago: i64, expected: &str| {
        assert_eq!(of(&[own("a", vec![file(ago, sealed())])]), expected, "{ago}");
    };
    check(0, "pass");
    check(7 * DAY, "pass");
    check(7 * DAY + MINUTE, NO_RECENT);
    // Nothing was delivered since the hour in which the key was set.
    let turned = own("a", vec![file(HOUR, sealed()), file(HOUR / 2, plain())]);
    assert_eq!(of(&[turned]), NO_RECENT);
    // An old failure counts more than the silence after it.
    let failed = own("a", vec![file(300 * DAY, sealed()), file(200 * DAY, plain())]);
    assert_eq!(of(&[failed]), NOT_SEALED);
}

#[test]
fn what_is_not_known_is_never_a_pass() {
    let a = own("a", vec![file(30 * DAY, sealed()), file(0, sealed())]);
    for (encryption, expected) in [
        (unread(), REFUSED),
        (unnamed(), UNVERIFIED),
        (Reading::Absent, UNVERIFIED),
        (Reading::Known(FileEncryption::DsseKms(None)), UNVERIFIED),
        (Reading::Known(FileEncryption::Unrecognized("aws:new".to_owned())), UNVERIFIED),
    ] {
        let newest = |ago| own("b", vec![file(ago, encryption.clone())]);
        assert_eq!(of(&[newest(0)]), expected);
        assert_eq!(of(&[newest(90 * DAY)]), expected);
        assert_eq!(of(&[a.clone(), newest(0)]), expected);
        assert_eq!(of(&[a.clone(), newest(29 * DAY)]), expected);
        // Before the first file with the key it decides nothing.
        assert_eq!(of(&[a.clone(), newest(31 * DAY)]), "pass");
        // It may be the first one with the key, so that a later one without it is a failure.
        let later = own("c", vec![file(40 * DAY, plain())]);
        assert_eq!(of(&[a.clone(), later.clone()]), "pass");
        assert_eq!(of(&[a.clone(), newest(50 * DAY), later]), expected);
        // With or without it, this is a failure.
        let failed = own("c", vec![file(0, plain())]);
        assert_eq!(of(&[newest(50 * DAY), failed.clone()]), NONE_SEALED);
        assert_eq!(of(&[newest(HOUR), failed.clone()]), expected);
        assert_eq!(of(&[newest(HOUR + MINUTE), failed.clone()]), NONE_SEALED);
        assert_eq!(of(&[a.clone(), newest(0), failed]), NOT_SEALED);
    }
}

#[test]
fn a_file_of_another_owner_proves_no_encryption_and_excuses_nothing() {
    let doubted = |ago, encryption| own("b", vec![of_another(file(ago, encryption))]);
    let a = own("a", vec![file(30 * DAY, sealed()), file(0, sealed())]);
    assert_eq!(of(&[doubted(0, sealed())]), REFUSED);
    assert_eq!(of(&[a.clone(), doubted(0, sealed())]), REFUSED);
    assert_eq!(of(&[a.clone(), doubted(31 * DAY, sealed())]), "pass");
    // It is not the first file with the key, which would excuse earlier ones.
    let later = own("c", vec![file(40 * DAY, plain())]);
    assert_eq!(of(&[a.clone(), doubted(50 * DAY, sealed()), later]), REFUSED);
    // A file without the key fails, also if another account owns it.
    let other_key = || Reading::Known(FileEncryption::SseKms(KeyArn::parse(FOREIGN).ok()));
    assert_eq!(of(&[a.clone(), doubted(0, plain())]), NOT_SEALED);
    assert_eq!(of(&[a.clone(), doubted(0, other_key())]), NOT_SEALED);
    // An older file.
    let files = own("a", vec![of_another(file(DAY, sealed())), file(0, sealed())]);
    let files =
        Reading::Known(LogFiles { folders: vec![files], is_complete: true, listed_before: None });
    let all = outcome_with(LogFileScope::All, &trail(), files.clone());
    assert_eq!(words(&all), REFUSED);
    assert_eq!(words(&outcome_with(LogFileScope::Newest, &trail(), files)), "pass");
}

#[test]
fn of_files_of_the_same_minute_the_worst_counts() {
    let named = |key: &str, encryption| LogFile { key: key.to_owned(), ..file(0, encryption) };
    for (one, other) in [("1", "2"), ("2", "1")] {
        let both = |worse| {
            let first = file(DAY, sealed());
            of(&[own("a", vec![first, named(one, sealed()), named(other, worse)])])
        };
        assert_eq!(both(plain()), NOT_SEALED);
        assert_eq!(both(unread()), REFUSED);
        assert_eq!(both(sealed()), "pass");
    }
}

#[test]
fn folders_of_other_trails_decide_nothing() {
    let a = own("a", vec![file(DAY, sealed()), file(0, sealed())]);
    let b = shared("b", vec![file(300 * DAY, sealed()), file(0, plain())]);
    let c = own("c", vec![file(200 * DAY, plain())]);
    assert_eq!(of(&[a.clone(), b.clone(), c.clone()]), "pass");
    let shared_only = [b.clone(), shared("d", vec![file(0, sealed())])];
    assert_eq!(of(&shared_only), SHARED);
    assert_eq!(of(&[b.clone(), c]), NO_RECENT);
    assert_eq!(of(&[b, own("c", vec![file(0, plain())])]), NONE_SEALED);
}

#[test]
fn unknown_writers_are_never_a_pass() {
    let a = own("a", vec![file(DAY, sealed()), file(0, sealed())]);
    for encryption in [sealed(), plain(), unread()] {
        let folder = |ago| of_unknown_writers("b", vec![file(ago, encryption.clone())]);
        assert_eq!(of(&[folder(0)]), REFUSED);
        assert_eq!(of(&[a.clone(), folder(0)]), REFUSED);
        assert_eq!(of(&[a.clone(), folder(2 * DAY)]), "pass");
    }
    // If the folder is the trail's own, its first file is the first one with the key.
    let b = of_unknown_writers("b", vec![file(50 * DAY, sealed())]);
    let c = own("c", vec![file(40 * DAY, plain())]);
    assert_eq!(of(&[a.clone(), c.clone()]), "pass");
    assert_eq!(of(&[a.clone(), b.clone(), c]), UNVERIFIED);
    let failed = own("c", vec![file(0, plain())]);
    assert_eq!(of(&[b, failed.clone()]), NONE_SEALED);
    assert_eq!(of(&[a, failed]), NOT_SEALED);
    let absent = LogFolder { other_writers: Reading::Absent, ..own("a", vec![file(0, sealed())]) };
    assert_eq!(of(&[absent]), REFUSED);
}

/// Somebody who can write to the bucket could hide the real newest file, and T.
#[test]
fn a_file_of_the_future_decides_nothing() {
    let ahead = |encryption| file(-20 * MINUTE, encryption);
    assert_eq!(of(&[own("a", vec![file(DAY, sealed()), ahead(sealed())])]), UNVERIFIED);
    assert_eq!(of(&[own("a", vec![file(DAY, sealed()), ahead(plain())])]), UNVERIFIED);
    assert_eq!(of(&[own("a", vec![file(0, plain()), ahead(sealed())])]), UNVERIFIED);
    let a = own("a", vec![file(-1000 * DAY, sealed())]);
    assert_eq!(of(&[a.clone(), own("b", vec![file(0, plain())])]), UNVERIFIED);
    let b = own("b", vec![file(DAY, sealed()), file(0, plain())]);
    assert_eq!(of(&[a, b]), NOT_SEALED);
    // Clocks differ by some minutes.
    assert_eq!(of(&[own("a", vec![file(-15 * MINUTE, sealed())])]), "pass");
}

#[test]
fn with_history_an_older_file_without_the_key_is_a_failure() {
    let check = |is_complete: bool, folders: Vec<LogFolder>, expected: &str| {
        let files = Reading::Known(LogFiles { folders, is_complete, listed_before: None });
        let newest = outcome_with(LogFileScope::Newest, &trail(), files.clone());
        let all = outcome_with(LogFileScope::All, &trail(), files);
        assert_eq!((words(&newest).as_str(), words(&all).as_str()), ("pass", expected));
    };
    let recent = || file(0, sealed());
    let older = "fail older-log-file-not-sealed";
    check(true, vec![own("a", vec![file(DAY, sealed()), recent()])], "pass");
    check(false, vec![own("a", vec![recent()])], "unknown log-files-sampled");
    let old = || own("a", vec![file(900 * DAY, plain()), recent()]);
    check(true, vec![old()], older);
    check(false, vec![old()], older);
    let idle = own("b", vec![file(900 * DAY, plain())]);
    check(true, vec![own("a", vec![recent()]), idle], older);
    let of_others = shared("b", vec![file(900 * DAY, plain())]);
    check(true, vec![own("a", vec![recent()]), of_others], "pass");
    let unclear = own("a", vec![file(900 * DAY, unread()), recent()]);
    check(true, vec![unclear.clone()], REFUSED);
    check(true, vec![unclear, own("b", vec![file(901 * DAY, plain()), recent()])], older);
    let writers = of_unknown_writers("b", vec![file(900 * DAY, plain())]);
    check(true, vec![own("a", vec![recent()]), writers], REFUSED);
}

#[test]
fn the_bucket_and_the_key_must_be_known() {
    let good = || {
        let folders = vec![own("a", vec![file(0, sealed())])];
        Reading::Known(LogFiles { folders, is_complete: true, listed_before: None })
    };
    let of = |trail: &Trail, files| words(&outcome_with(LogFileScope::Newest, trail, files));
    assert_eq!(of(&trail(), good()), "pass");
    assert_eq!(of(&trail(), Reading::Absent), "fail bucket-missing");
    assert_eq!(of(&trail(), Reading::Refused(Refusal::NotRead)), REFUSED);
    let without_bucket = Trail { bucket: None, ..trail() };
    assert_eq!(of(&without_bucket, Reading::Absent), "unknown bucket-not-named");
    assert_eq!(of(&Trail { key: None, ..trail() }, good()), "fail no-key");
    let named = |key: &str| Trail { key: KeyRef::parse(key), ..trail() };
    assert_eq!(of(&named("alias/logs"), good()), "pass");
    assert_eq!(of(&named(FOREIGN), good()), NONE_SEALED);
    let parameters = Parameters::default();
    let context = EvaluationContext { parameters: &parameters, now: now() };
    let missing = Facts { key: Reading::Absent, log_files: good(), ..facts() };
    let refused = Facts { key: Reading::Refused(Refusal::NotRead), ..missing.clone() };
    let alias = named("alias/logs");
    assert_eq!(words(&CHECK.evaluate(&context, &alias, &missing)), "fail key-missing");
    assert_eq!(words(&CHECK.evaluate(&context, &alias, &refused)), REFUSED);
}

#[test]
fn the_function_never_has_the_check() {
    assert_eq!(CHECK.profile, None);
    for profile in ["cis", "effective", "strict"] {
        let mut given = parameters(&json!({ "profile": profile }));
        assert!(!CHECK.is_enabled(&given), "{profile}");
        given.log_files = Some(LogFileScope::Newest);
        assert!(CHECK.is_enabled(&given), "{profile}");
    }
    let given = json!({ "skipChecks": "log-files-sealed" });
    assert!(Parameters::parse(given.as_object().unwrap()).is_err());
    for spec in &PARAMETERS {
        assert!(CHECK.switches.iter().all(|switch| switch.parameter() != spec.name));
    }
    let commands = CHECKS.iter().filter(|check| check.profile.is_none());
    assert_eq!(commands.map(|check| check.id).collect::<Vec<_>>(), [CheckId::LogFilesSealed]);
}

/// The verdict counts the check, and its evidence is read only for trails that are evaluated.
#[test]
fn the_command_evaluates_the_check_with_the_others() {
    let given = Parameters { log_files: Some(LogFileScope::Newest), ..Parameters::default() };
    let context = EvaluationContext { parameters: &given, now: now() };
    let unread = facts();
    let folders = vec![own("a", vec![file(0, sealed())])];
    let log_files = Reading::Known(LogFiles { folders, is_complete: false, listed_before: None });
    let read = Facts { log_files, ..facts() };
    let last = |facts: &Facts| {
        let judgement = evaluate(&context, &trail(), facts);
        judgement.verdict.results().last().map(|one| (one.check, words(&one.outcome))).unwrap()
    };
    assert_eq!(last(&read), (CheckId::LogFilesSealed, "pass".to_owned()));
    assert_eq!(last(&unread), (CheckId::LogFilesSealed, REFUSED.to_owned()));
    assert!(needs(&context, &trail()).log_files);
    assert!(!needs(&context, &Trail { key: None, ..trail() }).log_files);
    let off = Parameters::default();
    let context = EvaluationContext { parameters: &off, now: now() };
    assert!(!needs(&context, &trail()).log_files);
}

#[test]
fn an_assessment_says_since_when_and_what_each_folder_proves() {
    let folders = vec![
        own("b", vec![file(40 * DAY, plain())]),
        own("c", vec![file(0, plain())]),
        own("a", vec![file(30 * DAY, sealed()), file(0, sealed())]),
        own("d", Vec::new()),
        shared("e", vec![file(0, sealed())]),
    ];
    let files = LogFiles { folders, is_complete: true, listed_before: None };
    let key = KeyArn::parse(KEY).unwrap();
    let assessment = files.assess(&key, now());
    assert_eq!(assessment.since, Some(file(30 * DAY, sealed()).delivered));
    let found: Vec<_> = assessment
        .folders
        .iter()
        .map(|one| (one.folder.name.as_str(), one.standing, one.is_recent))
        .collect();
    assert_eq!(
        found,
        [
            ("a", FolderStanding::Sealed, true),
            ("b", FolderStanding::Idle, false),
            ("c", FolderStanding::NotSealed, true),
            ("e", FolderStanding::Shared, true),
        ]
    );
}

#[test]
fn every_finding_names_the_file_and_a_fix() {
    let a = own("a", vec![file(30 * DAY, sealed()), file(0, sealed())]);
    let said = |folders: &[LogFolder]| {
        let outcome = outcome_of(folders);
        let finding = outcome.finding().unwrap();
        assert!(finding.fix.len() <= trailseal_rule::FIX_CHARS_MAX, "{}", finding.fix);
        format!("{}: {}. Fix: {}", words(&outcome), finding.cause, finding.fix)
    };
    let other_key = Reading::Known(FileEncryption::SseKms(KeyArn::parse(FOREIGN).ok()));
    let new_word = Reading::Known(FileEncryption::Unrecognized("aws:new".to_owned()));
    let newest = |encryption| [a.clone(), own("b", vec![file(0, encryption)])];
    let mut lines = vec![
        said(&[a.clone(), own("b", vec![file(0, plain())]), own("c", vec![file(HOUR, plain())])]),
        said(&newest(other_key)),
        said(&[own("b", vec![file(0, plain())])]),
        said(&newest(unread())),
        said(&newest(unnamed())),
        said(&newest(Reading::Absent)),
        said(&newest(new_word)),
        said(&[a.clone(), own("b", vec![of_another(file(0, sealed()))])]),
        said(&[a.clone(), own("b", vec![file(-HOUR, sealed())])]),
        said(&[a.clone(), of_unknown_writers("b", vec![file(0, sealed())])]),
        said(&[
            a.clone(),
            of_unknown_writers("b", vec![file(50 * DAY, sealed())]),
            own("c", vec![file(40 * DAY, plain())]),
        ]),
        said(&[shared("a", vec![file(0, sealed())])]),
        said(&[own("a", vec![file(HOUR, sealed()), file(HOUR / 2, plain())])]),
        said(&[]),
    ];
    for (is_complete, encryption) in [(true, plain()), (false, sealed())] {
        let folders = vec![own("a", vec![file(900 * DAY, encryption), file(0, sealed())])];
        let files = Reading::Known(LogFiles { folders, is_complete, listed_before: None });
        let outcome = outcome_with(LogFileScope::All, &trail(), files);
        let finding = outcome.finding().unwrap();
        assert!(finding.fix.len() <= trailseal_rule::FIX_CHARS_MAX, "{}", finding.fix);
        lines.push(format!("{}: {}. Fix: {}", words(&outcome), finding.cause, finding.fix));
    }
    insta::assert_snapshot!(lines.join("\n"));
}
