//! The report in the AWS Security Finding Format, ready for Security Hub's `BatchImportFindings`.

use std::collections::HashSet;
use std::io::{self, Write};

use trailseal_findings::{Finding, TrailResult, Written};

use super::identity::uid;
use super::lines;
use crate::report::{Report, TrailReport};

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let controls =
        report.controls.iter().map(|one| (one.publication.as_str(), one.number.as_str()));
    let written = Written::new(report.generated_at, &report.tool.version, controls);
    // A trail in several sources is one resource; its most severe finding comes first.
    let mut ids = HashSet::new();
    let findings = report.trails.iter().map(|trail| Finding::of(&result(trail), &written));
    lines(findings.filter(|finding| ids.insert(finding.id().to_owned())), out)
}

fn result(trail: &TrailReport) -> TrailResult<'_> {
    TrailResult {
        uid: uid(trail),
        account: &trail.account,
        region: &trail.region,
        resource_id: &trail.resource_id,
        arn: trail.arn.as_ref(),
        name: trail.name(),
        compliance: trail.compliance,
        unverified: trail.unverified,
        annotation: &trail.annotation,
        profile: trail.profile,
        is_deleted: trail.is_deleted(),
        not_evaluated: trail.not_evaluated.as_deref(),
        reason: trail.reason.as_deref(),
        key: trail.key.as_deref(),
        bucket: trail.bucket.as_deref(),
        checks: &trail.checks,
        skipped: &trail.skipped,
        created: trail.captured,
        source: &trail.source,
    }
}
