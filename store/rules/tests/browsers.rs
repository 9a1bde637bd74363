//! Browsers that are known and trusted, in random sequences with a clock that also steps back: what must hold after each
//! event; and records that were written before there were any.

mod events;

use crate::events::{By, Event, Offered, Random, Recipient, Refusal, Verdict, decide};
use postern_rules::browser::{self, REMEMBERED};
use postern_rules::contact::Address;
use postern_rules::factor::{CONTACT, Key};
use postern_rules::name::{LookupName, Named};
use postern_rules::platform::{Policy, UnusualSignIn};
use postern_rules::proof::Change;
use postern_rules::sent::DAY;
use postern_rules::source::{self, Source};
use postern_rules::time::CLOCK_TOLERANCE;
use postern_rules::{Account, Channel, KindName, Platform, Proof, Stage, State, Time};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;

const START: Time = Time(1_800_000_000);
const BROWSERS: u8 = 6;
const NETWORKS: u8 = 3;
const KEY: &[u8] = &[7];

/// What a sequence is made of.
#[derive(Debug, Clone)]
enum Step {
    /// A browser in a network signs in with its key, and may trust the browser.
    Answer(u8, u8, bool),
    SignedIn(u8, u8),
    /// A code is sent to the contact address for this browser's sign-in.
    Send(u8, u8),
    /// The last code that was sent, or a wrong one.
    AnswerSent(u8, u8, bool),
    Contact(bool),
    Enable,
    Enrol(u8, u8),
    AddKey,
    RemoveKey,
    Suspend,
    Resume,
    Reset,
    Remove,
    Unlock,
    Revoke(u8),
    RevokeOthers(u8),
    Clock(i64),
    Switch(bool),
    TrustDays(u32),
    Unusual(u8),
    Unlisted(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let (browser, network) = (0..BROWSERS, 0..NETWORKS);
    prop_oneof![
        8 => (browser.clone(), network.clone(), any::<bool>()).prop_map(|(b, n, trust)| Step::Answer(b, n, trust)),
        4 => (browser.clone(), network.clone()).prop_map(|(b, n)| Step::SignedIn(b, n)),
        3 => (browser.clone(), network.clone()).prop_map(|(b, n)| Step::Send(b, n)),
        4 => (browser.clone(), network.clone(), any::<bool>()).prop_map(|(b, n, right)| Step::AnswerSent(b, n, right)),
        2 => any::<bool>().prop_map(Step::Contact),
        2 => Just(Step::Enable),
        6 => (browser.clone(), network).prop_map(|(b, n)| Step::Enrol(b, n)),
        1 => Just(Step::AddKey),
        1 => Just(Step::RemoveKey),
        1 => Just(Step::Suspend),
        1 => Just(Step::Resume),
        1 => Just(Step::Reset),
        1 => Just(Step::Remove),
        1 => Just(Step::Unlock),
        1 => browser.clone().prop_map(Step::Revoke),
        1 => browser.prop_map(Step::RevokeOthers),
        5 => prop_oneof![-2 * DAY..40 * DAY, -400i64..400, Just(REMEMBERED)].prop_map(Step::Clock),
        1 => any::<bool>().prop_map(Step::Switch),
        3 => prop_oneof![Just(0u32), Just(1), Just(30), Just(90)].prop_map(Step::TrustDays),
        2 => (0u8..3).prop_map(Step::Unusual),
        1 => any::<bool>().prop_map(Step::Unlisted),
    ]
}

fn source(browser: u8, network: u8) -> Source<'static> {
    Source { browser: Some([browser; 32]), address: Some(IpAddr::from([198, 51, network, 7])), ..Source::default() }
}

fn bob(platform: &Platform) -> Account {
    let platforms = [platform.clone()];
    let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&platforms, "") else { panic!() };
    Account::new(mailbox, "p")
}

fn platform() -> Platform {
    let domains = vec!["example.com".to_owned()];
    Platform { name: "p".to_owned(), domains, netbios: vec![], enabled: true, policy: Policy::default() }
}

fn key(id: &[u8]) -> Key {
    Key { id: id.to_vec(), counter: 0, credential: String::new(), copied: false }
}

fn random(turn: usize) -> Random {
    Random { id: std::array::from_fn(|at| (at + turn * 31) as u8), backup: std::array::from_fn(|at| at as u8) }
}

