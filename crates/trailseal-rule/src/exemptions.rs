//! Exemptions that are written down with a reason and an approver: the document of `exemptionsFrom`,
//! and the entries of other files.
//!
//! A wrong exemption hides a finding, so a document with any fault has no exemption.

use std::fmt;

use config_rule::{Exemption, Fault, Origin, json, kind, quote};
use serde_json::{Map, Value, json};

use crate::trail::BucketName;

/// The members of an entry.
pub const ENTRY_MEMBERS: [&str; 4] = ["trail", "until", "reason", "approver"];

/// Service and kind of what is exempt.
pub(crate) const TRAIL: [&str; 2] = ["cloudtrail", "trail"];

/// The most characters of a reason and of an approver.
const TEXT_CHARS_MAX: usize = 1_024;

const TRAIL_WORDS: &str = "a trail ARN, `*` as wildcard within a part";

/// The document that `exemptionsFrom` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExemptionsFrom {
    /// The object.
    pub object: S3Object,
    /// Whether its exemptions are among those of the parameters.
    pub is_read: bool,
}

/// An object in S3: `s3://BUCKET/KEY`.
///
/// The key has letters, digits, `_`, `-`, `.` and `/` only: no wildcard of an IAM policy, nothing
/// that a URL must encode, and no part that begins with a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Object {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: String,
}

impl ExemptionsFrom {
    /// The most bytes of a document.
    pub const BYTES_MAX: u64 = 1 << 20;

    /// A document that is not read yet.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        S3Object::parse(text).map(|object| Self { object, is_read: false })
    }
}

impl S3Object {
    fn parse(text: &str) -> Option<Self> {
        let (bucket, key) = text.strip_prefix("s3://")?.split_once('/')?;
        let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let is_part =
            |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_of_key);
        let is_of_bucket =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        let is_bucket = bucket.len() <= 63
            && bucket.bytes().all(is_of_bucket)
            && bucket.ends_with(|last: char| last.is_ascii_alphanumeric());
        let bucket = BucketName::parse(bucket).ok().filter(|_| is_bucket)?;
        key.split('/').all(is_part).then(|| Self { bucket, key: key.to_owned() })
    }
}

impl fmt::Display for S3Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Reads a document: a JSON list of entries, each of which has an end.
///
/// # Errors
///
/// All faults, each with its place.
pub(crate) fn read_exemptions(
    document: &str,
    content: &[u8],
) -> Result<Vec<Exemption>, Vec<String>> {
    let bytes_max = usize::try_from(ExemptionsFrom::BYTES_MAX).unwrap_or(usize::MAX);
    if content.len() > bytes_max {
        return Err(vec![format!("the document has more than {bytes_max} bytes")]);
    }
    let text =
        std::str::from_utf8(content).map_err(|_| vec!["the document is not UTF-8".to_owned()])?;
    let entries =
        json::read(text).map_err(|error| vec![format!("the document {}", json::fault(&error))])?;
    let Value::Array(entries) = entries else {
        return Err(vec![format!("the document is {}; expected a list", kind(&entries))]);
    };
    let (mut exemptions, mut faults) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let place = format!("entry {index}");
        match whole_entry(&place, entry, document) {
            Ok(exemption) => exemptions.push(exemption),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(exemptions) } else { Err(faults) }
}

/// Reads an entry that must have an end and may have no unknown member.
fn whole_entry(place: &str, entry: &Value, document: &str) -> Result<Exemption, Vec<String>> {
    let Value::Object(members) = entry else {
        return Err(vec![format!("{place} is {}; expected an object", kind(entry))]);
    };
    let unknown = members.keys().filter(|name| !ENTRY_MEMBERS.contains(&name.as_str()));
    let mut faults: Vec<String> = unknown
        .map(|name| {
            let known = ENTRY_MEMBERS.join(", ");
            format!("{place}: `{}` is unknown; expected one of {known}", quote(name))
        })
        .collect();
    if !members.contains_key("until") {
        faults.push(format!("{place}.until: expected a date, YYYY-MM-DD"));
    }
    match read_entry(place, members, document) {
        Ok(exemption) if faults.is_empty() => Ok(exemption),
        Ok(_) => Err(faults),
        Err(more) => Err(faults.into_iter().chain(more).collect()),
    }
}

