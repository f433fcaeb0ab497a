//! Conditions that the variables of a plan decide.

use hcl_edit::expr::{BinaryOp, BinaryOperator, Expression as Hcl, UnaryOperator};

use super::{Resolver, Scope};
use crate::terraform::graph::Outcome;

impl Resolver<'_> {
    /// Whether a condition holds; `None` if it is not certain.
    pub(super) fn truth(&mut self, expression: &Hcl, scope: &Scope) -> Option<bool> {
        self.step(|own| own.truth_step(expression, scope))?
    }

    fn truth_step(&mut self, expression: &Hcl, scope: &Scope) -> Option<bool> {
        if let Hcl::Parenthesis(inner) = expression {
            return self.truth(inner.inner(), scope);
        }
        if let Hcl::UnaryOp(op) = expression {
            let is_not = *op.operator.value() == UnaryOperator::Not;
            return is_not.then(|| self.truth(&op.expr, scope))?.map(|holds| !holds);
        }
        if let Hcl::BinaryOp(op) = expression {
            return self.operation(op, scope);
        }
        match self.eval(expression, scope).ok()?.as_slice() {
            [Outcome::Text(text)] if text == "true" => Some(true),
            [Outcome::Text(text)] if text == "false" => Some(false),
            _ => None,
        }
    }

    fn operation(&mut self, op: &BinaryOp, scope: &Scope) -> Option<bool> {
        let (left, right) = (&op.lhs_expr, &op.rhs_expr);
        match op.operator.value() {
            BinaryOperator::And => Some(self.truth(left, scope)? && self.truth(right, scope)?),
            BinaryOperator::Or => Some(self.truth(left, scope)? || self.truth(right, scope)?),
            BinaryOperator::Eq => self.is_equal(left, right, scope),
            BinaryOperator::NotEq => Some(!self.is_equal(left, right, scope)?),
            BinaryOperator::LessEq
            | BinaryOperator::GreaterEq
            | BinaryOperator::Less
            | BinaryOperator::Greater
            | BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Mul
            | BinaryOperator::Div
            | BinaryOperator::Mod => None,
        }
    }

    /// Whether two expressions are equal, of which one is null or both are texts of the source or of
    /// variables.
    fn is_equal(&mut self, left: &Hcl, right: &Hcl, scope: &Scope) -> Option<bool> {
        let left = self.eval(left, scope).ok()?;
        let right = self.eval(right, scope).ok()?;
        match (left.as_slice(), right.as_slice()) {
            ([Outcome::Null], [Outcome::Null]) => Some(true),
            ([Outcome::Null], [Outcome::Text(_)]) | ([Outcome::Text(_)], [Outcome::Null]) => {
                Some(false)
            }
            // Texts, numbers and truth values that look alike are not all equal in Terraform.
            ([Outcome::Text(a)], [Outcome::Text(b)]) => {
                // Terraform normalizes texts, so that others are equal in different bytes.
                let is_word = |text: &str| {
                    text.is_ascii()
                        && text.parse::<f64>().is_err()
                        && text != "true"
                        && text != "false"
                };
                (is_word(a) && is_word(b)).then_some(a == b)
            }
            _ => None,
        }
    }
}
