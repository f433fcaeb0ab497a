//! The report as `JUnit` XML, for CI: a suite for each account and Region, a case for each check of
//! each trail.
//!
//! A failed check is a failure. A check that could not be verified and input that could not be
//! evaluated are errors, so a partial report never passes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use trailseal_rule::TrailArn;

use super::bounded;
use crate::report::{
    AccountReport, CheckOutcome, CheckReport, ExemptionReport, Report, TrailReport, TrailState,
};

/// The most bytes of a name or a message.
const TEXT_BYTES_MAX: usize = 4096;

/// Characters of a time: the published schemas allow neither fractions nor a zone.
const SECONDS_END: usize = "2026-11-23T12:00:00".len();

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document::new("trailseal");
    document.set_time(Duration::ZERO);
    document.add_test_suites(suites(report));
    let text = document.to_string().map_err(io::Error::other)?;
    out.write_all(without_total_skipped(&text).as_bytes())
}

/// The published schemas allow the attribute `skipped` on a suite, but not on the root element.
fn without_total_skipped(text: &str) -> String {
    let (head, suites) = text.split_at(text.find("<testsuite ").unwrap_or(text.len()));
    let (before, rest) = head.split_once(" skipped=\"").unwrap_or((head, "\""));
    let (_, after) = rest.split_once('"').unwrap_or_default();
    format!("{before}{after}{suites}")
}

fn suites(report: &Report) -> Vec<TestSuite> {
    let mut places: BTreeMap<(&str, &str), Vec<TestCase>> = BTreeMap::new();
    for trail in &report.trails {
        let place = places.entry((trail.account.as_str(), trail.region.as_str())).or_default();
        place.extend(cases_of_trail(trail));
    }
    for account in &report.accounts {
        for (region, case) in cases_without_trails(account) {
            places.entry((&account.id, region)).or_default().push(case);
        }
    }
    let mut suites = Vec::new();
    let problems = cases_of_problems(report);
    if !problems.is_empty() {
        suites.push(suite("problems", problems));
    }
    let of_exemption = |one| exemption(report, one);
    let exemptions: Vec<TestCase> = report.exemptions.iter().filter_map(of_exemption).collect();
    if !exemptions.is_empty() {
        suites.push(suite("exemptions", exemptions));
    }
    for ((account, region), cases) in places {
        suites.push(suite(&format!("{account} {region}"), cases));
    }
    let generated = report.generated_at.to_string();
    let timestamp = generated.get(..SECONDS_END).unwrap_or(&generated);
    for (number, suite) in suites.iter_mut().enumerate() {
        let members = [
            ("timestamp", timestamp.to_owned()),
            ("hostname", "localhost".to_owned()),
            ("package", "trailseal".to_owned()),
            ("id", number.to_string()),
        ];
        suite.extra.extend(members.map(|(name, value)| (name.into(), value.into())));
    }
    suites
}

fn suite(name: &str, cases: Vec<TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(bounded(name, TEXT_BYTES_MAX));
    suite.set_time(Duration::ZERO);
    suite.add_test_cases(cases);
    suite
}

fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(bounded(name, TEXT_BYTES_MAX), status);
    case.set_classname(bounded(class, TEXT_BYTES_MAX));
    case.set_time(Duration::ZERO);
    case
}

fn cases_of_trail(trail: &TrailReport) -> Vec<TestCase> {
    if trail.checks.is_empty() {
        return vec![case_without_checks(trail)];
    }
    let judged = |check| case(&trail.resource_id, &name(check), status(trail, check));
    let skipped = trail.skipped.iter().map(|check| {
        let mut status = TestCaseStatus::skipped();
        status.set_type("skipped");
        status.set_message("skipped by the parameter skipChecks");
        case(&trail.resource_id, check, status)
    });
    trail.checks.iter().map(judged).chain(skipped).collect()
}

