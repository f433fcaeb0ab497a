//! CloudFormation templates.

mod evaluate;
mod foreach;
mod functions;
mod kinds;
mod macros;
mod properties;
mod references;
mod resources;
mod stack;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trailseal_rule::{TRAIL_TYPE, one_line};

use crate::model::{Deployment, Place, PlannedTrail};
use crate::node::{Member, Node, NodeValue};
use crate::parameters::Given;
use crate::planned::Planned;
use crate::preview::{Preview, PreviewedTrail, World};
use crate::values::Values;
use crate::yaml;

use kinds::{APPLICATION_TYPE, STACK_SET_TYPE, kind};
use stack::Run;

pub(crate) use evaluate::plain;
pub(crate) use kinds::{ALIAS_TYPE, STACK_TYPE, may_make_trails};
pub(crate) use resources::rotation;
pub(crate) use stack::{Stack, Stacks};

/// Outcomes of undecided conditions that are followed for one trail, at most.
const WORLDS_MAX: usize = 64;

/// The sections of a template (CloudFormation User Guide, "Template sections").
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Fn::Transform",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Rules",
];

/// Reads one template. `parameters` are those that the user gives to the stack.
///
/// # Errors
///
/// In one line: the text is not one template that CloudFormation takes.
pub fn read_template(
    file: &str,
    text: &str,
    place: Place,
    parameters: &BTreeMap<String, Given>,
    values: &Values,
) -> Result<Preview, String> {
    let (stack, problems) = read_stack(file, text, place, parameters, None)?;
    let mut preview = preview(&Stacks::new(vec![stack], BTreeMap::new(), values));
    preview.problems.extend(problems);
    Ok(preview)
}

/// Reads the template of one stack; with it, what of it could not be resolved.
pub(crate) fn read_stack(
    file: &str,
    text: &str,
    place: Place,
    parameters: &BTreeMap<String, Given>,
    parent: Option<(usize, String)>,
) -> Result<(Stack, Vec<String>), String> {
    // Names of the template are in some errors.
    let root = yaml::read(text).map_err(|error| one_line(&error))?;
    stack_of(file, root, place, parameters, parent).map_err(|error| one_line(&error))
}

fn stack_of(
    file: &str,
    root: Node,
    place: Place,
    parameters: &BTreeMap<String, Given>,
    parent: Option<(usize, String)>,
) -> Result<(Stack, Vec<String>), String> {
    if !matches!(root.get("Resources").map(|node| &node.value), Some(NodeValue::Map(_))) {
        return Err("is not a CloudFormation template: it has no `Resources`".to_owned());
    }
    let is_section =
        |name: &str| SECTIONS.contains(&name) || name == "Resources" || name == "Transform";
    if let Some(odd) = root.members().iter().find(|one| !is_section(&one.name)) {
        let (name, line) = (&odd.name, odd.line);
        return Err(format!("is not a CloudFormation template: `{name}` (line {line})"));
    }
    let mut stack = Stack {
        name: String::new(),
        stack_name: None,
        file: file.to_owned(),
        rewritten: macros::rewritten(&root),
        root,
        place,
        given: parameters.clone(),
        parent,
        nested: BTreeMap::new(),
        assumed: BTreeSet::new(),
        index: OnceCell::new(),
    };

    let mut problems = foreach::expand(&mut stack);
    // The loops have made resources.
    stack.index = OnceCell::new();
    let resources = stack.root.get("Resources").map_or(&[][..], Node::members);
    // The names become stand-ins, so that other characters could make one of another kind.
    let is_id = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_resource = |one: &Member| !macros::changes_members(one);
    if let Some(odd) = resources.iter().find(|one| is_resource(one) && !is_id(&one.name)) {
        let (name, line) = (&odd.name, odd.line);
        return Err(format!(
            "has a resource `{name}` (line {line}): CloudFormation takes letters and digits as its name"
        ));
    }
    problems.extend(open_parts(&stack.root));
    Ok((stack, problems))
}

