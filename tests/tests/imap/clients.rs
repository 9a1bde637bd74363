//! Programs that people use.

use super::{mailbox, protect, with_next_code, world};
use postern_tests::tools;
use std::process::Command;

#[test]
fn curl_reads_mail_with_and_without_a_second_factor() {
    let mut world = world();
    let (alice, bob) = (mailbox(&world, "alice"), mailbox(&world, "bob"));
    let secret = protect(&mut world, &alice);
    let ca = world.certificates.ca.to_str().unwrap().to_owned();
    let front = world.imap_front.unwrap();
    let urls = [
        format!("imaps://localhost:{}/INBOX;MAILINDEX=3", front.imaps),
        format!("imap://localhost:{}/INBOX;MAILINDEX=3", front.starttls),
    ];
    for url in urls {
        let typed = with_next_code(&mut world, &alice, &secret);
        for (mailbox, password) in [(&alice, typed.as_str()), (&bob, &bob.password)] {
            let user = format!("{}:{password}", mailbox.name);
            let mail = tools::curl(["--ssl-reqd", "--cacert", &ca, "--user", &user, &url]).unwrap().success().unwrap();
            assert!(mail.contains(&mailbox.private_subject()), "{mail}");
        }
    }
}

/// Signs in in both of imaplib's ways, of which one sends the name as it is.
const IMAPLIB: &str = "
import imaplib, ssl, sys
port, ca, bare, name, password = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
for sign_in in ['login', 'plain']:
    mail = imaplib.IMAP4_SSL('localhost', int(port), ssl_context=context)
    if sign_in == 'login':
        mail.login(bare, password)
    else:
        mail.authenticate('PLAIN', lambda _: b'\\0' + name.encode() + b'\\0' + password.encode())
    mail.select('INBOX')
    print(mail.search(None, 'ALL'))
    mail.logout()
";

#[test]
fn pythons_imaplib_signs_in_with_a_domain_and_a_backslash() {
    let world = world();
    let bob = mailbox(&world, "bob");
    let (port, ca) = (world.imap_front.unwrap().imaps.to_string(), world.certificates.ca.to_str().unwrap().to_owned());
    let mut python = Command::new("python3");
    python.args(["-c", IMAPLIB, &port, &ca, "example.com\\bob", &bob.name, &bob.password]);
    let printed = tools::run(&mut python, &[]).unwrap().success().unwrap();
    assert_eq!(printed, "('OK', [b'1 2 3'])\n".repeat(2));
}
