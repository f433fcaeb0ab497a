//! `findings`: the program that Lambda runs on a schedule.

use std::env;
use std::io::stdout;
use std::sync::OnceLock;
use std::time::Duration;

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use trailseal_aws::{Aws, Connection};
use trailseal_lambda::{Environment, TimeLimit};
use trailseal_security_hub::{ImportLog, Importer};

/// The environment variable with the name of the rule.
const RULE_NAME: &str = "TRAILSEAL_RULE_NAME";

/// A run ends this long before Lambda's deadline, so that it can report a failure.
const MARGIN: Duration = Duration::from_millis(500);

/// Reading ends this long before that, so that there is time to import.
const RESERVE: Duration = Duration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let get = |name: &str| env::var(name).ok();
    let environment = Environment::read(get)?;
    let rule = get(RULE_NAME).filter(|name| !name.trim().is_empty());
    let rule = rule.ok_or_else(|| format!("`{RULE_NAME}` is not set to the name of the rule"))?;
    let connection = Connection::at(environment.endpoints.clone(), environment.retry_policy);
    let warm = Warm { environment, connection, rule, importer: OnceLock::new() };
    let warm = &warm;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| warm.answer(event))).await
}

/// The state that is kept between runs.
struct Warm {
    environment: Environment,
    connection: Connection,
    rule: String,
    importer: OnceLock<Importer>,
}

impl Warm {
    /// Every event starts a run; its content is not read.
    async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Diagnostic> {
        let importer = self.importer(&event.context)?;
        let limit = TimeLimit::before(event.context.deadline, MARGIN);
        match importer.run(&limit).await {
            Ok(summary) => Ok(json!({
                "accepted": summary.accepted,
                "archived": summary.archived,
                "newer": summary.newer,
            })),
            Err(error) => Err(Diagnostic {
                error_type: error.kind().to_owned(),
                error_message: error.to_string(),
            }),
        }
    }

    /// The function's own account is known from the first invocation on.
    fn importer(&self, context: &Context) -> Result<&Importer, Diagnostic> {
        if let Some(importer) = self.importer.get() {
            return Ok(importer);
        }
        let identity = self.environment.identity(&context.invoked_function_arn)?;
        let aws = Aws::new(self.connection.clone(), identity);
        let log = ImportLog::new(stdout());
        let importer = Importer::new(aws, self.rule.clone(), RESERVE, log);
        Ok(self.importer.get_or_init(|| importer))
    }
}
