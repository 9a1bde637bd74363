//! The world: Postern's daemons in front of real servers, on loopback, in one private directory.
//!
//! ```text
//!  browser ─▶ postern-proxy ─▶ Roundcube ─▶ Dovecot
//!                  └─▶ posternd ◀─ postern
//! ```

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::backend::{Backend, private_directory};
use crate::binaries::{Binaries, binaries};
use crate::certificates::Certificates;
use crate::clock::{self, WallClock};
use crate::dovecot::Dovecot;
use crate::files::{Backends, Files, ImapFront, Pop3Front};
use crate::mailboxes::{self, DOMAIN, Mailbox};
use crate::metrics;
use crate::receivers::Receivers;
use crate::roundcube::Roundcube;
use crate::service::{Ready, Service};
use crate::tools::{self, Outcome};
use crate::{During, Error, Result, ports};

/// The platform that every world has, with [`DOMAIN`] in it.
pub const PLATFORM: &str = "example";

/// The upstream of the webmail front.
#[derive(Debug, Default)]
pub enum Upstream {
    /// Roundcube on Dovecot.
    #[default]
    Roundcube,
    /// A server of the test's own.
    Url(String),
    /// The same, configured as this product.
    Product {
        /// The product's name in the configuration.
        product: &'static str,
        /// Its URL.
        url: String,
        /// Lines for `[webmail.doors]`, the product's other endpoints.
        endpoints: &'static str,
    },
    /// None: only the daemon and its sockets are needed, and no front is started.
    None,
}

/// The parts of a world.
#[derive(Debug, Default)]
pub struct Plan {
    /// The upstream of the webmail front.
    pub upstream: Upstream,
    /// Runs Postern under a clock that [`World::move_clock`] moves. Each reading of the clock then costs a file read.
    pub movable_clock: bool,
    /// Makes the proxy listen for IMAP too. Requires [`Upstream::Roundcube`], which includes a Dovecot.
    pub imap_front: bool,
    /// Makes the proxy listen for POP3 too, with the same requirement.
    pub pop3_front: bool,
    /// Gives users a telephone and an external mailbox, and posternd the configuration to reach them.
    pub receivers: bool,
}

/// A running world. The fields are stopped in the order of their declaration: the fronts before what they depend on,
/// the directory last.
#[derive(Debug)]
pub struct World {
    /// The fronts.
    pub proxy: Service,
    /// The daemon.
    pub posternd: Service,
    /// Roundcube and Dovecot, with [`Upstream::Roundcube`].
    pub backend: Option<Backend>,
    /// Postern's files and ports.
    pub files: Files,
    /// The authority that signed every server's certificate.
    pub certificates: Certificates,
    /// The ports of the IMAP front, with [`Plan::imap_front`].
    pub imap_front: Option<ImapFront>,
    /// The ports of the POP3 front, with [`Plan::pop3_front`].
    pub pop3_front: Option<Pop3Front>,
    /// A telephone and an external mailbox, with [`Plan::receivers`].
    pub receivers: Option<Receivers>,
    /// Postern's programs.
    pub binaries: &'static Binaries,
    clock: Option<WallClock>,
    planted: Vec<String>,
    _directory: TempDir,
}

