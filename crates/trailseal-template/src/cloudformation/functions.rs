//! The intrinsic functions (CloudFormation Template Reference Guide, "Intrinsic function
//! reference").

use crate::node::Node;
use crate::value::Value;

use super::evaluate::plain;
use super::macros::stated_map;
use super::stack::Run;

/// Bytes of a text, at most.
const TEXT_MAX: usize = 1_000_000;

impl Run<'_> {
    /// The value of a function of a stack's template.
    pub(super) fn function(&self, stack: usize, name: &str, argument: &Node) -> Value {
        let result = match name {
            "Ref" => match argument.text() {
                Some(name) => return self.reference(stack, name),
                None => Err("`Ref` without a name".to_owned()),
            },
            // Outside of conditions, this is an ordinary member: that of a policy.
            "Condition" => {
                return Value::Map(vec![("Condition".to_owned(), self.value(stack, argument))]);
            }
            "Fn::GetAtt" => return self.get_att(stack, argument),
            "Fn::If" => return self.choice(stack, argument),
            "Fn::Sub" => self.sub(stack, argument),
            "Fn::Join" => self.join(stack, argument),
            "Fn::Select" => self.select(stack, argument),
            "Fn::Split" => self.split(stack, argument),
            "Fn::FindInMap" => self.find_in_map(stack, argument),
            "Fn::Base64" => self.value(stack, argument).into_text().and_then(|text| {
                let is_whole = !text.contains('<');
                is_whole.then(|| Value::Text(base64(text.as_bytes()))).ok_or_else(deployed)
            }),
            "Fn::ImportValue" => return self.import(stack, argument),
            "Fn::Length" => {
                self.list(stack, argument).map(|list| Value::Number(list.len().to_string()))
            }
            "Fn::ToJsonString" => {
                let value = self.value(stack, argument);
                value.to_json().map(|json| Value::Text(json.to_string()))
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                Err(format!("`{name}` is used outside of a condition"))
            }
            other => Err(format!("function `{other}` is not resolved")),
        };
        let result = result.and_then(|value| {
            if let Value::Text(text) = &value {
                check_length(text)?;
            }
            Ok(value)
        });
        result.unwrap_or_else(Value::Unknown)
    }

    fn text(&self, stack: usize, node: &Node) -> Result<String, String> {
        self.value(stack, node).into_text()
    }

    fn list(&self, stack: usize, node: &Node) -> Result<Vec<Value>, String> {
        match self.value(stack, node) {
            Value::List(items) => Ok(items),
            Value::Unknown(why) => Err(why),
            Value::Omitted
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Map(_) => Err("a list is needed".to_owned()),
        }
    }

    fn choice(&self, stack: usize, argument: &Node) -> Value {
        let [condition, then, otherwise] = argument.items() else {
            return Value::unknown("`Fn::If` without three arguments");
        };
        let Some(name) = condition.text() else {
            return Value::unknown("`Fn::If` without the name of a condition");
        };
        match self.condition(stack, name) {
            Ok(true) => self.value(stack, then),
            Ok(false) => self.value(stack, otherwise),
            Err(why) => Value::Unknown(why),
        }
    }

    fn join(&self, stack: usize, argument: &Node) -> Result<Value, String> {
        let [delimiter, list] = argument.items() else {
            return Err("`Fn::Join` without two arguments".to_owned());
        };
        let delimiter = self.text(stack, delimiter)?;
        let mut out = String::new();
        for (index, item) in self.list(stack, list)?.into_iter().enumerate() {
            if index != 0 {
                out.push_str(&delimiter);
            }
            out.push_str(&item.into_text()?);
            check_length(&out)?;
        }
        // The parts can make a dynamic reference together.
        Ok(self.with_references(out))
    }

    fn select(&self, stack: usize, argument: &Node) -> Result<Value, String> {
        let [index, list] = argument.items() else {
            return Err("`Fn::Select` without two arguments".to_owned());
        };
        let text = self.text(stack, index)?;
        let index: usize =
            text.parse().map_err(|_| "`Fn::Select` with an index that is not a number")?;
        let found = self.list(stack, list)?.into_iter().nth(index);
        found.ok_or_else(|| format!("`Fn::Select` of item {index}, which is not in the list"))
    }

    fn split(&self, stack: usize, argument: &Node) -> Result<Value, String> {
        let [delimiter, text] = argument.items() else {
            return Err("`Fn::Split` without two arguments".to_owned());
        };
        let (delimiter, text) = (self.text(stack, delimiter)?, self.text(stack, text)?);
        // Such a delimiter could also be in what a stand-in stands for.
        let is_safe = delimiter.chars().all(|one| "/:,; ".contains(one));
        if delimiter.is_empty() || (text.contains('<') && !is_safe) {
            return Err("`Fn::Split` of a text that is not known in full".to_owned());
        }
        Ok(Value::List(text.split(&delimiter).map(|part| Value::Text(part.to_owned())).collect()))
    }

    fn find_in_map(&self, stack: usize, argument: &Node) -> Result<Value, String> {
        let [map, first, second, rest @ ..] = argument.items() else {
            return Err("`Fn::FindInMap` without three arguments".to_owned());
        };
        let keys = [map, first, second].map(|node| self.text(stack, node));
        let [map, first, second] = keys;
        let (map, first, second) = (map?, first?, second?);
        if [&map, &first, &second].iter().any(|key| key.contains('<')) {
            return Err("`Fn::FindInMap` by what is not given: account or Region".to_owned());
        }
        let mapping = match self.stacks.list.get(stack) {
            Some(stack) => self.entry(stack, "Mappings", &map)?,
            None => None,
        };
        let inner = mapping.and_then(|mapping| mapping.get(&first));
        let inner = inner.map(|inner| self.whole(inner)).transpose()?;
        if let Some(node) = inner.and_then(|inner| inner.get(&second)) {
            let is_literal = |node: &Node| node.scalar().is_some();
            let is_list = !node.items().is_empty() && node.items().iter().all(is_literal);
            if !is_literal(node) && !is_list {
                return Err("a mapping has a value that is not text".to_owned());
            }
            return Ok(self.value(stack, node));
        }
        let options = rest.first().map(stated_map).transpose()?;
        match options.and_then(|options| options.get("DefaultValue")) {
            Some(default) => Ok(self.value(stack, default)),
            None => Err("a mapping does not have what `Fn::FindInMap` names".to_owned()),
        }
    }

    fn sub(&self, stack: usize, argument: &Node) -> Result<Value, String> {
        let (text, names) = match argument.items() {
            [] => (argument, None),
            [text, names] => (text, Some(names)),
            _ => return Err("`Fn::Sub` without one or two arguments".to_owned()),
        };
        let text = text.text().ok_or("`Fn::Sub` without a text")?;
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(&plain(before));
            let Some((name, after)) = after.split_once('}') else {
                return Err(format!("`Fn::Sub` of `{text}`, where a `}}` is missing"));
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&plain(&format!("${{{literal}}}")));
                continue;
            }
            out.push_str(&self.named(stack, name.trim(), names).into_text()?);
            check_length(&out)?;
        }
        out.push_str(&plain(rest));
        Ok(self.with_references(out))
    }

    /// What `${NAME}` stands for.
    fn named(&self, stack: usize, name: &str, names: Option<&Node>) -> Value {
        let searched = |names| self.search(names).and_then(|()| stated_map(names));
        match names.map(searched).transpose() {
            Ok(names) => {
                if let Some(node) = names.and_then(|names| names.get(name)) {
                    return self.value(stack, node);
                }
            }
            Err(why) => return Value::Unknown(why),
        }
        match name.split_once('.') {
            Some((resource, attribute)) => self.attribute(stack, resource, attribute),
            None => self.reference(stack, name),
        }
    }

    fn get_att(&self, stack: usize, argument: &Node) -> Value {
        let parts = match argument.text() {
            Some(text) => {
                text.split_once('.').map(|(one, other)| (one.to_owned(), other.to_owned()))
            }
            None => match argument.items() {
                [resource, attribute] => resource
                    .text()
                    .map(str::to_owned)
                    .zip(self.value(stack, attribute).into_text().ok()),
                _ => None,
            },
        };
        match parts {
            Some((resource, attribute)) => self.attribute(stack, &resource, &attribute),
            None => Value::unknown("`Fn::GetAtt` without a resource and an attribute"),
        }
    }

    fn import(&self, stack: usize, argument: &Node) -> Value {
        let name = match self.text(stack, argument) {
            Ok(name) => name,
            Err(why) => return Value::Unknown(why),
        };
        let scope = self.stacks.list.get(stack).map(|stack| stack.place.scope.clone());
        let place = (scope.unwrap_or_default(), name.clone());
        if let Some((exporter, output)) = self.stacks.exports.get(&place) {
            return self.output(*exporter, output);
        }
        match self.stacks.values.imports.get(&name) {
            Some(value) => {
                self.note(format!("supplied: export {name} = {value}"));
                Value::Text(plain(value))
            }
            None => Value::unknown(format!("export `{name}` has no value here")),
        }
    }
}

fn check_length(text: &str) -> Result<(), String> {
    if text.len() <= TEXT_MAX { Ok(()) } else { Err("a text is too long".to_owned()) }
}

fn deployed() -> String {
    "it holds what only the deployment knows".to_owned()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let group = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for index in 0..4 {
            let six = (group >> (18 - 6 * index)) & 63;
            let digit = DIGITS.get(six as usize).copied().map_or('=', char::from);
            out.push(if index > chunk.len() { '=' } else { digit });
        }
    }
    out
}
