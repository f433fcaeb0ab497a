//! Turns a request into a response: finds the operation, the caller and the fault, then the result.

use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::Value;

use crate::asked::{Asked, asked, percent_decoded};
use crate::caller::{Caller, denied, expired, recognise};
use crate::fault::FaultKind;
use crate::hang::Hang;
use crate::lab_state::LabState;
use crate::moments;
use crate::operation::{Operation, Service};
use crate::record::Call;
use crate::refusal::Refusal;
use crate::reply::{self, Reply};
use crate::requests;
use crate::services::{self, Request};
use crate::shape;

/// An answer and how long it takes.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) delay: Duration,
}

/// A request with its caller and the fault that affects it.
#[derive(Debug)]
struct Incoming {
    number: u64,
    asked: Asked,
    caller: Result<Caller, Refusal>,
    /// The text that faults and denials search for the resource of the request.
    mentions: String,
    fault: Option<FaultKind>,
    /// Whether the response has no body.
    is_head: bool,
}

impl Incoming {
    fn refuse(&self, refusal: &Refusal) -> Reply {
        if self.asked.service == Service::S3 {
            return reply::s3::refusal(refusal, self.is_head, self.number);
        }
        Reply::refusal(self.asked.service, refusal, self.number)
    }
}

/// Answers a request and records it.
pub(crate) fn answer(lab_state: &mut LabState, head: &Parts, body: &Bytes) -> Answer {
    lab_state.requests = lab_state.requests.saturating_add(1);
    let number = lab_state.requests;
    let Some(asked) = asked(head, body) else {
        let refusal = Refusal::new("UnknownOperationException", "the lab serves no such request");
        lab_state.calls.push(Call {
            operation: format!("{} {}", head.method, head.uri.path()),
            account: None,
            region: None,
            request: Value::Null,
            status: Some(404),
            error: Some(refusal.code.to_owned()),
            fault: None,
        });
        let reply = Reply::refusal(Service::Config, &refusal.with_status(404), number);
        return Answer { reply, delay: lab_state.latency };
    };
    let caller = recognise(&head.headers, asked.service, &lab_state.sessions, &lab_state.state);
    let text = String::from_utf8_lossy(body).replace("\\/", "/");
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let bucket = asked.body.as_ref().ok().and_then(|body| body.get("Bucket")?.as_str());
    let mentions = format!("{} {text} {}", percent_decoded(path), bucket.unwrap_or_default());
    let fault = asked.operation.as_ref().ok().and_then(|known| {
        // A fault can name a caller: `@ACCOUNT/REGION`.
        let by = caller.as_ref().ok();
        let by = by.map(|caller| format!(" @{}/{}", caller.account(), caller.region));
        lab_state.faults.meet(*known, &format!("{mentions}{}", by.unwrap_or_default()))
    });
    let is_change = asked.operation.as_ref().is_ok_and(|known| known.changes_a_trail_or_a_key());
    let is_head = head.method == Method::HEAD;
    let incoming = Incoming { number, asked, caller, mentions, fault, is_head };
    let hang = if is_change { lab_state.hangs.meet() } else { None };
    let mut reply = Reply::silence();
    if hang != Some(Hang::BeforeTheChange) {
        let carried_out = reply_to(lab_state, &incoming);
        if hang.is_none() {
            reply = carried_out;
        }
    }
    remember(lab_state, incoming, &reply);
    let slow = match fault {
        Some(FaultKind::Slow(delay)) => delay,
        Some(_) | None => Duration::ZERO,
    };
    Answer { reply, delay: lab_state.latency.saturating_add(slow) }
}

fn remember(lab_state: &mut LabState, incoming: Incoming, reply: &Reply) {
    let Incoming { asked, caller, fault, .. } = incoming;
    let mut request = asked.body.unwrap_or(Value::Null);
    if let Some(members) = request.as_object_mut() {
        members.remove("ResultToken");
    }
    let caller = caller.ok();
    lab_state.calls.push(Call {
        operation: match asked.operation {
            Ok(operation) => operation.iam().to_owned(),
            Err(name) => format!("{}:{name}", asked.service.signing_name()),
        },
        account: caller.as_ref().map(|caller| caller.account().to_owned()),
        region: caller.map(|caller| caller.region),
        request,
        status: (reply.status != 0).then_some(reply.status),
        error: reply.error.map(str::to_owned),
        fault: fault.map(|kind| kind.name().to_owned()),
    });
}

