//! A real Postfix with its own configuration, queue and one mailbox: another provider's mail server, which accepts mail
//! over TLS only. No file of the system is read or written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::certificates::Certificates;
use crate::dovecot::{own, system_user};
use crate::receivers::Message;
use crate::service::{Ready, Service};
use crate::{During, Result, ports, tools, wait};

/// The domain that it accepts mail for; mail for all addresses goes to the same mailbox.
pub const DOMAIN: &str = "elsewhere.example";
const PROGRAM: &str = "/usr/sbin/postfix";
/// The system user of most of Postfix's processes.
const POSTFIX: &str = "postfix";
/// The system user who owns the mail: Postfix does not deliver as root or as its own user.
const MAIL_OWNER: &str = "nobody";
/// The services needed to receive and deliver mail (master(5)), none of them in a chroot.
const SERVICES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
";

/// Postfix, running.
#[derive(Debug)]
pub struct Postfix {
    /// The script that has started its master process, and waits for it.
    pub service: Service,
    config: PathBuf,
    port: u16,
    ca: PathBuf,
    new: PathBuf,
}

impl Postfix {
    /// Writes the configuration below a new directory in `directory`, and starts.
    pub fn start(directory: &Path, certificates: &Certificates) -> Result<Postfix> {
        let directory = directory.join("postfix");
        let [config, queue, data, mail] = ["config", "queue", "data", "mail"].map(|name| directory.join(name));
        for path in [&config, &queue, &data, &mail] {
            fs::create_dir_all(path).during(path.display())?;
        }
        let owner = system_user(MAIL_OWNER)?;
        own(&data, &system_user(POSTFIX)?)?;
        own(&mail, &owner)?;
        let port = ports::free()?;
        let settings = format!(
            "compatibility_level = 3.6\nmaillog_file = /dev/stdout\nmyhostname = mail.{DOMAIN}\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmydestination =\nalias_maps =\n\
             queue_directory = {}\ndata_directory = {}\n\
             virtual_mailbox_domains = {DOMAIN}\nvirtual_mailbox_base = {}\nvirtual_mailbox_maps = static:inbox/\n\
             virtual_uid_maps = static:{}\nvirtual_gid_maps = static:{}\n\
             smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\n",
            queue.display(),
            data.display(),
            mail.display(),
            owner.uid,
            owner.gid,
            certificates.chain.display(),
            certificates.key.display(),
        );
        fs::write(config.join("main.cf"), settings).during(config.display())?;
        let services = format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}");
        fs::write(config.join("master.cf"), services).during(config.display())?;

        let mut service = Service::new("postfix", PROGRAM, Ready::Port(port), &directory);
        service = service.arg("-c").arg(&config).arg("start-fg");
        service.start()?;
        Ok(Postfix { service, config, port, ca: certificates.ca.clone(), new: mail.join("inbox/new") })
    }

    /// The lines of posternd.toml for it.
    pub fn configuration(&self) -> String {
        format!(
            "[mail]\nfrom = \"Example <security@example.com>\"\nsmtp = \"smtp+starttls://localhost:{}\"\nca = {:?}\n",
            self.port, self.ca
        )
    }

    /// Waits for the next mail, and removes it from the mailbox.
    pub fn next(&self) -> Result<Message> {
        let path = wait::until("a mail to be delivered", || {
            let Ok(mut entries) = fs::read_dir(&self.new) else { return Ok(None) };
            Ok(entries.next().and_then(std::result::Result::ok).map(|entry| entry.path()))
        })?;
        let mail = fs::read_to_string(&path).during(path.display())?;
        fs::remove_file(&path).during(path.display())?;
        Ok(Message::mail(&mail, None))
    }
}

impl Drop for Postfix {
    /// If ended by a signal, the script would leave the master process running.
    fn drop(&mut self) {
        let _ = tools::run(Command::new(PROGRAM).arg("-c").arg(&self.config).arg("stop"), &[]);
        let _ = self.service.stop();
    }
}
