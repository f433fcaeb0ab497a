//! The report as comma-separated values: one row per trail.

use std::io::{self, Write};

use super::clean;
use crate::report::{CheckOutcome, CheckReport, Report, TrailReport};

const HEAD: [&str; 14] = [
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
    "not evaluated",
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
        optional(&trail.not_evaluated),
    ]
}

/// A spreadsheet would run a cell that begins like a formula, some of them also behind blanks; an
/// apostrophe makes it text.
fn guarded(cell: String) -> String {
    const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let cell = clean(&cell);
    if cell.trim_start().starts_with(FORMULA) { format!("'{cell}") } else { cell }
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
        // A tab or a line's end before it is shown, so that it is no blank any more.
        for blank in ["\t", "\r", "\n", "\r\n\t", "\0"] {
            let cell = guarded(format!("{blank}=1"));
            assert!(cell.starts_with('?') && cell.ends_with("?=1"), "{cell}");
        }
        assert_eq!(guarded("\t=1\r\n".to_owned()), "?=1??");
        assert_eq!(guarded("a=1".to_owned()), "a=1");
    }
}
