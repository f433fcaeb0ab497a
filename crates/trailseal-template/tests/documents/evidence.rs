//! What a deployment says about the key, the bucket and the account of a trail.

use std::collections::BTreeMap;
use std::sync::Arc;

use trailseal_rule::{
    AccountId, Delivery, Facts, KeyManager, KeyOrigin, KeyRef, KeyState, Reading, Refusal, Region,
};
use trailseal_template::{
    BucketTarget, Deployment, Evidence, Location, Place, Planned, PlannedAlias, PlannedBucket,
    PlannedKey, PlannedTrail, SuppliedValues,
};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// A place; an account or a Region that is blank is not known.
fn place(account: &str, region: &str, scope: &str) -> Place {
    Place {
        account: AccountId::parse(account).unwrap_or_else(|_| AccountId::not_known()),
        region: Region::parse(region).unwrap_or_else(|_| Region::not_known()),
        scope: scope.to_owned(),
    }
}

fn here() -> Place {
    place(ACCOUNT, REGION, "own")
}

fn location() -> Location {
    Location { file: "t".to_owned(), line: 1, column: 1 }
}

fn key(place: Place) -> PlannedKey {
    PlannedKey::new("Key", place, location())
}

fn alias(place: Place, name: &str, target: &str) -> PlannedAlias {
    let known = |text: &str| Planned::Known(text.to_owned());
    PlannedAlias { place, name: known(name), target: known(target) }
}

fn trail(place: Place, key: &str) -> PlannedTrail {
    PlannedTrail {
        address: "Trail".to_owned(),
        location: location(),
        key_location: None,
        place,
        name: Planned::Known("main".to_owned()),
        bucket: Planned::Known(BucketTarget::Planned("Bucket".to_owned())),
        key: Planned::Known(key.to_owned()),
        is_multi_region: true,
        is_organization: Planned::Absent,
        is_logging: None,
    }
}

fn deployment(key: PlannedKey, aliases: Vec<PlannedAlias>, bucket: Place) -> Deployment {
    let name = Planned::Absent;
    let bucket = PlannedBucket { address: "Bucket".to_owned(), place: bucket, name, is_made: true };
    Deployment {
        keys: BTreeMap::from([(key.address.clone(), Arc::new(key))]),
        aliases,
        buckets: BTreeMap::from([(bucket.address.clone(), bucket)]),
    }
}

fn evidence(deployment: &Deployment, trail: &PlannedTrail) -> Evidence {
    deployment.evidence(trail, &SuppliedValues::default())
}

fn not_known<T>(why: &str) -> Reading<T> {
    Reading::Refused(Refusal::NotKnownBeforeDeployment(why.to_owned()))
}

/// Why the key of a trail is not known, if it is not.
fn why_open(evidence: &Evidence) -> Option<&str> {
    match &evidence.trail.key {
        Some(KeyRef::NotKnown(why)) => Some(why),
        _ => None,
    }
}

#[test]
fn a_blank_text_is_no_key() {
    let all = deployment(key(here()), vec![alias(here(), "", "<Key>")], here());
    for blank in ["", " ", "\t\n"] {
        let found = evidence(&all, &trail(here(), blank));
        assert_eq!((found.trail.key, found.key), (None, None), "{blank:?}");
    }
    let absent = PlannedTrail { key: Planned::Absent, ..trail(here(), "") };
    assert_eq!(evidence(&all, &absent).trail.key, None);
}

#[test]
fn a_planned_key_is_that_of_its_key_id_and_of_its_arn_only() {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/<Key>";
    let all = deployment(key(here()), vec![], here());
    for text in ["<Key>", " <Key> ", arn] {
        let found = evidence(&all, &trail(here(), text));
        assert_eq!(found.key.as_deref(), Some("Key"), "{text}");
        assert_eq!(found.trail.key.unwrap().as_str(), arn, "{text}");
        assert!(matches!(found.facts.key, Reading::Known(_)), "{text}");
    }
    for text in ["<Other>", "alias/<Key>", "arn:aws:kms:us-east-1:444455556666:key/<Key>"] {
        let found = evidence(&all, &trail(here(), text));
        let why = format!("`{text}` names what the deployment makes");
        assert_eq!((why_open(&found), &found.key), (Some(&*why), &None));
        assert_eq!(found.facts.key, not_known(&why));
    }
    // CloudTrail accepts no such ARN as a key.
    let found = evidence(&all, &trail(here(), "arn:aws:s3:::<Bucket>"));
    assert_eq!(found.facts.key, Reading::Absent);
}

