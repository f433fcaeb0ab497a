//! The report as events of the Open Cybersecurity Schema Framework 1.6, class 2003, Compliance
//! Finding: one event per trail.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};
use trailseal_findings::{CONTROL, partition};
use trailseal_rule::{ACCOUNT_TYPE, CHECKS, Severity, TRAIL_TYPE, Timestamp};

use super::identity::{by_version, uid};
use super::lines;
use super::severity;
use crate::report::{CheckOutcome, CheckReport, Report, TrailReport, TrailState};

const VERSION: &str = "1.6.0";
const CATEGORY_UID: u32 = 2;
const CLASS_UID: u32 = 2003;

/// An ID of the schema and its caption.
type Named = (u32, &'static str);

#[derive(Serialize)]
struct Event<'a> {
    activity_id: u32,
    activity_name: &'static str,
    category_uid: u32,
    category_name: &'static str,
    class_uid: u32,
    class_name: &'static str,
    type_uid: u32,
    type_name: String,
    time: i64,
    severity_id: u32,
    severity: &'static str,
    status_id: u32,
    status: &'static str,
    status_code: &'a str,
    status_detail: &'a str,
    message: &'a str,
    metadata: Metadata<'a>,
    cloud: Cloud<'a>,
    finding_info: FindingInfo<'a>,
    compliance: Compliance<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Value>,
    resources: Vec<Resource<'a>>,
    /// Members for which the schema has no attribute.
    unmapped: Value,
}

#[derive(Serialize)]
struct Metadata<'a> {
    version: &'static str,
    product: Product<'a>,
    profiles: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    original_time: Option<Timestamp>,
}

#[derive(Serialize)]
struct Product<'a> {
    name: &'static str,
    vendor_name: &'static str,
    uid: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Cloud<'a> {
    provider: &'static str,
    cloud_partition: &'a str,
    region: &'a str,
    account: Account<'a>,
}

#[derive(Serialize)]
struct Account<'a> {
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    type_id: u32,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct FindingInfo<'a> {
    uid: String,
    title: &'static str,
    desc: &'a str,
    types: [&'static str; 1],
    last_seen_time: i64,
    analytic: Analytic<'a>,
}

#[derive(Serialize)]
struct Analytic<'a> {
    uid: &'static str,
    name: &'static str,
    type_id: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'a str,
}

#[derive(Serialize)]
struct Compliance<'a> {
    control: &'static str,
    standards: &'a [String],
    requirements: &'a [String],
    status_id: u32,
    status: &'static str,
    status_code: &'a str,
    status_details: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check<'a>>,
}

#[derive(Serialize)]
struct Check<'a> {
    uid: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    desc: Option<&'a str>,
    status_id: u32,
    status: &'static str,
    severity_id: u32,
    severity: &'static str,
}

#[derive(Serialize)]
struct Resource<'a> {
    uid: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    cloud_partition: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    role_id: u32,
    role: &'static str,
}

/// The parts that all events of a report share.
struct Common<'a> {
    report: &'a Report,
    millis: i64,
    standards: Vec<String>,
    requirements: Vec<String>,
    account_names: HashMap<&'a str, &'a str>,
}

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let controls = by_version(&report.controls);
    let requirements = controls.iter().map(|(name, number)| format!("{name} {number}")).collect();
    let standards: BTreeSet<String> = controls.into_iter().map(|(name, _)| name).collect();
    let names = report.accounts.iter();
    let names = names.filter_map(|account| Some((account.id.as_str(), account.name.as_deref()?)));
    let common = Common {
        report,
        millis: report.generated_at.epoch_millis(),
        standards: standards.into_iter().collect(),
        requirements,
        account_names: names.collect(),
    };
    lines(report.trails.iter().map(|trail| event(&common, trail)), out)
}

fn event<'a>(common: &'a Common<'a>, trail: &'a TrailReport) -> Event<'a> {
    let (activity_id, activity_name) =
        if trail.is_deleted() { (3, "Close") } else { (1, "Create") };
    let (severity_id, severity) = level(severity::of_trail(trail));
    let (status_id, status) = status(trail);
    Event {
        activity_id,
        activity_name,
        category_uid: CATEGORY_UID,
        category_name: "Findings",
        class_uid: CLASS_UID,
        class_name: "Compliance Finding",
        type_uid: CLASS_UID * 100 + activity_id,
        type_name: format!("Compliance Finding: {activity_name}"),
        time: common.millis,
        severity_id,
        severity,
        status_id,
        status,
        status_code: trail.compliance.as_str(),
        status_detail: &trail.annotation,
        message: &trail.annotation,
        metadata: metadata(common.report, trail),
        cloud: cloud(common, trail),
        finding_info: finding_info(common, trail),
        compliance: compliance(common, trail),
        remediation: remediation(trail),
        resources: resources(trail),
        // The profile is null without an evaluation.
        unmapped: json!({ "profile": trail.profile, "skipped": trail.skipped }),
    }
}

fn level(severity: Severity) -> Named {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
    }
}

