//! The tables of what the owner of an account is told, and where.

use crate::accounts::{
    HOME, NOW, RIGHT, account, after, another_totp, app_password, backup_code, platform, random, sealed,
    signed_in_at_home, source, with_key,
};
use crate::document::compare;
use crate::events::{Decision, Event, decide};
use postern_rules::contact::Address;
use postern_rules::factor::BACKUP;
use postern_rules::notice::{Notice, addresses, of};
use postern_rules::proof::Change;
use postern_rules::source::Source;
use postern_rules::{Account, AppPassword, Channel, Proof};

fn shown(notice: &Notice) -> &'static str {
    match notice {
        Notice::MethodAdded(_) => "a method was added",
        Notice::MethodRemoved(_) => "a method was removed",
        Notice::Reset => "reset",
        Notice::Removed => "removed",
        Notice::KeyCopied => "a key was copied",
        Notice::Suspended(_) => "suspended",
        Notice::BackupCodeUsed(_) => "a backup code was used",
        Notice::BackupCodesMade => "backup codes were made",
        Notice::AppPasswordMade => "an app password was made",
        Notice::ContactChanged => "the contact address was changed",
        Notice::RequestOpened => "a request was opened",
        Notice::NewBrowser(_) => "a new browser",
    }
}

fn answer<'a>(code: &'a str, source: Source<'a>) -> Event<'a> {
    let method = (code.len() > 8).then_some(BACKUP);
    Event::Answer { channel: Channel::Webmail, method, code, window: 1, session: None, source, trust: false }
}

/// The account as it was, and what was decided about it.
fn happens(state: &str, event: &str) -> (Account, Decision) {
    let platform = platform("on");
    let mut account = account(state);
    if event.contains("a key") {
        account = with_key(&account, "the key");
    }
    if event.contains("contact address") && !event.contains("the first") {
        account.contact = Address::read("bob@before.example");
    }
    if event.contains("known browser") {
        account = signed_in_at_home(account, false);
    }
    let code = backup_code();
    let factor = account.factors.first().map_or(String::new(), |factor| factor.id.clone());
    let own = Proof::of(&account, Some(Change::MakeBackupCodes), NOW);
    let fresh = AppPassword::keep(&app_password(), &account.mailbox, sealed(NOW), NOW);
    let totp = || Event::AddTotp { totp: another_totp(), description: "", random: random() };
    let epoch = account.epoch;
    let event = match event {
        "enable" => Event::Enable { enrolment_code: None },
        "add totp" => totp(),
        "remove a factor beside a key" => Event::RemoveFactor(&factor),
        "reset" => Event::Reset { enrolment_code: None },
        "remove" => Event::Remove,
        "suspend" => Event::Suspend(1),
        "resume" => Event::Resume,
        "unlock" => Event::Unlock,
        "answer with a copy of a key" => crate::accounts::signed(5, [5; 16]),
        "answer right" => answer(RIGHT, Source::default()),
        "answer wrong" => answer("000000", Source::default()),
        "answer right from a new browser" => answer(RIGHT, source("from a new browser")),
        "answer with a backup code from another browser than the known browser" => {
            answer(&code, source("from a new browser"))
        }
        "answer with a backup code from a known browser" => answer(&code, HOME),
        "make backup codes" => Event::MakeBackupCodes { proof: &own, random: random() },
        "make an app password" => Event::AddAppPassword { fresh, epoch, proof: None, renewed: Vec::new() },
        "set the first contact address" | "set another contact address" => {
            Event::SetContact(Address::read("bob@elsewhere.example"))
        }
        "remove the contact address" => Event::SetContact(None),
        "open a request" => Event::OpenRequest(Channel::Webmail),
        other => panic!("{other:?}"),
    };
    let decision = decide(&account, &platform, event, NOW);
    (account, decision)
}

#[test]
fn the_table_of_what_is_told_is_what_is_told() {
    compare(["state", "event", "told"], |[state, event, _]| {
        let (before, Decision { verdict, next }) = happens(state, event);
        let next = next.unwrap_or_else(|| before.clone());
        let told: Vec<&str> = of(&before, &next, verdict.cause()).iter().map(shown).collect();
        if told.is_empty() { "-".to_owned() } else { told.join(", ") }
    });
}

#[test]
fn the_table_of_who_is_told_is_where_it_goes() {
    compare(["notify-mailbox", "contact address before", "and now", "told at"], |[notify, before, now, _]| {
        let mut platform = platform("on");
        platform.policy.set("notify-mailbox", notify).unwrap();
        let with = |contact: &str| Account { contact: Address::read(contact), ..account("protected") };
        let told = addresses(&with(before), &with(now), &platform);
        if told.is_empty() { "-".to_owned() } else { told.join(", ") }
    });
    assert_eq!(after(&account("off"), Event::Add).contact, None);
}
