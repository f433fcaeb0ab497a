//! Each format against its published schema, with everything that a report can contain.

pub(crate) mod schemas;
mod states;
mod xsd;

use serde_json::Value;
use trailseal_rule::{AccountId, ComplianceType, Profile, Region, Timestamp, TrailArn};

use super::*;
use crate::report::{
    AccountReport, CallerReport, CheckOutcome, CheckReport, ControlNumber, ExemptionReport,
    ExemptionState, FileDigest, Problem, RegionReport, Report, Run, Summary, Tool, TrailReport,
};

/// Hostile names of trails and keys.
pub(crate) const HOSTILE: [&str; 10] = [
    "]]>",
    "<script>alert(1)</script>&amp;\"'",
    "\u{0}\u{1}\u{8}\u{b}\u{1b}[31m\u{7f}\u{9b}\u{fffe}\u{ffff}",
    "=cmd|' /C calc'!A0",
    "\t=1+1\r\n+2",
    "名前 🔑 naïve \u{202e}moc",
    " \u{3000} ",
    "",
    "a/b?c#d%e:f\\g",
    "{\"{{0}}\": [1]}",
];

pub(crate) fn trail(name: &str) -> TrailReport {
    TrailReport {
        resource_id: name.to_owned(),
        arn: arn(&format!("arn:aws:cloudtrail:eu-central-1:111122223333:trail/{name}")),
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
        compliance: ComplianceType::NonCompliant,
        unverified: false,
        annotation: "the key is disabled. Fix: enable the key".to_owned(),
        profile: Some(Profile::Effective),
        key: Some("arn:aws:kms:eu-central-1:111122223333:key/1234abcd".to_owned()),
        bucket: Some("logs".to_owned()),
        copy: Some(false),
        reason: None,
        not_evaluated: None,
        notes: Vec::new(),
        checks: vec![
            check("sse-kms-enabled", CheckOutcome::Pass),
            check("key-usable", CheckOutcome::Fail),
            check("key-in-bucket-region", CheckOutcome::Unknown),
        ],
        skipped: Vec::new(),
        evidence: None,
        captured: Some(Timestamp::parse("2026-11-23T10:00:00.000Z").unwrap()),
        read_at: None,
        declared: None,
        source: "snapshot.json".to_owned(),
    }
}

/// `None` if the name cannot be part of an ARN.
fn arn(text: &str) -> Option<TrailArn> {
    TrailArn::parse(text).ok()
}

pub(crate) fn check(id: &str, outcome: CheckOutcome) -> CheckReport {
    let is_open = outcome != CheckOutcome::Pass;
    CheckReport {
        id: id.to_owned(),
        outcome,
        what: is_open.then(|| format!("what {id} found")),
        why: format!("why {id} matters"),
        fix: is_open.then(|| format!("how to fix {id}")),
    }
}

pub(crate) fn report(trails: Vec<TrailReport>) -> Report {
    let controls = trailseal_rule::CIS_CONTROLS.iter().chain(&trailseal_rule::RELATED_CONTROLS);
    let number = |control: &trailseal_rule::Control| ControlNumber {
        publication: control.publication.to_owned(),
        number: control.number.to_owned(),
    };
    Report {
        version: 1,
        tool: Tool { name: "trailseal".to_owned(), version: "0.1.0".to_owned() },
        generated_at: Timestamp::parse("2026-11-23T12:00:00.000Z").unwrap(),
        run: None,
        inputs: Vec::new(),
        complete: true,
        summary: Summary::of(&trails, &[]),
        parameters: std::collections::BTreeMap::new(),
        exemptions: Vec::new(),
        controls: controls.map(number).collect(),
        trails,
        accounts: Vec::new(),
        problems: Vec::new(),
    }
}

