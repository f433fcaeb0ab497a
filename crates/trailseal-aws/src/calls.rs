//! Which calls were made: for the log and the metrics, by name and number only.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The calls of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// How often AWS was asked, retries included.
    pub attempts: u32,
    /// How often it answered that it was too busy.
    pub throttled: u32,
    /// How often it answered that the credentials had expired.
    pub expired: u32,
}

/// The calls since the log was taken last, by operation in IAM's spelling.
#[derive(Clone, Debug, Default)]
pub struct CallLog(Arc<Mutex<BTreeMap<String, Calls>>>);

impl CallLog {
    /// Gives what was noted, and begins anew.
    #[must_use]
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
        let refusal = refusal(context).unwrap_or_default();
        calls.throttled += u32::from(is_throttled(&refusal));
        calls.expired += u32::from(refusal.body.contains("ExpiredToken"));
        Ok(())
    }
}

/// An answer that is no success.
#[derive(Debug, Default)]
struct Refusal {
    status: u16,
    body: String,
}

fn refusal(context: &FinalizerInterceptorContextRef<'_>) -> Option<Refusal> {
    let response = context.response().filter(|response| !response.status().is_success())?;
    let body = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    Some(Refusal { status: response.status().as_u16(), body: body.into_owned() })
}

/// AWS says so by the status, or by an error code in the body.
fn is_throttled(refusal: &Refusal) -> bool {
    let Refusal { status, body } = refusal;
    *status == 429 || body.contains("Throttl") || body.contains("SlowDown")
}

fn iam_prefix(service: &str) -> String {
    match service {
        "Config Service" => "config".to_owned(),
        other => other.to_lowercase(),
    }
}
