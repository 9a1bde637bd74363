//! The PAM module in real hosts. They run unchanged, in a mount namespace where `/etc/pam.d`, the users and `/dev/log`
//! are those of a private directory.

mod log;
mod session;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use self::log::Log;
pub use self::session::{Crowd, Ended, Seen, Session};
pub use crate::accounts::STEP;
use crate::backend::private_directory;
use crate::mailboxes::Mailbox;
use crate::tools::{self, Outcome};
use crate::{During, Error, Plan, Result, Upstream, World};

const NAMESPACE: &str = include_str!("namespace.sh");
/// The first user id of the mailboxes' owners.
const FIRST_UID: usize = 20_000;

/// A world with Alice protected, and an environment to run PAM hosts in.
pub struct Hosts {
    /// The daemon and its clock.
    pub world: World,
    /// Alice. Every mailbox's owner is also a system user, by the address and by its local part.
    pub alice: Mailbox,
    /// Alice's secret, in base32.
    pub secret: String,
    /// Alice's backup codes.
    pub backup_codes: Vec<String>,
    /// The module as hosts load it.
    pub module: PathBuf,
    log: Log,
    directory: TempDir,
}

impl Hosts {
    /// Starts the world and creates the directory.
    pub fn start() -> Result<Hosts> {
        let plan = Plan { upstream: Upstream::None, movable_clock: true, ..Plan::default() };
        let mut world = World::start(plan)?;
        let directory = private_directory()?;
        let path = |name: &str| directory.path().join(name);
        for name in ["pam.d", "dev", "home"] {
            fs::create_dir(path(name)).during(name)?;
        }
        let refuse = "auth required pam_deny.so\naccount required pam_deny.so\n";
        for (name, text) in [("namespace.sh", NAMESPACE), ("pam.d/other", refuse)] {
            fs::write(path(name), text).during(name)?;
        }
        let module = path("pam_postern.so");
        fs::copy(&world.binaries.pam_module, &module).during(module.display())?;
        let alice = world.mailboxes().swap_remove(0);
        let log = Log::listen(&path("log"))?;
        let (secret, backup_codes) = protect(&world, &alice.name)?;
        world.plant(&secret);
        let hosts = Hosts { world, alice, secret, backup_codes, module, log, directory };
        hosts.add_users()?;
        Ok(hosts)
    }

    fn add_users(&self) -> Result<()> {
        let read = |name: &str| fs::read_to_string(Path::new("/etc").join(name)).during(name);
        let (mut passwd, mut shadow) = (read("passwd")?, read("shadow")?);
        let home = self.path("home");
        for (at, mailbox) in self.world.mailboxes().iter().enumerate() {
            // perl-base is on every Debian; its crypt(3) is the C library's.
            let mut perl = Command::new("perl");
            perl.args(["-e", "print crypt($ARGV[0], '$6$postern$')", &mailbox.password]);
            let hash = tools::run(&mut perl, &[])?.success()?;
            for name in [Some(mailbox.name.as_str()), mailbox.name.split('@').next()].into_iter().flatten() {
                passwd += &format!("{name}:x:{}:100::{}:/bin/sh\n", FIRST_UID + at, home.display());
                shadow += &format!("{name}:{hash}:20000::::::\n");
            }
        }
        for (name, text) in [("passwd", passwd), ("shadow", shadow), ("group", read("group")?)] {
            fs::write(self.path(name), text).during(name)?;
        }
        Ok(())
    }

    /// A path below the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a PAM service. In `lines`, `POSTERN` is replaced by the module with the socket and the domain.
    pub fn service(&self, name: &str, lines: &str) -> Result<()> {
        let socket = self.world.files.auth_socket.display();
        let module = format!("{} socket={socket} domain=example.com", self.module.display());
        fs::write(self.path("pam.d").join(name), lines.replace("POSTERN", &module) + "\n").during(name)
    }

    /// A command inside the namespace. It is the process that is started, after some `exec`s.
    pub fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh"]).arg(self.path("namespace.sh"));
        command.arg(self.directory.path()).arg(program);
        command
    }

    /// pamtester's result of a sign-in in which `typed` is typed, line by line.
    pub fn pamtester(&self, service: &str, user: &str, typed: &[&str]) -> Result<Outcome> {
        let mut command = self.inside("pamtester");
        command.args(["-I", "rhost=192.0.2.7", service, user, "authenticate"]);
        tools::run(&mut command, typed.join("\n").as_bytes())
    }

    /// A code that was not used before: the clock is moved on by one step.
    pub fn code(&mut self) -> Result<String> {
        self.world.move_clock(STEP)?;
        self.world.code(&self.secret)
    }

    /// A new app password of Alice's: its id, and the password to type.
    pub fn app_password(&self) -> Result<(String, String)> {
        let create = ["app-password", "create", &self.alice.name, "--description", "phone", "--unchecked", "--json"];
        let made = self.world.postern_reading(create, &self.alice.password)?.success()?;
        let made: serde_json::Value = serde_json::from_str(&made).map_err(|error| Error::new(error.to_string()))?;
        Ok((text(&made["id"]), text(&made["app_password"])))
    }

    /// Runs the administrator's command and returns its output.
    pub fn postern<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Result<String> {
        self.world.postern(args)?.success()
    }

    /// The lines that the module has logged since the last call. An error if any line of the log, of whatever module,
    /// contains one of Alice's secrets.
    pub fn audit(&self) -> Result<Vec<String>> {
        let lines = self.log.take()?;
        let secrets = || self.backup_codes.iter().chain([&self.secret, &self.alice.password]);
        if let Some(line) = lines.iter().find(|line| secrets().any(|secret| line.contains(secret.as_str()))) {
            return Err(Error::new(format!("the log holds a secret: {line}")));
        }
        Ok(lines.into_iter().filter(|line| line.contains("pam_postern(")).collect())
    }
}

/// Adds the first method to an enabled account. Returns the secret and the backup codes.
pub fn protect(world: &World, mailbox: &str) -> Result<(String, Vec<String>)> {
    let added = world.postern(["method", "add", "totp", mailbox, "--json"])?.success()?;
    let added: serde_json::Value = serde_json::from_str(&added).map_err(|error| Error::new(error.to_string()))?;
    let codes = added["backup_codes"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok((text(&added["secret"]), codes.iter().map(text).collect()))
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
