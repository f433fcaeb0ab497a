//! The stacks that are deployed together, and the choices of conditions that are not decided.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::model::Place;
use crate::node::Node;
use crate::value::Value;
use crate::values::Values;

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
    pub(crate) given: BTreeMap<String, String>,
    /// The stack that nests it, with the logical ID there.
    pub(crate) parent: Option<(usize, String)>,
    /// The stacks that it nests, by logical ID.
    pub(crate) nested: BTreeMap<String, usize>,
    /// Why every resource may become another one: a macro.
    pub(crate) rewritten: Option<String>,
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

    pub(crate) fn resource(&self, logical_id: &str) -> Option<&Node> {
        self.root.get("Resources")?.get(logical_id)
    }

    /// A member of a section, such as one parameter.
    ///
    /// # Errors
    ///
    /// What may change it before the deployment.
    pub(super) fn entry(&self, section: &str, name: &str) -> Result<Option<&Node>, String> {
        if let Some(why) = &self.rewritten {
            return Err(why.clone());
        }
        let Some(section) = self.root.get(section) else { return Ok(None) };
        whole(section)?.get(name).map(whole).transpose()
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
}

/// Steps of one evaluation, at most.
const STEPS_MAX: usize = 2_000_000;

/// Levels of references, at most.
const LEVELS_MAX: usize = 100;

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

    /// Goes one level deeper; `Err` if there are too many levels or steps.
    pub(super) fn deeper(&self, what: impl FnOnce() -> Value) -> Value {
        let (steps, levels) = (self.steps.get() + 1, self.levels.get() + 1);
        self.steps.set(steps);
        if steps > STEPS_MAX || levels > LEVELS_MAX {
            return Value::unknown("the document refers to itself, or is too large to evaluate");
        }
        self.levels.set(levels);
        let value = what();
        self.levels.set(levels - 1);
        value
    }

    /// The new questions, each with the reason why it is not decided, and the notes.
    pub(crate) fn into_parts(self) -> (Vec<(String, String)>, BTreeSet<String>) {
        (self.asked.into_inner(), self.notes.into_inner())
    }
}
