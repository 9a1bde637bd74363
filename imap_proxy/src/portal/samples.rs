//! Every page in every shape, for the tests that hold for all of them.

use jiff::{SignedDuration, Timestamp};

use super::{
    BackupCodes, Challenge, ChallengeBackup, ChooseMethod, Context, Locked, Method, MethodKind, Page, Problem, Secret,
    SetUp,
};

/// The time of every sample: 2026-11-22T14:00:00Z.
const NOW: i64 = 1_795_356_000;

/// What a user or an administrator chose freely, and what the daemon made.
pub(super) struct Given<'a> {
    pub(super) brand: &'a str,
    pub(super) mailbox: &'a str,
    pub(super) description: &'a str,
    pub(super) method_id: &'a str,
    pub(super) secret: &'a str,
    pub(super) uri: &'a str,
    pub(super) code: &'a str,
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
    };
}

impl<'a> Given<'a> {
    pub(super) fn context(&self) -> Context<'a> {
        Context { brand: self.brand, mailbox: Some(self.mailbox), now: at(0) }
    }
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(NOW).unwrap() + SignedDuration::from_mins(minutes)
}

/// All pages with a short name for each.
pub(super) fn pages(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let app = Method {
        id: given.method_id.to_owned(),
        kind: MethodKind::Authenticator,
        description: given.description.to_owned(),
    };
    let unnamed = Method { id: "m9".to_owned(), kind: MethodKind::Authenticator, description: String::new() };
    let backup = Method { id: "b1".to_owned(), kind: MethodKind::BackupCode, description: String::new() };
    let set_up = |description: &str, problem| {
        let (uri, secret) = (Secret::new(given.uri), Secret::new(given.secret));
        Page::SetUp(SetUp { uri, secret, description: description.to_owned(), problem })
    };
    let challenge = |problem| Page::Challenge(Challenge { method: app.clone(), others: true, problem });
    let with_backup = |problem| Page::ChallengeBackup(ChallengeBackup { others: true, problem });
    let codes = |not_ticked| Page::BackupCodes(BackupCodes { codes: vec![Secret::new(given.code); 10], not_ticked });
    let once = Some(Problem::Wrong { misses: 1 });
    let again = Some(Problem::Wrong { misses: 2 });
    let early = Some(Problem::TooEarly { until: at(5) });
    let no_code = Some(Problem::NotACode);
    vec![
        ("set-up", set_up("", None)),
        ("set-up-wrong", set_up(given.description, once)),
        ("set-up-wrong-again", set_up(given.description, again)),
        ("set-up-no-code", set_up(given.description, no_code)),
        ("set-up-early", set_up(given.description, early)),
        (
            "set-up-undrawn",
            Page::SetUp(SetUp {
                uri: Secret::new("x".repeat(5000)),
                secret: Secret::new(given.secret),
                description: String::new(),
                problem: None,
            }),
        ),
        ("backup-codes", codes(false)),
        ("backup-codes-not-ticked", codes(true)),
        ("challenge", challenge(None)),
        ("challenge-only", Page::Challenge(Challenge { method: unnamed.clone(), others: false, problem: None })),
        ("challenge-wrong", challenge(once)),
        ("challenge-wrong-again", challenge(again)),
        ("challenge-no-code", challenge(no_code)),
        ("challenge-early", challenge(early)),
        ("backup", with_backup(None)),
        ("backup-wrong", with_backup(again)),
        ("backup-no-code", with_backup(no_code)),
        ("backup-early", with_backup(Some(Problem::TooEarly { until: at(9 * 24 * 60) }))),
        ("methods", Page::ChooseMethod(ChooseMethod { methods: vec![app.clone(), unnamed, backup] })),
        ("locked", Page::Locked(Locked { until: Some(at(5)) })),
        ("locked-minute", Page::Locked(Locked { until: Some(at(1)) })),
        ("locked-soon", Page::Locked(Locked { until: Some(at(0)) })),
        ("locked-hour", Page::Locked(Locked { until: Some(at(60)) })),
        ("locked-hours", Page::Locked(Locked { until: Some(at(180)) })),
        ("locked-administrator", Page::Locked(Locked { until: None })),
        ("session-ended", Page::SessionEnded),
        ("unavailable", Page::Unavailable),
        ("refused", Page::Refused),
        ("bad-request", Page::BadRequest),
        ("not-found", Page::NotFound),
    ]
}
