//! Reads the state from its JSON document and validates its texts.

mod files;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::{Map, Value};

use super::{
    Account, Aggregator, Alias, Bucket, ConfigRule, Denial, DiscoveredResource, History, Key,
    OrganizationAccount, Role, STATE_VERSION, State, Trail,
};
use crate::arn::{Arn, is_account_id, is_region};
use crate::model;
use crate::moments;
use crate::operation::Operation;

/// `Err` has the path of the fault within the checked value, and what was expected there.
type Checked = Result<(), String>;

/// Reads the whole document; the error contains the first fault of each element of each list.
pub(super) fn state(value: &Value) -> Result<State, Vec<String>> {
    let members = value.as_object().cloned().unwrap_or_default();
    let mut document = Document { members, faults: Vec::new() };
    let version = document.members.remove("trailsealLab").and_then(|version| version.as_u64());
    if version != Some(STATE_VERSION) {
        document.faults.push(format!("`trailsealLab`: expected {STATE_VERSION}"));
    }
    let state = State {
        accounts: document.list("accounts", |account: &Account| {
            account_id("id", &account.id)?;
            each("regions", &account.regions, |name| region("", name))
        }),
        trails: document.list("trails", |trail: &Trail| {
            arn("arn", &trail.arn, "cloudtrail", "trail")?;
            text("s3BucketName", &trail.s3_bucket_name)
        }),
        keys: document.list("keys", key),
        aliases: document.list("aliases", |alias: &Alias| {
            arn("arn", &alias.arn, "kms", "alias")?;
            arn("targetKeyArn", &alias.target_key_arn, "kms", "key")
        }),
        buckets: document.list("buckets", |bucket: &Bucket| {
            text("name", &bucket.name)?;
            place(&bucket.account, &bucket.region)?;
            each("readableFrom", &bucket.readable_from, |id| account_id("", id))?;
            bucket.metadata_tables.iter().try_for_each(files::metadata_tables)
        }),
        roles: document.list("roles", |role: &Role| {
            arn("arn", &role.arn, "iam", "role")?;
            each("trustedAccounts", &role.trusted_accounts, |id| account_id("", id))
        }),
        config_rules: document.list("configRules", |rule: &ConfigRule| {
            text("name", &rule.name)?;
            place(&rule.account, &rule.region)?;
            each("results", &rule.results, |result| {
                text("resourceType", &result.resource_type)?;
                text("resourceId", &result.resource_id)?;
                let words = &model::REPORTABLE_COMPLIANCE_TYPES;
                word("complianceType", &result.compliance_type, words)
            })
        }),
        discovered_resources: document.list(
            "discoveredResources",
            |resource: &DiscoveredResource| {
                text("resourceType", &resource.resource_type)?;
                text("resourceId", &resource.resource_id)?;
                place(&resource.account, &resource.region)
            },
        ),
        history: document.list("history", |history: &History| {
            place(&history.account, &history.region)?;
            each("items", &history.items, item)
        }),
        denials: document.list("denials", |denial: &Denial| {
            account_id("account", &denial.account)?;
            let known = Operation::from_iam(&denial.operation).is_some();
            expect(known, "operation", "an operation of the lab such as `kms:DescribeKey`")?;
            if let Some(policy) = &denial.policy {
                word("policy", policy, &model::DENYING_POLICIES)?;
            }
            let mut error = denial.error.iter();
            error.try_for_each(|error| word("error", error, &model::CLOUDTRAIL_ERRORS))
        }),
        organization_accounts: document.list(
            "organizationAccounts",
            |account: &OrganizationAccount| {
                account_id("id", &account.id)?;
                word("state", &account.state, &model::ACCOUNT_STATES)
            },
        ),
        aggregators: document.list("aggregators", |aggregator: &Aggregator| {
            text("name", &aggregator.name)?;
            place(&aggregator.account, &aggregator.region)?;
            each("accounts", &aggregator.accounts, |id| account_id("", id))
        }),
        log_files: document.list("logFiles", files::log_files),
        objects: document.list("objects", files::object),
        findings: document.list("findings", |finding: &Value| {
            let named = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default();
            account_id("AwsAccountId", named("AwsAccountId"))?;
            text("Id", named("Id"))?;
            text("ProductArn", named("ProductArn"))
        }),
    };
    let unknown = document.members.keys().map(|name| format!("`{name}`: unknown member"));
    document.faults.extend(unknown);
    if document.faults.is_empty() { Ok(state) } else { Err(document.faults) }
}

