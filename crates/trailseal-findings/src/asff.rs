//! The AWS Security Finding Format, as Security Hub's `BatchImportFindings` takes it: one finding per
//! trail, whose ID is the same in each report, so that the next import updates it.
//!
//! The limits are those of the Security Hub API Reference, `AwsSecurityFinding`. AWS does not
//! document whether it counts characters or bytes, so the limits on characters apply to bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use trailseal_rule::{AccountId, ComplianceType, KeyArn, Profile, Region, Timestamp, TrailArn};

use crate::check::{CheckOutcome, CheckReport};
use crate::identity::{by_version, fingerprint, is_of_account, partition};
use crate::severity;
use crate::state::TrailState;
use crate::text::{bounded, clean};

/// The generator of all findings, which tells them from those of other products.
pub const GENERATOR: &str = "trailseal";

/// The control, which is the title of the findings of all trails and verdicts: people group findings
/// by it.
pub const CONTROL: &str =
    "CloudTrail logs should be encrypted with a KMS key that the customer controls and that works";

const ID_BYTES_MAX: usize = 512;
const DESCRIPTION_BYTES_MAX: usize = 1024;
const RECOMMENDATION_BYTES_MAX: usize = 512;
const REGION_BYTES_MAX: usize = 16;
const REQUIREMENTS_MAX: usize = 32;
const FIELD_BYTES_MAX: usize = 2048;
/// AWS documents no limit for these, so they get the limit of a description.
const REASON_BYTES_MAX: usize = DESCRIPTION_BYTES_MAX;

/// The result for one trail, or for an account without trails.
#[derive(Clone, Debug)]
pub struct TrailResult<'a> {
    /// The ID of the result, the same in every report; see [`crate::uid_of_trail`].
    pub uid: String,
    /// The account that sees the trail.
    pub account: &'a AccountId,
    /// The Region that shows it.
    pub region: &'a Region,
    /// Its resource ID in AWS Config.
    pub resource_id: &'a str,
    /// Absent if only the resource ID is known, and for an account without trails.
    pub arn: Option<&'a TrailArn>,
    /// Its name, without account and Region.
    pub name: &'a str,
    /// What AWS Config reports.
    pub compliance: ComplianceType,
    /// Whether evidence could not be read.
    pub unverified: bool,
    /// The annotation of the evaluation in AWS Config.
    pub annotation: &'a str,
    /// The profile of the evaluation; absent without an evaluation.
    pub profile: Option<Profile>,
    /// Whether the trail was deleted, so that its finding is archived.
    pub is_deleted: bool,
    /// Why the trail was not evaluated although it exists.
    pub not_evaluated: Option<&'a str>,
    /// Why the rule does not evaluate the trail.
    pub reason: Option<&'a str>,
    /// The key as the trail names it.
    pub key: Option<&'a str>,
    /// The bucket.
    pub bucket: Option<&'a str>,
    /// The checks.
    pub checks: &'a [CheckReport],
    /// The checks that `skipChecks` left out.
    pub skipped: &'a [String],
    /// When the finding was made first; when it is written, if that is not known.
    pub created: Option<Timestamp>,
    /// Where the result comes from.
    pub source: &'a str,
}

/// Who writes findings, when, and for which controls.
#[derive(Clone, Debug)]
pub struct Written<'a> {
    /// When the evidence was read.
    pub at: Timestamp,
    /// The version of the program.
    pub version: &'a str,
    /// The controls, as Security Hub writes them.
    requirements: Vec<String>,
}

impl<'a> Written<'a> {
    /// Findings for these controls, each a publication and a number.
    pub fn new<'c>(
        at: Timestamp,
        version: &'a str,
        controls: impl IntoIterator<Item = (&'c str, &'c str)>,
    ) -> Self {
        // As Security Hub writes them: the publication, a slash, the number.
        let text =
            |(publication, number)| bounded(&format!("{publication}/{number}"), FIELD_BYTES_MAX);
        let controls = by_version(controls).into_iter().take(REQUIREMENTS_MAX);
        Self { at, version, requirements: controls.map(text).collect() }
    }
}

