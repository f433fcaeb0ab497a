//! The decision: a trail, the parameters and the facts become a [`Judgement`].

use config_rule::{ComplianceType, Exempt, Exemption, Origin, Region};

use crate::checks::{CHECKS, CheckId, Evidence, Outcome};
use crate::exemption_tag::{ByTag, by_tag};
use crate::facts::{Facts, KeyFacts, KeyOrigin, Reading};
use crate::key_ref::KeyRef;
use crate::parameters::{EvaluationContext, Profile, Replicas, TagKey};
use crate::trail::{BucketName, Standing, Trail};
use crate::verdict::{CheckResult, Verdict};

/// The verdict on a trail, and what a reader should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The profile under which the trail was evaluated.
    pub profile: Profile,
    /// The checks that `skipChecks` left out and that would have been enabled otherwise.
    pub skipped: Vec<CheckId>,
    /// The trail's key as the trail names it, if the trail was evaluated and has one.
    pub key: Option<String>,
    /// Notes: the owner of a copy, an expired exemption, a trail that does not log.
    pub notes: Vec<String>,
}

impl Judgement {
    /// The checks that `skipChecks` left out, for people.
    pub fn skipped(&self) -> Option<String> {
        let names: Vec<&str> = self.skipped.iter().map(|check| check.as_str()).collect();
        (!names.is_empty()).then(|| format!("skipped: {}", names.join(", ")))
    }
}

/// The evidence that the enabled checks read for a trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The key to describe.
    pub key: Option<KeyQuery>,
    /// The bucket whose Region to read.
    pub bucket: Option<BucketName>,
    /// Whether to read the key's rotation.
    pub rotation: bool,
    /// Whether to read the key's policy.
    pub key_policy: bool,
    /// Whether to read the trail's delivery status.
    pub delivery: bool,
    /// Whether to read the delivery status if the key is in an external key store.
    pub delivery_of_external_key: bool,
    /// Whether to read the trail's log files.
    pub log_files: bool,
}

impl Needs {
    /// Whether to read the delivery status, once the key has been read: only then is it known
    /// whether the key is in an external key store.
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
    /// By alias or bare ID, in the Region of the trail's bucket: S3 looks there.
    InBucketRegion(KeyRef),
}

/// The evidence to read from AWS for a trail. Evidence that no enabled check reads is not read.
pub fn needs(context: &EvaluationContext<'_>, trail: &Trail) -> Needs {
    needs_of(context, trail, false)
}

/// The evidence to read from recorded items. It includes a key of another account where only a key
/// of the trail's own account is worth a call: what an item states about the key counts.
pub fn needs_in_items(context: &EvaluationContext<'_>, trail: &Trail) -> Needs {
    needs_of(context, trail, true)
}

fn needs_of(context: &EvaluationContext<'_>, trail: &Trail, reads_all_accounts: bool) -> Needs {
    let Some(key) = trail.key.as_ref().filter(|key| key.is_describable()) else {
        return Needs::default();
    };
    if not_applicable(context, trail).is_some() {
        return Needs::default();
    }
    let enabled = || CHECKS.iter().filter(|check| check.is_enabled(context.parameters));
    let reads = |evidence| enabled().any(|check| check.reads.contains(&evidence));
    let is_own = key.account().is_none_or(|account| account == trail.arn.owner());
    let is_arn = matches!(key, KeyRef::Key(_));
    let describes = reads(Evidence::Key)
        || ((is_own || reads_all_accounts) && reads(Evidence::OwnKey))
        || (!is_arn && reads(Evidence::KeyArn));
    let key_query = match key.region() {
        Some(region) => KeyQuery::At(region.clone(), key.clone()),
        None => KeyQuery::InBucketRegion(key.clone()),
    };
    let in_bucket_region = describes && matches!(key_query, KeyQuery::InBucketRegion(_));
    let reads_bucket = in_bucket_region || reads(Evidence::BucketRegion);
    Needs {
        key: describes.then_some(key_query),
        bucket: trail.bucket.clone().filter(|_| reads_bucket),
        rotation: reads(Evidence::Rotation),
        key_policy: reads(Evidence::KeyPolicy),
        delivery: reads(Evidence::Delivery),
        delivery_of_external_key: reads(Evidence::DeliveryWithExternalKey),
        log_files: reads(Evidence::LogFiles),
    }
}

/// The tag to read from CloudTrail now: it can exempt the trail, which would be NON_COMPLIANT.
///
/// A copy of another account's trail has none: only the trail's owner can tag it, and AWS does not
/// document whether other accounts can read its tags.
pub fn exemption_tag_to_read<'a>(
    context: &EvaluationContext<'a>,
    trail: &Trail,
    facts: &Facts,
) -> Option<&'a TagKey> {
    let key = context.exemption_tag(&trail.arn)?;
    let is_own = trail.standing() != Standing::MemberCopy;
    (is_own && would_fail(context, &evaluate(context, trail, facts))).then_some(key)
}

