use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A kind of document, and its text.
type Part = (&'static str, String);

fn item(text: &str) -> Part {
    ("item", text.to_owned())
}

fn document(text: &str) -> Part {
    ("document", text.to_owned())
}

/// Without the text.
fn remainder() -> Part {
    ("remainder", String::new())
}

/// Scans a text in chunks of these lengths, repeatedly.
fn scan(text: &[u8], lengths: &[usize]) -> Result<Vec<Part>, ScanError> {
    let mut scanner = Scanner::default();
    let mut found = Vec::new();
    let mut take = |document: Document<'_>| {
        let (kind, text): (_, &[u8]) = match document {
            Document::Item(text) => ("item", text),
            Document::Described(text) => ("trail", text),
            Document::Other(text) => ("document", text),
            Document::Remainder(_) => ("remainder", b""),
        };
        found.push((kind, String::from_utf8_lossy(text).into_owned()));
    };
    let mut rest = text;
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, others) = rest.split_at((*length).clamp(1, rest.len()));
        scanner.push(chunk, &mut take)?;
        rest = others;
    }
    scanner.finish()?;
    Ok(found)
}

/// The reference implementation: parses the whole text with `serde_json`.
fn naive(text: &str) -> Vec<Part> {
    let whole: Value = serde_json::from_str(text).unwrap();
    let lists = ["configurationItems", "trailList"].map(|name| whole.get(name)?.as_array());
    let [None, None] = lists else {
        let [items, trails] = lists.map(|list| list.into_iter().flatten());
        let items = items.filter(|item| is_wanted(item)).map(|value| item(&value.to_string()));
        let trails = trails.map(|trail| ("trail", trail.to_string()));
        return items.chain(trails).chain([remainder()]).collect();
    };
    vec![document(text.trim())]
}

fn is_wanted(item: &Value) -> bool {
    let wanted = ["AWS::CloudTrail::Trail", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::S3::Bucket"];
    item["resourceType"].as_str().is_some_and(|kind| wanted.contains(&kind))
}

/// The wanted parts in a normal form, items first.
fn normal(found: Vec<Part>) -> Vec<Part> {
    let parts = found.into_iter().filter_map(|(kind, text)| {
        if !["item", "trail"].contains(&kind) {
            return Some((kind, text));
        }
        let value: Value = serde_json::from_str(&text).unwrap();
        (kind == "trail" || is_wanted(&value)).then(|| (kind, value.to_string()))
    });
    let mut parts: Vec<Part> = parts.collect();
    parts.sort_by_key(|(kind, _)| *kind != "item");
    parts
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("AWS::CloudTrail::Trail".to_owned()),
        Just("configurationItems".to_owned()),
        Just("\\\"{[".to_owned()),
        "[a-z\\\\\"{}\\[\\]:,\u{1}\u{fc}]{0,12}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_item() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        Just("AWS::CloudTrail::Trail"),
        Just("AWS::KMS::Key"),
        Just("AWS::S3::Bucket"),
        Just("AWS::EC2::Instance"),
    ];
    (kind, value(), prop::collection::vec((text(), value()), 0..3)).prop_map(
        |(kind, configuration, others)| {
            let mut item = json!({ "resourceType": kind, "configuration": configuration });
            let members = item.as_object_mut().unwrap();
            for (name, value) in others {
                members.entry(name).or_insert(value);
            }
            item
        },
    )
}

fn any_document() -> impl Strategy<Value = Value> {
    let items = prop::collection::vec(any_item(), 0..5).prop_map(Value::from);
    let trails = prop::collection::vec(any_item(), 0..3).prop_map(Value::from);
    let list = |name: &'static str, list: BoxedStrategy<Value>| {
        prop::option::of(list.prop_map(move |list| (name.to_owned(), list)))
    };
    let others = prop::collection::vec((text(), value()), 0..3);
    (list("configurationItems", items.boxed()), list("trailList", trails.boxed()), others).prop_map(
        |(items, trails, others)| {
            let others = others.into_iter().filter(|(name, _)| name != "configurationItems");
            Value::Object(others.chain(items).chain(trails).collect())
        },
    )
}

