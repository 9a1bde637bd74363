//! Changes of an account by its owner: forms that the daemon carries out, authorised by the session's proof. A change
//! that requires a factor of its own makes the user [prove](super::proving) it first.

use super::change_form::{changing, done, kind, read, text};
use super::proving::Proving;
use super::reader::AccountReader;
use crate::challenge::transitions::Transitions;
use crate::context::RequestContext;
use crate::next::{Changing, Next};
use crate::pages::{self, Pages};
use crate::session::handle::SessionHandle;
use crate::session::logout::Logout;
use crate::session::pending_action::{AfterProof, PendingAction};
use crate::session::registry::WebmailFollower;
use crate::session::released::Released;
use crate::verdict::{AfterChange, Denial, after_change};
use http::{Response, StatusCode};
use postern_front::daemon::Daemon;
use postern_http::body::Body;
use postern_portal::{ChangeKind, ChangePage, ChangeProblem, Done, Ended, NewAppPassword, Page, fields, paths};
use postern_products::form::{self, Form};
use postern_wire::Secret;
use postern_wire::auth::{Channel, MAX_FIELD, Recheck, Session};
use postern_wire::security::{Change, ChangeSecurity};
use std::sync::Arc;

/// The pages and forms of changes.
pub(crate) struct Changes {
    pub(crate) daemon: Daemon,
    pub(crate) follower: Arc<WebmailFollower>,
    pub(crate) pages: Pages,
    pub(crate) logout: Logout,
    pub(crate) transitions: Transitions,
    pub(crate) proving: Proving,
    pub(crate) reader: AccountReader,
}

impl Changes {
    /// Shows the form for one change, or the item that it concerns, as the query specifies.
    pub(crate) async fn show(&self, cx: &RequestContext, session: &SessionHandle, query: &str) -> Response<Body> {
        match form::parse(query.as_bytes()) {
            Ok(form) => self.show_form(cx, session, &form, None).await,
            Err(_) => self.pages.bad_request(cx),
        }
    }

    async fn show_form(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        form: &Form,
        problem: Option<ChangeProblem>,
    ) -> Response<Body> {
        let security = match self.reader.read(cx, session, Vec::new()).await {
            Ok(security) => security,
            Err(answer) => return *answer,
        };
        let proven = proof_of_app_password(session).is_some();
        // The item was removed, or never existed.
        let Some(changing) = changing(&security, form, proven) else { return pages::see_other(paths::SECURITY) };
        let status = if problem.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
        let page = Page::Change(ChangePage { changing, problem });
        self.pages.reader(cx).page(status, &page, Some(&security.mailbox))
    }

    /// Processes the form of one change.
    pub(crate) async fn take(&self, cx: &RequestContext, session: &SessionHandle, form: Form) -> Next {
        match read(&form) {
            Some(Change::CreateAppPassword { password, description }) => {
                let proof = proof_of_app_password(session);
                if proof.is_some() && !(1..=MAX_FIELD).contains(&password.reveal().len()) {
                    let problem = Some(ChangeProblem::WrongPassword);
                    return self.show_form(cx, session, &form, problem).await.into();
                }
                // Before the proof the page does not ask for the password.
                let password = proof.as_ref().map_or_else(|| Secret::from(""), |_| password);
                let change = Change::CreateAppPassword { password, description };
                self.carry_out(cx, session, Changing { change, proof, form }).await
            }
            Some(change) => self.carry_out(cx, session, Changing { change, proof: None, form }).await,
            None => self.pages.bad_request(cx).into(),
        }
    }

