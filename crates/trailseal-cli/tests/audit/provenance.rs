//! What a report of an audit says of its population, its scope and its making.

use serde_json::{Value, json};
use trailseal_lab::{OrganizationAccount, State};
use trailseal_rule::Timestamp;

use super::desk::{Desk, MANAGEMENT, MEMBER, ORGANIZATION, Run, denial, member, says};

const JSON: [&str; 2] = ["-o", "json"];

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_not_counted_in_headlines() {
    let desk = Desk::open().await;
    let run = desk.run(MANAGEMENT, &[]).exits(1);
    let line = "10 trails: 7 non-compliant, 3 compliant, 0 not applicable; 10 copies are not \
                counted (1 account audited)";
    says(&run.out, &[line]);
    let run = desk.run(MANAGEMENT, &JSON).exits(1);
    assert_eq!(run.summary(["trails", "copies", "notApplicable"]), [20, 10, 10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_without_trails_are_not_counted_as_trails() {
    let mut state = State::organization(2, &["us-east-1"], "Audit");
    state.trails.clear();
    let desk = Desk::with(state).await;
    let asked = [ORGANIZATION.as_slice(), &["-p", "noTrails=NON_COMPLIANT"]].concat();
    let run = desk.run(&member(0), &asked).exits(1);
    let line = "0 trails, and 2 accounts have no trail in 2 Regions: 2 non-compliant, 0 compliant, \
                0 not applicable (2 accounts audited)";
    says(&run.out, &[line]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_progress_does_not_count_copies() {
    let run = Desk::open().await.run(MANAGEMENT, &["--progress"]).exits(1);
    says(&run.err, &["progress: 1 of 1 accounts, 10 trails, 7 findings"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_is_requested_completed_refused_and_skipped() {
    let mut state = State::organization(4, &["us-east-1"], "Audit");
    state.denials.push(denial(&member(1), "account:ListRegions"));
    state.organization_accounts.push(OrganizationAccount {
        id: member(3),
        name: None,
        state: "SUSPENDED".to_owned(),
    });
    let desk = Desk::with(state).await;
    let run = desk.run(&member(0), &ORGANIZATION).exits(2);
    says(&run.out, &["(4 accounts requested: 2 completed, 1 refused, 1 skipped)"]);
}

/// Each Region that does not exist is named once, before any call, with advice that can be followed.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_regions_all_refused_is_refused() {
    let desk = Desk::open().await;
    for regions in ["us-esat-1,us-wset-2", "us-esat-1", "us-esat-1,af-south-1"] {
        let run = desk.run(MANAGEMENT, &["--region", regions]).exits(2);
        says(&run.out, &["(1 account requested: 0 completed, 1 refused)"]);
        let unknown = regions.matches("s-esat-").count() + regions.matches("s-wset-").count();
        assert_eq!(run.err.matches("warning: --region: ").count(), unknown, "{}", run.err);
        assert_eq!(run.err.matches("did you mean").count(), unknown, "{}", run.err);
        let contradiction = "us-esat-1 failed: InvalidClientTokenId; the Region is not enabled";
        assert!(!run.err.contains(contradiction), "{}", run.err);
    }
    let run = desk.run(MANAGEMENT, &["--region", "us-east-1,us-esat-1"]).exits(2);
    says(&run.out, &["(1 account requested: 1 completed (1 with problems))"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exemption_is_removed_only_if_the_scope_of_the_report_covers_it() {
    let desk = Desk::open().await;
    let warning = |pattern: &str, options: &[&str]| {
        let pattern = format!("arn:aws:cloudtrail:{pattern}:trail/no-such-trail");
        let parameter = format!("exemptTrails={pattern}");
        let run = desk.run(MANAGEMENT, &[&["-p", &parameter], options].concat());
        let line = run.err.lines().find(|line| line.contains(&pattern)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{}", run.err))
    };
    let covered = format!("us-east-1:{MANAGEMENT}");
    let line = warning(&covered, &[]);
    assert!(line.ends_with(" matches no trail of this report: correct or remove it"), "{line}");
    let other_account = format!("us-east-1:{MEMBER}");
    for (pattern, options) in [
        (other_account.as_str(), &[][..]),
        ("us-east-1:*", &[]),
        (&covered, &["--region", "eu-west-1"]),
        (&covered, &["--region", "us-east-1,us-esat-1"]),
    ] {
        says(&warning(pattern, options), &["may match one that was not evaluated"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_says_who_ran_it_when_and_over_what() {
    let desk = Desk::open().await;
    let secret = "trailseal-central";
    let accounts = format!("{MANAGEMENT},{MEMBER}");
    let asked =
        ["--accounts", &accounts, "--role-name", "trailseal-member", "--external-id", secret];
    let run = desk.run(MANAGEMENT, &[asked.as_slice(), &JSON].concat());
    let report = run.report();
    let made = &report["run"];
    assert_eq!(made["command"], "audit");
    let shown =
        ["--accounts", &accounts, "--role-name", "trailseal-member", "--external-id", "***"];
    assert_eq!(made["arguments"], json!([shown.as_slice(), &JSON].concat()));
    assert!(!run.out.contains(secret), "{}", run.out);
    assert_eq!(made["caller"]["account"], MANAGEMENT);
    says(made["caller"]["arn"].as_str().unwrap(), &["assumed-role/trailseal-function"]);
    assert_eq!((&made["interrupted"], &report["inputs"]), (&json!(false), &json!([])));
    let time = |value: &Value| Timestamp::parse(value.as_str().unwrap()).unwrap();
    let (started, finished) = (time(&made["startedAt"]), time(&made["finishedAt"]));
    let is_during = |read_at: Timestamp| started <= read_at && read_at <= finished;
    let trails = report["trails"].as_array().unwrap();
    assert!(trails.iter().all(|trail| is_during(time(&trail["readAt"]))), "{}", run.out);
    // Each fact that was read has the time of the answer.
    let judged: Vec<&Value> =
        trails.iter().map(|trail| &trail["evidence"]).filter(|one| !one.is_null()).collect();
    assert!(!judged.is_empty());
    for evidence in judged {
        for fact in ["key", "bucketRegion"] {
            let is_known = evidence[fact]["reading"] == "known";
            assert!(!is_known || is_during(time(&evidence["readAt"][fact])), "{evidence}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_names_the_environment_variables_that_set_options() {
    let desk = Desk::open().await;
    let secret = "trailseal-central";
    let mut command = desk.command(MANAGEMENT, &JSON);
    command.envs([
        ("TRAILSEAL_ACCOUNTS", MEMBER),
        ("TRAILSEAL_ROLE_NAME", "trailseal-member"),
        ("TRAILSEAL_EXTERNAL_ID", secret),
        ("TRAILSEAL_CONCURRENCY", "4"),
        ("TRAILSEAL_OUTPUT", "csv"),
    ]);
    let run = Run::of(&mut command);
    let report = run.report();
    assert_eq!(report["accounts"][0]["id"], MEMBER);
    // The command line has priority, so `csv` was not used.
    let expected = json!({
        "TRAILSEAL_ACCOUNTS": MEMBER, "TRAILSEAL_ROLE_NAME": "trailseal-member",
        "TRAILSEAL_EXTERNAL_ID": "***", "TRAILSEAL_CONCURRENCY": "4",
    });
    assert_eq!(report["run"]["environment"], expected);
    assert!(!run.out.contains(secret) && !run.err.contains(secret), "{run:?}");
}
