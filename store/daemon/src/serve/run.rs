//! Starting the daemon from a configuration, and stopping it.

use crate::cli::Init;
use crate::clock;
use crate::config::{self, Config};
use crate::daemon::Daemon;
use crate::key_source::KeySource;
use crate::log;
use crate::metrics::{METRICS, Snapshot};
use crate::notify::outbox;
use crate::notify::senders;
use crate::serve::server::{self, FILES_WANTED};
use crate::serve::side::Side;
use crate::upkeep::ends;
use crate::upkeep::sweep;
use nix::unistd::{Gid, Uid, geteuid, setegid, seteuid};
use postern_engine::{Change, Engine, EngineError, SledEngine};
use postern_process::activated::{ActivatedAddress, ActivatedSockets};
use postern_process::log::Log;
use postern_process::{limits, scrape, systemd};
use postern_rules::message_cap::Medium;
use postern_vault::COMMIT_DEADLINE;
use postern_vault::export;
use postern_vault::header;
use postern_vault::master_key::{self, CREDENTIAL, MasterKeys};
use postern_vault::seal::Sealer;
use std::error::Error;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The key of the commit that checks whether the store's writer is running. No record with this key ever exists.
const HEARTBEAT_KEY: &[u8] = b"meta/heartbeat";

/// Number of threads for administrators' calls and upkeep together.
const BACKGROUND_THREADS: usize = 2;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Creates the master key and an empty store; with `existing_key` only the store, under the existing key. Returns what
/// was created.
///
/// # Errors
/// If either exists (with `if_absent`, that is reported as a success, and nothing is created), or cannot be created.
pub fn init(init: &Init) -> Outcome<String> {
    let config = Config::load(&init.config)?;
    if init.if_absent && (config.store.path.exists() || config.keys.file.exists()) {
        return Ok("there is a master key or a store already; nothing was made".to_owned());
    }
    if config.store.path.exists() {
        let path = config.store.path.display();
        return Err(format!("{path} exists already; posternd init makes a new store only where there is none").into());
    }
    // A credential is created by the administrator, and exists before the store does; a key file is created here, and
    // never replaces another.
    let make_key = config.keys.credential.is_none() && !init.existing_key;
    let keys = if make_key { master_key::create(&config.keys.file)? } else { load_keys(&config)?.0 };
    if let Err(error) = make_store(&config, &Sealer::new(keys)) {
        let (store, key) = (config.store.path.display(), config.keys.file.display());
        if config.store.path.exists() {
            // Data may be sealed under the key, whatever error the disk returned, so the key is kept.
            return Err(format!(
                "{error}\nthe store in {store} may have been begun. If nothing is in it yet, remove it, and run `posternd \
                 init --existing-key`: the master key stays"
            )
            .into());
        }
        if make_key {
            // It has sealed nothing; if it were left, it would prevent the next attempt.
            std::fs::remove_file(&config.keys.file).map_err(|why| format!("{error}\n{key} stays: {why}"))?;
        }
        return Err(error);
    }
    let key = match &config.keys.credential {
        Some(name) => format!("the credential {name}"),
        None => format!("{} (keep a copy of it apart from the store's exports)", config.keys.file.display()),
    };
    Ok(format!("made an empty store in {}\nmaster key: {key}", config.store.path.display()))
}

/// Adds a master key to the file that the configuration names; `posternd` uses it from its next start.
///
/// # Errors
/// When there is no such file, or it cannot be replaced.
pub fn add_key(path: &Path) -> Outcome<String> {
    let config = Config::load(path)?;
    let keys = master_key::add(&config.keys.file)?;
    let file = config.keys.file.display();
    Ok(format!(
        "{file} has a new master key, {}. Restart posternd: from then on it seals under it, and seals anew what is there. \
         Keep a copy of the file: exports of before need its older keys",
        keys.active()
    ))
}

fn make_store(config: &Config, sealer: &Sealer) -> Outcome<()> {
    let _owner = Owner::of_what_is_made_in(config.store.path.parent().unwrap_or(Path::new("/")))?;
    let engine = match config.store.engine {
        config::Engine::Sled => SledEngine::init(&config.store.path)?,
    };
    let sealed = runtime("init", Some(1))?.block_on(header::write(&engine, sealer));
    engine.close();
    Ok(sealed?)
}

/// While this value exists, root acts as another user: posternd's user must be able to open the store that root
/// creates.
struct Owner;

impl Owner {
    /// Makes root act as the owner of `directory`; any other user is unchanged.
    fn of_what_is_made_in(directory: &Path) -> Outcome<Option<Self>> {
        let Some(about) = std::fs::metadata(directory).ok().filter(|_| geteuid().is_root()) else { return Ok(None) };
        let owner = Self;
        setegid(Gid::from_raw(about.gid()))?;
        seteuid(Uid::from_raw(about.uid()))?;
        Ok(Some(owner))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = seteuid(Uid::from_raw(0)).and_then(|()| setegid(Gid::from_raw(0)));
    }
}

