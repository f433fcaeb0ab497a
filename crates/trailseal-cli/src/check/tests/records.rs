//! Records of an event of AWS Lambda: a known one hides no other.

use super::*;

fn notification(message: &Value) -> Value {
    json!({ "EventSource": "aws:sns", "Sns": { "Type": "Notification", "Message": message } })
}

fn known(item: Value) -> Value {
    notification(&json!(json!({ "configurationItem": item }).to_string()))
}

#[test]
fn a_record_that_is_not_understood_is_a_problem_with_its_position() {
    let hidden = with(trail_item(None), "resourceId", json!("hidden"));
    let text = json!({ "configurationItem": hidden }).to_string();
    let cut = text.split_at(text.len() - 1).0;
    for record in [
        notification(&json!(json!({ "configurationItems": [hidden] }).to_string())),
        notification(&json!(json!({ "item": hidden }).to_string())),
        notification(&json!(format!("[{text}]"))),
        notification(&json!(cut)),
        notification(&json!({ "configurationItem": hidden })),
        json!({ "EventSource": "aws:sns", "sns": { "Type": "Notification", "Message": text } }),
        json!({ "EventSource": "aws:sns", "Sns": { "Type": "Notification" } }),
        json!({ "eventSource": "aws:sqs", "body": text }),
        json!(null),
    ] {
        let folder = Folder::new("records");
        let items = [trail_item(Some(KEY)), key_item("Enabled"), bucket_item()].map(known);
        let records: Vec<Value> = items.into_iter().chain([record.clone()]).collect();
        folder.write_json("sns.json", &[json!({ "Records": records })]);
        let checked = folder.check(&["sns.json"]);
        checked.is(Exit::Failure, &["COMPLIANT"]);
        let words = "error: sns.json: contains records that are not understood, and not judged: \
                     `Records[3]`";
        assert_eq!(checked.messages(), [words], "{record}");
    }
}

#[test]
fn records_of_another_kind_are_no_problem_of_a_folder() {
    let folder = Folder::new("records-of-logs");
    folder
        .write_json("all/items.json", &[trail_item(Some(KEY)), key_item("Enabled"), bucket_item()]);
    folder.write_json("all/log.json", &[json!({ "Records": [{ "eventVersion": "1.08" }] })]);
    folder.check(&["all"]).is(Exit::Clean, &["COMPLIANT"]);
}

/// Only the lists of a document itself are read.
#[test]
fn a_list_beside_a_known_part_of_a_message_is_a_problem() {
    let hidden = with(trail_item(None), "resourceId", json!("hidden"));
    let of_items = |name: &str| json!({ name: [hidden], "configurationItem": key_item("Enabled") });
    let names = ["configurationItems", "baseConfigurationItems", "BaseConfigurationItems"];
    let messages = names.map(|name| (name, of_items(name)));
    let of_trails =
        json!({ "trailList": described(None)["trailList"], "configurationItem": bucket_item() });
    let beside_event = with(event(&change(&key_item("Enabled")), ""), "trailList", json!([{}]));
    let others = [("trailList", of_trails), ("trailList", beside_event)];
    let folder = Folder::new("list-in-message");
    let all = [trail_item(Some(KEY)), key_item("Enabled"), bucket_item()];
    folder.write_json("all.json", &all);
    for (name, message) in messages.into_iter().chain(others) {
        let sns = notification(&json!(message.to_string()));
        for document in [
            json!({ "Records": [sns] }),
            sns["Sns"].clone(),
            json!({ "detail-type": "Config", "detail": message }),
            json!({ "detail-type": "Config", "detail": sns["Sns"] }),
        ] {
            folder.write_json("message.json", &[document]);
            let checked = folder.check(&["all.json", "message.json"]);
            checked.is(Exit::Failure, &["COMPLIANT"]);
            let words = format!(
                "error: message.json: contains a message with `{name}`, whose elements are not \
                 understood, and not judged: give them as a document of their own"
            );
            assert_eq!(checked.messages(), [words], "{message}");
        }
    }
    // A document itself is read for both, and an empty list hides nothing.
    folder.write_json("both.json", &[of_items("configurationItems")]);
    let checked = folder.check(&["all.json", "both.json"]);
    checked.is(Exit::Findings, &["NON_COMPLIANT sse-kms-enabled", "COMPLIANT"]);
    let empty = json!({ "configurationItem": key_item("Enabled"), "configurationItems": [] });
    folder.write_json(
        "empty.json",
        &[json!({ "Records": [notification(&json!(empty.to_string()))] })],
    );
    folder.check(&["all.json", "empty.json"]).is(Exit::Clean, &["COMPLIANT"]);
}
