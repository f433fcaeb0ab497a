//! `trailseal audit --log-files`: which files are read, and how often.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::{MANAGEMENT, MEMBER, says};
use super::log_files::{
    ARCHIVE, KEY, ORGANIZATION, add, audit, bucket, deliver, judged, kms, opened, plain, reads,
    state, trail,
};

#[tokio::test(flavor = "multi_thread")]
async fn digests_are_not_read() {
    let mut state = state(&["sealed"]);
    deliver(&mut state, "sealed", "us-east-1", kms());
    let digests = deliver(&mut state, "sealed", "us-east-1", plain());
    state["logFiles"][digests]["kind"] = json!("CloudTrail-Digest");
    state["logFiles"][digests]["trail"] = state["trails"][0]["arn"].clone();
    let desk = opened(&state).await;
    audit(&desk, &[]).exits(0);
    let calls = desk.lab.take_calls();
    let digests = calls.iter().filter(|call| call.request.to_string().contains("-Digest"));
    assert_eq!(digests.count(), 0);
    assert!(calls.iter().any(|call| call.operation == "s3:HeadObject"));
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_of_several_trails_are_read_once() {
    let of = |trails: Value| async move {
        let mut state = state(&["one"]);
        deliver(&mut state, "one", "us-east-1", kms());
        state["trails"] = trails;
        let desk = opened(&state).await;
        let run = audit(&desk, &[]);
        (reads(&desk), run.report())
    };
    let shared = bucket("one");
    let trails = ["one", "two", "three"].map(|name| trail(name, &shared));
    let (once, _) = of(json!([trails[0]])).await;
    let (all, report) = of(json!(trails)).await;
    assert_eq!(all, once);
    for name in ["one", "two", "three"] {
        says(&judged(&report, name).2, &["also delivers to each of the trail's folders"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_history_fail_every_log_file_decides() {
    let mut state = state(&["always", "later", "empty"]);
    for name in ["always", "later"] {
        let files = deliver(&mut state, name, "us-east-1", kms());
        state["logFiles"][files]["from"] = json!("2026-02-27T00:00:00Z");
    }
    state["logFiles"][0]["encryption"] = json!([kms()]);
    let desk = opened(&state).await;
    let report = audit(&desk, &[]).exits(1).report();
    assert_eq!(["always", "later"].map(|name| judged(&report, name).1), ["pass", "pass"]);
    assert!(desk.lab.call_counts()["s3:HeadObject"] < 30);
    desk.lab.take_calls();
    let run = audit(&desk, &["--history", "fail"]).exits(1);
    says(&run.err, &["for each thousand log files about 1000 HEAD and 2 LIST"]);
    let report = run.report();
    assert_eq!(judged(&report, "always").1, "pass");
    let (verdict, outcome, what) = judged(&report, "later");
    assert_eq!((verdict.as_str(), outcome.as_str()), ("NON_COMPLIANT", "fail"));
    says(&what, &["20260227T0000Z", "an older log file, has SSE-S3, not the trail's key"]);
    assert_eq!(judged(&report, "empty").1, "unknown");
    let heads = desk.lab.take_calls().into_iter().filter(|call| call.operation == "s3:HeadObject");
    let heads: Vec<String> = heads.map(|call| call.request.to_string()).collect();
    let files: HashSet<&String> = heads.iter().collect();
    assert_eq!(heads.len(), files.len(), "each file once");
    // Four files a day of each trail.
    let days = heads.len() / 8;
    assert!((250..1000).contains(&days), "{days}");
    let run = desk.run(MANAGEMENT, &["--history", "fail"]);
    assert_eq!(run.code, 3, "{}", run.err);
    says(&run.err, &["--log-files"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_history_fail_cannot_read_leaves_the_trail_unverified() {
    let mut state = state(&["always"]);
    let files = deliver(&mut state, "always", "us-east-1", kms());
    state["logFiles"][files]["from"] = json!("2026-11-01T00:00:00Z");
    state["logFiles"][files]["encryption"] = json!([kms()]);
    // Another key of the same minute: neither the oldest nor the newest file.
    let key = format!(
        "AWSLogs/{MANAGEMENT}/CloudTrail/us-east-1/2026/11/10/{MANAGEMENT}_CloudTrail_us-east-1_\
         20261110T0105Z_Unread0000000000.json.gz"
    );
    state["objects"] = json!([{
        "bucket": bucket("always"), "key": key, "lastModified": "2026-11-10T01:06:00Z",
        "encryption": { "type": "SSE-C" }
    }]);
    let desk = opened(&state).await;
    let report = audit(&desk, &[]).exits(0).report();
    assert_eq!(judged(&report, "always").1, "pass");
    let run = audit(&desk, &["--history", "fail"]).exits(2);
    let report = run.report();
    let (verdict, outcome, what) = judged(&report, "always");
    assert_eq!((verdict.as_str(), outcome.as_str()), ("NON_COMPLIANT", "unknown"));
    says(&what, &["Unread0000000000"]);
}

/// Each account has trails that deliver to the bucket of the log archive, and a trail of its own.
fn of_accounts() -> Value {
    let mut state = state(&[]);
    let archive = json!({
        "name": bucket("archive"), "account": ARCHIVE, "region": "us-east-1",
        "readableFrom": [MANAGEMENT, MEMBER],
    });
    add(&mut state, "buckets", archive);
    for account in [MANAGEMENT, MEMBER, ARCHIVE] {
        let own = format!("own-{account}");
        let place = json!({ "name": bucket(&own), "account": account, "region": "us-east-1" });
        add(&mut state, "buckets", place);
        for (name, place) in
            [("shared", bucket("archive")), ("other", bucket("archive")), ("own", bucket(&own))]
        {
            let mut trail = trail(name, &place);
            trail["arn"] = json!(format!("arn:aws:cloudtrail:us-east-1:{account}:trail/{name}"));
            trail["kmsKeyId"] = json!(KEY);
            add(&mut state, "trails", trail);
        }
        for name in ["archive", &own] {
            for region in ["us-east-1", "eu-west-1"] {
                let files = deliver(&mut state, name, region, kms());
                state["logFiles"][files]["accounts"] = json!([account]);
            }
        }
    }
    state
}

/// The report without the times of its run.
fn timeless(mut report: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for name in ["readAt", "startedAt", "finishedAt", "generatedAt", "arguments"] {
                    members.remove(name);
                }
                members.values_mut().for_each(strip);
            }
            Value::Array(elements) => elements.iter_mut().for_each(strip),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    strip(&mut report);
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_share_the_limit_of_requests_and_keep_their_order() {
    let latency = Duration::from_millis(15);
    let mut reports = Vec::new();
    let mut counts = Vec::new();
    for concurrency in ["1", "4", "32"] {
        let desk = opened(&of_accounts()).await;
        desk.lab.set_latency(latency);
        let begun = Instant::now();
        let arguments = [&ORGANIZATION[..], &["--concurrency", concurrency]].concat();
        let run = audit(&desk, &arguments);
        let elapsed = begun.elapsed();
        assert!(run.code < 2, "{}", run.err);
        counts.push(reads(&desk));
        let calls = u32::try_from(desk.lab.take_calls().len()).unwrap();
        let least = latency * calls / concurrency.parse::<u32>().unwrap();
        assert!(elapsed >= least, "{elapsed:?} for {calls} calls, {concurrency} at a time");
        reports.push(timeless(run.report()));
    }
    // More requests at a time change neither what is read nor the report.
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[0], counts[2]);
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[0], reports[2]);
    // In each account: the folders of `shared` and `other` once, and those of `own`. For each place,
    // LIST of the kinds and Regions, and at least 5 LIST and 2 HEAD of each of the two folders.
    let places = 3 * 2;
    assert!((places * (2 + 2 * 7)..places * 100).contains(&counts[0]), "{counts:?}");
    let own = reports[0]["trails"].as_array().unwrap().iter();
    let own: Vec<&Value> =
        own.filter(|trail| trail["resourceId"] == "own" && trail["copy"] == false).collect();
    assert_eq!(own.len(), 3);
    for trail in own {
        let folders = &trail["evidence"]["logFiles"]["value"]["folders"];
        assert_eq!(folders, 2, "{trail}");
    }
}