/// Evaluates a trail.
pub fn evaluate(context: &EvaluationContext<'_>, trail: &Trail, facts: &Facts) -> Judgement {
    if let Some(why) = not_applicable(context, trail) {
        let profile = context.parameters.profile;
        let verdict = Verdict::NotApplicable(why);
        return Judgement { verdict, profile, skipped: Vec::new(), key: None, notes: Vec::new() };
    }
    let mut judgement = judge(context, trail, facts);
    if !would_fail(context, &judgement) {
        return judgement;
    }
    let tag = by_tag(context, trail, facts);
    if let ByTag::Exempt(exemption) = &tag {
        let verdict = Verdict::NotApplicable(exempt_by(exemption));
        return Judgement { verdict, skipped: Vec::new(), key: None, ..judgement };
    }
    judgement.notes.extend(tag.note());
    judgement
}

/// The judgement of the enabled checks.
fn judge(context: &EvaluationContext<'_>, trail: &Trail, facts: &Facts) -> Judgement {
    let mut results = Vec::new();
    // All checks ask about the key: if it is not known before deployment, one reports it.
    let is_key_open = matches!(trail.key, Some(KeyRef::NotKnown(_)));
    for check in CHECKS.iter().filter(|check| check.is_enabled(context.parameters)) {
        let outcome = check.evaluate(context, trail, facts);
        let ends = check.ends_evaluation && matches!(outcome, Outcome::Fail(_));
        results.push(CheckResult { check: check.id, outcome });
        if ends || is_key_open {
            break;
        }
    }
    let skipped = CHECKS.iter().filter(|check| check.is_skipped(context.parameters));
    Judgement {
        verdict: Verdict::of(results),
        profile: context.parameters.profile,
        skipped: skipped.map(|check| check.id).collect(),
        key: trail.key.as_ref().map(|key| key.as_str().to_owned()),
        notes: notes(context, trail, facts),
    }
}

/// Whether the trail is NON_COMPLIANT without its tag, so that an exemption matters.
fn would_fail(context: &EvaluationContext<'_>, judgement: &Judgement) -> bool {
    judgement.compliance(context.parameters.unverified) == ComplianceType::NonCompliant
}

/// Why the trail is not evaluated, if it is not.
fn not_applicable(context: &EvaluationContext<'_>, trail: &Trail) -> Option<String> {
    let copy = match trail.standing() {
        Standing::Own => None,
        Standing::Shadow => Some(format!(
            "this copy of a multi-Region trail is not evaluated; its home Region is {}",
            trail.home_region
        )),
        Standing::MemberCopy => Some(format!(
            "this copy of an organization trail is not evaluated; account {} owns the trail",
            trail.arn.owner()
        )),
    };
    if let Some(copy) = copy.filter(|_| context.parameters.replicas == Replicas::NotApplicable) {
        return Some(copy);
    }
    match context.exemption(&trail.arn) {
        Exempt::By(exemption) => Some(exempt_by(exemption)),
        Exempt::No | Exempt::Expired(_) => None,
    }
}

/// That the trail is exempt: until when, by what and why.
fn exempt_by(exemption: &Exemption) -> String {
    let until = exemption.last_day().map(|day| format!(" until {day}")).unwrap_or_default();
    let (name, reason) = match exemption.origin() {
        Origin::Parameter => ("exemptTrails".to_owned(), String::new()),
        Origin::Document { name, reason, .. } => (name.clone(), format!(": {reason}")),
        Origin::Tag { key } => {
            (format!("tag {key}"), ": a tag names no reason and no approver".to_owned())
        }
    };
    format!("the trail is exempt{until} ({name}){reason}")
}

fn notes(context: &EvaluationContext<'_>, trail: &Trail, facts: &Facts) -> Vec<String> {
    let copy = match trail.standing() {
        Standing::Own => None,
        Standing::Shadow => Some(format!("copy of a trail of {}", trail.home_region)),
        Standing::MemberCopy => Some(format!("copy of a trail of account {}", trail.arn.owner())),
    };
    let expired = match context.exemption(&trail.arn) {
        Exempt::Expired(exemption) => {
            let day = exemption.last_day().unwrap_or_default();
            Some(format!("its exemption ended on {day}"))
        }
        Exempt::No | Exempt::By(_) => None,
    };
    let document = context.parameters.exemptions_from.as_ref().filter(|from| !from.is_read);
    let unread = document.map(|from| format!("exemptions of {} not read", from.object));
    let is_stopped =
        matches!(&facts.delivery, Reading::Known(one) if one.is_logging == Some(false));
    let stopped = is_stopped.then(|| "the trail does not log".to_owned());
    [copy, expired, unread, stopped].into_iter().flatten().collect()
}
