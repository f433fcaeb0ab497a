//! A change in a warm function, against the same calls made bare.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use trailseal_lab::{Function, FunctionSettings, Outcome};

use crate::Settings;
use crate::figure::{Figure, Sorted};
use crate::stand::{ACCOUNT, Over, REGION, Stand, bucket, key_arn};

const TIME: Duration = Duration::from_secs(30);
/// Events before any is measured, and between two changes of who is measured.
const UNMEASURED: usize = 200;
const BLOCK: usize = 100;

/// Measures in turns, a block of events each.
pub(crate) async fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    for (over, id, words) in [(Over::Http, "http", "HTTP"), (Over::Tls, "tls", "TLS")] {
        let stand = Stand::new(1, &settings.folder).await?;
        let event = stand.change(&[]);
        let of_function = stand.settings_of_one_address(over);
        let of_bare = settings_of_bare(&stand, &event, over, &settings.folder)?;
        let mut function = Warm::start(&settings.function, &stand, of_function, &event).await?;
        let mut bare = Warm::start(&settings.bare, &stand, of_bare, &event).await?;
        for _ in 0..settings.runs.unwrap_or(40) {
            function.block(&stand).await?;
            bare.block(&stand).await?;
        }
        function.tell(&format!("warm.{id}"), &format!("a change, warm, {words}"))?;
        bare.tell(&format!("warm.{id}.bare"), &format!("the same calls made bare, {words}"))?;
    }
    Ok(())
}

/// A warm function.
struct Warm<'a> {
    function: Function,
    event: &'a [u8],
    durations: Vec<Duration>,
}

impl<'a> Warm<'a> {
    async fn start(
        program: &Path,
        stand: &Stand,
        settings: FunctionSettings,
        event: &'a [u8],
    ) -> Result<Self, Box<dyn Error>> {
        let function = Function::spawn(program, &stand.lab, settings).await?;
        let mut warm = Self { function, event, durations: Vec::new() };
        for _ in 0..UNMEASURED {
            warm.once(stand).await?;
        }
        Ok(warm)
    }

    async fn block(&mut self, stand: &Stand) -> Result<(), Box<dyn Error>> {
        for _ in 0..BLOCK {
            let duration = self.once(stand).await?;
            self.durations.push(duration);
        }
        Ok(())
    }

    async fn once(&mut self, stand: &Stand) -> Result<Duration, Box<dyn Error>> {
        once(&mut self.function, stand, self.event).await
    }

    fn tell(&self, id: &str, about: &str) -> Result<(), Box<dyn Error>> {
        let sorted = Sorted::milliseconds(&self.durations);
        Figure::median(id, about, &sorted, "ms").tell()?;
        let words = format!("{about}: 99 of 100 within");
        Figure::once(&format!("{id}.p99"), &words, sorted.at(0.99), "ms").tell()
    }
}

/// One event, which must put its evaluation with three calls.
pub(crate) async fn once(
    function: &mut Function,
    stand: &Stand,
    event: &[u8],
) -> Result<Duration, Box<dyn Error>> {
    let invocation = function.invoke(event, TIME).await?;
    let (calls, put) = (stand.lab.take_calls().len(), stand.lab.take_put_evaluations().len());
    drop(function.take_lines()?);
    let answered = matches!(invocation.outcome, Outcome::Response(_));
    if answered && calls == 3 && put == 1 {
        return Ok(invocation.duration);
    }
    let outcome = invocation.outcome;
    Err(format!("{outcome:?} after {calls} calls and {put} evaluations").into())
}

/// The calls of a change, written down for the function that makes them bare. They are as long as
/// those of the function, signatures included, which the lab does not verify.
pub(crate) fn settings_of_bare(
    stand: &Stand,
    event: &[u8],
    over: Over,
    folder: &Path,
) -> Result<FunctionSettings, Box<dyn Error>> {
    let event: Value = serde_json::from_slice(event)?;
    let describe_key = json!({"KeyId": key_arn(0)});
    let put_evaluations = json!({
        "Evaluations": [{
            "ComplianceResourceType": "AWS::CloudTrail::Trail",
            "ComplianceResourceId": "trail-000000",
            "ComplianceType": "COMPLIANT",
            "Annotation": format!("Sealed with {}. CIS 3.5.", key_arn(0)),
            "OrderingTimestamp": 1_795_428_000.125,
        }],
        "ResultToken": event.get("resultToken"),
    });
    let calls = json!([
        post(stand, "kms", "TrentService.DescribeKey", &describe_key),
        {"method": "HEAD", "path": format!("/{}", bucket(0)), "headers": {}, "body": ""},
        post(stand, "config", "StarlingDoveService.PutEvaluations", &put_evaluations),
    ]);
    let path = folder.join("calls.json");
    fs::write(&path, calls.to_string())?;
    let mut settings = stand.settings_of_one_address(over);
    for (name, value) in [
        ("BARE_CALLS", path.display().to_string()),
        ("BARE_ADDRESS", stand.address(over)),
        ("BARE_ROOT", stand.root().display().to_string()),
    ] {
        settings.environment.push((name.to_owned(), value));
    }
    Ok(settings)
}

fn post(stand: &Stand, service: &str, target: &str, body: &Value) -> Value {
    let credentials = stand.lab.credentials(ACCOUNT);
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
