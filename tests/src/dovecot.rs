//! A real Dovecot with its own configuration, user list and mail. No file of the system is read or written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nix::unistd::{Group, Uid, User, chown};

use crate::certificates::Certificates;
use crate::mailboxes::Mailbox;
use crate::service::{Ready, Service};
use crate::{During, Error, Result, ports, tools, wait};

/// Not on the PATH of ordinary users.
const PROGRAM: &str = "/usr/sbin/dovecot";
/// The system user who owns the mail, if root starts Dovecot, which refuses to read mail as root.
const MAIL_OWNER: &str = "mail";
/// The system user of Dovecot's authentication process in that case.
const AUTH_USER: &str = "dovecot";

/// Dovecot, running.
#[derive(Debug)]
pub struct Dovecot {
    /// Its master process.
    pub service: Service,
    /// The port for IMAP without TLS on 127.0.0.1.
    pub imap: u16,
    /// The port for IMAP over TLS on 127.0.0.1.
    pub imaps: u16,
    /// The port for POP3 without TLS on 127.0.0.1.
    pub pop3: u16,
    /// The port for POP3 over TLS on 127.0.0.1.
    pub pop3s: u16,
    config: PathBuf,
    users: PathBuf,
    mailboxes: Vec<Mailbox>,
}

impl Dovecot {
    /// Delivers the mail, writes the configuration into `directory` and starts.
    pub fn start(directory: &Path, certificates: &Certificates, mailboxes: Vec<Mailbox>) -> Result<Dovecot> {
        let owner = server_user(MAIL_OWNER)?;
        let mail = directory.join("mail");
        for mailbox in &mailboxes {
            mailbox.deliver(&mail.join(&mailbox.name).join("Maildir"))?;
        }
        own_all(&mail, &owner)?;

        let [imap, imaps, pop3, pop3s] = [ports::free()?, ports::free()?, ports::free()?, ports::free()?];
        let config = directory.join("dovecot.conf");
        let text = version()?.configuration(directory, certificates, &owner)?
            + &shared_configuration(directory, [imap, imaps, pop3, pop3s])
            + &rootless_configuration()?;
        fs::write(&config, text).during(config.display())?;

        let service = Service::new("dovecot", PROGRAM, Ready::Port(imap), directory).arg("-F").arg("-c").arg(&config);
        let mut dovecot =
            Dovecot { service, imap, imaps, pop3, pop3s, config, users: directory.join("users"), mailboxes };
        dovecot.write_users()?;
        dovecot.service.start()?;
        dovecot.index()?;
        Ok(dovecot)
    }

    /// Opens every mailbox once. While Dovecot opens one for the first time, a second session, such as Roundcube's
    /// background requests use, may see an empty mailbox.
    fn index(&self) -> Result<()> {
        let names = self.config.with_extension("names");
        let lines: String = self.mailboxes.iter().map(|mailbox| format!("{}\n", mailbox.name)).collect();
        fs::write(&names, lines).during(names.display())?;
        let mut index = Command::new("doveadm");
        index.arg("-c").arg(&self.config).args(["index", "-F"]).arg(&names).arg("INBOX");
        tools::run(&mut index, &[])?.success().map(drop)
    }

    /// The mailboxes with their current passwords.
    pub fn mailboxes(&self) -> &[Mailbox] {
        &self.mailboxes
    }

    /// Changes a password, as an administrator of the directory would, and returns once it is in effect: Dovecot checks
    /// its user list at most once a second.
    pub fn set_password(&mut self, name: &str, password: &str) -> Result<()> {
        let mailbox = self.mailboxes.iter_mut().find(|mailbox| mailbox.name == name);
        mailbox.ok_or_else(|| Error::new(format!("no mailbox {name}")))?.password = password.to_owned();
        self.write_users()?;
        wait::until("Dovecot to take the new password", || {
            let mut test = Command::new("doveadm");
            test.arg("-c").arg(&self.config).args(["auth", "test", name, password]);
            Ok((tools::run(&mut test, &[])?.code == 0).then_some(()))
        })
    }

    /// Writes the user list and replaces the old one atomically, so that Dovecot never reads a part of it.
    fn write_users(&self) -> Result<()> {
        let line =
            |mailbox: &Mailbox| format!("{}:{{PLAIN.b64}}{}::::::\n", mailbox.name, STANDARD.encode(&mailbox.password));
        let next = self.users.with_extension("next");
        fs::write(&next, self.mailboxes.iter().map(line).collect::<String>()).during(next.display())?;
        own(&next, &server_user(AUTH_USER)?)?;
        fs::rename(&next, &self.users).during(self.users.display())
    }
}