    /// Makes the daemon carry out a change.
    pub(crate) async fn carry_out(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        Changing { change, proof, form }: Changing,
    ) -> Next {
        let before = self.follower.before();
        let Some(mailbox) = session.mailbox() else { return self.pages.ended(cx).into() };
        match self.change(cx, session, &mailbox, (change.clone(), proof)).await {
            None => self.proving.without_proof(cx, session).await.into(),
            Some(AfterChange::Done { codes, app_password, .. }) => {
                self.follower.catch_up(before, &mailbox).await;
                let kind = kind(&form).map(ChangeKind::tag);
                tracing::info!(mailbox, change = kind, "the account was changed by its owner");
                let place = match (&change, app_password) {
                    (_, Some(app_password)) => {
                        let description = text(&form, fields::DESCRIPTION);
                        let made = NewAppPassword { description, app_password };
                        session.begin_action(PendingAction::AppPassword(made));
                        paths::APP_PASSWORD
                    }
                    (Change::MakeBackupCodes, None) => {
                        session.begin_action(PendingAction::Codes(codes));
                        paths::BACKUP_CODES
                    }
                    _ => {
                        if change == Change::RevokeOtherTrust {
                            self.end_other_sessions(cx, session, &mailbox);
                        }
                        session.done(done(&change));
                        paths::SECURITY
                    }
                };
                pages::see_other(place).into()
            }
            Some(AfterChange::NotFresh) => Next::Prove(match change {
                Change::CreateAppPassword { description, .. } => AfterProof::MakeAppPassword { description },
                change => AfterProof::Change(change),
            }),
            Some(AfterChange::Problem(problem)) => self.show_form(cx, session, &form, Some(problem)).await.into(),
            Some(AfterChange::Enough) => {
                session.done(Done::Enough);
                pages::see_other(paths::SECURITY).into()
            }
            // The account has changed since the page was shown: the Security page shows its current state.
            Some(AfterChange::Outdated) => pages::see_other(paths::SECURITY).into(),
            Some(AfterChange::Denied(denial)) => self.transitions.deny(cx, session, &denial).into(),
        }
    }

    /// Sends the change to the daemon. None: this session has no proof. The session outlives the change, with what the
    /// daemon returns for it; the account's other sessions may end at once.
    async fn change(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        mailbox: &str,
        (change, proof): (Change, Option<Secret>),
    ) -> Option<AfterChange> {
        let begin = |state: &mut Released| {
            let proof = proof.or_else(|| state.proof.clone())?;
            state.begin_change();
            Some(proof)
        };
        let proof = session.with_released(begin).flatten()?;
        let (name, origin) = (mailbox.to_owned(), cx.origin());
        let wanted = ChangeSecurity { name, channel: Channel::Webmail, origin, proof, change };
        let (daemon, session) = (self.daemon.clone(), session.clone());
        // In a task of its own, so that a browser that disconnects cannot leave its session in an undefined state.
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
            session.settle(made);
            // Account changes during the request were not checked against the session's new standing.
            if let Some(standing) = standing {
                let rests_on = Session { mailbox: wanted.name.clone(), standing };
                let over = daemon.recheck(&Recheck { sessions: vec![rests_on] }).await;
                if over.is_ok_and(|over| over.ended == [true]) {
                    session.remove(Ended::AccountChanged);
                }
            }
            after
        });
        Some(change.await.unwrap_or(AfterChange::Denied(Denial::Unavailable)))
    }

    /// Ends the mailbox's other sessions. The daemon has already ended the trust in other browsers.
    fn end_other_sessions(&self, cx: &RequestContext, session: &SessionHandle, mailbox: &str) {
        let others = session.end_others(mailbox);
        tracing::info!(mailbox, ended = others.len(), "signed out by another session of the mailbox");
        for other in others {
            self.logout.end(other.context().upstream.clone(), cx.address, cx.now.wall);
        }
    }
}

/// The proof that the user has brought a factor for an app password that is not created yet.
fn proof_of_app_password(session: &SessionHandle) -> Option<Secret> {
    let proof = |state: &mut Released| match state.pending_action() {
        Some(PendingAction::MakingAppPassword { proof }) => Some(proof.clone()),
        _ => None,
    };
    session.with_released(proof).flatten()
}
