//! The verbs of a sign-in. Whatever goes wrong here is a refusal: only [`ask`] says "not required", and only
//! because the rules, or the administrator's word about unlisted and foreign names, said so.

use crate::clock;
use crate::daemon::{Actor, Daemon, ResolveError, Resolved, backup_codes_left, draw};
use crate::records::RecordError;
use crate::standing::Standing;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_rules::event::BACKUP;
use postern_rules::totp::Totp;
use postern_rules::{Account, Door, Event, Kind, Platform, Refusal, Seed, Time, Verdict, decide, seed};
use postern_wire::Secret;
use postern_wire::auth::{
    self, Answer, AnswerVerdict, Ask, AskVerdict, Asked, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, Offer, Origin,
    Reason, Recheck, Rechecked,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Seconds in which an enrolment that was begun may be ended.
const TICKET_LIFETIME: i64 = 15 * 60;
/// Characters that a ticket may have.
const TICKET_MAX: usize = 2048;
const TICKET_PURPOSE: &str = "enrol";

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
                Verdict::Challenge => {
                    AskVerdict::Challenge { mailbox: account.mailbox.to_string(), methods: offers(account, door) }
                }
                Verdict::Enrol => AskVerdict::Enrol { mailbox: account.mailbox.to_string() },
                Verdict::Refused(refusal) => AskVerdict::Refused(refused(&refusal)),
                // The rules answer a question with nothing else; were it otherwise, it would not be a yes.
                _ => AskVerdict::Refused(auth::Refusal::new(Reason::Unavailable)),
            }
        }
    };
    Asked { verdict, app_passwords_of }
}

/// Looks at a code.
pub async fn answer(daemon: &Daemon, answer: &Answer) -> AnswerVerdict {
    let verdict = match account(daemon, &answer.name) {
        Err(reason) => AnswerVerdict::Refused(auth::Refusal::new(reason)),
        Ok((account, _)) => {
            let event = || {
                Ok(Event::Answer {
                    door: door(answer.door),
                    method: answer.method.as_deref(),
                    code: answer.code.reveal(),
                    window: daemon.config.totp.window,
                })
            };
            match daemon.apply(&account.mailbox, None, &actor(answer.door, &answer.origin), event).await {
                Ok(Some(applied)) => match applied.verdict {
                    Verdict::Accepted { method, backup_codes_left } => AnswerVerdict::Accepted {
                        standing: Standing::verified(&applied.account).to_string(),
                        mailbox: applied.account.mailbox.to_string(),
                        method,
                        backup_codes_left,
                        proof: None,
                    },
                    Verdict::Refused(refusal) => AnswerVerdict::Refused(refused(&refusal)),
                    _ => AnswerVerdict::Refused(auth::Refusal::new(Reason::Unavailable)),
                },
                Ok(None) => AnswerVerdict::Refused(auth::Refusal::new(Reason::Stale)),
                Err(error) => AnswerVerdict::Refused(auth::Refusal::new(unavailable(&error))),
            }
        }
    };
    if let AnswerVerdict::Refused(refusal) = &verdict {
        journal("answer", &answer.name, answer.door, &answer.origin, refusal);
    }
    verdict
}

/// Offers a secret, or shows the one of a ticket again.
pub fn enrol(daemon: &Daemon, enrol: &Enrol) -> EnrolVerdict {
    let offered = || -> Result<EnrolVerdict, auth::Refusal> {
        let (account, platform) = account(daemon, &enrol.name).map_err(auth::Refusal::new)?;
        let now = clock::now();
        match decide(&account, &platform, Event::Ask(door(enrol.door)), now).verdict {
            Verdict::Enrol => {}
            Verdict::Refused(refusal) => return Err(refused(&refusal)),
            _ => return Err(auth::Refusal::new(Reason::Stale)),
        }
        let (ticket, seed) = match &enrol.ticket {
            Some(shown) => (shown.clone(), open_ticket(daemon, shown, &account, now)?.seed),
            None => {
                let mut random = [0; seed::SEED_LEN];
                getrandom::fill(&mut random).map_err(|_| auth::Refusal::new(unavailable(&RecordError::Random)))?;
                let seed = Seed::made_of(random);
                (make_ticket(daemon, &account, &seed, now)?, seed)
            }
        };
        let secret = Secret::from(seed.to_base32().to_string());
        let uri = Totp::new(seed).uri(issuer(&account, &platform), account.mailbox.as_str());
        Ok(EnrolVerdict::Offered {
            mailbox: account.mailbox.to_string(),
            ticket,
            secret,
            uri: Secret::from(uri.to_string()),
        })
    };
    offered().unwrap_or_else(|refusal| {
        journal("enrol", &enrol.name, enrol.door, &enrol.origin, &refusal);
        EnrolVerdict::Refused(refusal)
    })
}

