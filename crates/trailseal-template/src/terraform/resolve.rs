//! Resolves an expression of the source, as far as it provably gives one thing.

mod conditions;
mod functions;
mod of_graph;

use hcl_edit::expr::{Expression as Hcl, Traversal, TraversalOperator};
use hcl_edit::structure::Body;
use hcl_edit::template::Element;
use serde_json::Value;
use serde_json::value::RawValue;

use super::address::{Call, Index, prefix, shown};
use super::document::Expression;
use super::graph::{Graph, Outcome, Resolved};
use super::resource::Resource;
use super::source::{ModuleSource, Sources};

/// Steps within steps, at most.
const DEPTH_MAX: usize = 64;

/// Outcomes of one expression, at most.
const OUTCOMES_MAX: usize = 8;

/// Steps for one argument, at most.
const STEPS_MAX: usize = 10_000;

/// Where an expression is evaluated.
#[derive(Clone, Debug)]
struct Scope {
    /// The instance of the module.
    module: Vec<Call>,
    /// The key of the resource or of the module call, for `count.index` and `each.key`.
    index: Option<Index>,
}

impl Scope {
    fn path(&self) -> Vec<String> {
        self.module.iter().map(|call| call.name.clone()).collect()
    }
}

/// One resolution.
pub(super) struct Resolver<'a> {
    graph: &'a Graph<'a>,
    sources: &'a Sources,
    /// Why there are several outcomes.
    why: Vec<String>,
    /// Whether a local value is on the way, which no plan states.
    has_local: bool,
    depth: usize,
    steps: usize,
}

/// What an expression gives.
type Outcomes = Result<Vec<Outcome>, Stop>;

/// Why an expression gives nothing.
enum Stop {
    /// It fails in Terraform as well, so that `try` goes on.
    Fails(String),
    /// It cannot be resolved here.
    Unresolved(String),
}

impl Stop {
    fn into_why(self) -> String {
        match self {
            Self::Fails(why) | Self::Unresolved(why) => why,
        }
    }
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Self::Unresolved(why)
    }
}

impl From<&str> for Stop {
    fn from(why: &str) -> Self {
        Self::Unresolved(why.to_owned())
    }
}

impl<'a> Resolver<'a> {
    pub(super) fn new(graph: &'a Graph<'a>, sources: &'a Sources) -> Self {
        Self { graph, sources, why: Vec::new(), has_local: false, depth: 0, steps: 0 }
    }

    /// What an argument of a resource gives.
    pub(super) fn argument(mut self, resource: &Resource, name: &str) -> Resolved {
        let outcomes =
            self.of_argument(resource, name).unwrap_or_else(|stop| unknown(stop.into_why()));
        let outcomes = if self.has_local { self.contributing(outcomes) } else { outcomes };
        Resolved { outcomes, why: self.why.join("; ") }
    }

    /// The text of an argument of a provider in the root module.
    pub(super) fn provider_argument(
        mut self,
        (provider, alias): (&str, &str),
        name: &str,
        stated: &RawValue,
    ) -> Option<String> {
        let source = self.sources.at(&[]).ok()?;
        let block = source.block(&format!("provider {provider} {alias}"))?;
        let expression = &block.part.body.get_attribute(name)?.value;
        if !self.agree(expression, Some(stated)) {
            return None;
        }
        let scope = Scope { module: Vec::new(), index: None };
        match self.eval(expression, &scope).ok()?.as_slice() {
            [Outcome::Text(text)] if !self.has_local => Some(text.clone()),
            _ => None,
        }
    }

