//! Files of answers that belong to another run, or are damaged.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use trailseal_logs::live::{Answers, AnswersError, Mode, RunId};
use trailseal_rule::{AccountId, BucketName, Region, Timestamp};

use crate::live::resume::{now, run_id};

const BLOCK: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn line(files: u32, encryption: &str) -> String {
    format!(
        "{{\"block\":\"{BLOCK}\",\"read\":[{{\"files\":{files},\"encryption\":{encryption}}}]}}\n"
    )
}

fn open(path: &Path) -> Result<Answers, AnswersError> {
    Answers::open(path, &run_id(Mode::All), now())
}

/// A file with the header of this run and more text, and what opening it says.
fn opened(more: &[u8]) -> (Result<Answers, AnswersError>, Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    drop(open(&path).unwrap());
    let text = [fs::read(&path).unwrap().as_slice(), more].concat();
    fs::write(&path, &text).unwrap();
    let opened = open(&path);
    (opened, text, fs::read(&path).unwrap())
}

#[test]
fn a_run_opens_its_own_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    assert!(open(&path).unwrap().is_empty());
    let header = fs::read(&path).unwrap();
    assert!(open(&path).unwrap().is_empty());
    assert_eq!(fs::read(&path).unwrap(), header, "one header");
    let answers = open(&path).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert_eq!((error.as_str(), answers.began()), ("is used by another run", now()));
}

#[test]
fn a_partial_last_line_is_removed_wherever_it_ends() {
    let whole = line(3, "\"sse-s3\"").into_bytes();
    for end in 0..whole.len() {
        let (opened, text, left) = opened(&whole[..end]);
        assert!(opened.unwrap().is_empty(), "{end}");
        assert_eq!(left, text[..text.len() - end], "{end}");
    }
    let (opened, text, left) = opened(&whole);
    assert_eq!((opened.unwrap().is_empty(), left), (false, text));
}

#[test]
fn a_partial_header_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    drop(open(&path).unwrap());
    let header = fs::read(&path).unwrap();
    for end in 0..header.len() {
        fs::write(&path, &header[..end]).unwrap();
        drop(open(&path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), header, "{end}");
    }
}

#[test]
fn a_file_of_something_else_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    for text in ["\n", "a", "my notes", "my notes\n", "{}\n", "{\"format\":\"other\"}\n", "\0"] {
        fs::write(&path, text).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, AnswersError::Foreign), "{text:?}: {error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert!(matches!(open(folder.path()).unwrap_err(), AnswersError::NotAFile));
    let absent = folder.path().join("absent/answers");
    assert!(matches!(open(&absent).unwrap_err(), AnswersError::Unusable(_)));
}

#[test]
fn a_damaged_line_is_refused_and_named() {
    let good = line(3, "\"sse-s3\"");
    let read = |read: &str| format!("{{\"block\":\"{BLOCK}\",\"read\":{read}}}\n");
    let long = format!("{}{}\n", good.trim_end(), " ".repeat(1 << 18));
    let endless = "x".repeat((1 << 18) + 1);
    for (damage, expected) in [
        ("\n".to_owned(), "EOF"),
        ("{}\n".to_owned(), "missing field `block`"),
        (good.replace("\"read\"", "\"more\":1,\"read\""), "unknown field `more`"),
        (good.replace("\"files\"", "\"more\":1,\"files\""), "unknown field `more`"),
        (good.replace("\"read\"", "\"read\":[],\"read\""), "duplicate field `read`"),
        (good.replace("0123", "012"), "64 hexadecimal digits"),
        (good.replace("abcdef", "ABCDEF"), "64 hexadecimal digits"),
        (good.replace("sse-s3", "sse-s4"), "unknown variant `sse-s4`"),
        (line(3, "{\"sse-kms\":{\"arn\":\"arn:aws:kms:alias\"}}"), "a KMS key's ARN"),
        (line(3, "{\"read\":\"denied\"}"), "unknown variant"),
        (line(1001, "\"sse-s3\""), "1001 files"),
        (line(0, "\"sse-s3\""), "0 files"),
        (read("[]"), "0 files"),
        (good.replace("\"files\":3", "\"files\":-3"), "invalid value"),
        (good.replace("\"files\":3", "\"files\":1.5"), "invalid type"),
        (
            read(&format!("[{0},{0}]", "{\"files\":18446744073709551615,\"encryption\":null}")),
            "18446744073709551615 files",
        ),
        (format!("{} x\n", good.trim_end()), "trailing characters"),
        (long, "longer than 262144 bytes"),
        (endless, "longer than 262144 bytes"),
        ("\u{feff}\n".to_owned(), "expected value"),
    ] {
        for (before, number) in [(String::new(), 2), (good.replace("0123", "3210"), 3)] {
            let (opened, text, left) = opened(format!("{before}{damage}").as_bytes());
            let error = opened.unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {number} is damaged: ")), "{error}");
            assert!(error.contains(expected), "{error}, not {expected}");
            assert_eq!(left, text, "left as it is");
        }
    }
    let (opened, ..) = opened(b"{\"block\":\"\xff\"}\n");
    assert!(matches!(opened.unwrap_err(), AnswersError::Damaged { line: 2, .. }));
}