/// The first method is set up in a browser.
fn enrols(source: Source<'static>) -> Event<'static> {
    let (by, offered) = (By::Enrolment { channel: Channel::Webmail, epoch: 1, code: None }, Offered::Key(key(KEY)));
    Event::Confirm { by, offered, description: "", random: random(1), source }
}

fn id(browser: u8) -> String {
    format!("{browser:02x}").repeat(8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]
    #[test]
    fn trust_ends_when_it_must_and_nobody_unknown_is_let_in(steps in prop::collection::vec(step(), 1..80)) {
        let mut platform = platform();
        let mut account = bob(&platform);
        let mut now = START;
        // Which browser was trusted when, for how many days; and what is known: of each browser a network, when, and
        // whether it is that alone which vouches for the browser.
        let mut trusted: BTreeMap<u8, (Time, u32)> = BTreeMap::new();
        let mut known: BTreeMap<u8, (u8, Time, bool)> = BTreeMap::new();
        let mut sent = (String::new(), [0; 16]);
        for (turn, step) in steps.into_iter().enumerate() {
            let before = account.clone();
            let channel = Channel::Webmail;
            let (text, session) = (format!("{turn:06}"), [turn as u8; 16]);
            let which;
            let proof;
            let event = match &step {
                Step::Answer(b, n, trust) => {
                    let (source, trust) = (source(*b, *n), *trust);
                    Event::AnswerKey { channel, key: Some((KEY, 0)), session, until: now.plus(1), source, trust }
                }
                Step::SignedIn(b, n) => Event::SignedIn { channel, source: source(*b, *n) },
                Step::Send(b, n) => {
                    let to = Recipient::SignIn(channel, source(*b, *n));
                    Event::Send { to, session, replaces: None, code: &text }
                }
                Step::AnswerSent(b, n, right) => Event::Answer {
                    channel,
                    method: Some(CONTACT),
                    code: if *right { &sent.0 } else { "none" },
                    window: 1,
                    session: Some(sent.1),
                    source: source(*b, *n),
                    trust: true,
                },
                Step::Contact(is) => Event::SetContact(Address::read("b@elsewhere.example").filter(|_| *is)),
                Step::Enable => Event::Enable { enrolment_code: None },
                Step::Enrol(b, n) => Event::Confirm {
                    by: By::Enrolment { channel, epoch: account.epoch, code: None },
                    offered: Offered::Key(key(KEY)),
                    description: "",
                    random: random(turn),
                    source: source(*b, *n),
                },
                Step::AddKey => Event::Confirm {
                    by: By::Proof({
                        proof = Proof::of(&account, Some(Change::AddMethod { kind: KindName::Key, to: None }), now);
                        &proof
                    }),
                    offered: Offered::Key(key(&[8])),
                    description: "",
                    random: random(turn),
                    source: Source::default(),
                },
                Step::RemoveKey => {
                    which = account.factors.last().map_or(String::new(), |factor| factor.id.clone());
                    Event::RemoveFactor(&which)
                }
                Step::Suspend => Event::Suspend(2),
                Step::Resume => Event::Resume,
                Step::Reset => Event::Reset { enrolment_code: None },
                Step::Remove => Event::Remove,
                Step::Unlock => Event::Unlock,
                Step::Revoke(b) => {
                    (which, proof) = (id(*b), Proof::of(&account, None, now));
                    Event::RevokeTrust { id: &which, proof: &proof }
                }
                Step::RevokeOthers(b) => {
                    proof = Proof::of(&account, None, now);
                    Event::RevokeOtherTrust { browser: Some([*b; 32]), proof: &proof }
                }
                Step::Clock(seconds) => { now = now.plus(*seconds); Event::Tick }
                Step::Switch(on) => { platform.enabled = *on; Event::Tick }
                Step::TrustDays(days) => {
                    platform.policy.set("trusted-browsers", &days.to_string()).unwrap();
                    Event::Tick
                }
                Step::Unusual(at) => {
                    platform.policy.set("unusual-sign-in", ["off", "learn", "ask"][usize::from(*at)]).unwrap();
                    Event::Tick
                }
                Step::Unlisted(pass) => { platform.policy.unlisted = Some(*pass).into(); Event::Tick }
            };
            let asked = |account: &Account, b: u8, n: u8| {
                decide(account, &platform, Event::AskFor { channel, source: source(b, n) }, now).verdict
            };
            let asked_before = match step {
                Step::SignedIn(b, n) | Step::AnswerSent(b, n, _) => Some(asked(&account, b, n)),
                _ => None,
            };
            let decision = decide(&account, &platform, event, now);
            if let Some(next) = decision.next { account = next; }
            let is_done = matches!(decision.verdict, Verdict::Done | Verdict::Accepted { .. } | Verdict::Added { .. });

            // What ought to be so now.
            match (&step, is_done) {
                (Step::Answer(b, n, trust), true) => {
                    known.insert(*b, (*n, now, false));
                    if *trust && platform.policy.trusted_browsers > 0 {
                        trusted.insert(*b, (now, platform.policy.trusted_browsers));
                    }
                }
                (Step::Enrol(b, n), true) => { known = BTreeMap::from([(*b, (*n, now, false))]); }
                (Step::SignedIn(b, n), true) => {
                    let verdict = asked_before.unwrap();
                    prop_assert!(matches!(verdict, Verdict::NotRequired | Verdict::Trusted { .. }), "{verdict:?}");
                    let is_asked = platform.policy.unusual_sign_in == UnusualSignIn::Ask && before.stage == Stage::Off;
                    let as_before = match known.get(b) {
                        _ if !is_asked => (*n, now, false),
                        Some((network, _, true)) => (*network, now, true),
                        Some((.., false)) => (*n, now, false),
                        None => (*n, now, true),
                    };
                    known.insert(*b, as_before);
                }
                (Step::AnswerSent(b, n, right), true) => {
                    prop_assert_eq!(asked_before, Some(Verdict::Unusual));
                    prop_assert!(*right && before.contact.is_some());
                    known.insert(*b, (*n, now, false));
                    sent.0 = "accepted once".to_owned();
                }
                (Step::Send(..), _) if matches!(decision.verdict, Verdict::Send { .. }) => sent = (text.clone(), session),
                (Step::Revoke(b), true) => drop(trusted.remove(b)),
                (Step::RevokeOthers(b), true) => trusted.retain(|other, _| other == b),
                (Step::Reset | Step::Remove, true) => known.clear(),
                (Step::Enable, true) if before.stage == Stage::Off => known.clear(),
                (Step::TrustDays(0), _) => trusted.clear(),
                _ => {}
            }
            if account.epoch != before.epoch { trusted.clear(); }
            if matches!(step, Step::SignedIn(..) | Step::Send(..) | Step::AnswerSent(..)) {
                prop_assert_eq!((account.stage, account.epoch, account.unlisted), (before.stage, before.epoch, before.unlisted));
            }

            for b in 0..BROWSERS {
                for n in 0..NETWORKS {
                    let verdict = asked(&account, b, n);
                    if let Verdict::Trusted { browser } = &verdict {
                        prop_assert_eq!(browser, &id(b));
                        let Some((since, days)) = trusted.get(&b) else { panic!("{b} was never trusted, or no more") };
                        let days = i64::from(platform.policy.trusted_browsers.min(*days));
                        prop_assert!(now < since.plus(days * DAY) && now >= since.plus(-CLOCK_TOLERANCE));
                        prop_assert!(account.stage == Stage::Protected && platform.enabled);
                    }
                    let is_asked = account.state(now) == State::Off && platform.enabled
                        && platform.policy.unusual_sign_in == UnusualSignIn::Ask;
                    let is_known = known.iter().any(|(other, (network, at, there_only))| {
                        (*other == b && !there_only || *network == n) && now < at.plus(REMEMBERED)
                    });
                    prop_assert!(verdict != Verdict::NotRequired || !is_asked || is_known, "{b} {n}");
                    let is_refused = account.state(now) == State::Off && account.unlisted
                        && !platform.policy.unlisted.passes(false) && platform.enabled;
                    prop_assert!(!is_refused || verdict == Verdict::Refused(Refusal::Unlisted));
                    let elsewhere = Event::AskFor { channel: Channel::Imap, source: source(b, n) };
                    let required = decide(&account, &platform, Event::Ask(Channel::Imap), now).verdict;
                    prop_assert_eq!(decide(&account, &platform, elsewhere, now).verdict, required);
                }
            }
            prop_assert!(account.browsers.iter().len() <= browser::BROWSERS_MAX);
            let kept = serde_json::to_string(&account).unwrap();
            prop_assert_eq!(serde_json::from_str::<Account>(&kept).unwrap(), account.clone());
        }
    }
}

#[test]
fn a_record_from_before_there_were_browsers_is_read_as_a_listed_account() {
    let old = r#"{"mailbox":"bob@example.com","platform":"p","stage":"off"}"#;
    let account: Account = serde_json::from_str(old).unwrap();
    assert!(account.browsers.is_empty() && !account.unlisted);
    let mut platform = platform();
    platform.policy = serde_json::from_str(r#"{"unlisted_pass":false}"#).unwrap();
    assert_eq!(decide(&account, &platform, Event::Ask(Channel::Webmail), START).verdict, Verdict::NotRequired);
    // And it is written as it was, where nothing is to be said of them.
    let written = serde_json::to_string(&account).unwrap();
    assert!(!written.contains("browsers") && !written.contains("unlisted"), "{written}");
}

#[test]
fn a_token_is_kept_as_its_hash() {
    let token = "A".repeat(source::TOKEN_LENGTH);
    let (mut platform, source) = (platform(), Source { browser: source::token(&token), ..source(1, 1) });
    platform.policy.set("unusual-sign-in", "learn").unwrap();
    let event = Event::SignedIn { channel: Channel::Webmail, source };
    let account = decide(&bob(&platform), &platform, event, START).next.unwrap();
    assert_eq!(account.browsers.iter().len(), 1);
    assert!(!serde_json::to_string(&account).unwrap().contains(&token));
}

/// Whoever has the password, and signs in once where the owner is, is let in there, and by that nowhere else.
#[test]
fn a_sign_in_from_a_known_network_makes_its_browser_known_in_that_network_only() {
    let mut platform = platform();
    let mut account = bob(&platform);
    account.contact = Address::read("b@elsewhere.example");
    let channel = Channel::Webmail;
    let signs_in = |account: &mut Account, platform: &Platform, source, now: Time| {
        let decision = decide(account, platform, Event::SignedIn { channel, source }, now);
        account.clone_from(&decision.next.unwrap());
    };
    platform.policy.set("unusual-sign-in", "learn").unwrap();
    signs_in(&mut account, &platform, source(1, 1), START);
    platform.policy.set("unusual-sign-in", "ask").unwrap();
    signs_in(&mut account, &platform, source(2, 1), START);
    let asked = |account: &Account, b, n| {
        decide(account, &platform, Event::AskFor { channel, source: source(b, n) }, START).verdict
    };
    assert_eq!(asked(&account, 2, 1), Verdict::NotRequired);
    assert_eq!(asked(&account, 2, 2), Verdict::Unusual);
    assert_eq!(asked(&account, 1, 2), Verdict::NotRequired, "it was learned");
    // A code at the contact address changes that.
    let (session, to) = ([1; 16], Recipient::SignIn(channel, source(2, 2)));
    let send = Event::Send { to, session, replaces: None, code: "000001" };
    account = decide(&account, &platform, send, START).next.unwrap();
    let (method, code, session) = (Some(CONTACT), "000001", Some(session));
    let answer = Event::Answer { channel, method, code, window: 1, session, source: source(2, 2), trust: false };
    account = decide(&account, &platform, answer, START).next.unwrap();
    assert_eq!(asked(&account, 2, 0), Verdict::NotRequired);
    // In a record from before, all are known as if they had been learned.
    let mut old = serde_json::to_value(&account).unwrap();
    for browser in old["browsers"].as_array_mut().unwrap() {
        let browser = browser.as_object_mut().unwrap();
        browser.remove("only_in");
        browser.remove("news");
    }
    let old: Account = serde_json::from_value(old).unwrap();
    assert!((1..=2).all(|browser| asked(&old, browser, 0) == Verdict::NotRequired));
}

/// The front draws a token for a browser that is to be trusted.
#[test]
fn what_a_trusted_browser_was_known_by_before_is_forgotten() {
    let mut platform = platform();
    platform.policy.set("trusted-browsers", "30").unwrap();
    let mut account = bob(&platform);
    for event in [Event::Enable { enrolment_code: None }, enrols(source(1, 1))] {
        account = decide(&account, &platform, event, START).next.unwrap();
    }
    let mut turn = 0;
    let mut answers = |account: &mut Account, b, n, trust, now: Time| {
        turn += 1;
        let (key, session) = (Some((KEY, 0)), [turn; 16]);
        let event = Event::AnswerKey {
            channel: Channel::Webmail,
            key,
            session,
            until: now.plus(1),
            source: source(b, n),
            trust,
        };
        let next = decide(account, &platform, event, now).next.unwrap();
        *account = next;
    };
    let ids = |account: &Account| account.browsers.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    answers(&mut account, 2, 1, true, START);
    assert_eq!(ids(&account), [id(2)]);
    // What is elsewhere stays, and so does what is trusted, until its time is over.
    answers(&mut account, 3, 2, false, START);
    answers(&mut account, 4, 1, true, START.plus(DAY));
    assert_eq!(ids(&account), [id(2), id(3), id(4)]);
    answers(&mut account, 5, 1, true, START.plus(30 * DAY));
    assert_eq!(ids(&account), [id(3), id(4), id(5)]);
}