fn reply_to(lab_state: &mut LabState, incoming: &Incoming) -> Reply {
    let operation = match &incoming.asked.operation {
        Ok(operation) => *operation,
        Err(name) => {
            let message = format!("the lab does not serve `{name}`");
            return incoming.refuse(&Refusal::new("UnknownOperationException", message));
        }
    };
    let refused =
        incoming.fault.and_then(|kind| refused_by_fault(lab_state, operation, kind, incoming));
    if let Some(reply) = refused {
        return reply;
    }
    let reply = if operation == Operation::HeadBucket {
        let (status, region) = head_bucket(lab_state, incoming);
        Reply::head(status, region, incoming.number)
    } else {
        match result_of(lab_state, operation, incoming) {
            Ok(mut result) => {
                if let (Some(FaultKind::RepeatedToken), Ok(body)) =
                    (incoming.fault, &incoming.asked.body)
                {
                    services::repeat_token(operation, body, &mut result);
                }
                result_reply(lab_state, operation, &result, incoming)
            }
            Err(refusal) => incoming.refuse(&refusal),
        }
    };
    match incoming.fault {
        Some(kind) => reply.garbled(operation, kind),
        None => reply,
    }
}

fn result_reply(
    lab_state: &LabState,
    operation: Operation,
    result: &Value,
    incoming: &Incoming,
) -> Reply {
    if operation.service() != Service::S3 {
        return Reply::result(operation, result, incoming.number);
    }
    let body = incoming.asked.body.as_ref().unwrap_or(&Value::Null);
    let content = match operation == Operation::GetObject {
        true => services::content(&lab_state.state, body),
        false => Ok(Vec::new()),
    };
    match content {
        Ok(content) => reply::s3::result(operation, result, content, incoming.number),
        Err(refusal) => incoming.refuse(&refusal),
    }
}

fn result_of(
    lab_state: &mut LabState,
    operation: Operation,
    incoming: &Incoming,
) -> Result<Value, Refusal> {
    let caller = incoming.caller.as_ref().map_err(Clone::clone)?;
    let body = incoming.asked.body.as_ref().map_err(Clone::clone)?;
    let body = &services::without_repetition(operation, body);
    let denial = lab_state.state.denies(caller.account(), operation.iam(), &incoming.mentions);
    if let Some(denial) = denial {
        let resource = resource_of(operation, body);
        return Err(denial.refusal(&caller.identity.arn, operation.action(), &resource));
    }
    if matches!(operation, Operation::GetResourceConfigHistory | Operation::ListDiscoveredResources)
    {
        services::admit_limit(body)?;
    }
    shape::admit(body, requests::members(operation))?;
    let fault = incoming.fault;
    if operation.changes_a_trail_or_a_key() {
        lab_state.deliver_before_change();
    }
    let result = services::carry_out(&mut Request { lab_state, caller, operation, body, fault })?;
    if operation.changes_a_trail_or_a_key() {
        lab_state.note_change(operation.iam());
    }
    Ok(result)
}

/// The resource that an access denied error names.
fn resource_of(operation: Operation, body: &Value) -> String {
    if operation.service() == Service::S3 {
        return services::resource(body);
    }
    let member = match operation.service() {
        Service::Kms => "KeyId",
        Service::CloudTrail => "Name",
        Service::Sts => "RoleArn",
        Service::Config
        | Service::S3
        | Service::Organizations
        | Service::Account
        | Service::SecurityHub => "",
    };
    body.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The status of `HeadBucket` and the bucket's Region.
fn head_bucket<'a>(lab_state: &'a LabState, incoming: &Incoming) -> (u16, Option<&'a str>) {
    let body = incoming.asked.body.as_ref().ok();
    let name = body.and_then(|body| body.get("Bucket")).and_then(Value::as_str);
    let caller = incoming.caller.as_ref().ok();
    services::head_bucket(&lab_state.state, caller, name.unwrap_or_default())
}

/// The response of a fault that prevents the operation.
fn refused_by_fault(
    lab_state: &LabState,
    operation: Operation,
    kind: FaultKind,
    incoming: &Incoming,
) -> Option<Reply> {
    let unknown = "arn:aws:sts::000000000000:assumed-role/unknown/unknown";
    let arn = incoming.caller.as_ref().map_or(unknown, |caller| caller.identity.arn.as_str());
    let body = incoming.asked.body.as_ref().unwrap_or(&Value::Null);
    let refusal = match kind {
        FaultKind::Slow(_)
        | FaultKind::TruncatedBody
        | FaultKind::NotJson
        | FaultKind::WrongTypes
        | FaultKind::RepeatedToken
        | FaultKind::FailedEvaluations => return None,
        FaultKind::ConnectionReset => return Some(Reply::reset()),
        FaultKind::Throttling => Refusal::new("ThrottlingException", "Rate exceeded"),
        FaultKind::InternalError => internal_error(operation),
        FaultKind::ServiceUnavailable => {
            Refusal::new("ServiceUnavailable", "Service is unavailable").with_status(503)
        }
        FaultKind::AccessDenied => denied(arn, operation.action(), &resource_of(operation, body)),
        FaultKind::NotFound => match not_found(operation, arn, body) {
            Ok(result) => return Some(Reply::result(operation, &result, incoming.number)),
            Err(refusal) => refusal,
        },
        FaultKind::ExpiredCredentials => expired(),
        FaultKind::ClockSkew => clock_skew(),
    };
    let reply = if operation == Operation::HeadBucket {
        // S3 refuses `HEAD` with a status and no body, but often still returns the Region.
        let (_, region) = head_bucket(lab_state, incoming);
        let (status, region) = match refusal.code {
            "ThrottlingException" => (503, None),
            "InternalFailure" | "ServiceUnavailable" => (refusal.status, None),
            "NotFound" => (404, None),
            "ExpiredTokenException" => (400, region),
            _ => (403, region),
        };
        Reply::head(status, region, incoming.number)
    } else {
        incoming.refuse(&refusal)
    };
    Some(if kind == FaultKind::ClockSkew { reply.an_hour_ahead() } else { reply })
}

