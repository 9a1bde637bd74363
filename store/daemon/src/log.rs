//! The log of posternd, and its levels at the start.

use crate::config::Config;
use postern_process::log::{Log, Look};
use std::error::Error;

/// Default levels, with lower precedence than those of `posternd.toml`: sled logs its own operation.
const USUAL: &str = "info,sled=warn";
/// Environment variables whose levels take precedence over those of `posternd.toml`.
const VARIABLES: [&str; 1] = ["POSTERN_LOG"];

/// The parts that levels may name, and the target of each one's log lines: `posternd::senders=debug` stays valid in
/// configurations, whichever folder or crate a part is in.
const PARTS: &[(&str, &str)] = &[
    ("posternd::audit", "postern_vault::audit"),
    ("posternd::browsers", "posternd::sign_in::browsers"),
    ("posternd::codes", "posternd::sign_in::codes"),
    ("posternd::places", "posternd::serve::socket_limits"),
    ("posternd::ends", "posternd::upkeep::ends"),
    ("posternd::engine", "postern_engine"),
    ("posternd::export", "postern_vault::export"),
    ("posternd::field", "posternd::sign_in::field"),
    ("posternd::log", "posternd::administer::log"),
    ("posternd::keys", "posternd::security_keys"),
    ("posternd::master_key", "postern_vault::master_key"),
    ("posternd::notices", "posternd::notify::notices"),
    ("posternd::outbox", "posternd::notify::outbox"),
    ("posternd::peers", "posternd::serve::peers"),
    ("posternd::prepare", "posternd::sign_in::prepare"),
    ("posternd::records", "postern_vault::records"),
    ("posternd::requests", "posternd::account::requests"),
    ("posternd::rotate", "posternd::upkeep::reseal"),
    ("posternd::run", "posternd::serve::run"),
    ("posternd::seal", "postern_vault::seal"),
    ("posternd::security", "posternd::account::security"),
    ("posternd::senders", "posternd::notify::senders"),
    ("posternd::server", "posternd::serve::server"),
    ("posternd::service", "posternd::serve::auth_verbs"),
    ("posternd::service", "posternd::serve::service"),
    ("posternd::service::sign_in", "posternd::serve::auth_verbs"),
    ("posternd::signin", "posternd::sign_in"),
    ("posternd::sweep", "posternd::upkeep::sweep"),
];

/// Starts the log.
///
/// # Errors
/// When the levels in the environment are invalid.
pub fn start(config: &Config) -> Result<Log, Box<dyn Error>> {
    let look = Look { with_target: true, with_time: false, parts: PARTS };
    Ok(Log::start(USUAL.parse()?, &config.log.level, &VARIABLES, look)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_part_leads_to_a_module_that_there_is() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (part, target) in PARTS {
            assert!(part.starts_with("posternd::"), "{part}");
            let mut names = target.split("::");
            let folder = match names.next() {
                Some("posternd") => "daemon",
                Some("postern_vault") => "vault",
                Some("postern_engine") => "engine",
                other => panic!("{part}: no crate of posternd's is {other:?}"),
            };
            let file = names.fold(crates.join(folder).join("src"), |path, name| path.join(name));
            assert!(file.is_dir() || file.with_extension("rs").is_file(), "{part} leads to {}", file.display());
        }
    }
}
