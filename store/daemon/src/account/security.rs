//! What users see and change in their own account.

use crate::account::app_passwords::{self, Given, NoAppPassword};
use crate::actor::Actor;
use crate::clock;
use crate::daemon::{Daemon, backup_codes_left, draw};
use crate::metrics;
use crate::sign_in::browsers;
use crate::sign_in::context::{account, actor, channel, journal, source, unavailable};
use crate::sign_in::offers::kinds;
use crate::sign_in::proof;
use crate::sign_in::refusals::{ToFront, refused};
use crate::verb::{Said, Verb};
use postern_rules::app_password::Limits;
use postern_rules::browser::Named;
use postern_rules::decide::app_passwords::{self as rules, NotAllowed, Owner, are_of_use};
use postern_rules::decide::{browsers as trust, own};
use postern_rules::{Account, Decision, Mailbox, Platform, Proof, Settled, Stage, Standing, notice, offers};
use postern_vault::RecordError;
use postern_wire::Secret;
use postern_wire::auth::{self, Reason};
use postern_wire::security::{
    Change, ChangeSecurity, ChangeVerdict, OwnMethod, Removal, Security, SecurityVerdict, ShowSecurity,
};

/// Returns the security settings of an account.
pub async fn show(daemon: &Daemon, asked: &ShowSecurity) -> SecurityVerdict {
    shown(daemon, asked).await.map_or_else(SecurityVerdict::Refused, SecurityVerdict::Shown)
}

async fn shown(daemon: &Daemon, asked: &ShowSecurity) -> Result<Security, auth::Refusal> {
    let (account, platform) = account(daemon, auth::Channel::Webmail, &asked.name).await.map_err(auth::Refusal::new)?;
    let proof = proof::open(daemon, &asked.proof)?;
    proof.check(&account, clock::now()).map_err(refused)?;
    Ok(security(daemon, &account, &platform, asked))
}

fn security(daemon: &Daemon, account: &Account, platform: &Platform, asked: &ShowSecurity) -> Security {
    let sendable = daemon.senders.sendable();
    let mut kinds = kinds(platform, sendable);
    if offers::takes_contact(sendable) {
        kinds.push("contact".to_owned());
    }
    let method = |factor: &postern_rules::Factor| OwnMethod {
        id: factor.id.clone(),
        kind: factor.kind.as_str().to_owned(),
        description: factor.description.clone(),
        hint: factor.kind.hint(),
        created: factor.created.0,
        last_used: factor.last_used.map(|time| time.0),
        copied: factor.is_copied(),
        removal: match own::removal(account, platform, &factor.id) {
            own::Removal::Free => Removal::Free,
            own::Removal::SwitchesOff => Removal::SwitchesOff,
            own::Removal::Kept => Removal::Kept,
        },
    };
    Security {
        mailbox: account.mailbox.to_string(),
        aliases: account.aliases.iter().map(ToString::to_string).collect(),
        methods: account.factors.iter().map(method).collect(),
        backup_codes_left: account.backup.as_ref().map(|_| backup_codes_left(account)),
        app_passwords: app_passwords::shown(account).app_passwords,
        takes_app_passwords: are_of_use(account, daemon.checks.were_offered()),
        can_make_app_passwords: daemon.checks.are_offered(),
        contact: account.contact.as_ref().map(|address| address.as_str().to_owned()),
        language: account.language.clone(),
        kinds,
        browsers: browsers::shown(account, platform, &asked.origin),
        clients: asked.clients.iter().map(|client| browsers::name(Named::of(client))).collect(),
        may_trust: platform.policy.trusted_browsers > 0,
    }
}

/// Makes a change to an account.
pub async fn change(daemon: &Daemon, wanted: &ChangeSecurity) -> ChangeVerdict {
    changed(daemon, wanted).await.unwrap_or_else(|refusal| {
        journal("change security", &wanted.name, wanted.channel, &wanted.origin, &refusal);
        ChangeVerdict::Refused(refusal)
    })
}

