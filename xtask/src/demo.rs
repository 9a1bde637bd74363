//! `cargo xtask demo`: the complete system on this machine, for a user to try or for a program to test.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postern_tests::receivers::Receivers;
use postern_tests::service::Service;
use postern_tests::world::PLATFORM;
use postern_tests::{During, Error, Plan, Result, World, binaries, programs};
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::setup::{Setup, say};

/// How often the demo checks whether its processes still run.
const LOOK: Duration = Duration::from_millis(500);
/// The administrator's command in the demo's directory.
const COMMAND: &str = "postern";
/// The number of mailboxes on the screen.
const SHOWN: usize = 10;

/// Runs the demo until SIGINT or SIGTERM.
pub(crate) fn run(ready: Option<&Path>, setup: &Setup) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().during("starting")?;
    let _inside = runtime.enter();
    // From here on a signal no longer ends this process, so that everything that has been started is stopped in order.
    let mut stop = StopSignals::listen()?;
    setup.packages(&programs::demo())?;
    say("building (the debug profile: the tests share it, so it is built once)");
    binaries()?;
    say("starting Dovecot, Roundcube and Postern");
    let mut demo = Demo::start()?;
    if let Some(file) = ready {
        demo.write_ready(file)?;
    }
    println!("{}", demo.screen());
    runtime.block_on(async {
        loop {
            tokio::select! {
                () = stop.asked() => break,
                () = tokio::time::sleep(LOOK) => demo.look(),
            }
        }
    });
    println!("\nStopping. Everything the demo made goes with it.");
    Ok(())
}

/// The two signals that ask a program to end.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn listen() -> Result<StopSignals> {
        let listen = |kind| signal(kind).during("listening for signals");
        Ok(StopSignals { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The running world, and the PAM module under the file name that a host expects.
struct Demo {
    world: World,
    pam_module: PathBuf,
}

impl Demo {
    fn start() -> Result<Demo> {
        let world = World::start(Plan { imap_front: true, receivers: true, ..Plan::default() })?;
        let pam_module = world.files.directory.join("pam_postern.so");
        fs::copy(&world.binaries.pam_module, &pam_module).during(pam_module.display())?;
        let demo = Demo { world, pam_module };
        demo.write_command()?;
        Ok(demo)
    }

    /// Writes `./postern` into the demo's directory: the administrator's command with the demo's socket.
    fn write_command(&self) -> Result<()> {
        let World { files, binaries, .. } = &self.world;
        let (path, socket) = (files.directory.join(COMMAND), files.admin_socket.display());
        let script = format!("#!/bin/sh\nexec '{}' --socket '{socket}' \"$@\"\n", binaries.postern.display());
        fs::write(&path, script).during(path.display())?;
        fs::set_permissions(&path, Permissions::from_mode(0o755)).during(path.display())
    }

    /// Every process, with its name in `pids`.
    fn services(&mut self) -> Vec<(&'static str, &mut Service)> {
        let mut services = vec![("posternd", &mut self.world.posternd), ("proxy", &mut self.world.proxy)];
        if let Some(backend) = &mut self.world.backend {
            services.push(("dovecot", &mut backend.dovecot.service));
            services.push(("roundcube", &mut backend.roundcube.web));
        }
        services
    }

    /// Prints for each process that has ended how to start it again, once, and shows the messages sent to users.
    fn look(&mut self) {
        for (_, service) in self.services() {
            if let Some(status) = service.exited() {
                println!("» {} has ended ({status}). To start it again: {}", service.name, service.command_line());
                service.kill();
            }
        }
        // There is no real telephone or external mailbox here: the messages sent to them are shown.
        for message in self.world.receivers.iter().flat_map(Receivers::take) {
            let text = message.text.trim_end().replace('\n', "\n    ");
            match message.by {
                "sms" => println!("» A text to {}:\n    {text}\n", message.to),
                _ => println!("» A mail to {}: {}\n    {text}\n", message.to, message.subject),
            }
        }
    }

    /// Writes the JSON object atomically: a reader never sees a part of it.
    fn write_ready(&mut self, file: &Path) -> Result<()> {
        let next = PathBuf::from(format!("{}.next", file.display()));
        fs::write(&next, format!("{:#}\n", self.ready()?)).during(next.display())?;
        fs::rename(&next, file).during(file.display())
    }

    fn ready(&mut self) -> Result<Value> {
        let mut pids = serde_json::Map::new();
        for (name, service) in self.services() {
            pids.insert(name.to_owned(), json!(service.pid()));
        }
        let World { files, certificates, binaries, imap_front, backend, .. } = &self.world;
        let backend = backend.as_ref().ok_or_else(|| Error::new("the demo has no backend"))?;
        let mailboxes = self.world.mailboxes();
        let mailboxes = mailboxes.iter().map(|mailbox| json!({ "name": mailbox.name, "password": mailbox.password }));
        Ok(json!({
            "webmail": {
                "url": files.webmail_url(),
                "product": "roundcube",
                "upstream": backend.roundcube.url(),
            },
            "imaps": imap_front.map(|front| format!("localhost:{}", front.imaps)),
            "imap": imap_front.map(|front| format!("localhost:{}", front.starttls)),
            "backend_imap": format!("127.0.0.1:{}", backend.dovecot.imap),
            "ca": certificates.ca,
            "postern": binaries.postern,
            "posternd": binaries.posternd,
            "posternd_config": files.posternd_config,
            "proxy_config": files.proxy_config,
            "auth_socket": files.auth_socket,
            "admin_socket": files.admin_socket,
            "pam_module": self.pam_module,
            "platform": PLATFORM,
            "mailboxes": mailboxes.collect::<Vec<_>>(),
            "pids": pids,
        }))
    }

    /// The text for the user: the URLs, who can sign in, what to try.
    fn screen(&self) -> String {
        let World { files, certificates, imap_front, .. } = &self.world;
        let mailboxes = self.world.mailboxes();
        let people: String = mailboxes
            .iter()
            .take(SHOWN)
            .map(|mailbox| format!("    {:<22}{}\n", mailbox.name, mailbox.password))
            .collect();
        let first = &mailboxes[0].name;
        let imap = imap_front.as_ref().map_or(String::new(), |front| {
            format!(
                "  Mail apps:        imaps://localhost:{}  (once enrolled: an app password, or the code right behind the password)\n",
                front.imaps
            )
        });
        format!(
            "
  Postern is open:  {url}
{imap}
  Your browser will not know the demo's certificate authority. Go on past the warning,
  or trust it first: {ca}

  Sign in as                password
{people}
  {first} is asked for a code already: she sees a QR code first. The others are not, until you say so,
  in another terminal:

    cd {directory}
    ./{COMMAND} account enable {second}
    ./{COMMAND} account suspend {first} --hours 1
    ./{COMMAND} account reset {first}
    ./{COMMAND} account remove {first}
    ./{COMMAND} app-password create {first} --description phone

  enable: a code from the next sign-in on. suspend: no code for an hour. reset: a new QR code, for a lost phone.
  remove: no code any more, and the secrets are gone. app-password: for a mail app, which cannot ask for a code.

  Codes by text and mail come to no telephone: they are shown here. Signed in, look at {url}postern/security

  Ctrl-C stops it all and leaves nothing behind.
",
            url = files.webmail_url(),
            ca = certificates.ca.display(),
            directory = files.directory.display(),
            second = mailboxes[1].name,
        )
    }
}
