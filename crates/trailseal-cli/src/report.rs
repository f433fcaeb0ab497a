//! The report: one typed document, from the rule's verdicts to the last formatter.
//!
//! INVARIANT (decided elsewhere): every verdict comes from `trailseal_rule`; nothing here changes
//! one.

mod contradictions;
mod coverage;
mod declared;
mod evidence;
mod exemptions;
mod judge;
mod log_files;
mod read;
mod run;
mod scope;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trailseal_rule::{
    AccountId, CheckId, ComplianceType, Profile, Region, Timestamp, TrailArn, TrailGone,
};

pub(crate) use declared::{DeclaredReport, PlaceReport, RelatedReport};
pub(crate) use evidence::{EvidenceReport, ReportedReading, RotationReport};
pub(crate) use exemptions::ExemptionReport;
#[cfg(test)]
pub(crate) use exemptions::ExemptionState;
pub(crate) use judge::{
    Rank, judge, judge_account_without_trails, judge_trail, judged_trail, report,
};
pub(crate) use log_files::LogFilesReport;
pub(crate) use read::{parse_report, read_report, report_name, report_text};
pub(crate) use run::{CallerReport, CommandLine, FileDigest, Run};
pub(crate) use scope::AccountStatus;
pub(crate) use trailseal_findings::{CheckOutcome, CheckReport, TrailState};

/// The version of the report's JSON form. A change that could break a reader increments it.
pub(crate) const REPORT_VERSION: u32 = 1;

pub(crate) const REPORT_SCHEMA: &str = include_str!("../schema/report-1.schema.json");

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) version: u32,
    pub(crate) tool: Tool,
    pub(crate) generated_at: Timestamp,
    /// How the report was made; absent in reports of 0.1.0.
    #[serde(default)]
    pub(crate) run: Option<Run>,
    /// The files that `check` read.
    #[serde(default)]
    pub(crate) inputs: Vec<FileDigest>,
    /// Whether every trail of the input was evaluated, without problems.
    pub(crate) complete: bool,
    pub(crate) summary: Summary,
    /// The rule's parameters as given to this run, without those of rule events.
    pub(crate) parameters: BTreeMap<String, String>,
    /// The exemptions of this run, without those of rule events.
    #[serde(default)]
    pub(crate) exemptions: Vec<ExemptionReport>,
    pub(crate) controls: Vec<ControlNumber>,
    /// Failing trails first.
    pub(crate) trails: Vec<TrailReport>,
    /// The audited accounts; empty if the input was files.
    pub(crate) accounts: Vec<AccountReport>,
    pub(crate) problems: Vec<Problem>,
}

/// A trail that exists and was not evaluated in this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotEvaluated<'a> {
    /// Its ARN, or its resource ID in AWS Config.
    pub(crate) trail: &'a str,
    pub(crate) reason: &'a str,
    /// The source that names it first.
    pub(crate) source: &'a str,
}

/// A trail that headlines count once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountedTrail<'a> {
    /// Its own result; absent if only copies of it were seen.
    pub(crate) own: Option<&'a TrailReport>,
    /// The result that counts: its own, or a copy's, which can be of another account.
    pub(crate) result: &'a TrailReport,
}

impl Report {
    /// Whether everything in the input was evaluated.
    pub(crate) fn is_whole(&self) -> bool {
        self.problems.is_empty() && self.summary.not_evaluated == 0
    }

    /// Whether nothing that was named could be read, such as a file whose name has a typing error.
    pub(crate) fn is_of_nothing(&self) -> bool {
        let Summary { files, accounts, trails, .. } = self.summary;
        !self.complete && files == 0 && accounts == 0 && trails == 0
    }

