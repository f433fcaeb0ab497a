//! Each fault of each operation, as a client sees it.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use trailseal_lab::{Fault, FaultKind, Key, Lab, Operation, Position, Service, State, transcript};

use super::buckets::{ask, signed};
use super::support::{ACCOUNT, REGION, lab};

const SLOW: Duration = Duration::from_millis(40);

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A valid request of each operation, by the operation's name.
static VALID_REQUESTS: LazyLock<BTreeMap<&str, Value>> = LazyLock::new(|| {
    let exchanges = transcript(State::default_state().unwrap()).into_iter();
    let fine = exchanges.filter(|exchange| exchange.case == "fine");
    fine.map(|exchange| (exchange.operation, exchange.request)).collect()
});

fn doomed_key(number: u32) -> String {
    format!("d0000000-0000-4000-8000-{number:012}")
}

/// A lab with enough keys pending deletion for every cancellation in these tests.
async fn lab_of_doomed_keys() -> Lab {
    let lab = lab().await;
    lab.edit(|state| {
        let sample = state.keys.iter().find(|key| key.state == "PendingDeletion").unwrap().clone();
        let arn = |number| format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{}", doomed_key(number));
        let keys = (0..2000).map(|number| Key { arn: arn(number), ..sample.clone() });
        state.keys.extend(keys);
    });
    lab
}

/// A valid request of the operation, as HTTP; no request repeats a change.
fn request(lab: &Lab, operation: Operation) -> (String, String) {
    if operation == Operation::HeadBucket {
        return ("HEAD /example-trail-logs-us-east-1 HTTP/1.1".to_owned(), String::new());
    }
    let mut members = VALID_REQUESTS[operation.name()].clone();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    if operation == Operation::PutEvaluations {
        members["ResultToken"] = lab.issue_token(ACCOUNT, REGION, "trailseal").into();
    } else if operation == Operation::CreateAlias {
        members["AliasName"] = format!("alias/a{number}").into();
    } else if operation == Operation::CancelKeyDeletion {
        members["KeyId"] = doomed_key(number).into();
    }
    let service = operation.service();
    if service == Service::S3 {
        let signature = signed(lab, ACCOUNT, REGION, "s3");
        return (
            format!("{} HTTP/1.1\r\n{signature}", s3_line(operation, &members)),
            String::new(),
        );
    }
    let (protocol, body) = match service.target_prefix() {
        Some(prefix) => {
            let target = format!("{prefix}.{}", operation.name());
            let protocol = "content-type: application/x-amz-json-1.1\r\nx-amz-target: ";
            (format!("{protocol}{target}"), members.to_string())
        }
        None if matches!(service, Service::Account | Service::SecurityHub) => {
            ("content-type: application/json".to_owned(), members.to_string())
        }
        None => {
            let mut form = format!("Action={}&Version=2011-06-15", operation.name());
            for (name, value) in members.as_object().unwrap() {
                form.push_str(&format!("&{name}={}", value.as_str().unwrap()));
            }
            ("content-type: application/x-www-form-urlencoded".to_owned(), form)
        }
    };
    let paths = [
        (Operation::ListRegions, "/listRegions"),
        (Operation::BatchImportFindings, "/findings/import"),
        (Operation::GetFindings, "/findings"),
    ];
    let path = paths.into_iter().find(|(of, _)| *of == operation).map_or("/", |(_, path)| path);
    let signature = signed(lab, ACCOUNT, REGION, service.signing_name());
    (format!("POST {path} HTTP/1.1\r\n{protocol}\r\n{signature}"), body)
}

fn s3_line(operation: Operation, members: &Value) -> String {
    let named = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let subresources = [
        (Operation::ListObjectsV2, "?list-type=2&max-keys=2"),
        (Operation::ListObjectVersions, "?versions&max-keys=2"),
        (Operation::GetBucketMetadataConfiguration, "?metadataConfiguration"),
        (Operation::GetBucketAcl, "?acl"),
        (Operation::GetBucketOwnershipControls, "?ownershipControls"),
    ];
    let subresource = subresources.iter().find(|(of, _)| *of == operation);
    let subresource = subresource.map_or("", |(_, subresource)| subresource);
    let method = if operation == Operation::HeadObject { "HEAD" } else { "GET" };
    format!("{method} /{}/{}{subresource}", named("Bucket"), named("Key"))
}

