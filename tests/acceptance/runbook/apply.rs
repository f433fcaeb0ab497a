//! Plans and their application. The response is sufficient for a back-out.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use trailseal_plan::{Record, read_journal};

use crate::acceptance::harness::{ACCOUNT, REGION};
use crate::acceptance::privilege::granted;
use crate::acceptance::runbook::{Runbook, apply, arn, broken_state, dry, key, replace, state};
use accounts::{
    EXEMPTIONS, KEY_ACCOUNT, KEY_ROLE, account, add_exemptions, key_arn, key_of_trails, role,
    role_arn,
};
use trailseal_lab::{Fault, FaultKind, Membership, Operation, Position};

/// The reads of every plan.
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
async fn a_dry_run_shows_the_plan_and_changes_nothing() {
    for trail in ["plain".to_owned(), arn("plain")] {
        let mut target = Runbook::open(state()).await;
        let before = format!("{:?}", target.lab.state());
        // A dry run is the default.
        for event in [dry(&trail), json!({ "trail": trail, "key": key() })] {
            let reply = target.invoke(&event).await;
            let answer = reply.answer();
            assert_eq!(answer["outcome"], "planned");
            assert_eq!(answer["trail"], arn("plain"));
            assert_eq!(answer["key"], key());
            assert_eq!(answer["formerKeyId"], Value::Null);
            for none in ["done", "backOut", "journal"] {
                assert_eq!(answer[none], json!([]), "{none}");
            }
            let plan = answer["plan"].as_str().unwrap();
            assert!(plan.contains("put-key-policy") && plan.contains("update-trail"), "{plan}");
            assert_eq!(reply.operations(), set(&READS));
            assert_eq!(format!("{:?}", target.lab.state()), before);
        }
    }
}

