//! The log: its levels stand in `proxy.toml`, and are read again without a restart.

use crate::config;
use postern_process::log::{Levels, Log, Look, StartError};
use std::path::PathBuf;
use tokio::signal::unix::Signal;

/// Where levels may be set that go before those of `proxy.toml`; the first that is there counts.
const VARIABLES: [&str; 2] = ["POSTERN_LOG", "RUST_LOG"];

/// What levels may name, and the target of its lines: `postern_proxy=debug` and `postern_proxy::imap=debug` stand in
/// configurations, whichever crate a part is in.
const PARTS: &[(&str, &str)] = &[
    ("postern_proxy::acme", "postern_acme"),
    ("postern_proxy::body", "postern_http::body"),
    ("postern_proxy::places", "postern_front::connection_limits"),
    ("postern_proxy::daemon", "postern_front::daemon"),
    ("postern_proxy::follow", "postern_front::follow"),
    ("postern_proxy::guarded", "postern_http::guarded"),
    ("postern_proxy::head_guard", "postern_http::head_guard"),
    ("postern_proxy::imap", "postern_mail::imap"),
    ("postern_proxy::listener", "postern_http::listener"),
    ("postern_proxy::pool", "postern_http::pool"),
    ("postern_proxy::socket", "postern_front::socket"),
    ("postern_proxy::tls", "postern_front::tls"),
    ("postern_proxy::upstream", "postern_http::upstream"),
    ("postern_proxy::webmail", "postern_webmail"),
];

/// Begins the log.
///
/// # Errors
/// When the environment's levels are none.
pub fn start(configured: &Levels) -> Result<Log, StartError> {
    let look = Look { with_target: false, with_time: true, parts: PARTS };
    Log::start(Levels::default(), configured, &VARIABLES, look)
}

/// Takes up the levels that stand in the configuration at `path` at each `hangup`; for ever.
pub async fn follow(log: Log, path: PathBuf, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        match config::load(&path).map(|config| log.configure(&config.log.level)) {
            Ok(Some(levels)) => tracing::info!(%levels, "the log levels were read again"),
            Ok(None) => tracing::info!("the log levels stay as the environment has them"),
            Err(error) => tracing::error!(%error, "the log levels stay as they are: proxy.toml is wrong now"),
        }
    }
}
