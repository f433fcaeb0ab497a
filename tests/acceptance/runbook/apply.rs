//! What is planned and what is done, and that the answer is enough to go back by.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use trailseal_plan::{Record, read_journal};

use crate::acceptance::faults::accounts::{
    KEY_ACCOUNT, KEY_ROLE, account, key_arn, key_of_trails, role, role_arn,
};
use crate::acceptance::harness::{ACCOUNT, REGION};
use crate::acceptance::privilege::granted;
use crate::acceptance::runbook::{Desk, apply, arn, broken_state, dry, key, replace, state};
use trailseal_lab::Membership;

/// What is asked whatever comes of it.
const READS: [&str; 7] = [
    "cloudtrail:DescribeTrails",
    "cloudtrail:ListTags",
    "config:BatchGetResourceConfig",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "s3:HeadBucket",
];

fn set<'a>(operations: &[&'a str]) -> BTreeSet<&'a str> {
    operations.iter().copied().collect()
}

fn lines(value: &Value) -> String {
    let lines = value.as_array().unwrap().iter().map(|line| line.as_str().unwrap());
    lines.map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn a_dry_run_reads_and_shows_its_plan_and_changes_nothing() {
    for trail in ["plain".to_owned(), arn("plain")] {
        let mut desk = Desk::open(state()).await;
        let before = format!("{:?}", desk.lab.state());
        // Without a word on it as well: a dry run is the default.
        for event in [dry(&trail), json!({ "trail": trail, "key": key() })] {
            let came = desk.ask(&event).await;
            let answer = came.answer();
            assert_eq!(answer["outcome"], "planned");
            assert_eq!(answer["trail"], arn("plain"));
            assert_eq!(answer["key"], key());
            assert_eq!(answer["formerKeyId"], Value::Null);
            for none in ["done", "backOut", "journal"] {
                assert_eq!(answer[none], json!([]), "{none}");
            }
            let plan = answer["plan"].as_str().unwrap();
            assert!(plan.contains("put-key-policy") && plan.contains("update-trail"), "{plan}");
            assert_eq!(came.operations(), set(&READS));
            assert_eq!(format!("{:?}", desk.lab.state()), before);
        }
    }
}

#[tokio::test]
async fn a_trail_without_a_key_is_sealed_the_policy_first() {
    let mut desk = Desk::open(state()).await;
    let policy = desk.policy_of(&key()).unwrap();
    let came = desk.ask(&apply("plain")).await;
    let answer = came.answer();
    assert_eq!(answer["outcome"], "applied");
    assert_eq!(came.changes(), ["kms:PutKeyPolicy", "cloudtrail:UpdateTrail"]);
    assert_eq!(desk.key_of("plain"), Some(key()));
    assert!(desk.lab.broken_deliveries().is_empty());
    for moment in desk.lab.take_delivery_moments() {
        assert!(moment.broken.is_empty(), "{moment:?}");
    }
    assert_eq!(answer["formerKeyId"], Value::Null);
    assert_eq!(answer["formerKeyPolicy"], policy);
    let done = lines(&answer["done"]);
    assert!(done.contains("put-key-policy: ") && done.contains("update-trail: "), "{done}");
    assert!(done.contains("the rule is satisfied: COMPLIANT"), "{done}");
    let back_out = lines(&answer["backOut"]);
    assert!(back_out.contains("trailseal remediate --back-out FILE"), "{back_out}");
    let off = back_out.find("--kms-key-id ''").unwrap();
    assert!(off < back_out.find("aws kms put-key-policy").unwrap(), "{back_out}");
    // A second time there is nothing to do.
    let (kind, message) = desk.refused(&apply("plain")).await;
    assert_eq!(kind, "Refused");
    assert!(message.contains("already-sealed"), "{message}");
}

#[tokio::test]
async fn the_journal_is_in_the_log_before_each_change_and_whole_in_the_answer() {
    let mut desk = Desk::open(state()).await;
    let came = desk.ask(&apply("plain")).await;
    let text = lines(&came.answer()["journal"]);
    let journal = read_journal(text.as_bytes()).unwrap();
    assert!(!journal.is_torn);
    let progress = journal.progress().unwrap();
    assert!(progress.seal.is_finished);
    let befores = journal.records.iter().filter(|record| matches!(record, Record::Before { .. }));
    assert_eq!(befores.count(), 2);
    let logged: Vec<Value> = desk
        .function
        .take_lines()
        .unwrap()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let records: String = logged
        .iter()
        .filter(|line| line["message"] == "journal")
        .inspect(|line| assert_eq!(line["journal"], progress.journal.as_str()))
        .map(|line| format!("{}\n", line["record"]))
        .collect();
    let logged_journal = read_journal(records.as_bytes()).unwrap();
    assert_eq!(logged_journal.records, journal.records);
    let last = logged.last().unwrap();
    assert_eq!(last["message"], "remediation");
    assert_eq!(last["outcome"], "applied");
}

#[tokio::test]
async fn a_key_is_replaced_on_the_word_of_the_event_and_told() {
    for (word, sealed) in [(json!(true), broken_state()), (json!("true"), broken_state())] {
        let mut desk = Desk::open(sealed).await;
        let event = json!({
            "trail": "sealed", "key": key(), "dryRun": "false", "replaceKey": word
        });
        let came = desk.ask(&event).await;
        let answer = came.answer();
        assert_eq!(answer["outcome"], "applied");
        assert_eq!(answer["formerKeyId"], key_arn(ACCOUNT, REGION, 0));
        assert_eq!(desk.key_of("sealed"), Some(key()));
        assert!(desk.lab.broken_deliveries().is_empty());
    }
}

#[tokio::test]
async fn a_policy_that_takes_its_time_is_waited_for() {
    let mut desk = Desk::open(state()).await;
    desk.lab.set_policy_propagation(Duration::from_millis(1500));
    let came = desk.ask(&apply("plain")).await;
    assert_eq!(came.answer()["outcome"], "applied");
    let changes = came.changes();
    assert_eq!(changes.first(), Some(&"kms:PutKeyPolicy"));
    let updates = changes.iter().filter(|change| **change == "cloudtrail:UpdateTrail").count();
    assert!(updates > 1, "{changes:?}");
}

#[tokio::test]
async fn a_time_that_runs_out_is_told_with_the_journal() {
    let mut desk = Desk::open(state()).await;
    desk.lab.set_policy_propagation(Duration::from_secs(8));
    let came = desk.ask_within(&apply("plain"), Duration::from_secs(6)).await;
    let (kind, message) = came.outcome.unwrap_err();
    assert_eq!(kind, "DeadlineExceeded");
    assert!(message.contains("something may have changed: journal `"), "{message}");
    assert_eq!(desk.key_of("plain"), None);
    // What was begun is no obstacle to a second run.
    let again = desk.ask(&apply("plain")).await;
    assert_eq!(again.answer()["outcome"], "applied");
}

#[tokio::test]
async fn the_role_grants_what_the_function_asks_and_no_more() {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut note = |came: super::Came| {
        assert!(came.outcome.is_ok(), "{:?}", came.outcome);
        let own = came.calls.into_iter().filter(|call| call.account.as_deref() == Some(ACCOUNT));
        asked.extend(own.map(|call| call.operation));
    };
    // The rule asks for everything: rotation, the policies of other accounts' keys, deliveries.
    let mut there = state();
    there.keys[1].rotation.enabled = false;
    there.keys[1].rotation.period_days = None;
    let foreign = key_arn(KEY_ACCOUNT, REGION, 9);
    there.accounts.push(account(KEY_ACCOUNT, Membership::Outside, &[REGION]));
    there.roles.push(role(&role_arn(REGION, KEY_ACCOUNT, KEY_ROLE), None));
    let mut old = key_of_trails(&foreign, &[&arn("sealed")]);
    old.state = "Disabled".to_owned();
    there.keys.push(old);
    there.trails[1].kms_key_id = Some(foreign);
    let parameters = json!({ "profile": "strict", "keyAccountRoleName": KEY_ROLE });
    let mut desk = Desk::of_rule(there, &parameters).await;
    for event in [apply("plain"), replace("sealed")] {
        note(desk.ask(&event).await);
    }
    assert_eq!(asked, granted("remediation"));
}
