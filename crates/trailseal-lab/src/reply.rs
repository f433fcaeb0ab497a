//! Answers as bytes: the JSON protocol, STS's XML, S3's headers, and answers gone wrong.

use serde_json::{Map, Value, json};

use crate::fault::FaultKind;
use crate::moments;
use crate::operation::{Operation, Service};
use crate::refusal::Refusal;

/// An answer before it becomes HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The error code, for the record.
    pub(crate) error: Option<&'static str>,
    pub(crate) ending: Ending,
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    Whole,
    /// Truncated within the body.
    Truncated,
    /// Before it begins: the connection is reset.
    Reset,
    /// It never begins, and the connection stays.
    Never,
}

const JSON: &str = "application/x-amz-json-1.1";
const REST_JSON: &str = "application/json";
const XML: &str = "text/xml";

impl Reply {
    fn new(status: u16, content_type: &str, body: Vec<u8>, request: u64) -> Self {
        let headers = vec![
            ("content-type", content_type.to_owned()),
            ("x-amzn-requestid", request_id(request)),
        ];
        Self { status, headers, body, error: None, ending: Ending::Whole }
    }

    /// A result of the JSON protocol or of STS.
    pub(crate) fn result(operation: Operation, result: &Value, request: u64) -> Self {
        match operation.service() {
            Service::Sts => {
                let body = sts_result(operation.name(), result, request);
                Self::new(200, XML, body.into_bytes(), request)
            }
            Service::Account => Self::new(200, REST_JSON, result.to_string().into_bytes(), request),
            Service::Config
            | Service::CloudTrail
            | Service::Kms
            | Service::S3
            | Service::Organizations => {
                Self::new(200, JSON, result.to_string().into_bytes(), request)
            }
        }
    }

    /// A refusal in the words of the service.
    pub(crate) fn refusal(service: Service, refusal: &Refusal, request: u64) -> Self {
        let mut reply = match service {
            Service::Sts => sts_refusal(refusal, request),
            Service::S3 => {
                let mut reply = Self::new(refusal.status, XML, Vec::new(), request);
                reply.error = Some(refusal.code);
                reply
            }
            Service::Account => rest_refusal(refusal, request),
            Service::Config | Service::CloudTrail | Service::Kms | Service::Organizations => {
                let body = json!({ "__type": refusal.code, message_member(service, refusal): refusal.message });
                let mut reply =
                    Self::new(refusal.status, JSON, body.to_string().into_bytes(), request);
                reply.error = Some(refusal.code);
                reply
            }
        };
        reply.headers.retain(|(name, value)| *name != "content-type" || !value.is_empty());
        reply
    }

    /// The answer to `HEAD` of a bucket: S3 sends no body with it.
    pub(crate) fn head(status: u16, region: Option<&str>, request: u64) -> Self {
        let mut headers = vec![("x-amz-request-id", format!("LAB{request:013}"))];
        headers.extend(region.map(|region| ("x-amz-bucket-region", region.to_owned())));
        if status == 200 {
            headers.push(("content-type", "application/xml".to_owned()));
        }
        let error = match status {
            200 => None,
            301 => Some("MovedPermanently"),
            400 => Some("BadRequest"),
            404 => Some("NotFound"),
            503 => Some("SlowDown"),
            500 => Some("InternalError"),
            _ => Some("Forbidden"),
        };
        Self { status, headers, body: Vec::new(), error, ending: Ending::Whole }
    }

    /// The answer that never comes.
    pub(crate) fn reset() -> Self {
        let (headers, body) = (Vec::new(), Vec::new());
        Self { status: 0, headers, body, error: None, ending: Ending::Reset }
    }

    /// The answer that is waited for in vain.
    pub(crate) fn silence() -> Self {
        Self { ending: Ending::Never, ..Self::reset() }
    }

    /// The answer after a fault that garbles answers; other faults leave it as it is.
    pub(crate) fn garbled(mut self, operation: Operation, kind: FaultKind) -> Self {
        match kind {
            FaultKind::TruncatedBody => self.ending = Ending::Truncated,
            FaultKind::NotJson => {
                self.status = 200;
                self.error = None;
                self.replace(operation, "text/html", NOT_JSON.as_bytes().to_vec());
            }
            FaultKind::WrongTypes => {
                let (content_type, body) = match operation.service() {
                    Service::Sts => (XML, wrong_xml(operation.name()).into_bytes()),
                    Service::Account => (REST_JSON, wrong_json(&self.body)),
                    Service::Config
                    | Service::CloudTrail
                    | Service::Kms
                    | Service::S3
                    | Service::Organizations => (JSON, wrong_json(&self.body)),
                };
                self.replace(operation, content_type, body);
            }
            FaultKind::Throttling
            | FaultKind::InternalError
            | FaultKind::ServiceUnavailable
            | FaultKind::Slow(_)
            | FaultKind::ConnectionReset
            | FaultKind::RepeatedToken
            | FaultKind::AccessDenied
            | FaultKind::NotFound
            | FaultKind::ExpiredCredentials
            | FaultKind::ClockSkew => {}
        }
        self
    }

