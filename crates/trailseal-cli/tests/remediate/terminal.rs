//! The confirmation at a terminal: a pseudo-terminal of Python's `pty`.

use std::path::Path;
use std::process::Command;

use trailseal_lab::{Hang, Lab};

use super::support::{
    ACCOUNT, Ended, KEY, TRAIL, changes, folder, key_of, kill, run_of, set_environment, state,
    until_it_hangs,
};

/// Runs a program at its own terminal, runs `AT_THE_PROMPT` and types a line at the prompt for the
/// account ID, and exits with the program's code.
const AT_A_TERMINAL: &str = r#"
import os, pty, subprocess, sys
answer, program = sys.argv[1], sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execv(program[0], program)
seen, is_answered = b"", False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    if not is_answered and b"Type the account ID to continue: " in seen:
        subprocess.run(os.environ["AT_THE_PROMPT"], shell=True, check=True, stdout=sys.stderr)
        os.write(terminal, answer.encode() + b"\n")
        is_answered = True
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

const SEAL: [&str; 8] =
    ["remediate", "audit", "--key", KEY, "--apply", "--wait", "0", "--journal=journal.jsonl"];

fn answered(lab: &Lab, folder: &Path, answer: &str, args: &[&str]) -> Ended {
    answered_after(":", lab, folder, answer, args)
}

/// Runs a shell command before it answers the prompt.
fn answered_after(
    at_the_prompt: &str,
    lab: &Lab,
    folder: &Path,
    answer: &str,
    args: &[&str],
) -> Ended {
    let mut command = Command::new("python3");
    set_environment(&mut command, lab, folder);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env("PATH", path).env("TERM", "dumb").env("AT_THE_PROMPT", at_the_prompt);
    command.args(["-c", AT_A_TERMINAL, answer, env!("CARGO_BIN_EXE_trailseal")]).args(args);
    run_of(&mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn confirms_with_the_account_id() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("terminal-yes");
    let ended = answered(&lab, &folder, ACCOUNT, &SEAL).expect(0);
    let question = format!("2 calls change trail audit in account {ACCOUNT}. Type the account ID");
    assert!(ended.out.contains(&question), "{}", ended.out);
    assert!(ended.out.contains("verdict   COMPLIANT"), "{}", ended.out);
    assert_eq!(changes(&lab), ["kms:PutKeyPolicy", "cloudtrail:UpdateTrail"]);
    assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
    // A back-out prompts as well.
    let back = ["remediate", "--back-out", "journal.jsonl", "--apply", "--wait", "0"];
    let ended = answered(&lab, &folder, "no", &back).expect(1);
    assert!(ended.out.contains("2 calls back out trail audit"), "{}", ended.out);
    assert_eq!(changes(&lab), [""; 0]);
    answered(&lab, &folder, ACCOUNT, &back).expect(0);
    assert_eq!(lab.state(), state(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn declines_with_any_other_line() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("terminal-no");
    for answer in ["444455556666", "yes", ""] {
        let ended = answered(&lab, &folder, answer, &SEAL).expect(1);
        assert!(ended.out.contains("Nothing was changed"), "{}", ended.out);
        assert_eq!(changes(&lab), [""; 0], "{answer}");
        assert_eq!(lab.state(), state(None));
        assert!(!folder.join("journal.jsonl").exists(), "{answer}");
    }
}

/// Two runs can wait for the confirmation with the same new journal; the second one to begin must
/// not write to the journal of the first.
#[tokio::test(flavor = "multi_thread")]
async fn does_not_write_to_a_journal_that_another_run_finished() {
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("terminal-finished");
    let program = env!("CARGO_BIN_EXE_trailseal");
    let other = format!("\"{program}\" {} --yes", SEAL.join(" "));
    let ended = answered_after(&other, &lab, &folder, ACCOUNT, &SEAL).expect(2);
    let why = "another run wrote journal `journal.jsonl` after this run was planned";
    assert!(ended.out.contains(why), "{}", ended.out);
    assert_eq!(changes(&lab), ["kms:PutKeyPolicy", "cloudtrail:UpdateTrail"]);
    // The journal of the first run still backs it out.
    let back = ["remediate", "--back-out", "journal.jsonl", "--apply", "--wait", "0"];
    answered(&lab, &folder, ACCOUNT, &back).expect(0);
    assert_eq!(lab.state(), state(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_write_to_a_journal_whose_run_was_killed() {
    const NEW: [&str; 4] = ["--create-key", "--apply", "--wait", "0"];
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("terminal-killed");
    lab.hang_at_change(1, Hang::AfterTheChange);
    let first = [&[TRAIL, "--yes", "--journal=first.jsonl"][..], &NEW].concat();
    kill(until_it_hangs(&lab, &folder, &first));
    lab.clear_hang();
    let (before, journal) = (lab.state(), std::fs::read(folder.join("first.jsonl")).unwrap());
    drop(lab.take_calls());

    let second = [&["remediate", TRAIL, "--journal=journal.jsonl"][..], &NEW].concat();
    let copy = "cp first.jsonl journal.jsonl";
    let ended = answered_after(copy, &lab, &folder, ACCOUNT, &second).expect(2);
    assert!(ended.out.contains("another run wrote journal"), "{}", ended.out);
    assert_eq!(changes(&lab), [""; 0]);
    assert_eq!(lab.state(), before);
    assert_eq!(std::fs::read(folder.join("journal.jsonl")).unwrap(), journal);
    // Repeated, the command resumes the journal.
    answered(&lab, &folder, ACCOUNT, &second).expect(0);
    assert_eq!(lab.state().keys.len(), before.keys.len());
}
