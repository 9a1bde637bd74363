//! Runs the table of `docs/states.md`.

use postern_rules::app_password::{Sealed, Typed, Use};
use postern_rules::contact::Address;
use postern_rules::decide::requests::REQUESTS_A_DAY;
use postern_rules::event::{By, Decision, Event, Import, Offered, Random, Recipient, Verdict};
use postern_rules::factor::{BACKUP, CONTACT, Key};
use postern_rules::name::{self, Named};
use postern_rules::platform::Policy;
use postern_rules::proof::{CHANGES_A_DAY, Change, FRESH, WORDS_A_DAY};
use postern_rules::sent::{ChallengeId, DAY};
use postern_rules::source::Source;
use postern_rules::throttle::Throttle;
use postern_rules::totp::Totp;
use postern_rules::{
    Account, AppPassword, Channel, Factor, KindName, Platform, Proof, Refusal, Seed, Stage, State, Time, backup,
    decide, retry,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

const NOW: Time = Time(1_111_111_109);
/// RFC 6238 appendix B, six digits: `NOW`'s code of the seed below.
const RIGHT: &str = "081804";
const WRONG: &str = "081805";
/// The code of the step that begins two seconds after `NOW`.
const NEXT: &str = "050471";
/// `NOW`'s code of the other seed, by oathtool.
const ANOTHER_RIGHT: &str = "055252";
/// It ends in digits, so that where it ends is a question.
const PASSWORD: &str = "correct horse 081804";
const STATES: [&str; 5] = ["off", "enrolling", "protected", "suspended", "locked"];

fn totp() -> Totp {
    Totp::new(Seed::made_of(*b"12345678901234567890"))
}

fn another_totp() -> Totp {
    Totp::new(Seed::made_of([7; 20]))
}

fn random() -> Random {
    Random { id: [1, 2, 3, 4, 5], backup: std::array::from_fn(|at| at as u8) }
}

fn backup_code() -> String {
    let (_, codes) = backup::BackupCodes::make(std::array::from_fn(|at| at as u8), NOW);
    codes[0].to_string()
}

fn app_password() -> Typed {
    Typed::made_of(&Zeroizing::new(std::array::from_fn(|at| at as u8 * 13 + 1)))
}

fn sealed(at: Time) -> Sealed {
    Sealed { key: [9; 32], text: vec![1], at }
}

/// With an app password, where there can be one, in the condition that the event names.
fn with_app_password(account: &Account, event: &str) -> Account {
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
fn with_key(account: &Account, event: &str) -> Account {
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
fn signed(counter: u32, session: ChallengeId) -> Event<'static> {
    Event::AnswerKey {
        channel: Channel::Webmail,
        key: Some((KEY, counter)),
        session,
        until: NOW.plus(60),
        source: Source::default(),
        trust: false,
    }
}

fn platform(column: &str) -> Platform {
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
        if ["trusted-browsers", "unusual-sign-in", "unlisted"].contains(&key) {
            policy.set(key, value).unwrap();
        }
    }
    let domains = vec!["example.com".to_owned()];
    Platform { name: "example".to_owned(), domains, netbios: vec!["EXAMPLE".to_owned()], enabled, policy }
}

fn after(account: &Account, event: Event<'_>) -> Account {
    match decide(account, &platform("on"), event, NOW) {
        Decision { next: Some(next), .. } => next,
        Decision { verdict, .. } => panic!("{verdict:?}"),
    }
}

/// The browser that has signed in, and its network.
const HOME: Source<'static> = Source {
    browser: Some([1; 32]),
    address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    service: None,
    client: Some("Firefox/145.0"),
    before_exchange: false,
};
const SESSION: ChallengeId = [5; 16];
const ELSEWHERE: &str = "bob@elsewhere.example";
/// The security key's id.
const KEY: &[u8] = b"key";

/// Where an event comes from, by what it says of it.
fn source(event: &str) -> Source<'static> {
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
fn with_browser(mut account: Account, event: &str) -> Account {
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
        account.throttles.insert(channel, throttle);
    }
    if event.contains("after a change") {
        account.epoch += 1;
    }
    account
}