/// What stands for an account or a Region that is not known is the same text in every scope.
#[test]
fn a_key_of_another_scope_is_that_of_the_trail_only_if_both_places_are_known() {
    let (none, elsewhere) = ("", "444455556666");
    for (of_key, of_trail, is_same) in [
        (here(), place(ACCOUNT, REGION, "other"), true),
        (place(elsewhere, REGION, "own"), place(ACCOUNT, REGION, "other"), true),
        (place(none, none, "own"), place(none, none, "own"), true),
        (place(none, REGION, "own"), place(none, REGION, "other"), false),
        (place(ACCOUNT, none, "own"), place(ACCOUNT, none, "other"), false),
        (place(none, none, "own"), place(none, none, "other"), false),
        (place(none, REGION, "own"), place(ACCOUNT, none, "other"), true),
        (place(none, none, "own"), place(ACCOUNT, REGION, "other"), true),
    ] {
        let planned = key(of_key.clone());
        let arn = planned.arn();
        let found = evidence(
            &deployment(planned, vec![], of_trail.clone()),
            &trail(of_trail.clone(), arn.as_str()),
        );
        let why = "whether `Key` is in the account and Region of the trail";
        let expected = if is_same { (Some("Key"), None) } else { (None, Some(why)) };
        assert_eq!((found.key.as_deref(), why_open(&found)), expected, "{of_key:?} {of_trail:?}");
    }
}

/// The default policy names the account of the key.
#[test]
fn the_policy_of_a_key_of_another_scope_is_known_only_if_both_places_are() {
    let default = |account: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Id":"key-default-1","Statement":[{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#
        )
    };
    let other = |account: &str, region: &str| place(account, region, "other");
    for (of_key, of_trail, is_known) in [
        (here(), here(), true),
        (place("", "", "own"), place("", "", "own"), true),
        (here(), other(ACCOUNT, REGION), true),
        (place("", REGION, "own"), other(ACCOUNT, REGION), false),
        (place(ACCOUNT, "", "own"), other(ACCOUNT, REGION), false),
        (here(), other("", REGION), false),
        (here(), other(ACCOUNT, ""), false),
        (place("", REGION, "own"), other(ACCOUNT, ""), false),
    ] {
        for stated in [Planned::Absent, Planned::Known("{}".to_owned())] {
            let text = match &stated {
                Planned::Known(text) => text.clone(),
                Planned::Absent | Planned::Unknown(_) => default(of_key.account.as_str()),
            };
            let planned = PlannedKey { policy: stated, ..key(of_key.clone()) };
            let arn = planned.arn();
            let all = deployment(planned, vec![], of_trail.clone());
            let found = evidence(&all, &trail(of_trail.clone(), arn.as_str()));
            let expected = if is_known {
                Reading::Known(trailseal_rule::KeyPolicy::new(text))
            } else {
                not_known("account and Region of `Key` are not given")
            };
            assert_eq!(found.facts.key_policy, expected, "{of_key:?} {of_trail:?}");
        }
    }
    let open = PlannedKey { policy: Planned::Unknown("parameter `P`".to_owned()), ..key(here()) };
    let found = evidence(&deployment(open, vec![], here()), &trail(here(), "<Key>"));
    assert_eq!(found.facts.key_policy, not_known("parameter `P`"));
}

