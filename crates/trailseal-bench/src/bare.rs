//! Records the function's calls for the programs that make them alone: `bare_function`, and the
//! example `sdk_calls` of `trailseal-lambda`.

use std::error::Error;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use trailseal_lab::{Call, Function, FunctionSettings, Outcome};

use crate::Settings;
use crate::testbed::{ACCOUNT, Over, REGION, Testbed};

const TIME: Duration = Duration::from_secs(60);

/// Invokes the function with the event, and returns the settings of the program that replays its
/// calls.
///
/// The replayed calls have the same size, including signatures, which the lab does not verify.
pub(crate) async fn settings(
    settings: &Settings,
    testbed: &Testbed,
    event: &[u8],
    over: Over,
) -> Result<FunctionSettings, Box<dyn Error>> {
    let calls = calls(settings, testbed, event).await?;
    let token = serde_json::from_slice::<Value>(event)?.get("resultToken").cloned();
    let calls = calls.iter().map(|call| bare(testbed, call, token.as_ref()));
    let calls: Vec<Value> = calls.collect::<Result<_, _>>()?;
    let path = settings.folder.join("calls.json");
    fs::write(&path, Value::from(calls).to_string())?;
    let mut of_bare = testbed.settings_of_one_address(over);
    for (name, value) in [
        ("BARE_CALLS", path.display().to_string()),
        ("BARE_ADDRESS", testbed.address(over)),
        ("BARE_ROOTS", testbed.roots.display().to_string()),
    ] {
        of_bare.environment.push((name.to_owned(), value));
    }
    Ok(of_bare)
}

/// The function's calls in its second run; later runs make the same calls.
async fn calls(
    settings: &Settings,
    testbed: &Testbed,
    event: &[u8],
) -> Result<Vec<Call>, Box<dyn Error>> {
    let of_function = testbed.settings_of_one_address(Over::Http);
    let mut function = Function::spawn(&settings.function, &testbed.lab, of_function).await?;
    for _ in 0..2 {
        drop(testbed.lab.take_calls());
        let outcome = function.invoke(event, TIME).await?.outcome;
        if !matches!(outcome, Outcome::Response(_)) {
            return Err(format!("{outcome:?} while recording calls").into());
        }
    }
    drop(testbed.lab.take_put_evaluations());
    Ok(testbed.lab.take_calls())
}

fn bare(testbed: &Testbed, call: &Call, token: Option<&Value>) -> Result<Value, Box<dyn Error>> {
    let (service, name) = call.operation.split_once(':').ok_or("an operation without a service")?;
    let target = match service {
        "cloudtrail" => "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
        "config" => "StarlingDoveService",
        "kms" => "TrentService",
        _ => {
            let bucket = call.request.get("Bucket").and_then(Value::as_str).ok_or("no bucket")?;
            return Ok(
                json!({"method": "HEAD", "path": format!("/{bucket}"), "headers": {}, "body": ""}),
            );
        }
    };
    let mut body = call.request.clone();
    if name == "PutEvaluations"
        && let (Some(members), Some(token)) = (body.as_object_mut(), token)
    {
        // The lab does not record tokens.
        members.insert("ResultToken".to_owned(), token.clone());
    }
    Ok(post(testbed, service, &format!("{target}.{name}"), &body))
}

fn post(testbed: &Testbed, service: &str, target: &str, body: &Value) -> Value {
    let credentials = testbed.lab.credentials(ACCOUNT);
    let key = &credentials.access_key_id;
    let agent = "aws-sdk-rust/1.3.1 ua/2.1 api/config/1.131.0 os/linux lang/rust/1.95.0 m/E,b";
    json!({
        "method": "POST",
        "path": "/",
        "headers": {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": target,
            "x-amz-date": "20261123T100000Z",
            "x-amz-security-token": credentials.session_token,
            "x-amz-user-agent": agent,
            "user-agent": agent,
            "amz-sdk-invocation-id": "8476a536-e9f4-4000-8000-000000000001",
            "amz-sdk-request": "attempt=1; max=5",
            "authorization": format!(
                "AWS4-HMAC-SHA256 Credential={key}/20261123/{REGION}/{service}/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target;\
                 x-amz-user-agent, Signature={}",
                "0".repeat(64)
            ),
        },
        "body": body.to_string(),
    })
}
