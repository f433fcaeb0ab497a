//! The difference of two policies, line by line.

/// Lines of context around a difference.
const CONTEXT_LINES: usize = 3;

/// JSON with one member a line, in the order in which it was written.
#[must_use]
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

/// What changes from one policy to another, in the manner of `diff -u`: lines that stay begin with a
/// blank, lines that go with `-`, lines that come with `+`. Nothing where nothing changes.
#[must_use]
pub fn policy_diff(before: Option<&str>, after: &str) -> String {
    let (before, after) = (before.map(indented).unwrap_or_default(), indented(after));
    let before: Vec<&str> = before.lines().collect();
    let after: Vec<&str> = after.lines().collect();
    shown(&changes(&before, &after))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change<'a> {
    Stays(&'a str),
    Goes(&'a str),
    Comes(&'a str),
}

/// By the longest common subsequence of what lies between the common beginning and end.
fn changes<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<Change<'a>> {
    let same = |(one, other): &(&&str, &&str)| one == other;
    let head = before.iter().zip(after).take_while(same).count();
    let (kept, before) = before.split_at(head);
    let (_, after) = after.split_at(head);
    let tail = before.iter().rev().zip(after.iter().rev()).take_while(same).count();
    let (before, end) = before.split_at(before.len() - tail);
    let (after, _) = after.split_at(after.len() - tail);
    let mut changes: Vec<Change<'a>> = kept.iter().map(|line| Change::Stays(line)).collect();
    middle(before, after, &mut changes);
    changes.extend(end.iter().map(|line| Change::Stays(line)));
    changes
}

fn middle<'a>(before: &[&'a str], after: &[&'a str], changes: &mut Vec<Change<'a>>) {
    // `longest[i][j]`: how many lines the rests from `i` and `j` on have in common.
    let mut longest = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    let at = |table: &[Vec<usize>], row: usize, column: usize| {
        table.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default()
    };
    for (row, line) in before.iter().enumerate().rev() {
        for (column, other) in after.iter().enumerate().rev() {
            let value = if line == other {
                at(&longest, row + 1, column + 1) + 1
            } else {
                at(&longest, row + 1, column).max(at(&longest, row, column + 1))
            };
            if let Some(cell) = longest.get_mut(row).and_then(|row| row.get_mut(column)) {
                *cell = value;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    loop {
        match (before.get(row), after.get(column)) {
            (Some(line), Some(other)) if line == other => {
                changes.push(Change::Stays(line));
                row += 1;
                column += 1;
            }
            (Some(line), other)
                if other.is_none()
                    || at(&longest, row + 1, column) >= at(&longest, row, column + 1) =>
            {
                changes.push(Change::Goes(line));
                row += 1;
            }
            (_, Some(other)) => {
                changes.push(Change::Comes(other));
                column += 1;
            }
            (Some(_), None) | (None, None) => return,
        }
    }
}

fn shown(changes: &[Change<'_>]) -> String {
    let differs: Vec<bool> =
        changes.iter().map(|change| !matches!(change, Change::Stays(_))).collect();
    let is_near = |index: usize| {
        let from = index.saturating_sub(CONTEXT_LINES);
        differs.iter().skip(from).take(index - from + CONTEXT_LINES + 1).any(|differs| *differs)
    };
    let mut out = String::new();
    let mut is_cut = false;
    for (index, change) in changes.iter().enumerate() {
        if !is_near(index) {
            is_cut = true;
            continue;
        }
        if is_cut {
            out.push_str(" …\n");
            is_cut = false;
        }
        let (sign, line) = match change {
            Change::Stays(line) => (' ', line),
            Change::Goes(line) => ('-', line),
            Change::Comes(line) => ('+', line),
        };
        out.push(sign);
        out.push_str(line);
        out.push('\n');
    }
    if is_cut && !out.is_empty() {
        out.push_str(" …\n");
    }
    out
}
