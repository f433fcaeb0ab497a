//! The document of `exemptionsFrom`, read with the caller's credentials.

use serde_json::{Value, json};
use trailseal_lab::{Bucket, Encryption, Object, State};

use super::desk::{Desk, Run, denial, member, says};

const DOCUMENT: &str = "exemptionsFrom=s3://exemptions/trails.json";

/// An organization whose management account has the document.
async fn desk(content: &Value, denied: bool) -> Desk {
    let mut state = State::organization(2, &["us-east-1"], "Audit");
    let (account, region) = (member(0), "us-east-1".to_owned());
    state.buckets.push(Bucket {
        name: "exemptions".to_owned(),
        account,
        region,
        ..Bucket::default()
    });
    state.objects.push(Object {
        bucket: "exemptions".to_owned(),
        key: "trails.json".to_owned(),
        size: 0,
        content: Some(content.to_string().into_bytes()),
        file: None,
        last_modified: 0,
        encryption: Encryption::default(),
        storage_class: "STANDARD".to_owned(),
        restore: None,
        owner: None,
        bucket_owner_full_control: false,
        version_id: None,
        delete_marker: false,
    });
    if denied {
        state.denials.push(denial(&member(0), "s3:GetObject"));
    }
    Desk::with(state).await
}

fn entries(until: &str) -> Value {
    let trail = format!("arn:aws:cloudtrail:*:{}:trail/main", member(0));
    json!([{ "trail": trail, "until": until, "reason": "TICKET-1", "approver": "Jane Doe" }])
}

fn run(desk: &Desk) -> Run {
    desk.run(&member(0), &["-o", "json", "-p", DOCUMENT])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_applies_the_document_and_reports_its_source() {
    let report = run(&desk(&entries("2999-12-31"), false).await).report();
    let expected = json!([{
        "pattern": format!("arn:aws:cloudtrail:*:{}:trail/main", member(0)),
        "until": "2999-12-31", "source": "s3://exemptions/trails.json", "reason": "TICKET-1",
        "approver": "Jane Doe", "state": "active", "trails": 1,
    }]);
    assert_eq!(report["exemptions"], expected);
    let trails = report["trails"].as_array().unwrap();
    let main = trails.iter().find(|trail| trail["resourceId"] == "main").unwrap();
    assert_eq!(main["compliance"], "NOT_APPLICABLE");
    let why = "the trail is exempt until 2999-12-31 (s3://exemptions/trails.json): TICKET-1";
    assert_eq!(main["reason"], why);
    let ended = run(&desk(&entries("2020-01-01"), false).await);
    says(&ended.err, &["(s3://exemptions/trails.json) ended on 2020-01-01"]);
    assert!(!ended.verdicts().values().any(|verdict| verdict == "NOT_APPLICABLE"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_does_not_start_without_the_document() {
    let denied = run(&desk(&entries("2999-12-31"), true).await);
    let place = "exemptionsFrom s3://exemptions/trails.json: ";
    says(denied.not_started(), &[place, "s3:GetObject in us-east-1 was denied"]);
    let wrong = run(&desk(&json!([{}]), false).await).exits(3);
    assert_eq!(wrong.err.matches(&format!("error: {place}entry 0")).count(), 4, "{}", wrong.err);
    assert_eq!(wrong.out, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_without_aws_refuse_the_document() {
    let desk = desk(&json!([]), false).await;
    for command in ["check", "preview"] {
        let file = ["-p", DOCUMENT, "Cargo.toml"];
        let run = Run::of(&mut desk.command_of(command, &member(0), &file)).exits(3);
        says(&run.err, &["which is in AWS, and `", command, "reads files only", "--config"]);
    }
    assert_eq!(desk.lab.take_calls().len(), 0);
}
