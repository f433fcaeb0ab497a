//! What a request asks: its service, operation and members, by the protocol of the service.

pub(crate) mod s3;

use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use serde_json::{Map, Value};

use crate::operation::{Operation, Service};
use crate::refusal::Refusal;

/// A parsed request.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) service: Service,
    /// `Err` with the name of an operation that the lab does not serve.
    pub(crate) operation: Result<Operation, String>,
    /// The members of the request; `Err` if the request violates its protocol.
    pub(crate) body: Result<Value, Refusal>,
}

/// Finds the operation of a request from its method, path and headers.
pub(crate) fn asked(head: &Parts, body: &Bytes) -> Option<Asked> {
    let path = head.uri.path();
    if head.method == Method::HEAD || head.method == Method::GET {
        return Some(s3::asked(head));
    }
    if head.method == Method::POST && path == "/listRegions" {
        let body = json_body(&head.headers, body, "application/json");
        return Some(Asked {
            service: Service::Account,
            operation: Ok(Operation::ListRegions),
            body,
        });
    }
    if head.method == Method::POST && path.starts_with("/findings") {
        return Some(findings(head, body));
    }
    if head.method != Method::POST || path != "/" {
        return None;
    }
    match header(&head.headers, "x-amz-target") {
        Some(target) => {
            let (prefix, name) = target.rsplit_once('.')?;
            let service = Service::from_target_prefix(prefix)?;
            let operation = Operation::of(service, name).ok_or_else(|| name.to_owned());
            Some(Asked {
                service,
                operation,
                body: json_body(&head.headers, body, "application/x-amz-json-1.1"),
            })
        }
        None => form_request(&head.headers, body),
    }
}

/// A request of Security Hub.
fn findings(head: &Parts, body: &Bytes) -> Asked {
    let operation = match head.uri.path() {
        "/findings" => Ok(Operation::GetFindings),
        "/findings/import" => Ok(Operation::BatchImportFindings),
        other => Err(other.to_owned()),
    };
    let body = json_body(&head.headers, body, "application/json");
    Asked { service: Service::SecurityHub, operation, body }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn json_body(headers: &HeaderMap, body: &Bytes, expected: &str) -> Result<Value, Refusal> {
    let refuse = |message: String| Refusal::new("SerializationException", message);
    let content_type = header(headers, "content-type").unwrap_or_default();
    if content_type != expected {
        return Err(refuse(format!("content type `{content_type}` is not `{expected}`")));
    }
    serde_json::from_slice(body).map_err(|error| refuse(error.to_string()))
}

/// A request of the query protocol: a form with `Action` and `Version`.
fn form_request(headers: &HeaderMap, body: &Bytes) -> Option<Asked> {
    if !header(headers, "content-type")?.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let mut members = Map::new();
    for pair in std::str::from_utf8(body).ok()?.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        // The lab serves no nested members, so their first name is enough.
        let first = name.split('.').next().unwrap_or_default();
        members.insert(first.to_owned(), form_value(first, value));
    }
    let action = members.remove("Action")?.as_str()?.to_owned();
    let version = members.remove("Version");
    let operation = Operation::of(Service::Sts, &action).ok_or(action);
    let body = if version == Some(Value::from("2011-06-15")) {
        Ok(Value::Object(members))
    } else {
        Err(Refusal::new("ValidationException", "the version of STS is `2011-06-15`"))
    };
    Some(Asked { service: Service::Sts, operation, body })
}

/// A form contains only strings; converts numeric members to numbers.
fn form_value(name: &str, value: String) -> Value {
    match (name, value.parse::<i64>()) {
        ("DurationSeconds" | "MinimumSessionTokenSize", Ok(number)) => Value::from(number),
        _ => Value::from(value),
    }
}

/// Percent-decoding of a form.
fn decoded(text: &str) -> String {
    percent_decoded(&text.replace('+', " "))
}

pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            let number = std::str::from_utf8(&digits).ok().filter(|digits| digits.len() == 2);
            bytes.extend(number.and_then(|digits| u8::from_str_radix(digits, 16).ok()));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded() {
        assert_eq!(decoded("arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa+b%2"), "arn:aws:iam::1:role/a b");
    }
}
