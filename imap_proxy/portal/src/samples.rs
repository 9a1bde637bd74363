//! Samples of every page in every variant, for the tests over all pages.

use jiff::{SignedDuration, Timestamp};

use super::security_samples;
use super::{
    BackupCodes, Challenge, ChallengeBackup, ChooseMethod, Context, Ended, EnrolmentCode, Key, Locked, Lost,
    LostProblem, Method, MethodKind, Page, Problem, RequestMade, Requested, SentCode, SetUp, SetUpKey, SetUpSent,
    SetUpTo, Trust,
};
use postern_wire::Secret;

/// The time of every sample: 2026-11-22T14:00:00Z.
const NOW: i64 = 1_795_356_000;

/// Values that a user, an administrator or the daemon has provided.
pub(super) struct Given<'a> {
    pub(super) brand: &'a str,
    pub(super) mailbox: &'a str,
    pub(super) description: &'a str,
    pub(super) method_id: &'a str,
    pub(super) secret: &'a str,
    pub(super) uri: &'a str,
    pub(super) code: &'a str,
    pub(super) number: &'a str,
    /// The options for a security key, as JSON.
    pub(super) options: &'a str,
}

impl Given<'static> {
    pub(super) const USUAL: Self = Self {
        brand: "Example Mail",
        mailbox: "bob@example.com",
        description: "Phone of Bob",
        method_id: "m7k2",
        secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        uri: "otpauth://totp/Example%20Mail:bob@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example%20Mail",
        code: "k7vm-93fx",
        number: "+44 ••••••5678",
        options: r#"{"challenge":"AAAA","rpId":"example.com","allowCredentials":[]}"#,
    };
}

impl<'a> Given<'a> {
    pub(super) fn context(&self) -> Context<'a> {
        Context { brand: self.brand, mailbox: Some(self.mailbox), now: at(0), signed_in: false, purpose: None }
    }
}

pub(super) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(NOW).unwrap() + SignedDuration::from_mins(minutes)
}

/// All pages with a short name for each, and the sign-in pages that the Security page reuses; `true` for a user who has
/// signed in.
pub(super) fn all_pages(given: &Given<'_>) -> Vec<(String, Page, bool)> {
    let of_sign_in = pages(given).into_iter().map(|(name, page)| (name.to_owned(), page, false));
    let borrowed = |page: &Page| {
        matches!(
            page,
            Page::SetUp(_)
                | Page::SetUpTo(_)
                | Page::SetUpSent(_)
                | Page::SetUpKey(_)
                | Page::Challenge(_)
                | Page::ChallengeBackup(_)
                | Page::SentCode(_)
                | Page::Key(_)
                | Page::ChooseMethod(_)
                | Page::BackupCodes(_)
                | Page::Locked(_)
        )
    };
    let again = pages(given).into_iter().filter(|(_, page)| borrowed(page));
    let again = again.map(|(name, page)| (format!("in-{name}"), page, true));
    let own = security_samples::pages(given).into_iter().map(|(name, page)| (name.to_owned(), page, true));
    of_sign_in.chain(again).chain(own).collect()
}

/// The problems that several samples have.
const ONCE: Option<Problem> = Some(Problem::Wrong { misses: 1 });
const AGAIN: Option<Problem> = Some(Problem::Wrong { misses: 2 });
const NO_CODE: Option<Problem> = Some(Problem::NotACode);

/// The pages of a sign-in with a short name for each.
pub(super) fn pages(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let mut all = set_up(given);
    all.extend(challenges(given));
    all.extend(methods(given));
    all.extend(notices());
    all.extend(Ended::ALL.map(|why| ("session-ended-why", Page::SessionEnded(why))));
    all.extend(sent_codes(given));
    all.extend(keys(given));
    all.extend(enrolment_codes_and_requests(given));
    all
}

/// An authenticator app that the user has described.
fn app(given: &Given<'_>) -> Method {
    let (id, description) = (given.method_id.to_owned(), given.description.to_owned());
    Method { id, kind: MethodKind::Authenticator, description, hint: None }
}

