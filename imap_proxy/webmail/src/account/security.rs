//! The Security page: what people see of their own account, and what they change there.
//!
//! Every change is a form. The daemon carries it out on the word of the session's proof; what takes a factor of its own has
//! the person [prove](super::proving) first that it is them.

use super::own_browsers::{self, Session};
use crate::context::RequestContext;
use crate::form::{self, Form};
use crate::front::WebmailFront;
use crate::pages;
use crate::session::pending_action::{PendingAction, Then};
use crate::session::state::{Released, Stage, State};
use crate::session::store::Key;
use crate::verdict::{AfterChange, Stop, after_change, after_security};
use http::{Response, StatusCode};
use postern_http::body::Body;
use postern_portal::{
    self as portal, ChangeKind, ChangePage, ChangeProblem, Changing, DESCRIPTION_LENGTH, Done, Language,
    NewAppPassword, Page, fields, paths,
};
use postern_wire::Secret;
use postern_wire::auth::{self, Channel, MAX_FIELD, MAX_NAME, Recheck};
use postern_wire::security::{Change, ChangeSecurity, OwnMethod, Security, ShowSecurity};
use std::sync::Arc;

impl WebmailFront {
    /// Shows all of it.
    pub(crate) async fn show_security(&self, cx: &RequestContext, key: &Key) -> Response<Body> {
        let security = match self.security(cx, key).await {
            Ok(Some(security)) => security,
            Ok(None) => return self.without_proof(cx, key).await,
            Err(stop) => return self.not_shown(cx, key, &stop),
        };
        let mut view = view(&security);
        let session = |other: &Key, state: &Released| Session::of(state, other == key);
        view.browsers = own_browsers::list(self.sessions.released(&security.mailbox, session), &security.browsers);
        view.done = self.sessions.with_released(key, cx.now.tick, |state| state.done.take()).flatten();
        self.reader(cx).page(StatusCode::OK, &Page::Security(view), Some(&security.mailbox))
    }

    /// Shows the form for one change, or what it is about, as the query says.
    pub(crate) async fn show_change(&self, cx: &RequestContext, key: &Key, query: &str) -> Response<Body> {
        match form::parse(query.as_bytes()) {
            Ok(form) => self.show_change_with(cx, key, &form, None).await,
            Err(_) => self.bad_request(cx),
        }
    }

    async fn show_change_with(
        &self,
        cx: &RequestContext,
        key: &Key,
        form: &Form,
        problem: Option<ChangeProblem>,
    ) -> Response<Body> {
        let security = match self.security(cx, key).await {
            Ok(Some(security)) => security,
            Ok(None) => return self.without_proof(cx, key).await,
            Err(stop) => return self.not_shown(cx, key, &stop),
        };
        // What it is about is gone, or never was.
        let proven = self.proof_of_app_password(cx, key).is_some();
        let Some(changing) = changing(&security, form, proven) else { return pages::see_other(paths::SECURITY) };
        let status = if problem.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
        let page = Page::Change(ChangePage { changing, problem });
        self.reader(cx).page(status, &page, Some(&security.mailbox))
    }

    /// Takes the form of one change.
    pub(crate) async fn take_change(&self, cx: &RequestContext, key: &Key, form: &Form) -> Response<Body> {
        match read(form) {
            Some(Change::CreateAppPassword { password, description }) => {
                let proof = self.proof_of_app_password(cx, key);
                if proof.is_some() && !(1..=MAX_FIELD).contains(&password.reveal().len()) {
                    return self.show_change_with(cx, key, form, Some(ChangeProblem::WrongPassword)).await;
                }
                // Before the proof the page does not ask for it.
                let password = proof.as_ref().map_or_else(|| Secret::from(""), |_| password);
                let change = Change::CreateAppPassword { password, description };
                self.carry_out(cx, key, (change, proof), form).await
            }
            Some(change) => self.carry_out(cx, key, (change, None), form).await,
            None => self.bad_request(cx),
        }
    }

