//! What an expression refers to, in the source and in the plan.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::ptr;

use hcl_edit::expr::{Expression as Hcl, ForExpr, Traversal, TraversalOperator};
use hcl_edit::visit::{Visit, visit_expr, visit_for_expr, visit_traversal};
use serde_json::value::RawValue;

use super::document::Expression;

/// Which expressions of the source and of the plan refer to the same names. What many instances of a
/// resource or module have is compared once.
#[derive(Debug, Default)]
pub(super) struct Agreements(RefCell<BTreeMap<(usize, usize), bool>>);

impl Agreements {
    /// Whether the source's expression refers to what the plan says that it refers to. A plan states
    /// the value of an expression that refers to nothing: then the source counts for nothing.
    pub(super) fn has(&self, source: &Hcl, plan: Option<&RawValue>) -> bool {
        let Some(plan) = plan else { return false };
        let place = (ptr::from_ref(source).addr(), ptr::from_ref(plan).cast::<u8>().addr());
        if let Some(known) = self.0.borrow().get(&place) {
            return *known;
        }
        let is = agree(source, plan);
        self.0.borrow_mut().insert(place, is);
        is
    }
}

fn agree(source: &Hcl, plan: &RawValue) -> bool {
    let Some(plan) = Expression::read(plan) else { return false };
    let mut found = Found::default();
    found.visit_expr(source);
    if found.has_own_names || plan.constant_value.is_some() {
        return false;
    }
    let stated: BTreeSet<&str> = plan.references.iter().map(String::as_str).collect();
    !stated.is_empty()
        && stated.iter().all(|text| found.has_start(text))
        && found.names.iter().all(|name| stated.contains(name.as_str()))
}

/// The names in an expression.
#[derive(Default)]
struct Found {
    /// References as a plan writes them, up to an index that is computed.
    names: BTreeSet<String>,
    /// Whether it declares names itself, or contains some that are not read here.
    has_own_names: bool,
}

impl Found {
    /// Whether a text is a reference, or a whole part of one from its start: a plan lists those too.
    fn has_start(&self, text: &str) -> bool {
        let has_longer = |start: String| {
            let from = (Bound::Included(start.as_str()), Bound::Unbounded);
            self.names.range::<str, _>(from).next().is_some_and(|name| name.starts_with(&start))
        };
        self.names.contains(text)
            || has_longer(format!("{text}."))
            || has_longer(format!("{text}["))
    }
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
