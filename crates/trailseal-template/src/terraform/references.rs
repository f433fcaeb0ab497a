//! What an expression refers to, in the source and in the plan.

use std::collections::BTreeSet;

use hcl_edit::expr::{Expression as Hcl, ForExpr, Traversal, TraversalOperator};
use hcl_edit::visit::{Visit, visit_expr, visit_for_expr, visit_traversal};
use serde_json::value::RawValue;

use super::document::Expression;

/// Whether the source's expression refers to what the plan says that it refers to.
pub(super) fn agree(source: &Hcl, plan: Option<&RawValue>) -> bool {
    let Some(plan) = plan.and_then(Expression::read) else { return false };
    let mut found = Found::default();
    found.visit_expr(source);
    if found.has_own_names {
        return false;
    }
    let stated: BTreeSet<&str> = plan.references.iter().map(String::as_str).collect();
    let bases: BTreeSet<String> = stated.iter().map(|text| base(text)).collect();
    let is_stated = |whole: &String| stated.contains(whole.as_str());
    bases == found.bases && found.whole.iter().all(is_stated)
}

/// The names in an expression.
#[derive(Default)]
struct Found {
    /// `type.name`, `module.name` and so on.
    bases: BTreeSet<String>,
    /// References without an index that is computed, as a plan writes them.
    whole: BTreeSet<String>,
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
                TraversalOperator::GetAttr(_)
                | TraversalOperator::LegacyIndex(_)
                | TraversalOperator::AttrSplat(_)
                | TraversalOperator::FullSplat(_) => is_whole = false,
            }
        }
        self.bases.insert(base(&text));
        if is_whole {
            self.whole.insert(text);
        }
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

/// The part of a reference that names what is declared.
fn base(reference: &str) -> String {
    let mut parts = reference.split(['.', '[']);
    let first = parts.next().unwrap_or_default();
    let count = if ["data", "ephemeral"].contains(&first) { 2 } else { 1 };
    let rest = parts.take(count);
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join(".")
}
