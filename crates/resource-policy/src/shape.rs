//! The values that patterns are compared with.
//!
//! A value that is only partly known can be compared too: the ARN of a stranger's role has a known
//! shape, an account that the policy does not name, and a name that the stranger chose. Such a
//! value is a [`Shape`] with holes.

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

/// The text of the tokens, with each wildcard as the character that stands for it.
pub(crate) fn spelled(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.spelled()).collect()
}

/// Whether all literal characters are in ASCII.
pub(crate) fn is_ascii(tokens: &[Token]) -> bool {
    tokens.iter().all(|token| token.spelled().is_ascii())
}

/// A value, of which parts may be unknown: texts and [`Hole`]s, joined by `+`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    elements: Vec<Element>,
}

/// One part of a [`Shape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Element {
    Char(char),
    /// One ASCII letter.
    Letter,
    Hole(Hole),
}

/// An unknown part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl Hole {
    /// Whether the hole can have this character.
    pub(crate) fn holds(self, character: char) -> bool {
        match self {
            Self::Name => character != ':',
            Self::Segment | Self::NewName => !matches!(character, ':' | '/'),
            Self::Label => character.is_ascii_alphanumeric() || character == '-',
            Self::Anything => true,
            Self::Unnamed => character.is_ascii_alphanumeric(),
        }
    }

    /// Whether the hole can begin with this character.
    pub(crate) fn begins_with(self, character: char) -> bool {
        match self {
            Self::Label => character.is_ascii_alphabetic(),
            Self::Name | Self::Segment | Self::Anything | Self::NewName | Self::Unnamed => {
                self.holds(character)
            }
        }
    }
}

impl Shape {
    /// A value that is known completely.
    pub fn text(text: &str) -> Self {
        Self { elements: text.chars().map(Element::Char).collect() }
    }

    pub(crate) fn elements(&self) -> &[Element] {
        &self.elements
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

#[cfg(test)]
mod tests {
    use super::{Shape, reserved_text};

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
}
