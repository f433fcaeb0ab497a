//! The table of decisions, enumerated: the rule and the reference must agree on every row.
//!
//! Three products together are complete over what the checks can tell apart: everything that
//! DescribeKey can say, everything that the other calls can say, and everything that a policy can
//! say, each with every context that looks at it.

use serde_json::{Map, Value, json};
use trailseal_rule::{
    ComplianceType, ConfigurationItem, EvaluationContext, Facts, Judgement, Outcome, Parameters,
    Reading, Refusal, ResourceId, Rotation, Timestamp, Trail, Verdict, WhenUnverified, evaluate,
    needs,
};

use super::evidence;
use super::harness::NOW;
use super::reference::{Decision, Evidence, decide};
use super::worlds::{
    Kind, bucket_regions, deliveries, every_key, few_keys, item, kinds, policies, rotations,
    settings,
};

/// One row: the input of both sides.
struct Row<'a> {
    item: &'a Value,
    trail: &'a Trail,
    found: &'a Evidence,
    facts: &'a Facts,
}

/// A context, as text and as the rule's own.
struct Given {
    text: Map<String, Value>,
    parameters: Parameters,
}

fn given(text: Map<String, Value>) -> Given {
    let parameters = Parameters::parse(&text).unwrap_or_else(|faults| panic!("{faults}"));
    Given { text, parameters }
}

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

fn judge(row: &Row<'_>, parameters: &Parameters) -> Judgement {
    evaluate(&EvaluationContext { parameters, now: now() }, row.trail, row.facts)
}

fn trail_of(item: &Value) -> Trail {
    let read = ConfigurationItem::parse(item).unwrap_or_else(|faults| panic!("{faults}"));
    Trail::from_item(&read).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Compares the verdict, the checks that failed and those that are unknown.
fn compare(row: &Row<'_>, given: &Given) {
    let Row { item, found, .. } = row;
    let judgement = judge(row, &given.parameters);
    let named = |is: fn(&Outcome) -> bool| -> Vec<&'static str> {
        let results = judgement.verdict.results().iter().filter(|result| is(&result.outcome));
        results.map(|result| result.check.as_str()).collect()
    };
    let when = given.parameters.unverified;
    let decided = Decision {
        compliance: compliance(&judgement, when).as_str(),
        failed: named(|outcome| matches!(outcome, Outcome::Fail(_))),
        unknown: named(|outcome| matches!(outcome, Outcome::Unknown(_))),
    };
    let expected = decide(item, found, &given.text, NOW);
    assert_eq!(decided, expected, "{item:#} {:#?} {:?}", found, given.text);
}

fn compliance(judgement: &Judgement, when: WhenUnverified) -> ComplianceType {
    let id = ResourceId::new("trail").unwrap();
    judgement.evaluation(id, when, now()).compliance
}

/// What hides the facts one after the other, and what puts a failing fact in the place of each.
const HIDE: [fn(&mut Facts); 5] = [
    |facts| facts.key = Reading::Refused(Refusal::NotRead),
    |facts| facts.bucket_region = Reading::Refused(Refusal::NotRead),
    |facts| facts.rotation = Reading::Refused(Refusal::NotRead),
    |facts| facts.key_policy = Reading::Refused(Refusal::NotRead),
    |facts| facts.delivery = Reading::Refused(Refusal::NotRead),
];
const SPOIL: [fn(&mut Facts); 5] = [
    |facts| facts.key = Reading::Absent,
    |facts| facts.bucket_region = Reading::Absent,
    |facts| facts.rotation = Reading::Known(Rotation::Off),
    |facts| facts.key_policy = Reading::Absent,
    |facts| facts.delivery = Reading::Absent,
];

fn is_foreign(trail: &Trail) -> bool {
    let account = trail.key.as_ref().and_then(|key| key.account());
    account.is_some_and(|account| account != trail.arn.owner())
}

/// From the worst to the best; what is not judged has no place in it.
fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Broken(_) => 0,
        Verdict::Unverified(_) => 1,
        Verdict::Sealed(_) => 2,
        Verdict::NotApplicable(_) => 3,
    }
}

