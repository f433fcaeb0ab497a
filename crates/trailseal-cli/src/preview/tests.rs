//! The command `preview` as a user sees it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Exit;
use crate::testing::{Checked, Folder};

mod files;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/preview")
}

const PLACE: [&str; 4] = ["--account", "111122223333", "--region", "us-east-1"];

fn preview(words: &[&str]) -> Checked {
    Checked::of("preview", words.iter().map(|word| OsString::from(*word)))
}

/// Runs `preview -o json` on a document of `tests/preview`.
fn of_case(name: &str, words: &[&str]) -> Checked {
    let file = cases().join(name).display().to_string();
    preview(&[&[file.as_str(), "-o", "json"], words].concat())
}

fn verdict(checked: &Checked) -> (Exit, Value, Value) {
    let report = checked.report();
    let trail = &report["trails"][0];
    (checked.exit, trail["compliance"].clone(), trail["unverified"].clone())
}

#[test]
fn the_exit_code_is_that_of_check() {
    let compliant = of_case("cfn/c02-ref-key.yaml", &PLACE);
    assert_eq!(verdict(&compliant), (Exit::Clean, json!("COMPLIANT"), json!(false)));
    let broken = of_case("cfn/c08-if-default-off.yaml", &PLACE);
    assert_eq!(verdict(&broken), (Exit::Findings, json!("NON_COMPLIANT"), json!(false)));
    let note = "default assumed: Encrypt = false";
    assert!(broken.out.contains(note), "{}", broken.out);
    let unverified = of_case("cfn/c18-dynamic-reference.yaml", &PLACE);
    assert_eq!(verdict(&unverified), (Exit::Findings, json!("NON_COMPLIANT"), json!(true)));
    let refused = of_case("cfn/c26-multi-document.yaml", &PLACE);
    assert_eq!(refused.exit, Exit::Failure);
    assert!(refused.err.contains("several YAML documents"), "{}", refused.err);
    let nothing = of_case("cfn/c50-no-trail.yaml", &PLACE);
    assert_eq!(nothing.exit, Exit::Clean);
    assert!(nothing.err.contains("no trail was found"), "{}", nothing.err);
    let absent = of_case("cfn/absent.yaml", &PLACE);
    assert_eq!(absent.exit, Exit::Failure);
    let usage = preview(&["x.yaml", "--account", "1234"]);
    assert_eq!(usage.exit, Exit::NotStarted);
}

/// Several documents often give their trails one name.
#[test]
fn the_table_names_the_place_of_each_trail() {
    let of = |file: &str| {
        let file = cases().join(file).display().to_string();
        preview(&[&[file.as_str()][..], &PLACE].concat())
    };
    let template = of("cfn/c08-if-default-off.yaml");
    let place = "/cfn/c08-if-default-off.yaml:";
    assert!(template.out.contains(place) && template.out.contains("FINDING"), "{}", template.out);
    let note = "custom resources";
    assert!(template.err.contains(note), "{}", template.err);
    let plan = of("tfplan/t02-no-key.json");
    assert!(plan.out.contains("/tfplan/t02-no-key.json: "), "{}", plan.out);
    assert!(!plan.err.contains(note), "{}", plan.err);
}

#[test]
fn sarif_points_to_the_key_of_the_trail_and_to_the_property_of_the_key() {
    let file = cases().join("cfn/c12-key-rsa.yaml").display().to_string();
    let words = [&[file.as_str(), "-o", "sarif", "-p", "profile=strict"], &PLACE[..]].concat();
    let log = preview(&words).report();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let of = |rule: &str| results.iter().find(|result| result["ruleId"] == rule).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let place = |words: &str| {
        let line = text.lines().position(|line| line.contains(words)).unwrap();
        let column = text.lines().nth(line).unwrap().find(words).unwrap();
        json!({ "startLine": line + 1, "startColumn": column + 1 })
    };
    let usable = of("key-usable");
    assert_eq!(usable["locations"][0]["physicalLocation"]["region"], place("KMSKeyId"));
    let related = &usable["relatedLocations"][0];
    assert_eq!(related["physicalLocation"]["region"], place("KeySpec"));
    assert_eq!(related["message"]["text"], "the key Key");
    // Rotation is not stated, so that the key itself is the place.
    let rotated = &of("key-rotated")["relatedLocations"][0]["physicalLocation"]["region"];
    assert_eq!(*rotated, place("Key:"));
    let hash = usable["partialFingerprints"]["trailAndCheck/v1"].as_str().unwrap();
    assert!(hash.ends_with("/Trail#key-usable"), "{hash}");
    // A trail without a key is the place itself.
    let file = cases().join("cfn/c36-wrong-case-property.yaml").display().to_string();
    let log = preview(&[file.as_str(), "-o", "sarif"]).report();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "sse-kms-enabled");
    let line = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
    let text = std::fs::read_to_string(&file).unwrap();
    let expected = text.lines().position(|line| line == "  Trail:").unwrap() + 1;
    assert_eq!(*line, json!(expected));
}

