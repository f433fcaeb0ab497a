//! The report as comma-separated values: one row per trail.

use std::collections::HashMap;
use std::io::{self, Write};

use trailseal_rule::Timestamp;

use super::shown;
use crate::report::{CheckReport, Report, TrailReport};

const HEAD: [&str; 18] = [
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
    "account name",
    "report time",
];

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = ::csv::Writer::from_writer(out);
    rows.write_record(HEAD)?;
    let accounts = report.accounts.iter();
    let names: HashMap<&str, &str> =
        accounts.filter_map(|account| Some((&*account.id, account.name.as_deref()?))).collect();
    for trail in &report.trails {
        rows.write_record(row(trail, &names, report.generated_at).map(|cell| guarded(&cell)))?;
    }
    rows.flush()
}

fn row(trail: &TrailReport, names: &HashMap<&str, &str>, time: Timestamp) -> [String; HEAD.len()] {
    let joined = |member: fn(&CheckReport) -> Option<&str>| {
        trail.open_checks().filter_map(member).collect::<Vec<_>>().join("; ")
    };
    let what = joined(|check| check.what.as_deref());
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        trail.compliance.to_string(),
        trail.unverified.to_string(),
        account_as_text(trail.account.as_str()),
        trail.region.to_string(),
        trail.resource_id.clone(),
        trail.arn.as_ref().map(ToString::to_string).unwrap_or_default(),
        optional(&trail.key),
        optional(&trail.bucket),
        joined(|check| Some(&check.id)),
        if what.is_empty() { optional(&trail.reason) } else { what },
        joined(|check| check.fix.as_deref()),
        trail.captured.map(|captured| captured.to_string()).unwrap_or_default(),
        trail.source.clone(),
        trail.profile.map_or("", |profile| profile.as_str()).to_owned(),
        optional(&trail.not_evaluated),
        trail.skipped.join("; "),
        names.get(trail.account.as_str()).copied().unwrap_or_default().to_owned(),
        time.to_string(),
    ]
}

/// A spreadsheet would read an account ID as a number, and drop its leading zeros. An apostrophe
/// makes it text, as it does for a formula.
pub(crate) fn account_as_text(account: &str) -> String {
    format!("'{account}")
}

/// A cell that no spreadsheet runs as a formula: an apostrophe before a formula makes it text. The
/// separator of cells depends on the spreadsheet's locale, so the text after each possible separator
/// is guarded as well.
pub(crate) fn guarded(cell: &str) -> String {
    const SEPARATORS: [char; 3] = [';', ',', '|'];
    let guard = |part: &str| if is_formula(part) { format!("'{part}") } else { part.to_owned() };
    shown(cell).split_inclusive(SEPARATORS).map(guard).collect()
}

/// Spreadsheets skip blanks and quotes before a formula.
fn is_formula(cell: &str) -> bool {
    const STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let is_skipped =
        |character: char| character.is_whitespace() || ['"', '\'', '?'].contains(&character);
    let mut rest = cell.trim_start_matches(is_skipped);
    // Invisible characters are shown as escapes, which a formula can follow.
    while let Some((_, after)) = rest.strip_prefix("\\u{").and_then(|rest| rest.split_once('}')) {
        rest = after.trim_start_matches(is_skipped);
    }
    rest.starts_with(STARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1+1",
            " =1",
            "\u{3000}=1",
            "  -2+3+cmd|' /C calc'!A0",
            "\"=1",
        ] {
            assert_eq!(guarded(cell), format!("'{cell}"));
        }
        for (cell, expected) in [
            ("evil;=1+1;@SUM(A1)", "evil;'=1+1;'@SUM(A1)"),
            ("evil,=1", "evil,'=1"),
            ("evil|=1", "evil|'=1"),
            ("evil; =1", "evil;' =1"),
            ("evil;\"=1", "evil;'\"=1"),
            ("\t=1\r\n", "'?=1??"),
            ("\u{200b}=1", "'\\u{200b}=1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(guarded(cell), expected);
        }
    }
}
