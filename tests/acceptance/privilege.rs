//! Least privilege: `cdk/iam/least-privilege.json` grants exactly the operations that the function
//! calls.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use trailseal_lab::{Membership, Operation, RuleEvent, State};

use super::faults::desk::Desk;
use super::harness::{ACCOUNT, FUNCTION_OPERATIONS, REGION};
use accounts::{
    EXEMPTION_TAG, EXEMPTIONS, KEY_ACCOUNT, KEY_ROLE, MEMBER, MEMBER_ROLE, STRICT, account,
    account_of, add_exemptions, bucket, change, deleted, history, key_arn, key_item, key_of_trails,
    oversized, role, role_arn, rule, schedule, trail, trail_arn, trail_item, with,
};

/// Grants that the deployment needs: Lambda uses these, the function never does.
const DEPLOYMENT_GRANTS: [(&str, &[&str]); 5] = [
    ("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"]),
    ("KeepFailedEvents", &["sqs:SendMessage"]),
    ("EncryptFailedEvents", &["kms:Decrypt", "kms:GenerateDataKey"]),
    ("Trace", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"]),
    (
        "ConnectToVpc",
        &[
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ],
    ),
];

/// The operation that needs no grant: S3 returns a bucket's Region to every caller.
const WITHOUT_GRANT: &str = "s3:HeadBucket";

/// What a role may do, without the grants that only the deployment needs.
pub(super) fn granted(role: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cdk/iam/least-privilege.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut actions = BTreeSet::new();
    for statement in file["roles"][role]["statements"].as_array().unwrap() {
        let each = statement["actions"].as_array().unwrap().iter();
        let each: BTreeSet<&str> = each.map(|action| action.as_str().unwrap()).collect();
        assert!(!statement["why"].as_str().unwrap().is_empty(), "{statement}");
        let sid = statement["sid"].as_str().unwrap();
        match DEPLOYMENT_GRANTS.iter().find(|(of, _)| *of == sid) {
            Some((_, expected)) => assert_eq!(each, expected.iter().copied().collect(), "{sid}"),
            None => actions.extend(each.into_iter().map(str::to_owned)),
        }
    }
    actions
}

/// Adds a trail with a key of its own account, one with a key of another account, and one without a
/// key, which a tag may exempt.
fn add_trails(state: &mut State, owner: &str) {
    let number = state.keys.len();
    for (name, key) in [
        ("plain", key_arn(owner, REGION, number)),
        ("foreign", key_arn(KEY_ACCOUNT, REGION, number)),
    ] {
        let arn = trail_arn(owner, REGION, name);
        state.trails.push(trail(&arn, "logs-0", Some(&key)));
        state.keys.push(key_of_trails(&key, &[&arn]));
    }
    state.trails.push(trail(&trail_arn(owner, REGION, "bare"), "logs-0", None));
    state.config_rules.push(rule(owner, REGION, Vec::new()));
}

/// The central account and a member account, each with trails and recorded items.
fn state() -> State {
    let all = [ACCOUNT, MEMBER, KEY_ACCOUNT];
    let mut state = State {
        accounts: all.map(|id| account(id, Membership::Outside, &[REGION])).into(),
        buckets: vec![bucket("logs-0", ACCOUNT, REGION)],
        roles: vec![
            role(&role_arn(REGION, MEMBER, MEMBER_ROLE), None),
            role(&role_arn(REGION, KEY_ACCOUNT, KEY_ROLE), None),
        ],
        ..State::default()
    };
    add_exemptions(&mut state, b"[]");
    for owner in [ACCOUNT, MEMBER] {
        add_trails(&mut state, owner);
    }
    let items: Vec<Value> =
        [ACCOUNT, MEMBER].into_iter().flat_map(|of| items(&state, of)).collect();
    state.history = items.into_iter().map(|item| history(1, vec![item])).collect();
    state
}

/// The items of an account's trails and of its own key.
fn items(state: &State, owner: &str) -> Vec<Value> {
    let trails = state.trails.iter().filter(|trail| account_of(&trail.arn) == owner);
    let keys = state.keys.iter().filter(|key| account_of(&key.arn) == owner);
    trails.map(|trail| trail_item(trail, owner, REGION)).chain(keys.map(key_item)).collect()
}

/// Every trigger, with every check enabled.
fn events(state: &State, owner: &str) -> Vec<RuleEvent> {
    let items = items(state, owner);
    let changes = items.iter().map(change);
    let large = items.iter().map(oversized);
    let ends = items.iter().map(|item| change(&deleted(item.clone())));
    let all = changes.chain(large).chain(ends).chain([schedule(owner, REGION)]);
    let more = [
        ("executionRoleName", MEMBER_ROLE),
        ("exemptionsFrom", EXEMPTIONS),
        ("exemptionTag", EXEMPTION_TAG),
    ];
    all.map(|event| with(with(event, &STRICT), &more)).collect()
}

/// The calls of all triggers in these accounts, each with its caller.
async fn asked(owners: &[&str]) -> BTreeSet<(Option<String>, String)> {
    let state = state();
    let desk = Desk::open(state.clone()).await;
    let mut asked = BTreeSet::new();
    for event in owners.iter().flat_map(|owner| events(&state, owner)) {
        let sent = desk.send(&event).await;
        sent.accepted();
        asked.extend(sent.calls.into_iter().map(|call| (call.account, call.operation)));
    }
    asked
}

fn of(asked: &BTreeSet<(Option<String>, String)>, account: Option<&str>) -> BTreeSet<String> {
    let calls = asked.iter().filter(|(of, _)| of.as_deref() == account);
    calls.map(|(_, operation)| operation.clone()).collect()
}

#[tokio::test]
async fn the_role_of_a_function_grants_exactly_its_calls() {
    let asked = asked(&[ACCOUNT]).await;
    assert_eq!(of(&asked, Some(ACCOUNT)), granted("function"));
    assert_eq!(of(&asked, Some(MEMBER)), BTreeSet::new());
}

#[tokio::test]
async fn the_roles_of_a_central_function_grant_exactly_its_calls() {
    let asked = asked(&[ACCOUNT, MEMBER]).await;
    assert_eq!(of(&asked, Some(ACCOUNT)), granted("central"));
    assert_eq!(of(&asked, Some(MEMBER)), granted("member"));
    // The role of a key account only reads keys.
    let reads = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"];
    assert_eq!(of(&asked, Some(KEY_ACCOUNT)), reads.map(str::to_owned).into());
}

#[tokio::test]
async fn only_head_bucket_needs_no_grant() {
    let asked = asked(&[ACCOUNT, MEMBER]).await;
    assert_eq!(of(&asked, None), [WITHOUT_GRANT.to_owned()].into());
    for role in ["function", "central", "member"] {
        let granted = granted(role);
        let of_s3: Vec<&String> =
            granted.iter().filter(|action| action.starts_with("s3:")).collect();
        let expected: &[&str] = if role == "member" { &[] } else { &["s3:GetObject"] };
        assert_eq!(of_s3, expected, "{role}");
    }
    // The run includes every operation that the function can call, and the only one that writes is
    // PutEvaluations.
    let all: BTreeSet<&str> = asked.iter().map(|(_, operation)| operation.as_str()).collect();
    assert_eq!(all, FUNCTION_OPERATIONS.map(Operation::iam).into());
}
