//! Results of other programs: the daemons about their configurations, systemd about the clock.

use crate::files::PROXY_USER;
use crate::program::{self, Ran};
use crate::report::{Line, Section};
use nix::unistd::{User, geteuid};
use std::path::Path;

/// The default path of posternd.toml.
pub const POSTERND_CONFIG: &str = "/etc/postern/posternd.toml";
/// The user that the packaged daemon runs as.
const DAEMON_USER: &str = "postern";

/// Runs posternd to check its configuration.
pub(crate) fn posternd(config: &Path) -> Line {
    judged(config, "posternd.toml", "posternd", POSTERND_CONFIG, DAEMON_USER)
}

/// Runs postern-proxy to check its configuration, and the files in it.
pub(crate) fn proxy(config: &Path) -> Line {
    judged(config, "proxy.toml", "postern-proxy", crate::proxy_config::DEFAULT_PATH, PROXY_USER)
}

fn judged(config: &Path, subject: &str, program: &str, packaged: &str, user: &str) -> Line {
    let is_packaged = config == Path::new(packaged);
    match config.try_exists() {
        Ok(false) if is_packaged => {
            let message = format!("there is no {packaged} here, so {program} and what it needs was not looked at");
            return Line::ok(Section::Configuration, subject, message);
        }
        Ok(true) => {}
        Ok(false) => {
            return Line::failure(Section::Configuration, subject, format!("there is no {}", config.display()));
        }
        Err(error) => {
            let message = format!("{} cannot be looked at: {error}", config.display());
            return Line::warning(Section::Configuration, subject, message).advice("run this as root");
        }
    }
    // The user of the packaged service may not be able to read all files that root can.
    let as_service = is_packaged && geteuid().is_root();
    let user = Some(user).filter(|user| as_service && User::from_name(user).is_ok_and(|user| user.is_some()));
    let arguments = ["--config".as_ref(), config.as_os_str(), "--check".as_ref()];
    match program::run(program::ours(program), &arguments, user) {
        Ran::Said(text) => Line::ok(Section::Configuration, subject, text),
        Ran::Failed(why) => Line::failure(Section::Configuration, subject, why)
            .why(format!("{program} would not start with it"))
            .advice("what runs goes on with what it has read; put it right before the next restart"),
        Ran::Absent => {
            let message = format!("{program} is not installed here, so nobody has judged {}", config.display());
            Line::warning(Section::Configuration, subject, message)
        }
    }
}

/// Whether the clock is synchronized. The kernel knows (`adjtimex`), and systemd reports it.
pub(crate) fn clock() -> Line {
    const SUBJECT: &str = "clock";
    let why = "codes are of a time: with a clock that is wrong by a minute, right ones are refused";
    match program::run("timedatectl", &["show", "--property=NTPSynchronized", "--value"], None) {
        Ran::Said(text) if text == "yes" => Line::ok(Section::Clock, SUBJECT, "it is synchronised"),
        Ran::Said(_) => Line::warning(Section::Clock, SUBJECT, "nothing keeps it right: it is not synchronised")
            .why(why)
            .advice("timedatectl set-ntp true, or install chrony; then timedatectl status"),
        Ran::Failed(error) => {
            let error = error.lines().next().unwrap_or_default();
            let message = format!("it is not known whether it is kept right: timedatectl: {error}");
            Line::warning(Section::Clock, SUBJECT, message).why(why)
        }
        Ran::Absent => {
            Line::warning(Section::Clock, SUBJECT, "it is not known whether it is kept right: there is no timedatectl")
                .why(why)
                .advice("in a container, the host's clock counts: look there")
        }
    }
}
