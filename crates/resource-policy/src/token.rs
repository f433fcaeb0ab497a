//! The characters and wildcards of a pattern.

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

/// The same characters, with each wildcard as a literal character.
pub(crate) fn literally(tokens: &[Token]) -> Vec<Token> {
    tokens
        .iter()
        .map(|token| match token {
            Token::AnyOne | Token::OneInSegment => Token::Literal('?'),
            Token::AnyRun | Token::RunInSegment => Token::Literal('*'),
            Token::Literal(character) => Token::Literal(*character),
        })
        .collect()
}

/// The text of the tokens, with each wildcard as the character that stands for it.
pub(crate) fn spelled(tokens: &[Token]) -> String {
    tokens
        .iter()
        .map(|token| match token {
            Token::AnyOne | Token::OneInSegment => '?',
            Token::AnyRun | Token::RunInSegment => '*',
            Token::Literal(character) => *character,
        })
        .collect()
}
