//! What the tests of templates and of plans share: words for verdicts, and the right answers.

use std::fs;
use std::path::Path;

use trailseal_rule::Verdict;

pub(crate) fn word_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Sealed(_) => "COMPLIANT",
        Verdict::Broken(_) => "NON_COMPLIANT",
        Verdict::Unverified(_) => "unverified",
        Verdict::NotApplicable(_) => "NOT_APPLICABLE",
    }
}

/// The rows of the manifest: file, and the answers in `cis`, `effective` and `strict`.
pub(crate) fn rows(folder: &Path) -> Vec<(String, [String; 3])> {
    let manifest = fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let rows = manifest.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        (cells[0].to_owned(), [cells[2], cells[3], cells[4]].map(str::to_owned))
    });
    rows.collect()
}
