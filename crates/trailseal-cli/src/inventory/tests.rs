use serde_json::json;

use super::*;
use crate::testing::{self, change, event, oversized, with};

const OWN: ScanOptions<'static> =
    ScanOptions { role: Role::Judged, event_parameters: EventParameters::Own, subject: None };

fn trail_item(captured: &str, status: &str) -> Value {
    let mut item = with(testing::trail_item(None), "configurationItemStatus", json!(status));
    if status != "OK" {
        item["configuration"] = Value::Null;
    }
    with(item, "configurationItemCaptureTime", json!(captured))
}

fn read(seen: &mut Inventory, document: &Value, options: ScanOptions<'_>) {
    let position = seen.known_documents;
    seen.read(Document::Other(document.to_string().as_bytes()), options, 0, position);
}

fn states(seen: &Inventory) -> Vec<&'static str> {
    let state = |trail: &InputTrail| match trail.presence {
        Presence::Present(_) => "present",
        Presence::Gone(why) => why,
        Presence::NotRecorded => "AWS Config does not record the trail",
    };
    seen.trails.iter().map(|(_, _, trail)| state(trail)).collect()
}

#[test]
fn a_document_is_recognized_by_its_members() {
    let item = trail_item("2026-11-23T10:00:00.000Z", "OK");
    for document in [event(&change(&item), ""), change(&item), item.clone()] {
        let mut seen = Inventory::default();
        read(&mut seen, &document, OWN);
        assert_eq!(states(&seen), ["present"], "{document}");
        assert_eq!((seen.problems.len(), seen.unknown_documents), (0, 0));
    }
    for document in [json!({}), json!({ "Records": [] }), json!({ "configurationItem": 1 })] {
        let mut seen = Inventory::default();
        read(&mut seen, &document, OWN);
        assert_eq!((seen.unknown_documents, seen.known_documents), (1, 0), "{document}");
    }
}

#[test]
fn the_newest_item_of_a_trail_is_used_and_a_deleted_trail_is_gone() {
    let mut seen = Inventory::default();
    for (captured, status) in [
        ("2026-11-23T10:00:00.000Z", "OK"),
        ("2026-11-23T12:00:00.000Z", "ResourceDeleted"),
        ("2026-11-23T11:00:00.000Z", "OK"),
    ] {
        read(&mut seen, &trail_item(captured, status), OWN);
    }
    assert_eq!(states(&seen), ["the trail was deleted"]);
}

#[test]
fn an_event_and_an_item_report_a_gone_trail_alike() {
    let mut found = Vec::new();
    for status in ["ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"] {
        let item = trail_item("2026-11-23T10:00:00.000Z", status);
        for document in [event(&change(&item), ""), item] {
            let mut seen = Inventory::default();
            read(&mut seen, &document, OWN);
            found.push(states(&seen));
        }
    }
    for pair in found.chunks(2) {
        assert_eq!(pair[0], pair[1]);
        assert_eq!(pair[0].len(), 1);
    }
}

#[test]
fn the_command_line_overrides_the_parameters_of_an_event() {
    let item = trail_item("2026-11-23T10:00:00.000Z", "OK");
    let document = event(&change(&item), "{\"profile\":\"strict\"}");
    let parameters = |event_parameters| {
        let mut seen = Inventory::default();
        read(&mut seen, &document, ScanOptions { event_parameters, ..OWN });
        let (_, _, trail) = seen.trails.iter().next().unwrap();
        trail.parameters.as_ref().map(|parameters| parameters.profile)
    };
    assert_eq!(parameters(EventParameters::Own), Some(trailseal_rule::Profile::Strict));
    assert_eq!(parameters(EventParameters::Overridden), None);
    let faulty = event(&change(&item), "{\"profile\":\"all\"}");
    for (event_parameters, problems) in
        [(EventParameters::Own, 1), (EventParameters::Overridden, 0)]
    {
        let mut seen = Inventory::default();
        read(&mut seen, &faulty, ScanOptions { event_parameters, ..OWN });
        assert_eq!(seen.problems.len(), problems);
    }
}

#[test]
fn trails_in_facts_are_ignored() {
    let facts = ScanOptions { role: Role::FactsOnly, ..OWN };
    let item = trail_item("2026-11-23T10:00:00.000Z", "OK");
    let mut seen = Inventory::default();
    for document in [event(&change(&item), ""), change(&item), item] {
        read(&mut seen, &document, facts);
    }
    seen.read(Document::Described(b"{\"TrailARN\":\"x\"}"), facts, 0, 9);
    assert_eq!((seen.trails.iter().count(), seen.problems.len()), (0, 0));
}

#[test]
fn an_oversized_item_must_be_in_the_input() {
    let item = |time: &str| trail_item(&format!("2026-11-23T{time}:00:00.000Z"), "OK");
    let announcement = event(&oversized(&item("10")), "");
    for (other, problems) in [
        (None, 1),
        (Some(item("09")), 1),
        (Some(item("10")), 0),
        (Some(item("11")), 0),
        (Some(with(item("11"), "awsRegion", json!("eu-west-1"))), 1),
    ] {
        let mut seen = Inventory::default();
        read(&mut seen, &announcement, OWN);
        other.iter().for_each(|item| read(&mut seen, item, OWN));
        seen.drop_conflicts();
        assert_eq!(seen.problems.len(), problems, "{other:?}");
    }
}

#[test]
fn unusable_items_are_reported_and_the_rest_is_read() {
    let mut seen = Inventory::default();
    let mut wrong = trail_item("2026-11-23T10:00:00.000Z", "OK");
    wrong["awsAccountId"] = json!("1");
    read(&mut seen, &wrong, OWN);
    seen.read(Document::Item(b"{\"resourceType\":\"AWS::KMS::Key\""), OWN, 3, 0);
    seen.read(Document::Described(b"{}"), OWN, 4, 0);
    read(&mut seen, &trail_item("2026-11-23T10:00:00.000Z", "OK"), OWN);
    assert_eq!(states(&seen), ["present"]);
    let problems: Vec<(usize, &str)> =
        seen.problems.iter().map(|one| (one.source, one.message.as_str())).collect();
    assert_eq!(
        problems,
        [
            (
                0,
                "an item of a trail cannot be used: `configurationItem.awsAccountId` is `1`; \
                 expected an account id of twelve digits"
            ),
            (3, "an item is not JSON (line 1, column 31 of it)"),
            (4, "a trail has no `TrailARN`"),
        ]
    );
}

#[test]
fn an_event_about_another_resource_is_ignored() {
    let mut item = trail_item("2026-11-23T10:00:00.000Z", "OK");
    item["resourceType"] = json!("AWS::EC2::Instance");
    let mut seen = Inventory::default();
    read(&mut seen, &event(&change(&item), "{\"other\":\"1\"}"), OWN);
    assert_eq!((seen.trails.iter().count(), seen.problems.len()), (0, 0));
    assert_eq!(seen.known_documents, 1);
}
