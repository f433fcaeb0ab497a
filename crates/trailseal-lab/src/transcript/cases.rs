//! A valid request of each operation, and requests that the models do not constrain.

use serde_json::{Value, json};

use super::{RULE, SENT_BACK};
use crate::operation::Operation;
use crate::services::with;

const TRAIL: &str = "AWS::CloudTrail::Trail";
const SEALED: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/sealed";
const ENABLED: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const DISABLED: &str =
    "arn:aws:kms:us-east-1:111122223333:key/22222222-0000-4000-8000-222222222222";
const DOOMED: &str = "arn:aws:kms:us-east-1:111122223333:key/33333333-0000-4000-8000-333333333333";
const GONE: &str = "arn:aws:kms:us-east-1:111122223333:key/44444444-0000-4000-8000-444444444444";
const STRANGERS: &str = "arn:aws:kms:us-east-1:777788889999:key/a";
const ELSEWHERE: &str = "arn:aws:kms:eu-west-1:111122223333:key/a";
const BUCKET: &str = "example-trail-logs-us-east-1";
const FILE: &str = "copies/AWSLogs/111122223333/CloudTrail/us-east-1/2025/01/01/\
                    111122223333_CloudTrail_us-east-1_20250101T0005Z_CopyWithSseKms00.json.gz";
const NO_KEY: &str = "arn:aws:kms:us-east-1";

/// A valid request with a nonempty result.
pub(super) fn fine(operation: Operation, token: &str) -> Value {
    match operation {
        Operation::PutEvaluations => {
            json!({ "ResultToken": token, "Evaluations": [evaluation("sealed", "COMPLIANT")] })
        }
        Operation::DescribeConfigRules => json!({ "ConfigRuleNames": [RULE] }),
        Operation::BatchImportFindings => json!({ "Findings": [finding("trailseal/of-the-lab")] }),
        Operation::GetFindings => json!({
            "Filters": { "GeneratorId": [{ "Value": "trailseal", "Comparison": "EQUALS" }] },
        }),
        Operation::GetResourceConfigHistory => {
            json!({ "resourceType": TRAIL, "resourceId": "sealed" })
        }
        Operation::BatchGetResourceConfig => json!({ "resourceKeys": [
            { "resourceType": TRAIL, "resourceId": "sealed" },
            { "resourceType": "AWS::S3::Bucket", "resourceId": "example-trail-logs-us-east-1" },
        ] }),
        Operation::ListDiscoveredResources => json!({ "resourceType": TRAIL }),
        Operation::GetComplianceDetailsByConfigRule => json!({ "ConfigRuleName": RULE }),
        Operation::SelectAggregateResourceConfig => json!({
            "ConfigurationAggregatorName": "organization",
            "Expression": "SELECT accountId, resourceId, configuration \
                           WHERE resourceType = 'AWS::CloudTrail::Trail'",
        }),
        Operation::DescribeTrails
        | Operation::GetCallerIdentity
        | Operation::ListKeys
        | Operation::ListAccounts
        | Operation::ListRegions => json!({}),
        Operation::GetTrail | Operation::GetTrailStatus => json!({ "Name": "key-disabled" }),
        Operation::GetEventSelectors => json!({ "TrailName": "key-disabled" }),
        Operation::UpdateTrail => json!({ "Name": "sealed", "KmsKeyId": ENABLED }),
        Operation::ListTags => json!({ "ResourceIdList": [SEALED] }),
        Operation::DescribeKey => json!({ "KeyId": "alias/trail-logs" }),
        Operation::GetKeyPolicy
        | Operation::GetKeyRotationStatus
        | Operation::EnableKeyRotation
        | Operation::DisableKey
        | Operation::ListResourceTags => json!({ "KeyId": ENABLED }),
        Operation::EnableKey => json!({ "KeyId": DISABLED }),
        Operation::CancelKeyDeletion => json!({ "KeyId": DOOMED }),
        Operation::PutKeyPolicy => json!({ "KeyId": ENABLED, "Policy": policy("root") }),
        Operation::CreateKey => json!({
            "Policy": policy("root"),
            "Description": "seals a trail",
            "Tags": [{ "TagKey": "owner", "TagValue": "security" }],
        }),
        Operation::CreateAlias => json!({ "AliasName": "alias/another", "TargetKeyId": ENABLED }),
        Operation::AssumeRole => json!({
            "RoleArn": "arn:aws:iam::444455556666:role/trailseal-member",
            "RoleSessionName": "trailseal",
            "ExternalId": "trailseal-central",
        }),
        Operation::HeadBucket
        | Operation::ListObjectsV2
        | Operation::ListObjectVersions
        | Operation::GetBucketMetadataConfiguration
        | Operation::GetBucketAcl
        | Operation::GetBucketOwnershipControls => json!({ "Bucket": BUCKET }),
        Operation::HeadObject | Operation::GetObject => json!({ "Bucket": BUCKET, "Key": FILE }),
        Operation::ListDelegatedAdministrators => {
            json!({ "ServicePrincipal": "cloudtrail.amazonaws.com" })
        }
    }
}