/// A method without a description.
fn plain(id: &str, kind: MethodKind, hint: Option<&str>) -> Method {
    Method { id: id.to_owned(), kind, description: String::new(), hint: hint.map(str::to_owned) }
}

fn set_up(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let is_first = |kind: &MethodKind| !matches!(kind, MethodKind::BackupCode | MethodKind::Contact);
    let others: Vec<MethodKind> = MethodKind::ALL.into_iter().filter(is_first).collect();
    let set_up = |description: &str, problem| {
        let (uri, secret) = (Secret::from(given.uri), Secret::from(given.secret));
        Page::SetUp(SetUp { uri, secret, description: description.to_owned(), others: Vec::new(), problem })
    };
    let codes = |not_ticked| Page::BackupCodes(BackupCodes { codes: vec![Secret::from(given.code); 10], not_ticked });
    vec![
        ("set-up", set_up("", None)),
        ("set-up-wrong", set_up(given.description, ONCE)),
        ("set-up-wrong-again", set_up(given.description, AGAIN)),
        ("set-up-no-code", set_up(given.description, NO_CODE)),
        ("set-up-early", set_up(given.description, Some(Problem::TooEarly { until: at(5) }))),
        (
            "set-up-undrawn",
            Page::SetUp(SetUp {
                uri: Secret::from("x".repeat(5000)),
                secret: Secret::from(given.secret),
                description: String::new(),
                others,
                problem: None,
            }),
        ),
        ("backup-codes", codes(false)),
        ("backup-codes-not-ticked", codes(true)),
    ]
}

fn challenges(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let challenge = |problem| Page::Challenge(Challenge { method: app(given), others: true, trust: None, problem });
    let trusting = |days, chosen, problem| {
        let trust = Some(Trust { days, chosen });
        Page::Challenge(Challenge { method: app(given), others: true, trust, problem })
    };
    let unnamed = plain("m9", MethodKind::Authenticator, None);
    let only = Page::Challenge(Challenge { method: unnamed, others: false, trust: None, problem: None });
    let with_backup = |trust, problem| Page::ChallengeBackup(ChallengeBackup { others: true, trust, problem });
    vec![
        ("challenge", challenge(None)),
        ("challenge-only", only),
        ("challenge-wrong", challenge(ONCE)),
        ("challenge-wrong-again", challenge(AGAIN)),
        ("challenge-no-code", challenge(NO_CODE)),
        ("challenge-early", challenge(Some(Problem::TooEarly { until: at(5) }))),
        ("challenge-trust", trusting(30, false, None)),
        ("challenge-trust-day", trusting(1, false, None)),
        ("challenge-trust-wrong", trusting(30, true, ONCE)),
        ("backup", with_backup(None, None)),
        ("backup-trust", with_backup(Some(Trust { days: 30, chosen: false }), None)),
        ("backup-wrong", with_backup(None, AGAIN)),
        ("backup-no-code", with_backup(None, NO_CODE)),
        ("backup-early", with_backup(None, Some(Problem::TooEarly { until: at(9 * 24 * 60) }))),
    ]
}

fn methods(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let every = vec![
        app(given),
        plain("m9", MethodKind::Authenticator, None),
        plain("s1", MethodKind::Sms, Some(given.number)),
        plain("s2", MethodKind::Sms, None),
        plain("e1", MethodKind::Email, Some(given.mailbox)),
        plain("e2", MethodKind::Email, None),
        plain("k1", MethodKind::Key, None),
        plain("b1", MethodKind::BackupCode, None),
    ];
    let choose = |left, problem| Page::ChooseMethod(ChooseMethod { methods: every.clone(), left, problem });
    vec![
        ("methods", choose(Some(MethodKind::Authenticator), None)),
        ("methods-copied", choose(None, Some(Problem::Copied))),
    ]
}

