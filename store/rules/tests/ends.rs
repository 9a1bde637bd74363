//! What lets people in until a time is over for good once any event has seen it ended.

mod events;

use crate::events::{By, Decision, Event, Import, Offered, Random, Recipient, Refusal, Verdict, decide};
use postern_rules::app_password::{Sealed, Typed};
use postern_rules::ends::Ground;
use postern_rules::name::{LookupName, Named};
use postern_rules::platform::Policy;
use postern_rules::proof::Change;
use postern_rules::source::Source;
use postern_rules::totp::Totp;
use postern_rules::{Account, AppPassword, Channel, Platform, Proof, Seed, State, Time};
use zeroize::Zeroizing;

/// RFC 6238 appendix B, six digits: `NOW`'s code of the seed below.
const NOW: Time = Time(1_111_111_109);
const RIGHT: &str = "081804";
/// An hour, in seconds: as long as everything here lasts, but for trust.
const HOUR: i64 = 3600;
/// A day, in seconds: as long as trust lasts here.
const DAY: i64 = 86_400;
const BROWSER: Source<'static> =
    Source { browser: Some([1; 32]), address: None, service: None, client: None, before_exchange: false };

fn platform() -> Platform {
    let mut policy = Policy::default();
    policy.set("trusted-browsers", "1").unwrap();
    Platform { name: "p".to_owned(), domains: vec!["example.com".to_owned()], netbios: vec![], enabled: true, policy }
}

fn random() -> Random {
    Random { id: [1; 5], backup: std::array::from_fn(|at| at as u8) }
}

fn totp(byte: u8) -> Totp {
    Totp::new(Seed::made_of([byte; 20]))
}

fn app_password() -> Typed {
    Typed::made_of(&Zeroizing::new([3; 16]))
}

fn made(account: &Account) -> AppPassword {
    let sealed = Sealed { key: [9; 32], text: vec![1], at: NOW };
    AppPassword::keep(&app_password(), &account.mailbox, sealed, NOW)
}

fn after(account: &Account, event: Event<'_>) -> Account {
    match decide(account, &platform(), event, NOW) {
        Decision { next: Some(next), .. } => next,
        Decision { verdict, .. } => panic!("{verdict:?}"),
    }
}

fn protected() -> Account {
    let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&[platform()], "") else { panic!() };
    let enabled = after(&Account::new(mailbox, "p"), Event::Enable { enrolment_code: None });
    let totp = Totp::new(Seed::made_of(*b"12345678901234567890"));
    after(&enabled, Event::AddTotp { totp, description: "", random: random() })
}

/// An account that lets in by this, and when that ends.
fn with(ground: Ground) -> (Account, Time) {
    let account = protected();
    match ground {
        Ground::Suspension => (after(&account, Event::Suspend(1)), NOW.plus(HOUR)),
        Ground::AppPassword => {
            let mut fresh = made(&account);
            fresh.expires = Some(NOW.plus(HOUR));
            (
                after(
                    &account,
                    Event::AddAppPassword { fresh, epoch: account.epoch, proof: None, renewed: Vec::new() },
                ),
                NOW.plus(HOUR),
            )
        }
        Ground::TrustedBrowser => {
            let (channel, method, code) = (Channel::Webmail, None, RIGHT);
            let event = Event::Answer { channel, method, code, window: 1, session: None, source: BROWSER, trust: true };
            (after(&account, event), NOW.plus(DAY))
        }
    }
}

/// Whether it lets in at `now`.
fn lets_in(account: &Account, ground: Ground, now: Time) -> bool {
    let (channel, shown) = (Channel::Webmail, app_password().shown());
    let event = match ground {
        Ground::Suspension => return matches!(account.state(now), State::Suspended(_)),
        Ground::AppPassword => Event::Field { channel, text: &shown, window: 1, again: None, source: BROWSER },
        Ground::TrustedBrowser => Event::AskFor { channel, source: BROWSER },
    };
    matches!(decide(account, &platform(), event, now).verdict, Verdict::AppPassword { .. } | Verdict::Trusted { .. })
}

