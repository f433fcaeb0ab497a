//! What a statement does to the requests that it matches.

/// The `Effect` of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows them.
    Allow,
    /// It denies them, even if another statement allows them.
    Deny,
}
