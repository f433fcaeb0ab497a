//! Every format shows one state of a result, the same in each.

use super::*;
use crate::compare;

/// Results with their state.
fn results() -> Vec<(&'static str, TrailReport)> {
    let verdict = |compliance, unverified, outcome| TrailReport {
        compliance,
        unverified,
        checks: vec![check("sse-kms-enabled", CheckOutcome::Pass), check("key-usable", outcome)],
        ..trail("main")
    };
    let (pass, fail, unknown) = (CheckOutcome::Pass, CheckOutcome::Fail, CheckOutcome::Unknown);
    let exempt = TrailReport {
        compliance: ComplianceType::NotApplicable,
        reason: Some("the trail is exempt".to_owned()),
        checks: Vec::new(),
        ..trail("main")
    };
    let why = Some("its state is unknown".to_owned());
    let not_recorded = TrailReport {
        arn: None,
        reason: Some("AWS Config does not record the trail".to_owned()),
        not_evaluated: why.clone(),
        ..exempt.clone()
    };
    let bare = TrailReport {
        resource_id: "111122223333".to_owned(),
        arn: None,
        reason: Some("the account has no trail".to_owned()),
        checks: Vec::new(),
        ..trail("main")
    };
    vec![
        ("non-compliant", verdict(ComplianceType::NonCompliant, false, fail)),
        ("non-compliant", bare),
        ("unverified", verdict(ComplianceType::NonCompliant, true, unknown)),
        ("unverified", verdict(ComplianceType::Compliant, true, unknown)),
        ("unverified", verdict(ComplianceType::NotApplicable, true, unknown)),
        ("compliant", verdict(ComplianceType::Compliant, false, pass)),
        ("not applicable", exempt.clone()),
        ("not applicable", deleted(&exempt)),
        ("not evaluated", not_recorded),
        ("not evaluated", open_copy("eu-west-1")),
    ]
}

fn deleted(exempt: &TrailReport) -> TrailReport {
    let reason = Some("the trail was deleted".to_owned());
    TrailReport { arn: None, reason, ..exempt.clone() }
}

/// A copy of `main` in another Region, whose trail nothing evaluates.
fn open_copy(region: &str) -> TrailReport {
    TrailReport {
        region: Region::parse(region).unwrap(),
        compliance: ComplianceType::NotApplicable,
        copy: Some(true),
        reason: Some("this is a copy".to_owned()),
        not_evaluated: Some("its home Region was not audited".to_owned()),
        checks: Vec::new(),
        ..trail("main")
    }
}

fn of(trails: Vec<TrailReport>) -> Report {
    let mut report = report(trails);
    report.complete = report.is_whole();
    report
}

fn text(report: &Report, format: Format) -> String {
    String::from_utf8(written(report, format)).unwrap()
}

/// The states with their numbers in the last line of the table, and its number of results.
fn of_table(report: &Report) -> (usize, Vec<(String, usize)>) {
    let text = text(report, Format::Table);
    let line = text.lines().last().unwrap();
    let (head, counts) = line.split_once(": ").unwrap();
    let number = |text: &str| text.split(' ').next().unwrap().parse::<usize>().unwrap();
    let bare = head.split_once("no trail in ").map_or(0, |(_, regions)| number(regions));
    let counts = counts.split([';', '(']).next().unwrap().trim().split(", ");
    let counts = counts.map(|count| {
        let (number, state) = count.split_once(' ').unwrap();
        (state.to_owned(), number.parse().unwrap())
    });
    (number(head) + bare, counts.collect())
}

/// The states with their numbers at the top of the page.
fn of_html(page: &str) -> Vec<(String, usize)> {
    let numbers = between(page, "<dl class=\"numbers\">", "</dl>");
    let of = |part: &str| {
        let class = part.split(['"', ' ']).next().unwrap();
        let state = class.replace("failing", "non-compliant").replace("not-", "not ");
        (state, between(part, "class=\"number\">", "<").parse().unwrap())
    };
    numbers.split("<div class=\"").skip(1).map(of).collect()
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start}: {text}"));
    rest.split_once(end).unwrap().0
}

/// The counts other than zero.
fn counted(counts: Vec<(String, usize)>) -> Vec<(String, usize)> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// The state by the type of the worst test of the trail's suite.
fn of_junit(report: &Report) -> String {
    let text = text(report, Format::Junit);
    let suites = text.split("<testsuite ").skip(1);
    let own: String = suites.filter(|suite| !suite.contains("name=\"problems\"")).collect();
    let types: Vec<&str> =
        own.split(" type=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    match types[..] {
        [] => "compliant".to_owned(),
        [one] => one.to_owned(),
        _ => panic!("{text}"),
    }
}

/// Whether a result is an error, another level, or a notification says that the trail was not
/// evaluated.
fn of_sarif(report: &Report) -> &'static str {
    let run = json(report, Format::Sarif)["runs"][0].clone();
    let levels = run["results"].as_array().unwrap().iter().map(|result| result["level"].as_str());
    let levels: Vec<&str> = levels.map(Option::unwrap).collect();
    match (&levels[..], run["invocations"][0]["executionSuccessful"].as_bool().unwrap()) {
        (["error"], true) => "non-compliant",
        (["warning" | "note"], true) => "unverified",
        ([], true) => "compliant or not applicable",
        ([], false) => "not evaluated",
        other => panic!("{other:?}"),
    }
}

