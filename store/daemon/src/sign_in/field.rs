//! The verbs for mail apps, which send a single field: the contents of the field, and the mail server's result for the
//! password that an app password stands for.

use crate::actor::Actor;
use crate::clock;
use crate::daemon::Daemon;
use crate::metrics::Method;
use crate::sign_in::context::{account, actor, channel, journal, source, unavailable};
use crate::sign_in::refusals::refused;
use crate::verb::{Said, Verb};
use postern_rules::account::FieldFingerprint;
use postern_rules::app_password::{Sealed, Typed};
use postern_rules::decide::app_passwords;
use postern_rules::decide::code::CodeRefusal;
use postern_rules::decide::field::{self as rules, Field, FieldAccepted, FieldRefusal};
use postern_rules::source as sources;
use postern_rules::{Account, Mailbox, Settled, Standing};
use postern_vault::RecordError;
use postern_vault::app_password;
use postern_wire::Secret;
use postern_wire::auth::{self, AnswerField, FieldVerdict, PasswordAccepted, PasswordRefused, Reason};

const AGAIN_PURPOSE: &str = "password and code";

const _: () = assert!(postern_rules::app_password::LENGTH == auth::APP_PASSWORD_LETTERS);

/// Checks the contents of a field.
pub async fn answer(daemon: &Daemon, field: &AnswerField) -> FieldVerdict {
    let verdict = looked_at(daemon, field).await.unwrap_or_else(FieldVerdict::Refused);
    if let FieldVerdict::Refused(refusal) = &verdict {
        journal("field", &field.name, field.channel, &field.origin, refusal);
    }
    verdict
}

async fn looked_at(daemon: &Daemon, field: &AnswerField) -> Result<FieldVerdict, auth::Refusal> {
    let (account, _) = account(daemon, field.channel, &field.name).await.map_err(auth::Refusal::new)?;
    let typed = Field {
        channel: channel(field.channel),
        text: field.text.reveal(),
        window: daemon.config.totp.window,
        again: again(daemon, field),
        source: source(&field.origin),
    };
    let (actor, verb) = (actor(field.channel, &field.origin), Verb::new("field").at(typed.channel).saying(said));
    let applied = daemon.apply(&account.mailbox, None, &actor, &verb, |it| Ok(rules::field(it, &typed))).await;
    let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    let mailbox = applied.account.mailbox.to_string();
    match applied.verdict.map_err(refused)? {
        FieldAccepted::PasswordAndCode { factor, password } => Ok(FieldVerdict::Accepted {
            standing: Standing::verified(&applied.account).to_string(),
            mailbox,
            method: factor.method,
            password_length: u32::try_from(password).map_err(|_| auth::Refusal::new(Reason::Unavailable))?,
            backup_codes_left: factor.backup_codes_left,
        }),
        FieldAccepted::AppPassword { id, created, sealed } => {
            let password = open(&applied.account.mailbox, field.text.reveal(), &sealed);
            let password = password.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
            let standing = Standing::app_password(&id, created, &sealed).to_string();
            Ok(FieldVerdict::AppPassword { mailbox, standing, id, password })
        }
        FieldAccepted::NotRequired => {
            let standing = Standing::NotRequired(channel(field.channel), applied.account.epoch).to_string();
            Ok(FieldVerdict::NotRequired { mailbox, standing })
        }
    }
}

fn said(verdict: &rules::FieldVerdict, account: &Account) -> Said {
    match verdict {
        Ok(FieldAccepted::PasswordAndCode { factor, .. }) => Said::accepted(factor, account),
        Ok(FieldAccepted::AppPassword { id, .. }) => Said {
            outcome: Some("accepted"),
            detail: Some(format!("app password {id}")),
            accepted: Some(Method::AppPassword),
            ..Said::default()
        },
        Err(FieldRefusal::Code(CodeRefusal::Wrong { failures })) => Said::wrong_code(*failures),
        // Nothing is written.
        Ok(FieldAccepted::NotRequired)
        | Err(
            FieldRefusal::NotChallenged(_)
            | FieldRefusal::NotInOneField
            | FieldRefusal::Code(CodeRefusal::Spent { .. })
            | FieldRefusal::Elsewhere
            | FieldRefusal::Expired
            | FieldRefusal::Outdated,
        ) => Said::default(),
    }
}

