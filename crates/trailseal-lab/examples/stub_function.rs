//! A function that does what its event says, to test the lab without the real one.
//!
//! `{"do": "respond" | "fail" | "exit" | "hang"}`; any rule event is answered with one evaluation,
//! COMPLIANT for a trail with a key and NON_COMPLIANT for one without. An argument of the program
//! replaces what events say.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let told = std::env::args().nth(1);
    let mut out = std::io::stdout();
    loop {
        let (headers, event) =
            ask(&runtime, "GET", "/2018-06-01/runtime/invocation/next", &[], "")?;
        let event: Value = serde_json::from_str(&event)?;
        let id = headers
            .lines()
            .find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: "))
            .ok_or("no request id")?;
        let invocation = format!("/2018-06-01/runtime/invocation/{id}");
        writeln!(out, "event received")?;
        match told.as_deref().or(event.get("do").and_then(Value::as_str)) {
            Some("respond") => {
                ask(&runtime, "POST", &format!("{invocation}/response"), &[], &event.to_string())?;
            }
            Some("fail") => {
                let error =
                    json!({"errorType": "Stub", "errorMessage": "as told", "stackTrace": []});
                ask(&runtime, "POST", &format!("{invocation}/error"), &[], &error.to_string())?;
            }
            Some("exit") => std::process::exit(3),
            Some("hang") => loop {
                std::thread::park();
            },
            Some(_) | None => {
                judge(&event)?;
                ask(&runtime, "POST", &format!("{invocation}/response"), &[], "null")?;
            }
        }
    }
}

/// Reports one evaluation of the event's item.
fn judge(event: &Value) -> Result<(), Box<dyn Error>> {
    let told = event.get("invokingEvent").and_then(Value::as_str).ok_or("no invokingEvent")?;
    let told: Value = serde_json::from_str(told)?;
    let item = told.get("configurationItem").ok_or("no item")?;
    let key = item.pointer("/configuration/kmsKeyId").and_then(Value::as_str);
    let verdict = if key.is_some() { "COMPLIANT" } else { "NON_COMPLIANT" };
    let evaluation = json!({
        "ComplianceResourceType": item.get("resourceType"),
        "ComplianceResourceId": item.get("resourceId"),
        "ComplianceType": verdict,
        "Annotation": "said by the stub, whose words are long enough to be wrapped at the hundredth \
                       column of the page that the lab prints",
        "OrderingTimestamp": 1_795_428_000.125_f64,
    });
    let body = json!({"Evaluations": [evaluation], "ResultToken": event.get("resultToken")});
    call("config", "StarlingDoveService.PutEvaluations", &body)
}

/// Sends a request of the JSON protocol to the lab, which reads the credential scope and does not
/// verify the signature.
fn call(service: &str, target: &str, body: &Value) -> Result<(), Box<dyn Error>> {
    let endpoint = std::env::var("AWS_ENDPOINT_URL")?;
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/20261123/{}/{service}/aws4_request, SignedHeaders=host, \
         Signature=00",
        std::env::var("AWS_ACCESS_KEY_ID")?,
        std::env::var("AWS_REGION")?,
    );
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target),
        ("authorization", &authorization),
        ("x-amz-security-token", &std::env::var("AWS_SESSION_TOKEN")?),
    ];
    let host = endpoint.trim_start_matches("http://");
    let (head, answer) = ask(host, "POST", "/", &headers, &body.to_string())?;
    if head.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer.into()) }
}

/// Sends one request over a new connection; returns the head and body of the response.
fn ask(
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<(String, String), Box<dyn Error>> {
    let mut stream = TcpStream::connect(host)?;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    Ok((head.replace("\r\n", "\n"), body.to_owned()))
}