/// What may add trails to a template that are not seen in it, in words.
fn open_parts(root: &Node) -> impl Iterator<Item = String> {
    let resources = root.get("Resources").map_or(&[][..], Node::members);
    let odd = resources.iter().filter(|one| {
        let is_open = match one.node.get("Type") {
            Some(kind) => kind.text().is_none(),
            // CloudFormation refuses others without a type.
            None => one.name == "Transform" || macros::whole(&one.node).is_err(),
        };
        macros::changes_members(one) || is_open
    });
    let odd = odd.map(|one| {
        let (name, line) = (one_line(&one.name), one.line);
        format!("`{name}` (line {line}) is not resolved, so that trails in it are not seen")
    });
    let added = macros::may_add_trails(root).map(|(name, line)| {
        let name = one_line(&name);
        format!("{name} (line {line}) is not applied: trails that it adds are not seen")
    });
    added.chain(odd)
}

/// What a stack or a resource makes, as far as its template or its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Makes {
    Trail,
    /// A macro or a resource of the template may make one, or the template cannot be parsed.
    MaybeTrail,
    NoTrail,
}

impl Makes {
    /// What a stack with this template makes.
    pub(crate) fn of_template(template: &str) -> Self {
        if names_trail(template) {
            return Self::Trail;
        }
        let is_open =
            || yaml::read(template).map_or(true, |root| open_parts(&root).next().is_some());
        if has(template, kinds::mentions_such_a_type) || is_open() {
            Self::MaybeTrail
        } else {
            Self::NoTrail
        }
    }
}

/// Whether a template names the type of a trail.
fn names_trail(template: &str) -> bool {
    has(template, |text| text.contains(TRAIL_TYPE))
}

/// Whether a template matches as text, or one of its values does, in which an escape can hide what the
/// text does not show. Aliases are not followed, so they do not add work.
fn has(template: &str, is: fn(&str) -> bool) -> bool {
    is(template) || yaml::has_scalar(template, is)
}

/// Every trail of the stacks.
pub(crate) fn preview(stacks: &Stacks<'_>) -> Preview {
    let mut preview = Preview::default();
    for (index, stack) in stacks.list.iter().enumerate() {
        if stack.parent.is_none() {
            let declared = stack.root.get("Parameters").map_or(&[][..], Node::members);
            preview.parameters.extend(declared.iter().map(|one| one.name.clone()));
        }
        for member in stack.root.get("Resources").map_or(&[][..], Node::members) {
            match kind(&member.node) {
                TRAIL_TYPE => preview.trails.push(previewed(stacks, index, &member.name)),
                STACK_TYPE | APPLICATION_TYPE if stack.nested.contains_key(&member.name) => {}
                STACK_TYPE | APPLICATION_TYPE => {
                    preview.notes.push(format!(
                        "{}: nested stack `{}` is a template of its own, and is not read here",
                        stack.file,
                        stack.address(&member.name)
                    ));
                }
                kind if may_make_trails(kind) => {
                    note_possible_trails(&mut preview, stacks, index, member);
                }
                _ => {}
            }
        }
    }
    preview.needs_supplied_name = stacks.needs_supplied_name.get();
    preview
}

/// Reports a resource that may make trails.
fn note_possible_trails(preview: &mut Preview, stacks: &Stacks<'_>, index: usize, member: &Member) {
    let Some(stack) = stacks.list.get(index) else { return };
    let (address, kind) = (stack.address(&member.name), kind(&member.node));
    let run = Run::new(stacks, BTreeMap::new());
    let is_made = run.is_made(index, &member.node);
    if is_made == Ok(false) && !run.has_asked() {
        let (_, assumed) = run.into_parts();
        let why = condition_of(stacks, index, &member.name);
        let why = [why].into_iter().chain(assumed).collect::<Vec<_>>().join("; ");
        preview.notes.push(format!("{}: `{address}` ({kind}) is not made: {why}", stack.file));
    } else if kind == STACK_SET_TYPE && declares_trail(&member.node) {
        preview.problems.push(format!("`{address}` makes a trail that is not read"));
    } else {
        let what = "may make trails, which are not read";
        preview.notes.push(format!("{}: `{address}` ({kind}) {what}", stack.file));
    }
}

