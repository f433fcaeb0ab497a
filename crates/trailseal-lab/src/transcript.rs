//! Exchanges of every operation, for a comparison with AWS's own service models.
//!
//! There are three kinds: valid requests; requests that each break one constraint, derived from the
//! lab's own shapes; and faults. The contract test compares requests, results and errors with
//! botocore's models, and requires that every constraint of the models is broken once here.

mod breaking;
mod cases;

use hyper::Request;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::answer;
use crate::asked::s3;
use crate::caller::credentials_of;
use crate::fault::{Fault, FaultKind, Position};
use crate::lab_state::{LabState, RuleId, SendBack};
use crate::operation::{Operation, Service};
use crate::requests;
use crate::services::with;
use crate::state::State;

pub use breaking::Breach;

/// A request and the lab's response.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// The service as in a credential scope, such as `kms`.
    pub service: &'static str,
    /// The operation, such as `DescribeKey`.
    pub operation: &'static str,
    /// What the exchange shows.
    pub case: String,
    pub request: Value,
    /// The constraint that the request breaks on purpose.
    pub breaks: Option<Breach>,
    /// The name of the fault that affected the request.
    pub fault: Option<&'static str>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The error code of the answer.
    pub error: Option<&'static str>,
    pub headers: Map<String, Value>,
    pub body: String,
}

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
const RULE: &str = "trailseal";
const SENT_BACK: &str = "sent-back";

pub fn transcript(state: State) -> Vec<Exchange> {
    let mut recorder = Recorder { lab_state: LabState::of(state) };
    let send_back = SendBack { resource_id: SENT_BACK.to_owned(), times_left: 1 };
    recorder.lab_state.send_back.push(send_back);
    let mut exchanges = Vec::new();
    for operation in Operation::all() {
        let token = recorder.lab_state.issue_token(RuleId::new(ACCOUNT, REGION, RULE));
        let base = cases::fine(operation, &token);
        exchanges.push(recorder.exchange(operation, "fine", base.clone()));
        for (case, request) in cases::further(operation, &base) {
            exchanges.push(recorder.exchange(operation, case, request));
        }
        exchanges.extend(recorder.faults(operation, &base));
        exchanges.extend(recorder.members(operation, &base));
        exchanges.extend(recorder.breaches(operation, &base));
    }
    exchanges
}

struct Recorder {
    lab_state: LabState,
}

impl Recorder {
    fn exchange(&mut self, operation: Operation, case: &str, request: Value) -> Exchange {
        let (head, body) = http(operation, &request);
        let reply = answer(&mut self.lab_state, &head, &body).reply;
        let headers = reply.headers.into_iter();
        Exchange {
            service: operation.service().signing_name(),
            operation: operation.name(),
            case: case.to_owned(),
            request,
            breaks: None,
            fault: None,
            status: reply.status,
            error: reply.error,
            headers: headers.map(|(name, value)| (name.to_owned(), Value::from(value))).collect(),
            body: String::from_utf8_lossy(&reply.body).into_owned(),
        }
    }

    /// The faults that return an error.
    fn faults(&mut self, operation: Operation, base: &Value) -> Vec<Exchange> {
        let kinds = [
            FaultKind::Throttling,
            FaultKind::InternalError,
            FaultKind::ServiceUnavailable,
            FaultKind::AccessDenied,
            FaultKind::NotFound,
            FaultKind::ExpiredCredentials,
            FaultKind::ClockSkew,
        ];
        let under = |kind: FaultKind| {
            self.lab_state.faults.add(Fault::of(operation, Position::Every, kind));
            let exchange = self.exchange(operation, "fault", base.clone());
            self.lab_state.faults.clear();
            Exchange { fault: Some(kind.name()), ..exchange }
        };
        kinds.map(under).into()
    }

