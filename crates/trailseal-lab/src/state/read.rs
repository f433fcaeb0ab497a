//! From the JSON document to the state.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Account, Aggregator, Alias, Bucket, ConfigRule, Denial, DiscoveredAs, DiscoveredResource,
    History, Key, Membership, OrganizationAccount, Role, Rotation, STATE_VERSION, StandingResult,
    State, Trail,
};
use crate::arn::{Arn, is_account_id, is_region};
use crate::document::{Faults, Members, Place};
use crate::model;
use crate::operation::Operation;

const ORGANIZATION: [&str; 4] = ["management", "member", "delegatedAdministrator", "outside"];
const DISCOVERED_AS: [&str; 3] = ["name", "arn", "nothing"];

/// Reads the whole document, or tells all that is wrong with it.
pub(super) fn state(value: &Value) -> Result<State, Vec<String>> {
    let faults = Faults::default();
    let document = Place::root(value, &faults).object(&[
        "trailsealLab",
        "accounts",
        "trails",
        "keys",
        "aliases",
        "buckets",
        "roles",
        "configRules",
        "discoveredResources",
        "history",
        "denials",
        "organizationAccounts",
        "aggregators",
    ]);
    document.need("trailsealLab", |place| place.whole(STATE_VERSION, STATE_VERSION));
    let state = State {
        accounts: document.each("accounts", account),
        trails: document.each("trails", trail),
        keys: document.each("keys", key),
        aliases: document.each("aliases", alias),
        buckets: document.each("buckets", bucket),
        roles: document.each("roles", role),
        config_rules: document.each("configRules", config_rule),
        discovered_resources: document.each("discoveredResources", discovered_resource),
        history: document.each("history", history),
        denials: document.each("denials", denial),
        organization_accounts: document.each("organizationAccounts", organization_account),
        aggregators: document.each("aggregators", aggregator),
    };
    let found = faults.into_found();
    if found.is_empty() { Ok(state) } else { Err(found) }
}

fn account_id(place: &Place<'_>) -> String {
    place.text_that("an account id of twelve digits", is_account_id)
}

fn region(place: &Place<'_>) -> String {
    place.text_that("a Region such as `us-east-1`", is_region)
}

fn maybe_text(members: &Members<'_>, name: &str) -> Option<String> {
    members.maybe(name).map(|place| place.text())
}

fn arn_of(place: &Place<'_>, service: &str, kind: &str) -> String {
    let expected = format!("an ARN such as `{}`", example_of(service, kind));
    place.text_that(&expected, |text| Arn::of(text, service, kind).is_some())
}

fn example_of(service: &str, kind: &str) -> String {
    let region = if service == "iam" { "" } else { "us-east-1" };
    format!("arn:aws:{service}:{region}:111122223333:{kind}/name")
}

fn account(place: &Place<'_>) -> Account {
    let members = place.object(&["id", "organization", "regions"]);
    let membership = match members.word_or("organization", &ORGANIZATION, "outside").as_str() {
        "management" => Membership::Management,
        "member" => Membership::Member,
        "delegatedAdministrator" => Membership::DelegatedAdministrator,
        _ => Membership::Outside,
    };
    Account {
        id: members.need("id", account_id),
        membership,
        regions: members.each("regions", region),
    }
}

/// The states of an account in an organization (AWS Organizations, `AccountState`).
const ACCOUNT_STATES: [&str; 5] =
    ["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"];

fn organization_account(place: &Place<'_>) -> OrganizationAccount {
    let members = place.object(&["id", "name", "state"]);
    OrganizationAccount {
        id: members.need("id", account_id),
        name: maybe_text(&members, "name"),
        state: members.word_or("state", &ACCOUNT_STATES, "ACTIVE"),
    }
}

fn aggregator(place: &Place<'_>) -> Aggregator {
    let members = place.object(&["account", "region", "name", "accounts", "resourceTypes"]);
    Aggregator {
        account: members.need("account", account_id),
        region: members.need("region", region),
        name: members.need("name", Place::text),
        accounts: members.each("accounts", account_id),
        resource_types: members.each("resourceTypes", Place::text),
    }
}

