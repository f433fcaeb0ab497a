//! Queries of configuration aggregators.
//!
//! The lab supports only the queries that Trailseal sends and refuses all others:
//! `SELECT … [WHERE resourceType = '…' [AND resourceId IN ('…', …)]] [GROUP BY …]`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Request, text, with, without_nulls};
use crate::arn::Arn;
use crate::moments;
use crate::refusal::Refusal;
use crate::state::{Aggregator, Bucket, Key, State, Trail};

/// The default number of rows per page; queries with an aggregate function have more.
const PAGE_SIZE: usize = 25;
const GROUPS_PAGE_SIZE: usize = 500;

/// When AWS Config captured every item: 2026-11-23T06:00:00Z.
const CAPTURED: i64 = 1_795_413_600_000;

/// The properties of an item that can be selected (AWS Config's resource schema).
const PROPERTIES: [&str; 10] = [
    "accountId",
    "arn",
    "awsRegion",
    "configuration",
    "configurationItemCaptureTime",
    "configurationItemStatus",
    "resourceId",
    "resourceName",
    "resourceType",
    "supplementaryConfiguration",
];

/// The only grouping that the lab supports.
const GROUPING: [&str; 2] = ["accountId", "awsRegion"];
const COUNTED: [&str; 3] = ["accountId", "awsRegion", "COUNT(*)"];

#[derive(Debug, PartialEq, Eq)]
struct Query<'a> {
    fields: Vec<&'a str>,
    /// Whether it counts the items of each account and Region.
    is_grouped: bool,
    filter: Filter<'a>,
}

/// The items to select.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter<'a> {
    resource_type: Option<&'a str>,
    resource_ids: Option<Vec<&'a str>>,
}

impl Filter<'_> {
    fn admits(&self, item: &Value) -> bool {
        self.resource_type.is_none_or(|wanted| text(item, "resourceType") == wanted)
            && self.resource_ids.as_ref().is_none_or(|ids| ids.contains(&text(item, "resourceId")))
    }
}

pub(super) fn select_aggregate_resource_config(request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.text("ConfigurationAggregatorName");
    let mut aggregators = request.state().aggregators.iter();
    let aggregator =
        aggregators.find(|one| request.is_in(&one.account, &one.region) && one.name == name);
    let Some(aggregator) = aggregator else {
        let message = "The configuration aggregator does not exist. Check the configuration \
                       aggregator name and try again.";
        return Err(Refusal::new("NoSuchConfigurationAggregatorException", message));
    };
    let expression = request.text("Expression");
    let Some(query) = read(expression) else {
        let message = format!("the lab does not understand the query `{expression}`");
        return Err(Refusal::new("InvalidExpressionException", message));
    };
    let items = items(request.state(), aggregator);
    let admitted = items.iter().filter(|item| query.filter.admits(item));
    let (rows, usual) = if query.is_grouped {
        (places(admitted), GROUPS_PAGE_SIZE)
    } else {
        (admitted.map(|item| selected(item, &query.fields)).collect(), PAGE_SIZE)
    };
    let (rows, next) = request.page(rows, usual, expression)?;
    let fields: Vec<Value> = query.fields.iter().map(|name| json!({ "Name": name })).collect();
    Ok(json!({ "Results": rows, "QueryInfo": { "SelectFields": fields }, "NextToken": next }))
}

/// A row is JSON as text.
fn selected(item: &Value, properties: &[&str]) -> String {
    let members =
        properties.iter().filter_map(|name| Some(((*name).to_owned(), item.get(name)?.clone())));
    Value::Object(members.collect()).to_string()
}

fn places<'a>(items: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for item in items {
        *counts.entry((text(item, "accountId"), text(item, "awsRegion"))).or_default() += 1;
    }
    let row = |((account, region), count): ((&str, &str), u64)| {
        json!({ "accountId": account, "awsRegion": region, "COUNT(*)": count }).to_string()
    };
    counts.into_iter().map(row).collect()
}

/// Parses a query; `None` if the lab does not support it.
fn read(expression: &str) -> Option<Query<'_>> {
    let rest = expression.strip_prefix("SELECT ")?;
    let (rest, grouping) = match rest.split_once(" GROUP BY ") {
        Some((rest, grouping)) => (rest, Some(grouping)),
        None => (rest, None),
    };
    let (fields, filter) = match rest.split_once(" WHERE ") {
        Some((fields, condition)) => (fields, read_filter(condition)?),
        None => (rest, Filter::default()),
    };
    let names = |list| str::split(list, ',').map(str::trim).collect::<Vec<_>>();
    let fields = names(fields);
    let is_served = match grouping {
        Some(grouping) => names(grouping) == GROUPING && fields == COUNTED,
        None => fields.iter().all(|name| PROPERTIES.contains(name)),
    };
    is_served.then_some(Query { fields, is_grouped: grouping.is_some(), filter })
}

