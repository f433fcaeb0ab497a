//! Addresses of resources: `module.a[0].data.aws_kms_key.b["c"]`.

use serde_json::Value;

/// The key of an instance: of `count` or of `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Index {
    Number(u64),
    /// As the address writes it, between the quotes.
    Text(String),
}

/// A module call in the address of a module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) index: Option<Index>,
}

/// The address of a resource in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) module: Vec<Call>,
    pub(super) is_data: bool,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) index: Option<Index>,
}

impl Address {
    /// Reads an address; `None` if it is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = parts(text)?.into_iter().peekable();
        let mut module = Vec::new();
        while parts.next_if(|part| *part == ("module", None)).is_some() {
            let (name, index) = parts.next()?;
            module.push(Call { name: name.to_owned(), index });
        }
        let is_data = parts.next_if(|part| *part == ("data", None)).is_some();
        let (kind, None) = parts.next()? else { return None };
        let (name, index) = parts.next()?;
        let is_whole = parts.next().is_none();
        let (kind, name) = (kind.to_owned(), name.to_owned());
        is_whole.then_some(Self { module, is_data, kind, name, index })
    }

    /// `type.name`, or `data.type.name`: the resource in the configuration of its module.
    pub(super) fn in_module(&self) -> String {
        let data = if self.is_data { "data." } else { "" };
        format!("{data}{}.{}", self.kind, self.name)
    }

    /// The names of the module calls, which are the path in the configuration.
    pub(super) fn path(&self) -> Vec<String> {
        self.module.iter().map(|call| call.name.clone()).collect()
    }
}

/// The address of a module, as the prefix of the addresses of what is in it.
pub(super) fn prefix(module: &[Call]) -> String {
    module
        .iter()
        .map(|call| format!("module.{}{}.", call.name, shown(call.index.as_ref())))
        .collect()
}

/// An index as an address writes it.
pub(super) fn shown(index: Option<&Index>) -> String {
    match index {
        None => String::new(),
        Some(Index::Number(number)) => format!("[{number}]"),
        Some(Index::Text(text)) => format!("[\"{text}\"]"),
    }
}

/// Whether the value of `index` is the one in the address. A text with characters that are escaped
/// in an address is taken as equal.
pub(super) fn is_same_index(index: Option<&Index>, stated: Option<&Value>) -> bool {
    match (index, stated) {
        (None, None | Some(Value::Null)) => true,
        (Some(Index::Number(number)), Some(value)) => value.as_u64() == Some(*number),
        (Some(Index::Text(text)), Some(Value::String(stated))) => {
            text == stated || text.contains(['\\', '$', '%'])
        }
        (_, _) => false,
    }
}

/// The names between the dots, each with the index behind it.
fn parts(text: &str) -> Option<Vec<(&str, Option<Index>)>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end)?;
        let is_name = !name.is_empty()
            && name.chars().all(|one| one.is_alphanumeric() || one == '_' || one == '-');
        if !is_name {
            return None;
        }
        let (index, after) = match after.strip_prefix('[') {
            Some(bracket) => index(bracket).map(|(index, after)| (Some(index), after))?,
            None => (None, after),
        };
        found.push((name, index));
        if after.is_empty() {
            return Some(found);
        }
        rest = after.strip_prefix('.')?;
    }
}

/// The index behind `[`, and what follows `]`.
fn index(text: &str) -> Option<(Index, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (number, after) = text.split_once(']')?;
        let is_number = number == "0" || !number.starts_with(['0', '+']);
        return Some((Index::Number(number.parse().ok().filter(|_| is_number)?), after));
    };
    let mut is_escaped = false;
    for (at, character) in quoted.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => {
                let (text, after) = quoted.split_at_checked(at)?;
                return Some((Index::Text(text.to_owned()), after.strip_prefix("\"]")?));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_parts_and_written_again() {
        for text in [
            "aws_kms_key.trail",
            "aws_kms_key.trail[0]",
            "aws_kms_key.trail-1",
            "data.aws_kms_key.trail[\"a.b\"]",
            "module.a.module.b[2].module.c[\"x].y\"].aws_kms_key.k[\"\\\"q\"]",
        ] {
            let address = Address::parse(text).unwrap();
            let written = format!(
                "{}{}{}",
                prefix(&address.module),
                address.in_module(),
                shown(address.index.as_ref())
            );
            assert_eq!(written, text);
        }
        for text in [
            "",
            "aws_kms_key",
            "aws_kms_key.a.b",
            "module.a",
            "a.b[",
            "a.b[\"",
            "a.b[x]",
            "a.b[01]",
            "a.b[+1]",
            "a.b c",
            "a b.c",
            "a[0].b",
            "a.b[\"x\"",
            "a..b",
            "data.a",
            "module[0].a.b.c",
            "a.b[0]c",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