fn trail(place: &Place<'_>) -> Trail {
    let members = place.object(&[
        "arn",
        "s3BucketName",
        "kmsKeyId",
        "isMultiRegionTrail",
        "isOrganizationTrail",
        "logFileValidationEnabled",
        "isLogging",
        "latestDeliveryError",
        "deliveryErrorByRegion",
        "latestDeliveryTime",
        "latestDigestDeliveryError",
        "discoveredAs",
        "tags",
    ]);
    let discovered_as = match members.word_or("discoveredAs", &DISCOVERED_AS, "name").as_str() {
        "arn" => DiscoveredAs::Arn,
        "nothing" => DiscoveredAs::Nothing,
        _ => DiscoveredAs::Name,
    };
    Trail {
        arn: members.need("arn", |place| arn_of(place, "cloudtrail", "trail")),
        s3_bucket_name: members.need("s3BucketName", Place::text),
        kms_key_id: maybe_text(&members, "kmsKeyId"),
        is_multi_region_trail: members.flag_or("isMultiRegionTrail", true),
        is_organization_trail: members.flag_or("isOrganizationTrail", false),
        log_file_validation_enabled: members.flag_or("logFileValidationEnabled", true),
        is_logging: members.flag_or("isLogging", true),
        latest_delivery_error: maybe_text(&members, "latestDeliveryError"),
        delivery_error_by_region: members
            .maybe("deliveryErrorByRegion")
            .map(|place| tags(&place))
            .unwrap_or_default(),
        latest_delivery_time: members.maybe("latestDeliveryTime").map(|place| place.moment()),
        latest_digest_delivery_error: maybe_text(&members, "latestDigestDeliveryError"),
        discovered_as,
        tags: members.maybe("tags").map(|place| tags(&place)).unwrap_or_default(),
    }
}

fn key(place: &Place<'_>) -> Key {
    let members = place.object(&[
        "arn",
        "manager",
        "state",
        "usage",
        "spec",
        "origin",
        "description",
        "deletionDate",
        "validTo",
        "multiRegion",
        "policy",
        "rotation",
        "readableFrom",
        "tags",
    ]);
    let key = Key {
        arn: members.need("arn", |place| arn_of(place, "kms", "key")),
        manager: members.word_or("manager", &model::KEY_MANAGERS, "CUSTOMER"),
        state: members.word_or("state", &model::KEY_STATES, "Enabled"),
        usage: members.word_or("usage", &model::KEY_USAGES, "ENCRYPT_DECRYPT"),
        spec: members.word_or("spec", &model::KEY_SPECS, "SYMMETRIC_DEFAULT"),
        origin: members.word_or("origin", &model::KEY_ORIGINS, "AWS_KMS"),
        description: maybe_text(&members, "description").unwrap_or_default(),
        deletion_date: members.maybe("deletionDate").map(|place| place.moment()),
        valid_to: members.maybe("validTo").map(|place| place.moment()),
        multi_region: members.flag_or("multiRegion", false),
        policy: members.maybe("policy").map(|place| policy(&place)),
        rotation: members.maybe("rotation").map(|place| rotation(&place)).unwrap_or_default(),
        readable_from: members.each("readableFrom", account_id),
        tags: members.maybe("tags").map(|place| tags(&place)).unwrap_or_default(),
    };
    if key.state == "PendingDeletion" && key.deletion_date.is_none() {
        members.place().fault("a member `deletionDate`, since the state is `PendingDeletion`");
    }
    key
}

/// A policy is kept as text: a string stays as it is, so that odd documents can be tried.
fn policy(place: &Place<'_>) -> String {
    match place.value() {
        Value::String(text) => text.clone(),
        Value::Object(_) => place.value().to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            place.fault("a policy document, as an object or as its text");
            String::new()
        }
    }
}

