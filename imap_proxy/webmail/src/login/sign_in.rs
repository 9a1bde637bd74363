//! The login form: read, rebuilt, sent; the answer judged; the daemon asked.

use crate::context::RequestContext;
use crate::form::{Form, Format};
use crate::front::WebmailFront;
use crate::headers;
use crate::jar::{Cookie, Jar, set_cookies};
use crate::pages;
use crate::products::product::{self, Heard, Kind, Life, Login, Outcome, SignIn};
use crate::session::cookies;
use crate::session::state::{
    PasswordAccepted, PasswordFingerprint, Question, SettingUp, Stage, State, UpstreamSession, usual,
};
use crate::verdict::{AfterEnrol, AfterPassword, Blocked, Stop, after_enrol, after_password};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HeaderValue, LOCATION, REFRESH};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use postern_front::metrics::{Front, METRICS, Verdict};
use postern_front::rate_limited::rate_limited;
use postern_http::body::{self, Body, BoxError};
use postern_portal::{Ended, MethodKind, paths};
use postern_wire::Secret;
use postern_wire::auth::{self, Ask, Asked, Channel, Enrol, Origin, SignedIn};
use std::time::Duration;
use tokio::time::timeout;

/// How long the webmail may take for one request that this front makes of its own. A login signs in to IMAP.
const OWN_REQUEST: Duration = Duration::from_secs(30);
/// The status within this file of a password that the webmail refused, where a script hears of it.
const WRONG: StatusCode = StatusCode::UNAUTHORIZED;
const TEXT: &str = "text/plain; charset=utf-8";
/// Bytes that an answer to it may have: a mail page lists every folder.
const MAX_PAGE: usize = 4 * 1024 * 1024;

/// An answer to a request that this front made of its own.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    set: Vec<Cookie>,
    content: Bytes,
}

enum Knocked {
    Accepted(UpstreamSession),
    Refused(Answer),
    /// With the login page that says why.
    RefusedAt(&'static str),
}

impl WebmailFront {
    /// From a login form to a page for the browser, or to a word for the script that sent it. `hints` go along with what is
    /// asked of the webmail.
    pub(crate) async fn sign_in(&self, cx: &RequestContext, hints: &HeaderMap, form: &Form) -> Response<Body> {
        let mut response = match self.product.read_login(form) {
            Some(login) => self.take_login(cx, hints, login).await,
            None => self.bad_request(cx),
        };
        self.forget_wanted(cx, &mut response);
        self.told(response)
    }

    async fn take_login(&self, cx: &RequestContext, hints: &HeaderMap, login: Login) -> Response<Body> {
        match self.knock(cx, hints, &login).await {
            Ok(Knocked::Accepted(behind)) => self.admit(cx, hints, login, behind).await,
            Ok(refused) => {
                METRICS.sign_ins.count((Front::Webmail, Verdict::Password));
                // No name: people type passwords there. Each is told, for whoever counts them.
                tracing::info!(address = %cx.address, "the webmail refused a password");
                match refused {
                    Knocked::Refused(answer) => self.show_refusal(answer),
                    Knocked::RefusedAt(page) => pages::see_other(page),
                    Knocked::Accepted(_) => self.reader(cx).stop(&Stop::Unavailable),
                }
            }
            Err(error) => {
                METRICS.sign_ins.count((Front::Webmail, Verdict::Unavailable));
                rate_limited!(warn, %error, "the webmail could not be asked about a password");
                self.reader(cx).stop(&Stop::Unavailable)
            }
        }
    }

    /// Brings the login to the webmail, in a new session of its.
    async fn knock(&self, cx: &RequestContext, hints: &HeaderMap, login: &Login) -> Result<Knocked, BoxError> {
        let mut jar = Jar::default();
        let page = self.own_request(cx, &mut jar, hints, (Method::GET, self.product.login_page()), None).await?;
        let rebuilt = self.product.rebuild(&String::from_utf8_lossy(&page.content), login);
        let rebuilt = rebuilt.ok_or("its login page is not the one of this product")?;
        let form = Some((self.product.format().content_type(), Bytes::copy_from_slice(rebuilt.body.as_bytes())));
        let answer = self.own_request(cx, &mut jar, hints, (Method::POST, rebuilt.target), form).await?;
        match self.product.judge(answer.status, &answer.headers, &answer.set) {
            SignIn::Accepted { landing, goodbye } => {
                Ok(Knocked::Accepted(UpstreamSession { jar, landing, goodbye, unopened: false }))
            }
            SignIn::Refused if self.is_refusal(&answer) => Ok(Knocked::Refused(answer)),
            SignIn::Refused => {
                Err(format!("its answer to a login ({}) is none that this product is known for", answer.status).into())
            }
            SignIn::RefusedAt(page) => Ok(Knocked::RefusedAt(page)),
        }
    }

