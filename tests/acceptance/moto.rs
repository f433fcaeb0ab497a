//! A second implementation of AWS: moto takes the lab's place.
//!
//! moto serves DescribeTrails, GetTrailStatus, DescribeKey, GetKeyPolicy, GetKeyRotationStatus,
//! AssumeRole and HeadBucket; the lab serves AWS Config. Only the lab's cases cover what moto 5.2.5
//! does not support:
//!
//! - PutEvaluations accepts any token and stores nothing; ListDiscoveredResources returns no trails;
//!   GetComplianceDetailsByConfigRule and GetResourceConfigHistory return no results of a rule;
//! - a key of another account is reported as not found instead of denied, and no key can be read
//!   across accounts;
//! - no policy is enforced, so no call is denied, and AssumeRole requires no external id;
//! - GetTrailStatus never reports a failed delivery;
//! - trails are not visible in other Regions or to members of an organization;
//! - DescribeKey omits KeyUsage unless it was specified when the key was created.

mod dispatcher;
mod http;
mod live;
mod s3;
mod server;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trailseal_lab::{Lab, Membership, RuleEvent, State};

use self::dispatcher::Dispatcher;
use self::server::Moto;
pub(super) use self::server::python;
use super::faults::desk::{Desk, RETRY_POLICY, Sent, identity};
use super::harness::REGION;
use accounts::{
    MEMBER, MEMBER_ROLE, account, change, key_of_trails, rule, schedule, trail, trail_arn,
    trail_item, with,
};

/// The account that moto uses for unknown credentials.
const OWN: &str = "123456789012";
const ELSEWHERE: &str = "eu-west-1";
const STRICT: [(&str, &str); 1] = [("profile", "strict")];

/// moto and the lab behind one endpoint, and a warm function that uses it.
struct Stage {
    moto: Moto,
    dispatcher: Dispatcher,
    desk: Desk,
}

impl Stage {
    async fn open() -> Self {
        let state = State {
            accounts: [OWN, MEMBER].map(|id| account(id, Membership::Outside, &[REGION])).to_vec(),
            config_rules: [OWN, MEMBER].map(|id| rule(id, REGION, Vec::new())).to_vec(),
            ..State::default()
        };
        let lab = Lab::start(state).await.unwrap();
        let moto = Moto::start();
        let dispatcher = Dispatcher::new(moto.address, &lab.url(), lab.credentials(MEMBER));
        let identity = identity(&lab, OWN, REGION, None);
        let desk = Desk::at(dispatcher.listen(), lab, identity, RETRY_POLICY);
        Self { moto, dispatcher, desk }
    }

    /// Delivers an event; returns the result and the operations that moto served.
    async fn send(&self, event: &RuleEvent) -> (Sent, BTreeSet<String>) {
        let sent = self.desk.send(event).await;
        let asked = self.dispatcher.take_answered_by_moto();
        let names = asked.iter().map(|name| name.rsplit('.').next().unwrap().to_owned());
        (sent, names.collect())
    }
}

/// The policy of a key that passes every check for the trail of this name.
fn policy(account: &str, name: &str) -> Value {
    let arn = trail_arn(account, REGION, name);
    let key = key_of_trails(&format!("arn:aws:kms:{REGION}:{account}:key/any"), &[&arn]);
    serde_json::from_str(&key.policy.unwrap()).unwrap()
}

/// A key that passes every check for the trail of this name.
fn good_key(moto: &Moto, account: &str, name: &str) -> String {
    let key = moto.key(account, REGION, Some(&policy(account, name)));
    moto.with_key(&key, "EnableKeyRotation");
    key
}

/// The state of each trail, its verdict, and a part of its annotation.
const TRAILS: [(&str, &str, &str); 8] = [
    ("sealed", "COMPLIANT", "sealed"),
    ("unsealed", "NON_COMPLIANT", "not encrypt"),
    ("disabled", "NON_COMPLIANT", "is disabled"),
    ("doomed", "NON_COMPLIANT", "will be deleted"),
    ("gone", "NON_COMPLIANT", "does not exist"),
    ("unrotated", "NON_COMPLIANT", "is not rotated"),
    ("open", "NON_COMPLIANT", "opens the logs"),
    ("elsewhere", "NON_COMPLIANT", "bucket is in eu-west-1"),
];

