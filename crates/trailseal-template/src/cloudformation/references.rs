//! What names stand for: parameters, pseudo parameters, resources and their attributes, outputs.

use trailseal_rule::{KeyArn, Partition, stand_in};

use crate::node::Node;
use crate::value::Value;

use super::evaluate::{changes_members, plain};
use super::kinds::{ALIAS_TYPE, BUCKET_TYPE, KEY_TYPES, STACK_TYPE, TRAIL_TYPE, kind};
use super::stack::{Run, Stack};

impl Run<'_> {
    /// `Ref`.
    pub(super) fn reference(&self, index: usize, name: &str) -> Value {
        let Some(stack) = self.stacks.list.get(index) else {
            return Value::unknown("no such stack");
        };
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return pseudo_parameter(stack, pseudo);
        }
        let parameter = stack.root.get("Parameters").and_then(|all| all.get(name));
        if let Some(parameter) = parameter {
            return self.deeper(|| self.parameter(index, stack, name, parameter));
        }
        match stack.resource(name) {
            Some(resource) => self.deeper(|| self.name_of(index, stack, name, resource)),
            None => Value::unknown(format!("`{name}` is not in the template")),
        }
    }

    fn parameter(&self, index: usize, stack: &Stack, name: &str, parameter: &Node) -> Value {
        let kind = parameter.get("Type").and_then(Node::text).unwrap_or("String");
        if let Some(text) = stack.given.get(name) {
            self.note(format!("parameter {name} = {}", shown(text, parameter)));
            return self.of_type(kind, text);
        }
        if let Some((parent, logical_id)) = &stack.parent
            && let Some(value) = self.passed(*parent, logical_id, name)
        {
            return value;
        }
        let Some(default) = parameter.get("Default") else {
            return Value::unknown(format!("parameter `{name}` has no value"));
        };
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

    /// What the parent of a nested stack passes as a parameter.
    fn passed(&self, parent: usize, logical_id: &str, name: &str) -> Option<Value> {
        let resource = self.stacks.list.get(parent)?.resource(logical_id)?;
        let node = resource.get("Properties")?.get("Parameters")?.get(name)?;
        Some(self.value(parent, node))
    }

    /// A parameter's text by its type. A parameter of Parameter Store has the name of another text.
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
            None => (kind, plain(text)),
        };
        if kind == "CommaDelimitedList" || kind.starts_with("List<") {
            let parts = text.split(',').map(|part| Value::Text(part.trim().to_owned()));
            return Value::List(parts.collect());
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
        self.deeper(|| self.attribute_of(index, stack, (id, resource), attribute))
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
        let root = self.stacks.list.get(index).map(|stack| &stack.root);
        match root.and_then(|root| root.get("Outputs")?.get(name)?.get("Value")) {
            Some(node) => self.deeper(|| self.value(index, node)),
            None => Value::unknown(format!("output `{name}` is not in the template")),
        }
    }

    /// A property of a resource; no value if it is left out.
    pub(crate) fn property(&self, index: usize, resource: &Node, name: &str) -> Value {
        let properties = resource.get("Properties");
        let inner = properties.map_or(&[][..], Node::members);
        let mut members = resource.members().iter().chain(inner);
        if let Some(odd) = members.find(|one| changes_members(&one.name)) {
            return Value::unknown(format!("`{}` is not resolved", odd.name));
        }
        // The whole map can be the result of a function.
        if let Some(only) = properties.and_then(Node::only_member)
            && (only.name.starts_with("Fn::") || only.name == "Ref")
        {
            return Value::unknown(format!("`Properties` is the result of `{}`", only.name));
        }
        let node = properties.and_then(|properties| properties.get(name));
        node.map_or(Value::Omitted, |node| self.value(index, node))
    }

    fn key_arn(&self, stack: &Stack, id: &str) -> KeyArn {
        let place = &stack.place;
        let address = stack.address(id);
        KeyArn::planned(place.partition(), &place.region, &place.account, &address)
    }
}

/// The path of a role or user, which is part of its ARN.
fn resource_path(resource: &Node) -> Option<&Node> {
    resource.get("Properties")?.get("Path")
}

/// A value for the report; a secret stays one.
fn shown(text: &str, parameter: &Node) -> String {
    let is_secret = parameter.get("NoEcho").and_then(Node::scalar).is_some_and(|is| is == "true");
    if is_secret { "(NoEcho)".to_owned() } else { text.to_owned() }
}

fn pseudo_parameter(stack: &Stack, name: &str) -> Value {
    let place = &stack.place;
    match name {
        "AccountId" => Value::Text(place.account.to_string()),
        "Region" => Value::Text(place.region.to_string()),
        "Partition" => Value::Text(place.partition().to_owned()),
        "URLSuffix" => Value::Text(Partition::of(&place.region).dns_suffix.to_owned()),
        "NoValue" => Value::Omitted,
        "StackName" if stack.stack_name.is_some() => {
            Value::Text(plain(stack.stack_name.as_deref().unwrap_or_default()))
        }
        other => Value::unknown(format!("`AWS::{other}` is known once it is deployed")),
    }
}
