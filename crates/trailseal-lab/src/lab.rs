//! The lab: an account on loopback, in one value.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::caller::{Credentials, credentials_of};
use crate::delivery::{DeliveryMoment, broken};
use crate::fault::Fault;
use crate::hang::{Hang, Hangs};
use crate::lab_state::{LabState, RuleId, SendBack, Shared};
use crate::listener::{Authority, Listener};
use crate::record::{Call, Ordering, PutEvaluation};
use crate::server::{Place, Server, handle_services, serve};
use crate::state::{Account, Membership, StandingResult, State};

/// An AWS account on loopback, which runs until the value is dropped.
///
/// All services share one address; set `AWS_ENDPOINT_URL` to it for any AWS SDK.
#[derive(Debug)]
pub struct Lab {
    shared: Shared,
    server: Server,
}

impl Lab {
    /// Starts a lab that answers from `state`.
    ///
    /// # Errors
    ///
    /// Binding a port of 127.0.0.1 failed.
    pub async fn start(state: State) -> io::Result<Self> {
        let shared = Shared::new(LabState::of(state));
        let lab_state = shared.clone();
        let server =
            serve(Place::plain(), move |head, body| handle_services(lab_state.clone(), head, body));
        Ok(Self { shared, server: server.await? })
    }

    /// Opens a further address of the same account, on a free port of `ip`, which must be one of
    /// this machine: in plain HTTP, or over TLS with a certificate of `authority`.
    ///
    /// # Errors
    ///
    /// Binding a port there failed.
    pub async fn open(&self, ip: Ipv4Addr, authority: Option<&Authority>) -> io::Result<Listener> {
        let place = Place { ip, tls: authority.map(Authority::acceptor) };
        let (lab_state, is_secret) = (self.shared.clone(), place.tls.is_some());
        let server = serve(place, move |head, body| handle_services(lab_state.clone(), head, body));
        Ok(Listener::new(server.await?, is_secret))
    }

    /// The endpoint of every service, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Credentials of an account's function, a session of a role there.
    pub fn credentials(&self, account: &str) -> Credentials {
        credentials_of(account)
    }

    /// Starts over with another state: faults, records, tokens and results are as after
    /// [`Lab::start`]; sessions of assumed roles stay valid, because a warm function holds them.
    pub fn set_state(&self, state: State) {
        self.shared.lock().begin(state);
    }

    /// Adds an empty account unless it exists; returns whether it was missing.
    pub fn ensure_account(&self, id: &str, region: &str) -> bool {
        let mut lab_state = self.shared.lock();
        let accounts = &mut lab_state.state.accounts;
        let there = accounts.iter_mut().find(|account| account.id == id);
        let Some(account) = there else {
            let regions = vec![region.to_owned()];
            accounts.push(Account { id: id.to_owned(), membership: Membership::Outside, regions });
            return true;
        };
        if !account.regions.iter().any(|enabled| enabled == region) {
            account.regions.push(region.to_owned());
            return true;
        }
        false
    }

