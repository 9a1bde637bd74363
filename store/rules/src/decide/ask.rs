//! What a sign-in needs.

use crate::browser::Browser;
use crate::contact::Address;
use crate::decision::Settled;
use crate::platform::UnusualSignIn;
use crate::source::Source;
use crate::throttle::Lock;
use crate::{Account, Channel, Platform, State, Time};

/// Why a sign-in is refused, whatever is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// No administrator has listed an account of this name, and the platform refuses such names.
    Unlisted,
    /// The account must enrol first, and this channel cannot do that.
    Unenrolled,
    /// Too many wrong codes at that channel: it is locked until then, or until an administrator unlocks it.
    Locked(Option<Time>),
}

/// What the account requires of a sign-in at a channel, whatever its browser.
#[derive(Debug, PartialEq, Eq)]
pub enum Requirement {
    /// No second factor.
    Nothing,
    /// A second factor.
    Factor,
    /// The setup of the first method.
    Enrolment,
    /// The sign-in is refused.
    Refused(SignInRefusal),
}

/// What a sign-in needs.
#[derive(Debug, PartialEq, Eq)]
pub enum AskVerdict {
    /// No second factor is required.
    NotRequired,
    /// A second factor is required, but not from this browser, which the user trusts.
    Trusted {
        /// The browser's id.
        browser: String,
    },
    /// A second factor is required.
    Challenge,
    /// No second factor is required, but the source of the sign-in is unknown: a code to the contact address is
    /// required.
    Unusual,
    /// The same, and there is no contact address: the sign-in is refused.
    NoContact,
    /// The first method is to be set up.
    Enrol,
    /// The sign-in is refused.
    Refused(SignInRefusal),
}

/// Why no second factor is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChallenged {
    /// The state has changed since the front asked: it must ask again.
    Stale,
    /// The sign-in is refused.
    Refused(SignInRefusal),
}

/// Why no code to the contact address is sent or checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotUnusual {
    /// The sign-in is not unusual, or is refused.
    NotChallenged(NotChallenged),
    /// There is no contact address.
    NoContact,
}

/// What the account requires of a sign-in at `channel`. Every rule that admits a sign-in without a second factor is
/// here, except trusted browsers: see [`ask`].
pub fn required(
    account: &Account,
    platform: &Platform,
    channel: Channel,
    source: Source<'_>,
    now: Time,
) -> Requirement {
    if !platform.enabled {
        return Requirement::Nothing;
    }
    match account.state(now) {
        State::Off if account.unlisted && !platform.policy.unlisted.passes(source.before_exchange) => {
            Requirement::Refused(SignInRefusal::Unlisted)
        }
        State::Off | State::Suspended(_) => Requirement::Nothing,
        State::Enrolling if channel.can_enrol() => Requirement::Enrolment,
        State::Enrolling if platform.policy.unenrolled_pass => Requirement::Nothing,
        State::Enrolling => Requirement::Refused(SignInRefusal::Unenrolled),
        State::Protected | State::Locked(_) => match locked(account, channel, now) {
            None => Requirement::Factor,
            Some(refusal) => Requirement::Refused(refusal),
        },
    }
}

/// What a sign-in from this source needs: a trusted browser is not asked for a code; an account without a second factor
/// is, if the source is unknown. An account from which nothing has been removed that expired gets the same verdict.
pub fn ask(account: &Account, platform: &Platform, channel: Channel, source: Source<'_>, now: Time) -> AskVerdict {
    match required(account, platform, channel, source, now) {
        Requirement::Nothing if is_unusual(account, platform, channel, source, now) => unusual(account, channel, now),
        Requirement::Nothing => AskVerdict::NotRequired,
        Requirement::Factor if channel == Channel::Webmail => match trusted(account, platform, source, now) {
            Some(browser) => AskVerdict::Trusted { browser: browser.id.clone() },
            None => AskVerdict::Challenge,
        },
        Requirement::Factor => AskVerdict::Challenge,
        Requirement::Enrolment => AskVerdict::Enrol,
        Requirement::Refused(refusal) => AskVerdict::Refused(refusal),
    }
}

/// Checks whether a second factor is required of a sign-in at `channel`. A locked channel checks no code at all, so a
/// right code reveals nothing and a wrong one is not counted.
///
/// # Errors
/// [`NotChallenged`].
pub fn challenged(
    account: &Account,
    platform: &Platform,
    channel: Channel,
    source: Source<'_>,
    now: Time,
) -> Result<(), NotChallenged> {
    match required(account, platform, channel, source, now) {
        Requirement::Factor => Ok(()),
        Requirement::Nothing | Requirement::Enrolment => Err(NotChallenged::Stale),
        Requirement::Refused(refusal) => Err(NotChallenged::Refused(refusal)),
    }
}

/// The contact address, if the sign-in is unusual and needs a code that was sent there.
pub(super) fn unusual_contact(
    it: &Settled<'_>,
    (channel, source): (Channel, Source<'_>),
) -> Result<Address, NotUnusual> {
    let stale = NotUnusual::NotChallenged(NotChallenged::Stale);
    match ask(it.account(), it.platform(), channel, source, it.now()) {
        AskVerdict::Unusual => it.account().contact.clone().ok_or(NotUnusual::NoContact),
        AskVerdict::NoContact => Err(NotUnusual::NoContact),
        AskVerdict::Refused(refusal) => Err(NotUnusual::NotChallenged(NotChallenged::Refused(refusal))),
        AskVerdict::NotRequired | AskVerdict::Trusted { .. } | AskVerdict::Challenge | AskVerdict::Enrol => Err(stale),
    }
}

fn is_unusual(account: &Account, platform: &Platform, channel: Channel, source: Source<'_>, now: Time) -> bool {
    let looks =
        platform.enabled && platform.policy.unusual_sign_in == UnusualSignIn::Ask && channel == Channel::Webmail;
    looks && account.state(now) == State::Off && !account.browsers.know(&source, now)
}

/// Requires a code to the contact address, or refuses: there is no exception.
fn unusual(account: &Account, channel: Channel, now: Time) -> AskVerdict {
    match (&account.contact, locked(account, channel, now)) {
        (None, _) => AskVerdict::NoContact,
        (Some(_), None) => AskVerdict::Unusual,
        (Some(_), Some(refusal)) => AskVerdict::Refused(refusal),
    }
}

/// The refusal at a locked channel.
fn locked(account: &Account, channel: Channel, now: Time) -> Option<SignInRefusal> {
    account.throttle(channel).lock(channel.budget(), now).map(|lock| {
        SignInRefusal::Locked(match lock {
            Lock::Until(until) => Some(until),
            Lock::Administrator => None,
        })
    })
}

fn trusted<'a>(account: &'a Account, platform: &Platform, source: Source<'_>, now: Time) -> Option<&'a Browser> {
    let browser = account.browsers.find(&source.browser?)?;
    account.trusted_until(browser, &platform.policy, now).map(|_| browser)
}
