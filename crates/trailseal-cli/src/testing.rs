//! Shared by unit tests: a folder of files, a run of `check`, and configuration items.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use trailseal_rule::Timestamp;

use crate::{Console, Exit, run};

pub(crate) const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";
pub(crate) const TRAIL: &str = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main";
pub(crate) const INSTANT: &str = "2026-11-23T10:00:00.000Z";

/// A temporary folder, removed after the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("trailseal-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes documents into a file, one after the other.
    pub(crate) fn write_json(&self, name: &str, documents: &[Value]) {
        let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
        self.write(name, lines.join("\n").as_bytes());
    }

    /// The names of its files, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _stays = fs::remove_dir_all(&self.0);
    }
}

/// The result of a command.
pub(crate) struct Checked {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Checked {
    /// Runs `trailseal check`.
    pub(crate) fn run(words: impl IntoIterator<Item = OsString>) -> Self {
        Self::of("check", words)
    }

    /// Runs any command.
    pub(crate) fn of(command: &str, words: impl IntoIterator<Item = OsString>) -> Self {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let now = Timestamp::parse("2026-11-26T12:00:00Z").unwrap();
        let mut console = Console {
            out: &mut out,
            err: &mut err,
            out_is_terminal: false,
            now,
            clock: || Timestamp::parse("2026-11-26T12:00:03Z").unwrap(),
        };
        let command = ["trailseal", command].map(OsString::from);
        let exit = run(command.into_iter().chain(words), &mut console);
        let err = anstream::adapter::strip_bytes(&err).into_vec();
        let [out, err] = [out, err].map(|text| String::from_utf8(text).unwrap());
        Self { exit, out, err }
    }

    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// The verdict of each trail, `unverified` if it is, and the failed checks.
    pub(crate) fn verdicts(&self) -> Vec<String> {
        let verdict = |trail: &Value| {
            let unverified = (trail["unverified"] == true).then_some("unverified");
            let checks = trail["checks"].as_array().unwrap().iter();
            let failed = checks.filter(|check| check["outcome"] == "fail");
            let failed = failed.map(|check| check["id"].as_str().unwrap());
            let compliance = trail["compliance"].as_str().unwrap();
            [compliance].into_iter().chain(unverified).chain(failed).collect::<Vec<_>>().join(" ")
        };
        self.report()["trails"].as_array().unwrap().iter().map(verdict).collect()
    }

    /// Asserts the exit code and the verdicts.
    #[track_caller]
    pub(crate) fn is(&self, exit: Exit, verdicts: &[&str]) {
        assert_eq!(
            (self.exit, self.verdicts()),
            (exit, verdicts.iter().map(<_>::to_string).collect()),
            "{}",
            self.err
        );
    }
}

pub(crate) fn item(kind: &str, id: &str, configuration: &Value) -> Value {
    json!({
        "resourceType": kind, "resourceId": id, "awsAccountId": "111122223333",
        "awsRegion": "eu-central-1", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": INSTANT, "configuration": configuration,
    })
}

pub(crate) fn trail_item(key: Option<&str>) -> Value {
    let configuration = json!({
        "trailARN": TRAIL, "homeRegion": "eu-central-1", "s3BucketName": "trail-logs",
        "kmsKeyId": key, "logFileValidationEnabled": true,
    });
    item("AWS::CloudTrail::Trail", "main", &configuration)
}

pub(crate) fn with(mut item: Value, member: &str, value: Value) -> Value {
    item[member] = value;
    item
}

pub(crate) fn event(message: &Value, parameters: &str) -> Value {
    json!({
        "invokingEvent": message.to_string(), "ruleParameters": parameters, "resultToken": "token",
        "eventLeftScope": false, "accountId": "111122223333",
    })
}

pub(crate) fn change(item: &Value) -> Value {
    json!({ "messageType": "ConfigurationItemChangeNotification", "configurationItem": item })
}

/// The notification of an oversized configuration item.
pub(crate) fn oversized(item: &Value) -> Value {
    let mut summary = item.clone();
    summary.as_object_mut().unwrap().remove("configuration");
    json!({
        "messageType": "OversizedConfigurationItemChangeNotification",
        "configurationItemSummary": summary,
    })
}
