//! The one place where a rule about an account stands.

mod app_passwords;
mod browsers;
mod field;
mod import;
mod own;
pub mod requests;
mod sent;

pub use own::{Removal, removal};

use crate::account::{CLOCK_TOLERANCE, Suspension};
use crate::backup::{self, BackupCodes};
use crate::browser::Known;
use crate::event::{BACKUP, By, CONTACT, Decision, Event, Offered, Random, Refusal, SUSPEND_HOURS, Source, Verdict};
use crate::factor::{self, FACTORS_MAX, Factor, Kind};
use crate::proof;
use crate::sent::{DIGITS, Purpose, Session};
use crate::throttle::Lock;
use crate::{Account, Channel, Platform, Stage, State, Time, totp};
use field::Field;

/// Seconds of an hour.
const HOUR: i64 = 3600;

/// What comes of `event` for `account` at `now`, on its `platform`. Total, and without a side effect: the caller
/// writes the next account in one swap and only then acts on the verdict.
///
/// Whatever the event is, what has ended at `now` is taken off for good: see [`Account::ends`].
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

/// What comes of `event` for an account of which nothing has ended.
fn decide_settled(account: Account, platform: &Platform, event: Event<'_>, now: Time) -> Decision {
    match event {
        Event::Ask(channel) => {
            Decision { verdict: ask(&account, platform, channel, Source::default(), now), next: None }
        }
        Event::AskFor { channel, source } => {
            Decision { verdict: browsers::ask_for(&account, platform, channel, source, now), next: None }
        }
        Event::SignedIn { channel, source } => browsers::signed_in(account, platform, channel, source, now),
        Event::Answer { channel, method: Some(CONTACT), code, session, source, .. } => {
            browsers::answer_unusual(account, platform, (channel, source), (session, code), now)
        }
        Event::Answer { channel, method, code, window, session, source, trust } => {
            let typed = Typed { method, readings: &[code], window, session };
            answer(account, platform, channel, &typed, (source, trust), now)
        }
        Event::AnswerKey { channel, key, session, until, source, trust } => {
            answer_key(account, platform, channel, key, (session, until), (source, trust), now)
        }
        Event::Send { to, session, replaces, code } => {
            sent::send(account, platform, to, (session, replaces), code, now)
        }
        Event::Field { channel, text, window, again, source } => {
            field::look(account, platform, &Field { channel, text, window, source }, again, now)
        }
        Event::Confirm { by, offered, description, random, source } => {
            let decision = confirm(account, platform, by, offered, description, random, now);
            with_browser(decision, platform, by, source, now)
        }
        Event::AddTotp { totp, description, random } => {
            add(account, Fresh { kind: Kind::Totp(totp), used: false, description }, random, now)
        }
        Event::ImportTotp(it) => import::import(account, it, now),
        Event::RemoveFactor(id) => remove_factor(account, id),
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
        Event::Enable { enrolment_code } => enable(account, enrolment_code, now),
        Event::Suspend(hours) => suspend(account, hours, now),
        Event::Resume => resume(account),
        Event::Reset { enrolment_code } => match account.stage {
            Stage::Off => refused(Refusal::Off),
            Stage::Enrolling | Stage::Protected => begun_anew(account, enrolment_code),
        },
        Event::Remove => match account.stage {
            Stage::Off => already(),
            Stage::Enrolling | Stage::Protected => cleared(account, Stage::Off),
        },
        Event::Unlock => unlock(account),
        // It was all that a tick does.
        Event::Tick => already(),
    }
}

/// What a sign-in at `channel` needs. Everything that lets a sign-in pass without a second factor stands here, but for
/// trusted browsers: see [`browsers::ask_for`].
fn ask(account: &Account, platform: &Platform, channel: Channel, source: Source<'_>, now: Time) -> Verdict {
    if !platform.enabled {
        return Verdict::NotRequired;
    }
    match account.state(now) {
        State::Off if account.unlisted && !platform.policy.unlisted.passes(source.before_exchange) => {
            Verdict::Refused(Refusal::Unlisted)
        }
        State::Off | State::Suspended(_) => Verdict::NotRequired,
        State::Enrolling if channel.can_enrol() => Verdict::Enrol,
        State::Enrolling if platform.policy.unenrolled_pass => Verdict::NotRequired,
        State::Enrolling => Verdict::Refused(Refusal::Unenrolled),
        State::Protected | State::Locked(_) => match account.throttle(channel).lock(channel, now) {
            None => Verdict::Challenge,
            Some(Lock::Until(until)) => Verdict::Refused(Refusal::Locked(Some(until))),
            Some(Lock::Administrator) => Verdict::Refused(Refusal::Locked(None)),
        },
    }
}

