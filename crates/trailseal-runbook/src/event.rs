//! The event that the runbook sends.

use serde_json::{Map, Value};
use thiserror::Error;
use trailseal_rule::{Fault, Faults, KeyArn, TrailArn, json};

/// What the runbook requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `trail`: the name of a trail or its ARN, as AWS Config records it.
    pub trail: String,
    /// `key`: the key that the trail should have.
    pub key: KeyArn,
    /// `dryRun`: true by default.
    pub is_dry_run: bool,
    /// `replaceKey`: false by default.
    pub may_replace_key: bool,
}

/// An invalid event. Nothing was read and nothing was changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("invalid event: {0}")]
pub struct EventFaults(Faults);

const NAMES: [&str; 4] = ["trail", "key", "dryRun", "replaceKey"];
const TRAIL: &str = "the name of a trail or its ARN";
const KEY: &str = "the ARN of a KMS key such as \
    `arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555`";
const SWITCH: &str = "`true` or `false`";

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    ///
    /// Every fault at once: the event is not a JSON object; members that are missing, unknown or
    /// of the wrong type; an invalid trail or key.
    pub fn parse(text: &[u8]) -> Result<Self, EventFaults> {
        let mut faults = Faults::default();
        let event = match json::read(text) {
            Ok(Value::Object(event)) => event,
            other => {
                let why = match other {
                    Ok(_) => "is not a JSON object".to_owned(),
                    Err(error) => json::fault(&error),
                };
                faults.push(Fault::other("event", why));
                return Err(EventFaults(faults));
            }
        };
        for name in event.keys().filter(|name| !NAMES.contains(&name.as_str())) {
            faults.push(Fault::other(name, format!("is unknown; known are {}", known())));
        }
        let trail = text_of(&event, "trail", TRAIL, &mut faults);
        let trail =
            trail.filter(|trail| is_trail(trail) || wrong("trail", trail, TRAIL, &mut faults));
        let key = text_of(&event, "key", KEY, &mut faults);
        let key = key.and_then(|text| {
            let key = KeyArn::parse(text).ok();
            if key.is_none() {
                wrong("key", text, KEY, &mut faults);
            }
            key
        });
        let is_dry_run = switch(&event, "dryRun", true, &mut faults);
        let may_replace_key = switch(&event, "replaceKey", false, &mut faults);
        let event = trail.zip(key).map(|(trail, key)| Self {
            trail: trail.to_owned(),
            key,
            is_dry_run,
            may_replace_key,
        });
        faults.unless_any(event).map_err(EventFaults)
    }
}

fn known() -> String {
    NAMES.map(|name| format!("`{name}`")).join(", ")
}

/// Adds a fault for an invalid value; returns false so that a filter drops the value.
fn wrong(name: &str, value: &str, expected: &str, faults: &mut Faults) -> bool {
    faults.push(Fault::wrong(name, value, expected));
    false
}

fn text_of<'a>(
    event: &'a Map<String, Value>,
    name: &str,
    expected: &str,
    faults: &mut Faults,
) -> Option<&'a str> {
    match event.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text),
        Some(Value::String(_) | Value::Null) | None => {
            faults.push(Fault::missing(name, expected));
            None
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            faults.push(Fault::other(name, format!("is not a string; expected {expected}")));
            None
        }
    }
}

/// AWS does not document whether Automation passes a parameter of type Boolean as a boolean or as
/// text, so both are accepted, in this spelling only.
fn switch(event: &Map<String, Value>, name: &str, default: bool, faults: &mut Faults) -> bool {
    match event.get(name) {
        None => default,
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) if text == "true" => true,
        Some(Value::String(text)) if text == "false" => false,
        Some(Value::String(text)) => {
            wrong(name, text, SWITCH, faults);
            default
        }
        Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            faults.push(Fault::other(name, format!("is not a boolean; expected {SWITCH}")));
            default
        }
    }
}

fn is_trail(text: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_name = (3..=128).contains(&text.len()) && text.bytes().all(of_name);
    is_name || TrailArn::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    const TRAIL_ARN: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";

    fn parse(event: &Value) -> Result<Event, String> {
        Event::parse(event.to_string().as_bytes()).map_err(|faults| faults.to_string())
    }

    #[test]
    fn accepts_a_name_or_an_arn_and_defaults_to_a_dry_run() {
        for trail in ["main-trail", TRAIL_ARN] {
            let event = parse(&json!({ "trail": trail, "key": ARN })).unwrap();
            assert_eq!(event.trail, trail);
            assert_eq!(event.key.as_str(), ARN);
            assert!(event.is_dry_run && !event.may_replace_key);
        }
    }

    #[test]
    fn accepts_booleans_as_json_and_as_text() {
        for (no, yes) in [(json!(false), json!(true)), (json!("false"), json!("true"))] {
            let event = json!({ "trail": "main", "key": ARN, "dryRun": no, "replaceKey": yes });
            let event = parse(&event).unwrap();
            assert!(!event.is_dry_run && event.may_replace_key);
        }
        for wrong in [json!("yes"), json!("True"), json!(1), json!(null), json!([true]), json!("")]
        {
            for name in ["dryRun", "replaceKey"] {
                let mut event = json!({ "trail": "main", "key": ARN });
                event[name] = wrong.clone();
                let fault = parse(&event).unwrap_err();
                assert!(fault.contains(&format!("`{name}` is ")), "{fault}");
                assert!(fault.ends_with("expected `true` or `false`"), "{fault}");
            }
        }
    }

    #[test]
    fn lists_all_faults_at_once() {
        let event = json!({ "key": "alias/logs", "dryRun": "no", "DryRun": false, "trail": 5 });
        assert_eq!(
            parse(&event).unwrap_err(),
            format!(
                "invalid event: `DryRun` is unknown; known are `trail`, `key`, \
                 `dryRun`, `replaceKey`; `trail` is not a string; expected {TRAIL}; `key` is \
                 `alias/logs`; expected {KEY}; `dryRun` is `no`; expected {SWITCH}"
            )
        );
    }

    #[test]
    fn names_missing_members() {
        for event in [json!({}), json!({ "trail": null, "key": " " })] {
            let fault = parse(&event).unwrap_err();
            assert_eq!(
                fault,
                format!(
                    "invalid event: `trail` is missing; expected {TRAIL}; `key` is \
                     missing; expected {KEY}"
                )
            );
        }
    }

    #[test]
    fn rejects_an_invalid_trail() {
        for trail in ["ab", "a b", "a/b", "arn:aws:s3:::bucket", "{{ Trail }}", "main\n"] {
            let fault = parse(&json!({ "trail": trail, "key": ARN })).unwrap_err();
            assert!(fault.contains("`trail` is `"), "{fault}");
            assert!(!fault.contains('\n'), "{fault}");
        }
    }

    #[test]
    fn rejects_a_member_that_occurs_twice() {
        let event = format!(r#"{{"trail":"main","key":"{ARN}","dryRun":true,"dryRun":false}}"#);
        let fault = Event::parse(event.as_bytes()).unwrap_err().to_string();
        assert!(fault.starts_with("invalid event: `event` has a name twice"), "{fault}");
    }

    #[test]
    fn rejects_values_other_than_a_json_object() {
        for text in ["", "{", "[]", "\"main\"", "null", "\u{0}", "{\"trail\":\"main\"} x"] {
            let fault = Event::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(fault.starts_with("invalid event: `event` is not"), "{fault}");
        }
    }
}
