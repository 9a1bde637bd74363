//! A page of section 5, from a commented example: `[table]`, `# text`, and `key = value`, which a `#` before it
//! disables.

use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::release::{MANUAL, Release};

/// A line of an example.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'t> {
    /// `[table]`.
    Table(&'t str),
    /// `key = value`, and whether it is enabled.
    Key(&'t str, &'t str, bool),
    /// The text after `# `.
    Text(&'t str),
    /// An empty line.
    Blank,
}

/// All lines of an example.
pub(super) fn lines(example: &str) -> impl Iterator<Item = Line<'_>> {
    example.lines().map(|line| {
        if let Some(text) = line.strip_prefix("# ") {
            return Line::Text(text);
        }
        let (on, line) = line.strip_prefix('#').map_or((true, line), |line| (false, line));
        if let Some(table) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            return Line::Table(table);
        }
        line.split_once(" = ").map_or(Line::Blank, |(key, value)| Line::Key(key, value, on))
    })
}

/// The page for the example `text` of the configuration `name`, which `program` reads.
pub(super) fn page(name: &str, about: &str, program: &str, text: &str, release: &Release) -> Roff {
    let mut roff = Roff::new();
    roff.control("TH", [name, "5", &release.date, &release.name(), MANUAL]);
    roff.control("SH", ["NAME"]).text([roman(format!("{name} - {about}"))]);
    roff.control("SH", ["DESCRIPTION"]);
    // Paragraphs that belong to what follows them; the lines of the current paragraph; and the number of keys after
    // them.
    let (mut paragraphs, mut said, mut keys, mut is_first) = (Vec::new(), Vec::new(), 0, true);
    for line in lines(text).chain([Line::Blank]) {
        if keys > 0 && !matches!(line, Line::Key(..)) {
            roff.text(inline(&said.join(" ")));
            (said, keys) = (Vec::new(), 0);
        }
        if !said.is_empty() && matches!(line, Line::Blank | Line::Table(_)) {
            paragraphs.push(said.join(" "));
            said.clear();
        }
        match line {
            Line::Text(text) => said.push(text),
            Line::Table(table) => {
                // Before the first table, the text is about the file itself.
                if is_first {
                    write_paragraphs(&mut roff, &mut paragraphs);
                }
                roff.control("SH", [format!("[{table}]").as_str()]);
                write_paragraphs(&mut roff, &mut paragraphs);
                is_first = false;
            }
            Line::Key(key, value, on) => {
                write_paragraphs(&mut roff, &mut paragraphs);
                roff.control(if keys == 0 { "TP" } else { "TQ" }, []);
                let value = if on { format!(" = {value}") } else { format!(" = {value}    (not set)") };
                roff.text([bold(key), roman(value)]);
                keys += 1;
            }
            Line::Blank => {}
        }
    }
    roff.control("SH", ["FILES"]).text([roman(format!("/etc/postern/{name}"))]);
    roff.control("SH", ["SEE ALSO"]).text([bold(program), roman("(8)")]);
    roff
}

fn write_paragraphs(roff: &mut Roff, paragraphs: &mut Vec<String>) {
    for (number, paragraph) in paragraphs.drain(..).enumerate() {
        // After a heading a paragraph begins by itself.
        if number > 0 {
            roff.control("PP", []);
        }
        roff.text(inline(&paragraph));
    }
}

/// Text in which names are in backticks.
fn inline(text: &str) -> Vec<Inline> {
    let word = |(number, part)| if number % 2 == 0 { roman(part) } else { bold(part) };
    text.split('`').enumerate().map(word).collect()
}
