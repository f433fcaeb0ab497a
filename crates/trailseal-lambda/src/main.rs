//! `bootstrap`: the function as Lambda runs it.

use std::env;
use std::io::stdout;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use trailseal_aws::{Aws, Connection, Service};
use trailseal_lambda::{Environment, Function, FunctionError, InvocationContext, Log, TimeLimit};

/// The function ends this long before Lambda's deadline, so that it can report a failure.
const MARGIN: Duration = Duration::from_millis(250);

/// Reading ends this long before that, so that there is time to report.
const RESERVE: Duration = Duration::from_secs(3);

/// What the function calls for the event of a changed trail.
const SERVICES_OF_A_CHANGE: [Service; 3] = [Service::Kms, Service::S3, Service::Config];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::read(|name| env::var(name).ok())?;
    let warm = Warm {
        connection: Connection::at(environment.endpoints.clone(), environment.retry_policy),
        environment,
        function: OnceLock::new(),
        is_cold: AtomicBool::new(true),
    };
    warm.connection.open_early(&SERVICES_OF_A_CHANGE, &warm.environment.region).await;
    let warm = &warm;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| warm.answer(event))).await
}

/// The state that is kept between invocations.
struct Warm {
    environment: Environment,
    connection: Connection,
    function: OnceLock<Function>,
    is_cold: AtomicBool,
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
        let TimeLimit { now, deadline } = TimeLimit::before(event.context.deadline, MARGIN);
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        let context = InvocationContext { now, deadline, is_cold };
        match function.answer(event.payload.get().as_bytes(), &context).await {
            Ok(answer) => Ok(json!({ "accepted": answer.accepted })),
            Err(error) => Err(diagnostic(&error)),
        }
    }

    /// The function's own account is known from the first invocation on.
    fn make_function(&self, context: &Context) -> Result<Function, Diagnostic> {
        let identity = self.environment.identity(&context.invoked_function_arn)?;
        let aws = Aws::new(self.connection.clone(), identity);
        let log = Log::new(stdout()).with_metrics(self.environment.makes_metrics);
        Ok(Function::new(aws, RESERVE, log))
    }
}

/// Our errors carry their whole chain of causes in their text.
fn diagnostic(error: &FunctionError) -> Diagnostic {
    Diagnostic { error_type: error.kind().to_owned(), error_message: error.to_string() }
}
