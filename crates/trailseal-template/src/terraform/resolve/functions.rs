//! The functions that hand on one of their arguments.

use hcl_edit::expr::{Expression as Hcl, FuncCall, Traversal, TraversalOperator};

use super::{Outcomes, Resolver, STEPS_MAX, Scope, Stop, bounded, unknown};
use crate::terraform::address::Index;
use crate::terraform::graph::Outcome;
use crate::terraform::resource::Resource;

impl Resolver<'_> {
    pub(super) fn call(&mut self, call: &FuncCall, scope: &Scope) -> Outcomes {
        let name = call.name.name.as_str();
        let args: Vec<&Hcl> = call.args.iter().collect();
        if call.name.is_namespaced() || call.args.expand_final() {
            return Ok(unknown(format!("the function `{name}` is not resolved here")));
        }
        match (name, args.as_slice()) {
            ("sensitive" | "nonsensitive" | "tostring", [only]) => self.eval(only, scope),
            ("one", [list]) => match self.list(list, scope).as_deref() {
                Some([]) => Ok(vec![Outcome::Null]),
                Some([only]) => Ok(vec![only.clone()]),
                _ => Ok(unknown("the list of `one` is not certain")),
            },
            ("element", [list, Hcl::Number(index)]) => {
                let items = self.list(list, scope).unwrap_or_default();
                let index = index.value().as_u64().and_then(|index| usize::try_from(index).ok());
                let item = index.and_then(|index| items.get(index).cloned());
                Ok(item.map_or_else(
                    || unknown("the list of `element` is not certain"),
                    |item| vec![item],
                ))
            }
            ("join", [Hcl::String(_), list]) => match self.list(list, scope).as_deref() {
                Some([only @ Outcome::Attribute { .. }]) => Ok(vec![only.clone()]),
                _ => Ok(unknown("a text is put together")),
            },
            ("coalesce", [_, ..]) => self.first_value(&args, scope),
            ("try", [_, ..]) => {
                for arg in args {
                    match self.eval(arg, scope) {
                        Err(Stop::Fails(_)) => {}
                        outcomes => return outcomes,
                    }
                }
                Err(Stop::Fails("no argument of `try` has a value".to_owned()))
            }
            _ => Ok(unknown(format!("the function `{name}` is not resolved here"))),
        }
    }

    /// The first value that is not null and not blank.
    pub(super) fn first_value(&mut self, args: &[&Hcl], scope: &Scope) -> Outcomes {
        let mut all = Vec::new();
        for arg in args {
            let outcomes = self.eval(arg, scope)?;
            let (left_out, values): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(is_left_out);
            // What is not known may be null: the next argument counts then.
            let is_open = values.iter().any(|one| matches!(one, Outcome::Unknown(_)));
            all.extend(values);
            if left_out.is_empty() || is_open {
                return Ok(bounded(all));
            }
        }
        if all.is_empty() {
            return Err(Stop::Fails("no argument of `coalesce` has a value".to_owned()));
        }
        all.push(Outcome::Unknown("`coalesce` may have no argument with a value".to_owned()));
        Ok(bounded(all))
    }

    /// The items of a list, if they are certain: `[a, b]`, one attribute of each instance, or what
    /// functions make of such lists.
    pub(super) fn list(&mut self, expression: &Hcl, scope: &Scope) -> Option<Vec<Outcome>> {
        self.step(|own| own.list_step(expression, scope))?
    }

    fn list_step(&mut self, expression: &Hcl, scope: &Scope) -> Option<Vec<Outcome>> {
        match expression {
            Hcl::Parenthesis(inner) => self.list(inner.inner(), scope),
            Hcl::Array(items) => self.items(items.iter(), scope),
            Hcl::FuncCall(call) => self.list_of_call(call, scope),
            Hcl::Traversal(traversal) => self.splat(traversal, scope),
            Hcl::Null(_)
            | Hcl::Bool(_)
            | Hcl::Number(_)
            | Hcl::String(_)
            | Hcl::Object(_)
            | Hcl::StringTemplate(_)
            | Hcl::HeredocTemplate(_)
            | Hcl::Variable(_)
            | Hcl::Conditional(_)
            | Hcl::UnaryOp(_)
            | Hcl::BinaryOp(_)
            | Hcl::ForExpr(_) => None,
        }
    }

    /// Expressions that each give one thing.
    fn items<'b>(
        &mut self,
        all: impl Iterator<Item = &'b Hcl>,
        scope: &Scope,
    ) -> Option<Vec<Outcome>> {
        let mut items = Vec::new();
        for expression in all {
            match self.eval(expression, scope).ok()?.as_slice() {
                [Outcome::Unknown(_)] => return None,
                [only] => items.push(only.clone()),
                _ => return None,
            }
        }
        Some(items)
    }

    fn list_of_call(&mut self, call: &FuncCall, scope: &Scope) -> Option<Vec<Outcome>> {
        let args: Vec<&Hcl> = call.args.iter().collect();
        if call.name.is_namespaced() || call.args.expand_final() {
            return None;
        }
        match (call.name.name.as_str(), args.as_slice()) {
            ("concat", args) => {
                let mut all = Vec::new();
                for arg in args {
                    all.extend(self.list(arg, scope)?);
                }
                Some(all)
            }
            ("compact", [only]) => {
                let mut all = self.list(only, scope)?;
                // Attributes other than an ARN may be null or blank.
                let is_open =
                    |one: &Outcome| matches!(one, Outcome::Attribute { name, .. } if name != "arn");
                if all.iter().any(is_open) {
                    return None;
                }
                all.retain(|one| !is_left_out(one));
                Some(all)
            }
            // Of Terraform before 0.15.
            ("list", args) => self.items(args.iter().copied(), scope),
            _ => None,
        }
    }

    /// One attribute of each instance.
    fn splat(&mut self, traversal: &Traversal, scope: &Scope) -> Option<Vec<Outcome>> {
        let Hcl::Variable(kind) = &traversal.expr else { return None };
        let operators: Vec<&TraversalOperator> =
            traversal.operators.iter().map(|one| one.value()).collect();
        let [TraversalOperator::GetAttr(name), splat, TraversalOperator::GetAttr(attribute)] =
            operators.as_slice()
        else {
            return None;
        };
        let is_splat =
            matches!(splat, TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_));
        if is_splat {
            self.instances(scope, kind.as_str(), name.as_str(), attribute.as_str())
        } else {
            None
        }
    }

    /// An attribute of each instance of a resource that has `count` or neither it nor `for_each`.
    pub(super) fn instances(
        &mut self,
        scope: &Scope,
        kind: &str,
        name: &str,
        attribute: &str,
    ) -> Option<Vec<Outcome>> {
        let source = self.sources.at(&scope.path()).ok()?;
        let block = source.block(&format!("resource {kind} {name}"))?;
        if block.part.body.has_attribute("for_each") || self.graph.is_partial {
            return None;
        }
        let module = self.graph.configuration.root_module.at(&scope.path())?;
        let declared = format!("{kind}.{name}");
        module.resource(&declared)?;
        let mut found = self.graph.instances(&scope.path(), &declared);
        self.steps += found.len();
        if self.steps > STEPS_MAX {
            return None;
        }
        let has_instance = !found.is_empty();
        found.retain(|one| !one.is_deposed && one.address.module == scope.module);
        let is_number =
            |one: &&Resource| matches!(one.address.index, None | Some(Index::Number(_)));
        if !found.iter().all(is_number) {
            return None;
        }
        // The module's instance may be written in another way, such as `m[0]` for `m["0"]`.
        if found.is_empty() && has_instance {
            return None;
        }
        found.sort_by(|a, b| a.address.index.cmp(&b.address.index));
        let outcome = |one: &Resource| Outcome::Attribute {
            address: one.text.clone(),
            name: attribute.to_owned(),
        };
        Some(found.into_iter().map(outcome).collect())
    }
}

/// Whether `coalesce` and `compact` leave it out.
fn is_left_out(one: &Outcome) -> bool {
    matches!(one, Outcome::Null) || matches!(one, Outcome::Text(text) if text.is_empty())
}
