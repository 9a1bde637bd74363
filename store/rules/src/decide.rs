//! The one place where a rule about an account stands.

mod app_passwords;
mod field;

use crate::account::Suspension;
use crate::backup::BackupCodes;
use crate::event::{BACKUP, Decision, Event, Random, Refusal, SUSPEND_HOURS, Verdict};
use crate::factor::{self, FACTORS_MAX, Factor, Kind};
use crate::throttle::Lock;
use crate::totp::Totp;
use crate::{Account, Door, Platform, Stage, State, Time};
use field::Field;

/// Seconds of an hour.
const HOUR: i64 = 3600;

/// What comes of `event` for `account` at `now`, on its `platform`. Total, and without a side effect: the caller
/// writes the next account in one swap and only then acts on the verdict.
pub fn decide(account: &Account, platform: &Platform, event: Event<'_>, now: Time) -> Decision {
    let account = account.clone();
    match event {
        Event::Ask(door) => Decision { verdict: ask(&account, platform, door, now), next: None },
        Event::Answer { door, method, code, window } => answer(account, platform, door, method, code, window, now),
        Event::Field { door, text, window, again, source } => {
            field::look(account, platform, &Field { door, text, window, source }, again, now)
        }
        Event::Confirm { door, offered, epoch, code, window, description, random } => {
            let verdict = ask(&account, platform, door, now);
            if verdict != Verdict::Enrol || epoch != account.epoch {
                return refused(Refusal::Stale);
            }
            match offered.matching_step(code, now, window) {
                None => refused(Refusal::Wrong { failures: 0 }),
                Some(step) => add(account, offered, Some(step), description, random, now),
            }
        }
        Event::AddTotp { totp, description, random } => add(account, totp, None, description, random, now),
        Event::RemoveFactor(id) => remove_factor(account, id),
        Event::AddAppPassword(fresh) => app_passwords::add(account, fresh),
        Event::RevokeAppPassword(id) => app_passwords::revoke(account, id),
        Event::RenewAppPasswords(sealed) => app_passwords::renew(account, sealed),
        Event::SealedRefused { id, sealed } => app_passwords::outdate(account, id, sealed),
        Event::Enable => enable(account, now),
        Event::Suspend(hours) => suspend(account, hours, now),
        Event::Resume => resume(account, now),
        Event::Reset => match account.stage {
            Stage::Off => refused(Refusal::Off),
            Stage::Enrolling | Stage::Protected => cleared(account, Stage::Enrolling),
        },
        Event::Remove => match account.stage {
            Stage::Off => already(),
            Stage::Enrolling | Stage::Protected => cleared(account, Stage::Off),
        },
        Event::Unlock => unlock(account),
        Event::Tick => match account.suspension {
            Some(suspension) if !suspension.stands(now) => done(Account { suspension: None, ..account }),
            _ => already(),
        },
    }
}

/// What a sign-in at `door` needs. Everything that lets a sign-in pass without a second factor stands here.
fn ask(account: &Account, platform: &Platform, door: Door, now: Time) -> Verdict {
    if !platform.enabled {
        return Verdict::NotRequired;
    }
    match account.state(now) {
        State::Off | State::Suspended(_) => Verdict::NotRequired,
        State::Enrolling if door.can_enrol() => Verdict::Enrol,
        State::Enrolling if platform.policy.unenrolled_pass => Verdict::NotRequired,
        State::Enrolling => Verdict::Refused(Refusal::Unenrolled),
        State::Protected | State::Locked(_) => match account.throttle(door).lock(door, now) {
            None => Verdict::Challenge,
            Some(Lock::Until(until)) => Verdict::Refused(Refusal::Locked(Some(until))),
            Some(Lock::Administrator) => Verdict::Refused(Refusal::Locked(None)),
        },
    }
}

/// Looks at a code.
fn answer(
    mut account: Account,
    platform: &Platform,
    door: Door,
    method: Option<&str>,
    code: &str,
    window: u32,
    now: Time,
) -> Decision {
    if let Some(verdict) = not_asked(&account, platform, door, now) {
        return match verdict {
            // It was, when the front asked.
            Verdict::NotRequired => refused(Refusal::Stale),
            verdict => Decision { verdict, next: None },
        };
    }
    match spend(&mut account, door, method, &[code], window, now) {
        Some(Spent { method, backup_codes_left, .. }) => {
            account.throttles.remove(&door);
            Decision { verdict: Verdict::Accepted { method, backup_codes_left }, next: Some(account) }
        }
        None => failed(account, door, now),
    }
}

