//! A case of the corpus: an event, a state of the lab, and the expected result.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};
use trailseal_lab::RuleEvent;

use super::harness::RULE;

/// One file of `corpus/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) description: String,
    pub(super) event: Event,
    #[serde(default)]
    pub(super) parameters: Map<String, Value>,
    /// Changes to `corpus/base.json`.
    #[serde(default)]
    state: Map<String, Value>,
    pub(super) expected: Expected,
    /// `folder/letter-words`, from the file's path.
    #[serde(skip)]
    pub(super) name: String,
}

/// What AWS Config sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    /// The configuration item, in either of AWS's spellings.
    item: Value,
    /// Event members that replace the usual ones or are added; null removes one.
    #[serde(default)]
    members: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    #[serde(default)]
    pub(super) evaluations: Vec<CaseEvaluation>,
    /// Each call as `kms:DescribeKey us-east-1`, sorted; an unsigned call names no Region.
    #[serde(default)]
    pub(super) calls: Vec<String>,
    /// The message of the invocation's error, if it fails.
    pub(super) error: Option<String>,
}

/// An evaluation that the function must send to AWS Config.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseEvaluation {
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    pub(super) id: String,
    pub(super) compliance: String,
    pub(super) annotation: String,
}

impl Case {
    /// The account and the Region of the rule.
    pub(super) fn place(&self) -> (&str, &str) {
        let text = |name: &str| self.event.item.get(name).and_then(Value::as_str);
        let account = text("awsAccountId").or_else(|| text("accountId"));
        (account.unwrap(), text("awsRegion").unwrap())
    }

    /// The state with the trail of the event's item in it, as CloudTrail would return it; `None` if
    /// the item describes no possible trail.
    pub(super) fn live_state(&self) -> Option<Value> {
        let member = self.event.item.get("configuration")?;
        let configuration: Value = match member.as_str() {
            Some(text) => serde_json::from_str(text).ok()?,
            None => member.clone(),
        };
        let arn = configuration.get("trailARN")?.as_str()?;
        let mut trail = Map::new();
        trail.insert("arn".to_owned(), Value::from(arn));
        for name in ["s3BucketName", "kmsKeyId", "isMultiRegionTrail", "isOrganizationTrail"] {
            let is_there = |value: &&Value| !value.is_null() && value.as_str() != Some("");
            if let Some(value) = configuration.get(name).filter(is_there) {
                trail.insert(name.to_owned(), value.clone());
            }
        }
        trail.get("s3BucketName")?;
        let mut state = self.state();
        let trails = state["trails"].as_array_mut()?;
        // Members that the case adds to the trail beyond its item stay, such as delivery errors.
        let position = trails.iter().position(|one| one["arn"] == arn);
        match position.and_then(|index| trails.get_mut(index)?.as_object_mut()) {
            Some(known) => {
                known.remove("kmsKeyId");
                known.extend(trail);
            }
            None => trails.push(Value::Object(trail)),
        }
        Some(state)
    }

    pub(super) fn event(&self, token: &str) -> Vec<u8> {
        let (account, region) = self.place();
        let mut event = RuleEvent::of_item(account, region, RULE, &self.event.item);
        event.parameters = self.parameters.clone();
        let mut event = event.to_json(token);
        change(&mut event, &self.event.members);
        event.to_string().into_bytes()
    }

    /// The base state with this case's changes: an entry replaces the one of the same name or is
    /// added, and the entries that `remove` names are removed.
    pub(super) fn state(&self) -> Value {
        let mut state: Value = serde_json::from_str(&read(&root().join("base.json"))).unwrap();
        let state_members = state.as_object_mut().unwrap();
        for (list, entries) in self.state.iter().filter(|(list, _)| *list != "remove") {
            let existing = state_members.entry(list.as_str()).or_insert(Value::Array(Vec::new()));
            let existing = existing.as_array_mut().unwrap();
            for entry in entries.as_array().unwrap() {
                let named = identity(entry);
                existing.retain(|one| named.is_none() || identity(one) != named);
                existing.push(entry.clone());
            }
        }
        for name in self.state.get("remove").and_then(Value::as_array).into_iter().flatten() {
            let mut is_there = false;
            for list in state_members.values_mut().filter_map(Value::as_array_mut) {
                let before = list.len();
                list.retain(|one| identity(one) != name.as_str());
                is_there |= list.len() < before;
            }
            assert!(is_there, "{}: `remove` names {name}, which does not exist", self.name);
        }
        state
    }
}

/// Adds or replaces members of an object; null removes one.
pub(super) fn change(object: &mut Value, changes: &Map<String, Value>) {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

fn identity(entry: &Value) -> Option<&str> {
    ["arn", "name", "id"].into_iter().find_map(|name| entry.get(name)?.as_str())
}

/// The folder of the corpus.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

pub(super) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every case of the corpus, by name; a file that is not a case fails the test.
pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for folder in sorted(&root()).into_iter().filter(|path| path.is_dir()) {
        for path in sorted(&folder) {
            let name = path.strip_prefix(root()).unwrap().with_extension("");
            let name = name.to_str().unwrap().to_owned();
            let mut case: Case = serde_json::from_str(&read(&path))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            case.name = name;
            cases.push(case);
        }
    }
    cases
}

/// The annotation that a case expects, so that tests about something else need not repeat its text.
pub(super) fn annotation(name: &str) -> String {
    let case = all().into_iter().find(|case| case.name == name).unwrap();
    case.expected.evaluations[0].annotation.clone()
}

/// The cases that also run in-process and through `trailseal check`.
pub(super) fn dozen() -> Vec<Case> {
    const NAMES: [&str; 12] = [
        "delivery-unbroken/b-key-disabled",
        "events/a-deleted",
        "events/p-organization-member",
        "events/w-alias-in-bucket-region",
        "key-customer-managed/g-gone",
        "key-customer-managed/h-denied",
        "key-in-bucket-region/d-bucket-missing",
        "key-policy-guards-decryption/b-open-to-everyone",
        "key-rotated/d-too-rarely",
        "key-usable/d-pending-deletion",
        "parameters/w-bad-values",
        "sse-kms-enabled/a-key",
    ];
    let cases: Vec<Case> = all().into_iter().filter(|case| NAMES.contains(&&*case.name)).collect();
    assert_eq!(cases.len(), NAMES.len());
    cases
}

pub(super) fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    paths
}
