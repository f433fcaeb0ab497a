use serde_json::json;

use super::*;

const OWN: ScanOptions<'static> =
    ScanOptions { role: Role::Judged, event_parameters: EventParameters::Own, subject: None };

fn trail_item(captured: &str, status: &str) -> Value {
    let configuration = json!({
        "trailARN": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main",
        "homeRegion": "eu-central-1",
    });
    json!({
        "resourceType": "AWS::CloudTrail::Trail", "resourceId": "main",
        "awsAccountId": "111122223333", "awsRegion": "eu-central-1",
        "configurationItemStatus": status, "configurationItemCaptureTime": captured,
        "configuration": if status == "OK" { configuration } else { Value::Null },
    })
}

fn event(message: &Value, parameters: &str) -> Value {
    json!({
        "invokingEvent": message.to_string(), "ruleParameters": parameters, "resultToken": "token",
        "eventLeftScope": false, "accountId": "111122223333",
    })
}

fn change(item: &Value) -> Value {
    json!({ "messageType": "ConfigurationItemChangeNotification", "configurationItem": item })
}

fn take(seen: &mut Inventory, document: &Value, options: ScanOptions<'_>) {
    let position = seen.known_pieces;
    seen.take(Document::Other(document.to_string().as_bytes()), options, 0, position);
}

fn words(seen: &Inventory) -> Vec<&'static str> {
    let words = |trail: &SeenTrail| match trail.presence {
        Presence::There(_) => "there",
        Presence::Gone(why) => why,
        Presence::NotRecorded => "AWS Config does not record the trail",
    };
    seen.trails.iter().map(|(_, _, trail)| words(trail)).collect()
}

#[test]
fn a_document_is_told_apart_by_what_it_holds() {
    let item = trail_item("2026-11-23T10:00:00.000Z", "OK");
    for document in [event(&change(&item), ""), change(&item), item.clone()] {
        let mut seen = Inventory::default();
        take(&mut seen, &document, OWN);
        assert_eq!(words(&seen), ["there"], "{document}");
        assert_eq!((seen.complaints.len(), seen.unknown_documents), (0, 0));
    }
    for document in [json!({}), json!({ "Records": [] }), json!({ "configurationItem": 1 })] {
        let mut seen = Inventory::default();
        take(&mut seen, &document, OWN);
        assert_eq!((seen.unknown_documents, seen.known_pieces), (1, 0), "{document}");
    }
}

#[test]
fn the_newest_item_of_a_trail_counts_and_a_deleted_trail_is_gone() {
    let mut seen = Inventory::default();
    for (captured, status) in [
        ("2026-11-23T10:00:00.000Z", "OK"),
        ("2026-11-23T12:00:00.000Z", "ResourceDeleted"),
        ("2026-11-23T11:00:00.000Z", "OK"),
    ] {
        take(&mut seen, &trail_item(captured, status), OWN);
    }
    assert_eq!(words(&seen), ["the trail was deleted"]);
}

#[test]
fn a_gone_trail_in_an_event_has_the_same_words() {
    let mut words_of = Vec::new();
    for status in ["ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"] {
        let item = trail_item("2026-11-23T10:00:00.000Z", status);
        for document in [event(&change(&item), ""), item] {
            let mut seen = Inventory::default();
            take(&mut seen, &document, OWN);
            words_of.push(words(&seen));
        }
    }
    for pair in words_of.chunks(2) {
        assert_eq!(pair[0], pair[1]);
        assert_eq!(pair[0].len(), 1);
    }
}

#[test]
fn an_event_brings_its_own_parameters_unless_they_are_overruled() {
    let item = trail_item("2026-11-23T10:00:00.000Z", "OK");
    let document = event(&change(&item), "{\"profile\":\"strict\"}");
    let parameters = |event_parameters| {
        let mut seen = Inventory::default();
        take(&mut seen, &document, ScanOptions { event_parameters, ..OWN });
        let (_, _, trail) = seen.trails.iter().next().unwrap();
        trail.parameters.as_ref().map(|parameters| parameters.profile)
    };
    assert_eq!(parameters(EventParameters::Own), Some(trailseal_rule::Profile::Strict));
    assert_eq!(parameters(EventParameters::Overruled), None);
    let faulty = event(&change(&item), "{\"profile\":\"all\"}");
    for (event_parameters, complaints) in
        [(EventParameters::Own, 1), (EventParameters::Overruled, 0)]
    {
        let mut seen = Inventory::default();
        take(&mut seen, &faulty, ScanOptions { event_parameters, ..OWN });
        assert_eq!(seen.complaints.len(), complaints);
    }
}

#[test]
fn trails_of_facts_are_left_alone() {
    let facts = ScanOptions { role: Role::FactsOnly, ..OWN };
    let item = trail_item("2026-11-23T10:00:00.000Z", "OK");
    let mut seen = Inventory::default();
    for document in [event(&change(&item), ""), change(&item), item] {
        take(&mut seen, &document, facts);
    }
    seen.take(Document::Described(b"{\"TrailARN\":\"x\"}"), facts, 0, 9);
    assert_eq!((seen.trails.iter().count(), seen.complaints.len()), (0, 0));
}