/// Hiding a fact never yields COMPLIANT: where the fact was asked for, not even from COMPLIANT.
/// A failing fact never improves a verdict.
///
/// One fact is excepted, since it contradicts AWS: that AWS manages a key of another account. Where
/// it is not read, as in the profile `cis`, such a key passes.
fn hide_and_spoil(row: &Row<'_>, given: &Given) {
    let before = rank(&judge(row, &given.parameters).verdict);
    let context = EvaluationContext { parameters: &given.parameters, now: now() };
    let wanted = needs(&context, row.trail);
    let asked = [
        // A key of another account is customer managed in any case: where no other
        // check looks at it, it is asked about only for what hangs on it.
        wanted.key.is_some() && !(given.is_cis() && is_foreign(row.trail)),
        // Where the key is looked for in the bucket's Region, it is hidden with the Region.
        wanted.bucket.is_some() && !given.is_cis(),
        wanted.rotation,
        wanted.key_policy,
        wanted.delivery,
    ];
    let is_excepted = given.is_cis() && is_foreign(row.trail);
    for ((hide, spoil), asked) in HIDE.iter().zip(SPOIL).zip(asked) {
        let mut hidden = row.facts.clone();
        hide(&mut hidden);
        let mut after = rank(&judge(&Row { facts: &hidden, ..*row }, &given.parameters).verdict);
        if is_excepted && hidden.key != row.facts.key {
            after = after.min(before);
        }
        assert!(after != 2 || (before == 2 && !asked), "{:?} {:?}", row.facts, given.text);
        let mut spoilt = row.facts.clone();
        spoil(&mut spoilt);
        let after = rank(&judge(&Row { facts: &spoilt, ..*row }, &given.parameters).verdict);
        assert!(after <= before, "{:?} {:?}", row.facts, given.text);
    }
}

impl Given {
    fn is_cis(&self) -> bool {
        self.text.get("profile").is_some_and(|profile| profile == "cis")
    }
}

/// A product of evidence; of each list one.
struct Product<'a> {
    kinds: &'a [Kind],
    keys: fn(&Kind, &Value) -> Vec<Value>,
    buckets: Vec<Value>,
    rotations: Vec<Value>,
    policies: Vec<Value>,
    deliveries: Vec<Value>,
}

impl Product<'_> {
    /// Calls `visit` for each row and context, and says how many there were.
    fn walk(&self, settings: &[Given], visit: fn(&Row<'_>, &Given)) -> usize {
        let mut rows = 0;
        for kind in self.kinds {
            let item = item(kind);
            let trail = trail_of(&item);
            for bucket in &self.buckets {
                for key in (self.keys)(kind, bucket) {
                    for rotation in &self.rotations {
                        for policy in &self.policies {
                            for delivery in &self.deliveries {
                                let found = Evidence {
                                    key: key.clone(),
                                    bucket_region: bucket.clone(),
                                    rotation: rotation.clone(),
                                    key_policy: policy.clone(),
                                    delivery: delivery.clone(),
                                };
                                let (item, trail, facts) = (&item, &trail, &found.to_facts());
                                let row = Row { item, trail, found: &found, facts };
                                settings.iter().for_each(|given| visit(&row, given));
                                rows += settings.len();
                            }
                        }
                    }
                }
            }
        }
        rows
    }
}

fn denied() -> Vec<Value> {
    vec![json!({ "refused": "denied" })]
}

/// References to a key × where the bucket is; each other call is denied.
fn product(kinds: &[Kind], keys: fn(&Kind, &Value) -> Vec<Value>) -> Product<'_> {
    let [rotations, policies, deliveries] = std::array::from_fn(|_| denied());
    Product { kinds, keys, buckets: bucket_regions(), rotations, policies, deliveries }
}

/// Every reference to a key × all that DescribeKey can say × where the bucket is × the profiles
/// and lists that look at it × what is said of the unverified.
fn of_keys(kinds: &[Kind]) -> Product<'_> {
    product(kinds, every_key)
}

/// Every reference to a key × every answer of each other call, except policies.
fn of_other_calls(kinds: &[Kind]) -> Product<'_> {
    Product { rotations: rotations(), deliveries: deliveries(), ..product(kinds, few_keys) }
}