/// The ARN of the product that an account's own findings belong to.
pub fn product_arn(partition: &str, region: &Region, account: &AccountId) -> String {
    format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
}

/// The members of a [`Finding`]. Security Hub adds others, and rejects some of those in an import
/// (Security Hub User Guide, "BatchImportFindings for finding providers").
pub const MEMBERS: [&str; 15] = [
    "SchemaVersion",
    "Id",
    "ProductArn",
    "GeneratorId",
    "AwsAccountId",
    "CreatedAt",
    "UpdatedAt",
    "Title",
    "Description",
    "Remediation",
    "ProductFields",
    "Resources",
    "Compliance",
    "RecordState",
    "FindingProviderFields",
];

/// A finding.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Finding {
    schema_version: &'static str,
    id: String,
    product_arn: String,
    generator_id: &'static str,
    aws_account_id: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    title: &'static str,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Value>,
    product_fields: BTreeMap<&'static str, String>,
    resources: Vec<Resource>,
    compliance: Compliance,
    record_state: &'static str,
    finding_provider_fields: Value,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<BTreeMap<&'static str, TrailDetails>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TrailDetails {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_bucket_name: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Compliance {
    status: &'static str,
    related_requirements: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_reasons: Vec<Reason>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reason {
    reason_code: String,
    description: String,
}

impl Finding {
    /// The finding of a result.
    pub fn of(result: &TrailResult<'_>, written: &Written<'_>) -> Self {
        let TrailResult { account, region, .. } = *result;
        let state = TrailState::of(result.compliance, result.unverified, result.not_evaluated);
        let severity = severity::of_trail(result.checks, state);
        let fix = distinct(result, |check| check.fix.as_deref());
        Self {
            schema_version: "2018-10-08",
            id: id(&result.uid),
            product_arn: product_arn(partition(result.arn, region), region, account),
            generator_id: GENERATOR,
            aws_account_id: account.to_string(),
            created_at: result.created.unwrap_or(written.at),
            updated_at: written.at,
            title: CONTROL,
            description: description(result),
            remediation: (!fix.is_empty()).then(
                || json!({ "Recommendation": { "Text": bounded(&fix, RECOMMENDATION_BYTES_MAX) } }),
            ),
            product_fields: product_fields(result, written),
            resources: resources(result),
            compliance: Compliance {
                status: status(state),
                related_requirements: written.requirements.clone(),
                status_reasons: result.checks.iter().filter_map(reason).collect(),
            },
            record_state: if result.is_deleted { "ARCHIVED" } else { "ACTIVE" },
            finding_provider_fields: json!({
                "Severity": { "Label": severity.as_str() },
                "Types": ["Software and Configuration Checks/Industry and Regulatory Standards/CIS \
                    AWS Foundations Benchmark"],
            }),
        }
    }

    /// Its ID.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// An ID that is too long ends with a fingerprint.
fn id(uid: &str) -> String {
    let shown = clean(uid);
    if shown == uid && uid.len() <= ID_BYTES_MAX {
        return shown;
    }
    let fingerprint = fingerprint(uid);
    format!("{}-{fingerprint}", bounded(&shown, ID_BYTES_MAX - 1 - fingerprint.len()))
}

fn status(state: TrailState) -> &'static str {
    match state {
        TrailState::NonCompliant => "FAILED",
        TrailState::Unverified | TrailState::NotEvaluated => "WARNING",
        TrailState::Compliant => "PASSED",
        TrailState::NotApplicable => "NOT_AVAILABLE",
    }
}