/// Whoever adds an event is led here, and adds it to [`every_event`].
fn is_listed(event: &Event<'_>) -> bool {
    match event {
        Event::Ask(_)
        | Event::AskFor { .. }
        | Event::SignedIn { .. }
        | Event::Answer { .. }
        | Event::AnswerKey { .. }
        | Event::Send { .. }
        | Event::Field { .. }
        | Event::Confirm { .. }
        | Event::AddTotp { .. }
        | Event::ImportTotp(_)
        | Event::RemoveFactor(_)
        | Event::AddAppPassword { .. }
        | Event::RevokeAppPassword { .. }
        | Event::RenewAppPasswords(_)
        | Event::SealedRefused { .. }
        | Event::Rename { .. }
        | Event::RemoveOwn { .. }
        | Event::MakeBackupCodes { .. }
        | Event::DeleteBackupCodes { .. }
        | Event::RemoveContact { .. }
        | Event::RevokeTrust { .. }
        | Event::RevokeOtherTrust { .. }
        | Event::SetContact(_)
        | Event::SetLanguage { .. }
        | Event::OpenRequest(_)
        | Event::Enable { .. }
        | Event::Suspend(_)
        | Event::Resume
        | Event::Reset { .. }
        | Event::Add
        | Event::Remove
        | Event::Unlock
        | Event::Tick => true,
    }
}

/// Most of them are refused or change nothing.
fn every_event<'a>(account: &Account, proof: &'a Proof) -> Vec<Event<'a>> {
    let (channel, epoch, source, session) = (Channel::Webmail, account.epoch, Source::default(), [5; 16]);
    let imported = Import { totp: totp(8), spent: None, codes: &[], beside: false, description: "", random: random() };
    vec![
        Event::Ask(channel),
        Event::Ask(Channel::Pam),
        Event::AskFor { channel, source },
        Event::AskFor { channel, source: BROWSER },
        Event::SignedIn { channel, source },
        Event::Answer { channel, method: None, code: "no code", window: 1, session: None, source, trust: false },
        Event::Answer { channel, method: None, code: RIGHT, window: 1, session: None, source, trust: false },
        Event::AnswerKey { channel, key: None, session, until: NOW, source, trust: false },
        Event::Send { to: Recipient::Factor(channel, "none"), session, replaces: None, code: "000000" },
        Event::Field { channel, text: "hunter2", window: 1, again: None, source },
        Event::Confirm {
            by: By::Enrolment { channel, epoch, code: None },
            offered: Offered::Totp { totp: totp(7), code: "no code", window: 1 },
            description: "",
            random: random(),
            source,
        },
        Event::AddTotp { totp: totp(9), description: "", random: random() },
        Event::ImportTotp(imported),
        Event::RemoveFactor("none"),
        Event::AddAppPassword { fresh: made(account), epoch: epoch + 1, proof: None, renewed: Vec::new() },
        Event::RevokeAppPassword { id: "none", proof: None },
        Event::RenewAppPasswords(Vec::new()),
        Event::SealedRefused { id: "none", created: NOW, sealed: NOW },
        Event::Rename { id: "none", proof, description: "" },
        Event::RemoveOwn { id: "none", proof },
        Event::MakeBackupCodes { proof, random: random() },
        Event::DeleteBackupCodes { proof },
        Event::RemoveContact { proof },
        Event::RevokeTrust { id: "none", proof },
        Event::RevokeOtherTrust { browser: BROWSER.browser, proof },
        Event::SetContact(None),
        Event::SetLanguage { language: "xx", proof },
        Event::OpenRequest(channel),
        Event::Enable { enrolment_code: None },
        Event::Suspend(0),
        Event::Resume,
        Event::Reset { enrolment_code: None },
        Event::Add,
        Event::Remove,
        Event::Unlock,
        Event::Tick,
    ]
}

