//! The account, and its state at a point in time.

use crate::Budget;
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

/// The account of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The canonical mailbox.
    pub mailbox: Mailbox,
    /// The name of its platform.
    pub platform: String,
    /// The stage that was set for it.
    pub stage: Stage,
    /// While a suspension is in effect, no code is required.
    #[serde(default)]
    pub suspension: Option<Suspension>,
    /// Counts of wrong codes, by budget.
    #[serde(default)]
    pub throttles: BTreeMap<Budget, Throttle>,
    /// Its factors; at least one in [`Stage::Protected`].
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// Backup codes, made together with the first factor.
    #[serde(default)]
    pub backup: Option<BackupCodes>,
    /// App passwords of mail apps; none in [`Stage::Off`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_passwords: Vec<AppPassword>,
    /// Codes that were sent.
    #[serde(default, skip_serializing_if = "Outbox::is_empty")]
    pub outbox: Outbox,
    /// Security key challenges that were answered, kept until they expire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<(ChallengeId, Time)>,
    /// Where notices go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Address>,
    /// The language of notices: `en` or `fr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The hash of the enrolment code that is required before the first method is set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<[u8; 32]>,
    /// Fields with a password and a code that are accepted again for a limited time; see [`FieldFingerprint`].
    #[serde(default, rename = "passed", skip_serializing_if = "Vec::is_empty")]
    pub accepted_fields: Vec<AcceptedField>,
    /// The last accepted steps of removed factors, so that codes which were used stay used when a secret is added
    /// again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spent: Vec<SpentSeed>,
    /// The hash of the last code that was accepted at each channel; see [`Account::is_last_code`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last_codes: BTreeMap<Channel, [u8; 32]>,
    /// The browsers that have signed in.
    #[serde(default, skip_serializing_if = "Browsers::is_empty")]
    pub browsers: Browsers,
    /// No administrator has listed it: the record only holds data about the name, and does not make the name known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlisted: bool,
    /// Incremented by every change that ends sessions and tickets: enable, the first factor, a factor that is removed
    /// or found to be copied, reset, remove.
    #[serde(default)]
    pub epoch: u64,
    /// Incremented by each change that the owner makes: a proof is valid for one change, see [`crate::Proof`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub changes: u64,
    /// The times of the owner's changes, as far as [`crate::proof::CHANGES_A_DAY`] needs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Time>,
    /// The times of the owner's changes of text only, as far as [`crate::proof::WORDS_A_DAY`] needs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reworded: Vec<Time>,
    /// The times of requests for a reset, as far as [`crate::request::REQUESTS_A_DAY`] needs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Time>,
    /// Aliases of the mailbox. Each also has a record of its own, which a sign-in looks up.
    #[serde(default)]
    pub aliases: Vec<Mailbox>,
}

/// The fingerprint of a field with a password and a code. The same string from the same source is accepted again within
/// the platform's reconnect window, since a mail app can only send what it has stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFingerprint {
    /// The client's network: an IPv4 address, or the /64 of an IPv6 one.
    pub source: String,
    /// A keyed hash of the whole field; without the key, it does not allow guessing the field.
    pub hash: [u8; 32],
}

/// A field that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedField {
    /// The fingerprint of the field.
    pub again: FieldFingerprint,
    /// The channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// When it was accepted first; the window starts then and is not extended.
    pub since: Time,
    /// The method whose code matched.
    pub method: String,
    /// The length of the password in the field, in bytes.
    pub password: usize,
}

/// The last accepted step of a removed TOTP seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentSeed {
    /// SHA-256 of the seed.
    pub seed: [u8; 32],
    /// Codes of this step and of earlier steps are used.
    pub last_step: u64,
}

/// The most removed seeds that are remembered; the oldest is dropped first.
pub const SPENT_MAX: usize = 16;

/// The most accepted fields that are remembered of an account.
pub const ACCEPTED_FIELDS_MAX: usize = 16;

/// The stage of an account, as set by the administrator or by enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// No second factor is required.
    Off,
    /// The next sign-in at a channel that can show a QR code enrols.
    Enrolling,
    /// A second factor is required.
    Protected,
}

