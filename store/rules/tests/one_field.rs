//! Fields with a password and a code: where the code begins, and when the same field passes again.

mod events;

use crate::events::{Decision, Event, Random, Refusal, Verdict, decide};
use postern_rules::account::FieldFingerprint;
use postern_rules::factor::BACKUP;
use postern_rules::name::{LookupName, Named};
use postern_rules::platform::Policy;
use postern_rules::source::Source;
use postern_rules::totp::{Algorithm, Totp};
use postern_rules::{Account, Channel, Platform, Seed, Time};

/// RFC 6238 appendix B: at this time the seed's eight digits are 07081804.
const NOW: Time = Time(1_111_111_109);

fn platform(window: &str) -> Platform {
    let mut policy = Policy::default();
    policy.set("reconnect-window", window).unwrap();
    let domains = vec!["example.com".to_owned()];
    Platform { name: "example".to_owned(), domains, netbios: vec![], enabled: true, policy }
}

fn random() -> Random {
    Random { id: [7; 5], backup: std::array::from_fn(|at| at as u8) }
}

/// An account with methods of so many digits each, and a backup code of it.
fn account(digits: &[u32]) -> (Account, String) {
    let platforms = [platform("0")];
    let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&platforms, "") else { panic!() };
    let mut account =
        decide(&Account::new(mailbox, "example"), &platforms[0], Event::Enable { enrolment_code: None }, NOW)
            .next
            .unwrap();
    let mut backup = String::new();
    for (at, digits) in digits.iter().enumerate() {
        // The second method's seed differs, and so do its codes.
        let seed = if at == 0 { Seed::made_of(*b"12345678901234567890") } else { Seed::made_of([at as u8; 20]) };
        let totp = Totp::with(seed, Algorithm::Sha1, *digits, 30).unwrap();
        let added = decide(&account, &platforms[0], Event::AddTotp { totp, description: "", random: random() }, NOW);
        if let Verdict::Added { backup_codes: Some(codes), .. } = &added.verdict {
            backup = codes[0].to_string();
        }
        account = added.next.unwrap();
    }
    (account, backup)
}

fn typed(account: &Account, channel: Channel, text: &str, window: &str, source: Option<&str>, now: Time) -> Decision {
    // A stand-in for the daemon's keyed hash: what matters here is that equal fields have equal ones.
    let mut hash = [0; 32];
    for (at, byte) in text.bytes().enumerate() {
        hash[at % 32] ^= byte.rotate_left(at as u32 / 32);
    }
    let again = source.map(|source| FieldFingerprint { source: source.to_owned(), hash });
    let source = Source::default();
    decide(account, &platform(window), Event::Field { channel, text, window: 1, again, source }, now)
}

fn password_of(verdict: &Verdict) -> Option<usize> {
    match verdict {
        Verdict::AcceptedBehind { password, .. } => Some(*password),
        _ => None,
    }
}

#[test]
fn the_methods_in_use_say_how_long_the_code_is() {
    for (digits, text, password) in [
        (&[8][..], "hunter207081804", Some("hunter2")),
        (&[6], "hunter2081804", Some("hunter2")),
        (&[6, 8], "hunter2081804", Some("hunter2")),
        (&[8, 6], "hunter207081804", Some("hunter2")),
        (&[6], "081804", None),
        (&[6], "pässwörd 081804", Some("pässwörd ")),
        (&[6], "é81804", None),
        (&[6], "81804", None),
        (&[6], "", None),
        (&[6], "081804hunter2", None),
        (&[7], "hunter2081804", None),
        (&[6], "hunter2081804 ", None),
        (&[6], "hunter2123456", None),
    ] {
        let decision = typed(&account(digits).0, Channel::Imap, text, "0", None, NOW);
        assert_eq!(password_of(&decision.verdict), password.map(str::len), "{digits:?} {text:?}");
        let is_code = |n: usize| text.len() > n && text.bytes().rev().take(n).all(|byte| byte.is_ascii_digit());
        let is_guess = digits.iter().any(|digits| is_code(*digits as usize));
        assert_eq!(decision.next.is_some(), is_guess, "{text:?}: a guess is written, right or wrong");
    }
}

