//! A login form is read, brought to the webmail, and the daemon asked what else the sign-in needs.

use super::answer::{LoginAnswer, signs_in_by_script};
use super::webmail::{Attempt, Identity, OwnAnswer, WebmailLogin};
use crate::ask::ask;
use crate::challenge::prepare::Preparation;
use crate::context::RequestContext;
use crate::form::Form;
use crate::headers;
use crate::pages::{self, Pages};
use crate::products::product::{Login, Outcome, Product};
use crate::session::challenge::Challenge;
use crate::session::context::{PasswordFingerprint, UpstreamSession};
use crate::session::cookies;
use crate::session::enrolment::{SettingUp, default_kind};
use crate::session::logout::Logout;
use crate::session::registry::WebmailFollower;
use crate::session::stage::{BlockedReason, Stage};
use crate::session::state::{PasswordAccepted, State};
use crate::session::store::Store;
use crate::verdict::{AfterEnrol, AfterPassword, Denial, after_enrol, after_password};
use http::header::{LOCATION, REFRESH};
use http::{HeaderMap, Response, StatusCode};
use postern_front::daemon::{Daemon, DaemonError};
use postern_front::follow::Before;
use postern_front::metrics::{Front, METRICS, Verdict};
use postern_front::rate_limited::rate_limited;
use postern_http::body::{self, Body};
use postern_portal::{Ended, MethodKind, paths};
use postern_wire::Secret;
use postern_wire::auth::{self, Channel, Enrol, Origin, SignedIn};
use std::sync::Arc;

/// The status for a script whose password the webmail has refused, before the product's own words replace it.
const WRONG: StatusCode = StatusCode::UNAUTHORIZED;
const TEXT: &str = "text/plain; charset=utf-8";

/// From the login form to a session.
pub(crate) struct SignIns {
    pub(crate) product: &'static dyn Product,
    pub(crate) webmail: WebmailLogin,
    pub(crate) daemon: Daemon,
    pub(crate) follower: Arc<WebmailFollower>,
    pub(crate) sessions: Arc<Store>,
    pub(crate) pages: Pages,
    pub(crate) logout: Logout,
    pub(crate) preparation: Preparation,
    /// Made by this process; see [`PasswordFingerprint`].
    pub(crate) fingerprint_key: [u8; 32],
    /// The origin of the pages, to which security keys are bound.
    pub(crate) site: String,
}

/// What the daemon says of a sign-in whose password was accepted.
struct Judged {
    after: AfterPassword,
    /// The mailbox whose app passwords stand for the password that was typed.
    app_passwords_of: Option<String>,
    /// Whether the daemon knows the browser.
    browser_known: bool,
}

impl SignIns {
    /// From a login form to a page for the browser, or to a word for the script that sent it. `hints` go along with what is
    /// asked of the webmail.
    pub(crate) async fn sign_in(&self, cx: &RequestContext, hints: &HeaderMap, form: &Form) -> LoginAnswer {
        let Some(login) = self.product.read_login(form) else { return LoginAnswer::not_a_login(&self.pages, cx) };
        let mut answer = match self.webmail.attempt(cx, hints, &login).await {
            Ok(Attempt::Accepted(upstream)) => self.admit(cx, hints, login, upstream).await,
            Ok(Attempt::Refused(answer)) => self.refused(cx, self.show_refusal(answer)),
            Ok(Attempt::RefusedAt(page)) => self.refused(cx, pages::see_other(page)),
            Err(error) => {
                METRICS.sign_ins.count((Front::Webmail, Verdict::Unavailable));
                rate_limited!(warn, %error, "the webmail could not be asked about a password");
                self.denied(cx, &Denial::Unavailable)
            }
        };
        self.forget_wanted(cx, &mut answer);
        answer
    }

