//! The tables of what is offered: at a sign-in, and to be set up.

use crate::accounts::{NOW, account, another_totp, platform, random, shown_refusal, totp};
use crate::document::compare;
use postern_rules::backup::BackupCodes;
use postern_rules::contact::{Address, PhoneNumber};
use postern_rules::factor::Key;
use postern_rules::offers::{
    Beginning, Offer, Sendable, at_sign_in, begin, kinds, takes_contact, trust_days, unusual_contact,
};
use postern_rules::proof::Change;
use postern_rules::{Account, Channel, Factor, Kind};

pub(crate) fn channel(text: &str) -> Channel {
    Channel::ALL.into_iter().find(|channel| channel.as_str() == text).unwrap_or_else(|| panic!("{text:?}"))
}

fn sendable(column: &str) -> Sendable {
    Sendable { texts: column.contains("texts"), mails: column.contains("mails") }
}

/// One factor for each of these words, made in this order.
pub(crate) fn with_methods(methods: &str) -> Account {
    let mut account = account("protected");
    account.factors.clear();
    account.backup = None;
    for (at, method) in methods.split(", ").enumerate() {
        let created = NOW.plus(at as i64);
        let key = |copied| Kind::Key(Key { id: vec![at as u8], counter: 0, credential: String::new(), copied });
        let (kind, last_used) = match method {
            "totp" => (Kind::Totp(totp()), None),
            "totp used just now" => (Kind::Totp(another_totp()), Some(NOW)),
            "sms" => (Kind::Sms(PhoneNumber::read("+44612345678").unwrap()), None),
            "email" => (Kind::Email(Address::read("bob@elsewhere.example").unwrap()), None),
            "key" => (key(false), None),
            "copied key" => (key(true), None),
            "backup codes" => {
                account.backup = Some(BackupCodes::make(random().backup, NOW).0);
                continue;
            }
            other => panic!("{other:?}"),
        };
        let (id, description) = (method.split(' ').next_back().unwrap().to_owned(), String::new());
        let id = if method.starts_with("copied") { "copied".to_owned() } else { id };
        account.factors.push(Factor { id, kind, description, created, last_used });
    }
    account
}

#[test]
fn the_table_of_offers_is_what_is_offered() {
    compare(["methods", "sent from here", "at", "offered"], |[methods, sent, at, _]| {
        let account = with_methods(methods);
        let offered = at_sign_in(&account, channel(at), sendable(sent));
        let names: Vec<&str> = offered
            .iter()
            .map(|offer| match offer {
                Offer::Factor(factor) => factor.kind.as_str(),
                Offer::BackupCode => "backup codes",
            })
            .collect();
        if names.is_empty() { "-".to_owned() } else { names.join(", ") }
    });
}

#[test]
fn the_table_of_beginnings_is_how_methods_begin() {
    compare(["state", "method", "at", "begins with"], |[state, method, at, _]| {
        let state = account(state);
        let mut account = with_methods("totp, sms, email, key, copied key");
        (account.stage, account.suspension) = (state.stage, state.suspension);
        account.throttles.clone_from(&state.throttles);
        match begin(&account, &platform("on"), channel(at), method, NOW) {
            Ok(Beginning::Code) => "a code".to_owned(),
            Ok(Beginning::KeyChallenge) => "a challenge".to_owned(),
            Err(refusal) => format!("refused: {}", shown_refusal(&refusal.into())),
        }
    });
}

#[test]
fn the_table_of_what_can_be_set_up_is_what_can() {
    compare(["methods", "sent from here", "set up"], |[methods, sent, _]| {
        let mut platform = platform("on");
        platform.policy.set("methods", methods).unwrap();
        let kinds = kinds(&platform, sendable(sent));
        let contact = takes_contact(sendable(sent)).then_some("contact address");
        let names: Vec<&str> = kinds.into_iter().map(|kind| kind.as_str()).chain(contact).collect();
        if names.is_empty() { "-".to_owned() } else { names.join(", ") }
    });
}

#[test]
fn the_contact_address_answers_an_unusual_sign_in_where_mail_leaves_and_ends_elsewhere() {
    let mut account = account("off");
    let mails = Sendable { texts: true, mails: true };
    assert!(unusual_contact(&account, mails, false).is_none());
    account.contact = Address::read("bob@elsewhere.example");
    assert_eq!(unusual_contact(&account, mails, false), account.contact.as_ref());
    assert!(unusual_contact(&account, mails, true).is_none());
    assert!(unusual_contact(&account, Sendable { texts: true, mails: false }, false).is_none());
}

#[test]
fn only_pages_offer_to_trust_a_browser() {
    let days = |column: &str, at| trust_days(&platform(column), at);
    assert_eq!(days("on, trusted-browsers = 30", Channel::Webmail), Some(30));
    assert_eq!(days("on", Channel::Webmail), None);
    assert_eq!([Channel::Imap, Channel::Pam].map(|at| days("on, trusted-browsers = 30", at)), [None; 2]);
}

#[test]
fn the_table_of_changes_is_what_setting_something_up_makes() {
    compare(["set up", "to", "the change"], |[kind, to, _]| {
        match Change::setting_up(kind, Some(*to).filter(|to| *to != "-")) {
            Some(Change::AddMethod { kind, to: None }) => format!("a method: {}", kind.as_str()),
            Some(Change::AddMethod { kind, to: Some(to) }) => format!("a method: {}, {to}", kind.as_str()),
            Some(Change::SetContact(to)) => format!("the contact address: {to}"),
            Some(other) => panic!("{other:?}"),
            None => "none".to_owned(),
        }
    });
}