    /// One request for each member, to show that the lab accepts it.
    fn members(&mut self, operation: Operation, base: &Value) -> Vec<Exchange> {
        requests::members(operation)
            .iter()
            .map(|member| {
                let request = with(base, member.name, breaking::right(&member.shape));
                self.exchange(operation, &format!("with `{}`", member.name), request)
            })
            .collect()
    }

    fn breaches(&mut self, operation: Operation, base: &Value) -> Vec<Exchange> {
        if operation == Operation::HeadBucket {
            return Vec::new(); // A path has no members.
        }
        // Forms, paths and headers contain only strings.
        let typed = ![Service::Sts, Service::S3].contains(&operation.service());
        // A path without a key asks for another operation.
        let is_path = |breach: &Breach| breach.path == "Key" && operation.service() == Service::S3;
        breaking::wrong(requests::members(operation), base)
            .into_iter()
            .filter(|(breach, _)| (typed || breach.constraint != "type") && !is_path(breach))
            .map(|(breach, request)| {
                let case = format!("breaks {} of `{}`", breach.constraint, breach.path);
                let mut exchange = self.exchange(operation, &case, request);
                exchange.breaks = Some(breach);
                exchange
            })
            .collect()
    }
}

/// The request as the SDKs send it.
fn http(operation: Operation, members: &Value) -> (Parts, Bytes) {
    let service = operation.service();
    let credentials = credentials_of(ACCOUNT);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/20261123/{REGION}/{}/aws4_request, SignedHeaders=host, \
         Signature=00",
        credentials.access_key_id,
        service.signing_name()
    );
    let (method, path, content_type, body) = match service {
        Service::S3 => return s3_http(operation, members, &authorization),
        Service::Sts => {
            let body = form(operation, members);
            ("POST", "/".to_owned(), "application/x-www-form-urlencoded", body)
        }
        Service::Account => {
            ("POST", "/listRegions".to_owned(), "application/json", members.to_string())
        }
        Service::SecurityHub => {
            let is_import = operation == Operation::BatchImportFindings;
            let path = if is_import { "/findings/import" } else { "/findings" };
            ("POST", path.to_owned(), "application/json", members.to_string())
        }
        Service::Config | Service::CloudTrail | Service::Kms | Service::Organizations => {
            ("POST", "/".to_owned(), "application/x-amz-json-1.1", members.to_string())
        }
    };
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", authorization)
        .header("x-amz-security-token", credentials.session_token)
        .header("content-type", content_type);
    if let Some(prefix) = service.target_prefix() {
        request = request.header("x-amz-target", format!("{prefix}.{}", operation.name()));
    }
    // An invalid request would become an empty one, which the lab refuses.
    (request.body(()).unwrap_or_default().into_parts().0, Bytes::from(body))
}

/// The request of S3, which has no body.
fn s3_http(operation: Operation, members: &Value, authorization: &str) -> (Parts, Bytes) {
    let (method, uri, headers) = s3::written(operation, members);
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", authorization)
        .header("x-amz-security-token", credentials_of(ACCOUNT).session_token);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    (request.body(()).unwrap_or_default().into_parts().0, Bytes::new())
}

fn form(operation: Operation, members: &Value) -> String {
    let encoded =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let mut form = format!("Action={}&Version=2011-06-15", operation.name());
    for (name, value) in members.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form.push_str(&format!("&{name}={}", encoded(&text)));
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_requests_are_answered_and_requests_that_break_a_constraint_are_refused() {
        let exchanges = transcript(State::default_state().unwrap());
        for exchange in &exchanges {
            let head_without_a_body = exchange.operation.starts_with("Head");
            match (&exchange.breaks, exchange.case.as_str()) {
                (Some(_), _) => assert_ne!(exchange.status, 200, "{exchange:?}"),
                (None, "fine") => assert_eq!(exchange.status, 200, "{exchange:?}"),
                (None, _) => {}
            }
            assert_eq!(exchange.body.is_empty(), head_without_a_body, "{exchange:?}");
        }
        assert!(exchanges.iter().filter(|exchange| exchange.breaks.is_some()).count() > 100);
    }
}
