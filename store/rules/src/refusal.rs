//! Reasons for a refusal.

use crate::Time;

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The app password is right, but is not accepted from this network or for this service.
    Elsewhere,
    /// The app password is right, but expired.
    Expired,
    /// The app password is right, but the mailbox's password has changed since it was sealed.
    Outdated,
    /// Another code may not be sent before then.
    TooSoon(Time),
    /// The limit is reached: no more codes are sent, changes made or requests opened before then.
    TooMany(Time),
    /// No administrator has listed an account of this name, and the platform refuses such names.
    Unlisted,
    /// The source of the sign-in is unknown, and there is no contact address.
    Unusual,
    /// The platform does not offer such methods.
    NotOffered,
    /// The security key's counter has decreased, now or earlier: the key was copied, and is refused.
    Copied {
        /// The factor's id.
        method: String,
    },
    /// No app password has that id.
    NoSuchAppPassword,
    /// The account already has an app password with that id: draw again.
    SameId,
    /// The platform does not accept a password and a code in one field.
    NotInOneField,
    /// The input cannot be a code of the requested method: a typing error, which is not a guess and is not counted.
    NotACode,
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
    /// Too many wrong codes at that channel: it is locked until then, or until an administrator unlocks it.
    Locked(Option<Time>),
    /// The account must enrol first, and this channel cannot do that.
    Unenrolled,
    /// The administrator's enrolment code is required, and is missing or wrong.
    EnrolmentCode,
    /// A code of this step cannot have been used at another program: the step is in the future.
    FutureStep(u64),
    /// The request refers to a state that has changed: begin again with [`Event::Ask`](crate::Event::Ask).
    Stale,
    /// The change requires a factor that is given for it.
    NotFresh,
    /// The account is off: enable it first.
    Off,
    /// The account is suspended until then: resume it first.
    Suspended(Time),
    /// There is no suspension to end.
    NotSuspended,
    /// Not within [`SUSPEND_HOURS`](crate::account::SUSPEND_HOURS).
    Hours(i64),
    /// No factor has that id.
    NoSuchFactor,
    /// It is the only usable factor of the account: reset or remove the account instead.
    OnlyFactor,
    /// The account has that secret already.
    SameSecret,
    /// The account is protected already.
    Protected,
    /// The account has the maximum number of factors.
    Full,
}
