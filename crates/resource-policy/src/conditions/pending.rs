//! Values of which parts are not known yet.

use super::{Comparison, fit_text, negate_if};
use crate::fit::Fit;
use crate::matching::Match;
use crate::pattern::{Pattern, Resolved};
use crate::shape::{Shape, Token, reserved_text, reserved_tokens};

impl Comparison<'_> {
    /// Whether a value of which parts are not known yet matches one of the policy's, or none with a
    /// negated operator.
    pub(super) fn pending(&self, text: &str, shape: &Shape) -> Match {
        self.steps.add_each(text.as_bytes());
        let reserved = reserved_text(text);
        let each = self.patterns.iter().map(|one| self.match_pending(&reserved, shape, one));
        negate_if(self.operator.polarity, Match::any(each))
    }

    /// A pattern that spells the same stand-ins matches for certain; one that fits some values of the
    /// unknown parts matches sometimes.
    fn match_pending(&self, reserved: &Shape, shape: &Shape, pattern: &Pattern) -> Match {
        let tokens = match pattern.resolve(self.context, self.steps) {
            Resolved::Tokens(tokens) => tokens,
            Resolved::NoValue => return Match::Never,
            Resolved::Unknown => return Match::Sometimes,
        };
        self.steps.add_each(&tokens);
        let test = self.operator.test;
        let Some(holes) = fit_text(test, &tokens, shape, self.steps) else {
            return Match::Sometimes;
        };
        let spelled = fit_text(test, &reserved_tokens(&tokens), reserved, self.steps);
        // `?` stands for one character, and the length of an unknown part is not known.
        let counts = tokens.contains(&Token::AnyOne);
        match (holes, spelled) {
            (Fit { always: true, .. }, _) => Match::Always,
            (_, Some(Fit { always: true, .. })) if !counts => Match::Always,
            (Fit { possible: true, .. }, _) | (_, Some(Fit { possible: true, .. })) => {
                Match::Sometimes
            }
            _ if tokens.contains(&Token::Literal('<')) => Match::Sometimes,
            _ => Match::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::check;
    use crate::context::ContextValue;
    use crate::matching::Match::{Always, Never, Sometimes};
    use crate::shape::{Hole, Shape};

    #[test]
    fn a_value_that_is_not_known_yet_matches_only_what_it_must_match() {
        let text = "arn:aws:cloudtrail:<region>:<account>:trail/main".to_owned();
        let shape = Shape::text("arn:aws:cloudtrail:")
            + Hole::Segment
            + ":"
            + Hole::Segment
            + ":trail/main";
        check(
            &ContextValue::Pending { text: text.clone(), shape },
            &[
                ("StringEquals", json!(text), Always),
                ("StringNotEquals", json!(text), Never),
                ("ArnLike", json!(text), Always),
                ("StringLike", json!("arn:aws:cloudtrail:*:<account>:trail/*"), Always),
                ("ArnLike", json!("arn:aws:cloudtrail:*:*:trail/*"), Always),
                ("StringEquals", json!(["x", text]), Always),
                // What the unknown parts will be decides.
                (
                    "StringEquals",
                    json!("arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"),
                    Sometimes,
                ),
                (
                    "StringNotEquals",
                    json!("arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"),
                    Sometimes,
                ),
                ("ArnLike", json!("arn:aws:cloudtrail:*:111122223333:trail/*"), Sometimes),
                (
                    "StringLike",
                    json!("arn:aws:cloudtrail:????????:<account>:trail/main"),
                    Sometimes,
                ),
                // `?` is not in an unknown part, so it does not matter what those parts will be.
                ("StringLike", json!("arn:aws:cloudtrai?:*"), Always),
                // A part of a stand-in is not a part of what it stands for.
                ("StringLike", json!("*account*"), Sometimes),
                ("StringLike", json!("*t>:trail/main"), Sometimes),
                ("StringLike", json!("*<account*"), Sometimes),
                (
                    "StringEquals",
                    json!("arn:aws:cloudtrail:<region>:<account>:trail/other"),
                    Sometimes,
                ),
                (
                    "StringEquals",
                    json!("arn:aws:cloudtrail:eu-west-1:111122223333:trail/other"),
                    Never,
                ),
                ("Null", json!("true"), Never),
                ("Bool", json!("true"), Sometimes),
            ],
        );
    }
}
