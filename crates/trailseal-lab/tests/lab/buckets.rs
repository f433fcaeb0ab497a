//! S3, and requests that no SDK sends, over plain HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;

use trailseal_lab::{Fault, FaultKind, Lab, Operation, Position};

use super::support::{ACCOUNT, MEMBER, REGION, lab};

/// Sends a request; returns the raw response.
pub(super) fn ask(lab: &Lab, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(lab.url().trim_start_matches("http://")).unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nhost: lab\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    // A reset connection counts as an empty response.
    let _reset = stream.read_to_string(&mut answer);
    answer
}

pub(super) fn signed(lab: &Lab, account: &str, region: &str, service: &str) -> String {
    let credentials = lab.credentials(account);
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential={}/20261123/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=00\r\nx-amz-security-token: {}",
        credentials.access_key_id, credentials.session_token
    )
}

fn status_and_region(answer: &str) -> (u16, Option<&str>) {
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let region = answer.lines().find_map(|line| line.strip_prefix("x-amz-bucket-region: "));
    (status, region)
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_returns_the_region_in_every_response_except_404() {
    let lab = lab().await;
    let head =
        |path: &str, signature: &str| ask(&lab, &format!("HEAD {path} HTTP/1.1{signature}"), "");
    let by = |account: &str, region: &str| format!("\r\n{}", signed(&lab, account, region, "s3"));
    let bucket = "/example-trail-logs-eu-west-1";
    let region = Some("eu-west-1");
    for (path, signature, expected) in [
        (bucket, by(ACCOUNT, "eu-west-1"), (200, region)),
        (bucket, by(ACCOUNT, REGION), (301, region)),
        (bucket, by(MEMBER, "eu-west-1"), (403, region)),
        (bucket, String::new(), (403, region)),
        ("/no-such-bucket", String::new(), (404, None)),
        ("/No_Bucket", String::new(), (400, None)),
    ] {
        let answer = head(path, &signature);
        assert_eq!(status_and_region(&answer), expected, "{path} {signature}");
        assert!(answer.ends_with("\r\n\r\n"), "no body: {answer}");
    }
    let calls = lab.take_calls();
    assert_eq!(calls.len(), 6);
    assert!(calls.iter().all(|call| call.operation == "s3:HeadBucket"));
    assert_eq!((calls[3].account.as_deref(), calls[0].account.as_deref()), (None, Some(ACCOUNT)));
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_faults_are_reported_by_status_only() {
    let lab = lab().await;
    let bucket = "HEAD /example-trail-logs-us-east-1 HTTP/1.1";
    for (kind, expected) in [
        (FaultKind::Throttling, (503, None)),
        (FaultKind::InternalError, (500, None)),
        (FaultKind::ServiceUnavailable, (503, None)),
        (FaultKind::ConnectionReset, (0, None)),
        (FaultKind::TruncatedBody, (0, None)),
        (FaultKind::NotJson, (200, None)),
        (FaultKind::WrongTypes, (403, Some("{}"))),
        (FaultKind::AccessDenied, (403, Some(REGION))),
        (FaultKind::NotFound, (404, None)),
        (FaultKind::ExpiredCredentials, (400, Some(REGION))),
        (FaultKind::ClockSkew, (403, Some(REGION))),
    ] {
        lab.inject(Fault::of(Operation::HeadBucket, Position::First, kind));
        assert_eq!(status_and_region(&ask(&lab, bucket, "")), expected, "{kind:?}");
        assert_eq!(status_and_region(&ask(&lab, bucket, "")), (403, Some(REGION)));
        lab.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_violate_the_protocol_are_refused() {
    let lab = lab().await;
    let json = "\r\ncontent-type: application/x-amz-json-1.1";
    let post = |headers: &str, body: &str| ask(&lab, &format!("POST / HTTP/1.1{headers}"), body);
    let kms = |operation: &str| format!("{json}\r\nx-amz-target: TrentService.{operation}");
    let by = |service: &str| format!("\r\n{}", signed(&lab, ACCOUNT, REGION, service));
    for (headers, body, expected) in [
        (kms("DescribeKey"), "{}", "MissingAuthenticationTokenException"),
        (kms("DescribeKey") + &by("config"), "{}", "InvalidSignatureException"),
        (kms("DescribeKey") + &by("kms"), "{", "SerializationException"),
        (kms("DescribeKey") + &by("kms"), "[]", "SerializationException"),
        (kms("DescribeKey") + &by("kms"), "{\"KeyID\":\"a\"}", "SerializationException"),
        (kms("DescribeKey") + &by("kms"), "{}", "ValidationException"),
        (kms("Decrypt") + &by("kms"), "{}", "UnknownOperationException"),
        (json.to_owned(), "{}", "UnknownOperationException"),
        (
            "\r\nx-amz-target: TrentService.DescribeKey".to_owned() + &by("kms"),
            "{}",
            "SerializationException",
        ),
    ] {
        let answer = post(&headers, body);
        assert!(answer.contains(&format!("\"__type\":\"{expected}\"")), "{expected}: {answer}");
        assert!(answer.contains("x-amzn-requestid"), "{answer}");
    }
    assert_eq!(lab.call_counts().get("kms:Decrypt"), Some(&1));
}
