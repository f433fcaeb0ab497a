//! `trailseal logs --resume`: a run that was killed, and files that belong to another run or lie.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::{Desk, MANAGEMENT, says};
use super::logs::{KEY, desk, kms, logs, report, state};

/// What a report says, without the times of its run and what came from the file.
fn found(report: &Value) -> Value {
    let mut report = report.clone();
    for member in ["run", "generatedAt"] {
        report.as_object_mut().unwrap().remove(member);
    }
    for bucket in report["buckets"].as_array_mut().unwrap() {
        let source = bucket["source"].as_object_mut().unwrap();
        source.remove("asOf");
        source.remove("resumed");
    }
    report
}

fn path(desk: &Desk) -> String {
    desk.home().join("answers.jsonl").to_str().unwrap().to_owned()
}

/// Kills a run after this number of HEAD requests.
fn kill_after(desk: &Desk, heads: usize, arguments: &[&str]) {
    let count = || desk.lab.call_counts().get("s3:HeadObject").copied().unwrap_or_default();
    let before = count();
    desk.lab.set_latency(Duration::from_millis(5));
    let mut command = desk.command_of("logs", MANAGEMENT, arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while count() < before + heads {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", desk.lab.call_counts());
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.try_wait().unwrap().is_none(), "it is still running");
    child.kill().unwrap();
    child.wait().unwrap();
    desk.lab.set_latency(Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_is_resumed_with_the_same_report() {
    let desk = desk(&state(&kms(KEY))).await;
    let path = path(&desk);
    let uninterrupted = report(&logs(&desk, &["main", "--all", "-o", "json"]).exits(0));
    let arguments = ["main", "--all", "-o", "json", "--concurrency", "4", "--resume", &path];
    kill_after(&desk, 600, &arguments);
    let lines = fs::read_to_string(&path).unwrap().lines().count();
    assert!(lines > 1, "answers were written before it was killed");
    let heads = |desk: &Desk| desk.lab.call_counts()["s3:HeadObject"];
    let before = heads(&desk);
    let resumed = report(&logs(&desk, &arguments).exits(0));
    assert_eq!(found(&resumed), found(&uninterrupted));
    let of_file = resumed["buckets"][0]["source"]["resumed"]["files"].as_u64().unwrap();
    assert!(of_file > 100, "{of_file}");
    let files = super::logs::files(&resumed);
    let read = (heads(&desk) - before) as u64;
    // The files that decide are read again.
    assert!((files - of_file + 1..files - of_file + 60).contains(&read), "{read} of {files}");
    let table = logs(&desk, &["main", "--all", "--resume", &path]).exits(0);
    says(&table.out, &["NOTE: trail-logs: the encryption of ", "--resume, which is not trusted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_lies_makes_no_trail_compliant() {
    let mut with_gap = state(&kms(KEY));
    let mut plain = with_gap["logFiles"][0].clone();
    plain["regions"] = json!(["eu-west-1"]);
    plain["encryption"] = json!([{ "type": "SSE-S3" }]);
    with_gap["logFiles"][0]["regions"] = json!(["us-east-1"]);
    with_gap["logFiles"].as_array_mut().unwrap().push(plain);
    let desk = desk(&with_gap).await;
    let path = path(&desk);
    let arguments = ["main", "--all", "-o", "json", "--resume", &path];
    let honest = report(&logs(&desk, &arguments).exits(1));
    assert_eq!(honest["trails"][0]["check"]["outcome"], "fail");
    let text = fs::read_to_string(&path).unwrap();
    let key = format!("{{\"sse-kms\":{{\"arn\":\"{KEY}\"}}}}");
    assert!(text.contains(&key) && text.contains("\"sse-s3\""));
    for (from, to) in [("\"sse-s3\"", key.as_str()), (&key, "\"sse-s3\"")] {
        fs::write(&path, text.replace(from, to)).unwrap();
        let run = logs(&desk, &arguments);
        assert!([1, 2].contains(&run.code), "{run:?}");
        let report = report(&run);
        assert_eq!(report["trails"][0]["compliance"], "NON_COMPLIANT");
        says(
            &report["problems"].to_string(),
            &["the file of --resume does not say what S3 says about `AWSLogs/"],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_run_or_a_damaged_one_starts_nothing() {
    let desk = desk(&state(&kms(KEY))).await;
    let path = path(&desk);
    logs(&desk, &["s3://trail-logs", "--all", "--resume", &path]).exits(0);
    let text = fs::read_to_string(&path).unwrap();
    let header = text.lines().next().unwrap();
    for (arguments, expected) in [
        (
            &["s3://trail-logs", "--all", "--since", "2026-02-01"][..],
            "its `since` is null, but this run has \"2026-02-01\"",
        ),
        (&["s3://trail-logs/AWSLogs", "--all"], "its `buckets` is "),
    ] {
        let run = logs(&desk, &[arguments, &["--resume", &path]].concat());
        says(run.not_started(), &["--resume `", "` belongs to another run: ", expected]);
    }
    fs::write(&path, format!("{header}\n{{}}\n")).unwrap();
    let run = logs(&desk, &["s3://trail-logs", "--all", "--resume", &path]);
    says(run.not_started(), &["line 2 is damaged: missing field `block`"]);
    let run = logs(&desk, &["main", "--history", "fail", "--all", "--resume", &path]).exits(3);
    says(&run.err, &["--history fail cannot be used with --resume"]);
    let run = logs(&desk, &["--inventory", "manifest.json", "--resume", &path]).exits(3);
    says(&run.err, &["cannot be used with"]);
}
