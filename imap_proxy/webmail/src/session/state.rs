//! Sessions: what each state holds, and what leads from one to the next. A state is consumed by its transition, so
//! nothing can be done in it twice.
//!
//! ```text
//! PasswordAccepted ──▶ Enrolling ──▶ SavingCodes ──▶ Released
//!                 ├──▶ Challenged ─────────────────▶
//!                 ├────────────────────────────────▶
//!                 └──▶ Blocked ◀── Challenged
//! ```

use super::pending_action::PendingAction;
use super::store::PENDING_LIFE;
use crate::jar::Jar;
use crate::verdict::Blocked as Why;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use postern_portal::{self as portal, Done, MethodKind, Problem, Requested, Trust};
use postern_wire::Secret;
use postern_wire::auth::{self, Offer};
use postern_wire::security::Proves;
use sha2::Sha256;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;
use tokio::sync::watch;

/// The time of a request, read once.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For how old a session is.
    pub tick: Instant,
    /// For cookies that expire, and for texts.
    pub wall: Timestamp,
}

/// The webmail's session, which stays on this side.
#[derive(Clone, Default)]
pub struct UpstreamSession {
    /// Its cookies.
    pub jar: Jar,
    /// Where it sends the browser after signing in: a path of this host.
    pub landing: String,
    /// What to request to end it, if that is known.
    pub goodbye: Option<String>,
    /// Nobody but the person has said whose it is, so it is good for nothing but to open the mailbox for the first time.
    pub unopened: bool,
}

/// Whether two passwords are the same, without keeping either: an HMAC under a key that this process made.
#[derive(Clone)]
pub struct PasswordFingerprint([u8; 32]);

impl PasswordFingerprint {
    /// The print of `password` under `key`.
    pub fn new(key: &[u8; 32], password: &Secret) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
        mac.update(password.reveal().as_bytes());
        Self(mac.finalize().into_bytes().into())
    }

    /// For a comparison that takes the same time whatever they are.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Who signed in, for their own list of sessions.
#[derive(Debug, Clone)]
pub struct Client {
    /// From where.
    pub address: IpAddr,
    /// With what, by its own account.
    pub agent: Option<String>,
}

/// What every state after the password holds.
#[derive(Clone)]
pub struct SessionContext {
    /// The canonical mailbox, to which the session stays bound.
    pub mailbox: String,
    /// The webmail's session.
    pub behind: UpstreamSession,
    /// The password that began it.
    pub print: PasswordFingerprint,
    /// Who began it.
    pub client: Client,
    /// What the browser is known by: the token that the daemon remembers of this mailbox, or the one that the browser was
    /// given when it was let in. None: it gets a new one then.
    pub browser: Option<Secret>,
}

/// The webmail has accepted the password; the daemon has not been asked. It is in no store, and no cookie leads to it.
pub struct PasswordAccepted {
    /// The webmail's session.
    pub behind: UpstreamSession,
    /// The password.
    pub print: PasswordFingerprint,
    /// Who signs in.
    pub client: Client,
    /// As in [`SessionContext`].
    pub browser: Option<Secret>,
}

impl PasswordAccepted {
    fn held(self, mailbox: String) -> SessionContext {
        SessionContext { mailbox, behind: self.behind, print: self.print, client: self.client, browser: self.browser }
    }

    /// A code is asked for.
    pub fn challenge(self, mailbox: String, question: Question) -> Challenged {
        Challenged { held: self.held(mailbox), question, requested: None }
    }

    /// The first method is set up, which has begun with this; `kinds` is what can be set up.
    pub fn enrol(self, mailbox: String, begun: SettingUp, kinds: Vec<MethodKind>) -> Enrolling {
        Enrolling { held: self.held(mailbox), enrolment: Enrolment::new(begun, kinds) }
    }

    /// There is no code to answer with. The webmail's session, which is of no use any more, is given back.
    pub fn blocked(mut self, mailbox: String, why: Why) -> (Blocked, UpstreamSession) {
        let behind = std::mem::take(&mut self.behind);
        (Blocked { held: self.held(mailbox), why, requested: None }, behind)
    }

    /// No second factor is required.
    pub fn release(self, mailbox: String, standing: String, now: Moment) -> Released {
        Released::new(self.held(mailbox), standing, None, now)
    }
}