    fn of_argument(&mut self, resource: &Resource, name: &str) -> Outcomes {
        let address = &resource.address;
        let path = address.path();
        let source = self.sources.at(&path)?;
        let kind = if address.is_data { "data" } else { "resource" };
        let block = source
            .block(&format!("{kind} {} {}", address.kind, address.name))
            .ok_or_else(|| format!("`{}` is not in the source", resource.text))?;
        let attribute =
            block.part.body.get_attribute(name).ok_or_else(|| {
                format!("the source does not set `{name}` of `{}`", resource.text)
            })?;
        let module = self.graph.configuration.root_module.at(&path);
        let config = module.and_then(|module| module.resource(&address.in_module()));
        let stated = config.and_then(|config| config.expressions.0.get(name).copied());
        if !self.agree(&attribute.value, stated) {
            return Err(format!(
                "the source of `{name}` of `{}` refers to other names than the plan",
                resource.text
            )
            .into());
        }
        let scope = Scope { module: address.module.clone(), index: address.index.clone() };
        let outcomes = self.eval(&attribute.value, &scope)?;
        let place = source.place_in(block, name);
        let place = place.map(|at| format!("{}:{}", at.file, at.line)).unwrap_or_default();
        let explained = outcomes.into_iter().map(|outcome| match outcome {
            Outcome::Unknown(why) => Outcome::Unknown(format!("`{name}` at {place}: {why}")),
            other @ (Outcome::Attribute { .. } | Outcome::Null | Outcome::Text(_)) => other,
        });
        Ok(explained.collect())
    }

    /// Without what the plan does not name as contributing to it.
    fn contributing(&self, outcomes: Vec<Outcome>) -> Vec<Outcome> {
        let check = |outcome| match outcome {
            Outcome::Attribute { address, name } if !self.graph.contributes(&address, &name) => {
                Outcome::Unknown(format!(
                    "the plan does not say that `{address}` contributes to it"
                ))
            }
            other @ (Outcome::Attribute { .. }
            | Outcome::Null
            | Outcome::Text(_)
            | Outcome::Unknown(_)) => other,
        };
        outcomes.into_iter().map(check).collect()
    }

