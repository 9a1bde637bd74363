//! `postern-proxy`: reads its configuration, opens its sockets, and stops in good order.

use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use postern_proxy::config::{self, Config};
use postern_proxy::daemon::Daemon;
use postern_proxy::listener::Listener;
use postern_proxy::tls::Certificate;
use postern_proxy::upstream::Upstream;
use postern_proxy::webmail::Gate;
use sd_notify::NotifyState;
use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Exit code: the command line, the configuration or a file that it names is wrong.
const WRONG: u8 = 2;
/// Where the log's filter is looked for; without one, [`LOG`] holds.
const LOG_VARIABLES: [&str; 2] = ["POSTERN_LOG", "RUST_LOG"];
/// What is logged by default.
const LOG: &str = "info";

/// The part of Postern that faces the internet: no webmail without the second factor.
#[derive(Parser)]
#[command(name = "postern-proxy", version)]
struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Only judge the configuration and the files that it names
    #[arg(long)]
    check: bool,
}

/// All that can be made, and be wrong, before a socket is opened.
struct Parts {
    settings: config::Webmail,
    certificate: Arc<Certificate>,
    upstream: Upstream,
    daemon: Daemon,
}

fn main() -> ExitCode {
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
    match run(parts) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(path: &Path) -> Result<Parts, Box<dyn Error>> {
    let Config { daemon, tls, webmail } = Config::load(path)?;
    let (Some(tls), Some(settings)) = (tls, webmail) else {
        return Err("there is nothing to listen for".into());
    };
    let certificate = Certificate::load(tls)?;
    let upstream = Upstream::new(&settings)?;
    Ok(Parts { settings, certificate, upstream, daemon: Daemon::new(daemon.socket) })
}

#[tokio::main]
async fn run(parts: Parts) -> Result<(), Box<dyn Error>> {
    let Parts { settings, certificate, upstream, daemon } = parts;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    raise_file_limit();
    let tls = certificate.server_config()?;
    let listener = Listener::bind(settings.listen, tls, settings.proxy_protocol_from.clone())?;
    tracing::info!(address = %listener.address()?, url = settings.public_url.origin(), "the webmail front listens");
    tokio::spawn(certificate.follow(hangup));
    let gate = Gate::new(&settings, upstream, daemon)?;
    tell_systemd(NotifyState::Ready);
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new connections, running requests may end");
        tell_systemd(NotifyState::Stopping);
    };
    listener.serve(move |request, peer| Arc::clone(&gate).serve(request, peer), stop).await;
    Ok(())
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

/// A connection needs two files, and the usual soft limit of 1024 is for programs that use `select`.
fn raise_file_limit() {
    let raised =
        getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}

fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}
