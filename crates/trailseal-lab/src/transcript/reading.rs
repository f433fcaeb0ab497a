//! Requests about many accounts.

use serde_json::{Value, json};

use super::with;

/// A query that is fine.
pub(super) fn select() -> Value {
    json!({
        "ConfigurationAggregatorName": "organization",
        "Expression": "SELECT accountId, resourceId, configuration \
                       WHERE resourceType = 'AWS::CloudTrail::Trail'",
    })
}

/// What AWS Config answers or refuses by its own rules.
pub(super) fn further_selects(base: &Value) -> Vec<(&'static str, Value)> {
    let by_place = "SELECT accountId, awsRegion, COUNT(*) GROUP BY accountId, awsRegion";
    vec![
        ("no such aggregator", with(base, "ConfigurationAggregatorName", json!("other"))),
        ("no query", with(base, "Expression", json!("DROP TABLE trails"))),
        ("a page", with(base, "Limit", json!(1))),
        ("by account and Region", with(base, "Expression", json!(by_place))),
        ("a forged token", with(base, "NextToken", json!("forged"))),
    ]
}

/// What AWS Config has recorded of a trail and of a bucket.
pub(super) fn batch() -> Value {
    json!({ "resourceKeys": [
        { "resourceType": "AWS::CloudTrail::Trail", "resourceId": "sealed" },
        { "resourceType": "AWS::S3::Bucket", "resourceId": "example-trail-logs-us-east-1" },
    ] })
}

/// What is not recorded is left out of the answer.
pub(super) fn further_batches() -> Vec<(&'static str, Value)> {
    let missing = json!({ "resourceType": "AWS::S3::Bucket", "resourceId": "missing" });
    vec![("not recorded", json!({ "resourceKeys": [missing] }))]
}

/// The same of AWS Organizations.
pub(super) fn further_accounts() -> Vec<(&'static str, Value)> {
    vec![
        ("a page", json!({ "MaxResults": 1 })),
        ("a forged token", json!({ "NextToken": "forged" })),
    ]
}

/// The same of AWS Account Management.
pub(super) fn further_regions() -> Vec<(&'static str, Value)> {
    vec![
        ("enabled ones", json!({ "RegionOptStatusContains": ["ENABLED_BY_DEFAULT"] })),
        ("a page", json!({ "MaxResults": 1 })),
        ("its own by id", json!({ "AccountId": "111122223333" })),
        ("another account's", json!({ "AccountId": "444455556666" })),
        ("a forged token", json!({ "NextToken": "forged" })),
    ]
}
