//! What a verdict rested on, as text that a front keeps and does not read.

use postern_rules::app_password::Sealed;
use postern_rules::platform::Policy;
use postern_rules::{Account, AppPassword, Browser, Channel, Stage, Time};
use std::fmt;

/// What a verdict rested on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A factor was verified, at this epoch of the account.
    Verified(u64),
    /// None was required at this channel; or, since the sign-in was unusual, a code to the contact address was brought.
    NotRequired(Channel, u64),
    /// A browser that the person trusts.
    Trusted {
        /// The account's epoch.
        epoch: u64,
        /// The browser's id.
        browser: String,
    },
    /// This app password.
    AppPassword {
        /// Its id.
        id: String,
        /// When it was made: an id may come again.
        created: Time,
        /// When the password that it gave was sealed.
        sealed: Time,
    },
}

impl Standing {
    /// A factor of this account was verified just now.
    pub fn verified(account: &Account) -> Self {
        Self::Verified(account.epoch)
    }

    /// Somebody has done at this channel what the account, as it is now, asks for.
    pub fn of(account: &Account, channel: Channel) -> Self {
        match account.stage {
            Stage::Protected => Self::verified(account),
            Stage::Off | Stage::Enrolling => Self::NotRequired(channel, account.epoch),
        }
    }

    /// This app password was taken just now.
    pub fn app_password(id: &str, created: Time, sealed: &Sealed) -> Self {
        Self::AppPassword { id: id.to_owned(), created, sealed: sealed.at }
    }

    /// Reads what [`fmt::Display`] wrote.
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

    /// Whether what it rested on is still there. Of [`Self::NotRequired`] only asking anew tells.
    pub fn still_valid(&self, account: &Account, policy: &Policy, now: Time) -> bool {
        match self {
            Self::Verified(epoch) => account.epoch == *epoch && account.stage == Stage::Protected,
            Self::NotRequired(..) => false,
            Self::Trusted { epoch, browser } => {
                let is_it = |it: &Browser| it.id == *browser && account.trusted_until(it, policy, now).is_some();
                account.epoch == *epoch && account.browsers.iter().any(is_it)
            }
            Self::AppPassword { id, created, .. } => {
                let is_it = |it: &AppPassword| it.id == *id && it.created == *created && !it.has_expired(now);
                account.app_passwords.iter().any(is_it)
            }
        }
    }
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