/// What was typed as a code.
struct Typed<'a> {
    /// A factor's id, [`BACKUP`], or none for whatever fits.
    method: Option<&'a str>,
    /// What may be the code in it: together they are one guess.
    readings: &'a [&'a str],
    /// Steps of a TOTP that are accepted on either side of now.
    window: u32,
    /// Whose a code is that was sent.
    session: Option<Session>,
}

/// Looks at a code.
fn answer(
    mut account: Account,
    platform: &Platform,
    channel: Channel,
    typed: &Typed<'_>,
    visit: Visit<'_>,
    now: Time,
) -> Decision {
    let refusal = not_asked(&account, platform, channel, visit.0, now);
    // Also while codes are not judged: it tells nothing but what was typed.
    if matches!(refusal, None | Some(Verdict::Refused(Refusal::Locked(_)))) && is_slip(&account, typed) {
        return refused(Refusal::NotACode);
    }
    if let Some(verdict) = refusal {
        return stale_if_not_required(verdict);
    }
    match spend(&mut account, channel, typed, now) {
        Some(Spent { at, method, backup_codes_left }) => {
            account.note_code(channel, typed.readings[at]);
            accepted(account, platform, channel, Answered { method, backup_codes_left }, visit, now)
        }
        None => missed(account, channel, typed.readings, now),
    }
}

/// From where an answer comes, and whether the person trusts that browser.
type Visit<'a> = (Source<'a>, bool);

/// What was right.
struct Answered {
    method: String,
    backup_codes_left: Option<u32>,
}

/// The count of wrong codes ends, and the browser is known from now on.
fn accepted(
    mut account: Account,
    platform: &Platform,
    channel: Channel,
    answered: Answered,
    (source, trust): Visit<'_>,
    now: Time,
) -> Decision {
    account.throttles.remove(&channel);
    browsers::note(&mut account, platform, channel, (source, Known::Anywhere), now);
    if trust && channel == Channel::Webmail {
        browsers::trust(&mut account, platform, source, now);
    }
    let Answered { method, backup_codes_left } = answered;
    Decision { verdict: Verdict::Accepted { method, backup_codes_left }, next: Some(account) }
}

/// The browser that has set up the first method is known.
fn with_browser(decision: Decision, platform: &Platform, by: By<'_>, source: Source<'_>, now: Time) -> Decision {
    let Decision { verdict, mut next } = decision;
    if let (By::Enrolment(channel, _), Verdict::Added { .. }, Some(account)) = (by, &verdict, &mut next) {
        browsers::note(account, platform, channel, (source, Known::Anywhere), now);
    }
    Decision { verdict, next }
}

/// Looks at a security key's response. Its question is answered once, whatever the counter says: some keys have none. A
/// key whose counter went back is refused from then on: a copy that is behind would be right at its next try.
fn answer_key(
    mut account: Account,
    platform: &Platform,
    channel: Channel,
    key: Option<(&[u8], u32)>,
    (session, until): (Session, Time),
    visit: Visit<'_>,
    now: Time,
) -> Decision {
    if let Some(verdict) = not_asked(&account, platform, channel, visit.0, now) {
        return stale_if_not_required(verdict);
    }
    account.answered.retain(|(_, until)| now < *until);
    if now >= until || account.answered.iter().any(|(answered, _)| *answered == session) {
        return refused(Refusal::Stale);
    }
    // For longer than it can be answered: the clock may step back.
    account.answered.push((session, until.plus(CLOCK_TOLERANCE)));
    let Some((id, counter)) = key else { return failed(account, channel, now) };
    for factor in &mut account.factors {
        if let Kind::Key(key) = &mut factor.kind
            && key.id == id
        {
            if key.copied || !key.has_grown_to(counter) {
                let (is_news, method) = (!std::mem::replace(&mut key.copied, true), factor.id.clone());
                // Which of the two has signed in before, nobody knows: what they have opened is over.
                account.epoch += u64::from(is_news);
                return Decision { verdict: Verdict::Refused(Refusal::Copied { method }), next: Some(account) };
            }
            key.counter = counter;
            factor.last_used = Some(now);
            let answered = Answered { method: factor.id.clone(), backup_codes_left: None };
            return accepted(account, platform, channel, answered, visit, now);
        }
    }
    failed(account, channel, now)
}

