//! Sees at a glance that an item is of no use: it names none of the wanted types.
//!
//! It errs to one side only. A type's name may stand in an item for other reasons, or hide behind
//! escapes (`\u0041` is a legal `A`): such items are let through, to be parsed and told apart.

use memchr::memmem::Finder;

/// What stands before the type, of the item itself or of one that it is related to.
const NAME: &str = "\"resourceType\"";

/// The values that count, as JSON text.
const WANTED: [&str; 4] = [
    "\"AWS::CloudTrail::Trail\"",
    "\"AWS::KMS::Key\"",
    "\"AWS::KMS::Alias\"",
    "\"AWS::S3::Bucket\"",
];

/// The one escape that can hide a letter of them.
const ESCAPE: &str = "\\u00";

#[derive(Debug)]
pub(crate) struct Prefilter {
    name: Finder<'static>,
    escape: Finder<'static>,
}

impl Prefilter {
    pub(crate) fn new() -> Self {
        Self { name: Finder::new(NAME), escape: Finder::new(ESCAPE) }
    }

    /// Whether the item may be wanted; `has_escapes` says whether there is any `\u` in it.
    pub(crate) fn may_be_wanted(&self, item: &[u8], has_escapes: bool) -> bool {
        let mut names = self.name.find_iter(item).peekable();
        // What names no type is let through, so that it is not passed over in silence.
        names.peek().is_none()
            || names.any(|at| is_wanted(item.get(at + NAME.len()..)))
            || (has_escapes && self.escape.find(item).is_some())
    }
}

/// Whether a wanted value comes behind the name.
fn is_wanted(rest: Option<&[u8]>) -> bool {
    let rest = rest.unwrap_or_default().trim_ascii_start();
    let value = rest.strip_prefix(b":").unwrap_or_default().trim_ascii_start();
    WANTED.iter().any(|wanted| value.starts_with(wanted.as_bytes()))
}
