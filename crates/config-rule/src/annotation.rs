//! The annotation of an evaluation, within AWS Config's limit.

use std::borrow::Cow;

use crate::display_as_str;

/// Characters of an annotation, at most (AWS Config API Reference, `Evaluation`). AWS does not
/// document whether it counts characters or bytes; ours are ASCII, so that both are the same.
pub const ANNOTATION_CHARS_MAX: usize = 256;

/// Characters of one fix, at most, so that an annotation has room for a whole fix beside a cause.
pub const FIX_CHARS_MAX: usize = 150;

/// Characters that remain of the first cause, at least.
const CAUSE_CHARS_MIN: usize = 40;

/// Marks where text was cut.
const CUT: &str = " [cut]";

/// The text that people read beside a result: one line of 1 to 256 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation(String);

display_as_str!(Annotation);

impl Annotation {
    /// Replaces every character that is not printable ASCII by `?`, and cuts text that is too long.
    pub fn new(text: &str) -> Self {
        let line = ascii_line(text, ANNOTATION_CHARS_MAX);
        Self(if line.is_empty() { "(no annotation)".to_owned() } else { line })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text as one line of printable ASCII, at most this long: every other character becomes `?`, so
/// that characters and bytes are the same, and a longer text is cut after a word.
pub fn ascii_line(text: &str, chars_max: usize) -> String {
    shorten(printable(text), chars_max)
}

/// The parts of an annotation; texts that repeat an earlier one are left out.
#[derive(Clone, Debug, Default)]
pub struct AnnotationParts {
    premise: String,
    causes: Vec<String>,
    notes: Vec<String>,
    fixes: Vec<String>,
}

impl AnnotationParts {
    /// Sets the text that comes first and is never cut.
    pub fn set_premise(&mut self, text: &str) {
        self.premise = format!("{} ", printable(text));
    }

    /// Adds a cause.
    pub fn add_cause(&mut self, text: &str) {
        push_new(&mut self.causes, text);
    }

    /// Adds a note, which is shown only if there is room for it.
    pub fn add_note(&mut self, text: &str) {
        push_new(&mut self.notes, text);
    }

    /// Adds a fix of at most [`FIX_CHARS_MAX`] characters.
    pub fn add_fix(&mut self, text: &str) {
        push_new(&mut self.fixes, text);
    }

    /// Joins the parts. The first fix is never cut: notes and causes share the remaining room.
    pub fn join(&self) -> Annotation {
        let first_fix = self.fixes.get(..1).map_or_else(String::new, |fix| fix_part(fix, false));
        let mut room = ANNOTATION_CHARS_MAX.saturating_sub(first_fix.len() + self.premise.len());
        let first_cause = self.causes.first().map_or(0, String::len);
        let notes =
            notes_within(&self.notes, room.saturating_sub(first_cause.min(CAUSE_CHARS_MIN)));
        room = room.saturating_sub(notes.len());
        let causes = causes_within(&self.causes, room);
        room = room.saturating_sub(causes.len()) + first_fix.len();
        let fixes = fixes_within(&self.fixes, room);
        Annotation::new(&format!("{}{causes}{notes}{fixes}", self.premise))
    }
}

/// As many fixes as fit, each whole, and at least the first.
fn fixes_within(fixes: &[String], room: usize) -> String {
    let first = |count: usize| {
        let some = fixes.get(..count).unwrap_or_default();
        fix_part(some, count < fixes.len())
    };
    let fitting = (1..=fixes.len()).rev().map(first).find(|part| part.len() <= room);
    fitting.unwrap_or_else(|| fix_part(fixes.get(..1).unwrap_or_default(), false))
}

fn fix_part(fixes: &[String], are_more: bool) -> String {
    if fixes.is_empty() {
        return String::new();
    }
    let label = if are_more { ". Fix first: " } else { ". Fix: " };
    format!("{label}{}", fixes.join("; "))
}

/// As many causes as fit, each whole, and the number of the others; at least the first, cut if it
/// is too long.
fn causes_within(causes: &[String], room: usize) -> String {
    let first = |count: usize| {
        let mut text = causes.get(..count).unwrap_or_default().join("; ");
        if count < causes.len() {
            text.push_str(&format!("; {} more", causes.len() - count));
        }
        text
    };
    let fitting = (1..=causes.len()).rev().map(first).find(|text| text.len() <= room);
    fitting.unwrap_or_else(|| {
        causes.first().map_or_else(String::new, |one| shorten(Cow::Borrowed(one), room))
    })
}

/// The notes that fit, each whole and in parentheses.
fn notes_within(notes: &[String], room: usize) -> String {
    let mut text = String::new();
    for note in notes {
        let note = format!(" ({note})");
        if text.len() + note.len() <= room {
            text.push_str(&note);
        }
    }
    text
}

/// ASCII text, cut and marked if it is too long: after a word, unless that would keep less than
/// half of it.
fn shorten(text: Cow<'_, str>, room: usize) -> String {
    if text.len() <= room {
        return text.into_owned();
    }
    let kept = text.get(..room.saturating_sub(CUT.len())).unwrap_or_default();
    let whole_words = kept.rsplit_once(' ').map_or(kept, |(whole_words, _)| whole_words);
    let kept = if whole_words.len() * 2 > kept.len() { whole_words } else { kept };
    format!("{kept}{CUT}")
}

/// One line in which each character is one byte. Nearly every text is one already.
fn printable(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let clean = |character| if matches!(character, ' '..='~') { character } else { '?' };
    Cow::Owned(text.chars().map(clean).collect())
}

fn push_new(list: &mut Vec<String>, text: &str) {
    let text = printable(text);
    if !list.iter().any(|known| *known == text) {
        list.push(text.into_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_premise_takes_room_from_the_causes_and_not_from_the_fix() {
        let mut parts = AnnotationParts::default();
        parts.set_premise("as if it were compliant;");
        parts.add_cause(&"cause ".repeat(50));
        let fix = "f".repeat(FIX_CHARS_MAX);
        parts.add_fix(&fix);
        let annotation = parts.join();
        let text = annotation.as_str();
        assert!(text.starts_with("as if it were compliant; cause "), "{text}");
        assert!(text.ends_with(&format!("{CUT}. Fix: {fix}")), "{text}");
        assert!(text.len() <= ANNOTATION_CHARS_MAX, "{text}");
    }

    #[test]
    fn every_note_that_fits_is_kept() {
        let mut parts = AnnotationParts::default();
        parts.add_cause("cause");
        parts.add_note(&"a".repeat(30));
        parts.add_note(&"b".repeat(300));
        parts.add_note(&"c".repeat(30));
        let expected = format!("cause ({}) ({})", "a".repeat(30), "c".repeat(30));
        assert_eq!(parts.join().as_str(), expected);
    }

    #[test]
    fn text_is_cut_after_a_word_unless_half_of_it_would_be_lost() {
        let cut = |first_word: usize| {
            Annotation::new(&format!("{} {}", "a".repeat(first_word), "b".repeat(300)))
        };
        assert_eq!(cut(125).as_str(), format!("{} {}{CUT}", "a".repeat(125), "b".repeat(124)));
        assert_eq!(cut(126).as_str(), format!("{}{CUT}", "a".repeat(126)));
    }
}