    /// `HEAD` has no body to garble: what is garbled there is the one header that matters.
    fn replace(&mut self, operation: Operation, content_type: &str, body: Vec<u8>) {
        self.headers.retain(|(name, _)| *name != "content-type");
        self.headers.push(("content-type", content_type.to_owned()));
        if operation == Operation::HeadBucket {
            self.headers.retain(|(name, _)| *name != "x-amz-bucket-region");
            if content_type == JSON {
                self.headers.push(("x-amz-bucket-region", "{}".to_owned()));
            }
        } else {
            self.body = body;
        }
    }

    /// The same answer from a server whose clock is an hour ahead.
    pub(crate) fn an_hour_ahead(mut self) -> Self {
        let ahead = moments::now().saturating_add(3_600_000);
        self.headers.push(("date", moments::to_http_date(ahead)));
        self
    }
}

/// KMS is seen to write `Message` for the refusals that its model does not have; every SDK reads both.
fn message_member(service: Service, refusal: &Refusal) -> &'static str {
    let unmodelled =
        ["AccessDeniedException", "ExpiredTokenException", "InvalidSignatureException"];
    match service {
        Service::Kms if unmodelled.contains(&refusal.code) => "Message",
        Service::Organizations => "Message",
        Service::Config
        | Service::CloudTrail
        | Service::Kms
        | Service::Sts
        | Service::S3
        | Service::Account => "message",
    }
}

const NOT_JSON: &str = "<html><head><title>502 Bad Gateway</title></head><body>proxy</body></html>";

/// The JSON of the same members with other types than they ought to have.
fn wrong_json(right: &[u8]) -> Vec<u8> {
    let right: Value = serde_json::from_slice(right).unwrap_or(Value::Null);
    let Some(object) = right.as_object().filter(|object| !object.is_empty()) else {
        return b"[]".to_vec();
    };
    let wrong: Map<String, Value> =
        object.iter().map(|(name, value)| (name.clone(), mistyped(value))).collect();
    Value::Object(wrong).to_string().into_bytes()
}

fn mistyped(value: &Value) -> Value {
    match value {
        Value::Object(_) => Value::from("text instead of an object"),
        Value::Array(_) => json!({ "an": "object instead of a list" }),
        Value::String(_) => Value::from(7),
        Value::Number(_) | Value::Bool(_) => Value::from("text instead of a number or a flag"),
        Value::Null => Value::from(0),
    }
}

fn wrong_xml(name: &str) -> String {
    format!(
        "<{name}Response xmlns=\"{STS_NAMESPACE}\"><{name}Result><Credentials>text</Credentials>\
         <Expiration>soon</Expiration></{name}Result></{name}Response>"
    )
}

const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

fn sts_result(name: &str, result: &Value, request: u64) -> String {
    format!(
        "<{name}Response xmlns=\"{STS_NAMESPACE}\"><{name}Result>{}</{name}Result>\
         <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{name}Response>",
        to_xml(result),
        request_id(request),
    )
}

fn to_xml(value: &Value) -> String {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| format!("<{name}>{}</{name}>", to_xml(value)))
            .collect(),
        Value::String(text) => escaped(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// STS has names of its own for what every service refuses.
fn sts_refusal(refusal: &Refusal, request: u64) -> Reply {
    let (code, status) = match refusal.code {
        "MissingAuthenticationTokenException" => ("MissingAuthenticationToken", 403),
        "UnrecognizedClientException" => ("InvalidClientTokenId", 403),
        "ExpiredTokenException" => ("ExpiredToken", 403),
        "InvalidSignatureException" => ("SignatureDoesNotMatch", 403),
        "AccessDeniedException" => ("AccessDenied", 403),
        "ThrottlingException" => ("Throttling", 400),
        "ValidationException" | "SerializationException" => ("ValidationError", 400),
        "UnknownOperationException" => ("InvalidAction", 400),
        other => (other, refusal.status),
    };
    let side = if status < 500 { "Sender" } else { "Receiver" };
    let body = format!(
        "<ErrorResponse xmlns=\"{STS_NAMESPACE}\"><Error><Type>{side}</Type><Code>{code}</Code>\
         <Message>{}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
        escaped(&refusal.message),
        request_id(request),
    );
    let mut reply = Reply::new(status, XML, body.into_bytes(), request);
    reply.error = Some(code);
    reply
}

/// Account Management names its errors in a header, and answers them with statuses of their own.
fn rest_refusal(refusal: &Refusal, request: u64) -> Reply {
    let (code, status) = match refusal.code {
        "ThrottlingException" => ("TooManyRequestsException", 429),
        "InternalFailure" => ("InternalServerException", 500),
        "AccessDeniedException" => ("AccessDeniedException", 403),
        "ValidationException" | "SerializationException" | "ServiceUnavailable" => {
            (refusal.code, refusal.status)
        }
        other => (other, 403),
    };
    let body = json!({ "message": refusal.message }).to_string();
    let mut reply = Reply::new(status, REST_JSON, body.into_bytes(), request);
    reply.headers.push(("x-amzn-errortype", code.to_owned()));
    reply.error = Some(code);
    reply
}

fn request_id(request: u64) -> String {
    format!("00000000-0000-4000-8000-{request:012}")
}