/// The allowed duration of a suspension, in hours.
pub const SUSPEND_HOURS: std::ops::RangeInclusive<i64> = 1..=720;

/// A period in which no code is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// When it was ordered.
    pub since: Time,
    /// When it ends.
    pub until: Time,
}

impl Suspension {
    /// Whether it is in effect at `now`. It is not if, by the clock, it has not begun yet.
    pub fn stands(self, now: Time) -> bool {
        self.since.plus(-CLOCK_TOLERANCE) <= now && now < self.until
    }
}

/// The state of an account at a point in time: its stage, or the suspension or lock that overrides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No second factor is required.
    Off,
    /// The next sign-in at a channel that can show a QR code enrols.
    Enrolling,
    /// A second factor is required.
    Protected,
    /// No code is required until then.
    Suspended(Time),
    /// Some channel is locked, until then or until an administrator unlocks it.
    Locked(Option<Time>),
}

impl Account {
    /// An account that is off and not listed by an administrator.
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

    /// Its state at `now`. If several channels are locked, the lock that lasts longest counts.
    pub fn state(&self, now: Time) -> State {
        match (self.stage, self.suspension) {
            (Stage::Off, _) => State::Off,
            (_, Some(suspension)) if suspension.stands(now) => State::Suspended(suspension.until),
            (Stage::Enrolling, _) => State::Enrolling,
            (Stage::Protected, _) => {
                let locks = self.throttles.iter().filter_map(|(budget, throttle)| throttle.lock(*budget, now));
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

    /// Until when this browser of the account is not asked for a code; `None`: it is not trusted at `now`.
    pub fn trusted_until(&self, browser: &Browser, policy: &Policy, now: Time) -> Option<Time> {
        (self.stage == Stage::Protected).then(|| browser.trusted_until(self.epoch, policy, now)).flatten()
    }

    /// The count of wrong codes at one channel, and at those that are counted with it.
    pub fn throttle(&self, channel: Channel) -> Throttle {
        self.throttles.get(&channel.budget()).copied().unwrap_or_default()
    }

    /// Removes every factor, and ends every session that depends on one.
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
        // A browser that signed in without a second factor, or with a removed one, may be an attacker's. The contact
        // address stays: an account that is off may need a code there.
        self.browsers.clear();
        self.unlisted = false;
        self.accepted_fields.clear();
        self.epoch += 1;
    }

    /// Records the used codes of a factor that is being removed.
    pub(crate) fn remember_spent(&mut self, factor: &Factor) {
        if let Kind::Totp(totp) = &factor.kind
            && let Some(last_step) = totp.last_step()
        {
            self.spent.insert(0, SpentSeed { seed: totp.seed().hash(), last_step });
            self.spent.truncate(SPENT_MAX);
        }
        self.outbox.forget(&factor.id);
    }

    /// The last accepted step of this seed from an earlier time when the account had it.
    pub(crate) fn spent_before(&self, totp: &Totp) -> Option<u64> {
        let seed = totp.seed().hash();
        self.spent.iter().filter(|spent| spent.seed == seed).map(|spent| spent.last_step).max()
    }

    /// Records a code that was just accepted at a channel.
    pub(crate) fn note_code(&mut self, channel: Channel, code: &str) {
        self.last_codes.insert(channel, code_hash(code));
    }

    /// Whether this is exactly the code that was accepted last at some channel. Sending it again does not count as a
    /// guess: it is already used, and mail apps repeat what they have stored.
    pub(crate) fn is_last_code(&self, code: &str) -> bool {
        let hash = code_hash(code);
        self.last_codes.values().any(|last| *last == hash)
    }

    /// Adjusts an account that is imported from an export at `now`: codes of steps before the current one count as
    /// used, since they may have been used after the export was made, and sessions of that time end. Backup codes that
    /// were used since, and resets or removals since, cannot be detected: the import reports this to the administrator.
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

/// A hash of a code in its canonical form. It needs no key: an accepted code is used, and is not valid any more.
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

/// The increment of a restored account's epoch: more than it can have advanced since the export was made, so that no
/// session or ticket of that time is valid.
const RESTORED_EPOCHS: u64 = 1 << 20;
