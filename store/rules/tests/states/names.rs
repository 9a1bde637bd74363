//! The table of names.

use crate::accounts::*;
use crate::document::{compare, table};
use crate::events::{Event, decide};
use postern_rules::name::Named;
use postern_rules::name::{Addressee, ForeignNames, LookupName, SignInName, leads_into};
use postern_rules::several_names::{Conflict, the_same_owner};
use postern_rules::source::Source;
use postern_rules::{Account, Channel, Mailbox, Platform};

/// The owner of a sign-in: a mailbox, and its account if it is in the platform's domain.
type Owner = (Mailbox, Option<Account>);

/// Where a name leads at a sign-in, as the daemon puts the rules together; an error is a refused name.
fn owner(platforms: &[Platform], foreign: ForeignNames, typed: &str, channel: Channel) -> Result<Owner, ()> {
    let name = SignInName::new(channel, typed);
    let may_pass_unlisted = name.may_pass(false, platforms).is_ok();
    let mailbox = match name.read(platforms, "example.com") {
        Ok(Named::Ours(mailbox, _)) => mailbox,
        Ok(Named::Foreign(mailbox)) if may_pass_unlisted && foreign.may_pass().is_ok() => return Ok((mailbox, None)),
        Ok(Named::Foreign(_)) | Err(_) => return Err(()),
    };
    let account = match mailbox.as_str() {
        "bob@example.com" => account("protected"),
        "eve@example.com" | "josé@example.com" => after(&fresh(), Event::Add),
        _ if may_pass_unlisted => fresh(),
        _ => return Err(()),
    };
    Ok((mailbox.clone(), Some(Account { mailbox, ..account })))
}

/// Whose account decides about a sign-in, and the verdict.
fn verdict<E>(platform: &Platform, owner: Result<Owner, E>, channel: Channel) -> (String, String) {
    match owner {
        Err(_) => ("-".to_owned(), "refused: name".to_owned()),
        Ok((_, None)) => ("foreign".to_owned(), "not required".to_owned()),
        Ok((mailbox, Some(account))) => {
            let local = mailbox.as_str().split('@').next().unwrap().to_owned();
            let event = Event::AskFor { channel, source: Source::default() };
            (local, shown_verdict(&decide(&account, platform, event, NOW).verdict))
        }
    }
}

fn ask_by_name(column: &str, typed: &str, channel: Channel) -> (String, String) {
    let (column, foreign) = match column.strip_suffix(", foreign = pass") {
        Some(column) => (column, ForeignNames::Pass),
        None => (column, ForeignNames::default()),
    };
    let platforms = [platform(column)];
    verdict(&platforms[0], owner(&platforms, foreign, typed, channel), channel)
}

#[test]
fn the_table_of_several_names_is_what_is_decided() {
    compare(["shown", "typed", "also", "as: verdict"], |[shown, typed, also, _]| {
        let platforms = [platform("on")];
        let owner = |name| owner(&platforms, ForeignNames::Pass, name, Channel::Webmail);
        let others = [*typed, *also].into_iter().filter(|name| *name != "-").map(owner);
        let owner = the_same_owner(owner(shown), others, |(mailbox, _)| mailbox);
        let differ = matches!(owner, Err(Conflict::Differ));
        let (whose, verdict) = verdict(&platforms[0], owner, Channel::Webmail);
        if differ { "refused: they differ".to_owned() } else { format!("{whose}: {verdict}") }
    });
}

#[test]
fn the_table_of_names_is_what_is_decided() {
    let mut wrong = Vec::new();
    for [platform, typed, channel, whose, verdict] in table(["platform", "name", "at", "as", "verdict"]) {
        let channel = Channel::ALL.into_iter().find(|it| it.as_str() == channel).unwrap_or_else(|| panic!("{channel}"));
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