/// A report has stand-ins where account, Region or name are not known, and every format takes it.
#[test]
fn a_report_without_account_and_region_can_be_written_in_every_format() {
    let folder = Folder::new("preview-formats");
    let whole = cases().join("cdk.out").display().to_string();
    let off = cases().join("docs/key-off.yaml").display().to_string();
    let not_made = cases().join("docs/key-not-made.yaml").display().to_string();
    let documents = [whole.as_str(), off.as_str(), not_made.as_str()];
    let json = folder.0.join("report.json");
    let to_file = format!("json={}", json.display());
    let words = [&documents[..], &["-o", &to_file, "-p", "profile=strict"]].concat();
    let first = preview(&words);
    assert_eq!(first.exit, Exit::Findings, "{}", first.err);
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let arns: Vec<&str> = report["trails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["arn"].as_str().unwrap())
        .collect();
    let unknown = "arn:aws:cloudtrail:<region>:<account>:trail/<name>";
    assert_eq!(arns.iter().filter(|arn| **arn == unknown).count(), 3, "{arns:?}");
    for format in crate::output::formats() {
        let format = format.name();
        let own =
            preview(&[&documents[..], &["-o", &format, "-p", "profile=strict", "-q"]].concat());
        assert_eq!(own.exit, Exit::Findings, "{format}: {}", own.err);
        assert!(!own.out.is_empty(), "{format}");
        let words = [json.as_os_str(), "-o".as_ref(), format.as_ref(), "-q".as_ref()];
        let rendered = Checked::of("render", words.map(OsString::from));
        assert_eq!(rendered.exit, Exit::Findings, "{format}: {}", rendered.err);
    }
}

#[test]
fn values_and_parameters_decide_and_are_listed() {
    let values = cases().join("docs/values.json").display().to_string();
    let words =
        [&PLACE[..], &["--values", &values, "-p", "allowedKeyAccounts=444455556666"]].concat();
    let given = of_case("docs/central-key.yaml", &words);
    assert_eq!(verdict(&given), (Exit::Clean, json!("COMPLIANT"), json!(false)), "{}", given.out);
    let notes = given.report()["trails"][0]["notes"].to_string();
    for part in ["export log-key = arn", "key arn:aws:kms:us-east-1", "bucket central-logs in"] {
        assert!(notes.contains(&format!("supplied: {part}")), "{notes}");
    }
    for part in ["export log-key", "key arn:aws:kms", "bucket central-logs in us-east-1"] {
        assert!(given.err.contains(&format!("supplied by --values: {part}")), "{}", given.err);
    }
    let without = of_case("docs/central-key.yaml", &PLACE);
    assert_eq!(verdict(&without), (Exit::Findings, json!("NON_COMPLIANT"), json!(true)));

    let folder = Folder::new("preview-parameters");
    for (name, text) in [
        ("cli.json", r#"[{"ParameterKey": "Encrypt", "ParameterValue": "true"}]"#),
        ("pipeline.json", r#"{"Parameters": {"Encrypt": "true"}}"#),
        ("plain.json", r#"{"Encrypt": true}"#),
    ] {
        let file = folder.write(name, text.as_bytes()).display().to_string();
        let words = [&PLACE[..], &["--stack-parameters", &file]].concat();
        let given = of_case("cfn/c08c-if-no-default.yaml", &words);
        assert_eq!(verdict(&given), (Exit::Clean, json!("COMPLIANT"), json!(false)), "{name}");
    }
    let bad = folder.write("bad.json", br#"{"keys": {"alias/x": {}}, "others": 1}"#);
    let bad = bad.display().to_string();
    let refused = of_case("docs/central-key.yaml", &["--values", &bad]);
    assert_eq!(refused.exit, Exit::NotStarted);
    for part in ["`keys` has another key", "`others` is not one of"] {
        assert!(refused.err.contains(part), "{}", refused.err);
    }
}

/// With the name of one stack, the key policy of another would be judged by the wrong name.
#[test]
fn the_supplied_name_of_the_stack_is_that_of_one_template() {
    let folder = Folder::new("preview-stack-name");
    let write = |name: &str, text: &str| folder.write(name, text.as_bytes()).display().to_string();
    let template = |trail: &str| {
        format!(
            "Resources: {{Trail: {{Type: AWS::CloudTrail::Trail, Properties: {{IsLogging: true, \
             S3BucketName: logs, TrailName: !Sub '{trail}'}}}}}}"
        )
    };
    let one = write("one.yaml", &template("${AWS::StackName}-one"));
    let two = write("two.yaml", &template("${AWS::StackName}-two"));
    let other = write("other.yaml", &template("other"));
    let values = write("values.json", r#"{"references": {"AWS::StackName": "logs"}}"#);
    let run =
        |words: &[&str]| preview(&[words, &["-o", "json", "--values", &values], &PLACE].concat());
    let both = run(&[&one, &other, &two]);
    assert_eq!(both.exit, Exit::Failure, "{}", both.err);
    let refused = both.report()["problems"].as_array().unwrap().clone();
    assert_eq!(refused.len(), 2, "{refused:?}");
    for (problem, file) in refused.iter().zip([&one, &two]) {
        assert_eq!(problem["source"], json!(file));
        assert!(problem["message"].as_str().unwrap().contains("a run of its own"), "{problem}");
    }
    assert_eq!(both.report()["trails"].as_array().unwrap().len(), 1);
    for words in [[&one, &other], [&other, &two]] {
        let alone = run(&words.map(String::as_str));
        assert_eq!(alone.exit, Exit::Findings, "{}", alone.err);
        assert_eq!(alone.report()["trails"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn other_documents_are_refused_with_the_way_to_go() {
    let folder = Folder::new("preview-refused");
    for (name, bytes, words) in [
        ("main.tf", &b"resource \"aws_cloudtrail\" \"t\" {}"[..], "terraform show -json"),
        ("plan.bin", b"PK\x03\x04rest", "terraform show -json"),
        (
            "terraform.tfstate",
            br#"{"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x"}"#,
            "is Terraform state",
        ),
        (
            "state.json",
            br#"{"format_version": "1.0", "terraform_version": "1.9.0", "values": {}}"#,
            "is Terraform state",
        ),
        (
            "plan.json",
            br#"{"format_version": "2.0", "terraform_version": "9", "resource_changes": []}"#,
            "is a plan in format 2.0",
        ),
        ("list.json", b"[1, 2]", "no `Resources`"),
        ("latin.yaml", b"Resources: {a: \xE4}", "is not UTF-8"),
    ] {
        let file = folder.write(name, bytes).display().to_string();
        let refused = preview(&[&file]);
        assert_eq!(refused.exit, Exit::Failure, "{name}");
        assert!(refused.err.contains(words), "{name}: {}", refused.err);
    }
    let refused = preview(&[&folder.0.display().to_string()]);
    assert_eq!(refused.exit, Exit::Failure);
    assert!(refused.err.contains("manifest.json"), "{}", refused.err);
}

fn plan(name: &str) -> String {
    cases().join("tfplan").join(name).display().to_string()
}

#[test]
fn a_plan_passes_with_its_source_only_where_the_key_is_certain() {
    let account = ["--account", "111122223333", "-o", "json"];
    let judge = |name: &str, has_source: bool| {
        let (file, source) = (plan(&format!("{name}.json")), plan(&format!("source/{name}")));
        let source = if has_source { vec!["--source", &source] } else { vec![] };
        preview(&[&[file.as_str()], &source[..], &account[..]].concat())
    };
    let open = judge("t12-modules", false);
    assert_eq!(verdict(&open), (Exit::Findings, json!("NON_COMPLIANT"), json!(true)));
    assert!(open.out.contains("and --source is not given"), "{}", open.out);
    let known = judge("t12-modules", true);
    assert_eq!(verdict(&known), (Exit::Clean, json!("COMPLIANT"), json!(false)), "{}", known.out);
    // The configuration is an input of the report, with its digest.
    let inputs = known.report()["inputs"].to_string();
    for file in ["t12-modules.json", "t12-modules/main.tf", "key/main.tf", "trail/main.tf"] {
        assert!(inputs.contains(file), "{inputs}");
    }
    let wrapped = judge("t28-function-wrapped", true);
    assert_eq!(verdict(&wrapped), (Exit::Findings, json!("NON_COMPLIANT"), json!(true)));
    assert!(wrapped.out.contains("`replace` is not resolved here"), "{}", wrapped.out);
    let unused = of_case("cfn/c02-ref-key.yaml", &["--source", &plan("source/t12-modules")]);
    assert!(unused.err.contains("--source is not used"), "{}", unused.err);
}

/// As for `--values`, whether or not a document needs it.
#[test]
fn a_source_that_is_not_a_folder_is_refused_before_a_document_is_read() {
    for document in [plan("t12-modules.json"), plan("../cfn/c02-ref-key.yaml")] {
        for (source, expected) in
            [("source/absent", "cannot be read"), ("t12-modules.json", "is not a folder")]
        {
            let refused = preview(&[&document, "--source", &plan(source)]);
            assert_eq!((refused.exit, refused.out.as_str()), (Exit::NotStarted, ""), "{source}");
            assert!(refused.err.contains(expected), "{document}: {}", refused.err);
            assert_eq!(refused.err.lines().count(), 1, "{}", refused.err);
        }
    }
}

#[test]
fn sarif_of_a_plan_points_to_the_source_and_never_to_the_plan() {
    let words = |name: &str, source: &[&str]| {
        let file = plan(&format!("{name}.json"));
        let options = ["-o", "sarif", "-p", "profile=strict", "--account", "111122223333"];
        preview(&[&[file.as_str()], source, &options[..]].concat()).report()
    };
    let source = plan("source/t16-key-rsa");
    let log = words("t16-key-rsa", &["--source", &source]);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let usable = results.iter().find(|result| result["ruleId"] == "key-usable").unwrap();
    let text = std::fs::read_to_string(Path::new(&source).join("main.tf")).unwrap();
    let line = |words: &str| text.lines().position(|line| line.contains(words)).unwrap() + 1;
    let place = &usable["locations"][0]["physicalLocation"];
    assert_eq!(place["region"], json!({ "startLine": line("kms_key_id"), "startColumn": 3 }));
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.ends_with("source/t16-key-rsa/main.tf"), "{uri}");
    let related = &usable["relatedLocations"][0]["physicalLocation"]["region"];
    assert_eq!(related["startLine"], json!(line("customer_master_key_spec")));
    let log = words("t02-no-key", &[]);
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("t02-no-key.json"));
    assert_eq!(place["region"], Value::Null);
}

/// The report of a planned trail is not evidence: `check` does not read it.
#[test]
fn check_does_not_read_a_report_of_preview() {
    let folder = Folder::new("preview-evidence");
    let report = of_case("cfn/c02-ref-key.yaml", &PLACE).out;
    let file = folder.write("report.json", report.as_bytes());
    let checked = Checked::run([file.into_os_string()]);
    assert_eq!(checked.exit, Exit::Failure);
    assert!(checked.err.contains("is a report of trailseal"), "{}", checked.err);
}

#[test]
fn a_parameter_without_effect_is_named() {
    for (given, name) in [
        ("noTrails=NON_COMPLIANT", "noTrails"),
        ("replicas=EVALUATE", "replicas"),
        ("keyAccountRoleName=Audit", "keyAccountRoleName"),
        ("executionRoleName=Audit", "executionRoleName"),
    ] {
        let checked = of_case("cfn/c02-ref-key.yaml", &[&PLACE[..], &["-p", given]].concat());
        assert_eq!(verdict(&checked), (Exit::Clean, json!("COMPLIANT"), json!(false)));
        let note = format!("note: parameter `{name}` has no effect in a preview\n");
        assert!(checked.err.contains(&note), "{}", checked.err);
    }
    let checked = of_case("cfn/c02-ref-key.yaml", &[&PLACE[..], &["-p", "profile=cis"]].concat());
    assert!(!checked.err.contains("no effect"), "{}", checked.err);
}

#[test]
fn standard_input_is_refused() {
    let checked = preview(&["-"]);
    assert_eq!((checked.exit, checked.out.as_str()), (Exit::NotStarted, ""));
    assert!(checked.err.contains("does not read standard input"), "{}", checked.err);
    // Nothing is said of trails in a document that cannot be read.
    let checked = preview(&["absent.yaml"]);
    assert_eq!(checked.exit, Exit::Failure);
    assert!(!checked.err.contains("custom resources"), "{}", checked.err);
}

/// Runs `preview` on a template with this file of stack parameters.
fn with_parameters(template: &str, parameters: &str) -> Checked {
    let folder = Folder::new("preview-given");
    let file = folder.write("parameters.json", parameters.as_bytes()).display().to_string();
    of_case(template, &[&PLACE[..], &["--stack-parameters", &file]].concat())
}

#[test]
fn the_previous_value_of_a_parameter_is_not_its_default() {
    let default = |value: &str| {
        let parameters = format!(r#"[{{"ParameterKey": "Encrypt", {value}}}]"#);
        verdict(&with_parameters("cfn/c08b-if-default-on.yaml", &parameters))
    };
    let passes = (Exit::Clean, json!("COMPLIANT"), json!(false));
    assert_eq!(default(r#""ParameterValue": "true", "UsePreviousValue": false"#), passes);
    let open = (Exit::Findings, json!("NON_COMPLIANT"), json!(true));
    assert_eq!(default(r#""UsePreviousValue": true"#), open);
    // Both: CloudFormation refuses it, and the value is not that of the stack.
    assert_eq!(default(r#""UsePreviousValue": true, "ParameterValue": "true""#), open);
}

#[test]
fn a_stack_parameter_that_counts_for_nothing_is_named() {
    let template = "cfn/c08b-if-default-on.yaml";
    let misspelled = with_parameters(template, r#"{"Encrpyt": "false"}"#);
    assert_eq!(misspelled.exit, Exit::Failure);
    let problem = &misspelled.report()["problems"][0];
    assert!(problem["source"].as_str().unwrap().ends_with("parameters.json"), "{problem}");
    assert_eq!(problem["message"], "no template has the parameter `Encrpyt`");
    let twice = r#"[{"ParameterKey": "Encrypt", "ParameterValue": "false"},
        {"ParameterKey": "Encrypt", "ParameterValue": "true"}]"#;
    let twice = with_parameters(template, twice);
    assert_eq!(twice.exit, Exit::NotStarted);
    assert!(twice.err.contains("has `Encrypt` twice"), "{}", twice.err);
    let of_plan = with_parameters("tfplan/t02-no-key.json", r#"{"Encrypt": "false"}"#);
    assert_eq!(of_plan.exit, Exit::Findings);
    assert!(of_plan.err.contains("--stack-parameters is not used"), "{}", of_plan.err);
}

/// A plan has trails that exist, and no document shows what was delivered to them.
#[test]
fn deliveries_are_not_judged() {
    let folder = Folder::new("preview-delivery");
    let whole = std::fs::read_to_string(plan("t14b-count-on.json")).unwrap();
    let mut document: Value = serde_json::from_str(&whole).unwrap();
    let source = plan("source/t14b-count-on");
    for actions in [json!(["create"]), json!(["update"]), json!(["no-op"])] {
        let changes = document["resource_changes"].as_array_mut().unwrap();
        let trail = changes.iter_mut().find(|one| one["type"] == "aws_cloudtrail").unwrap();
        trail["change"]["actions"] = actions;
        trail["change"]["before"] = trail["change"]["after"].clone();
        let file = folder.write("plan.json", document.to_string().as_bytes());
        let file = file.display().to_string();
        let words =
            [&file, "--source", &source, "-o", "json", "-p", "profile=strict", PLACE[0], PLACE[1]];
        let report = preview(&words).report();
        let trail = &report["trails"][0];
        assert_eq!(trail["compliance"], "COMPLIANT", "{trail}");
        assert_eq!(trail["skipped"], json!(["delivery-unbroken"]));
        let checks = trail["checks"].as_array().unwrap();
        assert!(checks.iter().all(|check| check["id"] != "delivery-unbroken"), "{checks:?}");
        assert_eq!(checks.len(), 9);
    }
    let asked =
        of_case("cfn/c02-ref-key.yaml", &[&PLACE[..], &["-p", "checkDelivery=true"]].concat());
    assert_eq!(asked.report()["trails"][0]["skipped"], json!(["delivery-unbroken"]));
}

#[test]
fn the_owner_of_an_organization_trail_is_stated() {
    let folder = Folder::new("preview-organization");
    let template = |organization: &str| {
        let text = std::fs::read_to_string(cases().join("cfn/c02-ref-key.yaml")).unwrap();
        let text =
            text.replace("IsLogging: true", &format!("IsLogging: true\n      {organization}"));
        assert!(organization.is_empty() || text.contains(organization), "{text}");
        let file = folder.write("template.yaml", text.as_bytes()).display().to_string();
        let checked = preview(&[&[file.as_str(), "-o", "json"], &PLACE[..]].concat());
        (verdict(&checked).1, checked.report()["trails"][0]["notes"].to_string())
    };
    let note = "evaluated as an organization trail of 111122223333";
    let (_, plain) = template("");
    assert!(!plain.contains("organization"), "{plain}");
    let (verdict, notes) = template("IsOrganizationTrail: true");
    assert_eq!(verdict, "COMPLIANT");
    assert!(notes.contains(note) && !notes.contains("may be"), "{notes}");
    let (_, notes) = template("IsOrganizationTrail: !ImportValue is-organization");
    assert!(notes.contains("may be an organization trail (export `is-organization`"), "{notes}");
    assert!(notes.contains(note), "{notes}");
}

/// A property that the values file leaves out is unknown; it does not get the default of KMS.
#[test]
fn a_supplied_key_passes_only_with_what_the_file_states() {
    let folder = Folder::new("preview-supplied");
    let text = std::fs::read_to_string(cases().join("docs/values.json")).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let arn = whole["keys"].as_object().unwrap().keys().next().unwrap().clone();
    let judge = |key: &Value, others: &[&str]| {
        let mut values = whole.clone();
        values["keys"][&arn] = key.clone();
        let file = folder.write("values.json", values.to_string().as_bytes()).display().to_string();
        let words = ["--values", &file, "-p", "allowedKeyAccounts=444455556666"];
        let checked = of_case("docs/central-key.yaml", &[&PLACE[..], &words, others].concat());
        if checked.exit == Exit::NotStarted {
            return (checked.exit, false, false);
        }
        let (exit, compliance, unverified) = verdict(&checked);
        (exit, compliance == "COMPLIANT", unverified == true)
    };
    let (passes, open) = ((Exit::Clean, true, false), (Exit::Findings, false, true));
    let key = &whole["keys"][&arn];
    assert_eq!(judge(key, &[]), passes);
    // AWS manages no key that a trail of another account can use.
    for name in ["KeyState", "KeyUsage", "KeySpec", "Origin"] {
        let mut without = key.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(judge(&without, &[]), open, "{name}");
    }
    for odd in ["EXTERNAL_KEY_STORE", "ELSEWHERE", ""] {
        let mut elsewhere = key.clone();
        elsewhere["Origin"] = json!(odd);
        assert_eq!(judge(&elsewhere, &[]), open, "{odd}");
    }
    let mut rotated = key.clone();
    rotated["KeyRotationEnabled"] = json!(true);
    let rotation = ["-p", "requireKeyRotation=true"];
    let period = ["-p", "requireKeyRotation=true", "-p", "maxRotationPeriodDays=365"];
    assert_eq!(judge(key, &rotation), open);
    assert_eq!(judge(&rotated, &rotation), passes);
    assert_eq!(judge(&rotated, &period), open);
    rotated["RotationPeriodInDays"] = json!(365);
    assert_eq!(judge(&rotated, &period), passes);
    rotated["RotationPeriodInDays"] = json!(2560);
    assert_eq!(judge(&rotated, &period), (Exit::Findings, false, false));
    rotated["RotationPeriodInDays"] = json!("365");
    assert_eq!(judge(&rotated, &period).0, Exit::NotStarted);
}
