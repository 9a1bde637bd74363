//! Accounts in the states that the document speaks of, and what is brought to them.

use crate::events::{By, Decision, Event, Offered, Random, Recipient, Refusal, Verdict, decide};
use postern_rules::app_password::{Sealed, Typed, Use};
use postern_rules::contact::Address;
use postern_rules::factor::Key;
use postern_rules::name::{LookupName, Named};
use postern_rules::platform::Policy;
use postern_rules::proof::{CHANGES_A_DAY, Change, FRESH, WORDS_A_DAY};
use postern_rules::sent::ChallengeId;
use postern_rules::source::Source;
use postern_rules::throttle::Throttle;
use postern_rules::totp::Totp;
use postern_rules::{
    Account, AppPassword, Channel, Factor, KindName, Platform, Proof, Seed, Stage, State, Time, backup,
};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

pub(crate) const NOW: Time = Time(1_111_111_109);
/// RFC 6238 appendix B, six digits: `NOW`'s code of the seed below.
pub(crate) const RIGHT: &str = "081804";
pub(crate) const WRONG: &str = "081805";
/// The code of the step that begins two seconds after `NOW`.
pub(crate) const NEXT: &str = "050471";
/// `NOW`'s code of the other seed, by oathtool.
pub(crate) const ANOTHER_RIGHT: &str = "055252";
/// It ends in digits, so that where it ends is a question.
pub(crate) const PASSWORD: &str = "correct horse 081804";
pub(crate) const STATES: [&str; 5] = ["off", "enrolling", "protected", "suspended", "locked"];

pub(crate) fn totp() -> Totp {
    Totp::new(Seed::made_of(*b"12345678901234567890"))
}

pub(crate) fn another_totp() -> Totp {
    Totp::new(Seed::made_of([7; 20]))
}

pub(crate) fn random() -> Random {
    Random { id: [1, 2, 3, 4, 5], backup: std::array::from_fn(|at| at as u8) }
}

pub(crate) fn backup_code() -> String {
    let (_, codes) = backup::BackupCodes::make(std::array::from_fn(|at| at as u8), NOW);
    codes[0].to_string()
}

pub(crate) fn app_password() -> Typed {
    Typed::made_of(&Zeroizing::new(std::array::from_fn(|at| at as u8 * 13 + 1)))
}

pub(crate) fn sealed(at: Time) -> Sealed {
    Sealed { key: [9; 32], text: vec![1], at }
}

/// With an app password, where there can be one, in the condition that the event names.
pub(crate) fn with_app_password(account: &Account, event: &str) -> Account {
    let mut it = AppPassword::keep(&app_password(), &account.mailbox, sealed(NOW), NOW);
    if event.contains("expired") {
        it.expires = Some(NOW);
    }
    if event.contains("bound to a network") {
        it.networks = vec!["192.0.2.0/24".parse().unwrap()];
    }
    if event.contains("within a minute") {
        it.last_used = Some(Use { time: NOW.plus(-59), address: None, client: None });
    }
    it.outdated = event.contains("outdated");
    let account = match account.stage {
        Stage::Off => account.clone(),
        Stage::Enrolling | Stage::Protected => {
            after(account, Event::AddAppPassword { fresh: it, epoch: account.epoch, proof: None, renewed: Vec::new() })
        }
    };
    if event.contains("was seen to") { after(&account, Event::Tick) } else { account }
}

/// With a security key, where the account has a factor, in the condition that the event names.
pub(crate) fn with_key(account: &Account, event: &str) -> Account {
    if account.factors.is_empty() {
        return account.clone();
    }
    let key = Key { id: KEY.to_vec(), counter: 5, credential: String::new(), copied: false };
    let proof = Proof::of(account, Some(Change::AddMethod { kind: KindName::Key, to: None }), NOW);
    let confirm = Event::Confirm {
        by: By::Proof(&proof),
        offered: Offered::Key(key),
        description: "",
        random: Random { id: [9; 5], ..random() },
        source: Source::default(),
    };
    let account = after(account, confirm);
    if event.contains("was copied") { after(&account, signed(4, [4; 16])) } else { account }
}

