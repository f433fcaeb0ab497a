//! The report in the AWS Security Finding Format, ready for Security Hub's `BatchImportFindings`:
//! one finding per trail, whose ID is the same in each report, so that the next import updates it.
//!
//! The limits are those of the Security Hub API Reference, `AwsSecurityFinding`. AWS does not
//! document whether it counts characters or bytes, so the limits on characters apply to bytes.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};
use trailseal_rule::{ComplianceType, KeyArn, Severity, Timestamp, TrailArn};

use super::identity::{by_version, fingerprint, partition, uid};
use super::severity;
use super::{bounded, clean, lines};
use crate::report::{CheckOutcome, CheckReport, Report, TrailReport};

/// The title is equal for all trails and verdicts, because people group findings by it.
const TITLE: &str =
    "CloudTrail logs should be sealed with a KMS key that the customer controls and that works";

const ID_BYTES_MAX: usize = 512;
const DESCRIPTION_BYTES_MAX: usize = 1024;
const RECOMMENDATION_BYTES_MAX: usize = 512;
const REGION_BYTES_MAX: usize = 16;
const REQUIREMENTS_MAX: usize = 32;
const FIELD_BYTES_MAX: usize = 2048;
/// AWS documents no limit for these, so they get the limit of a description.
const REASON_BYTES_MAX: usize = DESCRIPTION_BYTES_MAX;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Finding<'a> {
    schema_version: &'static str,
    id: String,
    product_arn: String,
    generator_id: &'static str,
    aws_account_id: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    title: &'static str,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Value>,
    product_fields: BTreeMap<&'static str, String>,
    resources: Vec<Resource<'a>>,
    compliance: Compliance,
    record_state: &'static str,
    finding_provider_fields: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource<'a> {
    #[serde(rename = "Type")]
    kind: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<BTreeMap<&'static str, TrailDetails>>,
}

#[derive(Serialize)]
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

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Compliance {
    status: &'static str,
    related_requirements: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_reasons: Vec<Reason>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reason {
    reason_code: String,
    description: String,
}

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let requirements = requirements(report);
    // A trail in several sources is one resource; its most severe finding comes first.
    let mut ids = HashSet::new();
    let findings = report.trails.iter().map(|trail| finding(report, trail, &requirements));
    lines(findings.filter(|finding| ids.insert(finding.id.clone())), out)
}

/// As Security Hub writes them: the publication, a slash, the number.
fn requirements(report: &Report) -> Vec<String> {
    let controls = by_version(&report.controls).into_iter().take(REQUIREMENTS_MAX);
    let text = |(publication, number)| bounded(&format!("{publication}/{number}"), FIELD_BYTES_MAX);
    controls.map(text).collect()
}

fn finding<'a>(report: &'a Report, trail: &'a TrailReport, requirements: &[String]) -> Finding<'a> {
    let TrailReport { account, region, .. } = trail;
    let partition = partition(trail);
    let fix = distinct(trail, |check| check.fix.as_deref());
    Finding {
        schema_version: "2018-10-08",
        id: id(trail),
        product_arn: format!(
            "arn:{partition}:securityhub:{region}:{account}:product/{account}/default"
        ),
        generator_id: "trailseal",
        aws_account_id: account.as_str(),
        created_at: trail.captured.unwrap_or(report.generated_at),
        updated_at: report.generated_at,
        title: TITLE,
        description: description(trail),
        remediation: (!fix.is_empty()).then(
            || json!({ "Recommendation": { "Text": bounded(&fix, RECOMMENDATION_BYTES_MAX) } }),
        ),
        product_fields: product_fields(report, trail),
        resources: resources(trail),
        compliance: Compliance {
            status: status(trail),
            related_requirements: requirements.to_vec(),
            status_reasons: trail.checks.iter().filter_map(reason).collect(),
        },
        record_state: if trail.is_gone() { "ARCHIVED" } else { "ACTIVE" },
        finding_provider_fields: json!({
            "Severity": { "Label": level(severity::of_trail(trail)) },
            "Types": ["Software and Configuration Checks/Industry and Regulatory Standards/CIS \
                AWS Foundations Benchmark"],
        }),
    }
}

