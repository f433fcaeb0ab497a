//! Counts of calls by operation, for the log and the metrics, and each attempt for the user.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use trailseal_rule::{AccountId, Region};

/// The counts of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The number of attempts, retries included.
    pub attempts: u32,
    /// How many of them AWS throttled.
    pub throttled: u32,
    /// How many of them AWS rejected because of expired credentials.
    pub expired: u32,
}

/// One attempt of a call. It has no secret: no header, no parameter and no part of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The operation in IAM's spelling.
    pub operation: String,
    /// The account of the credentials; absent for calls without any.
    pub account: Option<AccountId>,
    /// The Region of the endpoint.
    pub region: Option<Region>,
    /// The HTTP status; absent without an answer.
    pub status: Option<u16>,
    /// The time from the request to its answer or failure.
    pub elapsed: Duration,
}

/// The calls since the last [`CallLog::take`], by operation in IAM's spelling.
#[derive(Clone, Debug, Default)]
pub struct CallLog {
    counts: Arc<Mutex<BTreeMap<String, Calls>>>,
    listener: Option<fn(&Attempt)>,
    account: Option<AccountId>,
    region: Option<Region>,
}

impl CallLog {
    /// An empty log that passes each attempt to `listener`.
    pub(crate) fn heard_by(listener: Option<fn(&Attempt)>) -> Self {
        Self { listener, ..Self::default() }
    }

    /// An empty log with the same listener.
    pub(crate) fn separate(&self) -> Self {
        Self::heard_by(self.listener)
    }

    /// The same log for calls with the credentials of an account to a Region.
    #[must_use]
    pub fn of(&self, account: Option<&AccountId>, region: &Region) -> Self {
        Self { account: account.cloned(), region: Some(region.clone()), ..self.clone() }
    }

    /// Returns the counts and resets them.
    pub fn take(&self) -> BTreeMap<String, Calls> {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// When an attempt began.
#[derive(Clone, Copy, Debug)]
struct Begun(Instant);

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

#[dyn_dispatch_hint]
impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "CallLog"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Begun(Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(metadata) = config.load::<Metadata>() else { return Ok(()) };
        let name = format!("{}:{}", iam_prefix(metadata.service()), metadata.name());
        if let Some(listener) = self.listener {
            listener(&Attempt {
                operation: name.clone(),
                account: self.account.clone(),
                region: self.region.clone(),
                status: context.response().map(|response| response.status().as_u16()),
                elapsed: config.load::<Begun>().map(|begun| begun.0.elapsed()).unwrap_or_default(),
            });
        }
        let mut log = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = log.entry(name).or_default();
        calls.attempts += 1;
        if let Some(response) = context.response().filter(|one| !one.status().is_success()) {
            let body = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
            // AWS reports throttling in the status or in an error code in the body.
            let is_throttled = response.status().as_u16() == 429
                || body.contains("Throttl")
                || body.contains("SlowDown");
            calls.throttled += u32::from(is_throttled);
            calls.expired += u32::from(body.contains("ExpiredToken"));
        }
        Ok(())
    }
}

/// The prefix of a service's IAM actions, which is also the first label of its hosts.
pub(crate) fn iam_prefix(service: &str) -> String {
    match service {
        "Config Service" => "config".to_owned(),
        other => other.to_lowercase(),
    }
}