#[test]
fn two_lines_on_the_same_files_must_agree() {
    let part = |answers: &str| format!("{{\"block\":\"{BLOCK}\",\"read\":[{answers}]}}\n");
    let (known, unread) =
        (r#"{"files":1,"encryption":"sse-s3"}"#, r#"{"files":1,"encryption":null}"#);
    let other = known.replace("s3", "c");
    for (first, second, agree) in [
        (format!("{known},{known}"), format!("{known},{known}"), true),
        (format!("{known},{unread}"), format!("{known},{known}"), true),
        (format!("{unread},{unread}"), format!("{unread},{other}"), true),
        (format!("{known},{unread}"), format!("{other},{known}"), false),
        (format!("{known},{known}"), format!("{known},{other}"), false),
        (format!("{known},{known}"), known.to_owned(), false),
    ] {
        let (opened, ..) = opened(format!("{}{}", part(&first), part(&second)).as_bytes());
        assert_eq!(opened.is_ok(), agree, "{first} {second}");
        if let Err(error) = opened {
            assert!(error.to_string().contains("line 3 is damaged: it contradicts"), "{error}");
        }
    }
}

/// A field of the header, and a change of the run that makes it differ.
type Change<'c> = (&'c str, &'c dyn Fn(&mut RunId));

#[test]
fn a_file_of_another_run_is_refused_and_the_difference_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    drop(open(&path).unwrap());
    let text = fs::read(&path).unwrap();
    let other = AccountId::parse("444455556666").unwrap();
    let changes: [Change<'_>; 10] = [
        ("caller", &|run| run.caller = "arn:aws:iam::111122223333:user/me".to_owned()),
        ("account", &|run| run.account = other.clone()),
        ("region", &|run| run.region = Region::parse("us-east-1").unwrap()),
        ("bucketRole", &|run| run.bucket_role = Some("role".to_owned())),
        ("buckets", &|run| run.buckets[0].bucket = BucketName::parse("other").unwrap()),
        ("buckets", &|run| run.buckets[0].prefix = "org".to_owned()),
        ("mode", &|run| run.mode = Mode::Monthly),
        ("since", &|run| run.since = trailseal_logs::live::Day::parse("2026-01-01").ok()),
        ("accounts", &|run| run.accounts.push(other.clone())),
        ("regions", &|run| run.regions.push(run.region.clone())),
    ];
    for (field, change) in changes {
        let mut run = run_id(Mode::All);
        change(&mut run);
        let error = Answers::open(&path, &run, now()).unwrap_err();
        assert!(matches!(error, AnswersError::OtherRun { .. }), "{error}");
        let expected = format!("belongs to another run: its `{field}` is ");
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert_eq!(fs::read(&path).unwrap(), text);
    }
    let mut run = run_id(Mode::All);
    run.until = trailseal_logs::live::Day::parse("2026-01-01").ok();
    assert_eq!(
        Answers::open(&path, &run, now()).unwrap_err().to_string(),
        "belongs to another run: its `until` is null, but this run has \"2026-01-01\""
    );
}

#[test]
fn a_header_is_read_strictly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    drop(open(&path).unwrap());
    let header = fs::read_to_string(&path).unwrap();
    for (from, to, expected) in [
        ("\"version\":1", "\"version\":2", "has version 2, but this release reads version 1"),
        ("\"version\":1", "\"version\":1,\"more\":1", "unknown field `more`"),
        ("\"mode\":\"all\",", "", "`mode` is nothing, but this run has \"all\""),
        ("\"mode\"", "\"more\":1,\"mode\"", "`more` is 1, but this run has nothing"),
        ("\"version\":1,", "", "missing field `version`"),
        ("2026-11-29T16", "2026-11-29T17", "answers are used for 7 days only"),
        ("2026-11-29T16", "2026-11-22T15", "answers are used for 7 days only"),
    ] {
        let changed = header.replacen(from, to, 1);
        assert_ne!(changed, header, "{from}");
        fs::write(&path, changed).unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
    let at = |text: &str| Answers::open(&path, &run_id(Mode::All), Timestamp::parse(text).unwrap());
    fs::write(&path, &header).unwrap();
    assert!(at("2026-12-06T16:00:30Z").is_ok());
    assert!(at("2026-12-06T16:00:31Z").is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_fail_otherwise(more in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (opened, text, left) = opened(&more);
        match opened {
            // Only a partial last line is removed.
            Ok(_) => prop_assert!(text.starts_with(&left) && left.ends_with(b"\n")),
            Err(error) => {
                let is_damage = matches!(error, AnswersError::Damaged { .. });
                prop_assert!(is_damage && left == text);
            }
        }
    }
}
