//! The report as SARIF 2.1.0, for code scanning.
//!
//! A result is a check that failed or could not be verified. A passed check is not a result, since
//! viewers show each result as an alert.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};
use trailseal_findings::fingerprint;
use trailseal_rule::{CHECKS, CIS_CONTROLS, ComplianceType, Profile, Severity, Timestamp};

use super::identity::uid;
use super::severity;
use super::{JsonWriter, clean};
use crate::report::{
    CheckOutcome, CheckReport, FileDigest, NotEvaluated, PlaceReport, Problem, Report, TrailReport,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    automation_details: Value,
    invocations: [Invocation<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    artifacts: Vec<Value>,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'a str,
    semantic_version: &'a str,
    information_uri: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    name: String,
    short_description: Message,
    full_description: Message,
    help: Help,
    default_configuration: Value,
    properties: Value,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environment_variables: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    execution_successful: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time_utc: Option<Timestamp>,
    end_time_utc: Timestamp,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location<'static>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'a str,
    rule_index: usize,
    kind: &'static str,
    level: &'static str,
    message: Message,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Value>,
    partial_fingerprints: Value,
    properties: FindingProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation<'a>; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    name: String,
    fully_qualified_name: String,
    kind: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingProperties<'a> {
    outcome: CheckOutcome,
    compliance: ComplianceType,
    account: &'a str,
    region: &'a str,
    trail: &'a str,
    profile: Option<Profile>,
    key: Option<&'a str>,
    bucket: Option<&'a str>,
    fix: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    skipped: &'a [String],
}

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let rules = rules(report);
    let indices = rules.iter().enumerate().map(|(index, rule)| (rule.id, index)).collect();
    let run = Run {
        automation_details: json!({ "id": "trailseal/" }),
        invocations: [invocation(report)],
        artifacts: report.inputs.iter().map(artifact).collect(),
        results: results(report, &indices),
        tool: Tool {
            driver: Driver {
                name: &report.tool.name,
                semantic_version: &report.tool.version,
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules,
            },
        },
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    serde_json::to_writer_pretty(JsonWriter(out), &log)?;
    out.write_all(b"\n")
}

/// Every check, then the checks of the report that this version does not know.
fn rules(report: &Report) -> Vec<Rule<'_>> {
    let mut rules: Vec<Rule<'_>> = CHECKS
        .iter()
        .map(|check| rule(check.id.as_str(), check.title, check.rationale, Some(check.fails_when)))
        .collect();
    for check in report.trails.iter().flat_map(|trail| &trail.checks) {
        if rules.iter().all(|rule| rule.id != check.id) {
            rules.push(rule(&check.id, &check.id, &check.why, None));
        }
    }
    if report.trails.iter().any(|trail| trail.is_of_account()) {
        let why = "what no trail records leaves no trace";
        rules.push(rule(NO_TRAIL, "the account has a trail", why, None));
    }
    rules
}

/// The form that SARIF recommends for the names of rules, by which viewers group results.
fn pascal_case(id: &str) -> String {
    let capitalized = |word: &str| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    };
    clean(id).split('-').map(capitalized).collect()
}

/// The rule of an account without trails, which is not a check.
const NO_TRAIL: &str = "no-trail";

fn rule<'a>(id: &'a str, sentence: &str, why: &str, fails_when: Option<&str>) -> Rule<'a> {
    let security_severity = match severity::of_failure(id) {
        Severity::High => "7.5",
        Severity::Medium => "5.5",
        Severity::Low | Severity::Informational => "3.0",
    };
    let mut text = format!("Compliant when {}.\nWhy it matters: {why}.\n", clean(sentence));
    let mut markdown = format!("**Compliant when** {}.\n\n{}.\n", plain(sentence), plain(why));
    if let Some(fails_when) = fails_when {
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(text, "Fails when {fails_when}.");
        let _ = writeln!(markdown, "\n**Fails when** {fails_when}.");
    }
    text.push_str("Controls:\n");
    markdown.push_str("\n**Controls**\n\n");
    for control in CIS_CONTROLS {
        let _ = writeln!(text, "- {} {}", control.publication, control.number);
        let _ = writeln!(markdown, "- {} **{}**", control.publication, control.number);
    }
    let of_controls = CIS_CONTROLS.iter();
    let tags = of_controls.map(|control| format!("{} {}", control.publication, control.number));
    let fixed = ["security", "aws", "cloudtrail", "kms"].map(str::to_owned);
    Rule {
        id,
        name: pascal_case(id),
        short_description: Message { text: clean(sentence) },
        full_description: Message { text: clean(why) },
        help: Help { text, markdown },
        default_configuration: json!({ "level": "error" }),
        properties: json!({
            "precision": "very-high",
            "problem.severity": "error",
            // GitHub maps the number to low, medium, high and critical.
            "security-severity": security_severity,
            "tags": fixed.into_iter().chain(tags).collect::<Vec<_>>(),
        }),
    }
}