/// A code is asked for.
pub struct Challenged {
    /// What every state holds.
    pub held: SessionContext,
    /// What is asked.
    pub question: Question,
    /// The request to the administrator of whoever has lost everything.
    pub requested: Option<Requested>,
}

impl Challenged {
    /// The code was accepted.
    pub fn release(self, standing: String, proof: Option<Secret>, now: Moment) -> Released {
        Released::new(self.held, standing, proof, now)
    }

    /// No code is judged for now. As in [`PasswordAccepted::blocked`].
    pub fn blocked(mut self, why: Why) -> (Blocked, UpstreamSession) {
        let behind = std::mem::take(&mut self.held.behind);
        (Blocked { held: self.held, why, requested: self.requested }, behind)
    }
}

/// The password is right, and there is no code to answer with: all that is left is a request to the administrator. No
/// transition leads from here to the mailbox, and the webmail's session is gone.
pub struct Blocked {
    /// What every state holds. The mailbox is the one that the typed name and the shown one lead to, by the daemon's word.
    pub held: SessionContext,
    /// Why.
    pub why: Why,
    /// The request to the administrator.
    pub requested: Option<Requested>,
}

/// A code is asked for: with which methods it may be answered, and how far that is.
pub struct Question {
    /// What may be answered with; at least one.
    pub methods: Vec<Offer>,
    chosen: usize,
    /// By the method's id.
    begun: HashMap<String, Begun>,
    /// The offer to trust this browser.
    trust: Option<Trust>,
}

/// What a method has begun with: a code was sent, or there is a question for a security key.
#[derive(Debug, Clone, Default)]
pub struct Begun {
    /// To be brought with the answer; none: there is nothing to answer yet.
    pub challenge: Option<Secret>,
    /// From when on another code may be asked for.
    pub again: Option<Timestamp>,
    /// What the security key is to sign.
    pub options: Option<String>,
    /// Why it did not begin (again) when it was last tried.
    pub problem: Option<Problem>,
}

impl Question {
    /// Nothing has begun, and the method used last is asked for.
    pub fn new(methods: Vec<Offer>) -> Self {
        Self { methods, chosen: 0, begun: HashMap::new(), trust: None }
    }

    /// The same, where the person may trust this browser for so many days.
    #[must_use]
    pub fn with_trust(self, days: Option<u32>) -> Self {
        Self { trust: days.map(|days| Trust { days, chosen: false }), ..self }
    }

    /// The offer to trust this browser.
    pub fn trust(&self) -> Option<Trust> {
        self.trust
    }

    /// The person says whether to; false also where it is not offered.
    pub fn choose_trust(&mut self, chosen: bool) -> bool {
        self.trust.as_mut().map(|trust| trust.chosen = chosen).is_some() && chosen
    }

    /// The method that the person has chosen, at first the one used last.
    pub fn chosen(&self) -> Option<&Offer> {
        self.methods.get(self.chosen)
    }

    /// The person wants to use the method `id`; false when there is none.
    pub fn choose(&mut self, id: &str) -> bool {
        let found = self.methods.iter().position(|method| method.id == id);
        self.chosen = found.unwrap_or(self.chosen);
        found.is_some()
    }

    /// These are the methods now, and for so many days the browser may be trusted, where that was offered. What was
    /// chosen and what has begun stays, as far as the method does.
    pub fn renew(&mut self, methods: Vec<Offer>, trust_days: Option<u32>) {
        let chosen = self.chosen().map(|method| method.id.clone());
        (self.methods, self.chosen) = (methods, 0);
        if let Some(chosen) = chosen {
            self.choose(&chosen);
        }
        self.begun.retain(|id, _| self.methods.iter().any(|method| method.id == *id));
        self.trust = self.trust.zip(trust_days).map(|(trust, days)| Trust { days, ..trust });
    }

    /// What this method has begun with.
    pub fn begun(&self, method: &str) -> Option<&Begun> {
        self.begun.get(method)
    }

    /// This method has begun.
    pub fn begin(&mut self, method: &str, begun: Begun) {
        self.begun.insert(method.to_owned(), begun);
    }

    /// Takes what this method has begun with: it can be answered once.
    pub fn take_begun(&mut self, method: &str) -> Option<Begun> {
        self.begun.remove(method)
    }

    /// The first method that is not backup codes.
    pub fn first_device(&self) -> Option<&Offer> {
        self.methods.iter().find(|method| method.id != auth::BACKUP)
    }
}