/// What is said instead of looking at a code, if none is looked at. A closed door looks at no code at all, so a right
/// one learns nothing and a wrong one costs nothing.
fn not_asked(account: &Account, platform: &Platform, door: Door, now: Time) -> Option<Verdict> {
    match ask(account, platform, door, now) {
        Verdict::Challenge => None,
        verdict @ (Verdict::NotRequired | Verdict::Refused(_)) => Some(verdict),
        // What is not a challenge now was one when the front asked: it has to ask again.
        _ => Some(Verdict::Refused(Refusal::Stale)),
    }
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
fn spend(
    account: &mut Account,
    door: Door,
    method: Option<&str>,
    readings: &[&str],
    window: u32,
    now: Time,
) -> Option<Spent> {
    let mut spent = None;
    for (at, code) in readings.iter().enumerate() {
        for factor in &mut account.factors {
            let Kind::Totp(totp) = &mut factor.kind;
            let meant = method.is_none_or(|id| id == factor.id);
            if let Some(step) = totp.matching_step(code, now, window).filter(|_| meant && spent.is_none()) {
                totp.spend(step);
                factor.last_used = Some(now);
                spent = Some(Spent { at, method: factor.id.clone(), backup_codes_left: None });
            }
        }
        let meant = spent.is_none() && method.is_none_or(|id| id == BACKUP) && door.takes_backup_codes();
        if let Some(backup) = account.backup.as_mut().filter(|_| meant)
            && let Some(place) = backup.find(code)
        {
            backup.spend(place, now);
            spent = Some(Spent { at, method: BACKUP.to_owned(), backup_codes_left: Some(backup.left()) });
        }
    }
    spent
}

/// One more wrong code at a door.
fn failed(mut account: Account, door: Door, now: Time) -> Decision {
    let throttle = account.throttle(door).failed(now);
    account.throttles.insert(door, throttle);
    let verdict = Verdict::Refused(Refusal::Wrong { failures: throttle.failures });
    Decision { verdict, next: Some(account) }
}

/// Adds a factor; the first one protects the account and brings the backup codes.
fn add(
    mut account: Account,
    mut totp: Totp,
    spent: Option<u64>,
    description: &str,
    random: Random,
    now: Time,
) -> Decision {
    if account.stage == Stage::Off {
        return refused(Refusal::Off);
    }
    if account.factors.len() >= FACTORS_MAX {
        return refused(Refusal::TooMany);
    }
    let same = |factor: &Factor| match &factor.kind {
        Kind::Totp(other) => other.seed() == totp.seed(),
    };
    if account.factors.iter().any(same) {
        return refused(Refusal::SameSecret);
    }
    for step in [spent, account.spent_before(&totp)].into_iter().flatten() {
        totp.spend(step);
    }
    let id = unused_id(&account, random.id);
    let description = factor::description(description);
    account.factors.push(Factor {
        id: id.clone(),
        kind: Kind::Totp(totp),
        description,
        created: now,
        last_used: spent.map(|_| now),
    });
    let mut backup_codes = None;
    if account.stage == Stage::Enrolling {
        account.stage = Stage::Protected;
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
    if account.factors.len() == 1 {
        return refused(Refusal::OnlyFactor);
    }
    // What it has opened is over too: it may be in other hands.
    let factor = account.factors.remove(at);
    account.remember_spent(&factor);
    account.passed.retain(|passed| passed.method != factor.id);
    account.epoch += 1;
    done(account)
}

fn enable(mut account: Account, now: Time) -> Decision {
    match (account.stage, account.state(now)) {
        (Stage::Off, _) => {
            account.clear(Stage::Enrolling);
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

fn resume(mut account: Account, now: Time) -> Decision {
    match account.suspension.take() {
        Some(suspension) if suspension.stands(now) => done(account),
        _ => refused(Refusal::NotSuspended),
    }
}

fn unlock(mut account: Account) -> Decision {
    if account.throttles.is_empty() {
        return already();
    }
    account.throttles.clear();
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