fn notices() -> Vec<(&'static str, Page)> {
    vec![
        ("locked", Page::Locked(Locked { until: Some(at(5)), may_request: true })),
        ("locked-minute", Page::Locked(Locked { until: Some(at(1)), may_request: false })),
        ("locked-soon", Page::Locked(Locked { until: Some(at(0)), may_request: false })),
        ("locked-hour", Page::Locked(Locked { until: Some(at(60)), may_request: true })),
        ("locked-hours", Page::Locked(Locked { until: Some(at(180)), may_request: true })),
        ("locked-administrator", Page::Locked(Locked { until: None, may_request: true })),
        ("no-method", Page::NoMethod),
        ("unusual", Page::Unusual),
        ("session-ended", Page::SessionEnded(Ended::Unknown)),
        ("unavailable", Page::Unavailable),
        ("refused", Page::Refused),
        ("bad-request", Page::BadRequest),
        ("not-found", Page::NotFound),
        ("other-host", Page::OtherHost),
        ("no-answer", Page::NoAnswer),
    ]
}

fn sent_codes(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let sent = |kind, hint: Option<&str>, sent, again, others, problem| {
        let (description, hint) = (given.description.to_owned(), hint.map(str::to_owned));
        let method = Method { id: given.method_id.to_owned(), kind, description, hint };
        Page::SentCode(SentCode { method, sent, again, others, unusual: false, trust: None, problem })
    };
    let unusual = |sent, problem| {
        let (id, description, hint) = ("contact".to_owned(), String::new(), Some(given.mailbox.to_owned()));
        let method = Method { id, kind: MethodKind::Email, description, hint };
        let (again, trust) = (Some(at(1)), None);
        Page::SentCode(SentCode { method, sent, again, others: false, unusual: true, trust, problem })
    };
    let trusting = |problem| {
        let (id, hint) = (given.method_id.to_owned(), Some(given.number.to_owned()));
        let method = Method { id, kind: MethodKind::Sms, description: String::new(), hint };
        let trust = Some(Trust { days: 7, chosen: true });
        let (again, others, unusual) = (Some(at(1)), true, false);
        Page::SentCode(SentCode { method, sent: true, again, others, unusual, trust, problem })
    };
    let sms = |again, problem| sent(MethodKind::Sms, Some(given.number), true, again, true, problem);
    let to = |kind, to: &str, problem| {
        Page::SetUpTo(SetUpTo { kind, to: to.to_owned(), others: vec![MethodKind::Key], problem })
    };
    let confirm = |kind, to: &str, again, problem| {
        let (to, description) = (to.to_owned(), given.description.to_owned());
        Page::SetUpSent(SetUpSent { kind, to, again, description, others: vec![MethodKind::Authenticator], problem })
    };
    let wrong = Some(Problem::Wrong { misses: 2 });
    let soon = Some(Problem::TooSoon { until: at(1) });
    vec![
        ("sms", sms(Some(at(1)), None)),
        ("sms-again", sms(Some(at(0)), None)),
        ("sms-wrong", sms(None, wrong)),
        ("sms-no-code", sms(None, Some(Problem::NotACode))),
        ("sms-early", sms(None, Some(Problem::TooEarly { until: at(5) }))),
        ("sms-too-soon", sms(Some(at(1)), soon)),
        ("sms-elsewhere", sent(MethodKind::Sms, Some(given.number), false, Some(at(1)), true, soon)),
        ("sms-not-sent", sent(MethodKind::Sms, None, false, None, true, Some(Problem::NotSent))),
        ("sms-too-many", sent(MethodKind::Sms, None, false, None, true, Some(Problem::TooMany { until: None }))),
        ("email", sent(MethodKind::Email, Some(given.mailbox), true, Some(at(1)), false, None)),
        (
            "email-too-many",
            sent(MethodKind::Email, None, false, None, true, Some(Problem::TooMany { until: Some(at(90)) })),
        ),
        ("sms-trust", trusting(wrong)),
        ("email-only-not-sent", sent(MethodKind::Email, None, false, None, false, Some(Problem::NotSent))),
        (
            "email-only-too-many",
            sent(MethodKind::Email, None, false, None, false, Some(Problem::TooMany { until: None })),
        ),
        ("unusual-sent", unusual(true, None)),
        ("unusual-wrong", unusual(true, wrong)),
        ("unusual-not-sent", unusual(false, Some(Problem::NotSent))),
        ("unusual-too-many", unusual(false, Some(Problem::TooMany { until: Some(at(90)) }))),
        ("set-up-sms", to(MethodKind::Sms, "", None)),
        ("set-up-sms-unfit", to(MethodKind::Sms, given.description, Some(Problem::NotACode))),
        ("set-up-sms-in-use", to(MethodKind::Sms, given.number, Some(Problem::InUse))),
        ("set-up-email", to(MethodKind::Email, "", None)),
        ("set-up-email-unfit", to(MethodKind::Email, given.mailbox, Some(Problem::NotACode))),
        ("set-up-email-in-use", to(MethodKind::Email, given.mailbox, Some(Problem::InUse))),
        ("set-up-sms-sent", confirm(MethodKind::Sms, given.number, at(1), None)),
        ("set-up-sms-wrong", confirm(MethodKind::Sms, given.number, at(0), wrong)),
        ("set-up-email-sent", confirm(MethodKind::Email, given.mailbox, at(1), None)),
    ]
}

