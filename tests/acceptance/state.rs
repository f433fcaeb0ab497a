//! What AWS would return for a trail, read directly from a state in the lab's file format by a
//! small separate reader, without the lab.

use accounts::{account_of, partition};
use serde_json::{Value, json};
use trailseal_rule::{KeyArn, KeyQuery, Needs, Parameters, Trail, key_arn};

use super::evidence::{key, text};
use super::reference::Evidence;

/// Reads the requested evidence as the function would.
pub(super) fn evidence(
    state: &Value,
    trail: &Trail,
    needs: &Needs,
    parameters: &Parameters,
) -> Evidence {
    let reader = Reader { state, account: trail.account.as_str(), parameters };
    let mut found = Evidence::nothing();
    if let Some(bucket) = &needs.bucket {
        found.bucket_region = reader.bucket_region(bucket.as_str());
    }
    found.key = match &needs.key {
        None => found.key,
        Some(KeyQuery::At(region, key)) => {
            reader.as_key_reader(key.as_str(), |reader| reader.key(region.as_str(), key.as_str()))
        }
        Some(KeyQuery::InBucketRegion(key)) => match found.bucket_region["known"].as_str() {
            Some(region) => reader.key(region, key.as_str()),
            None => json!({ "refused": "needs the bucket" }),
        },
    };
    let mut facts = found.to_facts();
    facts.key = key(&found.key);
    let arn = key_arn(trail, &facts).map(KeyArn::as_str);
    let is_described = found.key.get("known").is_some();
    if needs.rotation {
        found.rotation = match arn.filter(|_| is_described) {
            Some(arn) => reader.as_key_reader(arn, |reader| reader.rotation(arn)),
            None => found.key.clone(),
        };
    }
    if needs.key_policy {
        found.key_policy = match arn.filter(|_| found.key.get("absent").is_none()) {
            Some(arn) => reader.key_policy(arn),
            None => found.key.clone(),
        };
    }
    if needs.wants_delivery(&facts.key) {
        found.delivery = reader.delivery(trail.arn.as_str());
    }
    found
}

struct Reader<'a> {
    state: &'a Value,
    account: &'a str,
    parameters: &'a Parameters,
}

