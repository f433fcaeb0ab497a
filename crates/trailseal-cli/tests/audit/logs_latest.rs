//! What CloudTrail says about the deliveries of a trail, beside the files in its bucket.

use serde_json::{Value, json};

use super::desk::says;
use super::log_files::{audit, judged};
use super::logs::{KEY, date_of, desk, files, kms, logs, report, result_with, state};

fn moment(when: &str) -> String {
    date_of(when, "+%Y-%m-%dT%H:%M:%SZ")
}

/// A bucket without the files of the last two days, of a trail that delivered `delivered`.
fn without_newest(delivered: &str) -> Value {
    let mut state = state(&kms(KEY));
    state["logFiles"][0]["to"] = json!(date_of("2 days ago", "+%Y-%m-%dT%H:%M:00Z"));
    state["trails"][0]["latestDeliveryTime"] = json!(moment(delivered));
    state
}

/// The outcome and the text of the check of the only trail.
fn check(report: &Value) -> (String, String) {
    let check = &report["trails"][0]["check"];
    (check["outcome"].as_str().unwrap().to_owned(), check.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_without_the_latest_delivery_prove_no_trail() {
    for (delivered, outcome) in [("3 days ago", "pass"), ("5 minutes ago", "unknown")] {
        let desk = desk(&without_newest(delivered)).await;
        let exit = i32::from(outcome != "pass");
        for options in [&[][..], &["--all"]] {
            let arguments = [&["main", "-o", "json"], options].concat();
            let (found, text) = check(&report(&logs(&desk, &arguments).exits(exit)));
            assert_eq!(found, outcome, "{delivered} {options:?}: {text}");
            if outcome == "unknown" {
                let words = ["but the newest file listed for its home Region us-east-1 is of"];
                says(&text, &words);
            }
        }
        let audited = audit(&desk, &[]).exits(exit).report();
        let (_, found, what) = judged(&audited, "main");
        assert_eq!(found, outcome, "{what}");
    }
    // A failure stands.
    let mut failing = without_newest("5 minutes ago");
    failing["logFiles"][0]["encryption"] = json!([{ "type": "SSE-S3" }]);
    let desk = desk(&failing).await;
    assert_eq!(check(&report(&logs(&desk, &["main", "-o", "json"]).exits(1))).0, "fail");
}

/// The clock of CloudTrail is ahead by 20 minutes, as if the run had begun that long ago.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_after_the_start_is_listed_and_judged() {
    let now = date_of("now", "+%Y-%m-%d %H:%MZ");
    let minute = |when: &str| json!(date_of(&format!("{now} {when}"), "+%Y-%m-%dT%H:%M:00Z"));
    let mut state = state(&kms(KEY));
    state["trails"][0]["latestDeliveryTime"] = minute("+20 minutes");
    state["logFiles"][0]["from"] = minute("-10 days +20 minutes");
    state["logFiles"][0]["to"] = minute("+21 minutes");
    state["logFiles"][0]["filesPerDay"] = json!(1);
    let desk = desk(&state).await;
    let (found, text) = check(&report(&logs(&desk, &["main", "-o", "json"]).exits(0)));
    assert_eq!(found, "pass", "{text}");
    let audited = audit(&desk, &[]).exits(0).report();
    let (_, found, what) = judged(&audited, "main");
    assert_eq!(found, "pass", "{what}");
}

/// CloudTrail is asked in each Region that has a folder of the trail, and in its home Region.
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_logs_and_never_delivered_is_not_proven_by_files_of_others() {
    let mut never = state(&kms(KEY));
    never["trails"][0]["neverDelivered"] = json!(true);
    let mut elsewhere = never.clone();
    elsewhere["logFiles"][0]["regions"] = json!(["eu-west-1"]);
    for state in [never, elsewhere] {
        let desk = desk(&state).await;
        let (found, text) = check(&report(&logs(&desk, &["main", "-o", "json"]).exits(1)));
        assert_eq!(found, "unknown", "{text}");
        says(&text, &["CloudTrail names no delivery in", "another trail may have written it"]);
        assert_eq!(desk.lab.call_counts()["cloudtrail:GetTrailStatus"], 2);
        let audited = audit(&desk, &[]).exits(1).report();
        let (_, found, what) = judged(&audited, "main");
        assert_eq!(found, "unknown", "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_not_updated_proves_no_trail() {
    let folder = tempfile::tempdir().unwrap();
    for (newest, outcome) in [("1 hour ago", "pass"), ("6 days ago", "unknown")] {
        let mut state = state(&kms(KEY));
        state["trails"][0]["latestDeliveryTime"] = json!(moment("1 minute ago"));
        let desk = desk(&state).await;
        let table = result_with(newest, folder.path(), Some("-10 seconds"));
        let exit = i32::from(outcome != "pass");
        let run = logs(&desk, &["main", "--athena-results", &table, "-o", "json"]).exits(exit);
        let report = report(&run);
        assert_eq!(files(&report), 1);
        let (found, text) = check(&report);
        assert_eq!(found, outcome, "{newest}: {text}");
        if outcome == "unknown" {
            says(&text, &["run the query again later, or check that S3 still updates the table"]);
        }
    }
}

/// A Region that the account has not enabled does not recognize its credentials.
#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_not_enabled_leaves_its_own_folder_unverified() {
    let mut sealed = state(&kms(KEY));
    sealed["accounts"][0]["regions"] = json!(["us-east-1"]);
    let mut old = sealed.clone();
    old["logFiles"][0]["regions"] = json!(["us-east-1"]);
    let mut failing = old.clone();
    let mut elsewhere = old["logFiles"][0].clone();
    elsewhere["regions"] = json!(["eu-west-1"]);
    elsewhere["to"] = json!("2026-02-01T00:00:00Z");
    old["logFiles"].as_array_mut().unwrap().push(elsewhere.clone());
    let plain = json!({ "type": "SSE-S3", "since": "2026-11-01T00:00:00Z" });
    failing["logFiles"][0]["encryption"].as_array_mut().unwrap().push(plain);
    failing["logFiles"].as_array_mut().unwrap().push(elsewhere);
    let not_enabled = "Region eu-west-1 is not enabled in the calling account";
    for (state, exit, outcome, words) in [
        (sealed, 1, "unknown", not_enabled),
        (old, 0, "pass", ""),
        (failing, 1, "fail", "no log file is encrypted with the trail's key"),
    ] {
        let desk = desk(&state).await;
        let run = logs(&desk, &["main", "-o", "json"]).exits(exit);
        let report = report(&run);
        let (found, text) = check(&report);
        assert_eq!((found.as_str(), &report["complete"]), (outcome, &json!(true)), "{text}");
        says(&text, &[words]);
        let audited = audit(&desk, &[]).exits(exit).report();
        let (_, found, what) = judged(&audited, "main");
        assert_eq!(found, outcome, "{what}");
        says(&what, &[words]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_trail_is_asked_for_its_delivery_in_each_region() {
    let mut state = state(&kms(KEY));
    state["trails"][0]["isLogging"] = json!(false);
    state["logFiles"][0]["filesPerDay"] = json!(48);
    for (delivered, exit, outcome) in [("10 minutes ago", 0, "pass"), ("9 hours ago", 1, "unknown")]
    {
        state["trails"][0]["latestDeliveryTime"] = json!(moment(delivered));
        let desk = desk(&state).await;
        let (found, text) = check(&report(&logs(&desk, &["main", "-o", "json"]).exits(exit)));
        assert_eq!(found, outcome, "{text}");
        assert_eq!(desk.lab.call_counts()["cloudtrail:GetTrailStatus"], 2);
    }
}