/// A file that was read, with its digest.
fn artifact(input: &FileDigest) -> Value {
    let hashes = input.sha256.as_ref().map(|digest| json!({ "sha-256": digest }));
    let mut artifact = json!({
        "location": { "uri": uri_of_path(&input.file) }, "roles": ["analysisTarget"],
    });
    if let (Some(hashes), Some(members)) = (hashes, artifact.as_object_mut()) {
        members.insert("hashes".to_owned(), hashes);
    }
    artifact
}

fn invocation(report: &Report) -> Invocation<'_> {
    let run = report.run.as_ref();
    Invocation {
        arguments: run.map(|run| {
            let words = std::iter::once(&run.command).chain(&run.arguments);
            words.map(String::as_str).collect()
        }),
        environment_variables: run
            .iter()
            .flat_map(|run| &run.environment)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        account: run.and_then(|run| run.caller.as_ref()).map(|caller| caller.arn.as_str()),
        execution_successful: report.complete,
        start_time_utc: run.map(|run| run.started_at),
        end_time_utc: run.map_or(report.generated_at, |run| run.finished_at),
        tool_execution_notifications: report
            .problems
            .iter()
            .map(notification)
            .chain(report.interrupted().map(|account| notification(&account)))
            .chain(report.not_evaluated().iter().map(not_evaluated))
            .chain(report.warnings().map(|line| remark("warning", &line)))
            .chain(skipped(report))
            .collect(),
    }
}

fn notification(problem: &Problem) -> Notification {
    let place = physical(&uri_of_path(&problem.source));
    Notification {
        level: "error",
        message: Message { text: plain(&problem.message) },
        locations: vec![Location { physical_location: place, logical_locations: None }],
    }
}

fn not_evaluated(trail: &NotEvaluated<'_>) -> Notification {
    let NotEvaluated { trail, reason, source } = trail;
    let message = format!("trail {trail} was not evaluated: {reason}");
    notification(&Problem { source: (*source).to_owned(), message })
}

/// Clean text without links or formatting: a plain text message can hold links in square brackets
/// (SARIF 2.1.0, 3.11.6), and some viewers show messages as Markdown.
fn plain(text: &str) -> String {
    const SPECIAL: &[char] = &['\\', '[', ']', '<', '>', '*', '_', '~', '|', '#', '!', '`'];
    let mut out = String::new();
    for character in clean(text).chars() {
        if SPECIAL.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
    // GitHub's Markdown turns a bare URL into a link.
    out.replace("://", ":\\//").replace("www.", "www\\.")
}

/// The checks that the parameter `skipChecks` left out. A trail that passes has no result that
/// could name them.
fn skipped(report: &Report) -> impl Iterator<Item = Notification> {
    let mut trails: BTreeMap<&[String], usize> = BTreeMap::new();
    for trail in report.trails.iter().filter(|trail| !trail.skipped.is_empty()) {
        *trails.entry(&trail.skipped).or_default() += 1;
    }
    trails.into_iter().map(|(checks, count)| {
        let trails = if count == 1 { "1 trail".to_owned() } else { format!("{count} trails") };
        let text = format!("skipped by skipChecks for {trails}: {}", checks.join(", "));
        remark("note", &text)
    })
}

fn remark(level: &'static str, text: &str) -> Notification {
    Notification { level, message: Message { text: plain(text) }, locations: Vec::new() }
}

fn results<'a>(report: &'a Report, indices: &HashMap<&str, usize>) -> Vec<Finding<'a>> {
    let is_live = !report.accounts.is_empty();
    let mut results = Vec::new();
    for trail in &report.trails {
        if trail.is_of_account() && trail.is_non_compliant() {
            let place = physical(&place(trail, is_live));
            let text = plain(&trail.annotation);
            results.push(finding(trail, NO_TRAIL, CheckOutcome::Fail, text, place));
        }
        for check in trail.open_checks() {
            let place = declared_place(trail);
            let place = place.unwrap_or_else(|| physical(&self::place(trail, is_live)));
            results.push(of_check(trail, check, place));
        }
    }
    for result in &mut results {
        result.rule_index = indices.get(result.rule_id).copied().unwrap_or_default();
    }
    results
}

