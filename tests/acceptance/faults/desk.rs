//! A lab, a warm function that handles events in it, and the result of each event.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_credential_types::Credentials;
use tokio::time::Instant;
use trailseal_aws::{Aws, Connection, Identity, RetryPolicy};
use trailseal_lab::{Call, Lab, Operation, Outcome, PutEvaluation, RuleEvent, State};
use trailseal_lambda::{Function, InvocationContext, Log};
use trailseal_rule::{AccountId, Region};

use crate::acceptance::harness::{ACCOUNT, Captured, REGION, TIME, context};

/// The number of attempts of each call.
pub(crate) const ATTEMPTS: usize = 5;

/// Pauses that end at once; the timeout of an attempt is long, so that only a fault reaches it.
pub(crate) const RETRY_POLICY: RetryPolicy = RetryPolicy {
    connect: Duration::from_secs(10),
    attempt: Duration::from_secs(30),
    attempts_max: 5,
    backoff_first: Duration::from_millis(1),
    backoff_max: Duration::from_millis(4),
};

/// A lab, and the function of an account in this process.
pub(crate) struct Desk {
    pub(crate) lab: Lab,
    pub(crate) function: Function,
    pub(crate) log: Captured,
}

impl Desk {
    /// The function of the usual account and Region.
    pub(crate) async fn open(state: State) -> Self {
        Self::open_as(state, ACCOUNT, REGION, None).await
    }

    /// The function of an account and Region that sends this external id.
    pub(crate) async fn open_as(
        state: State,
        account: &str,
        region: &str,
        external_id: Option<&str>,
    ) -> Self {
        let lab = Lab::start(state).await.unwrap();
        let identity = identity(&lab, account, region, external_id);
        Self::at(lab.url(), lab, identity, RETRY_POLICY)
    }

    /// The function of the usual account and Region with this retry policy.
    pub(crate) async fn open_with(state: State, retry_policy: RetryPolicy) -> Self {
        let lab = Lab::start(state).await.unwrap();
        let identity = identity(&lab, ACCOUNT, REGION, None);
        Self::at(lab.url(), lab, identity, retry_policy)
    }

    /// A cold function that calls AWS at this endpoint.
    pub(crate) fn at(url: String, lab: Lab, identity: Identity, retry_policy: RetryPolicy) -> Self {
        let log = Captured::default();
        let function = function(url, identity, retry_policy, &log);
        Self { lab, function, log }
    }

    pub(crate) async fn send(&self, event: &RuleEvent) -> Sent {
        self.send_within(event, &context()).await
    }

    /// Delivers an event this long before its deadline.
    pub(crate) async fn send_with_time(&self, event: &RuleEvent, left: Duration) -> Sent {
        let deadline = Instant::now() + left;
        self.send_within(event, &InvocationContext { deadline, ..context() }).await
    }

    pub(crate) async fn send_within(&self, event: &RuleEvent, context: &InvocationContext) -> Sent {
        self.send_bytes(&to_bytes(&self.lab, event), context).await
    }

    /// Delivers an event unchanged.
    pub(crate) async fn send_bytes(&self, event: &[u8], context: &InvocationContext) -> Sent {
        let answer = self.function.answer(event, context).await;
        let returned = match answer {
            Ok(answer) => Returned::Accepted(answer.accepted),
            Err(error) => Returned::Failed(error.kind().to_owned(), error.to_string()),
        };
        let (put, calls) = (self.lab.take_put_evaluations(), self.lab.take_calls());
        Sent { returned, put, calls, log: self.log.take() }
    }
}

/// A cold function that calls AWS at this endpoint.
pub(crate) fn function(
    url: String,
    identity: Identity,
    retry_policy: RetryPolicy,
    log: &Captured,
) -> Function {
    let aws = Aws::new(Connection::at(Some(url).into(), retry_policy), identity);
    Function::new(aws, Duration::from_secs(1), Log::new(log.clone()).with_metrics(true))
}

