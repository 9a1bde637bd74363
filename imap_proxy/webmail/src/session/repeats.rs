//! Forms that are submitted twice: by a double click on a slow connection, or by reloading a page whose response was
//! lost.
//!
//! Every form of ours has an idempotency key, a random number that is new on each page. The first form with it is
//! processed, in a task of its own, so that it completes even if the browser disconnects. A browser that sends the same
//! form again, with the same key and the same content, gets the same response: while the form is processed, and for a
//! short time afterwards. See [decision 26](../../../docs/decisions/0026-forms-that-come-twice.md).

use super::token::Key;
use crate::session::cookies;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Response, StatusCode};
use postern_front::connection_limits::{Counts, Holder, Share};
use postern_http::body::{self, Body};
use postern_products::form::Form;
use sha2::Sha256;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a response is kept for a client that submits its form again. It contains the cookie of the next step, so it
/// is kept only for as long as a lost response and a reload take.
pub const ANSWER_LIFE: Duration = Duration::from_secs(60);
/// The same for a refused login: a user who tries again does so intentionally.
pub const REFUSED_LIFE: Duration = Duration::from_secs(5);
/// How long a form is known to be processed, so that it is not processed again.
pub const JUDGED_LIFE: Duration = Duration::from_secs(15 * 60);
/// Maximum number of forms of sessions that are being processed or known.
pub const MAX_FORMS: usize = 8192;
/// The same for login forms. They are counted separately, so that login forms cannot prevent a user from entering the
/// second factor.
pub const MAX_LOGINS: usize = 8192;
/// The same for one session.
pub const MAX_FORMS_OF_SESSION: usize = 16;
/// The same for login forms from one address; the networks around it have a multiple of it, as
/// [`postern_front::source::sources`] specifies.
pub const MAX_LOGINS_OF_SOURCE: usize = 256;
/// Maximum size of a kept response, in bytes.
pub const MAX_KEPT: usize = 64 * 1024;
/// Maximum total size of kept responses, in bytes.
pub const MAX_KEPT_IN_ALL: usize = 16 * 1024 * 1024;
/// Maximum size of a response to a form, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// A form with its idempotency key and its content, as an HMAC under a key of this process, since it may contain a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FormId([u8; 32]);

/// The owner of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// This session.
    Session(Key),
    /// The client of a login form, at this address.
    Client(IpAddr),
}

impl Owner {
    fn is_session(self) -> bool {
        matches!(self, Self::Session(_))
    }

    /// The sources and sessions for which the form is counted.
    fn shares(self) -> Vec<Share> {
        match self {
            Self::Session(key) => vec![Share { holder: Holder::Session(key.bytes()), max: MAX_FORMS_OF_SESSION }],
            Self::Client(address) => Share::of_address(address, MAX_LOGINS_OF_SOURCE),
        }
    }

    fn counts_for(self, holder: &Holder) -> bool {
        self.shares().iter().any(|share| share.holder == *holder)
    }

    /// How long a form is known, and how long its response is kept, depending on whether it created a session.
    fn lives(self, has_given: bool) -> (Duration, Duration) {
        match self {
            Self::Session(_) => (JUDGED_LIFE, ANSWER_LIFE),
            Self::Client(_) if has_given => (ANSWER_LIFE, ANSWER_LIFE),
            Self::Client(_) => (REFUSED_LIFE, REFUSED_LIFE),
        }
    }
}

/// A kept response.
struct KeptAnswer {
    status: StatusCode,
    headers: HeaderMap,
    content: Bytes,
}

impl KeptAnswer {
    fn answer(&self) -> Response<Body> {
        let mut response = Response::new(body::full(self.content.clone()));
        *response.status_mut() = self.status;
        response.headers_mut().clone_from(&self.headers);
        response
    }
}

/// A response that is not yet available.
#[derive(Clone)]
pub struct PendingAnswer(watch::Receiver<Option<Arc<KeptAnswer>>>);

impl PendingAnswer {
    /// Waits for the response; none if there is none because the task has failed.
    pub async fn answer(mut self) -> Option<Response<Body>> {
        let kept = self.0.wait_for(Option::is_some).await.ok()?.clone();
        kept.map(|kept| kept.answer())
    }
}

enum Progress {
    Running(PendingAnswer),
    Answered(Arc<KeptAnswer>),
    /// The response is not kept, or no longer.
    Judged,
}

struct Entry {
    owner: Owner,
    /// The session with which the form was submitted, and the one that its response creates.
    sessions: [Option<Key>; 2],
    began: Instant,
    progress: Progress,
}

