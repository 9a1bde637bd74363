//! Proofs: that a person has brought a second factor, when, and what for.
//!
//! A change that gives or takes a way in (a method, backup codes, an app password, the contact address) takes a factor of
//! its own: it is asked for that one change, at that moment, and the change uses it up. A sign-in is no such proof: a
//! script in the webmail acts with the person's session, and must not come to more than that. What takes nothing but
//! words, or ends what others have open, takes the sign-in alone.
//!
//! | change | takes |
//! |---|---|
//! | every [`Change`], and trust in a browser (with the answer itself: [`crate::Event::Answer`]) | a factor for it |
//! | a method's words, the language, an app password revoked, trust revoked | the sign-in |

use crate::time::CLOCK_TOLERANCE;
use crate::{Account, KindName, Mailbox, Refusal, Stage, Time};
use serde::{Deserialize, Serialize};

/// Seconds for which a factor that was asked for a change is good for it: long enough to set up what it was asked for, too
/// short for a browser left open.
pub const FRESH: i64 = 15 * 60;
/// Seconds for which a sign-in shows a person their account. Sessions of a front last no longer.
pub const SHOWS: i64 = 7 * 86_400;
/// Changes that a person makes of their own account within [`DAY`]: most of them send a notice, and each is written to
/// disk. What ends trust or an app password is not counted: it can be done once, and must always be possible.
pub const CHANGES_A_DAY: usize = 30;
/// Changes of words within [`DAY`]: they take the sign-in alone, so a script in the webmail can make them. They have a
/// count of their own, and use up no proof: otherwise that script could keep the owner from every other change.
pub const WORDS_A_DAY: usize = 30;
/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// A change that gives or takes a way in, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A further method is set up.
    AddMethod {
        /// Of this kind.
        kind: KindName,
        /// The number or address that its codes go to, in its one spelling; none: no codes are sent.
        to: Option<String>,
    },
    /// The method with this id goes.
    RemoveMethod(String),
    /// A new set of backup codes.
    MakeBackupCodes,
    /// The set of backup codes goes.
    DeleteBackupCodes,
    /// A new app password.
    CreateAppPassword,
    /// Notices, and codes where a sign-in is unusual, go to this address, in its one spelling.
    SetContact(String),
    /// They go nowhere.
    RemoveContact,
}

/// A proof. Whoever keeps it seals it, so that nobody else makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    mailbox: Mailbox,
    /// [`Account::epoch`] at that time.
    epoch: u64,
    /// [`Account::changes`] at that time: the change itself moves it, so a proof is used up in the commit that it is for.
    changes: u64,
    at: Time,
    /// What the factor was asked for; none: to sign in.
    change: Option<Change>,
}

impl Proof {
    /// A factor of this account was brought just now, for this change or to sign in.
    pub fn of(account: &Account, change: Option<Change>, now: Time) -> Self {
        let Account { mailbox, epoch, changes, .. } = account.clone();
        Self { mailbox, epoch, changes, at: now, change }
    }

    /// The same person's sign-in, for the account as their own change has left it.
    #[must_use]
    pub fn carried_over(&self, account: &Account) -> Self {
        Self::of(account, None, self.at)
    }

    /// Whether it shows its holder the account, and changes what is no way in.
    ///
    /// # Errors
    /// [`Refusal::Stale`].
    pub fn check(&self, account: &Account, now: Time) -> Result<(), Refusal> {
        let fits = self.mailbox == account.mailbox
            && self.epoch == account.epoch
            && account.stage == Stage::Protected
            && now < self.at.plus(SHOWS);
        if fits { Ok(()) } else { Err(Refusal::Stale) }
    }

    /// Whether it is for this change, and was not used.
    ///
    /// # Errors
    /// [`Refusal::NotFresh`]: a factor is to be asked for this change; [`Refusal::TooMany`]: not today; as
    /// [`Self::check`].
    pub fn check_for(&self, account: &Account, change: &Change, now: Time) -> Result<(), Refusal> {
        self.check(account, now)?;
        may_change(account, now)?;
        // A clock that stepped back makes none of them young again for long.
        let is_fresh = self.at.plus(-CLOCK_TOLERANCE) <= now && now < self.at.plus(FRESH);
        let is_for_it = self.change.as_ref() == Some(change) && self.changes == account.changes;
        if is_fresh && is_for_it { Ok(()) } else { Err(Refusal::NotFresh) }
    }
}

/// Whether the account's owner may change something today.
pub(crate) fn may_change(account: &Account, now: Time) -> Result<(), Refusal> {
    is_left(&account.changed, CHANGES_A_DAY, now)
}

/// Whether the account's owner may change words today.
pub(crate) fn may_reword(account: &Account, now: Time) -> Result<(), Refusal> {
    is_left(&account.reworded, WORDS_A_DAY, now)
}

fn is_left(made: &[Time], max: usize, now: Time) -> Result<(), Refusal> {
    let today = made.iter().filter(|at| is_today(**at, now));
    if today.clone().count() < max {
        return Ok(());
    }
    Err(Refusal::TooMany(today.min().copied().unwrap_or(now).plus(DAY)))
}

/// The account's owner has changed something now: a proof of before is used up.
pub(crate) fn note_change(account: &mut Account, now: Time) {
    account.changes += 1;
    note(&mut account.changed, now);
}

/// The account's owner has changed words now.
pub(crate) fn note_words(account: &mut Account, now: Time) {
    note(&mut account.reworded, now);
}

fn note(made: &mut Vec<Time>, now: Time) {
    made.retain(|at| is_today(*at, now));
    made.push(now);
}

/// Also with a clock that steps back.
pub(crate) fn is_today(at: Time, now: Time) -> bool {
    (now.0 - at.0).abs() < DAY
}
