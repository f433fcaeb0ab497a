//! The tag of the parameter `exemptionTag`, read with the caller's credentials.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use trailseal_lab::{Aggregator, State};
use trailseal_rule::Timestamp;

use super::desk::{Desk, MANAGEMENT, Run, denial, member, says};

const TAG: &str = "trailseal:exempt-until";
const PARAMETER: &str = "exemptionTag=trailseal:exempt-until";

/// The day that is this many days ahead.
fn day(ahead: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + ahead * 86_400;
    Timestamp::from_epoch_millis(i64::try_from(now * 1_000).unwrap()).date()
}

/// Ten accounts, of which the trail of the last has no key but this tag, as all trails have it.
async fn desk(value: &str, denied: bool) -> Desk {
    let mut state = State::organization(10, &["us-east-1"], "Audit");
    for trail in &mut state.trails {
        trail.tags = [(TAG.to_owned(), value.to_owned())].into();
    }
    if denied {
        state.denials.push(denial(&member(9), "cloudtrail:ListTags"));
    }
    Desk::with(state).await
}

fn main_of(report: &Value, account: &str) -> Value {
    let trails = report["trails"].as_array().unwrap().iter();
    let mut of_account =
        trails.filter(|trail| trail["account"] == account && trail["resourceId"] == "main");
    of_account.next().unwrap().clone()
}

fn arn() -> String {
    format!("arn:aws:cloudtrail:us-east-1:{}:trail/main", member(9))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_reads_the_tag_of_failing_trails_only_and_reports_its_source() {
    let until = day(30);
    let desk = desk(&until, false).await;
    let run = desk.audit_organization(&["-o", "json", "-p", PARAMETER]).exits(0);
    let report = run.report();
    let expected = json!([{
        "pattern": arn(), "until": until, "source": format!("tag {TAG}"), "reason": null,
        "approver": null, "state": "active", "trails": 1,
    }]);
    assert_eq!(report["exemptions"], expected);
    let exempt = main_of(&report, &member(9));
    assert_eq!(exempt["compliance"], "NOT_APPLICABLE");
    let why = format!(
        "the trail is exempt until {until} (tag {TAG}): a tag names no reason and no approver"
    );
    assert_eq!(exempt["reason"], why.as_str());
    assert_eq!(main_of(&report, &member(1))["compliance"], "COMPLIANT");
    let read = desk.lab.take_calls().into_iter();
    let read: Vec<Value> = read
        .filter(|call| call.operation == "cloudtrail:ListTags")
        .map(|call| call.request)
        .collect();
    assert_eq!(read, [json!({ "ResourceIdList": [arn()] })]);
    for format in ["table", "html", "csv", "junit", "asff", "ocsf"] {
        assert!(run.rendered(format).contains(TAG), "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_exempts_nothing_is_named() {
    let far = day(91);
    for (value, note) in [
        ("2020-01-01", "its exemption by tag ended on 2020-01-01".to_owned()),
        (far.as_str(), format!("its tag {TAG} is {far}, more than 90 days ahead")),
        ("soon", format!("its tag {TAG} is not a date, YYYY-MM-DD")),
    ] {
        let run = desk(value, false).await.audit_organization(&["-o", "json", "-p", PARAMETER]);
        let run = run.exits(1);
        let report = run.report();
        let trail = main_of(&report, &member(9));
        assert_eq!(trail["compliance"], "NON_COMPLIANT");
        assert_eq!(trail["notes"], json!([note]));
        if value == "2020-01-01" {
            assert_eq!(report["exemptions"][0]["state"], "expired");
            says(
                &run.err,
                &["(tag trailseal:exempt-until) ended on 2020-01-01", "renew or remove"],
            );
        } else {
            assert_eq!(report["exemptions"], json!([]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_cannot_be_read_leaves_the_report_partial() {
    let desk = desk(&day(30), true).await;
    let run = desk.audit_organization(&["-o", "json", "-p", PARAMETER]).exits(2);
    let report = run.report();
    assert_eq!(report["complete"], false);
    assert_eq!(report["exemptions"], json!([]));
    let trail = main_of(&report, &member(9));
    assert_eq!(trail["compliance"], "NON_COMPLIANT");
    assert_eq!(trail["notes"], json!([format!("its tag {TAG} was not read")]));
    let what = format!("exemptionTag {TAG} not read: ");
    says(&run.err, &[&what, "cloudtrail:ListTags in us-east-1 was denied"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_read_no_tags_refuse_the_parameter() {
    let desk = desk("", false).await;
    for command in ["check", "preview"] {
        let file = ["-p", PARAMETER, "Cargo.toml"];
        let run = Run::of(&mut desk.command_of(command, &member(0), &file)).exits(3);
        says(&run.err, &["names the tag trailseal:exempt-until, which is in AWS", command]);
    }
    let mut state = State::default_state().unwrap();
    state.aggregators.push(Aggregator::default());
    let desk = Desk::with(state).await;
    let run = desk.run(MANAGEMENT, &["--aggregator", "all", "-p", PARAMETER]);
    says(run.not_started(), &["exemptionTag=trailseal:exempt-until` cannot be judged"]);
    assert_eq!(desk.lab.take_calls().len(), 0);
}
