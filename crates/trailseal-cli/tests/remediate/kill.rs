//! The command is killed before and after every change of every plan. Resuming and backing out both
//! succeed, all trails keep delivering, and no second key is created.

use std::path::Path;

use trailseal_lab::{Hang, Lab, State};

use super::support::{
    BACK, BROKEN, JOURNAL, KEY, PENDING_DELETION, TRAIL, folder, key_of, kill, nothing_was_lost,
    run, state, until_it_hangs, without_journal_tags,
};

const APPLY: &[&str] = &["--apply", "--yes", "--wait", "0", "--journal", JOURNAL];

/// A plan: the trail's key, the arguments and the number of changes.
struct Case {
    name: &'static str,
    key: Option<&'static str>,
    args: &'static [&'static str],
    changes: u32,
    /// What a back-out of the complete plan leaves.
    leaves: Leaves,
}

/// What a back-out leaves in place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Nothing,
    TheNewKey,
    TheCancelledDeletion,
    /// Everything: the back-out is refused, because the former key cannot encrypt.
    All,
}

const CASES: &[Case] = &[
    Case {
        name: "statement",
        key: None,
        args: &["audit", "--key", KEY],
        changes: 2,
        leaves: Leaves::Nothing,
    },
    Case {
        name: "new-key",
        key: None,
        args: &["audit", "--create-key", "--alias", "alias/trail-logs", "--tag", "owner=security"],
        changes: 4,
        leaves: Leaves::TheNewKey,
    },
    Case {
        name: "replace",
        key: Some(BROKEN),
        args: &["audit", "--key", KEY, "--replace-key"],
        changes: 2,
        leaves: Leaves::All,
    },
    Case {
        name: "enable",
        key: None,
        args: &["audit", "--key", BROKEN, "--enable-key"],
        changes: 3,
        leaves: Leaves::Nothing,
    },
    Case {
        name: "save",
        key: None,
        args: &["audit", "--key", PENDING_DELETION, "--enable-key", "--cancel-key-deletion"],
        changes: 4,
        leaves: Leaves::TheCancelledDeletion,
    },
];

