//! Terminal output: colours with a meaning, plain tables, and no characters that could control the terminal.

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width};
use postern_wire::admin::State;
use std::borrow::Cow;

/// Blanks between two columns.
const GAP: u16 = 2;
/// The column width below which a text is not wrapped any more: a word on each line is less readable than an overflow.
const WRAP_FROM: u16 = 30;

/// The meaning of a colour. The text always has the same meaning in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tint {
    /// In order.
    Good,
    /// In progress, or off for a limited time.
    Passing,
    /// Action is required.
    Bad,
    /// Less important.
    Faint,
    /// More important.
    Strong,
    /// Normal text.
    Plain,
}

impl Tint {
    /// The colour of a state.
    pub(crate) fn of(state: State) -> Self {
        match state {
            State::Off => Self::Faint,
            State::Enrolling | State::Suspended => Self::Passing,
            State::Protected => Self::Good,
            State::Locked => Self::Bad,
        }
    }

    /// `text` between the escape sequences of this colour (ECMA-48, SGR).
    pub(crate) fn paint(self, text: &str) -> String {
        let code = match self {
            Self::Good => "32",
            Self::Passing => "33",
            Self::Bad => "31",
            Self::Faint => "2",
            Self::Strong => "1",
            Self::Plain => return text.to_owned(),
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A cell of a table in this colour. Its content is cleaned.
    pub(crate) fn cell(self, text: &str) -> Cell {
        let cell = Cell::new(clean(text));
        match self {
            Self::Good => cell.fg(Color::DarkGreen),
            Self::Passing => cell.fg(Color::DarkYellow),
            Self::Bad => cell.fg(Color::DarkRed),
            Self::Faint => cell.add_attribute(Attribute::Dim),
            Self::Strong => cell.add_attribute(Attribute::Bold),
            Self::Plain => cell,
        }
    }
}

/// A cell without a colour. Its content is cleaned.
pub(crate) fn plain(text: &str) -> Cell {
    Tint::Plain.cell(text)
}

/// An empty table with these headings.
pub(crate) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.set_header(headings.iter().map(|heading| Tint::Faint.cell(heading)));
    table
}

/// Formats the table as text without borders: fitted to the terminal if there is one, otherwise as wide as needed.
pub(crate) fn render(mut table: Table, colour: bool) -> String {
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    let last = table.column_count().saturating_sub(1);
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
        // Only the last column is wrapped: half a name can be neither read nor copied. If that is not enough, the
        // terminal wraps the line.
        column.set_constraint(if column.index == last {
            ColumnConstraint::LowerBoundary(Width::Fixed(WRAP_FROM))
        } else {
            ColumnConstraint::ContentWidth
        });
    }
    if colour {
        table.enforce_styling();
    } else if table.is_tty() {
        // The width stays that of the terminal; only the colours are removed.
        let width = table.width();
        table.force_no_tty();
        width.map(|width| table.set_width(width));
    }
    table.trim_fmt()
}

/// Whether a character may have an effect on a terminal: control characters, and characters that change the direction
/// of text (which can make one name look like another).
pub(crate) fn is_unsafe(char: char) -> bool {
    char.is_control() || matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` with every character replaced for which [`is_unsafe`] is true. Line feeds are kept, since messages have
/// several lines.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let bad = |char| char != '\n' && is_unsafe(char);
    if text.contains(bad) { Cow::Owned(text.replace(bad, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// The same for text that must stay on one line.
pub(crate) fn clean_line(text: &str) -> Cow<'_, str> {
    if text.contains(is_unsafe) { Cow::Owned(text.replace(is_unsafe, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = table(&["MAILBOX", "STATE"]);
        table.add_row([plain("bob@example.com"), Tint::of(State::Protected).cell("protected")]);
        table.add_row([plain("élodie@example.com"), Tint::of(State::Off).cell("off")]);
        table
    }

    #[test]
    fn tables_are_aligned_and_without_trailing_blanks() {
        let expected = "MAILBOX             STATE\nbob@example.com     protected\nélodie@example.com  off";
        assert_eq!(render(sample(), false), expected);
    }

    #[test]
    fn colours_only_where_wanted() {
        assert!(!render(sample(), false).contains('\x1b'));
        assert!(render(sample(), true).contains('\x1b'));
    }

    #[test]
    fn nothing_printed_drives_the_terminal() {
        assert_eq!(clean("a\x1b[2Jb\u{9b}c\td\u{202e}e\nf"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e\nf");
        assert_eq!(clean_line("a\nb"), "a\u{fffd}b");
        let mut table = table(&["A"]);
        table.add_row([plain("x\x1b]0;title\x07")]);
        assert_eq!(render(table, false), "A\nx\u{fffd}]0;title\u{fffd}");
    }
}
