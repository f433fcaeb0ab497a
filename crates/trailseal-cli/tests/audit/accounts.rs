//! Which accounts and Regions are audited, with how many calls, and what is reported of each.

use trailseal_lab::{Membership, OrganizationAccount, State};

use super::desk::{Desk, EXTERNAL_ID, MANAGEMENT, MEMBER, ROLE, caller, member};

const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
const JSON: [&str; 2] = ["-o", "json"];

fn organization(accounts: u32) -> State {
    State::organization(accounts, &REGIONS, "Audit")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_the_credentials_in_all_its_regions() {
    let desk = Desk::open().await;
    let run = desk.run(MANAGEMENT, &JSON);
    assert_eq!(run.code, 1, "{}", run.err);
    let report = run.report();
    assert_eq!(report["complete"], true);
    assert_eq!(report["summary"]["nonCompliant"], 7);
    assert_eq!(report["summary"]["compliant"], 3);
    // Shadow copies: nine of us-east-1 in eu-west-1, and one the other way.
    assert_eq!(report["summary"]["notApplicable"], 10);
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
async fn each_trail_of_an_organization_is_judged_once_in_its_home_region() {
    let desk = Desk::of_organization(12, &REGIONS).await;
    let management = member(0);
    let run = desk.audit_organization(&JSON);
    // The trail of the tenth account has no key.
    assert_eq!(run.code, 1, "{}", run.err);
    let report = run.report();
    let verdicts = run.verdicts();
    let home = |account: u64, name: &str| {
        verdicts[&(member(account), "us-east-1".to_owned(), name.to_owned())].clone()
    };
    assert_eq!(home(0, "organization"), "COMPLIANT");
    assert_eq!((home(3, "main"), home(9, "main")), ("COMPLIANT".into(), "NON_COMPLIANT".into()));
    for account in 1..12 {
        assert_eq!(home(account, "organization"), "NOT_APPLICABLE");
    }
    let copy = report["trails"].as_array().unwrap().iter().find(|trail| {
        trail["resourceId"] == "organization" && trail["account"] == member(3).as_str()
    });
    let reason = copy.unwrap()["reason"].as_str().unwrap();
    assert!(reason.contains(&management), "{reason}");
    assert_eq!(copy.unwrap()["notes"].as_array().unwrap().len(), 0);
    assert_eq!(report["summary"]["accounts"], 12);
    assert_eq!(report["summary"]["accountsWithProblems"], 0);
    assert_eq!(report["accounts"][3]["name"], format!("account {}", member(3)));
    assert_eq!(report["accounts"][3]["regions"].as_array().unwrap().len(), 3);
    let counts = desk.lab.call_counts();
    let of = |name: &str| counts.get(name).copied().unwrap_or_default();
    assert_eq!((of("organizations:ListAccounts"), of("sts:AssumeRole")), (1, 11));
    assert_eq!((of("account:ListRegions"), of("cloudtrail:DescribeTrails")), (12, 36));
    // One key in each account except the tenth, and that of the organization's trail.
    assert_eq!(of("kms:DescribeKey"), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_counts_copies_but_does_not_list_them() {
    let desk = Desk::of_organization(4, &REGIONS).await;
    let run = desk.audit_organization(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    // 3 accounts × 3 Regions of the organization's trail, its 2 shadow copies, and 4 × 2 others.
    assert!(run.out.contains("and 19 copies of trails"), "{}", run.out);
    assert_eq!(run.out.matches("organization\n").count(), 0);
    assert!(run.out.contains("(4 accounts audited)"), "{}", run.out);
    assert!(!run.out.contains("NOT EVALUATED"), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_accounts_and_regions() {
    let desk = Desk::open().await;
    let accounts = format!("{MEMBER},{MANAGEMENT},{MEMBER}");
    let run = desk.run(
        MANAGEMENT,
        &[
            "--accounts",
            &accounts,
            "--role-name",
            ROLE,
            "--external-id",
            EXTERNAL_ID,
            "--regions",
            "eu-west-1,eu-west-1",
            "-o",
            "json",
        ],
    );
    // Copies of trails of other Regions are seen there, but not evaluated.
    assert_eq!(run.code, 2, "{}", run.err);
    let counts = desk.lab.call_counts();
    assert_eq!(counts.get("cloudtrail:DescribeTrails"), Some(&2));
    assert_eq!(counts.get("account:ListRegions"), None);
    assert_eq!(run.report()["summary"]["accounts"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn inactive_accounts_are_left_out_and_reported() {
    let mut state = organization(3);
    state.organization_accounts.push(OrganizationAccount {
        id: member(2),
        name: Some("closed one".to_owned()),
        state: "SUSPENDED".to_owned(),
    });
    let desk = Desk::with(state).await;
    let run = desk.audit_organization(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    let said = format!("LEFT OUT: {} (closed one): the account is SUSPENDED", member(2));
    assert!(run.out.contains(&said), "{}", run.out);
    let run = desk.audit_organization(&JSON);
    let report = run.report();
    assert_eq!(report["complete"], true);
    assert_eq!(report["accounts"][2]["regions"].as_array().unwrap().len(), 0);
    assert!(desk.lab.take_calls().iter().all(|call| call.account != Some(member(2))));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_without_a_visible_trail_are_reported_and_judged_on_request() {
    let mut state = organization(2);
    state.trails.clear();
    let desk = Desk::with(state).await;
    let run = desk.audit_organization(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    for number in [0, 1] {
        let said = format!(
            "NO TRAIL SEEN: {0} (account {0}): in none of its 3 audited Regions",
            member(number)
        );
        assert!(run.out.contains(&said), "{}", run.out);
    }
    let run = desk.audit_organization(&["-p", "noTrails=NON_COMPLIANT", "-o", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let verdicts = run.verdicts();
    assert_eq!(verdicts.len(), 6);
    let one = (member(1), "eu-west-1".to_owned(), member(1));
    assert_eq!(verdicts[&one], "NON_COMPLIANT");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_progress_are_shown_on_request() {
    let desk = Desk::of_organization(3, &REGIONS).await;
    let stderr = |more: &[&str]| desk.audit_organization(more).err;
    let verbose = stderr(&["--verbose", "--progress"]);
    let said = format!(
        "calls: account {0} (account {0}): account:ListRegions 1, cloudtrail:DescribeTrails 3, \
         kms:DescribeKey 1, s3:HeadBucket 1",
        member(1)
    );
    assert!(verbose.contains(&said), "{verbose}");
    let others = "calls: other calls: organizations:ListAccounts 1, sts:AssumeRole 2, sts:GetCallerIdentity 1";
    assert!(verbose.contains(others), "{verbose}");
    assert!(verbose.contains("progress: 3 of 3 accounts, 18 trails, 0 findings"), "{verbose}");
    // Standard error is not a terminal, so progress is off by default. The caller is always shown.
    assert_eq!(stderr(&[]), caller(&member(0), "us-east-1"));
    assert_eq!(stderr(&["--quiet"]), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_outside_of_the_organization_is_not_asked() {
    let mut state = organization(3);
    state.accounts[2].membership = Membership::Outside;
    let desk = Desk::with(state).await;
    let run = desk.audit_organization(&JSON);
    assert_eq!(run.report()["summary"]["accounts"], 2);
}

/// In every format the finding is on the account, not on a trail that is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_trails_is_a_finding_on_the_account() {
    let mut state = organization(1);
    state.trails.clear();
    let desk = Desk::with(state).await;
    let asked = ["--regions", "us-east-1", "-p", "noTrails=NON_COMPLIANT"];
    for (format, words) in [
        ("asff", ["\"AwsAccount\"", "\"AWS::::Account:100000000000\"", "\"ACTIVE\"", "\"FAILED\""]),
        ("ocsf", ["\"AWS::::Account\"", "\"Create\"", "\"New\"", "\"Fail\""]),
    ] {
        let run = desk.run(&member(0), &[asked.as_slice(), &["-o", format]].concat());
        assert_eq!(run.code, 1, "{}", run.err);
        for word in words {
            assert!(run.out.contains(word), "{format}: `{word}` is missing: {}", run.out);
        }
    }
}