/// As if it had been before a suspension, or before wrong codes.
fn signed_in_at_home(account: Account, trust: bool) -> Account {
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
fn own_proof(account: &mut Account, event: &str) -> Proof {
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

fn own_change(account: &Account, event: &str) -> Change {
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
fn with_a_code_sent(account: &Account) -> Account {
    let proof = Proof::of(account, Some(Change::SetContact(ELSEWHERE.to_owned())), NOW);
    let to = Recipient::Contact(By::Proof(&proof), Address::read(ELSEWHERE).unwrap());
    after(account, Event::Send { to, session: SESSION, replaces: None, code: RIGHT })
}

fn import(totp: Totp, beside: bool) -> Event<'static> {
    Event::ImportTotp(Import { totp, spent: None, codes: &[], beside, description: "", random: random() })
}

fn wrong() -> Event<'static> {
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

fn fresh() -> Account {
    let platforms = [platform("on")];
    let Ok(Named::Ours(mailbox, _)) = name::read("bob@example.com", &platforms, "") else { panic!() };
    Account::new(mailbox, "example")
}

fn account(state: &str) -> Account {
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

fn shown_state(account: &Account, now: Time) -> &'static str {
    match account.state(now) {
        State::Off => "off",
        State::Enrolling => "enrolling",
        State::Protected => "protected",
        State::Suspended(_) => "suspended",
        State::Locked(_) => "locked",
    }
}

fn shown_verdict(verdict: &Verdict) -> String {
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
        Verdict::Refused(refusal) => format!(
            "refused: {}",
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
            }
        ),
    }
}

struct Row<'a> {
    platform: &'a str,
    state: &'a str,
    event: &'a str,
    verdict: &'a str,
    next: &'a str,
}

/// The part of the document below this heading.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("the heading");
    section.split("\n## ").next().unwrap()
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let names = section(text, "Names");
    let is_of_names = |line: &str| names.as_bytes().as_ptr_range().contains(&line.as_ptr());
    let lines = text.lines().filter(|line| line.starts_with("| o") && !is_of_names(line));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [platform, state, event, verdict, next] = cells[..] else { panic!("{line}") };
            Row { platform, state, event, verdict, next }
        })
        .collect()
}

