//! Journals: every prefix, partial lines, and records out of place.

use serde_json::json;
use trailseal_plan::{
    Consent, Force, JournalError, Record, StepId, StepState, back_out, fold, read_journal,
};
use trailseal_rule::{KeyState, Rotation};

use crate::aws::Aws;
use crate::back_outs::{is_restored, records};
use crate::cases::{Case, Has, Requested, Sort, now, parameters, policies};
use crate::laws::{HAS_ALL_CONSENT, applied};

fn whole() -> Vec<Record> {
    let policy = &policies()[0].1;
    let case =
        Case::new(Has::None, &Requested::NewWithAlias, policy, &Rotation::Off, Consent::default());
    let plan = case.plan(&parameters(&json!({}))).unwrap();
    let states = applied(&case, &plan, &|| "journal".to_owned());
    let mut records = records(&plan, &states, plan.steps.len());
    records.push(Record::Finished { time: now() });
    records
}

fn lines(records: &[Record]) -> Vec<u8> {
    let line = |record| serde_json::to_string(record).unwrap() + "\n";
    records.iter().map(line).collect::<String>().into_bytes()
}

#[test]
fn every_prefix_has_its_progress() {
    let records = whole();
    for length in 1..=records.len() {
        let progress = fold(&records[..length]).unwrap();
        let states: Vec<StepState> =
            progress.remediation.steps.iter().map(|step| step.state).collect();
        // After the first record, each step has three.
        let (whole_steps, within) = ((length - 1) / 3, (length - 1) % 3);
        for (index, state) in states.iter().enumerate() {
            let expected = match index.cmp(&whole_steps) {
                std::cmp::Ordering::Less => StepState::Verified,
                std::cmp::Ordering::Equal => {
                    [StepState::Pending, StepState::Uncertain, StepState::Done][within]
                }
                std::cmp::Ordering::Greater => StepState::Pending,
            };
            assert_eq!(*state, expected, "step {index} after {length} records");
        }
        assert_eq!(progress.created_key.is_some(), length >= 3);
        assert_eq!(progress.remediation.plan.key_arn().is_some(), length >= 3);
        assert_eq!(progress.remediation.is_finished, length == records.len());
        assert_eq!(progress.remediation.next().is_none(), whole_steps == states.len());
    }
}

#[test]
fn reads_a_truncated_journal_to_its_last_complete_line() {
    let records = whole();
    let bytes = lines(&records);
    let first_line = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in 0..=bytes.len() {
        let text = &bytes[..cut];
        let whole_lines = text.iter().filter(|byte| **byte == b'\n').count();
        match read_journal(text) {
            Ok(journal) => {
                assert_eq!(journal.records, records[..whole_lines], "cut at {cut}");
                assert_eq!(journal.is_torn, !text.ends_with(b"\n"), "cut at {cut}");
                assert_eq!(lines(&journal.records), bytes[..journal.whole_bytes]);
                journal.progress().unwrap();
            }
            Err(error) => {
                assert_eq!(error, JournalError::Empty);
                assert!(cut < first_line, "cut at {cut}");
            }
        }
    }
}

#[test]
fn ignores_a_malformed_line_only_at_the_end() {
    let records = whole();
    let mut bytes = lines(&records[..2]);
    let whole_bytes = bytes.len();
    bytes.extend(b"\0\0\0\n");
    let journal = read_journal(&bytes).unwrap();
    assert!(journal.is_torn);
    assert_eq!((journal.whole_bytes, journal.records.len()), (whole_bytes, 2));
    bytes.extend(lines(&records[2..]));
    let error = read_journal(&bytes).unwrap_err();
    assert!(matches!(error, JournalError::Malformed { line: 3, .. }), "{error}");
    assert_eq!(read_journal(b""), Err(JournalError::Empty));
    let error = read_journal(b"some notes\n").unwrap_err();
    assert!(matches!(error, JournalError::Malformed { line: 1, .. }), "{error}");
}

/// The file may be any that a user names by mistake.
#[test]
fn a_file_that_does_not_begin_as_a_journal_is_not_one() {
    for text in [
        r#"{"Version":"2012-10-17","Statement":[]}"#,
        r#"{"record":"begun"}"#,
        "notes",
        "{}",
        " ",
        "\n",
        "\0",
        "[",
    ] {
        let error = read_journal(text.as_bytes()).unwrap_err();
        assert!(matches!(error, JournalError::Malformed { line: 1, .. }), "{text}: {error}");
    }
}

