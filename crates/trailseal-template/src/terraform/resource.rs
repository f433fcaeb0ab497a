//! One resource of a plan: what it is after the apply.

use serde_json::Value;
use serde_json::value::RawValue;

use super::address::{Address, is_same_index};
use super::document::{
    ATTRIBUTES, Attributes, Change, KEY_POLICY, KEY_TYPES, ResourceChange, StateResource, is_of_aws,
};
use super::json::{Marks, fault};
use crate::cloudformation::plain;
use crate::planned::Planned;

/// What the plan does with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays as it is.
    Kept,
    /// It is changed.
    Updated,
    /// It is created, possibly in place of an object that is destroyed.
    Made,
    /// It is destroyed.
    Destroyed,
    /// It stays as it is, and Terraform no longer manages it.
    Forgotten,
}

/// A resource, with its attributes after the apply.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// Its address as the plan writes it.
    pub(super) text: String,
    pub(super) address: Address,
    pub(super) fate: Fate,
    /// Whether it is what is left of an object that was replaced earlier.
    pub(super) is_deposed: bool,
    /// Whether the provider of AWS makes it.
    pub(super) is_of_aws: bool,
    /// Whether an existing object is destroyed: it is deleted or replaced.
    pub(super) destroys: bool,
    /// Whether it is destroyed only after the object that replaces it is made.
    pub(super) destroys_last: bool,
    /// Whether an existing object is replaced and stays, and Terraform no longer manages it.
    pub(super) leaves_former: bool,
    before: Attributes,
    after: Attributes,
    unknown: Marks,
    sensitive: Marks,
    /// The marks of the object that is destroyed.
    before_sensitive: Marks,
}

impl Resource {
    /// Reads a change.
    ///
    /// # Errors
    ///
    /// In one line: it is not one that Terraform plans.
    pub(super) fn read(change: &ResourceChange<'_>) -> Result<Self, String> {
        let address = checked_address(
            &change.address,
            (&change.mode, &change.kind, &change.name),
            change.index,
        )?;
        let module = &change.module_address;
        let prefix = super::address::prefix(&address.module);
        if prefix.strip_suffix('.').unwrap_or_default() != module.as_ref() {
            return Err(misplaced(&change.address));
        }
        let text = change.change.get();
        let Change { actions, before, after, after_unknown, before_sensitive, after_sensitive } =
            serde_json::from_str(text)
                .map_err(|error| format!("the change of `{}` {}", change.address, fault(&error)))?;
        let words: Vec<&str> = actions.iter().map(String::as_str).collect();
        let (fate, destroys) = fate_of(&words).ok_or_else(|| {
            format!("has an action for `{}` that this version does not know", change.address)
        })?;
        let before = before.unwrap_or_default();
        let (after, unknown, sensitive) = match fate {
            Fate::Destroyed | Fate::Forgotten => {
                (before.clone(), Marks::default(), before_sensitive.clone())
            }
            Fate::Kept | Fate::Updated | Fate::Made => {
                (after.unwrap_or_default(), after_unknown, after_sensitive)
            }
        };
        let destroys_last = words == ["create", "delete"];
        let leaves_former = words.len() == 2 && words.contains(&"forget");
        // Of what stays, its past is needed only if the plan may change which object it is, or whose.
        let is_open = fate == Fate::Updated && (unknown.has("arn") || address.kind == KEY_POLICY);
        let before = if destroys || is_open { before } else { Attributes::default() };
        let is_deposed = change.deposed.is_some_and(|raw| raw.get() != "null");
        let text = change.address.clone().into_owned();
        let is_of_aws = is_of_aws(&change.provider_name);
        Ok(Self {
            text,
            address,
            fate,
            is_deposed,
            is_of_aws,
            destroys,
            destroys_last,
            leaves_former,
            before,
            after,
            unknown,
            sensitive,
            before_sensitive,
        })
    }

    /// Reads a data source that was read while planning, or possibly by an earlier run if it is not
    /// `is_current`.
    ///
    /// # Errors
    ///
    /// In one line: it is not one that Terraform writes.
    pub(super) fn read_data(state: &StateResource<'_>, is_current: bool) -> Result<Self, String> {
        let address =
            checked_address(&state.address, ("data", &state.kind, &state.name), state.index)?;
        let after = match state.values {
            Some(raw) => serde_json::from_str::<Option<Attributes>>(raw.get())
                .map_err(|error| format!("the values of `{}` {}", state.address, fault(&error)))?
                .unwrap_or_default(),
            None => Attributes::default(),
        };
        Ok(Self {
            text: state.address.clone().into_owned(),
            address,
            fate: Fate::Kept,
            is_deposed: false,
            is_of_aws: is_of_aws(&state.provider_name),
            destroys: false,
            destroys_last: false,
            leaves_former: false,
            before: Attributes::default(),
            after,
            unknown: if is_current { Marks::default() } else { marks(&CHANGING) },
            sensitive: state.sensitive_values.clone(),
            before_sensitive: Marks::default(),
        })
    }

    /// The same data source without what it says about the object that it names.
    pub(super) fn undeclared(self) -> Self {
        let names = ["arn", "bucket", "id", "key_id", "name"];
        let others = ATTRIBUTES.iter().copied().filter(|name| !names.contains(name));
        Self { unknown: marks(&others.collect::<Vec<_>>()), ..self }
    }

