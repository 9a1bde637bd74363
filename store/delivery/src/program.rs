//! A local program that sends messages: the one in `[sms] command` for text messages, sendmail for mail.

use crate::failure::Failed;
use crate::recipient::SmsRecipient;
use crate::said::said;
use crate::template::{Escape, Placeholder, Template};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use postern_wire::Secret;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Timeout for a program.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The `PATH` of a program. Its environment contains nothing else.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Maximum number of bytes of its error output that are read.
const COMPLAINT_MAX: u64 = 1024;
/// Exit statuses that mean a wrong recipient: EX_DATAERR, EX_NOUSER and EX_NOHOST of sysexits(3).
const WRONG_RECIPIENT: [i32; 3] = [65, 67, 68];

/// The program in `[sms] command`.
pub(crate) struct Program(Vec<Template>);

impl Program {
    pub(crate) fn new(command: &[Template]) -> Self {
        Self(command.to_vec())
    }

    /// Runs the program with the text on its standard input.
    pub(crate) async fn send(&self, number: &SmsRecipient, text: &Secret) -> Result<(), Failed> {
        let value = |place: &Placeholder| match place {
            Placeholder::Number => number.number(),
            Placeholder::Digits => number.digits(),
            // A configuration with these placeholders in a command is refused: other users could read them.
            Placeholder::Text | Placeholder::Secret(_) => "",
        };
        let words: Vec<_> = self.0.iter().map(|word| word.fill(Escape::Plain, value)).collect();
        let mut words = words.iter().map(|word| word.as_str());
        run(words.next().unwrap_or_default(), words, text.reveal().as_bytes()).await
    }
}

/// Runs a program with `input` on its standard input. Status 0 means that the message was sent.
pub(crate) async fn run<'a>(
    program: impl AsRef<OsStr>,
    arguments: impl Iterator<Item = &'a str>,
    input: &[u8],
) -> Result<(), Failed> {
    let shown = program.as_ref().to_string_lossy().into_owned();
    let unsent = |error: io::Error| Failed::Unsent(format!("{shown} cannot be run: {error}"));
    // A file and not a pipe: a process that the program leaves running may keep it open beyond the timeout.
    let mut complaint = tempfile::tempfile().map_err(unsent)?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", PATH).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(complaint.try_clone().map_err(unsent)?);
    let mut child = command.process_group(0).kill_on_drop(true).spawn().map_err(unsent)?;
    let group = child.id().and_then(|id| i32::try_from(id).ok());
    match timeout(PATIENCE, feed(&mut child, input)).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => {
            let why = format!("{shown} ended with {status} and says {}", said(&read(&mut complaint)));
            match status.code() {
                Some(code) if WRONG_RECIPIENT.contains(&code) => Err(Failed::Refused(why)),
                _ => Err(Failed::Unclear(why)),
            }
        }
        Ok(Err(error)) => Err(Failed::Unclear(format!("{shown} cannot be waited for: {error}"))),
        Err(_) => {
            if let Some(group) = group {
                // Kills its child processes as well. An error means that it has ended in the meantime.
                let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
            }
            Err(Failed::Unclear(format!("{shown} has not ended within {} s and was stopped", PATIENCE.as_secs())))
        }
    }
}

async fn feed(child: &mut Child, input: &[u8]) -> io::Result<ExitStatus> {
    if let Some(mut stdin) = child.stdin.take() {
        // The program need not read all of its input; its exit status decides.
        let _ = stdin.write_all(input).await;
    }
    child.wait().await
}

fn read(complaint: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = complaint.rewind().and_then(|()| complaint.take(COMPLAINT_MAX).read_to_end(&mut bytes));
    if read.is_err() {
        return String::new();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
