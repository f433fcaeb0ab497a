//! Which changes are worse, why a trail is not in a report, and the command with its exit codes.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};
use trailseal_rule::{ComplianceType, Region, TrailArn};

use super::*;
use crate::output::tests::{check, full, report, trail};
use crate::report::{AccountReport, CheckOutcome, Problem, RegionReport, Summary, TrailReport};
use crate::testing::{Checked, Folder};

pub(crate) fn value(old: &Report, new: &Report) -> Value {
    let comparison = Comparison::of((Path::new("old"), old), (Path::new("new"), new));
    let value = serde_json::to_value(comparison).unwrap();
    let schema: Value = serde_json::from_str(COMPARISON_SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(&value).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new(), "{value:#}");
    value
}

/// `CHANGE NAME: OLD, now NEW: WHY` of each trail.
fn changes(old: &Report, new: &Report) -> Vec<String> {
    let value = value(old, new);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |trail: &Value| {
        let why: Vec<String> = trail["why"].as_array().unwrap().iter().map(text).collect();
        let [change, name] = [&trail["change"], &trail["trail"]].map(text);
        let [old, new] = [&trail["old"]["verdict"], &trail["new"]["verdict"]].map(text);
        format!("{change} {name}: {old}, now {new}: {}", why.join("; "))
    };
    value["trails"].as_array().unwrap().iter().map(line).collect()
}

/// A trail whose only check has the outcome.
fn with(outcome: CheckOutcome) -> TrailReport {
    TrailReport {
        compliance: match outcome {
            CheckOutcome::Pass => ComplianceType::Compliant,
            CheckOutcome::Fail | CheckOutcome::Unknown => ComplianceType::NonCompliant,
        },
        unverified: outcome == CheckOutcome::Unknown,
        checks: vec![
            check("sse-kms-enabled", CheckOutcome::Pass),
            check("key-customer-managed", CheckOutcome::Pass),
            check("key-usable", outcome),
        ],
        ..trail("main")
    }
}

fn left_out(reason: &str) -> TrailReport {
    TrailReport {
        compliance: ComplianceType::NotApplicable,
        reason: Some(reason.to_owned()),
        checks: Vec::new(),
        ..trail("main")
    }
}

fn gone() -> TrailReport {
    TrailReport { arn: None, ..left_out("the trail was deleted") }
}

fn of(trail: TrailReport) -> Report {
    report(vec![trail])
}

#[test]
fn a_trail_is_worse_if_it_is_open_or_not_evaluated_and_was_not() {
    let states = [
        ("compliant", with(CheckOutcome::Pass)),
        ("non-compliant", with(CheckOutcome::Fail)),
        ("unverified", with(CheckOutcome::Unknown)),
        ("not-applicable", left_out("the trail is exempt")),
        ("no-trail", gone()),
    ];
    let mut worse = Vec::new();
    let mut better = Vec::new();
    for (old, before) in &states {
        for (new, after) in &states {
            let value = value(&of(before.clone()), &of(after.clone()));
            let found = format!("{old} to {new}");
            match value["trails"][0]["change"].as_str() {
                Some("worse") => worse.push(found),
                Some("better") => better.push(found),
                Some("other") => assert_ne!(old, new),
                _ => assert_eq!(old, new, "{value:#}"),
            }
        }
    }
    assert_eq!(
        worse,
        [
            "compliant to non-compliant",
            "compliant to unverified",
            "compliant to not-applicable",
            "unverified to non-compliant",
            "not-applicable to non-compliant",
            "not-applicable to unverified",
            "no-trail to non-compliant",
            "no-trail to unverified",
        ]
    );
    assert_eq!(
        better,
        ["non-compliant to compliant", "unverified to compliant", "not-applicable to compliant"]
    );
}

/// The parameter `unverified` does not make a pass of evidence that was not read.
#[test]
fn an_unverified_trail_that_is_reported_as_compliant_is_worse() {
    let accepted =
        TrailReport { compliance: ComplianceType::Compliant, ..with(CheckOutcome::Unknown) };
    let found = changes(&of(with(CheckOutcome::Pass)), &of(accepted));
    let expected = "worse main: compliant, now unverified: key-usable passed and now is \
                    unverified: what key-usable found";
    assert_eq!(found, [expected]);
}