#[test]
fn backup_codes_are_read_behind_a_password_but_not_at_imap() {
    let (account, code) = account(&[6]);
    for code in [code.clone(), code.replace('-', "")] {
        let text = format!("hunter2{code}");
        let decision = typed(&account, Channel::Pam, &text, "60", Some("192.0.2.1"), NOW);
        assert!(matches!(&decision.verdict, Verdict::AcceptedBehind { method, password: 7, .. } if method == BACKUP));
        let after = decision.next.unwrap();
        assert_eq!(
            password_of(&typed(&after, Channel::Pam, &text, "60", Some("192.0.2.1"), NOW).verdict),
            None,
            "once"
        );
        assert_eq!(password_of(&typed(&account, Channel::Imap, &text, "0", None, NOW).verdict), None);
    }
}

#[test]
fn a_field_is_one_guess_however_many_ways_it_can_be_read() {
    let (account, _) = account(&[6, 7, 8]);
    let decision = typed(&account, Channel::Imap, "hunter2123456789", "0", None, NOW);
    assert_eq!(decision.verdict, Verdict::Refused(Refusal::Wrong { failures: 1 }));
}

#[test]
fn the_same_field_from_the_same_source_passes_again_within_the_window() {
    let (account, _) = account(&[6]);
    let text = "hunter2081804";
    let home = Some("192.0.2.1");
    let passed = typed(&account, Channel::Imap, text, "30", home, NOW).next.unwrap();
    let again = |account: &Account, channel, text, window, source, now| {
        password_of(&typed(account, channel, text, window, source, now).verdict) == Some(7)
    };
    let last = NOW.plus(30 * 60 - 1);
    assert!(again(&passed, Channel::Imap, text, "30", home, NOW));
    assert!(again(&passed, Channel::Imap, text, "30", home, last));
    // Nothing is written when it passes again, so the window does not slide.
    assert!(typed(&passed, Channel::Imap, text, "30", home, last).next.is_none());
    for (why, channel, text, window, source, now) in [
        ("the window is over", Channel::Imap, text, "30", home, last.plus(1)),
        ("the clock is before its beginning", Channel::Imap, text, "30", home, NOW.plus(-31)),
        ("another source", Channel::Imap, text, "30", Some("192.0.2.2"), NOW),
        ("no source", Channel::Imap, text, "30", None, NOW),
        ("another password", Channel::Imap, "Hunter2081804", "30", home, NOW),
        ("another door", Channel::Pam, text, "30", home, NOW),
        ("the window was taken away", Channel::Imap, text, "0", home, NOW),
    ] {
        assert!(!again(&passed, channel, text, window, source, now), "{why}");
    }
    let without = typed(&account, Channel::Imap, text, "0", home, NOW).next.unwrap();
    assert!(!again(&without, Channel::Imap, text, "0", home, NOW), "off by default");
    assert!(!again(&without, Channel::Imap, text, "30", home, NOW), "what passed before the window was opened");
}

#[test]
fn reset_and_remove_forget_what_passed() {
    let (account, _) = account(&[6]);
    let passed = typed(&account, Channel::Imap, "hunter2081804", "30", Some("192.0.2.1"), NOW).next.unwrap();
    assert_eq!(passed.accepted_fields.len(), 1);
    for event in [Event::Reset { enrolment_code: None }, Event::Remove] {
        assert!(decide(&passed, &platform("30"), event, NOW).next.unwrap().accepted_fields.is_empty());
    }
}