/// The state of the work on the finding: a pass needs no work.
fn status(trail: &TrailReport) -> Named {
    match (compliance_status(trail).0, trail.is_deleted()) {
        (_, true) => (5, "Archived"),
        (1, false) => (4, "Resolved"),
        (99, false) => (99, NOT_APPLICABLE),
        _ => (1, "New"),
    }
}

const NOT_APPLICABLE: &str = "Not applicable";

fn compliance_status(trail: &TrailReport) -> Named {
    match trail.state() {
        TrailState::NonCompliant => (3, "Fail"),
        TrailState::Unverified | TrailState::NotEvaluated => (2, "Warning"),
        TrailState::Compliant => (1, "Pass"),
        TrailState::NotApplicable => (99, NOT_APPLICABLE),
    }
}

fn check_status(check: &CheckReport) -> Named {
    match check.outcome {
        CheckOutcome::Pass => (1, "Pass"),
        CheckOutcome::Fail => (3, "Fail"),
        CheckOutcome::Unknown => (2, "Warning"),
    }
}

fn metadata<'a>(report: &'a Report, trail: &'a TrailReport) -> Metadata<'a> {
    Metadata {
        version: VERSION,
        product: Product {
            name: "Trailseal",
            vendor_name: "Trailseal",
            uid: &report.tool.name,
            version: &report.tool.version,
        },
        profiles: ["cloud"],
        original_time: trail.captured,
    }
}

fn cloud<'a>(common: &'a Common<'a>, trail: &'a TrailReport) -> Cloud<'a> {
    let account = trail.account.as_str();
    Cloud {
        provider: "AWS",
        cloud_partition: partition(trail.arn.as_ref(), &trail.region),
        region: trail.region.as_str(),
        account: Account {
            uid: account,
            name: common.account_names.get(account).copied(),
            type_id: 10,
            kind: "AWS Account",
        },
    }
}

fn finding_info<'a>(common: &'a Common<'a>, trail: &'a TrailReport) -> FindingInfo<'a> {
    FindingInfo {
        uid: uid(trail),
        title: CONTROL,
        desc: trail
            .not_evaluated
            .as_deref()
            .or(trail.reason.as_deref())
            .unwrap_or(&trail.annotation),
        types: ["Software and Configuration Checks/Industry and Regulatory Standards/CIS AWS \
             Foundations Benchmark"],
        last_seen_time: common.millis,
        analytic: Analytic {
            uid: "trailseal",
            name: "Trailseal",
            type_id: 1,
            kind: "Rule",
            version: &common.report.tool.version,
        },
    }
}

fn compliance<'a>(common: &'a Common<'a>, trail: &'a TrailReport) -> Compliance<'a> {
    let (status_id, status) = compliance_status(trail);
    let found = trail.open_checks().filter_map(|check| check.what.as_deref());
    Compliance {
        control: CONTROL,
        standards: &common.standards,
        requirements: &common.requirements,
        status_id,
        status,
        status_code: trail.compliance.as_str(),
        status_details: found
            .chain(trail.reason.as_deref())
            .chain(trail.not_evaluated.as_deref())
            .chain(trail.notes.iter().map(String::as_str))
            .collect(),
        checks: trail.checks.iter().map(check).collect(),
    }
}

fn check(check: &CheckReport) -> Check<'_> {
    let known = CHECKS.iter().find(|known| known.id.as_str() == check.id);
    let (status_id, status) = check_status(check);
    let (severity_id, severity) = level(severity::of_check(check));
    Check {
        uid: &check.id,
        name: known.map_or(&check.id, |known| known.title),
        desc: check.what.as_deref(),
        status_id,
        status,
        severity_id,
        severity,
    }
}

fn remediation(trail: &TrailReport) -> Option<Value> {
    let fixes: Vec<&str> = trail.open_checks().filter_map(|check| check.fix.as_deref()).collect();
    (!fixes.is_empty()).then(|| json!({ "desc": fixes.join("\n") }))
}

/// The trail, or an account without trails, then its key and its bucket.
fn resources(trail: &TrailReport) -> Vec<Resource<'_>> {
    let partition = partition(trail.arn.as_ref(), &trail.region);
    let related = |kind, uid: String, name: &str| Resource {
        uid,
        name: name.to_owned(),
        kind,
        cloud_partition: partition,
        region: None,
        role_id: 4,
        role: "Related",
    };
    let affected_type = if trail.is_of_account() { ACCOUNT_TYPE } else { TRAIL_TYPE };
    let mut resources = vec![Resource {
        region: Some(trail.region.as_str()),
        role_id: 3,
        role: "Affected",
        ..related(affected_type, trail.arn_or_id().to_owned(), trail.name())
    }];
    if let Some(key) = &trail.key {
        resources.push(related("AWS::KMS::Key", key.clone(), key));
    }
    if let Some(bucket) = &trail.bucket {
        let arn = format!("arn:{partition}:s3:::{bucket}");
        resources.push(related("AWS::S3::Bucket", arn, bucket));
    }
    resources
}
