//! `postern export` and `postern import`: text of many lines, in pieces that fit into frames.

use crate::context::CommandContext;
use crate::daemon::{Daemon, WAIT_TRANSFER};
use crate::exit::{Exit, Failure};
use crate::screen::{Screen, progress_bytes};
use clap::Args;
use indicatif::HumanBytes;
use postern_wire::admin::{Empty, ExportPiece, Imported};
use postern_wire::methods::admin_method as m;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Bytes of a piece: half a frame, so that the escapes of JSON fit into the other half.
const PIECE_BYTES: usize = 32 * 1024;
/// Bytes of the longest line: alone in its piece it may fill nearly the whole frame, since it is Base64 and needs no
/// escapes.
const LINE_BYTES: usize = 60 * 1024;

pub(crate) const EXPORT_HELP: &str = "\
Everything in it is sealed under the master key, which is not part of it: keep a copy of the key too, in another \
place. The file is readable by you only (0600), and it appears whole or not at all.

Examples:
  postern export /var/backups/postern-$(date +%F)
  postern export - | ssh backup.example.com 'cat > postern-export'";

/// `postern export`.
#[derive(Args)]
pub(crate) struct Export {
    /// The file to write; `-` writes to standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

impl Export {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        if self.file == Path::new("-") {
            if io::stdout().is_terminal() {
                return Err(Failure::Usage(
                    "an export is nothing for a terminal: name a file, or send it through a pipe".to_owned(),
                ));
            }
            let mut daemon = Daemon::connect(&context.socket, WAIT_TRANSFER)?;
            let screen = &mut context.screen;
            receive(&mut daemon, |lines| screen.raw(lines))?;
            return Ok(Exit::Done);
        }
        if !self.force && self.file.symlink_metadata().is_ok() {
            return Err(exists(&self.file));
        }
        let mut daemon = Daemon::connect(&context.socket, WAIT_TRANSFER)?;
        let bytes = self.write(&mut daemon)?;
        let what = format!("Everything is in {} ({}),", self.file.display(), HumanBytes(bytes));
        let key = "sealed under the master key: keep a copy of that too, in another place.";
        report(&mut context.screen, serde_json::json!({ "file": self.file, "bytes": bytes }), &format!("{what} {key}"))
    }

    /// Writes the file beside its place and then puts it there, so that a half-written export never has its name.
    fn write(&self, daemon: &mut Daemon) -> Result<u64, Failure> {
        let failed =
            |error: io::Error| Failure::refused("file", format!("{} cannot be written: {error}", self.file.display()));
        let directory = directory_of(&self.file);
        // Made with mode 0600, and removed again when anything fails.
        let mut file = NamedTempFile::new_in(directory).map_err(failed)?;
        let bytes = receive(daemon, |lines| file.write_all(lines.as_bytes()).map_err(failed))?;
        file.as_file().sync_all().map_err(failed)?;
        if self.force {
            file.persist(&self.file).map_err(|error| failed(error.error))?;
        } else {
            file.persist_noclobber(&self.file).map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => exists(&self.file),
                _ => failed(error.error),
            })?;
        }
        // The name is durable only once the directory is.
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
        Ok(bytes)
    }
}

/// Reads the export from the daemon and returns how many bytes it has.
fn receive(daemon: &mut Daemon, mut write: impl FnMut(&str) -> Result<(), Failure>) -> Result<u64, Failure> {
    let bar = progress_bytes(None, "Exporting");
    let mut bytes = 0;
    let received = daemon.call_more::<m::Export>(&Empty {}, |piece: ExportPiece| {
        bytes += piece.lines.len() as u64;
        bar.set_position(bytes);
        write(&piece.lines)
    });
    bar.finish_and_clear();
    received.map(|()| bytes)
}

fn directory_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn exists(file: &Path) -> Failure {
    Failure::refused("file", format!("{} is there already: choose another name, or use --force", file.display()))
}

/// `postern import FILE`: reads an export into an empty store.
pub(crate) fn restore(file: &Path, context: &mut CommandContext) -> Result<Exit, Failure> {
    let (length, source): (Option<u64>, Box<dyn Read>) = if file == Path::new("-") {
        (None, Box::new(io::stdin()))
    } else {
        let file = File::open(file).map_err(|error| unreadable(&error))?;
        (file.metadata().ok().map(|meta| meta.len()), Box::new(file))
    };
    let mut daemon = Daemon::connect(&context.socket, WAIT_TRANSFER)?;
    let bar = progress_bytes(length, "Importing");
    let imported = send(&mut daemon, bar.wrap_read(source));
    bar.finish_and_clear();
    let records = imported?.records;
    let said = format!("{records} records are taken over. Look at them: postern status");
    report(&mut context.screen, serde_json::json!({ "records": records }), &said)
}

