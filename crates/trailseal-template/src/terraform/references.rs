//! What an expression refers to, in the source and in the plan.

use std::collections::BTreeSet;

use hcl_edit::expr::{Expression as Hcl, ForExpr, Traversal, TraversalOperator};
use hcl_edit::visit::{Visit, visit_expr, visit_for_expr, visit_traversal};
use serde_json::value::RawValue;

use super::document::Expression;

/// Whether the source's expression refers to what the plan says that it refers to. A plan states
/// the value of an expression that refers to nothing: then the source counts for nothing.
pub(super) fn agree(source: &Hcl, plan: Option<&RawValue>) -> bool {
    let Some(plan) = plan.and_then(Expression::read) else { return false };
    let mut found = Found::default();
    found.visit_expr(source);
    if found.has_own_names || plan.constant_value.is_some() {
        return false;
    }
    let stated: BTreeSet<&str> = plan.references.iter().map(String::as_str).collect();
    let is_found = |text: &&str| found.names.iter().any(|name| is_start(text, name));
    !stated.is_empty()
        && stated.iter().all(is_found)
        && found.names.iter().all(|name| stated.contains(name.as_str()))
}

/// Whether a reference is one, or a whole part of one from its start: a plan lists those as well.
fn is_start(start: &str, reference: &str) -> bool {
    let rest = reference.strip_prefix(start);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The names in an expression.
#[derive(Default)]
struct Found {
    /// References as a plan writes them, up to an index that is computed.
    names: BTreeSet<String>,
    /// Whether it declares names itself, or contains some that are not read here.
    has_own_names: bool,
}

impl Visit for Found {
    fn visit_expr(&mut self, expression: &Hcl) {
        // A name alone is not a reference, except the name of a type.
        if matches!(expression, Hcl::Variable(_)) {
            self.has_own_names = true;
        }
        visit_expr(self, expression);
    }

    fn visit_for_expr(&mut self, expression: &ForExpr) {
        self.has_own_names = true;
        visit_for_expr(self, expression);
    }

    fn visit_traversal(&mut self, traversal: &Traversal) {
        let Hcl::Variable(root) = &traversal.expr else {
            visit_traversal(self, traversal);
            return;
        };
        let mut text = root.as_str().to_owned();
        let mut is_whole = true;
        for operator in &traversal.operators {
            match operator.value() {
                TraversalOperator::GetAttr(name) if is_whole => {
                    text = format!("{text}.{}", name.as_str())
                }
                TraversalOperator::Index(index) => {
                    match literal_index(index).filter(|_| is_whole) {
                        Some(index) => text = format!("{text}[{index}]"),
                        None => is_whole = false,
                    }
                    self.visit_expr(index);
                }
                TraversalOperator::LegacyIndex(number) if is_whole => {
                    text = format!("{text}[{}]", number.value());
                }
                TraversalOperator::GetAttr(_)
                | TraversalOperator::LegacyIndex(_)
                | TraversalOperator::AttrSplat(_)
                | TraversalOperator::FullSplat(_) => is_whole = false,
            }
        }
        self.names.insert(text);
    }

    fn visit_directive(&mut self, _: &hcl_edit::template::Directive) {
        self.has_own_names = true;
    }

    fn visit_object_key(&mut self, key: &hcl_edit::expr::ObjectKey) {
        // A bare key is not a reference.
        if let hcl_edit::expr::ObjectKey::Expression(expression) = key {
            self.visit_expr(expression);
        }
    }
}

/// An index that the source states, as an address writes it.
fn literal_index(index: &Hcl) -> Option<String> {
    if let Hcl::Number(number) = index {
        return number.value().as_u64().map(|number| number.to_string());
    }
    let Hcl::String(text) = index else { return None };
    Some(format!("\"{}\"", text.value()))
}
