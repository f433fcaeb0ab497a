//! The stacks that are deployed together, and the choices of conditions that are not decided.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use trailseal_rule::stand_in;

use crate::model::{Place, PlannedKey};
use crate::node::{Member, Node};
use crate::parameters::Given;
use crate::value::Value;
use crate::values::Values;

use super::kinds::{ALIAS_TYPE, BUCKET_TYPE, kind};
use super::macros::whole;

/// One stack.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    /// What names it among all stacks; blank for a single template.
    pub(crate) name: String,
    /// `AWS::StackName`, if an assembly states it.
    pub(crate) stack_name: Option<String>,
    /// The file of its template.
    pub(crate) file: String,
    pub(crate) root: Node,
    pub(crate) place: Place,
    /// The parameters that the user gives.
    pub(crate) given: BTreeMap<String, Given>,
    /// The stack that nests it, with the logical ID there.
    pub(crate) parent: Option<(usize, String)>,
    /// The stacks that it nests, by logical ID.
    pub(crate) nested: BTreeMap<String, usize>,
    /// Why every resource may become another one: a macro.
    pub(crate) rewritten: Option<String>,
    /// The defaults that its loops assume.
    pub(crate) assumed: BTreeSet<String>,
    /// Its resources by what they are looked up by, once its loops are expanded.
    pub(crate) index: OnceCell<ResourceIndex>,
}

/// Where the resources of a stack are in its template.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResourceIndex {
    by_name: BTreeMap<String, usize>,
    by_stand_in: BTreeMap<String, usize>,
    buckets: ByName,
    aliases: ByName,
}

/// Resources of one type by the property that names them.
#[derive(Clone, Debug, Default)]
struct ByName {
    /// Those whose name is a text without a dynamic reference.
    stated: BTreeMap<String, Vec<usize>>,
    /// Those whose name has to be evaluated.
    open: Vec<usize>,
}

impl Stack {
    /// The name of a resource that is unique among all stacks.
    pub(crate) fn address(&self, logical_id: &str) -> String {
        if self.name.is_empty() {
            logical_id.to_owned()
        } else {
            format!("{}.{logical_id}", self.name)
        }
    }

    /// The logical ID in an address, if it is one of this stack.
    pub(super) fn logical_id<'b>(&self, address: &'b str) -> Option<&'b str> {
        if self.name.is_empty() {
            return Some(address);
        }
        address.strip_prefix(self.name.as_str())?.strip_prefix('.')
    }

    pub(crate) fn resource(&self, logical_id: &str) -> Option<&Node> {
        self.member(logical_id).map(|member| &member.node)
    }

    /// A resource with the place of its logical ID.
    pub(super) fn member(&self, logical_id: &str) -> Option<&Member> {
        self.members().get(*self.index().by_name.get(logical_id)?)
    }

    /// The buckets that can have a name or stand-in, in the order of the template.
    pub(super) fn buckets(&self, name: &str) -> impl Iterator<Item = &Member> {
        let index = self.index();
        let of_stand_in = index.by_stand_in.get(name).into_iter();
        let found: BTreeSet<usize> = index.buckets.with(name).chain(of_stand_in).copied().collect();
        let members = found.into_iter().filter_map(move |at| self.members().get(at));
        members.filter(|member| kind(&member.node) == BUCKET_TYPE)
    }

    /// The aliases that can have a name.
    pub(super) fn aliases(&self, name: &str) -> impl Iterator<Item = &Member> {
        self.index().aliases.with(name).filter_map(move |at| self.members().get(*at))
    }

    /// The resource with a stand-in.
    pub(super) fn of_stand_in(&self, text: &str) -> Option<&Member> {
        self.members().get(*self.index().by_stand_in.get(text)?)
    }

    fn members(&self) -> &[Member] {
        self.root.get("Resources").map_or(&[][..], Node::members)
    }

    fn index(&self) -> &ResourceIndex {
        self.index.get_or_init(|| {
            let mut index = ResourceIndex::default();
            for (at, member) in self.members().iter().enumerate() {
                // The first of a name counts, as in a search.
                index.by_name.entry(member.name.clone()).or_insert(at);
                index.by_stand_in.entry(stand_in(&self.address(&member.name))).or_insert(at);
                match kind(&member.node) {
                    BUCKET_TYPE => index.buckets.add(at, member, "BucketName"),
                    ALIAS_TYPE => index.aliases.add(at, member, "AliasName"),
                    _ => {}
                }
            }
            index
        })
    }
}

