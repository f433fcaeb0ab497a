//! AWS refuses, breaks down, is slow to show, or others meddle: nothing is done on a doubt.

use std::process::Command;
use std::time::Duration;

use trailseal_lab::{Denial, Fault, FaultKind, Hang, Lab, Operation, Position, State};

use super::support::{
    ACCOUNT, BROKEN, KEY, NEIGHBOUR, TRAIL, folder, key_of, kill, nothing_was_lost, policy, run,
    run_of, state, surround, until_it_hangs,
};

const JOURNAL: &str = "journal.jsonl";
const SEAL: &[&str] =
    &["audit", "--key", KEY, "--apply", "--yes", "--wait", "0", "--journal", JOURNAL];
const NEW: &[&str] =
    &["audit", "--create-key", "--apply", "--yes", "--wait", "0", "--journal", JOURNAL];

async fn lab() -> Lab {
    Lab::start(state(None)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_is_waited_out() {
    for kind in [FaultKind::Throttling, FaultKind::ClockSkew] {
        for operation in [Operation::PutKeyPolicy, Operation::UpdateTrail, Operation::GetTrail] {
            let lab = lab().await;
            lab.inject(Fault::of(operation, Position::First, kind));
            let folder = folder(&format!("passes-{}-{}", kind.name(), operation.name()));
            run(&lab, &folder, SEAL).expect(0);
            assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
            nothing_was_lost(&lab, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_an_answer_is_looked_after_and_never_made_twice() {
    // Carried out or not, whoever waits for the answer cannot tell.
    for kind in [FaultKind::ConnectionReset, FaultKind::TruncatedBody, FaultKind::InternalError] {
        for operation in
            [Operation::CreateKey, Operation::EnableKeyRotation, Operation::UpdateTrail]
        {
            let lab = lab().await;
            lab.inject(Fault::of(operation, Position::First, kind));
            let folder = folder(&format!("unclear-{}-{}", kind.name(), operation.name()));
            run(&lab, &folder, NEW).expect(0);
            let state = lab.state();
            assert_eq!(state.keys.len(), 4, "{kind:?} {operation:?}");
            assert_eq!(key_of(&state, TRAIL).as_deref(), Some(state.keys[3].arn.as_str()));
            nothing_was_lost(&lab, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_policy_is_given_time_to_go_round_and_cloudtrail_its_second() {
    let lab = lab().await;
    lab.set_policy_propagation(Duration::from_millis(2500));
    lab.keep_write_rate();
    let ended = run(&lab, &folder("propagation"), SEAL).expect(0);
    assert!(ended.err.contains("InsufficientEncryptionPolicyException"), "{}", ended.err);
    let calls = lab.take_calls();
    let updates: Vec<Option<&str>> = calls
        .iter()
        .filter(|call| call.operation == "cloudtrail:UpdateTrail")
        .map(|call| call.error.as_deref())
        .collect();
    assert!(updates.len() >= 2 && updates.last() == Some(&None), "{updates:?}");
    assert!(!updates.contains(&Some("ThrottlingException")), "{updates:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_change_stops_and_is_gone_on_with_once_it_is_allowed() {
    let lab = lab().await;
    lab.inject(Fault::of(Operation::UpdateTrail, Position::Every, FaultKind::AccessDenied));
    let folder = folder("denied");
    let ended = run(&lab, &folder, SEAL).expect(2);
    assert!(ended.out.contains("step `update-trail` was denied"), "{}", ended.out);
    assert!(ended.out.contains("done and read back   put-key-policy"), "{}", ended.out);
    let again = format!("trailseal remediate audit --key {KEY} --journal journal.jsonl --apply");
    assert!(ended.out.contains(&again), "{}", ended.out);
    assert_eq!(key_of(&lab.state(), TRAIL), None);
    lab.clear_faults();
    run(&lab, &folder, SEAL).expect(0);
    assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
    nothing_was_lost(&lab, 0);
}

/// No IAM permission helps against a Deny of the organization.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_organization_denies_asks_for_no_permission() {
    let lab = lab().await;
    let denial = Denial {
        account: ACCOUNT.to_owned(),
        operation: "cloudtrail:UpdateTrail".to_owned(),
        ..Denial::default()
    };
    lab.set_state(State { denials: vec![denial], ..lab.state() });
    let ended = run(&lab, &folder("denied-by-organization"), SEAL).expect(2);
    let words = "denied with an explicit deny in a service control policy; exempt the role from \
                 the Deny of cloudtrail:UpdateTrail in the service control policy";
    assert!(ended.out.contains(words), "{}", ended.out);
    assert!(!ended.out.contains("An IAM policy for all that is left"), "{}", ended.out);
    assert_eq!(key_of(&lab.state(), TRAIL), None);
}

/// What a denied call needs is told with what every later one needs.
#[tokio::test(flavor = "multi_thread")]
async fn a_denied_change_is_told_with_a_policy_for_all_that_is_left() {
    for (denied, left, done) in [
        (
            Operation::CreateKey,
            &[
                "kms:CreateKey",
                "kms:CreateAlias",
                "kms:EnableKeyRotation",
                "cloudtrail:UpdateTrail",
            ][..],
            &[][..],
        ),
        (
            Operation::EnableKeyRotation,
            &["kms:EnableKeyRotation", "cloudtrail:UpdateTrail"],
            &["kms:CreateKey", "kms:CreateAlias"],
        ),
        (
            Operation::UpdateTrail,
            &["cloudtrail:UpdateTrail"],
            &["kms:CreateKey", "kms:CreateAlias", "kms:EnableKeyRotation"],
        ),
    ] {
        let lab = lab().await;
        lab.inject(Fault::of(denied, Position::Every, FaultKind::AccessDenied));
        let words = [NEW, &["--alias", "alias/trail-logs"][..]].concat();
        let ended = run(&lab, &folder(&format!("left-{}", denied.name())), &words).expect(2);
        let (_, told) = ended.out.split_once("An IAM policy for all that is left to do").unwrap();
        let line = told.lines().nth(1).unwrap();
        let policy: serde_json::Value = serde_json::from_str(line).unwrap();
        let actions: Vec<&str> = policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|statement| statement["Action"].as_array().unwrap())
            .map(|action| action.as_str().unwrap())
            .collect();
        for action in [left, &["cloudtrail:DescribeTrails", "kms:DescribeKey"]].concat() {
            assert!(actions.contains(&action), "{denied:?} {action}: {line}");
        }
        assert!(!done.iter().any(|action| actions.contains(action)), "{denied:?}: {line}");
        assert_eq!(key_of(&lab.state(), TRAIL), None);
        nothing_was_lost(&lab, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_readings_that_are_denied_are_told_at_once_with_a_policy() {
    let mut state = state(None);
    for operation in ["kms:DescribeKey", "kms:GetKeyPolicy"] {
        let (account, operation) = (ACCOUNT.to_owned(), operation.to_owned());
        state.denials.push(Denial {
            account,
            operation,
            about: None,
            policy: Some("none".to_owned()),
            error: None,
        });
    }
    let lab = Lab::start(state).await.unwrap();
    let ended = run(&lab, &folder("denials"), &["audit", "--key", KEY]).expect(1);
    for words in ["reading-denied", "kms:DescribeKey", "kms:GetKeyPolicy", "\"Action\": ["] {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
    assert_eq!(lab.take_delivery_moments(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_meanwhile_is_not_overwritten() {
    let lab = lab().await;
    let folder = folder("meanwhile");
    lab.hang_at_change(1, Hang::BeforeTheChange);
    kill(until_it_hangs(&lab, &folder, SEAL));
    lab.clear_hang();
    let theirs = policy(&[]).to_string();
    lab.edit(|state| state.keys[0].policy = Some(theirs.clone()));
    lab.edit(|state| state.trails[1].kms_key_id = None);
    let ended = run(&lab, &folder, SEAL).expect(2);
    assert!(ended.out.contains("the key policy is another"), "{}", ended.out);
    assert_eq!(lab.state().keys[0].policy.as_deref(), Some(theirs.as_str()));
    assert_eq!(lab.take_delivery_moments(), []);
}

/// The first attempt is throttled; before the second somebody else changes what it would overwrite.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_between_two_attempts_is_not_overwritten() {
    for (kind, operation) in [
        (FaultKind::Throttling, Operation::PutKeyPolicy),
        (FaultKind::InternalError, Operation::PutKeyPolicy),
        (FaultKind::Throttling, Operation::UpdateTrail),
    ] {
        let lab = lab().await;
        lab.inject(Fault::of(operation, Position::First, kind));
        let folder = folder(&format!("between-{}-{}", kind.name(), operation.name()));
        let mut command = super::support::command(&lab, &folder, SEAL);
        let running = command.spawn().unwrap();
        let asked = operation.iam();
        let begun = std::time::Instant::now();
        let mut calls = Vec::new();
        while !calls.iter().any(|call: &String| call == asked) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{calls:?}");
            calls.extend(lab.take_calls().into_iter().map(|call| call.operation));
            std::thread::sleep(Duration::from_millis(5));
        }
        let theirs = policy(&[TRAIL, NEIGHBOUR]).to_string();
        lab.edit(|state| {
            state.keys[0].policy = Some(theirs.clone());
            state.trails[0].kms_key_id = Some(BROKEN.to_owned());
        });
        let edited = lab.state();
        let output = running.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("expected that"), "{said}");
        assert_eq!(lab.state(), edited, "{said}");
        let later = lab.take_calls().into_iter().filter(|call| call.operation == asked).count();
        assert_eq!(later, 0, "it was sent again: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_out_shows_what_others_have_changed_and_needs_force() {
    let lab = lab().await;
    let folder = folder("force");
    let before = lab.state();
    run(&lab, &folder, SEAL).expect(0);
    lab.edit(|state| {
        let changed = state.keys[0].policy.as_deref().unwrap().replace("Enable IAM", "Let IAM");
        state.keys[0].policy = Some(changed);
    });
    let sealed = lab.state();
    let back = ["--back-out", JOURNAL, "--apply", "--yes", "--wait", "0"];
    let ended = run(&lab, &folder, &back).expect(1);
    assert!(ended.out.contains("changed-meanwhile"), "{}", ended.out);
    assert!(ended.out.contains("Let IAM"), "{}", ended.out);
    assert_eq!(lab.state(), sealed);
    // By force the statements that were added go, and what somebody has changed stays.
    run(&lab, &folder, &[&back[..], &["--force"]].concat()).expect(0);
    let mut expected = before;
    let theirs = expected.keys[0].policy.as_deref().unwrap().replace("Enable IAM", "Let IAM");
    expected.keys[0].policy = Some(theirs);
    assert_eq!(lab.state(), expected);
    nothing_was_lost(&lab, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_use_is_not_taken_from_them() {
    let lab = lab().await;
    let folder = folder("others");
    run(
        &lab,
        &folder,
        &[
            "audit",
            "--key",
            BROKEN,
            "--enable-key",
            "--apply",
            "--yes",
            "--wait",
            "0",
            "--journal",
            JOURNAL,
        ],
    )
    .expect(0);
    let both = policy(&[TRAIL, NEIGHBOUR]).to_string();
    lab.edit(|state| {
        state.keys[1].policy = Some(both);
        state.trails[1].kms_key_id = Some(BROKEN.to_owned());
    });
    let shared = lab.state();
    for more in [&[][..], &["--force"]] {
        let back = ["--back-out", JOURNAL, "--apply", "--yes", "--wait", "0"];
        let ended = run(&lab, &folder, &[&back[..], more].concat()).expect(1);
        let reason = if more.is_empty() { "changed-meanwhile" } else { "back-out-stops-delivery" };
        assert!(ended.out.contains(reason), "{}", ended.out);
        assert_eq!(lab.state(), shared);
    }
}

/// Whether a statement by organization admits the neighbour cannot be told: it may deliver by it.
/// Where the statement certainly shuts it out, there is nothing to take from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_not_taken_from_whom_its_policy_may_admit() {
    for (name, key, value, may_deliver) in [
        ("others-org", "aws:SourceOrgID", "o-a1b2c3d4e5", true),
        ("others-arn", "aws:SourceArn", NEIGHBOUR, true),
        ("others-out", "aws:SourceArn", "arn:aws:cloudtrail:us-east-1:111122223333:trail/x", false),
    ] {
        let lab = lab().await;
        let folder = folder(name);
        let mut document = policy(&[TRAIL]);
        document["Statement"].as_array_mut().unwrap().push(serde_json::json!({
            "Effect": "Allow",
            "Principal": { "Service": "cloudtrail.amazonaws.com" },
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": { "StringEquals": { key: value } },
        }));
        lab.edit(|state| {
            state.keys[1].policy = Some(document.to_string());
            state.trails[1].kms_key_id = Some(BROKEN.to_owned());
        });
        let seal = ["audit", "--key", BROKEN, "--enable-key", "--apply", "--yes", "--wait", "0"];
        run(&lab, &folder, &[&seal[..], &["--journal", JOURNAL]].concat()).expect(0);
        let sealed = lab.state();
        drop(lab.take_calls());
        for more in [&[][..], &["--force"]] {
            let back = ["--back-out", JOURNAL, "--apply", "--yes", "--wait", "0"];
            let ended = run(&lab, &folder, &[&back[..], more].concat());
            let calls = lab.take_calls();
            let disabled = calls.iter().any(|call| call.operation == "kms:DisableKey");
            if may_deliver {
                let ended = ended.expect(1);
                assert!(ended.out.contains("back-out-stops-delivery"), "{name}: {}", ended.out);
                assert!(ended.out.contains(NEIGHBOUR), "{name}: {}", ended.out);
                assert!(!disabled, "{name}: {calls:?}");
                assert_eq!(lab.state(), sealed, "{name}");
            } else {
                ended.expect(0);
                assert!(disabled, "{name}: {calls:?}");
                assert_eq!(lab.state().keys[1].state, "Disabled", "{name}");
                break;
            }
        }
    }
}

/// No file can grow there: as on a disk that is full.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_journal_nothing_is_changed() {
    let lab = lab().await;
    let folder = folder("full");
    let mut command = Command::new("/bin/sh");
    surround(&mut command, &lab, &folder);
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" remediate \"$@\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_trailseal")]).args(SEAL);
    let ended = run_of(&mut command).expect(2);
    assert!(ended.out.contains("the journal cannot be written"), "{}{}", ended.out, ended.err);
    assert_eq!(lab.take_delivery_moments(), []);
    // What it left is no journal yet, and is begun anew.
    run(&lab, &folder, SEAL).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_never_hold_one_journal() {
    let lab = lab().await;
    let folder = folder("two");
    lab.hang_at_change(1, Hang::BeforeTheChange);
    let first = until_it_hangs(&lab, &folder, SEAL);
    let second = run(&lab, &folder, SEAL).expect(2);
    assert!(second.out.contains("in use by another run"), "{}", second.out);
    let back = run(&lab, &folder, &["--back-out", JOURNAL]).expect(2);
    assert!(back.out.contains("in use by another run"), "{}", back.out);
    assert_eq!(lab.take_delivery_moments(), []);
    kill(first);
}