    /// The webmail has refused the password.
    fn refused(&self, cx: &RequestContext, response: Response<Body>) -> LoginAnswer {
        METRICS.sign_ins.count((Front::Webmail, Verdict::Password));
        // No name: users type passwords there. Each one is logged, for programs that count them.
        tracing::info!(address = %cx.address, "the webmail refused a password");
        LoginAnswer::without_session(Outcome::Wrong, response)
    }

    fn denied(&self, cx: &RequestContext, denial: &Denial) -> LoginAnswer {
        LoginAnswer::denied(&self.pages, cx, denial)
    }

    /// The sign-in ends, and with it the webmail's session.
    fn end(&self, cx: &RequestContext, upstream: UpstreamSession, denial: &Denial) -> LoginAnswer {
        self.logout.end(upstream, cx.address, cx.now.wall);
        self.denied(cx, denial)
    }

    /// The password was accepted: the daemon says what else this sign-in needs.
    async fn admit(
        &self,
        cx: &RequestContext,
        hints: &HeaderMap,
        login: Login,
        mut upstream: UpstreamSession,
    ) -> LoginAnswer {
        let identity = match self.webmail.identity(cx, hints, &login, &mut upstream).await {
            Ok(identity) => identity,
            Err(error) => {
                METRICS.sign_ins.count((Front::Webmail, Verdict::Unavailable));
                tracing::error!(%error, "a sign-in is refused: the webmail does not say whose session it is");
                return self.end(cx, upstream, &Denial::Unavailable);
            }
        };
        let before = self.follower.before();
        let Judged { after, app_passwords_of, browser_known } = self.judge(cx, &login, &identity).await;
        METRICS.sign_ins.count((Front::Webmail, Verdict::from(&after)));
        let may_go_on = matches!(
            after,
            AfterPassword::Release { .. } | AfterPassword::Challenge { .. } | AfterPassword::Enrol { .. }
        );
        if let Some(mailbox) = app_passwords_of.filter(|_| may_go_on) {
            self.renew_app_passwords(cx, mailbox, &login.password).await;
        }
        if let Some(wanted) = cx.wanted.as_ref().filter(|_| !upstream.unopened) {
            upstream.landing.clone_from(wanted);
        }
        let fingerprint = PasswordFingerprint::new(&self.fingerprint_key, &login.password);
        let browser = cx.browser.clone().filter(|_| browser_known);
        let accepted = PasswordAccepted { upstream, fingerprint, client: cx.client(), browser };
        match after {
            AfterPassword::Release { mailbox, standing } => {
                self.end_old_sessions(&mailbox, &accepted.fingerprint);
                self.release(cx, mailbox, standing, before, accepted).await
            }
            AfterPassword::Challenge { mailbox, methods, trust_days } => {
                self.end_old_sessions(&mailbox, &accepted.fingerprint);
                self.challenge(cx, mailbox, Challenge::new(methods).with_trust(trust_days), accepted).await
            }
            AfterPassword::Enrol { mailbox, kinds } => {
                self.end_old_sessions(&mailbox, &accepted.fingerprint);
                self.enrol(cx, mailbox, kinds, accepted).await
            }
            AfterPassword::Blocked { mailbox, why } => self.block(cx, mailbox, why, accepted),
            AfterPassword::Denied(denial) => {
                tracing::info!(name = identity.shown, ?denial, "a sign-in ends after the password");
                self.end(cx, accepted.upstream, &denial)
            }
        }
    }

    /// Asks the daemon by the name that the webmail shows, and by the other names where they differ.
    async fn judge(&self, cx: &RequestContext, login: &Login, Identity { shown, also }: &Identity) -> Judged {
        let ask_other = async |name: Option<&String>| match name.filter(|name| *name != shown) {
            Some(name) => Some(ask(&self.daemon, cx.origin(), name).await),
            None => None,
        };
        let also = also.as_ref().filter(|also| **also != login.name);
        let (of_shown, of_typed, of_also) =
            tokio::join!(ask(&self.daemon, cx.origin(), shown), ask_other(Some(&login.name)), ask_other(also));
        let app_passwords_of = of_shown.as_ref().ok().and_then(|asked| asked.app_passwords_of.clone());
        let browser_known = of_shown.as_ref().is_ok_and(|asked| asked.browser_known);
        let verdict = |reply: Result<auth::Asked, DaemonError>| reply.map(|asked| asked.verdict);
        let others = [of_typed, of_also].into_iter().flatten().map(verdict);
        Judged { after: after_password(verdict(of_shown), others), app_passwords_of, browser_known }
    }

