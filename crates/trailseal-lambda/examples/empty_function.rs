//! A function that does nothing: the lower limit for the cold start of this runtime.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(_: LambdaEvent<Box<RawValue>>) -> Result<(), Error> {
    Ok(())
}
