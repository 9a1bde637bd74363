//! Codes that were sent by SMS or e-mail: each valid once, for ten minutes, and only for the sign-in that requested it.

use crate::contact::Address;
use crate::time::CLOCK_TOLERANCE;
use crate::{Kind, Time, text};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Digits of a code.
pub const DIGITS: u32 = 6;
/// Seconds for which a code is valid.
pub const LIFETIME: i64 = 600;
/// Seconds until another may be sent to the same number or address.
pub const AGAIN: i64 = 30;
/// The most codes that are sent for an account within [`DAY`].
pub const A_DAY: usize = 20;
/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// Wrong codes after which the code that was sent becomes void.
pub const MISSES: u8 = 5;
/// The most valid codes of an account at one time; the oldest is dropped.
const OPEN_MAX: usize = 8;

/// The identifier of a challenge: random bytes that are kept by the requester.
pub type ChallengeId = [u8; 16];

/// The codes that were sent for an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    #[serde(default)]
    codes: Vec<SentCode>,
    /// When codes were sent, as far as [`A_DAY`] needs it.
    #[serde(default)]
    sends: Vec<Time>,
}

/// The purpose of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To answer with this factor.
    Factor(String),
    /// To set up this method.
    Method(Kind),
    /// To set the contact address.
    Contact(Address),
    /// To sign in to an account without a second factor, since the sign-in is unusual.
    SignIn(Address),
}

/// Why no code is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// Not before then.
    TooSoon(Time),
    /// [`A_DAY`] codes have been sent; the next may not be sent before then.
    TooMany(Time),
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SentCode {
    session: ChallengeId,
    purpose: Purpose,
    hash: [u8; 32],
    at: Time,
    #[serde(default)]
    misses: u8,
}

impl std::fmt::Debug for SentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SentCode {{ {:?} at {:?} }}", self.purpose, self.at)
    }
}

impl SentCode {
    fn is_alive(&self, now: Time) -> bool {
        self.at.plus(-CLOCK_TOLERANCE) <= now && now < self.at.plus(LIFETIME) && self.misses < MISSES
    }
}

impl Outbox {
    /// Whether there are no codes and no recent sending times.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.sends.is_empty()
    }

    /// Records that `code` is now sent for one session; an earlier code for the same session and purpose becomes void.
    /// Returns when another one may be sent.
    pub(crate) fn send(
        &mut self,
        purpose: Purpose,
        session: ChallengeId,
        replaces: Option<ChallengeId>,
        code: &str,
        now: Time,
    ) -> Result<Time, NotNow> {
        self.codes.retain(|sent| sent.is_alive(now));
        self.sends.retain(|at| (now.0 - at.0).abs() < DAY);
        let just_before = |sent: &&SentCode| sent.purpose == purpose && (now.0 - sent.at.0).abs() < AGAIN;
        if let Some(last) = self.codes.iter().filter(just_before).map(|sent| sent.at).max() {
            return Err(NotNow::TooSoon(last.plus(AGAIN)));
        }
        if let (true, Some(oldest)) = (self.sends.len() >= A_DAY, self.sends.iter().min()) {
            return Err(NotNow::TooMany(oldest.plus(DAY)));
        }
        self.codes.retain(|sent| Some(sent.session) != replaces || sent.purpose != purpose);
        if self.codes.len() >= OPEN_MAX {
            self.codes.remove(0);
        }
        self.sends.push(now);
        self.codes.push(SentCode { session, purpose, hash: hash(&session, code), at: now, misses: 0 });
        Ok(now.plus(AGAIN))
    }

    /// Uses up the code that was sent for this session and purpose, if it matches; otherwise counts a wrong code for
    /// it.
    pub(crate) fn spend(&mut self, purpose: &Purpose, session: &ChallengeId, code: &str, now: Time) -> bool {
        let meant = |sent: &SentCode| sent.is_alive(now) && sent.session == *session && sent.purpose == *purpose;
        let Some(at) = self.codes.iter().position(meant) else { return false };
        if bool::from(self.codes[at].hash.ct_eq(&hash(session, code))) {
            self.codes.remove(at);
            return true;
        }
        self.codes[at].misses += 1;
        false
    }

    /// The purpose of the code that was sent to this session.
    pub fn purpose_of(&self, session: &ChallengeId, now: Time) -> Option<&Purpose> {
        self.codes.iter().find(|sent| sent.session == *session && sent.is_alive(now)).map(|sent| &sent.purpose)
    }

    /// Makes all codes void. The count of the day is kept.
    pub(crate) fn clear(&mut self) {
        self.codes.clear();
    }

    /// Makes the codes void that were sent to answer with this factor.
    pub(crate) fn forget(&mut self, factor: &str) {
        self.codes.retain(|sent| sent.purpose != Purpose::Factor(factor.to_owned()));
    }
}

