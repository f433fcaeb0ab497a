//! Rejects most items without parsing them: those that name none of the wanted types.
//!
//! It never rejects an item of a wanted type. An item may contain the name of a type for other
//! reasons, or spell it with escapes (`\u0041` is a legal `A`); such items pass and are parsed.

use memchr::memmem::Finder;

/// The member name of a type, in the item itself or in a related one.
const NAME: &str = "\"resourceType\"";

/// The types of the items that are read.
pub(crate) const WANTED_TYPES: [&str; 4] =
    ["AWS::CloudTrail::Trail", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::S3::Bucket"];

/// The start of an escape that can encode a letter of a type.
const ESCAPE: &str = "\\u00";

#[derive(Debug)]
pub(crate) struct Prefilter {
    name: Finder<'static>,
    escape: Finder<'static>,
}

impl Default for Prefilter {
    fn default() -> Self {
        Self { name: Finder::new(NAME), escape: Finder::new(ESCAPE) }
    }
}

impl Prefilter {
    /// Whether the item may be wanted; `has_escapes` if it contains any `\u`.
    pub(crate) fn may_be_wanted(&self, item: &[u8], has_escapes: bool) -> bool {
        let mut names = self.name.find_iter(item).peekable();
        // An item without a type passes, so that it is reported.
        names.peek().is_none()
            || names.any(|at| is_wanted(item.get(at + NAME.len()..)))
            || (has_escapes && self.escape.find(item).is_some())
    }
}

/// Whether a wanted value follows the name.
fn is_wanted(rest: Option<&[u8]>) -> bool {
    let rest = rest.unwrap_or_default().trim_ascii_start();
    let value = rest.strip_prefix(b":").unwrap_or_default().trim_ascii_start();
    let text = value.strip_prefix(b"\"").unwrap_or_default();
    let is_it = |wanted: &str| {
        text.strip_prefix(wanted.as_bytes()).is_some_and(|end| end.starts_with(b"\""))
    };
    WANTED_TYPES.into_iter().any(is_it)
}
