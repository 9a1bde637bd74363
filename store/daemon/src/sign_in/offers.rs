//! The methods that are offered to answer with, and those that can be set up.

use crate::daemon::Daemon;
use postern_rules::factor::BACKUP;
use postern_rules::offers::Sendable;
use postern_rules::{Account, Channel, Kind, Platform, offers, sent};
use postern_wire::auth::Offer;

/// The methods that can answer a sign-in at a channel, in the wire format.
pub(crate) fn methods(daemon: &Daemon, account: &Account, channel: Channel) -> Vec<Offer> {
    let offer = |offer| match offer {
        offers::Offer::Factor(factor) => Offer {
            id: factor.id.clone(),
            kind: factor.kind.as_str().to_owned(),
            description: factor.description.clone(),
            digits: match &factor.kind {
                Kind::Totp(totp) => Some(totp.digits()),
                Kind::Sms(_) | Kind::Email(_) => Some(sent::DIGITS),
                Kind::Key(_) => None,
            },
            hint: factor.kind.hint(),
        },
        offers::Offer::BackupCode => {
            let (id, kind) = (BACKUP.to_owned(), BACKUP.to_owned());
            Offer { id, kind, description: String::new(), digits: None, hint: None }
        }
    };
    offers::at_sign_in(account, channel, daemon.senders.sendable()).into_iter().map(offer).collect()
}

/// The methods that can be set up here, in the wire format.
pub fn kinds(platform: &Platform, sendable: Sendable) -> Vec<String> {
    offers::kinds(platform, sendable).into_iter().map(|kind| kind.as_str().to_owned()).collect()
}
