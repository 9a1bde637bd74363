//! The verbs of a sign-in. Whatever goes wrong here is a refusal: only [`ask`] says "not required", and only
//! because the rules, or the administrator's word about unlisted and foreign names, said so.

use crate::clock;
use crate::daemon::{Actor, Daemon, ResolveError, SignInResolved};
use crate::enrol::enrolment::kinds;
use crate::metrics::METRICS;
use crate::sign_in::browsers;
use crate::sign_in::prepare::Challenge;
use crate::sign_in::proof;
use postern_rules::factor::BACKUP;
use postern_rules::name::SignInName;
use postern_rules::source::Source;
use postern_rules::standing::{Holder, Standing};
use postern_rules::{Account, Channel, Event, Kind, Mailbox, Platform, Refusal, Stage, Verdict, decide, offers, sent};
use postern_vault::RecordError;
use postern_wire::auth::{
    self, Answer, AnswerVerdict, Ask, AskVerdict, Asked, Offer, Origin, Reason, Recheck, Rechecked,
};

/// What a sign-in needs. Nothing is written, but that something has ended.
pub async fn ask(daemon: &Daemon, ask: &Ask) -> Asked {
    let asked = asked(daemon, &ask.name, channel(ask.channel), source(&ask.origin)).await;
    METRICS.asked.count((channel(ask.channel).into(), (&asked.verdict).into()));
    if let AskVerdict::Refused(refusal) = &asked.verdict {
        journal("ask", &ask.name, ask.channel, &ask.origin, refusal);
    }
    asked
}

/// Owner a sign-in is.
pub(crate) enum Owner {
    /// Nobody's here: the name is in no platform's domain, and such names pass.
    Foreign(Mailbox),
    /// This account's; one that was never written, where there is none.
    Ours(Box<Account>, Platform),
}

/// Owner a sign-in under this name is.
///
/// # Errors
/// [`Reason::Name`], [`Reason::Unavailable`].
pub(crate) async fn owner(daemon: &Daemon, channel: Channel, name: &str) -> Result<Owner, Reason> {
    Ok(match resolve(daemon, channel, name).await? {
        SignInResolved::Foreign(mailbox) if daemon.foreign_passes() => Owner::Foreign(mailbox),
        SignInResolved::Foreign(_) => return Err(Reason::Name),
        SignInResolved::Unlisted(mailbox, platform) => {
            Owner::Ours(Box::new(Account::new(mailbox, &platform.name)), platform)
        }
        SignInResolved::Account(account, platform) => Owner::Ours(account, platform),
    })
}

async fn asked(daemon: &Daemon, name: &str, channel: Channel, source: Source<'_>) -> Asked {
    let (mut app_passwords_of, mut browser_known) = (None, false);
    let verdict = match owner(daemon, channel, name).await {
        Err(reason) => AskVerdict::Refused(auth::Refusal::new(reason)),
        Ok(Owner::Foreign(mailbox)) => not_required(mailbox.as_str(), &Standing::NotRequired(channel, 0)),
        Ok(Owner::Ours(account, platform)) => {
            app_passwords_of = (!account.app_passwords.is_empty()).then(|| account.mailbox.to_string());
            browser_known = source.browser.is_some_and(|token| account.browsers.remember(&token, clock::now()));
            let needed = needed(daemon, &account, &platform, channel, source).await;
            daemon.settle_if_possible(&account).await;
            needed
        }
    };
    Asked { verdict, app_passwords_of, browser_known }
}

async fn needed(
    daemon: &Daemon,
    account: &Account,
    platform: &Platform,
    channel: Channel,
    source: Source<'_>,
) -> AskVerdict {
    let mailbox = account.mailbox.as_str();
    match decide(account, platform, Event::AskFor { channel, source }, clock::now()).verdict {
        Verdict::NotRequired => not_required(mailbox, &Standing::NotRequired(channel, account.epoch)),
        Verdict::Trusted { browser } => not_required(mailbox, &Standing::Trusted { epoch: account.epoch, browser }),
        Verdict::Challenge => {
            let trust_days = offers::trust_days(platform, channel);
            AskVerdict::Challenge {
                mailbox: mailbox.to_owned(),
                methods: methods(daemon, account, channel),
                trust_days,
            }
        }
        Verdict::Unusual => browsers::challenge(daemon, account).await,
        Verdict::Enrol => {
            AskVerdict::Enrol { mailbox: mailbox.to_owned(), kinds: kinds(platform, daemon.senders.sendable()) }
        }
        Verdict::Refused(refusal) => {
            AskVerdict::Refused(auth::Refusal { mailbox: Some(mailbox.to_owned()), ..refused(&refusal) })
        }
        // The rules answer a question with nothing else; were it otherwise, it would not be a yes.
        _ => AskVerdict::Refused(auth::Refusal::new(Reason::Unavailable)),
    }
}

