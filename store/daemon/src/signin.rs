//! The verbs of a sign-in. Whatever goes wrong here is a refusal: only [`ask`] says "not required", and only
//! because the rules, or the administrator's word about unlisted and foreign names, said so.

use crate::clock;
use crate::daemon::{Actor, Daemon, ResolveError, Resolved, backup_codes_left};
use crate::enrol::kinds;
use crate::prepare::Challenge;
use crate::proof::Proof;
use crate::records::RecordError;
use crate::standing::Standing;
use postern_rules::event::BACKUP;
use postern_rules::{Account, Door, Event, Factor, Kind, Platform, Refusal, Verdict, decide, sent};
use postern_wire::auth::{
    self, Answer, AnswerVerdict, Ask, AskVerdict, Asked, Offer, Origin, Reason, Recheck, Rechecked,
};

/// What a sign-in needs. Reading only.
pub fn ask(daemon: &Daemon, ask: &Ask) -> Asked {
    let asked = asked(daemon, &ask.name, door(ask.door));
    if let AskVerdict::Refused(refusal) = &asked.verdict {
        journal("ask", &ask.name, ask.door, &ask.origin, refusal);
    }
    asked
}

fn asked(daemon: &Daemon, name: &str, door: Door) -> Asked {
    let mut app_passwords_of = None;
    let verdict = match resolve(daemon, name) {
        Err(reason) => AskVerdict::Refused(auth::Refusal::new(reason)),
        Ok(Resolved::Foreign(mailbox)) if daemon.foreign_passes() => not_required(mailbox.as_str(), door, 0),
        Ok(Resolved::Foreign(_)) => AskVerdict::Refused(auth::Refusal::new(Reason::Name)),
        Ok(Resolved::Lookalike(mailbox, platform)) if !platform.enabled => not_required(mailbox.as_str(), door, 0),
        Ok(Resolved::Unlisted(mailbox, platform)) if !platform.enabled || platform.policy.unlisted_pass => {
            not_required(mailbox.as_str(), door, 0)
        }
        Ok(Resolved::Unlisted(..) | Resolved::Lookalike(..)) => AskVerdict::Refused(auth::Refusal::new(Reason::Name)),
        Ok(Resolved::Account(kept, platform)) => {
            let account = &kept.value;
            app_passwords_of = (!account.app_passwords.is_empty()).then(|| account.mailbox.to_string());
            match decide(account, &platform, Event::Ask(door), clock::now()).verdict {
                Verdict::NotRequired => not_required(account.mailbox.as_str(), door, account.epoch),
                Verdict::Challenge => AskVerdict::Challenge {
                    mailbox: account.mailbox.to_string(),
                    methods: offers(daemon, account, door),
                },
                Verdict::Enrol => {
                    AskVerdict::Enrol { mailbox: account.mailbox.to_string(), kinds: kinds(daemon, &platform) }
                }
                Verdict::Refused(refusal) => AskVerdict::Refused(refused(&refusal)),
                // The rules answer a question with nothing else; were it otherwise, it would not be a yes.
                _ => AskVerdict::Refused(auth::Refusal::new(Reason::Unavailable)),
            }
        }
    };
    Asked { verdict, app_passwords_of }
}

/// Looks at a code, or at a security key's response.
pub async fn answer(daemon: &Daemon, answer: &Answer) -> AnswerVerdict {
    let verdict = answered(daemon, answer).await.unwrap_or_else(AnswerVerdict::Refused);
    if let AnswerVerdict::Refused(refusal) = &verdict {
        journal("answer", &answer.name, answer.door, &answer.origin, refusal);
    }
    verdict
}

async fn answered(daemon: &Daemon, answer: &Answer) -> Result<AnswerVerdict, auth::Refusal> {
    let (account, platform) = account(daemon, &answer.name).map_err(auth::Refusal::new)?;
    let challenge = answer.challenge.as_ref().map(|shown| Challenge::read(daemon, shown, &account, clock::now()));
    let challenge = challenge.transpose()?;
    let response = answer.code.reveal();
    let of_key = challenge.as_ref().filter(|challenge| challenge.is_for_key());
    let key = of_key.and_then(|challenge| challenge.answered(&account, &platform, response));
    let event = || {
        Ok(match of_key {
            Some(challenge) => Event::AnswerKey {
                door: door(answer.door),
                key: key.as_ref().map(|(id, counter)| (id.as_slice(), *counter)),
                session: challenge.session,
                until: challenge.until,
            },
            None => Event::Answer {
                door: door(answer.door),
                method: challenge.as_ref().map(|it| it.method.as_str()).or(answer.method.as_deref()),
                code: response,
                window: daemon.config.totp.window,
                session: challenge.as_ref().map(|challenge| challenge.session),
            },
        })
    };
    let applied = daemon.apply(&account.mailbox, None, &actor(answer.door, &answer.origin), event).await;
    let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    match applied.verdict {
        Verdict::Accepted { method, backup_codes_left } => Ok(AnswerVerdict::Accepted {
            standing: Standing::verified(&applied.account).to_string(),
            mailbox: applied.account.mailbox.to_string(),
            method,
            backup_codes_left,
            // The sign-in stands, with or without a proof of it.
            proof: Proof::make(daemon, &applied.account, applied.now).ok(),
        }),
        Verdict::Refused(refusal) => Err(refused(&refusal)),
        _ => Err(auth::Refusal::new(Reason::Unavailable)),
    }
}