    /// Takes a step; `None` if it is one too many, or within too many others.
    fn step<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH_MAX || self.steps >= STEPS_MAX {
            return None;
        }
        self.steps += 1;
        self.depth += 1;
        let found = step(self);
        self.depth -= 1;
        Some(found)
    }

    fn eval(&mut self, expression: &Hcl, scope: &Scope) -> Outcomes {
        let outcomes = self.step(|own| own.eval_step(expression, scope));
        outcomes.unwrap_or_else(|| Ok(unknown("the expression is too large")))
    }

    fn eval_step(&mut self, expression: &Hcl, scope: &Scope) -> Outcomes {
        match expression {
            Hcl::Null(_) => Ok(vec![Outcome::Null]),
            Hcl::String(text) => Ok(vec![Outcome::Text(text.value().clone())]),
            Hcl::Bool(is) => Ok(vec![Outcome::Text(is.value().to_string())]),
            Hcl::Parenthesis(inner) => self.eval(inner.inner(), scope),
            Hcl::StringTemplate(template) => {
                let mut elements = template.iter();
                let (Some(Element::Interpolation(only)), None) = (elements.next(), elements.next())
                else {
                    return Ok(unknown("a text is put together"));
                };
                let outcomes = self.eval(&only.expr, scope)?;
                let text = |outcome| match outcome {
                    Outcome::Null => Outcome::Unknown("null is put into a text".to_owned()),
                    other
                    @ (Outcome::Attribute { .. } | Outcome::Text(_) | Outcome::Unknown(_)) => other,
                };
                Ok(outcomes.into_iter().map(text).collect())
            }
            Hcl::Conditional(conditional) => {
                let had_local = std::mem::take(&mut self.has_local);
                let condition = self.truth(&conditional.cond_expr, scope);
                // No plan states a local value, so that one does not decide which key it is.
                let condition = condition.filter(|_| !self.has_local);
                self.has_local = had_local;
                match condition {
                    Some(true) => self.eval(&conditional.true_expr, scope),
                    Some(false) => self.eval(&conditional.false_expr, scope),
                    None => {
                        let mut all = or_unknown(self.eval(&conditional.true_expr, scope));
                        all.extend(or_unknown(self.eval(&conditional.false_expr, scope)));
                        self.why.push("a condition is not known before the apply".to_owned());
                        Ok(bounded(all))
                    }
                }
            }
            Hcl::FuncCall(call) => self.call(call, scope),
            Hcl::Traversal(traversal) => self.traversal(traversal, scope),
            Hcl::Number(_)
            | Hcl::Array(_)
            | Hcl::Object(_)
            | Hcl::HeredocTemplate(_)
            | Hcl::Variable(_)
            | Hcl::UnaryOp(_)
            | Hcl::BinaryOp(_)
            | Hcl::ForExpr(_) => Ok(unknown("the expression is not a reference alone")),
        }
    }

    fn traversal(&mut self, traversal: &Traversal, scope: &Scope) -> Outcomes {
        let operators: Vec<&TraversalOperator> =
            traversal.operators.iter().map(|one| one.value()).collect();
        let Hcl::Variable(root) = &traversal.expr else {
            return Ok(self.item(&traversal.expr, &operators, scope));
        };
        let (data, rest) = match (root.as_str(), operators.as_slice()) {
            ("var", [TraversalOperator::GetAttr(name)]) => {
                return self.variable(name.as_str(), scope);
            }
            ("local", [TraversalOperator::GetAttr(name)]) => {
                return self.local(name.as_str(), scope);
            }
            ("module", [TraversalOperator::GetAttr(name), rest @ ..]) => {
                return self.output(name.as_str(), rest, scope);
            }
            ("data", [TraversalOperator::GetAttr(kind), rest @ ..]) => (Some(kind.as_str()), rest),
            (root, rest) if !is_reserved(root) => (None, rest),
            (root, _) => return Ok(unknown(format!("`{root}` is not resolved here"))),
        };
        let [TraversalOperator::GetAttr(name), rest @ ..] = rest else {
            return Ok(unknown("the expression is not a reference alone"));
        };
        // `type.name.*.attribute[0]`: the index is one of the list.
        if let [TraversalOperator::AttrSplat(_), TraversalOperator::GetAttr(attribute), index] =
            rest
            && data.is_none()
        {
            let items = self.instances(scope, root.as_str(), name.as_str(), attribute.as_str());
            let index = match index_of(index, scope) {
                Some(Index::Number(number)) => usize::try_from(number).ok(),
                Some(Index::Text(_)) | None => None,
            };
            let item = items.and_then(|items| items.get(index?).cloned());
            return Ok(
                item.map_or_else(|| unknown("the instance is not certain"), |item| vec![item])
            );
        }
        let (index, attribute) = match rest {
            [TraversalOperator::GetAttr(attribute)] => (None, attribute),
            [index, TraversalOperator::GetAttr(attribute)] => match index_of(index, scope) {
                Some(index) => (Some(index), attribute),
                None => return Ok(unknown("the instance is not certain")),
            },
            _ => return Ok(unknown("the expression is not a reference alone")),
        };
        let declared = match data {
            Some(kind) => format!("data.{kind}.{}", name.as_str()),
            None => format!("{}.{}", root.as_str(), name.as_str()),
        };
        let address = format!("{}{declared}{}", prefix(&scope.module), shown(index.as_ref()));
        if self.graph.at(&address).is_none() {
            let why = format!("`{address}` is not in the plan");
            let module = self.graph.configuration.root_module.at(&scope.path());
            let is_declared = module.is_some_and(|module| module.resource(&declared).is_some());
            // It has no instance at all. If it has one, the index may be written in another way:
            // Terraform takes `[0]` and `["0"]` for each other.
            let fails = is_declared
                && index.is_some()
                && data.is_none()
                && !self.graph.is_partial
                && !self.graph.has_instance(&scope.path(), &declared);
            return Err(if fails { Stop::Fails(why) } else { Stop::Unresolved(why) });
        }
        Ok(vec![Outcome::Attribute { address, name: attribute.as_str().to_owned() }])
    }

    /// An item of a list that functions make, such as `concat(…)[0]`.
    fn item(
        &mut self,
        list: &Hcl,
        operators: &[&TraversalOperator],
        scope: &Scope,
    ) -> Vec<Outcome> {
        let [TraversalOperator::Index(Hcl::Number(index))] = operators else {
            return unknown("the expression is not a reference alone");
        };
        let index = index.value().as_u64().and_then(|index| usize::try_from(index).ok());
        let items = self.list(list, scope).unwrap_or_default();
        let item = index.and_then(|index| items.get(index).cloned());
        item.map_or_else(|| unknown("the list is not certain"), |item| vec![item])
    }

    fn variable(&mut self, name: &str, scope: &Scope) -> Outcomes {
        let own = self.sources.at(&scope.path())?;
        let variable =
            own.block(&format!("variable {name}")).ok_or("the variable is not in the source")?;
        let variable = &variable.part.body;
        let Some((call, module)) = scope.module.split_last() else {
            // Of an ephemeral variable, the plan states the default and not the value.
            let value = self.graph.variable(name).filter(|_| !variable.has_attribute("ephemeral"));
            // Null may stand for the default of a variable that does not take null.
            let is_null_too = || match variable.get_attribute("default").map(|of| &of.value) {
                None | Some(Hcl::Null(_)) => takes_null(variable),
                Some(_) => false,
            };
            return Ok(match value {
                Some(value) if !value.is_null() || is_null_too() => constant(value),
                _ => unknown(format!("`var.{name}` is not stated")),
            });
        };
        let outer = Scope { module: module.to_vec(), index: call.index.clone() };
        let outcomes = self.given(name, (call, &outer), scope)?;
        if takes_null(variable) || !outcomes.contains(&Outcome::Null) {
            return Ok(outcomes);
        }
        Ok(unknown(format!("`var.{name}` does not take null")))
    }

    /// What a call gives a variable of its module, or the default. The plan states both where they
    /// are constants, and it counts then.
    fn given(&mut self, name: &str, (call, outer): (&Call, &Scope), scope: &Scope) -> Outcomes {
        let source = self.sources.at(&outer.path())?;
        let block = source
            .block(&format!("module {}", call.name))
            .ok_or("the module is not in the source")?;
        let root = &self.graph.configuration.root_module;
        let config = root.at(&outer.path()).and_then(|of| of.module_calls.0.get(&call.name));
        let stated = config.and_then(|call| call.expressions.0.get(name).copied());
        if let Some(value) = stated.and_then(constant_of) {
            return Ok(constant(value));
        }
        match (block.part.body.get_attribute(name), stated) {
            (None, None) => {
                let config = root.at(&scope.path()).and_then(|of| of.variables.0.get(name));
                let default =
                    config.and_then(|of| of.default).ok_or("the variable has no value")?;
                let default = serde_json::from_str(default.get());
                Ok(constant(default.map_err(|_| "the default of the variable is not read")?))
            }
            (Some(given), stated) if self.agree(&given.value, stated) => {
                self.eval(&given.value, outer)
            }
            (_, _) => Ok(unknown(format!(
                "the source of `{name}` of module `{}` refers to other names than the plan",
                call.name
            ))),
        }
    }

    fn local(&mut self, name: &str, scope: &Scope) -> Outcomes {
        let source = self.sources.at(&scope.path())?;
        let Some(expression) = source.local(name) else {
            return Ok(unknown(format!("`local.{name}` is not in the source")));
        };
        self.has_local = true;
        let scope = Scope { module: scope.module.clone(), index: None };
        self.eval(expression, &scope)
    }

    fn output(&mut self, name: &str, rest: &[&TraversalOperator], scope: &Scope) -> Outcomes {
        let (index, output) = match rest {
            [TraversalOperator::GetAttr(output)] => (None, output),
            [index, TraversalOperator::GetAttr(output)] => match index_of(index, scope) {
                Some(index) => (Some(index), output),
                None => return Ok(unknown("the instance of a module is not certain")),
            },
            _ => return Ok(unknown("the expression is not a reference alone")),
        };
        let output = output.as_str();
        let mut module = scope.module.clone();
        module.push(Call { name: name.to_owned(), index });
        let outer = self.sources.at(&scope.path())?;
        let call =
            outer.block(&format!("module {name}")).ok_or("the module is not in the source")?;
        if !self.graph.has_module(&module, &call.part.body) {
            let module = prefix(&module);
            return Err(format!("whether `{module}{output}` exists is not certain").into());
        }
        let inner = Scope { module, index: None };
        let source: &ModuleSource = self.sources.at(&inner.path())?;
        let block =
            source.block(&format!("output {output}")).ok_or("the output is not in the source")?;
        let value = &block.part.body.get_attribute("value").ok_or("the output has no value")?.value;
        let config = self.graph.configuration.root_module.at(&inner.path());
        let stated = config.and_then(|module| module.outputs.0.get(output)?.expression);
        if let Some(value) = stated.and_then(constant_of) {
            return Ok(constant(value));
        }
        if !self.agree(value, stated) {
            return Ok(unknown(format!(
                "the source of output `{output}` of module `{name}` refers to other names than the plan"
            )));
        }
        self.eval(value, &inner)
    }
}

