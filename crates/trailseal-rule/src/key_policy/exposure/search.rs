//! Evaluates the operations of kinds of callers in the contexts in which they can send them.
//!
//! The work is limited, since a policy of the maximum size can take minutes: contexts that differ in
//! no condition key of the policy are evaluated once, and after [`STEPS_MAX`] steps, what is left is
//! in doubt.

use std::collections::{BTreeMap, HashSet};

use resource_policy::{
    CallerSet, Context, Effect, Match, PolicyDocument, Request, Statement, StatementRef, Steps,
};

use super::{Doubt, Exposure, Openings};
use crate::key_policy::question::{TrailAndKey, of_operation};

/// The steps of a search, at most, beside those of one more statement. A step takes less than
/// ten nanoseconds.
pub(super) const STEPS_MAX: u64 = 10_000_000;

/// The steps of making a context and comparing it with others.
const CONTEXT_STEPS: u64 = 150;

/// The steps of noting a doubt, beside those of its characters.
const DOUBT_STEPS: u64 = 30;

/// Why a statement that was not compared to the end is in doubt.
pub(super) const TOO_LONG: &str = "conditions that take too long to compare";

/// The search for exposures in a policy.
pub(super) struct Search<'a> {
    policy: &'a PolicyDocument,
    question: &'a TrailAndKey<'a>,
    /// The condition keys of the policy.
    keys: HashSet<&'a str>,
    pub(super) steps: Steps,
    exposures: BTreeMap<&'a StatementRef, Opening>,
    doubts: BTreeMap<&'a StatementRef, Opening>,
}

/// Which Allow statements are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allows {
    All,
    /// Those that are open to everyone.
    ForEveryone,
    /// The others.
    ForNamed,
}

/// The statements about one operation.
pub(super) struct OperationStatements<'a, 'b> {
    action: &'static str,
    statements: Addressed<'a>,
    /// The contexts of the operation that a context of its caller leads to.
    contexts_of: &'b dyn Fn(&Context) -> Vec<Context>,
}

/// Statements with how their callers and actions match.
type Addressed<'a> = Vec<(&'a Statement, Match)>;

/// A request, with the result of the Deny statements once it is needed.
type Candidate = (Request, Option<DenyResult>);

/// Whether a Deny matches a request, and the Deny statements that may match.
struct DenyResult {
    holds: Match,
    doubts: Vec<Doubt>,
}

/// What a statement opens, and what that depends on; each once.
#[derive(Default)]
struct Opening {
    actions: Vec<&'static str>,
    depends_on: Doubts,
}

impl Opening {
    fn add(&mut self, action: &'static str, depends_on: &[Doubt]) {
        if !self.actions.contains(&action) {
            self.actions.push(action);
        }
        depends_on.iter().for_each(|doubt| self.depends_on.add(doubt));
    }
}

/// Doubts in the order in which they were found, each once.
#[derive(Default)]
struct Doubts {
    list: Vec<Doubt>,
    all: HashSet<Doubt>,
}

impl Doubts {
    fn add(&mut self, doubt: &Doubt) {
        if !self.all.contains(doubt) {
            self.all.insert(doubt.clone());
            self.list.push(doubt.clone());
        }
    }
}

impl<'a> Search<'a> {
    pub(super) fn new(policy: &'a PolicyDocument, question: &'a TrailAndKey<'a>) -> Self {
        Self {
            policy,
            question,
            keys: policy.statements().flat_map(Statement::keys).collect(),
            steps: Steps::default(),
            exposures: BTreeMap::new(),
            doubts: BTreeMap::new(),
        }
    }