/// It was required when the front asked, and is not now: the front has to ask again.
fn stale_if_not_required(verdict: Verdict) -> Decision {
    match verdict {
        Verdict::NotRequired => refused(Refusal::Stale),
        verdict => Decision { verdict, next: None },
    }
}

/// What is said instead of looking at a code, if none is looked at. A closed channel looks at no code at all, so a right
/// one learns nothing and a wrong one costs nothing.
fn not_asked(
    account: &Account,
    platform: &Platform,
    channel: Channel,
    source: Source<'_>,
    now: Time,
) -> Option<Verdict> {
    match ask(account, platform, channel, source, now) {
        Verdict::Challenge => None,
        verdict @ (Verdict::NotRequired | Verdict::Refused(_)) => Some(verdict),
        // What is not a challenge now was one when the front asked: it has to ask again.
        _ => Some(Verdict::Refused(Refusal::Stale)),
    }
}

/// Whether what was typed for a method can be no code of it, and no backup code either. Where no method was asked for,
/// anything may be meant.
fn is_slip(account: &Account, typed: &Typed<'_>) -> bool {
    let backup = account.backup.as_ref();
    let factor = account.factors.iter().find(|factor| typed.method == Some(&factor.id));
    let can_be = |code: &&str| match (typed.method, factor.map(|factor| &factor.kind)) {
        (Some(BACKUP), _) => backup.is_none_or(|backup| backup.can_be(code)),
        (_, Some(Kind::Totp(totp))) => totp::digits(code, totp.digits()).is_some() || backup::is_own(code),
        (_, Some(Kind::Sms(_) | Kind::Email(_))) => totp::digits(code, DIGITS).is_some() || backup::is_own(code),
        (_, Some(Kind::Key(_)) | None) => true,
    };
    !typed.readings.iter().any(can_be)
}

/// A code that was right, and is no more.
struct Spent {
    /// Which of the readings it was.
    at: usize,
    method: String,
    backup_codes_left: Option<u32>,
}

/// Finds the method that one of the readings opens, and spends the code. Every method that may be meant is looked at,
/// whichever matches.
fn spend(account: &mut Account, channel: Channel, typed: &Typed<'_>, now: Time) -> Option<Spent> {
    let mut spent = None;
    for (at, code) in typed.readings.iter().enumerate() {
        for factor in &mut account.factors {
            let meant = spent.is_none() && typed.method.is_none_or(|id| id == factor.id);
            let matches = match &mut factor.kind {
                Kind::Totp(totp) => match totp.matching_step(code, now, typed.window).filter(|_| meant) {
                    Some(step) => {
                        totp.spend(step);
                        true
                    }
                    None => false,
                },
                Kind::Sms(_) | Kind::Email(_) => typed.session.filter(|_| meant).is_some_and(|session| {
                    account.outbox.spend(&Purpose::Factor(factor.id.clone()), &session, code, now)
                }),
                // It answers with more than a code.
                Kind::Key(_) => false,
            };
            if matches {
                factor.last_used = Some(now);
                spent = Some(Spent { at, method: factor.id.clone(), backup_codes_left: None });
            }
        }
        // Backup codes work where a person types them: the webmail and PAM dialogues, not an IMAP password. One that is
        // typed where another method was asked for is taken: no code of that method has its form, so it is one guess.
        let meant = typed.method.is_none_or(|id| id == BACKUP || backup::is_own(code));
        let meant = spent.is_none() && meant && channel.takes_backup_codes();
        if let Some(backup) = account.backup.as_mut().filter(|_| meant)
            && let Some(place) = backup.find(code)
        {
            backup.spend(place, now);
            spent = Some(Spent { at, method: BACKUP.to_owned(), backup_codes_left: Some(backup.left()) });
        }
    }
    spent
}