    /// The password was accepted: what else does this sign-in need?
    async fn admit(
        &self,
        cx: &RequestContext,
        hints: &HeaderMap,
        login: Login,
        mut behind: UpstreamSession,
    ) -> Response<Body> {
        let (shown, also) = match self.identity(cx, hints, &login, &mut behind).await {
            Ok(names) => names,
            Err(error) => {
                METRICS.sign_ins.count((Front::Webmail, Verdict::Unavailable));
                tracing::error!(%error, "a sign-in is refused by what the webmail shows of whose it is");
                self.say_goodbye(cx, behind);
                return self.reader(cx).stop(&Stop::Unavailable);
            }
        };
        let before = self.follower.before();
        let also = also.filter(|also| *also != login.name);
        let ask_other = async |name: Option<&str>| match name.filter(|name| *name != shown) {
            Some(name) => Some(self.ask(cx.origin(), name).await),
            None => None,
        };
        let (of_shown, of_typed, of_also) =
            tokio::join!(self.ask(cx.origin(), &shown), ask_other(Some(&login.name)), ask_other(also.as_deref()));
        let holder = of_shown.as_ref().ok().and_then(|asked| asked.app_passwords_of.clone());
        let browser = cx.browser.clone().filter(|_| of_shown.as_ref().is_ok_and(|asked| asked.browser_known));
        let of_shown = of_shown.map(|asked| asked.verdict);
        let others = [of_typed, of_also].into_iter().flatten().map(|reply| reply.map(|asked| asked.verdict));
        let print = PasswordFingerprint::new(&self.print_key, &login.password);
        if let Some(wanted) = cx.wanted.as_ref().filter(|_| !behind.unopened) {
            behind.landing.clone_from(wanted);
        }
        let mut accepted = PasswordAccepted { behind, print, client: cx.client(), browser };
        let after = after_password(of_shown, others);
        METRICS.sign_ins.count((Front::Webmail, Verdict::from(&after)));
        if let (
            Some(holder),
            AfterPassword::Release { .. } | AfterPassword::Challenge { .. } | AfterPassword::Enrol { .. },
        ) = (holder, &after)
        {
            self.renew_app_passwords(cx, holder, &login.password).await;
        }
        match after {
            AfterPassword::Release { mailbox, standing } => {
                self.end_old_sessions(&mailbox, &accepted.print);
                tracing::info!(mailbox, "signed in, no second factor required");
                let Ok(browser) = cookies::known_or_new(accepted.browser.take()) else {
                    self.say_goodbye(cx, accepted.behind);
                    return self.reader(cx).stop(&Stop::Unavailable);
                };
                self.note_browser(cx, &mailbox, &standing, &browser).await;
                accepted.browser = Some(browser.clone());
                let landing = accepted.behind.landing.clone();
                let state = State::Released(accepted.release(mailbox.clone(), standing, cx.now));
                let mut response = self.begin(cx, state, &landing);
                cookies::remember(&mut response, &browser);
                self.follower.catch_up(before, &mailbox).await;
                response
            }
            AfterPassword::Challenge { mailbox, methods, trust_days } => {
                self.end_old_sessions(&mailbox, &accepted.print);
                let mut state = accepted.challenge(mailbox, Question::new(methods).with_trust(trust_days));
                match self.begin_first(cx, &state.held.mailbox, &mut state.question).await {
                    Ok(()) => self.begin(cx, State::Challenged(state), paths::CODE),
                    Err(stop) => {
                        self.say_goodbye(cx, state.held.behind);
                        self.reader(cx).stop(&stop)
                    }
                }
            }
            AfterPassword::Enrol { mailbox, kinds } => {
                self.end_old_sessions(&mailbox, &accepted.print);
                self.begin_enrolment(cx, mailbox, kinds, accepted).await
            }
            AfterPassword::Blocked { mailbox, why } => self.begin_stuck(cx, mailbox, why, accepted),
            AfterPassword::Stop(stop) => {
                tracing::info!(name = shown, ?stop, "a sign-in ends after the password");
                self.say_goodbye(cx, accepted.behind);
                self.reader(cx).stop(&stop)
            }
        }
    }

    /// There is no code to answer with: a session in which no more can be done than to ask the administrator for help.
    fn begin_stuck(
        &self,
        cx: &RequestContext,
        mailbox: String,
        why: Blocked,
        accepted: PasswordAccepted,
    ) -> Response<Body> {
        tracing::info!(mailbox, ?why, "a sign-in finds no code to answer with");
        let (state, behind) = accepted.blocked(mailbox, why);
        self.say_goodbye(cx, behind);
        self.begin(cx, State::Blocked(state), paths::CODE)
    }

