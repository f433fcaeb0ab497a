//! Responses as bytes: the JSON protocol, STS's XML, S3's headers, and garbled responses.

pub(crate) mod s3;

use serde_json::{Map, Value, json};

use crate::fault::FaultKind;
use crate::moments;
use crate::operation::{Operation, Service};
use crate::refusal::Refusal;

/// A response before it becomes HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The error code, for the record.
    pub(crate) error: Option<&'static str>,
    pub(crate) ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Whole,
    /// Truncated within the body.
    Truncated,
    /// Before it starts: the connection is reset.
    Reset,
    /// It never starts, and the connection stays open.
    Never,
}

const HTML: &str = "text/html";

const fn content_type(service: Service) -> &'static str {
    match service {
        Service::Sts | Service::S3 => "text/xml",
        Service::Account | Service::SecurityHub => "application/json",
        Service::Config | Service::CloudTrail | Service::Kms | Service::Organizations => {
            "application/x-amz-json-1.1"
        }
    }
}

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
        let body = if operation.service() == Service::Sts {
            sts_result(operation.name(), result, request)
        } else {
            result.to_string()
        };
        Self::new(200, content_type(operation.service()), body.into_bytes(), request)
    }

    /// An error in the format of the service.
    pub(crate) fn refusal(service: Service, refusal: &Refusal, request: u64) -> Self {
        let (code, status) = match service {
            Service::Sts => in_sts(refusal),
            Service::Account => in_account_management(refusal),
            Service::Config
            | Service::CloudTrail
            | Service::Kms
            | Service::S3
            | Service::Organizations
            | Service::SecurityHub => (refusal.code, refusal.status),
        };
        let message = refusal.message.as_str();
        let body = match service {
            Service::Sts => sts_error(code, status, message, request),
            Service::S3 => String::new(),
            Service::Account => json!({ "message": message }).to_string(),
            Service::SecurityHub => json!({ "Code": code, "Message": message }).to_string(),
            Service::Config | Service::CloudTrail | Service::Kms | Service::Organizations => {
                json!({ "__type": code, message_member(service, code): message }).to_string()
            }
        };
        let mut reply = Self::new(status, content_type(service), body.into_bytes(), request);
        if matches!(service, Service::Account | Service::SecurityHub) {
            reply.headers.push(("x-amzn-errortype", code.to_owned()));
        }
        Self { error: Some(code), ..reply }
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

    /// A connection that is reset without a response.
    pub(crate) fn reset() -> Self {
        let (headers, body) = (Vec::new(), Vec::new());
        Self { status: 0, headers, body, error: None, ending: Ending::Reset }
    }

    /// A response that is never sent.
    pub(crate) fn silence() -> Self {
        Self { ending: Ending::Never, ..Self::reset() }
    }

    /// The response after a fault that garbles it; other faults do not change it.
    pub(crate) fn garbled(mut self, operation: Operation, kind: FaultKind) -> Self {
        if kind == FaultKind::TruncatedBody {
            self.ending = Ending::Truncated;
        } else if kind == FaultKind::NotJson {
            self.status = 200;
            self.error = None;
            self.replace(operation, HTML, NOT_JSON.as_bytes().to_vec());
        } else if kind == FaultKind::WrongTypes {
            let body = if operation.service() == Service::Sts {
                wrong_xml(operation.name()).into_bytes()
            } else if operation.service() == Service::S3 {
                s3::wrong_document(operation).into_bytes()
            } else {
                wrong_json(&self.body)
            };
            self.replace(operation, content_type(operation.service()), body);
        }
        self
    }

    /// A response to `HEAD` has no body to garble, so its relevant header is garbled.
    fn replace(&mut self, operation: Operation, content_type: &str, body: Vec<u8>) {
        self.headers.retain(|(name, _)| *name != "content-type");
        self.headers.push(("content-type", content_type.to_owned()));
        if operation == Operation::HeadBucket {
            self.headers.retain(|(name, _)| *name != "x-amz-bucket-region");
            if content_type != HTML {
                self.headers.push(("x-amz-bucket-region", "{}".to_owned()));
            }
        } else if operation == Operation::HeadObject {
            s3::garble_head(&mut self.headers, content_type == HTML);
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

/// KMS writes `Message` in errors that its model does not have; every SDK reads both spellings.
fn message_member(service: Service, code: &str) -> &'static str {
    let unmodelled =
        ["AccessDeniedException", "ExpiredTokenException", "InvalidSignatureException"];
    let of_kms = service == Service::Kms && unmodelled.contains(&code);
    if of_kms || service == Service::Organizations { "Message" } else { "message" }
}

const NOT_JSON: &str = "<html><head><title>502 Bad Gateway</title></head><body>proxy</body></html>";

/// The JSON of the same members with wrong types.
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

/// STS has its own codes for errors that all services share.
fn in_sts(refusal: &Refusal) -> (&'static str, u16) {
    match refusal.code {
        "MissingAuthenticationTokenException" => ("MissingAuthenticationToken", 403),
        "UnrecognizedClientException" => ("InvalidClientTokenId", 403),
        "ExpiredTokenException" => ("ExpiredToken", 403),
        "InvalidSignatureException" => ("SignatureDoesNotMatch", 403),
        "AccessDeniedException" => ("AccessDenied", 403),
        "ThrottlingException" => ("Throttling", 400),
        "ValidationException" | "SerializationException" => ("ValidationError", 400),
        "UnknownOperationException" => ("InvalidAction", 400),
        other => (other, refusal.status),
    }
}

fn sts_error(code: &str, status: u16, message: &str, request: u64) -> String {
    let side = if status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"{STS_NAMESPACE}\"><Error><Type>{side}</Type><Code>{code}</Code>\
         <Message>{}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
        escaped(message),
        request_id(request),
    )
}

/// Account Management returns the error code in a header, and has its own statuses.
fn in_account_management(refusal: &Refusal) -> (&'static str, u16) {
    match refusal.code {
        "ThrottlingException" => ("TooManyRequestsException", 429),
        "InternalFailure" => ("InternalServerException", 500),
        "ValidationException" | "SerializationException" | "ServiceUnavailable" => {
            (refusal.code, refusal.status)
        }
        other => (other, 403),
    }
}

fn request_id(request: u64) -> String {
    format!("00000000-0000-4000-8000-{request:012}")
}
