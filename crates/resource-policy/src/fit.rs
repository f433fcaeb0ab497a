//! Compares patterns with values.
//!
//! A comparison says whether the pattern fits *some* filling of the holes of a [`Shape`], and then
//! whether it fits *every* filling. Each of the two takes at most about as many steps as the
//! product of both lengths, without backtracking.

use std::cell::Cell;

use crate::shape::{Element, Hole, Shape, Token};

/// The number of steps that comparisons have taken, so that the caller can limit the work. Every
/// character that is copied, spelled or compared is at least one.
#[derive(Debug, Default)]
pub struct Steps(Cell<u64>);

impl Steps {
    /// The number so far.
    pub fn count(&self) -> u64 {
        self.0.get()
    }

    /// Adds steps of the caller's own.
    pub fn add(&self, more: u64) {
        self.0.set(self.0.get().saturating_add(more));
    }

    /// Adds one step for each of these items, such as the bytes of a text.
    pub fn add_each<T>(&self, items: &[T]) {
        self.add(u64::try_from(items.len()).unwrap_or(u64::MAX));
    }
}

/// Whether letter case matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetterCase {
    Sensitive,
    /// The case of ASCII letters does not matter. AWS does not document the case of others, so the
    /// caller excludes patterns with them.
    Ignored,
}

/// How a pattern fits a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fit {
    /// The pattern fits every filling of the holes.
    pub(crate) always: bool,
    /// The pattern fits at least one filling of the holes.
    pub(crate) possible: bool,
}

/// Compares a whole pattern with a whole value.
pub(crate) fn fit(tokens: &[Token], shape: &Shape, case: LetterCase, steps: &Steps) -> Fit {
    fit_elements(tokens, shape.elements(), case, steps)
}

/// Compares an ARN pattern with an ARN, each of the six parts on its own; `None` where the pattern
/// or the value does not have six parts.
///
/// "IAM User Guide, IAM JSON policy elements: Condition operators", *Amazon Resource Name (ARN)
/// condition operators*.
pub(crate) fn fit_arn(tokens: &[Token], shape: &Shape, steps: &Steps) -> Option<Fit> {
    steps.add_each(tokens);
    let pattern_parts: Vec<_> = tokens.splitn(6, |token| *token == Token::Literal(':')).collect();
    let value_parts: Vec<_> =
        shape.elements().splitn(6, |element| *element == Element::Char(':')).collect();
    if pattern_parts.len() != 6 || value_parts.len() != 6 {
        return None;
    }
    let mut whole = Fit { always: true, possible: true };
    for (pattern, value) in pattern_parts.iter().zip(&value_parts) {
        let part = fit_elements(pattern, value, LetterCase::Sensitive, steps);
        whole.always &= part.always;
        whole.possible &= part.possible;
    }
    Some(whole)
}

fn fit_elements(tokens: &[Token], elements: &[Element], case: LetterCase, steps: &Steps) -> Fit {
    steps.add_each(elements);
    let fits = |filling| Matcher::new(elements, case, filling).fits(tokens, steps);
    let possible = fits(Filling::Some);
    Fit { always: possible && fits(Filling::Every), possible }
}

/// Which fillings of the holes are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filling {
    Some,
    Every,
}

/// The possible states of the comparison before an element: none of it is matched yet, or a part of
/// a hole is matched by literal characters or by a wildcard.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    fresh: bool,
    spelled: bool,
    taken: bool,
}

impl Position {
    fn is_open(self) -> bool {
        self.fresh || self.spelled || self.taken
    }
}

/// A comparison of a value with tokens, of which some are matched.
struct Matcher<'a> {
    elements: &'a [Element],
    /// One before each element, and one after all of them.
    positions: Vec<Position>,
    /// The first and the last open position.
    open: (usize, usize),
    case: LetterCase,
    filling: Filling,
}

/// What one position means for the next one.
#[derive(Debug, Clone, Copy, Default)]
struct Transition {
    /// The token matches the element between them.
    arriving: bool,
    /// A run reaches over the element.
    running: bool,
    /// The comparison moves past a hole.
    leaving: bool,
}

impl<'a> Matcher<'a> {
    fn new(elements: &'a [Element], case: LetterCase, filling: Filling) -> Self {
        let mut positions = vec![Position::default(); elements.len() + 1];
        if let Some(first) = positions.first_mut() {
            first.fresh = true;
        }
        Self { elements, positions, open: (0, 0), case, filling }
    }

    fn fits(mut self, tokens: &[Token], steps: &Steps) -> bool {
        self.take(None, steps)
            && tokens.iter().all(|token| self.take(Some(*token), steps))
            && self.positions.last().is_some_and(|end| end.is_open())
    }

