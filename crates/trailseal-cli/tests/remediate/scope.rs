//! Without names: what a run does not plan is said, and is not "nothing to do".

use serde_json::{Value, json};
use trailseal_lab::Lab;

use super::support::{ACCOUNT, Ended, KEY, NEIGHBOUR, TRAIL, denied, folder, policy, run, state};

const NOTHING: &str = "No trail fails: nothing to do\n";
const OF_OTHERS: &str = "arn:aws:cloudtrail:us-east-1:444455556666:trail/audit";

/// A report of these results; complete without problems.
fn report(trails: &[Value], parameters: &Value, problems: &[Value]) -> Value {
    let count =
        |member: &str, value: Value| trails.iter().filter(|trail| trail[member] == value).count();
    json!({
        "version": 1,
        "tool": { "name": "trailseal", "version": "0" },
        "generatedAt": "2026-11-24T00:00:00.000Z",
        "complete": problems.is_empty(),
        "summary": {
            "trails": trails.len(),
            "nonCompliant": count("compliance", json!("NON_COMPLIANT")),
            "compliant": count("compliance", json!("COMPLIANT")),
            "notApplicable": 0,
            "unverified": count("unverified", json!(true)),
            "files": 0, "filesSkipped": 0, "accounts": 0, "accountsWithProblems": 0
        },
        "parameters": parameters, "controls": [], "accounts": [], "problems": problems,
        "trails": trails,
    })
}

/// A result that the check `sse-kms-enabled` or, if it is unverified, `key-customer-managed` gives.
fn result(arn: Option<&str>, region: &str, compliance: &str, is_unverified: bool) -> Value {
    let check = |id: &str, outcome: &str| {
        let what = (outcome != "pass").then_some("a cause");
        json!({ "id": id, "outcome": outcome, "what": what, "why": "", "fix": null })
    };
    let checks = match (arn, is_unverified) {
        (None, _) => vec![],
        (Some(_), false) => vec![check("sse-kms-enabled", "fail")],
        (Some(_), true) => {
            vec![check("sse-kms-enabled", "pass"), check("key-customer-managed", "unknown")]
        }
    };
    let reason = arn.is_none().then_some("no trail is visible in this account and Region");
    json!({
        "resourceId": if arn.is_some() { "audit" } else { ACCOUNT },
        "arn": arn, "account": ACCOUNT, "region": region, "compliance": compliance,
        "unverified": is_unverified, "annotation": "",
        "key": is_unverified.then_some(KEY), "bucket": null, "reason": reason, "notes": [],
        "evidence": null, "checks": checks, "captured": null, "source": region,
    })
}

fn run_report(lab: &Lab, name: &str, report: &Value, more: &[&str]) -> Ended {
    let folder = folder(&format!("scope-{name}"));
    std::fs::write(folder.join("report.json"), report.to_string()).unwrap();
    run(lab, &folder, &[&["--report", "report.json", "--key", KEY], more].concat())
}