fn of_csv(report: &Report) -> &'static str {
    let bytes = written(report, Format::Csv);
    let row = ::csv::Reader::from_reader(&bytes[..]).records().next().unwrap().unwrap();
    match (&row[0], &row[1], &row[14]) {
        (_, "true", "") => "unverified",
        (_, "false", why) if !why.is_empty() => "not evaluated",
        ("NON_COMPLIANT", ..) => "non-compliant",
        ("COMPLIANT", ..) => "compliant",
        ("NOT_APPLICABLE", ..) => "not applicable",
        other => panic!("{other:?}"),
    }
}

/// The state by the comparison with a report in which the trail has another one.
fn of_comparison(state: &str, report: &Report) -> String {
    let old = if state == "non-compliant" { Vec::new() } else { vec![trail("main")] };
    let compared = compare::tests::value(&of(old), report);
    let verdict = compared["trails"][0]["new"]["verdict"].as_str().unwrap().to_owned();
    // That the trail does not exist any more is a reason why the rule does not evaluate it.
    verdict.replace("no-trail", "not applicable").replace("not-", "not ")
}

#[test]
fn every_format_shows_the_same_state() {
    for (state, trail) in results() {
        let report = of(vec![trail]);
        let only = [(state.to_owned(), 1)];
        assert_eq!(counted(of_table(&report).1), only, "{}", text(&report, Format::Table));
        let page = text(&report, Format::Html);
        assert_eq!(counted(of_html(&page)), only);
        let slug = state.replace("non-compliant", "failing").replace(' ', "-");
        let heat = between(&page, "<svg class=\"heat\"", "</svg>");
        assert_eq!(between(heat, "<g class=\"field ", "\""), slug);
        let shown = ["trail", "pack"].map(|kind| format!("class=\"{kind} {slug}\""));
        assert!(shown.iter().any(|class| page.contains(class)), "{state}: {page}");
        let (asff, ocsf, sarif) = match state {
            "non-compliant" => ("FAILED", "Fail", state),
            "unverified" | "not evaluated" => ("WARNING", "Warning", state),
            "compliant" => ("PASSED", "Pass", "compliant or not applicable"),
            _ => ("NOT_AVAILABLE", "Not applicable", "compliant or not applicable"),
        };
        assert_eq!(json(&report, Format::Asff)[0]["Compliance"]["Status"], asff, "{state}");
        assert_eq!(json(&report, Format::Ocsf)[0]["compliance"]["status"], ocsf, "{state}");
        assert_eq!(of_sarif(&report), sarif);
        assert_eq!(of_junit(&report), state);
        assert_eq!(of_csv(&report), state);
        assert_eq!(of_comparison(state, &report), state);
    }
}

/// Of two results for one trail the worse one counts, as in a comparison.
#[test]
fn the_counts_of_a_headline_add_up_to_the_trails() {
    let all = results();
    let of_state = |wanted: &str| {
        let (_, trail) = all.iter().find(|(state, _)| *state == wanted).unwrap();
        trail.clone()
    };
    let copies = || vec![open_copy("eu-west-1"), open_copy("us-east-1")];
    let with_copies = |trail: TrailReport| [vec![trail], copies()].concat();
    for (trails, expected) in [
        (copies(), "not evaluated"),
        (with_copies(of_state("compliant")), "not evaluated"),
        (with_copies(deleted(&of_state("not applicable"))), "not evaluated"),
        (with_copies(of_state("unverified")), "unverified"),
        (with_copies(of_state("non-compliant")), "non-compliant"),
    ] {
        let report = of(trails);
        let only = vec![(expected.to_owned(), 1)];
        let (trails, counts) = of_table(&report);
        assert_eq!((trails, counted(counts)), (1, only.clone()), "{report:?}");
        let table = text(&report, Format::Table);
        assert!(!table.contains("not counted"), "each copy is of a trail that counts: {table}");
        let page = text(&report, Format::Html);
        assert_eq!(counted(of_html(&page)), only, "{report:?}");
        assert!(page.contains("<dt>Scope</dt><dd>1 trail and 2 copies in"), "{page}");
        assert_eq!(compare::tests::value(&of(Vec::new()), &report)["new"]["trails"], 1);
    }
    let mut trails: Vec<TrailReport> = all.into_iter().map(|(_, trail)| trail).collect();
    for (number, trail) in trails.iter_mut().enumerate().filter(|(number, _)| *number != 1) {
        trail.resource_id = format!("trail-{number}");
        trail.arn = trail.arn.as_ref().and(arn(&format!(
            "arn:aws:cloudtrail:eu-central-1:111122223333:trail/trail-{number}"
        )));
    }
    let report = of(trails);
    let (trails, counts) = of_table(&report);
    assert_eq!(trails, counts.iter().map(|(_, count)| count).sum::<usize>());
    assert_eq!(trails, 10);
}
