//! A naive second implementation of the decision, from raw JSON and the tables of the docs.
//!
//! It imports nothing from `trailseal-rule`. Both read the same text from AWS: an item as AWS
//! Config sends it, evidence as `evidence.rs` describes it, and the text of the parameters.

use serde_json::{Map, Value};

/// What the reference decides for a trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) compliance: &'static str,
    pub(super) failed: Vec<&'static str>,
    /// The checks whose evidence could not be read.
    pub(super) unknown: Vec<&'static str>,
}

/// The evidence, each part as `{"known": …}`, `{"absent": true}` or `{"refused": "why"}`.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) key: Value,
    pub(super) bucket_region: Value,
    pub(super) rotation: Value,
    pub(super) key_policy: Value,
    pub(super) delivery: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Pass,
    Fail,
    Unknown,
}

/// Decides; `now` is a time such as `2026-11-23T12:00:00.000Z`.
pub(super) fn decide(
    item: &Value,
    evidence: &Evidence,
    parameters: &Map<String, Value>,
    now: &str,
) -> Decision {
    let question = Question { item, evidence, parameters, now };
    if question.is_left_alone() {
        return Decision { compliance: "NOT_APPLICABLE", ..Decision::default() };
    }
    let (mut failed, mut unknown) = (Vec::new(), Vec::new());
    for (name, answer) in question.answers() {
        match answer {
            Answer::Pass => {}
            Answer::Fail => failed.push(name),
            Answer::Unknown => unknown.push(name),
        }
    }
    let compliance = match (failed.is_empty(), unknown.is_empty()) {
        (false, _) => "NON_COMPLIANT",
        (true, false) => match question.parameter("unverified") {
            "COMPLIANT" => "COMPLIANT",
            "NOT_APPLICABLE" => "NOT_APPLICABLE",
            _ => "NON_COMPLIANT",
        },
        (true, true) => "COMPLIANT",
    };
    Decision { compliance, failed, unknown }
}

struct Question<'a> {
    item: &'a Value,
    evidence: &'a Evidence,
    parameters: &'a Map<String, Value>,
    now: &'a str,
}

