//! What an account is.

use crate::app_password::AppPassword;
use crate::backup::{self, BackupCodes};
use crate::browser::{Browser, Browsers};
use crate::contact::Address;
use crate::platform::Policy;
use crate::sent::{ChallengeId, Outbox};
use crate::throttle::{Lock, Throttle};
use crate::time::CLOCK_TOLERANCE;
use crate::totp::Totp;
use crate::{Channel, Factor, Kind, Mailbox, Time, letters, text};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// One mailbox's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The canonical mailbox.
    pub mailbox: Mailbox,
    /// Its platform's name.
    pub platform: String,
    /// What was decided about it.
    pub stage: Stage,
    /// No code is asked meanwhile.
    #[serde(default)]
    pub suspension: Option<Suspension>,
    /// Wrong codes, by channel.
    #[serde(default)]
    pub throttles: BTreeMap<Channel, Throttle>,
    /// What it can be opened with; in [`Stage::Protected`] at least one.
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// Made with the first factor.
    #[serde(default)]
    pub backup: Option<BackupCodes>,
    /// What mail apps sign in with; none in [`Stage::Off`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_passwords: Vec<AppPassword>,
    /// Codes that were sent.
    #[serde(default, skip_serializing_if = "Outbox::is_empty")]
    pub outbox: Outbox,
    /// Questions to security keys that were answered, until they could not be answered any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<(ChallengeId, Time)>,
    /// Where notices go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Address>,
    /// In which language: `en` or `fr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// A hash of what has to be typed before the first method is set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<[u8; 32]>,
    /// Fields with a password and a code that may come again for a while; see [`FieldFingerprint`].
    #[serde(default, rename = "passed", skip_serializing_if = "Vec::is_empty")]
    pub accepted_fields: Vec<AcceptedField>,
    /// The last steps of factors that are gone, so that a secret which comes back does not bring spent codes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spent: Vec<SpentSeed>,
    /// The last code that was accepted at each channel, as a hash; see [`Account::is_last_code`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last_codes: BTreeMap<Channel, [u8; 32]>,
    /// The browsers that have signed in.
    #[serde(default, skip_serializing_if = "Browsers::is_empty")]
    pub browsers: Browsers,
    /// No administrator has listed it: the record is there to note something about the name, and vouches for nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlisted: bool,
    /// Counts what ends sessions and tickets: enable, the first factor, a factor taken out or found to be
    /// copied, reset, remove.
    #[serde(default)]
    pub epoch: u64,
    /// Counts what its owner has changed: each proof is good for one change, see [`crate::Proof`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub changes: u64,
    /// When its owner has changed something, as far as [`crate::proof::CHANGES_A_DAY`] needs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Time>,
    /// When its owner has changed words only, as far as [`crate::proof::WORDS_A_DAY`] needs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reworded: Vec<Time>,
    /// When a reset was asked for, as far as [`crate::request::REQUESTS_A_DAY`] needs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Time>,
    /// Other names of the mailbox. Each also has a record of its own, which is what a sign-in is looked up by.
    #[serde(default)]
    pub aliases: Vec<Mailbox>,
}

/// A field with a password and a code, as far as it is remembered: the same string from the same source passes again
/// within the platform's reconnect window, since a mail app can only send what it has stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFingerprint {
    /// The client's network: an IPv4 address, or the /64 of an IPv6 one.
    pub source: String,
    /// A keyed hash of the whole field, which nobody without the key can guess at.
    pub hash: [u8; 32],
}

/// A field that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedField {
    /// The field and its source.
    pub again: FieldFingerprint,
    /// At which channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// When it passed first; the window counts from then and does not slide.
    pub since: Time,
    /// What had matched.
    pub method: String,
    /// How many bytes of it are the password.
    pub password: usize,
}

/// The last step that was accepted of a seed that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentSeed {
    /// SHA-256 of the seed.
    pub seed: [u8; 32],
    /// A code of this step or an earlier one is spent.
    pub last_step: u64,
}

/// Seeds that are gone and remembered; the oldest is forgotten first.
pub const SPENT_MAX: usize = 16;

/// Fields that are remembered of an account.
pub const ACCEPTED_FIELDS_MAX: usize = 16;

/// What was decided about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// No second factor is asked.
    Off,
    /// The next sign-in that can show a QR code does.
    Enrolling,
    /// A second factor is asked.
    Protected,
}

/// Hours that a suspension may last.
pub const SUSPEND_HOURS: std::ops::RangeInclusive<i64> = 1..=720;

/// A time in which no code is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// When it was ordered.
    pub since: Time,
    /// When it ends by itself.
    pub until: Time,
}

impl Suspension {
    /// Whether it stands at `now`. It does not when the clock says that it has not begun yet.
    pub fn stands(self, now: Time) -> bool {
        self.since.plus(-CLOCK_TOLERANCE) <= now && now < self.until
    }
}

/// What an account is at a moment: its stage, with what lies over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No second factor is asked.
    Off,
    /// The next sign-in that can show a QR code does.
    Enrolling,
    /// A second factor is asked.
    Protected,
    /// No code is asked until then.
    Suspended(Time),
    /// Some channel is closed; until then, or until an administrator opens it.
    Locked(Option<Time>),
}

