//! Random sequences of events, with a clock that also steps back: what must hold after each of them.

mod events;

use crate::events::{By, Event, Offered, Random, Verdict, decide};
use postern_rules::app_password::{Sealed, Typed};
use postern_rules::factor::BACKUP;
use postern_rules::name::{LookupName, Named};
use postern_rules::platform::Policy;
use postern_rules::source::Source;
use postern_rules::throttle::BOUND;
use postern_rules::totp::Totp;
use postern_rules::{Account, AppPassword, Budget, Channel, Kind, Platform, Seed, Stage, State, Time};
use proptest::prelude::*;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

const START: Time = Time(1_700_000_000);

/// What a sequence is made of; indices stand for things that only exist once the sequence runs.
#[derive(Debug, Clone)]
enum Step {
    Ask(Channel),
    /// The code of the factor at this index, so many steps off.
    Right(Channel, usize, i64),
    /// The backup code at this index of all that were ever shown.
    Backup(Channel, usize),
    Wrong(Channel),
    /// An enrolment that was offered at an epoch so many behind.
    Confirm(Channel, u8, bool, u64),
    AddTotp(u8),
    RemoveFactor(usize),
    Enable,
    Suspend(i64),
    Resume,
    Reset,
    Remove,
    Unlock,
    Clock(i64),
    Switch(bool),
    Policy(bool),
    /// An app password made of this byte.
    MakeAppPassword(u8),
    UseAppPassword(Channel, u8),
    Revoke(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let channel = prop_oneof![Just(Channel::Webmail), Just(Channel::Imap), Just(Channel::Pop3), Just(Channel::Pam)];
    let app_channel = channel.clone();
    prop_oneof![
        3 => channel.clone().prop_map(Step::Ask),
        6 => (channel.clone(), 0usize..4, -3i64..=3).prop_map(|(channel, at, off)| Step::Right(channel, at, off)),
        2 => (channel.clone(), 0usize..30).prop_map(|(channel, at)| Step::Backup(channel, at)),
        4 => channel.clone().prop_map(Step::Wrong),
        4 => (channel, 0u8..3, any::<bool>(), 0u64..2).prop_map(|(d, seed, right, late)| Step::Confirm(d, seed, right, late)),
        4 => (0u8..3).prop_map(Step::AddTotp),
        3 => (0usize..4).prop_map(Step::RemoveFactor),
        3 => Just(Step::Enable),
        2 => (-1i64..=721).prop_map(Step::Suspend),
        1 => Just(Step::Resume),
        1 => Just(Step::Reset),
        1 => Just(Step::Remove),
        1 => Just(Step::Unlock),
        5 => prop_oneof![-7200i64..7200, -90i64..90, Just(3600 * 24)].prop_map(Step::Clock),
        1 => any::<bool>().prop_map(Step::Switch),
        1 => any::<bool>().prop_map(Step::Policy),
        2 => (0u8..3).prop_map(Step::MakeAppPassword),
        2 => (app_channel, 0u8..3).prop_map(|(channel, at)| Step::UseAppPassword(channel, at)),
        1 => (0u8..3).prop_map(Step::Revoke),
    ]
}

fn totp(seed: u8) -> Totp {
    Totp::new(Seed::made_of([seed; 20]))
}

/// The code that an app shows, by the crate's own means: what is asked here is not arithmetic but acceptance.
fn code(totp: &Totp, now: Time) -> String {
    (0..1_000_000u32)
        .map(|code| format!("{code:06}"))
        .find(|code| Totp::new(totp.seed().clone()).matching_step(code, now, 0).is_some())
        .unwrap()
}

/// Searching for a code is slow, so a right answer is given by a generator beside the rules.
fn app(totp: &Totp, now: Time) -> String {
    totp_rs::Builder::new().with_secret(totp.seed().reveal()).build_noncompliant().generate(now.unsigned()).to_string()
}

fn app_password(byte: u8) -> Typed {
    Typed::made_of(&Zeroizing::new([byte; 16]))
}

fn random(turn: usize) -> Random {
    let bytes = |at: usize| (at * 31 + turn * 131) as u8;
    Random { id: std::array::from_fn(bytes), backup: std::array::from_fn(bytes) }
}

#[test]
fn the_app_and_the_rules_agree() {
    let totp = totp(9);
    assert_eq!(code(&totp, START), app(&totp, START));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_accepted_twice_and_nothing_grows_by_itself(steps in prop::collection::vec(step(), 1..80)) {
        let domains = vec!["example.com".to_owned()];
        let policy = Policy::default();
        let mut platform = Platform { name: "p".to_owned(), domains, netbios: vec![], enabled: true, policy };
        let platforms = [platform.clone()];
        let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&platforms, "") else { panic!() };
        let mut account = Account::new(mailbox, "p");
        let mut now = START;
        let mut shown: Vec<String> = Vec::new();
        // (seed, step) that were ever accepted, and backup codes that were since all of them were last gone.
        let mut spent: BTreeSet<(Vec<u8>, u64)> = BTreeSet::new();
        let mut spent_codes: BTreeSet<String> = BTreeSet::new();
        let mut failures_in_a_row = [0u32; 3];
        // App passwords that were made and not taken back since.
        let mut app_passwords: BTreeSet<u8> = BTreeSet::new();

        for (turn, step) in steps.into_iter().enumerate() {
            let before = account.clone();
            let (mut typed, mut answered_at, mut may_shorten, mut may_move) = (String::new(), None, false, false);
            let event = match &step {
                Step::Clock(seconds) => { now = Time((now.0 + seconds).max(0)); Event::Tick }
                Step::Switch(on) => { platform.enabled = *on; Event::Tick }
                Step::Policy(pass) => { platform.policy.unenrolled_pass = *pass; Event::Tick }
                Step::Ask(channel) => Event::Ask(*channel),
                Step::Right(channel, at, off) => {
                    if let Some(factor) = account.factors.get(*at) {
                        let Kind::Totp(totp) = &factor.kind else { panic!() };
                        typed = app(totp, now.plus(off * 30));
                    }
                    answered_at = Some(*channel);
                    Event::Answer { channel: *channel, method: None, code: &typed, window: 1, session: None, source: Source::default(), trust: false }
                }
                Step::Backup(channel, at) => {
                    typed = shown.get(*at).cloned().unwrap_or_default();
                    answered_at = Some(*channel);
                    Event::Answer { channel: *channel, method: None, code: &typed, window: 1, session: None, source: Source::default(), trust: false }
                }
                Step::Wrong(channel) => {
                    answered_at = Some(*channel);
                    Event::Answer { channel: *channel, method: None, code: "no code", window: 1, session: None, source: Source::default(), trust: false }
                }
                Step::Confirm(channel, seed, right, late) => {
                    let offered = totp(*seed);
                    typed = if *right { app(&offered, now) } else { "no code".to_owned() };
                    let epoch = account.epoch.wrapping_sub(*late);
                    Event::Confirm {
                        by: By::Enrolment { channel: *channel, epoch, code: None },
                        offered: Offered::Totp { totp: offered, code: &typed, window: 1 },
                        description: "",
                        random: random(turn),
                        source: Source::default(),
                    }
                }
                Step::AddTotp(seed) => Event::AddTotp { totp: totp(*seed), description: "", random: random(turn) },
                Step::RemoveFactor(at) => {
                    typed = account.factors.get(*at).map_or(String::new(), |factor| factor.id.clone());
                    Event::RemoveFactor(&typed)
                }
                Step::Enable => { may_shorten = true; Event::Enable { enrolment_code: None } }
                Step::Suspend(hours) => { may_move = true; Event::Suspend(*hours) }
                Step::Resume => { may_move = true; Event::Resume }
                Step::Reset => { may_shorten = true; may_move = true; Event::Reset { enrolment_code: None } }
                Step::Remove => { may_shorten = true; may_move = true; Event::Remove }
                Step::Unlock => { may_shorten = true; Event::Unlock }
                Step::MakeAppPassword(byte) => {
                    let sealed = Sealed { key: [*byte; 32], text: vec![], at: now };
                    let fresh = AppPassword::keep(&app_password(*byte), &account.mailbox, sealed, now);
                    Event::AddAppPassword { fresh, epoch: account.epoch, proof: None, renewed: Vec::new() }
                }
                Step::UseAppPassword(channel, byte) => {
                    typed = app_password(*byte).shown().to_string();
                    Event::Field { channel: *channel, text: &typed, window: 1, again: None, source: Source::default() }
                }
                Step::Revoke(byte) => {
                    typed = app_password(*byte).id().to_owned();
                    Event::RevokeAppPassword { id: &typed, proof: None }
                }
            };
            let decision = decide(&account, &platform, event, now);
            let gone = matches!(step, Step::Reset | Step::Remove) && decision.verdict == Verdict::Done;
            match &decision.verdict {
                Verdict::Accepted { method, .. } if method == BACKUP => {
                    prop_assert!(spent_codes.insert(typed.clone()), "backup code twice");
                }
                Verdict::Accepted { method, .. } => {
                    let used = before.factors.iter().find(|factor| factor.id == *method).unwrap();
                    let Kind::Totp(totp) = &used.kind else { panic!() };
                    let step = totp.matching_step(&typed, now, 1).unwrap();
                    let seed = totp.seed().reveal().to_vec();
                    prop_assert!(spent.insert((seed, step)), "step {step} twice");
                }
                Verdict::Added { backup_codes, .. } => {
                    shown.extend(backup_codes.iter().flatten().map(|code| code.to_string()));
                    if let (Step::Confirm(_, seed, ..), Some(factor)) = (&step, decision.next.as_ref().and_then(|next| next.factors.last())) {
                        let Kind::Totp(fresh) = &factor.kind else { panic!() };
                        prop_assert_eq!(fresh.matching_step(&typed, now, 0), None, "the confirming code is still good");
                        let _ = seed;
                    }
                }
                Verdict::AppPassword { .. } => {
                    let Step::UseAppPassword(_, byte) = step else { panic!("{step:?}") };
                    prop_assert!(app_passwords.contains(&byte), "an app password that is not there");
                }
                Verdict::NotRequired => {
                    let (Step::Ask(channel) | Step::UseAppPassword(channel, _)) = step else { panic!("{step:?}") };
                    let why = !platform.enabled
                        || matches!(account.state(now), State::Off | State::Suspended(_))
                        || (account.state(now) == State::Enrolling && platform.policy.unenrolled_pass && !channel.can_enrol());
                    prop_assert!(why);
                }
                _ => {}
            }
            if gone { spent_codes.clear(); shown.clear(); app_passwords.clear(); }
            match (&step, &decision.verdict) {
                (Step::MakeAppPassword(byte), Verdict::Done) => prop_assert!(app_passwords.insert(*byte)),
                (Step::Revoke(byte), Verdict::Done) => prop_assert!(app_passwords.remove(byte)),
                (Step::UseAppPassword(_, byte), verdict) => {
                    let passes = matches!(verdict, Verdict::AppPassword { .. });
                    prop_assert_eq!(passes, app_passwords.contains(byte), "whatever else is asked of the account");
                }
                _ => {}
            }
            let accepted = matches!(decision.verdict, Verdict::Accepted { .. });
            if let Some(next) = decision.next { account = next; }

            for (at, budget) in Budget::ALL.into_iter().enumerate() {
                let count = |account: &Account| account.throttles.get(&budget).copied().unwrap_or_default();
                let (was, is) = (count(&before), count(&account));
                let shorter = is.failures < was.failures || is.until < was.until;
                let answered_here = answered_at.is_some_and(|channel| channel.budget() == budget);
                prop_assert!(!shorter || may_shorten || (accepted && answered_here), "{step:?}");
                failures_in_a_row[at] = if is.failures == 0 { 0 } else { is.failures };
            }
            prop_assert!(failures_in_a_row.iter().sum::<u32>() <= BOUND);
            let end = |account: &Account| account.suspension.map_or(Time(i64::MIN), |suspension| suspension.until);
            prop_assert!(end(&account) <= end(&before) || may_move, "a suspension grew: {step:?}");
            match account.stage {
                Stage::Protected => prop_assert!(!account.factors.is_empty()),
                Stage::Off => prop_assert!(account.app_passwords.is_empty() && account.factors.is_empty()),
                Stage::Enrolling => prop_assert!(account.factors.is_empty() && account.backup.is_none()),
            }
            let kept = serde_json::to_string(&account).unwrap();
            prop_assert_eq!(serde_json::from_str::<Account>(&kept).unwrap(), account.clone());
        }
    }

    #[test]
    fn a_suspension_that_has_ended_does_not_come_back(hours in 1i64..=720, back in 0i64..1_000_000) {
        let domains = vec!["example.com".to_owned()];
        let platform = Platform { name: "p".to_owned(), domains, netbios: vec![], enabled: true, policy: Policy::default() };
        let platforms = [platform.clone()];
        let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&platforms, "") else { panic!() };
        let off = Account::new(mailbox, "p");
        let enabled = decide(&off, &platform, Event::Enable { enrolment_code: None }, START).next.unwrap();
        let suspended = decide(&enabled, &platform, Event::Suspend(hours), START).next.unwrap();
        let end = START.plus(hours * 3600);
        prop_assert_eq!(suspended.state(end.plus(-1)), State::Suspended(end));
        prop_assert_eq!(suspended.state(end), State::Enrolling);
        let ended = decide(&suspended, &platform, Event::Tick, end).next.unwrap();
        prop_assert_eq!(ended.state(end.plus(-back)), State::Enrolling);
    }
}