#[test]
fn what_a_method_opened_goes_with_it() {
    let (account, _) = account(&[6, 6]);
    let home = Some("192.0.2.1");
    let passed = typed(&account, Channel::Imap, "hunter2081804", "30", home, NOW).next.unwrap();
    let method = passed.accepted_fields[0].method.clone();
    let removed = decide(&passed, &platform("30"), Event::RemoveFactor(&method), NOW).next.unwrap();
    assert_eq!(password_of(&typed(&removed, Channel::Imap, "hunter2081804", "30", home, NOW).verdict), None);
    assert!(removed.epoch > passed.epoch, "its sessions are over");
}

#[test]
fn a_secret_that_comes_back_does_not_bring_spent_codes_back() {
    let (account, _) = account(&[6, 6]);
    let spent = typed(&account, Channel::Imap, "hunter2081804", "0", None, NOW).next.unwrap();
    let first = spent.factors[0].id.clone();
    let add = || {
        let totp = Totp::with(Seed::made_of(*b"12345678901234567890"), Algorithm::Sha1, 6, 30).unwrap();
        Event::AddTotp { totp, description: "", random: random() }
    };
    for gone in [Event::RemoveFactor(&first), Event::Reset { enrolment_code: None }] {
        let gone = decide(&spent, &platform("0"), gone, NOW).next.unwrap();
        let back = decide(&gone, &platform("0"), add(), NOW).next.unwrap();
        assert_eq!(password_of(&typed(&back, Channel::Imap, "hunter2081804", "0", None, NOW).verdict), None);
    }
}

#[test]
fn what_comes_back_from_an_export_has_spent_the_past() {
    let (mut account, _) = account(&[6]);
    let epoch = account.epoch;
    account.restored(NOW.plus(30));
    assert_eq!(password_of(&typed(&account, Channel::Imap, "hunter2081804", "0", None, NOW.plus(30)).verdict), None);
    assert!(account.epoch > epoch + 1000);
}

#[test]
fn a_locked_channel_does_not_read_fields() {
    let (mut account, _) = account(&[6]);
    for _ in 0..5 {
        account = typed(&account, Channel::Imap, "hunter2000000", "0", None, NOW).next.unwrap();
    }
    let decision = typed(&account, Channel::Imap, "hunter2081804", "0", None, NOW);
    assert_eq!(decision.verdict, Verdict::Refused(Refusal::Locked(Some(NOW.plus(30)))));
    assert!(decision.next.is_none());
}

#[test]
fn a_separator_belongs_to_neither_where_the_platform_has_one() {
    let (account, _) = account(&[6]);
    for (separator, text, password) in [
        ("none", "hunter2,081804", "hunter2,"),
        (",", "hunter2,081804", "hunter2"),
        (",", "hunter2,,081804", "hunter2,"),
        (",", "hunter2081804", "hunter2"),
        (",", "hunter2 081804", "hunter2 "),
        (",", ",081804", ","),
        ("space", "hunter2 081804", "hunter2"),
    ] {
        let mut platform = platform("0");
        platform.policy.set("code-separator", separator).unwrap();
        let source = Source::default();
        let event = Event::Field { channel: Channel::Imap, text, window: 1, again: None, source };
        let verdict = decide(&account, &platform, event, NOW).verdict;
        assert_eq!(password_of(&verdict), Some(password.len()), "{separator} {text}");
    }
}

#[test]
fn an_app_password_that_was_taken_back_is_no_guess_at_a_backup_code() {
    let (account, backup) = account(&[6]);
    let revoked = "abcde-fghij-klmno-pqrst-uvwxy";
    for (text, is_guess) in [
        (revoked, false),
        (&revoked.replace('-', ""), false),
        // It ends in what may be a code of the app.
        ("abcde-fghij-klmno-pqrs-234567", true),
        ("not an app password, hunter2abcd", true),
        (&format!("hunter2{backup}"), true),
    ] {
        let decision = typed(&account, Channel::Pam, text, "0", None, NOW);
        assert_eq!(decision.next.is_some(), is_guess, "{text}");
    }
}
