//! An error and its causes as one line of text.

use std::error::Error;
use std::iter::successors;

/// The error and its causes, joined by `: `, with control characters as spaces.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let messages: Vec<String> =
        successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect();
    messages.join(": ").replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the file\ncannot be read")]
    struct Outer(#[source] io::Error);

    #[test]
    fn causes_follow_the_error_in_one_line() {
        let error = Outer(io::Error::other("is a directory"));
        assert_eq!(error_chain(&error), "the file cannot be read: is a directory");
    }
}
