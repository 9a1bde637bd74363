//! Programs that people use: each fetches a mailbox through the front, with everything that may be in its password field,
//! and then from Dovecot itself. The messages are the same.

use super::world;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_tests::backend::private_directory;
use postern_tests::tools;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// How many messages a mailbox has.
const MESSAGES: usize = 3;

/// What a program is told about a mailbox; the host is `localhost`.
struct Account<'a> {
    /// Whether TLS begins at once; otherwise with STLS.
    at_once: bool,
    port: u16,
    /// The certificate authority to trust, and no other.
    ca: &'a Path,
    name: &'a str,
    password: &'a str,
    /// For its files.
    directory: &'a Path,
}

/// Has a program `fetch` all messages, each as it came, through the front and from Dovecot.
fn fetches_the_same(at_once: bool, fetch: impl Fn(&Account<'_>) -> Vec<Vec<u8>>) {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    let (_, app_password) = world.app_password(&alice, &[]);
    let with_code = world.with_next_code(&alice, &secret);
    for (mailbox, field) in [(&bob, bob.password.clone()), (&alice, with_code), (&alice, app_password)] {
        world.plant(&field);
        let (front, dovecot) = (world.pop3_front.unwrap(), &world.backend.as_ref().unwrap().dovecot);
        let (through, direct) = if at_once { (front.pop3s, dovecot.pop3s) } else { (front.starttls, dovecot.pop3) };
        let read = |port, password: &str| {
            let directory = private_directory().unwrap();
            let (ca, name, directory) = (&world.certificates.ca, mailbox.name.as_str(), directory.path());
            let mut messages = fetch(&Account { at_once, port, ca, name, password, directory });
            messages.sort_unstable();
            messages
        };
        let (messages, expected) = (read(through, &field), read(direct, &mailbox.password));
        let private = mailbox.private_subject();
        assert!(messages.iter().any(|message| String::from_utf8_lossy(message).contains(&private)), "{}", mailbox.name);
        assert_eq!((messages.len(), &messages), (MESSAGES, &expected), "{}", mailbox.name);
    }
}

/// Signs in with USER and PASS, and prints the messages.
const POPLIB: &str = "
import base64, poplib, ssl, sys
port, ca, at_once, name, password = sys.argv[1:]
tls = ssl.create_default_context(cafile=ca)
if at_once == 'true':
    mail = poplib.POP3_SSL('localhost', int(port), context=tls)
else:
    mail = poplib.POP3('localhost', int(port))
    mail.stls(context=tls)
mail.user(name)
mail.pass_(password)
for number in range(1, mail.stat()[0] + 1):
    print(base64.b64encode(b'\\r\\n'.join(mail.retr(number)[1])).decode())
mail.quit()
";

fn poplib(account: &Account<'_>) -> Vec<Vec<u8>> {
    let mut python = Command::new("python3");
    python.args(["-c", POPLIB, &account.port.to_string()]).arg(account.ca);
    python.args([&account.at_once.to_string(), account.name, account.password]);
    let printed = tools::run(&mut python, &[]).unwrap().success().unwrap();
    printed.lines().map(|line| STANDARD.decode(line).unwrap()).collect()
}

fn curl(account: &Account<'_>) -> Vec<Vec<u8>> {
    let scheme = if account.at_once { "pop3s" } else { "pop3" };
    let url = format!("{scheme}://localhost:{}/[1-{MESSAGES}]", account.port);
    let user = format!("{}:{}", account.name, account.password);
    let output = account.directory.join("#1").to_string_lossy().into_owned();
    let ca = account.ca.to_string_lossy();
    tools::curl(["--ssl-reqd", "--cacert", &ca, "--user", &user, "--output", &output, &url])
        .unwrap()
        .success()
        .unwrap();
    (1..=MESSAGES).map(|number| fs::read(account.directory.join(number.to_string())).unwrap()).collect()
}

/// A file that only its owner may read, as these programs want it.
fn private_file(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// The messages in a Maildir, without the lines that the program has added before them.
fn maildir(path: &Path) -> Vec<Vec<u8>> {
    let files = fs::read_dir(path.join("new")).unwrap();
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

fn mpop(account: &Account<'_>) -> Vec<Vec<u8>> {
    let mail = account.directory.join("mail");
    for folder in ["new", "cur", "tmp"] {
        fs::create_dir_all(mail.join(folder)).unwrap();
    }
    let configuration = account.directory.join("mpoprc");
    private_file(
        &configuration,
        &format!(
            "defaults\ntls on\ntls_starttls {}\ntls_trust_file {}\nkeep on\nreceived_header off\nuidls_file {}\n\
             account test\nhost localhost\nport {}\nuser {}\npassword {}\ndelivery maildir {}\naccount default : test\n",
            if account.at_once { "off" } else { "on" },
            account.ca.display(),
            account.directory.join("uidls").display(),
            account.port,
            account.name,
            account.password,
            mail.display(),
        ),
    );
    let mut mpop = Command::new("mpop");
    tools::run(mpop.arg("-C").arg(&configuration), &[]).unwrap().success().unwrap();
    maildir(&mail)
}

fn fetchmail(account: &Account<'_>) -> Vec<Vec<u8>> {
    let directory = account.directory;
    let agent = directory.join("agent");
    // Each message becomes a file.
    fs::write(&agent, format!("#!/bin/sh\ncat > $(mktemp {}/message.XXXXXX)\n", directory.display())).unwrap();
    fs::set_permissions(&agent, Permissions::from_mode(0o700)).unwrap();
    let configuration = directory.join("fetchmailrc");
    private_file(
        &configuration,
        &format!(
            "set no bouncemail\nset invisible\npoll localhost protocol pop3 port {} user \"{}\" password \"{}\" {} sslcertck sslcertfile \
             \"{}\" keep fetchall no rewrite mda \"{}\"\n",
            account.port,
            account.name,
            account.password,
            if account.at_once { "ssl" } else { "sslproto tls1.2+" },
            account.ca.display(),
            agent.display(),
        ),
    );
    let mut fetchmail = Command::new("fetchmail");
    fetchmail.arg("-f").arg(&configuration).args(["--nodetach", "--nosyslog", "--pidfile"]).arg(directory.join("pid"));
    fetchmail.env("FETCHMAILHOME", directory).env("HOME", directory);
    tools::run(&mut fetchmail, &[]).unwrap().success().unwrap();
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap());
    let messages = files.filter(|file| file.file_name().to_string_lossy().starts_with("message."));
    messages.map(|file| fs::read(file.path()).unwrap()).collect()
}

#[test]
fn curl_fetches_with_tls_at_once() {
    fetches_the_same(true, curl);
}

#[test]
fn curl_fetches_with_stls() {
    fetches_the_same(false, curl);
}

#[test]
fn poplib_fetches_both_ways() {
    fetches_the_same(true, poplib);
    fetches_the_same(false, poplib);
}

#[test]
fn mpop_fetches_both_ways() {
    fetches_the_same(true, mpop);
    fetches_the_same(false, mpop);
}

#[test]
fn fetchmail_fetches_both_ways() {
    fetches_the_same(true, fetchmail);
    fetches_the_same(false, fetchmail);
}
