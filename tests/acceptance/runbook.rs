//! The remediation function as a real process, against the lab.

mod apply;
mod refusals;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trailseal_lab::{Call, Function, Lab, Membership, Outcome, State};

use super::harness::{ACCOUNT, REGION, TIME, impatient, remediation_path};
use accounts::{account, account_with_trails, bucket, key_arn, key_of_trails, trail, trail_arn};

/// How the operations begin that change nothing.
const READS: [&str; 6] = [":Assume", ":BatchGet", ":Describe", ":Get", ":Head", ":List"];

/// The lab and the remediation function of an account and a Region.
struct Runbook {
    lab: Lab,
    function: Function,
}

/// The result of an event, and the calls.
struct Reply {
    outcome: Result<Value, (String, String)>,
    calls: Vec<Call>,
}

impl Runbook {
    async fn open(state: State) -> Self {
        Self::with(state, ACCOUNT, REGION, &[]).await
    }

    /// The remediation function of a rule with these parameters.
    async fn of_rule(state: State, parameters: &Value) -> Self {
        let text = parameters.to_string();
        Self::with(state, ACCOUNT, REGION, &[("TRAILSEAL_RULE_PARAMETERS", &text)]).await
    }

    async fn with(state: State, account: &str, region: &str, variables: &[(&str, &str)]) -> Self {
        let lab = Lab::start(state).await.unwrap();
        let mut settings = impatient(account, region);
        for (name, value) in variables {
            settings.environment.push(((*name).to_owned(), (*value).to_owned()));
        }
        let function = Function::spawn(&remediation_path(), &lab, settings).await;
        Self { function: function.unwrap_or_else(|error| panic!("{error}")), lab }
    }

    async fn invoke(&mut self, event: &Value) -> Reply {
        self.invoke_within(event, TIME).await
    }

    async fn invoke_within(&mut self, event: &Value, time: std::time::Duration) -> Reply {
        let invocation = self.function.invoke(event.to_string().as_bytes(), time).await.unwrap();
        let outcome = match invocation.outcome {
            Outcome::Response(answer) => Ok(answer),
            Outcome::Failed { error_type, message, .. } => Err((error_type, message)),
            Outcome::Exited { status } => panic!("the process ended: {status}"),
            Outcome::TimedOut => panic!("the process did not respond"),
        };
        Reply { outcome, calls: self.lab.take_calls() }
    }

    /// Invokes the function and asserts a refusal without any change; returns its kind and message.
    async fn refused(&mut self, event: &Value) -> (String, String) {
        let before = format!("{:?}", self.lab.state());
        let reply = self.invoke(event).await;
        assert_eq!(reply.changes(), Vec::<&str>::new());
        assert_eq!(format!("{:?}", self.lab.state()), before);
        let (kind, message) = reply.outcome.unwrap_err();
        assert!(!message.contains('\n'), "{message}");
        assert!(message.ends_with("; nothing was changed"), "{message}");
        (kind, message)
    }

    fn key_of(&self, name: &str) -> Option<String> {
        let state = self.lab.state();
        let trail = state.trails.iter().find(|trail| trail.arn.ends_with(name));
        trail.unwrap().kms_key_id.clone()
    }

    fn policy_of(&self, key: &str) -> Option<String> {
        let state = self.lab.state();
        state.keys.iter().find(|there| there.arn == key).unwrap().policy.clone()
    }
}

impl Reply {
    fn answer(&self) -> &Value {
        self.outcome.as_ref().unwrap_or_else(|(kind, message)| panic!("{kind}: {message}"))
    }

    fn operations(&self) -> BTreeSet<&str> {
        self.calls.iter().map(|call| call.operation.as_str()).collect()
    }

    /// The calls that would change something, in order.
    fn changes(&self) -> Vec<&str> {
        let operations = self.calls.iter().map(|call| call.operation.as_str());
        operations.filter(|operation| !READS.iter().any(|read| operation.contains(read))).collect()
    }
}

/// A key whose policy admits only its own account.
fn bare_key(number: usize) -> trailseal_lab::Key {
    let arn = key_arn(ACCOUNT, REGION, number);
    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Sid": "Root",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "kms:*",
        "Resource": "*"
    }});
    let sealed = key_of_trails(&arn, &[]);
    trailseal_lab::Key { policy: Some(policy.to_string()), ..sealed }
}

/// An account with trail `plain` without a key, trail `sealed` with a working key, and a key that
/// does not admit CloudTrail.
fn state() -> State {
    let mut state = account_with_trails(&[]);
    state.buckets.push(bucket("logs", ACCOUNT, REGION));
    let (plain, sealed) = (arn("plain"), arn("sealed"));
    let old = key_arn(ACCOUNT, REGION, 0);
    state.trails.push(trail(&plain, "logs", None));
    state.trails.push(trail(&sealed, "logs", Some(&old)));
    state.keys.push(key_of_trails(&old, &[&sealed]));
    state.keys.push(bare_key(1));
    state
}

/// The same, but the key of trail `sealed` is disabled and the trail cannot deliver.
fn broken_state() -> State {
    let mut state = state();
    state.keys[0].state = "Disabled".to_owned();
    state
}

fn arn(name: &str) -> String {
    trail_arn(ACCOUNT, REGION, name)
}

fn key() -> String {
    key_arn(ACCOUNT, REGION, 1)
}

fn dry(trail: &str) -> Value {
    json!({ "trail": trail, "key": key(), "dryRun": true, "replaceKey": false })
}

fn apply(trail: &str) -> Value {
    json!({ "trail": trail, "key": key(), "dryRun": false, "replaceKey": false })
}

fn replace(trail: &str) -> Value {
    json!({ "trail": trail, "key": key(), "dryRun": false, "replaceKey": true })
}

fn member(id: &str) -> trailseal_lab::Account {
    account(id, Membership::Member, &[REGION])
}