#[tokio::test]
async fn updates_the_policy_before_sealing_a_trail() {
    let mut target = Runbook::open(state()).await;
    let policy = target.policy_of(&key()).unwrap();
    let reply = target.invoke(&apply("plain")).await;
    let answer = reply.answer();
    assert_eq!(answer["outcome"], "applied");
    assert_eq!(reply.changes(), ["kms:PutKeyPolicy", "cloudtrail:UpdateTrail"]);
    assert_eq!(target.key_of("plain"), Some(key()));
    assert!(target.lab.broken_deliveries().is_empty());
    for moment in target.lab.take_delivery_moments() {
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
    // The second time, the trail is already sealed.
    let (kind, message) = target.refused(&apply("plain")).await;
    assert_eq!(kind, "Refused");
    assert!(message.contains("already-sealed"), "{message}");
}

#[tokio::test]
async fn the_log_and_the_response_contain_the_journal() {
    let mut target = Runbook::open(state()).await;
    let reply = target.invoke(&apply("plain")).await;
    let text = lines(&reply.answer()["journal"]);
    let journal = read_journal(text.as_bytes()).unwrap();
    assert!(!journal.is_torn);
    let progress = journal.progress().unwrap();
    assert!(progress.remediation.is_finished);
    let befores = journal.records.iter().filter(|record| matches!(record, Record::Before { .. }));
    assert_eq!(befores.count(), 2);
    let logged: Vec<Value> = target
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
async fn replaces_a_key_if_the_event_allows_it() {
    for (word, sealed) in [(json!(true), broken_state()), (json!("true"), broken_state())] {
        let mut target = Runbook::open(sealed).await;
        let event = json!({
            "trail": "sealed", "key": key(), "dryRun": "false", "replaceKey": word
        });
        let reply = target.invoke(&event).await;
        let answer = reply.answer();
        assert_eq!(answer["outcome"], "applied");
        assert_eq!(answer["formerKeyId"], key_arn(ACCOUNT, REGION, 0));
        assert_eq!(target.key_of("sealed"), Some(key()));
        assert!(target.lab.broken_deliveries().is_empty());
    }
}

/// CloudTrail can try to deliver with the former key after the runbook begins.
#[tokio::test]
async fn a_delivery_before_the_change_proves_nothing() {
    let trail_with_broken_key = broken_state();
    for (state, event) in [(state(), apply("plain")), (trail_with_broken_key, replace("sealed"))] {
        let mut target = Runbook::open(state).await;
        target.lab.deliver_before_changes_only();
        let reply = target.invoke(&event).await;
        let done = lines(&reply.answer()["done"]);
        assert!(done.contains("the rule is satisfied: COMPLIANT"), "{done}");
        assert!(done.contains("CloudTrail has not delivered yet"), "{done}");
    }
}

/// Only the next delivery shows that a key in an external key store works.
#[tokio::test]
async fn a_delivery_before_the_change_does_not_prove_an_external_key() {
    let mut state = state();
    state.keys[1].origin = "EXTERNAL_KEY_STORE".to_owned();
    let mut target = Runbook::open(state).await;
    target.lab.deliver_before_changes_only();
    let reply = target.invoke(&apply("plain")).await;
    let answer = reply.answer();
    let plan = answer["plan"].as_str().unwrap();
    assert!(plan.contains("the next delivery, within about 15 minutes"), "{plan}");
    let done = lines(&answer["done"]);
    assert!(done.contains("the rule is satisfied after the next delivery"), "{done}");
    assert!(!done.contains("COMPLIANT"), "{done}");
}

#[tokio::test]
async fn says_that_a_plan_was_applied_although_the_trail_cannot_be_read_afterwards() {
    let mut target = Runbook::open(state()).await;
    target.lab.inject(Fault::of(
        Operation::DescribeTrails,
        Position::Nth(2),
        FaultKind::AccessDenied,
    ));
    let reply = target.invoke(&apply("plain")).await;
    let (kind, message) = reply.outcome.unwrap_err();
    assert_eq!(target.key_of("plain"), Some(key()));
    assert_eq!(kind, "NotProven");
    let what = "all steps are done and read back, but the trail could not be checked: ";
    assert!(message.starts_with(what), "{message}");
    assert!(message.contains("journal `"), "{message}");
}

#[tokio::test]
async fn waits_for_a_slow_key_policy() {
    let mut target = Runbook::open(state()).await;
    target.lab.set_policy_propagation(Duration::from_millis(1500));
    let reply = target.invoke(&apply("plain")).await;
    assert_eq!(reply.answer()["outcome"], "applied");
    let changes = reply.changes();
    assert_eq!(changes.first(), Some(&"kms:PutKeyPolicy"));
    let updates = changes.iter().filter(|change| **change == "cloudtrail:UpdateTrail").count();
    assert!(updates > 1, "{changes:?}");
}

#[tokio::test]
async fn a_deadline_names_the_journal() {
    let mut target = Runbook::open(state()).await;
    target.lab.set_policy_propagation(Duration::from_secs(8));
    let reply = target.invoke_within(&apply("plain"), Duration::from_secs(6)).await;
    let (kind, message) = reply.outcome.unwrap_err();
    assert_eq!(kind, "DeadlineExceeded");
    assert!(message.contains("something may have changed: journal `"), "{message}");
    assert_eq!(target.key_of("plain"), None);
    // A second run succeeds.
    let again = target.invoke(&apply("plain")).await;
    assert_eq!(again.answer()["outcome"], "applied");
}

#[tokio::test]
async fn changes_no_trail_that_is_or_may_be_exempt() {
    let entry = json!({
        "trail": arn("plain"), "until": "2999-12-31", "reason": "r", "approver": "a",
    });
    for (content, reason) in [
        (json!([entry]), "is exempt until 2999-12-31 (s3://exemptions/trails.json): r"),
        (json!({}), "the trail may be exempt, but s3://exemptions/trails.json cannot be used"),
    ] {
        let mut state = state();
        add_exemptions(&mut state, content.to_string().as_bytes());
        let parameters = json!({ "exemptionsFrom": EXEMPTIONS });
        let mut target = Runbook::of_rule(state, &parameters).await;
        let reply = target.invoke(&apply("plain")).await;
        assert_eq!(reply.changes(), Vec::<&str>::new());
        let (kind, message) = reply.outcome.unwrap_err();
        assert_eq!(kind, "Refused");
        assert!(message.contains(reason), "{message}");
    }
}

#[tokio::test]
async fn the_role_grants_exactly_the_calls_of_the_function() {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut note = |reply: super::Reply| {
        assert!(reply.outcome.is_ok(), "{:?}", reply.outcome);
        let own = reply.calls.into_iter().filter(|call| call.account.as_deref() == Some(ACCOUNT));
        asked.extend(own.map(|call| call.operation));
    };
    // The parameters need everything: rotation, the policies of other accounts' keys, deliveries.
    let mut state = state();
    state.keys[1].rotation.enabled = false;
    state.keys[1].rotation.period_days = None;
    let foreign = key_arn(KEY_ACCOUNT, REGION, 9);
    state.accounts.push(account(KEY_ACCOUNT, Membership::Outside, &[REGION]));
    state.roles.push(role(&role_arn(REGION, KEY_ACCOUNT, KEY_ROLE), None));
    let mut old = key_of_trails(&foreign, &[&arn("sealed")]);
    old.state = "Disabled".to_owned();
    state.keys.push(old);
    state.trails[1].kms_key_id = Some(foreign);
    add_exemptions(&mut state, b"[]");
    let parameters = json!({
        "profile": "strict", "keyAccountRoleName": KEY_ROLE, "exemptionsFrom": EXEMPTIONS,
    });
    let mut target = Runbook::of_rule(state, &parameters).await;
    for event in [apply("plain"), replace("sealed")] {
        note(target.invoke(&event).await);
    }
    assert_eq!(asked, granted("remediation"));
}
