//! Laws that every plan follows, over every combination of the finite states.

use std::collections::BTreeMap;

use strum::VariantArray as _;
use trailseal_plan::{
    Call, Condition, Consent, Holds, Plan, PlannedKey, RefusalCode, Refusals, StepId, TargetKey,
    every_action,
};
use trailseal_rule::{CheckId, KeyState, Parameters, Reading, Region, Rotation, Verdict};

use crate::aws::{
    ACCOUNT, Aws, BUCKET_REGION, OTHER_ACCOUNT, Readable, admits, region, statements_of,
};
use crate::back_outs::every_back_out_holds;
use crate::cases::{
    Case, Has, Requested, Sort, consents, policies, requested_keys, rotations, settings,
};

pub(crate) const HAS_ALL_CONSENT: Consent =
    Consent { replace_key: true, enable_key: true, cancel_key_deletion: true };

pub(crate) fn settings_by_name(name: &str) -> (&'static str, Parameters) {
    settings().into_iter().find(|(other, _)| *other == name).unwrap()
}

/// The counts of all combinations under some parameters.
#[derive(Debug, Default)]
struct Counts {
    plans: usize,
    steps: BTreeMap<String, usize>,
    refusals: BTreeMap<String, usize>,
}

/// Every combination of the trail's key, the requested key, its policy and its rotation. A key that
/// cannot be read has neither a policy nor a rotation, and rotation matters only if it is checked.
fn combinations(rotates: bool) -> Vec<(Has, Requested, &'static str, &'static str, Rotation)> {
    let mut all = Vec::new();
    for &has in Has::VARIANTS {
        for requested in requested_keys() {
            let has_policy = matches!(&requested, Requested::Key(sort) if !matches!(sort,
                Sort::Gone | Sort::Unread(Readable::KeyDenied | Readable::KeyNotRead)));
            for (name, policy) in &policies()[..if has_policy { policies().len() } else { 1 }] {
                // The length of a policy does not affect rotation.
                let has_rotation = rotates && has_policy && *name != "long";
                for rotation in &rotations()[..if has_rotation { 4 } else { 1 }] {
                    all.push((has, requested.clone(), *name, policy.as_str(), rotation.clone()));
                }
            }
        }
    }
    all
}

/// For a disabled key, every combination of consents; otherwise none, `replace_key`, and all.
fn consents_for(requested: &Requested) -> Vec<Consent> {
    let is_disabled = matches!(
        requested,
        Requested::Key(Sort::State(KeyState::Disabled | KeyState::PendingDeletion))
    );
    let all = consents();
    if is_disabled { all } else { vec![all[0], all[1], all[7]] }
}

fn check(name: &str) {
    let (_, parameters) = settings_by_name(name);
    let mut counts = Counts::default();
    for (has, requested, policy_name, policy, rotation) in
        combinations(CheckId::KeyRotated.is_enabled(&parameters))
    {
        for consent in consents_for(&requested) {
            let case = Case::new(has, &requested, policy, &rotation, consent);
            let expected =
                Oracle { has, requested: &requested, policy: policy_name, rotation: &rotation }
                    .plans(&parameters, name, consent, &case);
            let context =
                || format!("{has:?} {requested:?} {policy_name} {rotation:?} {consent:?} {name}");
            match case.plan(&parameters) {
                Ok(plan) => {
                    assert!(expected, "planned: {}", context());
                    every_law_holds(&case, &parameters, &plan, &context);
                    counts.add_plan(&plan);
                }
                Err(refusals) => {
                    assert!(!expected, "{refusals} {}", context());
                    counts.add_refusals(&refusals);
                }
            }
        }
    }
    insta::assert_snapshot!(format!("laws_{}", name.replace(' ', "_")), counts.shown());
}

#[test]
fn the_laws_hold_under_profile_cis() {
    check("cis");
}

#[test]
fn the_laws_hold_under_profile_effective() {
    check("effective");
}

#[test]
fn the_laws_hold_under_profile_strict() {
    check("strict");
}

#[test]
fn the_laws_hold_if_rotation_is_required() {
    check("rotation");
}

#[test]
fn the_laws_hold_if_the_policy_is_checked_and_unverified_is_compliant() {
    check("policy");
}