impl Entry {
    fn is_running(&self) -> bool {
        matches!(self.progress, Progress::Running(_))
    }

    /// Updates the entry: a response is kept for a limited time. False: the form is no longer known.
    fn is_known(&mut self, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.began);
        let (known, kept) = self.owner.lives(self.sessions[1].is_some());
        if !self.is_running() && age >= kept {
            self.progress = Progress::Judged;
        }
        self.is_running() || age < known
    }

    fn kept(&self) -> usize {
        if let Progress::Answered(kept) = &self.progress { kept.content.len() } else { 0 }
    }
}

/// The outcome of a form that was submitted before.
pub enum Earlier {
    /// Its response.
    Answer(PendingAnswer),
    /// It was processed, and its response is no longer kept.
    Judged,
}

/// How to handle a form.
pub enum Begun {
    /// Process it.
    Now(Judging, PendingAnswer),
    /// Do not process it again.
    Earlier(Earlier),
    /// Reject it: too many are being processed.
    Full,
}

/// The forms of one front.
pub struct Repeats {
    key: [u8; 32],
    forms: Mutex<Forms>,
}

/// The forms, and their number for each owner and source.
#[derive(Default)]
struct Forms {
    all: HashMap<FormId, Entry>,
    counts: Counts,
    logins: usize,
}

impl Forms {
    /// The form, if it is still known.
    fn get(&mut self, id: &FormId, now: Instant) -> Option<&Entry> {
        if !self.all.get_mut(id)?.is_known(now) {
            self.remove(id);
        }
        self.all.get(id)
    }

    fn insert(&mut self, id: FormId, entry: Entry) {
        self.remove(&id);
        entry.owner.shares().into_iter().for_each(|share| self.counts.add(share.holder));
        self.logins += usize::from(!entry.owner.is_session());
        self.all.insert(id, entry);
    }

    fn remove(&mut self, id: &FormId) -> Option<Entry> {
        let entry = self.all.remove(id)?;
        entry.owner.shares().into_iter().for_each(|share| self.counts.take(share.holder));
        self.logins -= usize::from(!entry.owner.is_session());
        Some(entry)
    }

    fn tidy(&mut self, now: Instant) {
        let over = self.all.iter_mut().filter_map(|(id, entry)| (!entry.is_known(now)).then_some(*id));
        for id in over.collect::<Vec<_>>() {
            self.remove(&id);
        }
    }

    /// Makes room for one more form of `owner`. False: there is none.
    fn make_room(&mut self, owner: Owner, now: Instant) -> bool {
        let of_shares = owner.shares().into_iter().all(|Share { holder, max }| {
            self.make_room_among(max, now, |forms| forms.counts.of(&holder), |entry| entry.owner.counts_for(&holder))
        });
        let is_same = |entry: &Entry| entry.owner.is_session() == owner.is_session();
        of_shares
            && match owner.is_session() {
                true => self.make_room_among(MAX_FORMS, now, |forms| forms.all.len() - forms.logins, is_same),
                false => self.make_room_among(MAX_LOGINS, now, |forms| forms.logins, is_same),
            }
    }

    /// The same within the limit `max` for these forms: if it is reached, the oldest that is already processed is
    /// removed.
    fn make_room_among(
        &mut self,
        max: usize,
        now: Instant,
        count: impl Fn(&Self) -> usize,
        these: impl Fn(&Entry) -> bool,
    ) -> bool {
        if count(self) < max {
            return true;
        }
        self.tidy(now);
        if count(self) < max {
            return true;
        }
        let done = self.all.iter().filter(|(_, entry)| these(entry) && !entry.is_running());
        let oldest = done.min_by_key(|(_, entry)| entry.began).map(|(id, _)| *id);
        oldest.and_then(|id| self.remove(&id)).is_some()
    }
}

