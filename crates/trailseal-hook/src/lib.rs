//! The function of a CloudFormation Lambda Hook: judges a trail before CloudFormation or the Cloud
//! Control API creates or changes it.
//!
//! [`Hook::answer`] reads the request, makes a trail of its properties, reads the evidence about its
//! key and bucket as the rule's function does, and answers with the rule's verdict. Every request
//! gets an answer in time: what a Hook does if its function fails is the failure mode's, not ours.
//!
//! *Invariant of absence*: no decision about a trail is made here, and no fact outlives a request.

mod answer;
mod judge;
mod log;
mod request;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use trailseal_aws::Aws;
use trailseal_rule::{AccountId, CheckId, Parameters, Timestamp};

pub use crate::log::HookLog;

use crate::answer::HookAnswer;
use crate::judge::Judged;
use crate::log::Line;
use crate::request::{Asked, Limit, Request, TrailRequest};

/// The function, which stays warm between requests.
#[derive(Debug)]
pub struct Hook {
    aws: Aws,
    parameters: Parameters,
    management_account: Option<AccountId>,
    patience: Duration,
    log: HookLog,
}

/// The time and deadline of one request.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// Now, for exemptions and for imported key material.
    pub now: Timestamp,
    /// When the request arrived.
    pub arrived: Instant,
    /// When reading ends, so that there is time to answer.
    pub deadline: Instant,
}

impl Hook {
    /// A function that judges as the rule with these parameters does, except that it does not ask
    /// about deliveries: none was made with properties that are not in force.
    ///
    /// Organization trails belong to `management_account`; without it they are unverified.
    /// A key that KMS does not know or does not show is asked about again for `patience` after the
    /// arrival of the request: CloudFormation may have made it seconds ago.
    pub fn new(
        aws: Aws,
        mut parameters: Parameters,
        management_account: Option<AccountId>,
        patience: Duration,
        log: HookLog,
    ) -> Self {
        parameters.skip_checks.push(CheckId::DeliveryUnbroken);
        Self { aws, parameters, management_account, patience, log }
    }

    /// Answers one request.
    pub async fn answer(&self, event: &[u8], context: &RequestContext) -> Value {
        let request = Request::read(event);
        let work = self.answer_request(&request, context);
        let ((answer, judged), calls) = self.aws.count_calls(work).await;
        let elapsed = context.arrived.elapsed();
        self.log.write(&Line { request: &request, answer: &answer, judged, calls, elapsed });
        answer.into_json(request.token.as_deref())
    }

    async fn answer_request(
        &self,
        request: &Request,
        context: &RequestContext,
    ) -> (HookAnswer, Option<Judged>) {
        match &request.asked {
            Ok(Asked::Nothing(why)) => (HookAnswer::nothing(why), None),
            Ok(Asked::Trail(trail)) => self.judge_in_time(trail, context, request.limit()).await,
            Err(faults) => {
                let why = format!("the request cannot be used: {faults}");
                (HookAnswer::internal_failure(&why, request.limit()), None)
            }
        }
    }

    async fn judge_in_time(
        &self,
        trail: &TrailRequest,
        context: &RequestContext,
        limit: Limit,
    ) -> (HookAnswer, Option<Judged>) {
        match self.judge(trail, context).await {
            Ok(judged) => (HookAnswer::of(&judged, &self.parameters, limit), Some(judged)),
            Err(error) => {
                let why = format!("trail `{}` was not evaluated: {error}", trail.logical_id);
                (HookAnswer::internal_failure(&why, limit), None)
            }
        }
    }
}

/// The answer of a function that is not set up: its settings or the rule's parameters are invalid.
pub fn answer_without_setup(event: &[u8], faults: &str, log: &HookLog) -> Value {
    let request = Request::read(event);
    let why = format!("the function of the Hook is not set up: {faults}");
    let answer = HookAnswer::internal_failure(&why, request.limit());
    log.write(&Line {
        request: &request,
        answer: &answer,
        judged: None,
        calls: BTreeMap::new(),
        elapsed: Duration::ZERO,
    });
    answer.into_json(request.token.as_deref())
}
