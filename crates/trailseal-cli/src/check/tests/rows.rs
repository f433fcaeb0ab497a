//! Rows of `select-resource-config`: a member that was not selected decides nothing.

use super::*;

const REGION: &str = "eu-central-1";

/// The configuration of a trail, as a query that selects it as a whole returns it.
fn whole_trail() -> Value {
    json!({
        "name": "main", "s3BucketName": "trail-logs", "includeGlobalServiceEvents": true,
        "isMultiRegionTrail": true, "homeRegion": REGION, "trailARN": TRAIL,
        "logFileValidationEnabled": true, "hasCustomEventSelectors": false, "kmsKeyId": KEY,
    })
}

fn whole_key() -> Value {
    json!({
        "keyId": "1234abcd", "arn": KEY, "creationDate": "2021-05-20T18:12:43.927Z",
        "enabled": true, "keyUsage": "ENCRYPT_DECRYPT", "keyState": "Enabled",
        "origin": "AWS_KMS", "keyManager": "CUSTOMER", "keySpec": "SYMMETRIC_DEFAULT",
    })
}

fn imported_key() -> Value {
    let key = with(whole_key(), "origin", json!("EXTERNAL"));
    with(key, "expirationModel", json!("KEY_MATERIAL_DOES_NOT_EXPIRE"))
}

fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().unwrap().remove(member).unwrap();
    object
}

fn row(kind: &str, id: &str, configuration: &Value) -> Value {
    json!({
        "resourceType": kind, "resourceId": id, "accountId": "111122223333", "awsRegion": REGION,
        "configuration": configuration,
    })
}

/// The row with a time, and with this status unless it has one.
fn dated(row: &Value, status: &str) -> Value {
    let mut row = with(row.clone(), "configurationItemCaptureTime", json!(INSTANT));
    let members = row.as_object_mut().unwrap();
    members.entry("configurationItemStatus").or_insert(json!(status));
    row
}

/// Judges a trail by three rows of a query.
fn judge(trail: &Value, key: &Value) -> Checked {
    let trail = row("AWS::CloudTrail::Trail", "main", trail);
    let rows = [
        trail,
        row("AWS::KMS::Key", "1234abcd", key),
        row("AWS::S3::Bucket", "trail-logs", &json!({})),
    ];
    judge_rows(&rows)
}

/// Judges rows of a query, which are the same in each form.
fn judge_rows(rows: &[Value]) -> Checked {
    // Each test has a thread of its own.
    let folder = Folder::new(&format!("rows-{:?}", std::thread::current().id()));
    let check = |documents: &[Value]| {
        folder.write_json("rows.json", documents);
        folder.check(&["rows.json"])
    };
    let texts: Vec<String> = rows.iter().map(Value::to_string).collect();
    let checked = check(&[json!({ "Results": texts })]);
    // A query may also select the status and the time.
    let dated: Vec<Value> = rows.iter().map(|row| dated(row, "OK")).collect();
    for rows in [rows, &dated] {
        // The rows alone, as `jq '.Results[] | fromjson'` prints them, and in one list.
        for documents in [rows, &[json!(rows)], &[json!({ "Results": rows })]] {
            let other = check(documents);
            let found = (other.exit, other.verdicts());
            assert_eq!(found, (checked.exit, checked.verdicts()), "{documents:?}\n{}", other.err);
        }
    }
    checked
}

#[test]
fn whole_configurations_are_judged() {
    judge(&whole_trail(), &whole_key()).is(Exit::Clean, &["COMPLIANT"]);
    judge(&whole_trail(), &imported_key()).is(Exit::Clean, &["COMPLIANT"]);
    let expires = with(imported_key(), "expirationModel", json!("KEY_MATERIAL_EXPIRES"));
    let expired = with(expires, "validTo", json!("2026-11-01T00:00:00Z"));
    judge(&whole_trail(), &expired).is(Exit::Findings, &["NON_COMPLIANT key-usable"]);
    // A key to which no material was imported yet has neither of them.
    let waits =
        without(with(imported_key(), "keyState", json!("PendingImport")), "expirationModel");
    let waits = with(waits, "enabled", json!(false));
    judge(&whole_trail(), &waits).is(Exit::Findings, &["NON_COMPLIANT key-usable"]);
    // AWS Config leaves out the key of a trail without one.
    let unencrypted = without(whole_trail(), "kmsKeyId");
    judge(&unencrypted, &whole_key()).is(Exit::Findings, &["NON_COMPLIANT sse-kms-enabled"]);
}

