//! One process of the world: it is started, waited for and stopped by its own id, and its output is kept in a file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait;
use crate::{During, Error, Result};

/// The number of lines of a log that are shown after a failure.
const SHOWN_LINES: usize = 60;
/// The maximum length of a readiness message that is read; systemd's own limit is far above what a daemon sends.
const NOTIFY_LENGTH: usize = 4096;

/// How a service shows that it is ready.
#[derive(Debug)]
pub enum Ready {
    /// It accepts TCP connections on this port of 127.0.0.1.
    Port(u16),
    /// It accepts connections on this Unix socket.
    Socket(PathBuf),
    /// It sends `READY=1` to `NOTIFY_SOCKET` (sd_notify(3)).
    Notify,
}

/// A program, how to run it, and its process while it runs.
#[derive(Debug)]
pub struct Service {
    /// Its usual name.
    pub name: &'static str,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    ready: Ready,
    log: PathBuf,
    running: Option<Child>,
}

impl Service {
    /// A service that is not running yet; its output will go to `NAME.log` in `directory`.
    pub fn new(name: &'static str, program: impl Into<PathBuf>, ready: Ready, directory: &Path) -> Service {
        let log = directory.join(format!("{name}.log"));
        Service { name, program: program.into(), args: Vec::new(), env: Vec::new(), ready, log, running: None }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Service {
        self.args.push(arg.into());
        self
    }

    /// Adds variables to the environment of the next start.
    #[must_use]
    pub fn env(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Service {
        self.env.extend(variables);
        self
    }

    /// Starts the process and returns once it is ready. An error if it runs already, ends at once, or does not become
    /// ready.
    pub fn start(&mut self) -> Result<()> {
        if self.pid().is_some() {
            return Err(Error::new(format!("{} is running already", self.name)));
        }
        let notify = match self.ready {
            Ready::Notify => Some(self.notify_socket()?),
            Ready::Port(_) | Ready::Socket(_) => None,
        };
        let log = File::options().create(true).append(true).open(&self.log).during(self.log.display())?;
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.env.iter().map(|(key, value)| (key, value)));
        if notify.is_some() {
            command.env("NOTIFY_SOCKET", self.notify_path());
        }
        command.stdin(Stdio::null()).stderr(log.try_clone().during("log")?).stdout(log);
        self.running = Some(command.spawn().during(format_args!("starting {}", self.command_line()))?);
        wait::until(&format!("{} to answer", self.name), || {
            if let Some(status) = self.exited() {
                return Err(Error::new(format!("it ended at once ({status})")));
            }
            Ok(self.answers(notify.as_ref()).then_some(()))
        })
        .map_err(|error| {
            self.kill();
            Error::new(format!("{}: {error}\n{}\n{}", self.name, self.command_line(), self.log_tail()))
        })
    }

    fn answers(&self, notify: Option<&UnixDatagram>) -> bool {
        match &self.ready {
            Ready::Port(port) => TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok(),
            Ready::Socket(path) => UnixStream::connect(path).is_ok(),
            Ready::Notify => notify.is_some_and(|socket| {
                let mut message = [0; NOTIFY_LENGTH];
                let length = socket.recv(&mut message).unwrap_or(0);
                message[..length].split(|&byte| byte == b'\n').any(|line| line == b"READY=1")
            }),
        }
    }

    fn notify_path(&self) -> PathBuf {
        self.log.with_extension("notify")
    }

    /// A new socket for each start, so that an earlier process cannot report readiness for this one.
    fn notify_socket(&self) -> Result<UnixDatagram> {
        let path = self.notify_path();
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).during(path.display())?;
        socket.set_nonblocking(true).during(path.display())?;
        Ok(socket)
    }

    /// The process id while it runs.
    pub fn pid(&mut self) -> Option<u32> {
        if self.exited().is_some() {
            self.running = None;
        }
        self.running.as_ref().map(Child::id)
    }

    /// How the process ended, if it was started and has ended by itself.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.running.as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    /// Asks the process to end (SIGTERM) and waits for it; if it does not end, it is killed, which is an error.
    pub fn stop(&mut self) -> Result<()> {
        let Some(child) = &mut self.running else { return Ok(()) };
        // The signal has no effect on a process that has ended already.
        let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
        let ended = wait::until(&format!("{} to end", self.name), || child.try_wait().during("waiting"));
        self.kill();
        ended.map(drop)
    }

    /// Sends the process a signal: SIGHUP, SIGSTOP, SIGCONT. An error if it does not run.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        let pid = self.pid().ok_or_else(|| Error::new(format!("{} does not run", self.name)))?;
        kill(Pid::from_raw(pid.cast_signed()), signal).during(format_args!("{signal} to {}", self.name))
    }

    /// Ends the process at once (SIGKILL), as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// [`stop`](Service::stop), then [`start`](Service::start).
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.start()
    }

    /// The command line that starts it again.
    pub fn command_line(&self) -> String {
        let args = self.args.iter().map(|arg| arg.to_string_lossy());
        std::iter::once(self.program.to_string_lossy()).chain(args).collect::<Vec<_>>().join(" ")
    }

    /// Its whole output so far.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The end of the log, under a heading.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        format!("--- {} ---\n{}", self.log.display(), shown.join("\n"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports readiness only after it got the socket, and runs until it is asked to end.
    const NOTIFIER: &str = "import os, signal, socket
print('hello', flush=True)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'STATUS=up\\nREADY=1', os.environ['NOTIFY_SOCKET'])
signal.pause()";

    fn python(script: &str, directory: &Path) -> Service {
        Service::new("snake", "python3", Ready::Notify, directory).arg("-c").arg(script)
    }

    #[test]
    fn a_service_is_ready_when_it_says_so_and_ends_when_asked() {
        let directory = tempfile::tempdir().unwrap();
        let mut service = python(NOTIFIER, directory.path());
        service.start().unwrap();
        assert!(service.log_tail().contains("hello"));
        assert!(service.start().is_err(), "a second start while it runs");
        let first = service.pid().unwrap();
        service.restart().unwrap();
        assert_ne!(service.pid(), Some(first));
        service.kill();
        assert_eq!(service.pid(), None);
        service.start().unwrap();
        service.stop().unwrap();
        assert_eq!(service.pid(), None);
    }

    #[test]
    fn a_service_that_ends_at_once_is_an_error_with_its_log() {
        let directory = tempfile::tempdir().unwrap();
        let error = python("raise SystemExit('no such key: colour')", directory.path()).start().unwrap_err();
        assert!(error.to_string().contains("no such key: colour"), "{error}");
    }
}
