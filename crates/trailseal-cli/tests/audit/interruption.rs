//! Ctrl-C: the first one ends the audit with a partial report, the second one ends it at once.

use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::{Desk, ORGANIZATION, Run, member, says};

const ONE_AT_A_TIME: [&str; 2] = ["--concurrency", "1"];

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

/// Waits until the lab has received this number of calls.
fn wait_for_calls(desk: &Desk, operation: &str, number: usize) {
    let begun = Instant::now();
    while desk.lab.call_counts().get(operation).copied().unwrap_or_default() < number {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", desk.lab.call_counts());
        sleep(Duration::from_millis(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_interruption_writes_a_partial_report() {
    let desk = Desk::of_organization(30, &["us-east-1", "eu-west-1"]).await;
    desk.lab.set_latency(Duration::from_millis(30));
    let arguments = [ORGANIZATION.as_slice(), &ONE_AT_A_TIME, &["-o", "json"]].concat();
    let child = desk.start(&member(0), &arguments);
    // Accounts are audited one after the other, each in two Regions.
    wait_for_calls(&desk, "cloudtrail:DescribeTrails", 9);
    interrupt(&child);
    let run = Run::from_output(child.wait_with_output().unwrap()).exits(2);
    let report = run.report();
    assert_eq!(report["complete"], false);
    let accounts = report["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 30);
    let open = accounts.iter().filter(|account| {
        account["problem"] == "the audit was interrupted before this account was done"
    });
    let open = open.count();
    assert!((20..30).contains(&open), "{open}");
    assert_eq!(report["problems"].as_array().unwrap().len(), 1);
    assert_eq!(report["run"]["interrupted"], true);
    let interrupted = accounts.iter().filter(|account| account["interrupted"] == true);
    assert_eq!(interrupted.count(), open);
    let scope = format!("(30 accounts requested: {} completed, {open} interrupted)", 30 - open);
    says(&run.rendered("table"), &[&scope]);
    // Programs get an entry for each account that was not done.
    let sarif: Value = serde_json::from_str(&run.rendered("sarif")).unwrap();
    let notifications = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    let junit = run.rendered("junit");
    for id in (30 - open..30).map(|number| member(number as u64)) {
        let place = json!(format!("aws/{id}"));
        let is_named = |one: &Value| {
            one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == place
        };
        assert!(notifications.as_array().unwrap().iter().any(is_named), "{notifications:#}");
        assert!(junit.contains(&format!("classname=\"aws/{id}\"")), "{junit}");
    }
    assert_eq!(run.verdicts()[&format!("{}/us-east-1/main", member(0))], "COMPLIANT");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_prints_one_line_instead_of_one_per_account() {
    let desk = Desk::of_organization(60, &["us-east-1"]).await;
    desk.lab.set_latency(Duration::from_millis(30));
    let child = desk.start(&member(0), &[ORGANIZATION.as_slice(), &ONE_AT_A_TIME].concat());
    wait_for_calls(&desk, "cloudtrail:DescribeTrails", 2);
    interrupt(&child);
    let run = Run::from_output(child.wait_with_output().unwrap()).exits(2);
    let lines = |text: &str| {
        let lines = text.lines().filter(|line| line.contains("was interrupted"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let (errors, listed) = (lines(&run.err), lines(&run.out));
    assert_eq!((errors.len(), listed.len()), (1, 1), "{errors:?} {listed:?}");
    says(
        &errors[0],
        &["the audit was interrupted: ", " accounts were not completed, the first is "],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interruption_ends_at_once() {
    let desk = Desk::of_organization(3, &["us-east-1"]).await;
    desk.lab.set_latency(Duration::from_millis(20));
    // The pipe has no reader, so writing the report blocks.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    let output = format!("json={}", file.display());
    let arguments = [ORGANIZATION.as_slice(), &ONE_AT_A_TIME, &["-o", &output]].concat();
    let mut child = desk.start(&member(0), &arguments);
    wait_for_calls(&desk, "cloudtrail:DescribeTrails", 1);
    interrupt(&child);
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the command should wait for a reader");
    interrupt(&child);
    let begun = Instant::now();
    let ended = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > Duration::from_secs(10) => {
                child.kill().unwrap();
                panic!("the command did not exit");
            }
            None => sleep(Duration::from_millis(5)),
        }
    };
    assert_eq!(ended.code(), Some(2));
}