impl Repeats {
    /// An empty registry. `key` is secret, and generated by this process.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, forms: Mutex::default() }
    }

    /// Identifies a form; `idempotency_key` is known only to the browser that the page was shown to.
    pub fn id(&self, path: &str, idempotency_key: &str, form: &Form) -> FormId {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of every length");
        let fixed = [path, idempotency_key].into_iter();
        for text in fixed.chain(form.fields().flat_map(|(name, value)| [name, value])) {
            mac.update(&text.len().to_le_bytes());
            mac.update(text.as_bytes());
        }
        FormId(mac.finalize().into_bytes().into())
    }

    /// The earlier submission of this form, if it was made with this session, or if its response created this session.
    pub fn find(&self, id: &FormId, session: Option<&Key>, now: Instant) -> Option<Earlier> {
        earlier(self.forms().get(id, now)?, session)
    }

    /// Registers a form. A form without an id cannot be recognised, so it is processed; so is a repeated login whose
    /// session has ended. `is_there`: whether a session exists.
    ///
    /// # Errors
    /// When the system provides no random bytes.
    pub fn begin(
        self: &Arc<Self>,
        id: Option<FormId>,
        owner: Owner,
        session: Option<&Key>,
        now: Instant,
        is_there: impl Fn(&Key) -> bool,
    ) -> Result<Begun, getrandom::Error> {
        let id = id.map_or_else(draw, Ok)?;
        let mut forms = self.forms();
        let counts = |entry: &&Entry| match (owner, entry.sessions[1]) {
            (Owner::Client(_), Some(given)) => is_there(&given),
            _ => true,
        };
        let known = forms.get(&id, now).filter(counts);
        if let Some(earlier) = known.and_then(|entry| earlier(entry, session)) {
            return Ok(Begun::Earlier(earlier));
        }
        // The form is known from another session, whose response is not disclosed.
        let id = if known.is_some() { draw()? } else { id };
        if !forms.make_room(owner, now) {
            return Ok(Begun::Full);
        }
        let (sender, receiver) = watch::channel(None);
        let pending = PendingAnswer(receiver);
        let progress = Progress::Running(pending.clone());
        forms.insert(id, Entry { owner, sessions: [session.copied(), None], began: now, progress });
        Ok(Begun::Now(Judging { repeats: Arc::clone(self), id, sender, is_done: false }, pending))
    }

    /// Removes what has exceeded its lifetime.
    pub fn sweep(&self, now: Instant) {
        self.forms().tidy(now);
    }

    fn forms(&self) -> MutexGuard<'_, Forms> {
        // A panic while it was locked can have lost a form, which is then processed again.
        self.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn draw() -> Result<FormId, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(FormId(bytes))
}

fn earlier(entry: &Entry, session: Option<&Key>) -> Option<Earlier> {
    let [with, given] = entry.sessions;
    if with != session.copied() && (session.is_none() || given != session.copied()) {
        return None;
    }
    Some(match &entry.progress {
        Progress::Running(pending) => Earlier::Answer(pending.clone()),
        Progress::Answered(kept) => Earlier::Answer(PendingAnswer(watch::channel(Some(Arc::clone(kept))).1)),
        Progress::Judged => Earlier::Judged,
    })
}

/// The right to process a form. If it is dropped without a response, the form may be submitted again.
pub struct Judging {
    repeats: Arc<Repeats>,
    id: FormId,
    sender: watch::Sender<Option<Arc<KeptAnswer>>>,
    is_done: bool,
}

impl Judging {
    /// Stores the response, for the requests that wait and for later ones.
    pub async fn answer(mut self, response: Response<Body>) {
        let (head, content) = response.into_parts();
        let Ok(content) = body::own(content, MAX_ANSWER).await else { return };
        // It could not be processed: if it is submitted again, it may be.
        let is_judged = !head.status.is_server_error();
        let given = cookies::given_session(&head.headers);
        let kept = Arc::new(KeptAnswer { status: head.status, headers: head.headers, content });
        let mut forms = self.repeats.forms();
        let others: usize = forms.all.values().map(Entry::kept).sum();
        let fits = is_judged && kept.content.len() <= MAX_KEPT && others + kept.content.len() <= MAX_KEPT_IN_ALL;
        if let Some(entry) = forms.all.get_mut(&self.id) {
            entry.progress = if fits { Progress::Answered(Arc::clone(&kept)) } else { Progress::Judged };
            entry.sessions[1] = given;
        }
        drop(forms);
        self.is_done = is_judged;
        self.sender.send_replace(Some(kept));
    }
}

