//! Columns of a table whose last one is cut at the edge of a terminal, and text in lines.

use std::io::{self, Write};

use anstyle::Style;
use textwrap::{Options, WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use super::Screen;

/// Spaces between two columns.
const GAP: usize = 2;

/// Columns that a terminal must leave for the last one; with fewer, an entry gets several lines.
const LAST_COLUMNS_MIN: usize = 20;

/// The most columns of a cell that widens its column: a trail's name has at most 128 characters,
/// and without a limit, one long name would pad every row.
const CELL_COLUMNS_MAX: usize = 128;

/// The widths of all columns but the last.
pub(crate) struct Columns<const N: usize> {
    widths: [usize; N],
    rest: Option<usize>,
}

impl<const N: usize> Columns<N> {
    pub(crate) fn of(header: [&str; N], rows: &[[String; N]], screen: Screen) -> Self {
        let mut widths = header.map(UnicodeWidthStr::width);
        for row in rows {
            let both = widths.iter_mut().zip(row);
            both.for_each(|(width, cell)| *width = cell.width().min(CELL_COLUMNS_MAX).max(*width));
        }
        let taken: usize = widths.iter().map(|width| width + GAP).sum();
        Self { widths, rest: screen.columns.map(|columns| columns.saturating_sub(taken)) }
    }

    /// What a terminal leaves for the last column.
    pub(crate) fn rest(&self) -> Option<usize> {
        self.rest
    }

    pub(crate) fn are_too_wide(&self) -> bool {
        self.rest.is_some_and(|rest| rest < LAST_COLUMNS_MIN)
    }

    /// One line without its last column. The style of the first cell is not part of its width.
    pub(crate) fn line(&self, cells: [&str; N], first: Style) -> String {
        let mut style = Some(first);
        let padded = |(cell, width): (&str, usize)| {
            let style = style.take().unwrap_or_default();
            let padding = " ".repeat((width + GAP).saturating_sub(cell.width()));
            format!("{style}{cell}{style:#}{padding}")
        };
        cells.into_iter().zip(self.widths).map(padded).collect()
    }
}

/// The words that fit: an ARN or ID is shown whole or not at all.
pub(crate) fn cut(text: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns.filter(|columns| text.width() > *columns) else {
        return text.to_owned();
    };
    let mut shown = String::new();
    for word in text.split(' ') {
        if shown.width() + word.width() + 2 > columns {
            break;
        }
        shown.push_str(word);
        shown.push(' ');
    }
    format!("{shown}…")
}

/// Writes lines of text, which are broken if a terminal is narrower.
pub(crate) fn write_lines(text: &[u8], screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    for line in String::from_utf8_lossy(text).lines() {
        match screen.columns {
            Some(columns) => writeln!(out, "{}", wrapped(line, columns, 0))?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// Text in lines that are broken at spaces only: an ARN or ID stays in one piece, even if it is
/// longer than a line.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let (first, rest) = (" ".repeat(indent), " ".repeat(indent + 2));
    let options = Options::new(columns)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .initial_indent(&first)
        .subsequent_indent(&rest);
    textwrap::fill(text, options)
}