/// Asserts the response of an operation of S3 under a fault.
fn check_s3(operation: Operation, kind: FaultKind, answer: &str) {
    let is_head = operation == Operation::HeadObject;
    let refused = |expected: u16, code: &str| {
        assert_eq!(status(answer), expected, "{operation:?} {kind:?}: {answer}");
        let code = format!("<Code>{code}</Code>");
        assert!(is_head || answer.contains(&code), "{operation:?} {kind:?}: {answer}");
    };
    match kind {
        FaultKind::Throttling => refused(503, "SlowDown"),
        FaultKind::InternalError => refused(500, "InternalError"),
        FaultKind::ServiceUnavailable => refused(503, "ServiceUnavailable"),
        FaultKind::AccessDenied => refused(403, "AccessDenied"),
        FaultKind::ExpiredCredentials => refused(400, "ExpiredToken"),
        FaultKind::ClockSkew => refused(403, "RequestTimeTooSkewed"),
        FaultKind::NotFound if is_head => refused(404, ""),
        FaultKind::NotFound => assert!(answer.contains(not_found(operation)), "{answer}"),
        FaultKind::Slow(_) => assert_eq!(status(answer), 200),
        FaultKind::TruncatedBody if is_head => assert_eq!(answer, ""),
        FaultKind::ConnectionReset => assert_eq!(answer, ""),
        FaultKind::TruncatedBody => {
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            assert!(body.len() < length.unwrap().parse().unwrap(), "{answer}");
        }
        FaultKind::NotJson if is_head => assert!(!answer.contains("x-amz-"), "{answer}"),
        FaultKind::NotJson => assert!(answer.contains("<html>"), "{answer}"),
        FaultKind::WrongTypes if is_head => {
            assert!(answer.contains("x-amz-server-side-encryption: {}"), "{answer}");
        }
        FaultKind::WrongTypes => assert!(answer.contains("<MaxKeys>many</MaxKeys>"), "{answer}"),
        FaultKind::RepeatedToken => {
            let tokens = [
                (Operation::ListObjectsV2, "<NextContinuationToken>first-page<"),
                (Operation::ListObjectVersions, "<NextKeyMarker>first-page<"),
            ];
            match tokens.iter().find(|(of, _)| *of == operation) {
                Some((_, token)) => {
                    assert!(answer.contains(token), "{answer}");
                    assert!(answer.contains("<IsTruncated>true</IsTruncated>"), "{answer}");
                }
                None => assert!(!answer.contains("first-page"), "{answer}"),
            }
        }
        FaultKind::FailedEvaluations => assert_eq!(status(answer), 200),
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Asserts the response of an operation other than HeadBucket under a fault.
fn check(operation: Operation, kind: FaultKind, answer: &str) {
    let sts = operation.service() == Service::Sts;
    let says = |text: &str| assert!(answer.contains(text), "{operation:?} {kind:?}: {answer}");
    let either = |of_sts: &str, of_json: &str| says(if sts { of_sts } else { of_json });
    match kind {
        FaultKind::Throttling if operation == Operation::ListRegions => {
            assert_eq!(status(answer), 429);
            says("TooManyRequestsException");
        }
        FaultKind::Throttling => either("<Code>Throttling</Code>", "ThrottlingException"),
        FaultKind::InternalError => {
            assert_eq!(status(answer), 500);
            says(match operation.service() {
                Service::Kms => "KMSInternalException",
                Service::Organizations => "ServiceException",
                Service::Account => "InternalServerException",
                Service::SecurityHub => "InternalException",
                Service::Config | Service::CloudTrail | Service::Sts | Service::S3 => {
                    "InternalFailure"
                }
            });
        }
        FaultKind::ServiceUnavailable => assert_eq!(status(answer), 503),
        FaultKind::Slow(_) => assert_ne!(status(answer), 0),
        FaultKind::ConnectionReset => assert_eq!(answer, ""),
        FaultKind::TruncatedBody => {
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            assert!(body.len() < length.unwrap().parse().unwrap(), "{answer}");
        }
        FaultKind::NotJson => says("<html>"),
        FaultKind::WrongTypes => {
            assert_eq!(status(answer), 200);
            let without_result = answer.ends_with("[]").then_some("[]");
            let number = answer.contains(":7").then_some(":7");
            let json = without_result.or(number).unwrap_or("instead of");
            either("<Credentials>text</Credentials>", json);
        }
        FaultKind::RepeatedToken => match next_page(operation) {
            Some(member) => says(&format!("\"{member}\":\"first-page\"")),
            None => assert!(!answer.contains("first-page"), "{operation:?}: {answer}"),
        },
        FaultKind::AccessDenied => either("<Code>AccessDenied</Code>", "AccessDeniedException"),
        FaultKind::NotFound => says(not_found(operation)),
        FaultKind::ExpiredCredentials => {
            either("<Code>ExpiredToken</Code>", "ExpiredTokenException");
        }
        FaultKind::ClockSkew => {
            either("<Code>SignatureDoesNotMatch</Code>", "InvalidSignatureException");
            says("Signature expired");
        }
        FaultKind::FailedEvaluations => assert_eq!(status(answer), 200),
    }
}

/// The member that names the next page, if the operation is paginated.
fn next_page(operation: Operation) -> Option<&'static str> {
    let members: [(&str, &[Operation]); 3] = [
        ("nextToken", &[Operation::GetResourceConfigHistory, Operation::ListDiscoveredResources]),
        (
            "NextToken",
            &[
                Operation::DescribeConfigRules,
                Operation::GetComplianceDetailsByConfigRule,
                Operation::GetFindings,
                Operation::SelectAggregateResourceConfig,
                Operation::ListAccounts,
                Operation::ListRegions,
                Operation::ListTags,
            ],
        ),
        ("NextMarker", &[Operation::ListKeys, Operation::ListResourceTags]),
    ];
    members.into_iter().find(|(_, of)| of.contains(&operation)).map(|(member, _)| member)
}

fn not_found(operation: Operation) -> &'static str {
    match operation {
        Operation::PutEvaluations
        | Operation::DescribeConfigRules
        | Operation::GetComplianceDetailsByConfigRule => "NoSuchConfigRuleException",
        Operation::GetResourceConfigHistory => "ResourceNotDiscoveredException",
        Operation::ListDiscoveredResources | Operation::BatchGetResourceConfig => {
            "NoAvailableConfigurationRecorderException"
        }
        Operation::DescribeTrails => "{\"trailList\":[]}",
        Operation::GetTrail
        | Operation::GetTrailStatus
        | Operation::GetEventSelectors
        | Operation::UpdateTrail => "TrailNotFoundException",
        Operation::ListTags => "ResourceNotFoundException",
        Operation::ListKeys => "{\"Keys\":[],\"Truncated\":false}",
        Operation::CreateKey => "UnsupportedOperationException",
        Operation::DescribeKey
        | Operation::GetKeyPolicy
        | Operation::GetKeyRotationStatus
        | Operation::PutKeyPolicy
        | Operation::CreateAlias
        | Operation::EnableKeyRotation
        | Operation::EnableKey
        | Operation::DisableKey
        | Operation::CancelKeyDeletion
        | Operation::ListResourceTags => "\"NotFoundException\"",
        Operation::AssumeRole => "<Code>AccessDenied</Code>",
        Operation::GetCallerIdentity => "<Code>InvalidClientTokenId</Code>",
        Operation::SelectAggregateResourceConfig => "NoSuchConfigurationAggregatorException",
        Operation::ListAccounts | Operation::ListDelegatedAdministrators => {
            "AWSOrganizationsNotInUseException"
        }
        Operation::ListRegions => "{\"Regions\":[]}",
        Operation::BatchImportFindings | Operation::GetFindings => "InvalidAccessException",
        Operation::HeadBucket | Operation::HeadObject => "404",
        Operation::ListObjectsV2 | Operation::ListObjectVersions | Operation::GetBucketAcl => {
            "<Code>NoSuchBucket</Code>"
        }
        Operation::GetBucketOwnershipControls => "<Code>OwnershipControlsNotFoundError</Code>",
        Operation::GetObject => "<Code>NoSuchKey</Code>",
        Operation::GetBucketMetadataConfiguration => "<Code>MetadataConfigurationNotFound</Code>",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_affects_its_operation_until_it_ends() {
    let lab = lab_of_doomed_keys().await;
    for operation in Operation::all().filter(|each| *each != Operation::HeadBucket) {
        for kind in FaultKind::all(SLOW) {
            lab.inject(Fault::of(operation, Position::Nth(2), kind));
            let ask = || {
                let (head, body) = request(&lab, operation);
                ask(&lab, &head, &body)
            };
            assert_eq!(status(&ask()), 200, "{operation:?} {kind:?}");
            let begun = Instant::now();
            let met = ask();
            let slow = matches!(kind, FaultKind::Slow(_));
            assert!(!slow || begun.elapsed() >= SLOW, "{operation:?} {kind:?}");
            if operation.service() == Service::S3 {
                check_s3(operation, kind, &met);
            } else {
                check(operation, kind, &met);
            }
            assert_eq!(status(&ask()), 200, "{operation:?} {kind:?}");
            let calls = lab.take_calls();
            assert_eq!(calls[1].fault.as_deref(), Some(kind.name()));
            assert_eq!((&calls[0].fault, &calls[2].fault), (&None, &None));
            lab.clear_faults();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_delays_every_answer() {
    let lab = lab().await;
    lab.set_latency(SLOW);
    let (head, body) = request(&lab, Operation::DescribeTrails);
    let begun = Instant::now();
    assert_eq!(status(&ask(&lab, &head, &body)), 200);
    assert!(begun.elapsed() >= SLOW);
}