fn read_filter(condition: &str) -> Option<Filter<'_>> {
    let (first, rest) = match condition.split_once(" AND ") {
        Some((first, rest)) => (first, Some(rest)),
        None => (condition, None),
    };
    let resource_type = Some(quoted(first.strip_prefix("resourceType = ")?)?);
    let resource_ids = match rest {
        None => None,
        Some(rest) => {
            let list = rest.strip_prefix("resourceId IN (")?.strip_suffix(')')?;
            Some(list.split(',').map(|id| quoted(id.trim())).collect::<Option<Vec<&str>>>()?)
        }
    };
    Some(Filter { resource_type, resource_ids })
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix('\'').filter(|inner| !inner.contains('\''))
}

/// The items of the aggregator: the resources of its accounts that have a recorded type.
fn items(state: &State, aggregator: &Aggregator) -> Vec<Value> {
    let trails = state.trails.iter().filter_map(trail_item);
    let keys = state.keys.iter().filter_map(key_item);
    let buckets = state.buckets.iter().map(bucket_item);
    let is_in = |list: &[String], item: &Value, name: &str| {
        list.is_empty() || list.iter().any(|one| one == text(item, name))
    };
    let is_gathered = |item: &Value| {
        is_in(&aggregator.resource_types, item, "resourceType")
            && is_in(&aggregator.accounts, item, "accountId")
    };
    trails.chain(keys).chain(buckets).filter(is_gathered).collect()
}

fn item(resource_type: &str, arn: &str, (account, region): (&str, &str), id: &str) -> Value {
    json!({
        "accountId": account,
        "arn": arn,
        "awsRegion": region,
        "configurationItemCaptureTime": moments::to_iso(CAPTURED),
        "configurationItemStatus": "OK",
        "resourceId": id,
        "resourceType": resource_type,
    })
}

/// Only in its home Region, under the ID by which AWS Config discovered it.
fn trail_item(trail: &Trail) -> Option<Value> {
    let id = trail.config_resource_id()?;
    let arn = Arn::parse(&trail.arn)?;
    let item = item("AWS::CloudTrail::Trail", &trail.arn, (arn.account, arn.region), id);
    let configuration = without_nulls(json!({
        "name": trail.name(),
        "s3BucketName": trail.s3_bucket_name,
        "includeGlobalServiceEvents": true,
        "isMultiRegionTrail": trail.is_multi_region_trail,
        "homeRegion": arn.region,
        "trailARN": trail.arn,
        "logFileValidationEnabled": trail.log_file_validation_enabled,
        "isOrganizationTrail": trail.is_organization_trail,
        "kmsKeyId": trail.kms_key_id,
    }));
    Some(with(&item, "configuration", configuration))
}

/// A key in AWS Config's resource schema, which has no policy and no expiry of key material.
fn key_item(key: &Key) -> Option<Value> {
    let (arn, id) = Arn::of(&key.arn, "kms", "key")?;
    let item = item("AWS::KMS::Key", &key.arn, (arn.account, arn.region), id);
    let configuration = without_nulls(json!({
        "awsaccountId": arn.account,
        "arn": key.arn,
        "keyId": id,
        "customerMasterKeySpec": key.spec,
        "description": key.description,
        "enabled": key.state == "Enabled",
        "keyManager": key.manager,
        "keyState": key.state,
        "keyUsage": key.usage,
        "origin": key.origin,
        "deletionDate": key.deletion_date.map(moments::to_iso),
    }));
    let rotation = json!({ "KeyRotationStatus": key.rotation.enabled });
    let item = with(&item, "configuration", configuration);
    Some(with(&item, "supplementaryConfiguration", rotation))
}

fn bucket_item(bucket: &Bucket) -> Value {
    let arn = format!("arn:aws:s3:::{}", bucket.name);
    let place = (bucket.account.as_str(), bucket.region.as_str());
    let item = item("AWS::S3::Bucket", &arn, place, &bucket.name);
    with(&item, "resourceName", json!(bucket.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_of_trailseal_are_parsed_and_others_are_refused() {
        let places = "SELECT accountId, awsRegion, COUNT(*) GROUP BY accountId, awsRegion";
        let fields = COUNTED.to_vec();
        let expected = Query { fields, is_grouped: true, filter: Filter::default() };
        assert_eq!(read(places), Some(expected));
        let some = "SELECT arn, configuration WHERE resourceType = 'AWS::KMS::Key' AND resourceId IN ('a', 'b')";
        let filter =
            Filter { resource_type: Some("AWS::KMS::Key"), resource_ids: Some(vec!["a", "b"]) };
        let fields = vec!["arn", "configuration"];
        assert_eq!(read(some), Some(Query { fields, is_grouped: false, filter }));
        for other in [
            "select arn",
            "SELECT secrets",
            "SELECT arn WHERE accountId = '1'",
            "SELECT arn WHERE resourceType = AWS::KMS::Key",
            "SELECT arn WHERE resourceType = 'a' OR resourceType = 'b'",
            "SELECT arn WHERE resourceType = 'a' AND resourceId IN ('a', b)",
            "SELECT arn GROUP BY arn",
            "SELECT COUNT(*)",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
