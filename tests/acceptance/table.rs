//! The decision table, enumerated: the rule and the reference must agree on every row.
//!
//! Three products together cover everything that the checks can distinguish: all results of
//! DescribeKey, all results of the other calls, and all answers about a policy, each with every
//! context that affects them.

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

/// One row: the input of the rule and the reference.
struct Row<'a> {
    item: &'a Value,
    trail: &'a Trail,
    found: &'a Evidence,
    facts: &'a Facts,
}

/// A context, as text and as the rule's own type.
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

/// One function hides each fact, and one replaces each fact with a failing one.
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

/// From the worst to the best; a trail that is not evaluated has no rank.
fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Broken(_) => 0,
        Verdict::Unverified(_) => 1,
        Verdict::Sealed(_) => 2,
        Verdict::NotApplicable(_) => 3,
    }
}

/// Hiding a fact never makes a trail COMPLIANT; if the fact is needed, not even a COMPLIANT trail
/// stays so. A failing fact never improves a verdict.
///
/// One combination is excluded, because AWS cannot return it: an AWS managed key of another
/// account. The profile `cis` does not read the manager of a foreign key, so such a key passes.
fn hide_and_spoil(row: &Row<'_>, given: &Given) {
    let before = rank(&judge(row, &given.parameters).verdict);
    let context = EvaluationContext { parameters: &given.parameters, now: now() };
    let needed = needs(&context, row.trail);
    let asked = [
        // A key of another account is always customer managed. If no other check uses it, it is
        // read only for the facts that depend on it.
        needed.key.is_some() && !(given.is_cis() && is_foreign(row.trail)),
        // If the key is looked up in the bucket's Region, hiding the Region hides the key.
        needed.bucket.is_some() && !given.is_cis(),
        needed.rotation,
        needed.key_policy,
        needed.delivery,
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

/// A product of evidence: one element of each list.
struct Product<'a> {
    kinds: &'a [Kind],
    keys: fn(&Kind, &Value) -> Vec<Value>,
    buckets: Vec<Value>,
    rotations: Vec<Value>,
    policies: Vec<Value>,
    deliveries: Vec<Value>,
}

impl Product<'_> {
    /// Calls `visit` for each row and context, and returns their number.
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

/// References to a key × the bucket's Region; every other call is denied.
fn product(kinds: &[Kind], keys: fn(&Kind, &Value) -> Vec<Value>) -> Product<'_> {
    let [rotations, policies, deliveries] = std::array::from_fn(|_| denied());
    Product { kinds, keys, buckets: bucket_regions(), rotations, policies, deliveries }
}

/// Every reference to a key × all results of DescribeKey × the bucket's Region × the profiles and
/// lists that affect them × the values of `unverified`.
fn of_keys(kinds: &[Kind]) -> Product<'_> {
    product(kinds, every_key)
}

/// Every reference to a key × every result of each other call, except policies.
fn of_other_calls(kinds: &[Kind]) -> Product<'_> {
    Product { rotations: rotations(), deliveries: deliveries(), ..product(kinds, few_keys) }
}

/// References to a key × all answers about a policy × other calls that pass, fail or are refused.
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
fn rule_and_reference_agree_on_all_results_of_describe_key() {
    let mut settings = settings(&["profile", "unverified", "allowed"]);
    settings.extend(super::worlds::settings(&["profile", "skip"]));
    let settings: Vec<Given> = settings.into_iter().map(given).collect();
    let rows = of_keys(&kinds()).walk(&settings, compare);
    println!("{rows} rows");
    assert!(rows > 300_000, "{rows} rows");
}

#[test]
fn rule_and_reference_agree_on_all_results_of_other_calls() {
    let names = ["profile", "requireKeyRotation", "checkDelivery", "days"];
    let settings: Vec<Given> = settings(&names).into_iter().map(given).collect();
    let rows = of_other_calls(&kinds()).walk(&settings, compare);
    println!("{rows} rows");
    assert!(rows > 200_000, "{rows} rows");
}

#[test]
fn rule_and_reference_agree_on_all_answers_about_a_policy() {
    let names = ["profile", "checkKeyPolicy", "requireKeyRotation", "checkDelivery"];
    let settings: Vec<Given> = settings(&names).into_iter().map(given).collect();
    let rows = of_policies(&everyday()).walk(&settings, compare);
    println!("{rows} rows");
    assert!(rows > 50_000, "{rows} rows");
}

#[test]
fn hidden_facts_are_never_compliant_and_failing_facts_never_help() {
    let settings: Vec<Given> = settings(&["profile"]).into_iter().map(given).collect();
    let rows = of_keys(&kinds()).walk(&settings, hide_and_spoil)
        + of_other_calls(&kinds()).walk(&settings, hide_and_spoil)
        + of_policies(&everyday()).walk(&settings, hide_and_spoil);
    println!("{rows} rows");
    assert!(rows > 50_000, "{rows} rows");
}

/// The trail's owner × the treatment of copies × exemptions × a good or a bad key.
#[test]
fn rule_and_reference_agree_on_owners_and_exemptions() {
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
    println!("{rows} rows");
    assert!(rows > 10_000, "{rows} rows");
}