/// Looks at a code, or at a security key's response.
pub async fn answer(daemon: &Daemon, answer: &Answer) -> AnswerVerdict {
    let verdict = answered(daemon, answer).await.unwrap_or_else(AnswerVerdict::Refused);
    if let AnswerVerdict::Refused(refusal) = &verdict {
        journal("answer", &answer.name, answer.channel, &answer.origin, refusal);
    }
    verdict
}

async fn answered(daemon: &Daemon, answer: &Answer) -> Result<AnswerVerdict, auth::Refusal> {
    let (account, platform) = account(daemon, answer.channel, &answer.name).await.map_err(auth::Refusal::new)?;
    let challenge = answer.challenge.as_ref().map(|shown| Challenge::read(daemon, shown, &account, clock::now()));
    let challenge = challenge.transpose()?;
    let proves = answer.proves.as_ref().map(proof::change).transpose()?;
    let (response, source, trust) = (answer.code.reveal(), source(&answer.origin), answer.trust);
    let of_key = challenge.as_ref().filter(|challenge| challenge.is_for_key());
    let key = of_key.and_then(|challenge| challenge.answered(&account, &platform, response));
    let event = || {
        Ok(match of_key {
            Some(challenge) => Event::AnswerKey {
                channel: channel(answer.channel),
                key: key.as_ref().map(|(id, counter)| (id.as_slice(), *counter)),
                session: challenge.session,
                until: challenge.until,
                source,
                trust,
            },
            None => Event::Answer {
                channel: channel(answer.channel),
                method: challenge.as_ref().map(|it| it.method.as_str()).or(answer.method.as_deref()),
                code: response,
                window: daemon.config.totp.window,
                session: challenge.as_ref().map(|challenge| challenge.session),
                source,
                trust,
            },
        })
    };
    let language = challenge.as_ref().and_then(|challenge| challenge.language.clone());
    let actor = Actor { language, ..actor(answer.channel, &answer.origin) };
    let applied = daemon.apply(&account.mailbox, None, &actor, event).await;
    let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    match applied.verdict {
        Verdict::Accepted { method, backup_codes_left } => Ok(AnswerVerdict::Accepted {
            standing: Standing::of(&applied.account, channel(answer.channel)).to_string(),
            mailbox: applied.account.mailbox.to_string(),
            method,
            backup_codes_left,
            // The sign-in stands, with or without a proof of it; one without a second factor has none.
            proof: Some(&applied.account)
                .filter(|account| account.stage == Stage::Protected)
                .and_then(|account| proof::make(daemon, account, proves, applied.now).ok()),
        }),
        Verdict::Refused(refusal) => {
            if let Refusal::Copied { method } = &refusal {
                let mailbox = applied.account.mailbox.as_str();
                tracing::warn!(mailbox, method, "a security key is refused until it is removed: there is a copy of it");
            }
            Err(refused(&refusal))
        }
        _ => Err(auth::Refusal::new(Reason::Unavailable)),
    }
}

/// Which sessions are over. What cannot be looked up is over.
pub async fn recheck(daemon: &Daemon, recheck: &Recheck) -> Rechecked {
    let mut ended = Vec::with_capacity(recheck.sessions.len());
    for session in &recheck.sessions {
        ended.push(is_over(daemon, session).await);
    }
    Rechecked { ended }
}

/// Whether a session is over.
pub(crate) async fn is_over(daemon: &Daemon, session: &auth::Session) -> bool {
    let Some(standing) = Standing::parse(&session.standing) else { return true };
    let owner = owner(daemon, standing.channel(), &session.mailbox).await;
    let holder = match &owner {
        Ok(Owner::Ours(account, platform)) => Holder::Account(account, platform),
        Ok(Owner::Foreign(_)) => Holder::Foreign,
        Err(_) => Holder::Nobody,
    };
    let is_over = standing.is_over(&holder, clock::now());
    if let Ok(Owner::Ours(account, _)) = &owner {
        daemon.settle_if_possible(account).await;
    }
    is_over
}

fn not_required(mailbox: &str, standing: &Standing) -> AskVerdict {
    AskVerdict::NotRequired { mailbox: mailbox.to_owned(), standing: standing.to_string() }
}

