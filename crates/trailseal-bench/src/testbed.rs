//! The testbed: a loopback account with a number of trails. Each service has its own address, like
//! AWS.

use std::error::Error;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use trailseal_lab::{Authority, FunctionSettings, Lab, Listener, RuleEvent, State};

use crate::delay;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const RULE: &str = "cloudtrail-encrypted";
const CAPTURED: &str = "2026-11-23T10:00:00.125Z";

/// The services that are called, as in the names of the SDKs' variables.
const SERVICES: [&str; 3] = ["KMS", "S3", "CONFIG_SERVICE"];

/// The usual files with a system's trusted root certificates.
const SYSTEM_ROOTS: [&str; 2] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// The protocol of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Http,
    /// Over TLS: the client trusts the roots of the system and of the lab.
    Tls,
    /// Over TLS, at a distance of [`ROUND_TRIP`].
    DistantTls,
}

/// Between the function and a distant service.
const ROUND_TRIP: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Testbed {
    pub(crate) lab: Lab,
    /// The services' addresses, by protocol.
    urls: Vec<(Over, String)>,
    _listeners: Vec<Listener>,
    /// A file with the roots of the system and of the lab.
    pub(crate) roots: PathBuf,
}

impl Testbed {
    /// A testbed with this number of trails; its files are written into `folder`.
    pub(crate) async fn new(trails: usize, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let lab = Lab::start(state(trails)?).await?;
        let (mut urls, mut listeners) = (Vec::new(), Vec::new());
        let authority = Authority::new()?;
        for (_, host) in SERVICES.iter().zip(1..) {
            let ip = Ipv4Addr::new(127, 0, 0, host);
            let (http, https) = (lab.open(ip, None).await?, lab.open(ip, Some(&authority)).await?);
            let distant = delay::open(https.address(), ROUND_TRIP).await?;
            urls.push((Over::Http, http.url()));
            urls.push((Over::Tls, https.url()));
            urls.push((Over::DistantTls, format!("https://{distant}")));
            listeners.extend([http, https]);
        }
        fs::create_dir_all(folder)?;
        let roots = folder.join("roots.pem");
        let system = SYSTEM_ROOTS.iter().find_map(|path| fs::read_to_string(path).ok());
        let system = system.ok_or("this system keeps its root certificates elsewhere")?;
        fs::write(&roots, format!("{system}\n{}", authority.certificate()))?;
        Ok(Self { lab, urls, _listeners: listeners, roots })
    }

    /// The settings of a function that calls each service at a separate address.
    pub(crate) fn settings(&self, over: Over) -> FunctionSettings {
        let mut settings = FunctionSettings::new(ACCOUNT, REGION);
        let mut set = |name: &str, value: String| {
            settings.environment.push((name.to_owned(), value));
        };
        for (service, url) in SERVICES.iter().zip(self.urls(over)) {
            set(&format!("AWS_ENDPOINT_URL_{service}"), url.to_owned());
        }
        set("AWS_ENDPOINT_URL", self.address(over));
        for name in ["SSL_CERT_FILE", "AWS_CA_BUNDLE"] {
            set(name, self.roots.display().to_string());
        }
        settings
    }

    /// The settings of a function that calls all services at one address.
    pub(crate) fn settings_of_one_address(&self, over: Over) -> FunctionSettings {
        let mut settings = self.settings(over);
        settings.environment.retain(|(name, _)| !name.starts_with("AWS_ENDPOINT_URL_"));
        settings
    }

    pub(crate) fn address(&self, over: Over) -> String {
        self.urls(over).next().unwrap_or_default().to_owned()
    }

    fn urls(&self, over: Over) -> impl Iterator<Item = &str> {
        self.urls.iter().filter(move |(of, _)| *of == over).map(|(_, url)| url.as_str())
    }

