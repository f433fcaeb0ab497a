//! The verdict on a planned trail, over every outcome of the conditions that are not decided.

use std::collections::BTreeSet;
use std::sync::Arc;

use trailseal_rule::{
    BucketName, CheckId, EvaluationContext, Facts, Judgement, KeyRef, Reading, Refusal, Trail,
    Verdict, evaluate,
};

use crate::evidence::Evidence;
use crate::model::{Deployment, PlannedKey, PlannedTrail, SuppliedKey, SuppliedValues};
use crate::planned::{Planned, not_known};
use crate::values::bucket_in_words;

/// What a document plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Its trails.
    pub trails: Vec<PreviewedTrail>,
    /// Why there may be trails that are not seen: the report is partial.
    pub problems: Vec<String>,
    /// What the reader of the report should know.
    pub notes: Vec<String>,
    /// The parameters that its templates declare.
    pub parameters: BTreeSet<String>,
    /// Whether it has a stack whose `AWS::StackName` is the one that the user supplies.
    pub needs_supplied_name: bool,
}

impl Preview {
    /// Leaves the key of each trail open, because the document does not say everything: `why`. A trail
    /// without a key stays so.
    pub(crate) fn leave_keys_open(&mut self, why: &str) {
        for trail in &mut self.trails {
            let worlds = trail.worlds.iter_mut().filter_map(|world| world.trail.as_mut());
            for trail in worlds.chain(std::iter::once(&mut trail.declared)) {
                if matches!(&trail.key, Planned::Known(text) if !text.is_empty()) {
                    trail.key = Planned::Unknown(why.to_owned());
                }
            }
        }
    }
}

/// What one outcome of the undecided conditions makes of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The trail in this outcome; `None` if it is not made.
    pub trail: Option<PlannedTrail>,
    /// What is deployed with it in this outcome.
    pub deployment: Arc<Deployment>,
}

/// A trail of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewedTrail {
    /// The trail as declared, in one of the outcomes; its location and address are the same in all.
    pub declared: PlannedTrail,
    /// The outcomes, at least one.
    pub worlds: Vec<World>,
    /// Why there are several outcomes; or why the trail is not made, if it is made in none.
    pub why: String,
    /// What the reader of a report should know, such as the defaults that were assumed.
    pub notes: Vec<String>,
}

/// A judged trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedTrail {
    /// The trail as the rule judged it.
    pub trail: Trail,
    /// Its facts.
    pub facts: Facts,
    /// The verdict.
    pub judgement: Judgement,
    /// The key, if the deployment makes it.
    pub key: Option<Arc<PlannedKey>>,
    /// Notes for the report.
    pub notes: Vec<String>,
}

impl PreviewedTrail {
    /// Judges the trail in every outcome, without `delivery-unbroken`. If the verdicts differ, it is
    /// unverified.
    pub fn judge(&self, context: &EvaluationContext<'_>, values: &SuppliedValues) -> JudgedTrail {
        let mut parameters = context.parameters.clone();
        if !parameters.skip_checks.contains(&CheckId::DeliveryUnbroken) {
            parameters.skip_checks.push(CheckId::DeliveryUnbroken);
        }
        let context = &EvaluationContext { parameters: &parameters, now: context.now };
        let judged: Vec<JudgedTrail> = self
            .worlds
            .iter()
            .filter_map(|world| {
                let trail = world.trail.as_ref()?;
                Some(judge_one(context, &world.deployment, trail, values))
            })
            .collect();
        let is_made_always = judged.len() == self.worlds.len();
        let Some(first) = judged.first().cloned() else { return self.not_made() };
        let kind = |judged: &JudgedTrail| std::mem::discriminant(&judged.judgement.verdict);
        let mut all = if judged.iter().all(|one| kind(one) == kind(&first)) {
            first
        } else {
            self.undecided(context)
        };
        all.notes.extend(self.organization());
        all.notes.extend(self.notes.iter().cloned());
        if !is_made_always {
            all.notes.push(format!("judged as if it were made: {}", self.why));
        }
        all
    }

    /// Whose trail an organization trail is taken for: a delegated administrator's belongs to the
    /// management account.
    fn organization(&self) -> Option<String> {
        let made = || self.worlds.iter().filter_map(|world| world.trail.as_ref());
        let owner = &self.declared.place.account;
        let owner = format!("evaluated as an organization trail of {owner}");
        if made().any(|trail| trail.is_organization == Planned::Known(true)) {
            return Some(owner);
        }
        made().find_map(|trail| match &trail.is_organization {
            Planned::Unknown(why) => Some(format!("may be an organization trail ({why}): {owner}")),
            Planned::Known(_) | Planned::Absent => None,
        })
    }

    /// The verdict where the outcomes differ: the key is what differs.
    fn undecided(&self, context: &EvaluationContext<'_>) -> JudgedTrail {
        let deployment = Deployment::default();
        let Evidence { mut trail, mut facts, .. } =
            deployment.evidence(&self.declared, &SuppliedValues::default());
        trail.key = Some(KeyRef::NotKnown(self.why.clone()));
        let refused = || Refusal::NotKnownBeforeDeployment(self.why.clone());
        facts.key = Reading::Refused(refused());
        facts.rotation = Reading::Refused(refused());
        facts.key_policy = Reading::Refused(refused());
        let judgement = evaluate(context, &trail, &facts);
        JudgedTrail { trail, facts, judgement, key: None, notes: Vec::new() }
    }

    fn not_made(&self) -> JudgedTrail {
        let Evidence { trail, facts, .. } =
            Deployment::default().evidence(&self.declared, &SuppliedValues::default());
        let judgement = Judgement {
            verdict: Verdict::NotApplicable(format!("the trail is not made: {}", self.why)),
            profile: trailseal_rule::Profile::default(),
            skipped: Vec::new(),
            key: None,
            notes: Vec::new(),
        };
        JudgedTrail { trail, facts, judgement, key: None, notes: self.notes.clone() }
    }
}

fn judge_one(
    context: &EvaluationContext<'_>,
    deployment: &Deployment,
    planned: &PlannedTrail,
    values: &SuppliedValues,
) -> JudgedTrail {
    let Evidence { trail, mut facts, key } = deployment.evidence(planned, values);
    if let Reading::Known(rotation) = &facts.rotation
        && context.parameters.needs_period_of(rotation)
    {
        facts.rotation = not_known("the rotation period");
    }
    let judgement = evaluate(context, &trail, &facts);
    let key = key.and_then(|address| deployment.keys.get(&address).map(Arc::clone));
    let notes = supplied(&trail, values);
    JudgedTrail { trail, facts, judgement, key, notes }
}

/// What the user states about the trail's key and bucket.
fn supplied(trail: &Trail, values: &SuppliedValues) -> Vec<String> {
    let key = trail.key.as_ref().and_then(|key| values.keys.get(key.arn()?));
    let bucket = trail.bucket.as_ref().map(BucketName::as_str);
    let bucket = bucket.and_then(|name| Some((name, values.buckets.get(name)?)));
    let words = key.map(SuppliedKey::in_words).into_iter();
    let words = words.chain(bucket.map(|(name, region)| bucket_in_words(name, region)));
    words.map(|words| format!("supplied: {words}")).collect()
}
