//! What a run imports.

use std::process::Command;

use accounts::{denial, trail, trail_arn};
use serde_json::{Value, json};
use trailseal_lab::{Lab, Operation};

use super::{BEFORE, ImportDesk, LATER, id, stored, two_trails, with, written};
use crate::acceptance::harness::{ACCOUNT, NOW, REGION, command_path};

#[tokio::test]
async fn the_first_run_makes_a_finding_of_each_trail_with_cause_and_fix() {
    let mut state = two_trails(&[("profile", "strict")]);
    state.keys[1].state = "Disabled".to_owned();
    let desk = ImportDesk::open(state).await;
    let ran = desk.run().await;
    let summary = ran.done();
    assert_eq!((summary.accepted, summary.archived, summary.newer), (2, 0, 0));
    assert_eq!(desk.state_of("t0"), ("PASSED".to_owned(), "ACTIVE".to_owned()));
    let failed = desk.finding("t1");
    assert_eq!(failed["Compliance"]["Status"], "FAILED");
    assert_eq!(failed["Compliance"]["StatusReasons"][0]["ReasonCode"], "FAILED_KEY_USABLE");
    assert_eq!(failed["Description"], "the key is disabled");
    let fix = failed["Remediation"]["Recommendation"]["Text"].as_str().unwrap();
    assert!(fix.starts_with("enable the key"), "{fix}");
    assert_eq!(failed["FindingProviderFields"]["Severity"]["Label"], "HIGH");
    assert_eq!(failed["ProductFields"]["trailseal/Profile"], "strict");
    assert_eq!((&failed["CreatedAt"], &failed["UpdatedAt"]), (&json!(NOW), &json!(NOW)));
    let calls = [Operation::BatchImportFindings, Operation::GetFindings];
    assert_eq!(calls.map(|operation| ran.count(operation)), [1, 1]);
    let lines: Vec<Value> =
        ran.log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{}", ran.log);
    assert_eq!((&lines[0]["id"], &lines[0]["status"]), (&json!(id("t1")), &json!("FAILED")));
    assert_eq!((&lines[2]["accepted"], &lines[2]["failed"]), (&json!(2), &json!(false)));
}

/// The command and the function update one finding: both write the same, except the time.
#[tokio::test(flavor = "multi_thread")]
async fn the_findings_are_those_of_the_command() {
    let mut state = two_trails(&[("profile", "strict"), ("noTrails", "NON_COMPLIANT")]);
    state.keys[1].rotation.enabled = false;
    let exempt = trail_arn(ACCOUNT, REGION, "exempt");
    state.config_rules[0].parameters.insert("exemptTrails".to_owned(), exempt.clone());
    state.trails.push(trail(&exempt, "logs-0", None));
    state.trails.push(trail(&trail_arn(ACCOUNT, REGION, "plain"), "logs-0", None));
    let tag = accounts::EXEMPTION_TAG.to_owned();
    state.config_rules[0].parameters.insert("exemptionTag".to_owned(), tag.clone());
    state.trails.push(trailseal_lab::Trail {
        // The command has the clock of this machine, so that only an expired tag stays the same.
        tags: [(tag, "2026-01-01".to_owned())].into(),
        ..trail(&trail_arn(ACCOUNT, REGION, "expired"), "logs-0", None)
    });
    state.trails.push(trail(&trail_arn(ACCOUNT, REGION, "denied"), "missing", Some("alias/logs")));
    for without_trails in [false, true] {
        if without_trails {
            state.trails.clear();
        }
        let desk = ImportDesk::open(state.clone()).await;
        desk.run().await.done();
        let by_command = audit(&desk.lab);
        assert_eq!(by_command.len(), if without_trails { 1 } else { 6 });
        let findings = desk.findings();
        assert_eq!(findings.len(), by_command.len());
        for mut expected in by_command {
            let mut found = written(&findings[expected["Id"].as_str().unwrap()]);
            for name in ["CreatedAt", "UpdatedAt"] {
                assert!(found.remove(name).is_some());
                assert!(expected.as_object_mut().unwrap().remove(name).is_some());
            }
            assert_eq!(Value::Object(found), expected);
        }
    }
}

/// What `trailseal audit -o asff` writes.
fn audit(lab: &Lab) -> Vec<Value> {
    let credentials = lab.credentials(ACCOUNT);
    let mut command = Command::new(command_path());
    command
        .args(["audit", "--region", REGION, "-o", "asff", "--quiet"])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", lab.url())
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", credentials.session_token);
    for (name, value) in &lab.state().config_rules[0].parameters {
        command.arg("--parameter").arg(format!("{name}={value}"));
    }
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"))
}

