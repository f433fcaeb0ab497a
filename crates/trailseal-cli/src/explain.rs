//! `trailseal explain`: descriptions of the checks.

use std::fmt::Write as _;

use trailseal_rule::{CHECKS, CIS_CONTROLS, Check, Profile, RELATED_CONTROLS};

/// One check in full, or all of them in short.
pub(crate) fn explain(check: Option<&str>) -> String {
    let named = CHECKS.iter().find(|known| Some(known.id.as_str()) == check);
    let mut text = match named {
        Some(check) => in_full(check),
        None => in_short(),
    };
    text.push_str("\nControls (\"Ensure CloudTrail logs are encrypted at rest using KMS CMKs\")\n");
    for control in CIS_CONTROLS {
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(text, "  {:<5} {}", control.number, control.publication);
    }
    text.push_str("\nRelated requirements\n");
    for controls in RELATED_CONTROLS.chunk_by(|one, next| one.publication == next.publication) {
        let numbers: Vec<&str> = controls.iter().map(|control| control.number).collect();
        let publication = controls.first().map_or("", |control| control.publication);
        let _ = writeln!(text, "  {publication}: {}", numbers.join(", "));
    }
    text
}

fn in_short() -> String {
    let mut text = String::from("A trail is sealed if every enabled check passes.\n\n");
    for check in CHECKS {
        let _ = writeln!(text, "{}\n  {}\n  Enabled {}", check.id, check.title, enabled_by(check));
    }
    text.push_str("\n`trailseal explain CHECK` shows one check in full.\n");
    text
}

fn in_full(check: &Check) -> String {
    let members = [
        ("Why", check.rationale.to_owned()),
        ("Evidence", check.evidence.to_owned()),
        ("Fails when", check.fails_when.to_owned()),
        ("Fix", check.fix.to_owned()),
        ("Enabled", enabled_by(check)),
    ];
    let mut text = format!("{}: {}\n", check.id, check.title);
    for (name, words) in members {
        let _ = writeln!(text, "\n{name}\n{}", wrapped(&words));
    }
    text
}

/// Wraps text to the width of any terminal.
fn wrapped(words: &str) -> String {
    const COLUMNS: usize = 80;
    let mut text = String::new();
    let mut column = 0;
    for word in words.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > COLUMNS {
            text.push('\n');
            column = 0;
        }
        text.push_str(if column == 0 { "  " } else { " " });
        column += width + if column == 0 { 2 } else { 1 };
        text.push_str(word);
    }
    text
}

fn enabled_by(check: &Check) -> String {
    let enables = |profile: &Profile| check.profile.is_some_and(|first| *profile >= first);
    let profiles = Profile::ALL.into_iter().filter(enables);
    let profiles = profiles.map(|profile| format!("profile={}", profile.as_str()));
    let switches: Vec<&str> = check.switches.iter().map(|switch| switch.text).collect();
    let switches = (!switches.is_empty()).then(|| switches.join(" or "));
    format!("by {}", profiles.chain(switches).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use trailseal_rule::CheckId;

    use super::*;

    #[test]
    fn every_check_is_explained() {
        let all = explain(None);
        for check in CHECKS {
            assert!(all.contains(check.id.as_str()), "{}", check.id);
            let one = explain(Some(check.id.as_str()));
            let one = one.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [check.title, check.rationale, check.evidence, check.fails_when, "3.11"] {
                assert!(one.contains(part), "{}: {part}", check.id);
            }
        }
    }

    #[test]
    fn each_check_shows_what_enables_it() {
        assert_eq!(
            enabled_by(CheckId::KeyAllowed.check()),
            "by profile=effective, profile=strict, allowedKmsKeyArns or allowedKeyAccounts"
        );
        assert_eq!(
            enabled_by(CheckId::KeyRotated.check()),
            "by profile=strict, requireKeyRotation=true"
        );
        assert_eq!(
            enabled_by(CheckId::LogFilesSealed.check()),
            "by trailseal logs or trailseal audit --log-files"
        );
    }
}
