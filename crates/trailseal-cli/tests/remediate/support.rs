//! A loopback account, and the command in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trailseal_lab::{Denial, History, Lab, State};

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const REGION: &str = "us-east-1";
pub(super) const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit";
pub(super) const NEIGHBOUR: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/neighbour";
pub(super) const KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
pub(super) const BROKEN: &str =
    "arn:aws:kms:us-east-1:111122223333:key/22222222-0000-4000-8000-222222222222";
pub(super) const PENDING_DELETION: &str =
    "arn:aws:kms:us-east-1:111122223333:key/33333333-0000-4000-8000-333333333333";

pub(super) const JOURNAL: &str = "journal.jsonl";
/// Seals trail `audit` with the working key.
pub(super) const SEAL: &[&str] =
    &["audit", "--key", KEY, "--apply", "--yes", "--wait", "0", "--journal", JOURNAL];
pub(super) const BACK: &[&str] = &["--back-out", JOURNAL, "--apply", "--yes", "--wait", "0"];

/// A policy that admits the account's root and CloudTrail for these trails.
pub(super) fn policy(trails: &[&str]) -> Value {
    let mut statements = vec![json!({
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "kms:*",
        "Resource": "*",
    })];
    for trail in trails {
        statements.push(json!({
            "Effect": "Allow",
            "Principal": { "Service": "cloudtrail.amazonaws.com" },
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": { "StringEquals": { "aws:SourceArn": trail } },
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// An account whose trail `audit` has this key; the working key seals trail `neighbour`.
pub(super) fn state(key: Option<&str>) -> State {
    let document = json!({
        "trailsealLab": 1,
        "accounts": [{ "id": ACCOUNT, "regions": [REGION] }],
        "trails": [
            { "arn": TRAIL, "s3BucketName": "example-logs", "kmsKeyId": key },
            { "arn": NEIGHBOUR, "s3BucketName": "example-logs", "kmsKeyId": KEY },
        ],
        "keys": [
            { "arn": KEY, "policy": policy(&[NEIGHBOUR]) },
            { "arn": BROKEN, "state": "Disabled", "policy": policy(&[]) },
            {
                "arn": PENDING_DELETION,
                "state": "PendingDeletion",
                "deletionDate": "2026-12-24T00:00:00Z",
                "policy": policy(&[TRAIL]),
            },
        ],
        "buckets": [{ "name": "example-logs", "account": ACCOUNT, "region": REGION }],
    });
    State::from_value("test", &document).unwrap()
}

/// An account whose trail `audit` has no key.
pub(super) async fn lab() -> Lab {
    Lab::start(state(None)).await.unwrap()
}

/// No IAM policy of the account allows the operation.
pub(super) fn denied(operation: &str) -> Denial {
    let (account, operation) = (ACCOUNT.to_owned(), operation.to_owned());
    Denial { account, operation, policy: Some("none".to_owned()), ..Denial::default() }
}

/// The account, with the item of the bucket that AWS Config recorded.
pub(super) fn recorded(supplementary: Value) -> State {
    let mut state = state(None);
    state.history.push(History {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        empty_pages: 0,
        items: vec![json!({
            "awsAccountId": ACCOUNT,
            "ARN": "arn:aws:s3:::example-logs",
            "awsRegion": REGION,
            "configurationItemCaptureTime": "2026-11-23T09:01:00.107Z",
            "configurationItemStatus": "OK",
            "configurationItemVersion": "1.3",
            "resourceType": "AWS::S3::Bucket",
            "resourceId": "example-logs",
            "configuration": { "name": "example-logs" },
            "supplementaryConfiguration": supplementary,
            "tags": {},
        })],
    });
    state
}

/// A new folder for each test.
pub(super) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remediate-{name}"));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The command with the credentials of the lab's account.
pub(super) fn command(lab: &Lab, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
    set_environment(&mut command, lab, folder);
    command.arg("remediate").args(args);
    command
}

pub(super) fn set_environment(command: &mut Command, lab: &Lab, folder: &Path) {
    let credentials = lab.credentials(ACCOUNT);
    command
        .env_clear()
        .env("HOME", folder)
        .env("AWS_ENDPOINT_URL", lab.url())
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", credentials.session_token)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
}

/// The exit code and the output of a run.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    #[track_caller]
    pub(super) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }
}

pub(super) fn run(lab: &Lab, folder: &Path, args: &[&str]) -> Ended {
    Ended::of(&command(lab, folder, args).output().unwrap())
}

pub(super) fn run_of(command: &mut Command) -> Ended {
    Ended::of(&command.output().unwrap())
}

/// Runs a command that may wait for ever.
pub(super) fn run_to_its_end(lab: &Lab, folder: &Path, args: &[&str]) -> Ended {
    let mut child = command(lab, folder, args).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            kill(child);
            panic!("the command does not end: {args:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ended::of(&child.wait_with_output().unwrap())
}

/// Starts the command and waits until its change hangs.
pub(super) fn until_it_hangs(lab: &Lab, folder: &Path, args: &[&str]) -> Child {
    let mut child = command(lab, folder, args).spawn().unwrap();
    let begun = Instant::now();
    while !lab.has_hung() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the command never made the change");
        if let Some(status) = child.try_wait().unwrap() {
            let ended = Ended::of(&child.wait_with_output().unwrap());
            panic!("ended with {status} before the change: {ended:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Kills the command, on Unix with SIGKILL.
pub(super) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

pub(super) fn without_journal_tags(mut state: State) -> State {
    for key in &mut state.keys {
        key.tags.remove("trailseal:journal");
    }
    state
}

pub(super) fn key_of(state: &State, trail: &str) -> Option<String> {
    state.trails.iter().find(|one| one.arn == trail).unwrap().kms_key_id.clone()
}

/// Asserts that no change stopped the delivery of a trail.
#[track_caller]
pub(super) fn nothing_was_lost(lab: &Lab, broken_at_first: usize) {
    let mut broken = broken_at_first;
    for moment in lab.take_delivery_moments() {
        assert!(moment.broken.len() <= broken, "{moment:?}");
        assert!(!moment.broken.contains_key(NEIGHBOUR), "{moment:?}");
        broken = moment.broken.len();
    }
}

/// Takes the calls that change something, in order.
pub(super) fn changes(lab: &Lab) -> Vec<String> {
    const READS: [&str; 6] = [":Assume", ":BatchGet", ":Describe", ":Get", ":Head", ":List"];
    let calls = lab.take_calls().into_iter().map(|call| call.operation);
    calls.filter(|operation| !READS.iter().any(|read| operation.contains(read))).collect()
}