#[tokio::test]
async fn the_next_run_updates_the_findings_and_keeps_what_people_wrote() {
    let mut state = two_trails(&[]);
    state.keys[1].state = "Disabled".to_owned();
    let desk = ImportDesk::open(state).await;
    desk.run().await.done();
    desk.lab.edit(|state| {
        state.keys[1].state = "Enabled".to_owned();
        let noted = state.findings.iter_mut().find(|one| one["Id"] == id("t1"));
        noted.unwrap()["Workflow"] = json!({ "Status": "NOTIFIED" });
    });
    let summary = desk.run_at(LATER).await.done();
    assert_eq!((summary.accepted, summary.archived), (2, 0));
    assert_eq!(desk.findings().len(), 2);
    let updated = desk.finding("t1");
    assert_eq!(updated["Compliance"]["Status"], "PASSED");
    assert_eq!(updated["Workflow"]["Status"], "NOTIFIED");
    assert_eq!((&updated["CreatedAt"], &updated["UpdatedAt"]), (&json!(NOW), &json!(LATER)));
}

#[tokio::test]
async fn the_finding_of_a_deleted_trail_is_archived_and_active_again_if_it_returns() {
    let state = two_trails(&[]);
    let desk = ImportDesk::open(state.clone()).await;
    desk.run().await.done();
    let before = desk.finding("t1");
    desk.lab.edit(|state| drop(state.trails.pop()));
    let ran = desk.run_at(LATER).await;
    let summary = ran.done();
    assert_eq!((summary.accepted, summary.archived), (2, 1));
    let archived = desk.finding("t1");
    assert_eq!(
        (&archived["RecordState"], &archived["UpdatedAt"]),
        (&json!("ARCHIVED"), &json!(LATER))
    );
    let expected = with(with(before, "RecordState", "ARCHIVED"), "UpdatedAt", LATER);
    assert_eq!(archived, expected);
    assert_eq!(desk.state_of("t0"), ("PASSED".to_owned(), "ACTIVE".to_owned()));
    // An archived finding is not sent again.
    let ran = desk.run_at("2026-11-23T14:00:00.000Z").await;
    assert_eq!((ran.done().accepted, ran.done().archived), (1, 0));
    desk.lab.edit(|now| now.trails = state.trails.clone());
    desk.run_at("2026-11-23T15:00:00.000Z").await.done();
    assert_eq!(desk.state_of("t1"), ("PASSED".to_owned(), "ACTIVE".to_owned()));
    assert_eq!(desk.finding("t1")["CreatedAt"], NOW);
}

#[tokio::test]
async fn a_refused_finding_is_named_and_the_others_are_imported() {
    let desk = ImportDesk::open(two_trails(&[])).await;
    desk.lab.send_back(&id("t0"), 1);
    let ran = desk.run().await;
    let message = ran.partly();
    let expected = format!("finding {} was refused: InvalidInput: The lab was told to", id("t0"));
    assert!(
        message.starts_with("1 finding was imported, but ") && message.contains(&expected),
        "{message}"
    );
    assert!(ran.log.contains(&expected), "{}", ran.log);
    // The log has the findings that Security Hub accepted.
    let logged = |name: &str| ran.log.contains(&format!("\"id\":\"{}\"", id(name)));
    assert_eq!(["t0", "t1"].map(logged), [false, true], "{}", ran.log);
    assert_eq!(desk.findings().keys().collect::<Vec<_>>(), [&id("t1")]);
}

#[tokio::test]
async fn a_hundred_findings_are_one_call() {
    let pairs: Vec<(usize, usize)> = vec![(0, 0); 101];
    let desk = ImportDesk::open(accounts::account_with_trails(&pairs)).await;
    let ran = desk.run().await;
    assert_eq!(ran.done().accepted, 101);
    assert_eq!(ran.count(Operation::BatchImportFindings), 2);
    // A refused batch does not stop the others.
    desk.lab.edit(|state| {
        let about = Some(id("t100"));
        state
            .denials
            .push(trailseal_lab::Denial { about, ..denial("securityhub:BatchImportFindings") });
    });
    let ran = desk.run_at(LATER).await;
    assert_eq!(ran.count(Operation::BatchImportFindings), 2);
    let findings = desk.findings();
    let updated: Vec<&String> =
        findings.iter().filter(|(_, one)| one["UpdatedAt"] == LATER).map(|(id, _)| id).collect();
    // The trails are in the order of their names' numbers, and t100 is alone in the second call.
    let mut first: Vec<String> = (0..100).map(|number| id(&format!("t{number}"))).collect();
    first.sort_unstable();
    assert_eq!(updated, first.iter().collect::<Vec<_>>());
    assert!(ran.partly().contains("securityhub:BatchImportFindings"), "{:?}", ran.outcome);
}