/// An ID that is too long ends with a fingerprint.
fn id(trail: &TrailReport) -> String {
    let uid = uid(trail);
    let shown = clean(&uid);
    if shown == uid && uid.len() <= ID_BYTES_MAX {
        return uid;
    }
    let fingerprint = fingerprint(&uid);
    format!("{}-{fingerprint}", bounded(&shown, ID_BYTES_MAX - 1 - fingerprint.len()))
}

fn status(trail: &TrailReport) -> &'static str {
    match trail.compliance {
        _ if trail.unverified || trail.not_evaluated.is_some() => "WARNING",
        ComplianceType::NonCompliant => "FAILED",
        ComplianceType::Compliant => "PASSED",
        ComplianceType::NotApplicable => "NOT_AVAILABLE",
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "INFORMATIONAL",
        Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High => "HIGH",
    }
}

/// A member of the checks that did not pass, with each distinct text once.
fn distinct<'a>(trail: &'a TrailReport, member: fn(&'a CheckReport) -> Option<&'a str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for text in trail.open_checks().filter_map(member) {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all.join("; ")
}

fn description(trail: &TrailReport) -> String {
    let what = distinct(trail, |check| check.what.as_deref());
    let text = match (&trail.not_evaluated, &trail.reason, what.is_empty()) {
        (Some(why), ..) => &format!("the trail was not evaluated: {why}"),
        (None, Some(reason), _) => reason,
        (None, None, false) => &what,
        (None, None, true) => &trail.annotation,
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

fn product_fields(report: &Report, trail: &TrailReport) -> BTreeMap<&'static str, String> {
    let skipped = (!trail.skipped.is_empty()).then(|| trail.skipped.join(", "));
    let fields = [
        ("trailseal/Compliance", Some(trail.compliance.as_str())),
        ("trailseal/Unverified", Some(if trail.unverified { "true" } else { "false" })),
        ("trailseal/Annotation", Some(trail.annotation.as_str())),
        ("trailseal/Profile", trail.profile.map(|profile| profile.as_str())),
        ("trailseal/NotEvaluated", trail.not_evaluated.as_deref()),
        ("trailseal/SkippedChecks", skipped.as_deref()),
        ("trailseal/Key", trail.key.as_deref()),
        ("trailseal/Bucket", trail.bucket.as_deref()),
        ("trailseal/Source", Some(trail.source.as_str())),
        ("trailseal/Version", Some(report.tool.version.as_str())),
    ];
    let given = fields.into_iter().filter_map(|(name, text)| Some((name, text?)));
    given.map(|(name, text)| (name, bounded(text, FIELD_BYTES_MAX))).collect()
}

/// The trail, and its key if the trail names it by ARN.
fn resources(trail: &TrailReport) -> Vec<Resource<'_>> {
    let partition = known_partition(partition(trail));
    let short = |text: &str| bounded(text, FIELD_BYTES_MAX);
    let details = TrailDetails {
        name: short(trail.name()),
        trail_arn: trail.arn.as_ref().map(TrailArn::as_str).map(short),
        home_region: trail.arn.as_ref().map(|arn| arn.home_region().to_string()),
        kms_key_id: trail.key.as_deref().map(short),
        s3_bucket_name: trail.bucket.as_deref().map(short),
    };
    if trail.is_of_account() {
        return vec![Resource {
            kind: "AwsAccount",
            id: format!("AWS::::Account:{}", trail.account),
            partition,
            region: Some(trail.region.as_str()),
            details: None,
        }];
    }
    let mut resources = vec![Resource {
        kind: "AwsCloudTrailTrail",
        id: bounded(trail.arn_or_id(), ID_BYTES_MAX),
        partition,
        region: Some(trail.region.as_str()).filter(|region| region.len() <= REGION_BYTES_MAX),
        details: Some(BTreeMap::from([("AwsCloudTrailTrail", details)])),
    }];
    if let Some(key) = trail.key.as_deref().and_then(|key| KeyArn::parse(key).ok()) {
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

/// The partitions that the format allows.
fn known_partition(name: &str) -> Option<&'static str> {
    let known = ["aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b"];
    known.into_iter().find(|known| *known == name)
}