#[test]
fn the_laws_hold_if_one_account_is_allowed_and_deliveries_are_checked() {
    check("account");
}

#[test]
fn the_laws_hold_if_one_key_is_allowed() {
    check("one key");
}

#[test]
fn nothing_is_planned_for_an_exempt_trail() {
    check("exempt");
}

/// A second, naive implementation of whether there is a plan.
struct Oracle<'a> {
    has: Has,
    requested: &'a Requested,
    policy: &'a str,
    rotation: &'a Rotation,
}

impl Oracle<'_> {
    fn plans(&self, parameters: &Parameters, name: &str, consent: Consent, case: &Case) -> bool {
        let is_broken = matches!(case.verdict(parameters), Verdict::Broken(_));
        let replaces = !matches!(self.has, Has::None | Has::TheRequested);
        is_broken
            && (consent.replace_key || !replaces)
            && match self.requested {
                Requested::Key(sort) => self.key(sort, parameters, name, consent),
                Requested::New | Requested::NewWithAlias => name != "one key",
                Requested::NewWithTakenAlias | Requested::AwsAlias | Requested::Nonsense => false,
            }
    }

    fn key(&self, sort: &Sort, parameters: &Parameters, name: &str, consent: Consent) -> bool {
        let can_encrypt = match sort {
            Sort::State(KeyState::Enabled | KeyState::Updating) => true,
            Sort::State(KeyState::Disabled) => consent.enable_key,
            Sort::State(KeyState::PendingDeletion) => {
                consent.enable_key && consent.cancel_key_deletion
            }
            Sort::Unread(Readable::RotationDenied) => !CheckId::KeyRotated.is_enabled(parameters),
            Sort::Replica => !self.must_turn_on_rotation(parameters),
            Sort::Foreign => {
                let admits = match self.policy {
                    "admits" | "open" => true,
                    "admits, describes not" => self.has == Has::TheRequested,
                    _ => false,
                };
                admits
                    && !["effective", "account", "one key"].contains(&name)
                    && !self.must_turn_on_rotation(parameters)
            }
            Sort::State(_)
            | Sort::Unread(_)
            | Sort::Gone
            | Sort::AwsManaged
            | Sort::Asymmetric
            | Sort::ForeignDisabled
            | Sort::ForeignUnread
            | Sort::ElsewhereRegion
            | Sort::MaterialEnded => false,
        };
        let has_rotation =
            !CheckId::KeyRotated.is_enabled(parameters) || *self.rotation != Rotation::NotSupported;
        let has_policy = match self.policy {
            "denies" | "may deny" | "long" | "unreadable" => false,
            "open" => !CheckId::KeyPolicyGuardsDecryption.is_enabled(parameters),
            _ => true,
        };
        can_encrypt && has_rotation && has_policy
    }

    fn must_turn_on_rotation(&self, parameters: &Parameters) -> bool {
        let is_enough = match self.rotation {
            Rotation::On { period_days, .. } => {
                let most = parameters.max_rotation_period_days.unwrap_or(u32::MAX);
                period_days.unwrap_or(365) <= most
            }
            Rotation::Off | Rotation::NotSupported => false,
        };
        CheckId::KeyRotated.is_enabled(parameters) && !is_enough
    }
}

impl Counts {
    fn add_plan(&mut self, plan: &Plan) {
        self.plans += 1;
        for step in &plan.steps {
            *self.steps.entry(step.id.to_string()).or_default() += 1;
        }
    }

    fn add_refusals(&mut self, refusals: &Refusals) {
        assert!(refusals.iter().next().is_some(), "a refusal without a reason");
        for refusal in refusals.iter() {
            assert!(!refusal.what.is_empty() && !refusal.fix.is_empty(), "{refusal:?}");
            assert!(!refusal.what.contains('\n') && !refusal.fix.contains('\n'), "{refusal:?}");
            *self.refusals.entry(refusal.code.to_string()).or_default() += 1;
        }
    }

    fn shown(&self) -> String {
        let mut lines = vec![format!("plans {}", self.plans)];
        lines.extend(self.steps.iter().map(|(step, count)| format!("  {step} {count}")));
        lines.push("refusals".to_owned());
        lines.extend(self.refusals.iter().map(|(code, count)| format!("  {code} {count}")));
        lines.join("\n")
    }
}

