use serde_json::json;
use trailseal_rule::Profile;

use super::*;
use crate::testing::{self, INSTANT, change, event, oversized, with};

const OWN: ScanOptions<'static> =
    ScanOptions { role: Role::Judged, event_parameters: EventParameters::Own, subject: None };

fn trail_item(captured: &str, status: &str) -> Value {
    let mut item = with(testing::trail_item(None), "configurationItemStatus", json!(status));
    if status != "OK" {
        item["configuration"] = Value::Null;
    }
    with(item, "configurationItemCaptureTime", json!(captured))
}

/// The content of documents of one source.
fn read(documents: &[Value], options: ScanOptions<'_>) -> Inventory {
    let mut seen = Inventory::default();
    for (document, position) in documents.iter().zip(0..) {
        seen.read(Document::Other(document.to_string().as_bytes()), options, 0, position);
    }
    seen
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
    let item = trail_item(INSTANT, "OK");
    for document in [event(&change(&item), ""), change(&item), item.clone()] {
        let seen = read(&[document], OWN);
        assert_eq!(states(&seen), ["present"]);
        assert_eq!((seen.problems.len(), seen.unknown_documents), (0, 0));
    }
    for document in [json!({}), json!({ "Records": [] }), json!({ "configurationItem": 1 })] {
        let seen = read(&[document], OWN);
        assert_eq!((seen.unknown_documents, seen.known_documents), (1, 0));
    }
    // An event about another resource is recognized and ignored.
    let other = with(item, "resourceType", json!("AWS::EC2::Instance"));
    let seen = read(&[event(&change(&other), "{\"other\":\"1\"}")], OWN);
    assert_eq!((states(&seen).len(), seen.problems.len(), seen.known_documents), (0, 0, 1));
}

#[test]
fn uses_the_newest_item_of_a_trail_even_if_it_was_deleted() {
    let items = [
        trail_item("2026-11-23T10:00:00.000Z", "OK"),
        trail_item("2026-11-23T12:00:00.000Z", "ResourceDeleted"),
        trail_item("2026-11-23T11:00:00.000Z", "OK"),
    ];
    assert_eq!(states(&read(&items, OWN)), ["the trail was deleted"]);
}

#[test]
fn an_event_and_an_item_report_a_deleted_trail_equally() {
    for status in ["ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"] {
        let item = trail_item(INSTANT, status);
        let [of_event, of_item] =
            [event(&change(&item), ""), item].map(|document| states(&read(&[document], OWN)));
        assert_eq!((of_event.len(), &of_event), (1, &of_item));
    }
}

#[test]
fn the_command_line_overrides_the_parameters_of_an_event() {
    let item = trail_item(INSTANT, "OK");
    for (event_parameters, profile, problems) in
        [(EventParameters::Own, Some(Profile::Strict), 1), (EventParameters::Overridden, None, 0)]
    {
        let options = ScanOptions { event_parameters, ..OWN };
        let seen = read(&[event(&change(&item), "{\"profile\":\"strict\"}")], options);
        let (_, _, trail) = seen.trails.iter().next().unwrap();
        let parameters = seen.parameters.of(&trail.account);
        assert_eq!(parameters.map(|parameters| parameters.profile), profile);
        let faulty = read(&[event(&change(&item), "{\"profile\":\"all\"}")], options);
        assert_eq!(faulty.problems.len(), problems);
    }
}

#[test]
fn trails_in_facts_are_ignored() {
    let facts = ScanOptions { role: Role::FactsOnly, ..OWN };
    let item = trail_item(INSTANT, "OK");
    let mut seen = read(&[event(&change(&item), ""), change(&item), item], facts);
    seen.read(Document::Described(b"{\"TrailARN\":\"x\"}"), facts, 0, 9);
    assert_eq!((states(&seen).len(), seen.problems.len()), (0, 0));
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
        let documents: Vec<Value> = [announcement.clone()].into_iter().chain(other).collect();
        let mut seen = read(&documents, OWN);
        seen.drop_conflicts();
        assert_eq!(seen.problems.len(), problems, "{documents:?}");
    }
}

#[test]
fn unusable_items_are_reported_and_the_rest_is_read() {
    let wrong = with(trail_item(INSTANT, "OK"), "awsAccountId", json!("1"));
    let mut seen = read(&[wrong, trail_item(INSTANT, "OK")], OWN);
    seen.read(Document::Item(b"{\"resourceType\":\"AWS::KMS::Key\""), OWN, 3, 0);
    seen.read(Document::Described(b"{}"), OWN, 4, 0);
    assert_eq!(states(&seen), ["present"]);
    let problem = |source, message: &str| InputProblem { source, message: message.to_owned() };
    let unusable = "an item of a trail cannot be used: `configurationItem.awsAccountId` is `1`; \
        expected an account id of twelve digits";
    let problems = [
        problem(0, unusable),
        problem(3, "an item is not JSON (line 1, column 31 of it)"),
        problem(4, "a trail has no `TrailARN`"),
    ];
    assert_eq!(seen.problems, problems);
}

#[test]
fn an_item_may_have_both_names_of_its_account() {
    let both = with(trail_item(INSTANT, "OK"), "accountId", json!("111122223333"));
    let mut seen = Inventory::default();
    seen.read(Document::Item(both.to_string().as_bytes()), OWN, 0, 0);
    assert_eq!((states(&seen), seen.problems.len()), (vec!["present"], 0));
}

/// Of two members with one name, AWS and this program might each take another one.
#[test]
fn a_document_with_a_name_twice_is_a_problem_and_not_judged() {
    let region = "\"awsRegion\":";
    let both = format!("{region}\"eu-west-1\",{region}");
    let twice = |text: String| text.replacen(region, &both, 1);
    let item = trail_item(INSTANT, "OK").to_string();
    let invoking = twice(change(&trail_item(INSTANT, "OK")).to_string());
    let of_event = with(event(&Value::Null, ""), "invokingEvent", Value::String(invoking));
    let notification = json!({ "Type": "Notification", "Message": twice(item.clone()) });
    for document in [twice(item), of_event.to_string(), notification.to_string()] {
        let mut seen = Inventory::default();
        seen.read(Document::Item(document.as_bytes()), OWN, 0, 0);
        seen.read(Document::Other(document.as_bytes()), OWN, 0, 0);
        assert_eq!(states(&seen).len(), 0, "{document}");
        let twice = "has a name twice in one object";
        let found = seen.problems.iter().any(|problem| problem.message.contains(twice));
        assert!(found, "{document}: {:?}", seen.problems);
    }
}
