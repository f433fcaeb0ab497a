//! The difference of two policies, line by line.

use similar::TextDiff;

/// Unchanged lines around a difference.
const CONTEXT_LINES: usize = 3;

/// JSON with one member per line, in the original order.
pub fn indented(json: &str) -> String {
    let mut out = String::new();
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    let mut characters = json.chars().filter(|c| !c.is_control()).peekable();
    while let Some(character) = characters.next() {
        if in_text {
            in_text = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
            out.push(character);
            continue;
        }
        match character {
            '"' => {
                in_text = true;
                out.push('"');
            }
            '{' | '[' => {
                while characters.next_if_eq(&' ').is_some() {}
                out.push(character);
                let closing = if character == '{' { '}' } else { ']' };
                if characters.next_if_eq(&closing).is_some() {
                    out.push(closing);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            ' ' => {}
            other => out.push(other),
        }
    }
    out.push('\n');
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

/// The difference of two policies as in `diff -u`: unchanged lines start with a blank, removed ones
/// with `-`, added ones with `+`. Empty if nothing changes.
pub fn policy_diff(before: Option<&str>, after: &str) -> String {
    let (before, after) = (before.map(indented).unwrap_or_default(), indented(after));
    let diff = TextDiff::from_lines(&before, &after);
    let mut out = String::new();
    let mut shown_until = 0;
    for group in diff.grouped_ops(CONTEXT_LINES) {
        let start = group.first().map_or(0, |op| op.new_range().start);
        if start > shown_until {
            out.push_str(" …\n");
        }
        shown_until = group.last().map_or(0, |op| op.new_range().end);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            out.push_str(&format!("{}{change}", change.tag()));
        }
    }
    if !out.is_empty() && shown_until < after.lines().count() {
        out.push_str(" …\n");
    }
    out
}
