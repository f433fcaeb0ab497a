//! The report as comma-separated values: one row per trail.

use std::io::{self, Write};

use super::shown;
use crate::report::{CheckOutcome, CheckReport, Report, TrailReport};

const HEAD: [&str; 16] = [
    "compliance",
    "unverified",
    "account",
    "region",
    "trail",
    "arn",
    "key",
    "bucket",
    "checks failed or unknown",
    "what was found",
    "how to fix",
    "captured",
    "source",
    "profile",
    "not evaluated",
    "checks skipped",
];

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = ::csv::Writer::from_writer(out);
    rows.write_record(HEAD)?;
    for trail in &report.trails {
        rows.write_record(row(trail).map(guarded))?;
    }
    rows.flush()
}

fn row(trail: &TrailReport) -> [String; HEAD.len()] {
    let told = |tell: fn(&CheckReport) -> Option<String>| {
        let open = trail.checks.iter().filter(|check| check.outcome != CheckOutcome::Pass);
        open.filter_map(tell).collect::<Vec<_>>().join("; ")
    };
    let what = told(|check| check.what.clone());
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        trail.compliance.clone(),
        trail.unverified.to_string(),
        trail.account.clone(),
        trail.region.clone(),
        trail.resource_id.clone(),
        optional(&trail.arn),
        optional(&trail.key),
        optional(&trail.bucket),
        told(|check| Some(check.id.clone())),
        if what.is_empty() { optional(&trail.reason) } else { what },
        told(|check| check.fix.clone()),
        optional(&trail.captured),
        trail.source.clone(),
        optional(&trail.profile),
        optional(&trail.not_evaluated),
        trail.skipped.join("; "),
    ]
}

/// A spreadsheet would run a cell that begins like a formula, some of them also behind blanks or
/// quotes; an apostrophe makes it text. What separates cells depends on the spreadsheet's language,
/// so that the text behind each such character counts as a cell.
fn guarded(cell: String) -> String {
    const SEPARATORS: [char; 4] = [';', ',', '|', '\t'];
    let mut out = String::with_capacity(cell.len());
    // A tab would be shown, and might separate cells where the text is pasted.
    let cell = shown(&cell);
    for part in cell.split_inclusive(SEPARATORS) {
        if begins_like_a_formula(part) {
            out.push('\'');
        }
        out.push_str(part);
    }
    out
}

fn begins_like_a_formula(cell: &str) -> bool {
    const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let is_passed_over =
        |character: char| character.is_whitespace() || ['"', '\'', '?'].contains(&character);
    let mut rest = cell.trim_start_matches(is_passed_over);
    // What has no width is shown as an escape, which a formula could follow.
    while let Some((_, behind)) = rest.strip_prefix("\\u{").and_then(|rest| rest.split_once('}')) {
        rest = behind.trim_start_matches(is_passed_over);
    }
    rest.starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_like_a_formula() {
        let formulas = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1+1",
            " =1",
            "\u{3000}=1",
            "  -2+3+cmd|' /C calc'!A0",
        ];
        for cell in formulas {
            assert_eq!(guarded(cell.to_owned()), format!("'{cell}"));
        }
        // Behind a separator, and behind what is shown instead of a character.
        for separator in [";", ",", "|", "; ", ";\""] {
            let cell = guarded(format!("evil{separator}=1+1;@SUM(A1)"));
            let first = separator.get(..1).unwrap();
            let rest = separator.get(1..).unwrap();
            assert_eq!(cell, format!("evil{first}'{rest}=1+1;'@SUM(A1)"));
        }
        assert_eq!(guarded("\t=1\r\n".to_owned()), "'?=1??");
        assert_eq!(guarded("\u{200b}=1".to_owned()), "'\\u{200b}=1");
        assert_eq!(guarded("\"=1".to_owned()), "'\"=1");
        assert_eq!(guarded("a=1".to_owned()), "a=1");
    }
}
