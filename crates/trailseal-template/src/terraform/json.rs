//! Deserialization that keeps little of a large plan, and no name twice.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// An object whose names are not known before. Of two equal names, each reader would take another
/// one, so that they are refused.
#[derive(Debug)]
pub(super) struct Names<V>(pub(super) BTreeMap<String, V>);

impl<V> Default for Names<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Names<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor(PhantomData))
    }
}

struct NamesVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for NamesVisitor<V> {
    type Value = Names<V>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Names<V>, E> {
        Ok(Names::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Names<V>, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = access.next_entry::<String, V>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("an object has a name twice"));
            }
        }
        Ok(Names(members))
    }
}

/// An item of a list of which most are of no interest.
pub(super) trait Listed {
    /// Whether the item is kept.
    fn is_kept(&self) -> bool;
}

/// The items of a list that are kept.
#[derive(Debug)]
pub(super) struct Kept<T>(pub(super) Vec<T>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Listed> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeptVisitor(PhantomData))
    }
}

struct KeptVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Listed> Visitor<'de> for KeptVisitor<T> {
    type Value = Kept<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Kept<T>, E> {
        Ok(Kept::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Kept<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<T>()? {
            if item.is_kept() {
                items.push(item);
            }
        }
        Ok(Kept(items))
    }
}

/// Which attributes have a mark: those that are known only after the apply, or are sensitive.
#[derive(Clone, Debug)]
pub(super) enum Marks {
    /// The resource as a whole is marked, or not.
    Whole(bool),
    /// By the name of the attribute: whether it, or a part of it, is marked.
    Attributes(BTreeMap<String, bool>),
}

impl Default for Marks {
    fn default() -> Self {
        Self::Whole(false)
    }
}

impl Marks {
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Whole(is_marked) => *is_marked,
            Self::Attributes(marks) => marks.get(name).copied().unwrap_or(false),
        }
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MarksVisitor)
    }
}

struct MarksVisitor;

impl<'de> Visitor<'de> for MarksVisitor {
    type Value = Marks;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a truth value or an object of them")
    }

    fn visit_unit<E>(self) -> Result<Marks, E> {
        Ok(Marks::default())
    }

    fn visit_bool<E>(self, is: bool) -> Result<Marks, E> {
        Ok(Marks::Whole(is))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Marks, A::Error> {
        let Names(marks) = NamesVisitor::<AnyTrue>(PhantomData).visit_map(access)?;
        Ok(Marks::Attributes(marks.into_iter().map(|(name, AnyTrue(is))| (name, is)).collect()))
    }
}

/// Whether any value in it is true.
#[derive(Debug)]
struct AnyTrue(bool);

impl<'de> Deserialize<'de> for AnyTrue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyTrueVisitor).map(Self)
    }
}

struct AnyTrueVisitor;

impl<'de> Visitor<'de> for AnyTrueVisitor {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("truth values")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, is: bool) -> Result<bool, E> {
        Ok(is)
    }

    // No mark of Terraform's: as if it were one.
    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<bool, A::Error> {
        let mut any = false;
        while let Some(AnyTrue(is)) = access.next_element()? {
            any |= is;
        }
        Ok(any)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<bool, A::Error> {
        let mut any = false;
        while let Some((_, AnyTrue(is))) = access.next_entry::<IgnoredAny, AnyTrue>()? {
            any |= is;
        }
        Ok(any)
    }
}

/// The place of a fault in JSON, without the value that is there: it may be a secret.
pub(super) fn fault(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let what = match error.classify() {
        Category::Syntax | Category::Eof => "is not JSON",
        Category::Io | Category::Data => "is not a plan as `terraform show -json` prints it",
    };
    match error.line() {
        0 => what.to_owned(),
        line => format!("{what} (line {line}, column {})", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_marked_if_any_part_of_it_is() {
        for (marks, expected) in [
            ("true", true),
            ("false", false),
            ("null", false),
            ("{}", false),
            (r#"{"b":true}"#, false),
            (r#"{"a":true}"#, true),
            (r#"{"a":false}"#, false),
            (r#"{"a":null}"#, false),
            (r#"{"a":[]}"#, false),
            (r#"{"a":[false,null]}"#, false),
            (r#"{"a":[false,true]}"#, true),
            (r#"{"a":[true,false]}"#, true),
            (r#"{"a":{}}"#, false),
            (r#"{"a":{"b":false}}"#, false),
            (r#"{"a":{"b":false,"c":true}}"#, true),
            (r#"{"a":{"b":true,"c":false}}"#, true),
            (r#"{"a":[{"b":[[true]]}]}"#, true),
            // No marks of Terraform's.
            (r#"{"a":"x"}"#, true),
            (r#"{"a":1}"#, true),
            (r#"{"a":-1}"#, true),
            (r#"{"a":0.5}"#, true),
        ] {
            let read: Marks = serde_json::from_str(marks).unwrap();
            assert_eq!(read.has("a"), expected, "{marks}");
        }
    }

    #[test]
    fn a_member_of_another_type_is_refused() {
        fn error<'de, T: Deserialize<'de> + fmt::Debug>(text: &'de str) -> String {
            serde_json::from_str::<T>(text).unwrap_err().to_string()
        }
        assert!(error::<Names<bool>>("1").contains("expected an object"));
        assert!(error::<Kept<Item>>("1").contains("expected a list"));
        assert!(error::<Marks>("1").contains("expected a truth value or an object of them"));
        assert!(error::<Names<bool>>(r#"{"a":true,"a":true}"#).contains("a name twice"));
        assert!(error::<Marks>(r#"{"a":true,"a":true}"#).contains("a name twice"));
    }

    #[derive(Debug, serde::Deserialize)]
    struct Item;

    impl Listed for Item {
        fn is_kept(&self) -> bool {
            true
        }
    }
}
