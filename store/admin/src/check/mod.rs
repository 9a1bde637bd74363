//! `postern check`: what is wrong, or leads around the second factor. posternd looks at what it was told; this command
//! looks at the host that it runs on, and tries the doors as a stranger would.

mod certificate;
mod connection;
mod doors;
mod dovecot;
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

use crate::daemon::{Daemon, WAIT_TRANSFER};
use crate::exit::{Exit, Failure};
use crate::screen::progress;
use crate::session::Session;
use clap::{Args, Subcommand};
use place::Place;
use postern_wire::admin::{Empty, Platform};
use postern_wire::methods::admin_method as m;
use proxy_config::ProxyConfig;
use report::{Line, Section, conclude};
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
It looks at posternd's sockets, at the permissions of keys and configurations,
at the clock, at what posternd finds wrong, at every PAM service of this host
that has pam_postern.so, and at Dovecot where one of them is Dovecot's. Where
there is a proxy.toml it looks at the certificate too, at the webmail and the
mail server behind, and tries each door of the fronts as a stranger would. It
has no credentials, sends none, and waits for nobody longer than a minute.

What can be reached from outside shows from outside only: run `postern check
doors` there.

Exit code 0 with warnings (1 with --strict), 1 when anything failed, 3 when
posternd cannot be reached.";

const DOORS_HELP: &str = "\
Run it where your users are, or strangers: it needs neither posternd nor a
configuration. Each PLACE is a URL (https://mail.example.com/,
imaps://mail.example.com; also http, imap, pop3s, pop3, sieve, submissions and
submission), or a host: then all of these are tried at their usual ports.

A front of Postern's is known by its own answers; each of its doors must be
closed, or ask for an app password. Anything else that would take a password
leads around the second factor. Where nobody answers, nobody gets in.

Exit code 0 with warnings (1 with --strict), 1 when something leads around.

Examples:
  postern check doors mail.example.com
  postern check doors https://ex01.example.com/ imaps://ex01.example.com";

/// Where to look.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Check {
    #[command(subcommand)]
    only: Option<Only>,
    /// The directory of PAM service files
    #[arg(long, value_name = "DIR", default_value = "/etc/pam.d")]
    pam: PathBuf,
    /// What `doveconf -n` prints, in a file, instead of asking it
    #[arg(long, value_name = "FILE")]
    dovecot: Option<PathBuf>,
    /// The configuration of posternd
    #[arg(long, value_name = "FILE", default_value = programs::POSTERND_CONFIG)]
    config: PathBuf,
    /// The configuration of postern-proxy
    #[arg(long, value_name = "FILE", default_value = proxy_config::DEFAULT_PATH)]
    proxy_config: PathBuf,
    /// Another server behind the fronts, which must be reachable from here: a URL
    #[arg(long, value_name = "PLACE", value_parser = place::read)]
    backend: Vec<Places>,
    /// A name under which this host or the mail server is known outside: a URL, or a host
    #[arg(long, value_name = "PLACE", value_parser = place::read)]
    also: Vec<Places>,
    /// Whom to trust beside the authorities that this system trusts, PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
}

/// What one argument names.
type Places = Vec<Place>;

/// What to look at instead of everything.
#[derive(Subcommand)]
enum Only {
    /// Try the doors of any host as a stranger would; needs neither posternd nor a configuration
    #[command(after_help = DOORS_HELP)]
    Doors(Doors),
}

/// Where to try.
#[derive(Args)]
struct Doors {
    /// A URL, or a host
    #[arg(required = true, value_name = "PLACE", value_parser = place::read)]
    places: Vec<Places>,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
}

impl Doors {
    fn run(self, session: &mut Session) -> Result<Exit, Failure> {
        let places = self.places.concat();
        let bar = progress(places.len() as u64, "Knocking");
        let outcomes = probe::all(&places, || bar.inc(1));
        bar.finish_and_clear();
        let tried = places.iter().zip(&outcomes);
        let mut lines: Vec<Line> = tried.flat_map(|(place, outcome)| doors::outside(place, outcome)).collect();
        lines.dedup();
        conclude(&mut session.screen, lines, self.strict)
    }
}

impl Check {
    pub(crate) fn run(self, session: &mut Session) -> Result<Exit, Failure> {
        if let Some(Only::Doors(doors)) = self.only {
            return doors.run(session);
        }
        let mut lines: Vec<Line> = files::admin_socket(&session.socket).into_iter().collect();
        // The daemon opens every record.
        let daemon = Daemon::connect(&session.socket, WAIT_TRANSFER);
        let asked = daemon.and_then(|mut daemon| {
            let found = daemon.call::<m::Check>(&Empty {})?;
            Ok((found, daemon.call::<m::ListPlatforms>(&Empty {})?.platforms))
        });
        let mut platforms = Vec::new();
        let unreachable = match asked {
            Ok((found, listed)) => {
                platforms = listed;
                lines.push(Line::ok(Section::Sockets, files::ADMIN, "posternd answers"));
                lines.extend(found.findings.into_iter().map(Line::from));
                None
            }
            Err(failure) => {
                lines.push(Line::failure(Section::Sockets, files::ADMIN, failure.to_string()));
                Some(failure.exit())
            }
        };
        lines.extend(files::of_posternd(&self.config));
        lines.push(programs::clock());
        lines.push(programs::posternd(&self.config));
        lines.extend(self.fronts(&platforms));
        let services = pam::services(&self.pam);
        lines.extend(services.iter().flat_map(|service| pam::judge(service, pam::connects)));
        lines.extend(dovecot::look(self.dovecot.as_deref(), &services));
        let exit = conclude(&mut session.screen, lines, self.strict)?;
        Ok(unreachable.unwrap_or(exit))
    }

    /// The fronts of this host, where it has any, and the places that the command line names.
    fn fronts(&self, platforms: &[Platform]) -> Vec<Line> {
        let mut lines = Vec::new();
        lines.push(programs::proxy(&self.proxy_config));
        let config = match ProxyConfig::load(&self.proxy_config) {
            Ok(Some((config, problems))) => {
                if let Some(problems) = problems {
                    let message = format!("{problems}\nWhat its table says is not looked at");
                    lines.push(Line::failure(Section::Configuration, "proxy.toml", message));
                }
                lines.extend(files::of_proxy(&self.proxy_config, &config));
                lines.extend(files::auth_socket(&config.daemon.socket));
                lines.extend(doors::policy(&config.doors));
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
        let named = fronts::Named { backends: self.backend.concat(), outside: self.also.concat() };
        lines.extend(fronts::look(&config, named, self.ca.as_deref()));
        lines
    }
}