    /// The trails that were not evaluated, each once, sorted by name.
    pub(crate) fn not_evaluated(&self) -> Vec<NotEvaluated<'_>> {
        not_evaluated(&self.trails)
    }

    /// What to do about exemptions that expired or match nothing.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        self.exemptions.iter().filter_map(|exemption| exemption.warning(self))
    }

    /// The results of trails, without accounts that have no trail and without copies. A copy counts
    /// only if its trail was not evaluated: once, in place of all better results of the trail.
    pub(crate) fn own_trails(&self) -> Vec<&TrailReport> {
        let mut copied = BTreeSet::new();
        let results = self.counted_trails().into_iter().map(|trail| trail.result);
        results
            .filter(|result| result.kind() != Kind::Copy || copied.insert(result.home()))
            .collect()
    }

    /// The trails of [`Self::own_trails`], each result of a trail with the one that counts.
    pub(crate) fn counted_trails(&self) -> Vec<CountedTrail<'_>> {
        let copies = self.open_copies();
        let mut open: BTreeMap<_, &TrailReport> = copies.map(|copy| (copy.home(), copy)).collect();
        let of_trails = self.of_kind(Kind::Trail).map(|trail| {
            let copy = open.get(&trail.home()).filter(|copy| trail.state() < copy.state());
            CountedTrail { own: Some(trail), result: copy.copied().unwrap_or(trail) }
        });
        let mut counted: Vec<CountedTrail<'_>> = of_trails.collect();
        for trail in self.of_kind(Kind::Trail) {
            open.remove(&trail.home());
        }
        counted.extend(open.into_values().map(|copy| CountedTrail { own: None, result: copy }));
        counted
    }

    /// The copies whose trail was not evaluated.
    pub(crate) fn open_copies(&self) -> impl Iterator<Item = &TrailReport> {
        self.of_kind(Kind::Copy).filter(|copy| copy.state() == TrailState::NotEvaluated)
    }

    /// The results that are counted: those of trails, and of accounts without one.
    pub(crate) fn own_results(&self) -> Vec<&TrailReport> {
        self.own_trails().into_iter().chain(self.of_kind(Kind::Account)).collect()
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &TrailReport> {
        self.trails.iter().filter(move |trail| trail.kind() == kind)
    }

    pub(crate) fn copies(&self) -> usize {
        self.of_kind(Kind::Copy).count()
    }

    /// The accounts and Regions without a trail that `noTrails` reports:
    /// `2 accounts have no trail in 6 Regions`.
    pub(crate) fn without_trails(&self) -> Option<String> {
        let results: Vec<&TrailReport> = self.of_kind(Kind::Account).collect();
        let accounts: BTreeSet<&str> = results.iter().map(|trail| trail.account.as_str()).collect();
        let (accounts, verb) = match accounts.len() {
            0 => return None,
            1 => ("1 account".to_owned(), "has"),
            more => (format!("{more} accounts"), "have"),
        };
        let regions = results.len();
        let plural = if regions == 1 { "" } else { "s" };
        Some(format!("{accounts} {verb} no trail in {regions} Region{plural}"))
    }

    /// The profile of the run. A rule event can set another one for its trail.
    pub(crate) fn profile(&self) -> &str {
        let given = self.parameters.get("profile").filter(|given| !given.is_empty());
        given.map_or(Profile::default().as_str(), String::as_str)
    }
}

fn not_evaluated(trails: &[TrailReport]) -> Vec<NotEvaluated<'_>> {
    let mut all: BTreeMap<&str, NotEvaluated<'_>> = BTreeMap::new();
    for trail in trails {
        let Some(reason) = trail.not_evaluated.as_deref() else { continue };
        let new = NotEvaluated { trail: trail.arn_or_id(), reason, source: &trail.source };
        all.entry(new.trail).or_insert(new);
    }
    all.into_values().collect()
}

/// The program that wrote the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Tool {
    /// This program.
    pub(crate) fn this() -> Self {
        Self { name: "trailseal".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// A control of a published benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ControlNumber {
    pub(crate) publication: String,
    pub(crate) number: String,
}

/// The counts of a report. Trails include copies; headlines and shares are of trails without them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) trails: usize,
    pub(crate) non_compliant: usize,
    pub(crate) compliant: usize,
    pub(crate) not_applicable: usize,
    /// Trails with unreadable evidence. Each is also counted under its compliance type.
    pub(crate) unverified: usize,
    /// Trails that exist and were not evaluated in this run, each counted once.
    #[serde(default)]
    pub(crate) not_evaluated: usize,
    /// Copies of trails that are evaluated in their home Region, in the account that owns them.
    #[serde(default)]
    pub(crate) copies: usize,
    pub(crate) files: usize,
    pub(crate) files_skipped: usize,
    pub(crate) accounts: usize,
    /// Audited accounts in which a read failed.
    pub(crate) accounts_with_problems: usize,
}

