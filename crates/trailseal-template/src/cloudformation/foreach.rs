//! `Fn::ForEach` of the transform `AWS::LanguageExtensions` (CloudFormation Template Reference
//! Guide, "Fn::ForEach").

use std::collections::{BTreeMap, BTreeSet};

use crate::node::{Member, Node, NodeValue};
use crate::value::Value;
use crate::values::Values;

use super::stack::{Run, Stack, Stacks};

/// Copies of all loops of a template, at most.
const COPIES_MAX: usize = 2_000;

/// Nodes of all copies, at most.
const NODES_MAX: usize = 400_000;

/// Bytes of the texts of all copies, at most.
const BYTES_MAX: usize = 20_000_000;

const NAME: &str = "Fn::ForEach::";

/// Replaces each loop of the template by its copies, if the template has the transform. Returns the
/// loops that stay, with the reason.
///
/// What a parent passes and what a condition leaves open is not known here, so that a loop over it
/// stays.
pub(super) fn expand(stack: &mut Stack) -> Vec<String> {
    if !has_extensions(&stack.root) {
        return Vec::new();
    }
    let values = Values::default();
    // No stack has this index.
    let parent = stack.parent.as_ref().map(|(_, id)| (usize::MAX, id.clone()));
    let before = Stack { parent, ..stack.clone() };
    let stacks = Stacks::new(vec![before], BTreeMap::new(), &values);
    let run = Run::new(&stacks, BTreeMap::new());
    let mut loops = Loops { run: &run, copies: 0, nodes: 0, bytes: 0, problems: Vec::new() };
    let root = loops.expanded(&stack.root, &[], 0);
    if loops.has_room(0) {
        stack.root = root;
    } else {
        loops.problems.push("its loops are too large".to_owned());
    }
    let problems = loops.problems;
    stack.assumed.extend(run.into_parts().1);
    problems
}

fn has_extensions(root: &Node) -> bool {
    const EXTENSIONS: &str = "AWS::LanguageExtensions";
    root.get("Transform").is_some_and(|transform| {
        transform.text() == Some(EXTENSIONS)
            || transform.items().iter().any(|one| one.text() == Some(EXTENSIONS))
    })
}

struct Loops<'a> {
    run: &'a Run<'a>,
    copies: usize,
    nodes: usize,
    bytes: usize,
    problems: Vec<String>,
}

/// The identifiers of the loops around a node, with their values.
type Bound = [(String, String)];

impl Loops<'_> {
    fn expanded(&mut self, node: &Node, bound: &Bound, depth: usize) -> Node {
        self.nodes += 1;
        let (line, column) = (node.line, node.column);
        let value = match &node.value {
            NodeValue::Text(text) => NodeValue::Text(self.replaced(text, bound)),
            NodeValue::List(items) => {
                NodeValue::List(items.iter().map(|one| self.expanded(one, bound, depth)).collect())
            }
            NodeValue::Map(members) => {
                if let Some(value) = referenced(node, bound) {
                    return Node { value: NodeValue::Text(value.to_owned()), line, column };
                }
                let mut out = Vec::new();
                for member in members {
                    self.add(member, bound, depth, &mut out);
                }
                let mut names = BTreeSet::new();
                if let Some(twice) = out.iter().find(|one| !names.insert(one.name.as_str())) {
                    let (name, line) = (&twice.name, twice.line);
                    self.problems.push(format!("`{name}` (line {line}): a loop makes it twice"));
                    return node.clone();
                }
                NodeValue::Map(out)
            }
            other @ (NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_)) => other.clone(),
        };
        Node { value, line, column }
    }

    /// Adds a member, or the copies of a loop.
    fn add(&mut self, member: &Member, bound: &Bound, depth: usize, out: &mut Vec<Member>) {
        if !member.name.starts_with(NAME) {
            let node = self.expanded(&member.node, bound, depth);
            let name = self.replaced(&member.name, bound);
            out.push(Member { name, node, line: member.line, column: member.column });
            return;
        }
        match self.copies_of(member, bound, depth) {
            Ok(copies) => out.extend(copies),
            Err(why) => {
                self.problems.push(format!("`{}` (line {}): {why}", member.name, member.line));
                out.push(member.clone());
            }
        }
    }

    fn copies_of(
        &mut self,
        member: &Member,
        bound: &Bound,
        depth: usize,
    ) -> Result<Vec<Member>, String> {
        let [identifier, collection, body] = member.node.items() else {
            return Err("does not have three arguments".to_owned());
        };
        let identifier = identifier.text().ok_or("has no identifier")?;
        let collection = self.expanded(collection, bound, depth);
        let Value::List(values) = self.run.value(0, &collection) else {
            return Err("its collection is not known".to_owned());
        };
        if self.run.has_asked() {
            return Err("its collection depends on a condition that is not decided".to_owned());
        }
        let mut out = Vec::new();
        for value in values {
            let value = value.into_text()?;
            if value.contains('<') || depth >= 5 {
                return Err("its collection is not known in full".to_owned());
            }
            self.copies += 1;
            let has_room = self.copies <= COPIES_MAX && self.nodes <= NODES_MAX;
            if !has_room {
                return Err("has too many copies".to_owned());
            }
            let mut bound = bound.to_vec();
            bound.push((identifier.to_owned(), value));
            for member in body.members() {
                self.add(member, &bound, depth + 1, &mut out);
            }
        }
        Ok(out)
    }

    /// Counts bytes; whether all texts are within the limit.
    fn has_room(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.bytes <= BYTES_MAX
    }

    /// The text with `${IDENTIFIER}` and, without characters that are not letters or digits,
    /// `&{IDENTIFIER}`. Beyond the limit of all texts, the text stays.
    fn replaced(&mut self, text: &str, bound: &Bound) -> String {
        let mut out = text.to_owned();
        self.has_room(out.len());
        for (identifier, value) in bound.iter().rev() {
            let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
            let names =
                [(format!("${{{identifier}}}"), value), (format!("&{{{identifier}}}"), &plain)];
            for (name, value) in names {
                let length = out.matches(&name).count().saturating_mul(value.len());
                if !self.has_room(length) {
                    return out;
                }
                out = out.replace(&name, value);
            }
        }
        out
    }
}

/// The value of `{"Ref": IDENTIFIER}`.
fn referenced<'a>(node: &Node, bound: &'a Bound) -> Option<&'a str> {
    let only = node.only_member().filter(|only| only.name == "Ref")?;
    let name = only.node.text()?;
    bound.iter().rev().find(|(identifier, _)| identifier == name).map(|(_, value)| value.as_str())
}