impl<'a> Reader<'a> {
    fn list(&self, name: &str) -> &'a [Value] {
        self.state[name].as_array().map_or(&[], Vec::as_slice)
    }

    fn find(&self, list: &str, member: &str, value: &str) -> Option<&'a Value> {
        self.list(list).iter().find(|one| one[member] == value)
    }

    /// The refusal of a call that the state denies.
    fn denied(&self, operation: &str, about: &str) -> Option<Value> {
        let mut denials = self.list("denials").iter();
        let denial = denials.find(|denial| {
            let subject = denial["about"].as_str();
            denial["account"] == self.account
                && denial["operation"] == operation
                && subject.is_none_or(|subject| about.contains(subject))
        })?;
        if let Some(code) = denial["error"].as_str() {
            let what = format!("{operation} answered {code}");
            return Some(json!({ "refused": "unintelligible", "what": what }));
        }
        let policy = denial["policy"].as_str().unwrap_or("service control policy");
        Some(json!({ "refused": "denied", "action": operation, "policy": policy }))
    }

    fn bucket_region(&self, name: &str) -> Value {
        if name.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'_') {
            let what = "S3 answered 400 and named no Region";
            return json!({ "refused": "unintelligible", "what": what });
        }
        match self.find("buckets", "name", name) {
            Some(bucket) => json!({ "known": bucket["region"] }),
            None => json!({ "absent": true }),
        }
    }

    fn key(&self, region: &str, name: &str) -> Value {
        if let Some(denied) = self.denied("kms:DescribeKey", name) {
            return denied;
        }
        let own = |resource: &str| {
            let partition = partition(region);
            format!("arn:{partition}:kms:{region}:{}:{resource}", self.account)
        };
        let arn = match name {
            arn if arn.starts_with("arn:") => arn.to_owned(),
            alias if alias.starts_with("alias/") => own(alias),
            id => own(&format!("key/{id}")),
        };
        let arn = if arn.contains(":alias/") {
            match self.find("aliases", "arn", &arn) {
                Some(alias) => text(alias, "targetKeyArn").to_owned(),
                None if self.is_own(&arn) => return json!({ "absent": true }),
                None => return not_described(),
            }
        } else {
            arn
        };
        match self.find("keys", "arn", &arn) {
            Some(key) if self.may_describe(key) => json!({ "known": metadata(key) }),
            Some(_) => not_described(),
            None if self.is_own(&arn) => json!({ "absent": true }),
            None => not_described(),
        }
    }

    fn is_own(&self, arn: &str) -> bool {
        arn.split(':').nth(4) == Some(self.account)
    }

    fn may_describe(&self, key: &Value) -> bool {
        let readers = key["readableFrom"].as_array();
        self.is_own(text(key, "arn"))
            || readers.is_some_and(|readers| readers.iter().any(|one| one == self.account))
    }

    fn rotation(&self, arn: &str) -> Value {
        if let Some(denied) = self.denied("kms:GetKeyRotationStatus", arn) {
            return denied;
        }
        let Some(key) = self.find("keys", "arn", arn) else {
            return json!({ "absent": true });
        };
        if key["origin"].as_str().unwrap_or("AWS_KMS") != "AWS_KMS"
            || key["spec"].as_str().unwrap_or("SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT"
        {
            return json!({ "known": { "NotSupported": true } });
        }
        let rotation = &key["rotation"];
        let enabled = rotation["enabled"] == true && key["state"] != "PendingDeletion";
        json!({ "known": {
            "KeyRotationEnabled": enabled,
            "RotationPeriodInDays": rotation["periodDays"].as_u64().unwrap_or(365),
            "NextRotationDate": rotation["nextRotationDate"],
        } })
    }

    fn key_policy(&self, arn: &str) -> Value {
        let owner = account_of(arn);
        if owner != self.account && self.parameters.key_account_role_name.is_none() {
            return json!({ "refused": "another account", "account": owner });
        }
        self.as_key_reader(arn, |reader| reader.own_key_policy(arn))
    }

    /// Reads a foreign key as the role of its account, if a role is named.
    fn as_key_reader(&self, arn: &str, read: impl Fn(&Reader<'_>) -> Value) -> Value {
        let owner = account_of(arn);
        let role = self.parameters.key_account_role_name.as_ref();
        let Some(role) = role.filter(|_| owner != self.account) else {
            return read(self);
        };
        let partition = partition(arn.split(':').nth(3).unwrap());
        let role = format!("arn:{partition}:iam::{owner}:role/{}", role.as_str());
        let trusted = self.find("roles", "arn", &role).is_some_and(|role| {
            let accounts = role["trustedAccounts"].as_array();
            accounts.is_some_and(|accounts| accounts.iter().any(|one| one == self.account))
        });
        if !trusted {
            return json!({ "refused": "role", "role": role });
        }
        read(&Reader { account: owner, ..*self })
    }

    fn own_key_policy(&self, arn: &str) -> Value {
        if let Some(denied) = self.denied("kms:GetKeyPolicy", arn) {
            return denied;
        }
        match self.find("keys", "arn", arn).map(|key| &key["policy"]) {
            None => json!({ "absent": true }),
            Some(Value::String(policy)) => json!({ "known": { "policy": policy } }),
            Some(policy) => json!({ "known": { "policy": policy.to_string() } }),
        }
    }

    fn delivery(&self, arn: &str) -> Value {
        if let Some(denied) = self.denied("cloudtrail:GetTrailStatus", arn) {
            return denied;
        }
        match self.find("trails", "arn", arn) {
            None => json!({ "absent": true }),
            Some(trail) => json!({ "known": {
                "LatestDeliveryError": trail["latestDeliveryError"],
                "LatestDigestDeliveryError": trail["latestDigestDeliveryError"],
                "LatestDeliveryTime":
                    trail["latestDeliveryTime"].as_str().unwrap_or("2026-11-23T06:00:00Z"),
                "IsLogging": trail["isLogging"].as_bool().unwrap_or(true),
            } }),
        }
    }
}

fn not_described() -> Value {
    json!({ "refused": "denied", "action": "kms:DescribeKey" })
}

/// The lab's key in the form that DescribeKey returns.
fn metadata(key: &Value) -> Value {
    let or = |name: &str, usual: &str| key[name].as_str().unwrap_or(usual).to_owned();
    let state = or("state", "Enabled");
    json!({
        "Arn": key["arn"],
        "KeyManager": or("manager", "CUSTOMER"),
        "KeyUsage": or("usage", "ENCRYPT_DECRYPT"),
        "KeySpec": or("spec", "SYMMETRIC_DEFAULT"),
        "Origin": or("origin", "AWS_KMS"),
        "ValidTo": key["validTo"],
        "DeletionDate": if state == "PendingDeletion" { key["deletionDate"].clone() } else { Value::Null },
        "KeyState": state,
    })
}
