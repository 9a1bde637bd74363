//! Proofs: that a user has given a second factor, when, and for which change.
//!
//! A change that adds or removes a credential (a method, backup codes, an app password, the contact address) requires a
//! factor of its own: it is requested for that one change at that moment, and the change uses the proof up. A sign-in
//! is not such a proof: a script in the webmail acts with the user's session, and must not be able to make such a
//! change. A change of text only, and a change that ends other sessions or trust, requires only the sign-in.
//!
//! | change | requires |
//! |---|---|
//! | every [`Change`], and trust in a browser (with the answer itself: [`crate::decide::answer`]) | a factor for it |
//! | a method's description, the language, an app password revoked, trust revoked | the sign-in |

use crate::contact::{Address, PhoneNumber};
use crate::factor::CONTACT;
use crate::time::CLOCK_TOLERANCE;
use crate::{Account, KindName, Mailbox, Stage, Time};
use serde::{Deserialize, Serialize};

/// Seconds for which a factor that was given for a change is valid: long enough to set up the method, too short for an
/// unattended browser.
pub const FRESH: i64 = 15 * 60;
/// Seconds for which a sign-in allows a user to view their account. Sessions of a front last no longer.
pub const SHOWS: i64 = 7 * 86_400;
/// The most changes that a user may make to their own account within [`DAY`]: most of them send a notice, and each is
/// written to disk. Revoking trust or an app password is not counted: it can be done only once for each, and must
/// always be possible.
pub const CHANGES_A_DAY: usize = 30;
/// The most changes of text within [`DAY`]. They require only the sign-in, so a script in the webmail can make them.
/// They have a separate limit and use up no proof: otherwise that script could keep the owner from making other
/// changes.
pub const WORDS_A_DAY: usize = 30;
/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// A change that adds or removes a credential, with its object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A further method is set up.
    AddMethod {
        /// Its kind.
        kind: KindName,
        /// The number or address for its codes, in canonical form; `None`: no codes are sent.
        to: Option<String>,
    },
    /// The method with this id is removed.
    RemoveMethod(String),
    /// A new set of backup codes is made.
    MakeBackupCodes,
    /// The set of backup codes is deleted.
    DeleteBackupCodes,
    /// A new app password is made.
    CreateAppPassword,
    /// The contact address, for notices and for codes of unusual sign-ins, is set to this address, in canonical form.
    SetContact(String),
    /// The contact address is removed.
    RemoveContact,
}

impl Change {
    /// The change that is made by setting up this kind of method, or a contact address ([`CONTACT`]), with the number or
    /// address as typed. `None`: there is no such kind, or codes cannot be sent there.
    pub fn setting_up(kind: &str, to: Option<&str>) -> Option<Self> {
        let to = to.unwrap_or_default();
        let address = || Address::read(to).map(|address| address.as_str().to_owned());
        if kind == CONTACT {
            return Some(Self::SetContact(address()?));
        }
        let kind = KindName::parse(kind)?;
        let to = match kind {
            KindName::Totp | KindName::Key => None,
            KindName::Sms => Some(PhoneNumber::read(to)?.as_str().to_owned()),
            KindName::Email => Some(address()?),
        };
        Some(Self::AddMethod { kind, to })
    }
}

/// The proof of a sign-in is not valid: the state has changed, or it is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale;

/// Why a proof does not allow a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofRefusal {
    /// It is not valid: see [`Stale`].
    Stale,
    /// A factor must be given for this change.
    NotFresh,
    /// The limit of the day is reached: no more changes are made before then.
    TooMany(Time),
}

/// Why a proof does not allow a change of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewordRefusal {
    /// It is not valid: see [`Stale`].
    Stale,
    /// The limit of the day is reached: no more changes of text are made before then.
    TooMany(Time),
}

impl From<Stale> for ProofRefusal {
    fn from(Stale: Stale) -> Self {
        Self::Stale
    }
}

/// A proof. Its holder must store it sealed, so that it cannot be forged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    mailbox: Mailbox,
    /// [`Account::epoch`] at that time.
    epoch: u64,
    /// [`Account::changes`] at that time: the change itself increments it, so the commit of the change uses the proof
    /// up.
    changes: u64,
    at: Time,
    /// The change for which the factor was given; `None`: to sign in.
    change: Option<Change>,
}

impl Proof {
    /// A factor of this account was just given, for this change or to sign in.
    pub fn of(account: &Account, change: Option<Change>, now: Time) -> Self {
        let Account { mailbox, epoch, changes, .. } = account.clone();
        Self { mailbox, epoch, changes, at: now, change }
    }

    /// The proof of the same user's sign-in, for the account after their own change.
    #[must_use]
    pub fn carried_over(&self, account: &Account) -> Self {
        Self::of(account, None, self.at)
    }

    /// Checks whether it allows viewing the account and changing what is not a credential.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn check(&self, account: &Account, now: Time) -> Result<(), Stale> {
        let fits = self.mailbox == account.mailbox
            && self.epoch == account.epoch
            && account.stage == Stage::Protected
            && now < self.at.plus(SHOWS);
        if fits { Ok(()) } else { Err(Stale) }
    }

    /// Checks whether it allows a change of text now.
    ///
    /// # Errors
    /// [`RewordRefusal`].
    pub(crate) fn check_words(&self, account: &Account, now: Time) -> Result<(), RewordRefusal> {
        self.check(account, now).map_err(|Stale| RewordRefusal::Stale)?;
        is_left(&account.reworded, WORDS_A_DAY, now).map_err(RewordRefusal::TooMany)
    }

    /// Checks whether it is for this change, and unused.
    ///
    /// # Errors
    /// [`ProofRefusal`].
    pub fn check_for(&self, account: &Account, change: &Change, now: Time) -> Result<(), ProofRefusal> {
        self.check(account, now)?;
        is_left(&account.changed, CHANGES_A_DAY, now).map_err(ProofRefusal::TooMany)?;
        // Setting the clock back does not make a proof valid for much longer.
        let is_fresh = self.at.plus(-CLOCK_TOLERANCE) <= now && now < self.at.plus(FRESH);
        let is_for_it = self.change.as_ref() == Some(change) && self.changes == account.changes;
        if is_fresh && is_for_it { Ok(()) } else { Err(ProofRefusal::NotFresh) }
    }
}

/// Checks whether the account's owner may make another change today; otherwise returns from when on.
fn is_left(made: &[Time], max: usize, now: Time) -> Result<(), Time> {
    let today = made.iter().filter(|at| is_today(**at, now));
    if today.clone().count() < max {
        return Ok(());
    }
    Err(today.min().copied().unwrap_or(now).plus(DAY))
}

/// Records a change by the account's owner: earlier proofs are used up.
pub(crate) fn note_change(account: &mut Account, now: Time) {
    account.changes += 1;
    note(&mut account.changed, now);
}

/// Records a change of text by the account's owner.
pub(crate) fn note_words(account: &mut Account, now: Time) {
    note(&mut account.reworded, now);
}

fn note(made: &mut Vec<Time>, now: Time) {
    made.retain(|at| is_today(*at, now));
    made.push(now);
}

/// Whether `at` is within a day of `now`, also if the clock was set back.
pub(crate) fn is_today(at: Time, now: Time) -> bool {
    (now.0 - at.0).abs() < DAY
}
