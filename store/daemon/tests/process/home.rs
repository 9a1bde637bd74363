//! A private directory with a configuration, a master key and a store, and the `posternd` that runs there.

use crate::authenticator::code;
use crate::people::{ALICE, Enrolled};
use crate::power_cut::Recorder;
use crate::wall_clock::{self, WallClock};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postern_wire::Secret;
use posternd::clock::Stopwatch;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use tempfile::TempDir;

/// Timeout for `posternd` to be ready, or to exit.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Interval of the checks whether a process that is not ready yet is still running.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The properties of a home.
#[derive(Default)]
pub(crate) struct Plan<'a> {
    /// Lines for the configuration's `[names]`.
    pub(crate) names: &'a str,
    /// The directory of the store, also as seen from the home itself; none: inside the home.
    pub(crate) disk: Option<&'a Path>,
    /// Whether the wall clock stands still until it is moved.
    pub(crate) clock: bool,
    /// `POSTERN_LOG`; empty: debug.
    pub(crate) log: &'a str,
    /// The master key is a copy of this file, not a new one.
    pub(crate) key: Option<PathBuf>,
    /// Records the changes to its files.
    pub(crate) recorder: Option<Recorder>,
}

/// A home directory.
pub(crate) struct Home {
    dir: TempDir,
    store: PathBuf,
    clock: Option<WallClock>,
    recorder: Option<Recorder>,
    log: String,
    secrets: Mutex<BTreeSet<String>>,
    post: OnceLock<PathBuf>,
}

impl Home {
    /// Creates a home with a wall clock that stands still.
    pub(crate) fn with_clock() -> Self {
        Self::new(Plan { clock: true, ..Plan::default() })
    }

    /// Creates a configuration, a master key and an empty store.
    pub(crate) fn new(plan: Plan<'_>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join(plan.disk.unwrap_or(Path::new(""))).join("store");
        let clock = plan.clock.then(|| WallClock::new(dir.path()));
        let log = if plan.log.is_empty() { "debug,sled=info" } else { plan.log }.to_owned();
        let Plan { recorder, .. } = plan;
        let home = Self { dir, store, clock, recorder, log, secrets: Mutex::default(), post: OnceLock::new() };
        let config = format!(
            "[store]\npath = {store:?}\n[keys]\nfile = {key:?}\n[sockets]\nauth = {auth:?}\nadmin = {admin:?}\n\
             [metrics]\nlisten = {metrics:?}\n[names]\ndefault_domain = \"example.com\"\n{names}\n",
            store = home.store,
            key = home.path("master.key"),
            auth = home.auth(),
            admin = home.admin(),
            metrics = home.metrics(),
            names = plan.names,
        );
        fs::write(home.path("posternd.toml"), config).unwrap();
        let made = match &plan.key {
            Some(key) => {
                fs::copy(key, home.path("master.key")).unwrap();
                home.output(&["init", "--existing-key"])
            }
            None => home.output(&["init"]),
        };
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        home
    }

    /// The path of a file in this home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Sets the directory of sent messages; it is removed with this home.
    pub(crate) fn post_office(&self, directory: PathBuf) {
        self.post.set(directory).unwrap();
    }

    /// The directory of sent messages.
    pub(crate) fn post(&self) -> &Path {
        self.post.get().expect("this home sends nothing")
    }

    /// The store's directory.
    pub(crate) fn store(&self) -> &Path {
        &self.store
    }

    /// The auth socket.
    pub(crate) fn auth(&self) -> PathBuf {
        self.path("auth.sock")
    }

    /// The admin socket.
    pub(crate) fn admin(&self) -> PathBuf {
        self.path("admin.sock")
    }

    /// The socket of the metrics.
    pub(crate) fn metrics(&self) -> PathBuf {
        self.path("metrics.sock")
    }

    /// The wall clock that the plan requested.
    pub(crate) fn clock(&self) -> &WallClock {
        self.clock.as_ref().expect("this home has the machine's clock")
    }

    /// The recorder that the plan requested.
    pub(crate) fn recorder(&self) -> &Recorder {
        self.recorder.as_ref().expect("nothing is written down of this home")
    }