impl Drop for Judging {
    fn drop(&mut self) {
        if !self.is_done {
            self.repeats.forms().remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages;
    use crate::session::token::Token;
    use postern_front::clock;
    use postern_products::form;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn key() -> Key {
        Key::of(Token::new().unwrap().reveal()).unwrap()
    }

    fn repeats() -> Arc<Repeats> {
        Arc::new(Repeats::new([7; 32]))
    }

    fn id(repeats: &Repeats, idempotency_key: &str, code: &str) -> FormId {
        let form = form::write(&[("code", code)]);
        repeats.id("/postern/code", idempotency_key, &form::parse(form.as_bytes()).unwrap())
    }

    fn begin(repeats: &Arc<Repeats>, id: FormId, session: &Key, now: Instant) -> Begun {
        repeats.begin(Some(id), Owner::Session(*session), Some(session), now, |_| true).unwrap()
    }

    async fn judge(repeats: &Arc<Repeats>, id: FormId, session: &Key, now: Instant, token: &Token) {
        let Begun::Now(judging, _) = begin(repeats, id, session, now) else { panic!("it came before") };
        let mut response = pages::see_other("/mail");
        cookies::give_session(&mut response, token);
        judging.answer(response).await;
    }

    #[tokio::test]
    async fn the_same_form_gets_the_same_answer_and_any_other_is_judged() {
        let (repeats, now, session, token) = (repeats(), clock::monotonic(), key(), Token::new().unwrap());
        let form = id(&repeats, "k1", "123456");
        let Begun::Now(judging, first) = begin(&repeats, form, &session, now) else { panic!("it came before") };
        let Begun::Earlier(Earlier::Answer(second)) = begin(&repeats, form, &session, now) else {
            panic!("judged twice")
        };
        let mut response = pages::see_other("/mail");
        cookies::give_session(&mut response, &token);
        judging.answer(response).await;
        for pending in [first, second] {
            let answer = pending.answer().await.unwrap();
            assert_eq!(answer.headers()["location"], "/mail");
            assert!(answer.headers()["set-cookie"].to_str().unwrap().contains(token.reveal()));
        }
        // With another code, or from another page.
        for other in [id(&repeats, "k1", "654321"), id(&repeats, "k2", "123456")] {
            assert!(repeats.find(&other, Some(&session), now).is_none());
        }
        // The browser may have received the cookie of the first response before it sent the second form.
        let next = Key::of(token.reveal()).unwrap();
        assert!(repeats.find(&form, Some(&next), now).is_some());
        // No other session receives the response, even with the form.
        assert!(repeats.find(&form, Some(&key()), now).is_none() && repeats.find(&form, None, now).is_none());
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_seconds_and_a_form_is_not_judged_twice_in_a_sign_in() {
        let (repeats, now, session, token) = (repeats(), clock::monotonic(), key(), Token::new().unwrap());
        let form = id(&repeats, "k1", "123456");
        judge(&repeats, form, &session, now, &token).await;
        let second = Duration::from_secs(1);
        let at = |after| repeats.find(&form, Some(&session), now + after);
        assert!(matches!(at(ANSWER_LIFE - second), Some(Earlier::Answer(_))));
        assert!(matches!(at(ANSWER_LIFE), Some(Earlier::Judged)));
        assert!(matches!(at(JUDGED_LIFE - second), Some(Earlier::Judged)));
        assert!(at(JUDGED_LIFE).is_none());
    }

    #[tokio::test]
    async fn a_task_that_fails_answers_nobody_and_the_form_may_come_again() {
        let (repeats, now, session) = (repeats(), clock::monotonic(), key());
        let form = id(&repeats, "k1", "123456");
        let Begun::Now(judging, pending) = begin(&repeats, form, &session, now) else { panic!("it came before") };
        drop(judging);
        assert!(pending.answer().await.is_none());
        assert!(matches!(begin(&repeats, form, &session, now), Begun::Now(..)));
    }

    #[tokio::test]
    async fn a_session_makes_room_among_its_own_forms() {
        let (repeats, now, token) = (repeats(), clock::monotonic(), Token::new().unwrap());
        let [bob, eve] = [key(), key()];
        let own = id(&repeats, "bob", "1");
        judge(&repeats, own, &bob, now, &token).await;
        let eves: Vec<FormId> = (0..=MAX_FORMS_OF_SESSION).map(|n| id(&repeats, &n.to_string(), "1")).collect();
        for (n, form) in eves.iter().enumerate() {
            judge(&repeats, *form, &eve, now + Duration::from_millis(n as u64), &token).await;
        }
        let is_known = |form: &FormId, of: &Key| repeats.find(form, Some(of), now).is_some();
        assert!(is_known(&own, &bob) && !is_known(&eves[0], &eve) && is_known(&eves[1], &eve));
        // Forms that are being processed are not removed.
        let slow: Vec<Begun> = (0..MAX_FORMS_OF_SESSION)
            .map(|n| begin(&repeats, id(&repeats, "slow", &n.to_string()), &eve, now))
            .collect();
        assert!(slow.iter().all(|begun| matches!(begun, Begun::Now(..))));
        assert!(matches!(begin(&repeats, id(&repeats, "slow", "more"), &eve, now), Begun::Full));
    }

    #[tokio::test]
    async fn logins_have_shares_by_network_and_keep_no_session_out() {
        let (repeats, now) = (repeats(), clock::monotonic());
        let login = |address: u128| {
            let owner = Owner::Client(Ipv6Addr::from(address).into());
            repeats.begin(None, owner, None, now, |_| true).unwrap()
        };
        // Each from its own /64: first within one /48, then within as many as needed.
        let site = 0x2001_0db8_0001_u128 << 80;
        let all: Vec<Begun> = (0..4096).map(|number| login(site | number << 64)).collect();
        assert_eq!(all.iter().filter(|begun| matches!(begun, Begun::Now(..))).count(), 4 * MAX_LOGINS_OF_SOURCE);
        let more: Vec<Begun> = (0..MAX_LOGINS as u128).map(|number| login((0x2002 << 112) | number << 80)).collect();
        assert!(matches!(more.last(), Some(Begun::Full)));
        assert!(matches!(begin(&repeats, id(&repeats, "k1", "1"), &key(), now), Begun::Now(..)));
    }

    #[tokio::test]
    async fn a_form_of_another_session_leaves_the_first_one_its_answer() {
        let (repeats, now, token) = (repeats(), clock::monotonic(), Token::new().unwrap());
        let (form, [bob, eve]) = (id(&repeats, "k1", "1"), [key(), key()]);
        let Begun::Now(judging, _) = begin(&repeats, form, &bob, now) else { panic!("it came before") };
        assert!(matches!(begin(&repeats, form, &eve, now), Begun::Now(..)), "and is judged for itself");
        let mut response = pages::see_other("/mail");
        cookies::give_session(&mut response, &token);
        judging.answer(response).await;
        assert!(repeats.find(&form, Some(&eve), now).is_none());
        assert!(matches!(repeats.find(&form, Some(&bob), now), Some(Earlier::Answer(_))));
    }

    #[tokio::test]
    async fn a_form_without_a_verdict_may_come_again() {
        let (repeats, now, session) = (repeats(), clock::monotonic(), key());
        let form = id(&repeats, "k1", "123456");
        let Begun::Now(judging, pending) = begin(&repeats, form, &session, now) else { panic!("it came before") };
        judging.answer(pages::answer(StatusCode::SERVICE_UNAVAILABLE, "text/plain", String::new())).await;
        assert_eq!(pending.answer().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(matches!(begin(&repeats, form, &session, now), Begun::Now(..)));
    }

    #[tokio::test]
    async fn a_refused_login_may_soon_come_again() {
        let (repeats, now) = (repeats(), clock::monotonic());
        let form = id(&repeats, "k1", "wrong");
        let begin =
            |now| repeats.begin(Some(form), Owner::Client(Ipv4Addr::LOCALHOST.into()), None, now, |_| true).unwrap();
        let Begun::Now(judging, _) = begin(now) else { panic!("it came before") };
        judging.answer(pages::answer(StatusCode::UNAUTHORIZED, "text/html", String::new())).await;
        assert!(matches!(begin(now), Begun::Earlier(Earlier::Answer(_))));
        assert!(matches!(begin(now + REFUSED_LIFE), Begun::Now(..)));
    }

    #[tokio::test]
    async fn a_login_comes_again_once_its_session_is_over() {
        let (repeats, now, token) = (repeats(), clock::monotonic(), Token::new().unwrap());
        let form = id(&repeats, "k1", "right");
        let begin = |is_there: bool| {
            repeats.begin(Some(form), Owner::Client(Ipv4Addr::LOCALHOST.into()), None, now, |_| is_there).unwrap()
        };
        let Begun::Now(judging, _) = begin(true) else { panic!("it came before") };
        let mut response = pages::see_other("/mail");
        cookies::give_session(&mut response, &token);
        judging.answer(response).await;
        assert!(matches!(begin(true), Begun::Earlier(Earlier::Answer(_))));
        assert!(matches!(begin(false), Begun::Now(..)));
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_is_not_kept() {
        let (repeats, now, session) = (repeats(), clock::monotonic(), key());
        let form = id(&repeats, "k1", "1");
        let Begun::Now(judging, pending) = begin(&repeats, form, &session, now) else { panic!("it came before") };
        judging.answer(pages::answer(StatusCode::OK, "text/plain", "x".repeat(MAX_KEPT + 1))).await;
        assert_eq!(pending.answer().await.unwrap().status(), StatusCode::OK);
        assert!(matches!(repeats.find(&form, Some(&session), now), Some(Earlier::Judged)));
    }
}