    /// That the person has brought a factor for an app password that is not made yet.
    fn proof_of_app_password(&self, cx: &RequestContext, key: &Key) -> Option<Secret> {
        let proof = |state: &mut Released| match state.pending_action() {
            Some(PendingAction::MakingAppPassword { proof }) => Some(proof.clone()),
            _ => None,
        };
        self.sessions.with_released(key, cx.now.tick, proof).flatten()
    }

    /// Has the daemon change something, on the word of this proof or of the session's; `form` is what the person is shown
    /// again when it does not.
    pub(crate) async fn carry_out(
        &self,
        cx: &RequestContext,
        key: &Key,
        (change, proof): (Change, Option<Secret>),
        form: &Form,
    ) -> Response<Body> {
        let before = self.follower.before();
        let Some(mailbox) = self.mailbox(cx, key) else { return self.ended(cx) };
        match self.change(cx, key, &mailbox, (change.clone(), proof)).await {
            None => self.without_proof(cx, key).await,
            Some(AfterChange::Done { codes, app_password, .. }) => {
                self.follower.catch_up(before, &mailbox).await;
                tracing::info!(
                    mailbox,
                    change = kind(form).map(ChangeKind::tag),
                    "the account was changed by its owner"
                );
                let place = match (&change, app_password) {
                    (_, Some(app_password)) => {
                        let description = text(form, fields::DESCRIPTION);
                        let made = NewAppPassword { description, app_password };
                        self.pending_action(cx, key, PendingAction::AppPassword(made));
                        paths::APP_PASSWORD
                    }
                    (Change::MakeBackupCodes, None) => {
                        self.pending_action(cx, key, PendingAction::Codes(codes));
                        paths::BACKUP_CODES
                    }
                    _ => {
                        if change == Change::RevokeOtherTrust {
                            self.end_other_sessions(cx, key, &mailbox);
                        }
                        self.done(cx, key, done(&change));
                        paths::SECURITY
                    }
                };
                pages::see_other(place)
            }
            Some(AfterChange::NotFresh) => {
                let then = match change {
                    Change::CreateAppPassword { description, .. } => Then::MakeAppPassword { description },
                    change => Then::Change(change),
                };
                self.prove(cx, key, then).await
            }
            Some(AfterChange::Problem(problem)) => self.show_change_with(cx, key, form, Some(problem)).await,
            Some(AfterChange::Enough) => {
                self.done(cx, key, Done::Enough);
                pages::see_other(paths::SECURITY)
            }
            // It is not as the page said: the page says how it is now.
            Some(AfterChange::Outdated) => pages::see_other(paths::SECURITY),
            Some(AfterChange::Stop(stop)) => self.stop(cx, key, &stop),
        }
    }

    /// None: this session has no proof. It outlives the change, with what the daemon gives for it; the account's other
    /// sessions may be over at once.
    async fn change(
        &self,
        cx: &RequestContext,
        key: &Key,
        mailbox: &str,
        (change, proof): (Change, Option<Secret>),
    ) -> Option<AfterChange> {
        let begin = |state: &mut Released| {
            let proof = proof.or_else(|| state.proof.clone())?;
            state.begin_change();
            Some(proof)
        };
        let proof = self.sessions.with_released(key, cx.now.tick, begin).flatten()?;
        let (name, origin) = (mailbox.to_owned(), cx.origin());
        let wanted = ChangeSecurity { name, channel: Channel::Webmail, origin, proof, change };
        let (daemon, sessions, key) = (self.daemon.clone(), Arc::clone(&self.sessions), *key);
        // Apart, so that a browser that does not wait for the answer cannot leave its session in doubt.
        let change = tokio::spawn(async move {
            let reply = daemon.change_security(&wanted).await;
            let reply =
                reply.inspect_err(|error| tracing::warn!(%error, "an account could not be changed by its owner"));
            let after = after_change(reply, &wanted.change);
            let made = match &after {
                AfterChange::Done { standing, proof, .. } => Some((standing.clone(), proof.clone())),
                _ => None,
            };
            let standing = made.as_ref().map(|(standing, _)| standing.clone());
            sessions.settle(&key, made);
            // What changed while this was under way has not seen what the session rests on now.
            if let Some(standing) = standing {
                let session = auth::Session { mailbox: wanted.name.clone(), standing };
                let over = daemon.recheck(&Recheck { sessions: vec![session] }).await;
                if over.is_ok_and(|over| over.ended == [true]) {
                    sessions.remove(&key, portal::Ended::AccountChanged);
                }
            }
            after
        });
        Some(change.await.unwrap_or(AfterChange::Stop(Stop::Unavailable)))
    }