/// None of the readings of what was typed opens anything: one more wrong code, but where it is the last one once more.
/// What can be read as other digits too would be a guess at those; a backup code, of fifty random bits, nobody guesses by
/// putting letters before a code that is spent.
fn missed(account: Account, channel: Channel, readings: &[&str], now: Time) -> Decision {
    let is_last = |reading: &&str| account.is_last_code(reading);
    let is_no_guess = |reading: &&str| is_last(reading) || reading.len() >= backup::LENGTH;
    if readings.iter().any(is_last) && readings.iter().all(is_no_guess) {
        return refused(Refusal::Spent { failures: account.throttle(channel).failures });
    }
    failed(account, channel, now)
}

/// One more wrong code at a channel.
fn failed(mut account: Account, channel: Channel, now: Time) -> Decision {
    let throttle = account.throttle(channel).failed(now);
    account.throttles.insert(channel, throttle);
    let verdict = Verdict::Refused(Refusal::Wrong { failures: throttle.failures });
    Decision { verdict, next: Some(account) }
}

/// Sets up what a front offered, if what it brings confirms that. A wrong code uses no proof up.
fn confirm(
    mut account: Account,
    platform: &Platform,
    by: By<'_>,
    offered: Offered<'_>,
    description: &str,
    random: Random,
    now: Time,
) -> Decision {
    let Some(change) = sent::offers(&account, &offered, now) else { return refused(Refusal::Stale) };
    if let Some(refusal) = sent::not_entitled(&account, platform, by, &change, now) {
        return refused(refusal);
    }
    // People change their account at the webmail.
    let channel = if let By::Enrolment(channel, _) = by { channel } else { Channel::Webmail };
    let kind = match offered {
        Offered::Totp { mut totp, code, window } => match totp.matching_step(code, now, window) {
            None => return refused(Refusal::Wrong { failures: 0 }),
            Some(step) => {
                totp.spend(step);
                account.note_code(channel, code);
                Kind::Totp(totp)
            }
        },
        Offered::Key(key) => Kind::Key(key),
        Offered::Sent { session, code } => {
            let Some(purpose) = account.outbox.purpose_of(&session, now).cloned() else {
                return refused(Refusal::Stale);
            };
            if !account.outbox.spend(&purpose, &session, code, now) {
                let verdict = Verdict::Refused(Refusal::Wrong { failures: 0 });
                return Decision { verdict, next: Some(account) };
            }
            account.note_code(channel, code);
            match purpose {
                Purpose::Method(kind) => kind,
                Purpose::Contact(address) => {
                    account.contact = Some(address);
                    return noted(done(account), by, now);
                }
                // These are for a sign-in.
                Purpose::Factor(_) | Purpose::SignIn(_) => return refused(Refusal::Stale),
            }
        }
    };
    if !platform.policy.methods.contains(&kind.name()) {
        return refused(Refusal::NotOffered);
    }
    noted(add(account, Fresh { kind, used: true, description }, random, now), by, now)
}

/// What was set up on the word of a proof has used it up.
fn noted(decision: Decision, by: By<'_>, now: Time) -> Decision {
    let Decision { verdict, mut next } = decision;
    if let (By::Proof(_), Some(account)) = (by, &mut next) {
        proof::note_change(account, now);
    }
    Decision { verdict, next }
}

/// A factor to be.
struct Fresh<'a> {
    kind: Kind,
    /// Whether it has just confirmed itself.
    used: bool,
    description: &'a str,
}