/// Reads the known members of an entry of a document; without `until`, it has no end.
///
/// # Errors
///
/// All faults, each with its place.
pub fn read_entry(
    place: &str,
    members: &Map<String, Value>,
    document: &str,
) -> Result<Exemption, Vec<String>> {
    let mut faults = Vec::new();
    let mut text = |name: &str| {
        let text = members.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        if text.is_empty() {
            faults.push(format!("{place}.{name}: expected text"));
        } else if text.chars().nth(TEXT_CHARS_MAX).is_some() {
            faults.push(format!("{place}.{name} has more than {TEXT_CHARS_MAX} characters"));
        }
        text.to_owned()
    };
    let (trail, reason, approver) = (text("trail"), text("reason"), text("approver"));
    let until = members.get("until").map(|until| until.as_str().unwrap_or_default());
    let origin = Origin::Document { name: document.to_owned(), reason, approver };
    let forever = Exemption::new(&trail, None, TRAIL, origin.clone());
    if forever.is_none() && !trail.is_empty() {
        let trail = Fault::wrong("trail", &trail, TRAIL_WORDS);
        faults.push(trail.to_string().replacen("`trail`", &format!("{place}.trail"), 1));
    }
    if let Some(until) = until.filter(|until| !Exemption::is_day(until)) {
        let until = quote(until);
        faults.push(format!("{place}.until is `{until}`; expected a date, YYYY-MM-DD"));
    }
    let exemption = Exemption::new(&trail, until, TRAIL, origin);
    exemption.filter(|_| faults.is_empty()).ok_or(faults)
}

/// The JSON Schema of a document.
pub fn exemptions_schema() -> Value {
    let mut entry = entry_schema();
    if let Some(required) = entry.get_mut("required") {
        *required = json!(ENTRY_MEMBERS);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://trailseal.dev/schema/exemptions-1.schema.json",
        "title": "Exemptions of Trailseal, for the parameter exemptionsFrom",
        "type": "array",
        "items": entry,
    })
}

/// The JSON Schema of an entry that may have no end.
pub fn entry_schema() -> Value {
    let text = |words: &str| {
        json!({
            "type": "string", "pattern": r"\S", "maxLength": TEXT_CHARS_MAX, "description": words,
        })
    };
    json!({
        "type": "object",
        "required": ["trail", "reason", "approver"],
        "additionalProperties": false,
        "properties": {
            "trail": text("A trail ARN, `*` as wildcard within a part."),
            "until": {
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                "description": "The last day (UTC), YYYY-MM-DD."
            },
            "reason": text("Why the trail is exempt."),
            "approver": text("Who approved it.")
        }
    })
}

#[cfg(test)]
mod tests {
    use config_rule::{Exempt, Timestamp, exempt};

    use super::*;
    use crate::parameters::Parameters;

    const TRAIL_ARN: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/a";

