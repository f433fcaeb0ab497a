//! Any bytes give an event or a one-line error.

use trailseal_rule::Invocation;

/// Fails if the bytes give neither, or if `Debug` shows the token.
pub(crate) fn check(event: &[u8]) {
    match Invocation::parse(event) {
        Ok(invocation) => {
            let shown = format!("{invocation:?}");
            let token = invocation.token.reveal();
            let is_telling = token.len() > 32 && shown.contains(token);
            assert!(!is_telling, "the token is printed");
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty(), "an error without a message");
            assert!(!message.contains(['\n', '\r']), "an error of several lines");
        }
    }
}
