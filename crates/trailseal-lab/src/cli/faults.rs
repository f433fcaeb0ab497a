//! The faults of the command line: `SERVICE:OPERATION:KIND[:first|every]`.

use std::time::Duration;

use trailseal_lab::{Fault, FaultKind, Operation, Position};

/// The delay of the kind `slow`.
const SLOW: Duration = Duration::from_secs(5);

const POSITIONS: [(&str, Position); 2] = [("first", Position::First), ("every", Position::Every)];

/// Reads the values of `--fault`; an error contains what is wrong with each of them.
pub(super) fn parse(given: &[String]) -> Result<Vec<Fault>, Vec<String>> {
    let (mut faults, mut wrong) = (Vec::new(), Vec::new());
    for text in given {
        match read(text) {
            Ok(fault) => faults.push(fault),
            Err(parts) => wrong.push(format!("--fault `{text}`: {}", parts.join("; "))),
        }
    }
    if wrong.is_empty() { Ok(faults) } else { Err(wrong) }
}

/// A fault of an operation in IAM's spelling, at all requests unless it names a position.
fn read(text: &str) -> Result<Fault, Vec<String>> {
    let (service, name, kind, position) = match text.split(':').collect::<Vec<_>>()[..] {
        [service, name, kind] => (service, name, kind, "every"),
        [service, name, kind, position] => (service, name, kind, position),
        _ => return Err(vec!["it has the form SERVICE:OPERATION:KIND[:first|every]".to_owned()]),
    };
    let operation = operation(&format!("{service}:{name}"));
    let kind = self::kind(kind);
    let position = self::position(position);
    match (operation, kind, position) {
        (Ok(Operation::PutEvaluations), Ok(kind @ FaultKind::FailedEvaluations), Ok(position)) => {
            Ok(Fault::of(Operation::PutEvaluations, position, kind))
        }
        (Ok(operation), Ok(FaultKind::FailedEvaluations), Ok(_)) => {
            Err(vec![format!("`{}` has no FailedEvaluations", operation.iam())])
        }
        (Ok(operation), Ok(kind), Ok(position)) => Ok(Fault::of(operation, position, kind)),
        (operation, kind, position) => {
            Err([operation.err(), kind.err(), position.err()].into_iter().flatten().collect())
        }
    }
}

/// The operation in IAM's spelling, such as `kms:DescribeKey`.
pub(super) fn operation(text: &str) -> Result<Operation, String> {
    Operation::from_iam(text)
        .ok_or_else(|| unknown("operation", text, Operation::all().map(Operation::iam)))
}

pub(super) fn kind(text: &str) -> Result<FaultKind, String> {
    FaultKind::from_name(text, SLOW).ok_or_else(|| unknown("fault", text, FaultKind::names()))
}

fn position(text: &str) -> Result<Position, String> {
    let known = POSITIONS.iter().find(|(name, _)| *name == text);
    known
        .map(|(_, position)| *position)
        .ok_or_else(|| unknown("position", text, POSITIONS.into_iter().map(|(name, _)| name)))
}

fn unknown(what: &str, text: &str, known: impl Iterator<Item = &'static str>) -> String {
    let known: Vec<&str> = known.collect();
    let meant = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&text.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= text.chars().count() / 3)
        .min();
    match meant {
        Some((_, meant)) => format!("no {what} `{text}`; did you mean `{meant}`?"),
        None => format!("no {what} `{text}`; it is one of {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(texts: &[&str]) -> Result<Vec<Fault>, Vec<String>> {
        parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_fault_affects_every_request_unless_it_names_the_first() {
        let faults = given(&[
            "kms:DescribeKey:throttling",
            "cloudtrail:DescribeTrails:slow:first",
            "config:PutEvaluations:failed-evaluations:every",
        ]);
        let expected = [
            Fault::of(Operation::DescribeKey, Position::Every, FaultKind::Throttling),
            Fault::of(Operation::DescribeTrails, Position::First, FaultKind::Slow(SLOW)),
            Fault::of(Operation::PutEvaluations, Position::Every, FaultKind::FailedEvaluations),
        ];
        assert_eq!(faults.as_deref(), Ok(&expected[..]));
    }

    #[test]
    fn every_wrong_part_of_every_fault_is_reported() {
        let wrong = given(&[
            "DescribeKey:throttling",
            "kms:describekey:throtling:frist",
            "kms:DescribeKey:throttling",
            "kms:DescribeKey:gone:last",
            "kms:DescribeKey:failed-evaluations",
        ])
        .unwrap_err();
        let positions = "no position `last`; it is one of first, every";
        let [form, spelling, listed, misplaced] = &wrong[..] else { panic!("{wrong:?}") };
        assert!(form.ends_with("it has the form SERVICE:OPERATION:KIND[:first|every]"), "{form}");
        assert_eq!(
            spelling,
            "--fault `kms:describekey:throtling:frist`: no operation `kms:describekey`; did you \
             mean `kms:DescribeKey`?; no fault `throtling`; did you mean `throttling`?; no position \
             `frist`; did you mean `first`?"
        );
        assert!(listed.contains("no fault `gone`; it is one of throttling, "), "{listed}");
        assert!(
            listed.contains(", failed-evaluations; ") && listed.ends_with(positions),
            "{listed}"
        );
        assert!(misplaced.ends_with("`kms:DescribeKey` has no FailedEvaluations"), "{misplaced}");
    }
}
