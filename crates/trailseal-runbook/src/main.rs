//! `remediation`: the program that Lambda runs.

use std::env;
use std::io::stdout;
use std::sync::OnceLock;
use std::time::Duration;

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;
use trailseal_aws::{Aws, Connection};
use trailseal_lambda::{Environment, TimeLimit};
use trailseal_rule::Parameters;
use trailseal_runbook::{Remediation, RemediationLog};

/// The environment variable with the rule's parameters as a JSON object.
const PARAMETERS: &str = "TRAILSEAL_RULE_PARAMETERS";

/// The function ends this long before Lambda's deadline, so that it can return an error.
const MARGIN: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let get = |name: &str| env::var(name).ok();
    let (environment, parameters) = Environment::read_with_parameters(get, PARAMETERS)?;
    let connection = Connection::at(environment.endpoints.clone(), environment.retry_policy);
    let warm = Warm { connection, environment, parameters, function: OnceLock::new() };
    let warm = &warm;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| warm.answer(event))).await
}

/// The state that is kept between invocations.
struct Warm {
    environment: Environment,
    connection: Connection,
    parameters: Parameters,
    function: OnceLock<Remediation>,
}

impl Warm {
    async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Diagnostic> {
        let function = match self.function.get() {
            Some(function) => function,
            None => {
                let function = self.make_function(&event.context)?;
                self.function.get_or_init(|| function)
            }
        };
        let deadline = TimeLimit::before(event.context.deadline, MARGIN).deadline;
        let answer = function.answer(event.payload.get().as_bytes(), deadline);
        answer.await.map_err(|error| Diagnostic {
            error_type: error.kind().to_owned(),
            error_message: error.to_string(),
        })
    }

    /// The account is known from the first invocation.
    fn make_function(&self, context: &Context) -> Result<Remediation, Diagnostic> {
        let identity = self.environment.identity(&context.invoked_function_arn)?;
        let aws = Aws::new(self.connection.clone(), identity);
        let session = aws.own().clone();
        let log = RemediationLog::new(stdout());
        Ok(Remediation::new(aws, session, self.parameters.clone(), log))
    }
}