/// The case of an account without trails, or of a trail that has no verdict. The suite `problems`
/// has the error of a trail that was not evaluated.
fn case_without_checks(trail: &TrailReport) -> TestCase {
    let state = trail.state();
    let (mut status, name) = match state {
        TrailState::NonCompliant => {
            (TestCaseStatus::non_success(NonSuccessKind::Failure), "has a trail")
        }
        TrailState::Compliant
        | TrailState::NotApplicable
        | TrailState::NotEvaluated
        | TrailState::Unverified => (TestCaseStatus::skipped(), "not judged"),
    };
    status.set_type(state.as_str());
    let why = trail.not_evaluated.as_ref().unwrap_or(&trail.annotation);
    status.set_message(bounded(why, TEXT_BYTES_MAX));
    case(&trail.resource_id, name, status)
}

fn name(check: &CheckReport) -> String {
    let known = trailseal_rule::CHECKS.iter().find(|known| known.id.as_str() == check.id);
    match known {
        Some(known) => format!("{}: {}", check.id, known.title),
        None => check.id.clone(),
    }
}

fn status(trail: &TrailReport, check: &CheckReport) -> TestCaseStatus {
    let (mut status, kind) = match check.outcome {
        CheckOutcome::Pass => return TestCaseStatus::success(),
        CheckOutcome::Fail => {
            (TestCaseStatus::non_success(NonSuccessKind::Failure), "non-compliant")
        }
        CheckOutcome::Unknown if trail.is_non_compliant() => {
            (TestCaseStatus::non_success(NonSuccessKind::Error), "unverified")
        }
        // With this value of `unverified`, this is not a finding.
        CheckOutcome::Unknown => (TestCaseStatus::skipped(), "unverified"),
    };
    status.set_type(kind);
    status.set_message(bounded(check.what.as_deref().unwrap_or_default(), TEXT_BYTES_MAX));
    status.set_description(description(trail, check));
    status
}

fn description(trail: &TrailReport, check: &CheckReport) -> String {
    let lines = [
        ("Found", check.what.as_deref()),
        ("Why it matters", Some(check.why.as_str())),
        ("How to fix it", check.fix.as_deref()),
        ("Profile", trail.profile.map(|profile| profile.as_str())),
        ("Trail", trail.arn.as_ref().map(TrailArn::as_str)),
        ("Key", trail.key.as_deref()),
        ("Source", Some(trail.source.as_str())),
    ];
    let lines = lines.into_iter().filter_map(|(name, text)| {
        let text = bounded(text?, TEXT_BYTES_MAX);
        Some(format!("{name}: {text}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The Regions without a trail. Failed reads of an account are among the problems.
fn cases_without_trails(account: &AccountReport) -> impl Iterator<Item = (&str, TestCase)> {
    let regions = account.regions.iter();
    regions.filter(|region| region.is_without_trail()).map(|region| {
        let mut status = TestCaseStatus::skipped();
        status.set_type("no trail");
        status.set_message("no trail is visible here");
        (region.region.as_str(), case(&account.id, "trails are visible", status))
    })
}

/// An exemption that expired or matches nothing.
fn exemption(report: &Report, exemption: &ExemptionReport) -> Option<TestCase> {
    let mut status = TestCaseStatus::skipped();
    status.set_type("exemption");
    status.set_message(bounded(&exemption.warning(report)?, TEXT_BYTES_MAX));
    Some(case(&exemption.pattern, "is in force and matches a trail", status))
}

/// The reasons why the report is partial.
fn cases_of_problems(report: &Report) -> Vec<TestCase> {
    let problem = |about: &str, message: &str| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("problem");
        status.set_message(bounded(message, TEXT_BYTES_MAX));
        case(about, "can be judged", status)
    };
    let problems = report.problems.iter();
    let mut cases: Vec<TestCase> =
        problems.map(|found| problem(&found.source, &found.message)).collect();
    cases.extend(report.interrupted().map(|one| problem(&one.source, &one.message)));
    cases.extend(
        report.not_evaluated().iter().map(|left_out| problem(left_out.trail, left_out.reason)),
    );
    if cases.is_empty() && !report.complete {
        cases.push(problem("trailseal", "the report is partial"));
    }
    cases
}
