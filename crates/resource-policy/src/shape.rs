//! The values that patterns are compared with.
//!
//! A value that is only partly known can be compared too: the ARN of a stranger's role has a known
//! shape, an account that the policy does not name, and a name that the stranger chose. Such a
//! value is a [`Shape`] with holes. A comparison says whether the pattern fits *every* filling of
//! the holes and whether it fits *some* filling. It takes time proportional to the length of the
//! pattern times that of the shape, without backtracking.

use std::iter;
use std::ops::Add;

/// One character or wildcard of a pattern without variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(char),
    AnyOne,
    AnyRun,
    /// One character except a colon.
    OneInSegment,
    /// Any characters except colons.
    RunInSegment,
}

impl Token {
    /// The character, or the one that stands for the wildcard.
    fn spelled(self) -> char {
        match self {
            Self::AnyOne | Self::OneInSegment => '?',
            Self::AnyRun | Self::RunInSegment => '*',
            Self::Literal(character) => character,
        }
    }
}

/// The same characters, with each wildcard as a literal character.
pub(crate) fn literally(tokens: &[Token]) -> Vec<Token> {
    tokens.iter().map(|token| Token::Literal(token.spelled())).collect()
}

/// The text of the tokens, with each wildcard as the character that stands for it.
pub(crate) fn spelled(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.spelled()).collect()
}

/// A value, of which parts may be unknown: texts and [`Hole`]s, joined by `+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    elements: Vec<Element>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Char(char),
    /// One ASCII letter.
    Letter,
    Hole(Hole),
}

/// An unknown part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    /// Any text without a colon, or nothing.
    Name,
    /// Any text without a colon or a slash, or nothing.
    Segment,
    /// Nothing, or letters, digits and hyphens of which the first is a letter: a Region, a service,
    /// but not the ID of an account.
    Label,
    /// Any text.
    Anything,
    /// The name, without a colon or a slash, of something that the policy does not name: literal
    /// characters alone never match all of it. It may contain any other character.
    NewName,
    /// The ID of an account, an organization or a principal that the policy does not name: letters
    /// and digits. Literal characters alone never match all of it.
    Unnamed,
}

impl Shape {
    /// A value that is known completely.
    pub fn text(text: &str) -> Self {
        Self { elements: text.chars().map(Element::Char).collect() }
    }

    /// Followed by one ASCII letter.
    #[must_use]
    pub fn then_letter(mut self) -> Self {
        self.elements.push(Element::Letter);
        self
    }
}

impl Add<&str> for Shape {
    type Output = Self;

    fn add(mut self, text: &str) -> Self {
        self.elements.extend(text.chars().map(Element::Char));
        self
    }
}

impl Add<Hole> for Shape {
    type Output = Self;

    fn add(mut self, hole: Hole) -> Self {
        self.elements.push(Element::Hole(hole));
        self
    }
}

/// The tokens with the characters of each stand-in, `<…>`, replaced by reserved ones, so that a
/// literal never matches a part of a stand-in.
pub(crate) fn reserved_tokens(tokens: &[Token]) -> Vec<Token> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut start = None;
    for token in tokens {
        out.push(of_document(*token));
        match (token, start) {
            (Token::Literal('<'), _) => start = Some(out.len() - 1),
            (Token::Literal('>'), Some(from)) => {
                for token in out.iter_mut().skip(from) {
                    *token = reserved(*token);
                }
                start = None;
            }
            (Token::Literal(_), _) => {}
            (Token::AnyOne | Token::AnyRun | Token::OneInSegment | Token::RunInSegment, _) => {
                start = None;
            }
        }
    }
    out
}

/// The text with each stand-in as in [`reserved_tokens`].
pub(crate) fn reserved_text(text: &str) -> Shape {
    let tokens: Vec<Token> = text.chars().map(Token::Literal).collect();
    Shape {
        elements: reserved_tokens(&tokens).iter().map(|one| Element::Char(one.spelled())).collect(),
    }
}

/// Where in a private area of Unicode the reserved characters are.
const AREA: u32 = 0xF_0000;

