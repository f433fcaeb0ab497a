//! The decision: a trail, the parameters and the facts become a [`Judgement`].

use config_rule::{Exempt, Region, Timestamp, exempt};

use crate::arn::TrailArn;
use crate::checks::{CHECKS, CheckId, CheckInput, Outcome};
use crate::facts::{Facts, KeyFacts, KeyOrigin, Reading};
use crate::key_ref::KeyRef;
use crate::parameters::{Parameters, Profile, Replicas};
use crate::trail::{BucketName, Standing, Trail};
use crate::verdict::{CheckResult, Verdict};

/// Under what the trail is judged.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationContext<'a> {
    /// The rule's parameters.
    pub parameters: &'a Parameters,
    /// Now, for exemptions and for imported key material: this crate has no clock.
    pub now: Timestamp,
}

/// What is to be said of a trail, and what a reader should know beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The profile under which the trail was judged.
    pub profile: Profile,
    /// The checks that `skipChecks` left out and that would have been made otherwise.
    pub skipped: Vec<CheckId>,
    /// The trail's key as the trail names it, where it was judged and has one.
    pub key: Option<String>,
    /// Remarks: whose copy the trail is, an exemption that has expired.
    pub notes: Vec<String>,
}

impl Judgement {
    /// What `skipChecks` left out, in words.
    #[must_use]
    pub fn skipped(&self) -> Option<String> {
        let names: Vec<&str> = self.skipped.iter().map(|check| check.as_str()).collect();
        (!names.is_empty()).then(|| format!("skipped: {}", names.join(", ")))
    }
}

/// Which evidence is worth reading for a trail: what no enabled check looks at is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The key to describe.
    pub key: Option<KeyQuery>,
    /// The bucket whose Region is wanted.
    pub bucket: Option<BucketName>,
    /// Whether the key's rotation is wanted.
    pub rotation: bool,
    /// Whether the key's policy is wanted.
    pub key_policy: bool,
    /// Whether the trail's delivery status is wanted.
    pub delivery: bool,
    /// Whether it is also wanted where the key turns out to be in an external key store.
    pub delivery_of_external_key: bool,
}

impl Needs {
    /// Whether the trail's delivery status is wanted, once the key was read: only then is it known
    /// whether the key is in an external key store, and no other key costs a call.
    #[must_use]
    pub fn wants_delivery(&self, key: &Reading<KeyFacts>) -> bool {
        let is_external = |key: &KeyFacts| key.origin == KeyOrigin::ExternalKeyStore;
        self.delivery
            || (self.delivery_of_external_key
                && matches!(key, Reading::Known(key) if is_external(key)))
    }
}

/// Which key to describe, and in which Region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyQuery {
    /// By ARN, in the Region that it names.
    At(Region, KeyRef),
    /// By alias or bare id, in the Region of the trail's bucket: that is where S3 would look.
    InBucketRegion(KeyRef),
}

/// Which evidence is worth reading for a trail.
#[must_use]
pub fn needs(context: &EvaluationContext<'_>, trail: &Trail) -> Needs {
    let Some(key) = askable_key(trail) else {
        return Needs::default();
    };
    if not_applicable(context, trail).is_some() {
        return Needs::default();
    }
    let asks = |check: CheckId| check.is_enabled(context.parameters);
    let key_query = key_query(key);
    let is_arn = matches!(key, KeyRef::Key(_));
    let is_own = key.account().is_none_or(|account| account == trail.arn.owner());
    let rotation = asks(CheckId::KeyRotated);
    let key_policy = asks(CheckId::KeyPolicyAdmitsCloudtrail)
        || asks(CheckId::KeyPolicyGuardsDecryption)
        || asks(CheckId::KeyPolicyBindsCloudtrail);
    let describes = is_own
        || asks(CheckId::KeyUsable)
        || rotation
        || ((key_policy || asks(CheckId::KeyAllowed)) && !is_arn);
    let in_bucket_region = describes && matches!(key_query, KeyQuery::InBucketRegion(_));
    let bucket = (asks(CheckId::KeyInBucketRegion) || in_bucket_region)
        .then(|| trail.bucket.clone())
        .flatten();
    Needs {
        key: describes.then_some(key_query),
        bucket,
        rotation,
        key_policy,
        delivery: asks(CheckId::DeliveryUnbroken),
        delivery_of_external_key: asks(CheckId::KeyUsable),
    }
}

