//! What is reported: plain data, for people and programs alike.
//!
//! INVARIANT (decided elsewhere): every word on a trail comes from `trailseal_rule`; nothing here
//! turns one verdict into another.

mod evidence;
mod judge;

use serde::Serialize;

pub(crate) use judge::judge;

/// The version of the report's form; a change that could break a reader makes it the next one.
pub(crate) const REPORT_VERSION: u32 = 1;

/// The JSON Schema of the report.
pub(crate) const REPORT_SCHEMA: &str = include_str!("../schema/report-1.schema.json");

/// All that a run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) version: u32,
    pub(crate) tool: Tool,
    pub(crate) generated_at: String,
    /// Whether all of the input could be judged.
    pub(crate) complete: bool,
    pub(crate) summary: Summary,
    /// The rule's parameters as they were given, not those of rule events.
    pub(crate) parameters: serde_json::Map<String, serde_json::Value>,
    pub(crate) controls: Vec<ControlNumber>,
    /// What failed first.
    pub(crate) trails: Vec<TrailReport>,
    pub(crate) problems: Vec<Problem>,
}

/// The program that made the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

/// A control of a published benchmark that the rule answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ControlNumber {
    pub(crate) publication: &'static str,
    pub(crate) number: &'static str,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) trails: usize,
    pub(crate) non_compliant: usize,
    pub(crate) compliant: usize,
    pub(crate) not_applicable: usize,
    /// Those whose evidence could not be read, whatever they are reported as.
    pub(crate) unverified: usize,
    pub(crate) files: usize,
    pub(crate) files_skipped: usize,
}

/// What is said of one trail.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrailReport {
    /// The id under which AWS Config knows it.
    pub(crate) resource_id: String,
    /// Nothing where only its end was seen.
    pub(crate) arn: Option<String>,
    pub(crate) account: String,
    pub(crate) region: String,
    /// As AWS Config writes it.
    pub(crate) compliance: &'static str,
    /// Whether evidence could not be read.
    pub(crate) unverified: bool,
    /// What AWS Config would show.
    pub(crate) annotation: String,
    pub(crate) key: Option<String>,
    pub(crate) bucket: Option<String>,
    /// Why it was not judged.
    pub(crate) reason: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) checks: Vec<CheckReport>,
    /// What was known of its key and bucket; nothing where it was not judged.
    pub(crate) evidence: Option<evidence::EvidenceReport>,
    /// When AWS Config captured it.
    pub(crate) captured: Option<String>,
    /// Where it was seen.
    pub(crate) source: String,
}

/// What one check answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CheckReport {
    pub(crate) id: &'static str,
    pub(crate) outcome: CheckOutcome,
    /// What was found, or why it could not be verified.
    pub(crate) what: Option<String>,
    /// Why the check matters.
    pub(crate) why: &'static str,
    /// How to mend it, or what would let it be verified.
    pub(crate) fix: Option<String>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckOutcome {
    Pass,
    Fail,
    Unknown,
}

/// Something that kept a part of the input from being judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(crate) source: String,
    pub(crate) message: String,
}

#[cfg(test)]
mod tests;