/// Validates a configuration, and the files of secrets that it names.
///
/// # Errors
/// The errors in the configuration.
pub fn judge(path: &Path) -> Outcome<String> {
    senders::judge(&Config::load(path)?)?;
    Ok(format!("{}: good", path.display()))
}

/// Runs the daemon until SIGTERM or SIGINT.
///
/// # Errors
/// Why the daemon cannot start.
pub fn run(path: &Path) -> Outcome<()> {
    let config = Config::load(path)?;
    let log = log::start(&config)?;
    if let Err(error) = limits::disable_core_dumps() {
        tracing::warn!(%error, "a crash may leave a core dump with secrets in it");
    }
    raise_file_limit();
    let activated = activated_sockets()?;
    // Administrators' calls and upkeep have a small number of threads of their own: their searches and computations
    // never block the threads that answer sign-ins and handle SIGTERM.
    let background = runtime("background", Some(BACKGROUND_THREADS))?;
    let outcome = runtime("sign-in", None)?.block_on(serve(config, log, activated, background.handle()));
    // Computations that still run there are not awaited: they can no longer write anything.
    background.shutdown_background();
    outcome
}

/// Returns the sockets that systemd passes; posternd has Unix sockets only.
fn activated_sockets() -> Outcome<ActivatedSockets> {
    let wrong = |why: &dyn std::fmt::Display| {
        format!("a socket that systemd passes is of no use: {why}. Let its unit have ListenStream= and a path")
    };
    let activated = ActivatedSockets::from_env().map_err(|error| wrong(&error))?;
    if let Some(address) = activated.left().find(|address| matches!(address, ActivatedAddress::Tcp(_))) {
        return Err(wrong(&format_args!("{address} is no Unix socket")).into());
    }
    Ok(activated)
}