/// An account whose two trails are sealed.
async fn sealed() -> Lab {
    let mut sealed = state(Some(KEY));
    sealed.keys[0].policy = Some(policy(&[TRAIL, NEIGHBOUR]).to_string());
    Lab::start(sealed).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_do_is_said_only_if_no_trail_fails() {
    let lab = sealed().await;
    let ended = run(&lab, &folder("scope-sealed"), &["--key", KEY]).expect(0);
    assert_eq!(ended.out, NOTHING);
    lab.edit(|state| state.denials.push(denied("kms:DescribeKey")));
    let ended = run(&lab, &folder("scope-denied"), &["--key", KEY]).expect(1);
    assert!(ended.out.starts_with("No plan was made for\n"), "{}", ended.out);
    let line = format!("  {TRAIL}: could not verify ");
    assert!(ended.out.contains(&line), "{}", ended.out);
    assert!(ended.out.contains("kms:DescribeKey was denied"), "{}", ended.out);
    let ended = run(&lab, &folder("scope-json"), &["--key", KEY, "-o", "json"]).expect(1);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["trails"], json!([]));
    assert_eq!(document["notPlanned"][1]["what"], NEIGHBOUR, "{document:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_planned_is_said_beside_a_plan() {
    let lab = Lab::start(state(None)).await.unwrap();
    let results =
        [TRAIL, OF_OTHERS].map(|arn| result(Some(arn), "us-east-1", "NON_COMPLIANT", false));
    let ended = run_report(&lab, "beside", &report(&results, &json!({}), &[]), &[]).expect(1);
    assert!(ended.out.contains("Plan to seal trail"), "{}", ended.out);
    let block = format!("\nNo plan was made for\n  {OF_OTHERS}: ");
    assert!(ended.out.contains(&block), "{}", ended.out);
    let last = ended.out.lines().last().unwrap();
    assert!(last.starts_with("Nothing was changed. To apply: "), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_trail_is_said_if_the_parameters_ask_for_one() {
    let mut none = state(None);
    none.trails.clear();
    let lab = Lab::start(none).await.unwrap();
    run(&lab, &folder("scope-none"), &["--key", KEY]).expect(0);
    let strict = ["--key", KEY, "-p", "noTrails=NON_COMPLIANT"];
    let ended = run(&lab, &folder("scope-none-strict"), &strict).expect(1);
    let line = "  account 111122223333 in us-east-1: no trail is visible";
    assert!(ended.out.contains(line) && !ended.out.contains(NOTHING), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_trail_of_another_region_is_said() {
    let mut copies = state(Some(KEY));
    copies.accounts[0].regions.push("eu-west-1".to_owned());
    copies.trails[0].is_multi_region_trail = true;
    copies.keys[0].policy = Some(policy(&[TRAIL, NEIGHBOUR]).to_string());
    let lab = Lab::start(copies).await.unwrap();
    let elsewhere = ["--key", KEY, "--region", "eu-west-1"];
    let ended = run(&lab, &folder("scope-copy"), &elsewhere).expect(0);
    let line = format!("  {TRAIL}: its home Region us-east-1 was not searched");
    assert!(ended.out.contains(&line) && !ended.out.contains(NOTHING), "{}", ended.out);
    let both = ["--key", KEY, "--region", "eu-west-1,us-east-1"];
    let ended = run(&lab, &folder("scope-copy-both"), &both).expect(0);
    assert_eq!(ended.out, NOTHING);
    let exempt = "exemptTrails=arn:aws:cloudtrail:us-east-1:111122223333:trail/*";
    let ended = run(&lab, &folder("scope-exempt"), &[&elsewhere[..], &["-p", exempt]].concat());
    assert_eq!(ended.expect(0).out, NOTHING);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_leaves_something_to_fix_is_not_nothing_to_do() {
    let lab = sealed().await;
    let fails = |arn| result(Some(arn), "us-east-1", "NON_COMPLIANT", false);
    let denied = json!({ "source": "aws/111122223333/us-west-2", "message": "denied" });
    let partial = report(&[], &json!({}), &[denied]);
    let of_others = report(&[fails(OF_OTHERS)], &json!({}), &[]);
    let no_trail = result(None, "us-east-1", "NON_COMPLIANT", false);
    let no_trail = report(&[no_trail], &json!({ "noTrails": "NON_COMPLIANT" }), &[]);
    let hidden = result(Some(TRAIL), "us-east-1", "COMPLIANT", true);
    let hidden = report(&[hidden], &json!({ "unverified": "COMPLIANT", "profile": "cis" }), &[]);
    for (name, report, code, line) in [
        ("partial", partial, 2, "report.json: the report is partial (1 problem)".to_owned()),
        ("others", of_others, 1, format!("{OF_OTHERS}: the credentials belong to account")),
        ("none", no_trail, 1, "account 111122223333 in us-east-1: no trail".to_owned()),
        ("hidden", hidden, 1, format!("{TRAIL}: it could not be verified")),
    ] {
        let ended = run_report(&lab, name, &report, &[]).expect(code);
        assert!(ended.out.starts_with("No plan was made for\n"), "{}", ended.out);
        assert!(ended.out.contains(&format!("  {line}")), "{name}: {}", ended.out);
        let ended = run_report(&lab, name, &report, &["-o", "json"]).expect(code);
        let document: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(document["notPlanned"].as_array().unwrap().len(), 1, "{document:#}");
    }
    let ended = run_report(&lab, "whole", &report(&[], &json!({}), &[]), &[]).expect(0);
    assert_eq!(ended.out, NOTHING);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_a_report_lists_twice_gets_one_plan() {
    let lab = Lab::start(state(None)).await.unwrap();
    let fails = |region| result(Some(TRAIL), region, "NON_COMPLIANT", false);
    let copies = json!({ "replicas": "EVALUATE" });
    let report = report(&[fails("eu-west-1"), fails("us-east-1")], &copies, &[]);
    let ended = run_report(&lab, "twice", &report, &[]).expect(0);
    assert_eq!(ended.out.matches("Plan to seal").count(), 1, "{}", ended.out);
    let folder = folder("scope-twice-new");
    std::fs::write(folder.join("report.json"), report.to_string()).unwrap();
    let ended = run(&lab, &folder, &["--report", "report.json", "--create-key"]).expect(0);
    assert_eq!(ended.out.matches("Plan to seal").count(), 1, "{}", ended.out);
    let ended = run(&lab, &folder, &["audit", "audit", "--create-key"]).expect(0);
    assert_eq!(ended.out.matches("Plan to seal").count(), 1, "{}", ended.out);
    // A copy that could not be verified says nothing against the plan of its trail.
    let hides = json!({ "replicas": "EVALUATE", "unverified": "COMPLIANT", "profile": "cis" });
    let open = |region| result(Some(TRAIL), region, "COMPLIANT", true);
    let some = [open("eu-west-1"), fails("us-east-1"), open("us-west-2")];
    let some = self::report(&some, &hides, &[]);
    let ended = run_report(&lab, "twice-some", &some, &[]).expect(0);
    assert_eq!(ended.out.matches("Plan to seal").count(), 1, "{}", ended.out);
    assert!(!ended.out.contains("No plan was made"), "{}", ended.out);
    let none = self::report(&[open("eu-west-1"), open("us-west-2")], &hides, &[]);
    let ended = run_report(&lab, "twice-none", &none, &[]).expect(1);
    assert_eq!(ended.out.matches(TRAIL).count(), 1, "{}", ended.out);
}
