//! `postern check`: its command line, the questions to posternd, and the output. The checks are in postern-check.

mod report;

use crate::context::CommandContext;
use crate::daemon::{Daemon, WAIT_TRANSFER};
use crate::exit::{Exit, Failure};
use crate::screen::progress;
use clap::{Args, Subcommand};
use postern_check::{FromDaemon, POSTERND_CONFIG, PROXY_CONFIG, Place, Where, read_place};
use postern_wire::admin::Empty;
use postern_wire::methods::admin_method as m;
use report::conclude;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
It looks at posternd's sockets, at the permissions of keys and configurations,
at the clock, at what posternd finds wrong, at every PAM service of this host
that has pam_postern.so, and at Dovecot where one of them is Dovecot's. Where
there is a proxy.toml it looks at the certificate too, at the webmail and the
mail server behind, and tries each endpoint of the fronts as any client could.
It has no credentials, sends none, and waits a minute for an answer at most.

What can be reached from outside is seen from outside only: run `postern check
doors` there.

Exit code 0 with warnings (1 with --strict), 1 when anything failed, 3 when
posternd cannot be reached.";

const ENDPOINTS_HELP: &str = "\
Run it where clients are, inside or outside: it needs neither posternd nor a
configuration. Each PLACE is a URL (https://mail.example.com/,
imaps://mail.example.com; also http, imap, pop3s, pop3, sieve, submissions and
submission), or a host: then all of these are tried at their usual ports.

A front of Postern is recognized by its answers; each of its endpoints must be
closed, or ask for an app password. Anything else that would take a password
bypasses the second factor. Where nothing answers, nobody gets in.

Exit code 0 with warnings (1 with --strict), 1 when something bypasses it.

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
    #[arg(long, value_name = "FILE", default_value = POSTERND_CONFIG)]
    config: PathBuf,
    /// The configuration of postern-proxy
    #[arg(long, value_name = "FILE", default_value = PROXY_CONFIG)]
    proxy_config: PathBuf,
    /// Another server behind the fronts, which must be reachable from here: a URL
    #[arg(long, value_name = "PLACE", value_parser = read_place)]
    backend: Vec<Places>,
    /// A name under which this host or the mail server is known outside: a URL, or a host
    #[arg(long, value_name = "PLACE", value_parser = read_place)]
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
    /// Try the endpoints of any host as a client from outside would; needs neither posternd nor a configuration
    #[command(name = "doors", after_help = ENDPOINTS_HELP)]
    Endpoints(Endpoints),
}

/// Where to try.
#[derive(Args)]
struct Endpoints {
    /// A URL, or a host
    #[arg(required = true, value_name = "PLACE", value_parser = read_place)]
    places: Vec<Places>,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
}

impl Endpoints {
    fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let bar = progress(0, "Knocking");
        let lines = postern_check::endpoints(&self.places.concat(), &|done, of| {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        conclude(&mut context.screen, lines, self.strict)
    }
}

impl Check {
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        if let Some(Only::Endpoints(endpoints)) = self.only {
            return endpoints.run(context);
        }
        // The daemon opens every record.
        let daemon = Daemon::connect(&context.socket, WAIT_TRANSFER);
        let asked = daemon.and_then(|mut daemon| {
            let findings = daemon.call::<m::Check>(&Empty {})?.findings;
            let platforms = daemon.call::<m::ListPlatforms>(&Empty {})?.platforms;
            Ok(FromDaemon { findings, platforms })
        });
        let unreachable = asked.as_ref().err().map(Failure::exit);
        let places = Where {
            admin_socket: context.socket.clone(),
            pam: self.pam,
            dovecot: self.dovecot,
            posternd_config: self.config,
            proxy_config: self.proxy_config,
            backends: self.backend.concat(),
            outside: self.also.concat(),
            ca: self.ca,
        };
        let bar = progress(0, "Knocking");
        let lines = postern_check::host(places, asked.map_err(|failure| failure.to_string()), &|done, of| {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        let exit = conclude(&mut context.screen, lines, self.strict)?;
        Ok(unreachable.unwrap_or(exit))
    }
}