    async fn begin_enrolment(
        &self,
        cx: &RequestContext,
        mailbox: String,
        kinds: Vec<MethodKind>,
        accepted: PasswordAccepted,
    ) -> Response<Body> {
        let kind = usual(&kinds);
        let begun = match SettingUp::before(kind) {
            Some(before) => Ok((before, kinds)),
            None => self.first_enrolment(cx, &mailbox, kind, kinds).await,
        };
        match begun {
            Ok((begun, kinds)) => {
                self.begin(cx, State::Enrolling(accepted.enrol(mailbox, begun, kinds)), paths::SET_UP)
            }
            Err(stop) => {
                self.say_goodbye(cx, accepted.behind);
                self.reader(cx).stop(&stop)
            }
        }
    }

    async fn first_enrolment(
        &self,
        cx: &RequestContext,
        mailbox: &str,
        kind: MethodKind,
        kinds: Vec<MethodKind>,
    ) -> Result<(SettingUp, Vec<MethodKind>), Stop> {
        let enrol = Enrol {
            name: mailbox.to_owned(),
            channel: Channel::Webmail,
            origin: cx.origin(),
            kind: Some(kind.tag().to_owned()),
            site: Some(self.origin.clone()),
            ..Enrol::default()
        };
        let reply = self.daemon.enrol(&enrol).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "no enrolment can begin"));
        match after_enrol(reply, mailbox, kind, cx.now.wall) {
            AfterEnrol::Begun { begun, kinds, .. } => Ok((begun, kinds)),
            AfterEnrol::EnrolmentCode => Ok((SettingUp::Guarded, kinds)),
            // It is asked for without a word of the person's, so nothing can be wrong with their words.
            AfterEnrol::NotFresh | AfterEnrol::Problem(_) => Err(Stop::Unavailable),
            AfterEnrol::Stop(stop) => Err(stop),
        }
    }

    /// Begins a session in place of the one that the browser may have had.
    fn begin(&self, cx: &RequestContext, state: State, to: &str) -> Response<Body> {
        let Ok(token) = self.sessions.insert(state, cx.now.tick) else {
            return self.reader(cx).stop(&Stop::Unavailable);
        };
        if let Some(old) = cx.key.and_then(|key| self.sessions.remove(&key, Ended::Replaced)) {
            self.say_goodbye(cx, old.held().behind.clone());
        }
        let mut response = pages::see_other(to);
        cookies::give_session(&mut response, &token);
        response
    }

    /// The page that was wanted before is known to the session now. Not to one that is in already where a script has signed
    /// in: that goes where it likes, and is sent on from there. The last cookie of an answer, as curl 7.88 keeps one that is
    /// taken away in front of others.
    fn forget_wanted(&self, cx: &RequestContext, response: &mut Response<Body>) {
        let given = cookies::given_session(response.headers());
        let stage = self.sessions.stage(given.as_ref(), cx.now.tick);
        let goes_anywhere = self.signs_in_by_script() && stage == Stage::Released;
        if cx.wanted.is_some() && given.is_some() && !goes_anywhere {
            cookies::forget_wanted(response);
        }
    }

    /// Tells the daemon which browser is let in without a code. It was let in already, so nothing hangs on this.
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

    fn end_old_sessions(&self, mailbox: &str, print: &PasswordFingerprint) {
        let ended = self.sessions.end_with_other_password(mailbox, print);
        if ended > 0 {
            tracing::info!(mailbox, ended, "the password has changed: older sessions are over");
        }
    }

    /// The password may be another than the one that the mailbox's app passwords stand for. That it is the right one the
    /// webmail has said; who has typed it does not matter for that.
    async fn renew_app_passwords(&self, cx: &RequestContext, mailbox: String, password: &Secret) {
        let (name, password) = (mailbox, password.clone());
        let accepted = auth::PasswordAccepted { name, channel: Channel::Webmail, origin: cx.origin(), password };
        if let Err(error) = self.daemon.password_accepted(&accepted).await {
            tracing::warn!(%error, mailbox = accepted.name, "the app passwords are not renewed before the next sign-in");
        }
    }

    pub(crate) async fn ask(&self, origin: Origin, name: &str) -> Result<Asked, postern_front::daemon::DaemonError> {
        let ask = Ask { name: name.to_owned(), channel: Channel::Webmail, origin };
        let reply = self.daemon.ask(&ask).await;
        reply.inspect_err(|error| tracing::warn!(%error, "a sign-in is refused: the daemon gave no verdict"))
    }

    /// Who the webmail says has signed in, and by which further name it knows them.
    async fn identity(
        &self,
        cx: &RequestContext,
        hints: &HeaderMap,
        login: &Login,
        behind: &mut UpstreamSession,
    ) -> Result<(String, Option<String>), BoxError> {
        let mut heard = 0;
        let mut next = self.product.question(heard, &behind.jar);
        while let Some(question) = next {
            let before = behind.jar.clone();
            let mut hints = hints.clone();
            hints.extend(question.headers);
            let body = question.body.map(|body| (hints.remove(CONTENT_TYPE), Bytes::from_static(body.as_bytes())));
            let body = body.map(|(kind, body)| (kind.unwrap_or(Format::Form.content_type()), body));
            let answer =
                self.own_request(cx, &mut behind.jar, &hints, (question.method, &question.target), body).await?;
            if self.product.life(Kind::Navigation, &before, &answer.set, cx.now.wall) != Life::On {
                return Err("its session ended at once".into());
            }
            let page = String::from_utf8_lossy(&answer.content);
            match self.product.hear(heard, answer.status, &answer.headers, &page) {
                Heard::Name(shown) => return Ok((shown, None)),
                Heard::Names { shown, also } => return Ok((shown, Some(also))),
                Heard::Unopened(page) => {
                    (behind.landing, behind.unopened) = (page.to_owned(), true);
                    return Ok((login.name.clone(), None));
                }
                Heard::BypassRisk(why) => return Err(why.into()),
                Heard::More => next = self.product.question(heard + 1, &behind.jar),
                Heard::At(page) => next = Some(product::Question::page(page)),
                Heard::Nothing => break,
            }
            heard += 1;
        }
        Err("its page names nobody; is it the product, and with the skin, that this front is told of?".into())
    }

    /// Whether this is how the product refuses a login: with a page, or with a word for the script that sent it.
    fn is_refusal(&self, answer: &Answer) -> bool {
        let wanted: &[u8] = if self.signs_in_by_script() { b"application/json" } else { b"text/html" };
        let of_kind = answer.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(wanted));
        of_kind && matches!(answer.status, StatusCode::OK | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }

    fn signs_in_by_script(&self) -> bool {
        self.product.tell(Outcome::Wrong).is_some()
    }

    /// The webmail's own page for a login that it refused: the same whatever the account is here.
    fn show_refusal(&self, mut answer: Answer) -> Response<Body> {
        if self.signs_in_by_script() {
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

    /// What a login has led to, in the words that the script knows which has sent it, where one has.
    pub(crate) fn told(&self, mut response: Response<Body>) -> Response<Body> {
        let outcome = match response.status() {
            StatusCode::SEE_OTHER => Outcome::Onward,
            WRONG => Outcome::Wrong,
            StatusCode::BAD_REQUEST => Outcome::NotALogin,
            StatusCode::FORBIDDEN => Outcome::Refused,
            _ => Outcome::Unavailable,
        };
        let Some(reply) = self.product.tell(outcome) else { return response };
        // The session's cookie stays.
        response.headers_mut().remove(LOCATION);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        *response.status_mut() = reply.status;
        response.map(|_| body::full(reply.body))
    }

    /// A request that is made here from nothing but constants, a jar and a rebuilt form.
    async fn own_request(
        &self,
        cx: &RequestContext,
        jar: &mut Jar,
        hints: &HeaderMap,
        target: (Method, &str),
        content: Option<(HeaderValue, Bytes)>,
    ) -> Result<Answer, BoxError> {
        let exchange = self.exchange(cx, jar, hints, target, content);
        timeout(OWN_REQUEST, exchange).await.unwrap_or_else(|_| Err("it took too long".into()))
    }

    async fn exchange(
        &self,
        cx: &RequestContext,
        jar: &mut Jar,
        hints: &HeaderMap,
        (method, target): (Method, &str),
        content: Option<(HeaderValue, Bytes)>,
    ) -> Result<Answer, BoxError> {
        let mut request = Request::new(body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = target.parse()?;
        *request.headers_mut() = hints.clone();
        headers::add(request.headers_mut(), self.product.own_headers());
        if let Some(cookies) = jar.header(request.uri().path(), cx.now.wall, self.product.own_cookies()) {
            request.headers_mut().insert(COOKIE, cookies);
        }
        if let Some((kind, content)) = content {
            request.headers_mut().insert(CONTENT_TYPE, kind);
            *request.body_mut() = body::full(content);
        }
        let (head, content) = self.upstream_for_logins.send(request, cx.address).await?.into_parts();
        let set = set_cookies(&head.headers, cx.now.wall);
        jar.absorb(&set, cx.now.wall);
        let content = body::collect(content, MAX_PAGE).await?;
        Ok(Answer { status: head.status, headers: head.headers, set, content })
    }
}