/// An object whose values are texts.
fn tags(place: &Place<'_>) -> BTreeMap<String, String> {
    let Some(object) = place.value().as_object() else {
        place.fault("an object of texts");
        return BTreeMap::new();
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let tags: Option<BTreeMap<String, String>> =
        object.iter().map(|(name, value)| Some((name.clone(), text(value)?))).collect();
    tags.unwrap_or_else(|| {
        place.fault("an object of texts");
        BTreeMap::new()
    })
}

fn rotation(place: &Place<'_>) -> Rotation {
    let members = place.object(&["enabled", "periodDays", "nextRotationDate"]);
    Rotation {
        enabled: members.need("enabled", Place::flag),
        period_days: members.maybe("periodDays").map(|place| place.whole(90, 2560)),
        next_rotation_date: members.maybe("nextRotationDate").map(|place| place.moment()),
    }
}

fn alias(place: &Place<'_>) -> Alias {
    let members = place.object(&["arn", "targetKeyArn"]);
    Alias {
        arn: members.need("arn", |place| arn_of(place, "kms", "alias")),
        target_key_arn: members.need("targetKeyArn", |place| arn_of(place, "kms", "key")),
    }
}

fn bucket(place: &Place<'_>) -> Bucket {
    let members = place.object(&["name", "account", "region", "bucketKey"]);
    Bucket {
        name: members.need("name", Place::text),
        account: members.need("account", account_id),
        region: members.need("region", region),
        bucket_key: members.flag_or("bucketKey", false),
    }
}

fn role(place: &Place<'_>) -> Role {
    let members = place.object(&["arn", "trustedAccounts", "externalId"]);
    Role {
        arn: members.need("arn", |place| arn_of(place, "iam", "role")),
        trusted_accounts: members.each("trustedAccounts", account_id),
        external_id: maybe_text(&members, "externalId"),
    }
}

fn config_rule(place: &Place<'_>) -> ConfigRule {
    let members = place.object(&["account", "region", "name", "deleted", "results"]);
    ConfigRule {
        account: members.need("account", account_id),
        region: members.need("region", region),
        name: members.need("name", Place::text),
        deleted: members.flag_or("deleted", false),
        results: members.each("results", standing_result),
    }
}

fn standing_result(place: &Place<'_>) -> StandingResult {
    let members = place.object(&[
        "resourceType",
        "resourceId",
        "complianceType",
        "annotation",
        "orderingTimestamp",
    ]);
    StandingResult {
        resource_type: members.need("resourceType", Place::text),
        resource_id: members.need("resourceId", Place::text),
        compliance_type: members
            .need("complianceType", |place| place.word(&model::REPORTABLE_COMPLIANCE_TYPES)),
        annotation: maybe_text(&members, "annotation"),
        ordering_timestamp: members.need("orderingTimestamp", Place::moment),
    }
}

fn discovered_resource(place: &Place<'_>) -> DiscoveredResource {
    let members = place.object(&[
        "account",
        "region",
        "resourceType",
        "resourceId",
        "resourceName",
        "deletedAt",
    ]);
    DiscoveredResource {
        account: members.need("account", account_id),
        region: members.need("region", region),
        resource_type: members.need("resourceType", Place::text),
        resource_id: members.need("resourceId", Place::text),
        resource_name: maybe_text(&members, "resourceName"),
        deleted_at: members.maybe("deletedAt").map(|place| place.moment()),
    }
}

fn history(place: &Place<'_>) -> History {
    let members = place.object(&["account", "region", "emptyPages", "items"]);
    History {
        account: members.need("account", account_id),
        region: members.need("region", region),
        empty_pages: members.maybe("emptyPages").map_or(0, |place| place.whole(0, 100)),
        items: members.each("items", item),
    }
}

fn item(place: &Place<'_>) -> Value {
    let members = place.object(&model::EVENT_ITEM_MEMBERS);
    members.need("resourceType", Place::text);
    members.need("resourceId", Place::text);
    members.need("configurationItemCaptureTime", Place::moment);
    members.maybe("resourceCreationTime").map(|place| place.moment());
    place.value().clone()
}

/// The policies that AWS names as those which deny; the last stands for none that allows.
const DENYING_POLICIES: [&str; 8] = [
    "service control policy",
    "resource control policy",
    "permissions boundary",
    "session policy",
    "VPC endpoint policy",
    "identity-based policy",
    "resource-based policy",
    "none",
];

fn denial(place: &Place<'_>) -> Denial {
    let members = place.object(&["account", "operation", "about", "policy", "error"]);
    let known = |text: &str| Operation::from_iam(text).is_some();
    Denial {
        account: members.need("account", account_id),
        operation: members.need("operation", |place| {
            place.text_that("an operation of the lab such as `kms:DescribeKey`", known)
        }),
        about: maybe_text(&members, "about"),
        policy: members.maybe("policy").map(|place| place.word(&DENYING_POLICIES)),
        error: members.maybe("error").map(|place| place.word(&model::CLOUDTRAIL_ERRORS)),
    }
}
