//! One new key for several trails, even if the run is interrupted.

use trailseal_lab::{Bucket, Hang, Lab, State, Trail};

use super::support::{
    ACCOUNT, NEIGHBOUR, REGION, TRAIL, folder, key_of, kill, run, state, until_it_hangs,
};

const NEW: &[&str] = &["--create-key", "--alias", "alias/trail-logs", "--wait", "0"];
const APPLY: &[&str] = &["--apply", "--yes"];
const FAR: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/far";
const KEYS: usize = 3;

/// Two trails without a key, with buckets in the same Region.
fn both() -> State {
    let mut state = state(None);
    state.trails[1].kms_key_id = None;
    state
}

/// With a third trail, whose bucket is in another Region.
fn three() -> State {
    let mut state = both();
    state.accounts[0].regions.push("eu-west-1".to_owned());
    let (name, region) = ("far-logs".to_owned(), "eu-west-1".to_owned());
    state.buckets.push(Bucket {
        name: name.clone(),
        account: ACCOUNT.to_owned(),
        region,
        ..Bucket::default()
    });
    state.trails.push(Trail {
        arn: FAR.to_owned(),
        s3_bucket_name: name,
        ..state.trails[0].clone()
    });
    state
}

fn args<'a>(trails: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [trails, NEW, more].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_plan_creates_the_key_for_all() {
    let lab = Lab::start(three()).await.unwrap();
    let folder = folder("shared");
    let ended = run(&lab, &folder, &args(&[], APPLY)).expect(0);
    let state = lab.state();
    let made: Vec<&str> = state.keys[KEYS..].iter().map(|key| key.arn.as_str()).collect();
    assert_eq!(made.len(), 2, "expected one key in each Region: {made:?}");
    let of = |region: &str| made.iter().copied().find(|arn| arn.contains(region));
    assert_eq!(key_of(&state, TRAIL).as_deref(), of("us-east-1"));
    assert_eq!(key_of(&state, NEIGHBOUR).as_deref(), of("us-east-1"));
    assert_eq!(key_of(&state, FAR).as_deref(), of("eu-west-1"));
    assert_eq!(ended.out.matches("verdict   COMPLIANT").count(), 3, "{}", ended.out);
    // The second plan adds to the policy of the key.
    assert_eq!(ended.out.matches("put-key-policy: KMS PutKeyPolicy").count(), 1, "{}", ended.out);
    assert_eq!(state.aliases.len(), 2);
    assert!(lab.broken_deliveries().is_empty());
    for moment in lab.take_delivery_moments() {
        assert!(moment.broken.is_empty(), "{moment:?}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3, "one journal per trail");
    // Back out each, the latest first; the keys stay.
    let mut journals: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    journals.sort_by_key(|name| name.contains("-audit-"));
    for journal in &journals {
        run(&lab, &folder, &["--back-out", journal, "--apply", "--yes", "--wait", "0"]).expect(0);
    }
    let now = lab.state();
    assert_eq!(now.trails, three().trails);
    assert_eq!(now.keys.len(), KEYS + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_apply_lists_the_other_trails() {
    let lab = Lab::start(three()).await.unwrap();
    let ended = run(&lab, &folder("shared-plan"), &args(&[], &[])).expect(0);
    assert_eq!(ended.out.matches("create-key: KMS CreateKey").count(), 2, "{}", ended.out);
    let follows = format!("Trail {NEIGHBOUR}: gets the key that the plan for {TRAIL} creates");
    assert!(ended.out.contains(&follows), "{}", ended.out);
    let statement = format!("\"aws:SourceArn\":\"{NEIGHBOUR}\"");
    assert!(ended.out.contains(&statement), "{}", ended.out);
    assert_eq!(lab.state(), three());
    // A fault of one trail is still reported.
    let ended = run(&lab, &folder("shared-no"), &args(&["audit", "none"], &[])).expect(2);
    assert!(ended.err.contains("has no trail `none`"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn requires_an_alias() {
    let lab = Lab::start(both()).await.unwrap();
    let ended = run(&lab, &folder("shared-alias"), &["--create-key"]).expect(3);
    for args in ["needs --alias", "these 2 trails", TRAIL, NEIGHBOUR] {
        assert!(ended.err.contains(args), "{args}: {}", ended.err);
    }
    assert_eq!(lab.state(), both());
}

/// Killed before and after every change, then resumed: a second key is never created.
#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_uses_the_same_key() {
    // The trails are given by name or found because they fail; a sealed trail is not found again.
    for named in [&[][..], &["audit", "neighbour"]] {
        for number in 1..=6 {
            for hang in [Hang::BeforeTheChange, Hang::AfterTheChange] {
                let name = format!("shared-{}-{number}-{hang:?}", named.len());
                let folder = folder(&name);
                let lab = Lab::start(both()).await.unwrap();
                lab.hang_at_change(number, hang);
                kill(until_it_hangs(&lab, &folder, &args(named, APPLY)));
                lab.clear_hang();
                let resumed = [APPLY, &["--resume"]].concat();
                let ended = run(&lab, &folder, &args(named, &resumed)).expect(0);
                let state = lab.state();
                assert_eq!(state.keys.len(), KEYS + 1, "{name}: {}", ended.out);
                let made = Some(state.keys[KEYS].arn.as_str());
                assert_eq!(key_of(&state, TRAIL).as_deref(), made, "{name}");
                assert_eq!(key_of(&state, NEIGHBOUR).as_deref(), made, "{name}");
                assert!(lab.broken_deliveries().is_empty(), "{name}");
                assert_eq!(state.aliases.len(), 1);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_the_alias_of_another_key() {
    let mut taken = both();
    taken.aliases.push(trailseal_lab::Alias {
        arn: format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/trail-logs"),
        target_key_arn: taken.keys[0].arn.clone(),
    });
    let lab = Lab::start(taken.clone()).await.unwrap();
    let ended = run(&lab, &folder("shared-taken"), &args(&[], APPLY)).expect(1);
    assert_eq!(ended.err.matches("alias-taken: ").count(), 2, "{}", ended.err);
    assert_eq!(lab.state(), taken);
}