    /// No second factor is required.
    async fn release(
        &self,
        cx: &RequestContext,
        mailbox: String,
        standing: String,
        before: Before,
        mut accepted: PasswordAccepted,
    ) -> LoginAnswer {
        tracing::info!(mailbox, "signed in, no second factor required");
        let Ok(browser) = cookies::known_or_new(accepted.browser.take()) else {
            return self.end(cx, accepted.upstream, &Denial::Unavailable);
        };
        self.note_browser(cx, &mailbox, &standing, &browser).await;
        accepted.browser = Some(browser.clone());
        let landing = accepted.upstream.landing.clone();
        let state = State::Released(accepted.release(mailbox.clone(), standing, cx.now));
        let mut answer = self.begin(cx, state, &landing);
        cookies::remember(&mut answer.response, &browser);
        self.follower.catch_up(before, &mailbox).await;
        answer
    }

    /// A code is asked for.
    async fn challenge(
        &self,
        cx: &RequestContext,
        mailbox: String,
        challenge: Challenge,
        accepted: PasswordAccepted,
    ) -> LoginAnswer {
        let mut state = accepted.challenge(mailbox, challenge);
        match self.preparation.first(cx, &state.context.mailbox, &mut state.challenge).await {
            Ok(()) => self.begin(cx, State::Challenged(state), paths::CODE),
            Err(denial) => self.end(cx, state.context.upstream, &denial),
        }
    }

    /// There is no code to answer with: a session in which no more can be done than to ask the administrator for help.
    fn block(
        &self,
        cx: &RequestContext,
        mailbox: String,
        why: BlockedReason,
        accepted: PasswordAccepted,
    ) -> LoginAnswer {
        tracing::info!(mailbox, ?why, "a sign-in finds no code to answer with");
        let (state, upstream) = accepted.blocked(mailbox, why);
        self.logout.end(upstream, cx.address, cx.now.wall);
        self.begin(cx, State::Blocked(state), paths::CODE)
    }

    /// The first method is set up.
    async fn enrol(
        &self,
        cx: &RequestContext,
        mailbox: String,
        kinds: Vec<MethodKind>,
        accepted: PasswordAccepted,
    ) -> LoginAnswer {
        let kind = default_kind(&kinds);
        let begun = match SettingUp::before(kind) {
            Some(before) => Ok((before, kinds)),
            None => self.first_enrolment(cx, &mailbox, kind, kinds).await,
        };
        match begun {
            Ok((begun, kinds)) => {
                self.begin(cx, State::Enrolling(accepted.enrol(mailbox, begun, kinds)), paths::SET_UP)
            }
            Err(denial) => self.end(cx, accepted.upstream, &denial),
        }
    }

