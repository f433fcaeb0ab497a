//! Compares the set-based reader with a naive one that evaluates single requests, and tests what
//! can happen when a statement is added.

#![cfg(test)]

mod generated;
mod naive;
mod services;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use serde_json::{Value, json};

use resource_policy::{CallerSet, Context, ContextValue, Hole, Match, Request, Settled, Shape};
use trailseal_rule::key_policy::exposure::{Openings, guards_decryption};

use generated::{
    ACCOUNT, CLOUDTRAIL, KEY, TRAIL, assert_denied, concretes, policy, question, read, run,
    says_open, statement,
};
use naive::{Caller, Concrete, allowed};

const STRANGERS: [&str; 3] = ["900000000001", "900000000002", "111100000003"];

/// The condition keys of the small universe and their values there.
const UNIVERSE: [(&str, &[&str]); 6] = [
    ("aws:SourceAccount", &[ACCOUNT, "444455556666"]),
    ("aws:SourceArn", &[TRAIL, "arn:aws:cloudtrail:eu-west-1:444455556666:trail/b"]),
    ("aws:SecureTransport", &["true", "false"]),
    ("aws:MultiFactorAuthAge", &["5", "7"]),
    ("aws:SourceIp", &["203.0.113.9", "198.51.100.7"]),
    ("kms:EncryptionContextKeys", &["a", "b"]),
];

const POLICY_VALUES: [&str; 16] = [
    ACCOUNT,
    "444455556666",
    "1111*",
    "*",
    TRAIL,
    "arn:aws:cloudtrail:*:111122223333:trail/*",
    "arn:aws:cloudtrail:*:*:trail/?",
    "true",
    "false",
    "6",
    "203.0.113.0/24",
    "a",
    "A",
    "?",
    "${aws:SourceAccount}",
    "${aws:SourceArn}",
];

const SET_KEYS: [&str; 6] = [
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SecureTransport",
    "aws:MultiFactorAuthAge",
    "aws:SourceIp",
    "KMS:encryptioncontextkeys",
];

/// The known value of one key, and every concrete value of it in the universe.
type Known = (ContextValue, Vec<Option<Vec<String>>>);