    /// Whether it makes a key. What a data source reads may be any key.
    pub(super) fn makes_key(&self) -> bool {
        KEY_TYPES.contains(&self.address.kind.as_str()) && !self.address.is_data
    }

    /// Whether it exists after the apply.
    pub(super) fn stays(&self) -> bool {
        self.fate != Fate::Destroyed && !self.is_deposed
    }

    /// Whether an attribute is known only after the apply.
    pub(super) fn is_unknown(&self, name: &str) -> bool {
        self.unknown.has(name)
    }

    pub(super) fn is_sensitive(&self, name: &str) -> bool {
        self.sensitive.has(name)
    }

    /// Whether an attribute of the object that is destroyed is sensitive.
    pub(super) fn was_sensitive(&self, name: &str) -> bool {
        self.before_sensitive.has(name)
    }

    /// The value of an attribute, sensitive or not, if it is known and not null.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        if self.is_unknown(name) {
            return None;
        }
        self.after.0.get(name).filter(|value| !value.is_null())
    }

    /// The text of an attribute, sensitive or not, to be compared and never to be shown.
    pub(super) fn hidden_text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    /// The text of an attribute of the object that is destroyed.
    pub(super) fn destroyed_text(&self, name: &str) -> Option<&str> {
        self.former_text(name).filter(|_| self.destroys)
    }

    /// The text of an attribute of an object that is destroyed, or whose ARN may change, or of a key
    /// policy that is updated.
    pub(super) fn former_text(&self, name: &str) -> Option<&str> {
        self.before.0.get(name)?.as_str()
    }

    /// Whether the plan says anything about an attribute.
    pub(super) fn states(&self, name: &str) -> bool {
        self.is_unknown(name) || self.after.0.contains_key(name)
    }

    /// An attribute that every version of the provider has.
    pub(super) fn text(&self, name: &str) -> Planned<String> {
        if self.states(name) {
            return self.optional_text(name);
        }
        Planned::Unknown(format!("the plan does not state `{name}` of `{}`", self.text))
    }

    /// An attribute that some versions of the provider have.
    pub(super) fn optional_text(&self, name: &str) -> Planned<String> {
        if self.is_unknown(name) {
            return Planned::Unknown(self.after_apply(name));
        }
        let text = match self.value(name) {
            None => return Planned::Absent,
            Some(_) if self.is_sensitive(name) => {
                return Planned::Unknown(self.marked(name));
            }
            // The state has an empty text for an argument that is left out.
            Some(Value::String(text)) if text.is_empty() => return Planned::Absent,
            Some(Value::String(text)) => plain(text),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => value.to_string(),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) => {
                return Planned::Unknown(format!("`{name}` of `{}` is not a text", self.text));
            }
        };
        Planned::Known(text)
    }

    /// An attribute of type truth value.
    pub(super) fn flag(&self, name: &str) -> Planned<bool> {
        self.text(name).and_then(|text| match text.as_str() {
            "true" => Planned::Known(true),
            "false" => Planned::Known(false),
            _ => Planned::Unknown(format!("`{name}` of `{}` is not a truth value", self.text)),
        })
    }

    pub(super) fn marked(&self, name: &str) -> String {
        format!("`{name}` of `{}` is marked as sensitive", self.text)
    }

    pub(super) fn after_apply(&self, name: &str) -> String {
        if self.address.is_data && self.fate == Fate::Kept {
            return format!("whether `{}` read `{name}` for this plan", self.text);
        }
        format!("`{name}` of `{}` is known after the apply", self.text)
    }
}

/// What actions do with a resource, and whether they destroy an existing object.
fn fate_of(actions: &[&str]) -> Option<(Fate, bool)> {
    Some(match actions {
        ["no-op"] => (Fate::Kept, false),
        ["update"] => (Fate::Updated, false),
        // Of a data source, whose values are known only during the apply.
        ["create" | "read"] | ["create", "forget"] | ["forget", "create"] => (Fate::Made, false),
        ["delete", "create"] | ["create", "delete"] => (Fate::Made, true),
        ["delete"] => (Fate::Destroyed, true),
        ["forget"] => (Fate::Forgotten, false),
        _ => return None,
    })
}

/// What may have changed since a data source was read.
const CHANGING: [&str; 5] = ["key_state", "enabled", "target_key_arn", "target_key_id", "valid_to"];

fn marks(names: &[&str]) -> Marks {
    Marks::Attributes(names.iter().map(|name| ((*name).to_owned(), true)).collect())
}

/// The address, if it is what the other members say.
fn checked_address(
    text: &str,
    (mode, kind, name): (&str, &str, &str),
    index: Option<&RawValue>,
) -> Result<Address, String> {
    // The address becomes a stand-in, so that these characters could make one of another resource.
    if text.contains(['<', '>']) {
        return Err("has `<` or `>` in the address of a resource, which is not read".to_owned());
    }
    let index: Option<Value> = index.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let address = Address::parse(text).filter(|address| {
        let is_mode = if address.is_data { mode == "data" } else { mode == "managed" };
        is_mode
            && address.kind == kind
            && address.name == name
            && is_same_index(address.index.as_ref(), index.as_ref())
    });
    address.ok_or_else(|| misplaced(text))
}

fn misplaced(text: &str) -> String {
    format!("has a resource `{}` whose address is not what its other members say", plain(text))
}
