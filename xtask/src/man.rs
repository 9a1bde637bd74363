//! `cargo xtask man DIR`: the manual pages. Those of the programs are generated from the same source as `--help`, those
//! of the configurations from the commented files in `packaging/`, so that they stay up to date.

mod example;

use std::fs;
use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use postern_tests::binaries::workspace;
use postern_tests::{During, Result};

use crate::release::{self, Release};

/// Pages that are written by hand.
const BY_HAND: [&str; 1] = ["pam_postern.8"];
/// Configurations: the file, its purpose, and the program that reads it.
const EXAMPLES: [(&str, &str, &str); 2] = [
    ("posternd.toml", "configuration of the daemon that decides about second factors", "posternd"),
    ("proxy.toml", "configuration of the fronts before webmail and IMAP", "postern-proxy"),
];

/// Writes every page into `directory`, which is created if it is missing.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn write(directory: &Path) -> Result<()> {
    let release = Release::read()?;
    let save = |name: &str, text: &[u8]| fs::write(directory.join(name), text).during(name);
    fs::create_dir_all(directory).during(directory.display())?;
    for (command, section) in
        [(postern_admin::command(), "1"), (posternd::cli::command(), "8"), (postern_proxy::cli::command(), "8")]
    {
        let mut command = command.disable_help_subcommand(true);
        command.build();
        program(command, section, &release, &save)?;
    }
    for (name, about, program) in EXAMPLES {
        let text = fs::read_to_string(packaging(name)).during(name)?;
        save(&format!("{name}.5"), example::page(name, about, program, &text, &release).to_roff().as_bytes())?;
    }
    for name in BY_HAND {
        save(name, &fs::read(packaging("man").join(name)).during(name)?)?;
    }
    Ok(())
}

fn packaging(name: &str) -> std::path::PathBuf {
    workspace().join("packaging").join(name)
}

/// The page of a command, and those of its subcommands.
fn program(
    command: clap::Command,
    section: &str,
    release: &Release,
    save: &impl Fn(&str, &[u8]) -> Result<()>,
) -> Result<()> {
    for verb in command.get_subcommands() {
        program(verb.clone(), section, release, save)?;
    }
    let notes = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let has_verbs = command.has_subcommands();
    let man = Man::new(command).section(section).date(&release.date).manual(release::MANUAL).source(release.name());
    let name = man.get_filename();
    let mut page = Vec::new();
    man.render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| if has_verbs { man.render_subcommands_section(&mut page) } else { Ok(()) })
        .during(&name)?;
    // clap_mangen writes three line breaks before a list of values, and mandoc warns of them.
    let mut page = String::from_utf8(page).during(&name)?.replace(".br\n\n.br\n", ".br\n").into_bytes();
    if let Some(notes) = notes {
        page.extend(as_typed("NOTES", &notes).to_roff().into_bytes());
    }
    // Sections that --help does not contain: files, signals, examples.
    let more = packaging("man").join(format!("{name}.more"));
    if more.exists() {
        page.extend(fs::read(&more).during(more.display())?);
    }
    save(&name, &page)
}

/// A section whose lines are not filled.
fn as_typed(heading: &str, text: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [heading]).control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

#[cfg(test)]
mod tests;
