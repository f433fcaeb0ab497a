//! The report as `JUnit` XML, for whatever shows the results of tests: a suite for each account
//! and Region, a case for each check of each trail.
//!
//! What was found broken is a failure; what could not be told is an error, be it a check that could
//! not be verified or a part of the input that could not be judged, so that a partial report is
//! never green.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::bounded;
use crate::report::{AccountReport, CheckOutcome, CheckReport, Report, TrailReport};

/// Bytes of a name or a message, at most.
const TEXT_BYTES_MAX: usize = 4096;

/// Digits of `2026-11-23T12:00:00`: the forms that are published know no fractions and no zone.
const SECONDS_END: usize = "2026-11-23T12:00:00".len();

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document::new("trailseal");
    document.set_time(Duration::ZERO);
    document.add_test_suites(suites(report));
    let mut text = Vec::new();
    document.serialize(&mut text).map_err(io::Error::other)?;
    out.write_all(&without_skipped_of_all(text))
}

/// The published forms know `skipped` of a suite, but not of all together.
fn without_skipped_of_all(mut text: Vec<u8>) -> Vec<u8> {
    const MEMBER: &[u8] = b" skipped=\"";
    let head = memchr::memmem::find(&text, b"<testsuites ");
    let begin = head.and_then(|head| {
        let found = memchr::memmem::find(text.get(head..)?, MEMBER)?;
        Some(head + found)
    });
    let end = begin.and_then(|begin| {
        let value = begin + MEMBER.len();
        Some(value + memchr::memchr(b'"', text.get(value..)?)? + 1)
    });
    if let (Some(begin), Some(end)) = (begin, end) {
        text.drain(begin..end);
    }
    text
}

fn suites(report: &Report) -> Vec<TestSuite> {
    let mut places: BTreeMap<(&str, &str), Vec<TestCase>> = BTreeMap::new();
    for trail in &report.trails {
        let place = places.entry((&trail.account, &trail.region)).or_default();
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
    for ((account, region), cases) in places {
        suites.push(suite(&format!("{account} {region}"), cases));
    }
    let timestamp = report.generated_at.get(..SECONDS_END).unwrap_or(&report.generated_at);
    for (number, suite) in suites.iter_mut().enumerate() {
        let members = [
            ("timestamp", bounded(timestamp, TEXT_BYTES_MAX)),
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
        // An account that has no trail and should is found broken without a check.
        let (mut status, kind, name) = if trail.compliance == "NON_COMPLIANT" {
            let failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
            (failure, "non-compliant", "has a trail")
        } else {
            (TestCaseStatus::skipped(), "not applicable", "not judged")
        };
        status.set_type(kind);
        status.set_message(bounded(&trail.annotation, TEXT_BYTES_MAX));
        return vec![case(&trail.resource_id, name, status)];
    }
    let told = |check| case(&trail.resource_id, &name(check), status(trail, check));
    let skipped = trail.skipped.iter().map(|check| {
        let mut status = TestCaseStatus::skipped();
        status.set_type("skipped");
        status.set_message("skipped by the parameter skipChecks");
        case(&trail.resource_id, check, status)
    });
    trail.checks.iter().map(told).chain(skipped).collect()
}

/// The check, and what holds where it passes.
fn name(check: &CheckReport) -> String {
    let known = trailseal_rule::CHECKS.iter().find(|known| known.id.as_str() == check.id);
    match known {
        Some(known) => format!("{}: {}", check.id, known.sentence),
        None => check.id.clone(),
    }
}

fn status(trail: &TrailReport, check: &CheckReport) -> TestCaseStatus {
    let counts = trail.compliance == "NON_COMPLIANT";
    let (mut status, kind) = match check.outcome {
        CheckOutcome::Pass => return TestCaseStatus::success(),
        CheckOutcome::Fail => {
            (TestCaseStatus::non_success(NonSuccessKind::Failure), "non-compliant")
        }
        CheckOutcome::Unknown if counts => {
            (TestCaseStatus::non_success(NonSuccessKind::Error), "unverified")
        }
        // The user's own word: what is unverified is no finding.
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
        ("Profile", trail.profile.as_deref()),
        ("Trail", trail.arn.as_deref()),
        ("Key", trail.key.as_deref()),
        ("Seen in", Some(trail.source.as_str())),
    ];
    let lines = lines.into_iter().filter_map(|(name, text)| {
        let text = bounded(text?, TEXT_BYTES_MAX);
        Some(format!("{name}: {text}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The Regions without a trail. What could not be asked of an account is among the problems.
fn cases_without_trails(account: &AccountReport) -> impl Iterator<Item = (&str, TestCase)> {
    let regions = account.regions.iter();
    let without = regions.filter(|region| region.trails == 0 && region.problem.is_none());
    without.map(|region| {
        let mut status = TestCaseStatus::skipped();
        status.set_type("no trail");
        status.set_message("no trail is visible here");
        (region.region.as_str(), case(&account.id, "trails are visible", status))
    })
}

/// What keeps the report from being whole.
fn cases_of_problems(report: &Report) -> Vec<TestCase> {
    let problem = |about: &str, message: &str| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("problem");
        status.set_message(bounded(message, TEXT_BYTES_MAX));
        case(about, "can be judged", status)
    };
    let problems = report.problems.iter();
    let mut cases: Vec<TestCase> =
        problems.map(|told| problem(&told.source, &told.message)).collect();
    cases.extend(
        report.not_evaluated().iter().map(|left_out| problem(left_out.trail, left_out.reason)),
    );
    if cases.is_empty() && !report.complete {
        cases.push(problem("trailseal", "the report is partial"));
    }
    cases
}
