//! The table of names.

use crate::accounts::*;
use crate::document::{compare, table};
use postern_rules::event::Event;
use postern_rules::name::Named;
use postern_rules::name::{Addressee, LookupName, SignInName, leads_into};
use postern_rules::source::Source;
use postern_rules::{Account, Channel, decide};

/// What a sign-in under a name comes to, as the daemon puts the rules together: whose account judges, and its verdict.
fn ask_by_name(column: &str, typed: &str, channel: Channel) -> (String, String) {
    let platforms = [platform(column)];
    let refused = || ("-".to_owned(), "refused: name".to_owned());
    let name = SignInName::new(channel, typed);
    let mailbox = |name: SignInName<'_>| match name.read(&platforms, "example.com") {
        Ok(Named::Ours(mailbox, _)) => Ok(mailbox),
        Ok(Named::Foreign(_)) => Err(true),
        Err(_) => Err(false),
    };
    let may_pass_unlisted = name.may_pass(false, &platforms).is_ok();
    let mailbox = match mailbox(name) {
        Ok(mailbox) => mailbox,
        Err(true) if may_pass_unlisted => {
            return ("foreign".to_owned(), "not required, where foreign names pass".to_owned());
        }
        Err(_) => return refused(),
    };
    let local = mailbox.as_str().split('@').next().unwrap().to_owned();
    let account = match local.as_str() {
        "bob" => account("protected"),
        "eve" | "josé" => after(&fresh(), Event::Add),
        _ if may_pass_unlisted => fresh(),
        _ => return refused(),
    };
    let account = Account { mailbox, ..account };
    let event = Event::AskFor { channel, source: Source::default() };
    (local, shown_verdict(&decide(&account, &platforms[0], event, NOW).verdict))
}

#[test]
fn the_table_of_names_is_what_is_decided() {
    let mut wrong = Vec::new();
    for [platform, typed, channel, whose, verdict] in table(["platform", "name", "at", "as", "verdict"]) {
        let channel = match channel {
            "webmail" => Channel::Webmail,
            "imap" => Channel::Imap,
            "pam" => Channel::Pam,
            other => panic!("{other}"),
        };
        // A bar ends a cell.
        let (as_whom, what) = ask_by_name(platform, &typed.replace('¦', "|"), channel);
        if (as_whom.as_str(), what.as_str()) != (whose, verdict) {
            wrong.push(format!("{platform} | {typed} | {as_whom} | {what}"));
        }
    }
    assert!(wrong.is_empty(), "docs/states.md says otherwise than the rules:\n{}", wrong.join("\n"));
}

/// What mail to an address may end in, as the daemon looks it up.
#[test]
fn the_table_of_addresses_is_what_leads_into_a_mailbox() {
    let platforms = [platform("on")];
    compare(["address", "mailbox", "leads into it"], |[address, mailbox, _]| {
        let mailbox = crate::aliases::mailbox(mailbox);
        let read = LookupName::new(address).read(&platforms, "example.com");
        let addressee = match &read {
            Ok(Named::Ours(other, _)) => match other.as_str() {
                "bob@example.com" | "eve@example.com" => Addressee::Listed(other),
                _ => Addressee::Unlisted(other),
            },
            Ok(Named::Foreign(_)) => Addressee::Foreign,
            Err(_) => Addressee::Unreadable,
        };
        if leads_into(addressee, &mailbox) { "yes" } else { "no" }.to_owned()
    });
}
