//! The error that an operation returns instead of a result.

/// An error as AWS names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) status: u16,
    /// Headers of the answer, which only S3 sends.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A refusal with HTTP status 400, the usual one of the JSON protocol.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: 400, headers: Vec::new() }
    }

    /// The same error with another HTTP status.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same error with a header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