    /// Ends the mailbox's other sessions. That no other browser is trusted any more has been seen to.
    fn end_other_sessions(&self, cx: &RequestContext, key: &Key, mailbox: &str) {
        let others = self.sessions.end_others(mailbox, key);
        tracing::info!(mailbox, ended = others.len(), "signed out by another session of the mailbox");
        for other in others {
            self.say_goodbye(cx, other.held().behind.clone());
        }
    }

    /// What the daemon shows of the account; none: this session has no proof.
    async fn security(&self, cx: &RequestContext, key: &Key) -> Result<Option<Security>, Stop> {
        let whose = |state: &mut State| (state.held().mailbox.clone(), state.proof().cloned());
        let (name, proof) = self.sessions.with(key, cx.now.tick, whose).ok_or(Stop::Ended)?;
        let Some(proof) = proof else { return Ok(None) };
        let reply = self.daemon.show_security(&ShowSecurity { name: name.clone(), origin: cx.origin(), proof }).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an account cannot be shown to its owner"));
        after_security(reply, &name).map(Some)
    }

    /// The daemon shows nothing to this session: it is over, unless nobody can say.
    fn not_shown(&self, cx: &RequestContext, key: &Key, stop: &Stop) -> Response<Body> {
        match stop {
            Stop::Unavailable | Stop::BadRequest => self.stop(cx, key, stop),
            _ => self.end_with(cx, key, stop),
        }
    }

    /// The page for whoever has signed in without a second factor.
    pub(crate) fn security_off(&self, cx: &RequestContext, key: &Key) -> Response<Body> {
        match self.mailbox(cx, key) {
            Some(mailbox) => self.reader(cx).page(StatusCode::OK, &Page::SecurityOff, Some(&mailbox)),
            None => self.ended(cx),
        }
    }

    /// The person has seen what is shown once, and goes on.
    pub(crate) fn seen(&self, cx: &RequestContext, key: &Key) -> Response<Body> {
        let end = |state: &mut Released| (state.end_shown(), state.held.behind.landing.clone());
        match self.sessions.with_released(key, cx.now.tick, end) {
            Some((Some(PendingAction::FewCodes(_)), landing)) => pages::see_other(&landing),
            Some((Some(_), _)) => pages::see_other(paths::SECURITY),
            _ => self.not_there(cx),
        }
    }

    /// The person gives up what they are in the midst of.
    pub(crate) fn give_up(&self, cx: &RequestContext, key: &Key) -> Response<Body> {
        let given_up = self.sessions.with_released(key, cx.now.tick, Released::end_errand).flatten();
        pages::see_other(if given_up.is_some() { paths::SECURITY } else { paths::HOME })
    }

    pub(crate) fn pending_action(&self, cx: &RequestContext, key: &Key, pending_action: PendingAction) {
        self.sessions.with_released(key, cx.now.tick, |state| state.begin_errand(pending_action));
    }

    pub(crate) fn done(&self, cx: &RequestContext, key: &Key, done: Done) {
        let note = |state: &mut Released| {
            state.end_errand();
            state.done = Some(done);
        };
        self.sessions.with_released(key, cx.now.tick, note);
    }

    /// Whose session it is.
    pub(crate) fn mailbox(&self, cx: &RequestContext, key: &Key) -> Option<String> {
        self.sessions.with(key, cx.now.tick, |state| state.held().mailbox.clone())
    }

    /// This session has no such page, or not any more.
    pub(crate) fn not_there(&self, cx: &RequestContext) -> Response<Body> {
        if cx.stage == Stage::Released { pages::see_other(paths::HOME) } else { self.ended(cx) }
    }
}