impl World {
    /// Starts everything: one enabled platform, with Alice's account enabled and no account enrolled.
    ///
    /// # Errors
    /// The log of the part that did not start.
    pub fn start(plan: Plan) -> Result<World> {
        let binaries = binaries()?;
        let directory = private_directory()?;
        let tls = directory.path().join("tls");
        fs::create_dir(&tls).during(tls.display())?;
        let certificates = Certificates::issue(&tls)?;
        let backend = match plan.upstream {
            Upstream::Roundcube => Some(Backend::start(directory.path(), &certificates)?),
            Upstream::Url(_) | Upstream::Product { .. } | Upstream::None => None,
        };
        let clock = if plan.movable_clock { Some(WallClock::new(directory.path())?) } else { None };
        let environment = || clock.as_ref().map(WallClock::environment).into_iter().flatten();

        let files = Files::lay_out(directory.path().join("postern"))?;
        let posternd = Service::new("posternd", &binaries.posternd, Ready::Notify, &files.directory)
            .arg("--config")
            .arg(&files.posternd_config)
            .env(environment());
        let proxy = Service::new("postern-proxy", &binaries.proxy, Ready::Notify, &files.directory)
            .arg("--config")
            .arg(&files.proxy_config)
            .env(environment());
        let imap_front = match &backend {
            Some(backend) if plan.imap_front => {
                Some(ImapFront { imaps: ports::free()?, starttls: ports::free()?, backend: backend.dovecot.imaps })
            }
            _ => None,
        };
        let pop3_front = match &backend {
            Some(backend) if plan.pop3_front => {
                Some(Pop3Front { pop3s: ports::free()?, starttls: ports::free()?, backend: backend.dovecot.pop3s })
            }
            _ => None,
        };
        let receivers = if plan.receivers { Some(Receivers::start()?) } else { None };
        let planted = mailboxes::all().into_iter().map(|mailbox| mailbox.password).collect();
        let _directory = directory;
        let mut world = World {
            proxy,
            posternd,
            backend,
            files,
            certificates,
            imap_front,
            pop3_front,
            receivers,
            binaries,
            clock,
            planted,
            _directory,
        };
        world.set_up_daemon()?;
        match (&world.backend, plan.upstream) {
            (Some(backend), _) => world.start_proxy(&backend.roundcube.url(), "roundcube", "")?,
            (None, Upstream::Url(url)) => world.start_proxy(&url, "roundcube", "")?,
            (None, Upstream::Product { product, url, endpoints }) => world.start_proxy(&url, product, endpoints)?,
            (None, _) => {}
        }
        Ok(world)
    }

    fn set_up_daemon(&mut self) -> Result<()> {
        let way_out = self.receivers.as_ref().map(Receivers::configuration).unwrap_or_default();
        self.files.write_posternd_config(&way_out)?;
        let mut init = Command::new(&self.binaries.posternd);
        tools::run(init.arg("init").arg("--config").arg(&self.files.posternd_config), &[])?.success()?;
        self.posternd.start()?;
        self.postern(["platform", "create", PLATFORM, "--domain", DOMAIN])?.success()?;
        self.postern(["platform", "enable", PLATFORM])?.success()?;
        self.postern(["account", "enable", &self.mailboxes()[0].name])?.success()?;
        Ok(())
    }

    fn start_proxy(&mut self, webmail: &str, product: &str, endpoints: &str) -> Result<()> {
        let backends = Backends { webmail, product, endpoints, imap: self.imap_front, pop3: self.pop3_front };
        self.files.write_proxy_config(&self.certificates, &backends)?;
        self.proxy.start()
    }

    /// Runs the administrator's command with `args`.
    pub fn postern<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Result<Outcome> {
        self.postern_reading(args, "")
    }