/// Which sessions are over. What cannot be looked up is over.
pub fn recheck(daemon: &Daemon, recheck: &Recheck) -> Rechecked {
    let over = |session: &auth::Session| match Standing::parse(&session.standing) {
        None => true,
        Some(Standing::NotRequired(door, _)) => {
            let again = asked(daemon, &session.mailbox, door);
            !matches!(again.verdict, AskVerdict::NotRequired { .. })
        }
        Some(standing) => match account(daemon, &session.mailbox) {
            Ok((account, _)) => !standing.is_borne_out_by(&account, clock::now()),
            Err(_) => true,
        },
    };
    Rechecked { ended: recheck.sessions.iter().map(over).collect() }
}

pub(crate) fn not_required(mailbox: &str, door: Door, epoch: u64) -> AskVerdict {
    let standing = Standing::NotRequired(door, epoch).to_string();
    AskVerdict::NotRequired { mailbox: mailbox.to_owned(), standing }
}

/// The methods, the one used last first. Backup codes come last, and not at a door where nobody types; what is sent or
/// plugged in is for pages.
fn offers(daemon: &Daemon, account: &Account, door: Door) -> Vec<Offer> {
    let mut factors: Vec<_> = account.factors.iter().collect();
    factors.sort_by_key(|factor| std::cmp::Reverse((factor.last_used, factor.created)));
    let is_offered = |kind: &Kind| match kind {
        Kind::Totp(_) => true,
        Kind::Sms(_) => door == Door::Webmail && daemon.senders.can_text(),
        Kind::Email(_) => door == Door::Webmail && daemon.senders.can_mail(),
        Kind::Key(_) => door == Door::Webmail,
    };
    let offer = |factor: &Factor| Offer {
        id: factor.id.clone(),
        kind: factor.kind.as_str().to_owned(),
        description: factor.description.clone(),
        digits: match &factor.kind {
            Kind::Totp(totp) => Some(totp.digits()),
            Kind::Sms(_) | Kind::Email(_) => Some(sent::DIGITS),
            Kind::Key(_) => None,
        },
        hint: factor.kind.hint(),
    };
    let factors = factors.into_iter().filter(|factor| is_offered(&factor.kind));
    let mut offers: Vec<Offer> = factors.map(offer).collect();
    if backup_codes_left(account) > 0 && door.takes_backup_codes() {
        let kind = BACKUP.to_owned();
        offers.push(Offer { id: kind.clone(), kind, description: String::new(), digits: None, hint: None });
    }
    offers
}

pub(crate) fn resolve(daemon: &Daemon, name: &str) -> Result<Resolved, Reason> {
    daemon.resolve(name).map_err(|error| match error {
        ResolveError::Name(_) => Reason::Name,
        ResolveError::Record(error) => unavailable(&error),
    })
}

/// The account of a mailbox that a verdict has named. One that is gone, or foreign, has to be asked about again.
pub(crate) fn account(daemon: &Daemon, name: &str) -> Result<(Account, Platform), Reason> {
    match resolve(daemon, name)? {
        Resolved::Account(kept, platform) => Ok((kept.value, platform)),
        Resolved::Unlisted(..) | Resolved::Lookalike(..) | Resolved::Foreign(_) => Err(Reason::Stale),
    }
}

pub(crate) fn unavailable(error: &RecordError) -> Reason {
    tracing::error!("a sign-in is refused: {error}");
    Reason::Unavailable
}

pub(crate) fn refused(refusal: &Refusal) -> auth::Refusal {
    match refusal {
        Refusal::Wrong { failures } => auth::Refusal { failures: Some(*failures), ..auth::Refusal::new(Reason::Wrong) },
        Refusal::Locked(until) => {
            auth::Refusal { until: until.map(|until| until.0), ..auth::Refusal::new(Reason::Locked) }
        }
        Refusal::Unenrolled => auth::Refusal::new(Reason::Unenrolled),
        Refusal::TooSoon(until) => auth::Refusal { until: Some(until.0), ..auth::Refusal::new(Reason::TooSoon) },
        Refusal::TooMany(until) => auth::Refusal { until: Some(until.0), ..auth::Refusal::new(Reason::TooMany) },
        Refusal::Full => auth::Refusal::new(Reason::TooMany),
        Refusal::SameSecret => auth::Refusal::new(Reason::InUse),
        Refusal::OnlyFactor => auth::Refusal::new(Reason::OnlyMethod),
        Refusal::NotOffered => auth::Refusal::new(Reason::NotOffered),
        Refusal::Copied => auth::Refusal::new(Reason::Wrong),
        // To the person these look like a wrong code.
        Refusal::NotInOneField | Refusal::Elsewhere => auth::Refusal::new(Reason::Wrong),
        Refusal::Expired | Refusal::Outdated => auth::Refusal::new(Reason::Expired),
        _ => auth::Refusal::new(Reason::Stale),
    }
}

pub(crate) fn door(door: auth::Door) -> Door {
    match door {
        auth::Door::Webmail => Door::Webmail,
        auth::Door::Imap => Door::Imap,
        auth::Door::Pam => Door::Pam,
    }
}

pub(crate) fn actor(door: auth::Door, origin: &Origin) -> Actor {
    Actor { name: door.to_string(), address: origin.address, detail: String::new() }
}

/// What is refused without being written to the store goes to the journal only. `%?` of the name escapes what would
/// forge a line.
pub(crate) fn journal(verb: &str, name: &str, door: auth::Door, origin: &Origin, refusal: &auth::Refusal) {
    let address = origin.address.map_or(String::new(), |address| address.to_string());
    tracing::info!(target: "signin", verb, name = ?name, %door, address, reason = ?refusal.reason, "refused");
}