impl Account {
    /// An account that is off, and that no administrator has listed.
    pub fn new(mailbox: Mailbox, platform: &str) -> Self {
        Self {
            mailbox,
            platform: platform.to_owned(),
            stage: Stage::Off,
            suspension: None,
            throttles: BTreeMap::new(),
            factors: Vec::new(),
            backup: None,
            app_passwords: Vec::new(),
            outbox: Outbox::default(),
            answered: Vec::new(),
            contact: None,
            language: None,
            enrolment_code: None,
            accepted_fields: Vec::new(),
            spent: Vec::new(),
            last_codes: BTreeMap::new(),
            browsers: Browsers::default(),
            unlisted: true,
            epoch: 0,
            changes: 0,
            changed: Vec::new(),
            reworded: Vec::new(),
            requests: Vec::new(),
            aliases: Vec::new(),
        }
    }

    /// What it is at `now`. With several channels closed, the one that stays closed longest speaks.
    pub fn state(&self, now: Time) -> State {
        match (self.stage, self.suspension) {
            (Stage::Off, _) => State::Off,
            (_, Some(suspension)) if suspension.stands(now) => State::Suspended(suspension.until),
            (Stage::Enrolling, _) => State::Enrolling,
            (Stage::Protected, _) => {
                let locks = self.throttles.iter().filter_map(|(channel, throttle)| throttle.lock(*channel, now));
                let longest = locks.fold(None, |longest, lock| match (longest, lock) {
                    (Some(Lock::Administrator), _) | (_, Lock::Administrator) => Some(Lock::Administrator),
                    (Some(Lock::Until(one)), Lock::Until(other)) => Some(Lock::Until(one.max(other))),
                    (None, lock) => Some(lock),
                });
                match longest {
                    None => State::Protected,
                    Some(Lock::Until(until)) => State::Locked(Some(until)),
                    Some(Lock::Administrator) => State::Locked(None),
                }
            }
        }
    }

    /// Until when this browser of the account is not asked for a code; none: it is not trusted at `now`.
    pub fn trusted_until(&self, browser: &Browser, policy: &Policy, now: Time) -> Option<Time> {
        (self.stage == Stage::Protected).then(|| browser.trusted_until(self.epoch, policy, now)).flatten()
    }

    /// The count at one channel.
    pub fn throttle(&self, channel: Channel) -> Throttle {
        self.throttles.get(&channel).copied().unwrap_or_default()
    }

    /// Everything that could open it is gone, and everything that was open on its strength is over.
    pub(crate) fn clear(&mut self, stage: Stage) {
        for factor in std::mem::take(&mut self.factors) {
            self.remember_spent(&factor);
        }
        self.stage = stage;
        self.suspension = None;
        self.throttles.clear();
        self.backup = None;
        self.app_passwords.clear();
        self.outbox.clear();
        self.enrolment_code = None;
        // Who was there without a second factor, or by one that is gone, may be a thief. The contact address stays: an
        // account that is off may need a code there.
        self.browsers.clear();
        self.unlisted = false;
        self.accepted_fields.clear();
        self.epoch += 1;
    }

    /// Notes what was spent of a factor that goes.
    pub(crate) fn remember_spent(&mut self, factor: &Factor) {
        if let Kind::Totp(totp) = &factor.kind
            && let Some(last_step) = totp.last_step()
        {
            self.spent.insert(0, SpentSeed { seed: totp.seed().hash(), last_step });
            self.spent.truncate(SPENT_MAX);
        }
        self.outbox.forget(&factor.id);
    }

    /// The last step that was accepted of a seed while it was here before.
    pub(crate) fn spent_before(&self, totp: &Totp) -> Option<u64> {
        let seed = totp.seed().hash();
        self.spent.iter().filter(|spent| spent.seed == seed).map(|spent| spent.last_step).max()
    }

    /// Notes a code that was accepted at a channel just now.
    pub(crate) fn note_code(&mut self, channel: Channel, code: &str) {
        self.last_codes.insert(channel, code_hash(code));
    }

    /// Whether this is exactly the code that was accepted last at some channel. To send it again is no guess: it is spent,
    /// and mail apps repeat what they have stored.
    pub(crate) fn is_last_code(&self, code: &str) -> bool {
        let hash = code_hash(code);
        self.last_codes.values().any(|last| *last == hash)
    }

    /// As it is when it comes back from an export at `now`: the codes of steps before the present one are spent, since
    /// they may have been used after the export was made, and what was open then is over. Backup codes that were used
    /// since, and what was reset or removed since, cannot be told from the rest: whoever imports is told so.
    pub fn restored(&mut self, now: Time) {
        for factor in &mut self.factors {
            if let Kind::Totp(totp) = &mut factor.kind {
                totp.spend_before(now);
            }
        }
        self.accepted_fields.clear();
        self.outbox.clear();
        // It may have been ended since.
        self.suspension = None;
        self.epoch += RESTORED_EPOCHS;
    }
}

/// A hash of a code in its one spelling. It needs no key: a code that was accepted is spent, and opens nothing.
fn code_hash(code: &str) -> [u8; 32] {
    let digits = || Zeroizing::new(text::ungrouped(code).collect());
    let code = if code.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        letters::read(code, backup::LENGTH).unwrap_or_else(digits)
    } else {
        digits()
    };
    Sha256::digest(code.as_bytes()).into()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// By how much a restored account's epoch moves: further than it can have moved since the export was made, so that no
/// session or ticket of that time fits.
const RESTORED_EPOCHS: u64 = 1 << 20;