    fn entry() -> Value {
        json!({
            "trail": "arn:aws:cloudtrail:*:111122223333:trail/*", "until": "2026-12-31",
            "reason": "moves to the new trail", "approver": "Jane Doe",
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut entry = entry();
        entry[name] = value;
        entry
    }

    fn without(name: &str) -> Value {
        let mut entry = entry();
        entry.as_object_mut().unwrap().remove(name);
        entry
    }

    fn read(content: &[u8]) -> Result<Vec<Exemption>, Vec<String>> {
        let given = json!({ "exemptionsFrom": "s3://bucket/key.json" });
        let mut parameters = Parameters::parse(given.as_object().unwrap()).unwrap();
        let added = parameters.add_exemptions(content);
        let is_read = parameters.exemptions_from.unwrap().is_read;
        assert_eq!((is_read, added.is_ok()), (added.is_ok(), is_read));
        // A fault leaves no exemption.
        assert!(is_read || parameters.exempt_trails.is_empty());
        added.map(|()| parameters.exempt_trails)
    }

    fn faults(content: &Value) -> Vec<String> {
        read(content.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn an_entry_exempts_the_trails_of_its_pattern_until_its_last_day() {
        let text = json!([entry()]).to_string();
        let exemptions = read(text.as_bytes()).unwrap();
        let on = |day: &str| {
            let now = Timestamp::parse(&format!("{day}Z")).unwrap();
            matches!(exempt(&exemptions, TRAIL_ARN, now), Exempt::By(_))
        };
        assert!(on("2026-12-31T23:59:59.999"));
        assert!(!on("2027-01-01T00:00:00"));
        let origin = Origin::Document {
            name: "s3://bucket/key.json".to_owned(),
            reason: "moves to the new trail".to_owned(),
            approver: "Jane Doe".to_owned(),
        };
        assert_eq!(exemptions[0].origin(), &origin);
        assert_eq!(read(b"[]"), Ok(Vec::new()));
        let unicode = json!([with("reason", json!("Umzug \u{2192} \u{fc}ber \u{202e}Nacht"))]);
        assert_eq!(read(unicode.to_string().as_bytes()).unwrap().len(), 1);
    }

    #[test]
    fn a_document_may_have_one_mebibyte() {
        let mut longest = b"[]".to_vec();
        longest.resize(1 << 20, b' ');
        assert_eq!(read(&longest), Ok(Vec::new()));
    }

    #[test]
    fn one_fault_voids_the_document_and_all_faults_are_listed() {
        let trail = "expected a trail ARN, `*` as wildcard within a part";
        let date = "expected a date, YYYY-MM-DD";
        for (wrong, expected) in [
            (without("trail"), "entry 1.trail: expected text".to_owned()),
            (without("until"), format!("entry 1.until: {date}")),
            (without("reason"), "entry 1.reason: expected text".to_owned()),
            (without("approver"), "entry 1.approver: expected text".to_owned()),
            (with("until", json!(null)), format!("entry 1.until is ``; {date}")),
            (with("until", json!(20261231)), format!("entry 1.until is ``; {date}")),
            (with("until", json!("")), format!("entry 1.until is ``; {date}")),
            (with("until", json!("2026-02-30")), format!("entry 1.until is `2026-02-30`; {date}")),
            (
                with("until", json!(" 2026-12-31")),
                format!("entry 1.until is ` 2026-12-31`; {date}"),
            ),
            (with("reason", json!(["r"])), "entry 1.reason: expected text".to_owned()),
            (with("reason", json!(" \n")), "entry 1.reason: expected text".to_owned()),
            (
                with("approver", json!("a".repeat(1_025))),
                "entry 1.approver has more than 1024 characters".to_owned(),
            ),
            (with("trail", json!("*")), format!("entry 1.trail is `*`; {trail}")),
            (
                with("trail", json!(format!("{TRAIL_ARN}@2027-01-01"))),
                format!("entry 1.trail is `{TRAIL_ARN}@2027-01-01`; {trail}"),
            ),
            (
                with("trail", json!("arn:aws:kms:*:*:key/*")),
                format!("entry 1.trail is `arn:aws:kms:*:*:key/*`; {trail}"),
            ),
            (
                with("aprover", json!("a")),
                "entry 1: `aprover` is unknown; expected one of trail, until, reason, approver"
                    .to_owned(),
            ),
            (json!("x"), "entry 1 is text; expected an object".to_owned()),
        ] {
            assert_eq!(faults(&json!([entry(), wrong, entry()])), [expected]);
        }
        assert_eq!(faults(&json!([{}, [], without("until")])).len(), 6);
    }

    #[test]
    fn a_document_that_is_not_a_list_of_json_is_refused_without_its_content() {
        let twice = r#"[{"trail":"secret","trail":"secret"}]"#;
        let deep = "[".repeat(200_000);
        let large = " ".repeat(1 << 20) + "[]";
        for (content, expected) in [
            (twice.as_bytes(), "has a name twice in one object (line 1, column 36)"),
            (br#"{"exemptions":[]}"#, "is an object; expected a list"),
            (b"null", "is null; expected a list"),
            (b"", "is not JSON (line 1, column 0)"),
            (b"[] []", "is not JSON"),
            (b"secret", "is not JSON (line 1, column 1)"),
            ("\u{feff}[]".as_bytes(), "is not JSON (line 1, column 1)"),
            (b"[\"\xff\"]", "is not UTF-8"),
            (deep.as_bytes(), "is not JSON (line 1, column 128)"),
            (large.as_bytes(), "has more than 1048576 bytes"),
        ] {
            let found = read(content).unwrap_err();
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(expected), "{expected}: {found:?}");
            assert!(!found[0].contains("secret"), "{found:?}");
        }
    }

    #[test]
    fn the_schema_has_the_members_that_are_read() {
        let items = &exemptions_schema()["items"];
        let properties = items["properties"].as_object().unwrap();
        assert!(properties.keys().all(|name| ENTRY_MEMBERS.contains(&name.as_str())));
        assert_eq!(properties.len(), ENTRY_MEMBERS.len());
        assert_eq!(items["required"], json!(["trail", "until", "reason", "approver"]));
        assert_eq!(items["additionalProperties"], json!(false));
        assert_eq!(entry_schema()["required"], json!(["trail", "reason", "approver"]));
    }

    #[test]
    fn only_plain_names_of_objects_are_read() {
        let read = |text: &str| ExemptionsFrom::parse(text).map(|from| from.object.to_string());
        for right in ["s3://abc/x", "s3://a-b.c9/security/2026/exemptions_1.json"] {
            assert_eq!(read(right).as_deref(), Some(right));
        }
        for wrong in [
            "",
            "s3://abc",
            "s3://abc/",
            "s3://abc//x",
            "s3://abc/x/",
            "s3://abc/../x",
            "s3://abc/.x",
            "s3://abc/*",
            "s3://abc/x?versionId=1",
            "s3://abc/a b",
            "s3://abc/${aws:username}",
            "s3://abc/\u{fc}",
            "s3://ABC/x",
            "s3://ab/x",
            "s3://abc-/x",
            "s3://a..b/x",
            "S3://abc/x",
            "https://abc.s3.amazonaws.com/x",
            "arn:aws:s3:::abc/x",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