#[test]
fn every_event_that_sees_it_ended_ends_it_for_good() {
    for ground in Ground::ALL {
        let (account, end) = with(ground);
        assert_eq!(account.ends().into_iter().collect::<Vec<_>>(), [(end, ground)]);
        assert!(lets_in(&account, ground, end.plus(-1)) && !lets_in(&account, ground, end), "{ground:?}");
        let proof = Proof::of(&account, None, NOW);
        for (at, event) in every_event(&account, &proof).into_iter().enumerate() {
            assert!(is_listed(&event));
            let next = decide(&account, &platform(), event, end).next;
            let next = next.unwrap_or_else(|| panic!("{ground:?}: event {at} has not written that it ended"));
            assert!(next.ends().is_empty(), "{ground:?}: event {at}");
            for back in [1, HOUR / 2, HOUR, DAY - HOUR] {
                assert!(!lets_in(&next, ground, end.plus(-back)), "{ground:?}: it came back, event {at}, {back} s");
            }
        }
    }
}

#[test]
fn what_has_not_ended_is_left_alone_by_a_question() {
    for ground in Ground::ALL {
        let (account, end) = with(ground);
        for event in
            [Event::Ask(Channel::Webmail), Event::AskFor { channel: Channel::Webmail, source: BROWSER }, Event::Tick]
        {
            assert!(decide(&account, &platform(), event, end.plus(-1)).next.is_none(), "{ground:?}");
        }
    }
}

#[test]
fn trust_ends_when_the_policy_of_now_says_so() {
    let (account, end) = with(Ground::TrustedBrowser);
    let mut longer = platform();
    longer.policy.set("trusted-browsers", "30").unwrap();
    assert!(decide(&account, &longer, Event::Tick, NOW).next.is_none(), "never later than it was said");
    let (channel, method, code) = (Channel::Webmail, None, RIGHT);
    let trust = Event::Answer { channel, method, code, window: 1, session: None, source: BROWSER, trust: true };
    let account = decide(&protected(), &longer, trust, NOW).next.unwrap();
    assert_eq!(account.ends().first().unwrap().0, NOW.plus(30 * DAY));
    let shortened = decide(&account, &platform(), Event::Tick, NOW.plus(1)).next.unwrap();
    assert_eq!(shortened.ends().first().unwrap().0, end);
}

#[test]
fn a_policy_shortens_trust_by_fewer_days_and_by_having_been_off() {
    let policy = |values: &[&str]| {
        let mut policy = platform().policy;
        values.iter().for_each(|days| policy.set("trusted-browsers", days).unwrap());
        policy
    };
    for (before, after, shortens) in [
        (&["30"][..], &["30"][..], false),
        (&["2"], &["2", "30"], false),
        (&["0"], &["0", "30"], false),
        (&["30"], &["30", "2"], true),
        (&["30"], &["30", "0"], true),
        (&["30"], &["30", "0", "30"], true),
    ] {
        assert_eq!(policy(after).shortens_trust(&policy(before)), shortens, "{before:?} {after:?}");
    }
}

fn answer(code: &str, channel: Channel) -> Event<'_> {
    Event::Answer { channel, method: None, code, window: 1, session: None, source: Source::default(), trust: false }
}

fn field(text: &str, channel: Channel) -> Event<'_> {
    Event::Field { channel, text, window: 1, again: None, source: Source::default() }
}