async fn changed(daemon: &Daemon, wanted: &ChangeSecurity) -> Result<ChangeVerdict, auth::Refusal> {
    let (account, _) = account(daemon, wanted.channel, &wanted.name).await.map_err(auth::Refusal::new)?;
    let proof = &proof::open(daemon, &wanted.proof)?;
    let by = By { daemon, mailbox: &account.mailbox, actor: actor(wanted.channel, &wanted.origin) };
    let (mut codes, mut app_password) = (Vec::new(), None);
    let account = match &wanted.change {
        Change::CreateAppPassword { password, description } => {
            let given = Given { password, unchecked: false };
            let named = (description.as_str(), &Limits::default());
            let made = app_passwords::make(daemon, &account, given, &Owner(proof), named, &by.actor).await;
            let (made, account) = made.map_err(refusal)?;
            app_password = Some(made.app_password);
            account
        }
        Change::MakeBackupCodes => {
            let verb = Verb::new("make backup codes").saying(|made, _| match made {
                Ok(_) => Said { cause: notice::Cause::BackupCodesMade, ..Said::default() },
                Err(_) => Said::default(),
            });
            let (made, account) = by.apply(&verb, |it| Ok(own::make_backup_codes(it, proof, draw()?))).await?;
            codes = made.iter().map(|code| Secret::from(code.as_str())).collect();
            account
        }
        Change::Rename { id, description } => {
            by.apply(&Verb::new("rename method"), |it| Ok(own::rename(it, id, proof, description))).await?.1
        }
        Change::RemoveMethod { id } => {
            let verb = Verb::new("remove method").counted(metrics::Change::MethodRemoved);
            by.apply(&verb, |it| Ok(own::remove(it, id, proof))).await?.1
        }
        Change::DeleteBackupCodes => {
            by.apply(&Verb::new("delete backup codes"), |it| Ok(own::delete_backup_codes(it, proof))).await?.1
        }
        Change::RevokeAppPassword { id } => {
            let verb = Verb::new("revoke app password").counted(metrics::Change::AppPasswordRevoked);
            by.apply(&verb, |it| Ok(rules::revoke_own(it, id, proof))).await?.1
        }
        Change::RemoveContact => {
            by.apply(&Verb::new("remove contact address"), |it| Ok(own::remove_contact(it, proof))).await?.1
        }
        Change::SetLanguage { language } => {
            by.apply(&Verb::new("set language"), |it| Ok(own::set_language(it, language, proof))).await?.1
        }
        Change::RevokeTrust { id } => {
            by.apply(&Verb::new("revoke trust"), |it| Ok(trust::revoke(it, id, proof))).await?.1
        }
        Change::RevokeOtherTrust => {
            let own = source(&wanted.origin).browser;
            by.apply(&Verb::new("revoke trust"), |it| Ok(trust::revoke_others(it, own, proof))).await?.1
        }
    };
    Ok(done(daemon, proof, &account, wanted.channel, (codes, app_password)))
}

/// The user who changes their own account.
struct By<'a> {
    daemon: &'a Daemon,
    mailbox: &'a Mailbox,
    actor: Actor,
}

impl By<'_> {
    /// Applies a change, and returns its result with the account after it.
    async fn apply<T, R: ToFront>(
        &self,
        verb: &Verb<Result<T, R>>,
        decide: impl Fn(&Settled<'_>) -> Result<Decision<Result<T, R>>, RecordError>,
    ) -> Result<(T, Account), auth::Refusal> {
        let applied = self.daemon.apply(self.mailbox, None, &self.actor, verb, decide).await;
        let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
        let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
        Ok((applied.verdict.map_err(refused)?, applied.account))
    }
}

/// Builds the state that the session continues with.
fn done(
    daemon: &Daemon,
    proof: &Proof,
    account: &Account,
    at: auth::Channel,
    (backup_codes, app_password): (Vec<Secret>, Option<Secret>),
) -> ChangeVerdict {
    // The owner may have switched the account off with this change.
    let standing = Standing::of(account, channel(at)).to_string();
    let carried_over = || proof::seal(daemon, &proof.carried_over(account)).ok();
    let proof = (account.stage == Stage::Protected).then(carried_over).flatten();
    ChangeVerdict::Done { standing, proof, backup_codes, app_password }
}

fn refusal(error: NoAppPassword<NotAllowed>) -> auth::Refusal {
    auth::Refusal::new(match error {
        NoAppPassword::NotAllowed(why) => return refused(why),
        NoAppPassword::WrongPassword => Reason::Wrong,
        NoAppPassword::Full | NoAppPassword::Enough => Reason::TooMany,
        NoAppPassword::Stale => Reason::Stale,
        NoAppPassword::NoFront | NoAppPassword::MailServer => Reason::Unavailable,
        NoAppPassword::Unfit => Reason::Unfit,
        NoAppPassword::Store(error) => unavailable(&error),
    })
}
