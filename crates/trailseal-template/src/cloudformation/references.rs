//! What names stand for: parameters, pseudo parameters, resources and their attributes, outputs.

use trailseal_rule::{KeyArn, Partition, TRAIL_TYPE, stand_in};

use crate::node::{Node, NodeValue};
use crate::parameters::Given;
use crate::value::Value;

use super::evaluate::plain;
use super::kinds::{ALIAS_TYPE, BUCKET_TYPE, KEY_TYPES, STACK_TYPE, kind};
use super::macros::stated_map;
use super::stack::{Run, Stack};

impl Run<'_> {
    /// `Ref`.
    pub(super) fn reference(&self, index: usize, name: &str) -> Value {
        let Some(stack) = self.stacks.list.get(index) else {
            return Value::unknown("no such stack");
        };
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return self.pseudo_parameter(stack, pseudo);
        }
        let parameter = self.entry(stack, "Parameters", name);
        if let Ok(Some(parameter)) = parameter {
            return self.deeper(|| self.parameter(index, stack, name, parameter));
        }
        match (stack.resource(name), parameter) {
            (Some(resource), _) => match self.search(resource) {
                Ok(()) => self.deeper(|| self.name_of(index, stack, name, resource)),
                Err(why) => Value::Unknown(why),
            },
            (None, Err(why)) => Value::Unknown(why),
            (None, Ok(_)) => Value::unknown(format!("`{name}` is not in the template")),
        }
    }

    fn pseudo_parameter(&self, stack: &Stack, name: &str) -> Value {
        let place = &stack.place;
        match name {
            "AccountId" => Value::Text(place.account.to_string()),
            "Region" => Value::Text(place.region.to_string()),
            "Partition" => Value::Text(place.partition().to_owned()),
            "URLSuffix" => Value::Text(Partition::of(&place.region).dns_suffix.to_owned()),
            "NoValue" => Value::Omitted,
            "StackName" => self.stack_name(stack),
            other => Value::unknown(format!("`AWS::{other}` is known once it is deployed")),
        }
    }

    /// `AWS::StackName`: CloudFormation makes up that of a nested stack.
    fn stack_name(&self, stack: &Stack) -> Value {
        const NAME: &str = "AWS::StackName";
        let given = self.stacks.values.references.get(NAME).filter(|_| stack.parent.is_none());
        match (&stack.stack_name, given) {
            (Some(name), _) => Value::Text(plain(name)),
            (None, Some(name)) => {
                self.stacks.needs_supplied_name.set(true);
                self.note(format!("supplied: {NAME} = {name}"));
                Value::Text(plain(name))
            }
            (None, None) => Value::unknown(format!("`{NAME}` is known once it is deployed")),
        }
    }

    fn parameter(&self, index: usize, stack: &Stack, name: &str, parameter: &Node) -> Value {
        let kind = parameter.get("Type").and_then(Node::text).unwrap_or("String");
        match stack.given.get(name) {
            Some(Given::Text(text)) => {
                self.note(format!("parameter {name} = {}", shown(text, parameter)));
                return self.of_type(kind, &plain(text));
            }
            Some(Given::Unknown(why)) => return Value::unknown(why),
            None => {}
        }
        if let Some((parent, logical_id)) = &stack.parent
            && let Some(value) = self.passed(*parent, logical_id, name)
        {
            return self.passed_as(kind, value);
        }
        let Some(default) = parameter.get("Default") else {
            return Value::unknown(format!("parameter `{name}` has no value"));
        };
        if !default.members().is_empty() {
            return Value::unknown(format!("the default of parameter `{name}` is not a text"));
        }
        let default = self.value(index, default);
        if matches!(default, Value::List(_)) {
            return default;
        }
        match default.into_text() {
            Ok(text) => {
                self.note(format!("default assumed: {name} = {}", shown(&text, parameter)));
                self.of_type(kind, &text)
            }
            Err(why) => Value::Unknown(why),
        }
    }

    /// What the parent of a nested stack passes as a parameter; nothing if it leaves it out.
    fn passed(&self, parent: usize, logical_id: &str, name: &str) -> Option<Value> {
        let Some(stack) = self.stacks.list.get(parent) else {
            return Some(Value::unknown("what its parent passes is not at hand"));
        };
        let properties = match self.properties(parent, stack.resource(logical_id)?) {
            Ok(properties) => properties?,
            Err(why) => return Some(Value::Unknown(why)),
        };
        let parameters = properties.get("Parameters")?;
        if let Err(why) = self.search(parameters) {
            return Some(Value::Unknown(why));
        }
        let value = match stated_map(parameters) {
            Ok(parameters @ Node { value: NodeValue::Map(_), .. }) => {
                self.value(parent, parameters.get(name)?)
            }
            // The result of `Fn::If` can be such a map.
            Ok(_) | Err(_) => match self.value(parent, parameters) {
                Value::Map(members) => members.into_iter().find(|one| one.0 == name)?.1,
                Value::Omitted => return None,
                Value::Unknown(why) => Value::Unknown(why),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Text(_)
                | Value::List(_) => {
                    Value::unknown("the parameters of a nested stack are not a map")
                }
            },
        };
        (value != Value::Omitted).then_some(value)
    }

    /// What a parent passes, by the type of the parameter.
    fn passed_as(&self, kind: &str, value: Value) -> Value {
        if is_list(kind) && matches!(value, Value::List(_)) {
            return value;
        }
        match value.into_text() {
            Ok(text) => self.of_type(kind, &text),
            Err(why) => Value::Unknown(why),
        }
    }

    /// A parameter's text by its type; stand-ins in it stay. A parameter of Parameter Store has the name of another text.
    fn of_type(&self, kind: &str, text: &str) -> Value {
        let (kind, text) = match kind.strip_prefix("AWS::SSM::Parameter::Value<") {
            Some(inner) => {
                let reference = format!("ssm:{text}");
                match self.stacks.values.references.get(&reference) {
                    Some(value) => {
                        self.note(format!("supplied: {reference} = {value}"));
                        (inner.trim_end_matches('>'), plain(value))
                    }
                    None => {
                        let what = format!("parameter `{text}` of Parameter Store has no value");
                        return Value::Unknown(what);
                    }
                }
            }
            None => (kind, text.to_owned()),
        };
        if is_list(kind) {
            let parts = text.split(',').map(|part| self.with_references(part.trim().to_owned()));
            let parts: Vec<Value> = parts.collect();
            // Whether the list is split before or after is not documented.
            if parts.iter().any(|part| matches!(part, Value::Text(text) if text.contains(','))) {
                return Value::unknown("a dynamic reference in a list has a comma");
            }
            return Value::List(parts);
        }
        self.with_references(text)
    }

    /// What `Ref` gives of a resource.
    fn name_of(&self, index: usize, stack: &Stack, id: &str, resource: &Node) -> Value {
        let property = match kind(resource) {
            kind if KEY_TYPES.contains(&kind) => {
                return Value::Text(self.key_arn(stack, id).id().to_owned());
            }
            BUCKET_TYPE => "BucketName",
            ALIAS_TYPE => "AliasName",
            TRAIL_TYPE => "TrailName",
            "AWS::IAM::Role" => "RoleName",
            "AWS::IAM::User" => "UserName",
            _ => return Value::unknown(format!("the name of `{id}` is known once it is deployed")),
        };
        let value = self.property(index, resource, property);
        if value == Value::Omitted {
            return Value::Text(stand_in(&stack.address(id)));
        }
        value
    }

    /// `Fn::GetAtt`.
    pub(super) fn attribute(&self, index: usize, id: &str, attribute: &str) -> Value {
        let Some(stack) = self.stacks.list.get(index) else {
            return Value::unknown("no such stack");
        };
        let Some(resource) = stack.resource(id) else {
            return Value::unknown(format!("`{id}` is not in the template"));
        };
        match self.search(resource) {
            Ok(()) => self.deeper(|| self.attribute_of(index, stack, (id, resource), attribute)),
            Err(why) => Value::Unknown(why),
        }
    }

    fn attribute_of(
        &self,
        index: usize,
        stack: &Stack,
        (id, resource): (&str, &Node),
        attribute: &str,
    ) -> Value {
        let kind = kind(resource);
        let (partition, account) = (stack.place.partition(), &stack.place.account);
        let named = |start: String| match self.name_of(index, stack, id, resource).into_text() {
            Ok(name) => Value::Text(format!("{start}{name}")),
            Err(why) => Value::Unknown(why),
        };
        match (kind, attribute) {
            (key, "Arn") if KEY_TYPES.contains(&key) => {
                Value::Text(self.key_arn(stack, id).to_string())
            }
            (key, "KeyId") if KEY_TYPES.contains(&key) => {
                Value::Text(self.key_arn(stack, id).id().to_owned())
            }
            (BUCKET_TYPE, "Arn") => named(format!("arn:{partition}:s3:::")),
            (TRAIL_TYPE, "Arn") => {
                let region = &stack.place.region;
                named(format!("arn:{partition}:cloudtrail:{region}:{account}:trail/"))
            }
            ("AWS::IAM::Role", "Arn") if resource_path(resource).is_none() => {
                named(format!("arn:{partition}:iam::{account}:role/"))
            }
            ("AWS::IAM::User", "Arn") if resource_path(resource).is_none() => {
                named(format!("arn:{partition}:iam::{account}:user/"))
            }
            (STACK_TYPE, output) => match (stack.nested.get(id), output.strip_prefix("Outputs.")) {
                (Some(nested), Some(output)) => self.output(*nested, output),
                _ => Value::unknown(format!("the template of nested stack `{id}` is not at hand")),
            },
            _ => Value::unknown(format!("`{id}.{attribute}` is known once it is deployed")),
        }
    }

    /// The value of an output of a stack.
    pub(super) fn output(&self, index: usize, name: &str) -> Value {
        let Some(stack) = self.stacks.list.get(index) else {
            return Value::unknown("no such stack");
        };
        match self.entry(stack, "Outputs", name).map(|output| output?.get("Value")) {
            Ok(Some(node)) => self.deeper(|| self.value(index, node)),
            Err(why) => Value::Unknown(why),
            Ok(None) => Value::unknown(format!("output `{name}` is not in the template")),
        }
    }

    /// A property of a resource; no value if it is left out.
    pub(crate) fn property(&self, index: usize, resource: &Node, name: &str) -> Value {
        match self.properties(index, resource) {
            Ok(properties) => match properties.and_then(|properties| properties.get(name)) {
                Some(node) => self.value(index, node),
                None => Value::Omitted,
            },
            Err(why) => Value::Unknown(why),
        }
    }

    /// The properties of a resource as its document states them.
    fn properties<'a>(&self, index: usize, resource: &'a Node) -> Result<Option<&'a Node>, String> {
        if let Some(why) = self.rewritten(index) {
            return Err(why);
        }
        let Some(properties) = self.whole(resource)?.get("Properties") else { return Ok(None) };
        self.search(properties)?;
        stated_map(properties).map(Some)
    }

    fn key_arn(&self, stack: &Stack, id: &str) -> KeyArn {
        let place = &stack.place;
        let address = stack.address(id);
        KeyArn::planned(place.partition(), &place.region, &place.account, &address)
    }
}

fn is_list(kind: &str) -> bool {
    kind == "CommaDelimitedList" || kind.starts_with("List<")
}

/// The path of a role or user, which is part of its ARN.
fn resource_path(resource: &Node) -> Option<&Node> {
    resource.get("Properties")?.get("Path")
}

/// A value for the report; a secret stays one.
fn shown(text: &str, parameter: &Node) -> String {
    let is_secret = parameter.get("NoEcho").and_then(Node::scalar);
    let is_secret = is_secret.is_some_and(|is| !is.eq_ignore_ascii_case("false"));
    if is_secret { "(NoEcho)".to_owned() } else { text.to_owned() }
}