fn knowledge(key: &'static str, universe: &'static [&'static str]) -> impl Strategy<Value = Known> {
    let owned = |value: &&str| vec![(*value).to_owned()];
    let whole: Vec<String> = universe.iter().map(ToString::to_string).collect();
    let single: Vec<Option<Vec<String>>> = universe.iter().map(|v| Some(owned(v))).collect();
    let mut anything = single.clone();
    anything.push(None);
    let mut choices: Vec<Known> = universe
        .iter()
        .map(|value| (ContextValue::known(value), vec![Some(owned(value))]))
        .collect();
    choices.push((ContextValue::Absent, vec![None]));
    if key == "kms:EncryptionContextKeys" {
        anything.push(Some(whole.clone()));
        choices.push((ContextValue::Known(whole.clone()), vec![Some(whole.clone())]));
        choices.push((
            ContextValue::Includes(whole[..1].to_vec()),
            vec![Some(whole[..1].to_vec()), Some(whole)],
        ));
    }
    if key == "aws:SourceAccount" {
        let shape = Shape::text("") + Hole::Unnamed;
        let settled = Settled::ByNobody;
        let mut strangers: Vec<_> = STRANGERS.iter().map(|v| Some(owned(v))).collect();
        strangers.push(None);
        choices.push((ContextValue::Open { shape, settled }, strangers));
    }
    choices.push((ContextValue::Unknown, anything));
    select(choices)
}

fn world() -> impl Strategy<Value = Vec<Known>> {
    let keys: Vec<_> =
        UNIVERSE.iter().map(|(key, values)| knowledge(key, values).boxed()).collect();
    keys.prop_map(|mut world| {
        // Two open keys are enough to combine, and keep the enumeration small.
        let mut open = 0;
        for (value, fillings) in &mut world {
            open += usize::from(fillings.len() > 1);
            if open > 2 && fillings.len() > 1 {
                (*value, *fillings) = (ContextValue::Absent, vec![None]);
            }
        }
        world
    })
}

fn request(is_service: bool, action: &str, world: &[Known]) -> Request {
    let cloudtrail = CallerSet::Service(CLOUDTRAIL.to_owned());
    let keys = UNIVERSE.iter().map(|(key, _)| *key);
    Request {
        caller: if is_service { cloudtrail } else { CallerSet::Stranger },
        action: action.to_owned(),
        resource: Some(Shape::text(KEY)),
        context: keys.zip(world).fold(Context::default(), |context, (key, (value, _))| {
            context.with(key, value.clone())
        }),
    }
}

fn agrees(policy: &Value, is_service: bool, action: &str, world: &[Known]) -> Match {
    let instances = if is_service {
        vec![Caller::Service(CLOUDTRAIL.to_owned())]
    } else {
        STRANGERS.map(|id| Caller::Account(id.to_owned())).to_vec()
    };
    let answer = read(policy).decide(&request(is_service, action, world)).allowed;
    let keys = UNIVERSE.map(|(key, _)| key);
    let fillings: Vec<_> = world.iter().map(|(_, fillings)| fillings.clone()).collect();
    for context in concretes(&keys, &fillings) {
        for (caller, quirk) in instances.iter().flat_map(|c| [(c, false), (c, true)]) {
            let concrete = Concrete {
                caller: caller.clone(),
                action: action.to_owned(),
                key_arn: KEY.to_owned(),
                context: context.clone(),
            };
            match (answer, allowed(policy, &concrete, quirk)) {
                (Match::Always, false) | (Match::Never, true) => {
                    panic!("{answer:?}, but not for {concrete:?} ({quirk}) under {policy:#}")
                }
                _ => {}
            }
        }
    }
    answer
}

#[test]
fn an_answer_about_a_set_is_true_of_each_of_its_requests() {
    let actions = select(vec!["kms:Decrypt", "kms:GenerateDataKey"]);
    let strategy = (policy(&SET_KEYS, &POLICY_VALUES), any::<bool>(), actions, world());
    let mut answers = [0_u32; 3];
    run(4000, &strategy, |(policy, is_service, action, world)| {
        answers[agrees(&policy, is_service, action, &world) as usize] += 1;
    });
    // A reader that is never certain has this property too, so this requires certain answers.
    let [no, unknown, yes] = answers;
    assert!(yes > 120 && no > 2400 && unknown > 480, "{yes} {no} {unknown}");
}

#[test]
fn an_added_statement_changes_an_answer_in_one_direction_only() {
    let statements = (policy(&SET_KEYS, &POLICY_VALUES), statement(&SET_KEYS, &POLICY_VALUES));
    let strategy = (statements, any::<bool>(), world());
    run(1000, &strategy, |((policy, statement), is_service, world)| {
        let request = request(is_service, "kms:Decrypt", &world);
        let mut more = policy.clone();
        more["Statement"].as_array_mut().unwrap().push(statement.clone());
        let (before, after) = (read(&policy), read(&more));
        let answers = (before.decide(&request).allowed, after.decide(&request).allowed);
        let question = question();
        let open = |policy| count(&guards_decryption(policy, &question));
        if statement["Effect"] == "Allow" {
            assert!(!matches!(answers, (Match::Always, Match::Never | Match::Sometimes)));
            assert!(open(&before) <= open(&after), "{policy:#} {statement:#}");
        } else {
            assert!(!matches!(answers, (Match::Never, Match::Always | Match::Sometimes)));
            assert!(open(&before) >= open(&after), "{policy:#} {statement:#}");
        }
    });
}

/// The number of operations that are or may be open to everyone.
fn count(open: &Openings) -> usize {
    let exposures = open.exposures.iter().chain(&open.doubts);
    exposures.flat_map(|exposure| &exposure.actions).collect::<BTreeSet<_>>().len()
}

const GUARD_KEYS: [&str; 10] = [
    "kms:CallerAccount",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalTag/team",
    "kms:ViaService",
    "kms:EncryptionContext:aws:cloudtrail:arn",
    "aws:SourceAccount",
    "aws:SomethingNew",
];

const GUARD_VALUES: [&str; 14] = [
    ACCOUNT,
    "1111*",
    "9*",
    "*",
    "arn:aws:iam::111122223333:role/*",
    "arn:aws:iam::*:role/Admin",
    "o-a1b2c3d4e5",
    "o-*",
    "o-a1b2c3d4e5/*",
    "red",
    "s3.us-east-1.amazonaws.com",
    "arn:aws:cloudtrail:*:111122223333:trail/*",
    "true",
    "${aws:PrincipalAccount}",
];

fn strangers() -> Vec<Concrete> {
    let one = |text: &str| Some(vec![text.to_owned()]);
    let mut requests = Vec::new();
    for account in [STRANGERS[0], STRANGERS[2]] {
        for organization in ["", "o-z9y8x7w6v5"] {
            let organization = Some(organization).filter(|id| !id.is_empty());
            let fillings = [
                vec![one(account)],
                vec![one(account)],
                ["Admin", "x"]
                    .map(|role| one(&format!("arn:aws:iam::{account}:role/{role}")))
                    .to_vec(),
                vec![organization.and_then(one)],
                vec![organization.and_then(|id| one(&format!("{id}/r-ab12/ou-1/")))],
                vec![None, one("red")],
                vec![None, one("s3.us-east-1.amazonaws.com"), one("ec2.us-east-1.amazonaws.com")],
                vec![one(TRAIL)],
                vec![None],
                vec![None, one("true")],
            ];
            requests.extend(concretes(&GUARD_KEYS, &fillings).into_iter().map(|context| {
                Concrete {
                    caller: Caller::Account(account.to_owned()),
                    action: String::new(),
                    key_arn: KEY.to_owned(),
                    context,
                }
            }));
        }
    }
    requests
}

/// The dangerous error: a policy judged as guarded lets a stranger decrypt.
#[test]
fn no_stranger_can_decrypt_under_a_policy_judged_as_guarded() {
    let strangers = strangers();
    let mut guarded = 0;
    run(1000, &policy(&GUARD_KEYS, &GUARD_VALUES), |policy| {
        let guard = guards_decryption(&read(&policy), &question());
        for action in ["kms:Decrypt", "kms:ReEncryptFrom"] {
            if !says_open(&guard, action) {
                guarded += 1;
                assert_denied(&policy, &strangers, action);
            }
        }
    });
    assert!(guarded > 300, "only {guarded} policies were guarded");
}

#[test]
fn the_naive_reader_knows_the_simple_cases() {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": CLOUDTRAIL}, "Action": "kms:GenerateDataKey*",
         "Resource": "*",
         "Condition": {"StringLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:111122223333:trail/*"}}},
    ]});
    let with = |arn: &str| Concrete {
        caller: Caller::Service(CLOUDTRAIL.to_owned()),
        action: "kms:GenerateDataKey".to_owned(),
        key_arn: KEY.to_owned(),
        context: BTreeMap::from([("aws:sourcearn".to_owned(), vec![arn.to_owned()])]),
    };
    assert!(allowed(&policy, &with(TRAIL), false));
    assert!(!allowed(&policy, &with("arn:aws:cloudtrail:us-east-1:444455556666:trail/all"), true));
}
