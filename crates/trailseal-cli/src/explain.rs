//! `trailseal explain`: the checks in words.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use trailseal_rule::{CHECKS, CIS_CONTROLS, Check, CheckId, Parameters, RELATED_CONTROLS};

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
    let mut text = String::from("A trail is sealed if every check that is asked for passes.\n\n");
    for check in CHECKS {
        let _ = writeln!(
            text,
            "{}\n  {}\n  Asked for {}",
            check.id,
            check.sentence,
            asked_for(check.id)
        );
    }
    text.push_str("\n`trailseal explain CHECK` tells more.\n");
    text
}

fn in_full(check: &Check) -> String {
    let members = [
        ("Why", check.why.to_owned()),
        ("Evidence", check.evidence.to_owned()),
        ("Fails when", check.fails_when.to_owned()),
        ("What to do", what_to_do(check.id).to_owned()),
        ("Asked for", asked_for(check.id)),
    ];
    let mut text = format!("{}: {}\n", check.id, check.sentence);
    for (name, words) in members {
        let _ = writeln!(text, "\n{name}\n{}", wrapped(&words));
    }
    text
}

/// The words in lines that any terminal shows whole.
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

/// When a check is on: in which profiles, and by which parameters.
fn asked_for(check: CheckId) -> String {
    let profiles: Vec<String> = ["cis", "effective", "strict"]
        .into_iter()
        .filter(|profile| is_on(check, profile))
        .map(|profile| format!("profile={profile}"))
        .collect();
    let parameters = match check {
        CheckId::SseKmsEnabled
        | CheckId::KeyCustomerManaged
        | CheckId::KeyUsable
        | CheckId::KeyInBucketRegion => None,
        CheckId::KeyAllowed => Some("allowedKmsKeyArns or allowedKeyAccounts"),
        CheckId::KeyRotated => Some("requireKeyRotation=true"),
        CheckId::KeyPolicyAdmitsCloudtrail | CheckId::KeyPolicyGuardsDecryption => {
            Some("checkKeyPolicy=true")
        }
        CheckId::KeyPolicyBindsCloudtrail => None,
        CheckId::DeliveryUnbroken => Some("checkDelivery=true"),
    };
    let ways: Vec<String> = profiles.into_iter().chain(parameters.map(str::to_owned)).collect();
    format!("by {}", ways.join(", "))
}

fn is_on(check: CheckId, profile: &str) -> bool {
    let given = Map::from_iter([("profile".to_owned(), Value::from(profile))]);
    Parameters::parse(&given).is_ok_and(|parameters| check.is_enabled(&parameters))
}

fn what_to_do(check: CheckId) -> &'static str {
    match check {
        CheckId::SseKmsEnabled => {
            "set kmsKeyId to a customer managed key in the bucket's Region whose policy admits \
             CloudTrail"
        }
        CheckId::KeyCustomerManaged => {
            "make a customer managed key in the bucket's Region, let its policy admit CloudTrail, \
             and set kmsKeyId to it"
        }
        CheckId::KeyUsable => {
            "enable the key or cancel its deletion; where it is gone or of the wrong kind, set \
             kmsKeyId to an enabled symmetric encryption key"
        }
        CheckId::KeyInBucketRegion => "set kmsKeyId to a key in the Region of the trail's bucket",
        CheckId::KeyAllowed => {
            "set kmsKeyId to a key of the trail's account; if the other account is yours, add it to \
             allowedKeyAccounts"
        }
        CheckId::KeyRotated => {
            "turn on automatic rotation of the key, within the period that is allowed; of a \
             replica, turn on that of the primary key"
        }
        CheckId::KeyPolicyAdmitsCloudtrail => {
            "add to the key policy a statement that allows cloudtrail.amazonaws.com \
             kms:GenerateDataKey* with this trail's aws:SourceArn; `trailseal check` prints it \
             for each trail"
        }
        CheckId::DeliveryUnbroken => {
            "let the key policy admit CloudTrail and see that the key is enabled"
        }
        CheckId::KeyPolicyGuardsDecryption => {
            "name the principals that may decrypt, or confine the statement by \
             kms:CallerAccount or aws:PrincipalOrgID"
        }
        CheckId::KeyPolicyBindsCloudtrail => {
            "confine the statement for CloudTrail by aws:SourceArn, to the ARN of the trail"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_explained() {
        let all = explain(None);
        for check in CHECKS {
            assert!(all.contains(check.id.as_str()), "{}", check.id);
            let one = explain(Some(check.id.as_str()));
            let one = one.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [check.sentence, check.why, check.evidence, check.fails_when, "3.11"] {
                assert!(one.contains(part), "{}: {part}", check.id);
            }
        }
    }

    #[test]
    fn each_check_tells_when_it_is_on() {
        assert_eq!(
            asked_for(CheckId::KeyAllowed),
            "by profile=effective, profile=strict, allowedKmsKeyArns or allowedKeyAccounts"
        );
        assert_eq!(asked_for(CheckId::KeyRotated), "by profile=strict, requireKeyRotation=true");
    }
}
