//! What the user states of what only the deployment knows.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use trailseal_rule::{
    KeyArn, KeyFacts, KeyManager, KeyOrigin, KeySpec, KeyState, KeyUsage, Region, Rotation,
};

use crate::model::{SuppliedKey, SuppliedValues};
use crate::value::has_escaped_marks;
use trailseal_rule::json;

/// The content of a file of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Keys and buckets that the deployment does not make.
    pub supplied: SuppliedValues,
    /// The values of exports, by name (`Fn::ImportValue`).
    pub imports: BTreeMap<String, String>,
    /// The values of dynamic references and of parameters in Parameter Store, by what follows
    /// `{{resolve:`, such as `ssm:/org/trail-key`; and `AWS::StackName` of the templates.
    pub references: BTreeMap<String, String>,
}

impl Values {
    /// Reads the JSON text of a file of values.
    ///
    /// # Errors
    ///
    /// All its faults, each in one line.
    pub fn read(text: &str) -> Result<Self, Vec<String>> {
        let json: Value =
            json::read(text).map_err(|error| vec![format!("is not JSON: {error}")])?;
        let Value::Object(members) = json else {
            return Err(vec!["is not a JSON object".to_owned()]);
        };
        let mut values = Self::default();
        let mut faults = Vec::new();
        for (name, member) in members {
            let read = match (name.as_str(), member) {
                ("imports", Value::Object(of)) => texts(of).map(|read| values.imports = read),
                ("references", Value::Object(of)) => texts(of).map(|read| values.references = read),
                ("buckets", Value::Object(of)) => {
                    buckets(of).map(|read| values.supplied.buckets = read)
                }
                ("keys", Value::Object(of)) => keys(of).map(|read| values.supplied.keys = read),
                ("imports" | "references" | "buckets" | "keys", _) => {
                    Err("is not an object".to_owned())
                }
                _ => Err("is not one of `imports`, `references`, `buckets` and `keys`".to_owned()),
            };
            faults.extend(read.err().map(|what| format!("`{name}` {what}")));
        }
        if faults.is_empty() { Ok(values) } else { Err(faults) }
    }

    /// Every value, for the report.
    pub fn described(&self) -> Vec<String> {
        let imports = self.imports.iter().map(|(name, value)| format!("export {name} = {value}"));
        let references = self.references.iter().map(|(name, value)| format!("{name} = {value}"));
        let buckets = &self.supplied.buckets;
        let buckets = buckets.iter().map(|(name, region)| bucket_in_words(name, region));
        let keys = self.supplied.keys.values().map(SuppliedKey::in_words);
        imports.chain(references).chain(buckets).chain(keys).collect()
    }
}

impl SuppliedKey {
    /// The key, for the report.
    pub(crate) fn in_words(&self) -> String {
        let Self { facts, rotation, policy } = self;
        let rotation = match rotation {
            Some(Rotation::On { .. }) => ", rotated",
            Some(Rotation::Off | Rotation::NotSupported) => ", not rotated",
            None => "",
        };
        let policy = if policy.is_some() { ", with its policy" } else { "" };
        let (manager, state) = (facts.manager.as_str(), facts.state.as_str());
        let (usage, spec) = (facts.usage.as_str(), facts.spec.as_str());
        format!("key {}: {manager}, {state}, {usage}, {spec}{rotation}{policy}", facts.arn)
    }
}

/// A bucket, for the report.
pub(crate) fn bucket_in_words(name: &str, region: &Region) -> String {
    format!("bucket {name} in {region}")
}

fn texts(members: Map<String, Value>) -> Result<BTreeMap<String, String>, String> {
    let text = |(name, value): (String, Value)| match value.as_str() {
        Some(text) => Ok((name, text.to_owned())),
        None => Err(format!("has no text for `{name}`")),
    };
    members.into_iter().map(text).collect()
}

fn buckets(members: Map<String, Value>) -> Result<BTreeMap<String, Region>, String> {
    let region = |(name, region): (String, String)| match Region::parse(&region) {
        Ok(region) => Ok((name, region)),
        Err(error) => Err(format!("has no Region for `{name}`: {error}")),
    };
    texts(members)?.into_iter().map(region).collect()
}

fn keys(members: Map<String, Value>) -> Result<BTreeMap<KeyArn, SuppliedKey>, String> {
    let key = |(arn, value): (String, Value)| {
        let arn = KeyArn::parse(&arn).map_err(|error| format!("has another key: {error}"))?;
        let key = supplied_key(&arn, &value).map_err(|what| format!("`{arn}` {what}"))?;
        Ok((arn, key))
    };
    members.into_iter().map(key).collect()
}

/// A key with members named as in KMS `DescribeKey`; what is not stated stays unknown.
fn supplied_key(arn: &KeyArn, value: &Value) -> Result<SuppliedKey, String> {
    const NAMES: [&str; 8] = [
        "KeyManager",
        "KeyState",
        "KeyUsage",
        "KeySpec",
        "Origin",
        "KeyRotationEnabled",
        "RotationPeriodInDays",
        "Policy",
    ];
    let Value::Object(members) = value else { return Err("is not an object".to_owned()) };
    if let Some(other) = members.keys().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(format!("has a member `{other}`, which is none of {}", NAMES.join(", ")));
    }
    let text = |name: &str| match members.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(format!("has no text as `{name}`")),
        None => Ok(""),
    };
    let policy = match members.get("Policy") {
        Some(Value::String(text)) => Some(text.clone()),
        Some(policy @ Value::Object(_)) => Some(policy.to_string()),
        Some(_) => return Err("has no policy document as `Policy`".to_owned()),
        None => None,
    };
    if policy.as_deref().is_some_and(|text| text.contains(['<', '>']) || has_escaped_marks(text)) {
        return Err("has `<` or `>` in `Policy`, which no policy of KMS has".to_owned());
    }
    let period_days = match members.get("RotationPeriodInDays") {
        Some(days) => {
            let days = days.as_u64().and_then(|days| u32::try_from(days).ok());
            Some(days.ok_or("has no number of days as `RotationPeriodInDays`")?)
        }
        None => None,
    };
    let rotation = match members.get("KeyRotationEnabled") {
        Some(Value::Bool(true)) => Some(Rotation::On { period_days, next: None }),
        Some(Value::Bool(false)) => Some(Rotation::Off),
        Some(_) => return Err("has no truth value as `KeyRotationEnabled`".to_owned()),
        None => None,
    };
    let origin = text("Origin")?;
    let facts = KeyFacts {
        arn: arn.clone(),
        manager: KeyManager::from_kms(text("KeyManager")?),
        state: KeyState::from_kms(text("KeyState")?),
        usage: KeyUsage::from_kms(text("KeyUsage")?),
        spec: KeySpec::from_kms(text("KeySpec")?),
        origin: KeyOrigin::from_kms(origin),
        valid_to: None,
        deletion_date: None,
        is_replica: false,
    };
    Ok(SuppliedKey { facts, rotation, policy })
}