/// Raises the limit of open files. The default of a service is 1,024, which is less than the number of connections that
/// are served.
fn raise_file_limit() {
    match limits::raise_open_files() {
        Ok(held) if held < FILES_WANTED => {
            tracing::warn!("only {held} files can be open, {FILES_WANTED} are wanted: LimitNOFILE= is too low");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

async fn serve(config: Config, log: Log, mut activated: ActivatedSockets, background: &Handle) -> Outcome<()> {
    let (keys, source) = load_keys(&config)?;
    let sealer = Arc::new(Sealer::new(keys));
    let (engine, repairs) = match config.store.engine {
        config::Engine::Sled => SledEngine::open(&config.store.path)?,
    };
    for repair in repairs {
        tracing::warn!("the store was repaired: {repair}");
    }
    let engine = Arc::new(engine);
    header::check(&*engine, &sealer).await?;
    let daemon = Arc::new(Daemon::new(engine.clone(), sealer, config, source, Arc::new(log)).await?);
    // This process has the store to itself: whatever import was being written, was interrupted.
    daemon.effects.clear_broken_import(Duration::ZERO).await?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, stopped) = watch::channel(false);
    let mut servers = tokio::task::JoinSet::new();
    let sockets = daemon.config.sockets.clone();
    let mut made = Vec::new();
    for (side, path) in [(Side::Auth, &sockets.auth), (Side::Admin, &sockets.admin)] {
        let threads = threads_of(side, background);
        let _in = threads.enter();
        let listener = match activated.take_unix(path) {
            Some(listener) => server::adopt(path, listener)?,
            None => {
                made.push(path);
                server::listen(side, path)?
            }
        };
        servers.spawn_on(server::serve(daemon.clone(), side, listener, stopped.clone()), &threads);
    }
    for address in activated.left() {
        tracing::warn!("systemd passes {address}, which [sockets] does not name: nobody is answered there");
    }
    let metrics = {
        let daemon = daemon.clone();
        background.spawn(async move { show_metrics(&daemon).await.map_err(|error| error.to_string()) }).await??
    };
    let ender = tokio::spawn(tick(daemon.clone()));
    let mut follower = tokio::spawn(follow(daemon.clone()));
    let sweeper = background.spawn(sweep::run(daemon.clone()));
    let heart = systemd::watchdog_interval().map(|interval| {
        let engine = engine.clone();
        tokio::spawn(async move { beat(&*engine, interval, systemd::notify_alive).await })
    });
    tracing::info!("posternd {} is ready: {}", env!("CARGO_PKG_VERSION"), sockets.auth.display());
    systemd::notify_ready();
    let is_broken = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        // Without it, changes of platforms would not reach sign-ins.
        _ = &mut follower => true,
    };
    systemd::notify_stopping();
    tracing::info!("posternd stops");
    ender.abort();
    sweeper.abort();
    metrics.inspect(JoinHandle::abort);
    let _ = stop.send(true);
    let all_gone = async { while servers.join_next().await.is_some() {} };
    if tokio::time::timeout(server::STOP_WITHIN, all_gone).await.is_err() {
        tracing::warn!("a call of an administrator is not waited for any longer");
    }
    follower.abort();
    if let Some(heart) = heart {
        heart.abort();
    }
    for path in made {
        // The next start removes a remaining file as well.
        let _ = std::fs::remove_file(path);
    }
    // Acknowledged writes are on disk already; this stops the writer cleanly.
    tokio::task::spawn_blocking(move || engine.close()).await?;
    if is_broken {
        return Err("the task that takes up what is written has ended: posternd has to be started anew".into());
    }
    Ok(())
}

/// Applies commits made here or elsewhere.
async fn follow(daemon: Arc<Daemon>) {
    daemon.effects.run().await;
}

/// Runs the tasks besides the sockets: expiry, and delivery of notices.
async fn tick(daemon: Arc<Daemon>) {
    let outbox = outbox::run(&daemon.records, &daemon.senders, &daemon.effects.queued);
    tokio::join!(ends::run(&daemon), outbox);
}

/// Serves metrics, if they are configured.
async fn show_metrics(daemon: &Arc<Daemon>) -> Outcome<Option<JoinHandle<()>>> {
    let Some(place) = &daemon.config.metrics.listen else { return Ok(None) };
    let listener = scrape::Listener::bind(place).await?;
    tracing::info!("metrics are shown at {place}");
    let daemon = Arc::clone(daemon);
    Ok(Some(tokio::spawn(listener.serve(move || {
        let daemon = Arc::clone(&daemon);
        async move { METRICS.look(&snapshot(&daemon).await) }
    }))))
}

/// Reads the values that metrics look up on each request. Only the queued notices are counted for it.
async fn snapshot(daemon: &Daemon) -> Snapshot {
    let left = async |kind| daemon.senders.left(clock::now(), kind).await;
    Snapshot {
        started: daemon.started,
        is_writable: daemon.records.engine().health().is_ok(),
        last_export: export::newest(&daemon.config.export_path()),
        notices_waiting: outbox::waiting(&daemon.records).await.ok(),
        texts_left: left(Medium::Text).await,
        mails_left: left(Medium::Mail).await,
    }
}

/// Returns the runtime that answers on a socket.
fn threads_of(side: Side, background: &Handle) -> Handle {
    match side {
        Side::Auth => Handle::current(),
        Side::Admin => background.clone(),
    }
}

/// Regularly notifies systemd that the daemon is alive: that tasks besides the sign-ins run, and that the store has a
/// writer. A store that does not respond is no reason for a restart, which would not help: operations that need it are
/// refused until it responds. A store whose writer has ended can be recovered only by a new process.
async fn beat(engine: &dyn Engine, every: Duration, mut tell: impl FnMut()) {
    let mut ticks = tokio::time::interval(every);
    let mut is_late = false;
    loop {
        ticks.tick().await;
        // This change expects a key that does not exist, and writes nothing.
        let nothing = Change::expect(HEARTBEAT_KEY, None);
        let answered = tokio::time::timeout(COMMIT_DEADLINE.min(every), engine.commit(vec![nothing])).await;
        if matches!(answered, Ok(Err(EngineError::Closed))) {
            tracing::error!("the store's writer is gone: posternd has to be started anew, and no longer beats");
            return;
        }
        if answered.is_err() && !is_late {
            tracing::error!(
                "the store does not answer: is its disk busy? Whatever has to be written is refused until then"
            );
        }
        is_late = answered.is_err();
        tell();
    }
}

/// Loads the master keys: from the credential that the configuration names, and from nothing else; otherwise from the
/// credential that the packaged unit passes; otherwise from the file.
fn load_keys(config: &Config) -> Outcome<(MasterKeys, KeySource)> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    let is_passed = credentials.as_ref().is_some_and(|directory| Path::new(directory).join(CREDENTIAL).exists());
    let credential = config.keys.credential.as_deref().or(is_passed.then_some(CREDENTIAL));
    Ok(match credential {
        Some(name) => (master_key::load_credential(credentials.as_deref(), name)?, KeySource::Credential),
        None => (master_key::load_file(&config.keys.file)?, KeySource::File(config.keys.file.clone())),
    })
}

/// Creates a runtime whose threads have this name: this number of threads, or one for each processor.
fn runtime(name: &str, threads: Option<usize>) -> Outcome<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    Ok(builder.thread_name(name).enable_all().build()?)
}

#[cfg(test)]
mod tests;
