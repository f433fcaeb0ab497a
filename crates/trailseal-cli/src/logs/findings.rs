//! The trails as a report of `check`, for the formats of findings and for the exit code.

use std::collections::BTreeMap;

use trailseal_rule::{CIS_CONTROLS, Control, RELATED_CONTROLS};

use super::report::{LogsReport, TrailLogs};
use crate::report::{CheckReport, ControlNumber, REPORT_VERSION, Report, Summary, TrailReport};

impl LogsReport {
    /// A report with the trails of the command line and one check each.
    pub(super) fn findings(&self) -> Report {
        let trails: Vec<TrailReport> = self.trails.iter().map(TrailLogs::finding).collect();
        let number = |control: &Control| ControlNumber {
            publication: control.publication.to_owned(),
            number: control.number.to_owned(),
        };
        Report {
            version: REPORT_VERSION,
            tool: self.tool.clone(),
            generated_at: self.generated_at,
            run: Some(self.run.clone()),
            inputs: Vec::new(),
            complete: self.complete,
            summary: Summary::of(&trails, &[]),
            parameters: BTreeMap::new(),
            exemptions: Vec::new(),
            controls: CIS_CONTROLS.iter().chain(&RELATED_CONTROLS).map(number).collect(),
            trails,
            accounts: Vec::new(),
            problems: self.problems.clone(),
        }
    }
}

impl TrailLogs {
    /// The trail with its one check.
    pub(super) fn finding(&self) -> TrailReport {
        let CheckReport { what, fix, .. } = &self.check;
        let annotation = match (what, fix) {
            (Some(what), Some(fix)) => format!("{what}. Fix: {fix}"),
            (Some(what), None) => what.clone(),
            (None, _) => "its newest log files are encrypted with its key".to_owned(),
        };
        TrailReport {
            resource_id: self.arn.name().to_owned(),
            arn: Some(self.arn.clone()),
            account: self.account.clone(),
            region: self.region.clone(),
            compliance: self.compliance,
            unverified: self.unverified,
            annotation,
            profile: None,
            not_evaluated: None,
            key: self.key.clone(),
            bucket: self.bucket.as_ref().map(ToString::to_string),
            copy: Some(false),
            reason: None,
            notes: self.notes.clone(),
            checks: vec![self.check.clone()],
            skipped: Vec::new(),
            evidence: None,
            captured: None,
            read_at: None,
            declared: None,
            source: self.source(),
        }
    }

    /// The place of its files: `s3://BUCKET/PREFIX/`.
    fn source(&self) -> String {
        let bucket = self.bucket.as_ref().map_or("", |bucket| bucket.as_str());
        match self.prefix.as_str() {
            "" => format!("s3://{bucket}/"),
            prefix => format!("s3://{bucket}/{prefix}/"),
        }
    }
}

#[cfg(test)]
mod tests;