fn of_check<'a>(trail: &'a TrailReport, check: &'a CheckReport, place: Value) -> Finding<'a> {
    let what = clean(check.what.as_deref().unwrap_or_default());
    let fix = clean(check.fix.as_deref().unwrap_or_default());
    let name = clean(trail.name());
    let text = plain(&format!("Trail {name}: {what}. Fix: {fix}"));
    let mut finding = finding(trail, &check.id, check.outcome, text, place);
    finding.properties.fix = check.fix.as_deref();
    finding.related_locations = related(trail, &check.id).into_iter().collect();
    for location in &mut finding.locations {
        location.logical_locations = Some([LogicalLocation {
            fully_qualified_name: clean(trail.arn_or_id()),
            name: name.clone(),
            kind: "resource",
        }]);
    }
    finding
}

fn finding<'a>(
    trail: &'a TrailReport,
    rule_id: &'a str,
    outcome: CheckOutcome,
    text: String,
    physical_location: Value,
) -> Finding<'a> {
    let uid = format!("{}#{rule_id}", uid(trail));
    Finding {
        rule_id,
        rule_index: 0,
        kind: "fail",
        level: level(trail, outcome),
        message: Message { text },
        locations: [Location { physical_location, logical_locations: None }],
        related_locations: Vec::new(),
        // GitHub distinguishes alerts by the hash; without it, all results of one line are one alert.
        partial_fingerprints: json!({
            "primaryLocationLineHash": format!("{}:1", fingerprint(&uid)),
            "trailAndCheck/v1": uid,
        }),
        properties: FindingProperties {
            outcome,
            compliance: trail.compliance,
            account: trail.account.as_str(),
            region: trail.region.as_str(),
            trail: &trail.resource_id,
            profile: trail.profile,
            key: trail.key.as_deref(),
            bucket: trail.bucket.as_deref(),
            fix: None,
            skipped: &trail.skipped,
        },
    }
}

/// Unverified is a warning, or a note if the parameter `unverified` says that it is not a finding.
fn level(trail: &TrailReport, outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Fail => "error",
        CheckOutcome::Unknown if trail.is_non_compliant() => "warning",
        CheckOutcome::Unknown | CheckOutcome::Pass => "note",
    }
}

/// The place of the key in the document that declares the trail, or else of the trail.
fn declared_place(trail: &TrailReport) -> Option<Value> {
    let declared = trail.declared.as_ref()?;
    Some(physical_place(declared.key_place.as_ref().unwrap_or(&declared.place)))
}

fn physical_place(place: &PlaceReport) -> Value {
    let artifact = json!({ "uri": uri_of_path(&place.file) });
    // No line of a plan says anything about the change that is reviewed.
    if place.line == 0 {
        return json!({ "artifactLocation": artifact });
    }
    json!({
        "artifactLocation": artifact,
        "region": { "startLine": place.line, "startColumn": place.column },
    })
}

/// The property of the key that the finding of a check is about.
fn related(trail: &TrailReport, check: &str) -> Option<Value> {
    let related = trail.declared.as_ref()?.related.get(check)?;
    Some(json!({
        "id": 1,
        "physicalLocation": physical_place(&related.place),
        "message": { "text": plain(&format!("the key {}", related.address)) },
    }))
}

/// The first line of a file: AWS writes each file as one line.
fn physical(uri: &str) -> Value {
    json!({ "artifactLocation": { "uri": uri }, "region": { "startLine": 1 } })
}

/// The file of a trail, or the trail in its account as if accounts and Regions were folders.
fn place(trail: &TrailReport, is_live: bool) -> String {
    if !is_live {
        return uri_of_path(&trail.source);
    }
    let folders = ["aws", trail.account.as_str(), trail.region.as_str()];
    let file = (!trail.is_of_account()).then_some(["cloudtrail", trail.name()]);
    let parts = folders.into_iter().chain(file.into_iter().flatten());
    parts.map(|part| encoded(part, b"")).collect::<Vec<_>>().join("/")
}

/// A path as a URI reference. A relative path stays relative.
fn uri_of_path(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", encoded(path, b"/"))
}

/// Percent-encodes all characters but unreserved ones and `also` (RFC 3986).
fn encoded(text: &str, also: &[u8]) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