/// The first method is set up.
pub struct Enrolling {
    /// What every state holds.
    pub held: SessionContext,
    /// How far it is.
    pub enrolment: Enrolment,
}

/// A method is set up, or a contact address.
pub struct Enrolment {
    /// How far it is.
    pub begun: SettingUp,
    /// What can be set up here.
    pub kinds: Vec<MethodKind>,
    /// What the administrator gave the person, once it was typed: each beginning needs it.
    pub enrolment_code: Option<Secret>,
    /// That the person has brought a factor for this, where the account is protected already.
    pub proof: Option<Secret>,
    /// As typed so far, so that a wrong code does not cost it.
    pub description: String,
    /// Wrong codes so far. The daemon does not count them: whoever sees the QR code has nothing to guess.
    pub misses: u32,
}

/// How far a method is set up. What has begun has a ticket for the daemon.
#[derive(Debug, Clone)]
pub enum SettingUp {
    /// The administrator's enrolment code is asked for first.
    Guarded,
    /// An authenticator app. The secret itself is not kept here: the daemon gives it for the ticket, for each page that
    /// shows it.
    App {
        /// For the daemon.
        ticket: Secret,
    },
    /// The number or address that codes shall go to is asked for.
    To {
        /// By SMS or by e-mail.
        kind: MethodKind,
        /// As typed so far.
        typed: String,
    },
    /// A code was sent there.
    Sent {
        /// By SMS or by e-mail.
        kind: MethodKind,
        /// For the daemon.
        ticket: Secret,
        /// Where to.
        to: String,
        /// From when on another may be asked for.
        again: Timestamp,
    },
    /// A security key.
    Key {
        /// For the daemon.
        ticket: Secret,
        /// What the key makes its credential for.
        options: String,
    },
}

impl SettingUp {
    /// What is asked for before a method of this kind can begin; none: nothing.
    pub fn before(kind: MethodKind) -> Option<Self> {
        let asks = matches!(kind, MethodKind::Sms | MethodKind::Email | MethodKind::Contact);
        asks.then(|| Self::To { kind, typed: String::new() })
    }

    /// For the daemon; none where nothing has begun there.
    pub fn ticket(&self) -> Option<&Secret> {
        match self {
            Self::Guarded | Self::To { .. } => None,
            Self::App { ticket } | Self::Sent { ticket, .. } | Self::Key { ticket, .. } => Some(ticket),
        }
    }

    /// What is set up.
    pub fn kind(&self) -> MethodKind {
        match self {
            Self::Guarded | Self::App { .. } => MethodKind::Authenticator,
            Self::To { kind, .. } | Self::Sent { kind, .. } => *kind,
            Self::Key { .. } => MethodKind::Key,
        }
    }
}

/// What a person sets up who has not chosen: an authenticator app, where that is possible.
pub fn usual(kinds: &[MethodKind]) -> MethodKind {
    let first = MethodKind::ALL.into_iter().find(|kind| kinds.contains(kind));
    first.unwrap_or(MethodKind::Authenticator)
}

impl Enrolment {
    /// It has begun with this; `kinds` is what can be set up here.
    pub fn new(begun: SettingUp, kinds: Vec<MethodKind>) -> Self {
        Self { begun, kinds, enrolment_code: None, proof: None, description: String::new(), misses: 0 }
    }

    /// What can be set up in place of what has begun.
    pub fn others(&self) -> Vec<MethodKind> {
        self.kinds.iter().copied().filter(|kind| *kind != self.begun.kind()).collect()
    }
}

impl Enrolling {
    /// The code was accepted: the codes are shown first, if there are any.
    pub fn confirm(self, standing: String, proof: Option<Secret>, codes: Vec<portal::Secret>, now: Moment) -> State {
        let released = Released::new(self.held, standing, proof, now);
        if codes.is_empty() { State::Released(released) } else { State::SavingCodes(SavingCodes { released, codes }) }
    }
}

/// The factor is confirmed; the backup codes are on the screen, and the webmail waits.
pub struct SavingCodes {
    /// What it becomes.
    released: Released,
    /// The codes.
    pub codes: Vec<portal::Secret>,
}

impl SavingCodes {
    /// The codes are saved, the person says.
    pub fn release(self, now: Moment) -> Released {
        Released { used: now.tick, since: now.wall, ..self.released }
    }
}