/// A key has answered with this counter.
pub(crate) fn signed(counter: u32, session: ChallengeId) -> Event<'static> {
    Event::AnswerKey {
        channel: Channel::Webmail,
        key: Some((KEY, counter)),
        session,
        until: NOW.plus(60),
        source: Source::default(),
        trust: false,
    }
}

pub(crate) fn platform(column: &str) -> Platform {
    let enabled = match column.split(',').next() {
        Some("on") => true,
        Some("off") => false,
        other => panic!("platform {other:?}"),
    };
    let mut policy = Policy::default();
    if column.contains("unenrolled = allow") {
        policy.set("unenrolled", "allow").unwrap();
    }
    if column.contains("password-and-code = off") {
        policy.set("password-and-code", "off").unwrap();
    }
    if column.contains("last-method = remove") {
        policy.set("last-method", "remove").unwrap();
    }
    if column.contains("methods = sms") {
        policy.set("methods", "sms").unwrap();
    }
    if column.contains("after 0") {
        policy.set("trusted-browsers", "30").unwrap();
        policy.set("trusted-browsers", "0").unwrap();
    }
    for (key, value) in column.split(", ").filter_map(|part| part.split_once(" = ")) {
        if ["trusted-browsers", "unusual-sign-in", "unlisted", "enrolment-code"].contains(&key) {
            policy.set(key, value).unwrap();
        }
    }
    let domains = vec!["example.com".to_owned()];
    Platform { name: "example".to_owned(), domains, netbios: vec!["EXAMPLE".to_owned()], enabled, policy }
}

pub(crate) fn after(account: &Account, event: Event<'_>) -> Account {
    match decide(account, &platform("on"), event, NOW) {
        Decision { next: Some(next), .. } => next,
        Decision { verdict, .. } => panic!("{verdict:?}"),
    }
}

/// The browser that has signed in, and its network.
pub(crate) const HOME: Source<'static> = Source {
    browser: Some([1; 32]),
    address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    service: None,
    client: Some("Firefox/145.0"),
    before_exchange: false,
};
pub(crate) const SESSION: ChallengeId = [5; 16];
pub(crate) const ELSEWHERE: &str = "bob@elsewhere.example";
/// The security key's id.
pub(crate) const KEY: &[u8] = b"key";

/// Where an event comes from, by what it says of it.
pub(crate) fn source(event: &str) -> Source<'static> {
    let new = Source { browser: Some([2; 32]), address: "198.51.100.1".parse().ok(), ..HOME };
    if event.contains("at home") {
        HOME
    } else if event.contains("from a known network") {
        Source { browser: new.browser, ..HOME }
    } else if event.contains("from a known browser") || event.contains("trusted browser") {
        Source { browser: HOME.browser, before_exchange: event.contains("before Exchange"), ..new }
    } else if event.contains("from nowhere") {
        Source::default()
    } else {
        Source { before_exchange: event.contains("before Exchange"), ..new }
    }
}

/// With the browsers, the address and the wrong codes that an event speaks of.
pub(crate) fn with_browser(mut account: Account, event: &str) -> Account {
    let address = || Address::read("bob@elsewhere.example");
    if event.contains("enabled once") {
        account = after(&after(&account, Event::Enable { enrolment_code: None }), Event::Remove);
    }
    if event.contains("added") {
        account = after(&account, Event::Add);
    }
    if event.contains("with an address") {
        account.contact = address();
    }
    if event.contains("with the code") {
        account.contact =
            if event.contains("an address before") { Address::read("bob@before.example") } else { address() };
        let to = Recipient::SignIn(Channel::Webmail, source("from a new browser"));
        let sent = Event::Send { to, session: SESSION, replaces: None, code: RIGHT };
        account = decide(&account, &platform("on, unusual-sign-in = ask"), sent, NOW).next.unwrap();
        account.contact = address();
    }
    if event.contains("known") || event.contains("trusted browser") {
        account = signed_in_at_home(account, event.contains("trusted browser"));
    }
    if event.contains("after five wrong codes") {
        let throttle = (0..5).fold(Throttle::default(), |throttle, _| throttle.failed(NOW));
        let channel = if event.contains("wrong codes by imap") { Channel::Imap } else { Channel::Webmail };
        account.throttles.insert(channel.budget(), throttle);
    }
    if event.contains("after a change") {
        account.epoch += 1;
    }
    account
}