/// The versions of Dovecot's configuration language.
enum Version {
    /// 2.3, in Debian 12.
    Two3,
    /// 2.4, in Debian 13: other names for most settings.
    Two4,
}

fn version() -> Result<Version> {
    let output = Command::new(PROGRAM).arg("--version").output().during("asking Dovecot for its version")?;
    let version = String::from_utf8_lossy(&output.stdout);
    Ok(if version.starts_with("2.3.") { Version::Two3 } else { Version::Two4 })
}

impl Version {
    fn configuration(&self, directory: &Path, certificates: &Certificates, owner: &User) -> Result<String> {
        let (directory, user, group) = (directory.display(), &owner.name, group(owner)?);
        let (chain, key) = (certificates.chain.display(), certificates.key.display());
        Ok(match self {
            Version::Two3 => format!(
                r#"
protocols = imap pop3
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = {directory}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={directory}/mail/%u
}}
"#
            ),
            Version::Two4 => format!(
                r#"
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols {{
  imap = yes
  pop3 = yes
}}
ssl_server_cert_file = {chain}
ssl_server_key_file = {key}
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
passdb passwd-file {{
  passwd_file_path = {directory}/users
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {directory}/mail/%{{user}}
  }}
}}
"#
            ),
        })
    }
}

/// Wrong passwords are answered without delay, by the process that verifies passwords and by the one that counts
/// failures per address (all come from Roundcube's), and the number of sessions is not limited.
fn shared_configuration(directory: &Path, [imap, imaps, pop3, pop3s]: [u16; 4]) -> String {
    let directory = directory.display();
    let folder = |name: &str| format!("  mailbox {name} {{\n    special_use = \\{name}\n    auto = subscribe\n  }}\n");
    let folders: String = ["Drafts", "Sent", "Junk", "Trash"].map(folder).concat();
    format!(
        r#"
base_dir = {directory}/run
state_dir = {directory}/run
log_path = /dev/stderr
listen = 127.0.0.1
ssl = yes
auth_mechanisms = plain login
auth_verbose = yes
auth_failure_delay = 0
mail_max_userip_connections = 0
first_valid_uid = 1
namespace inbox {{
  inbox = yes
{folders}}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
"#
    )
}

/// Empty if root starts Dovecot. Any other user runs all of it as themselves, and only root may change the root
/// directory (Dovecot's manual, "Rootless installation").
fn rootless_configuration() -> Result<String> {
    if Uid::effective().is_root() {
        return Ok(String::new());
    }
    let user = server_user(AUTH_USER)?;
    let (name, group) = (&user.name, group(&user)?);
    let settings =
        format!("default_internal_user = {name}\ndefault_internal_group = {group}\ndefault_login_user = {name}\n");
    Ok(["anvil", "imap-login", "pop3-login"]
        .iter()
        .fold(settings, |all, service| all + &format!("service {service} {{\n  chroot =\n}}\n")))
}

/// The name of a user's primary group.
fn group(user: &User) -> Result<String> {
    let group = Group::from_gid(user.gid).during(format_args!("looking up the group {}", user.gid))?;
    Ok(group.ok_or_else(|| Error::new(format!("the system has no group {}", user.gid)))?.name)
}

/// The user of a part of a server: the system user `name` if root starts it, otherwise the user who starts it.
pub(crate) fn server_user(name: &str) -> Result<User> {
    let uid = Uid::effective();
    if uid.is_root() {
        return system_user(name);
    }
    let user = User::from_uid(uid).during(format_args!("looking up the user {uid}"))?;
    user.ok_or_else(|| Error::new(format!("the system has no user with the id {uid}, which this runs as")))
}

/// The system user `name`; the error names the package that creates it.
pub(crate) fn system_user(name: &str) -> Result<User> {
    User::from_name(name).during(format_args!("looking up the user {name}"))?.ok_or_else(|| {
        Error::new(format!("the system has no user {name}: is the package installed (cargo xtask test)?"))
    })
}

/// Makes `user` the owner of `path`.
pub(crate) fn own(path: &Path, user: &User) -> Result<()> {
    chown(path, Some(user.uid), Some(user.gid)).during(format_args!(
        "giving {} to {} (run as root)",
        path.display(),
        user.name
    ))
}

fn own_all(path: &Path, user: &User) -> Result<()> {
    own(path, user)?;
    if path.is_dir() {
        for entry in fs::read_dir(path).during(path.display())? {
            own_all(&entry.during(path.display())?.path(), user)?;
        }
    }
    Ok(())
}