/// A trail that left the rule's scope still exists.
#[test]
fn only_a_deleted_trail_is_no_trail() {
    let sealed = of(with(CheckOutcome::Pass));
    let reason = "the trail left the scope of the rule";
    let left = TrailReport { arn: None, ..left_out(reason) };
    let expected = format!("worse main: compliant, now not-applicable: {reason}");
    assert_eq!(changes(&sealed, &of(left)), [expected]);
    let nameless = TrailReport { arn: None, ..with(CheckOutcome::Fail) };
    let found = changes(&sealed, &of(nameless));
    assert!(found[0].starts_with("worse main: compliant, now non-compliant"), "{found:?}");
    let found = changes(&sealed, &of(gone()));
    assert_eq!(found, ["other main: compliant, now no-trail: the trail was deleted"]);
}

#[test]
fn a_non_compliant_trail_is_worse_only_if_a_check_that_passed_fails() {
    let failing = |others: &[(&str, CheckOutcome)]| {
        let mut trail = with(CheckOutcome::Fail);
        trail.checks.extend(others.iter().map(|(id, outcome)| check(id, *outcome)));
        of(trail)
    };
    let (none, passed) = (failing(&[]), failing(&[("key-rotated", CheckOutcome::Pass)]));
    let failed = failing(&[("key-rotated", CheckOutcome::Fail)]);
    let expected = "worse main: non-compliant, now non-compliant: key-rotated passed and now \
                    fails: what key-rotated found";
    assert_eq!(changes(&passed, &failed), [expected]);
    let expected = "other main: non-compliant, now non-compliant: key-rotated is checked now and \
                    fails: what key-rotated found";
    assert_eq!(changes(&none, &failed), [expected]);
    // The trail did not change if another check passes.
    assert_eq!(changes(&none, &passed), ["same main: non-compliant, now non-compliant: "]);
    assert_eq!(changes(&passed, &passed), Vec::<String>::new());
}

/// A lower profile or `skipChecks` does not fix anything.
#[test]
fn a_trail_whose_failed_check_is_left_out_is_not_better() {
    let sealed = || with(CheckOutcome::Pass);
    for (outcome, was) in
        [(CheckOutcome::Fail, "failed"), (CheckOutcome::Unknown, "was unverified")]
    {
        let mut old = with(outcome);
        old.checks[2].id = "key-rotated".to_owned();
        let skipped = TrailReport { skipped: vec!["key-rotated".to_owned()], ..sealed() };
        for (new, how) in [(sealed(), "is not checked now"), (skipped, "is skipped now")] {
            let found = changes(&of(old.clone()), &of(new));
            assert!(found[0].starts_with("other main: "), "{found:?}");
            assert!(found[0].ends_with(&format!("key-rotated {was} and {how}")), "{found:?}");
        }
    }
}

#[test]
fn another_key_bucket_or_finding_is_a_change() {
    let old = with(CheckOutcome::Fail);
    let mut new = TrailReport { bucket: Some("other".to_owned()), key: None, ..old.clone() };
    new.checks[2].what = Some("the key is gone".to_owned());
    let expected = "other main: non-compliant, now non-compliant: key-usable found \"what \
                    key-usable found\" and now finds \"the key is gone\"; key \
                    arn:aws:kms:eu-central-1:111122223333:key/1234abcd, now none; bucket logs, now \
                    other";
    assert_eq!(changes(&of(old.clone()), &of(new.clone())), [expected]);
    // The same finding has other words in another version.
    let mut earlier = of(old);
    earlier.tool.version = "0.0.9".to_owned();
    new.bucket = earlier.trails[0].bucket.clone();
    new.key = earlier.trails[0].key.clone();
    assert_eq!(changes(&earlier, &of(new)), Vec::<String>::new());
}

#[test]
fn the_worse_one_of_two_entries_for_one_trail_counts() {
    let twice = |trails: [TrailReport; 2]| report(trails.to_vec());
    let (pass, fail) = (with(CheckOutcome::Pass), with(CheckOutcome::Fail));
    for both in [twice([pass.clone(), fail.clone()]), twice([fail.clone(), pass.clone()])] {
        let found = changes(&of(pass.clone()), &both);
        assert!(found[0].starts_with("worse main: compliant, now non-compliant"), "{found:?}");
    }
    assert_eq!(changes(&of(pass.clone()), &twice([gone(), pass])), Vec::<String>::new());
}

fn audit(trails: Vec<TrailReport>, accounts: Vec<AccountReport>) -> Report {
    let summary = Summary::of(&trails, &accounts);
    Report { accounts, summary, ..report(trails) }
}

