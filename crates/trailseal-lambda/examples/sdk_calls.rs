//! The lower limit for a warm change with the AWS SDK: a function that makes the recorded calls of
//! a change, each with the function's own client, and the two that do not depend on each other at
//! the same time, as the function does. It reads and decides nothing.
//!
//! `BARE_CALLS` names the file with the calls, as for `bare-function` of `trailseal-bench`.

use std::env;
use std::fs;

use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::{ComplianceType, Evaluation};
use futures_util::FutureExt as _;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::join;
use trailseal_aws::{Aws, Connection, Service, Session, client_config};
use trailseal_lambda::Environment;
use trailseal_rule::BucketName;

/// No call names its account.
const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:sdk-calls";

/// What the calls of a change name.
struct Change {
    key: String,
    bucket: BucketName,
    evaluation: Evaluation,
    token: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::read(|name| env::var(name).ok())?;
    let connection = Connection::at(environment.endpoints.clone(), environment.retry_policy);
    let aws = Aws::new(connection, environment.identity(FUNCTION)?);
    let session = aws.own();
    let change = recorded(&serde_json::from_slice(&fs::read(env::var("BARE_CALLS")?)?)?)?;
    let kms = client_config!(aws_sdk_kms, session, Service::Kms, session.region());
    let kms = aws_sdk_kms::Client::from_conf(kms.build());
    let config = client_config!(aws_sdk_config, session, Service::Config, session.region());
    let config = aws_sdk_config::Client::from_conf(config.build());
    let (kms, config, change) = (&kms, &config, &change);
    let answer = async |_: LambdaEvent<Box<RawValue>>| call(session, kms, config, change).await;
    lambda_runtime::run(service_fn(answer)).await
}

async fn call(
    session: &Session,
    kms: &aws_sdk_kms::Client,
    config: &aws_sdk_config::Client,
    change: &Change,
) -> Result<Value, Error> {
    let describe = kms.describe_key().key_id(&change.key).send().boxed();
    let (key, region) = join!(describe, session.bucket_region(&change.bucket));
    drop((key?, region?));
    let put = config.put_evaluations().result_token(&change.token);
    put.evaluations(change.evaluation.clone()).send().boxed().await?;
    Ok(json!({ "accepted": 1 }))
}

/// Reads the calls by the operation that their header names; the HEAD has none.
fn recorded(calls: &Value) -> Result<Change, Error> {
    let calls = calls.as_array().ok_or("the calls are no list")?;
    let body = |operation: &str| -> Result<Value, Error> {
        let is_it = |call: &&Value| {
            let target = call.pointer("/headers/x-amz-target").and_then(Value::as_str);
            target.is_some_and(|target| target.ends_with(operation))
        };
        let call = calls.iter().find(is_it).ok_or_else(|| format!("no call of {operation}"))?;
        Ok(serde_json::from_str(&text(call, "/body")?)?)
    };
    let head = calls.iter().find(|call| call.get("method") == Some(&json!("HEAD")));
    let path = text(head.ok_or("no HEAD")?, "/path")?;
    let put = body("PutEvaluations")?;
    let time = put.pointer("/Evaluations/0/OrderingTimestamp").and_then(Value::as_f64);
    let evaluation = Evaluation::builder()
        .compliance_resource_type(text(&put, "/Evaluations/0/ComplianceResourceType")?)
        .compliance_resource_id(text(&put, "/Evaluations/0/ComplianceResourceId")?)
        .compliance_type(ComplianceType::from(
            text(&put, "/Evaluations/0/ComplianceType")?.as_str(),
        ))
        .annotation(text(&put, "/Evaluations/0/Annotation")?)
        .ordering_timestamp(DateTime::from_secs_f64(time.ok_or("no time")?))
        .build()?;
    Ok(Change {
        key: text(&body("DescribeKey")?, "/KeyId")?,
        bucket: BucketName::parse(path.trim_start_matches('/'))?,
        evaluation,
        token: text(&put, "/ResultToken")?,
    })
}

fn text(value: &Value, pointer: &str) -> Result<String, Error> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("no text at `{pointer}`"))?.to_owned())
}