/// A report with each verdict and each member.
pub(crate) fn full() -> Report {
    let sealed = TrailReport {
        compliance: ComplianceType::Compliant,
        checks: vec![check("sse-kms-enabled", CheckOutcome::Pass)],
        ..trail("sealed")
    };
    let unverified = TrailReport {
        unverified: true,
        checks: vec![check("key-usable", CheckOutcome::Unknown)],
        ..trail("unverified")
    };
    let accepted = TrailReport {
        compliance: ComplianceType::Compliant,
        ..TrailReport { resource_id: "accepted".to_owned(), ..unverified.clone() }
    };
    let gone = TrailReport {
        arn: None,
        compliance: ComplianceType::NotApplicable,
        annotation: "the trail was deleted".to_owned(),
        reason: Some("the trail was deleted".to_owned()),
        key: None,
        bucket: None,
        checks: Vec::new(),
        ..trail("gone")
    };
    let exempt = TrailReport {
        arn: trail("exempt").arn,
        resource_id: "exempt".to_owned(),
        ..TrailReport { reason: Some("exempt until 2026-12-31".to_owned()), ..gone.clone() }
    };
    let of_organization = TrailReport {
        arn: arn("arn:aws-cn:cloudtrail:cn-north-1:999988887777:trail/org"),
        region: Region::parse("cn-north-1").unwrap(),
        captured: None,
        copy: Some(true),
        checks: vec![check("of-a-later-version", CheckOutcome::Fail)],
        ..trail("org")
    };
    let mut report =
        report(vec![trail("broken"), of_organization, unverified, accepted, sealed, gone, exempt]);
    report.complete = false;
    report.problems = vec![Problem { source: "cut.json".to_owned(), message: "is cut".to_owned() }];
    report.accounts = vec![AccountReport {
        id: "111122223333".to_owned(),
        name: Some("production".to_owned()),
        problem: None,
        left_out: None,
        interrupted: false,
        regions: vec![
            RegionReport { region: "eu-west-1".to_owned(), trails: 0, problem: None },
            RegionReport {
                region: "us-east-1".to_owned(),
                trails: 0,
                problem: Some("denied".to_owned()),
            },
        ],
    }];
    let parameters = [("replicas", "EVALUATE"), ("unverified", "COMPLIANT")];
    report.parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    report.summary = Summary::of(&report.trails, &report.accounts);
    report.run = Some(run());
    report.inputs = vec![FileDigest { file: "cut.json".to_owned(), sha256: None }];
    report
}

/// A run with each member.
fn run() -> Run {
    let digest = |file: &str| FileDigest { file: file.to_owned(), sha256: Some("0a".repeat(32)) };
    Run {
        log_files: false,
        command: "audit".to_owned(),
        arguments: vec!["--external-id".to_owned(), "***".to_owned()],
        environment: [("TRAILSEAL_CONCURRENCY".to_owned(), "8".to_owned())].into(),
        caller: Some(CallerReport {
            arn: "arn:aws:iam::111122223333:user/auditor".to_owned(),
            account: AccountId::parse("111122223333").unwrap(),
        }),
        started_at: Timestamp::parse("2026-11-23T12:00:00.000Z").unwrap(),
        finished_at: Timestamp::parse("2026-11-23T12:00:09.000Z").unwrap(),
        interrupted: false,
        config: Some(digest("trailseal.toml")),
    }
}

/// The exemption of a pattern, with a warning.
pub(crate) fn exemption(pattern: &str, state: ExemptionState) -> ExemptionReport {
    let until = (state == ExemptionState::Expired).then(|| "2026-10-31".to_owned());
    ExemptionReport {
        pattern: pattern.to_owned(),
        until,
        source: "exemptTrails".to_owned(),
        reason: None,
        approver: None,
        state,
        trails: 0,
    }
}

