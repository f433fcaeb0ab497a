//! The values of a template: literals, parameters, references and conditions.

use crate::node::{Node, NodeValue};
use crate::value::Value;

use super::macros::whole;
use super::stack::Run;

impl Run<'_> {
    /// The value of a node of a stack's template.
    pub(crate) fn value(&self, stack: usize, node: &Node) -> Value {
        if let Some(why) = self.rewritten(stack) {
            return Value::Unknown(why);
        }
        self.deeper(|| match &node.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(is) => Value::Bool(*is),
            NodeValue::Number(text) => Value::number(text),
            NodeValue::Text(text) => self.literal(text),
            NodeValue::List(items) => {
                let items = items.iter().map(|item| self.value(stack, item));
                Value::List(items.filter(|item| *item != Value::Omitted).collect())
            }
            NodeValue::Map(members) => {
                if let Some(function) = node.only_member()
                    && is_function(&function.name)
                {
                    return self.function(stack, &function.name, &function.node);
                }
                if let Err(why) = whole(node) {
                    return Value::Unknown(why);
                }
                let members =
                    members.iter().map(|one| (plain(&one.name), self.value(stack, &one.node)));
                Value::Map(members.filter(|(_, value)| *value != Value::Omitted).collect())
            }
        })
    }

    /// Why nothing of a stack's template is known.
    pub(super) fn rewritten(&self, stack: usize) -> Option<String> {
        self.stacks.list.get(stack).and_then(|stack| stack.rewritten.clone())
    }

    /// A text of the document. `<` and `>` mark stand-ins, so that the document's own become other
    /// characters; no name or ARN of AWS contains them.
    fn literal(&self, text: &str) -> Value {
        self.with_references(plain(text))
    }

    /// The text with its dynamic references replaced by the values that the user supplies.
    pub(super) fn with_references(&self, text: String) -> Value {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("{{resolve:") {
            let Some((reference, after)) = after.split_once("}}") else {
                return Value::unknown(format!("the dynamic reference in `{text}` has no end"));
            };
            let Some(value) = self.stacks.values.references.get(reference) else {
                return Value::unknown(format!("dynamic reference `{reference}` has no value"));
            };
            self.note(format!("supplied: {reference} = {value}"));
            out.push_str(before);
            out.push_str(&plain(value));
            rest = after;
        }
        out.push_str(rest);
        Value::Text(out)
    }

    /// Whether a condition of the template holds.
    pub(crate) fn condition(&self, stack: usize, name: &str) -> Result<bool, String> {
        let place = (stack, name.to_owned());
        if let Some(known) = self.conditions.borrow().get(&place) {
            return Ok(*known);
        }
        let node = match self.stacks.list.get(stack) {
            Some(stack) => self.entry(stack, "Conditions", name)?,
            None => None,
        };
        let node = node.ok_or_else(|| format!("condition `{name}` is not in the template"))?;
        let holds = self.truth(stack, node)?;
        self.conditions.borrow_mut().insert(place, holds);
        Ok(holds)
    }

    /// Whether the expression of a condition holds.
    pub(super) fn truth(&self, stack: usize, node: &Node) -> Result<bool, String> {
        let mut result = Err("a condition is too deep".to_owned());
        self.deeper(|| {
            result = self.truth_of(stack, node);
            Value::Null
        });
        result
    }

    fn truth_of(&self, stack: usize, node: &Node) -> Result<bool, String> {
        let Some(function) = node.only_member() else {
            return match self.value(stack, node).into_text()?.as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                other => Err(format!("condition `{other}` is not a function")),
            };
        };
        let parts = function.node.items();
        let all =
            || parts.iter().map(|part| self.truth(stack, part)).collect::<Result<Vec<_>, _>>();
        match (function.name.as_str(), parts) {
            ("Condition", _) => {
                let name = function.node.text().ok_or("a condition without a name")?;
                self.condition(stack, name)
            }
            ("Fn::Equals", [one, other]) => Ok(self.equals(stack, one, other)),
            ("Fn::Not", [one]) => Ok(!self.truth(stack, one)?),
            ("Fn::And", [_, ..]) => Ok(all()?.into_iter().all(|holds| holds)),
            ("Fn::Or", [_, ..]) => Ok(all()?.into_iter().any(|holds| holds)),
            (name, _) => Err(format!("condition function `{name}` is not resolved")),
        }
    }

    fn equals(&self, stack: usize, one: &Node, other: &Node) -> bool {
        let question = || format!("{stack}: {} = {}", spelled(one), spelled(other));
        let (left, right) = (self.value(stack, one), self.value(stack, other));
        let unknown = left.why_unknown().or_else(|| right.why_unknown()).map(str::to_owned);
        if let Some(why) = unknown {
            return self.choose(question(), &why);
        }
        let is_open = |value: &Value| matches!(value, Value::Omitted | Value::Null | Value::Map(_));
        if is_open(&left) || is_open(&right) {
            let why = "AWS does not document how `Fn::Equals` compares what is not text or a list";
            return self.choose(question(), why);
        }
        let (left, right) = (compared(left), compared(right));
        let is_partly_known = left.contains('<') || right.contains('<');
        if left != right && is_partly_known {
            let why = "account and Region of the deployment are not given";
            return self.choose(question(), why);
        }
        left == right
    }
}

/// The text by which `Fn::Equals` compares a value.
fn compared(value: Value) -> String {
    match &value {
        Value::Text(text) | Value::Number(text) => text.clone(),
        Value::Bool(is) => is.to_string(),
        Value::Omitted | Value::Null | Value::List(_) | Value::Map(_) | Value::Unknown(_) => {
            format!("{value:?}")
        }
    }
}

/// A node in one line, without its place.
fn spelled(node: &Node) -> String {
    match &node.value {
        NodeValue::Null => "null".to_owned(),
        NodeValue::Bool(is) => is.to_string(),
        NodeValue::Number(text) => text.clone(),
        NodeValue::Text(text) => format!("{text:?}"),
        NodeValue::List(items) => {
            format!("[{}]", items.iter().map(spelled).collect::<Vec<_>>().join(", "))
        }
        NodeValue::Map(members) => {
            let member = members.iter().map(|one| format!("{}: {}", one.name, spelled(&one.node)));
            format!("{{{}}}", member.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The text without the characters of stand-ins.
pub(crate) fn plain(text: &str) -> String {
    if text.contains(['<', '>']) {
        text.replace('<', "\u{ff1c}").replace('>', "\u{ff1e}")
    } else {
        text.to_owned()
    }
}

fn is_function(name: &str) -> bool {
    name == "Ref" || name == "Condition" || name.starts_with("Fn::")
}
