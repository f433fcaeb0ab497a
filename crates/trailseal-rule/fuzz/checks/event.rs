//! Any bytes are an event or an error of one line; nothing else may happen.

use trailseal_rule::Invocation;

/// Fails where the bytes are neither, or where the token would be printed.
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
