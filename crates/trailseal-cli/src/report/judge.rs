//! From what was seen to what is reported.

use serde_json::{Map, Value};
use trailseal_rule::{
    CHECKS, CIS_CONTROLS, CheckResult, ComplianceType, Evaluation, Outcome, Parameters, Setting,
    Timestamp, TrailGone, Verdict, evaluate,
};

use super::evidence::EvidenceReport;
use super::{
    CheckOutcome, CheckReport, ControlNumber, Problem, REPORT_VERSION, Report, Summary, Tool,
    TrailReport,
};
use crate::evidence::Evidence;
use crate::newest::Sighting;
use crate::seen::{Presence, Seen, SeenTrail};

/// Judges every trail; `names` are the sources, in the order in which sightings count them.
pub(crate) fn judge(
    seen: &Seen,
    names: &[String],
    parameters: &Parameters,
    given: Map<String, Value>,
    now: Timestamp,
) -> Report {
    let name = |source: usize| names.get(source).cloned().unwrap_or_default();
    let mut trails: Vec<(Rank, TrailReport)> = seen
        .trails
        .iter()
        .map(|(_, sighting, trail)| {
            let parameters = trail.parameters.as_deref().unwrap_or(parameters);
            let setting = Setting { parameters, now };
            judge_one(trail, sighting, &seen.evidence, &setting, name(sighting.source))
        })
        .collect();
    let place = |trail: &TrailReport| {
        let TrailReport { account, region, resource_id, arn, source, .. } = trail;
        (account.clone(), region.clone(), resource_id.clone(), arn.clone(), source.clone())
    };
    trails.sort_by_cached_key(|(rank, trail)| (*rank, place(trail)));
    let trails: Vec<TrailReport> = trails.into_iter().map(|(_, trail)| trail).collect();
    let problems: Vec<Problem> = seen
        .complaints
        .iter()
        .map(|complaint| Problem {
            source: name(complaint.source),
            message: complaint.message.clone(),
        })
        .collect();
    Report {
        version: REPORT_VERSION,
        tool: Tool { name: "trailseal", version: env!("CARGO_PKG_VERSION") },
        generated_at: now.to_string(),
        complete: problems.is_empty(),
        summary: summary(&trails),
        parameters: given,
        controls: CIS_CONTROLS
            .iter()
            .map(|control| ControlNumber {
                publication: control.publication,
                number: control.number,
            })
            .collect(),
        trails,
        problems,
    }
}

/// The order of the report: what must be mended first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Broken,
    Unverified,
    Sealed,
    NotApplicable,
}

impl Rank {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Broken(_) => Self::Broken,
            Verdict::Unverified(_) => Self::Unverified,
            Verdict::Sealed(_) => Self::Sealed,
            Verdict::NotApplicable(_) => Self::NotApplicable,
        }
    }
}

fn judge_one(
    seen: &SeenTrail,
    sighting: &Sighting,
    evidence: &Evidence,
    setting: &Setting<'_>,
    source: String,
) -> (Rank, TrailReport) {
    let ordering = sighting.captured.unwrap_or(setting.now);
    let SeenTrail { resource_id, account, region, presence, .. } = seen;
    let blank = |evaluation: &Evaluation| TrailReport {
        resource_id: resource_id.as_str().to_owned(),
        arn: None,
        account: account.to_string(),
        region: region.to_string(),
        compliance: evaluation.compliance.as_str(),
        unverified: evaluation.is_unverified,
        annotation: evaluation.annotation.to_string(),
        key: None,
        bucket: None,
        reason: None,
        notes: Vec::new(),
        checks: Vec::new(),
        evidence: None,
        captured: sighting.captured.map(|captured| captured.to_string()),
        source: source.clone(),
    };
    let trail = match presence {
        Presence::There(trail) => trail,
        Presence::Gone(why) => {
            let resource_id = resource_id.clone();
            let gone = TrailGone { resource_id, captured: ordering, why };
            let blank = blank(&Evaluation::of_gone_trail(&gone));
            let reason = Some((*why).to_owned());
            return (Rank::NotApplicable, TrailReport { reason, ..blank });
        }
    };
    let facts = evidence.facts(setting, trail);
    let judgement = evaluate(setting, trail, &facts);
    let when_unverified = setting.parameters.unverified;
    let evaluation =
        Evaluation::of_trail(resource_id.clone(), &judgement, when_unverified, ordering);
    let reason = match &judgement.verdict {
        Verdict::NotApplicable(why) => Some(why.clone()),
        Verdict::Sealed(_) | Verdict::Broken(_) | Verdict::Unverified(_) => None,
    };
    let report = TrailReport {
        arn: Some(trail.arn.to_string()),
        key: trail.key.as_ref().map(ToString::to_string),
        bucket: trail.bucket.as_ref().map(ToString::to_string),
        checks: judgement.verdict.results().iter().map(check).collect(),
        evidence: reason.is_none().then(|| EvidenceReport::of(&facts)),
        reason,
        notes: judgement.notes,
        ..blank(&evaluation)
    };
    (Rank::of(&judgement.verdict), report)
}

fn check(result: &CheckResult) -> CheckReport {
    let (outcome, what, fix) = match &result.outcome {
        Outcome::Pass => (CheckOutcome::Pass, None, None),
        Outcome::Fail(finding) => (CheckOutcome::Fail, Some(&finding.what), Some(&finding.fix)),
        Outcome::Unknown(unverified) => {
            (CheckOutcome::Unknown, Some(&unverified.why), Some(&unverified.advice))
        }
    };
    let known = CHECKS.iter().find(|known| known.id == result.check);
    CheckReport {
        id: result.check.as_str(),
        outcome,
        what: what.cloned(),
        why: known.map_or("", |known| known.why),
        fix: fix.cloned(),
    }
}

fn summary(trails: &[TrailReport]) -> Summary {
    let count = |wanted: ComplianceType| {
        trails.iter().filter(|trail| trail.compliance == wanted.as_str()).count()
    };
    Summary {
        trails: trails.len(),
        non_compliant: count(ComplianceType::NonCompliant),
        compliant: count(ComplianceType::Compliant),
        not_applicable: count(ComplianceType::NotApplicable),
        unverified: trails.iter().filter(|trail| trail.unverified).count(),
        ..Summary::default()
    }
}