/// The browser and the webmail talk.
pub struct Released {
    /// What every state holds.
    pub held: SessionContext,
    /// For rechecks.
    pub standing: String,
    /// That the person has signed in with a second factor, for their Security page; none where none was required.
    pub proof: Option<Secret>,
    /// Since when.
    pub since: Timestamp,
    /// When it was used last.
    pub used: Instant,
    /// What the person is in the midst of on their Security page, and since when.
    pending_action: Option<(PendingAction, Instant)>,
    /// What is still to be shown once, after what is shown now.
    to_show: Vec<PendingAction>,
    /// What was done there last, to be said once.
    pub done: Option<Done>,
    /// Changes of the account that this session has asked for and has no answer to yet.
    changes: u32,
    /// What it rests on is gone, maybe by such a change: until its answer comes, the session is of no use.
    in_doubt: bool,
    /// The end that is held; see [`CancellationToken`].
    token: watch::Sender<()>,
}

/// Ties what runs in a session to it: cut as soon as the session is over, which drops the other end.
#[derive(Clone)]
pub struct CancellationToken(watch::Receiver<()>);

impl CancellationToken {
    /// Cut when `end` is dropped.
    pub(crate) fn of(end: &watch::Sender<()>) -> Self {
        Self(end.subscribe())
    }

    /// Whether it is cut already.
    pub fn is_cancelled(&self) -> bool {
        self.0.has_changed().is_err()
    }

    /// Completes when it is cut.
    pub async fn cut(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

impl Released {
    fn new(held: SessionContext, standing: String, proof: Option<Secret>, now: Moment) -> Self {
        Self {
            held,
            standing,
            proof,
            since: now.wall,
            used: now.tick,
            pending_action: None,
            to_show: Vec::new(),
            done: None,
            changes: 0,
            in_doubt: false,
            token: watch::Sender::new(()),
        }
    }

    /// It is used now. An pending_action that has taken too long is over, unless it shows what is shown once.
    pub fn touch(&mut self, now: Instant) {
        self.used = now;
        let is_late = |began: Instant| now.saturating_duration_since(began) >= PENDING_LIFE;
        self.pending_action.take_if(|(pending_action, began)| pending_action.shown_once().is_none() && is_late(*began));
    }

    /// Where that is shown which is shown once, until the person confirms it.
    pub fn not_confirmed(&self) -> Option<&'static str> {
        self.pending_action().and_then(PendingAction::shown_once)
    }

    /// What the person is in the midst of.
    pub fn pending_action(&self) -> Option<&PendingAction> {
        self.pending_action.as_ref().map(|(pending_action, _)| pending_action)
    }

    /// The same, to go on with it.
    pub fn errand_mut(&mut self) -> Option<&mut PendingAction> {
        self.pending_action.as_mut().map(|(pending_action, _)| pending_action)
    }

    /// The person begins with this, in place of anything else but what is shown once: new backup codes take the place of
    /// others, since those are good for nothing any more; the rest comes one after the other.
    pub fn begin_errand(&mut self, pending_action: PendingAction) {
        if matches!(pending_action, PendingAction::Codes(_)) {
            self.to_show.retain(|other| !matches!(other, PendingAction::Codes(_)));
            self.pending_action.take_if(|(other, _)| matches!(other, PendingAction::Codes(_)));
        }
        match (self.not_confirmed(), pending_action.shown_once()) {
            (None, _) => self.pending_action = Some((pending_action, self.used)),
            (Some(_), Some(_)) => self.to_show.push(pending_action),
            (Some(_), None) => {}
        }
    }

    /// What a factor is asked for at the moment; none: nothing, or to see the account.
    pub fn proves(&mut self) -> Option<Proves> {
        match self.pending_action()? {
            PendingAction::Proving { then, .. } => then.proves(),
            _ => None,
        }
    }

    /// It is done, or given up. What is shown once stays.
    pub fn end_errand(&mut self) -> Option<PendingAction> {
        if self.not_confirmed().is_some() { None } else { self.end_shown() }
    }

    /// The person has seen it, and says so.
    pub fn end_shown(&mut self) -> Option<PendingAction> {
        let next = if self.to_show.is_empty() { None } else { Some((self.to_show.remove(0), self.used)) };
        std::mem::replace(&mut self.pending_action, next).map(|(pending_action, _)| pending_action)
    }

    /// The daemon has vouched for the person again; without a new proof the old one goes on.
    pub fn prove(&mut self, standing: String, proof: Option<Secret>) {
        self.standing = standing;
        self.proof = proof.or_else(|| self.proof.take());
    }

    /// A change of the account that may end its sessions is on its way: see [`Self::changed`].
    pub fn begin_change(&mut self) {
        self.changes = self.changes.saturating_add(1);
    }

    /// The change has been made, and this session stands on this now; or none has been made. False: the session is over.
    pub fn changed(&mut self, made: Option<(String, Option<Secret>)>) -> bool {
        self.changes = self.changes.saturating_sub(1);
        if let Some((standing, proof)) = made {
            (self.standing, self.proof, self.in_doubt) = (standing, proof, false);
        }
        self.changes > 0 || !self.in_doubt
    }

    /// What it rests on is gone. False: the session is over; true: a change of its own may be why, so it waits for that.
    pub fn doubt(&mut self) -> bool {
        self.in_doubt = true;
        // What runs in it is cut at once, as it would be at its end.
        self.token = watch::Sender::new(());
        self.changes > 0
    }

    /// Whether it waits to hear whether it is over.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// To be held by what must not outlast the session.
    pub fn token(&self) -> CancellationToken {
        CancellationToken::of(&self.token)
    }
}

/// A session.
pub enum State {
    /// See [`Enrolling`].
    Enrolling(Enrolling),
    /// See [`Challenged`].
    Challenged(Challenged),
    /// See [`Blocked`].
    Blocked(Blocked),
    /// See [`SavingCodes`].
    SavingCodes(SavingCodes),
    /// See [`Released`].
    Released(Released),
}

/// The state's name, which is all that deciding about a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// No session, and the browser does not say that it has one.
    Anonymous,
    /// The browser names a session that there is not, or not any more.
    Stale,
    /// See [`Enrolling`].
    Enrolling,
    /// See [`Challenged`].
    Challenged,
    /// See [`Blocked`].
    Blocked,
    /// See [`SavingCodes`].
    SavingCodes,
    /// See [`Released`].
    Released,
}