impl<'a> Question<'a> {
    fn parameter(&self, name: &str) -> &'a str {
        self.parameters.get(name).and_then(Value::as_str).unwrap_or("").trim()
    }

    fn is_on(&self, switch: &str) -> bool {
        self.parameter("profile") == "strict" || self.parameter(switch) == "true"
    }

    fn trail(&self, name: &str) -> &'a str {
        self.item["configuration"][name].as_str().unwrap_or("")
    }

    fn key_id(&self) -> &'a str {
        self.trail("kmsKeyId").trim()
    }

    /// Copies and exempt trails are not evaluated.
    fn is_left_alone(&self) -> bool {
        let owner = part(self.trail("trailARN"), 4);
        let is_organization = self.item["configuration"]["isOrganizationTrail"] == true;
        let is_copy = (is_organization && owner != self.item["awsAccountId"])
            || self.trail("homeRegion") != self.item["awsRegion"];
        (is_copy && self.parameter("replicas") != "EVALUATE") || self.is_exempt()
    }

    fn today(&self) -> &'a str {
        self.now.split('T').next().unwrap_or("")
    }

    fn is_exempt(&self) -> bool {
        self.parameter("exemptTrails").split(',').any(|entry| {
            let (pattern, day) = entry.trim().split_once('@').unwrap_or((entry.trim(), "9999"));
            arn_matches(pattern, self.trail("trailARN")) && self.today() <= day
        })
    }

    /// The answers of all checks that are not skipped; if one of the first two fails, there is no
    /// key to check.
    fn answers(&self) -> Vec<(&'static str, Answer)> {
        let skipped = self.list("skipChecks");
        let mut answers = Vec::new();
        for (name, answer) in self.unskipped_answers() {
            if skipped.contains(&name) {
                continue;
            }
            answers.push((name, answer));
            let settles = ["sse-kms-enabled", "key-customer-managed"].contains(&name);
            if settles && answer == Answer::Fail {
                break;
            }
        }
        answers
    }

    /// Every enabled check in order.
    fn unskipped_answers(&self) -> Vec<(&'static str, Answer)> {
        let mut answers = vec![("sse-kms-enabled", self.sse_kms_enabled())];
        answers.push(("key-customer-managed", self.key_customer_managed()));
        if self.parameter("profile") != "cis" {
            answers.push(("key-usable", self.key_usable()));
            answers.push(("key-in-bucket-region", self.key_in_bucket_region()));
        }
        let lists = ["allowedKmsKeyArns", "allowedKeyAccounts"];
        if self.parameter("profile") != "cis"
            || lists.iter().any(|list| !self.parameter(list).is_empty())
        {
            answers.push(("key-allowed", self.key_allowed()));
        }
        if self.is_on("requireKeyRotation") {
            answers.push(("key-rotated", self.key_rotated()));
        }
        if self.is_on("checkKeyPolicy") {
            answers.push(("key-policy-admits-cloudtrail", self.key_policy("admits")));
        }
        if self.is_on("checkDelivery") {
            answers.push(("delivery-unbroken", self.delivery_unbroken()));
        }
        if self.is_on("checkKeyPolicy") {
            answers.push(("key-policy-guards-decryption", self.key_policy("guards")));
        }
        if self.parameter("profile") == "strict" {
            answers.push(("key-policy-binds-cloudtrail", self.key_policy("binds")));
        }
        answers
    }

    fn sse_kms_enabled(&self) -> Answer {
        if self.key_id().is_empty() { Answer::Fail } else { Answer::Pass }
    }

    fn key_customer_managed(&self) -> Answer {
        let id = self.key_id();
        if id.starts_with("alias/aws/") || id.contains(":alias/aws/") {
            return Answer::Fail;
        }
        let is_foreign = part(id, 2) == "kms" && part(id, 4) != part(self.trail("trailARN"), 4);
        if is_foreign && self.evidence.key.get("refused").is_some() {
            // An AWS managed key serves only its own account.
            return Answer::Pass;
        }
        read(&self.evidence.key, |key| match key["KeyManager"].as_str() {
            Some("CUSTOMER") => Answer::Pass,
            Some("AWS") => Answer::Fail,
            _ => Answer::Unknown,
        })
    }

    fn key_usable(&self) -> Answer {
        let broken = [
            "Creating",
            "Disabled",
            "PendingDeletion",
            "PendingImport",
            "PendingReplicaDeletion",
            "Unavailable",
        ];
        read(&self.evidence.key, |key| {
            let expired = key["ValidTo"].as_str().is_some_and(|end| end < self.now);
            let state = key["KeyState"].as_str().unwrap_or("");
            if key["KeyUsage"] != "ENCRYPT_DECRYPT"
                || key["KeySpec"] != "SYMMETRIC_DEFAULT"
                || broken.contains(&state)
                || expired
            {
                return Answer::Fail;
            }
            let external = match key["Origin"].as_str().unwrap_or("") {
                "AWS_KMS" | "EXTERNAL" | "AWS_CLOUDHSM" => Answer::Pass,
                "EXTERNAL_KEY_STORE" => self.external_key(),
                _ => Answer::Unknown,
            };
            let known = ["Enabled", "Updating"].contains(&state);
            if external == Answer::Pass && !known { Answer::Unknown } else { external }
        })
    }

    /// What CloudTrail's status shows about a key whose material KMS cannot check.
    fn external_key(&self) -> Answer {
        read(&self.evidence.delivery, |status| {
            let code = |name: &str| status[name].as_str().unwrap_or("").to_owned();
            let codes = [code("LatestDeliveryError"), code("LatestDigestDeliveryError")];
            let captured = self.item["configurationItemCaptureTime"].as_str().unwrap_or("");
            let delivered = status["LatestDeliveryTime"].as_str().unwrap_or("");
            if codes.iter().any(|code| code.starts_with("KMS.")) {
                Answer::Fail
            } else if codes.iter().all(String::is_empty) && delivered > captured {
                Answer::Pass
            } else {
                Answer::Unknown
            }
        })
    }

    fn key_in_bucket_region(&self) -> Answer {
        let id = self.key_id();
        read(&self.evidence.bucket_region, |bucket_region| {
            let same = |arn: &str| {
                if bucket_region == part(arn, 3) { Answer::Pass } else { Answer::Fail }
            };
            if id.starts_with("arn:") && part(id, 2) == "kms" {
                return same(id);
            }
            read(&self.evidence.key, |key| same(key["Arn"].as_str().unwrap_or("")))
        })
    }

    /// The owner's keys, unless keys are listed; foreign keys if their account or key is listed.
    fn key_allowed(&self) -> Answer {
        let owner = part(self.trail("trailARN"), 4);
        let keys: Vec<&str> = self.list("allowedKmsKeyArns");
        let accounts: Vec<&str> = self.list("allowedKeyAccounts");
        let is_free = |account: &str| {
            if account == owner { keys.is_empty() } else { accounts.contains(&account) }
        };
        let allows = |arn: &str| {
            if is_free(part(arn, 4)) || keys.iter().any(|pattern| arn_matches(pattern, arn)) {
                Answer::Pass
            } else {
                Answer::Fail
            }
        };
        let id = self.key_id();
        if id.contains(":key/") {
            return allows(id);
        }
        if part(id, 2) == "kms" {
            // An alias and its key are in the same account and Region.
            let account = |arn: &'a str| arn.rsplit_once(':').unwrap_or_default().0;
            let named = |pattern: &&'a str| arn_matches(account(pattern), account(id));
            if !is_free(part(id, 4)) && !keys.iter().any(named) {
                return Answer::Fail;
            }
        }
        read(&self.evidence.key, |key| allows(key["Arn"].as_str().unwrap_or("")))
    }

    fn list(&self, name: &str) -> Vec<&'a str> {
        self.parameter(name).split(',').map(str::trim).filter(|one| !one.is_empty()).collect()
    }

    fn key_rotated(&self) -> Answer {
        read(&self.evidence.rotation, |status| {
            let most = self.parameter("maxRotationPeriodDays").parse().unwrap_or(u64::MAX);
            let days = status["RotationPeriodInDays"].as_u64().unwrap_or(365);
            if status["KeyRotationEnabled"] == true && days <= most {
                Answer::Pass
            } else {
                Answer::Fail
            }
        })
    }

    /// The answers about a policy are part of its data, written by hand.
    fn key_policy(&self, about: &str) -> Answer {
        read(&self.evidence.key_policy, |policy| match policy[about].as_str() {
            Some("yes") => Answer::Pass,
            Some("no") => Answer::Fail,
            _ => Answer::Unknown,
        })
    }

    fn delivery_unbroken(&self) -> Answer {
        read(&self.evidence.delivery, |status| {
            let code = |name: &str| status[name].as_str().unwrap_or("").to_owned();
            let codes = [code("LatestDeliveryError"), code("LatestDigestDeliveryError")];
            if codes.iter().any(|code| code.starts_with("KMS.")) {
                Answer::Fail
            } else if codes.iter().any(|code| code == "AccessDenied") {
                Answer::Unknown
            } else {
                Answer::Pass
            }
        })
    }
}

/// An absent resource fails; a refused read is unknown.
fn read(evidence: &Value, answer: impl Fn(&Value) -> Answer) -> Answer {
    if let Some(known) = evidence.get("known") {
        return answer(known);
    }
    if evidence.get("absent").is_some() { Answer::Fail } else { Answer::Unknown }
}

fn part(arn: &str, index: usize) -> &str {
    arn.split(':').nth(index).unwrap_or("")
}

/// Compares part by part; `*` matches any text within a part.
fn arn_matches(pattern: &str, arn: &str) -> bool {
    let (patterns, parts): (Vec<&str>, Vec<&str>) =
        (pattern.trim().split(':').collect(), arn.split(':').collect());
    patterns.len() == parts.len()
        && patterns.iter().zip(parts).all(|(pattern, part)| matches(pattern, part))
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|left| {
            let mut ends = left.char_indices().map(|(start, _)| start).chain([left.len()]);
            ends.any(|start| left.get(start..).is_some_and(|tail| matches(rest, tail)))
        }),
    }
}