impl ByName {
    fn add(&mut self, at: usize, resource: &Member, property: &str) {
        let stated = resource.node.get("Properties").and_then(|of| of.get(property));
        match stated.map(|name| name.text().filter(|text| !text.contains("{{"))) {
            // AWS makes its name, so that only its stand-in names it.
            None => {}
            Some(Some(text)) => self.stated.entry(text.to_owned()).or_default().push(at),
            Some(None) => self.open.push(at),
        }
    }

    /// Those that can have a name.
    fn with(&self, name: &str) -> impl Iterator<Item = &usize> {
        self.stated.get(name).into_iter().flatten().chain(&self.open)
    }
}

/// Everything that is deployed together.
#[derive(Debug)]
pub(crate) struct Stacks<'a> {
    pub(crate) list: Vec<Stack>,
    /// The stack and the output of each export, by the scope and the name of the export: an export is
    /// of one account and Region.
    pub(crate) exports: BTreeMap<(String, String), (usize, String)>,
    pub(crate) values: &'a Values,
    /// Whether an evaluation needs the `AWS::StackName` that the user supplies.
    pub(super) needs_supplied_name: Cell<bool>,
    /// The steps of all evaluations.
    steps: Cell<usize>,
    /// The last keys by address: trails and outcomes share those that are equal.
    keys: RefCell<BTreeMap<String, VecDeque<Arc<PlannedKey>>>>,
}

impl<'a> Stacks<'a> {
    pub(crate) fn new(
        list: Vec<Stack>,
        exports: BTreeMap<(String, String), (usize, String)>,
        values: &'a Values,
    ) -> Self {
        Self {
            list,
            exports,
            values,
            needs_supplied_name: Cell::default(),
            steps: Cell::new(0),
            keys: RefCell::default(),
        }
    }

    /// The key, or one that is equal to it.
    pub(super) fn shared(&self, key: PlannedKey) -> Arc<PlannedKey> {
        let mut keys = self.keys.borrow_mut();
        let last = keys.entry(key.address.clone()).or_default();
        if let Some(same) = last.iter().find(|one| ***one == key) {
            return Arc::clone(same);
        }
        let key = Arc::new(key);
        last.push_front(Arc::clone(&key));
        last.truncate(SHARED_MAX);
        key
    }
}

/// Keys with one address that are shared, at most: those of the outcomes of one trail.
const SHARED_MAX: usize = 64;

/// Steps of one evaluation, at most.
const STEPS_MAX: usize = 2_000_000;

/// Steps of all evaluations of what is deployed together, at most.
const ALL_STEPS_MAX: usize = 20_000_000;

/// Bytes of a value that take the time of one step.
const BYTES_OF_STEP: usize = 100;

/// Members among which a name is looked for in the time of one step.
const MEMBERS_OF_STEP: usize = 8;

/// Levels of references, at most.
const LEVELS_MAX: usize = 100;

const TOO_LARGE: &str = "the document refers to itself, or is too large to evaluate";