/// As if it had been before a suspension, or before wrong codes.
pub(crate) fn signed_in_at_home(account: Account, trust: bool) -> Account {
    let Account { suspension, throttles, .. } = account.clone();
    let open = Account { suspension: None, throttles: BTreeMap::default(), ..account };
    let (platform, event) = match open.stage {
        Stage::Off => ("on, unusual-sign-in = learn", Event::SignedIn { channel: Channel::Webmail, source: HOME }),
        Stage::Enrolling | Stage::Protected => {
            let (channel, method, code) = (Channel::Webmail, None, RIGHT);
            let event = Event::Answer { channel, method, code, window: 1, session: None, source: HOME, trust };
            ("on, trusted-browsers = 30", event)
        }
    };
    let known = decide(&open, &self::platform(platform), event, NOW).next.unwrap();
    Account { suspension, throttles, ..known }
}

/// What somebody brings who changes their own account, and how the account is then, by what the event says behind its
/// last comma. Where it says nothing, a factor was brought for that change, just now.
pub(crate) fn own_proof(account: &mut Account, event: &str) -> Proof {
    let change = own_change(account, event);
    let other = if change == Change::MakeBackupCodes { Change::RemoveContact } else { Change::MakeBackupCodes };
    let brought = event.rsplit_once(", ").map_or("", |(_, brought)| brought);
    let (change, at) = match brought {
        "signed in" | "signed in before a change" => (None, NOW),
        "with a factor for something else" => (Some(other), NOW),
        "with a factor of a quarter of an hour ago" => (Some(change), NOW.plus(-FRESH)),
        _ => (Some(change), NOW),
    };
    let proof = Proof::of(account, change, at);
    match brought {
        "with a factor that was used" => account.changes += 1,
        "with a factor of before a change" | "signed in before a change" => account.epoch += 1,
        "for the 31st time today" => {
            account.changed = vec![NOW; CHANGES_A_DAY];
            account.reworded = vec![NOW; WORDS_A_DAY];
        }
        _ => {}
    }
    proof
}

pub(crate) fn own_change(account: &Account, event: &str) -> Change {
    let id = |factor: Option<&Factor>| factor.map_or("none".to_owned(), |factor| factor.id.clone());
    if event.starts_with("the user removes the key") {
        Change::RemoveMethod(id(account.factors.last()))
    } else if event.starts_with("the user removes the factor") {
        Change::RemoveMethod(id(account.factors.first()))
    } else if event.starts_with("make backup codes") {
        Change::MakeBackupCodes
    } else if event.starts_with("delete the backup codes") {
        Change::DeleteBackupCodes
    } else if event.starts_with("the user makes an app password") {
        Change::CreateAppPassword
    } else if event.starts_with("the user sets the contact address") {
        Change::SetContact(ELSEWHERE.to_owned())
    } else if event.starts_with("the user removes the contact address") {
        Change::RemoveContact
    } else {
        Change::AddMethod { kind: KindName::Totp, to: None }
    }
}

/// A code was sent to what is to be the contact address.
pub(crate) fn with_a_code_sent(account: &Account) -> Account {
    let proof = Proof::of(account, Some(Change::SetContact(ELSEWHERE.to_owned())), NOW);
    let to = Recipient::Contact(By::Proof(&proof), Address::read(ELSEWHERE).unwrap());
    after(account, Event::Send { to, session: SESSION, replaces: None, code: RIGHT })
}