impl State {
    /// Its name.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Enrolling(_) => Stage::Enrolling,
            Self::Challenged(_) => Stage::Challenged,
            Self::Blocked(_) => Stage::Blocked,
            Self::SavingCodes(_) => Stage::SavingCodes,
            Self::Released(_) => Stage::Released,
        }
    }

    /// What is asked for, where a code is.
    pub fn question(&mut self) -> Option<&mut Question> {
        match self {
            Self::Challenged(state) => Some(&mut state.question),
            Self::Released(state) => state.errand_mut()?.question(),
            Self::Enrolling(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// The request to the administrator, where one can be made.
    pub fn request(&mut self) -> Option<&mut Option<Requested>> {
        match self {
            Self::Challenged(state) => Some(&mut state.requested),
            Self::Blocked(state) => Some(&mut state.requested),
            Self::Enrolling(_) | Self::SavingCodes(_) | Self::Released(_) => None,
        }
    }

    /// What is set up, where something is.
    pub fn enrolment(&mut self) -> Option<&mut Enrolment> {
        match self {
            Self::Enrolling(state) => Some(&mut state.enrolment),
            Self::Released(state) => state.errand_mut()?.enrolment(),
            Self::Challenged(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// On whose word further methods are set up.
    pub fn proof(&self) -> Option<&Secret> {
        match self {
            Self::Released(state) => state.proof.as_ref(),
            Self::Enrolling(_) | Self::Challenged(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// What every state holds.
    pub fn held(&self) -> &SessionContext {
        match self {
            Self::Enrolling(state) => &state.held,
            Self::Challenged(state) => &state.held,
            Self::Blocked(state) => &state.held,
            Self::SavingCodes(state) => &state.released.held,
            Self::Released(state) => &state.held,
        }
    }

    /// What the daemon vouched for, in the states that a verdict has let in.
    pub fn standing(&self) -> Option<&str> {
        match self {
            Self::Enrolling(_) | Self::Challenged(_) | Self::Blocked(_) => None,
            Self::SavingCodes(state) => Some(&state.released.standing),
            Self::Released(state) => Some(&state.standing),
        }
    }
}
