//! Everything that changes while the lab runs, behind one lock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::caller::Sessions;
use crate::delivery::{DeliveryMoment, Propagation, broken};
use crate::fault::Faults;
use crate::hang::Hangs;
use crate::moments;
use crate::record::{Call, Ordering, PutEvaluation};
use crate::state::{StandingResult, State};

/// A rule of an account in a Region.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RuleId {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
}

impl RuleId {
    pub(crate) fn new(account: &str, region: &str, name: &str) -> Self {
        Self { account: account.to_owned(), region: region.to_owned(), name: name.to_owned() }
    }
}

/// The results of a rule, by type and ID of the resource.
pub(crate) type Results = BTreeMap<(String, String), StandingResult>;

/// The type and ID of the resource of a result.
pub(crate) fn resource_of(result: &StandingResult) -> (String, String) {
    (result.resource_type.clone(), result.resource_id.clone())
}

/// Evaluations to return in `FailedEvaluations`.
#[derive(Debug)]
pub(crate) struct SendBack {
    pub(crate) resource_id: String,
    pub(crate) times_left: u32,
}

#[derive(Debug, Default)]
pub(crate) struct LabState {
    pub(crate) state: State,
    pub(crate) sessions: Sessions,
    /// The duration of sessions, if it replaces the requested one.
    pub(crate) session_seconds: Option<i64>,
    pub(crate) faults: Faults,
    pub(crate) latency: Duration,
    pub(crate) ordering: Ordering,
    pub(crate) send_back: Vec<SendBack>,
    pub(crate) rules: BTreeMap<RuleId, Results>,
    pub(crate) deleted_rules: HashSet<RuleId>,
    pub(crate) tokens: HashMap<String, RuleId>,
    pub(crate) tokens_issued: u64,
    pub(crate) requests: u64,
    pub(crate) calls: Vec<Call>,
    pub(crate) evaluations: Vec<PutEvaluation>,
    pub(crate) created_keys: Vec<String>,
    pub(crate) hangs: Hangs,
    pub(crate) propagation: Propagation,
    /// Whether CloudTrail accepts only one change per second.
    pub(crate) keeps_write_rate: bool,
    /// When the last change of a trail was requested, by account and Region.
    pub(crate) trail_changes: HashMap<(String, String), Instant>,
    /// The number of keys created.
    pub(crate) keys_made: u64,
    /// Whether anything was changed.
    pub(crate) has_changed: bool,
    /// Whether CloudTrail tries to deliver right before each change and never after it.
    pub(crate) delivers_before_changes_only: bool,
    /// The latest of these attempts, and the trails that could not deliver.
    pub(crate) attempted: Option<(i64, BTreeMap<String, String>)>,
    /// The trails that could not deliver after each change.
    pub(crate) delivery_moments: Vec<DeliveryMoment>,
}

impl LabState {
    /// A lab that starts with this state.
    pub(crate) fn of(state: State) -> Self {
        let mut lab_state = Self::default();
        lab_state.begin(state);
        lab_state
    }

    /// Starts over with this state and forgets everything except sessions of assumed roles, which a
    /// warm function still holds.
    pub(crate) fn begin(&mut self, state: State) {
        let sessions = std::mem::take(&mut self.sessions);
        *self = Self { sessions, requests: self.requests, ..Self::default() };
        for rule in &state.config_rules {
            let id = RuleId::new(&rule.account, &rule.region, &rule.name);
            if rule.deleted {
                self.deleted_rules.insert(id.clone());
            }
            let results = rule.results.iter().cloned();
            let results = results.map(|result| (resource_of(&result), result));
            self.rules.entry(id).or_default().extend(results);
        }
        self.state = state;
    }

    /// Delivers before a change, with what is in force then.
    pub(crate) fn deliver_before_change(&mut self) {
        if self.delivers_before_changes_only {
            self.attempted = Some((moments::now() - 1, broken(&self.state)));
        }
    }

    /// Records how a change affected the deliveries.
    pub(crate) fn note_change(&mut self, operation: &str) {
        self.has_changed = true;
        let moment = DeliveryMoment { after: operation.to_owned(), broken: broken(&self.state) };
        self.delivery_moments.push(moment);
    }

    /// A token that PutEvaluations accepts for the rule; a missing rule is created.
    pub(crate) fn issue_token(&mut self, rule: RuleId) -> String {
        self.tokens_issued = self.tokens_issued.saturating_add(1);
        let token = format!("LabResultTokenNeverSeen{:08}", self.tokens_issued);
        self.rules.entry(rule.clone()).or_default();
        self.tokens.insert(token.clone(), rule);
        token
    }
}

/// The lab state, shared between the connections.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    lab_state: Arc<Mutex<LabState>>,
}

impl Shared {
    pub(crate) fn new(lab_state: LabState) -> Self {
        Self { lab_state: Arc::new(Mutex::new(lab_state)) }
    }

    /// Locks the lab state; the lock is never held across an `await`.
    pub(crate) fn lock(&self) -> MutexGuard<'_, LabState> {
        self.lab_state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
