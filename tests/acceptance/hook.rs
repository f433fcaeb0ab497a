//! The function of the CloudFormation Hook, in this process and as a program, against the lab.

mod faults;
mod privilege;
mod process;
mod requests;
mod trails;

use std::time::Duration;

use accounts::{account, bucket, key_arn, key_of_trails, trail_arn};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use trailseal_aws::{Aws, Connection, RetryPolicy};
use trailseal_hook::{Hook, HookLog, RequestContext};
use trailseal_lab::{Call, Lab, Membership, Operation, State};
use trailseal_rule::{AccountId, Parameters, Timestamp};

use super::faults::desk::{RETRY_POLICY, identity};
use super::harness::{ACCOUNT, Captured, NOW, REGION};

/// How long a key that may be new is asked about again, here.
const PATIENCE: Duration = Duration::from_millis(400);

/// Every check, without those that need no evidence.
const STRICT: [(&str, &str); 1] = [("profile", "strict")];

/// A lab, and the function of the usual account and Region in this process.
struct HookDesk {
    lab: Lab,
    hook: Hook,
    log: Captured,
}

/// The answer to a request, and the calls.
#[derive(Debug)]
struct Reply {
    answer: Value,
    calls: Vec<Call>,
    log: String,
}

impl HookDesk {
    async fn open(state: State, parameters: &[(&str, &str)]) -> Self {
        Self::open_with(state, parameters, RETRY_POLICY, PATIENCE).await
    }

    /// The same, with the management account of the organization.
    async fn open_in_organization(state: State, management_account: &str) -> Self {
        let mut desk = Self::open(state, &STRICT).await;
        let connection = Connection::at(Some(desk.lab.url()).into(), RETRY_POLICY);
        let aws = Aws::new(connection, identity(&desk.lab, ACCOUNT, REGION, None));
        let strict = json!({ "profile": "strict" });
        let parameters = Parameters::parse(strict.as_object().unwrap()).unwrap();
        let owner = AccountId::parse(management_account).unwrap();
        let log = HookLog::new(desk.log.clone());
        desk.hook = Hook::new(aws, parameters, Some(owner), PATIENCE, log);
        desk
    }

    async fn open_with(
        state: State,
        parameters: &[(&str, &str)],
        retry_policy: RetryPolicy,
        patience: Duration,
    ) -> Self {
        let lab = Lab::start(state).await.unwrap();
        let connection = Connection::at(Some(lab.url()).into(), retry_policy);
        let aws = Aws::new(connection, identity(&lab, ACCOUNT, REGION, None));
        let given = parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        let parameters = Parameters::parse(&given.collect::<Map<_, _>>()).unwrap();
        let log = Captured::default();
        let hook = Hook::new(aws, parameters, None, patience, HookLog::new(log.clone()));
        Self { lab, hook, log }
    }

    async fn send(&self, request: &Value) -> Reply {
        self.send_within(request.to_string().as_bytes(), Duration::from_secs(60)).await
    }

    async fn send_within(&self, request: &[u8], time: Duration) -> Reply {
        let (now, arrived) = (Timestamp::parse(NOW).unwrap(), Instant::now());
        let context = RequestContext { now, arrived, deadline: arrived + time };
        let answer = self.hook.answer(request, &context).await;
        Reply { answer, calls: self.lab.take_calls(), log: self.log.take() }
    }

    /// Sends the request of a trail with these properties.
    async fn send_trail(&self, properties: &Value) -> Reply {
        self.send(&request(properties)).await
    }
}

impl Reply {
    fn message(&self) -> &str {
        self.answer["message"].as_str().unwrap()
    }

    /// Asserts SUCCESS; returns the message.
    fn success(&self) -> &str {
        assert_eq!(self.answer["hookStatus"], "SUCCESS", "{:#}", self.answer);
        assert_eq!(self.answer.get("errorCode"), None);
        self.message()
    }

    /// Asserts FAILED with NonCompliant; returns the message.
    fn refused(&self) -> &str {
        self.failed("NonCompliant")
    }

    /// Asserts FAILED with InternalFailure; returns the message.
    fn internal(&self) -> &str {
        assert_eq!(self.answer["annotations"], json!([]));
        self.failed("InternalFailure")
    }

    fn failed(&self, code: &str) -> &str {
        assert_eq!(self.answer["hookStatus"], "FAILED", "{:#}", self.answer);
        assert_eq!(self.answer["errorCode"], code, "{:#}", self.answer);
        self.message()
    }

    /// The annotation of a check.
    fn annotation(&self, check: &str) -> &Value {
        let all = self.answer["annotations"].as_array().unwrap();
        let found = all.iter().find(|one| one["annotationName"] == check);
        found.unwrap_or_else(|| panic!("no annotation of {check}: {:#}", self.answer))
    }

    /// The names and states of all annotations.
    fn states(&self) -> Vec<(&str, &str)> {
        let all = self.answer["annotations"].as_array().unwrap().iter();
        all.map(|one| (one["annotationName"].as_str().unwrap(), one["status"].as_str().unwrap()))
            .collect()
    }

    fn count(&self, operation: Operation) -> usize {
        self.calls.iter().filter(|call| call.operation == operation.iam()).count()
    }

    fn operations(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.calls.iter().map(|call| call.operation.as_str()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn key() -> String {
    key_arn(ACCOUNT, REGION, 1)
}

/// An account with an enabled key whose policy admits trail `new`, and a bucket.
fn state() -> State {
    State {
        accounts: vec![account(ACCOUNT, Membership::Outside, &[REGION])],
        keys: vec![key_of_trails(&key(), &[&trail_arn(ACCOUNT, REGION, "new")])],
        buckets: vec![bucket("logs", ACCOUNT, REGION)],
        ..State::default()
    }
}

/// The properties of a trail that is sealed in [`state`].
fn sealed() -> Value {
    json!({
        "TrailName": "new",
        "S3BucketName": "logs",
        "KMSKeyId": key(),
        "IsLogging": true,
        "IsMultiRegionTrail": true,
    })
}

/// The same with another value of a property.
fn with(mut properties: Value, name: &str, value: Value) -> Value {
    properties[name] = value;
    properties
}

fn without(mut properties: Value, name: &str) -> Value {
    properties.as_object_mut().unwrap().remove(name).unwrap();
    properties
}

/// What CloudFormation sends before a stack creates a trail.
fn request(properties: &Value) -> Value {
    json!({
        "clientRequestToken": "b3f8c1d2-0000-4000-8000-000000000001",
        "awsAccountId": ACCOUNT,
        "stackId": format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/audit/1a2b3c4d"),
        "changeSetId": null,
        "hookTypeName": "Private::Trailseal::Hook",
        "hookTypeVersion": "00000001",
        "hookModel": { "LambdaFunction": "arn:aws:lambda:us-east-1:111122223333:function:hook" },
        "actionInvocationPoint": "CREATE_PRE_PROVISION",
        "requestData": {
            "targetName": "AWS::CloudTrail::Trail",
            "targetType": "AWS::CloudTrail::Trail",
            "targetLogicalId": "Trail",
            "targetModel": {
                "resourceProperties": properties,
                "previousResourceProperties": null,
            },
        },
        "requestContext": { "invocation": 1, "callbackContext": null },
    })
}

/// What the Cloud Control API sends.
fn cloud_control(properties: &Value) -> Value {
    let mut request = request(properties);
    for (name, value) in [("stackId", json!("")), ("changeSetId", json!(""))] {
        request[name] = value;
    }
    request.as_object_mut().unwrap().remove("clientRequestToken").unwrap();
    request["requestData"]["targetType"] = json!("RESOURCE");
    request
}
