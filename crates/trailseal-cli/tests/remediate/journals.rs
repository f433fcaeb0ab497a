//! Which journal a run resumes without `--journal`.

use std::path::{Path, PathBuf};
use std::process::Command;

use trailseal_lab::{Hang, Lab, State, Trail};

use super::support::{
    KEY, TRAIL, changes, folder, key_of, kill, run, run_to_its_end, state, until_it_hangs,
};

const ELSEWHERE: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit";
const NEW: &[&str] = &["--create-key", "--apply", "--yes", "--wait", "0"];
const KEYS: usize = 3;

/// Two trails with the same name.
fn namesakes() -> State {
    let mut state = state(None);
    state.accounts[0].regions.push("eu-west-1".to_owned());
    state.trails.push(Trail { arn: ELSEWHERE.to_owned(), ..state.trails[0].clone() });
    state
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    paths.sort();
    paths
}

/// Interrupts the creation of a key for the trail.
fn interrupt(lab: &Lab, folder: &Path) -> PathBuf {
    lab.hang_at_change(1, Hang::AfterTheChange);
    kill(until_it_hangs(lab, folder, &[&[TRAIL], NEW].concat()));
    lab.clear_hang();
    assert_eq!(lab.state().keys.len(), KEYS + 1);
    journals(folder).pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn resumes_a_run_of_another_day() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("journals-day");
    let journal = interrupt(&lab, &folder);
    let earlier = folder.join("trailseal-111122223333-audit-2026-01-01.jsonl");
    std::fs::rename(journal, &earlier).unwrap();
    let ended = run(&lab, &folder, &[&[TRAIL, "--resume"], NEW].concat()).expect(0);
    let state = lab.state();
    assert_eq!(state.keys.len(), KEYS + 1, "created a second key: {}", ended.out);
    assert_eq!(key_of(&state, TRAIL), Some(state.keys[KEYS].arn.clone()));
    assert_eq!(journals(&folder), [earlier]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_with_the_same_name_has_its_own_journal() {
    let lab = Lab::start(namesakes()).await.unwrap();
    let folder = folder("journals-name");
    let journal = interrupt(&lab, &folder);
    let before = std::fs::read(&journal).unwrap();
    let args = [ELSEWHERE, "--key", KEY, "--apply", "--yes", "--wait", "0"];
    let ended = run(&lab, &folder, &args).expect(0);
    let state = lab.state();
    assert_eq!(key_of(&state, ELSEWHERE).as_deref(), Some(KEY), "{}", ended.out);
    assert_eq!(key_of(&state, TRAIL), None);
    assert_eq!(std::fs::read(&journal).unwrap(), before);
    assert_eq!(journals(&folder).len(), 2);

    // Each run resumes its own journal.
    run(&lab, &folder, &[&[TRAIL, "--resume"], NEW].concat()).expect(0);
    let state = lab.state();
    assert_eq!(key_of(&state, TRAIL), Some(state.keys[KEYS].arn.clone()));
    assert_eq!(state.keys.len(), KEYS + 1);
    assert_eq!(journals(&folder).len(), 2);
}

/// A run that resumes nothing would create a second key.
#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_without_a_journal_of_its_trail_is_refused() {
    let lab = Lab::start(namesakes()).await.unwrap();
    let (first, other) = (folder("journals-first"), folder("journals-other"));
    interrupt(&lab, &first);
    drop(lab.take_calls());
    let before = lab.state();
    for (folder, named) in [(&other, &[TRAIL][..]), (&other, &[]), (&first, &[ELSEWHERE])] {
        let ended = run(&lab, folder, &[named, &["--resume"], NEW].concat()).expect(3);
        let why = "error: --resume finds no journal of this run in the current folder";
        assert!(ended.err.contains(why), "{}", ended.err);
        assert_eq!(changes(&lab), [""; 0], "{named:?}");
        assert_eq!(lab.state(), before);
    }
    assert_eq!((journals(&first).len(), journals(&other).len()), (1, 0));
    // The trail is found because it fails.
    run(&lab, &first, &[&["--resume"], NEW].concat()).expect(0);
    assert_eq!(lab.state().keys.len(), KEYS + 1);
}

/// The name of a file may be a mistake, and a file may be from a later release.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_journal_is_left_as_it_is() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("journals-not");
    let journal = interrupt(&lab, &folder);
    let real = std::fs::read_to_string(&journal).unwrap();
    let before = lab.state();
    drop(lab.take_calls());
    let file = folder.join("file");
    for text in [
        r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(),
        "some notes".to_owned(),
        format!("{real}{{\"record\":\"paused\"}}\n"),
    ] {
        std::fs::write(&file, &text).unwrap();
        for args in [
            &["--back-out", "file"][..],
            &["--back-out", "file", "--apply", "--yes"],
            &[&[TRAIL, "--journal", "file"], NEW].concat(),
        ] {
            let ended = run(&lab, &folder, args).expect(3);
            assert!(ended.err.contains("of the journal is not a record"), "{}", ended.err);
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "{args:?}");
        }
    }
    assert_eq!(changes(&lab), [""; 0]);
    assert_eq!(lab.state(), before);
}

/// Two files that a crash tore: within the last record, and within the first one.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_written_only_by_a_run_that_applies() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("journals-shown");
    let journal = interrupt(&lab, &folder);
    let name = journal.file_name().unwrap().to_str().unwrap();
    let real = std::fs::read_to_string(&journal).unwrap();
    let first = real.lines().next().unwrap();
    for (text, said) in [
        (format!("{real}{{\"record\":\"bef"), "nothing-to-back-out"),
        (first.chars().take(100).collect(), "The journal is empty: nothing was changed"),
    ] {
        std::fs::write(&journal, &text).unwrap();
        let shown = run(&lab, &folder, &["--back-out", name]).expect(0);
        assert!(shown.out.contains(said), "{}", shown.out);
        // Only a run that applies takes a journal to write.
        let refused = run(&lab, &folder, &[TRAIL, "--create-key", "--journal", name]).expect(3);
        assert!(refused.err.contains("--apply"), "{}", refused.err);
        assert_eq!(std::fs::read_to_string(&journal).unwrap(), text);
    }
    std::fs::write(&journal, format!("{real}{{\"record\":\"bef")).unwrap();
    run(&lab, &folder, &[&[TRAIL, "--resume"], NEW].concat()).expect(0);
    let ended = std::fs::read_to_string(&journal).unwrap();
    assert!(ended.starts_with(&real) && !ended.contains(r#""bef{"#), "{ended}");
    assert!(ended.lines().last().unwrap().contains("finished"), "{ended}");
}

/// Opening a pipe would wait for its other end.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_in_place_of_a_journal_is_refused() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("journals-pipe");
    let name = "trailseal-111122223333-audit-2026-01-01.jsonl";
    let made = Command::new("mkfifo").arg(folder.join(name)).status().unwrap();
    assert!(made.success());
    for (args, code) in [
        ([&[TRAIL], NEW].concat(), 2),
        ([&[TRAIL, "--journal", name], NEW].concat(), 3),
        (vec!["--back-out", name], 3),
    ] {
        let ended = run_to_its_end(&lab, &folder, &args).expect(code);
        assert!(ended.err.contains("it is not a regular file"), "{args:?}: {}", ended.err);
    }
    assert_eq!(changes(&lab), [""; 0]);
}