#[test]
fn an_alias_is_one_of_the_account_and_region_of_the_trail() {
    let name = "alias/logs";
    let arn = "arn:aws:kms:us-east-1:111122223333:alias/logs";
    let open_arn = "arn:aws:kms:<region>:<account>:alias/logs";
    let open = |scope: &str| place("", "", scope);
    let elsewhere = || place(ACCOUNT, "eu-west-1", "own");
    for (of_alias, alias_name, of_trail, text, is_found) in [
        (here(), name, here(), name, true),
        (here(), name, here(), arn, true),
        (here(), name, place(ACCOUNT, REGION, "other"), arn, true),
        (here(), "alias/other", here(), name, false),
        (here(), "alias/other", here(), arn, false),
        (elsewhere(), name, here(), name, false),
        (elsewhere(), name, here(), arn, false),
        (open("own"), name, open("own"), name, true),
        (open("own"), name, open("own"), open_arn, true),
        (open("own"), name, open("other"), name, false),
        (open("own"), name, open("other"), open_arn, false),
        (open("own"), name, here(), open_arn, true),
        // An alias of an AWS managed key is never one of the deployment.
        (here(), "alias/aws/cloudtrail", here(), "alias/aws/cloudtrail", false),
    ] {
        let planned = key(of_alias.clone());
        let target = planned.id_text();
        let all = deployment(planned, vec![alias(of_alias.clone(), alias_name, &target)], here());
        let found = evidence(&all, &trail(of_trail.clone(), text));
        let of_key = is_found.then(|| "Key".to_owned());
        assert_eq!(found.key, of_key, "{of_alias:?} {alias_name} {of_trail:?} {text}");
    }
}

#[test]
fn an_alias_names_the_key_that_is_its_target() {
    let found = |target: Planned<String>| {
        let alias = PlannedAlias { target, ..alias(here(), "alias/logs", "") };
        evidence(&deployment(key(here()), vec![alias], here()), &trail(here(), "alias/logs"))
    };
    assert_eq!(found(Planned::Known("<Key>".to_owned())).key.as_deref(), Some("Key"));
    let absent = found(Planned::Absent);
    assert_eq!(why_open(&absent), Some("the key of `alias/logs` is not stated"));
    let unknown = found(Planned::Unknown("parameter `P`".to_owned()));
    assert_eq!(why_open(&unknown), Some("parameter `P`"));
    // An alias is not the target of an alias.
    let circle = found(Planned::Known("alias/logs".to_owned()));
    assert_eq!((why_open(&circle), &circle.key), (None, &None));
    assert_eq!(circle.facts.key, not_known("`alias/logs` is not in the document"));
}

#[test]
fn a_key_that_is_not_made_is_absent() {
    let planned = PlannedKey { is_made: false, ..key(here()) };
    let Facts { key, rotation, key_policy, bucket_region, .. } =
        evidence(&deployment(planned, vec![], here()), &trail(here(), "<Key>")).facts;
    assert_eq!((key, rotation), (Reading::Absent, Reading::Absent));
    assert_eq!(key_policy, Reading::Absent);
    assert_eq!(bucket_region, Reading::Known(here().region));
}

#[test]
fn the_region_of_a_bucket_is_that_of_its_stack() {
    let own = |bucket: Place| {
        let found = evidence(&deployment(key(here()), vec![], bucket), &trail(here(), "<Key>"));
        found.facts.bucket_region
    };
    let open = |scope: &str| place(ACCOUNT, "", scope);
    assert_eq!(own(here()), Reading::Known(here().region));
    assert_eq!(own(place(ACCOUNT, REGION, "other")), Reading::Known(here().region));
    let why = "whether `Key` is in the Region of the bucket";
    assert_eq!(own(open("other")), not_known(why));
    // Both are in the Region of the stack, whichever it is.
    assert_eq!(own(open("own")), Reading::Known(Region::not_known()));

    let mut all = deployment(key(here()), vec![], here());
    all.buckets.get_mut("Bucket").unwrap().is_made = false;
    let of = |bucket: Planned<BucketTarget>, all: &Deployment| {
        let trail = PlannedTrail { bucket, ..trail(here(), "<Key>") };
        evidence(all, &trail).facts.bucket_region
    };
    let planned = |name: &str| Planned::Known(BucketTarget::Planned(name.to_owned()));
    assert_eq!(of(planned("Bucket"), &all), Reading::Absent);
    let why = "bucket `Other` is not in the deployment";
    assert_eq!(of(planned("Other"), &all), not_known(why));
    assert_eq!(of(Planned::Absent, &all), not_known("the trail names no bucket"));
    assert_eq!(of(Planned::Unknown("why".to_owned()), &all), not_known("why"));
}