pub(crate) fn to_bytes(lab: &Lab, event: &RuleEvent) -> Vec<u8> {
    let token = lab.issue_token(&event.account, &event.region, &event.rule);
    event.to_json(&token).to_string().into_bytes()
}

/// Delivers an event to the real function.
pub(crate) async fn send_to_process(
    lab: &Lab,
    process: &mut trailseal_lab::Function,
    event: &RuleEvent,
) -> Sent {
    let returned = match process.invoke(&to_bytes(lab, event), TIME).await.unwrap().outcome {
        Outcome::Response(answer) => {
            Returned::Accepted(answer["accepted"].as_u64().unwrap().try_into().unwrap())
        }
        Outcome::Failed { error_type, message, .. } => Returned::Failed(error_type, message),
        other @ (Outcome::Exited { .. } | Outcome::TimedOut) => panic!("{other:?}"),
    };
    let log = process.take_lines().unwrap().join("\n");
    Sent { returned, put: lab.take_put_evaluations(), calls: lab.take_calls(), log }
}

/// The identity of an account's function.
pub(crate) fn identity(
    lab: &Lab,
    account: &str,
    region: &str,
    external_id: Option<&str>,
) -> Identity {
    let given = lab.credentials(account);
    let token = Some(given.session_token);
    Identity {
        account: AccountId::parse(account).unwrap(),
        region: Region::parse(region).unwrap(),
        credentials: Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            token,
            None,
            "lab",
        ),
        external_id: external_id.map(str::to_owned),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    /// This many evaluations were accepted.
    Accepted(usize),
    /// An error of this kind with this message.
    Failed(String, String),
}

/// The result of an event.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) returned: Returned,
    pub(crate) put: Vec<PutEvaluation>,
    pub(crate) calls: Vec<Call>,
    pub(crate) log: String,
}

impl Sent {
    /// How many evaluations were accepted.
    pub(crate) fn accepted(&self) -> usize {
        match &self.returned {
            Returned::Accepted(count) => *count,
            Returned::Failed(kind, message) => panic!("{kind}: {message}"),
        }
    }

    /// The kind and the message of the failure.
    pub(crate) fn failure(&self) -> (&str, &str) {
        match &self.returned {
            Returned::Accepted(count) => panic!("accepted {count}: {:?}", self.put),
            Returned::Failed(kind, message) => (kind, message),
        }
    }

    /// Asserts that the invocation failed in this way.
    pub(crate) fn assert_failure(&self, kind: &str, parts: &[&str]) {
        let (found, message) = self.failure();
        assert_eq!(found, kind, "{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    }

    /// The verdict submitted for each resource, by id.
    pub(crate) fn verdicts(&self) -> BTreeMap<&str, &str> {
        self.put
            .iter()
            .map(|one| (one.resource_id.as_str(), one.compliance_type.as_str()))
            .collect()
    }

    /// The annotation submitted last for a resource.
    pub(crate) fn annotation(&self, id: &str) -> &str {
        let found = self.put.iter().rev().find(|one| one.resource_id == id);
        let found =
            found.unwrap_or_else(|| panic!("nothing was submitted for `{id}`: {:?}", self.put));
        found.annotation.as_deref().unwrap()
    }

    /// The number of calls of an operation.
    pub(crate) fn count(&self, operation: Operation) -> usize {
        self.calls.iter().filter(|call| call.operation == operation.iam()).count()
    }

    pub(crate) fn operations(&self) -> BTreeSet<&str> {
        self.calls.iter().map(|call| call.operation.as_str()).collect()
    }

    /// Asserts the number of calls of each operation, and that no other was called.
    pub(crate) fn assert_counts(&self, expected: &[(Operation, usize)]) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for call in &self.calls {
            *counts.entry(call.operation.as_str()).or_default() += 1;
        }
        let expected: BTreeMap<&str, usize> = expected
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(operation, count)| (operation.iam(), *count))
            .collect();
        assert_eq!(counts, expected);
    }
}
