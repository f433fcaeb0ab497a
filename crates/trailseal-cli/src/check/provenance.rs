//! What a report of files says of its input, its exemptions and its population.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Exit;
use crate::output::{Format, formats};
use crate::testing::{Checked, Folder, TRAIL, change, event, item, trail_item, with};

fn check(format: &str, words: &[&str], folder: &Folder) -> Checked {
    let options = ["-o", format].into_iter().chain(words.iter().copied()).map(Into::into);
    Checked::run(options.chain([folder.0.clone().into()]))
}

#[test]
fn a_report_has_the_digest_of_each_input() {
    let folder = Folder::new("digests");
    let whole = format!("{}", trail_item(None));
    folder.write("a.json", whole.as_bytes());
    folder.write("b.json", br#"[{"resourceType": "#);
    let report = check("json", &["-p", "profile=cis"], &folder).report();
    let digest = Sha256::digest(whole.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let place = |name: &str| folder.0.join(name).display().to_string();
    let expected = json!([
        { "file": place("a.json"), "sha256": digest }, { "file": place("b.json"), "sha256": null },
    ]);
    assert_eq!(report["inputs"], expected);
    let run = &report["run"];
    let words = json!(["-o", "json", "-p", "profile=cis", folder.0.display().to_string()]);
    assert_eq!((&run["command"], &run["arguments"]), (&json!("check"), &words));
    assert_eq!((&run["caller"], &run["config"]), (&Value::Null, &Value::Null));
    assert_eq!(run["startedAt"], "2026-11-26T12:00:00.000Z");
    assert_eq!(run["finishedAt"], "2026-11-26T12:00:03.000Z");
}

#[test]
fn a_large_file_and_a_compressed_file_have_the_digest_of_their_bytes() {
    use std::io::Write as _;
    let folder = Folder::new("large");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(trail_item(None).to_string().as_bytes()).unwrap();
    let padding = " ".repeat(6 << 20);
    let large = format!("{}{padding}\n", trail_item(None));
    for (name, bytes) in [("a.json.gz", encoder.finish().unwrap()), ("b.json", large.into())] {
        folder.write(name, &bytes);
        let report = check("json", &[], &folder).report();
        let digest = Sha256::digest(&bytes);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let inputs = report["inputs"].as_array().unwrap();
        assert_eq!(inputs.last().unwrap()["sha256"], digest, "{name}");
    }
}

/// A digest takes longer than the scan, so that formats without digests do not wait for it.
#[test]
fn each_format_that_shows_digests_has_them() {
    let folder = Folder::new("formats");
    let text = trail_item(None).to_string();
    folder.write("a.json", text.as_bytes());
    let digest: String =
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    for format in formats() {
        let out = check(&format.name(), &[], &folder).out;
        assert_eq!(out.contains(&digest), format.has_digests(), "{format:?}");
    }
}

#[test]
fn copies_are_not_counted_in_the_summary_line() {
    let folder = Folder::new("copies");
    let copy = with(trail_item(None), "awsRegion", json!("us-east-1"));
    folder.write_json("a.json", &[trail_item(None), copy]);
    let checked = check("table", &[], &folder);
    let line = "1 trail: 1 non-compliant, 0 compliant, 0 not applicable; 1 copy is not counted";
    assert!(checked.out.contains(line), "{}", checked.out);
}

#[test]
fn exemptions_show_their_source_and_end_and_warn_if_they_expired_or_match_nothing() {
    let folder = Folder::new("exemptions");
    folder.write_json("a.json", &[trail_item(None)]);
    let other = TRAIL.replace("main", "other");
    let exempt = format!("exemptTrails={TRAIL}@2026-12-31,{TRAIL}@2026-10-31,{other}");
    let words = ["-p", exempt.as_str()];
    let checked = check("json", &words, &folder);
    assert_eq!(checked.exit, Exit::Clean);
    let expected = |pattern: &str, until: Value, state: &str, trails: usize| {
        json!({
            "pattern": pattern, "until": until, "source": "exemptTrails", "reason": null,
            "approver": null, "state": state, "trails": trails,
        })
    };
    let expected = json!([
        expected(TRAIL, json!("2026-12-31"), "active", 1),
        expected(TRAIL, json!("2026-10-31"), "expired", 1),
        expected(&other, Value::Null, "unmatched", 0),
    ]);
    assert_eq!(checked.report()["exemptions"], expected);
    let expired = format!("exemption `{TRAIL}` (exemptTrails) ended on 2026-10-31");
    let unmatched = format!(
        "exemption `{other}` (exemptTrails) matches no trail of this report, but may match one that was not evaluated: check it before you remove it"
    );
    for warning in [&expired, &unmatched] {
        assert!(checked.err.contains(&format!("warning: {warning}")), "{}", checked.err);
    }
    assert_eq!(check("json", &[words[0], words[1], "-q"], &folder).err, "");
    // Formats with an entry for each trail have no place for the others.
    let per_trail = [Format::Csv, Format::Asff, Format::Ocsf];
    for format in formats().filter(|format| !per_trail.contains(format)) {
        let out = check(&format.name(), &words, &folder).out;
        let parts = [TRAIL, other.as_str(), "2026-10-31"];
        assert!(parts.iter().all(|part| out.contains(part)), "{format:?}: {out}");
    }
}

#[test]
fn an_exemption_of_a_trail_that_the_report_does_not_have_is_unmatched() {
    let folder = Folder::new("unmatched");
    folder.write_json("a.json", &[item("AWS::S3::Bucket", "logs", &json!({}))]);
    let exempt = format!("exemptTrails={TRAIL}");
    let report = check("json", &["-p", exempt.as_str()], &folder).report();
    assert_eq!(report["exemptions"][0]["state"], "unmatched");
}

/// A trail that left the scope of a rule still exists, so its copy is not evidence of anything.
#[test]
fn a_copy_of_a_trail_that_left_the_scope_of_a_rule_makes_the_report_partial() {
    let folder = Folder::new("scope");
    let mut left = event(&change(&trail_item(None)), "{}");
    left["eventLeftScope"] = json!(true);
    folder.write_json("a.json", &[left, with(trail_item(None), "awsRegion", json!("us-east-1"))]);
    let checked = check("json", &[], &folder);
    assert_eq!((checked.exit, &checked.report()["complete"]), (Exit::Failure, &json!(false)));
}

/// The function reports NOT_APPLICABLE for it, but the trail still exists, and `check` judged nothing.
#[test]
fn a_trail_that_left_the_scope_of_a_rule_is_not_evaluated() {
    let folder = Folder::new("left");
    let mut left = event(&change(&trail_item(None)), "{}");
    left["eventLeftScope"] = json!(true);
    folder.write_json("a.json", &[left]);
    let checked = check("json", &[], &folder);
    let report = checked.report();
    assert_eq!((checked.exit, &report["complete"]), (Exit::Failure, &json!(false)));
    assert_eq!(report["trails"][0]["compliance"], "NOT_APPLICABLE");
    assert_eq!(report["summary"]["notEvaluated"], 1);
    let why = report["trails"][0]["notEvaluated"].as_str().unwrap();
    assert!(why.starts_with("the trail left the scope of the rule"), "{why}");
    let mut deleted = event(
        &change(&with(trail_item(None), "configurationItemStatus", json!("ResourceDeleted"))),
        "{}",
    );
    deleted["eventLeftScope"] = json!(true);
    folder.write_json("a.json", &[deleted]);
    assert_eq!(check("json", &[], &folder).exit, Exit::Clean, "it was deleted");
}

/// Whoever imports the findings must not lose one of a trail that exists, or that may exist.
#[test]
fn only_the_finding_of_a_deleted_trail_is_closed() {
    let folder = Folder::new("closed");
    let status =
        |status: &str| change(&with(trail_item(None), "configurationItemStatus", json!(status)));
    for (message, has_left, is_closed) in [
        (change(&trail_item(None)), false, false),
        (change(&trail_item(None)), true, false),
        (status("ResourceNotRecorded"), false, false),
        (status("ResourceDeleted"), false, true),
        (status("ResourceDeletedNotRecorded"), true, true),
    ] {
        let mut seen = event(&message, "{}");
        seen["eventLeftScope"] = json!(has_left);
        folder.write_json("a.json", &[seen]);
        let finding = |format: &str| check(format, &[], &folder).report()[0].clone();
        let state = if is_closed { "ARCHIVED" } else { "ACTIVE" };
        assert_eq!(finding("asff")["RecordState"], state, "{message}");
        let event = finding("ocsf");
        let found = (&event["activity_name"], event["status"] == "Archived");
        let activity = if is_closed { "Close" } else { "Create" };
        assert_eq!(found, (&json!(activity), is_closed), "{message}");
    }
}
