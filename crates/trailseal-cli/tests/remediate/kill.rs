//! Killed before and after every change of every plan: going on and going back both reach their
//! goal, nothing is lost, and there is never a second key.

use std::path::Path;

use trailseal_lab::{Hang, Lab, State};

use super::support::{
    BROKEN, DOOMED, KEY, TRAIL, folder, key_of, kill, nothing_was_lost, run, state, until_it_hangs,
    without_journal_tags,
};

const JOURNAL: &str = "journal.jsonl";
const APPLY: &[&str] = &["--apply", "--yes", "--wait", "0", "--journal", JOURNAL];
const BACK: &[&str] = &["--back-out", JOURNAL, "--apply", "--yes", "--wait", "0"];

/// A plan: what the trail has, what is asked for, and how many changes that makes.
struct Case {
    name: &'static str,
    key: Option<&'static str>,
    words: &'static [&'static str],
    changes: u32,
    /// Whether a back-out that comes after all of it restores the state but for what it leaves.
    leaves: Leaves,
}

/// What a back-out leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Nothing,
    TheNewKey,
    TheKeySaved,
    /// It refuses: the former key cannot encrypt.
    All,
}

const CASES: &[Case] = &[
    Case {
        name: "statement",
        key: None,
        words: &["audit", "--key", KEY],
        changes: 2,
        leaves: Leaves::Nothing,
    },
    Case {
        name: "new-key",
        key: None,
        words: &["audit", "--create-key", "--alias", "alias/trail-logs", "--tag", "owner=security"],
        changes: 4,
        leaves: Leaves::TheNewKey,
    },
    Case {
        name: "replace",
        key: Some(BROKEN),
        words: &["audit", "--key", KEY, "--replace-key"],
        changes: 2,
        leaves: Leaves::All,
    },
    Case {
        name: "enable",
        key: None,
        words: &["audit", "--key", BROKEN, "--enable-key"],
        changes: 3,
        leaves: Leaves::Nothing,
    },
    Case {
        name: "save",
        key: None,
        words: &["audit", "--key", DOOMED, "--enable-key", "--cancel-key-deletion"],
        changes: 4,
        leaves: Leaves::TheKeySaved,
    },
];

fn words<'a>(case: &'a Case, more: &[&'a str]) -> Vec<&'a str> {
    [case.words, more].concat()
}

/// What a run that nobody interrupts comes to.
async fn undisturbed(case: &Case, folder: &Path) -> State {
    let lab = Lab::start(state(case.key)).await.unwrap();
    let broken = lab.broken_deliveries().len();
    run(&lab, folder, &words(case, APPLY)).expect(0);
    let changes = lab.take_delivery_moments().len();
    assert_eq!(changes, usize::try_from(case.changes).unwrap(), "{}", case.name);
    assert!(lab.broken_deliveries().len() <= broken);
    without_journal_tags(lab.state())
}

/// The state before, with what a back-out leaves of the state after.
fn gone_back(case: &Case, before: State, now: &State) -> State {
    let mut expected = before;
    match case.leaves {
        Leaves::Nothing | Leaves::All => {}
        Leaves::TheNewKey => {
            let known = expected.keys.len();
            assert!(now.keys.len() <= known + 1, "{}: two keys were made", case.name);
            expected.keys.extend(now.keys.iter().skip(known).cloned());
            expected.aliases.clone_from(&now.aliases);
        }
        Leaves::TheKeySaved => {
            // A deletion that was cancelled is not scheduled anew.
            let saved = now.keys.iter().find(|key| key.arn == DOOMED).unwrap();
            assert!(["PendingDeletion", "Disabled"].contains(&saved.state.as_str()));
            let place = expected.keys.iter_mut().find(|key| key.arn == DOOMED).unwrap();
            place.state.clone_from(&saved.state);
            place.deletion_date = saved.deletion_date;
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
    kill(until_it_hangs(&lab, folder, &words(case, APPLY)));
    lab.clear_hang();
    lab
}

async fn goes_on(case: &Case) {
    let goal = undisturbed(case, &folder(&format!("{}-undisturbed", case.name))).await;
    for number in 1..=case.changes {
        for hang in moments() {
            let folder = folder(&format!("{}-on-{number}-{hang:?}", case.name));
            let broken = usize::from(case.key.is_some());
            let lab = killed(case, number, hang, &folder).await;
            let ended = run(&lab, &folder, &words(case, APPLY)).expect(0);
            assert!(ended.out.contains("COMPLIANT"), "{}", ended.out);
            let name = format!("{} {number} {hang:?}", case.name);
            assert_eq!(without_journal_tags(lab.state()), goal, "{name}");
            nothing_was_lost(&lab, broken);
            // Once more: nothing is left to do, and nothing is done.
            run(&lab, &folder, &words(case, APPLY)).expect(0);
            assert_eq!(lab.take_delivery_moments(), [], "{name}");
        }
    }
}

async fn goes_back(case: &Case) {
    for number in 1..=case.changes {
        for hang in moments() {
            let folder = folder(&format!("{}-back-{number}-{hang:?}", case.name));
            let broken = usize::from(case.key.is_some());
            let lab = killed(case, number, hang, &folder).await;
            let before = lab.state();
            let ended = run(&lab, &folder, BACK);
            let name = format!("{} {number} {hang:?}: {ended:?}", case.name);
            if ended.code == Some(1) && case.leaves == Leaves::All {
                // Refused beforehand with the reason, and nothing was changed.
                assert!(ended.out.contains("former-key-cannot-encrypt"), "{name}");
                assert_eq!(lab.state(), before, "{name}");
                continue;
            }
            assert_eq!(ended.code, Some(0), "{name}");
            let now = lab.state();
            assert_eq!(now, gone_back(case, state(case.key), &now), "{name}");
            nothing_was_lost(&lab, broken);
        }
    }
}

/// The back-out itself is killed at each of its changes; run again it reaches its goal.
async fn goes_back_in_two_goes(case: &Case, changes: u32) {
    for number in 1..=changes {
        for hang in moments() {
            let folder = folder(&format!("{}-twice-{number}-{hang:?}", case.name));
            let lab = Lab::start(state(case.key)).await.unwrap();
            run(&lab, &folder, &words(case, APPLY)).expect(0);
            lab.hang_at_change(number, hang);
            kill(until_it_hangs(&lab, &folder, BACK));
            lab.clear_hang();
            let ended = run(&lab, &folder, BACK).expect(0);
            let now = lab.state();
            let name = format!("{} {number} {hang:?}: {ended:?}", case.name);
            assert_eq!(now, gone_back(case, state(case.key), &now), "{name}");
            assert_eq!(key_of(&now, TRAIL).as_deref(), case.key, "{name}");
            nothing_was_lost(&lab, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_statement() {
    goes_on(&CASES[0]).await;
    goes_back(&CASES[0]).await;
    goes_back_in_two_goes(&CASES[0], 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key() {
    goes_on(&CASES[1]).await;
    goes_back(&CASES[1]).await;
    goes_back_in_two_goes(&CASES[1], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key() {
    goes_on(&CASES[2]).await;
    goes_back(&CASES[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_key() {
    goes_on(&CASES[3]).await;
    goes_back(&CASES[3]).await;
    goes_back_in_two_goes(&CASES[3], 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_to_be_deleted() {
    goes_on(&CASES[4]).await;
    goes_back(&CASES[4]).await;
    goes_back_in_two_goes(&CASES[4], 3).await;
}