/// The members of the document that are not read yet, and the faults so far.
struct Document {
    members: Map<String, Value>,
    faults: Vec<String>,
}

impl Document {
    /// Reads each element of a list; an element with a fault is left out.
    fn list<T: DeserializeOwned>(&mut self, name: &str, check: impl Fn(&T) -> Checked) -> Vec<T> {
        let elements = match self.members.remove(name) {
            None => Vec::new(),
            Some(Value::Array(elements)) => elements,
            Some(_) => {
                self.faults.push(format!("`{name}`: expected a list"));
                Vec::new()
            }
        };
        let mut list = Vec::new();
        for (index, mut element) in elements.into_iter().enumerate() {
            if let Some(members) = element.as_object_mut() {
                // `null` counts as a missing member.
                members.retain(|_, value| !value.is_null());
            }
            let read = serde_path_to_error::deserialize(element).map_err(|error| {
                let path = error.path().to_string();
                let dot = if path == "." || path.starts_with('[') { "" } else { "." };
                format!("{dot}{}`: {}", path.trim_matches('.'), error.inner())
            });
            match read.and_then(|element| check(&element).map(|()| element)) {
                Ok(element) => list.push(element),
                Err(fault) => self.faults.push(format!("`{name}[{index}]{fault}")),
            }
        }
        list
    }
}

fn key(key: &Key) -> Checked {
    arn("arn", &key.arn, "kms", "key")?;
    word("manager", &key.manager, &model::KEY_MANAGERS)?;
    word("state", &key.state, &model::KEY_STATES)?;
    word("usage", &key.usage, &model::KEY_USAGES)?;
    word("spec", &key.spec, &model::KEY_SPECS)?;
    word("origin", &key.origin, &model::KEY_ORIGINS)?;
    let is_dated = key.state != "PendingDeletion" || key.deletion_date.is_some();
    expect(is_dated, "deletionDate", "a time, since the state is `PendingDeletion`")?;
    let is_period = key.rotation.period_days.is_none_or(|days| (90..=2560).contains(&days));
    expect(is_period, "rotation.periodDays", "a whole number from 90 to 2560")?;
    each("readableFrom", &key.readable_from, |id| account_id("", id))
}

/// A configuration item in the spelling of a rule's event.
fn item(item: &Value) -> Checked {
    let members = item.as_object().ok_or("`: expected an object")?;
    for name in members.keys() {
        let known = model::EVENT_ITEM_MEMBERS.contains(&name.as_str());
        expect(known, name, &format!("only {}", in_backticks(&model::EVENT_ITEM_MEMBERS)))?;
    }
    let of = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    text("resourceType", of("resourceType"))?;
    text("resourceId", of("resourceId"))?;
    let captured = moments::from_iso(of("configurationItemCaptureTime"));
    expect(captured.is_some(), "configurationItemCaptureTime", MOMENT)
}

/// Checks each element of a list; the path of a fault starts with the list's name.
fn each<T>(name: &str, list: &[T], check: impl Fn(&T) -> Checked) -> Checked {
    list.iter().enumerate().try_for_each(|(index, element)| {
        check(element).map_err(|fault| format!(".{name}[{index}]{fault}"))
    })
}

fn expect(right: bool, name: &str, expected: &str) -> Checked {
    let dot = if name.is_empty() { "" } else { "." };
    if right { Ok(()) } else { Err(format!("{dot}{name}`: expected {expected}")) }
}

fn text(name: &str, text: &str) -> Checked {
    expect(!text.is_empty(), name, "a string that is not empty")
}

fn in_backticks(words: &[&str]) -> String {
    format!("`{}`", words.join("`, `"))
}

