use super::*;
use crate::Exit;
use crate::testing::{Checked, Folder, TRAIL, change, event, trail_item};

fn faults(text: &str) -> Vec<String> {
    Config::parse(text.as_bytes(), "trailseal.toml").1
}

#[test]
fn every_fault_of_the_file_is_reported_with_its_place() {
    let text = r#"
        output = ["json", "jsn=a.json", 3]
        parameter = {}
        [[exemptions]]
        trail = "arn:aws:cloudtrail:*:111122223333:trail/x@2027-01-01"
        until = "soon"
        reason = "r"
        aprover = "a"
        [[exemptions]]
        trail = "arn:aws:cloudtrail:*:111122223333:trail/x"
        until = 2027-02-30x
    "#;
    // Wrong syntax ends the reading.
    assert_eq!(faults(text).len(), 1);
    assert!(faults(text)[0].starts_with("line 11: "), "{:?}", faults(text));
    let found = faults(&text.replace("2027-02-30x", "12"));
    let expected = [
        "exemptions[0]: `aprover` is unknown; expected one of trail, until, reason, approver; did \
         you mean `approver`?",
        "exemptions[0].approver: expected text",
        "exemptions[0].trail is `arn:aws:cloudtrail:*:111122223333:trail/x@2027-01-01`; expected a \
         trail ARN, `*` as wildcard within a part",
        "exemptions[0].until is `soon`; expected a date, YYYY-MM-DD",
        "exemptions[1].reason: expected text",
        "exemptions[1].approver: expected text",
        "exemptions[1].until is ``; expected a date, YYYY-MM-DD",
        "output[1] is `jsn=a.json`; expected one of table, json, csv, junit, sarif, asff, ocsf, html",
        "output[2] is ``; expected one of table, json, csv, junit, sarif, asff, ocsf, html",
        "`parameter` is unknown; expected one of parameters, output, exemptions; did you mean \
         `parameters`?",
    ];
    assert_eq!(found, expected);
    assert_eq!(faults("parameters = 1\nexemptions = 2\noutput = 3").len(), 3);
}

#[test]
fn a_configuration_file_has_parameters_outputs_and_exemptions() {
    let folder = Folder::new("config");
    folder.write_json("in/a.json", &[trail_item(None)]);
    let report = folder.0.join("report.json");
    let toml = format!(
        r#"
        output = ["json={}"]
        [parameters]
        profile = "strict"
        replicas = "EVALUATE"
        [[exemptions]]
        trail = "{TRAIL}"
        until = 2026-12-31
        reason = "moves to the new trail, TICKET-1"
        approver = "Jane Doe"
        "#,
        report.display()
    );
    let config = folder.write("trailseal.toml", toml.as_bytes());
    let words = |more: &[&str]| {
        let fixed = [folder.0.join("in").into(), "--config".into(), config.clone().into()];
        fixed.into_iter().chain(more.iter().map(Into::into)).collect::<Vec<_>>()
    };
    let checked = Checked::run(words(&["-p", "profile=cis"]));
    assert_eq!((checked.exit, checked.err.as_str()), (Exit::Clean, ""));
    // A table goes to standard output, as with `-o json=FILE`.
    assert!(checked.out.contains("1 trail: 0 non-compliant"), "{}", checked.out);
    let rendered = Checked::of("render", ["-o".into(), "json".into(), report.clone().into()]);
    let text = std::fs::read_to_string(&report).unwrap();
    assert_eq!((rendered.exit, &rendered.out), (Exit::Clean, &text), "{}", rendered.err);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["parameters"], json!({ "profile": "cis", "replicas": "EVALUATE" }));
    let exemption = json!({
        "pattern": TRAIL, "until": "2026-12-31", "source": config.display().to_string(),
        "reason": "moves to the new trail, TICKET-1", "approver": "Jane Doe", "state": "active",
        "trails": 1,
    });
    assert_eq!(report["exemptions"], json!([exemption]));
    let digest: String =
        Sha256::digest(toml.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = json!({ "file": config.display().to_string(), "sha256": digest });
    assert_eq!(report["run"]["config"], file);
    let checked = Checked::run(words(&["-o", "csv"]));
    assert!(checked.out.starts_with("compliance,"), "the option replaces the outputs");
}