/// It fails in most states, whether or not its material has expired.
#[test]
fn an_imported_key_needs_its_expiration_only_where_it_can_be_usable() {
    for expires in [None, Some("KEY_MATERIAL_EXPIRES")] {
        let key = with(imported_key(), "expirationModel", json!(expires));
        for state in [
            "Creating",
            "Disabled",
            "PendingDeletion",
            "PendingImport",
            "PendingReplicaDeletion",
            "Unavailable",
        ] {
            let key = with(key.clone(), "keyState", json!(state));
            let failed = ["NON_COMPLIANT key-usable"];
            judge(&whole_trail(), &key).is(Exit::Findings, &failed);
        }
        for state in ["Enabled", "Updating", "Other"] {
            let key = with(key.clone(), "keyState", json!(state));
            let checked = judge(&whole_trail(), &key);
            checked.is(Exit::Failure, &[UNVERIFIED]);
            assert!(checked.err.contains("lacks `configuration.validTo`"), "{}", checked.err);
        }
    }
}

#[test]
fn a_row_that_lacks_a_member_of_every_item_is_a_problem() {
    let all = ["name", "s3BucketName", "includeGlobalServiceEvents", "isMultiRegionTrail"];
    for member in [&all[..], &["homeRegion", "trailARN", "logFileValidationEnabled"]].concat() {
        let checked = judge(&without(whole_trail(), member), &whole_key());
        checked.is(Exit::Failure, &[]);
        let words = format!(
            "a row of `main` lacks `configuration.{member}`: select `configuration` as a whole"
        );
        assert!(checked.err.contains(&words), "{}", checked.err);
    }
    let all = ["keyId", "arn", "creationDate", "enabled", "keyUsage", "keyState", "origin"];
    for member in [&all[..], &["keyManager"]].concat() {
        judge(&whole_trail(), &without(whole_key(), member)).is(Exit::Failure, &[UNVERIFIED]);
    }
    // Without it, the key would seem to have material that does not expire.
    let expires = with(imported_key(), "expirationModel", json!("KEY_MATERIAL_EXPIRES"));
    for key in [without(imported_key(), "expirationModel"), expires] {
        let checked = judge(&whole_trail(), &key);
        checked.is(Exit::Failure, &[UNVERIFIED]);
        assert!(checked.err.contains("lacks `configuration.validTo`"), "{}", checked.err);
    }
    // Without it, a copy would seem to be the account's own trail. Old items do not have it.
    let foreign = json!(TRAIL.replace("111122223333", "999999999999"));
    let checked = judge(&with(whole_trail(), "trailARN", foreign), &whole_key());
    checked.is(Exit::Failure, &[]);
    assert!(checked.err.contains("lacks `configuration.isOrganizationTrail`"), "{}", checked.err);
}

/// AWS Config has no configuration of a resource that was deleted or that it does not record.
#[test]
fn a_row_that_has_no_state_needs_no_configuration() {
    for (status, exit) in [
        ("ResourceDeleted", Exit::Clean),
        ("ResourceDeletedNotRecorded", Exit::Clean),
        ("ResourceNotRecorded", Exit::Failure),
    ] {
        let gone = row("AWS::CloudTrail::Trail", "main", &Value::Null);
        let checked = judge_rows(&[dated(&gone, status)]);
        checked.is(exit, &["NOT_APPLICABLE"]);
        assert!(!checked.err.contains("lacks"), "{}", checked.err);
    }
}

#[test]
fn an_account_whose_only_trail_is_in_an_unusable_row_may_have_a_trail() {
    let trail = row("AWS::CloudTrail::Trail", "main", &without(whole_trail(), "name"));
    let folder = Folder::new("row-of-an-account");
    for rows in [vec![trail.clone()], vec![trail, row("AWS::KMS::Key", "1234abcd", &whole_key())]] {
        folder.write_json("rows.json", &[json!({ "Results": rows })]);
        folder.check(&["rows.json", "-p", "noTrails=NON_COMPLIANT"]).is(Exit::Failure, &[]);
    }
}