    async fn first_enrolment(
        &self,
        cx: &RequestContext,
        mailbox: &str,
        kind: MethodKind,
        kinds: Vec<MethodKind>,
    ) -> Result<(SettingUp, Vec<MethodKind>), Denial> {
        let enrol = Enrol {
            name: mailbox.to_owned(),
            channel: Channel::Webmail,
            origin: cx.origin(),
            kind: Some(kind.tag().to_owned()),
            site: Some(self.site.clone()),
            ..Enrol::default()
        };
        let reply = self.daemon.enrol(&enrol).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "no enrolment can begin"));
        match after_enrol(reply, mailbox, kind, cx.now.wall) {
            AfterEnrol::Begun { begun, kinds, .. } => Ok((begun, kinds)),
            AfterEnrol::EnrolmentCode => Ok((SettingUp::EnrolmentCode, kinds)),
            // The user has typed nothing for it yet, so nothing that was typed can be wrong.
            AfterEnrol::NotFresh | AfterEnrol::Problem(_) => Err(Denial::Unavailable),
            AfterEnrol::Denied(denial) => Err(denial),
        }
    }

    /// Begins a session in place of the one that the browser may have had.
    fn begin(&self, cx: &RequestContext, state: State, to: &str) -> LoginAnswer {
        let Ok(token) = self.sessions.insert(state, cx.now.tick) else {
            return self.denied(cx, &Denial::Unavailable);
        };
        if let Some(old) = cx.session.as_ref().and_then(|session| session.remove(Ended::Replaced)) {
            self.logout.end(old.context().upstream.clone(), cx.address, cx.now.wall);
        }
        let mut response = pages::see_other(to);
        cookies::give_session(&mut response, &token);
        LoginAnswer { outcome: Outcome::Onward, response, begun: Some(token.key()) }
    }

    /// The page that was wanted before is known to the session now. Not to one that is released already where a script has
    /// signed in: that goes where it likes, and is sent on from there. This has to be the last cookie of an answer, as curl
    /// 7.88 keeps a cookie that is taken away before others.
    fn forget_wanted(&self, cx: &RequestContext, answer: &mut LoginAnswer) {
        let Some(begun) = answer.begun.filter(|_| cx.wanted.is_some()) else { return };
        let stage = self.sessions.stage(Some(&begun), cx.now.tick);
        if !(signs_in_by_script(self.product) && stage == Stage::Released) {
            cookies::forget_wanted(&mut answer.response);
        }
    }

    /// Tells the daemon which browser is released without a code. Nothing depends on the answer.
    async fn note_browser(&self, cx: &RequestContext, mailbox: &str, standing: &str, browser: &Secret) {
        let signed_in = SignedIn {
            name: mailbox.to_owned(),
            channel: Channel::Webmail,
            origin: Origin { browser: Some(browser.clone()), ..cx.origin() },
            standing: standing.to_owned(),
            language: Some(cx.language.tag().to_owned()),
        };
        if let Err(error) = self.daemon.signed_in(&signed_in).await {
            tracing::warn!(%error, mailbox, "the browser of a sign-in is not noted");
        }
    }

    fn end_old_sessions(&self, mailbox: &str, fingerprint: &PasswordFingerprint) {
        let ended = self.sessions.end_with_other_password(mailbox, fingerprint);
        if ended > 0 {
            tracing::info!(mailbox, ended, "the password has changed: older sessions are over");
        }
    }

    /// The password may be another than the one that the mailbox's app passwords stand for. The webmail has said that it is
    /// the right one; who has typed it does not matter for that.
    async fn renew_app_passwords(&self, cx: &RequestContext, mailbox: String, password: &Secret) {
        let (name, password) = (mailbox, password.clone());
        let accepted = auth::PasswordAccepted { name, channel: Channel::Webmail, origin: cx.origin(), password };
        if let Err(error) = self.daemon.password_accepted(&accepted).await {
            tracing::warn!(%error, mailbox = accepted.name, "the app passwords are not renewed before the next sign-in");
        }
    }

    /// The webmail's own page for a login that it refused: the same whatever the account is here.
    fn show_refusal(&self, mut answer: OwnAnswer) -> Response<Body> {
        if signs_in_by_script(self.product) {
            return pages::answer(WRONG, TEXT, String::new());
        }
        headers::strip_response(&mut answer.headers);
        headers::for_own_forms(&mut answer.headers);
        for name in [LOCATION, REFRESH] {
            answer.headers.remove(name);
        }
        let mut response = Response::new(body::full(answer.content));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }
}