/// Ends an enrolment.
pub async fn confirm(daemon: &Daemon, confirm: &Confirm) -> ConfirmVerdict {
    let verdict = confirmed(daemon, confirm).await.unwrap_or_else(ConfirmVerdict::Refused);
    if let ConfirmVerdict::Refused(refusal) = &verdict {
        journal("confirm", &confirm.name, confirm.door, &confirm.origin, refusal);
    }
    verdict
}

async fn confirmed(daemon: &Daemon, confirm: &Confirm) -> Result<ConfirmVerdict, auth::Refusal> {
    let (account, _) = account(daemon, &confirm.name).map_err(auth::Refusal::new)?;
    let ticket = open_ticket(daemon, &confirm.ticket, &account, clock::now())?;
    let event = || {
        Ok(Event::Confirm {
            door: door(confirm.door),
            offered: Totp::new(ticket.seed.clone()),
            epoch: ticket.epoch,
            code: confirm.code.reveal(),
            window: daemon.config.totp.window,
            description: &confirm.description,
            random: draw()?,
        })
    };
    let applied = daemon.apply(&account.mailbox, None, &actor(confirm.door, &confirm.origin), event).await;
    let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    match applied.verdict {
        Verdict::Added { method, backup_codes } => Ok(ConfirmVerdict::Accepted {
            standing: Standing::verified(&applied.account).to_string(),
            mailbox: applied.account.mailbox.to_string(),
            method,
            backup_codes: backup_codes.iter().flatten().map(|code| Secret::from(code.as_str())).collect(),
            proof: None,
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
            Ok((account, _)) => !standing.is_borne_out_by(&account),
            Err(_) => true,
        },
    };
    Rechecked { ended: recheck.sessions.iter().map(over).collect() }
}

pub(crate) fn not_required(mailbox: &str, door: Door, epoch: u64) -> AskVerdict {
    let standing = Standing::NotRequired(door, epoch).to_string();
    AskVerdict::NotRequired { mailbox: mailbox.to_owned(), standing }
}

/// The methods, the one used last first. Backup codes come last, and not at a door where nobody types.
fn offers(account: &Account, door: Door) -> Vec<Offer> {
    let mut factors: Vec<_> = account.factors.iter().collect();
    factors.sort_by_key(|factor| std::cmp::Reverse((factor.last_used, factor.created)));
    let mut offers: Vec<Offer> = factors
        .into_iter()
        .map(|factor| {
            let Kind::Totp(totp) = &factor.kind;
            Offer {
                id: factor.id.clone(),
                kind: factor.kind.as_str().to_owned(),
                description: factor.description.clone(),
                digits: Some(totp.digits()),
                hint: None,
            }
        })
        .collect();
    if backup_codes_left(account) > 0 && door != Door::Imap {
        let kind = BACKUP.to_owned();
        offers.push(Offer { id: kind.clone(), kind, description: String::new(), digits: None, hint: None });
    }
    offers
}

/// The name that apps show beside the code.
pub fn issuer<'a>(account: &'a Account, platform: &'a Platform) -> &'a str {
    if platform.policy.issuer.is_empty() { account.mailbox.domain() } else { &platform.policy.issuer }
}

/// An enrolment that was begun. The front keeps it, so that a stranger with a password cannot fill the store, and two
/// browsers that enrol at once do not disturb each other: the first that confirms moves the epoch.
#[derive(Serialize, Deserialize)]
struct Ticket {
    mailbox: String,
    epoch: u64,
    until: Time,
    seed: Seed,
}

fn make_ticket(daemon: &Daemon, account: &Account, seed: &Seed, now: Time) -> Result<Secret, auth::Refusal> {
    let mailbox = account.mailbox.to_string();
    let ticket = Ticket { mailbox, epoch: account.epoch, until: now.plus(TICKET_LIFETIME), seed: seed.clone() };
    let mut plain = Zeroizing::new(Vec::with_capacity(TICKET_MAX));
    serde_json::to_writer(&mut *plain, &ticket).map_err(|_| auth::Refusal::new(Reason::Unavailable))?;
    let sealed = daemon.records.sealer().seal_ticket(TICKET_PURPOSE, &plain);
    let sealed = sealed.map_err(|error| auth::Refusal::new(unavailable(&RecordError::Seal(error))))?;
    Ok(Secret::from(URL_SAFE_NO_PAD.encode(sealed)))
}

fn open_ticket(daemon: &Daemon, shown: &Secret, account: &Account, now: Time) -> Result<Ticket, auth::Refusal> {
    let opened = || -> Option<Ticket> {
        let sealed = Some(shown.reveal()).filter(|text| text.len() <= TICKET_MAX)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = daemon.records.sealer().open_ticket(TICKET_PURPOSE, &sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    };
    let fits = |ticket: &Ticket| {
        ticket.mailbox == account.mailbox.as_str() && ticket.epoch == account.epoch && now < ticket.until
    };
    opened().filter(fits).ok_or(auth::Refusal::new(Reason::Stale))
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
