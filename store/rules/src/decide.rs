//! The decision function: every rule about an account applies here.

mod administer;
mod answer;
pub mod app_passwords;
mod ask;
mod browsers;
mod code;
mod field;
mod import;
mod methods;
mod outcome;
mod own;
mod requests;
mod sent;

pub use own::{Removal, removal};

use crate::event::{Decision, Event};
use crate::factor::{CONTACT, Kind};
use crate::source::Source;
use crate::{Account, Platform, Time};
use code::Typed;
use field::Field;
use methods::Fresh;
use outcome::{already, done};

/// Decides the result of `event` for `account` at `now`, on its `platform`. Total, and without side effects: the caller
/// first writes the next account in one atomic swap and then acts on the verdict.
///
/// With every event, what has ended at `now` is removed permanently: see [`Account::ends`].
pub fn decide(account: &Account, platform: &Platform, event: Event<'_>, now: Time) -> Decision {
    let mut account = account.clone();
    let settled = account.settle(&platform.policy, now).then(|| account.clone());
    let Decision { verdict, next } = match event {
        Event::Tick if settled.is_some() => done(account),
        Event::Tick => already(),
        event => decide_settled(account, platform, event, now),
    };
    Decision { verdict, next: next.or(settled) }
}

/// Decides the result of `event` for an account without expired grants.
fn decide_settled(account: Account, platform: &Platform, event: Event<'_>, now: Time) -> Decision {
    match event {
        Event::Ask(channel) => {
            Decision { verdict: ask::ask(&account, platform, channel, Source::default(), now), next: None }
        }
        Event::AskFor { channel, source } => {
            Decision { verdict: ask::ask_for(&account, platform, channel, source, now), next: None }
        }
        Event::SignedIn { channel, source } => browsers::signed_in(account, platform, channel, source, now),
        Event::Answer { channel, method: Some(CONTACT), code, session, source, .. } => {
            answer::answer_unusual(account, platform, (channel, source), (session, code), now)
        }
        Event::Answer { channel, method, code, window, session, source, trust } => {
            let typed = Typed { method, readings: &[code], window, session };
            answer::answer(account, platform, channel, &typed, (source, trust), now)
        }
        Event::AnswerKey { channel, key, session, until, source, trust } => {
            answer::answer_key(account, platform, channel, key, (session, until), (source, trust), now)
        }
        Event::Send { to, session, replaces, code } => {
            sent::send(account, platform, to, (session, replaces), code, now)
        }
        Event::Field { channel, text, window, again, source } => {
            field::look(account, platform, &Field { channel, text, window, source }, again, now)
        }
        Event::Confirm { by, offered, description, random, source } => {
            let decision = methods::confirm(account, platform, by, offered, description, random, now);
            methods::with_browser(decision, platform, by, source, now)
        }
        Event::AddTotp { totp, description, random } => {
            methods::add(account, Fresh { kind: Kind::Totp(totp), used: false, description }, random, now)
        }
        Event::ImportTotp(it) => import::import(account, it, now),
        Event::RemoveFactor(id) => methods::remove_factor(account, id),
        Event::AddAppPassword { fresh, epoch, proof, renewed } => {
            app_passwords::add(account, fresh, (epoch, proof), renewed, now)
        }
        Event::RevokeAppPassword { id, proof } => app_passwords::revoke(account, id, proof, now),
        Event::RenewAppPasswords(sealed) => app_passwords::renew(account, sealed),
        Event::SealedRefused { id, created, sealed } => app_passwords::outdate(account, id, (created, sealed)),
        Event::Rename { id, proof, description } => own::rename(account, id, proof, description, now),
        Event::RemoveOwn { id, proof } => own::remove(account, platform, id, proof, now),
        Event::MakeBackupCodes { proof, random } => own::make_backup_codes(account, proof, random, now),
        Event::DeleteBackupCodes { proof } => own::delete_backup_codes(account, proof, now),
        Event::RemoveContact { proof } => own::remove_contact(account, proof, now),
        Event::RevokeTrust { id, proof } => browsers::revoke(account, id, proof, now),
        Event::RevokeOtherTrust { browser, proof } => browsers::revoke_others(account, browser, proof, now),
        Event::OpenRequest(channel) => requests::open(account, platform, channel, now),
        Event::SetContact(address) if account.contact == address => already(),
        Event::SetContact(address) => done(Account { contact: address, ..account }),
        Event::SetLanguage { language, proof } => own::set_language(account, language, proof, now),
        Event::Add if account.unlisted => done(Account { unlisted: false, ..account }),
        Event::Add => already(),
        Event::Enable { enrolment_code } => administer::enable(account, enrolment_code, now),
        Event::Suspend(hours) => administer::suspend(account, hours, now),
        Event::Resume => administer::resume(account),
        Event::Reset { enrolment_code } => administer::reset(account, enrolment_code),
        Event::Remove => administer::remove(account),
        Event::Unlock => administer::unlock(account),
        // Expired grants were already removed; a tick does no more.
        Event::Tick => already(),
    }
}
