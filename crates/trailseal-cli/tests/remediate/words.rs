//! The output of plans and refusals, and the selection of trails.

use trailseal_lab::Lab;

use super::support::{BROKEN, KEY, NEIGHBOUR, TRAIL, folder, key_of, run, state};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_its_effect_and_changes_nothing() {
    let lab = Lab::start(state(None)).await.unwrap();
    let ended = run(&lab, &folder("plan"), &["audit", "--key", KEY]).expect(0);
    for args in [
        "Plan to seal trail arn:aws:cloudtrail:us-east-1:111122223333:trail/audit",
        "put-key-policy: KMS PutKeyPolicy",
        "update-trail: CloudTrail UpdateTrail",
        "undone by",
        "+",
        "aws cloudtrail update-trail --region us-east-1",
        "\"cloudtrail:UpdateTrail\"",
    ] {
        assert!(ended.out.contains(args), "{args}: {}", ended.out);
    }
    assert_eq!(lab.take_delivery_moments(), []);
    assert_eq!(lab.state(), state(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_nothing_without_confirmation() {
    let lab = Lab::start(state(None)).await.unwrap();
    let ended = run(&lab, &folder("yes"), &["audit", "--key", KEY, "--apply"]).expect(3);
    assert!(ended.err.contains("then add --yes"), "{}", ended.err);
    let ended = run(&lab, &folder("target_key"), &["audit"]).expect(3);
    assert!(ended.err.contains("--create-key"), "{}", ended.err);
    assert!(ended.err.contains("to resume a run, repeat its options"), "{}", ended.err);
    // Both are said before AWS is called.
    assert_eq!(lab.take_calls(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn replaces_or_enables_a_key_only_with_the_option() {
    let lab = Lab::start(state(Some(BROKEN))).await.unwrap();
    let folder = folder("words");
    let ended = run(&lab, &folder, &["audit", "--key", KEY]).expect(1);
    assert!(ended.err.contains("replace-key-not-consented"), "{}", ended.err);
    let ended = run(&lab, &folder, &["audit", "--key", BROKEN]).expect(1);
    assert!(ended.err.contains("--enable-key"), "{}", ended.err);
    let ended = run(&lab, &folder, &["neighbour", "--key", KEY]).expect(0);
    assert!(ended.out.contains("already-sealed"), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_failing_trails_live_or_in_a_report() {
    let mut failing = state(None);
    failing.trails[1].kms_key_id = None;
    let lab = Lab::start(failing.clone()).await.unwrap();
    let all = folder("all");
    let args = ["--key", KEY, "--apply", "--yes", "--wait", "0"];
    let ended = run(&lab, &all, &args).expect(0);
    assert_eq!(ended.out.matches("verdict   COMPLIANT").count(), 2, "{}", ended.out);
    for trail in [TRAIL, NEIGHBOUR] {
        assert_eq!(key_of(&lab.state(), trail).as_deref(), Some(KEY));
    }
    assert_eq!(std::fs::read_dir(&all).unwrap().count(), 2);

    lab.set_state(failing);
    let one = folder("report");
    let report = serde_json::json!({
        "version": 1,
        "tool": { "name": "trailseal", "version": "0" },
        "generatedAt": "2026-11-24T00:00:00.000Z",
        "complete": true,
        "summary": {
            "trails": 1, "nonCompliant": 1, "compliant": 0, "notApplicable": 0, "unverified": 0,
            "files": 0, "filesSkipped": 0, "accounts": 0, "accountsWithProblems": 0
        },
        "parameters": {}, "controls": [], "accounts": [], "problems": [],
        "trails": [{
            "resourceId": "audit", "arn": TRAIL, "account": "111122223333", "region": "us-east-1",
            "compliance": "NON_COMPLIANT", "unverified": false, "annotation": "", "key": null,
            "bucket": null, "reason": null, "notes": [], "evidence": null, "checks": [{
                "id": "sse-kms-enabled", "outcome": "fail", "what": "the trail has no KMS key",
                "why": "", "fix": null
            }],
            "captured": null, "source": "x"
        }]
    });
    std::fs::write(one.join("report.json"), report.to_string()).unwrap();
    run(&lab, &one, &[&["--report", "report.json"], &args[..]].concat()).expect(0);
    assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
    assert_eq!(key_of(&lab.state(), NEIGHBOUR), None);
}
