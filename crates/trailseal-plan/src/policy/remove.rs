//! Removes statements that the planner added to a key policy.

use serde_json::Value;
use serde_json::value::RawValue;
use trailseal_rule::TrailArn;
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::question::TrailAndKey;

use super::strict;
use super::{Outline, in_place, same_policy};

/// A key policy without the added statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Removed {
    /// The document; the other statements keep their bytes.
    pub(crate) document: String,
    /// The number of removed statements.
    pub(crate) count: usize,
}

/// Whether the planner generates this statement for the trail. The `Sid`, which has no effect, is
/// ignored.
pub(crate) fn is_generated(statement: &str, trail: &TrailArn) -> bool {
    let Some(found) = strict(statement).and_then(without_sid) else {
        return false;
    };
    let question = TrailAndKey { trail, key: None };
    [Grant::Encrypt, Grant::Describe, Grant::Decrypt]
        .iter()
        .any(|grant| strict(&grant.statement(&question, None)).as_ref() == Some(&found))
}

fn without_sid(mut statement: Value) -> Option<Value> {
    let members = statement.as_object_mut()?;
    if let Some(sid) = members.remove("Sid") {
        sid.as_str()?;
    }
    Some(statement)
}

/// Removes the statements in `added` from a policy.
///
/// If one statement is left and it is outside a list in `before`, the list is removed as well. The
/// document contains nothing from `before`.
pub(crate) fn remove(policy: &str, added: &[String], before: &str) -> Option<Removed> {
    strict(policy)?;
    let outline: Outline<'_> = serde_json::from_str(policy).ok()?;
    let raw = outline.statement.get();
    let elements: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    let mut left: Vec<Value> = added.iter().map(|one| strict(one)).collect::<Option<_>>()?;
    let mut takes = |element: &RawValue| {
        let found = strict(element.get());
        match left.iter().position(|one| Some(one) == found.as_ref()) {
            Some(place) => {
                left.swap_remove(place);
                true
            }
            None => false,
        }
    };
    let taken: Vec<bool> = elements.iter().map(|element| takes(element)).collect();
    let (list, only) = rebuilt(raw, &elements, &taken)?;
    let count = taken.iter().filter(|taken| **taken).count();
    let whole = |statement: &str| in_place(policy, raw, statement);
    let document = match only {
        Some(only) if !same_policy(&whole(&list), before) && same_policy(&whole(only), before) => {
            whole(only)
        }
        _ => whole(&list),
    };
    Some(Removed { document, count })
}

/// The list without the removed statements, and its element if only one is left.
fn rebuilt<'a>(
    raw: &'a str,
    elements: &[&'a RawValue],
    taken: &[bool],
) -> Option<(String, Option<&'a str>)> {
    let mut list = String::from("[");
    let (mut rest, mut kept) = (raw.strip_prefix('[')?, Vec::new());
    let mut first_gap = None;
    for (element, is_taken) in elements.iter().zip(taken) {
        let text = element.get();
        let (gap, after) = rest.split_once(text)?;
        let first_gap = *first_gap.get_or_insert(gap);
        rest = after;
        if !is_taken {
            list.push_str(if kept.is_empty() { first_gap } else { gap });
            list.push_str(text);
            kept.push(text);
        }
    }
    list.push_str(rest);
    let only = match kept.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    Some((list, only))
}

#[cfg(test)]
mod tests {
    use trailseal_rule::KeyArn;

    use super::*;
    use crate::policy::merge;

    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";

    fn trail(name: &str) -> TrailArn {
        TrailArn::parse(&format!("arn:aws:cloudtrail:us-east-1:111122223333:trail/{name}")).unwrap()
    }

    fn root() -> String {
        r#"{"Sid":"root", "Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}"#.to_owned()
    }

    #[test]
    fn removing_undoes_merging_byte_for_byte() {
        let root = root();
        let (trail, key) = (trail("audit"), KeyArn::parse(KEY).unwrap());
        let question = TrailAndKey { trail: &trail, key: Some(&key) };
        for before in [
            format!(r#"{{"Version":"2012-10-17","Statement":[{root}]}}"#),
            format!("{{\n \"Statement\" : [\n  {root} ,\n  {root}\n ],\n \"Id\":\"x\" }}"),
            format!(r#"{{"Version":"2012-10-17","Statement":{root}}}"#),
            r#"{"Version":"2012-10-17","Statement":[ ]}"#.to_owned(),
        ] {
            let grants = [Grant::Encrypt, Grant::Describe, Grant::Decrypt];
            let merged = merge(&before, &question, &grants).unwrap();
            assert_eq!(merged.added.len(), 3);
            let removed = remove(&merged.document, &merged.added, &before).unwrap();
            assert_eq!(removed, Removed { document: before.clone(), count: 3 });
            // Nothing is left to remove.
            assert_eq!(remove(&merged.document, &[], &before).unwrap().count, 0);
        }
    }

    #[test]
    fn recognizes_only_generated_statements_of_the_trail() {
        let (own, other) = (trail("audit"), trail("other"));
        let question = TrailAndKey { trail: &own, key: None };
        let encrypt = Grant::Encrypt.statement(&question, Some("any \"Sid\""));
        assert!(is_generated(&encrypt, &own));
        assert!(is_generated(&Grant::Decrypt.statement(&question, None), &own));
        assert!(!is_generated(&encrypt, &other));
        for changed in [
            root(),
            encrypt.replace("Allow\",\"Principal", "Deny\",\"Principal"),
            encrypt.replace("kms:GenerateDataKey*", "kms:*"),
            encrypt.replace("\"any \\\"Sid\\\"\"", "7"),
            encrypt.replace("\"Effect\"", "\"Effect\":\"Allow\",\"Effect\""),
            "[]".to_owned(),
            "{".to_owned(),
        ] {
            assert_ne!(changed, encrypt);
            assert!(!is_generated(&changed, &own), "{changed}");
        }
    }
}
