//! The checks of `postern check`: what is wrong, or leads around the second factor. posternd checks what is configured
//! in it; this crate checks the host that it runs on, and tries endpoints as an unauthenticated client would. It has no
//! credentials and sends none. Each subject is one module.

mod certificate;
mod clock;
mod connection;
mod dovecot;
mod endpoints;
mod files;
mod fronts;
mod http;
mod listening;
mod local_proxy;
mod pam;
mod pam_control;
mod pam_dispatch;
mod pam_file;
mod place;
mod probe;
mod program;
mod programs;
mod proxy_config;
mod report;

pub use place::{Place, read as read_place};
pub use programs::POSTERND_CONFIG;
pub use proxy_config::DEFAULT_PATH as PROXY_CONFIG;
pub use report::{Line, Section};

use postern_wire::admin::{Finding, Platform};
use proxy_config::ProxyConfig;
use std::path::PathBuf;

/// Where to look.
#[derive(Debug)]
pub struct Where {
    /// The admin socket of posternd.
    pub admin_socket: PathBuf,
    /// The directory of PAM service files.
    pub pam: PathBuf,
    /// The output of `doveconf -n`, in a file. `None`: the program is run.
    pub dovecot: Option<PathBuf>,
    /// The configuration of posternd.
    pub posternd_config: PathBuf,
    /// The configuration of postern-proxy.
    pub proxy_config: PathBuf,
    /// Backends in addition to those of `proxy_config`; they must be reachable from here.
    pub backends: Vec<Place>,
    /// Places to check as an external client.
    pub outside: Vec<Place>,
    /// Trust anchors in addition to those of this system, PEM.
    pub ca: Option<PathBuf>,
}

/// The answers of posternd.
#[derive(Debug)]
pub struct FromDaemon {
    /// The findings of its own checks.
    pub findings: Vec<Finding>,
    /// Its platforms.
    pub platforms: Vec<Platform>,
}

/// Is told how many places have been tried, and of how many.
pub type Progress<'a> = &'a dyn Fn(usize, usize);

/// Checks this host. `asked` has the answers of posternd, or why there are none. Takes about a minute at most for what
/// is reached by network, and ten seconds for each program that is run.
pub fn host(places: Where, asked: Result<FromDaemon, String>, progress: Progress<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = files::admin_socket(&places.admin_socket).into_iter().collect();
    let mut platforms = Vec::new();
    match asked {
        Ok(found) => {
            platforms = found.platforms;
            lines.push(Line::ok(Section::Sockets, files::ADMIN, "posternd answers"));
            lines.extend(found.findings.into_iter().map(Line::from));
        }
        Err(why) => lines.push(Line::failure(Section::Sockets, files::ADMIN, why)),
    }
    lines.extend(files::of_posternd(&places.posternd_config));
    lines.push(programs::clock());
    lines.push(programs::posternd(&places.posternd_config));
    let services = pam::services(&places.pam);
    let dovecot = places.dovecot.clone();
    lines.extend(of_fronts(places, &platforms, progress));
    lines.extend(services.iter().flat_map(|service| pam::judge(service, pam::connects)));
    lines.extend(dovecot::look(dovecot.as_deref(), &services));
    lines
}

/// Checks the fronts of this host, if there are any, and the places that are named.
fn of_fronts(places: Where, platforms: &[Platform], progress: Progress<'_>) -> Vec<Line> {
    let mut lines = vec![programs::proxy(&places.proxy_config)];
    let config = match ProxyConfig::load(&places.proxy_config) {
        Ok(Some((config, problems))) => {
            if let Some(problems) = problems {
                let message = format!("{problems}\nWhat its table says is not looked at");
                lines.push(Line::failure(Section::Configuration, "proxy.toml", message));
            }
            lines.extend(files::of_proxy(&places.proxy_config, &config));
            lines.extend(files::auth_socket(&config.daemon.socket));
            lines.extend(endpoints::policy(&config.endpoints));
            lines.extend(local_proxy::judge(&config, platforms));
            config
        }
        Ok(None) => ProxyConfig::default(),
        Err(error) => {
            let message = format!("it cannot be read, so no front is looked at: {error}");
            lines.push(Line::failure(Section::Configuration, "proxy.toml", message));
            ProxyConfig::default()
        }
    };
    let named = fronts::Named { backends: places.backends, outside: places.outside };
    lines.extend(fronts::look(&config, named, places.ca.as_deref(), progress));
    lines
}

/// Tries places as an external client would, and returns what leads around the second factor there. Takes about a
/// minute at most.
pub fn endpoints(places: &[Place], progress: Progress<'_>) -> Vec<Line> {
    let outcomes = probe::all(places, progress);
    let mut lines: Vec<Line> =
        places.iter().zip(&outcomes).flat_map(|(place, outcome)| endpoints::outside(place, outcome)).collect();
    lines.dedup();
    lines
}
