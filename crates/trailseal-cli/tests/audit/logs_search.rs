//! Folders of a bucket that are not CloudTrail's and lie too deep to be searched.

use serde_json::{Value, json};

use super::desk::{MANAGEMENT, says};
use super::log_files::{audit, judged, problems};
use super::logs::{KEY, desk, kms, logs, report, state};

/// A bucket with flow logs of VPCs with Hive-compatible prefixes (VPC User Guide, "Flow log files")
/// and access logs of a server by date.
fn with_other_logs() -> Value {
    let mut state = state(&kms(KEY));
    let keys = [
        "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/\
         month=11/day=30/x.log.gz",
        "access/111122223333/us-east-1/bucket/2026/11/30/x",
    ];
    let object = |key: &str| {
        json!({
            "bucket": "trail-logs", "key": key, "lastModified": "2026-11-30T00:00:00Z",
        })
    };
    state["objects"] = keys.map(object).into();
    state
}

const NOT_SEARCHED: &str =
    "2 folders, of which this is the first, were not searched for `AWSLogs/`";

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_are_not_searched_are_a_note_on_a_trail_and_a_gap_of_a_bucket() {
    let desk = desk(&with_other_logs()).await;
    let of_trail = report(&logs(&desk, &["main", "-o", "json"]).exits(0));
    assert_eq!((&of_trail["complete"], &of_trail["problems"]), (&json!(true), &json!([])));
    assert_eq!(of_trail["buckets"][0]["complete"], true);
    let trail = &of_trail["trails"][0];
    assert_eq!(trail["check"]["outcome"], "pass");
    says(&trail["notes"].to_string(), &[NOT_SEARCHED, "only former prefixes can be there"]);
    says(&logs(&desk, &["main"]).exits(0).out, &["NOTE: s3://trail-logs/", NOT_SEARCHED]);
    // The count of a bucket lacks what is below them.
    for targets in [&["s3://trail-logs"][..], &["main", "s3://trail-logs"]] {
        let run = logs(&desk, &[targets, &["-o", "json"]].concat()).exits(2);
        let of_bucket = report(&run);
        assert_eq!(of_bucket["complete"], false);
        says(&of_bucket["problems"].to_string(), &[NOT_SEARCHED]);
        for trail in of_bucket["trails"].as_array().unwrap() {
            assert_eq!((&trail["check"]["outcome"], &trail["notes"]), (&json!("pass"), &json!([])));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_of_an_organization_trail_ignores_deep_folders_of_other_services() {
    let mut state = with_other_logs();
    state["trails"][0]["isOrganizationTrail"] = json!(true);
    state["logFiles"][0]["organization"] = json!("o-exampleorgid");
    state["logFiles"][0]["accounts"] = json!([MANAGEMENT]);
    let desk = desk(&state).await;
    let report = audit(&desk, &[]).exits(0).report();
    assert_eq!((judged(&report, "main").1, problems(&report)), ("pass".to_owned(), vec![]));
}