fn keys(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let key = |options: Option<&str>, trust, problem| {
        let description = given.description.to_owned();
        let method = Method { id: given.method_id.to_owned(), kind: MethodKind::Key, description, hint: None };
        Page::Key(Key { method, options: options.map(str::to_owned), others: true, trust, problem })
    };
    let trust = Some(Trust { days: 30, chosen: false });
    let set_up = |problem| {
        let (options, description) = (given.options.to_owned(), given.description.to_owned());
        Page::SetUpKey(SetUpKey { options, description, others: vec![MethodKind::Authenticator], problem })
    };
    vec![
        ("key", key(Some(given.options), None, None)),
        ("key-trust", key(Some(given.options), trust, None)),
        ("key-wrong", key(Some(given.options), None, Some(Problem::Wrong { misses: 1 }))),
        ("key-no-answer", key(Some(given.options), None, Some(Problem::NotACode))),
        ("key-early", key(None, None, Some(Problem::TooEarly { until: at(5) }))),
        ("set-up-key", set_up(None)),
        ("set-up-key-wrong", set_up(Some(Problem::Wrong { misses: 1 }))),
        ("set-up-key-known", set_up(Some(Problem::InUse))),
    ]
}

fn enrolment_codes_and_requests(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let enrolment_code = |problem| Page::EnrolmentCode(EnrolmentCode { problem });
    let lost = |contact: &str, problem| {
        let (contact, reason, evidence) = (contact.to_owned(), given.description.to_owned(), String::new());
        Page::Lost(Lost { contact, reason, evidence, others: true, problem: Some(problem) })
    };
    vec![
        ("enrolment-code", enrolment_code(None)),
        ("enrolment-code-wrong", enrolment_code(Some(Problem::Wrong { misses: 1 }))),
        ("enrolment-code-none", enrolment_code(Some(Problem::NotACode))),
        ("lost", Page::Lost(Lost::default())),
        ("lost-incomplete", lost("", LostProblem::Incomplete)),
        ("lost-not-now", lost(given.mailbox, LostProblem::NotNow { until: None })),
        ("lost-not-before", lost(given.mailbox, LostProblem::NotNow { until: Some(at(600)) })),
        ("lost-not-offered", lost(given.mailbox, LostProblem::NotOffered)),
        ("requested", Page::Requested(RequestMade { when: Requested::Now, others: true })),
        ("requested-before", Page::Requested(RequestMade { when: Requested::Before, others: false })),
    ]
}