#[tokio::test]
async fn a_copy_of_a_trail_has_no_finding_of_its_own() {
    let mut state = two_trails(&[]);
    let elsewhere = trail_arn(ACCOUNT, "eu-west-1", "shadow");
    state.accounts[0].regions.push("eu-west-1".to_owned());
    state.trails.push(trailseal_lab::Trail {
        is_multi_region_trail: true,
        ..trail(&elsewhere, "logs-0", None)
    });
    let desk = ImportDesk::open(state).await;
    desk.run().await.done();
    assert_eq!(desk.findings().len(), 2);
    desk.lab.edit(|state| {
        let all = [("replicas".to_owned(), "EVALUATE".to_owned())];
        state.config_rules[0].parameters = all.into();
    });
    desk.run_at(LATER).await.done();
    assert_eq!(desk.state_of("shadow@eu-west-1").0, "FAILED");
    desk.lab.edit(|state| state.config_rules[0].parameters.clear());
    desk.run_at("2026-11-23T14:00:00.000Z").await.done();
    assert_eq!(desk.state_of("shadow@eu-west-1").1, "ARCHIVED");
}

/// The verdict of a copy must not become that of the trail here that has its name.
#[tokio::test]
async fn a_copy_does_not_replace_the_finding_of_a_trail_of_its_name() {
    let mut state = two_trails(&[("replicas", "EVALUATE")]);
    state.accounts[0].regions.push("eu-west-1".to_owned());
    for (name, bucket, key) in [("t0", "logs-0", None), ("t1", "logs-1", Some(1))] {
        let arn = trail_arn(ACCOUNT, "eu-west-1", name);
        let key = key.map(|key| accounts::key_arn(ACCOUNT, REGION, key));
        let copy = trail(&arn, bucket, key.as_deref());
        state.trails.push(trailseal_lab::Trail { is_multi_region_trail: true, ..copy });
    }
    state.findings = vec![stored(&id("t0"))];
    let desk = ImportDesk::open(state).await;
    let summary = desk.run().await.done();
    assert_eq!((summary.accepted, summary.archived), (4, 0));
    assert_eq!(desk.state_of("t0").0, "PASSED");
    assert_eq!(desk.state_of("t0@eu-west-1").0, "FAILED");
    // The trail cannot be evaluated, its copy can.
    let before = desk.finding("t0");
    let kind = trailseal_lab::FaultKind::from_name("internal-error", std::time::Duration::ZERO);
    let (operation, every) = (Operation::DescribeKey, trailseal_lab::Position::Every);
    let fault = trailseal_lab::Fault::of(operation, every, kind.unwrap());
    desk.lab.inject(fault.about(accounts::key_arn(ACCOUNT, REGION, 0)));
    let message = desk.run_at(LATER).await.partly();
    assert!(
        message.contains(&format!("{REGION}:{ACCOUNT}:trail/t0 was not evaluated")),
        "{message}"
    );
    assert_eq!(desk.finding("t0"), before);
    let copy = desk.finding("t0@eu-west-1");
    assert_eq!(
        (&copy["UpdatedAt"], &copy["Compliance"]["Status"]),
        (&json!(LATER), &json!("FAILED"))
    );
}

/// Security Hub refuses a whole call because of one finding; the lab does so if a title is empty.
#[tokio::test]
async fn a_finding_that_fails_its_call_does_not_take_others_with_it() {
    let pairs: Vec<(usize, usize)> = vec![(0, 0); 99];
    let mut state = accounts::account_with_trails(&pairs);
    state.findings = vec![with(stored(&id("gone")), "Title", "")];
    let desk = ImportDesk::open(state).await;
    let ran = desk.run().await;
    let message = ran.partly();
    let expected = format!("99 findings were imported, but {} may not have been", id("gone"));
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.contains("ValidationException: "), "{message}");
    let findings = desk.findings();
    let updated: Vec<&String> =
        findings.iter().filter(|(_, one)| one["UpdatedAt"] == NOW).map(|(id, _)| id).collect();
    let mut trails: Vec<String> = (0..99).map(|number| id(&format!("t{number}"))).collect();
    trails.sort_unstable();
    assert_eq!(updated, trails.iter().collect::<Vec<_>>());
    assert_eq!(desk.finding("gone"), with(stored(&id("gone")), "Title", ""));
    // 100, 50, 25, 13, 7, 4, 2 and 1, each with its other half.
    let calls = ran.count(Operation::BatchImportFindings);
    assert!((13..=15).contains(&calls), "{calls}");
}