/// One evaluation, with one choice for each condition that is not decided.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) stacks: &'a Stacks<'a>,
    choices: RefCell<BTreeMap<String, bool>>,
    /// The questions that had no choice yet, in the order in which they came up.
    asked: RefCell<Vec<(String, String)>>,
    /// The parameters whose default was assumed, and the values that were supplied.
    notes: RefCell<BTreeSet<String>>,
    pub(super) conditions: RefCell<BTreeMap<(usize, String), bool>>,
    steps: Cell<usize>,
    levels: Cell<usize>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(stacks: &'a Stacks<'a>, choices: BTreeMap<String, bool>) -> Self {
        Self {
            stacks,
            choices: RefCell::new(choices),
            asked: RefCell::default(),
            notes: RefCell::default(),
            conditions: RefCell::default(),
            steps: Cell::new(0),
            levels: Cell::new(0),
        }
    }

    /// The choice for a question that the document does not decide; true if none was made yet.
    pub(super) fn choose(&self, question: String, why: &str) -> bool {
        if let Some(choice) = self.choices.borrow().get(&question) {
            return *choice;
        }
        self.asked.borrow_mut().push((question.clone(), why.to_owned()));
        self.choices.borrow_mut().insert(question, true);
        true
    }

    pub(super) fn note(&self, note: String) {
        self.notes.borrow_mut().insert(note);
    }

    /// Whether a question had no choice yet.
    pub(super) fn has_asked(&self) -> bool {
        !self.asked.borrow().is_empty()
    }

    /// Goes one level deeper; no value if there are too many levels or steps.
    pub(super) fn deeper(&self, what: impl FnOnce() -> Value) -> Value {
        let levels = self.levels.get() + 1;
        if levels > LEVELS_MAX || !self.has_room(1) {
            return Value::unknown(TOO_LARGE);
        }
        self.levels.set(levels);
        let value = what();
        self.levels.set(levels - 1);
        let steps = value.bytes() / BYTES_OF_STEP;
        if self.has_room(steps) { value } else { Value::unknown(TOO_LARGE) }
    }

    /// A member of a section of a stack's template, such as one parameter.
    ///
    /// # Errors
    ///
    /// What may change it before the deployment, or that it is too large.
    pub(super) fn entry<'s>(
        &self,
        stack: &'s Stack,
        section: &str,
        name: &str,
    ) -> Result<Option<&'s Node>, String> {
        if let Some(why) = &stack.rewritten {
            return Err(why.clone());
        }
        let Some(section) = stack.root.get(section) else { return Ok(None) };
        self.whole(section)?.get(name).map(|entry| self.whole(entry)).transpose()
    }

    /// A map itself, in which names are looked for.
    ///
    /// # Errors
    ///
    /// Which member of it may change the others, or that it is too large.
    pub(super) fn whole<'n>(&self, map: &'n Node) -> Result<&'n Node, String> {
        self.search(map)?;
        whole(map)
    }

    /// Counts the search for a name in a map.
    ///
    /// # Errors
    ///
    /// There are too many steps.
    pub(super) fn search(&self, map: &Node) -> Result<(), String> {
        let is_within = self.has_room(map.members().len() / MEMBERS_OF_STEP);
        if is_within { Ok(()) } else { Err(TOO_LARGE.to_owned()) }
    }

    /// All stacks with their indices, to look for a resource in them: each takes a step.
    ///
    /// # Errors
    ///
    /// There are too many steps.
    pub(super) fn all_stacks(&self) -> Result<impl Iterator<Item = (usize, &'a Stack)>, String> {
        let stacks: &'a [Stack] = &self.stacks.list;
        let is_within = self.has_room(stacks.len());
        if is_within { Ok(stacks.iter().enumerate()) } else { Err(TOO_LARGE.to_owned()) }
    }

    /// Counts steps; whether all are within the limits.
    fn has_room(&self, steps: usize) -> bool {
        let all = self.stacks.steps.get().saturating_add(steps);
        let own = self.steps.get().saturating_add(steps);
        self.stacks.steps.set(all);
        self.steps.set(own);
        all <= ALL_STEPS_MAX && own <= STEPS_MAX
    }

    /// The new questions, each with the reason why it is not decided, and the notes.
    pub(crate) fn into_parts(self) -> (Vec<(String, String)>, BTreeSet<String>) {
        (self.asked.into_inner(), self.notes.into_inner())
    }
}