#[test]
fn an_announced_item_must_be_in_the_input() {
    let summary = trail_item("2026-11-23T10:00:00.000Z", "OK");
    let announcement = event(
        &json!({
            "messageType": "OversizedConfigurationItemChangeNotification",
            "configurationItemSummary": summary,
        }),
        "",
    );
    let cases = [
        (None, 1),
        (Some("2026-11-23T09:00:00.000Z"), 1),
        (Some("2026-11-23T10:00:00.000Z"), 0),
        (Some("2026-11-23T11:00:00.000Z"), 0),
    ];
    for (captured, complaints) in cases {
        let mut seen = Inventory::default();
        take(&mut seen, &announcement, OWN);
        if let Some(captured) = captured {
            take(&mut seen, &trail_item(captured, "OK"), OWN);
        }
        seen.settle();
        assert_eq!(seen.complaints.len(), complaints, "{captured:?}");
    }
}

#[test]
fn what_cannot_be_used_is_told_and_the_rest_goes_on() {
    let mut seen = Inventory::default();
    let mut wrong = trail_item("2026-11-23T10:00:00.000Z", "OK");
    wrong["awsAccountId"] = json!("1");
    take(&mut seen, &wrong, OWN);
    seen.take(Document::Item(b"{\"resourceType\":\"AWS::KMS::Key\""), OWN, 3, 0);
    seen.take(Document::Described(b"{}"), OWN, 4, 0);
    take(&mut seen, &trail_item("2026-11-23T10:00:00.000Z", "OK"), OWN);
    assert_eq!(words(&seen), ["there"]);
    let told: Vec<(usize, &str)> =
        seen.complaints.iter().map(|one| (one.source, one.message.as_str())).collect();
    assert_eq!(
        told,
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
fn an_event_about_another_resource_says_nothing() {
    let mut item = trail_item("2026-11-23T10:00:00.000Z", "OK");
    item["resourceType"] = json!("AWS::EC2::Instance");
    let mut seen = Inventory::default();
    take(&mut seen, &event(&change(&item), "{\"whatever\":\"1\"}"), OWN);
    assert_eq!((seen.trails.iter().count(), seen.complaints.len()), (0, 0));
    assert_eq!(seen.known_pieces, 1);
}

fn key_item(state: &str, state_id: &Value) -> Value {
    json!({
        "resourceType": "AWS::KMS::Key", "resourceId": "1234abcd", "awsAccountId": "111122223333",
        "awsRegion": "eu-central-1", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-23T10:00:00.000Z",
        "configurationStateId": state_id,
        "ARN": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd",
        "configuration": {
            "keyState": state, "keyManager": "CUSTOMER", "keyUsage": "ENCRYPT_DECRYPT",
            "keySpec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS",
        },
    })
}

fn described(key: Option<&str>) -> Vec<u8> {
    let trail = json!({
        "Name": "main", "TrailARN": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main",
        "HomeRegion": "eu-central-1", "S3BucketName": "trail-logs", "KmsKeyId": key,
    });
    trail.to_string().into_bytes()
}

/// Two lists of different days tell of one trail, and no time tells which is newer.
#[test]
fn a_trail_that_is_described_in_two_ways_does_not_count() {
    let key = Some("arn:aws:kms:eu-central-1:111122223333:key/1234abcd");
    for order in [[key, None], [None, key]] {
        let mut seen = Inventory::default();
        for (source, key) in order.into_iter().enumerate() {
            let mut one = Inventory::default();
            one.take(Document::Described(&described(key)), OWN, source, 0);
            seen.merge(one);
        }
        seen.settle();
        assert_eq!(words(&seen), [""; 0]);
        let told: Vec<usize> = seen.complaints.iter().map(|one| one.source).collect();
        assert_eq!(told, [0, 1]);
        assert_eq!(
            seen.complaints[0].message,
            "trail `arn:aws:cloudtrail:eu-central-1:111122223333:trail/main` is told of in two \
             ways that no time tells apart, so that neither counts: give the newer one alone"
        );
    }
    let mut same = Inventory::default();
    for source in 0..2 {
        same.take(Document::Described(&described(key)), OWN, source, 0);
    }
    same.settle();
    assert_eq!((words(&same), same.complaints.len()), (vec!["there"], 0));
}

/// AWS tells the newest first: the place in the input says nothing.
#[test]
fn of_two_items_of_one_instant_the_higher_state_id_counts() {
    let disabled = key_item("Disabled", &json!("1795435200126"));
    let enabled = key_item("Enabled", &json!(1_795_435_200_125_u64));
    for order in [[&disabled, &enabled], [&enabled, &disabled]] {
        let mut seen = Inventory::default();
        for item in order {
            take(&mut seen, item, OWN);
        }
        seen.settle();
        let (_, _, key) = seen.evidence.keys.iter().next().unwrap();
        assert!(format!("{key:?}").contains("Disabled"), "{key:?}");
        assert_eq!(seen.complaints, []);
    }
    // Where nothing tells which is newer, neither is evidence.
    let mut seen = Inventory::default();
    for state in ["Disabled", "Enabled"] {
        take(&mut seen, &key_item(state, &Value::Null), OWN);
    }
    seen.settle();
    assert_eq!((seen.evidence.keys.len(), seen.complaints.len()), (0, 1));
    assert!(seen.complaints[0].message.starts_with("key `1234abcd` is told of in two ways"));
}

#[test]
fn an_item_of_another_region_is_not_the_announced_one() {
    let announced = trail_item("2026-11-23T10:00:00.000Z", "OK");
    let message = json!({
        "messageType": "OversizedConfigurationItemChangeNotification",
        "configurationItemSummary": announced,
    });
    let mut elsewhere = trail_item("2026-11-23T11:00:00.000Z", "OK");
    elsewhere["awsRegion"] = json!("eu-west-1");
    let mut seen = Inventory::default();
    take(&mut seen, &event(&message, ""), OWN);
    take(&mut seen, &elsewhere, OWN);
    seen.settle();
    assert_eq!(seen.complaints.len(), 1);
}