fn word(name: &str, text: &str, words: &[&str]) -> Checked {
    expect(words.contains(&text), name, &format!("one of {}", in_backticks(words)))
}

fn account_id(name: &str, text: &str) -> Checked {
    expect(is_account_id(text), name, "an account id of twelve digits")
}

fn region(name: &str, text: &str) -> Checked {
    expect(is_region(text), name, "a Region such as `us-east-1`")
}

fn place(account: &str, of_region: &str) -> Checked {
    account_id("account", account)?;
    region("region", of_region)
}

fn arn(name: &str, text: &str, service: &str, kind: &str) -> Checked {
    let region = if service == "iam" { "" } else { "us-east-1" };
    let example = format!("an ARN such as `arn:aws:{service}:{region}:111122223333:{kind}/name`");
    expect(Arn::of(text, service, kind).is_some(), name, &example)
}

const MOMENT: &str = "a time such as `2026-11-23T10:15:30.000Z`";

/// A time, in milliseconds since 1970.
pub(super) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let text = String::deserialize(from)?;
    moments::from_iso(&text).ok_or_else(|| Error::custom(format_args!("expected {MOMENT}")))
}

pub(super) fn maybe_moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    moment(from).map(Some)
}

/// A policy is kept as text: a string stays as it is, so that odd documents can be tried.
pub(super) fn policy<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::String(text) => Ok(Some(text)),
        policy @ Value::Object(_) => Ok(Some(policy.to_string())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(Error::custom("expected a policy document, as an object or as its text"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_names_the_place_and_the_expected_value() {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/a";
        let result = json!({ "resourceType": "", "resourceId": "r", "complianceType": "COMPLIANT",
                             "orderingTimestamp": "2026-11-23T10:15:30Z" });
        let rule = json!({ "name": "r", "account": "111122223333", "region": "us-east-1",
                           "results": [result] });
        for (name, list, expected) in [
            ("keys", json!([{ "arn": arn }, { "arn": 7 }]), "`keys[1].arn`: invalid type"),
            ("keys", json!([{ "arn": arn, "stat": "x" }]), "`keys[0].stat`: unknown field `stat`"),
            ("keys", json!([{}]), "`keys[0].arn`: expected an ARN such as `arn:aws:kms:us-east-1"),
            (
                "keys",
                json!([{ "arn": arn, "state": "x" }]),
                "`keys[0].state`: expected one of `Cre",
            ),
            (
                "keys",
                json!([{ "arn": arn, "validTo": "soon" }]),
                "`keys[0].validTo`: expected a time",
            ),
            (
                "keys",
                json!([{ "arn": arn, "multiRegion": "yes" }]),
                "`keys[0].multiRegion`: invalid",
            ),
            (
                "keys",
                json!([{ "arn": arn, "state": "PendingDeletion" }]),
                "`keys[0].deletionDate`:",
            ),
            ("accounts", json!([{ "regions": [] }]), "`accounts[0]`: missing field `id`"),
            (
                "accounts",
                json!([{ "id": "111122223333", "regions": ["x"] }]),
                "`accounts[0].regions[0]`",
            ),
            ("configRules", json!([rule]), "`configRules[0].results[0].resourceType`: expected a"),
        ] {
            let fault = state(&json!({ "trailsealLab": 1, name: list })).unwrap_err();
            assert!(fault.len() == 1 && fault[0].starts_with(expected), "{fault:?}");
        }
        let fine = json!([{ "arn": arn, "rotation": null, "state": null }]);
        assert!(state(&json!({ "trailsealLab": 1, "keys": fine })).is_ok());
        let several =
            json!({ "keys": [{ "arn": 7 }, { "arn": arn }, {}], "trails": 1, "kees": [] });
        let several = state(&several).unwrap_err();
        let places = several.iter().map(|fault| fault.split_once(": ").unwrap().0);
        let expected = ["`trailsealLab`", "`trails`", "`keys[0].arn`", "`keys[2].arn`", "`kees`"];
        assert_eq!(places.collect::<Vec<_>>(), expected);
    }
}
