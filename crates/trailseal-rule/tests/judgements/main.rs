//! Judgements: what is read for them, what they say, and in which words.

#![cfg(test)]
#![expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]

mod annotations;
mod external;
mod fixtures;

mod needs;
mod strict;
mod words;
