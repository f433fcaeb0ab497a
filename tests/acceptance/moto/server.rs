//! moto as a process, and the resources created in it.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::http::{Message, parts};

const REMEDY: &str = "run `cargo xtask test`, which installs moto, or name a Python that has \
                      `moto[server]` 5.2.5 in TRAILSEAL_PYTHON";

/// A moto server on a free loopback port; it ends when the value is dropped.
pub(super) struct Moto {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _gone_already = self.process.kill().and_then(|()| self.process.wait());
    }
}

impl Moto {
    /// Starts moto and waits until it prints its address.
    pub(super) fn start() -> Self {
        let python = python();
        let spawned = Command::new(&python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut process =
            spawned.unwrap_or_else(|error| panic!("`{}`: {error}; {REMEDY}", python.display()));
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut printed = Vec::new();
        let address = loop {
            let line = lines.next().transpose().unwrap();
            let line = line.unwrap_or_else(|| panic!("moto ended: {printed:?}; {REMEDY}"));
            if let Some((_, address)) = line.split_once("Running on http://") {
                break address.trim().parse().unwrap();
            }
            printed.push(line);
        };
        // moto logs every request; a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    /// Calls an operation of the JSON protocol as an account; panics on every error.
    pub(super) fn json(&self, account: &str, region: &str, target: &str, body: &Value) -> Value {
        let service = if target.starts_with("Trent") { "kms" } else { "cloudtrail" };
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
            ("x-moto-account-id", account),
            ("authorization", &authorization(region, service)),
        ];
        let (status, body) = self.ask(Message::request("POST /", &headers, &body.to_string()));
        assert_eq!(status, 200, "{target}: {body}");
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }

    pub(super) fn bucket(&self, account: &str, region: &str, name: &str) {
        let headers =
            [("x-moto-account-id", account), ("authorization", &authorization(region, "s3"))];
        let body = match region {
            "us-east-1" => String::new(),
            elsewhere => format!(
                "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <LocationConstraint>{elsewhere}</LocationConstraint></CreateBucketConfiguration>"
            ),
        };
        let (status, body) = self.ask(Message::request(&format!("PUT /{name}"), &headers, &body));
        assert_eq!(status, 200, "{name}: {body}");
    }

    /// Creates a key and returns its ARN.
    pub(super) fn key(&self, account: &str, region: &str, policy: Option<&Value>) -> String {
        let mut body = json!({ "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT" });
        if let Some(policy) = policy {
            body["Policy"] = Value::from(policy.to_string());
        }
        let made = self.json(account, region, "TrentService.CreateKey", &body);
        made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    /// Calls an operation on a key; for some operations moto accepts only key ids.
    pub(super) fn with_key(&self, key: &str, operation: &str) {
        let parts: Vec<&str> = key.split([':', '/']).collect();
        let target = format!("TrentService.{operation}");
        self.json(parts[4], parts[3], &target, &json!({ "KeyId": parts[6] }));
    }

    pub(super) fn trail(
        &self,
        account: &str,
        region: &str,
        name: &str,
        bucket: &str,
        key: Option<&str>,
    ) {
        let mut body =
            json!({ "Name": name, "S3BucketName": bucket, "EnableLogFileValidation": true });
        if let Some(key) = key {
            body["KmsKeyId"] = Value::from(key);
        }
        let service = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
        self.json(account, region, &format!("{service}.CreateTrail"), &body);
        self.json(account, region, &format!("{service}.StartLogging"), &json!({ "Name": name }));
    }

    fn ask(&self, request: Message) -> (u16, String) {
        parts(&request.send(self.address).unwrap())
    }
}

/// The scope contains the Region and the service; moto does not verify the signature.
fn authorization(region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=seed/20261123/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=00"
    )
}

pub(in crate::acceptance) fn python() -> PathBuf {
    match env::var_os("TRAILSEAL_PYTHON") {
        Some(python) => PathBuf::from(python),
        None => {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
            root.join(".tools/python/bin/python")
        }
    }
}
