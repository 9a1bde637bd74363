//! Secrets are not logged, not even at the most verbose level.

use crate::authenticator::code_of;
use crate::calls::{Refuses, exchange};
use crate::home::{Home, Plan, files_below};
use crate::messages::field_of;
use crate::people::ALICE;
use postern_wire::Secret;
use postern_wire::admin::{AddTotp, TotpAdded};
use postern_wire::auth::{Channel, FieldVerdict, Reason};
use std::fs;

/// A secret that is easy to search for, with codes that are long enough not to occur by chance.
const PLANTED: &str = "PLANTEDPLANTEDPLANTEDPLANTED2345";
const DIGITS: u32 = 8;

#[test]
fn no_secret_is_in_the_journal_or_in_plain_in_the_store() {
    let home = Home::new(Plan { clock: true, log: "trace", ..Plan::default() });
    let posternd = home.start_with_platform();
    // Tickets, secrets and backup codes of these accounts are recorded for the search.
    let alice = posternd.enrolled(ALICE);
    assert_eq!(posternd.answer(ALICE, &alice.backup_codes[0]).reason(), None);
    posternd.enable("bob@example.com");
    home.saw(&Secret::from(PLANTED));
    let wanted = AddTotp {
        mailbox: "bob@example.com".to_owned(),
        secret: Some(Secret::from(PLANTED)),
        digits: Some(DIGITS),
        ..AddTotp::default()
    };
    let added: TotpAdded = posternd.order("AddTotp", &wanted).unwrap();
    assert_eq!(added.secret.reveal(), PLANTED);
    posternd.order::<TotpAdded>("AddTotp", &wanted).unwrap_err();
    for (number, reason) in [(0, None), (0, Some(Reason::Wrong)), (30, None)] {
        let code = code_of(PLANTED, home.clock().now() + number, DIGITS);
        home.saw(&Secret::from(code.as_str()));
        assert_eq!(posternd.answer("bob", &code).reason(), reason);
    }
    for wrong in ["planted-wrong-code", "planted wrong\u{0} code"] {
        home.saw(&Secret::from(wrong));
        assert_eq!(posternd.answer("bob", wrong).reason(), Some(Reason::Wrong));
    }
    home.saw(&Secret::from("planted-password"));
    home.clock().advance(90);
    for reason in [None, Some(Reason::Wrong)] {
        let code = code_of(PLANTED, home.clock().now(), DIGITS);
        home.saw(&Secret::from(code.as_str()));
        let field = field_of("bob", Channel::Imap, &format!("planted-password{code}"));
        assert_eq!(posternd.front::<FieldVerdict>("AnswerField", &field).reason(), reason);
    }
    // Data that is not a valid call may be a call with a typing error.
    let garbled = br#"{"method":"org.postern.Auth.Answer","parameters":{"name":"bob","door":"webmail","code":["planted-garbled"]}}"#;
    for garbage in [&b"{\"method\":\"planted-garbled\0"[..], b"planted-garbled\0", &[garbled, &b"\0"[..]].concat()] {
        let reply = exchange(&home.auth(), garbage);
        assert!(!String::from_utf8_lossy(&reply).contains("planted-garbled"));
    }
    home.saw(&Secret::from("planted-garbled"));
    let text = posternd.export().unwrap();
    fs::write(home.store().with_file_name("exports").join("taken.export"), &text).unwrap();
    posternd.stop();
    // The home searches for all of them when it is dropped; this checks that the log is not empty.
    assert!(home.log().contains("outcome=wrong code"), "{}", home.log());
    assert!(files_below(home.store()).iter().any(|file| fs::metadata(file).unwrap().len() > 1000));
    let key = fs::read_to_string(home.path("master.key")).unwrap();
    let key = key.lines().last().unwrap().split(' ').next_back().unwrap();
    home.saw(&Secret::from(key));
}