/// A list of several slow pages takes no time from the evaluation of trails.
#[tokio::test]
async fn a_slow_list_of_findings_does_not_stop_the_import() {
    let mut state = two_trails(&[]);
    let others = (0..900).map(|number| stored(&format!("other/{number}")));
    state.findings = others.chain([stored(&id("gone"))]).collect();
    let desk = ImportDesk::open(state).await;
    let slow = trailseal_lab::FaultKind::Slow(std::time::Duration::from_millis(1500));
    let every = trailseal_lab::Position::Every;
    desk.lab.inject(trailseal_lab::Fault::of(Operation::GetFindings, every, slow));
    let ran = desk.run_within(NOW, std::time::Duration::from_secs(10)).await;
    let message = ran.partly();
    let expected = "2 findings were imported, but no finding was archived: the time of this";
    assert!(message.starts_with(expected), "{message}");
    assert!(ran.count(Operation::GetFindings) > 1, "{:?}", ran.calls);
    assert_eq!(["t0", "t1"].map(|name| desk.state_of(name).0), ["PASSED", "PASSED"]);
    assert_eq!(desk.finding("gone"), stored(&id("gone")));
}

/// Security Hub does so; the workflow status of a finding that still passes or fails stays.
#[tokio::test]
async fn a_finding_that_passes_no_longer_is_new_again() {
    let mut state = two_trails(&[]);
    state.findings = ["t0", "t1"].map(|name| stored(&id(name))).to_vec();
    state.keys[1].state = "Disabled".to_owned();
    let desk = ImportDesk::open(state).await;
    desk.run().await.done();
    let workflow = |name: &str| desk.finding(name)["Workflow"]["Status"].clone();
    assert_eq!(["t0", "t1"].map(workflow), ["NOTIFIED", "NEW"]);
}

#[tokio::test]
async fn a_trail_that_cannot_be_evaluated_keeps_its_finding() {
    let mut state = two_trails(&[]);
    state.findings = vec![stored(&id("t1"))];
    let desk = ImportDesk::open(state).await;
    let kind = trailseal_lab::FaultKind::from_name("internal-error", std::time::Duration::ZERO);
    let fault = trailseal_lab::Fault::of(
        Operation::DescribeKey,
        trailseal_lab::Position::Every,
        kind.unwrap(),
    );
    desk.lab.inject(fault.about(accounts::key_arn(ACCOUNT, REGION, 1)));
    let message = desk.run().await.partly();
    assert!(message.contains("trail/t1 was not evaluated: kms:DescribeKey"), "{message}");
    assert_eq!(desk.finding("t1"), stored(&id("t1")));
    assert_eq!(desk.finding("t0")["UpdatedAt"], NOW);
}

#[tokio::test]
async fn refused_evidence_is_a_warning() {
    let mut state = two_trails(&[("unverified", "COMPLIANT")]);
    state.denials.push(denial("kms:DescribeKey"));
    let desk = ImportDesk::open(state).await;
    desk.run().await.done();
    let finding = desk.finding("t0");
    assert_eq!(finding["Compliance"]["Status"], "WARNING");
    assert_eq!(finding["ProductFields"]["trailseal/Compliance"], "COMPLIANT");
    assert_eq!(finding["ProductFields"]["trailseal/Unverified"], "true");
}

#[tokio::test]
async fn without_the_rule_or_its_trails_nothing_is_imported_or_archived() {
    for (parameters, denied, part) in [
        (&[("profile", "loose"), ("no", "1")][..], None, "`ruleParameters.no` is not a parameter"),
        (&[], Some("config:DescribeConfigRules"), "config:DescribeConfigRules in us-east-1 was"),
        (&[], Some("cloudtrail:DescribeTrails"), "cloudtrail:DescribeTrails in us-east-1 was"),
    ] {
        let mut state = two_trails(parameters);
        state.findings = vec![stored(&id("gone"))];
        state.denials.extend(denied.map(denial));
        let desk = ImportDesk::open(state).await;
        let ran = desk.run().await;
        let message = ran.nothing();
        assert!(message.contains(part), "{message}");
        assert_eq!(desk.findings().into_values().collect::<Vec<_>>(), [stored(&id("gone"))]);
        assert_eq!(ran.count(Operation::BatchImportFindings), 0);
    }
    let desk = ImportDesk::open(two_trails(&[])).await;
    desk.lab.delete_rule(ACCOUNT, REGION, accounts::RULE);
    let message = desk.run().await.nothing();
    assert!(message.contains("NoSuchConfigRuleException"), "{message}");
}

#[tokio::test]
async fn the_deadline_ends_a_run_with_an_error() {
    let desk = ImportDesk::open(two_trails(&[])).await;
    desk.lab.set_latency(std::time::Duration::from_millis(300));
    let message = desk.run_within(BEFORE, std::time::Duration::from_millis(50)).await.nothing();
    assert!(message.contains("the time of this invocation ran out"), "{message}");
}