fn send(daemon: &mut Daemon, source: impl Read) -> Result<Imported, Failure> {
    let mut pieces = Pieces { source: BufReader::with_capacity(PIECE_BYTES, source), line: String::new(), number: 0 };
    loop {
        let piece = pieces.next()?;
        let imported = daemon.call::<m::Import>(&piece)?;
        if piece.last {
            return Ok(imported);
        }
    }
}

/// Cuts a text between its lines.
struct Pieces<R> {
    source: BufReader<R>,
    /// A line that has been read and did not fit into the piece before.
    line: String,
    /// Its number, for people.
    number: u64,
}

impl<R: Read> Pieces<R> {
    /// The next piece; not to be called again after the last.
    fn next(&mut self) -> Result<ExportPiece, Failure> {
        let mut lines = std::mem::take(&mut self.line);
        while lines.len() < PIECE_BYTES {
            self.read_line()?;
            if self.line.is_empty() {
                break;
            }
            if !lines.is_empty() && lines.len() + self.line.len() > PIECE_BYTES {
                return Ok(ExportPiece { lines, last: false });
            }
            lines.push_str(&std::mem::take(&mut self.line));
        }
        if lines.is_empty() {
            return Err(Failure::refused("file", "there is nothing in it: this is no export"));
        }
        let last = self.source.fill_buf().map_err(|error| unreadable(&error))?.is_empty();
        Ok(ExportPiece { lines, last })
    }

    fn read_line(&mut self) -> Result<(), Failure> {
        self.number += 1;
        let read = (&mut self.source).take(LINE_BYTES as u64).read_line(&mut self.line);
        match read {
            // A whole line, the last one without its line feed, or the end.
            Ok(bytes) if bytes < LINE_BYTES || self.line.ends_with('\n') => Ok(()),
            Ok(_) => Err(self.no_export("is too long")),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(self.no_export("is not text")),
            Err(error) => Err(unreadable(&error)),
        }
    }

    fn no_export(&self, why: &str) -> Failure {
        Failure::refused("file", format!("line {} {why}: this is no export", self.number))
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::refused("file", format!("the export cannot be read: {error}"))
}

fn report(screen: &mut Screen, value: serde_json::Value, text: &str) -> Result<Exit, Failure> {
    if screen.json {
        screen.json(&value)?
    } else {
        screen.line(text)?
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<ExportPiece> {
        let source = BufReader::with_capacity(PIECE_BYTES, text.as_bytes());
        let mut pieces = Pieces { source, line: String::new(), number: 0 };
        let mut all = Vec::new();
        while all.last().is_none_or(|piece: &ExportPiece| !piece.last) {
            all.push(pieces.next().unwrap());
        }
        all
    }

    #[test]
    fn pieces_hold_whole_lines_and_join_to_the_text() {
        for length in [1, 100, PIECE_BYTES / 2 - 1, PIECE_BYTES / 2, PIECE_BYTES - 1, PIECE_BYTES, LINE_BYTES - 1] {
            for count in 1..6 {
                let text = format!("{}\n", "x".repeat(length)).repeat(count);
                // With and without the last line feed.
                for text in [text.as_str(), &text[..text.len() - 1]] {
                    let pieces = pieces(text);
                    assert_eq!(pieces.iter().map(|piece| piece.lines.as_str()).collect::<String>(), text);
                    let (last, rest) = pieces.split_last().unwrap();
                    assert!(last.last);
                    assert!(rest.iter().all(|piece| !piece.last && piece.lines.ends_with('\n')));
                    assert!(pieces.iter().all(|piece| piece.lines.len() <= PIECE_BYTES.max(length + 1)));
                }
            }
        }
    }

    #[test]
    fn every_piece_fits_into_a_frame() {
        let longest = ExportPiece { lines: format!("{}\n", "x".repeat(LINE_BYTES - 1)), last: true };
        let call =
            postern_wire::Call { method: "Import".to_owned(), parameters: Some(longest), more: false, oneway: false };
        postern_wire::frame::encode(&call).unwrap();
        assert_eq!((PIECE_BYTES, LINE_BYTES), (32_768, 61_440));
    }

    #[test]
    fn what_is_no_export_is_refused() {
        let refusal = |bytes: &[u8]| {
            let source = BufReader::with_capacity(PIECE_BYTES, bytes);
            Pieces { source, line: String::new(), number: 0 }.next().unwrap_err().to_string()
        };
        assert!(refusal(b"").contains("nothing"));
        assert!(refusal(b"a\n\xff\xfe\n").contains("line 2 is not text"));
        assert!(refusal(&vec![b'x'; LINE_BYTES]).contains("line 1 is too long"));
    }
}