fn kind(form: &Form) -> Option<ChangeKind> {
    ChangeKind::from_tag(form.field(fields::CHANGE)?)
}

fn text(form: &Form, field: &str) -> String {
    let typed = form.field(field).unwrap_or_default().trim();
    typed.chars().filter(|c| !c.is_control()).take(DESCRIPTION_LENGTH).collect()
}

/// The change that a form asks for.
fn read(form: &Form) -> Option<Change> {
    let id = || form.field(fields::WHICH).filter(|id| id.chars().count() <= MAX_NAME).map(str::to_owned);
    let description = || text(form, fields::DESCRIPTION);
    Some(match kind(form)? {
        ChangeKind::Rename => Change::Rename { id: id()?, description: description() },
        ChangeKind::RemoveMethod => Change::RemoveMethod { id: id()? },
        ChangeKind::MakeCodes => Change::MakeBackupCodes,
        ChangeKind::DeleteCodes => Change::DeleteBackupCodes,
        ChangeKind::CreateAppPassword => {
            let password = Secret::from(form.field(fields::PASSWORD).unwrap_or_default());
            Change::CreateAppPassword { password, description: description() }
        }
        ChangeKind::RevokeAppPassword => Change::RevokeAppPassword { id: id()? },
        ChangeKind::RemoveContact => Change::RemoveContact,
        ChangeKind::SetLanguage => {
            let language = Language::from_tag(form.field(fields::TO)?)?;
            Change::SetLanguage { language: language.tag().to_owned() }
        }
        ChangeKind::RevokeTrust => Change::RevokeTrust { id: id()? },
        ChangeKind::SignOutOthers => Change::RevokeOtherTrust,
    })
}

/// The form that leads to this change again, for when it was not carried out.
pub(crate) fn form_of(change: &Change) -> Form {
    let (kind, id) = match change {
        Change::Rename { id, .. } => (ChangeKind::Rename, id.as_str()),
        Change::RemoveMethod { id } => (ChangeKind::RemoveMethod, id.as_str()),
        Change::MakeBackupCodes => (ChangeKind::MakeCodes, ""),
        Change::DeleteBackupCodes => (ChangeKind::DeleteCodes, ""),
        Change::CreateAppPassword { .. } => (ChangeKind::CreateAppPassword, ""),
        Change::RevokeAppPassword { id } => (ChangeKind::RevokeAppPassword, id.as_str()),
        Change::RemoveContact => (ChangeKind::RemoveContact, ""),
        Change::SetLanguage { .. } => (ChangeKind::SetLanguage, ""),
        Change::RevokeTrust { id } => (ChangeKind::RevokeTrust, id.as_str()),
        Change::RevokeOtherTrust => (ChangeKind::SignOutOthers, ""),
    };
    let written = form::write(&[(fields::CHANGE, kind.tag()), (fields::WHICH, id)]);
    form::parse(written.as_bytes()).unwrap_or_default()
}

/// What is said of a change that was made.
fn done(change: &Change) -> Done {
    match change {
        Change::Rename { .. } => Done::Renamed,
        Change::RemoveMethod { .. } => Done::MethodRemoved,
        Change::MakeBackupCodes => Done::Codes,
        Change::DeleteBackupCodes => Done::CodesDeleted,
        Change::CreateAppPassword { .. } => Done::AppPassword,
        Change::RevokeAppPassword { .. } => Done::AppPasswordRevoked,
        Change::RemoveContact => Done::ContactRemoved,
        Change::SetLanguage { .. } => Done::LanguageSet,
        Change::RevokeTrust { .. } => Done::TrustRevoked,
        Change::RevokeOtherTrust => Done::SignedOut,
    }
}

