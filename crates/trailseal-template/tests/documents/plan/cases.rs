//! The plans of `tests/preview/tfplan` with their right answers, in every profile.

use std::fs;
use std::path::{Path, PathBuf};

use crate::plan::support::{Case, answers};
use crate::verdicts::rows;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/preview/tfplan")
}

fn case(file: &str, has_source: bool, account: &str) -> Case {
    let source = folder().join("source").join(file.trim_end_matches(".json"));
    Case {
        plan: fs::read_to_string(folder().join(file)).unwrap(),
        source: has_source.then_some(source),
        account: account.to_owned(),
        // A key of another account is a finding unless a list allows that account, so that the
        // manifest's answer supposes that the log account is allowed.
        allowed: if file.starts_with("t30") { "444455556666" } else { "" }.to_owned(),
    }
}

#[test]
fn every_plan_with_its_source_has_its_right_answer_in_every_profile() {
    let rows = rows(&folder());
    assert_eq!(rows.len(), 22);
    let mut wrong = Vec::new();
    for (file, expected) in rows {
        let found = answers(&case(&file, true, "111122223333"));
        if found != expected {
            wrong.push(format!("{file}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Without the source an answer can only become unverified, and so without the account.
#[test]
fn without_source_or_account_no_answer_gets_better() {
    for (has_source, account, least) in [(false, "111122223333", 26), (true, "", 54)] {
        let mut same = 0;
        for (file, expected) in rows(&folder()) {
            let found = answers(&case(&file, has_source, account));
            for (found, expected) in found.iter().zip(&expected) {
                same += usize::from(found == expected);
                assert!(found == expected || found == "unverified", "{file}: {found}");
            }
        }
        assert!(same >= least, "{same} of 66 with {has_source} and `{account}`");
    }
}