    /// Takes a token, or none to move past holes at the beginning; false if no position is open
    /// afterwards.
    fn take(&mut self, token: Option<Token>, steps: &Steps) -> bool {
        let (first, last) = self.open;
        let (case, filling) = (self.case, self.filling);
        let (mut open, mut taken, mut transition) = (None, 0, Transition::default());
        for (index, position) in self.positions.iter_mut().enumerate().skip(first) {
            if index > last && !(transition.arriving || transition.running || transition.leaving) {
                break;
            }
            let element = self.elements.get(index);
            let mut here = match token {
                None => *position,
                Some(Token::AnyRun) => transition.take_run(*position, element, false),
                Some(Token::RunInSegment) => transition.take_run(*position, element, true),
                Some(one) => transition.take_one(*position, element, one, case, filling),
            };
            here.fresh |= transition.leaving;
            transition.leaving = here.leaves(element, filling);
            *position = here;
            if here.is_open() {
                open = Some((open.map_or(index, |(first, _)| first), index));
            }
            taken += 1;
        }
        steps.add(taken);
        self.open = open.unwrap_or_default();
        open.is_some()
    }
}

impl Transition {
    /// A run reaches every position from the first open one on, or up to the next colon.
    fn take_run(
        &mut self,
        position: Position,
        element: Option<&Element>,
        stops_at_colon: bool,
    ) -> Position {
        let mut here = position;
        here.fresh |= self.running;
        self.running |= position.is_open();
        here.taken |= self.running && matches!(element, Some(Element::Hole(_)));
        if stops_at_colon && element == Some(&Element::Char(':')) {
            self.running = false;
        }
        here
    }

    fn take_one(
        &mut self,
        position: Position,
        element: Option<&Element>,
        token: Token,
        case: LetterCase,
        filling: Filling,
    ) -> Position {
        let mut here = Position { fresh: self.arriving, ..Position::default() };
        self.arriving = false;
        match (element, token) {
            (Some(Element::Char(found)), Token::Literal(wanted)) => {
                self.arriving = position.is_open() && same(*found, wanted, case);
            }
            (Some(Element::Char(':')), Token::OneInSegment) => {}
            (Some(Element::Letter), Token::Literal(wanted)) => {
                let fits = filling == Filling::Some && wanted.is_ascii_alphabetic();
                self.arriving = position.is_open() && fits;
            }
            (Some(Element::Char(_) | Element::Letter), _) => self.arriving = position.is_open(),
            (Some(Element::Hole(hole)), Token::Literal(wanted)) => {
                if filling == Filling::Some {
                    let begins = position.fresh && hole.begins_with(wanted);
                    here.spelled |= begins || (position.spelled && hole.holds(wanted));
                    here.taken |= position.taken && hole.holds(wanted);
                }
            }
            (Some(Element::Hole(_)), _) => {
                here.taken |= filling == Filling::Some && position.is_open();
            }
            (None, _) => {}
        }
        here
    }
}

impl Position {
    /// Whether the comparison can move past a hole. For some filling: if the hole can be empty or a
    /// wildcard matched a part of it. For every filling: only if a run matched all of it.
    fn leaves(self, element: Option<&Element>, filling: Filling) -> bool {
        match element {
            Some(Element::Hole(Hole::Unnamed | Hole::NewName)) => self.taken,
            Some(Element::Hole(_)) => self.taken || (self.is_open() && filling == Filling::Some),
            Some(Element::Char(_) | Element::Letter) | None => false,
        }
    }
}

