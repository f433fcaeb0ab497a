//! Reads a YAML or JSON document as CloudFormation does: YAML 1.1, with tags for functions.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag, options};
use serde_json::Value;

use crate::node::{Member, Node, NodeValue};
use crate::value::is_as_written;
use trailseal_rule::json;

/// Nodes of a document, at most; aliases count as what they repeat.
const NODES_MAX: usize = 400_000;

/// Bytes of the texts that anchors keep and aliases repeat, at most.
const BYTES_MAX: usize = 20_000_000;

/// Levels of a document, at most.
const DEPTH_MAX: usize = 200;

/// Characters that end a line in YAML 1.1, and with it a comment, but not in YAML 1.2 and JSON.
const BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Reads a document.
///
/// # Errors
///
/// In one line: it is not one document of YAML or JSON, or not one that CloudFormation takes.
pub(crate) fn read(text: &str) -> Result<Node, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    refuse_breaks(text)?;
    read_yaml(text).or_else(|error| {
        // Some JSON is not YAML: surrogate pairs, for example. None has a name twice.
        let value = json::read(text).ok().filter(Value::is_object);
        let node = value.map(|value| of_json(&value)).ok_or(error)?;
        if node.size() > NODES_MAX { Err(too_many()) } else { Ok(node) }
    })
}

/// Refuses the line breaks of YAML 1.1 that the parser takes as text.
fn refuse_breaks(text: &str) -> Result<(), String> {
    let Some((at, found)) = text.char_indices().find(|(_, one)| BREAKS.contains(one)) else {
        return Ok(());
    };
    if json::read(text).is_ok() {
        return Ok(());
    }
    let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    let number = format!("{:04x}", u32::from(found));
    Err(format!(
        "has the character U+{number} (line {line}), where a line ends in YAML 1.1: remove it, or \
         write the text in double quotes with `\\u{number}`"
    ))
}

fn too_deep(line: usize) -> String {
    format!("has more than {DEPTH_MAX} levels (line {line})")
}

fn too_many() -> String {
    format!("has more than {NODES_MAX} values, aliases counted as repeated, or too much text")
}

/// Whether a scalar of a document is like that, also of one that `read` refuses, up to what cannot be
/// parsed. Aliases are not followed.
pub(crate) fn has_scalar(text: &str, is: impl Fn(&str) -> bool) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for event in events(text) {
        match event {
            Ok((Event::Scalar(found, ..), _)) if is(&found) => return true,
            Ok(_) => {}
            Err(_) => return json::read(text).is_ok_and(|value| of_json(&value).has_text(&is)),
        }
    }
    false
}

fn events(text: &str) -> impl Iterator<Item = Result<(Event<'_>, Span), ScanError>> {
    let limits = options! {
        emit_comments: false,
        simple_key_max_lookahead: 100_000,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
        block_scalar_eof_without_line_feed: true,
    };
    Parser::new_from_str_with_options(text, limits)
}

fn read_yaml(text: &str) -> Result<Node, String> {
    let mut builder = Builder::default();
    for event in events(text) {
        let (event, span) = event.map_err(|error| {
            let what = error.to_string();
            format!("is not YAML or JSON: {}", what.lines().next().unwrap_or_default())
        })?;
        builder.take(event, &span)?;
    }
    builder.root.ok_or_else(|| "is empty".to_owned())
}

