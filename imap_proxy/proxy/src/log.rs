//! The log: its levels are set in `proxy.toml`, and are read again without a restart.

use crate::config;
use postern_process::log::{Levels, Log, Look, StartError};
use std::path::PathBuf;
use tokio::signal::unix::Signal;

/// Environment variables with levels that override those of `proxy.toml`; the first that is set counts.
const VARIABLES: [&str; 2] = ["POSTERN_LOG", "RUST_LOG"];

/// The names that levels may contain, and the targets of their lines: configurations contain `postern_proxy=debug` and
/// `postern_proxy::imap=debug`, whichever crate a part is in.
const PARTS: &[(&str, &str)] = &[
    ("postern_proxy::acme", "postern_acme"),
    ("postern_proxy::body", "postern_http::body"),
    ("postern_proxy::daemon", "postern_front::daemon"),
    ("postern_proxy::follow", "postern_front::follow"),
    ("postern_proxy::guarded", "postern_http::guarded"),
    ("postern_proxy::head_guard", "postern_http::head_guard"),
    ("postern_proxy::imap", "postern_mail"),
    ("postern_proxy::imap::seats", "postern_mail::session_limits"),
    ("postern_proxy::imap::verdict", "postern_front::password_field"),
    ("postern_proxy::imap::warm", "postern_mail::preconnect"),
    ("postern_proxy::listener", "postern_http::listener"),
    ("postern_proxy::places", "postern_front::connection_limits"),
    ("postern_proxy::pop3", "postern_mail::pop3"),
    ("postern_proxy::pool", "postern_http::pool"),
    ("postern_proxy::socket", "postern_process::socket"),
    ("postern_proxy::tls", "postern_front::tls"),
    ("postern_proxy::upstream", "postern_http::upstream"),
    ("postern_proxy::webmail", "postern_webmail"),
    ("postern_proxy::webmail::door_verdict", "postern_front::password_field"),
    ("postern_proxy::webmail::doors", "postern_webmail::endpoints"),
    ("postern_proxy::webmail::gate", "postern_webmail::front"),
    ("postern_proxy::webmail::lost", "postern_webmail::challenge::lost"),
    ("postern_proxy::webmail::owa", "postern_products::owa"),
    ("postern_proxy::webmail::prepare", "postern_webmail::challenge::prepare"),
    ("postern_proxy::webmail::roundcube", "postern_products::roundcube"),
    ("postern_proxy::webmail::second_factor", "postern_webmail::challenge"),
    ("postern_proxy::webmail::security", "postern_webmail::account"),
    ("postern_proxy::webmail::set_up", "postern_webmail::challenge::set_up"),
    ("postern_proxy::webmail::sign_in", "postern_webmail::login"),
    ("postern_proxy::webmail::snappymail", "postern_products::snappymail"),
    ("postern_proxy::webmail::sogo", "postern_products::sogo"),
];

/// Starts the log.
///
/// # Errors
/// If the levels in the environment are invalid.
pub fn start(configured: &Levels) -> Result<Log, StartError> {
    let look = Look { with_target: false, with_time: true, parts: PARTS };
    Log::start(Levels::default(), configured, &VARIABLES, look)
}

/// Applies the levels of the configuration at `path` at each `hangup`; never returns.
pub async fn follow(log: Log, path: PathBuf, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        match config::load(&path).map(|config| log.configure(&config.log.level)) {
            Ok(Some(levels)) => tracing::info!(%levels, "the log levels were read again"),
            Ok(None) => tracing::info!("the log levels stay as the environment has them"),
            Err(error) => tracing::error!(%error, "the log levels stay as they are: proxy.toml is wrong now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_part_leads_to_a_module_that_there_is() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (part, target) in PARTS {
            assert!(part.starts_with("postern_proxy::"), "{part}");
            let mut names = target.split("::");
            let name = names.next().and_then(|name| name.strip_prefix("postern_")).unwrap_or_default();
            let folder = if name == "process" { "store" } else { "imap_proxy" };
            let file = names.fold(root.join(folder).join(name).join("src"), |path, name| path.join(name));
            assert!(file.is_dir() || file.with_extension("rs").is_file(), "{part} leads to {}", file.display());
        }
    }
}
