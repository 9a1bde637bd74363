//! Output of a subcommand: standard output for results, standard error for notes, questions and progress.

use crate::exit::Failure;
use crate::table::{Tint, is_unsafe};
use crate::time::Calendar;
use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// Standard output and its settings.
pub(crate) struct Screen {
    out: BufWriter<Stdout>,
    colour: bool,
    /// Whether the output is JSON, for programs.
    pub(crate) json: bool,
    /// The format of times.
    pub(crate) calendar: Calendar,
}

impl Screen {
    /// Colours are used on a terminal that supports them, unless NO_COLOR is set (<https://no-color.org>).
    pub(crate) fn new(json: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let colour = io::stdout().is_terminal() && !unwanted && !dumb;
        Self { out: BufWriter::new(io::stdout()), colour, json, calendar: Calendar::local(crate::clock::now()) }
    }

    /// Prints a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{text}").map_err(Failure::Output)
    }

    /// Prints text unchanged.
    pub(crate) fn raw(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(Failure::Output)
    }

    /// Prints a labelled value, such as those under the name of an account.
    pub(crate) fn field(&mut self, label: &str, value: &str) -> Result<(), Failure> {
        let label = self.tint(Tint::Faint, &format!("{label:<13}"));
        self.line(&format!("  {label} {value}"))
    }

    /// Prints a table.
    pub(crate) fn table(&mut self, table: Table) -> Result<(), Failure> {
        self.line(&crate::table::render(table, self.colour))
    }

    /// `text` in a colour, if colours are used.
    pub(crate) fn tint(&self, tint: Tint, text: &str) -> String {
        if self.colour { tint.paint(text) } else { text.to_owned() }
    }

    /// Prints a value as JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Output(error.into()))?;
        self.line(&escape(&text))
    }

    /// Prints element number `index` of an array whose elements come one by one; [`Self::json_end`] closes it.
    pub(crate) fn json_element(&mut self, index: usize, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))?;
        self.raw(if index == 0 { "[\n" } else { ",\n" })?;
        self.raw(&escape(&text))
    }

    /// Closes an array of `count` elements.
    pub(crate) fn json_end(&mut self, count: usize) -> Result<(), Failure> {
        self.raw(if count == 0 { "[]\n" } else { "\n]\n" })
    }

    /// Prints additional information: on standard error, so that it is separate from the results.
    pub(crate) fn note(&mut self, text: &str) {
        // Keeps the order of both streams if they are the same terminal.
        let _ = self.out.flush();
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Writes all buffered output.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::Output)
    }
}

/// A progress bar for `length` steps on standard error, if that is a terminal; otherwise hidden.
pub(crate) fn progress(length: u64, what: &str) -> ProgressBar {
    bar(ProgressBar::new(length), "{msg} {bar:32} {pos}/{len}, {eta} left", what)
}

/// The same for bytes. `length` is `None` if it is not known.
pub(crate) fn progress_bytes(length: Option<u64>, what: &str) -> ProgressBar {
    match length {
        Some(length) => bar(ProgressBar::new(length), "{msg} {bar:32} {bytes}/{total_bytes}, {eta} left", what),
        None => bar(ProgressBar::new_spinner(), "{msg} {spinner} {bytes}", what),
    }
}

fn bar(bar: ProgressBar, template: &str, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_message(what.to_owned())
}

/// Escapes characters that are allowed in JSON but have an effect on terminals: they become equivalent `\u` escapes.
fn escape(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        if char != '\n' && is_unsafe(char) {
            // All of them are in the basic multilingual plane, so one escape is enough.
            let _ = write!(out, "\\u{:04x}", char as u32);
        } else {
            out.push(char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_cannot_drive_the_terminal_and_means_the_same() {
        let value = "\u{1b}[2J\u{9b}2J\u{7f}\u{202e}é\n";
        let text = escape(&serde_json::to_string_pretty(&[value]).unwrap());
        assert!(!text.chars().any(|char| char != '\n' && is_unsafe(char)), "{text:?}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&text).unwrap(), [value]);
    }

    #[test]
    fn the_templates_of_the_bars_are_well_formed() {
        for template in ["{msg} {bar:32} {pos}/{len}, {eta} left", "{msg} {bar:32} {bytes}/{total_bytes}, {eta} left"] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