    /// The statements about an operation.
    pub(super) fn about<'b>(
        &self,
        action: &'static str,
        contexts_of: &'b dyn Fn(&Context) -> Vec<Context>,
    ) -> OperationStatements<'a, 'b> {
        let each =
            self.policy.statements().map(|one| (one, one.matches_action(action, &self.steps)));
        OperationStatements {
            action,
            statements: each.filter(|(_, how)| *how != Match::Never).collect(),
            contexts_of,
        }
    }

    /// Evaluates the operation of one kind of caller, in the contexts of the caller.
    pub(super) fn explore(
        &mut self,
        about: &OperationStatements<'a, '_>,
        caller: &CallerSet,
        allows: Allows,
        contexts: impl FnOnce(&Self) -> Vec<Context>,
    ) {
        let (mut allowing, denying) = about.of_caller(caller, &self.steps);
        allowing.retain(|(one, _)| match allows {
            Allows::All => true,
            Allows::ForEveryone => is_for_everyone(one, &self.steps),
            Allows::ForNamed => !is_for_everyone(one, &self.steps),
        });
        allowing.retain(|(one, _)| !self.is_exposed(one, about.action));
        // Most policies have no such statement, so the work below is skipped.
        if allowing.is_empty() {
            return;
        }
        let mut candidates =
            if self.is_over() { Vec::new() } else { self.requests(about, caller, contexts(self)) };
        for (statement, how) in allowing {
            let (open, depends_on) = self.opens(statement, how, &denying, &mut candidates);
            self.count_doubts(&depends_on.list);
            let found = match open {
                Match::Never => continue,
                Match::Sometimes => &mut self.doubts,
                Match::Always => &mut self.exposures,
            };
            found.entry(&statement.reference).or_default().add(about.action, &depends_on.list);
        }
    }

    /// Puts everything that is open to every service in doubt, because of these Deny statements.
    pub(super) fn doubt_denies(
        &mut self,
        about: &OperationStatements<'a, '_>,
        is_doubtful: impl Fn(&Statement) -> bool,
    ) {
        let (allowing, denying) = about.of_caller(&CallerSet::AnyService, &self.steps);
        let doubtful = denying.into_iter().filter(|(deny, _)| is_doubtful(deny));
        let doubts: Vec<Doubt> =
            doubtful.map(|(deny, _)| Doubt::new(deny, "Principal".to_owned())).collect();
        if doubts.is_empty() {
            return;
        }
        for (statement, _) in allowing {
            self.doubts.entry(&statement.reference).or_default().add(about.action, &doubts);
        }
    }

    /// What was found, in the order of the document, without doubts about actions that are open for
    /// certain.
    pub(super) fn into_openings(mut self) -> Openings {
        for (statement, found) in &mut self.doubts {
            if let Some(open) = self.exposures.get(statement) {
                found.actions.retain(|action| !open.actions.contains(action));
            }
        }
        self.doubts.retain(|_, found| !found.actions.is_empty());
        let each = |found: BTreeMap<&StatementRef, Opening>| {
            let exposure = |(statement, found): (&StatementRef, Opening)| Exposure {
                statement: statement.clone(),
                actions: found.actions,
                depends_on: found.depends_on.list,
            };
            found.into_iter().map(exposure).collect()
        };
        Openings { exposures: each(self.exposures), doubts: each(self.doubts) }
    }

    fn is_over(&self) -> bool {
        self.steps.count() > STEPS_MAX
    }

    fn is_exposed(&self, statement: &Statement, action: &str) -> bool {
        let exposed = self.exposures.get(&statement.reference);
        exposed.is_some_and(|found| found.actions.contains(&action))
    }

    fn requests(
        &self,
        about: &OperationStatements<'a, '_>,
        caller: &CallerSet,
        contexts: Vec<Context>,
    ) -> Vec<Candidate> {
        let of_caller = self.distinct(contexts);
        let sent = of_caller.iter().flat_map(about.contexts_of);
        let contexts = self.distinct(sent.map(|context| of_operation(context, about.action)));
        let request = |context| Request {
            context,
            ..self.question.request(caller, about.action, Context::default())
        };
        contexts.into_iter().map(|context| (request(context), None)).collect()
    }

    /// The contexts that differ in a condition key of the policy.
    pub(super) fn distinct(&self, contexts: impl IntoIterator<Item = Context>) -> Vec<Context> {
        let mut found = HashSet::new();
        contexts
            .into_iter()
            .map(|context| context.restricted_to(&self.keys))
            .filter(|context| {
                self.steps.add(CONTEXT_STEPS);
                found.insert(context.clone())
            })
            .collect()
    }

    /// Whether a statement opens the operation, and what that depends on.
    fn opens(
        &self,
        statement: &Statement,
        how: Match,
        denying: &Addressed<'_>,
        candidates: &mut [Candidate],
    ) -> (Match, Doubts) {
        let (mut open, mut doubts) = (Match::Never, Doubts::default());
        let mut requests = candidates.iter_mut();
        loop {
            if self.is_over() {
                doubts.add(&Doubt::new(statement, TOO_LONG.to_owned()));
                return (open.or(Match::Sometimes), doubts);
            }
            let Some((request, closed)) = requests.next() else { return (open, doubts) };
            let allows = statement.matches(how, request, &self.steps);
            if allows == Match::Never {
                continue;
            }
            let closed = closed.get_or_insert_with(|| self.closed(denying, request));
            let here = allows.and(!closed.holds);
            open = open.or(here);
            if open == Match::Always {
                return (open, Doubts::default());
            }
            if here == Match::Sometimes {
                let own = self.elements_in_doubt(statement, request);
                self.count_doubts(&closed.doubts);
                own.iter().chain(&closed.doubts).for_each(|doubt| doubts.add(doubt));
            }
        }
    }

    fn closed(&self, denying: &Addressed<'_>, request: &Request) -> DenyResult {
        let mut closed = DenyResult { holds: Match::Never, doubts: Vec::new() };
        for (statement, how) in denying {
            if self.is_over() {
                closed.holds = closed.holds.or(Match::Sometimes);
                closed.doubts.push(Doubt::new(statement, TOO_LONG.to_owned()));
                break;
            }
            let matches = statement.matches(*how, request, &self.steps);
            closed.holds = closed.holds.or(matches);
            match matches {
                Match::Never => {}
                Match::Sometimes => {
                    closed.doubts.extend(self.elements_in_doubt(statement, request));
                }
                Match::Always => break,
            }
        }
        closed
    }

    fn elements_in_doubt(&self, statement: &Statement, request: &Request) -> Vec<Doubt> {
        let elements = statement.elements_in_doubt(request, &self.steps);
        let doubts: Vec<Doubt> =
            elements.into_iter().map(|element| Doubt::new(statement, element)).collect();
        self.count_doubts(&doubts);
        doubts
    }

    fn count_doubts(&self, doubts: &[Doubt]) {
        for doubt in doubts {
            self.steps.add(DOUBT_STEPS);
            self.steps.add_each(doubt.element.as_bytes());
            self.steps.add(doubt.statement.steps());
        }
    }
}

impl<'a> OperationStatements<'a, '_> {
    /// The Allow and the Deny statements about the operation of such a caller.
    fn of_caller(&self, caller: &CallerSet, steps: &Steps) -> (Addressed<'a>, Addressed<'a>) {
        let each = self
            .statements
            .iter()
            .map(|(one, how)| (*one, how.and(one.matches_caller(caller, steps))));
        each.filter(|(_, how)| *how != Match::Never)
            .partition(|(one, _)| one.effect == Effect::Allow)
    }
}

impl Doubt {
    fn new(statement: &Statement, element: String) -> Self {
        Self { statement: statement.reference.clone(), element }
    }
}

fn is_for_everyone(statement: &Statement, steps: &Steps) -> bool {
    statement.matches_caller(&CallerSet::AnyService, steps) != Match::Never
}
