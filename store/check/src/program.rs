//! Runs other programs, each for [`PATIENCE`] at most.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Seconds that a program may run, and that it has to end after a signal.
const PATIENCE: &str = "10";
const LAST_WORDS: &str = "--kill-after=2";
/// Exit codes of `timeout` (coreutils): for a timeout; for a missing program. For a kill it is 128 plus the signal.
const TOO_LONG: [i32; 2] = [124, 137];
const ABSENT: i32 = 127;

/// The result of a program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// Success, with its output.
    Said(String),
    /// Failure, with its message if there is one.
    Failed(String),
    /// The program does not exist.
    Absent,
}

/// Runs a program to its end, as `user` if given (which requires root).
pub(crate) fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[S], user: Option<&str>) -> Ran {
    run_for(PATIENCE, program, arguments, user)
}

fn run_for<S: AsRef<OsStr>>(seconds: &str, program: impl AsRef<OsStr>, arguments: &[S], user: Option<&str>) -> Ran {
    // In a separate session: another user's program must not access this terminal.
    let mut command = Command::new("setsid");
    command.args(["--wait", "timeout", LAST_WORDS, seconds]).env("LC_ALL", "C");
    if let Some(user) = user {
        command.args(["runuser", "-u", user, "--"]);
    }
    let output = match command.arg(program).args(arguments).output() {
        Ok(output) => output,
        Err(error) => return Ran::Failed(format!("setsid (util-linux) cannot be run: {error}")),
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.code() {
        Some(0) => Ran::Said(text(&output.stdout)),
        Some(ABSENT) => Ran::Absent,
        Some(code) if TOO_LONG.contains(&code) => Ran::Failed(format!("it took more than {seconds} s")),
        _ if output.stderr.is_empty() => Ran::Failed(output.status.to_string()),
        _ => Ran::Failed(text(&output.stderr)),
    }
}

/// A program of Postern: the one beside this program, or else the first one found.
pub(crate) fn ours(name: &str) -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join(name)));
    // The packages install the daemons in sbin, which is not in every user's PATH.
    let places = beside.into_iter().chain([Path::new("/usr/sbin").join(name)]);
    places.into_iter().find(|path| path.exists()).unwrap_or_else(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_fails_or_is_not_there() {
        assert_eq!(run("echo", &["good"], None), Ran::Said("good".to_owned()));
        assert_eq!(run("sh", &["-c", "echo bad >&2; exit 3"], None), Ran::Failed("bad".to_owned()));
        assert!(matches!(run("sh", &["-c", "exit 3"], None), Ran::Failed(text) if text.contains('3')));
        assert_eq!(run("/nonexistent/postern-test", &[] as &[&str], None), Ran::Absent);
        let Ran::Said(session) = run("cut", &["-d ", "-f6", "/proc/self/stat"], None) else { panic!() };
        assert_ne!(session, nix::unistd::getsid(None).unwrap().to_string());
        assert_eq!(run_for("0.1", "sleep", &["600"], None), Ran::Failed("it took more than 0.1 s".to_owned()));
    }
}