fn args<'a>(case: &'a Case, more: &[&'a str]) -> Vec<&'a str> {
    [case.args, more].concat()
}

/// The state after a run without interruption.
async fn uninterrupted(case: &Case, folder: &Path) -> State {
    let lab = Lab::start(state(case.key)).await.unwrap();
    let broken = lab.broken_deliveries().len();
    run(&lab, folder, &args(case, APPLY)).expect(0);
    let changes = lab.take_delivery_moments().len();
    assert_eq!(changes, usize::try_from(case.changes).unwrap(), "{}", case.name);
    assert!(lab.broken_deliveries().len() <= broken);
    without_journal_tags(lab.state())
}

/// The former state with everything that a back-out leaves in place.
fn backed_out(case: &Case, before: State, now: &State) -> State {
    let mut expected = before;
    match case.leaves {
        Leaves::Nothing | Leaves::All => {}
        Leaves::TheNewKey => {
            let known = expected.keys.len();
            assert!(now.keys.len() <= known + 1, "{}: there are two new keys", case.name);
            expected.keys.extend(now.keys.iter().skip(known).cloned());
            expected.aliases.clone_from(&now.aliases);
        }
        Leaves::TheCancelledDeletion => {
            // A cancelled deletion is not scheduled again.
            let saved = now.keys.iter().find(|key| key.arn == PENDING_DELETION).unwrap();
            assert!(["PendingDeletion", "Disabled"].contains(&saved.state.as_str()));
            let key = expected.keys.iter_mut().find(|key| key.arn == PENDING_DELETION).unwrap();
            key.state.clone_from(&saved.state);
            key.deletion_date = saved.deletion_date;
        }
    }
    expected
}

fn moments() -> [Hang; 2] {
    [Hang::BeforeTheChange, Hang::AfterTheChange]
}

/// A lab in which a run was killed at a change.
async fn killed(case: &Case, number: u32, hang: Hang, folder: &Path) -> Lab {
    let lab = Lab::start(state(case.key)).await.unwrap();
    lab.hang_at_change(number, hang);
    kill(until_it_hangs(&lab, folder, &args(case, APPLY)));
    lab.clear_hang();
    lab
}

async fn resumes(case: &Case) {
    let goal = uninterrupted(case, &folder(&format!("{}-uninterrupted", case.name))).await;
    for number in 1..=case.changes {
        for hang in moments() {
            let folder = folder(&format!("{}-on-{number}-{hang:?}", case.name));
            let broken = usize::from(case.key.is_some());
            let lab = killed(case, number, hang, &folder).await;
            let ended = run(&lab, &folder, &args(case, APPLY)).expect(0);
            assert!(ended.out.contains("COMPLIANT"), "{}", ended.out);
            let name = format!("{} {number} {hang:?}", case.name);
            assert_eq!(without_journal_tags(lab.state()), goal, "{name}");
            nothing_was_lost(&lab, broken);
            // A second run has nothing to do.
            run(&lab, &folder, &args(case, APPLY)).expect(0);
            assert_eq!(lab.take_delivery_moments(), [], "{name}");
        }
    }
}

async fn backs_out(case: &Case) {
    for number in 1..=case.changes {
        for hang in moments() {
            let folder = folder(&format!("{}-back-{number}-{hang:?}", case.name));
            let broken = usize::from(case.key.is_some());
            let lab = killed(case, number, hang, &folder).await;
            let before = lab.state();
            let ended = run(&lab, &folder, BACK);
            let name = format!("{} {number} {hang:?}: {ended:?}", case.name);
            if ended.code == Some(1) && case.leaves == Leaves::All {
                // Refused with the reason; nothing was changed.
                assert!(ended.err.contains("former-key-cannot-encrypt"), "{name}");
                assert_eq!(lab.state(), before, "{name}");
                continue;
            }
            assert_eq!(ended.code, Some(0), "{name}");
            let now = lab.state();
            assert_eq!(now, backed_out(case, state(case.key), &now), "{name}");
            nothing_was_lost(&lab, broken);
        }
    }
}

async fn backs_out_in_two_runs(case: &Case, changes: u32) {
    for number in 1..=changes {
        for hang in moments() {
            let folder = folder(&format!("{}-twice-{number}-{hang:?}", case.name));
            let lab = Lab::start(state(case.key)).await.unwrap();
            run(&lab, &folder, &args(case, APPLY)).expect(0);
            lab.hang_at_change(number, hang);
            kill(until_it_hangs(&lab, &folder, BACK));
            lab.clear_hang();
            let ended = run(&lab, &folder, BACK).expect(0);
            let now = lab.state();
            let name = format!("{} {number} {hang:?}: {ended:?}", case.name);
            assert_eq!(now, backed_out(case, state(case.key), &now), "{name}");
            assert_eq!(key_of(&now, TRAIL).as_deref(), case.key, "{name}");
            nothing_was_lost(&lab, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_kills_with_a_missing_statement() {
    resumes(&CASES[0]).await;
    backs_out(&CASES[0]).await;
    backs_out_in_two_runs(&CASES[0], 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_kills_with_a_new_key() {
    resumes(&CASES[1]).await;
    backs_out(&CASES[1]).await;
    backs_out_in_two_runs(&CASES[1], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_kills_with_another_key() {
    resumes(&CASES[2]).await;
    backs_out(&CASES[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_kills_with_a_disabled_key() {
    resumes(&CASES[3]).await;
    backs_out(&CASES[3]).await;
    backs_out_in_two_runs(&CASES[3], 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_kills_with_a_key_pending_deletion() {
    resumes(&CASES[4]).await;
    backs_out(&CASES[4]).await;
    backs_out_in_two_runs(&CASES[4], 3).await;
}
