//! Typed codes: what they match, and how wrong ones are counted.

use crate::backup;
use crate::decision::Decision;
use crate::factor::{BACKUP, Kind};
use crate::sent::{ChallengeId, DIGITS, Purpose};
use crate::{Account, Channel, Time, totp};

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRefusal {
    /// The code is wrong, or already used; with the count of failures at that channel.
    Wrong {
        /// Wrong codes in a row.
        failures: u32,
    },
    /// The code is the one that was accepted last. It is not counted; with the count of failures at that channel.
    Spent {
        /// Wrong codes in a row.
        failures: u32,
    },
}

/// The factor that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its id, [`BACKUP`], or [`CONTACT`](crate::factor::CONTACT).
    pub method: String,
    /// The number of unused backup codes, if one was just used.
    pub backup_codes_left: Option<u32>,
}

/// What was typed as a code.
pub(super) struct Typed<'a> {
    /// A factor's id, [`BACKUP`], or `None` for any method that matches.
    pub(super) method: Option<&'a str>,
    /// The parts that may be the code: together they count as one guess.
    pub(super) readings: &'a [&'a str],
    /// TOTP steps that are accepted before and after the current one.
    pub(super) window: u32,
    /// The challenge of a code that was sent.
    pub(super) session: Option<ChallengeId>,
}

/// Whether the typed text cannot be a code of the method, nor a backup code. Without a method, any text may be one.
pub(super) fn is_slip(account: &Account, typed: &Typed<'_>) -> bool {
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

/// A code that was right and is now used.
pub(super) struct Spent {
    /// The index of the matching reading.
    pub(super) at: usize,
    pub(super) accepted: Accepted,
}

/// Finds the method that one of the readings matches, and uses the code up. Every possible method is checked, whichever
/// matches.
pub(super) fn spend(account: &mut Account, channel: Channel, typed: &Typed<'_>, now: Time) -> Option<Spent> {
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
                // A security key needs more than a code.
                Kind::Key(_) => false,
            };
            if matches {
                factor.last_used = Some(now);
                spent = Some(Spent { at, accepted: Accepted { method: factor.id.clone(), backup_codes_left: None } });
            }
        }
        // Backup codes are accepted where a user types them: the webmail and PAM dialogues, not an IMAP password. One
        // that is typed instead of a code of another method is accepted: no code of that method has its form, so it is
        // one guess.
        let meant = typed.method.is_none_or(|id| id == BACKUP || backup::is_own(code));
        let meant = spent.is_none() && meant && channel.takes_backup_codes();
        if let Some(backup) = account.backup.as_mut().filter(|_| meant)
            && let Some(place) = backup.find(code)
        {
            backup.spend(place, now);
            let (method, backup_codes_left) = (BACKUP.to_owned(), Some(backup.left()));
            spent = Some(Spent { at, accepted: Accepted { method, backup_codes_left } });
        }
    }
    spent
}

/// No reading of the typed text matches: counts one more wrong code, unless it is the last accepted code again. If the
/// text also has another reading as digits, it would be a guess at those and is counted. Backup codes have fifty random
/// bits: letters before a used code are no useful guess at them.
pub(super) fn missed(account: Account, channel: Channel, readings: &[&str], now: Time) -> Decision<CodeRefusal> {
    let is_last = |reading: &&str| account.is_last_code(reading);
    let is_no_guess = |reading: &&str| is_last(reading) || reading.len() >= backup::LENGTH;
    if readings.iter().any(is_last) && readings.iter().all(is_no_guess) {
        return Decision::unchanged(CodeRefusal::Spent { failures: account.throttle(channel).failures });
    }
    failed(account, channel, now)
}

/// Counts one more wrong code at a channel.
pub(super) fn failed(mut account: Account, channel: Channel, now: Time) -> Decision<CodeRefusal> {
    let throttle = account.throttle(channel).failed(now);
    account.throttles.insert(channel.budget(), throttle);
    Decision::changed(CodeRefusal::Wrong { failures: throttle.failures }, account)
}