#[test]
fn faults_of_the_file_and_of_the_options_are_reported_together() {
    let folder = Folder::new("config-faults");
    folder.write_json("a.json", &[trail_item(None)]);
    let text = "outputs = []\n[parameters]\nprofil = 'cis'\nunverified = 'no'\n\
                requireKeyRotation = true";
    let config = folder.write("trailseal.toml", text.as_bytes());
    let run = |config: &Path, more: &str| {
        let words = [folder.0.join("a.json").into(), "--config".into(), config.into()];
        Checked::run(words.into_iter().chain(["-p".into(), more.into()]))
    };
    let checked = run(&config, "replicas=x");
    assert_eq!((checked.exit, checked.out.as_str()), (Exit::NotStarted, ""));
    for part in [
        &format!("--config `{}`: parameter `profil` is not a parameter", config.display()),
        "did you mean `profile`?",
        "trailseal.toml`: parameter `unverified`",
        "trailseal.toml`: parameter `requireKeyRotation` is a boolean; expected text",
        "trailseal.toml`: `outputs` is unknown",
        "--parameter `replicas`",
    ] {
        assert!(checked.err.contains(part), "{part}: {}", checked.err);
    }
    let absent = folder.0.join("absent.toml");
    let checked = run(&absent, "profile=cis");
    assert_eq!(checked.exit, Exit::NotStarted);
    assert!(checked.err.contains(&format!("--config `{}`: ", absent.display())), "{}", checked.err);
    let large = folder.write("large.toml", &vec![b'#'; 1 << 21]);
    assert!(run(&large, "profile=cis").err.contains("is larger than 1 MiB"));
    assert!(run(&folder.write("latin.toml", &[0xE9]), "profile=cis").err.contains("is not UTF-8"));
}

#[test]
fn a_parameter_that_is_empty_or_has_no_effect_is_named() {
    let folder = Folder::new("config-empty");
    folder.write_json("a.json", &[trail_item(None)]);
    let run = |more: &[&str]| {
        Checked::run(
            [folder.0.join("a.json").into()].into_iter().chain(more.iter().map(Into::into)),
        )
    };
    let checked = run(&["-p", "profile=", "-p", "executionRoleName=audit"]);
    assert_eq!(checked.exit, Exit::Findings);
    for line in [
        "parameter `profile` is empty, so its default counts",
        "note: parameter `executionRoleName` has no effect without a call to AWS",
    ] {
        assert!(checked.err.contains(line), "{}", checked.err);
    }
    assert!(!run(&["-p", "profile=cis"]).err.contains("parameter"));
}

#[test]
fn a_file_with_an_exemption_overrides_the_parameters_of_events() {
    let folder = Folder::new("config-events");
    let event = event(&change(&trail_item(None)), r#"{"unverified":"COMPLIANT"}"#);
    folder.write_json("event.json", &[event]);
    let text = format!("[[exemptions]]\ntrail = '{TRAIL}'\nreason = 'r'\napprover = 'a'");
    let config = folder.write("trailseal.toml", text.as_bytes());
    let words = |more: [&Path; 2]| {
        let fixed = [folder.0.join("event.json").into(), "-o".into(), "json".into()];
        fixed.into_iter().chain(more.map(Into::into)).collect::<Vec<_>>()
    };
    let report = Checked::run(words([Path::new("--config"), &config])).report();
    assert_eq!(report["trails"][0]["compliance"], "NOT_APPLICABLE");
    let own = Checked::run(words([Path::new("-p"), Path::new("profile=effective")])).report();
    assert_eq!(own["trails"][0]["compliance"], "NON_COMPLIANT");
}

#[test]
fn the_schema_accepts_what_the_file_may_hold() {
    let validator = jsonschema::validator_for(&config_schema()).unwrap();
    let exemption =
        json!({ "trail": TRAIL, "until": "2026-12-31", "reason": "r", "approver": "a" });
    let whole = json!({
        "parameters": { "profile": "strict" }, "output": ["json=a.json"], "exemptions": [exemption],
    });
    assert!(validator.is_valid(&whole) && validator.is_valid(&json!({})));
    for wrong in [
        json!({ "output": "json" }),
        json!({ "parameters": { "profil": "strict" } }),
        json!({ "exemptions": [{ "trail": TRAIL, "reason": "r" }] }),
        json!({ "exemption": [] }),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}