    /// Everything that `posternd` has written to its journal.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("posternd.log")).unwrap_or_default()
    }

    /// Records a secret that must be found neither in the journal nor in the store.
    pub(crate) fn saw(&self, secret: &Secret) {
        self.secrets.lock().unwrap().insert(secret.reveal().to_owned());
    }

    /// Runs `posternd` with these arguments and this home's configuration until it exits.
    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_posternd").as_ref());
        command.args(arguments).arg("--config").arg(self.path("posternd.toml")).output().unwrap()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("POSTERN_LOG", &self.log);
        if let Some(clock) = &self.clock {
            clock.give(&mut command);
        }
        if let Some(recorder) = &self.recorder {
            recorder.give(&mut command, self.dir.path());
        }
        command
    }

    /// Starts `posternd` and waits until it is ready.
    pub(crate) fn start(&self) -> Running<'_> {
        self.try_start().unwrap_or_else(|said| panic!("posternd did not start: {said}"))
    }

    /// Starts `posternd` and creates the platform.
    pub(crate) fn start_with_platform(&self) -> Running<'_> {
        let posternd = self.start();
        posternd.make_platform();
        posternd
    }

    /// Starts `posternd`, creates the platform and protects Alice's account.
    pub(crate) fn start_with_alice(&self) -> (Running<'_>, Enrolled) {
        let posternd = self.start_with_platform();
        let alice = posternd.enrolled(ALICE);
        (posternd, alice)
    }

    /// The code that an authenticator with this secret shows now.
    pub(crate) fn code(&self, secret: &str) -> String {
        code(secret, self.clock().now())
    }

    /// Starts it; the error is its output when it failed.
    pub(crate) fn try_start(&self) -> Result<Running<'_>, String> {
        let before = self.log().len();
        let mut running = self.spawn(&[env!("CARGO_BIN_EXE_posternd")]);
        match running.ready_within(READY_WITHIN) {
            Some(Ok(())) => Ok(running),
            Some(Err(_)) => Err(self.log()[before..].to_owned()),
            None => panic!("posternd is neither ready nor gone:\n{}", self.log()),
        }
    }

    /// Starts `words` (`posternd`, or a command that executes it) without waiting.
    pub(crate) fn spawn(&self, words: &[&str]) -> Running<'_> {
        let notify = self.path("notify.sock");
        let _ = fs::remove_file(&notify);
        let socket = UnixDatagram::bind(&notify).unwrap();
        let log = OpenOptions::new().create(true).append(true).open(self.path("posternd.log")).unwrap();
        let child = self
            .command(words[0].as_ref())
            .args(&words[1..])
            .arg("--config")
            .arg(self.path("posternd.toml"))
            .env("NOTIFY_SOCKET", &notify)
            .stderr(log)
            .spawn()
            .unwrap();
        Running { home: self, child, notify: socket }
    }

    fn assert_no_secret_is_shown(&self) {
        let mut paths = vec![self.path("posternd.log")];
        for directory in [&self.store, &self.store.with_file_name("exports")] {
            paths.extend(files_below(directory));
        }
        let secrets = self.secrets.lock().unwrap();
        for place in paths {
            let bytes = fs::read(&place).unwrap_or_default();
            for secret in secrets.iter() {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{} shows the secret {secret}", place.display());
            }
        }
    }
}

/// Every file below a directory.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(post) = self.post.get() {
            let _ = fs::remove_dir_all(post);
        }
        if !std::thread::panicking() {
            self.assert_no_secret_is_shown();
        }
    }
}

/// A running `posternd`; killed when dropped.
pub(crate) struct Running<'h> {
    /// Its home.
    pub(crate) home: &'h Home,
    child: Child,
    notify: UnixDatagram,
}

impl Running<'_> {
    /// Waits until it is ready or has ended, or until this time has passed.
    pub(crate) fn ready_within(&mut self, time: Duration) -> Option<Result<(), ExitStatus>> {
        self.told_or_ended(time, "READY=1")
    }

    /// Waits until it has sent this word to systemd; false on a timeout.
    pub(crate) fn told_within(&mut self, time: Duration, word: &str) -> bool {
        matches!(self.told_or_ended(time, word), Some(Ok(())))
    }

    fn told_or_ended(&mut self, time: Duration, word: &str) -> Option<Result<(), ExitStatus>> {
        let waiting = Stopwatch::start();
        let mut said = [0; 256];
        while let Some(left) = time.checked_sub(waiting.elapsed()).filter(|left| !left.is_zero()) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(Err(status));
            }
            self.notify.set_read_timeout(Some(left.min(LOOK_EVERY))).unwrap();
            match self.notify.recv(&mut said) {
                Ok(length) if said[..length].starts_with(word.as_bytes()) => return Some(Ok(())),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), WouldBlock | TimedOut | Interrupted) => {}
                Err(error) => panic!("{error}"),
            }
        }
        None
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// Sends SIGTERM, and expects a clean exit.
    pub(crate) fn stop(mut self) {
        kill(self.pid(), Signal::SIGTERM).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}\n{}", self.home.log());
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Number of bytes that it has written so far, to any file or socket.
    pub(crate) fn written(&self) -> u64 {
        let io = fs::read_to_string(format!("/proc/{}/io", self.pid())).unwrap();
        io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap().parse().unwrap()
    }

    /// Number of its open files and sockets.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        wall_clock::sweep_up(self.child.id());
    }
}

impl Drop for Running<'_> {
    #[expect(clippy::print_stderr, reason = "what a failed test is explained by")]
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            let log = self.home.log();
            let last: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("posternd said last, newest first:\n{}", last.join("\n"));
        }
    }
}
