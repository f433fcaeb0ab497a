//! What is reported: plain data, for people and programs alike.
//!
//! INVARIANT (decided elsewhere): every word on a trail comes from `trailseal_rule`; nothing here
//! turns one verdict into another.

mod coverage;
mod evidence;
mod judge;
mod read;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trailseal_rule::{Profile, TrailArn};

pub(crate) use evidence::{
    DeliveryReport, EvidenceReport, EvidenceValue, KeyReport, RotationReport,
};
pub(crate) use judge::{Rank, judge, judge_account_without_trails, judge_trail, report};
pub(crate) use read::read_report;

/// The version of the report's form; a change that could break a reader makes it the next one.
pub(crate) const REPORT_VERSION: u32 = 1;

/// The JSON Schema of the report.
pub(crate) const REPORT_SCHEMA: &str = include_str!("../schema/report-1.schema.json");

/// All that a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) version: u32,
    pub(crate) tool: Tool,
    pub(crate) generated_at: String,
    /// Whether every trail of the input was evaluated, and nothing kept it from being so.
    pub(crate) complete: bool,
    pub(crate) summary: Summary,
    /// The rule's parameters as they were given, not those of rule events.
    pub(crate) parameters: serde_json::Map<String, serde_json::Value>,
    pub(crate) controls: Vec<ControlNumber>,
    /// What failed first.
    pub(crate) trails: Vec<TrailReport>,
    /// The accounts that were asked; none where files were read.
    pub(crate) accounts: Vec<AccountReport>,
    pub(crate) problems: Vec<Problem>,
}

/// A trail that exists and was not evaluated in the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotEvaluated<'a> {
    /// Its ARN, or the ID under which AWS Config knows it.
    pub(crate) trail: &'a str,
    pub(crate) reason: &'a str,
    /// Where it was seen first.
    pub(crate) source: &'a str,
}

impl Report {
    /// Whether everything in the input was evaluated.
    pub(crate) fn is_whole(&self) -> bool {
        self.problems.is_empty() && self.summary.not_evaluated == 0
    }

    /// The trails that were not evaluated, each once, in the order of their names.
    pub(crate) fn not_evaluated(&self) -> Vec<NotEvaluated<'_>> {
        let mut all: BTreeMap<&str, NotEvaluated<'_>> = BTreeMap::new();
        for trail in &self.trails {
            let Some(reason) = trail.not_evaluated.as_deref() else { continue };
            let name = trail.arn.as_deref().unwrap_or(&trail.resource_id);
            let new = NotEvaluated { trail: name, reason, source: &trail.source };
            all.entry(name).or_insert(new);
        }
        all.into_values().collect()
    }

    /// The profile of the run, which rule events can replace by their own.
    pub(crate) fn profile(&self) -> &str {
        let given = self.parameters.get("profile").and_then(serde_json::Value::as_str);
        given.filter(|given| !given.is_empty()).unwrap_or(Profile::Effective.as_str())
    }
}

/// The program that made the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// A control of a published benchmark that the rule answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ControlNumber {
    pub(crate) publication: String,
    pub(crate) number: String,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) trails: usize,
    pub(crate) non_compliant: usize,
    pub(crate) compliant: usize,
    pub(crate) not_applicable: usize,
    /// Those whose evidence could not be read, whatever they are reported as.
    pub(crate) unverified: usize,
    /// Those that exist and were not evaluated in this run, each once.
    #[serde(default)]
    pub(crate) not_evaluated: usize,
    pub(crate) files: usize,
    pub(crate) files_skipped: usize,
    /// Accounts that were asked.
    pub(crate) accounts: usize,
    /// Those of them where something could not be asked.
    pub(crate) accounts_with_problems: usize,
}

/// What is said of one trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrailReport {
    /// The id under which AWS Config knows it.
    pub(crate) resource_id: String,
    /// Nothing where only its end was seen.
    pub(crate) arn: Option<String>,
    pub(crate) account: String,
    pub(crate) region: String,
    /// As AWS Config writes it.
    pub(crate) compliance: String,
    /// Whether evidence could not be read.
    pub(crate) unverified: bool,
    /// What AWS Config would show.
    pub(crate) annotation: String,
    /// The profile by which it was judged; nothing where it was not.
    #[serde(default)]
    pub(crate) profile: Option<String>,
    /// Why the trail was evaluated nowhere in this run, though it exists.
    #[serde(default)]
    pub(crate) not_evaluated: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) bucket: Option<String>,
    /// Why it was not judged.
    pub(crate) reason: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) checks: Vec<CheckReport>,
    /// The checks that `skipChecks` left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) skipped: Vec<String>,
    /// What was known of its key and bucket; nothing where it was not judged.
    pub(crate) evidence: Option<EvidenceReport>,
    /// When AWS Config captured it.
    pub(crate) captured: Option<String>,
    /// Where it was seen.
    pub(crate) source: String,
}

impl TrailReport {
    /// The ARN of a trail of which only a copy was seen here, which was not judged: a shadow copy,
    /// or a member account's copy of an organization trail.
    pub(crate) fn copy_of(&self) -> Option<TrailArn> {
        let arn = TrailArn::parse(self.arn.as_deref()?).ok()?;
        let is_copy =
            arn.owner().as_str() != self.account || arn.home_region().as_str() != self.region;
        (is_copy && self.reason.is_some()).then_some(arn)
    }

    /// Whether it is said of an account and Region in which no trail is visible.
    pub(crate) fn is_of_account(&self) -> bool {
        self.arn.is_none() && self.resource_id == self.account
    }

    /// Whether the trail is gone, so that only its end was seen.
    pub(crate) fn is_gone(&self) -> bool {
        self.arn.is_none() && !self.is_of_account()
    }
}

/// What one check answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CheckReport {
    pub(crate) id: String,
    pub(crate) outcome: CheckOutcome,
    /// What was found, or why it could not be verified.
    pub(crate) what: Option<String>,
    /// Why the check matters.
    pub(crate) why: String,
    /// How to mend it, or what would let it be verified.
    pub(crate) fix: Option<String>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckOutcome {
    Pass,
    Fail,
    Unknown,
}

/// An account that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountReport {
    pub(crate) id: String,
    /// Its name in the organization, where that was told.
    pub(crate) name: Option<String>,
    /// Why nothing could be asked there.
    pub(crate) problem: Option<String>,
    /// Why it was left out on purpose.
    #[serde(default)]
    pub(crate) left_out: Option<String>,
    /// The Regions that were asked, or were to be asked.
    pub(crate) regions: Vec<RegionReport>,
}

impl AccountReport {
    /// Whether something could not be asked there.
    pub(crate) fn has_problem(&self) -> bool {
        self.problem.is_some() || self.regions.iter().any(|region| region.problem.is_some())
    }
}

/// A Region of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RegionReport {
    pub(crate) region: String,
    /// How many trails are visible there, copies included.
    pub(crate) trails: usize,
    /// Why it could not be said which trails there are.
    pub(crate) problem: Option<String>,
}

/// Something that kept a part of the input from being judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) source: String,
    pub(crate) message: String,
}

#[cfg(test)]
pub(crate) mod tests;
