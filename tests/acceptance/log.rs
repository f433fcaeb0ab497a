//! What operators see: the lines of the function's log, and the metrics that alarms use.

use serde_json::Value;
use trailseal_lab::{Fault, FaultKind, Operation, Position};

use super::faults::desk::Desk;
use super::harness::{ACCOUNT, REGION};
use accounts::{account_with_trails, change, schedule, trail_item};

/// The log of an account's first trail while one operation has a fault: first on a change, then on
/// a schedule.
async fn log_of(fault: Option<(Operation, FaultKind)>) -> [String; 2] {
    let state = account_with_trails(&[(0, 0)]);
    let item = trail_item(state.trails.first().unwrap(), ACCOUNT, REGION);
    let desk = Desk::open(state).await;
    if let Some((operation, kind)) = fault {
        desk.lab.inject(Fault::of(operation, Position::Every, kind));
    }
    let changed = desk.send(&change(&item)).await;
    let scheduled = desk.send(&schedule(ACCOUNT, REGION)).await;
    [changed.log, scheduled.log]
}

/// Durations differ from run to run: the test checks that they are numbers and removes them.
fn without_durations(log: &str) -> String {
    let mut text = log.to_owned();
    for name in ["\"milliseconds\":", "\"DurationMilliseconds\":"] {
        let mut parts = text.split(name);
        let mut kept = parts.next().unwrap().to_owned();
        for part in parts {
            let (time, rest) = part.split_at(part.find([',', '}']).unwrap());
            assert!(time.parse::<f64>().unwrap() >= 0.0, "{part}");
            kept.push_str(&format!("{name}(time){rest}"));
        }
        text = kept;
    }
    text
}

#[tokio::test]
async fn logs_every_kind_of_line() {
    let denied = |operation| Some((operation, FaultKind::AccessDenied));
    let [compliant, _] = log_of(None).await;
    let [unverified, _] = log_of(denied(Operation::DescribeKey)).await;
    let [failed, _] = log_of(Some((Operation::DescribeKey, FaultKind::Throttling))).await;
    let [_, not_cleaned] = log_of(denied(Operation::GetComplianceDetailsByConfigRule)).await;
    let logs = [compliant, unverified, failed, not_cleaned];
    insta::assert_snapshot!(logs.map(|log| without_durations(&log)).join("\n"));
}

#[tokio::test]
async fn every_listed_metric_and_dimension_has_a_value() {
    for fault in [None, Some((Operation::DescribeKey, FaultKind::Throttling))] {
        for log in log_of(fault).await {
            let line: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!(!metrics.is_empty());
            for metric in metrics {
                let name = metric["Name"].as_str().unwrap();
                assert!(line[name].is_number(), "{name}: {line}");
            }
            for dimension in directive["Dimensions"][0].as_array().unwrap() {
                assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension}: {line}");
            }
        }
    }
}
