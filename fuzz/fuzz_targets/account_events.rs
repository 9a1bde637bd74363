//! Sequences of events on an account, with a clock that moves in both directions: nothing is accepted twice, the rules
//! decide about everything that passes, and no event panics.
#![no_main]

#[path = "../../store/rules/tests/events/mod.rs"]
mod events;

use events::{By, Event, Offered, Random, Verdict, decide};
use libfuzzer_sys::fuzz_target;
use postern_rules::factor::BACKUP;
use postern_rules::source::Source;
use postern_rules::name::{LookupName, Named};
use postern_rules::platform::{Policy, UnusualSignIn};
use postern_rules::totp::Totp;
use postern_rules::{Account, Channel, Kind, Platform, Seed, Stage, State, Time};
use std::collections::BTreeSet;

fn random(turn: usize) -> Random {
    let byte = |at: usize| (at.wrapping_mul(31) ^ turn.wrapping_mul(131)) as u8;
    Random { id: std::array::from_fn(byte), backup: std::array::from_fn(byte) }
}

fuzz_target!(|steps: Vec<(u8, i32)>| {
    let domains = vec!["example.com".to_owned()];
    let policy = Policy::default();
    let mut platform = Platform { name: "p".to_owned(), domains, netbios: vec![], enabled: true, policy };
    let platforms = [platform.clone()];
    let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&platforms, "") else { return };
    let (mut account, mut now) = (Account::new(mailbox, "p"), Time(1_700_000_000));
    let (mut shown, mut spent_codes) = (Vec::<String>::new(), BTreeSet::new());
    let mut steps_spent: BTreeSet<(Vec<u8>, u64)> = BTreeSet::new();
    // Browsers that a user has marked as trusted, and the account's epoch at that time.
    let mut trusted: BTreeSet<(u8, u64)> = BTreeSet::new();
    for (turn, (what, with)) in steps.into_iter().enumerate().take(200) {
        let channel = Channel::ALL[usize::from(what >> 4) % Channel::ALL.len()];
        let mut typed = format!("{:06}", with.unsigned_abs() % 1_000_000);
        let browser = with.to_le_bytes()[3] % 4;
        let address = [192, 0, 2, browser].into();
        let source = Source { address: Some(address), browser: Some([browser; 32]), ..Source::default() };
        let trust = with & 1 == 0;
        let offered = || Totp::new(Seed::made_of([with as u8; 20]));
        let event = match what & 15 {
            0 => Event::Ask(channel),
            1 => Event::AskFor { channel, source },
            2 => Event::Answer { channel, method: None, code: &typed, window: 10, session: None, source, trust },
            3 => {
                typed = shown.get(with as usize % shown.len().max(1)).cloned().unwrap_or_default();
                let method = Some(BACKUP);
                Event::Answer { channel, method, code: &typed, window: 10, session: None, source, trust }
            }
            4 => Event::Confirm {
                by: By::Enrolment { channel, epoch: account.epoch, code: None },
                offered: Offered::Totp { totp: offered(), code: &typed, window: 10 },
                description: "",
                random: random(turn),
                source,
            },
            5 | 6 => Event::AddTotp { totp: offered(), description: "x", random: random(turn) },
            7 => Event::RemoveFactor("aaaaaaaa"),
            8 => Event::Enable { enrolment_code: None },
            9 => Event::Suspend(i64::from(with)),
            10 => Event::Resume,
            11 => Event::Reset { enrolment_code: None },
            12 => Event::Remove,
            13 => Event::Unlock,
            14 => {
                platform.enabled = with & 1 == 0;
                platform.policy.unenrolled_pass = with & 2 == 0;
                platform.policy.trusted_browsers = with.unsigned_abs() / 4 % 3;
                platform.policy.unusual_sign_in = [UnusualSignIn::Off, UnusualSignIn::Ask][usize::from(with & 8 != 0)];
                Event::Tick
            }
            _ => {
                now = Time(now.0.saturating_add(i64::from(with)));
                Event::Tick
            }
        };
        let gone = matches!(event, Event::Reset { .. } | Event::Remove);
        let asked = matches!(event, Event::Ask(_) | Event::AskFor { .. });
        let answered = matches!(event, Event::Answer { .. });
        let before = account.clone();
        let decision = decide(&account, &platform, event, now);
        match &decision.verdict {
            Verdict::NotRequired => {
                assert!(asked);
                let state = account.state(now);
                let lets = platform.policy.unenrolled_pass && state == State::Enrolling && !channel.can_enrol();
                assert!(!platform.enabled || lets || matches!(state, State::Off | State::Suspended(_)));
            }
            Verdict::Trusted { .. } => {
                assert!(platform.enabled && asked && channel == Channel::Webmail);
                // If another channel is locked, this one is not: failures there must not lock it.
                assert!(matches!(account.state(now), State::Protected | State::Locked(_)));
                assert!(account.throttle(channel).lock(channel.budget(), now).is_none());
                assert!(platform.policy.trusted_browsers > 0 && trusted.contains(&(browser, account.epoch)));
            }
            Verdict::Accepted { method, .. } if method == BACKUP => assert!(spent_codes.insert(typed.clone())),
            Verdict::Accepted { method, .. } => {
                let factor =
                    before.factors.iter().find(|factor| factor.id == *method).expect("the factor that matched");
                let Kind::Totp(totp) = &factor.kind else { panic!("there is no other kind here") };
                let step = totp.matching_step(&typed, now, 10).expect("it matched");
                assert!(steps_spent.insert((totp.seed().reveal().to_vec(), step)));
            }
            Verdict::Added { backup_codes, .. } => {
                shown.extend(backup_codes.iter().flatten().map(|code| code.to_string()))
            }
            _ => {}
        }
        if answered && trust && channel == Channel::Webmail && matches!(decision.verdict, Verdict::Accepted { .. }) {
            trusted.insert((browser, account.epoch));
        }
        if let Some(next) = decision.next {
            if gone {
                (shown, spent_codes) = (Vec::new(), BTreeSet::new());
            }
            account = next;
        }
        assert_eq!(account.factors.is_empty(), account.stage != Stage::Protected);
    }
});
