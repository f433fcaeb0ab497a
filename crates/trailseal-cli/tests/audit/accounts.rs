//! The audited accounts and Regions, the number of calls, and the report of each account.

use serde_json::{Value, json};
use trailseal_lab::{Membership, OrganizationAccount, State};

use super::desk::{AS_MEMBER, Desk, MANAGEMENT, MEMBER, caller, denial, member, says};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
const JSON: [&str; 2] = ["-o", "json"];

fn organization(accounts: u32) -> State {
    State::organization(accounts, &REGIONS, "Audit")
}

#[tokio::test(flavor = "multi_thread")]
async fn audits_the_callers_account_in_all_its_regions() {
    let desk = Desk::open().await;
    let run = desk.run(MANAGEMENT, &JSON).exits(1);
    assert_eq!(run.report()["complete"], true);
    // Shadow trails: nine of us-east-1 in eu-west-1, and one of eu-west-1 in us-east-1.
    assert_eq!(run.summary(["nonCompliant", "compliant", "notApplicable"]), [7, 3, 10]);
    let counts = desk.lab.call_counts();
    let expected = [
        ("account:ListRegions", 1),
        ("cloudtrail:DescribeTrails", 2),
        ("kms:DescribeKey", 7),
        ("s3:HeadBucket", 2),
        ("sts:GetCallerIdentity", 1),
    ];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!(desk.lab.created_aws_managed_keys(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn evaluates_each_organization_trail_once_in_its_home_region() {
    let desk = Desk::of_organization(12, &REGIONS).await;
    // The trail of the tenth account has no key.
    let run = desk.audit_organization(&JSON).exits(1);
    let report = run.report();
    let verdicts = run.verdicts();
    let home =
        |account: u64, name: &str| &verdicts[&format!("{}/us-east-1/{name}", member(account))];
    assert_eq!(home(0, "organization"), "COMPLIANT");
    assert_eq!(
        (home(3, "main").as_str(), home(9, "main").as_str()),
        ("COMPLIANT", "NON_COMPLIANT")
    );
    for account in 1..12 {
        assert_eq!(home(account, "organization"), "NOT_APPLICABLE");
    }
    let mut trails = report["trails"].as_array().unwrap().iter();
    let is_copy = |trail: &&Value| {
        trail["resourceId"] == "organization" && trail["account"] == member(3).as_str()
    };
    let copy = trails.find(is_copy).unwrap();
    says(copy["reason"].as_str().unwrap(), &[&member(0)]);
    assert_eq!(copy["notes"], json!([]));
    assert_eq!(run.summary(["accounts", "accountsWithProblems"]), [12, 0]);
    assert_eq!(report["accounts"][3]["name"], format!("account {}", member(3)));
    assert_eq!(report["accounts"][3]["regions"].as_array().unwrap().len(), 3);
    let counts = desk.lab.call_counts();
    for (name, count) in [
        ("organizations:ListAccounts", 1),
        ("sts:AssumeRole", 11),
        ("account:ListRegions", 12),
        ("cloudtrail:DescribeTrails", 36),
        // One key in each account except the tenth, and the key of the organization trail.
        ("kms:DescribeKey", 12),
    ] {
        assert_eq!(counts.get(name), Some(&count), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_counts_copies_but_does_not_list_them() {
    let desk = Desk::of_organization(4, &REGIONS).await;
    let run = desk.audit_organization(&[]).exits(0);
    // The organization trail in 3 accounts × 3 Regions, its 2 shadow trails, and 4 × 2 others.
    says(&run.out, &["and 19 copies of trails", "(4 accounts audited)"]);
    assert!(!run.out.contains("organization\n"), "{}", run.out);
    assert!(!run.out.contains("NOT EVALUATED"), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn audits_listed_accounts_and_regions() {
    let desk = Desk::open().await;
    let accounts = format!("{MEMBER},{MANAGEMENT},{MEMBER}");
    let asked = ["--accounts", &accounts, "--region", "eu-west-1,eu-west-1"];
    // Copies of trails of other Regions are listed, but not evaluated.
    let run = desk.run(MANAGEMENT, &[&asked, AS_MEMBER.as_slice(), &JSON].concat()).exits(2);
    let counts = desk.lab.call_counts();
    assert_eq!(counts.get("cloudtrail:DescribeTrails"), Some(&2));
    assert_eq!(counts.get("account:ListRegions"), None);
    assert_eq!(run.summary(["accounts"]), [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn skips_and_reports_inactive_accounts() {
    let mut state = organization(3);
    state.organization_accounts.push(OrganizationAccount {
        id: member(2),
        name: Some("closed one".to_owned()),
        state: "SUSPENDED".to_owned(),
    });
    let desk = Desk::with(state).await;
    let run = desk.audit_organization(&[]).exits(0);
    let line = format!("SKIPPED: {} (closed one): the account is SUSPENDED", member(2));
    says(&run.out, &[&line]);
    let report = desk.audit_organization(&JSON).report();
    assert_eq!(report["complete"], true);
    assert_eq!(report["accounts"][2]["regions"], json!([]));
    assert!(desk.lab.take_calls().iter().all(|call| call.account != Some(member(2))));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_accounts_without_a_trail_and_evaluates_them_on_request() {
    let mut state = organization(2);
    state.trails.clear();
    let desk = Desk::with(state).await;
    let run = desk.audit_organization(&[]).exits(0);
    for number in [0, 1] {
        let account = member(number);
        let line = format!("NO TRAIL SEEN: {account} (account {account}): in none of its");
        says(&run.out, &[&format!("{line} 3 audited Regions")]);
    }
    let run = desk.audit_organization(&["-p", "noTrails=NON_COMPLIANT", "-o", "json"]).exits(1);
    let verdicts = run.verdicts();
    assert_eq!(verdicts.len(), 6);
    assert_eq!(verdicts[&format!("{0}/eu-west-1/{0}", member(1))], "NON_COMPLIANT");
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_calls_and_progress_on_request() {
    let desk = Desk::of_organization(3, &REGIONS).await;
    let stderr = |more: &[&str]| desk.audit_organization(more).err;
    let verbose = stderr(&["--verbose", "--progress"]);
    let line = format!(
        "calls: account {0} (account {0}): account:ListRegions 1, cloudtrail:DescribeTrails 3, \
         kms:DescribeKey 1, s3:HeadBucket 1",
        member(1)
    );
    let others = "calls: other calls: organizations:ListAccounts 1, sts:AssumeRole 2, sts:GetCallerIdentity 1";
    says(&verbose, &[&line, others, "progress: 3 of 3 accounts, 4 trails, 0 findings"]);
    // Standard error is not a terminal, so progress is off by default. The caller is always shown.
    assert_eq!(stderr(&[]), caller(&member(0), "us-east-1"));
    assert_eq!(stderr(&["--quiet"]), "");
}

/// One line for each request that the lab answered, and nothing that is secret.
#[tokio::test(flavor = "multi_thread")]
async fn twice_verbose_shows_each_request_with_status_and_milliseconds() {
    let desk = Desk::of_organization(2, &REGIONS).await;
    let run = desk.audit_organization(&["-vv"]).exits(0);
    let lines = run.err.lines().filter_map(|line| line.strip_prefix("request: "));
    let mut shown: Vec<(&str, &str, &str)> = lines
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [operation, account, region, status, elapsed, "ms"] = words[..] else {
                panic!("{line}");
            };
            // S3 names the Region of a bucket although it denies the anonymous call.
            assert_eq!(status, if operation == "s3:HeadBucket" { "403" } else { "200" });
            assert!(elapsed.parse::<u64>().is_ok(), "{line}");
            (operation, account, region)
        })
        .collect();
    let calls = desk.lab.take_calls();
    assert_eq!(shown.len(), calls.len(), "{}", run.err);
    shown.sort_unstable();
    shown.dedup();
    for expected in [
        ("sts:GetCallerIdentity", "-", "us-east-1"),
        ("s3:HeadBucket", "-", "us-east-1"),
        ("cloudtrail:DescribeTrails", member(1).as_str(), "eu-west-1"),
    ] {
        assert!(shown.contains(&expected), "{expected:?}: {}", run.err);
    }
    for secret in ["Signature", "Credential", "ASIA", "Token"] {
        assert!(!run.err.contains(secret), "{secret}: {}", run.err);
    }
    let mut state = organization(2);
    state.denials.push(denial(&member(1), "cloudtrail:DescribeTrails"));
    let run = Desk::with(state).await.audit_organization(&["-vv"]).exits(2);
    says(&run.err, &[&format!("request: cloudtrail:DescribeTrails {} us-east-1 400 ", member(1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_call_an_account_outside_the_organization() {
    let mut state = organization(3);
    state.accounts[2].membership = Membership::Outside;
    let desk = Desk::with(state).await;
    assert_eq!(desk.audit_organization(&JSON).summary(["accounts"]), [2]);
}

/// In every format the finding is on the account, not on a deleted trail.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_trails_is_a_finding_on_the_account() {
    let mut state = organization(1);
    state.trails.clear();
    let desk = Desk::with(state).await;
    let asked = ["--region", "us-east-1", "-p", "noTrails=NON_COMPLIANT"];
    for (format, words) in [
        ("asff", ["\"AwsAccount\"", "\"AWS::::Account:100000000000\"", "\"ACTIVE\"", "\"FAILED\""]),
        ("ocsf", ["\"AWS::::Account\"", "\"Create\"", "\"New\"", "\"Fail\""]),
    ] {
        let run = desk.run(&member(0), &[asked.as_slice(), &["-o", format]].concat()).exits(1);
        says(&run.out, &words);
    }
}