pub(crate) fn wrong() -> Event<'static> {
    Event::Answer {
        channel: Channel::Webmail,
        method: None,
        code: WRONG,
        window: 1,
        session: None,
        source: Source::default(),
        trust: false,
    }
}

pub(crate) fn fresh() -> Account {
    let platforms = [platform("on")];
    let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&platforms, "") else { panic!() };
    Account::new(mailbox, "example")
}

pub(crate) fn account(state: &str) -> Account {
    let off = fresh();
    let enrolling = || after(&off, Event::Enable { enrolment_code: None });
    let protected = || after(&enrolling(), Event::AddTotp { totp: totp(), description: "", random: random() });
    match state {
        "off" => off,
        "enrolling" => enrolling(),
        "protected" => protected(),
        "suspended" => after(&protected(), Event::Suspend(1)),
        "locked" => (0..5).fold(protected(), |account, _| after(&account, wrong())),
        other => panic!("state {other:?}"),
    }
}

pub(crate) fn shown_state(account: &Account, now: Time) -> &'static str {
    match account.state(now) {
        State::Off => "off",
        State::Enrolling => "enrolling",
        State::Protected => "protected",
        State::Suspended(_) => "suspended",
        State::Locked(_) => "locked",
    }
}

pub(crate) fn shown_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::NotRequired => "not required".to_owned(),
        Verdict::Challenge => "challenge".to_owned(),
        Verdict::Trusted { .. } => "not required: trusted".to_owned(),
        Verdict::Unusual => "challenge: contact address".to_owned(),
        Verdict::Enrol => "enrol".to_owned(),
        Verdict::Accepted { .. } => "accepted".to_owned(),
        Verdict::AcceptedBehind { password, .. } => {
            assert_eq!(*password, PASSWORD.len());
            "accepted behind a password".to_owned()
        }
        Verdict::AppPassword { sealed, .. } => {
            assert_eq!(sealed.key, [9; 32]);
            "app password".to_owned()
        }
        Verdict::Added { backup_codes: None, .. } => "added".to_owned(),
        Verdict::Added { backup_codes: Some(codes), .. } => {
            assert_eq!(codes.len(), 10);
            "added, with backup codes".to_owned()
        }
        Verdict::Send { .. } => "send".to_owned(),
        Verdict::Codes(codes) => {
            assert_eq!(codes.len(), 10);
            "new backup codes".to_owned()
        }
        Verdict::Done => "done".to_owned(),
        Verdict::Already => "already".to_owned(),
        Verdict::Refused(refusal) => format!("refused: {}", shown_refusal(refusal)),
    }
}

pub(crate) fn shown_refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Elsewhere => "elsewhere",
        Refusal::Expired => "expired",
        Refusal::Outdated => "outdated",
        Refusal::NoSuchAppPassword => "no such app password",
        Refusal::SameId => "same id",
        Refusal::NotInOneField => "not in one field",
        Refusal::NotACode => "not a code",
        Refusal::Wrong { .. } => "wrong",
        Refusal::Spent { .. } => "spent",
        Refusal::Locked(_) => "locked",
        Refusal::Unenrolled => "unenrolled",
        Refusal::Stale => "stale",
        Refusal::NotFresh => "not fresh",
        Refusal::Off => "off",
        Refusal::Suspended(_) => "suspended",
        Refusal::NotSuspended => "not suspended",
        Refusal::Hours(_) => "hours",
        Refusal::NoSuchFactor => "no such factor",
        Refusal::OnlyFactor => "only factor",
        Refusal::Protected => "protected",
        Refusal::SameSecret => "same secret",
        Refusal::Full => "full",
        Refusal::TooSoon(_) => "too soon",
        Refusal::TooMany(_) => "too many",
        Refusal::Unlisted => "unlisted",
        Refusal::Unusual => "unusual",
        Refusal::NotOffered => "not offered",
        Refusal::Copied { .. } => "copied",
        Refusal::EnrolmentCode => "enrolment code",
        Refusal::FutureStep(_) => "future step",
    }
}
