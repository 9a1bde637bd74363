//! Why something is refused.

use crate::Time;

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The app password is right, but not from there, or not for that service.
    Elsewhere,
    /// The app password is right, but its time is over.
    Expired,
    /// The app password is right, but the mailbox's password has changed since it was sealed.
    Outdated,
    /// Another code is not sent before then.
    TooSoon(Time),
    /// No more codes are sent, or changes made, or requests opened, before then.
    TooMany(Time),
    /// No administrator has listed an account of this name, and the platform refuses such names.
    Unlisted,
    /// Nothing of this sign-in is known, and there is no contact address.
    Unusual,
    /// The platform does not offer such methods.
    NotOffered,
    /// A counter that went back, now or before: there are two of this security key, and neither is taken.
    Copied {
        /// The factor's id.
        method: String,
    },
    /// No app password has that id.
    NoSuchAppPassword,
    /// The account has an app password of that id already: draw again.
    SameId,
    /// The platform does not take a password and a code in one field.
    NotInOneField,
    /// What was typed can be no code of the method that was asked for: a slip, which guesses nothing and does not count.
    NotACode,
    /// The code is wrong, or spent; so many in a row at that channel now.
    Wrong {
        /// Wrong codes in a row.
        failures: u32,
    },
    /// The code is the one that was accepted last. It is not counted: so many wrong ones in a row there are at that
    /// channel.
    Spent {
        /// Wrong codes in a row.
        failures: u32,
    },
    /// Too many wrong codes at that channel: until then, or until an administrator opens it.
    Locked(Option<Time>),
    /// The account must enrol first, and this channel cannot do that.
    Unenrolled,
    /// The administrator's enrolment code is needed first, and is missing or wrong.
    EnrolmentCode,
    /// A code of this step cannot have been used at another program: it is to come.
    FutureStep(u64),
    /// What the front refers to is over: begin again with [`Event::Ask`](crate::Event::Ask).
    Stale,
    /// The change takes a factor that is brought for it.
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
    /// It is the only factor that opens the account: reset or remove the account instead.
    OnlyFactor,
    /// The account has that secret already.
    SameSecret,
    /// The account is protected already.
    Protected,
    /// The account has as many factors as it may have.
    Full,
}
