//! Pages of an answer: the rows are judged, and the missing rest makes the run partial.

use super::*;

const ADVICE: &str = "repeat the command without --no-paginate, --max-items and --limit";
const REPORTED: [&str; 2] = ["-p", "noTrails=NON_COMPLIANT"];

fn facts() -> Value {
    json!({ "configurationItems": [key_item("Enabled"), bucket_item()] })
}

/// The row of an item as a query returns it.
fn row(item: &Value) -> Value {
    let mut row = item.clone();
    let members = row.as_object_mut().unwrap();
    let account = members.remove("awsAccountId").unwrap();
    members.insert("accountId".to_owned(), account);
    let members = match row["resourceType"].as_str() {
        Some("AWS::CloudTrail::Trail") => json!({
            "name": "main", "includeGlobalServiceEvents": true, "isMultiRegionTrail": true,
        }),
        Some("AWS::KMS::Key") => json!({
            "keyId": "1234abcd", "creationDate": "2021-05-20T18:12:43.927Z", "enabled": true,
        }),
        _ => json!({}),
    };
    for (name, value) in members.as_object().unwrap() {
        row["configuration"][name] = value.clone();
    }
    row
}

/// The trail at this time, with a key or without one.
fn state(time: &str, key: Option<&str>) -> Value {
    let time = json!(format!("2026-11-23T{time}:00.000Z"));
    with(trail_item(key), "configurationItemCaptureTime", time)
}

#[test]
fn a_page_of_each_list_of_trails_is_a_problem() {
    let item = trail_item(Some(KEY));
    let text = row(&item).to_string();
    let folder = Folder::new("pages-trails");
    folder.write_json("facts.json", &[facts()]);
    for page in [
        json!({ "Results": [text] }),
        json!({ "Results": [row(&item)], "QueryInfo": { "SelectFields": [] } }),
        json!({ "configurationItems": [item] }),
        json!({ "baseConfigurationItems": [item] }),
        json!({ "BaseConfigurationItems": [item] }),
        described(Some(KEY)),
    ] {
        for (token, value, is_page) in [
            ("NextToken", json!("eyJ"), true),
            ("nextToken", json!("eyJ"), true),
            ("nextToken", json!({ "at": 1 }), true),
            ("NextToken", json!(""), false),
            ("NextToken", Value::Null, false),
        ] {
            folder.write_json("trails.json", &[with(page.clone(), token, value)]);
            let checked = folder.check(&["trails.json", "--facts", "facts.json"]);
            let exit = if is_page { Exit::Failure } else { Exit::Clean };
            checked.is(exit, &["COMPLIANT"]);
            assert_eq!(checked.report()["complete"], !is_page, "{page}");
            let message = format!(
                "error: trails.json: is one page of an answer, whose rest is not read (`{token}`): \
                 {ADVICE}"
            );
            let messages = if is_page { vec![message.as_str()] } else { vec![] };
            assert_eq!(checked.messages(), messages, "{page}");
        }
    }
}

#[test]
fn a_page_of_evidence_is_a_problem() {
    let folder = Folder::new("pages-facts");
    folder.write_json("trail.json", &[trail_item(Some(KEY))]);
    let rows = [row(&key_item("Enabled")), row(&bucket_item())];
    for (page, verdict) in [
        (json!({ "Results": rows, "NextToken": "eyJ" }), "COMPLIANT"),
        (json!({ "Results": [], "NextToken": "eyJ" }), UNVERIFIED),
        (json!({ "configurationItems": [], "nextToken": "eyJ" }), UNVERIFIED),
    ] {
        folder.write_json("facts.json", &[page]);
        let checked = folder.check(&["trail.json", "--facts", "facts.json"]);
        checked.is(Exit::Failure, &[verdict]);
        assert!(checked.messages()[0].ends_with(ADVICE), "{}", checked.err);
    }
}

/// The rest may have trails of any account that the input names.
#[test]
fn after_a_page_no_account_lacks_a_trail() {
    let folder = Folder::new("pages-accounts");
    let keys = |token: &str| json!({ "Results": [row(&key_item("Enabled"))], "NextToken": token });
    let none = |token: &str| json!({ "trailList": [], "nextToken": token });
    for (documents, exit, verdicts) in [
        (vec![keys("")], Exit::Findings, &["NON_COMPLIANT"][..]),
        (vec![keys("eyJ")], Exit::Failure, &[]),
        (vec![none("eyJ"), keys("")], Exit::Failure, &[]),
    ] {
        folder.write_json("all.json", &documents);
        folder.check(&[&["all.json"], &REPORTED[..]].concat()).is(exit, verdicts);
    }
    // The trails of facts are not judged anyway.
    folder.write_json("all.json", &[keys("")]);
    folder.write_json("facts.json", &[keys("eyJ")]);
    let checked = folder.check(&[&["all.json", "--facts", "facts.json"], &REPORTED[..]].concat());
    checked.is(Exit::Failure, &["NON_COMPLIANT"]);
}

/// By default, `get-resource-config-history` begins with the newest item.
#[test]
fn a_page_of_a_history_is_a_problem_unless_its_rest_is_older() {
    let (old, new) = (state("09:00", Some(KEY)), state("10:00", None));
    let same = state("10:00", None);
    let undated = without_time(&old);
    let folder = Folder::new("pages-history");
    folder.write_json("facts.json", &[facts()]);
    for (items, exit, verdict) in [
        (vec![&new, &old], Exit::Findings, "NON_COMPLIANT sse-kms-enabled"),
        (vec![&old, &new], Exit::Failure, "NON_COMPLIANT sse-kms-enabled"),
        // `--chronological-order Forward --limit 1`: the trail may have lost its key since.
        (vec![&old], Exit::Failure, "COMPLIANT"),
        (vec![&new, &same], Exit::Failure, "NON_COMPLIANT sse-kms-enabled"),
        (vec![&undated], Exit::Failure, "COMPLIANT"),
    ] {
        let page = json!({ "configurationItems": items, "nextToken": "eyJ" });
        folder.write_json("trails.json", &[page]);
        let checked = folder.check(&["trails.json", "--facts", "facts.json"]);
        checked.is(exit, &[verdict]);
        assert_eq!(checked.err.contains(ADVICE), exit == Exit::Failure, "{items:?}");
    }
    // The order of one list says nothing about the next one.
    let first = json!({ "configurationItems": [new, old], "nextToken": "eyJ" });
    let other = with(state("08:00", Some(KEY)), "resourceId", json!("other"));
    let second = json!({ "configurationItems": [other], "nextToken": "eyJ" });
    folder.write_json("trails.json", &[first, second]);
    let checked = folder.check(&["trails.json", "--facts", "facts.json"]);
    assert_eq!(checked.exit, Exit::Failure, "{}", checked.err);
    // The history of another resource decides nothing.
    let instance = item("AWS::EC2::Instance", "i-1", &json!({}));
    let page = json!({ "configurationItems": [instance], "nextToken": "eyJ" });
    folder.write_json("trails.json", &[page, trail_item(Some(KEY))]);
    folder.check(&["trails.json", "--facts", "facts.json"]).is(Exit::Clean, &["COMPLIANT"]);
}

fn without_time(item: &Value) -> Value {
    let mut item = item.clone();
    item.as_object_mut().unwrap().remove("configurationItemCaptureTime");
    item
}