fn finding(id: &str) -> Value {
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": id,
        "ProductArn": "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default",
        "GeneratorId": "trailseal",
        "AwsAccountId": "111122223333",
        "CreatedAt": "2026-11-23T10:15:30.000Z",
        "UpdatedAt": "2026-11-23T10:15:30.000Z",
        "Title": "the title",
        "Description": "the description",
        "Remediation": { "Recommendation": { "Text": "the fix" } },
        "ProductFields": { "trailseal/Profile": "strict" },
        "Resources": [{
            "Type": "AwsCloudTrailTrail",
            "Id": SEALED,
            "Partition": "aws",
            "Region": "us-east-1",
            "Details": { "AwsCloudTrailTrail": { "Name": "sealed" } },
        }],
        "Compliance": {
            "Status": "FAILED",
            "RelatedRequirements": ["a benchmark/3.7"],
            "StatusReasons": [{ "ReasonCode": "FAILED_KEY_USABLE", "Description": "why" }],
        },
        "RecordState": "ACTIVE",
        "FindingProviderFields": { "Severity": { "Label": "HIGH" }, "Types": ["a/type"] },
    })
}

fn evaluation(id: &str, verdict: &str) -> Value {
    json!({
        "ComplianceResourceType": TRAIL,
        "ComplianceResourceId": id,
        "ComplianceType": verdict,
        "Annotation": "the annotation",
        "OrderingTimestamp": 1_468_446_600.373_f64,
    })
}

fn policy(identity: &str) -> String {
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::111122223333:{identity}") },
        "Action": "kms:*",
        "Resource": "*",
    });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Requests that a service accepts or refuses by rules beyond its model.