/// Whether a text of the template in a stack set's properties has the type of a trail, also as an
/// argument of a function.
fn declares_trail(stack_set: &Node) -> bool {
    let body = stack_set.get("Properties").and_then(|of| of.get("TemplateBody"));
    body.is_some_and(|body| body.has_text(&names_trail))
}

/// One trail in every outcome of the conditions that are not decided.
fn previewed(stacks: &Stacks<'_>, index: usize, id: &str) -> PreviewedTrail {
    let mut open = vec![BTreeMap::new()];
    let mut worlds = Vec::new();
    let mut declared = None;
    let mut reasons = BTreeSet::new();
    let mut notes = stacks.list.get(index).map(|stack| stack.assumed.clone()).unwrap_or_default();
    while let Some(choices) = open.pop() {
        let run = Run::new(stacks, choices.clone());
        let (trail, deployment) = run.trail(index, id);
        declared = declared.or_else(|| trail.clone());
        worlds.push(World { trail, deployment: Arc::new(deployment) });
        let (asked, noted) = run.into_parts();
        notes.extend(noted);
        let mut before = choices;
        for (question, why) in asked {
            reasons.insert(why);
            open.push(
                before
                    .iter()
                    .map(|(one, is)| (one.clone(), *is))
                    .chain([(question.clone(), false)])
                    .collect(),
            );
            before.insert(question, true);
        }
        if worlds.len() + open.len() > WORLDS_MAX {
            let reason = format!("more than {WORLDS_MAX} outcomes of conditions");
            return undecided(stacks, index, id, reason, notes);
        }
    }
    let why = reasons.into_iter().collect::<Vec<_>>().join("; ");
    let declared = declared.unwrap_or_else(|| declaration(stacks, index, id));
    let why = if why.is_empty() { condition_of(stacks, index, id) } else { why };
    PreviewedTrail { declared, worlds, why, notes: notes.into_iter().collect() }
}

/// A trail of which too much is open: whether it gets a key is not known.
fn undecided(
    stacks: &Stacks<'_>,
    index: usize,
    id: &str,
    why: String,
    notes: BTreeSet<String>,
) -> PreviewedTrail {
    let key = Planned::Unknown(why.clone());
    let declared = PlannedTrail { key, ..declaration(stacks, index, id) };
    let deployment = Arc::new(Deployment::default());
    let worlds = vec![World { trail: Some(declared.clone()), deployment }];
    PreviewedTrail { declared, worlds, why, notes: notes.into_iter().collect() }
}

/// The trail as declared, regardless of its condition.
fn declaration(stacks: &Stacks<'_>, index: usize, id: &str) -> PlannedTrail {
    let run = Run::new(stacks, BTreeMap::new());
    let nowhere = Node { value: NodeValue::Null, line: 1, column: 1 };
    let stack = stacks.list.get(index);
    let resource = stack.and_then(|stack| stack.resource(id)).unwrap_or(&nowhere);
    match stack.or(stacks.list.first()) {
        Some(stack) => run.declared(index, stack, id, resource),
        None => unreachable_trail(id),
    }
}

fn unreachable_trail(id: &str) -> PlannedTrail {
    use trailseal_rule::{AccountId, Region};
    let location = crate::model::Location { file: String::new(), line: 1, column: 1 };
    let place = Place {
        account: AccountId::not_known(),
        region: Region::not_known(),
        scope: String::new(),
    };
    PlannedTrail {
        address: id.to_owned(),
        location,
        key_location: None,
        place,
        name: Planned::Absent,
        bucket: Planned::Absent,
        key: Planned::Unknown("the stack is not at hand".to_owned()),
        is_multi_region: false,
        is_organization: Planned::Absent,
        is_logging: None,
    }
}

fn condition_of(stacks: &Stacks<'_>, index: usize, id: &str) -> String {
    let resource = stacks.list.get(index).and_then(|stack| stack.resource(id));
    let name = resource.and_then(|resource| resource.get("Condition")?.text());
    match name {
        Some(name) => format!("condition `{name}` does not hold"),
        None => "the condition of its stack does not hold".to_owned(),
    }
}
