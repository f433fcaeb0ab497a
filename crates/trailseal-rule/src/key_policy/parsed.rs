//! A key's policy as evidence: its text and the parsed document.

use std::sync::{Arc, OnceLock};

use resource_policy::{PolicyDocument, PolicyError, PolicyFormat};

/// Bytes of a key policy that KMS accepts, at most ("AWS KMS Developer Guide, Creating a key policy",
/// *Key policy format*: 32,768 bytes).
pub const POLICY_BYTES_MAX: usize = 32_768;

/// Bytes of a key policy that KMS returns, at most (`PolicyType` of its service model). KMS returns a
/// policy with other white space than it was given, so that it can have more than
/// [`POLICY_BYTES_MAX`].
pub const RETURNED_BYTES_MAX: usize = 131_072;

/// Parses a key policy.
///
/// "If either of the required `Resource` or `Action` elements are missing from a key policy
/// statement, the policy statement has no effect" (KMS API Reference, `CreateKey` and
/// `PutKeyPolicy`, *Policy*). Whether `NotResource` or `NotAction` counts as one of them is not
/// documented: "The `Effect`, `Principal`, `Action`, and `Resource` elements are required" ("AWS KMS
/// Developer Guide, Key policies in AWS KMS", *Elements in a key policy*).
///
/// # Errors
///
/// As for [`PolicyDocument::parse`].
pub fn parse_key_policy(text: &str) -> Result<PolicyDocument, PolicyError> {
    let format = PolicyFormat { bytes_max: RETURNED_BYTES_MAX, requires_plain_elements: true };
    PolicyDocument::parse(text, format)
}

/// The policy of one key.
///
/// The text is parsed when it is first asked for, and once: clones share the parsed document, so
/// that a run over many trails of one key reads its policy once. Two policies are equal if their
/// texts are.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    text: String,
    document: OnceLock<Result<PolicyDocument, PolicyError>>,
}

impl KeyPolicy {
    /// A policy as KMS or AWS Config gave it.
    pub fn new(text: impl Into<String>) -> Self {
        Self { shared: Arc::new(Shared { text: text.into(), document: OnceLock::new() }) }
    }

    /// The text, unchanged.
    pub fn text(&self) -> &str {
        &self.shared.text
    }

    /// The parsed document.
    ///
    /// # Errors
    ///
    /// As for [`parse_key_policy`].
    pub fn document(&self) -> Result<&PolicyDocument, &PolicyError> {
        self.shared.document.get_or_init(|| parse_key_policy(&self.shared.text)).as_ref()
    }
}

impl PartialEq for KeyPolicy {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for KeyPolicy {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_parsed_document() {
        let policy = KeyPolicy::new(r#"{"Statement":[]}"#);
        let clone = policy.clone();
        assert!(std::ptr::eq(policy.document().unwrap(), clone.document().unwrap()));
        assert_eq!(policy, KeyPolicy::new(r#"{"Statement":[]}"#));
        assert_ne!(policy, KeyPolicy::new(r#"{"Statement": []}"#));
    }
}