fn run(row: &Row<'_>) -> (String, String) {
    let mut account = account(row.state);
    let platform = platform(row.platform);
    let (mut now, backup_code) = (NOW, backup_code());
    let event = row.event.strip_suffix(", an hour later").unwrap_or(row.event);
    if event != row.event {
        now = now.plus(3600);
    }
    let row = &Row { event, ..*row };
    if ["ask", "signed in", "answer", "the user revokes", "unlock", "set", "remove the contact", "add,"]
        .iter()
        .any(|event| row.event.starts_with(event))
    {
        account = with_browser(account, row.event);
    }
    if row.event.contains("key") {
        account = with_key(&account, row.event);
    }
    if row.event.starts_with("the user sets the contact address") {
        account = with_a_code_sent(&account);
    }
    if row.event.starts_with("the user removes the contact address") {
        account.contact = Address::read(ELSEWHERE);
    }
    now = now.plus(match row.event.rsplit_once(", ") {
        Some((_, "a day later")) => DAY,
        Some((_, "30 days later")) => 30 * DAY,
        Some((_, "a second before 30 days are over")) => 30 * DAY - 1,
        _ => 0,
    });
    let asked_for = |channel| Event::AskFor { channel, source: source(row.event) };
    let sent = |code| Event::Answer {
        channel: Channel::Webmail,
        method: Some(CONTACT),
        code,
        window: 1,
        session: Some(SESSION),
        source: source(row.event),
        trust: false,
    };
    let channel = |event: &str| match event.rsplit_once(" at ") {
        Some((_, "imap")) => Channel::Imap,
        Some((_, "pam")) => Channel::Pam,
        _ => Channel::Webmail,
    };
    let answer = |method, code| Event::Answer {
        channel: channel(row.event),
        method,
        code,
        window: 1,
        session: None,
        source: Source::default(),
        trust: false,
    };
    let confirm = |code, epoch| Event::Confirm {
        by: By::Enrolment(Channel::Webmail, epoch),
        offered: Offered::Totp { totp: totp(), code, window: 1 },
        description: "",
        random: random(),
        source: Source::default(),
    };
    let epoch = account.epoch;
    let proof = own_proof(&mut account, row.event);
    let proven = |offered| Event::Confirm {
        by: By::Proof(&proof),
        offered,
        description: "",
        random: random(),
        source: Source::default(),
    };
    let factor = account.factors.first().map_or("none".to_owned(), |factor| factor.id.clone());
    let key = account.factors.last().map_or("none".to_owned(), |factor| factor.id.clone());
    let field = |code: &str| format!("{PASSWORD}{code}");
    let (field_right, field_wrong) = (field(RIGHT), field(WRONG));
    let field_marked = field(&format!("\u{2066}{RIGHT}\u{2069}\u{a0}\n"));
    let from = |text, source| Event::Field { channel: channel(row.event), text, window: 1, again: None, source };
    let in_one_field = |text| from(text, Source::default());
    if row.event.contains("the app password") {
        account = with_app_password(&account, row.event);
    }
    let (shown, made) =
        (app_password().shown(), AppPassword::keep(&app_password(), &account.mailbox, sealed(NOW), NOW));
    let (id, almost) = (made.id.clone(), shown.replace(&shown[shown.len() - 1..], "o"));
    let shown_marked = format!("\u{feff}{}\u{200b}\r\n", shown.replace('-', "\u{2011}"));
    let event = match row.event {
        "the app password between marks that nobody sees" => in_one_field(&shown_marked),
        "password and code right between marks that nobody sees" => in_one_field(&field_marked),
        "answer right between marks that nobody sees" => answer(None, "\u{202a}081\u{2011}804\u{202c}\u{a0}"),
        "password alone" | "password alone at imap" => in_one_field("correct horse"),
        "the app password"
        | "the app password that has expired"
        | "the app password that has expired and was seen to"
        | "the app password that is outdated"
        | "the app password within a minute"
        | "the app password that is bound to a network" => in_one_field(&shown),
        "the app password for sshd" => from(&shown, Source { service: Some("sshd"), ..Source::default() }),
        "the app password with a wrong letter at imap" => in_one_field(&almost),
        "make an app password" => Event::AddAppPassword { fresh: made, epoch, proof: None, renewed: Vec::new() },
        "make an app password of the id of the app password" => {
            Event::AddAppPassword { fresh: made, epoch, proof: None, renewed: Vec::new() }
        }
        "revoke the app password" => Event::RevokeAppPassword { id: &id, proof: None },
        "the mail server refuses the app password's" => Event::SealedRefused { id: &id, created: NOW, sealed: NOW },
        "the mail server refuses the app password's, before it was renewed" => {
            Event::SealedRefused { id: &id, created: NOW, sealed: NOW.plus(-1) }
        }
        "renew the app password, which is outdated" => Event::RenewAppPasswords(vec![sealed(NOW.plus(1))]),
        "password and code right" | "password and code right at imap" => in_one_field(&field_right),
        "password and code wrong" => in_one_field(&field_wrong),
        "ask at webmail" | "ask at imap" | "ask at pam" | "ask at webmail, enabled once" | "ask at webmail, added" => {
            Event::Ask(channel(row.event))
        }
        event if event.starts_with("ask from") => asked_for(channel(event)),
        event if event.starts_with("signed in") => Event::SignedIn { channel: channel(event), source: source(event) },
        event if event.starts_with("answer right with the code to") => sent(RIGHT),
        "answer wrong with the code to the address" => sent(WRONG),
        "the user revokes all trust but that of a trusted browser" => {
            Event::RevokeOtherTrust { browser: HOME.browser, proof: &proof }
        }
        "the user revokes all trust of a trusted browser" => Event::RevokeOtherTrust { browser: None, proof: &proof },
        event if event.starts_with("the user revokes the trust") => {
            Event::RevokeTrust { id: "0101010101010101", proof: &proof }
        }
        event if event.starts_with("the user revokes the app password") => {
            Event::RevokeAppPassword { id: &id, proof: Some(&proof) }
        }
        event if event.starts_with("the user makes an app password") => {
            Event::AddAppPassword { fresh: made, epoch, proof: Some(&proof), renewed: Vec::new() }
        }
        event if event.starts_with("the user sets the contact address") => {
            proven(Offered::Sent { session: SESSION, code: RIGHT })
        }
        event if event.starts_with("the user removes the contact address") => Event::RemoveContact { proof: &proof },
        event if event.starts_with("the user sets the language") => {
            Event::SetLanguage { language: "fr", proof: &proof }
        }
        event if event.starts_with("confirm another method") => {
            proven(Offered::Totp { totp: another_totp(), code: ANOTHER_RIGHT, window: 1 })
        }
        event if event.starts_with("rename the factor") => {
            Event::Rename { id: &factor, proof: &proof, description: "x" }
        }
        "the user removes the key that was copied" => Event::RemoveOwn { id: &key, proof: &proof },
        event if event.starts_with("the user removes the factor") => Event::RemoveOwn { id: &factor, proof: &proof },
        event if event.starts_with("make backup codes") => Event::MakeBackupCodes { proof: &proof, random: random() },
        event if event.starts_with("delete the backup codes") => Event::DeleteBackupCodes { proof: &proof },
        "set the contact address" | "set the contact address, with an address" => {
            Event::SetContact(Address::read("bob@elsewhere.example"))
        }
        "remove the contact address, with an address" => Event::SetContact(None),
        "unlock, after five wrong codes" => Event::Unlock,
        "answer right" | "answer right at imap" => answer(None, RIGHT),
        "answer right with a backup code" | "answer right with a backup code at imap" => {
            answer(Some(BACKUP), &backup_code)
        }
        "answer right once more" | "answer right once more at imap" => {
            account = after(&account, answer(None, RIGHT));
            answer(None, RIGHT)
        }
        "answer right once more, between marks that nobody sees" => {
            account = after(&account, answer(None, RIGHT));
            answer(None, "\u{202a}081\u{2011}804\u{202c}\u{a0}")
        }
        "answer an earlier code once more" => {
            account = after(&account, answer(None, RIGHT));
            now = NOW.plus(2);
            account = decide(&account, &platform, answer(None, NEXT), now).next.unwrap();
            answer(None, RIGHT)
        }
        "password and code right once more" | "password and code right once more at imap" => {
            account = after(&account, in_one_field(&field_right));
            in_one_field(&field_right)
        }
        "answer right with a backup code in the app's field"
        | "answer right with a backup code in the app's field at imap" => answer(Some(&factor), &backup_code),
        "answer wrong with a backup code in the app's field" => answer(Some(&factor), "aaaaa-aaaaa"),
        "answer right in the field for backup codes" => answer(Some(BACKUP), RIGHT),
        "answer with a slip in the app's field" => answer(Some(&factor), "0818"),
        "answer right with another method's id" => answer(Some("another"), RIGHT),
        "answer wrong" => answer(None, WRONG),
        "answer with the key" | "answer with the key that was copied" => signed(6, SESSION),
        "answer with a copy of the key" => signed(5, SESSION),
        "answer wrong for the fifth time" => {
            account = (0..4).fold(account, |account, _| after(&account, wrong()));
            answer(None, WRONG)
        }
        "confirm right" => confirm(RIGHT, account.epoch),
        "confirm wrong" => confirm(WRONG, account.epoch),
        "confirm right, offered before a reset" => confirm(RIGHT, account.epoch - 1),
        "add" | "add, enabled once" => Event::Add,
        "open a request" => Event::OpenRequest(Channel::Webmail),
        "open a request, for the fourth time today" => {
            account.requests = vec![NOW; REQUESTS_A_DAY];
            Event::OpenRequest(Channel::Webmail)
        }
        "enable with an enrolment code" => Event::Enable { enrolment_code: Some([1; 32]) },
        "enable" => Event::Enable { enrolment_code: None },
        "suspend 0 hours" => Event::Suspend(0),
        "suspend 1 hour" => Event::Suspend(1),
        "suspend 721 hours" => Event::Suspend(721),
        "resume" => Event::Resume,
        "reset" => Event::Reset { enrolment_code: None },
        "reset with an enrolment code" => Event::Reset { enrolment_code: Some([1; 32]) },
        "remove" => Event::Remove,
        "unlock" => Event::Unlock,
        "add totp" => Event::AddTotp { totp: another_totp(), description: "", random: random() },
        "import" => import(another_totp(), false),
        "import beside what is there" => import(another_totp(), true),
        "import of the same secret" => import(totp(), false),
        "add totp of the same secret" => Event::AddTotp { totp: totp(), description: "", random: random() },
        "remove the factor" => Event::RemoveFactor(&factor),
        "an hour passes" | "a second less than an hour passes" => {
            now = now.plus(if row.event.starts_with("an hour") { 3600 } else { 3599 });
            Event::Tick
        }
        other => panic!("event {other:?}"),
    };
    let decision = decide(&account, &platform, event, now);
    let next = decision.next.as_ref().map_or("-", |next| shown_state(next, now));
    (shown_verdict(&decision.verdict), next.to_owned())
}