fn account(regions: &[(&str, Option<&str>)]) -> AccountReport {
    let region = |(region, problem): &(&str, Option<&str>)| RegionReport {
        region: (*region).to_owned(),
        trails: 1,
        problem: problem.map(str::to_owned),
    };
    AccountReport {
        id: "111122223333".to_owned(),
        name: None,
        problem: None,
        left_out: None,
        interrupted: false,
        regions: regions.iter().map(region).collect(),
    }
}

#[test]
fn a_trail_that_vanished_is_fixed_only_if_its_account_was_completed() {
    let read = || account(&[("eu-central-1", None)]);
    let refused = AccountReport { problem: Some("denied".to_owned()), ..read() };
    let skipped = AccountReport { left_out: Some("SUSPENDED".to_owned()), ..read() };
    let interrupted = AccountReport { interrupted: true, ..refused.clone() };
    let elsewhere = AccountReport { id: "444455556666".to_owned(), ..read() };
    let unread = account(&[("eu-central-1", Some("throttled"))]);
    for outcome in [CheckOutcome::Fail, CheckOutcome::Pass, CheckOutcome::Unknown] {
        let old = audit(vec![with(outcome)], vec![read()]);
        let check = |accounts: Vec<AccountReport>, expected: &str| {
            let found = changes(&old, &audit(Vec::new(), accounts));
            assert_eq!(found.len(), 1);
            assert!(found[0].ends_with(expected), "{found:?}: {expected}");
            assert_eq!(found[0].starts_with("worse "), !expected.contains("no-trail"), "{found:?}");
        };
        let deleted = "now no-trail: account 111122223333 does not have it in Region eu-central-1";
        check(vec![read()], deleted);
        check(vec![refused.clone()], "now not-evaluated: account 111122223333 was refused: denied");
        check(vec![skipped.clone()], "account 111122223333 was skipped: SUSPENDED");
        check(vec![interrupted.clone()], "the audit of account 111122223333 was interrupted");
        check(vec![elsewhere.clone()], "account 111122223333 was not audited");
        check(vec![account(&[])], "Region eu-central-1 of account 111122223333 was not audited");
        check(
            vec![unread.clone()],
            "Region eu-central-1 of account 111122223333 was not read: throttled",
        );
        // Files do not show that a trail was deleted.
        check(Vec::new(), "now not-evaluated: it is not in the input of this report");
    }
}

#[test]
fn copies_are_not_counted_in_a_comparison() {
    let copy = |reason: &str| TrailReport {
        region: Region::parse("us-east-1").unwrap(),
        copy: Some(true),
        ..left_out(reason)
    };
    let sealed = || with(CheckOutcome::Pass);
    let (one, two) = (of(sealed()), report(vec![sealed(), copy("this is a copy")]));
    for (old, new) in [(&one, &two), (&two, &one), (&two, &two)] {
        let value = value(old, new);
        assert_eq!(value["summary"], json!({"worse": 0, "better": 0, "other": 0, "same": 1}));
        assert_eq!((&value["old"]["trails"], &value["new"]["trails"]), (&json!(1), &json!(1)));
    }
    // With replicas=EVALUATE a copy is evaluated; without, it is a copy, and not deleted.
    let evaluated = TrailReport { region: copy("").region, ..with(CheckOutcome::Fail) };
    let both = report(vec![sealed(), evaluated]);
    let expected = "other main: non-compliant, now not-applicable: this is a copy";
    assert_eq!(changes(&both, &two), [expected]);
    // A trail of which only a copy was seen is not evaluated.
    let mut open = copy("this is a copy");
    open.not_evaluated = Some("account 111122223333 owns it and was not audited".to_owned());
    let expected = "worse main: compliant, now not-evaluated: account 111122223333 owns it and was \
                    not audited";
    assert_eq!(changes(&one, &of(open)), [expected]);
}