/// The value that the plan states for an expression.
fn constant_of(stated: &RawValue) -> Option<Value> {
    Expression::read(stated)?.constant_value
}

/// What a value gives that the plan states.
fn constant(value: Value) -> Vec<Outcome> {
    match value {
        Value::Null => vec![Outcome::Null],
        Value::String(text) => vec![Outcome::Text(text)],
        Value::Bool(_) | Value::Number(_) => vec![Outcome::Text(value.to_string())],
        Value::Array(_) | Value::Object(_) => unknown("the value is not a text"),
    }
}

/// Whether a variable can be null although it has another default.
fn takes_null(variable: &Body) -> bool {
    match variable.get_attribute("nullable").map(|of| &of.value) {
        None => true,
        Some(Hcl::Bool(is)) => *is.value(),
        Some(_) => false,
    }
}

fn unknown(why: impl Into<String>) -> Vec<Outcome> {
    vec![Outcome::Unknown(why.into())]
}

fn or_unknown(outcomes: Outcomes) -> Vec<Outcome> {
    outcomes.unwrap_or_else(|stop| unknown(stop.into_why()))
}

fn bounded(mut all: Vec<Outcome>) -> Vec<Outcome> {
    all.dedup();
    if all.len() > OUTCOMES_MAX {
        return unknown(format!("the expression has more than {OUTCOMES_MAX} outcomes"));
    }
    all
}

