//! Begins a method at a sign-in: a code is sent, or a challenge for a security key is created.

use crate::clock;
use crate::daemon::Daemon;
use crate::notify::texts;
use crate::security_keys;
use crate::sign_in::challenge::Challenge;
use crate::sign_in::codes::{self, Wanted};
use crate::sign_in::context::{account, actor, channel, journal, source, unavailable};
use crate::sign_in::refusals::refused;
use crate::sign_in::unusual::contact;
use postern_rules::decide::sent::{SignInRecipient, for_sign_in};
use postern_rules::factor::CONTACT;
use postern_rules::offers::Beginning;
use postern_rules::sent::ChallengeId;
use postern_rules::{offers, ticket};
use postern_vault::RecordError;
use postern_wire::auth::{self, Prepare, PrepareVerdict, Reason};

/// Begins a method.
pub async fn prepare(daemon: &Daemon, prepare: &Prepare) -> PrepareVerdict {
    begun(daemon, prepare).await.unwrap_or_else(|refusal| {
        journal("prepare", &prepare.name, prepare.channel, &prepare.origin, &refusal);
        PrepareVerdict::Refused(refusal)
    })
}

async fn begun(daemon: &Daemon, prepare: &Prepare) -> Result<PrepareVerdict, auth::Refusal> {
    let (account, platform) = account(daemon, prepare.channel, &prepare.name).await.map_err(auth::Refusal::new)?;
    let (now, channel) = (clock::now(), channel(prepare.channel));
    let mailbox = account.mailbox.to_string();
    let seal = |session, key| {
        let (mailbox, method, language) = (mailbox.clone(), prepare.method.clone(), prepare.language.clone());
        Challenge { mailbox, method, session, until: now.plus(ticket::CHALLENGE), key, language }.seal(daemon)
    };
    let send = async |to: SignInRecipient<'_>| {
        let earlier = prepare.challenge.as_ref().and_then(|shown| Challenge::read(daemon, shown, &account, now).ok());
        let actor = actor(prepare.channel, &prepare.origin);
        let wanted = Wanted {
            mailbox: &account.mailbox,
            platform: &platform,
            actor: &actor,
            replaces: earlier.map(|challenge| challenge.session),
            language: prepare.language.as_deref(),
            site: prepare.site.as_deref(),
        };
        let sent = codes::send(daemon, &wanted, |it, draft| for_sign_in(it, &to, draft)).await?;
        let challenge = seal(sent.session, None)?;
        Ok(PrepareVerdict::Sent { mailbox: mailbox.clone(), challenge, again: sent.again.0 })
    };
    if prepare.method == CONTACT {
        contact(daemon, &account).await?;
        return send(SignInRecipient::Contact(channel, source(&prepare.origin))).await;
    }
    daemon.settle_if_possible(&account).await;
    let beginning = offers::begin(&account, &platform, channel, &prepare.method, now);
    match beginning.map_err(refused)? {
        Beginning::Code => send(SignInRecipient::Factor(channel, &prepare.method)).await,
        Beginning::KeyChallenge => {
            let site = prepare.site.clone().ok_or(auth::Refusal::new(Reason::NotOffered))?;
            let party = security_keys::relying_party(Some(&site), texts::place(&account, &platform));
            let party = party.ok_or(auth::Refusal::new(Reason::NotOffered))?;
            let (mut key_challenge, mut session) = ([0; 32], ChallengeId::default());
            let drawn = getrandom::fill(&mut key_challenge).and_then(|()| getrandom::fill(&mut session));
            drawn.map_err(|_| auth::Refusal::new(unavailable(&RecordError::Random)))?;
            let options = security_keys::assertion(&party, &account, &key_challenge);
            let challenge = seal(session, Some((key_challenge, site)))?;
            Ok(PrepareVerdict::Key { mailbox: mailbox.clone(), challenge, options })
        }
    }
}
