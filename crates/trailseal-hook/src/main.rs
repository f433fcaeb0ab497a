//! `hook`: the program that Lambda runs for a CloudFormation Hook.

use std::env;
use std::io::stdout;
use std::sync::OnceLock;
use std::time::Duration;

use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;
use trailseal_aws::{Aws, Connection, Service};
use trailseal_hook::{Hook, HookLog, RequestContext, answer_without_setup};
use trailseal_lambda::{Environment, TimeLimit};
use trailseal_rule::{AccountId, Parameters};

/// The environment variable with the rule's parameters as a JSON object.
const PARAMETERS: &str = "TRAILSEAL_PARAMETERS";

/// Reading ends after this time: a Hook waits 30 seconds for its function, its start included.
const TIME: Duration = Duration::from_secs(24);

/// Reading ends this long before Lambda's deadline, so that there is time to answer.
const MARGIN: Duration = Duration::from_millis(500);

/// How long a key that may be new is asked about again.
const PATIENCE: Duration = Duration::from_secs(15);

const _: () = assert!(PATIENCE.as_secs() < TIME.as_secs() && TIME.as_secs() < 25);

/// The environment variable with the account that the organization trails belong to.
const MANAGEMENT_ACCOUNT: &str = "TRAILSEAL_MANAGEMENT_ACCOUNT";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let get = |name: &str| env::var(name).ok();
    let setup = Environment::read_with_parameters(get, PARAMETERS);
    let setup = match (setup, management_account(get(MANAGEMENT_ACCOUNT).as_deref())) {
        (Ok((environment, parameters)), Ok(management_account)) => {
            let endpoints = environment.endpoints.clone();
            let connection = Connection::at(endpoints, environment.retry_policy);
            Ok(Setup { environment, connection, parameters, management_account })
        }
        (Err(one), Err(other)) => Err(format!("{one}; {other}")),
        (Err(faults), Ok(_)) | (Ok(_), Err(faults)) => Err(faults),
    };
    if let Ok(setup) = &setup {
        let services = [Service::Kms, Service::S3];
        setup.connection.open_early(&services, &setup.environment.region).await;
    }
    let warm = Warm { setup, hook: OnceLock::new() };
    let warm = &warm;
    let answer = async |event: LambdaEvent<Box<RawValue>>| -> Result<Value, Error> {
        Ok(warm.answer(event).await)
    };
    lambda_runtime::run(service_fn(answer)).await
}

/// The settings of the function.
struct Setup {
    environment: Environment,
    connection: Connection,
    parameters: Parameters,
    management_account: Option<AccountId>,
}

/// The state that is kept between requests.
struct Warm {
    setup: Result<Setup, String>,
    hook: OnceLock<Hook>,
}

impl Warm {
    async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> Value {
        let request = event.payload.get().as_bytes();
        match self.hook(&event.context) {
            Ok(hook) => hook.answer(request, &context(&event.context)).await,
            Err(faults) => answer_without_setup(request, &faults, &HookLog::new(stdout())),
        }
    }

    /// The function's own account is known from the first request on.
    fn hook(&self, context: &Context) -> Result<&Hook, String> {
        if let Some(hook) = self.hook.get() {
            return Ok(hook);
        }
        let setup = self.setup.as_ref().map_err(Clone::clone)?;
        let identity = setup.environment.identity(&context.invoked_function_arn)?;
        let aws = Aws::new(setup.connection.clone(), identity);
        let log = HookLog::new(stdout());
        let owner = setup.management_account.clone();
        let hook = Hook::new(aws, setup.parameters.clone(), owner, PATIENCE, log);
        Ok(self.hook.get_or_init(|| hook))
    }
}

fn management_account(text: Option<&str>) -> Result<Option<AccountId>, String> {
    let filled = text.map(str::trim).filter(|text| !text.is_empty());
    let account = filled.map(AccountId::parse).transpose();
    account.map_err(|error| format!("`{MANAGEMENT_ACCOUNT}`: {error}"))
}

fn context(context: &Context) -> RequestContext {
    let TimeLimit { now, deadline } = TimeLimit::before(context.deadline, MARGIN);
    let arrived = Instant::now();
    RequestContext { now, arrived, deadline: deadline.min(arrived + TIME) }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn reading_ends_before_cloudformation_and_lambda_stop_to_wait() {
        let left = |lambda: Duration| {
            let mut given = Context::default();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            given.deadline = u64::try_from((now + lambda).as_millis()).unwrap();
            let context = context(&given);
            context.deadline - context.arrived
        };
        assert_eq!(left(Duration::from_secs(900)), TIME);
        assert!(left(Duration::from_secs(3)) <= Duration::from_millis(2500));
        assert_eq!(left(Duration::ZERO), Duration::ZERO);
    }
}