#[test]
fn the_table_is_what_is_decided() {
    let text = include_str!("../../../docs/states.md");
    let rows = rows(text);
    let mut wrong = Vec::new();
    for row in &rows {
        let (verdict, next) = run(row);
        if (verdict.as_str(), next.as_str()) != (row.verdict, row.next) {
            wrong.push(format!("{} | {} | {}: {verdict} | {next}", row.platform, row.state, row.event));
        }
    }
    assert!(wrong.is_empty(), "docs/states.md says otherwise than decide():\n{}", wrong.join("\n"));
}

/// What a sign-in under a name comes to, as the daemon puts the rules together: whose account judges, and its verdict.
fn ask_by_name(column: &str, typed: &str, channel: Channel) -> (String, String) {
    let platforms = [platform(column)];
    let refused = || ("-".to_owned(), "refused: name".to_owned());
    let mailbox = |typed: &str| match name::read_at(channel, typed, &platforms, "example.com") {
        Ok(Named::Ours(mailbox, _)) => Ok(mailbox),
        Ok(Named::Foreign(_)) => Err(true),
        Err(_) => Err(false),
    };
    let may_pass_unlisted = name::may_pass_unlisted(channel, typed, &platforms);
    let mailbox = match mailbox(typed) {
        Ok(mailbox) => mailbox,
        Err(true) if may_pass_unlisted => {
            return ("foreign".to_owned(), "not required, where foreign names pass".to_owned());
        }
        Err(_) => return refused(),
    };
    let local = mailbox.as_str().split('@').next().unwrap().to_owned();
    let account = match local.as_str() {
        "bob" => account("protected"),
        "eve" | "josé" => after(&fresh(), Event::Add),
        _ if may_pass_unlisted => fresh(),
        _ => return refused(),
    };
    let account = Account { mailbox, ..account };
    let event = Event::AskFor { channel, source: Source::default() };
    (local, shown_verdict(&decide(&account, &platforms[0], event, NOW).verdict))
}