/// A mail app repeats what it has stored, for days; a browser sends a form twice.
#[test]
fn the_last_code_that_was_spent_is_no_guess_however_often_it_comes() {
    type Made = for<'a> fn(&'a str, Channel) -> Event<'a>;
    for (channel, make, text) in [
        (Channel::Webmail, answer as Made, RIGHT),
        (Channel::Webmail, answer, " 081 804 "),
        (Channel::Pam, answer, RIGHT),
        (Channel::Imap, field, "hunter2081804"),
        (Channel::Pam, field, "hunter2081804"),
    ] {
        let mut account = after(&protected(), make(text, channel));
        for later in [0, 1, 29, 30, 60, HOUR, 3 * DAY] {
            let repeated = decide(&account, &platform(), make(text, channel), NOW.plus(later));
            assert_eq!(repeated.verdict, Verdict::Refused(Refusal::Spent { failures: 0 }), "{text:?} {later}");
            assert!(repeated.next.is_none(), "nothing is counted");
        }
        // Somebody who guesses between does not make it one, nor does it end the count.
        account = decide(&account, &platform(), answer("123456", channel), NOW).next.unwrap();
        let repeated = decide(&account, &platform(), make(text, channel), NOW.plus(HOUR));
        assert_eq!(repeated.verdict, Verdict::Refused(Refusal::Spent { failures: 1 }), "{text:?}");
    }
}

#[test]
fn another_channel_does_not_make_the_last_code_a_guess_and_an_older_one_is() {
    // RFC 6238 appendix B: the next step begins two seconds later.
    let (next_code, later) = ("050471", NOW.plus(2));
    let account = after(&protected(), field("hunter2081804", Channel::Imap));
    let account = decide(&account, &platform(), answer(next_code, Channel::Webmail), later).next.unwrap();
    for (event, counts) in [
        (field("hunter2081804", Channel::Imap), false),
        (field("hunter2050471", Channel::Imap), false),
        (answer(next_code, Channel::Webmail), false),
        (field("hunter2081805", Channel::Imap), true),
    ] {
        assert_eq!(decide(&account, &platform(), event, later).next.is_some(), counts);
    }
    let account = decide(&account, &platform(), answer(next_code, Channel::Imap), later.plus(30)).next;
    assert!(account.is_none(), "it was accepted at another door");
}

#[test]
fn what_can_be_read_as_other_digits_is_a_guess_at_those() {
    let other = Totp::with(Seed::made_of([4; 20]), postern_rules::totp::Algorithm::Sha1, 8, 30).unwrap();
    let account = after(&protected(), Event::AddTotp { totp: other, description: "", random: random() });
    let account = after(&account, field("hunter2081804", Channel::Imap));
    let repeated = |text: &str| decide(&account, &platform(), field(text, Channel::Imap), NOW).next.is_some();
    assert!(!repeated("hunterx081804") && repeated("hunter22081804"), "eight digits, of which six are spent");
}

#[test]
fn a_spent_backup_code_and_the_code_of_the_set_up_are_no_guesses_either() {
    let account = protected();
    let proof = Proof::of(&account, Some(Change::MakeBackupCodes), NOW);
    let added = decide(&account, &platform(), Event::MakeBackupCodes { proof: &proof, random: random() }, NOW);
    let (Verdict::Codes(codes), Some(account)) = (added.verdict, added.next) else { panic!() };
    let account = after(&account, answer(&codes[0], Channel::Webmail));
    for spelling in [codes[0].to_string(), codes[0].to_uppercase(), codes[0].replace('-', " ")] {
        let repeated = decide(&account, &platform(), answer(&spelling, Channel::Webmail), NOW);
        assert_eq!(repeated.verdict, Verdict::Refused(Refusal::Spent { failures: 0 }), "{spelling}");
    }
    let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&[platform()], "") else { panic!() };
    let enabled = after(&Account::new(mailbox, "p"), Event::Enable { enrolment_code: None });
    let confirm = Event::Confirm {
        by: By::Enrolment { channel: Channel::Webmail, epoch: enabled.epoch, code: None },
        offered: Offered::Totp { totp: Totp::new(Seed::made_of(*b"12345678901234567890")), code: RIGHT, window: 1 },
        description: "",
        random: random(),
        source: Source::default(),
    };
    let account = after(&enabled, confirm);
    let repeated = decide(&account, &platform(), field("hunter2081804", Channel::Imap), NOW);
    assert_eq!(repeated.verdict, Verdict::Refused(Refusal::Spent { failures: 0 }));
}