fn internal_error(operation: Operation) -> Refusal {
    let (code, message) = match operation.service() {
        Service::Kms => ("KMSInternalException", "An internal error occurred."),
        Service::Organizations => {
            ("ServiceException", "AWS Organizations can't complete your request.")
        }
        Service::SecurityHub => ("InternalException", "Internal server error"),
        Service::Config | Service::CloudTrail | Service::Sts | Service::S3 | Service::Account => {
            ("InternalFailure", "The request processing has failed because of an unknown error")
        }
    };
    Refusal::new(code, message).with_status(500)
}

fn clock_skew() -> Refusal {
    let ours = moments::now();
    let message = format!(
        "Signature expired: {} is now earlier than {} ({} - 5 min.)",
        moments::to_signing_time(ours),
        moments::to_signing_time(ours.saturating_add(3_300_000)),
        moments::to_signing_time(ours.saturating_add(3_600_000)),
    );
    Refusal::new("InvalidSignatureException", message)
}

/// The response of each operation for a missing resource: an error, or for some a result.
fn not_found(operation: Operation, arn: &str, body: &Value) -> Result<Value, Refusal> {
    let (code, message) = match operation {
        Operation::PutEvaluations
        | Operation::DescribeConfigRules
        | Operation::GetComplianceDetailsByConfigRule => {
            ("NoSuchConfigRuleException", "The ConfigRule provided in the request is invalid.")
        }
        Operation::GetResourceConfigHistory => {
            ("ResourceNotDiscoveredException", "The resource is unknown or has not been discovered")
        }
        Operation::ListDiscoveredResources | Operation::BatchGetResourceConfig => (
            "NoAvailableConfigurationRecorderException",
            "There are no configuration recorders available to provide the role needed to describe \
             your resources.",
        ),
        Operation::DescribeTrails => return Ok(serde_json::json!({ "trailList": [] })),
        Operation::GetTrail
        | Operation::GetTrailStatus
        | Operation::GetEventSelectors
        | Operation::UpdateTrail => ("TrailNotFoundException", "Unknown trail"),
        Operation::ListTags => ("ResourceNotFoundException", "Unknown trail"),
        Operation::DescribeKey
        | Operation::GetKeyPolicy
        | Operation::GetKeyRotationStatus
        | Operation::PutKeyPolicy
        | Operation::CreateAlias
        | Operation::EnableKeyRotation
        | Operation::EnableKey
        | Operation::DisableKey
        | Operation::CancelKeyDeletion
        | Operation::ListResourceTags => ("NotFoundException", "The key does not exist"),
        // A list of keys always exists, and creating a key requires no other resource.
        Operation::ListKeys => return Ok(serde_json::json!({ "Keys": [], "Truncated": false })),
        Operation::CreateKey => ("UnsupportedOperationException", "The key cannot be made"),
        // STS returns the same error for a missing role and for one that does not trust the caller.
        Operation::AssumeRole => {
            return Err(denied(arn, operation.action(), &resource_of(operation, body)));
        }
        Operation::GetCallerIdentity => (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        Operation::SelectAggregateResourceConfig => (
            "NoSuchConfigurationAggregatorException",
            "The configuration aggregator does not exist.",
        ),
        Operation::ListAccounts | Operation::ListDelegatedAdministrators => (
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ),
        // Security Hub is off.
        Operation::BatchImportFindings | Operation::GetFindings => {
            let message = "Account is not subscribed to AWS Security Hub";
            return Err(Refusal::new("InvalidAccessException", message).with_status(401));
        }
        Operation::ListRegions => return Ok(serde_json::json!({ "Regions": [] })),
        Operation::HeadBucket => ("NotFound", ""),
        Operation::ListObjectsV2 | Operation::ListObjectVersions | Operation::GetBucketAcl => {
            ("NoSuchBucket", "The specified bucket does not exist")
        }
        Operation::HeadObject | Operation::GetObject => {
            ("NoSuchKey", "The specified key does not exist.")
        }
        Operation::GetBucketMetadataConfiguration => {
            ("MetadataConfigurationNotFound", "The metadata configuration was not found")
        }
        Operation::GetBucketOwnershipControls => {
            ("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
        }
    };
    let refusal = Refusal::new(code, message);
    Err(if operation.service() == Service::S3 { refusal.with_status(404) } else { refusal })
}
