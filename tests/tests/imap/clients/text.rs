//! Programs without a window.

use super::{Account, MESSAGES, Way, reads_the_same};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_tests::tools;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Signs in in the way of imaplib's that is asked for, and prints the messages.
const IMAPLIB: &str = "
import base64, imaplib, ssl, sys
port, ca, way, name, password = sys.argv[1:]
mail = imaplib.IMAP4_SSL('localhost', int(port), ssl_context=ssl.create_default_context(cafile=ca))
if way == 'LOGIN':
    mail.login(name, password)
else:
    mail.authenticate('PLAIN', lambda _: b'\\0' + name.encode() + b'\\0' + password.encode())
mail.select('INBOX')
for number in mail.search(None, 'ALL')[1][0].split():
    print(base64.b64encode(mail.fetch(number, '(RFC822)')[1][0][1]).decode())
mail.logout()
";

/// Reads the mailbox with the library that Roundcube reads mail with, and prints the messages.
const ROUNDCUBE: &str = "
require '/usr/share/roundcube/program/lib/Roundcube/bootstrap.php';
[, $port, $ca, $name, $password] = $argv;
$imap = new rcube_imap_generic();
$tls = ['cafile' => $ca, 'verify_peer' => true, 'verify_peer_name' => true];
$options = ['port' => (int) $port, 'ssl_mode' => 'ssl', 'socket_options' => ['ssl' => $tls]];
if (!$imap->connect('localhost', $name, $password, $options) || !$imap->select('INBOX')) {
    fwrite(STDERR, $imap->error);
    exit(1);
}
foreach (range(1, $imap->data['EXISTS']) as $number) {
    echo base64_encode($imap->handlePartBody('INBOX', $number)), PHP_EOL;
}
$imap->closeConnection();
";

/// Runs a program on a terminal of its own, without anybody at the keys.
const ON_A_TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// The lines that a script printed, each a message in base64.
fn printed(command: &mut Command) -> Vec<Vec<u8>> {
    let printed = tools::run(command, &[]).unwrap().success().unwrap();
    printed.lines().map(|line| STANDARD.decode(line).unwrap()).collect()
}

/// The messages in a Maildir.
fn maildir(path: &Path) -> Vec<Vec<u8>> {
    let files = ["new", "cur"].map(|folder| fs::read_dir(path.join(folder)).unwrap());
    files.into_iter().flatten().map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

fn curl(account: &Account<'_>) -> Vec<Vec<u8>> {
    let scheme = if account.way == Way::Imaps { "imaps" } else { "imap" };
    let url = format!("{scheme}://localhost:{}/INBOX;MAILINDEX=[1-{MESSAGES}]", account.port);
    let user = format!("{}:{}", account.name, account.password);
    let file = |number: &str| account.directory.join(number).to_str().unwrap().to_owned();
    let ca = account.ca.to_str().unwrap();
    let all = ["--ssl-reqd", "--cacert", ca, "--user", &user, "--output", &file("#1"), &url];
    tools::curl(all).unwrap().success().unwrap();
    (1..=MESSAGES).map(|number| fs::read(file(&number.to_string())).unwrap()).collect()
}

fn imaplib(account: &Account<'_>, way: &str) -> Vec<Vec<u8>> {
    let mut python = Command::new("python3");
    python.args(["-c", IMAPLIB, &account.port.to_string()]).arg(account.ca);
    printed(python.args([way, account.name, account.password]))
}

fn roundcube(account: &Account<'_>) -> Vec<Vec<u8>> {
    let mut php = Command::new("php");
    php.args(["-r", ROUNDCUBE, "--", &account.port.to_string()]).arg(account.ca);
    printed(php.args([account.name, account.password]))
}

fn mbsync(account: &Account<'_>) -> Vec<Vec<u8>> {
    let Account { port, name, password, .. } = account;
    let (ca, directory) = (account.ca.display(), account.directory.display());
    let configuration = account.directory.join("mbsyncrc");
    let text = format!(
        "IMAPStore far\nHost localhost\nPort {port}\nUser {name}\nPass {password}\nSSLType IMAPS\n\
         SystemCertificates no\nCertificateFile {ca}\n\n\
         MaildirStore near\nInbox {directory}/INBOX\n\n\
         Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nSync Pull\nCreate Near\nSyncState *\n"
    );
    fs::write(&configuration, text).unwrap();
    tools::run(Command::new("mbsync").arg("--config").arg(&configuration).arg("all"), &[]).unwrap().success().unwrap();
    // It marks what it has fetched with a header of its own, of random letters.
    let is_mark = |line: &&[u8]| line.starts_with(b"X-TUID: ");
    let without_mark = |message: Vec<u8>| {
        let lines = message.split_inclusive(|byte| *byte == b'\n');
        lines.filter(|line| !is_mark(line)).collect::<Vec<_>>().concat()
    };
    maildir(&account.directory.join("INBOX")).into_iter().map(without_mark).collect()
}

fn neomutt(account: &Account<'_>) -> Vec<Vec<u8>> {
    let Account { port, name, password, .. } = account;
    let (configuration, copies) = (account.directory.join("neomuttrc"), account.directory.join("copies"));
    let text = format!(
        "set folder = \"imaps://localhost:{port}/\"\nset spoolfile = \"+INBOX\"\n\
         set imap_user = \"{name}\"\nset imap_pass = \"{password}\"\n\
         set ssl_force_tls\nset ssl_ca_certificates_file = \"{}\"\n\
         set mbox_type = Maildir\nset confirmappend = no\nset confirmcreate = no\nset quit = yes\n\
         push \"<tag-pattern>~A<enter><tag-prefix><copy-message>{}<enter><exit>\"\n",
        account.ca.display(),
        copies.display()
    );
    fs::write(&configuration, text).unwrap();
    let mut terminal = Command::new("python3");
    terminal.args(["-c", ON_A_TERMINAL, "neomutt", "-n", "-F"]).arg(&configuration);
    let outcome = tools::run(terminal.env("TERM", "xterm").env("HOME", account.directory), &[]).unwrap();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    maildir(&copies)
}

#[test]
fn curl_reads_mail() {
    reads_the_same(Way::Imaps, curl);
}

#[test]
fn curl_reads_mail_by_starttls() {
    reads_the_same(Way::StartTls, curl);
}

#[test]
fn pythons_imaplib_reads_mail() {
    for way in ["LOGIN", "PLAIN"] {
        reads_the_same(Way::Imaps, |account| imaplib(account, way));
    }
}

#[test]
fn roundcubes_library_reads_mail() {
    reads_the_same(Way::Imaps, roundcube);
}

#[test]
fn mbsync_reads_mail() {
    reads_the_same(Way::Imaps, mbsync);
}

#[test]
fn neomutt_reads_mail() {
    reads_the_same(Way::Imaps, neomutt);
}
