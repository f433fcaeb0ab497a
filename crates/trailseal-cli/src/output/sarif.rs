//! The report as SARIF 2.1.0, for whatever shows the results of static analysis.
//!
//! A result is what a check found broken or could not verify; what passed is none, since viewers
//! show each result as an alert.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use trailseal_rule::{CHECKS, CIS_CONTROLS};

use super::identity::{Identity, fingerprint};
use super::severity::Severity;
use super::{JsonWriter, clean};
use crate::report::{CheckOutcome, CheckReport, NotEvaluated, Problem, Report, TrailReport};

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
    automation_details: AutomationDetails,
    invocations: [Invocation<'a>; 1],
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
struct AutomationDetails {
    id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message,
    full_description: Message,
    help: Help,
    default_configuration: Configuration,
    properties: RuleProperties,
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
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
    /// A number that GitHub sorts into low, medium, high and critical.
    #[serde(rename = "security-severity")]
    security_severity: &'static str,
    tags: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    end_time_utc: &'a str,
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
    partial_fingerprints: Fingerprints,
    properties: FindingProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation<'a>; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Lines,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

/// AWS writes its files in one line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lines {
    start_line: u32,
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
struct Fingerprints {
    /// What GitHub tells alerts apart by; without it, all of one line are one.
    primary_location_line_hash: String,
    #[serde(rename = "trailAndCheck/v1")]
    trail_and_check: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingProperties<'a> {
    outcome: CheckOutcome,
    compliance: &'a str,
    account: &'a str,
    region: &'a str,
    trail: &'a str,
    profile: Option<&'a str>,
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
        automation_details: AutomationDetails { id: "trailseal/" },
        invocations: [invocation(report)],
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
    serde_json::to_writer_pretty(JsonWriter::new(out), &log)?;
    out.write_all(b"\n")
}

/// Every check, and behind them those of the report that this version does not know.
fn rules(report: &Report) -> Vec<Rule<'_>> {
    let mut rules: Vec<Rule<'_>> = CHECKS
        .iter()
        .map(|check| {
            let fails_when = Some(check.fails_when);
            rule(check.id.as_str(), check.sentence, check.why, fails_when)
        })
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

/// Not a check, but what is found where an account has no trail and should.
const NO_TRAIL: &str = "no-trail";

fn no_trail(trail: &TrailReport, rule_index: usize, is_live: bool) -> Finding<'_> {
    let identity = Identity::of(trail);
    let TrailReport { account, region, .. } = trail;
    let uri = if is_live {
        ["aws", account, region].map(|part| encoded(part, b"")).join("/")
    } else {
        uri_of_path(&trail.source)
    };
    let uid = format!("{}#{NO_TRAIL}", identity.uid());
    Finding {
        rule_id: NO_TRAIL,
        rule_index,
        kind: "fail",
        level: "error",
        message: Message { text: plain(&trail.annotation) },
        locations: [Location { physical_location: physical(uri), logical_locations: None }],
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", fingerprint(&uid)),
            trail_and_check: uid,
        },
        properties: FindingProperties {
            outcome: CheckOutcome::Fail,
            compliance: &trail.compliance,
            account,
            region,
            trail: &trail.resource_id,
            profile: None,
            key: None,
            bucket: None,
            fix: None,
            skipped: &trail.skipped,
        },
    }
}

fn rule<'a>(id: &'a str, sentence: &str, why: &str, fails_when: Option<&str>) -> Rule<'a> {
    let security_severity = match Severity::of_failure(id) {
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
        short_description: Message { text: clean(sentence) },
        full_description: Message { text: clean(why) },
        help: Help { text, markdown },
        default_configuration: Configuration { level: "error" },
        properties: RuleProperties {
            precision: "very-high",
            problem_severity: "error",
            security_severity,
            tags: fixed.into_iter().chain(tags).collect(),
        },
    }
}

fn invocation(report: &Report) -> Invocation<'_> {
    Invocation {
        execution_successful: report.complete,
        end_time_utc: &report.generated_at,
        tool_execution_notifications: report
            .problems
            .iter()
            .map(notification)
            .chain(report.not_evaluated().iter().map(not_evaluated))
            .chain(skipped(report))
            .collect(),
    }
}

