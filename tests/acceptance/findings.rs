//! The function that imports findings into Security Hub, in this process and as a program, against
//! the lab.

mod faults;
mod known;
mod privilege;
mod process;
mod runs;

use std::collections::BTreeMap;
use std::time::Duration;

use accounts::{RULE, account_with_trails};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use trailseal_aws::{Aws, Connection, RetryPolicy};
use trailseal_lab::{Call, Lab, Operation, State};
use trailseal_lambda::TimeLimit;
use trailseal_rule::Timestamp;
use trailseal_security_hub::{ImportError, ImportLog, Importer, Summary};

use super::faults::desk::{RETRY_POLICY, identity};
use super::harness::{ACCOUNT, Captured, NOW, REGION};

/// An hour before [`NOW`].
const BEFORE: &str = "2026-11-23T11:00:00.000Z";

/// An hour after [`NOW`].
const LATER: &str = "2026-11-23T13:00:00.000Z";

/// A lab, and the function of the usual account and Region in this process.
struct ImportDesk {
    lab: Lab,
    importer: Importer,
    log: Captured,
}

/// The result of a run, and the calls.
#[derive(Debug)]
struct Ran {
    outcome: Result<Summary, ImportError>,
    calls: Vec<Call>,
    log: String,
}

impl ImportDesk {
    async fn open(state: State) -> Self {
        Self::open_with(state, RETRY_POLICY).await
    }

    async fn open_with(state: State, retry_policy: RetryPolicy) -> Self {
        let lab = Lab::start(state).await.unwrap();
        let connection = Connection::at(Some(lab.url()).into(), retry_policy);
        let aws = Aws::new(connection, identity(&lab, ACCOUNT, REGION, None));
        let log = Captured::default();
        let to = ImportLog::new(log.clone());
        let importer = Importer::new(aws, RULE.to_owned(), Duration::from_secs(5), to);
        Self { lab, importer, log }
    }

    async fn run(&self) -> Ran {
        self.run_at(NOW).await
    }

    async fn run_at(&self, now: &str) -> Ran {
        self.run_within(now, Duration::from_secs(60)).await
    }

    async fn run_within(&self, now: &str, time: Duration) -> Ran {
        let now = Timestamp::parse(now).unwrap();
        let context = TimeLimit { now, deadline: Instant::now() + time };
        let outcome = self.importer.run(&context).await;
        Ran { outcome, calls: self.lab.take_calls(), log: self.log.take() }
    }

    /// The findings that Security Hub has, by ID.
    fn findings(&self) -> BTreeMap<String, Value> {
        let all = self.lab.state().findings.into_iter();
        all.map(|finding| (finding["Id"].as_str().unwrap().to_owned(), finding)).collect()
    }

    /// The finding of a trail of the usual account and Region.
    fn finding(&self, name: &str) -> Value {
        let findings = self.findings();
        let found = findings.get(&id(name));
        found.unwrap_or_else(|| panic!("no finding of {name}: {:?}", findings.keys())).clone()
    }

    /// Its compliance status and record state.
    fn state_of(&self, name: &str) -> (String, String) {
        let finding = self.finding(name);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&finding["Compliance"]["Status"]), text(&finding["RecordState"]))
    }
}

impl Ran {
    /// Asserts success.
    fn done(&self) -> Summary {
        *self.outcome.as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Asserts that a part failed; returns the message.
    fn partly(&self) -> String {
        self.failed("NotAllImported")
    }

    /// Asserts that nothing was imported; returns the message.
    fn nothing(&self) -> String {
        self.failed("NothingImported")
    }

    fn failed(&self, kind: &str) -> String {
        let error = self.outcome.as_ref().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(self.log.contains("\"level\":\"ERROR\""), "{}", self.log);
        error.to_string()
    }

    fn count(&self, operation: Operation) -> usize {
        self.calls.iter().filter(|call| call.operation == operation.iam()).count()
    }
}

/// The ID of the finding of a trail of the usual account and Region.
fn id(name: &str) -> String {
    format!("trailseal/{ACCOUNT}/{REGION}/{name}")
}

/// The product of the usual account and Region.
fn product() -> String {
    format!("arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default")
}

/// A finding that Security Hub has, as an import an hour ago made it.
fn stored(id: &str) -> Value {
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": id,
        "ProductArn": product(),
        "GeneratorId": "trailseal",
        "AwsAccountId": ACCOUNT,
        "CreatedAt": BEFORE,
        "UpdatedAt": BEFORE,
        "Title": "the title",
        "Description": "the description",
        "Resources": [{ "Type": "AwsCloudTrailTrail", "Id": "the trail" }],
        "Compliance": { "Status": "PASSED" },
        "RecordState": "ACTIVE",
        "FindingProviderFields": { "Severity": { "Label": "INFORMATIONAL" } },
        "ProductFields": { "trailseal/Profile": "strict", "aws/securityhub/ProductName": "Default" },
        "ProductName": "Default",
        "Workflow": { "Status": "NOTIFIED" },
        "Note": { "Text": "a note", "UpdatedBy": "a person", "UpdatedAt": BEFORE },
    })
}

/// A finding with another value of one member.
fn with(mut finding: Value, name: &str, value: &str) -> Value {
    finding[name] = json!(value);
    finding
}

/// Two trails with a key each, in a rule with these parameters: `t0` and `t1`.
fn two_trails(parameters: &[(&str, &str)]) -> State {
    let mut state = account_with_trails(&[(0, 0), (1, 1)]);
    state.config_rules[0].parameters =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    state
}

/// The members of a finding that an import writes, without those that Security Hub adds.
fn written(finding: &Value) -> Map<String, Value> {
    let added =
        ["CompanyName", "ProductName", "Region", "Severity", "Types", "Workflow", "WorkflowState"];
    let mut members = finding.as_object().unwrap().clone();
    members.retain(|name, _| !added.contains(&name.as_str()));
    let fields = members["ProductFields"].as_object_mut().unwrap();
    fields.retain(|name, _| !name.starts_with("aws/"));
    members
}
