//! The findings of trails that were judged by their log files, against the published schemas.

use trailseal_rule::ComplianceType;

use crate::logs::report::LogsReport;
use crate::logs::tests::{history_report, hostile};
use crate::output::tests::schemas::findings_faults;
use crate::report::CheckOutcome;

/// A trail that failed.
fn failing() -> LogsReport {
    let mut report = history_report();
    for trail in &mut report.trails {
        trail.compliance = ComplianceType::NonCompliant;
        trail.check.outcome = CheckOutcome::Fail;
        trail.check.what = Some("the newest log file has SSE-S3".to_owned());
        trail.check.fix = Some("set its kmsKeyId".to_owned());
    }
    report
}

#[test]
fn each_format_of_findings_matches_its_published_schema() {
    let mut outcomes = Vec::new();
    for report in [history_report(), hostile(), failing()] {
        let findings = report.findings();
        outcomes.extend(findings.trails.iter().map(|trail| trail.checks[0].outcome));
        assert_eq!(findings_faults(&findings), [""; 0]);
    }
    assert_eq!(outcomes, [CheckOutcome::Pass, CheckOutcome::Unknown, CheckOutcome::Fail]);
}
