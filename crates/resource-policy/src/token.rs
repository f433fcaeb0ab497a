//! The characters and wildcards of a pattern.

/// One character or wildcard of a pattern without variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(char),
    AnyOne,
    AnyRun,
    /// One character of an ARN's segment: not a colon.
    OneInSegment,
    /// Characters of one segment of an ARN.
    RunInSegment,
}

/// The same characters, with the wildcards taken as plain characters.
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

/// The text that the tokens spell, wildcards as their characters.
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