    /// The change of the first trail, with these parameters.
    pub(crate) fn change(&self, parameters: &[(&str, &str)]) -> Vec<u8> {
        let mut event = RuleEvent::of_item(ACCOUNT, REGION, RULE, &item(0));
        for (name, value) in parameters {
            event.parameters.insert((*name).to_owned(), Value::from(*value));
        }
        self.bytes(&event)
    }

    /// What CloudFormation sends before it creates a trail like the first one.
    pub(crate) fn hook_request() -> Vec<u8> {
        let request = json!({
            "clientRequestToken": "b3f8c1d2-0000-4000-8000-000000000001",
            "awsAccountId": ACCOUNT,
            "stackId": format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/audit/1a2b3c4d"),
            "actionInvocationPoint": "CREATE_PRE_PROVISION",
            "requestData": {
                "targetName": "AWS::CloudTrail::Trail", "targetType": "AWS::CloudTrail::Trail",
                "targetLogicalId": "Trail",
                "targetModel": { "resourceProperties": {
                    "TrailName": name(0), "S3BucketName": bucket(0), "KMSKeyId": key_arn(0),
                    "IsLogging": true,
                }},
            },
        });
        request.to_string().into_bytes()
    }

    pub(crate) fn schedule(&self) -> Vec<u8> {
        let mut event = RuleEvent::of_item(ACCOUNT, REGION, RULE, &Value::Null);
        event.invoking_event = json!({
            "awsAccountId": ACCOUNT, "notificationCreationTime": CAPTURED,
            "messageType": "ScheduledNotification", "recordVersion": "1.0",
        });
        self.bytes(&event)
    }

    fn bytes(&self, event: &RuleEvent) -> Vec<u8> {
        event.to_json(&self.lab.issue_token(ACCOUNT, REGION, RULE)).to_string().into_bytes()
    }
}

/// An account with this number of compliant trails, each with its own key and bucket.
fn state(trails: usize) -> Result<State, Box<dyn Error>> {
    let each = |make: fn(usize) -> Value| -> Vec<Value> { (0..trails).map(make).collect() };
    let document = json!({
        "trailsealLab": 1,
        "accounts": [{"id": ACCOUNT, "regions": [REGION]}],
        "trails": each(|number| json!({
            "arn": trail_arn(number), "s3BucketName": bucket(number), "kmsKeyId": key_arn(number),
            "isMultiRegionTrail": false,
        })),
        "keys": each(|number| json!({"arn": key_arn(number)})),
        "buckets": each(|number| json!({
            "name": bucket(number), "account": ACCOUNT, "region": REGION,
        })),
        "configRules": [{"account": ACCOUNT, "region": REGION, "name": RULE}],
    });
    Ok(State::from_value("the testbed's state", &document)?)
}

/// The configuration item of a trail.
pub(crate) fn item(number: usize) -> Value {
    json!({
        "configurationItemVersion": "1.3", "awsAccountId": ACCOUNT, "awsRegion": REGION,
        "configurationItemCaptureTime": CAPTURED, "configurationItemStatus": "OK",
        "configurationStateId": "1795428000125", "resourceType": "AWS::CloudTrail::Trail",
        "resourceId": name(number), "resourceName": name(number), "ARN": trail_arn(number),
        "availabilityZone": "Not Applicable", "tags": {}, "relationships": [],
        "configuration": {
            "name": name(number), "s3BucketName": bucket(number), "homeRegion": REGION,
            "isMultiRegionTrail": false, "trailARN": trail_arn(number),
            "kmsKeyId": key_arn(number), "includeGlobalServiceEvents": true,
            "logFileValidationEnabled": true, "hasCustomEventSelectors": false,
            "isOrganizationTrail": false,
        },
        "supplementaryConfiguration": {},
    })
}

fn name(number: usize) -> String {
    format!("trail-{number:06}")
}

fn trail_arn(number: usize) -> String {
    format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{}", name(number))
}

pub(crate) fn key_arn(number: usize) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{number:08}-0000-4000-8000-000000000000")
}

fn bucket(number: usize) -> String {
    format!("example-logs-{number:06}")
}