#[test]
fn an_account_without_trails_is_not_a_trail() {
    let account_id = "111122223333".to_owned();
    let none = TrailReport {
        resource_id: account_id.clone(),
        arn: None,
        compliance: ComplianceType::NonCompliant,
        reason: Some("no trail is visible".to_owned()),
        ..left_out("")
    };
    // A trail can have the account's ID as its name.
    let arn = format!("arn:aws:cloudtrail:eu-central-1:{account_id}:trail/{account_id}");
    let named = TrailReport {
        resource_id: account_id,
        arn: TrailArn::parse(&arn).ok(),
        ..with(CheckOutcome::Pass)
    };
    let accounts = || vec![account(&[("eu-central-1", None)])];
    let (before, after) = (audit(vec![none.clone()], accounts()), audit(vec![named], accounts()));
    let found = changes(&before, &after);
    assert_eq!(
        found,
        [
            "other 111122223333: no-trail, now compliant: before: account 111122223333 does not \
             have it in Region eu-central-1",
            "other 111122223333: non-compliant, now not-applicable: the account has a trail",
        ]
    );
    let found = changes(&after, &before);
    assert!(
        found[0].starts_with("worse 111122223333: not-applicable, now non-compliant: no trail")
    );
}

/// An audit of an organization can have tens of thousands of accounts, each without a trail. Each
/// account compared with all others takes minutes.
#[test]
fn accounts_without_trails_of_two_large_audits_are_compared_in_time() {
    const ACCOUNTS: usize = 40_000;
    let audit_of = |first: usize| {
        let ids = (first..first + ACCOUNTS).map(|number| format!("{number:012}"));
        let (trails, accounts) = ids
            .map(|id| {
                let trail = TrailReport {
                    resource_id: id.clone(),
                    account: trailseal_rule::AccountId::parse(&id).unwrap(),
                    arn: None,
                    compliance: ComplianceType::NonCompliant,
                    ..left_out("no trail is visible")
                };
                (trail, AccountReport { id, ..account(&[("eu-central-1", None)]) })
            })
            .unzip();
        audit(trails, accounts)
    };
    let (old, new) = (audit_of(1), audit_of(1 + ACCOUNTS));
    let start = std::time::Instant::now();
    let found = value(&old, &new);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    assert_eq!(found["trails"].as_array().unwrap().len(), 2 * ACCOUNTS);
    let old = &found["trails"].as_array().unwrap()[0];
    assert!(old.to_string().contains("was not audited"), "{old}");
}

#[test]
fn the_differences_of_the_runs_are_named() {
    let mut old = audit(Vec::new(), vec![account(&[("eu-central-1", None)])]);
    let mut new = audit(Vec::new(), vec![account(&[("eu-west-1", None)])]);
    new.tool.version = "0.2.0".to_owned();
    old.parameters.insert("profile".to_owned(), "cis".to_owned());
    new.parameters.insert("skipChecks".to_owned(), "key-rotated".to_owned());
    let closed = AccountReport { id: "444455556666".to_owned(), ..account(&[]) };
    old.accounts.push(closed.clone());
    new.accounts.push(AccountReport { problem: Some("denied".to_owned()), ..closed });
    let value = value(&old, &new);
    let version = &old.tool.version;
    assert_eq!(
        value["run"],
        json!([
            {"of": "tool", "name": null, "old": version, "new": "0.2.0"},
            {"of": "parameter", "name": "profile", "old": "cis", "new": null},
            {"of": "parameter", "name": "skipChecks", "old": null, "new": "key-rotated"},
            {"of": "account", "name": "444455556666", "old": "completed", "new": "refused: denied"},
            {"of": "region", "name": "111122223333 eu-central-1", "old": "read", "new": null},
            {"of": "region", "name": "111122223333 eu-west-1", "old": null, "new": "read"},
        ])
    );
}

#[test]
fn a_report_equals_itself() {
    let report = full();
    let value = value(&report, &report);
    assert_eq!((&value["trails"], &value["run"]), (&json!([]), &json!([])));
}

/// The exit code, standard output and standard error of `trailseal compare`.
fn compared(folder: &Folder, words: &[&str]) -> (Exit, String, String) {
    let word = |word: &&str| match word.strip_suffix(".json") {
        Some(_) => folder.0.join(word).into_os_string(),
        None => OsString::from(word),
    };
    let Checked { exit, out, err } = Checked::of("compare", words.iter().map(word));
    (exit, out, err)
}