impl Summary {
    /// The counts of trails and accounts; those of files are zero.
    pub(crate) fn of(trails: &[TrailReport], accounts: &[AccountReport]) -> Self {
        let count = |is_counted: &dyn Fn(&TrailReport) -> bool| {
            trails.iter().filter(|trail| is_counted(trail)).count()
        };
        let of = |wanted| count(&|trail| trail.compliance == wanted);
        Self {
            trails: trails.len(),
            non_compliant: of(ComplianceType::NonCompliant),
            compliant: of(ComplianceType::Compliant),
            not_applicable: of(ComplianceType::NotApplicable),
            unverified: count(&|trail| trail.unverified),
            not_evaluated: not_evaluated(trails).len(),
            copies: count(&TrailReport::is_copy),
            accounts: accounts.len(),
            accounts_with_problems: accounts.iter().filter(|account| account.has_problem()).count(),
            ..Self::default()
        }
    }
}

/// What a result is about. Headlines and shares count trails only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Trail,
    /// A copy of a trail that is evaluated elsewhere.
    Copy,
    /// An account without a trail, which `noTrails` reports.
    Account,
}

/// The result for one trail, or for an account without trails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrailReport {
    /// Its resource ID in AWS Config.
    pub(crate) resource_id: String,
    /// Absent if the trail was deleted, and for an account without trails.
    pub(crate) arn: Option<TrailArn>,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) compliance: ComplianceType,
    /// Whether evidence could not be read.
    pub(crate) unverified: bool,
    /// The annotation of the evaluation in AWS Config.
    pub(crate) annotation: String,
    /// The profile of the evaluation; absent without an evaluation.
    #[serde(default)]
    pub(crate) profile: Option<Profile>,
    /// Why the trail was not evaluated in this run although it exists.
    #[serde(default)]
    pub(crate) not_evaluated: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) bucket: Option<String>,
    /// Whether this is a copy, as the rule says: a shadow trail, or a member account's copy of an
    /// organization trail. `None` only while a report of 0.1.0 is read.
    #[serde(default)]
    pub(crate) copy: Option<bool>,
    /// Why the rule does not evaluate the trail.
    pub(crate) reason: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) checks: Vec<CheckReport>,
    /// The checks that `skipChecks` left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) skipped: Vec<String>,
    /// The evidence on its key and bucket; absent without an evaluation.
    pub(crate) evidence: Option<EvidenceReport>,
    /// When AWS Config captured the trail.
    pub(crate) captured: Option<Timestamp>,
    /// When the audit read the trail from CloudTrail.
    #[serde(default)]
    pub(crate) read_at: Option<Timestamp>,
    /// Where a document declares the trail, if `preview` judged it before it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) declared: Option<DeclaredReport>,
    /// The file that contains the trail, or `aws/ACCOUNT/REGION/cloudtrail/NAME`.
    pub(crate) source: String,
}

impl TrailReport {
    /// Its state, which every format shows.
    pub(crate) fn state(&self) -> TrailState {
        TrailState::of(self.compliance, self.unverified, self.not_evaluated.as_deref())
    }

    /// The owner, home Region and name of the trail; a copy has those of the trail that it copies.
    pub(crate) fn home(&self) -> (&AccountId, &Region, &str) {
        match &self.arn {
            Some(arn) => (arn.owner(), arn.home_region(), arn.name()),
            None => (&self.account, &self.region, self.name()),
        }
    }

    pub(crate) fn is_non_compliant(&self) -> bool {
        self.compliance == ComplianceType::NonCompliant
    }

    /// Its ARN, or its resource ID in AWS Config.
    pub(crate) fn arn_or_id(&self) -> &str {
        self.arn.as_ref().map_or(&self.resource_id, TrailArn::as_str)
    }

    /// Its name, without account and Region; the logical ID or address of one that does not exist yet.
    pub(crate) fn name(&self) -> &str {
        if let Some(declared) = &self.declared {
            return &declared.address;
        }
        let id = self.resource_id.as_str();
        let of_id = || id.rsplit_once(":trail/").map_or(id, |(_, name)| name);
        self.arn.as_ref().map_or_else(of_id, TrailArn::name)
    }