#[test]
fn the_table_of_names_is_what_is_decided() {
    let text = include_str!("../../../docs/states.md");
    let mut wrong = Vec::new();
    for line in section(text, "Names").lines().filter(|line| line.starts_with("| o")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [platform, typed, channel, whose, verdict] = cells[..] else { panic!("{line}") };
        let channel = match channel {
            "webmail" => Channel::Webmail,
            "imap" => Channel::Imap,
            "pam" => Channel::Pam,
            other => panic!("{other}"),
        };
        // A bar ends a cell.
        let (as_whom, what) = ask_by_name(platform, &typed.replace('¦', "|"), channel);
        if (as_whom.as_str(), what.as_str()) != (whose, verdict) {
            wrong.push(format!("{platform} | {typed} | {as_whom} | {what}"));
        }
    }
    assert!(wrong.is_empty(), "docs/states.md says otherwise than the rules:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_of_notices_is_what_is_tried() {
    let text = include_str!("../../../docs/states.md").split("## Notices").nth(1).unwrap();
    let cells = |line: &str| -> Option<(u32, i64)> {
        let (number, after) = line.trim_matches('|').split_once('|')?;
        Some((number.trim().parse().ok()?, after.trim().parse().ok()?))
    };
    let rows: Vec<_> = text.lines().filter_map(cells).collect();
    assert!(rows.len() > 5);
    let mut now = NOW;
    for (number, after) in rows {
        let again = retry::again(NOW, number - 2, now).unwrap();
        assert_eq!(again, now.plus(after), "try {number}");
        assert!(!retry::is_due(again, again.plus(-1)) && retry::is_due(again, again));
        now = again;
    }
    assert!(retry::again(NOW, 9, NOW.plus(12 * 3600 - 1)).is_some());
    assert!(retry::again(NOW, 9, NOW.plus(12 * 3600)).is_none());
    // A clock that steps back and forth does not have it tried for ever.
    assert!(retry::again(NOW, retry::TRIES_MAX, NOW.plus(-DAY)).is_none());
    assert!(retry::is_due(NOW.plus(DAY), NOW), "a clock that was ahead put it there");
}

#[test]
fn the_table_is_whole() {
    let text = include_str!("../../../docs/states.md");
    let listed: BTreeSet<(String, String)> =
        rows(text).iter().map(|row| (row.state.to_owned(), row.event.to_owned())).collect();
    let everywhere = [
        "ask at webmail",
        "answer right",
        "confirm right",
        "add",
        "enable",
        "suspend 1 hour",
        "resume",
        "reset",
        "remove",
        "unlock",
        "add totp",
        "import",
        "remove the factor",
        "password alone",
        "the app password",
        "open a request",
        "make an app password",
        "revoke the app password",
        "an hour passes",
    ];
    let own = [
        "confirm another method",
        "the user removes the factor beside a key",
        "make backup codes",
        "delete the backup codes",
        "the user makes an app password",
        "the user sets the contact address",
        "the user removes the contact address",
    ];
    let brought = [
        "",
        ", signed in",
        ", with a factor for something else",
        ", with a factor that was used",
        ", with a factor of a quarter of an hour ago",
        ", with a factor of before a change",
        ", for the 31st time today",
    ];
    for event in own.iter().flat_map(|event| brought.map(|brought| format!("{event}{brought}"))) {
        assert!(listed.contains(&("protected".to_owned(), event.clone())), "no row for {event}");
    }
    for state in STATES {
        for event in everywhere {
            assert!(listed.contains(&(state.to_owned(), event.to_owned())), "no row for {state} and {event}");
        }
    }
}