/// A later release may write other records.
#[test]
fn a_complete_record_of_another_kind_is_not_ignored() {
    let mut bytes = lines(&whole()[..2]);
    bytes.extend(b"{\"record\":\"paused\"}\n");
    let error = read_journal(&bytes).unwrap_err();
    assert!(matches!(error, JournalError::Malformed { line: 3, .. }), "{error}");
}

#[test]
fn refuses_a_record_that_is_out_of_place() {
    let records = whole();
    let (time, step) = (now(), StepId::UpdateTrail);
    let begun = || records[0].clone();
    let refused = |records: Vec<Record>| fold(&records).unwrap_err().to_string();
    assert_eq!(fold(&[]), Err(JournalError::Empty));
    for (records, why) in [
        (vec![records[1].clone()], "a journal begins with a plan that seals"),
        (vec![begun(), begun()], "only a back-out can follow"),
        (vec![begun(), Record::Before { step, time }], "create-key comes before update-trail"),
        (vec![begun(), records[2].clone()], "create-key was not begun"),
        (vec![begun(), Record::Finished { time }], "create-key is not verified"),
    ] {
        let error = refused(records);
        assert!(error.ends_with(why), "{error}");
    }
}

#[test]
fn a_step_may_have_happened_only_after_its_announcement() {
    let records = whole();
    let time = now();
    let step = StepId::EnableKeyRotation;
    let again = Record::Before { step, time };
    let progress = fold(&[&records[..8], &[again]].concat()).unwrap();
    let first = progress.remediation.step(step).unwrap();
    assert!(first.may_have_happened);
    assert_eq!(first.state, StepState::Uncertain);
    let step = StepId::CreateKey;
    let records = [records[0].clone(), Record::Verified { step, time }];
    let progress = fold(&records).unwrap();
    assert!(!progress.remediation.step(step).unwrap().may_have_happened);
}

/// A back-out is a separate phase of the same journal.
#[test]
fn every_prefix_of_a_back_out_has_its_progress() {
    let policy = &policies()[0].1;
    let requested = Requested::Key(Sort::State(KeyState::Disabled));
    let case = Case::new(Has::None, &requested, policy, &Rotation::Off, HAS_ALL_CONSENT);
    let plan = case.plan(&parameters(&json!({}))).unwrap();
    let states = applied(&case, &plan, &|| "journal".to_owned());
    let mut aws = states.last().unwrap().aws.clone();
    let seal = records(&plan, &states, plan.steps.len());
    let progress = fold(&seal).unwrap();
    let present = |aws: &Aws| aws.present(None, &progress.keys());
    let back_out_plan = back_out(&progress, &present(&aws), Force::No).unwrap();
    let ids: Vec<StepId> = back_out_plan.steps.iter().map(|step| step.id).collect();
    assert_eq!(ids, [StepId::RestoreTrail, StepId::RestoreKeyPolicy, StepId::DisableKey]);

    let (time, journal) = (now(), "j-1".to_owned());
    let mut all = seal.clone();
    all.push(Record::Begun { journal, plan: Box::new(back_out_plan.clone()), time });
    for (index, step) in back_out_plan.steps.iter().enumerate() {
        let id = step.id;
        all.push(Record::Before { step: id, time });
        // A new back-out from here has only the remaining steps.
        let again = back_out(&fold(&all).unwrap(), &present(&aws), Force::No).unwrap();
        assert_eq!(again.steps, back_out_plan.steps[index..]);
        aws.call(&step.call).unwrap();
        all.push(Record::Done { step: id, request_id: None, created_key: None, time });
        all.push(Record::Verified { step: id, time });
        let phase = fold(&all).unwrap().back_out.unwrap();
        assert_eq!(phase.next().map(|next| next.step), ids.get(index + 1).copied());
    }
    all.push(Record::Finished { time });
    let progress = fold(&all).unwrap();
    assert!(progress.current().is_finished && progress.remediation.next().is_none());
    assert!(is_restored(&case.aws, &aws));
    let other = "j-2".to_owned();
    all.push(Record::Begun { journal: other, plan: Box::new(back_out_plan), time });
    let error = fold(&all).unwrap_err().to_string();
    assert!(error.ends_with("it belongs to journal `j-2`"), "{error}");
}