    /// Runs the administrator's command with `args` and `input` on its standard input.
    pub fn postern_reading<'a>(&self, args: impl IntoIterator<Item = &'a str>, input: &str) -> Result<Outcome> {
        let mut command = Command::new(&self.binaries.postern);
        command.arg("--socket").arg(&self.files.admin_socket).args(args);
        command.envs(self.clock.iter().flat_map(WallClock::environment));
        tools::run(&mut command, input.as_bytes())
    }

    /// Runs curl against the front: it trusts the world's authority and resolves `webmail.example.com`.
    pub fn curl<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Result<Outcome> {
        let trust = ["--cacert".into(), self.certificates.ca.to_string_lossy().into_owned()];
        let resolve = ["--resolve".into(), format!("webmail.example.com:{}:127.0.0.1", self.files.webmail)];
        tools::curl(trust.into_iter().chain(resolve).chain(args.into_iter().map(String::from)))
    }

    /// The mailboxes with their current passwords; the first is Alice's.
    pub fn mailboxes(&self) -> Vec<Mailbox> {
        self.backend.as_ref().map_or_else(mailboxes::all, |backend| backend.dovecot.mailboxes().to_vec())
    }

    /// The mail server, with [`Upstream::Roundcube`].
    pub fn dovecot(&mut self) -> &mut Dovecot {
        &mut self.backend.as_mut().expect("this world was planned without Dovecot").dovecot
    }

    /// The webmail, with [`Upstream::Roundcube`].
    pub fn roundcube(&self) -> &Roundcube {
        &self.backend.as_ref().expect("this world was planned without Roundcube").roundcube
    }

    /// The telephone and the external mailbox, with [`Plan::receivers`].
    pub fn receivers(&self) -> &Receivers {
        self.receivers.as_ref().expect("this world was planned without receivers")
    }

    /// The ports of the IMAP front, with [`Plan::imap_front`].
    pub fn imap(&self) -> ImapFront {
        self.imap_front.expect("this world was planned without an IMAP front")
    }

    /// Edits the configuration of the fronts and restarts them.
    pub fn configure_proxy(&mut self, edit: impl FnOnce(&str) -> String) -> Result<()> {
        rewrite(&self.files.proxy_config, edit)?;
        self.proxy.restart()
    }

    /// Edits the configuration of the daemon and restarts it.
    pub fn configure_posternd(&mut self, edit: impl FnOnce(&str) -> String) -> Result<()> {
        rewrite(&self.files.posternd_config, edit)?;
        self.posternd.restart()
    }

    /// Moves the wall clock of Postern's running processes by `seconds`, back if negative.
    pub fn move_clock(&mut self, seconds: i64) -> Result<()> {
        let clock = self.clock.as_mut();
        clock.ok_or_else(|| Error::new("this world was planned without a movable clock"))?.advance(seconds)
    }

    /// Postern's current wall clock time, in seconds since 1970.
    pub fn now(&self) -> u64 {
        self.clock.as_ref().map_or_else(clock::real_time, WallClock::now)
    }

    /// The code that an authenticator with `secret` (base32) shows by Postern's clock.
    pub fn code(&self, secret: &str) -> Result<String> {
        tools::oathtool(secret, self.now())
    }

    /// Registers a secret. When the world ends, it must be in no log of Postern's and in none of its metrics; otherwise
    /// the test fails. The mailboxes' passwords are registered from the start.
    pub fn plant(&mut self, secret: &str) {
        self.planted.push(secret.to_owned());
    }

    /// The registered secret that is in a log, and that log, if any.
    fn leak(&self) -> Option<String> {
        [&self.posternd, &self.proxy].into_iter().find_map(|service| {
            let log = service.log();
            let secret = self.planted.iter().find(|secret| log.contains(secret.as_str()))?;
            Some(format!("the log of {} holds the secret {secret:?}\n{}", service.name, service.log_tail()))
        })
    }

    /// The secret or the mailbox that is in the metrics, if any.
    fn shown(&self) -> Option<String> {
        // A part that is not running has no metrics.
        let pages = [&self.files.posternd_metrics, &self.files.proxy_metrics].map(|socket| metrics::page(socket));
        let names = mailboxes::all().into_iter().map(|mailbox| mailbox.name);
        let never: Vec<String> = self.planted.iter().cloned().chain(names).collect();
        pages.into_iter().flatten().find_map(|page| {
            let found = never.iter().find(|text| page.contains(text.as_str()))?;
            Some(format!("metrics show {found:?}\n{page}"))
        })
    }

    /// The last lines of every log.
    pub fn logs(&mut self) -> String {
        let mut logs = vec![self.posternd.log_tail(), self.proxy.log_tail()];
        if let Some(backend) = &mut self.backend {
            logs.extend(backend.services().map(|service| service.log_tail()));
            logs.push(format!("--- Roundcube's errors ---\n{}", backend.roundcube.errors()));
        }
        logs.join("\n")
    }
}

/// Replaces the text of the file at `path` by the result of `edit`.
pub fn rewrite(path: &Path, edit: impl FnOnce(&str) -> String) -> Result<()> {
    let text = fs::read_to_string(path).during(path.display())?;
    fs::write(path, edit(&text)).during(path.display())
}

impl Drop for World {
    #[expect(clippy::print_stderr, reason = "the logs belong into the output of the test that failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        } else if let Some(leak) = self.leak().or_else(|| self.shown()) {
            panic!("{leak}");
        }
    }
}
