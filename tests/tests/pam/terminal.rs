//! A terminal of 80 by 24 characters, somebody who reads it and types.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use postern_tests::wait;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
/// Pixels of a module of a QR code in the picture of the screen.
const PIXELS: usize = 4;

pub(super) struct Terminal {
    keyboard: File,
    child: Child,
    /// What was shown and not yet read by [`Self::expect`].
    unread: String,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Runs `command` with the terminal as its controlling one.
    pub(super) fn run(command: &Command) -> Terminal {
        let pty = openpty(&SIZE, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        // setsid(1) makes it the controlling terminal: that is where ssh and su ask.
        let mut session = Command::new("setsid");
        session.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args());
        session.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let child = session.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        fcntl(&pty.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        Terminal { keyboard: File::from(pty.master), child, unread: String::new(), bytes: Vec::new() }
    }

    fn look(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = self.keyboard.read(&mut buffer) {
            self.bytes.extend_from_slice(&buffer[..read]);
        }
        // A character may be cut in two by the reading.
        let whole = match std::str::from_utf8(&self.bytes) {
            Ok(_) => self.bytes.len(),
            Err(error) => error.valid_up_to(),
        };
        self.unread.push_str(&String::from_utf8(self.bytes.drain(..whole).collect()).unwrap());
    }

    /// Waits for `text`, and gives all that was shown up to it.
    #[track_caller]
    pub(super) fn expect(&mut self, text: &str) -> String {
        let found = wait::until(&format!("{text:?} on the terminal"), || {
            self.look();
            let at = self.unread.find(text);
            Ok(at.map(|at| self.unread.drain(..at + text.len()).collect::<String>()))
        });
        found.unwrap_or_else(|error| panic!("{error}\n{}", self.unread))
    }

    pub(super) fn type_line(&mut self, text: &str) {
        self.keyboard.write_all(format!("{text}\r").as_bytes()).unwrap();
    }

    /// Waits for the end; gives the rest of what was shown, and the exit code.
    pub(super) fn end(mut self) -> (String, i32) {
        let status = wait::until("the command to end", || {
            self.look();
            Ok(self.child.try_wait().unwrap())
        });
        let status = status.unwrap_or_else(|error| panic!("{error}\n{}", self.unread));
        self.look();
        (std::mem::take(&mut self.unread), status.code().unwrap_or(-1))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The half blocks in what a terminal showed, as a camera sees them: a picture in PGM, light on black.
pub(super) fn photograph(shown: &str) -> Vec<u8> {
    let is_picture = |line: &&str| line.contains(['█', '▀', '▄']);
    let rows: Vec<Vec<char>> = shown.lines().filter(is_picture).map(|line| line.chars().collect()).collect();
    assert!(rows.len() < SIZE.ws_row.into(), "{} rows and a prompt do not fit", rows.len());
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    assert!(columns <= SIZE.ws_col.into(), "{columns} columns do not fit");
    let mut picture = format!("P5 {} {} 255\n", columns * PIXELS, rows.len() * 2 * PIXELS).into_bytes();
    for row in &rows {
        for lit in ['▀', '▄'] {
            let module = |column: usize| match row.get(column) {
                Some(char) if *char == '█' || *char == lit => 255,
                _ => 0,
            };
            let line: Vec<u8> = (0..columns).flat_map(|column| [module(column); PIXELS]).collect();
            picture.extend(std::iter::repeat_n(line, PIXELS).flatten());
        }
    }
    picture
}