/// Adds a factor; the first one protects the account and brings the backup codes.
fn add(mut account: Account, fresh: Fresh<'_>, random: Random, now: Time) -> Decision {
    let Fresh { mut kind, used, description } = fresh;
    if account.stage == Stage::Off {
        return refused(Refusal::Off);
    }
    if account.factors.len() >= FACTORS_MAX {
        return refused(Refusal::Full);
    }
    if account.factors.iter().any(|factor| factor.kind.is_same(&kind)) {
        return refused(Refusal::SameSecret);
    }
    if let Kind::Totp(totp) = &mut kind
        && let Some(step) = account.spent_before(totp)
    {
        totp.spend(step);
    }
    let id = unused_id(&account, random.id);
    let description = factor::description(description);
    account.factors.push(Factor { id: id.clone(), kind, description, created: now, last_used: used.then_some(now) });
    let mut backup_codes = None;
    if account.stage == Stage::Enrolling {
        account.stage = Stage::Protected;
        account.enrolment_code = None;
        account.epoch += 1;
        let (backup, codes) = BackupCodes::make(random.backup, now);
        account.backup = Some(backup);
        backup_codes = Some(codes);
    }
    Decision { verdict: Verdict::Added { method: id, backup_codes }, next: Some(account) }
}

/// An id that no other factor of the account has.
fn unused_id(account: &Account, mut random: [u8; factor::ID_RANDOM]) -> String {
    loop {
        let id = factor::id(random);
        if account.factors.iter().all(|factor| factor.id != id) {
            return id;
        }
        random[factor::ID_RANDOM - 1] = random[factor::ID_RANDOM - 1].wrapping_add(1);
    }
}

fn remove_factor(mut account: Account, id: &str) -> Decision {
    let Some(at) = account.factors.iter().position(|factor| factor.id == id) else {
        return refused(Refusal::NoSuchFactor);
    };
    // A key of which there is a copy lets nobody in, so it is none to be left with.
    let is_copied = account.factors[at].is_copied();
    if !account.factors.iter().any(|other| other.id != id && (is_copied || !other.is_copied())) {
        return refused(Refusal::OnlyFactor);
    }
    // What it has opened is over too: it may be in other hands.
    let factor = account.factors.remove(at);
    account.remember_spent(&factor);
    account.passed.retain(|passed| passed.method != factor.id);
    account.epoch += 1;
    done(account)
}

fn enable(mut account: Account, enrolment_code: Option<[u8; 32]>, now: Time) -> Decision {
    match (account.stage, account.state(now)) {
        (Stage::Off, _) => begun_anew(account, enrolment_code),
        // Whoever has begun without it begins again.
        (Stage::Enrolling, _) if enrolment_code.is_some() => {
            account.enrolment_code = enrolment_code;
            account.epoch += 1;
            done(account)
        }
        // "Enabled" would be untrue while no code is asked, and ending a suspension is another word.
        (_, State::Suspended(until)) => refused(Refusal::Suspended(until)),
        _ => already(),
    }
}

fn suspend(mut account: Account, hours: i64, now: Time) -> Decision {
    if !SUSPEND_HOURS.contains(&hours) {
        return refused(Refusal::Hours(hours));
    }
    if account.stage == Stage::Off {
        return refused(Refusal::Off);
    }
    account.suspension = Some(Suspension { since: now, until: now.plus(hours * HOUR) });
    done(account)
}

fn resume(mut account: Account) -> Decision {
    match account.suspension.take() {
        Some(_) => done(account),
        None => refused(Refusal::NotSuspended),
    }
}

fn unlock(mut account: Account) -> Decision {
    if account.throttles.is_empty() {
        return already();
    }
    account.throttles.clear();
    done(account)
}

/// The next sign-in sets up the first method; with the enrolment code, where there is one, from the first moment on.
fn begun_anew(mut account: Account, enrolment_code: Option<[u8; 32]>) -> Decision {
    account.clear(Stage::Enrolling);
    account.enrolment_code = enrolment_code;
    done(account)
}

fn cleared(mut account: Account, stage: Stage) -> Decision {
    account.clear(stage);
    done(account)
}

fn done(account: Account) -> Decision {
    Decision { verdict: Verdict::Done, next: Some(account) }
}

fn already() -> Decision {
    Decision { verdict: Verdict::Already, next: None }
}

fn refused(refusal: Refusal) -> Decision {
    Decision { verdict: Verdict::Refused(refusal), next: None }
}
