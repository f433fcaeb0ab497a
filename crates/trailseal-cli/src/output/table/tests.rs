//! The table at several widths, in a pipe, and with its options.

use std::collections::BTreeSet;

use trailseal_rule::TrailArn;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::output::tests::{full, report, trail};
use crate::report::{CheckOutcome, Report, TrailReport};

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn table(report: &Report, columns: Option<usize>, table: TableOptions) -> String {
    let mut out = Vec::new();
    write(report, Screen { columns, is_styled: false, table }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const DEFAULT: TableOptions = TableOptions { full: false, failed: false };
const FULL: TableOptions = TableOptions { full: true, failed: false };
const FAILED: TableOptions = TableOptions { full: false, failed: true };

fn many(number: usize) -> Report {
    let keyed = |number: usize| TrailReport {
        key: Some(KEY.to_owned()),
        annotation: format!("sealed with {KEY} (profile effective: 5 checks passed)"),
        ..trail(&format!("trail-{number}"))
    };
    report((0..number).map(keyed).collect())
}

#[test]
fn arns_and_ids_are_never_broken_across_lines() {
    let mut sealed = many(1);
    sealed.trails[0].checks.retain(|check| check.outcome == CheckOutcome::Pass);
    for report in [full(), many(3), many(30), sealed] {
        let arns = report.trails.iter().filter_map(|trail| Some(trail.arn.as_ref()?.as_str()));
        let keys = report.trails.iter().filter_map(|trail| trail.key.as_deref());
        let ids: BTreeSet<&str> = arns.chain(keys).collect();
        for columns in [None, Some(1), Some(40), Some(80), Some(200)] {
            for options in [DEFAULT, FULL, FAILED] {
                let text = table(&report, columns, options);
                let mut arns = text.split_whitespace().filter(|word| word.contains("arn:"));
                assert!(arns.all(|arn| ids.contains(arn)), "{columns:?}: {text}");
                let trails = report.trails.iter().filter(|_| options.full);
                for trail in trails {
                    let key = trail.key.as_deref().filter(|_| needs_action(&trail));
                    let arn = trail.arn.as_ref().map(TrailArn::as_str);
                    assert!(key.into_iter().chain(arn).all(|id| text.contains(id)), "{text}");
                }
            }
        }
    }
}

#[test]
fn more_than_twenty_trails_get_one_line_each_unless_full() {
    for (number, is_detailed) in [(20, true), (21, false), (2_000, false)] {
        let text = table(&many(number), Some(200), DEFAULT);
        assert_eq!(text.contains("Fix: "), is_detailed, "{number}: {text}");
        if !is_detailed {
            assert_eq!(text.lines().count(), number + 2, "a header and a summary: {text}");
        }
        assert!(table(&many(number), Some(200), FULL).contains("Fix: "));
    }
}

#[test]
fn a_pipe_gets_one_line_for_each_trail_unless_full() {
    let text = table(&many(3), None, DEFAULT);
    assert_eq!(text.lines().count(), 5, "{text}");
    let line = text.lines().find(|line| line.contains("trail-1")).unwrap();
    for part in ["NON_COMPLIANT", "111122223333", "eu-central-1", "key-usable: what key-usable"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(table(&many(3), None, FULL).contains("Fix: how to fix key-usable"));
}

#[test]
fn failed_lists_only_what_needs_action() {
    let report = full();
    for columns in [None, Some(80)] {
        for full in [false, true] {
            let text = table(&report, columns, TableOptions { full, failed: true });
            assert!(["broken", "unverified", "org"].iter().all(|name| text.contains(name)));
            assert!(!text.contains("sealed") && !text.contains("gone"), "{text}");
            // The counts are those of the report.
            assert!(text.contains("7 trails:"), "{text}");
        }
    }
}

#[test]
fn the_table_is_readable_at_40_80_and_200_columns() {
    for columns in [40, 80, 200] {
        for report in [full(), many(30)] {
            for options in [DEFAULT, FULL, FAILED] {
                let text = table(&report, Some(columns), options);
                for line in text.lines().filter(|line| line.width() > columns) {
                    // Only an ARN is longer than a line.
                    assert!(
                        line.trim().starts_with("arn:") && !line.trim().contains(' '),
                        "{line}"
                    );
                }
            }
        }
    }
    insta::assert_snapshot!("40_columns", table(&many(21), Some(40), DEFAULT));
    insta::assert_snapshot!("80_columns", table(&full(), Some(80), DEFAULT));
    insta::assert_snapshot!("200_columns", table(&many(21), Some(200), DEFAULT));
}
