//! Findings that Security Hub already has.

use serde_json::{Value, json};
use trailseal_lab::{Operation, State};

use super::{BEFORE, ImportDesk, LATER, id, product, stored, two_trails, with};
use crate::acceptance::harness::{ACCOUNT, NOW, REGION};

async fn desk_with(findings: Vec<Value>) -> ImportDesk {
    ImportDesk::open(State { findings, ..two_trails(&[]) }).await
}

#[tokio::test]
async fn only_findings_of_trails_of_this_account_and_region_are_archived() {
    let region = product().replace(REGION, "eu-west-1");
    let other = product().replace(ACCOUNT, "444455556666");
    let spared = [
        // What `trailseal logs` and `trailseal preview` find.
        stored(&format!("{}/log-files", id("gone"))),
        stored("trailseal/preview/template.yaml/Trail"),
        stored(&format!("trailseal/{ACCOUNT}/eu-west-1/gone")),
        stored(&format!("trailseal/444455556666/{REGION}/gone")),
        with(stored(&id("of-another-generator")), "GeneratorId", "trailseal-of-somebody"),
        with(stored(&id("of-another-region")), "ProductArn", &region),
        with(stored(&id("of-another-product")), "ProductArn", &other),
        with(stored(&id("archived")), "RecordState", "ARCHIVED"),
    ];
    let gone = [
        stored(&id("gone")),
        stored(&format!("{}@444455556666", id("copy"))),
        stored(&id(ACCOUNT)),
    ];
    let desk = desk_with([&spared[..], &gone].concat()).await;
    let summary = desk.run().await.done();
    assert_eq!((summary.accepted, summary.archived), (5, 3));
    let findings = desk.lab.state().findings;
    for finding in &spared {
        assert!(findings.contains(finding), "{finding:#}");
    }
    for finding in &gone {
        let id = finding["Id"].as_str().unwrap();
        let found = &desk.findings()[id];
        assert_eq!((&found["RecordState"], &found["UpdatedAt"]), (&json!("ARCHIVED"), &json!(NOW)));
        assert_eq!(found["Compliance"], finding["Compliance"]);
        assert_eq!((&found["Note"], &found["Workflow"]), (&finding["Note"], &finding["Workflow"]));
    }
}

/// Security Hub refuses members that are the customer's; the lab refuses every unknown member.
#[tokio::test]
async fn an_archived_finding_is_sent_without_what_security_hub_added() {
    let desk = desk_with(vec![stored(&id("gone"))]).await;
    let ran = desk.run().await;
    ran.done();
    let import = Operation::BatchImportFindings.iam();
    let call = ran.calls.iter().find(|call| call.operation == import).unwrap();
    let sent = call.request["Findings"].as_array().unwrap();
    let gone = sent.iter().find(|one| one["Id"] == id("gone")).unwrap();
    assert_eq!(gone["ProductFields"], json!({ "trailseal/Profile": "strict" }));
    let mut expected = with(stored(&id("gone")), "RecordState", "ARCHIVED");
    expected["UpdatedAt"] = json!(NOW);
    expected["ProductFields"] = gone["ProductFields"].clone();
    for name in ["Note", "Workflow", "ProductName"] {
        expected.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(*gone, expected);
}

/// The pages of other findings are empty after the filter.
#[tokio::test]
async fn findings_are_read_to_the_last_page() {
    let others =
        (0..150).map(|number| with(stored(&format!("other/{number}")), "GeneratorId", "another"));
    let desk = desk_with(others.chain([stored(&id("gone"))]).collect()).await;
    let ran = desk.run().await;
    assert_eq!(ran.done().archived, 1);
    assert_eq!(ran.count(Operation::GetFindings), 2);
    assert_eq!(desk.state_of("gone").1, "ARCHIVED");
}

#[tokio::test]
async fn without_the_list_of_findings_trails_are_imported_and_nothing_is_archived() {
    let mut state = two_trails(&[]);
    state.findings = vec![stored(&id("gone"))];
    state.denials.push(accounts::denial("securityhub:GetFindings"));
    let desk = ImportDesk::open(state).await;
    let message = desk.run().await.partly();
    let expected = "2 findings were imported, but no finding was archived: securityhub:GetFindings";
    assert!(message.starts_with(expected), "{message}");
    assert_eq!(desk.finding("gone"), stored(&id("gone")));
    assert_eq!(desk.finding("t0")["UpdatedAt"], NOW);
}

/// Without the list it is not known when a finding was made first, so that it is made now; Security
/// Hub itself does not replace newer evidence.
#[tokio::test]
async fn without_the_list_of_findings_the_first_time_is_lost_and_nothing_else() {
    let mut state = two_trails(&[]);
    let newer = with(stored(&id("t1")), "UpdatedAt", LATER);
    state.findings = vec![stored(&id("t0")), newer.clone()];
    state.denials.push(accounts::denial("securityhub:GetFindings"));
    let desk = ImportDesk::open(state).await;
    desk.run().await.partly();
    let updated = desk.finding("t0");
    assert_eq!((&updated["CreatedAt"], &updated["UpdatedAt"]), (&json!(NOW), &json!(NOW)));
    assert_eq!(updated["Note"], stored(&id("t0"))["Note"]);
    assert_eq!(desk.finding("t1"), newer);
}

/// Two runs at a time, or an audit beside a run: the later evidence stays.
#[tokio::test]
async fn newer_evidence_is_not_replaced() {
    let newer = with(stored(&id("t0")), "UpdatedAt", NOW);
    let desk = desk_with(vec![newer.clone()]).await;
    let summary = desk.run().await.done();
    assert_eq!((summary.accepted, summary.newer), (1, 1));
    assert_eq!(desk.finding("t0"), newer);
}

/// Security Hub would ignore every update until then.
#[tokio::test]
async fn a_finding_of_the_future_is_an_error() {
    let future = with(stored(&id("t0")), "UpdatedAt", LATER);
    let gone = with(stored(&id("gone")), "UpdatedAt", LATER);
    let desk = desk_with(vec![future, gone]).await;
    let message = desk.run().await.partly();
    for name in ["t0", "gone"] {
        let expected =
            format!("finding {} was updated at {LATER}, which is in the future", id(name));
        assert!(message.contains(&expected), "{message}");
    }
    assert_eq!(desk.finding("t1")["UpdatedAt"], NOW);
}

/// What is not sent is not counted as archived, and a clock may be a little ahead.
#[tokio::test]
async fn a_finding_that_is_left_alone_is_not_counted_as_archived() {
    let ahead = with(stored(&id("gone")), "UpdatedAt", "2026-11-23T12:04:00.000Z");
    let desk = desk_with(vec![ahead.clone()]).await;
    let summary = desk.run().await.done();
    assert_eq!((summary.accepted, summary.archived, summary.newer), (2, 0, 1));
    assert_eq!(desk.finding("gone"), ahead);
}

#[tokio::test]
async fn a_finding_whose_times_cannot_be_read_is_replaced() {
    let odd = with(with(stored(&id("t0")), "CreatedAt", "soon"), "UpdatedAt", BEFORE);
    let desk = desk_with(vec![odd]).await;
    desk.run().await.done();
    assert_eq!(desk.finding("t0")["CreatedAt"], NOW);
}