pub(super) fn further(operation: Operation, base: &Value) -> Vec<(&'static str, Value)> {
    let but = |name: &str, value: &str| with(base, name, json!(value));
    let key = |name: &str| but("KeyId", name);
    let forged = |name: &str| ("a forged token", but(name, "forged"));
    match operation {
        Operation::PutEvaluations => {
            let of = |evaluation: Value| with(base, "Evaluations", json!([evaluation]));
            let odd = with(
                &evaluation("sealed", "COMPLIANT"),
                "ComplianceResourceType",
                json!("AWS::Odd::Type"),
            );
            vec![
                ("unknown token", but("ResultToken", "forged")),
                ("test mode", with(&but("ResultToken", "x"), "TestMode", json!(true))),
                ("sent back", of(evaluation(SENT_BACK, "COMPLIANT"))),
                ("insufficient data", of(evaluation("sealed", "INSUFFICIENT_DATA"))),
                ("unknown resource type", of(odd)),
            ]
        }
        Operation::DescribeConfigRules => vec![
            ("all of them", json!({})),
            ("no such rule", json!({ "ConfigRuleNames": ["missing"] })),
            forged("NextToken"),
        ],
        Operation::BatchImportFindings => {
            let of = |finding: Value| json!({ "Findings": [finding] });
            let later = with(&finding("a"), "UpdatedAt", json!("2026-11-23T10:15:31.000Z"));
            vec![
                ("again", base.clone()),
                ("later", of(later)),
                ("refused", of(finding(SENT_BACK))),
                ("of another account", of(with(&finding("b"), "AwsAccountId", json!("4")))),
                ("at no time", of(with(&finding("c"), "UpdatedAt", json!("soon")))),
            ]
        }
        Operation::GetFindings => {
            let by = |filter: Value| json!({ "Filters": { "GeneratorId": [filter] } });
            vec![
                ("everything", json!({})),
                ("a page", json!({ "MaxResults": 1 })),
                ("by prefix", by(json!({ "Value": "trail", "Comparison": "PREFIX" }))),
                ("not served", by(json!({ "Value": "a", "Comparison": "CONTAINS" }))),
                forged("NextToken"),
            ]
        }
        Operation::GetResourceConfigHistory => vec![
            ("not discovered", but("resourceId", "missing")),
            ("range", with(&with(base, "laterTime", json!(1)), "earlierTime", json!(2))),
            forged("nextToken"),
        ],
        Operation::BatchGetResourceConfig => {
            let missing = json!({ "resourceType": "AWS::S3::Bucket", "resourceId": "missing" });
            vec![("not recorded", json!({ "resourceKeys": [missing] }))]
        }
        Operation::ListDiscoveredResources => vec![forged("nextToken")],
        Operation::GetComplianceDetailsByConfigRule => vec![
            ("no such rule", json!({ "ConfigRuleName": "missing" })),
            forged("NextToken"),
            ("one result a page", with(base, "Limit", json!(1))),
        ],
        Operation::SelectAggregateResourceConfig => {
            let places = "SELECT accountId, awsRegion, COUNT(*) GROUP BY accountId, awsRegion";
            vec![
                ("no such aggregator", but("ConfigurationAggregatorName", "other")),
                ("no query", but("Expression", "DROP TABLE trails")),
                ("a page", with(base, "Limit", json!(1))),
                ("by account and Region", but("Expression", places)),
                forged("NextToken"),
            ]
        }
        Operation::DescribeTrails => vec![
            ("own trails", json!({ "includeShadowTrails": false })),
            ("bad name", json!({ "trailNameList": ["a b"] })),
            ("bad ARN", json!({ "trailNameList": ["arn:aws:s3:::bucket"] })),
        ],
        Operation::GetEventSelectors => vec![
            ("missing", but("TrailName", "missing")),
            ("bad name", but("TrailName", "a b")),
            ("bad ARN", but("TrailName", "arn:aws:s3:::bucket")),
        ],
        Operation::GetTrail | Operation::GetTrailStatus => vec![
            ("missing", but("Name", "missing")),
            ("bad name", but("Name", "a b")),
            ("bad ARN", but("Name", "arn:aws:s3:::bucket")),
        ],
        Operation::UpdateTrail => vec![
            ("turned off", but("KmsKeyId", "")),
            ("nothing changes", json!({ "Name": SEALED })),
            ("missing", but("Name", "missing")),
            ("bad name", but("Name", "a b")),
            ("bad ARN", but("Name", "arn:aws:s3:::bucket")),
            (
                "another home",
                but("Name", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/ireland"),
            ),
            ("bad key", but("KmsKeyId", "arn:aws:s3:::bucket")),
            ("key gone", but("KmsKeyId", GONE)),
            ("key disabled", but("KmsKeyId", DISABLED)),
            ("key elsewhere", but("Name", "key-elsewhere")),
            ("not admitted", but("Name", "unencrypted")),
        ],
        Operation::ListTags => vec![
            ("bad ARN", json!({ "ResourceIdList": ["sealed"] })),
            ("missing", json!({ "ResourceIdList": [SEALED.replace("sealed", "missing")] })),
        ],
        Operation::DescribeKey => vec![
            ("pending deletion", key(DOOMED)),
            ("AWS managed", key("alias/aws/s3")),
            ("gone", key(GONE)),
            ("another Region", key(ELSEWHERE)),
            ("bad ARN", key(NO_KEY)),
            ("a stranger's", key(STRANGERS)),
        ],
        Operation::GetKeyPolicy | Operation::GetKeyRotationStatus => {
            vec![("gone", key(GONE)), ("bad ARN", key(NO_KEY)), ("a stranger's", key(STRANGERS))]
        }
        Operation::EnableKeyRotation
        | Operation::EnableKey
        | Operation::DisableKey
        | Operation::ListResourceTags => {
            vec![("gone", key(GONE)), ("bad ARN", key(NO_KEY)), ("pending deletion", key(DOOMED))]
        }
        Operation::CancelKeyDeletion => vec![("not pending", key(ENABLED)), ("gone", key(GONE))],
        Operation::PutKeyPolicy => vec![
            ("gone", key(GONE)),
            ("bad ARN", key(NO_KEY)),
            ("a stranger's", key(STRANGERS)),
            ("no policy", but("Policy", "{")),
            ("locked out", but("Policy", &policy("role/another"))),
            ("too long", but("Policy", &format!("{}{}", policy("root"), " ".repeat(32_768)))),
        ],
        Operation::CreateKey => vec![
            ("no policy", but("Policy", "{")),
            ("tag of AWS", with(base, "Tags", json!([{ "TagKey": "aws:a", "TagValue": "" }]))),
        ],
        Operation::CreateAlias => vec![
            ("there already", base.clone()),
            ("of AWS", but("AliasName", "alias/aws/mine")),
            ("no alias", but("AliasName", "mine")),
            ("gone", json!({ "AliasName": "alias/of-nothing", "TargetKeyId": GONE })),
        ],
        Operation::ListKeys => vec![
            ("one a page", json!({ "Limit": 1 })),
            ("next page", json!({ "Limit": 1, "Marker": "Keys#1" })),
            forged("Marker"),
        ],
        Operation::AssumeRole => vec![
            ("longer than chained roles may", with(base, "DurationSeconds", json!(7200))),
            ("not trusted", but("ExternalId", "another")),
        ],
        Operation::GetCallerIdentity => Vec::new(),
        Operation::ListAccounts | Operation::ListDelegatedAdministrators => {
            vec![("a page", json!({ "MaxResults": 1 })), forged("NextToken")]
        }
        Operation::ListRegions => vec![
            ("enabled ones", json!({ "RegionOptStatusContains": ["ENABLED_BY_DEFAULT"] })),
            ("a page", json!({ "MaxResults": 1 })),
            ("its own by id", json!({ "AccountId": "111122223333" })),
            ("another account's", json!({ "AccountId": "444455556666" })),
            forged("NextToken"),
        ],
        Operation::ListObjectsV2 | Operation::ListObjectVersions => vec![
            ("folders", with(&but("Prefix", "copies/"), "Delimiter", json!("/"))),
            ("a page", with(base, "MaxKeys", json!(1))),
            ("no page", with(base, "MaxKeys", json!(0))),
            ("encoded", with(&but("Prefix", "copies/"), "EncodingType", json!("url"))),
            ("missing", but("Bucket", "no-such-bucket")),
            ("in another Region", but("Bucket", "example-trail-logs-eu-west-1")),
            ("another owner", but("ExpectedBucketOwner", "444455556666")),
            ("a version marker alone", but("VersionIdMarker", "3")),
            forged("ContinuationToken"),
        ],
        Operation::HeadObject | Operation::GetObject => {
            let copy = |name: &str| but("Key", &FILE.replace("CopyWithSseKms00", name));
            let customers = copy("CopyWithSseC0000");
            vec![
                ("missing", copy("NoSuchFile000000")),
                ("SSE-C without the key", customers.clone()),
                ("SSE-C", with(&customers, "SSECustomerKey", json!("MDEyMzQ1Njc4OUFCQ0RFRg=="))),
                ("archived", copy("CopyInGlacier000")),
                ("restored", copy("CopyRestored0000")),
                ("deleted", copy("CopyDeleted00000")),
                ("a delete marker", with(&copy("CopyDeleted00000"), "VersionId", json!("2"))),
                ("a version", with(&copy("CopyDeleted00000"), "VersionId", json!("1"))),
                ("another owner's", copy("CopyOfAStranger0")),
                ("DSSE-KMS", copy("CopyWithDsseKms0")),
            ]
        }
        Operation::GetBucketMetadataConfiguration | Operation::GetBucketAcl => {
            vec![("missing", but("Bucket", "no-such-bucket"))]
        }
        Operation::GetBucketOwnershipControls => {
            vec![
                ("missing", but("Bucket", "no-such-bucket")),
                ("enforced", but("Bucket", "example-inventory")),
            ]
        }
        Operation::HeadBucket => vec![
            ("in another Region", json!({ "Bucket": "example-trail-logs-eu-west-1" })),
            ("missing", json!({ "Bucket": "no-such-bucket" })),
            ("no name of a bucket", json!({ "Bucket": "No_Bucket" })),
        ],
    }
}