/// Names that are not those of a type of resource.
fn is_reserved(root: &str) -> bool {
    ["each", "count", "path", "terraform", "self", "ephemeral", "var", "local", "module", "data"]
        .contains(&root)
}

/// The index of an operator, if it is certain.
fn index_of(operator: &TraversalOperator, scope: &Scope) -> Option<Index> {
    let index = match operator {
        TraversalOperator::LegacyIndex(number) => return Some(Index::Number(*number.value())),
        TraversalOperator::Index(index) => index,
        TraversalOperator::AttrSplat(_)
        | TraversalOperator::FullSplat(_)
        | TraversalOperator::GetAttr(_) => return None,
    };
    if let Hcl::Number(number) = index {
        return number.value().as_u64().map(Index::Number);
    }
    if let Hcl::String(text) = index {
        // These are written in another way in an address, or are equal to texts of other bytes.
        let is_plain = text.value().is_ascii() && !text.value().contains(['\\', '"', '$', '%']);
        return is_plain.then(|| Index::Text(text.value().clone()));
    }
    let Hcl::Traversal(traversal) = index else { return None };
    let Hcl::Variable(root) = &traversal.expr else { return None };
    let [name] = traversal.operators.as_slice() else { return None };
    let TraversalOperator::GetAttr(name) = name.value() else { return None };
    match (root.as_str(), name.as_str(), &scope.index) {
        ("count", "index", Some(Index::Number(_))) | ("each", "key", Some(Index::Text(_))) => {
            scope.index.clone()
        }
        _ => None,
    }
}
