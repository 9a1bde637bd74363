//! From a configuration to a running daemon, and back to a stopped one.

use crate::config::{Config, Engine};
use crate::daemon::Daemon;
use crate::engine::SledEngine;
use crate::export;
use crate::master_key::{self, MasterKeys};
use crate::seal::{Sealer, header};
use crate::server::{self, FILES_WANTED, Side};
use crate::sweep;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// Where log levels are set: `POSTERN_LOG=debug`, `POSTERN_LOG=info,signin=warn`.
const LOG_VARIABLE: &str = "POSTERN_LOG";

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Makes the master key and an empty store; with `existing_key` only the store, under the key that is there.
///
/// # Errors
/// Where either exists, or cannot be made.
pub fn init(path: &Path, existing_key: bool) -> Outcome<String> {
    let config = Config::load(path)?;
    if config.store.path.exists() {
        let path = config.store.path.display();
        return Err(format!("{path} exists already; posternd init makes a new store only where there is none").into());
    }
    // A credential is the administrator's to make, and is there before the store is; a file is made here, and never
    // over another.
    let make_key = config.keys.credential.is_none() && !existing_key;
    let keys = if make_key { master_key::create(&config.keys.file)? } else { load_keys(&config)? };
    let sealer = Sealer::new(keys);
    let made = match config.store.engine {
        Engine::Sled => SledEngine::init(&config.store.path),
    };
    let engine = match made {
        Ok(engine) => engine,
        Err(error) => {
            if make_key {
                // It has sealed nothing; left behind, it would stand in the way of the next attempt.
                std::fs::remove_file(&config.keys.file)?;
            }
            return Err(error.into());
        }
    };
    runtime()?.block_on(header::write(&engine, &sealer))?;
    engine.close();
    let key = match &config.keys.credential {
        Some(name) => format!("the credential {name}"),
        None => format!("{} (keep a copy of it apart from the store's exports)", config.keys.file.display()),
    };
    Ok(format!("made an empty store in {}\nmaster key: {key}", config.store.path.display()))
}

/// Judges a configuration.
///
/// # Errors
/// What is wrong with it.
pub fn judge(path: &Path) -> Outcome<String> {
    Config::load(path)?;
    Ok(format!("{}: good", path.display()))
}

/// Runs the daemon until SIGTERM or SIGINT.
///
/// # Errors
/// Why it cannot start.
pub fn run(path: &Path) -> Outcome<()> {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info,sled=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .without_time()
        .with_writer(std::io::stderr)
        .init();
    keep_memory_out_of_dumps();
    let config = Config::load(path)?;
    allow_files();
    runtime()?.block_on(serve(config))
}

/// A crash must not write the master key and opened seeds to a disk.
fn keep_memory_out_of_dumps() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "a crash may leave a core dump with secrets in it");
    }
}

/// A service may open 1,024 files unless it asks for more, which is fewer than the connections that are served.
fn allow_files() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    if soft < FILES_WANTED && setrlimit(Resource::RLIMIT_NOFILE, FILES_WANTED.min(hard), hard).is_err()
        || hard < FILES_WANTED
    {
        tracing::warn!("only {hard} files can be open, {FILES_WANTED} are wanted: LimitNOFILE= is too low");
    }
}

async fn serve(config: Config) -> Outcome<()> {
    let sealer = Arc::new(Sealer::new(load_keys(&config)?));
    let (engine, repairs) = match config.store.engine {
        Engine::Sled => SledEngine::open(&config.store.path)?,
    };
    for repair in repairs {
        tracing::warn!("the store was repaired: {repair}");
    }
    let engine = Arc::new(engine);
    header::check(&*engine, &sealer)?;
    let daemon = Arc::new(Daemon::new(engine.clone(), sealer, config)?);
    let cleared = export::clear_broken_import(&daemon.records).await?;
    if cleared > 0 {
        daemon.reload_platforms()?;
        tracing::warn!("an import was broken off: {cleared} records of it were taken out. Import again");
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    let mut servers = tokio::task::JoinSet::new();
    let sockets = daemon.config.sockets.clone();
    for (side, path) in [(Side::Auth, &sockets.auth), (Side::Admin, &sockets.admin)] {
        servers.spawn(server::serve(daemon.clone(), side, server::listen(side, path)?, stopped.clone()));
    }
    let sweeper = tokio::spawn(sweep::run(daemon.clone()));
    tracing::info!("posternd {} is ready: {}", env!("CARGO_PKG_VERSION"), sockets.auth.display());
    // An error says that no service manager waits for it.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("posternd stops");
    sweeper.abort();
    let _ = stop.send(true);
    while servers.join_next().await.is_some() {}
    for path in [&sockets.auth, &sockets.admin] {
        // The next start removes what is left, too.
        let _ = std::fs::remove_file(path);
    }
    // What was acknowledged is on disk already; this ends the writer in an orderly way.
    tokio::task::spawn_blocking(move || engine.close()).await?;
    Ok(())
}

fn load_keys(config: &Config) -> Outcome<MasterKeys> {
    Ok(match &config.keys.credential {
        Some(name) => master_key::load_credential(std::env::var_os("CREDENTIALS_DIRECTORY").as_deref(), name)?,
        None => master_key::load_file(&config.keys.file)?,
    })
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