/// A collection that is not at its end yet.
struct Open {
    node: Node,
    tag: Option<String>,
    anchor: usize,
    /// The name of the member whose value comes next.
    name: Option<(String, usize, usize)>,
    names: BTreeSet<String>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    /// The bytes of what anchors keep and aliases repeat.
    bytes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), String> {
        let start = span.tag_start().unwrap_or(span.start);
        let (line, column) = (start.line(), start.col() + 1);
        let node = |value| Node { value, line, column };
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(format!(
                        "has several YAML documents (the second at line {line}); a template is one"
                    ));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                let whole = tagged(node(value), function(tag.as_deref(), line)?);
                self.add(whole, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => self.begin(
                node(NodeValue::List(Vec::new())),
                anchor,
                function(tag.as_deref(), line)?,
            ),
            Event::MappingStart(_, anchor, tag) => self.begin(
                node(NodeValue::Map(Vec::new())),
                anchor,
                function(tag.as_deref(), line)?,
            ),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.add(tagged(open.node, open.tag), open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(found) => {
                    self.nodes += found.size();
                    self.count_bytes(&found)?;
                    if self.open.len() + found.depth() > DEPTH_MAX {
                        return Err(too_deep(line));
                    }
                    self.add(Node { line, column, ..found }, 0)
                }
                None => Err(format!("has an alias that contains itself (line {line})")),
            },
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentEnd
            | Event::Anchor(..)
            | Event::UnresolvedAlias(_) => Ok(()),
            // A later release of the parser may have more.
            _ => Err(format!("has something that is not understood (line {line})")),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize, tag: Option<String>) -> Result<(), String> {
        if self.open.len() >= DEPTH_MAX {
            return Err(too_deep(node.line));
        }
        self.open.push(Open { node, tag, anchor, name: None, names: BTreeSet::new() });
        Ok(())
    }

    /// Counts the bytes of a copy of a node.
    fn count_bytes(&mut self, node: &Node) -> Result<(), String> {
        self.bytes += node.bytes();
        if self.bytes > BYTES_MAX { Err(too_many()) } else { Ok(()) }
    }

    /// Adds a whole node to the collection that is open.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(too_many());
        }
        if anchor > 0 {
            self.nodes += node.size();
            self.count_bytes(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.node.value {
            NodeValue::List(items) => items.push(node),
            NodeValue::Map(members) => match open.name.take() {
                Some((name, line, column)) => members.push(Member { name, line, column, node }),
                None => {
                    let (line, column) = (node.line, node.column);
                    if let NodeValue::Number(number) = &node.value
                        && !is_as_written(number)
                    {
                        return Err(format!(
                            "has the number `{number}` as a key (line {line}): put it in quotes"
                        ));
                    }
                    let name = node
                        .scalar()
                        .ok_or_else(|| format!("has a key that is not text (line {line})"))?;
                    if !open.names.insert(name.clone()) {
                        return Err(format!(
                            "has a key twice: `{name}` is there twice (line {line})"
                        ));
                    }
                    open.name = Some((name, line, column));
                }
            },
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) | NodeValue::Text(_) => {}
        }
        Ok(())
    }
}

/// The function that a tag means: `Ref` of `!Ref`, `Fn::Sub` of `!Sub`. A tag of YAML other than
/// those of texts, lists and maps gives a value that is not the one written: `!!null x` is none.
fn function(tag: Option<&Tag>, line: usize) -> Result<Option<String>, String> {
    let Some(tag) = tag else { return Ok(None) };
    if ["str", "seq", "map"].iter().any(|name| tag.is_yaml_core_schema_tag(name)) {
        return Ok(None);
    }
    match (tag.handle(), tag.suffix()) {
        ("!", name @ ("Ref" | "Condition")) => Ok(Some(name.to_owned())),
        ("!", name) => Ok(Some(format!("Fn::{name}"))),
        (handle, name) => {
            Err(format!("has the tag `{handle}{name}`, which is no function (line {line})"))
        }
    }
}

/// The node as the argument of a function.
fn tagged(node: Node, function: Option<String>) -> Node {
    let Some(name) = function else { return node };
    let (line, column) = (node.line, node.column);
    let member = Member { name, line, column, node };
    Node { value: NodeValue::Map(vec![member]), line, column }
}

/// A scalar by the rules of YAML 1.1 ("Language-Independent Types for YAML Version 1.1"), without
/// single letters for truth values, which YAML 1.1's common parsers read as text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> NodeValue {
    let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
    if style != ScalarStyle::Plain || is_text {
        return NodeValue::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            NodeValue::Bool(true)
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            NodeValue::Bool(false)
        }
        number if is_number(number) => NodeValue::Number(number.to_owned()),
        other => NodeValue::Text(other.to_owned()),
    }
}

/// Whether a parser may take the text as a number: of YAML 1.1, with its bases 2, 8, 16 and 60, or of
/// JSON.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    for (start, base) in [("0b", 2), ("0o", 8), ("0x", 16)] {
        if let Some(rest) = digits.strip_prefix(start) {
            return !rest.is_empty() && rest.chars().all(|one| one == '_' || one.is_digit(base));
        }
    }
    let (number, power) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let power = power.strip_prefix(['-', '+']).unwrap_or(power);
    let is_part = |byte: u8| byte.is_ascii_digit() || b"._:".contains(&byte);
    let first = number.strip_prefix('.').unwrap_or(number);
    first.starts_with(|one: char| one.is_ascii_digit())
        && number.bytes().all(is_part)
        && number.matches('.').count() < 2
        && !power.is_empty()
        && power.bytes().all(|byte| byte.is_ascii_digit())
}

/// The tree of JSON that is not YAML, whose places are not known.
fn of_json(value: &Value) -> Node {
    let value = match value {
        Value::Null => NodeValue::Null,
        Value::Bool(is) => NodeValue::Bool(*is),
        Value::Number(number) => NodeValue::Number(number.to_string()),
        Value::String(text) => NodeValue::Text(text.clone()),
        Value::Array(items) => NodeValue::List(items.iter().map(of_json).collect()),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| Member {
                name: name.clone(),
                line: 1,
                column: 1,
                node: of_json(value),
            };
            NodeValue::Map(members.iter().map(member).collect())
        }
    };
    Node { value, line: 1, column: 1 }
}