/// The methods that a sign-in at a channel may be answered with, as the wire has them.
fn methods(daemon: &Daemon, account: &Account, channel: Channel) -> Vec<Offer> {
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

pub(crate) async fn resolve(daemon: &Daemon, channel: Channel, name: &str) -> Result<SignInResolved, Reason> {
    daemon.resolve_sign_in(SignInName::new(channel, name)).await.map_err(|error| match error {
        ResolveError::Name(why) => {
            // Who signs in is not told; whoever looks here has to know what to do about it.
            tracing::info!(?name, "a sign-in is refused: {why}");
            Reason::Name
        }
        ResolveError::Record(error) => unavailable(&error),
    })
}

/// The account of a mailbox that a verdict has named. One that is gone, or foreign, has to be asked about again.
pub(crate) async fn account(
    daemon: &Daemon,
    channel: auth::Channel,
    name: &str,
) -> Result<(Account, Platform), Reason> {
    match resolve(daemon, self::channel(channel), name).await? {
        SignInResolved::Account(account, platform) => Ok((*account, platform)),
        SignInResolved::Unlisted(..) | SignInResolved::Foreign(_) => Err(Reason::Stale),
    }
}

pub(crate) fn unavailable(error: &RecordError) -> Reason {
    tracing::error!("a sign-in is refused: {error}");
    Reason::Unavailable
}

pub(crate) fn refused(refusal: &Refusal) -> auth::Refusal {
    match refusal {
        Refusal::Wrong { failures } => auth::Refusal { failures: Some(*failures), ..auth::Refusal::new(Reason::Wrong) },
        // A person is told no more than of any wrong code; the journal says it.
        Refusal::Spent { failures } => {
            tracing::info!(target: "signin", "a code that was used just before came once more; it is not counted");
            auth::Refusal { failures: Some(*failures), ..auth::Refusal::new(Reason::Wrong) }
        }
        Refusal::Locked(until) => {
            auth::Refusal { until: until.map(|until| until.0), ..auth::Refusal::new(Reason::Locked) }
        }
        Refusal::Unenrolled => auth::Refusal::new(Reason::Unenrolled),
        Refusal::TooSoon(until) => auth::Refusal { until: Some(until.0), ..auth::Refusal::new(Reason::TooSoon) },
        Refusal::TooMany(until) => auth::Refusal { until: Some(until.0), ..auth::Refusal::new(Reason::TooMany) },
        Refusal::Full => auth::Refusal::new(Reason::TooMany),
        Refusal::SameSecret => auth::Refusal::new(Reason::InUse),
        Refusal::NotFresh => auth::Refusal::new(Reason::NotFresh),
        Refusal::OnlyFactor => auth::Refusal::new(Reason::OnlyMethod),
        Refusal::NotACode => auth::Refusal::new(Reason::Unfit),
        Refusal::NotOffered => auth::Refusal::new(Reason::NotOffered),
        Refusal::EnrolmentCode => auth::Refusal::new(Reason::EnrolmentCode),
        Refusal::Unlisted => auth::Refusal::new(Reason::Name),
        Refusal::Unusual => auth::Refusal::new(Reason::Unusual),
        Refusal::Copied { .. } => auth::Refusal::new(Reason::Copied),
        // To the person these look like a wrong code.
        Refusal::NotInOneField | Refusal::Elsewhere => auth::Refusal::new(Reason::Wrong),
        Refusal::Expired | Refusal::Outdated => auth::Refusal::new(Reason::Expired),
        _ => auth::Refusal::new(Reason::Stale),
    }
}

pub(crate) fn channel(channel: auth::Channel) -> Channel {
    match channel {
        auth::Channel::Webmail => Channel::Webmail,
        auth::Channel::Imap => Channel::Imap,
        auth::Channel::Pam => Channel::Pam,
    }
}

pub(crate) fn actor(channel: auth::Channel, origin: &Origin) -> Actor {
    Actor { address: origin.address, ..Actor::new(channel.to_string(), "") }
}

/// From where a sign-in comes, for the rules.
pub(crate) fn source(origin: &Origin) -> Source<'_> {
    Source {
        address: origin.address,
        service: origin.service.as_deref(),
        client: origin.client.as_deref(),
        browser: origin.browser.as_ref().and_then(|token| postern_rules::source::token(token.reveal())),
        before_exchange: origin.before_exchange,
    }
}

/// What is refused without being written to the store goes to the journal only. `%?` of the name escapes what would
/// forge a line.
pub(crate) fn journal(verb: &str, name: &str, channel: auth::Channel, origin: &Origin, refusal: &auth::Refusal) {
    METRICS.refused.count((self::channel(channel).into(), refusal.reason.into()));
    let address = origin.address.map_or(String::new(), |address| address.to_string());
    tracing::info!(target: "signin", verb, name = ?name, %channel, address, reason = ?refusal.reason, "refused");
}