/// A report in which all texts from the input are hostile.
pub(crate) fn hostile() -> Report {
    let huge = "ü".repeat(50_000);
    let texts = HOSTILE.into_iter().chain([huge.as_str()]);
    let trails = texts
        .map(|text| {
            let mut trail = trail(text);
            trail.key = Some(text.to_owned());
            trail.bucket = Some(text.to_owned());
            trail.source = text.to_owned();
            trail.annotation = text.to_owned();
            for check in &mut trail.checks {
                check.what = check.what.as_ref().map(|_| text.to_owned());
                check.fix = check.fix.as_ref().map(|_| text.to_owned());
            }
            trail
        })
        .collect();
    let mut report = report(trails);
    report.complete = false;
    let problem = |text: &str| Problem { source: text.to_owned(), message: text.to_owned() };
    report.problems = HOSTILE.into_iter().map(problem).collect();
    let region = |text: &str| RegionReport { region: text.to_owned(), trails: 0, problem: None };
    report.accounts = vec![AccountReport {
        id: HOSTILE.concat(),
        name: Some(HOSTILE.concat()),
        problem: None,
        left_out: Some(HOSTILE.concat()),
        interrupted: false,
        regions: HOSTILE.into_iter().map(region).collect(),
    }];
    let unread = RegionReport { problem: Some(HOSTILE.concat()), ..region(HOSTILE[2]) };
    report.accounts.push(AccountReport { regions: vec![unread], ..report.accounts[0].clone() });
    report.summary = Summary::of(&report.trails, &report.accounts);
    report.exemptions =
        HOSTILE.into_iter().map(|text| exemption(text, ExemptionState::Expired)).collect();
    let mut run = run();
    run.arguments = HOSTILE.map(str::to_owned).into();
    run.environment = HOSTILE.map(|text| (text.to_owned(), text.to_owned())).into();
    if let Some(caller) = &mut run.caller {
        caller.arn = HOSTILE.concat();
    }
    report.run = Some(run);
    let input = |text: &str| FileDigest { file: text.to_owned(), sha256: None };
    report.inputs = HOSTILE.into_iter().map(input).collect();
    report
}

pub(crate) fn written(report: &Report, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    let screen = Screen { columns: None, is_styled: false, table: TableOptions::default() };
    report.write(format, screen, &mut out).unwrap();
    out
}

pub(crate) fn json(report: &Report, format: Format) -> Value {
    serde_json::from_slice(&written(report, format)).unwrap()
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for report in [report(Vec::new()), full(), hostile()] {
        for format in Format::value_variants() {
            let first = written(&report, *format);
            assert_eq!(first, written(&report.clone(), *format), "{format:?}");
            let ends_its_line = first.last() == Some(&b'\n');
            assert!(ends_its_line || *format == Format::Html, "{format:?}");
        }
    }
}

/// A trail's name cannot control a terminal or a spreadsheet.
#[test]
fn no_format_contains_raw_control_characters() {
    for format in Format::value_variants() {
        let text = String::from_utf8(written(&hostile(), *format)).unwrap();
        let raw = text.chars().find(|&one| one.is_control() && one != '\n' && one != '\r');
        assert_eq!(raw, None, "{format:?}");
    }
}

/// A trail that passes because a check was skipped differs from a trail that passes all checks.
#[test]
fn every_format_names_skipped_checks() {
    for (compliance, outcome) in [
        (ComplianceType::Compliant, CheckOutcome::Pass),
        (ComplianceType::NonCompliant, CheckOutcome::Fail),
    ] {
        let skipping = TrailReport {
            compliance,
            // Its annotation was cut.
            annotation: "cut".to_owned(),
            notes: vec!["skipped: delivery-unbroken".to_owned()],
            skipped: vec!["delivery-unbroken".to_owned()],
            checks: vec![check("key-usable", outcome)],
            ..trail("main")
        };
        for format in Format::value_variants() {
            let names = |trail: &TrailReport| {
                let text = written(&report(vec![trail.clone()]), *format);
                String::from_utf8(text).unwrap().matches("delivery-unbroken").count()
            };
            let without =
                TrailReport { notes: Vec::new(), skipped: Vec::new(), ..skipping.clone() };
            assert!(names(&skipping) > names(&without), "{format:?} {compliance}");
        }
    }
}

#[test]
fn ten_thousand_trails_are_written() {
    let report = report((0..10_000).map(|number| trail(&format!("trail-{number}"))).collect());
    for format in Format::value_variants() {
        let text = String::from_utf8(written(&report, *format)).unwrap();
        if *format != Format::Html {
            assert!(text.contains("trail-9999"), "{format:?}");
        }
    }
}