fn every_law_holds(
    case: &Case,
    parameters: &Parameters,
    plan: &Plan,
    context: &dyn Fn() -> String,
) {
    assert!(!plan.steps.is_empty(), "{}", context());
    in_order(plan, context);
    nothing_without_consent(case, plan, context);
    every_action_is_listed(case, plan, context);
    statements_are_kept(plan, context);
    round_trips(plan);
    let states = applied(case, plan, context);

    let after = Case { aws: states.last().unwrap().aws.clone(), ..case.clone() };
    let verdict = after.verdict(parameters);
    assert!(matches!(verdict, Verdict::Sealed(_)), "{verdict:?} {}", context());
    let again = after.plan(parameters).unwrap_err();
    assert!(again.has(RefusalCode::AlreadySealed) && again.iter().count() == 1, "{}", context());

    every_back_out_holds(case, plan, &states, context);
}

/// The policy after a denied read allows everything that a plan needs.
pub(crate) fn every_action_is_listed(case: &Case, plan: &Plan, context: &dyn Fn() -> String) {
    let creates_key = matches!(case.target_key, TargetKey::New(_));
    let all = every_action(creates_key, &case.consent);
    let needed = plan.permissions.iter().map(|permission| permission.action.as_str());
    let missing: Vec<&str> = needed.filter(|action| !all.contains(action)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "{}", context());
}

fn in_order(plan: &Plan, context: &dyn Fn() -> String) {
    let ids: Vec<StepId> = plan.steps.iter().map(|step| step.id).collect();
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{}", context());
    for step in &plan.steps {
        if let Call::UpdateTrail { key, .. } = &step.call {
            let key = key.clone().unwrap();
            for required in [
                Condition::KeyUsable { key: key.clone() },
                Condition::KeyInRegion { key: key.clone(), region: region(BUCKET_REGION) },
                Condition::PolicyAdmitsCloudTrail { key, trail: plan.trail.clone() },
            ] {
                assert!(step.requires.contains(&required), "{}", context());
            }
        }
    }
}

fn nothing_without_consent(case: &Case, plan: &Plan, context: &dyn Fn() -> String) {
    let has = |id| plan.step(id).is_some();
    let consent = case.consent;
    assert!(consent.enable_key || !has(StepId::EnableKey), "{}", context());
    assert!(consent.cancel_key_deletion || !has(StepId::CancelKeyDeletion), "{}", context());
    let replaces = has(StepId::UpdateTrail) && case.aws.trail_key.is_some();
    assert!(consent.replace_key || !replaces, "{}", context());
    for step in &plan.steps {
        let foreign = format!(":{OTHER_ACCOUNT}:");
        let writes_to_key = step.id != StepId::UpdateTrail;
        let arn = plan.key_arn().map(ToString::to_string).unwrap_or_default();
        assert!(!(writes_to_key && arn.contains(&foreign)), "{}", context());
    }
}

/// The former statements keep their order and come before the new ones.
fn statements_are_kept(plan: &Plan, context: &dyn Fn() -> String) {
    let Some(change) = &plan.policy_change else {
        return;
    };
    let after: serde_json::Value = serde_json::from_str(&change.after).unwrap();
    let after = after["Statement"].as_array().unwrap().clone();
    let added: Vec<serde_json::Value> =
        change.added.iter().map(|one| serde_json::from_str(one).unwrap()).collect();
    assert!(after.ends_with(&added) && !added.is_empty(), "{}", context());
    let Some(before) = &change.before else {
        return;
    };
    let before: serde_json::Value = serde_json::from_str(before).unwrap();
    assert_eq!([statements_of(&before), added].concat(), after, "{}", context());
}

fn round_trips(plan: &Plan) {
    let text = serde_json::to_string(plan).unwrap();
    assert_eq!(&serde_json::from_str::<Plan>(&text).unwrap(), plan);
}

/// The state after some steps of a plan.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) aws: Aws,
    pub(crate) plan: Plan,
}