#[test]
fn the_exit_code_says_whether_something_got_worse() {
    let folder = Folder::new("compare-exit");
    let write = |name: &str, report: &Report| {
        folder.write_json(name, &[serde_json::to_value(report).unwrap()]);
    };
    write("sealed.json", &of(with(CheckOutcome::Pass)));
    write("broken.json", &of(with(CheckOutcome::Fail)));
    let problem = Problem { source: "b.json".to_owned(), message: "is not JSON".to_owned() };
    let partial =
        Report { complete: false, problems: vec![problem], ..of(with(CheckOutcome::Fail)) };
    write("partial.json", &partial);
    let mut lying = of(with(CheckOutcome::Fail));
    lying.trails[0].compliance = ComplianceType::Compliant;
    write("lying.json", &lying);
    folder.write("text.json", b"{}");
    for (words, exit) in [
        (&["broken.json", "sealed.json"][..], Exit::Clean),
        (&["broken.json", "broken.json"], Exit::Clean),
        (&["sealed.json", "broken.json"], Exit::Findings),
        (&["sealed.json", "broken.json", "--exit-zero"], Exit::Clean),
        (&["sealed.json", "partial.json"], Exit::Failure),
        (&["partial.json", "sealed.json"], Exit::Failure),
        (&["sealed.json", "lying.json"], Exit::Failure),
        (&["text.json", "sealed.json", "--exit-zero"], Exit::Failure),
        (&["sealed.json", "missing.json"], Exit::NotStarted),
        (&["sealed.json"], Exit::NotStarted),
        (&["-", "-"], Exit::NotStarted),
        (&["sealed.json", "broken.json", "-o", "html"], Exit::NotStarted),
    ] {
        let (found, out, err) = compared(&folder, words);
        assert_eq!(found, exit, "{words:?}: {out}{err}");
        assert_eq!(out.is_empty(), matches!(exit, Exit::NotStarted) || err.contains("error:"));
    }
}

#[test]
fn compare_refuses_reports_that_contradict_themselves_and_names_all_faults() {
    let folder = Folder::new("compare-faults");
    let mut lying = of(with(CheckOutcome::Fail));
    lying.trails[0].compliance = ComplianceType::Compliant;
    folder.write_json("lying.json", &[serde_json::to_value(&lying).unwrap()]);
    folder.write("later.json", br#"{"version": 2}"#);
    let (_, out, err) = compared(&folder, &["lying.json", "later.json"]);
    assert_eq!(out, "");
    for part in
        ["lying.json: contradicts itself", "key-usable", "later.json: is a report of version 2"]
    {
        assert!(err.contains(part), "{part}: {err}");
    }
}

#[test]
fn compare_says_if_the_reports_are_in_the_wrong_order_or_partial() {
    let folder = Folder::new("compare-order");
    let mut later = of(with(CheckOutcome::Pass));
    later.generated_at = Timestamp::parse("2026-12-24T12:00:00Z").unwrap();
    folder.write_json("later.json", &[serde_json::to_value(&later).unwrap()]);
    let problem = Problem { source: "b.json".to_owned(), message: "is not JSON".to_owned() };
    let partial =
        Report { complete: false, problems: vec![problem], ..of(with(CheckOutcome::Pass)) };
    folder.write_json("partial.json", &[serde_json::to_value(&partial).unwrap()]);
    let (_, out, err) = compared(&folder, &["later.json", "partial.json"]);
    assert!(err.contains("the older report comes first") && err.contains("is partial"), "{err}");
    assert!(out.contains("PARTIAL: the new report"), "{out}");
    let (_, _, err) = compared(&folder, &["later.json", "partial.json", "-q"]);
    assert!(err.contains("the older report comes first") && !err.contains("is partial"), "{err}");
}

/// A report is untrusted.
#[test]
fn a_comparison_of_hostile_reports_is_harmless() {
    let hostile = "a\u{1b}[2J\u{202e}\nb";
    let mut new = with(CheckOutcome::Fail);
    new.checks[2].what = Some(hostile.to_owned());
    new.checks[2].id = hostile.to_owned();
    let folder = Folder::new("compare-hostile");
    let mut new = of(new);
    new.parameters.insert(hostile.to_owned(), hostile.to_owned());
    new.tool.version = hostile.to_owned();
    folder.write_json("new.json", &[serde_json::to_value(&new).unwrap()]);
    let sealed = of(with(CheckOutcome::Pass));
    folder.write_json("old.json", &[serde_json::to_value(&sealed).unwrap()]);
    for words in [&["old.json", "new.json"][..], &["old.json", "new.json", "-o", "json"]] {
        let (exit, out, _) = compared(&folder, words);
        assert_eq!(exit, Exit::Findings);
        assert!(!out.contains(['\u{1b}', '\u{202e}']), "{out}");
    }
}
