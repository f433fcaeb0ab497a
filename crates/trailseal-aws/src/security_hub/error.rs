//! Errors that Security Hub returns.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::Value;
use thiserror::Error;

/// Security Hub returned an error.
#[derive(Debug, Error)]
#[error("Security Hub answered {status}{}", if *is_json { "" } else { " without JSON" })]
pub(super) struct SecurityHubError {
    status: u16,
    is_json: bool,
    metadata: ErrorMetadata,
}

impl SecurityHubError {
    /// The error of a response (Smithy, "AWS restJson1 protocol", "Operation error serialization"):
    /// the code is in a header or in the body, and may be followed by a URI or preceded by a
    /// namespace.
    pub(super) fn of(response: &HttpResponse) -> Self {
        let body = response.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let member = |names: &[&str]| {
            names.iter().find_map(|name| body.get(name)?.as_str()).map(str::to_owned)
        };
        let header = response.headers().get("x-amzn-errortype").map(str::to_owned);
        let code = header.or_else(|| member(&["__type", "code", "Code"]));
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code.as_deref().and_then(|code| code.split(':').next()) {
            metadata = metadata.code(code.rsplit('#').next().unwrap_or(code));
        }
        if let Some(message) = member(&["message", "Message"]) {
            metadata = metadata.message(message);
        }
        Self { status: response.status().as_u16(), is_json: true, metadata: metadata.build() }
    }

    /// The answer is not an error, and not JSON.
    pub(super) fn malformed(response: &HttpResponse) -> Self {
        let metadata = ErrorMetadata::builder().build();
        Self { status: response.status().as_u16(), is_json: false, metadata }
    }
}

impl ProvideErrorMetadata for SecurityHubError {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}