fn same(one: char, other: char, case: LetterCase) -> bool {
    match case {
        LetterCase::Sensitive => one == other,
        LetterCase::Ignored => one.eq_ignore_ascii_case(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fit, LetterCase, Steps, fit, fit_arn};
    use crate::context::Context;
    use crate::pattern::{Pattern, Resolved, Variables, Wildcards};
    use crate::shape::{Hole, Shape, Token};

    const NEVER: Fit = Fit { always: false, possible: false };
    const SOMETIMES: Fit = Fit { always: false, possible: true };
    const ALWAYS: Fit = Fit { always: true, possible: true };

    fn tokens(pattern: &str) -> Vec<Token> {
        match Pattern::parse(pattern, Variables::Literal, Wildcards::Supported)
            .resolve(&Context::default(), &Steps::default())
        {
            Resolved::Tokens(tokens) => tokens.into_owned(),
            Resolved::NoValue | Resolved::Unknown => panic!("`{pattern}` needs no look-up"),
        }
    }

    fn check(pattern: &str, shape: &Shape, expected: Fit) {
        let found = fit(&tokens(pattern), shape, LetterCase::Sensitive, &Steps::default());
        assert_eq!(found, expected, "`{pattern}` on {shape:?}");
    }

    #[test]
    fn globs_match_whole_values() {
        for (pattern, value, expected) in [
            ("", "", ALWAYS),
            ("*", "", ALWAYS),
            ("?", "", NEVER),
            ("a*c", "abbc", ALWAYS),
            ("a*c", "abbcd", NEVER),
            ("*b*", "abc", ALWAYS),
            ("a?c", "abc", ALWAYS),
            ("a?c", "ac", NEVER),
            ("A", "a", NEVER),
            ("ä*", "äö", ALWAYS),
        ] {
            check(pattern, &Shape::text(value), expected);
        }
    }

    #[test]
    fn an_unnamed_id_never_equals_a_named_one() {
        let account = Shape::text("") + Hole::Unnamed;
        check("111122223333", &account, NEVER);
        check("*", &account, ALWAYS);
        check("1111*", &account, SOMETIMES);
        check("*1111", &account, SOMETIMES);
        check("1*1?1", &account, SOMETIMES);
        check("*-*", &account, NEVER);
        check("????????????", &account, SOMETIMES);
        let role = Shape::text("arn:aws:iam::") + Hole::Unnamed + ":role/" + Hole::Name;
        check("arn:aws:iam::111122223333:role/*", &role, NEVER);
        check("arn:aws:iam::*:role/*", &role, ALWAYS);
        check("arn:aws:iam::*:role/Admin", &role, SOMETIMES);
        check("arn:aws:iam::*:user/*", &role, NEVER);
        check("*111122223333*", &role, SOMETIMES);
        check("*:111122223333:*", &role, NEVER);
        let id = Shape::text("") + Hole::Unnamed + ":" + Hole::Anything;
        check("AROAEXAMPLE:*", &id, NEVER);
        check("AROA*:*", &id, SOMETIMES);
    }

    #[test]
    fn a_run_takes_a_hole_whole_or_not_at_all_where_every_filling_counts() {
        let name = Shape::text("x") + Hole::Name;
        check("x*", &name, ALWAYS);
        check("x", &name, SOMETIMES);
        check("x*a", &name, SOMETIMES);
        check("?", &name, SOMETIMES);
        check("y*", &name, NEVER);
        check("x:*", &name, NEVER);
        check("x*", &(Shape::text("x") + Hole::Anything), ALWAYS);
        let name_and_x = Shape::text("") + Hole::Name + ":x";
        check(":x", &name_and_x, SOMETIMES);
        check(":*:x", &name_and_x, NEVER);
    }

    #[test]
    fn a_run_in_a_segment_ends_at_a_colon() {
        let literal = Token::Literal;
        let found = |tokens: &[Token], value: &Shape| {
            fit(tokens, value, LetterCase::Sensitive, &Steps::default())
        };
        let run = [literal('a'), Token::RunInSegment];
        assert_eq!(found(&run, &(Shape::text("a") + Hole::Name)), ALWAYS);
        assert_eq!(found(&run, &(Shape::text("a:") + Hole::Name)), NEVER);
        let in_the_middle =
            [Token::AnyRun, literal('/'), Token::RunInSegment, literal(':'), literal('/')];
        assert_eq!(found(&in_the_middle, &(Shape::text("/:") + Hole::Unnamed + ":/")), NEVER);
    }

    #[test]
    fn a_new_name_has_any_characters_but_is_not_spelled_out() {
        let bucket = Shape::text("arn:aws:s3:::") + Hole::NewName;
        for (pattern, expected) in [
            ("arn:aws:s3:::*", ALWAYS),
            ("arn:aws:s3:::my-trail-*", SOMETIMES),
            ("arn:aws:s3:::*-111122223333", SOMETIMES),
            ("arn:aws:s3:::logs.?", SOMETIMES),
            ("arn:aws:s3:::my-trail", NEVER),
            ("arn:aws:s3:::my-trail/*", NEVER),
            ("*:111122223333:*", NEVER),
        ] {
            check(pattern, &bucket, expected);
        }
    }

    #[test]
    fn a_label_is_not_an_account_id() {
        let trail = Shape::text("arn:aws:cloudtrail:") + Hole::Label + ":" + Hole::Unnamed;
        let trail = trail + ":trail/" + Hole::Segment;
        check("*:111122223333:*", &trail, NEVER);
        check("arn:aws:cloudtrail:us-east-1:*", &trail, SOMETIMES);
        check("arn:aws:cloudtrail:?s-east-1:*", &trail, SOMETIMES);
        check("*1:1*", &trail, SOMETIMES);
        check("arn:aws:cloudtrail::*", &trail, SOMETIMES);
        check("arn:aws:cloudtrail:*:*:trail/*", &trail, ALWAYS);
        check("arn:aws:cloudtrail:*:*:trail/a/b", &trail, NEVER);
        check("*/111122223333", &trail, SOMETIMES);
        let service = Shape::text("").then_letter().then_letter() + Hole::Segment + "::";
        check("s3::", &service, NEVER);
        check("s*::", &service, SOMETIMES);
        check("route53::", &service, SOMETIMES);
        check("??::", &service, SOMETIMES);
        check("*::", &service, ALWAYS);
    }

    #[test]
    fn arn_parts_are_compared_one_by_one() {
        let arn = Shape::text("arn:aws:cloudtrail:us-east-1:111122223333:trail/all");
        let arn_fit = |pattern: &str| fit_arn(&tokens(pattern), &arn, &Steps::default());
        assert_eq!(arn_fit("arn:aws:cloudtrail:*:111122223333:trail/*"), Some(ALWAYS));
        assert_eq!(arn_fit("arn:aws:cloudtrail:*:*:*"), Some(ALWAYS));
        assert_eq!(arn_fit("arn:aws:cloudtrail:*:trail/*:x"), Some(NEVER));
        assert_eq!(arn_fit("arn:aws:cloudtrail:*"), None);
        assert_eq!(arn_fit("*"), None);
    }
}