fn fill(moto: &Moto) {
    moto.bucket(OWN, REGION, "logs-here");
    moto.bucket(OWN, ELSEWHERE, "logs-elsewhere");
    for (name, _, _) in TRAILS {
        let key = match name {
            "unsealed" => None,
            "gone" => {
                Some(format!("arn:aws:kms:{REGION}:{OWN}:key/00000000-0000-4000-8000-000000000000"))
            }
            "unrotated" => Some(moto.key(OWN, REGION, Some(&policy(OWN, name)))),
            "open" => {
                let mut open = policy(OWN, name);
                open["Statement"].as_array_mut().unwrap().push(json!({
                    "Sid": "Anyone", "Effect": "Allow", "Principal": "*",
                    "Action": "kms:Decrypt", "Resource": "*"
                }));
                let key = moto.key(OWN, REGION, Some(&open));
                moto.with_key(&key, "EnableKeyRotation");
                Some(key)
            }
            _ => Some(good_key(moto, OWN, name)),
        };
        match (name, &key) {
            ("disabled", Some(key)) => moto.with_key(key, "DisableKey"),
            ("doomed", Some(key)) => moto.with_key(key, "ScheduleKeyDeletion"),
            _ => {}
        }
        let bucket = if name == "elsewhere" { "logs-elsewhere" } else { "logs-here" };
        moto.trail(OWN, REGION, name, bucket, key.as_deref());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_evaluated_from_motos_responses() {
    let stage = Stage::open().await;
    fill(&stage.moto);
    let (sent, asked) = stage.send(&with(schedule(OWN, REGION), &STRICT)).await;
    assert_eq!(sent.accepted(), TRAILS.len());
    for (name, verdict, says) in TRAILS {
        let found = sent.verdicts()[name];
        assert_eq!(found, verdict, "{name}: {}", sent.annotation(name));
        assert!(sent.annotation(name).contains(says), "{name}: {}", sent.annotation(name));
    }
    let expected = [
        "DescribeTrails",
        "GetTrailStatus",
        "DescribeKey",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "HEAD",
    ];
    assert_eq!(asked, expected.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_evaluated_from_motos_responses() {
    let stage = Stage::open().await;
    stage.moto.bucket(OWN, REGION, "logs-here");
    let key = good_key(&stage.moto, OWN, "main");
    let item = |bucket: &str| {
        trail_item(&trail(&trail_arn(OWN, REGION, "main"), bucket, Some(&key)), OWN, REGION)
    };
    let (sent, asked) = stage.send(&change(&item("logs-here"))).await;
    assert_eq!(sent.verdicts(), [("main", "COMPLIANT")].into());
    assert_eq!(asked, ["DescribeKey", "HEAD"].map(str::to_owned).into());
    let (sent, _) = stage.send(&change(&item("logs-that-are-gone"))).await;
    assert_eq!(sent.verdicts(), [("main", "NON_COMPLIANT")].into());
    assert!(sent.annotation("main").contains("logs-that-are-gone does not exist"));
    stage.moto.with_key(&key, "DisableKey");
    let (sent, _) = stage.send(&change(&item("logs-here"))).await;
    assert_eq!(sent.verdicts(), [("main", "NON_COMPLIANT")].into());
    assert!(sent.annotation("main").contains("is disabled"));
    stage.moto.with_key(&key, "EnableKey");
    let (sent, _) = stage.send(&change(&item("logs-here"))).await;
    assert_eq!(sent.verdicts(), [("main", "COMPLIANT")].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_account_is_read_with_a_role_from_moto() {
    let stage = Stage::open().await;
    stage.moto.bucket(MEMBER, REGION, "logs-of-the-member");
    let key = good_key(&stage.moto, MEMBER, "main");
    stage.moto.trail(MEMBER, REGION, "main", "logs-of-the-member", Some(&key));
    let event = with(schedule(MEMBER, REGION), &[("executionRoleName", MEMBER_ROLE)]);
    let (sent, asked) = stage.send(&with(event.clone(), &STRICT)).await;
    assert_eq!(sent.verdicts(), [("main", "COMPLIANT")].into(), "{}", sent.annotation("main"));
    assert!(asked.contains("AssumeRole"));
    // The function is still warm: it reuses the credentials, but not the facts.
    stage.moto.with_key(&key, "DisableKey");
    let (sent, asked) = stage.send(&event).await;
    assert_eq!(sent.verdicts(), [("main", "NON_COMPLIANT")].into());
    assert!(!asked.contains("AssumeRole"));
}
