//! What a session depends on, and when it ends. A front stores it as opaque text.

use crate::app_password::Sealed;
use crate::decide::ask::{Requirement, required};
use crate::source::Source;
use crate::{Account, AppPassword, Browser, Channel, Platform, Stage, Time};
use std::fmt;

/// What a verdict depended on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A factor was verified, at this epoch of the account.
    Verified(u64),
    /// No factor was required at this channel; or the sign-in was unusual and a code to the contact address was given.
    NotRequired(Channel, u64),
    /// A browser that the user trusts.
    Trusted {
        /// The account's epoch.
        epoch: u64,
        /// The browser's id.
        browser: String,
    },
    /// An app password.
    AppPassword {
        /// Its id.
        id: String,
        /// When it was made: an id may be used again later.
        created: Time,
        /// When the password in it was sealed.
        sealed: Time,
    },
}

impl Standing {
    /// A factor of this account was just verified.
    pub fn verified(account: &Account) -> Self {
        Self::Verified(account.epoch)
    }

    /// The client has met, at this channel, the requirements of the account as it is now.
    pub fn of(account: &Account, channel: Channel) -> Self {
        match account.stage {
            Stage::Protected => Self::verified(account),
            Stage::Off | Stage::Enrolling => Self::NotRequired(channel, account.epoch),
        }
    }

    /// This app password was just accepted.
    pub fn app_password(id: &str, created: Time, sealed: &Sealed) -> Self {
        Self::AppPassword { id: id.to_owned(), created, sealed: sealed.at }
    }

    /// Parses the output of [`fmt::Display`].
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        Some(match parts[..] {
            ["verified", epoch] => Self::Verified(epoch.parse().ok()?),
            ["unverified", channel, epoch] => {
                let channel = Channel::ALL.into_iter().find(|it| it.as_str() == channel)?;
                Self::NotRequired(channel, epoch.parse().ok()?)
            }
            ["trusted", epoch, browser] => Self::Trusted { epoch: epoch.parse().ok()?, browser: browser.to_owned() },
            ["app", id, created, sealed] => Self::AppPassword {
                id: id.to_owned(),
                created: Time(created.parse().ok()?),
                sealed: Time(sealed.parse().ok()?),
            },
            _ => return None,
        })
    }

    /// Whether a session that depends on it has ended at `now`. A session that began with a known browser, or before a
    /// second factor was required, continues as long as none is required at its channel.
    pub fn is_over(&self, holder: &Holder<'_>, now: Time) -> bool {
        match (self, holder) {
            (_, Holder::Nobody) => true,
            (Self::NotRequired(..), Holder::Foreign) => false,
            (_, Holder::Foreign) => true,
            (Self::NotRequired(channel, _), Holder::Account(account, platform)) => {
                required(account, platform, *channel, Source::default(), now) != Requirement::Nothing
            }
            (standing, Holder::Account(account, platform)) => !standing.is_still_there(account, platform, now),
        }
    }

    /// The channel at which its name is read: a mailbox's own name means the same at all channels, except whether an
    /// unlisted name passes.
    pub fn channel(&self) -> Channel {
        if let Self::NotRequired(channel, _) = self { *channel } else { Channel::Webmail }
    }

    /// Whether a front may record a browser that it has admitted at this channel without an answer: if no second factor
    /// was required there, or if that browser is trusted.
    pub fn may_be_noted_at(&self, channel: Channel) -> bool {
        match self {
            Self::NotRequired(at, _) => *at == channel,
            Self::Trusted { .. } => true,
            Self::Verified(_) | Self::AppPassword { .. } => false,
        }
    }

    /// For [`Self::NotRequired`], only a new request shows it.
    fn is_still_there(&self, account: &Account, platform: &Platform, now: Time) -> bool {
        match self {
            Self::Verified(epoch) => account.epoch == *epoch && account.stage == Stage::Protected,
            Self::NotRequired(..) => false,
            Self::Trusted { epoch, browser } => {
                let is_it =
                    |it: &Browser| it.id == *browser && account.trusted_until(it, &platform.policy, now).is_some();
                account.epoch == *epoch && account.browsers.iter().any(is_it)
            }
            Self::AppPassword { id, created, .. } => {
                let is_it = |it: &AppPassword| it.id == *id && it.created == *created && !it.has_expired(now);
                account.app_passwords.iter().any(is_it)
            }
        }
    }
}

/// Whether a change may have ended sessions of the account, so that the fronts must check them again. `before`: the
/// account as last written; `None`: there was no record. A suspension that expires has ended before the change is
/// written, so a comparison of the states is not enough.
pub fn may_end_sessions(before: Option<&Account>, next: &Account, now: Time) -> bool {
    let Some(before) = before else { return true };
    let is_left = |gone: &AppPassword| next.app_passwords.iter().any(|left| left.is_still(gone));
    let is_resumed = before.suspension.is_some() && next.suspension.is_none();
    is_resumed
        || next.epoch != before.epoch
        || !before.app_passwords.iter().all(is_left)
        || !next.browsers.still_trust(&before.browsers)
        || before.state(now) != next.state(now)
}

/// The holder of a session's mailbox, as its name is read now.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// This account; an unwritten one if there is no record.
    Account(&'a Account, &'a Platform),
    /// The name is in no platform's domain, and passes.
    Foreign,
    /// The name is refused, or the lookup failed.
    Nobody,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified(epoch) => write!(f, "verified/{epoch}"),
            Self::NotRequired(channel, epoch) => write!(f, "unverified/{}/{epoch}", channel.as_str()),
            Self::Trusted { epoch, browser } => write!(f, "trusted/{epoch}/{browser}"),
            Self::AppPassword { id, created, sealed } => write!(f, "app/{id}/{}/{}", created.0, sealed.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written_and_nothing_else_is() {
        let app = Standing::AppPassword { id: "abcde".to_owned(), created: Time(5), sealed: Time(-6) };
        let trusted = Standing::Trusted { epoch: 3, browser: "0f".to_owned() };
        for standing in [Standing::Verified(7), Standing::NotRequired(Channel::Pam, 0), trusted, app] {
            assert_eq!(Standing::parse(&standing.to_string()), Some(standing));
        }
        for text in [
            "",
            "verified",
            "verified/",
            "verified/x",
            "verified/1/2",
            "unverified/shop/1",
            "app/a/1",
            "trusted/x/a",
            "7",
        ] {
            assert_eq!(Standing::parse(text), None, "{text}");
        }
    }
}