/// The document with white space between tokens, or escapes for letters.
fn spelled(document: &Value, pretty: bool, escaped: bool) -> String {
    let text =
        if pretty { serde_json::to_string_pretty(document).unwrap() } else { document.to_string() };
    if escaped { text.replace('A', "\\u0041").replace("onfig", "\\u006fnfig") } else { text }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_and_serde_json_agree_for_chunks_of_any_length(
        document in any_document(),
        pretty in any::<bool>(),
        escaped in any::<bool>(),
        lengths in prop::collection::vec(1_usize..40, 1..6),
    ) {
        let text = spelled(&document, pretty, escaped);
        prop_assert_eq!(normal(scan(text.as_bytes(), &lengths).unwrap()), naive(&text));
    }

    #[test]
    fn incomplete_text_is_an_error(
        document in any_document(),
        pretty in any::<bool>(),
        lengths in prop::collection::vec(1_usize..40, 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = spelled(&document, pretty, false);
        let (cut, _) = text.as_bytes().split_at(cut.index(text.len()));
        prop_assert!(scan(cut, &lengths).is_err());
    }

    #[test]
    fn no_input_panics(
        bytes in prop::collection::vec(prop_oneof![
            any::<u8>(), Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b'\\'), Just(b','),
        ], 0..200),
        lengths in prop::collection::vec(1_usize..40, 1..6),
    ) {
        let _result = scan(&bytes, &lengths);
        let behind = [br#"{"configurationItems":["#.as_slice(), &bytes].concat();
        let _result = scan(&behind, &lengths);
    }
}

#[test]
fn documents_may_follow_each_other_or_be_in_a_list() {
    let found = scan(b"\xEF\xBB\xBF {\"a\":1}\n{\"b\":[]}\n", &[1]).unwrap();
    let both = vec![document("{\"a\":1}"), document("{\"b\":[]}")];
    assert_eq!(found, both);
    assert_eq!(scan(b"[{\"a\":1},{\"b\":[]}]", &[7]).unwrap(), both);
}

#[test]
fn a_name_with_escapes_is_the_same_name() {
    let text = br#"{"configuration\u0049tems":[{"resourceType":"AWS::KMS::Ke\u0079"}]}"#;
    let found = item(r#"{"resourceType":"AWS::KMS::Ke\u0079"}"#);
    assert_eq!(scan(text, &[3]).unwrap(), [found, remainder()]);
}

/// The first item names the account of all; an item without a type is reported.
#[test]
fn only_the_first_item_of_other_types_is_passed_on() {
    let text = br#"{"configurationItems":[{"resourceType":"AWS::EC2::Instance"},{"resourceType":"AWS::EC2::Volume"},{"a":1}]}"#;
    let first = item(r#"{"resourceType":"AWS::EC2::Instance"}"#);
    for length in [1, 9, 100] {
        let found = scan(text, &[length]).unwrap();
        assert_eq!(found, [first.clone(), item(r#"{"a":1}"#), remainder()]);
    }
}

/// A type in a relationship, or one that is not text, is not the type of the item.
#[test]
fn an_item_without_a_type_of_its_own_is_passed_on() {
    const OTHER: &str = r#"{"resourceType":"AWS::EC2::Volume"}"#;
    let related = r#"[{"resourceType":"AWS::EC2::Instance","name":"a"}]"#;
    for own in [
        "",
        r#""resourceType":null,"#,
        r#""resourceType" : 1,"#,
        r#""resourceType":{},"#,
        r#""\"resourceType":"AWS::EC2::Volume","#,
    ] {
        for items in [
            format!(r#"{{{own}"relationships":{related},"configuration":{{"a":[1]}}}}"#),
            format!(
                r#"{{"configuration":{{"a":["resourceType"]}},{own}"relationships":{related}}}"#
            ),
            format!(r#"{{"a":"resourceType",{own}"relationships":{related},"b":"resourceType"}}"#),
        ] {
            let text = format!(r#"{{"configurationItems":[{OTHER},{items},{OTHER}]}}"#);
            for length in [1, 9, 1000] {
                let found = scan(text.as_bytes(), &[length]).unwrap();
                assert_eq!(found, [item(OTHER), item(&items), remainder()]);
            }
        }
    }
    // The type of an item may come before or after its relationships.
    let own = r#""resourceType": "AWS::EC2::Volume""#;
    for item_of_other_type in [
        format!(r#"{{"relationships":{related},{own},"tags":{{}}}}"#),
        format!(r#"{{{own},"relationships":{related},"configuration":{{}}}}"#),
    ] {
        let text = format!(r#"{{"configurationItems":[{OTHER},{item_of_other_type}]}}"#);
        assert_eq!(scan(text.as_bytes(), &[1000]).unwrap(), [item(OTHER), remainder()]);
    }
}

#[test]
fn passes_on_members_next_to_lists() {
    let text = br#"{"a":[2],"trailList":[{}],"configurationItems":[ ],"b":"]"}"#;
    for length in [1, 9, 100] {
        let mut scanner = Scanner::default();
        let mut rest = Vec::new();
        let mut take = |document: Document<'_>| {
            if let Document::Remainder(text) = document {
                rest.push(String::from_utf8(text.to_vec()).unwrap());
            }
        };
        for chunk in text.chunks(length) {
            scanner.push(chunk, &mut take).unwrap();
        }
        assert_eq!(rest, [r#"{"a":[2],"trailList":[1],"configurationItems":[],"b":"]"}"#]);
    }
}

#[test]
fn a_nested_list_is_not_a_list_of_items() {
    let text = r#"{"a":{"configurationItems":[1]}}"#;
    assert_eq!(scan(text.as_bytes(), &[4]).unwrap(), [document(text)]);
}

#[test]
fn each_fault_has_its_message() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"null", "is not a sequence of JSON objects (byte 0)"),
        (b"{\"a\":1}x", "is not a sequence of JSON objects (byte 7)"),
        (b"{\"a\":[1", "is incomplete: it ends within a document (byte 7)"),
        (b"[{}", "is incomplete: it ends within a document (byte 3)"),
        (
            b"{\"trailList\":[1]}",
            "is corrupt: `trailList` contains something other than an object (byte 14)",
        ),
        (
            b"{\"configurationItems\":[{},,{}]}",
            "is corrupt: `configurationItems` contains something other than an object (byte 26)",
        ),
        (
            b"{\"configurationItems\":[{}{}]}",
            "is corrupt: `configurationItems` contains something other than an object (byte 25)",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(scan(text, &[5]).unwrap_err().to_string(), message);
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for head in ["{\"a\":", "{\"configurationItems\":[{\"a\":"] {
        let text = format!("{head}{}", "[".repeat(100_000));
        let error = scan(text.as_bytes(), &[4096]).unwrap_err();
        assert!(matches!(error, ScanError::TooDeep(_)), "{error}");
    }
}

/// Five gigabytes of one string, in a document, in an item, and after a list.
#[test]
fn an_endless_string_is_an_error_and_uses_little_memory() {
    static CHUNK: [u8; 1 << 16] = [b'x'; 1 << 16];
    for head in ["{\"a\":\"", "{\"configurationItems\":[{\"a\":\"", "{\"trailList\":[],\"a\":\""] {
        let mut scanner = Scanner::default();
        let mut take = |_: Document<'_>| panic!("nothing is complete here");
        scanner.push(head.as_bytes(), &mut take).unwrap();
        let chunks = (5 << 30) / CHUNK.len();
        let error = (0..chunks).find_map(|_| scanner.push(&CHUNK, &mut take).err()).unwrap();
        assert!(matches!(error, ScanError::TooLong(_)), "{error}");
        let kept = scanner.carried.capacity().max(scanner.remainder.capacity());
        assert!(kept <= 2 * (DOCUMENT_BYTES_MAX + CHUNK.len()));
    }
}
