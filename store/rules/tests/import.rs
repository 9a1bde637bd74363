//! Secrets and codes that come from another program.
#![allow(missing_docs, reason = "tests")]

mod events;

use crate::events::{Event, Import, Random, Refusal, Verdict, decide};
use postern_rules::factor::BACKUP;
use postern_rules::name::{LookupName, Named};
use postern_rules::platform::Policy;
use postern_rules::source::Source;
use postern_rules::totp::Totp;
use postern_rules::{Account, Channel, Platform, Seed, Stage, Time, backup};

const NOW: Time = Time(1_111_111_109);
/// RFC 6238 appendix B, six digits: the codes of `NOW` and of the step after it.
const RIGHT: &str = "081804";
const NEXT: &str = "050471";
const STEP: u64 = 1_111_111_109 / 30;
const CODES: [&str; 2] = ["40757517", "00000019"];

fn platform() -> Platform {
    let domains = vec!["example.com".to_owned()];
    Platform { name: "example".to_owned(), domains, netbios: vec![], enabled: true, policy: Policy::default() }
}

fn import<'a>(spent: Option<u64>, codes: &'a [&'a str]) -> Event<'a> {
    let random = Random { id: [1; 5], backup: [3; backup::RANDOM] };
    let totp = Totp::new(Seed::made_of(*b"12345678901234567890"));
    Event::ImportTotp(Import { totp, spent, codes, beside: false, description: "phone", random })
}

fn imported(spent: Option<u64>, codes: &[&str]) -> Account {
    let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&[platform()], "") else { panic!() };
    let decision = decide(&Account::new(mailbox, "example"), &platform(), import(spent, codes), NOW);
    assert!(matches!(decision.verdict, Verdict::Added { backup_codes: None, .. }), "{:?}", decision.verdict);
    decision.next.unwrap()
}

/// What is said to a code, and the account after it.
fn answer(account: &Account, channel: Channel, code: &str, now: Time) -> (Verdict, Account) {
    let source = Source::default();
    let event = Event::Answer { channel, method: None, code, window: 1, session: None, source, trust: false };
    let decision = decide(account, &platform(), event, now);
    (decision.verdict, decision.next.unwrap_or_else(|| account.clone()))
}

fn is_accepted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted { .. })
}

#[test]
fn codes_for_emergencies_are_accepted_once_each() {
    let mut account = imported(None, &CODES);
    for (code, left) in CODES.into_iter().zip([1, 0]) {
        for channel in [Channel::Imap, Channel::Webmail, Channel::Pam] {
            let (verdict, next) = answer(&account, channel, code, NOW);
            if channel == Channel::Webmail {
                let accepted = Verdict::Accepted { method: BACKUP.to_owned(), backup_codes_left: Some(left) };
                assert_eq!(verdict, accepted);
            } else {
                assert!(!is_accepted(&verdict), "{code} at {channel:?}");
            }
            account = next;
        }
    }
    assert!(!is_accepted(&answer(&account, Channel::Webmail, "12345678", NOW).0));
}

#[test]
fn behind_a_password_they_are_read_too() {
    let account = imported(None, &CODES);
    let field = |account: &Account, text: &str| {
        let event = Event::Field { channel: Channel::Pam, text, window: 1, again: None, source: Source::default() };
        decide(account, &platform(), event, NOW)
    };
    let decision = field(&account, "secret 140757517");
    let expected =
        Verdict::AcceptedBehind { method: BACKUP.to_owned(), backup_codes_left: Some(1), password: "secret 1".len() };
    assert_eq!(decision.verdict, expected);
    assert!(matches!(field(&decision.next.unwrap(), "secret 140757517").verdict, Verdict::Refused(_)));
    let decision = field(&imported(None, &CODES), "x00000019");
    assert!(matches!(decision.verdict, Verdict::AcceptedBehind { password: 1, .. }), "a nine is a digit too");
}

#[test]
fn what_the_other_program_has_accepted_is_spent() {
    let before = NOW.plus(-30);
    let account = imported(None, &[]);
    assert!(is_accepted(&answer(&account, Channel::Webmail, RIGHT, NOW).0));
    let account = imported(Some(STEP), &[]);
    assert_eq!(answer(&account, Channel::Webmail, RIGHT, NOW).0, Verdict::Refused(Refusal::Wrong { failures: 1 }));
    assert!(is_accepted(&answer(&account, Channel::Webmail, NEXT, NOW).0));
    let account = imported(Some(STEP + 1), &[]);
    assert!(!is_accepted(&answer(&account, Channel::Webmail, NEXT, NOW).0));
    // A step before the present one is spent whatever it says: it may have been used there.
    let account = imported(Some(1), &[]);
    assert!(is_accepted(&answer(&account, Channel::Webmail, RIGHT, NOW).0));
    assert!(!is_accepted(&answer(&account, Channel::Webmail, "731029", before).0));
}

#[test]
fn without_codes_there_are_none() {
    let account = imported(None, &[]);
    assert_eq!((account.stage, account.factors.len(), account.backup), (Stage::Protected, 1, None));
    assert_eq!(imported(None, &CODES).backup.unwrap().left(), 2);
}

#[test]
fn a_protected_account_is_left_alone_and_the_same_secret_is_there_once() {
    let account = imported(None, &CODES);
    let again = decide(&account, &platform(), import(None, &["11111111"]), NOW);
    assert!(matches!(again.verdict, Verdict::Already) && again.next.is_none());
}