/// What a change is about; none: there is no such thing.
fn changing(security: &Security, form: &Form, proven: bool) -> Option<Changing> {
    let which = form.field(fields::WHICH).unwrap_or_default();
    let method = || {
        let own = security.methods.iter().find(|method| method.id == which)?;
        Some(method(own))
    };
    Some(match kind(form)? {
        ChangeKind::Rename => Changing::Rename { method: method()? },
        ChangeKind::RemoveMethod => Changing::RemoveMethod { method: method()? },
        ChangeKind::MakeCodes => Changing::MakeCodes { replaces: security.backup_codes_left.is_some() },
        ChangeKind::DeleteCodes => {
            security.backup_codes_left?;
            Changing::DeleteCodes
        }
        ChangeKind::CreateAppPassword if !security.takes_app_passwords => return None,
        ChangeKind::CreateAppPassword => Changing::CreateAppPassword {
            description: text(form, fields::DESCRIPTION),
            may: security.can_make_app_passwords,
            proven,
        },
        ChangeKind::RevokeAppPassword => {
            let found = security.app_passwords.iter().find(|it| it.id == which)?;
            Changing::RevokeAppPassword(app_password(found))
        }
        ChangeKind::RemoveContact => Changing::RemoveContact { address: security.contact.clone()? },
        ChangeKind::SetLanguage | ChangeKind::RevokeTrust | ChangeKind::SignOutOthers => return None,
    })
}

fn view(security: &Security) -> portal::Security {
    let kinds = security.kinds.iter().filter_map(|kind| portal::MethodKind::from_tag(kind));
    portal::Security {
        aliases: security.aliases.clone(),
        methods: security.methods.iter().map(method).collect(),
        codes_left: security.backup_codes_left,
        app_passwords: security.app_passwords.iter().map(app_password).collect(),
        takes_app_passwords: security.takes_app_passwords,
        can_make_app_passwords: security.can_make_app_passwords,
        browsers: Vec::new(),
        may_trust: security.may_trust,
        contact: security.contact.clone(),
        kinds: kinds.collect(),
        language: security.language.as_deref().and_then(Language::from_tag),
        done: None,
    }
}

fn method(own: &OwnMethod) -> portal::OwnMethod {
    let time = |unix: i64| jiff::Timestamp::from_second(unix).ok();
    portal::OwnMethod {
        method: portal::Method {
            id: own.id.clone(),
            // What nobody knows here has a name of its own, or none.
            kind: portal::MethodKind::from_tag(&own.kind).unwrap_or(portal::MethodKind::Authenticator),
            description: own.description.clone(),
            hint: own.hint.clone(),
        },
        created: time(own.created),
        last_used: own.last_used.and_then(time),
        copied: own.copied,
        removal: own.removal,
    }
}

fn app_password(own: &postern_wire::admin::AppPassword) -> portal::AppPassword {
    let time = |text: &String| text.parse().ok();
    portal::AppPassword {
        id: own.id.clone(),
        description: own.description.clone(),
        created: time(&own.created),
        expires: own.expires.as_ref().and_then(time),
        last_used: own.last_used.as_ref().and_then(time),
        address: own.last_address.clone(),
        client: own.last_client.clone(),
        outdated: own.outdated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_which_change_it_asks_for() {
        let read = |fields: &[(&str, &str)]| read(&form::parse(form::write(fields).as_bytes()).unwrap());
        let remove = Change::RemoveMethod { id: "m1".into() };
        assert_eq!(read(&[("change", "remove-method"), ("which", "m1")]), Some(remove.clone()));
        assert_eq!(super::read(&form_of(&remove)), Some(remove));
        let renamed = Change::Rename { id: "m1".into(), description: "My phone".into() };
        assert_eq!(read(&[("change", "rename"), ("which", "m1"), ("description", " My\u{7} phone ")]), Some(renamed));
        for strange in
            [&[][..], &[("change", "reset")], &[("change", "remove-method")], &[("change", "language"), ("to", "de")]]
        {
            assert_eq!(read(strange), None, "{strange:?}");
        }
    }

    #[test]
    fn what_is_not_there_has_no_page() {
        let security = Security { mailbox: "bob@example.com".into(), ..Security::default() };
        for kind in ChangeKind::ALL {
            let form = form::write(&[("change", kind.tag()), ("which", "m1")]);
            let is_there = changing(&security, &form::parse(form.as_bytes()).unwrap(), false).is_some();
            assert_eq!(is_there, kind == ChangeKind::MakeCodes, "{kind:?}");
        }
    }
}