/// Judges a trail.
#[must_use]
pub fn evaluate(context: &EvaluationContext<'_>, trail: &Trail, facts: &Facts) -> Judgement {
    let profile = context.parameters.profile;
    if let Some(why) = not_applicable(context, trail) {
        let verdict = Verdict::NotApplicable(why);
        return Judgement { verdict, profile, skipped: Vec::new(), key: None, notes: Vec::new() };
    }
    let input = CheckInput { trail, facts, parameters: context.parameters, now: context.now };
    let mut results = Vec::new();
    for check in CHECKS.iter().filter(|check| check.id.is_enabled(context.parameters)) {
        let outcome = (check.judge)(&input);
        let settled = matches!(outcome, Outcome::Fail(_)) && check.id.settles_the_rest();
        results.push(CheckResult { check: check.id, outcome });
        if settled {
            break;
        }
    }
    Judgement {
        verdict: Verdict::of(results),
        profile,
        skipped: CHECKS
            .iter()
            .map(|check| check.id)
            .filter(|check| check.is_skipped(context.parameters))
            .collect(),
        key: trail.key.as_ref().map(|key| key.as_str().to_owned()),
        notes: notes(context, trail, facts),
    }
}

/// The trail's key, if it is one that KMS can be asked about.
///
/// Upholds INVARIANT (no-aws-alias-call).
fn askable_key(trail: &Trail) -> Option<&KeyRef> {
    let key = trail.key.as_ref()?;
    let askable = !key.is_aws_managed_alias() && !matches!(key, KeyRef::Unrecognized(_));
    askable.then_some(key)
}

fn key_query(key: &KeyRef) -> KeyQuery {
    match key.region() {
        Some(region) => KeyQuery::At(region.clone(), key.clone()),
        None => KeyQuery::InBucketRegion(key.clone()),
    }
}

/// Why the trail is not judged at all.
fn not_applicable(context: &EvaluationContext<'_>, trail: &Trail) -> Option<String> {
    let parameters = context.parameters;
    if parameters.replicas == Replicas::NotApplicable
        && let Some(whose) = whose_copy(trail)
    {
        return Some(whose);
    }
    match exempt(&parameters.exempt_trails, trail.arn.as_str(), context.now) {
        Exempt::Until(Some(day)) => Some(format!("the trail is exempt until {day} (exemptTrails)")),
        Exempt::Until(None) => Some("the trail is exempt (exemptTrails)".to_owned()),
        Exempt::No | Exempt::Expired(_) => None,
    }
}

impl EvaluationContext<'_> {
    /// Whether `exemptTrails` exempts the trail today, also where it is a copy.
    #[must_use]
    pub fn exempts(&self, trail: &TrailArn) -> bool {
        let exemption = exempt(&self.parameters.exempt_trails, trail.as_str(), self.now);
        matches!(exemption, Exempt::Until(_))
    }
}

fn whose_copy(trail: &Trail) -> Option<String> {
    match trail.standing() {
        Standing::Own => None,
        Standing::Shadow => Some(format!(
            "this is the copy of a multi-Region trail that is judged in its home Region {}",
            trail.home_region
        )),
        Standing::MemberCopy => Some(format!(
            "this is the copy of an organization trail that account {} owns and is judged there",
            trail.arn.owner()
        )),
    }
}

fn notes(context: &EvaluationContext<'_>, trail: &Trail, facts: &Facts) -> Vec<String> {
    let whose = match trail.standing() {
        Standing::Own => None,
        Standing::Shadow => Some(format!("copy of a trail of {}", trail.home_region)),
        Standing::MemberCopy => Some(format!("copy of a trail of account {}", trail.arn.owner())),
    };
    let expired = match exempt(&context.parameters.exempt_trails, trail.arn.as_str(), context.now) {
        Exempt::Expired(day) => Some(format!("its exemption ended on {day}")),
        Exempt::No | Exempt::Until(_) => None,
    };
    let is_stopped =
        matches!(&facts.delivery, Reading::Known(one) if one.is_logging == Some(false));
    let stopped = is_stopped.then(|| "the trail does not log".to_owned());
    whose.into_iter().chain(expired).chain(stopped).collect()
}
