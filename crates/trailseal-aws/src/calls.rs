//! Counts of calls by operation, for the log and the metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

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

/// The calls since the last [`CallLog::take`], by operation in IAM's spelling.
#[derive(Clone, Debug, Default)]
pub struct CallLog(Arc<Mutex<BTreeMap<String, Calls>>>);

impl CallLog {
    /// Returns the counts and resets them.
    pub fn take(&self) -> BTreeMap<String, Calls> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[dyn_dispatch_hint]
impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "CallLog"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(metadata) = config.load::<Metadata>() else { return Ok(()) };
        let name = format!("{}:{}", iam_prefix(metadata.service()), metadata.name());
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
