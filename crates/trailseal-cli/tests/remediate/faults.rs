//! AWS denies, fails or is slow, or somebody else makes changes: unexpected results stop the run.

use std::process::Command;
use std::time::Duration;

use trailseal_lab::{Denial, Fault, FaultKind, Hang, Lab, Operation, Position, State};

use super::support::{
    ACCOUNT, BACK, BROKEN, JOURNAL, KEY, NEIGHBOUR, SEAL, TRAIL, denied, folder, key_of, kill, lab,
    nothing_was_lost, policy, run, run_of, set_environment, state, until_it_hangs,
};

const NEW: &[&str] =
    &["audit", "--create-key", "--apply", "--yes", "--wait", "0", "--journal", JOURNAL];
const ENABLE: &[&str] = &[
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
];

#[tokio::test(flavor = "multi_thread")]
async fn retries_temporary_faults() {
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
async fn never_repeats_a_change_blindly() {
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
async fn waits_for_the_key_policy_and_the_rate_limit_of_cloudtrail() {
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
async fn a_denied_change_stops_and_resumes_once_allowed() {
    let lab = lab().await;
    lab.inject(Fault::of(Operation::UpdateTrail, Position::Every, FaultKind::AccessDenied));
    let folder = folder("denied");
    let ended = run(&lab, &folder, SEAL).expect(2);
    assert!(ended.out.contains("step `update-trail` was denied"), "{}", ended.out);
    assert!(ended.out.contains("done and read back   put-key-policy"), "{}", ended.out);
    let again =
        format!("trailseal remediate audit --key {KEY} --journal journal.jsonl --wait 0 --apply");
    assert!(ended.out.contains(&again), "{}", ended.out);
    assert_eq!(key_of(&lab.state(), TRAIL), None);
    lab.clear_faults();
    run(&lab, &folder, SEAL).expect(0);
    assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
    nothing_was_lost(&lab, 0);
}

/// If an organization policy denies a call, no IAM permission helps.
#[tokio::test(flavor = "multi_thread")]
async fn suggests_no_permission_if_the_organization_denies_a_change() {
    let lab = lab().await;
    let denial = Denial {
        account: ACCOUNT.to_owned(),
        operation: "cloudtrail:UpdateTrail".to_owned(),
        ..Denial::default()
    };
    lab.set_state(State { denials: vec![denial], ..lab.state() });
    let ended = run(&lab, &folder("denied-by-organization"), SEAL).expect(2);
    let text = "denied with an explicit deny in a service control policy; exempt the calling \
                principal from the Deny of cloudtrail:UpdateTrail in the service control policy";
    assert!(ended.out.contains(text), "{}", ended.out);
    assert!(!ended.out.contains("An IAM policy for all remaining calls"), "{}", ended.out);
    assert_eq!(key_of(&lab.state(), TRAIL), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_change_shows_a_policy_for_all_remaining_calls() {
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
        let args = [NEW, &["--alias", "alias/trail-logs"][..]].concat();
        let ended = run(&lab, &folder(&format!("left-{}", denied.name())), &args).expect(2);
        let (_, rest) = ended.out.split_once("An IAM policy for all remaining calls").unwrap();
        let line = rest.lines().nth(1).unwrap();
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
async fn shows_all_denied_reads_at_once_with_a_policy() {
    let mut state = state(None);
    for operation in ["kms:DescribeKey", "kms:GetKeyPolicy"] {
        state.denials.push(denied(operation));
    }
    let lab = Lab::start(state).await.unwrap();
    let ended = run(&lab, &folder("denials"), &["audit", "--key", KEY]).expect(1);
    for args in ["reading-denied", "kms:DescribeKey", "kms:GetKeyPolicy", "\"Action\": ["] {
        assert!(ended.err.contains(args), "{args}: {}", ended.err);
    }
    assert_eq!(lab.take_delivery_moments(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_overwrite_changes_by_others() {
    let lab = lab().await;
    let folder = folder("meanwhile");
    lab.hang_at_change(1, Hang::BeforeTheChange);
    kill(until_it_hangs(&lab, &folder, SEAL));
    lab.clear_hang();
    let theirs = policy(&[]).to_string();
    lab.edit(|state| state.keys[0].policy = Some(theirs.clone()));
    lab.edit(|state| state.trails[1].kms_key_id = None);
    let ended = run(&lab, &folder, SEAL).expect(2);
    assert!(ended.out.contains("the key policy differs"), "{}", ended.out);
    assert_eq!(lab.state().keys[0].policy.as_deref(), Some(theirs.as_str()));
    assert_eq!(lab.take_delivery_moments(), []);
}

/// Somebody else changes the state between the first and the second attempt.
#[tokio::test(flavor = "multi_thread")]
async fn does_not_overwrite_changes_between_attempts() {
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
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("expected that"), "{text}");
        assert_eq!(lab.state(), edited, "{text}");
        let later = lab.take_calls().into_iter().filter(|call| call.operation == asked).count();
        assert_eq!(later, 0, "the change was retried: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_out_shows_changes_by_others_and_needs_force() {
    let lab = lab().await;
    let folder = folder("force");
    let before = lab.state();
    run(&lab, &folder, SEAL).expect(0);
    lab.edit(|state| {
        let changed = state.keys[0].policy.as_deref().unwrap().replace("Enable IAM", "Let IAM");
        state.keys[0].policy = Some(changed);
    });
    let sealed = lab.state();
    let ended = run(&lab, &folder, BACK).expect(1);
    assert!(ended.err.contains("changed-meanwhile"), "{}", ended.err);
    assert!(ended.err.contains("Let IAM"), "{}", ended.err);
    assert_eq!(lab.state(), sealed);
    // `--force` removes the added statements and keeps the other change.
    run(&lab, &folder, &[BACK, &["--force"]].concat()).expect(0);
    let mut expected = before;
    let theirs = expected.keys[0].policy.as_deref().unwrap().replace("Enable IAM", "Let IAM");
    expected.keys[0].policy = Some(theirs);
    assert_eq!(lab.state(), expected);
    nothing_was_lost(&lab, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_out_keeps_a_key_that_others_use() {
    let lab = lab().await;
    let folder = folder("others");
    run(&lab, &folder, ENABLE).expect(0);
    let both = policy(&[TRAIL, NEIGHBOUR]).to_string();
    lab.edit(|state| {
        state.keys[1].policy = Some(both);
        state.trails[1].kms_key_id = Some(BROKEN.to_owned());
    });
    let shared = lab.state();
    for more in [&[][..], &["--force"]] {
        let ended = run(&lab, &folder, &[BACK, more].concat()).expect(1);
        let reason = if more.is_empty() { "changed-meanwhile" } else { "back-out-stops-delivery" };
        assert!(ended.err.contains(reason), "{}", ended.err);
        assert_eq!(lab.state(), shared);
    }
}

/// An organization condition may admit the neighboring trail, so that trail may deliver with the
/// key. A statement for another trail certainly does not admit it.
#[tokio::test(flavor = "multi_thread")]
async fn a_back_out_keeps_a_key_that_may_admit_others() {
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
        run(&lab, &folder, ENABLE).expect(0);
        let sealed = lab.state();
        drop(lab.take_calls());
        for more in [&[][..], &["--force"]] {
            let ended = run(&lab, &folder, &[BACK, more].concat());
            let calls = lab.take_calls();
            let disabled = calls.iter().any(|call| call.operation == "kms:DisableKey");
            if may_deliver {
                let ended = ended.expect(1);
                assert!(ended.err.contains("back-out-stops-delivery"), "{name}: {}", ended.err);
                assert!(ended.err.contains(NEIGHBOUR), "{name}: {}", ended.err);
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

/// No file can grow, as on a full disk.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn changes_nothing_without_a_journal() {
    let lab = lab().await;
    let folder = folder("full");
    let mut command = Command::new("/bin/sh");
    set_environment(&mut command, &lab, &folder);
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" remediate \"$@\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_trailseal")]).args(SEAL);
    let ended = run_of(&mut command).expect(2);
    assert!(ended.err.contains("cannot write the journal"), "{}{}", ended.out, ended.err);
    assert_eq!(lab.take_delivery_moments(), []);
    // The file has no record, so a new run uses it.
    run(&lab, &folder, SEAL).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_never_share_a_journal() {
    let lab = lab().await;
    let folder = folder("two");
    lab.hang_at_change(1, Hang::BeforeTheChange);
    let first = until_it_hangs(&lab, &folder, SEAL);
    let second = run(&lab, &folder, SEAL).expect(2);
    assert!(second.err.contains("another run uses journal"), "{}", second.err);
    let back = run(&lab, &folder, &["--back-out", JOURNAL]).expect(2);
    assert!(back.err.contains("another run uses journal"), "{}", back.err);
    assert_eq!(lab.take_delivery_moments(), []);
    kill(first);
}

/// Steps also read what they change, before and after.
#[tokio::test(flavor = "multi_thread")]
async fn reads_evidence_once_before_the_plan_and_once_after_it() {
    let lab = lab().await;
    run(&lab, &folder("reads"), SEAL).expect(0);
    let counts = lab.call_counts();
    let read = ["s3:HeadBucket", "cloudtrail:DescribeTrails", "kms:GetKeyRotationStatus"]
        .map(|operation| counts.get(operation).copied().unwrap_or_default());
    assert_eq!(read, [2, 2, 1], "{counts:?}");
}