    /// Injects a fault; of several that match a request, the first injected wins.
    pub fn inject(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Ends all faults, including those of [`Lab::send_back`].
    pub fn clear_faults(&self) {
        let mut lab_state = self.shared.lock();
        lab_state.faults.clear();
        lab_state.send_back.clear();
    }

    /// Makes the change of this number hang, counted from now and from one: it is never answered.
    pub fn hang_at_change(&self, number: u32, hang: Hang) {
        self.shared.lock().hangs = Hangs { due: Some((number, hang)), ..Hangs::default() };
    }

    /// Whether a change hangs or has hung.
    pub fn has_hung(&self) -> bool {
        self.shared.lock().hangs.hung
    }

    /// No further change hangs.
    pub fn clear_hang(&self) {
        self.shared.lock().hangs = Hangs::default();
    }

    /// From now on, changes of key policies take this long to reach CloudTrail; KMS
    /// shows them at once.
    pub fn set_policy_propagation(&self, delay: Duration) {
        self.shared.lock().propagation.delay = delay;
    }

    /// Makes CloudTrail refuse more than one UpdateTrail per second in an account and Region.
    pub fn keep_write_rate(&self) {
        self.shared.lock().keeps_write_rate = true;
    }

    /// From now on, CloudTrail tries to deliver right before each change, and not after it.
    pub fn deliver_before_changes_only(&self) {
        self.shared.lock().delivers_before_changes_only = true;
    }

    /// From now on, CloudTrail tries to deliver after each change, as at first.
    pub fn deliver_after_changes(&self) {
        let mut lab_state = self.shared.lock();
        (lab_state.delivers_before_changes_only, lab_state.attempted) = (false, None);
    }

    pub fn state(&self) -> State {
        self.shared.lock().state.clone()
    }

    /// Changes the state as another user would: all records are kept.
    pub fn edit(&self, change: impl FnOnce(&mut State)) {
        let mut lab_state = self.shared.lock();
        change(&mut lab_state.state);
        lab_state.has_changed = true;
    }

    /// The trails that currently cannot deliver, with S3's error code; changes of key
    /// policies count as if they had propagated.
    pub fn broken_deliveries(&self) -> BTreeMap<String, String> {
        broken(&self.shared.lock().state)
    }

    /// Takes the trails that could not deliver after each change since the last call.
    pub fn take_delivery_moments(&self) -> Vec<DeliveryMoment> {
        std::mem::take(&mut self.shared.lock().delivery_moments)
    }

    /// Delays every response by this time.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.lock().latency = latency;
    }

    /// Chooses what happens to evaluations older than the stored result.
    pub fn set_ordering(&self, ordering: Ordering) {
        self.shared.lock().ordering = ordering;
    }

    /// Returns the next `times` evaluations of a resource in `FailedEvaluations`.
    pub fn send_back(&self, resource_id: &str, times: u32) {
        let due = SendBack { resource_id: resource_id.to_owned(), times_left: times };
        self.shared.lock().send_back.push(due);
    }

    /// Sets how long sessions of roles assumed from now on last, ignoring the requested duration.
    pub fn set_session_time(&self, time: Duration) {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        self.shared.lock().session_seconds = Some(seconds);
    }

    /// Ends every session of an assumed role, as if it had expired.
    pub fn expire_sessions(&self) {
        self.shared.lock().sessions.expire();
    }

    /// A result token that PutEvaluations accepts for the rule; a missing rule is created.
    pub fn issue_token(&self, account: &str, region: &str, rule: &str) -> String {
        self.shared.lock().issue_token(RuleId::new(account, region, rule))
    }

    /// Deletes a rule: its tokens now return `NoSuchConfigRuleException`.
    pub fn delete_rule(&self, account: &str, region: &str, rule: &str) {
        self.shared.lock().deleted_rules.insert(RuleId::new(account, region, rule));
    }

    /// Takes the requests since the last call.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.lock().calls)
    }

    /// The number of calls of each operation since the last [`Lab::take_calls`], in IAM's spelling.
    pub fn call_counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in &self.shared.lock().calls {
            *counts.entry(call.operation.clone()).or_default() += 1;
        }
        counts
    }

    /// Takes the evaluations sent to PutEvaluations since the last call.
    pub fn take_put_evaluations(&self) -> Vec<PutEvaluation> {
        std::mem::take(&mut self.shared.lock().evaluations)
    }

    pub fn results(&self, account: &str, region: &str, rule: &str) -> Vec<StandingResult> {
        let lab_state = self.shared.lock();
        let results = lab_state.rules.get(&RuleId::new(account, region, rule));
        results.map(|results| results.values().cloned().collect()).unwrap_or_default()
    }

    /// The aliases for which KMS had to make an AWS managed key, because someone described a
    /// predefined alias that had none: a side effect that a reader must never have.
    pub fn created_aws_managed_keys(&self) -> Vec<String> {
        self.shared.lock().created_keys.clone()
    }
}
