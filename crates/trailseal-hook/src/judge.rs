//! From the properties of a trail to the rule's verdict.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};
use trailseal_aws::{AwsError, Evidence, Session};
use trailseal_rule::checks::key_allowed::{NOT_LISTED, OTHER_ACCOUNT};
use trailseal_rule::checks::key_customer_managed::AWS_MANAGED;
use trailseal_rule::checks::key_in_bucket_region::WRONG_REGION;
use trailseal_rule::checks::key_usable::{DISABLED, PENDING_DELETION, WRONG_KIND};
use trailseal_rule::checks::sse_kms_enabled::NO_KEY;
use trailseal_rule::{
    AccountId, Answer, EvaluationContext, Facts, FindingCode, Judgement, KeyRef, KeyState, Outcome,
    Reading, Refusal, Trail, Verdict, evaluate,
};
use trailseal_template::{Deployment, Place, Planned, PlannedTrail, SuppliedValues};

use crate::request::TrailRequest;
use crate::{Hook, RequestContext};

/// How often a key that may be seconds old is asked about again.
const READS_AGAIN: u32 = 10;

/// A judged trail.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    /// The trail, with stand-ins for what is not known before it exists.
    pub(crate) trail: Trail,
    /// Its logical ID.
    pub(crate) logical_id: String,
    /// The verdict.
    pub(crate) judgement: Judgement,
}

/// A trail, and its evidence that AWS is not asked about.
struct Planning {
    trail: Trail,
    given: Vec<Answer>,
}

impl Hook {
    /// Judges a trail from what AWS says now.
    pub(crate) async fn judge(
        &self,
        request: &TrailRequest,
        context: &RequestContext,
    ) -> Result<Judged, AwsError> {
        let own = self.aws.own();
        let region = request.region.as_ref().unwrap_or_else(|| own.region());
        let session = own.in_region(region.clone());
        let planning = self.planning(request, &session);
        let evaluation = EvaluationContext { parameters: &self.parameters, now: context.now };
        let late = || AwsError::Deadline("reading the evidence");
        let first = timeout_at(context.deadline, self.read(&session, &evaluation, &planning)).await;
        let mut facts = first.map_err(|_| late())??;
        let pause = (self.patience / READS_AGAIN).max(Duration::from_millis(1));
        let last = context.deadline.min(context.arrived + self.patience);
        let judged = |facts: &Facts| {
            let facts = without_ambiguous_key(facts.clone(), &planning.trail);
            evaluate(&evaluation, &planning.trail, &facts)
        };
        let mut judgement = judged(&facts);
        while may_appear(&facts, &planning.trail, &request.account) && may_change(&judgement) {
            let next = Instant::now() + pause;
            if next > last {
                break;
            }
            sleep_until(next).await;
            let again = self.read(&session, &evaluation, &planning);
            // What AWS said before decides if it says nothing now.
            let Ok(Ok(again)) = timeout_at(context.deadline, again).await else { break };
            facts = again;
            judgement = judged(&facts);
        }
        let Planning { trail, .. } = planning;
        if trail.is_organization_trail {
            let owner = match trail.account.is_not_known() {
                true => "whose management account is not set (TRAILSEAL_MANAGEMENT_ACCOUNT)".into(),
                false => format!("of {}", trail.account),
            };
            judgement.notes.push(format!("evaluated as an organization trail {owner}"));
        }
        Ok(Judged { trail, logical_id: request.logical_id.clone(), judgement })
    }

    async fn read(
        &self,
        session: &Session,
        context: &EvaluationContext<'_>,
        planning: &Planning,
    ) -> Result<Facts, AwsError> {
        let evidence = Evidence::new(&self.aws, session);
        evidence.gather_beside(context, &planning.trail, planning.given.clone()).await
    }

    /// The trail that the properties describe.
    ///
    /// An organization trail belongs to the management account. Nothing was delivered with properties
    /// that are not in force, so that CloudTrail is not asked; a bucket whose name is not known cannot
    /// be asked about.
    fn planning(&self, request: &TrailRequest, session: &Session) -> Planning {
        let place = Place {
            account: request.account.clone(),
            region: session.region().clone(),
            scope: String::new(),
        };
        let mut planned = PlannedTrail::resolved(&request.logical_id, place, &request.properties);
        if planned.is_organization == Planned::Known(true) {
            let owner = self.management_account.clone();
            planned.place.account = owner.unwrap_or_else(AccountId::not_known);
        }
        let evidence = Deployment::default().evidence(&planned, &SuppliedValues::default());
        let Facts { delivery, delivery_elsewhere, bucket_region, .. } = evidence.facts;
        let mut given =
            vec![Answer::Delivery(delivery), Answer::DeliveryElsewhere(delivery_elsewhere)];
        if matches!(planned.bucket, Planned::Unknown(_)) {
            given.push(Answer::BucketRegion(bucket_region));
        }
        Planning { trail: evidence.trail, given }
    }
}

/// The facts, without those of a key that may be another one: AWS does not document in which Region
/// CloudTrail looks up an alias or a key ID, if the bucket is not in the Region of the trail.
fn without_ambiguous_key(facts: Facts, trail: &Trail) -> Facts {
    let Some(KeyRef::Alias(name) | KeyRef::Id(name)) = &trail.key else { return facts };
    let Reading::Known(region) = &facts.bucket_region else { return facts };
    if *region == trail.region {
        return facts;
    }
    let why = format!("in which Region CloudTrail looks up `{name}`: name the key's ARN");
    let refusal = Refusal::NotKnownBeforeDeployment(why);
    Facts {
        key: Reading::Refused(refusal.clone()),
        rotation: Reading::Refused(refusal.clone()),
        key_policy: Reading::Refused(refusal),
        ..facts
    }
}

/// Whether what AWS does not know or does not show may be so new that it appears in some seconds:
/// the bucket, or a key of the account that deploys the trail.
fn may_appear(facts: &Facts, trail: &Trail, account: &AccountId) -> bool {
    let key = trail.key.as_ref();
    let is_own = key.and_then(KeyRef::account).is_none_or(|of_key| of_key == account);
    let is_new = matches!(&facts.key, Reading::Known(key) if key.state == KeyState::Creating)
        || is_hidden(&facts.key)
        || is_hidden(&facts.rotation)
        || is_hidden(&facts.key_policy);
    (is_own && is_new) || matches!(facts.bucket_region, Reading::Absent)
}

/// Whether it may be another one in some seconds: the trail is not exempt, and no finding lasts.
///
/// KMS is eventually consistent. The rotation and the policy of a key that was made or changed
/// seconds ago can be old, so that findings about them do not last.
fn may_change(judgement: &Judgement) -> bool {
    const LASTING: [FindingCode; 8] = [
        NO_KEY,
        AWS_MANAGED,
        NOT_LISTED,
        OTHER_ACCOUNT,
        WRONG_REGION,
        DISABLED,
        PENDING_DELETION,
        WRONG_KIND,
    ];
    match &judgement.verdict {
        Verdict::Sealed(_) | Verdict::Unverified(_) => true,
        Verdict::NotApplicable(_) => false,
        Verdict::Broken(results) => results.iter().all(|result| match &result.outcome {
            Outcome::Fail(finding) => !LASTING.contains(&finding.code),
            Outcome::Pass | Outcome::Unknown(_) => true,
        }),
    }
}

fn is_hidden<T>(reading: &Reading<T>) -> bool {
    matches!(
        reading,
        Reading::Absent
            | Reading::Refused(Refusal::AccessDenied { .. } | Refusal::DeniedByPolicy { .. })
    )
}
