//! Each fault of each operation, as a client meets it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use trailseal_lab::{Fault, FaultKind, Key, Lab, Operation, Position, Service};

use super::buckets::ask;
use super::support::{ACCOUNT, REGION, lab};

const SLOW: Duration = Duration::from_millis(40);

static NUMBER: AtomicU32 = AtomicU32::new(0);

const KEY: &str = "11111111-0000-4000-8000-111111111111";
const POLICY: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;

fn doomed_key(number: u32) -> String {
    format!("d0000000-0000-4000-8000-{number:012}")
}

/// A lab with more keys that are pending deletion than the tests here save.
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

/// A request that its operation admits, as HTTP.
fn request(lab: &Lab, operation: Operation) -> (String, String) {
    if operation == Operation::HeadBucket {
        return ("HEAD /example-trail-logs-us-east-1 HTTP/1.1".to_owned(), String::new());
    }
    let token = lab.issue_token(ACCOUNT, REGION, "trailseal");
    let put = format!("{{\"ResultToken\":\"{token}\",\"Evaluations\":[]}}");
    let key = r#"{"KeyId":"alias/trail-logs"}"#;
    let by_id = r#"{"KeyId":"11111111-0000-4000-8000-111111111111"}"#;
    let put_policy = format!("{{\"KeyId\":\"{KEY}\",\"Policy\":{:?}}}", POLICY);
    // Nothing is made or saved twice.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let alias = format!("{{\"AliasName\":\"alias/a{number}\",\"TargetKeyId\":\"{KEY}\"}}");
    let doomed = format!("{{\"KeyId\":\"{}\"}}", doomed_key(number));
    let body = match operation {
        Operation::PutEvaluations => put.as_str(),
        Operation::GetResourceConfigHistory => {
            r#"{"resourceType":"AWS::CloudTrail::Trail","resourceId":"sealed"}"#
        }
        Operation::BatchGetResourceConfig => {
            r#"{"resourceKeys":[{"resourceType":"AWS::S3::Bucket","resourceId":"logs"}]}"#
        }
        Operation::ListDiscoveredResources => r#"{"resourceType":"AWS::CloudTrail::Trail"}"#,
        Operation::GetComplianceDetailsByConfigRule => r#"{"ConfigRuleName":"trailseal"}"#,
        Operation::DescribeTrails => "{}",
        Operation::GetTrail | Operation::GetTrailStatus => r#"{"Name":"sealed"}"#,
        Operation::DescribeKey => key,
        Operation::GetKeyPolicy | Operation::GetKeyRotationStatus => by_id,
        Operation::AssumeRole => {
            "Action=AssumeRole&Version=2011-06-15&ExternalId=trailseal-central&RoleSessionName=test\
             &RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Ftrailseal-member"
        }
        Operation::GetCallerIdentity => "Action=GetCallerIdentity&Version=2011-06-15",
        Operation::SelectAggregateResourceConfig => {
            r#"{"ConfigurationAggregatorName":"organization","Expression":"SELECT arn"}"#
        }
        Operation::ListAccounts
        | Operation::ListDelegatedAdministrators
        | Operation::ListRegions => "{}",
        Operation::HeadBucket => "",
        Operation::UpdateTrail => r#"{"Name":"sealed","KmsKeyId":""}"#,
        Operation::ListTags => {
            r#"{"ResourceIdList":["arn:aws:cloudtrail:us-east-1:111122223333:trail/sealed"]}"#
        }
        Operation::PutKeyPolicy => put_policy.as_str(),
        Operation::CreateKey | Operation::ListKeys => "{}",
        Operation::CreateAlias => alias.as_str(),
        Operation::CancelKeyDeletion => doomed.as_str(),
        Operation::EnableKeyRotation
        | Operation::EnableKey
        | Operation::DisableKey
        | Operation::ListResourceTags => by_id,
    };
    let service = operation.service();
    let protocol = match service.target_prefix() {
        Some(prefix) => format!(
            "content-type: application/x-amz-json-1.1\r\nx-amz-target: {prefix}.{}",
            operation.name()
        ),
        None if service == Service::Account => "content-type: application/json".to_owned(),
        None => "content-type: application/x-www-form-urlencoded".to_owned(),
    };
    let path = if service == Service::Account { "/listRegions" } else { "/" };
    let credentials = lab.credentials(ACCOUNT);
    let head = format!(
        "POST {path} HTTP/1.1\r\n{protocol}\r\nx-amz-security-token: {}\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential={}/20261123/{REGION}/{}/aws4_request, SignedHeaders=host, Signature=00",
        credentials.session_token,
        credentials.access_key_id,
        service.signing_name(),
    );
    (head, body.to_owned())
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// What the answer must be under a fault of an operation other than HeadBucket.
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
    }
}

/// What names the next page, if the operation has pages.
fn next_page(operation: Operation) -> Option<&'static str> {
    let members: [(&str, &[Operation]); 3] = [
        ("nextToken", &[Operation::GetResourceConfigHistory, Operation::ListDiscoveredResources]),
        (
            "NextToken",
            &[
                Operation::GetComplianceDetailsByConfigRule,
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
        Operation::PutEvaluations | Operation::GetComplianceDetailsByConfigRule => {
            "NoSuchConfigRuleException"
        }
        Operation::GetResourceConfigHistory => "ResourceNotDiscoveredException",
        Operation::ListDiscoveredResources | Operation::BatchGetResourceConfig => {
            "NoAvailableConfigurationRecorderException"
        }
        Operation::DescribeTrails => "{\"trailList\":[]}",
        Operation::GetTrail | Operation::GetTrailStatus | Operation::UpdateTrail => {
            "TrailNotFoundException"
        }
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
        Operation::HeadBucket => "404",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_every_operation_shows_and_ends() {
    let lab = lab_of_doomed_keys().await;
    for operation in Operation::ALL.into_iter().filter(|each| *each != Operation::HeadBucket) {
        for kind in FaultKind::all(SLOW) {
            lab.inject(Fault::of(operation, Position::Nth(2), kind));
            let ask = || {
                let (head, body) = request(&lab, operation);
                ask(&lab, &head, &body)
            };
            let before = ask();
            let begun = Instant::now();
            let met = ask();
            let slow = matches!(kind, FaultKind::Slow(_));
            assert!(!slow || begun.elapsed() >= SLOW, "{operation:?} {kind:?}");
            check(operation, kind, &met);
            assert_eq!(status(&ask()), status(&before), "{operation:?} {kind:?}");
            let calls = lab.take_calls();
            assert_eq!(calls[1].fault.as_deref(), Some(kind.name()));
            assert_eq!((&calls[0].fault, &calls[2].fault), (&None, &None));
            lab.clear_faults();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_admitted_without_faults() {
    let lab = lab_of_doomed_keys().await;
    for operation in Operation::ALL {
        let (head, body) = request(&lab, operation);
        // Without a signature S3 refuses, and names the Region all the same.
        let expected = if operation == Operation::HeadBucket { 403 } else { 200 };
        assert_eq!(status(&ask(&lab, &head, &body)), expected, "{operation:?}");
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
