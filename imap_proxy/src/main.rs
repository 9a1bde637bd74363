//! `postern-proxy`: reads its configuration, opens its sockets, and stops in good order.

use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use postern_proxy::cli::Arguments;
use postern_proxy::config::{self, Config};
use postern_proxy::daemon::Daemon;
use postern_proxy::imap::{self, Backend, Security};
use postern_proxy::listener::{Listener, MAX_CONNECTIONS};
use postern_proxy::passed::Passed;
use postern_proxy::tls::Certificate;
use postern_proxy::upstream::Upstream;
use postern_proxy::webmail::Gate;
use sd_notify::NotifyState;
use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// Exit code: the command line, the configuration or a file that it names is wrong.
const WRONG: u8 = 2;
/// Where the log's filter is looked for; without one, [`LOG`] holds.
const LOG_VARIABLES: [&str; 2] = ["POSTERN_LOG", "RUST_LOG"];
/// What is logged by default.
const LOG: &str = "info";
/// Files of a connection: one to the client, one to what stands behind.
const FILES_EACH: usize = 2;

/// A front that serves until it is told to stop.
type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// All that can be made, and be wrong, before a socket is opened.
struct Parts {
    certificate: Arc<Certificate>,
    daemon: Daemon,
    imap: Option<(config::Imap, Backend)>,
    webmail: Option<(config::Webmail, Upstream)>,
}

fn main() -> ExitCode {
    keep_memory_out_of_dumps();
    let arguments = Arguments::parse();
    let parts = match start_log().and_then(|()| prepare(&arguments.config)) {
        Ok(parts) => parts,
        Err(error) => {
            // Not by the log: its filter may be what is wrong.
            drop(writeln!(io::stderr(), "postern-proxy: {error}"));
            return WRONG.into();
        }
    };
    if arguments.check {
        drop(writeln!(io::stdout(), "{}: in order", arguments.config.display()));
        return ExitCode::SUCCESS;
    }
    // Before there are threads: it changes the environment.
    match Passed::from_env().map_err(Into::into).and_then(|passed| run(parts, passed)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(path: &Path) -> Result<Parts, Box<dyn Error>> {
    let Config { daemon, tls, imap, webmail } = Config::load(path)?;
    let certificate = Certificate::load(tls.ok_or("there is nothing to listen for")?)?;
    let imap = match imap {
        Some(settings) => Some((settings.clone(), Backend::new(&settings)?)),
        None => None,
    };
    let webmail = match webmail {
        Some(settings) => Some((settings.clone(), Upstream::new(&settings)?)),
        None => None,
    };
    Ok(Parts { certificate, daemon: Daemon::new(daemon.socket), imap, webmail })
}

#[tokio::main]
async fn run(parts: Parts, mut passed: Passed) -> Result<(), Box<dyn Error>> {
    let Parts { certificate, daemon, imap, webmail } = parts;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    raise_file_limit(files_wanted(imap.as_ref().map(|(settings, _)| settings), webmail.is_some()));
    let (stopping, stopped) = watch::channel(());
    // Every socket is open before one is served: what cannot be bound ends the start, not half of the service.
    let mut serving: Vec<Serving> = Vec::new();
    if let Some((settings, upstream)) = webmail {
        let tls = certificate.server_config()?;
        let socket = passed.listen(settings.listen)?;
        let listener = Listener::new(socket, tls, settings.proxy_protocol_from.clone());
        tracing::info!(address = %listener.address()?, url = settings.public_url.origin(), "the webmail front listens");
        let gate = Gate::new(&settings, upstream, daemon.clone())?;
        let serve = listener.serve(move |request, peer| Arc::clone(&gate).serve(request, peer), told(stopped.clone()));
        serving.push(Box::pin(serve));
    }
    if let Some((settings, backend)) = imap {
        let front = imap::Front::new(&settings, &certificate, backend, daemon)?;
        for (address, security) in [(settings.listen, Security::Tls), (settings.starttls_listen, Security::Clear)] {
            let Some(address) = address else { continue };
            let socket = imap::Socket::new(passed.listen(address)?, security);
            tracing::info!(address = %socket.address()?, ?security, "the IMAP front listens");
            serving.push(Box::pin(socket.serve(Arc::clone(&front), told(stopped.clone()))));
        }
    }
    for address in passed.left() {
        tracing::warn!(%address, "systemd passes a socket that no `listen` names: nobody is answered there");
    }
    tokio::spawn(certificate.follow(hangup));
    tell_systemd(NotifyState::Ready);
    if let Some(patience) = sd_notify::watchdog_enabled() {
        tokio::spawn(beat(patience / 2));
    }
    let serving: Vec<_> = serving.into_iter().map(tokio::spawn).collect();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: no new connections, what is running may end");
    tell_systemd(NotifyState::Stopping);
    drop(stopping);
    for front in serving {
        front.await?;
    }
    Ok(())
}

/// Done when it is time to stop.
async fn told(mut stopped: watch::Receiver<()>) {
    // The sender is dropped when it is time; nothing is ever sent.
    drop(stopped.changed().await);
}

fn start_log() -> Result<(), Box<dyn Error>> {
    let set = LOG_VARIABLES.iter().find_map(|name| Some((name, std::env::var(name).ok()?)));
    let filter = match set {
        None => EnvFilter::new(LOG),
        Some((name, text)) => EnvFilter::try_new(&text).map_err(|error| {
            format!("{name}=`{text}` is no log filter: {error}; write `debug`, or `info,postern_proxy=debug`")
        })?,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    let log = log.with_ansi(io::stderr().is_terminal());
    // The journal has its own time for each line.
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        log.without_time().init()
    } else {
        log.init()
    }
    Ok(())
}

/// A crash must not write passwords and sessions to a disk.
fn keep_memory_out_of_dumps() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        // Before the log: its filter is not known yet.
        drop(writeln!(io::stderr(), "postern-proxy: a crash may leave a core dump: {error}"));
    }
}

/// How many files may be needed at once.
fn files_wanted(imap: Option<&config::Imap>, has_webmail: bool) -> usize {
    let of_imap = imap.map_or(0, |settings| settings.max_sessions.get().saturating_add(imap::MAX_WAITING));
    let of_webmail = if has_webmail { MAX_CONNECTIONS } else { 0 };
    of_imap.saturating_add(of_webmail).saturating_mul(FILES_EACH)
}

/// The usual soft limit of 1024 is for programs that use `select`.
fn raise_file_limit(wanted: usize) {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map(|()| hard));
    match raised {
        Ok(held) if held < wanted as u64 => tracing::warn!(
            held,
            wanted,
            "fewer files may be open than connections are allowed; raise `LimitNOFILE=` in the unit, or lower \
             `max_sessions` in [imap]"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

/// Tells systemd every so often that tasks are still run.
async fn beat(every: Duration) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        tell_systemd(NotifyState::Watchdog);
    }
}

fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}
