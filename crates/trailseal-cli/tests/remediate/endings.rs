//! How plans and runs end, and what goes to standard error.

use std::fs;

use trailseal_lab::{Fault, FaultKind, Lab, Operation, Position};

use super::support::{BROKEN, KEY, TRAIL, changes, folder, lab, policy, run, state};

const SEAL: [&str; 6] = ["audit", "--key", KEY, "--apply", "--yes", "--wait=0"];

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_ends_with_nothing_was_changed_and_how_to_apply_it() {
    let lab = lab().await;
    let folder = folder("ending-plan");
    let ended = run(&lab, &folder, &["audit", "--key", KEY, "-p", "profile=cis"]).expect(0);
    let last = ended.out.lines().last().unwrap();
    let command = format!("trailseal remediate audit --key {KEY} --parameter profile=cis --apply");
    assert_eq!(last, format!("Nothing was changed. To apply: {command}"));
    let ended = run(&lab, &folder, &["audit", "--key", KEY, "--wait", "7"]).expect(0);
    assert!(ended.out.ends_with(" --wait 7 --apply\n"), "{}", ended.out);
    // The command is the one that applies the plan.
    let words: Vec<&str> = command.split(' ').skip(2).chain(["--yes", "--wait=0"]).collect();
    run(&lab, &folder, &words).expect(0);
    let journal = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().file_name();
    let journal = journal.to_str().unwrap();
    let ended = run(&lab, &folder, &["--back-out", journal]).expect(0);
    let last = ended.out.lines().last().unwrap();
    let command = format!("trailseal remediate --back-out {journal} --apply");
    assert_eq!(last, format!("Nothing was changed. To apply: {command}"));
    let ended = run(&lab, &folder, &["--back-out", journal, "-o", "json"]).expect(0);
    assert!(!ended.out.contains("To apply"), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_out_plan_shows_the_resulting_key() {
    for (former, gets) in [(None, "no key (SSE-S3)"), (Some(BROKEN), BROKEN)] {
        let lab = Lab::start(state(former)).await.unwrap();
        let folder = folder("ending-back-out");
        let more = ["--replace-key", "--journal", "journal.jsonl"];
        run(&lab, &folder, &[&SEAL[..], &more].concat()).expect(0);
        lab.edit(|state| {
            state.keys[1].state = "Enabled".to_owned();
            state.keys[1].policy = Some(policy(&[TRAIL]).to_string());
        });
        let ended = run(&lab, &folder, &["--back-out", "journal.jsonl"]).expect(0);
        let line = format!("  gets    {gets}\n");
        assert!(ended.out.contains(&line), "{} {}", ended.out, ended.err);
        assert!(ended.out.contains(&format!("  has     {KEY}\n")), "{}", ended.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_change_is_not_listed_as_may_have_happened() {
    let lab = lab().await;
    let folder = folder("ending-denied");
    lab.inject(Fault::of(Operation::UpdateTrail, Position::Every, FaultKind::AccessDenied));
    let ended = run(&lab, &folder, &SEAL).expect(2);
    assert!(ended.out.contains("refused by AWS       update-trail"), "{}", ended.out);
    assert!(!ended.out.contains("may have happened"), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_go_to_standard_error() {
    let lab = Lab::start(state(Some(BROKEN))).await.unwrap();
    let folder = folder("ending-refusals");
    let ended = run(&lab, &folder, &["audit", "--key", KEY]).expect(1);
    assert_eq!(ended.out, "");
    assert!(ended.err.contains("replace-key-not-consented"), "{}", ended.err);
    let ended = run(&lab, &folder, &["nobody", "--key", KEY]).expect(2);
    assert_eq!(ended.out, "");
    let error = "error: nobody: account 111122223333 has no trail `nobody`";
    assert!(ended.err.contains(error), "{}", ended.err);
    // That nothing needs to be done is a result.
    let ended = run(&lab, &folder, &["neighbour", "--key", KEY]).expect(0);
    assert!(ended.out.contains("already-sealed"), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_does_not_exist_is_named() {
    let lab = lab().await;
    let folder = folder("ending-journal");
    let args = [&SEAL[..], &["--journal", "tyop.jsonl"]].concat();
    let ended = run(&lab, &folder, &args).expect(0);
    let line = "note: journal `tyop.jsonl` does not exist, so this is a new run";
    assert!(ended.err.contains(line), "{}", ended.err);
    let ended = run(&lab, &folder, &["--back-out", "missing.jsonl"]).expect(3);
    assert!(ended.err.contains("`missing.jsonl`: No such file"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_named_before_any_call() {
    let lab = lab().await;
    let folder = folder("ending-files");
    let journal = [&SEAL[..], &["--journal", "none/journal.jsonl"]].concat();
    fs::create_dir(folder.join("folder")).unwrap();
    fs::write(folder.join("report.json"), "{}\n").unwrap();
    for (arguments, line) in [
        (&journal[..], "the folder `none` of the journal `none/journal.jsonl` does not exist"),
        (&["--back-out", "none.jsonl"], "--back-out `none.jsonl`: No such file"),
        (&["--report", "none.json", "--key", KEY], "--report `none.json`: No such file"),
        (&["--back-out", "folder"], "error: --back-out `folder`: Is a directory"),
        (&["--back-out", "report.json"], "--back-out `report.json`: line 1 of the journal is not"),
        (&[&SEAL[..], &["--journal", "folder"]].concat(), "--journal `folder`: Is a directory"),
        (&[&SEAL[..], &["--journal", "report.json"]].concat(), "--journal `report.json`: line 1"),
    ] {
        let ended = run(&lab, &folder, arguments).expect(3);
        assert!(ended.err.contains(line), "{}", ended.err);
        assert_eq!((ended.out.as_str(), ended.err.lines().count()), ("", 1), "{}", ended.err);
    }
    assert!(lab.take_calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_alias_prefix_says_what_it_is_and_what_to_do() {
    let lab = lab().await;
    let folder = folder("ending-alias");
    let ended = run(&lab, &folder, &["audit", "--create-key", "--alias", "logs"]).expect(3);
    let line =
        "--alias `logs` is not an alias, which begins with `alias/`; did you mean `alias/logs`?";
    assert!(ended.err.contains(line), "{}", ended.err);
    assert_eq!(lab.take_calls().len(), 0);
    let reserved = ["audit", "--create-key", "--alias", "alias/aws/logs"];
    let ended = run(&lab, &folder, &reserved).expect(3);
    assert!(ended.err.contains("AWS reserves names that begin with `alias/aws/`"), "{}", ended.err);
    assert_eq!(lab.take_calls().len(), 0);
    let ended = run(&lab, &folder, &["audit", "--key", "logs"]).expect(1);
    assert!(ended.err.contains("if `logs` is an alias, name it `alias/logs`"), "{}", ended.err);
    assert_eq!(changes(&lab), [""; 0]);
}

/// CloudTrail delivers every few minutes, so it can try with the former key while a plan is applied.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_before_the_change_proves_nothing() {
    for former in [None, Some(BROKEN)] {
        let lab = Lab::start(state(former)).await.unwrap();
        lab.deliver_before_changes_only();
        let folder = folder("ending-delivery-before");
        let ended = run(&lab, &folder, &[&SEAL[..], &["--replace-key"]].concat()).expect(0);
        assert!(ended.out.contains("  verdict   COMPLIANT\n"), "{}", ended.out);
        let line = "  delivery  none after the change yet";
        assert!(ended.out.contains(line), "{former:?}: {}", ended.out);
        // The same later; then CloudTrail delivers.
        let journal = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().file_name();
        let again = ["--replace-key", "--journal", journal.to_str().unwrap()];
        let ended = run(&lab, &folder, &[&SEAL[..], &again].concat()).expect(0);
        assert!(ended.out.contains(line), "{former:?}: {}", ended.out);
        // A journal that claims an earlier change makes no former delivery one of the new key.
        let file = folder.join(&journal);
        let text = fs::read_to_string(&file).unwrap();
        let times: Vec<&str> = text.split("\"time\":\"").skip(1).collect();
        let times = times.iter().filter_map(|rest| rest.split('"').next());
        let forged =
            times.fold(text.clone(), |text, time| text.replace(time, "2000-01-01T00:00:00.000Z"));
        assert_ne!(forged, text);
        fs::write(&file, forged).unwrap();
        let ended = run(&lab, &folder, &[&SEAL[..], &again].concat()).expect(0);
        assert!(ended.out.contains(line), "{former:?}: {}", ended.out);
        lab.deliver_after_changes();
        let ended = run(&lab, &folder, &[&SEAL[..], &again].concat()).expect(0);
        assert!(ended.out.contains("  delivery  a delivery after the change succeeded"));
    }
}