fn notification(problem: &Problem) -> Notification {
    let place = physical(uri_of_path(&problem.source));
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

/// Clean text in which nothing is a link or a format: a plain text message may hold links in square
/// brackets (SARIF 2.1.0, 3.11.6), and some viewers show messages as Markdown.
fn plain(text: &str) -> String {
    const SPECIAL: &[char] = &['\\', '[', ']', '<', '>', '*', '_', '~', '|', '#', '!', '`'];
    let mut out = String::new();
    for character in clean(text).chars() {
        if SPECIAL.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
    // An address that stands alone is a link in GitHub's Markdown.
    out.replace("://", ":\\//").replace("www.", "www\\.")
}

/// The checks that the parameter `skipChecks` left out: a trail that passes has no result to name
/// them in.
fn skipped(report: &Report) -> impl Iterator<Item = Notification> {
    let mut trails: BTreeMap<&[String], usize> = BTreeMap::new();
    for trail in report.trails.iter().filter(|trail| !trail.skipped.is_empty()) {
        *trails.entry(&trail.skipped).or_default() += 1;
    }
    trails.into_iter().map(|(checks, count)| {
        let trails = if count == 1 { "1 trail".to_owned() } else { format!("{count} trails") };
        let text = format!("skipped by skipChecks for {trails}: {}", checks.join(", "));
        Notification {
            level: "note",
            message: Message { text: plain(&text) },
            locations: Vec::new(),
        }
    })
}

fn results<'a>(report: &'a Report, indices: &HashMap<&str, usize>) -> Vec<Finding<'a>> {
    let is_live = !report.accounts.is_empty();
    let mut results = Vec::new();
    for trail in &report.trails {
        if trail.is_of_account() && trail.compliance == "NON_COMPLIANT" {
            let rule_index = indices.get(NO_TRAIL).copied().unwrap_or_default();
            results.push(no_trail(trail, rule_index, is_live));
        }
        for check in trail.checks.iter().filter(|check| check.outcome != CheckOutcome::Pass) {
            let rule_index = indices.get(check.id.as_str()).copied().unwrap_or_default();
            results.push(result(trail, check, rule_index, is_live));
        }
    }
    results
}

fn result<'a>(
    trail: &'a TrailReport,
    check: &'a CheckReport,
    rule_index: usize,
    is_live: bool,
) -> Finding<'a> {
    let identity = Identity::of(trail);
    let uri = if is_live { place_of_trail(trail, &identity) } else { uri_of_path(&trail.source) };
    let what = clean(check.what.as_deref().unwrap_or_default());
    let fix = clean(check.fix.as_deref().unwrap_or_default());
    let name = clean(identity.name());
    let uid = identity.uid_of_check(check);
    Finding {
        rule_id: &check.id,
        rule_index,
        kind: "fail",
        level: level(trail, check),
        message: Message { text: plain(&format!("Trail {name}: {what}. Fix: {fix}")) },
        locations: [Location {
            physical_location: physical(uri),
            logical_locations: Some([LogicalLocation {
                fully_qualified_name: clean(identity.arn_or_id()),
                name,
                kind: "resource",
            }]),
        }],
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", fingerprint(&uid)),
            trail_and_check: uid,
        },
        properties: FindingProperties {
            outcome: check.outcome,
            compliance: &trail.compliance,
            account: &trail.account,
            region: &trail.region,
            trail: &trail.resource_id,
            profile: trail.profile.as_deref(),
            key: trail.key.as_deref(),
            bucket: trail.bucket.as_deref(),
            fix: check.fix.as_deref(),
            skipped: &trail.skipped,
        },
    }
}

/// What is unverified is a warning where that counts, and a note where the user said that it does
/// not.
fn level(trail: &TrailReport, check: &CheckReport) -> &'static str {
    match check.outcome {
        CheckOutcome::Fail => "error",
        CheckOutcome::Unknown if trail.compliance == "NON_COMPLIANT" => "warning",
        CheckOutcome::Unknown | CheckOutcome::Pass => "note",
    }
}

fn physical(uri: String) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: ArtifactLocation { uri },
        region: Lines { start_line: 1 },
    }
}

/// Where a trail is that was seen in its account, as if accounts were folders.
fn place_of_trail(trail: &TrailReport, identity: &Identity<'_>) -> String {
    let parts = ["aws", &trail.account, &trail.region, "cloudtrail", identity.name()];
    parts.map(|part| encoded(part, b"")).join("/")
}

/// A path as a URI reference; whoever reads the report knows what it is relative to.
fn uri_of_path(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", encoded(path, b"/"))
}

/// All but what a URI may hold anywhere, and what is also let through, in percent (RFC 3986).
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