#[test]
fn the_bucket_is_named_as_the_trail_names_it() {
    let named = |bucket: Planned<BucketTarget>| {
        let trail = PlannedTrail { bucket, ..trail(here(), "") };
        let found = evidence(&Deployment::default(), &trail).trail.bucket;
        found.map(|name| name.as_str().to_owned())
    };
    let text = |name: &str| Some(name.to_owned());
    assert_eq!(named(Planned::Known(BucketTarget::Named("logs".to_owned()))), text("logs"));
    assert_eq!(named(Planned::Known(BucketTarget::Named("../x".to_owned()))), None);
    assert_eq!(named(Planned::Known(BucketTarget::Planned("B".to_owned()))), text("<B>"));
    assert_eq!(named(Planned::Unknown(String::new())), text("<bucket>"));
    assert_eq!(named(Planned::Absent), None);
}

#[test]
fn only_a_trail_that_is_known_to_be_one_is_an_organization_trail() {
    for (stated, is_one) in [
        (Planned::Known(true), true),
        (Planned::Known(false), false),
        (Planned::Absent, false),
        (Planned::Unknown("parameter `P`".to_owned()), false),
    ] {
        let trail = PlannedTrail { is_organization: stated.clone(), ..trail(here(), "") };
        let found = evidence(&Deployment::default(), &trail).trail;
        assert_eq!(found.is_organization_trail, is_one, "{stated:?}");
        assert_eq!(found.arn.as_str(), "arn:aws:cloudtrail:us-east-1:111122223333:trail/main");
    }
}

#[test]
fn only_whether_it_logs_is_known_of_the_delivery() {
    let existing = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let all = deployment(key(here()), vec![], here());
    for text in ["", "<Key>", existing, "alias/other", "arn:aws:s3:::logs"] {
        for is_logging in [None, Some(true), Some(false)] {
            let trail = PlannedTrail { is_logging, ..trail(here(), text) };
            let delivery = Delivery { is_logging, ..Delivery::default() };
            let found = evidence(&all, &trail).facts.delivery;
            assert_eq!(found, Reading::Known(delivery), "{text} {is_logging:?}");
        }
    }
}

#[test]
fn what_is_not_known_of_a_key_says_why() {
    let words = "not known before deployment: parameter `P`";
    let unknown = || "parameter `P`".to_owned();
    let facts = |planned: PlannedKey| {
        let found = evidence(&deployment(planned, vec![], here()), &trail(here(), "<Key>"));
        let Reading::Known(facts) = found.facts.key else { panic!("{:?}", found.facts.key) };
        facts
    };
    let state = PlannedKey { state: Planned::Unknown(unknown()), ..key(here()) };
    assert_eq!(facts(state).state, KeyState::Unrecognized(words.into()));
    let manager = PlannedKey { manager: Planned::Unknown(unknown()), ..key(here()) };
    assert_eq!(facts(manager).manager, KeyManager::Unrecognized(words.into()));
    let origin = PlannedKey { origin: Planned::Unknown(unknown()), ..key(here()) };
    let found = facts(origin.clone());
    assert_eq!(found.state, KeyState::Unrecognized(words.into()));
    assert_eq!(found.origin, KeyOrigin::Unrecognized);
    // A disabled key fails even if its origin is not known.
    let disabled = PlannedKey { state: Planned::Known(KeyState::Disabled), ..origin };
    assert_eq!(facts(disabled).state, KeyState::Disabled);
}
