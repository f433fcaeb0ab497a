//! JSON in which no object repeats a member.

use serde_json::Value;

/// Parses JSON; `None` if it is invalid or an object repeats a member.
///
/// Parsers disagree on which of two equal members counts, so two texts could look equal to one of
/// them only.
pub(crate) fn strict(text: &str) -> Option<Value> {
    let value = serde_json::from_str(text).ok()?;
    // `Value` keeps one of two equal members, and each member in the text has a colon.
    (members(&value) == colons(text)).then_some(value)
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(list) => list.iter().map(members).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn colons(json: &str) -> usize {
    let (mut in_string, mut is_escaped, mut colons) = (false, false, 0);
    for byte in json.bytes() {
        match byte {
            b'"' if !is_escaped => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
        is_escaped = in_string && byte == b'\\' && !is_escaped;
    }
    colons
}

#[cfg(test)]
mod tests {
    use super::strict;

    #[test]
    fn rejects_a_repeated_member_at_any_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"[{"b":{"a":1,"\u0061":2}}]"#,
            r#"{"Statement":[{"Condition":{"Bool":{"x":true,"x":false}}}]}"#,
            r#"{"a:\\\"":{"a:\\\"":1},"b":1,"b":":"}"#,
        ] {
            assert_eq!(strict(text), None, "{text}");
        }
    }

    #[test]
    fn parses_any_other_json() {
        for text in [
            r#"{"a":[1,-1,1.5,true,null,"x"],"b":{"a":{}}}"#,
            r#"{"a:\"\\":":\\","b\\":{"a:":"\":"}}"#,
            "[]",
            "null",
            "18446744073709551615",
        ] {
            assert_eq!(strict(text), Some(serde_json::from_str(text).unwrap()), "{text}");
        }
        assert_eq!(strict("{"), None);
    }
}