/// A character as written; another one if it would be that of a stand-in.
fn of_document(token: Token) -> Token {
    match token {
        Token::Literal(one) if (AREA..AREA + 0x80).contains(&u32::from(one)) => {
            Token::Literal(char::REPLACEMENT_CHARACTER)
        }
        Token::Literal(_)
        | Token::AnyOne
        | Token::AnyRun
        | Token::OneInSegment
        | Token::RunInSegment => token,
    }
}

/// The reserved character for one of a stand-in. A colon stays, since it parts an ARN.
fn reserved(token: Token) -> Token {
    let Token::Literal(one) = token else { return token };
    if one == ':' || !one.is_ascii() {
        return token;
    }
    char::from_u32(AREA + u32::from(one)).map_or(token, Token::Literal)
}

/// Whether letter case matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetterCase {
    Sensitive,
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
pub(crate) fn fit(tokens: &[Token], shape: &Shape, case: LetterCase) -> Fit {
    let possible = walk(tokens, &shape.elements, case, Filling::Some);
    let always = possible && walk(tokens, &shape.elements, case, Filling::Every);
    Fit { always, possible }
}

/// Compares an ARN pattern with an ARN, each of the six parts on its own; `None` where the pattern
/// or the value does not have six parts.
///
/// "IAM User Guide, IAM JSON policy elements: Condition operators", *Amazon Resource Name (ARN)
/// condition operators*.
pub(crate) fn fit_arn(tokens: &[Token], shape: &Shape) -> Option<Fit> {
    let pattern_parts: Vec<_> = tokens.splitn(6, |token| *token == Token::Literal(':')).collect();
    let value_parts: Vec<_> =
        shape.elements.splitn(6, |element| *element == Element::Char(':')).collect();
    if pattern_parts.len() != 6 || value_parts.len() != 6 {
        return None;
    }
    let mut whole = Fit { always: true, possible: true };
    for (pattern, value) in pattern_parts.iter().zip(&value_parts) {
        let part = Shape { elements: value.to_vec() };
        let Fit { always, possible } = fit(pattern, &part, LetterCase::Sensitive);
        whole.always &= always;
        whole.possible &= possible;
    }
    Some(whole)
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

fn walk(tokens: &[Token], elements: &[Element], case: LetterCase, filling: Filling) -> bool {
    let mut positions = vec![Position::default(); elements.len() + 1];
    if let Some(first) = positions.first_mut() {
        first.fresh = true;
    }
    leave_holes(&mut positions, elements, filling);
    for token in tokens {
        positions = match token {
            Token::AnyRun => take_run(&positions, elements, false),
            Token::RunInSegment => take_run(&positions, elements, true),
            Token::AnyOne | Token::OneInSegment | Token::Literal(_) => {
                take_one(&positions, elements, *token, case, filling)
            }
        };
        if !positions.iter().any(|position| position.is_open()) {
            return false;
        }
        leave_holes(&mut positions, elements, filling);
    }
    positions.last().is_some_and(|end| end.is_open())
}

/// A run reaches every position from the first open one on, or up to the next colon.
fn take_run(positions: &[Position], elements: &[Element], stops_at_colon: bool) -> Vec<Position> {
    let mut reached = false;
    iter::zip(positions, with_end(elements))
        .map(|(&position, element)| {
            let mut here = position;
            here.fresh |= reached;
            reached |= position.is_open();
            here.taken |= reached && matches!(element, Some(Element::Hole(_)));
            if stops_at_colon && element == Some(&Element::Char(':')) {
                reached = false;
            }
            here
        })
        .collect()
}

fn take_one(
    positions: &[Position],
    elements: &[Element],
    token: Token,
    case: LetterCase,
    filling: Filling,
) -> Vec<Position> {
    let mut arriving = false;
    iter::zip(positions, with_end(elements))
        .map(|(&position, element)| {
            let mut here = Position { fresh: arriving, ..Position::default() };
            arriving = false;
            match (element, token) {
                (Some(Element::Char(found)), Token::Literal(wanted)) => {
                    arriving = position.is_open() && same(*found, wanted, case);
                }
                (Some(Element::Char(':')), Token::OneInSegment) => {}
                (Some(Element::Letter), Token::Literal(wanted)) => {
                    let fits = filling == Filling::Some && wanted.is_ascii_alphabetic();
                    arriving = position.is_open() && fits;
                }
                (Some(Element::Char(_) | Element::Letter), _) => arriving = position.is_open(),
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
        })
        .collect()
}

/// The comparison can move past a hole. For some filling: if the hole can be empty or a wildcard
/// matched a part of it. For every filling: only if a run matched all of it.
fn leave_holes(positions: &mut [Position], elements: &[Element], filling: Filling) {
    let mut arriving = false;
    for (position, element) in positions.iter_mut().zip(with_end(elements)) {
        position.fresh |= arriving;
        arriving = match element {
            Some(Element::Hole(Hole::Unnamed | Hole::NewName)) => position.taken,
            Some(Element::Hole(_)) => {
                position.taken || (position.is_open() && filling == Filling::Some)
            }
            Some(Element::Char(_) | Element::Letter) | None => false,
        };
    }
}

fn with_end(elements: &[Element]) -> impl Iterator<Item = Option<&Element>> {
    elements.iter().map(Some).chain(iter::once(None))
}

impl Hole {
    fn holds(self, character: char) -> bool {
        match self {
            Self::Name => character != ':',
            Self::Segment | Self::NewName => !matches!(character, ':' | '/'),
            Self::Label => character.is_ascii_alphanumeric() || character == '-',
            Self::Anything => true,
            Self::Unnamed => character.is_ascii_alphanumeric(),
        }
    }

    fn begins_with(self, character: char) -> bool {
        match self {
            Self::Label => character.is_ascii_alphabetic(),
            Self::Name | Self::Segment | Self::Anything | Self::NewName | Self::Unnamed => {
                self.holds(character)
            }
        }
    }
}

fn same(one: char, other: char, case: LetterCase) -> bool {
    match case {
        LetterCase::Sensitive => one == other,
        LetterCase::Ignored => one == other || one.to_lowercase().eq(other.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fit, Hole, LetterCase, Shape, Token, fit, fit_arn, reserved_text};
    use crate::context::Context;
    use crate::pattern::{Pattern, Resolved, Variables};

    const NEVER: Fit = Fit { always: false, possible: false };
    const SOMETIMES: Fit = Fit { always: false, possible: true };
    const ALWAYS: Fit = Fit { always: true, possible: true };

    fn tokens(pattern: &str) -> Vec<Token> {
        match Pattern::parse(pattern, Variables::Literal).resolve(&Context::default()) {
            Resolved::Tokens(tokens) => tokens.into_owned(),
            Resolved::NoValue | Resolved::Unknown => panic!("`{pattern}` needs no look-up"),
        }
    }

    fn check(pattern: &str, shape: &Shape, expected: Fit) {
        let found = fit(&tokens(pattern), shape, LetterCase::Sensitive);
        assert_eq!(found, expected, "`{pattern}` on {shape:?}");
    }

    #[test]
    fn stand_ins_are_in_characters_of_their_own() {
        for (text, reserved) in [
            ("a<b:\u{e4}>c", "a\u{f003c}\u{f0062}:\u{e4}\u{f003e}c"),
            ("a<b", "a<b"),
            ("a>b<c>", "a>b\u{f003c}\u{f0063}\u{f003e}"),
            // A document does not write a stand-in in these characters.
            ("\u{f003c}b\u{f003e}", "\u{fffd}b\u{fffd}"),
            ("\u{effff}\u{f0080}\u{f007f}", "\u{effff}\u{f0080}\u{fffd}"),
        ] {
            assert_eq!(reserved_text(text), Shape::text(reserved), "{text:?}");
        }
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
        let arn_fit = |pattern: &str| fit_arn(&tokens(pattern), &arn);
        assert_eq!(arn_fit("arn:aws:cloudtrail:*:111122223333:trail/*"), Some(ALWAYS));
        assert_eq!(arn_fit("arn:aws:cloudtrail:*:*:*"), Some(ALWAYS));
        assert_eq!(arn_fit("arn:aws:cloudtrail:*:trail/*:x"), Some(NEVER));
        assert_eq!(arn_fit("arn:aws:cloudtrail:*"), None);
        assert_eq!(arn_fit("*"), None);
    }
}