/// References to a key × what policies can say × a pass, a failure and a refusal beside them.
fn of_policies(kinds: &[Kind]) -> Product<'_> {
    let [same, _, absent, denied_bucket, _] = bucket_regions().try_into().unwrap();
    Product {
        buckets: vec![same, absent, denied_bucket],
        rotations: rotations().into_iter().take(2).collect(),
        policies: [policies(), vec![json!({ "absent": true })], denied()].concat(),
        deliveries: deliveries().into_iter().take(2).collect(),
        ..product(kinds, few_keys)
    }
}

fn everyday() -> Vec<Kind> {
    kinds().into_iter().take(3).collect()
}

#[test]
fn all_that_is_said_of_a_key_is_decided_alike() {
    let mut settings = settings(&["profile", "unverified", "allowed"]);
    settings.extend(super::worlds::settings(&["profile", "skip"]));
    let settings: Vec<Given> = settings.into_iter().map(given).collect();
    let rows = of_keys(&kinds()).walk(&settings, compare);
    assert!(rows > 300_000, "{rows} rows");
}

#[test]
fn all_that_other_calls_say_is_decided_alike() {
    let names = ["profile", "requireKeyRotation", "checkDelivery", "days"];
    let settings: Vec<Given> = settings(&names).into_iter().map(given).collect();
    let rows = of_other_calls(&kinds()).walk(&settings, compare);
    assert!(rows > 200_000, "{rows} rows");
}

#[test]
fn all_that_a_policy_says_is_decided_alike() {
    let names = ["profile", "checkKeyPolicy", "requireKeyRotation", "checkDelivery"];
    let settings: Vec<Given> = settings(&names).into_iter().map(given).collect();
    let rows = of_policies(&everyday()).walk(&settings, compare);
    assert!(rows > 50_000, "{rows} rows");
}

#[test]
fn nothing_hidden_becomes_compliant_and_nothing_failing_helps() {
    let settings: Vec<Given> = settings(&["profile"]).into_iter().map(given).collect();
    let rows = of_keys(&kinds()).walk(&settings, hide_and_spoil)
        + of_other_calls(&kinds()).walk(&settings, hide_and_spoil)
        + of_policies(&everyday()).walk(&settings, hide_and_spoil);
    assert!(rows > 50_000, "{rows} rows");
}

/// Whose the trail is × what is said of copies × exemptions × whether the key is good.
#[test]
fn whose_a_trail_is_and_exemptions_are_decided_alike() {
    let trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t";
    let exemptions = [
        String::new(),
        trail.to_owned(),
        format!("{trail}@2026-11-22"),
        format!("{trail}@2026-11-23"),
        format!("{trail}@2026-11-22,arn:aws:cloudtrail:*:*:trail/*@2026-11-24"),
        format!("{trail}x,arn:aws:cloudtrail:us-east-1:1111*:trail/*"),
        "arn:aws:cloudtrail:eu-west-1:*:trail/*@2030-01-01".to_owned(),
    ];
    let mut rows = 0;
    for (owner, home) in [
        ("111122223333", "us-east-1"),
        ("444455556666", "us-east-1"),
        ("111122223333", "eu-west-1"),
        ("444455556666", "eu-west-1"),
    ] {
        for organization in [Value::Null, json!(false), json!(true)] {
            for kind in kinds() {
                let mut item = item(&kind);
                let arn = format!("arn:aws:cloudtrail:{home}:{owner}:trail/t");
                item["ARN"] = json!(arn);
                item["configuration"]["trailARN"] = json!(arn);
                item["configuration"]["homeRegion"] = json!(home);
                item["configuration"]["isOrganizationTrail"] = organization.clone();
                let trail = trail_of(&item);
                for key in few_keys(&kind, &json!({ "known": "us-east-1" })) {
                    let found = Evidence { key, ..Evidence::nothing() };
                    let facts = Facts { key: evidence::key(&found.key), ..Facts::unread() };
                    let row = Row { item: &item, trail: &trail, found: &found, facts: &facts };
                    for exempt in &exemptions {
                        for replicas in ["", "NOT_APPLICABLE", "EVALUATE"] {
                            let text = json!({ "exemptTrails": exempt, "replicas": replicas,
                                               "profile": "cis" });
                            compare(&row, &given(text.as_object().unwrap().clone()));
                            rows += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(rows > 10_000, "{rows} rows");
}