/// A member of the checks that did not pass, with each distinct text once.
fn distinct(result: &TrailResult<'_>, member: fn(&CheckReport) -> Option<&str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    let open = result.checks.iter().filter(|check| check.outcome != CheckOutcome::Pass);
    for text in open.filter_map(member) {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all.join("; ")
}

fn description(result: &TrailResult<'_>) -> String {
    let what = distinct(result, |check| check.what.as_deref());
    let text = match (result.not_evaluated, result.reason, what.is_empty()) {
        (Some(why), ..) => &format!("the trail was not evaluated: {why}"),
        (None, Some(reason), _) => reason,
        (None, None, false) => &what,
        (None, None, true) => result.annotation,
    };
    bounded(text, DESCRIPTION_BYTES_MAX)
}

/// A check that did not pass.
fn reason(check: &CheckReport) -> Option<Reason> {
    let prefix = match check.outcome {
        CheckOutcome::Pass => return None,
        CheckOutcome::Fail => "FAILED",
        CheckOutcome::Unknown => "UNVERIFIED",
    };
    let code = format!("{prefix}_{}", check.id.to_uppercase().replace('-', "_"));
    Some(Reason {
        reason_code: bounded(&code, REASON_BYTES_MAX),
        description: bounded(check.what.as_deref().unwrap_or_default(), REASON_BYTES_MAX),
    })
}

fn product_fields(
    result: &TrailResult<'_>,
    written: &Written<'_>,
) -> BTreeMap<&'static str, String> {
    let skipped = (!result.skipped.is_empty()).then(|| result.skipped.join(", "));
    let fields = [
        ("trailseal/Compliance", Some(result.compliance.as_str())),
        ("trailseal/Unverified", Some(if result.unverified { "true" } else { "false" })),
        ("trailseal/Annotation", Some(result.annotation)),
        ("trailseal/Profile", result.profile.map(|profile| profile.as_str())),
        ("trailseal/NotEvaluated", result.not_evaluated),
        ("trailseal/SkippedChecks", skipped.as_deref()),
        ("trailseal/Key", result.key),
        ("trailseal/Bucket", result.bucket),
        ("trailseal/Source", Some(result.source)),
        ("trailseal/Version", Some(written.version)),
    ];
    let given = fields.into_iter().filter_map(|(name, text)| Some((name, text?)));
    given.map(|(name, text)| (name, bounded(text, FIELD_BYTES_MAX))).collect()
}

/// The trail, and its key if the trail names it by ARN.
fn resources(result: &TrailResult<'_>) -> Vec<Resource> {
    let partition = known_partition(partition(result.arn, result.region));
    let short = |text: &str| bounded(text, FIELD_BYTES_MAX);
    let details = TrailDetails {
        name: short(result.name),
        trail_arn: result.arn.map(TrailArn::as_str).map(short),
        home_region: result.arn.map(|arn| arn.home_region().to_string()),
        kms_key_id: result.key.map(short),
        s3_bucket_name: result.bucket.map(short),
    };
    if is_of_account(result.arn, result.resource_id, result.account) {
        return vec![Resource {
            kind: "AwsAccount",
            id: format!("AWS::::Account:{}", result.account),
            partition,
            region: Some(result.region.to_string()),
            details: None,
        }];
    }
    let mut resources = vec![Resource {
        kind: "AwsCloudTrailTrail",
        id: bounded(result.arn.map_or(result.resource_id, TrailArn::as_str), ID_BYTES_MAX),
        partition,
        region: Some(result.region.to_string()).filter(|region| region.len() <= REGION_BYTES_MAX),
        details: Some(BTreeMap::from([("AwsCloudTrailTrail", details)])),
    }];
    if let Some(key) = result.key.and_then(|key| KeyArn::parse(key).ok()) {
        resources.push(Resource {
            kind: "AwsKmsKey",
            id: bounded(key.as_str(), ID_BYTES_MAX),
            partition,
            region: None,
            details: None,
        });
    }
    resources
}

/// The partition in the format, which has other names for the isolated ones: AWS documents no
/// mapping, and the member is optional.
fn known_partition(name: &str) -> Option<&'static str> {
    let known = ["aws", "aws-cn", "aws-us-gov"];
    known.into_iter().find(|known| *known == name)
}