/// The session's own bytes are the key: six digits cannot be kept secret from a reader of the record, which is sealed.
fn hash(session: &ChallengeId, code: &str) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(session) else { unreachable!("HMAC takes a key of any length") };
    let digits: String = text::ungrouped(code).collect();
    mac.update(digits.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_800_000_000);

    fn phone() -> Purpose {
        Purpose::Factor("phone".to_owned())
    }

    fn sent() -> Outbox {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.send(phone(), [1; 16], None, "123456", NOW), Ok(NOW.plus(AGAIN)));
        outbox
    }

    #[test]
    fn a_code_is_good_once_for_ten_minutes_and_for_its_own_session_and_purpose() {
        for (session, purpose, code, after, good) in [
            ([1; 16], phone(), "123456", 0, true),
            ([1; 16], phone(), "123 456", LIFETIME - 1, true),
            ([1; 16], phone(), "\u{2068}123\u{2011}456\u{2069}\n", 0, true),
            ([1; 16], phone(), "123456", LIFETIME, false),
            ([1; 16], phone(), "123456", -CLOCK_TOLERANCE, true),
            ([1; 16], phone(), "123456", -CLOCK_TOLERANCE - 1, false),
            ([1; 16], phone(), "123457", 0, false),
            ([1; 16], phone(), "", 0, false),
            ([2; 16], phone(), "123456", 0, false),
            ([1; 16], Purpose::Factor("other".to_owned()), "123456", 0, false),
        ] {
            let mut outbox = sent();
            assert_eq!(outbox.spend(&purpose, &session, code, NOW.plus(after)), good, "{code} {after}");
            assert!(!good || !outbox.spend(&purpose, &session, code, NOW.plus(after)), "once");
        }
    }

    #[test]
    fn a_resend_voids_the_code_before_and_has_to_wait() {
        let mut outbox = sent();
        let too_soon = Err(NotNow::TooSoon(NOW.plus(AGAIN)));
        assert_eq!(outbox.send(phone(), [2; 16], Some([1; 16]), "222222", NOW.plus(AGAIN - 1)), too_soon);
        // Another browser has to wait as well: it is the same telephone.
        assert_eq!(outbox.send(phone(), [3; 16], None, "333333", NOW), too_soon);
        assert!(outbox.send(phone(), [2; 16], Some([1; 16]), "222222", NOW.plus(AGAIN)).is_ok());
        assert!(!outbox.clone().spend(&phone(), &[1; 16], "123456", NOW.plus(AGAIN)));
        assert!(outbox.spend(&phone(), &[2; 16], "222222", NOW.plus(AGAIN)));
    }

    #[test]
    fn two_browsers_have_a_code_each() {
        let mut outbox = sent();
        outbox.send(phone(), [2; 16], None, "222222", NOW.plus(AGAIN)).unwrap();
        assert!(outbox.spend(&phone(), &[1; 16], "123456", NOW.plus(AGAIN)));
        assert!(outbox.spend(&phone(), &[2; 16], "222222", NOW.plus(AGAIN)));
    }

    #[test]
    fn the_twenty_first_within_a_day_is_not_sent() {
        let mut outbox = Outbox::default();
        for number in 0..A_DAY as i64 {
            outbox.send(phone(), [1; 16], None, "123456", NOW.plus(number * AGAIN)).unwrap();
        }
        let later = NOW.plus(A_DAY as i64 * AGAIN);
        assert_eq!(outbox.send(phone(), [1; 16], None, "123456", later), Err(NotNow::TooMany(NOW.plus(DAY))));
        assert!(outbox.send(phone(), [1; 16], None, "123456", NOW.plus(DAY)).is_ok());
        outbox.clear();
        assert!(outbox.send(phone(), [1; 16], None, "123456", later).is_err(), "a reset does not send more");
    }

    #[test]
    fn five_misses_void_it() {
        let mut outbox = sent();
        for _ in 0..MISSES {
            assert!(!outbox.spend(&phone(), &[1; 16], "000000", NOW));
        }
        assert!(!outbox.spend(&phone(), &[1; 16], "123456", NOW));
    }

    #[test]
    fn what_is_kept_does_not_hold_the_code() {
        let kept = serde_json::to_string(&sent()).unwrap() + &format!("{:?}", sent());
        assert!(!kept.contains("123456"));
    }
}