/// Makes every call, and returns all states, including the first.
pub(crate) fn applied(case: &Case, plan: &Plan, context: &dyn Fn() -> String) -> Vec<State> {
    let mut states = vec![State { aws: case.aws.clone(), plan: plan.clone() }];
    let could_deliver = case.aws.can_deliver();
    for index in 0..plan.steps.len() {
        let State { mut aws, mut plan } = states.last().unwrap().clone();
        let step = plan.steps[index].clone();
        all_hold(&step.requires, &aws, case.alias(), &context);
        if let Call::UpdateTrail { key, .. } = &step.call {
            let arn = key.as_ref().unwrap().arn().unwrap();
            assert!(admits(&aws.keys[arn].policy), "{}", context());
            assert_eq!(Reading::<Region>::Known(arn.region().clone()), aws.bucket_region);
        }
        let created = aws.call(&step.call).unwrap_or_else(|code| panic!("{code} {}", context()));
        if let Some(created) = created {
            plan = plan.bind(&created);
            assert_eq!(plan.key, PlannedKey::Existing(created));
        }
        all_hold(&plan.steps[index].proves, &aws, case.alias(), &context);
        assert!(
            !could_deliver || aws.can_deliver(),
            "no delivery after {}: {}",
            step.id,
            context()
        );
        states.push(State { aws, plan });
    }
    assert!(states.last().unwrap().aws.can_deliver(), "{}", context());
    states
}

pub(crate) fn all_hold(
    conditions: &[Condition],
    aws: &Aws,
    alias: Option<&str>,
    context: &dyn Fn() -> String,
) {
    for condition in conditions {
        let holds = condition.holds(&aws.present(alias, &[]));
        assert_eq!(holds, Holds::Yes, "{condition} {}", context());
    }
}

/// The owner of the trail, and the state of its bucket.
#[test]
fn refuses_a_trail_that_these_credentials_cannot_change() {
    let bucket_regions = [
        (Reading::Absent, RefusalCode::BucketMissing),
        (Reading::Refused(trailseal_rule::Refusal::NotRead), RefusalCode::BucketRegionUnknown),
        (
            Reading::Refused(trailseal_rule::Refusal::AccessDenied { action: "s3:ListBucket" }),
            RefusalCode::ReadingDenied,
        ),
    ];
    for ((has, requested, _, policy, rotation), (_, parameters)) in
        combinations(false).iter().flat_map(|one| settings().into_iter().map(move |set| (one, set)))
    {
        let case = Case::new(*has, requested, policy, rotation, HAS_ALL_CONSENT);
        let refused = |case: Case| case.plan(&parameters).unwrap_err();
        let shadow =
            Case { change_trail: |trail| trail.region = region("eu-west-1"), ..case.clone() };
        assert!(refused(shadow).has(RefusalCode::ShadowTrail));
        let member = Case {
            change_trail: |trail| {
                trail.is_organization_trail = true;
                trail.account = crate::aws::account(OTHER_ACCOUNT);
            },
            caller: OTHER_ACCOUNT,
            ..case.clone()
        };
        assert!(refused(member).has(RefusalCode::OrganizationTrailOfAnotherAccount));
        let caller = Case { caller: OTHER_ACCOUNT, ..case.clone() };
        assert!(refused(caller).has(RefusalCode::TrailOfAnotherAccount));
        let no_bucket = Case { change_trail: |trail| trail.bucket = None, ..case.clone() };
        assert!(no_bucket.plan(&parameters).is_err());
        for (bucket_region, code) in &bucket_regions {
            let mut case = case.clone();
            case.aws.bucket_region = bucket_region.clone();
            let refusals = refused(case);
            let settled = [RefusalCode::NotJudged, RefusalCode::AlreadySealed];
            assert!(
                refusals.has(*code) || settled.iter().any(|code| refusals.has(*code)),
                "{refusals}"
            );
        }
        let mut moved = case.clone();
        moved.aws.bucket_region = Reading::Known(region("sa-east-1"));
        if let Ok(plan) = moved.plan(&parameters) {
            assert_eq!(plan.key, PlannedKey::ToCreate { region: region("sa-east-1") });
        }
    }
    assert_ne!(ACCOUNT, OTHER_ACCOUNT);
}