    /// The checks that failed or could not be verified.
    pub(crate) fn open_checks(&self) -> impl Iterator<Item = &CheckReport> + Clone {
        self.checks.iter().filter(|check| check.outcome != CheckOutcome::Pass)
    }

    /// The trail's ARN if this is a copy that was not evaluated.
    pub(crate) fn copy_of(&self) -> Option<&TrailArn> {
        let is_evaluated = self.compliance != ComplianceType::NotApplicable;
        let is_copy = self.is_copy_of_any_kind() && !is_evaluated && self.reason.is_some();
        is_copy.then_some(self.arn.as_ref()?)
    }

    /// Whether this is a copy that was not evaluated. Headlines and shares leave it out.
    pub(crate) fn is_copy(&self) -> bool {
        self.copy_of().is_some()
    }

    /// Whether this is a result of `logs`, which evaluates that check only.
    pub(crate) fn is_about_log_files(&self) -> bool {
        let is_of_logs = |check: &CheckReport| check.id == CheckId::LogFilesSealed.as_str();
        !self.checks.is_empty() && self.checks.iter().all(is_of_logs)
    }

    /// What the result is about.
    pub(crate) fn kind(&self) -> Kind {
        if self.is_of_account() {
            Kind::Account
        } else if self.is_copy() {
            Kind::Copy
        } else {
            Kind::Trail
        }
    }

    /// Whether its ARN names another account or Region than the one that shows it.
    pub(crate) fn is_elsewhere(&self) -> bool {
        let is_foreign = |arn: &TrailArn| *arn.owner() != self.account;
        self.is_shadow() || self.arn.as_ref().is_some_and(is_foreign)
    }

    fn is_shadow(&self) -> bool {
        self.arn.as_ref().is_some_and(|arn| *arn.home_region() != self.region)
    }

    /// Whether this is a copy, evaluated or not. A report of 0.1.0 does not say it: the ARN does,
    /// except for a trail that was evaluated as the account's own although its ARN names another account.
    pub(crate) fn is_copy_of_any_kind(&self) -> bool {
        let by_arn = || self.is_shadow() || self.is_elsewhere() && self.checks.is_empty();
        self.copy.unwrap_or_else(by_arn)
    }

    /// Whether this is about an account and Region without a visible trail.
    pub(crate) fn is_of_account(&self) -> bool {
        trailseal_findings::is_of_account(self.arn.as_ref(), &self.resource_id, &self.account)
    }

    /// Whether the trail was deleted, or left the rule's scope.
    pub(crate) fn is_gone(&self) -> bool {
        self.arn.is_none() && !self.is_of_account()
    }

    /// Whether AWS Config says that the trail was deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        self.is_gone() && self.reason.as_deref() == Some(TrailGone::DELETED)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountReport {
    pub(crate) id: String,
    /// Its name in the organization, if known.
    pub(crate) name: Option<String>,
    /// Why nothing in the account could be read.
    pub(crate) problem: Option<String>,
    /// Why the account was left out on purpose.
    #[serde(default)]
    pub(crate) left_out: Option<String>,
    /// Whether the audit was interrupted before the account was done.
    #[serde(default)]
    pub(crate) interrupted: bool,
    pub(crate) regions: Vec<RegionReport>,
}

impl AccountReport {
    /// Whether a read failed in the account.
    pub(crate) fn has_problem(&self) -> bool {
        self.problem.is_some() || self.regions.iter().any(|region| region.problem.is_some())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RegionReport {
    pub(crate) region: String,
    /// The number of visible trails, including copies.
    pub(crate) trails: usize,
    /// Why the trails could not be listed.
    pub(crate) problem: Option<String>,
}

impl RegionReport {
    /// Whether the Region was read and no trail is visible in it.
    pub(crate) fn is_without_trail(&self) -> bool {
        self.trails == 0 && self.problem.is_none()
    }
}

/// A part of the input that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) source: String,
    pub(crate) message: String,
}

#[cfg(test)]
pub(crate) mod tests;