fn open(mailbox: &Mailbox, typed: &str, sealed: &Sealed) -> Result<Secret, RecordError> {
    let damaged = || RecordError::Content(format!("account/{mailbox} (an app password)"));
    let typed = Typed::read(typed).ok_or_else(damaged)?;
    let password = app_password::open(&typed.key_material(mailbox), mailbox, &sealed.text)?;
    Ok(Secret::from(std::str::from_utf8(&password).map_err(|_| damaged())?))
}

/// Returns the fingerprint by which a repeated field is recognized: its source's network, and a hash that only this
/// daemon can compute. Without an address there is no source, and a repeated field is not accepted.
fn again(daemon: &Daemon, field: &AnswerField) -> Option<FieldFingerprint> {
    let source = sources::link(field.origin.address?)?;
    let mac = daemon.records.sealer().mac(AGAIN_PURPOSE, field.text.reveal().as_bytes());
    Some(FieldFingerprint { source, hash: *mac.as_bytes().last_chunk()? })
}

/// Records that the mail server has rejected the password that an app password stands for.
///
/// # Errors
/// [`RecordError`]: it is not recorded, and the next sign-in tries that password again.
pub async fn password_refused(daemon: &Daemon, refused: &PasswordRefused) -> Result<(), RecordError> {
    let session = &refused.session;
    let Some(Standing::AppPassword { id, created, sealed }) = Standing::parse(&session.standing) else { return Ok(()) };
    let Ok((account, _)) = account(daemon, auth::Channel::Webmail, &session.mailbox).await else { return Ok(()) };
    let actor = Actor::new("mail server", format!("app password {id}"));
    let decide = |it: &Settled<'_>| Ok(app_passwords::outdate(it, &id, (created, sealed)));
    let verb = Verb::new("app passwords outdated");
    daemon.apply(&account.mailbox, None, &actor, &verb, decide).await.map(drop)
}

/// Records that the mail server or the webmail has accepted a password.
///
/// # Errors
/// [`RecordError`]: the app passwords are unchanged.
pub async fn password_accepted(daemon: &Daemon, accepted: &PasswordAccepted) -> Result<(), RecordError> {
    let Ok((account, _)) = account(daemon, accepted.channel, &accepted.name).await else { return Ok(()) };
    renew(daemon, &account, &accepted.password, &actor(accepted.channel, &accepted.origin)).await
}

async fn renew(daemon: &Daemon, account: &Account, password: &Secret, actor: &Actor) -> Result<(), RecordError> {
    let sealed = seal_for_all(account, password)?;
    if sealed.is_empty() {
        return Ok(());
    }
    let decide = |it: &Settled<'_>| Ok(app_passwords::renew(it, sealed.clone()));
    daemon.apply(&account.mailbox, None, actor, &Verb::new("renew app passwords"), decide).await.map(drop)
}

/// Seals a password again for each app password of an account.
///
/// # Errors
/// [`RecordError::Seal`].
pub fn seal_for_all(account: &Account, password: &Secret) -> Result<Vec<Sealed>, RecordError> {
    account.app_passwords.iter().map(|it| seal(&it.sealed.key, &account.mailbox, password)).collect()
}

/// Seals a mailbox's password to the key of an app password.
///
/// # Errors
/// [`RecordError::Seal`].
pub fn seal(key: &[u8; 32], mailbox: &Mailbox, password: &Secret) -> Result<Sealed, RecordError> {
    let text = app_password::seal(key, mailbox, password.reveal().as_bytes())?;
    Ok(Sealed { key: *key, text, at: clock::now() })
}
