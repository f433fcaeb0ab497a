//! The page of files that were counted by hand.

use trailseal_rule::TrailArn;

use crate::logs::report::SharedFolder;
use crate::logs::tests::{counted_report, former_prefix_report, history_report, hostile, written};
use crate::output::Format;
use crate::report::CheckOutcome;

const ARN: &str = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/";

#[test]
fn the_page_has_the_verdict_a_chart_by_month_and_no_script() {
    let page = written(&history_report(), Format::Html, None);
    for part in [
        "The newest log files of the trail are encrypted with its key.",
        "default-src &#39;none&#39;; style-src &#39;sha256-",
        "<svg class=\"heat\" role=\"img\"",
        // March 2025 has one file before the first with the key, and that one.
        "<title>111122223333 eu-central-1 2025-03: 1 encrypted with the key, 1 not, 0 not known</title>",
        "<title>111122223333 eu-central-1 2026-11: 1 encrypted with the key, 0 not, 0 not known</title>",
        "SSE-KMS key 1, 2025-03–2026-11",
        "were not read; --all reads every file",
        "First encrypted file",
        "S3UpdateObjectEncryption",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for loaded in ["<script", "script-src", "http://", "https://", " src="] {
        assert!(!page.contains(loaded), "{loaded}");
    }
}

/// The fields of an account and Region also count files that no named trail delivers.
#[test]
fn a_field_counts_files_with_any_key_apart() {
    let page = written(&former_prefix_report(), Format::Html, None);
    let title = "<title>111122223333 eu-central-1 2026-11: 1 encrypted with the key of their trail, 1 \
                 with a KMS key where no named trail delivers, 0 not, 0 not known</title>";
    assert!(page.contains(title), "{page}");
    let page = written(&counted_report(), Format::Html, None);
    let title = "2026-11: 2 encrypted with a KMS key, 0 not, 0 not known</title>";
    assert!(page.contains(title), "{page}");
}

/// Rows of different folders differ, and lists have commas.
#[test]
fn the_page_names_the_folder_the_other_trails_and_what_passed() {
    let mut report = history_report();
    let page = written(&report, Format::Html, None);
    for part in [
        "<bdi>AWSLogs/</bdi>",
        "<bdi>old/AWSLogs/</bdi>",
        "<dt>Newest log files</dt><dd>encrypted with the key of the trail</dd>",
        "<strong>Note:</strong> a sample: ",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let arn = |name: &str| TrailArn::parse(&format!("{ARN}{name}")).unwrap();
    let trails = vec![arn("one"), arn("two")];
    report.trails[0].shared = vec![SharedFolder { folder: "AWSLogs/".to_owned(), trails }];
    report.trails[0].check.outcome = CheckOutcome::Fail;
    let page = written(&report, Format::Html, None);
    let words = format!("<bdi>{ARN}one</bdi>, <bdi>{ARN}two</bdi>, so they decide nothing.");
    assert!(page.contains(&words), "{page}");
    assert!(!page.contains("Newest log files"), "{page}");
}

#[test]
fn a_partial_page_says_so_and_never_shows_unread_files_as_encrypted() {
    let page = written(&hostile(), Format::Html, None);
    for part in
        ["PARTIAL", "What was not read", "field unverified", "0 encrypted with the key, 0 not"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let chart = page.split("<svg class=\"heat\"").nth(1).unwrap().split("</svg>").next().unwrap();
    assert!(!chart.contains("field compliant"), "{chart}");
}
