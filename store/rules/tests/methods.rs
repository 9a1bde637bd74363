//! Methods whose codes are sent, and security keys: set up, used, copied, removed.

mod events;

use crate::events::{By, Decision, Event, Offered, Random, Recipient, Refusal, Verdict, decide};
use postern_rules::contact::{Address, Destination, PhoneNumber};
use postern_rules::decide::own::{Removal, removal};
use postern_rules::factor::{BACKUP, Key};
use postern_rules::name::{LookupName, Named};
use postern_rules::platform::Policy;
use postern_rules::proof::{CHANGES_A_DAY, Change, DAY, FRESH, WORDS_A_DAY};
use postern_rules::sent::{AGAIN, LIFETIME};
use postern_rules::source::Source;
use postern_rules::time::CLOCK_TOLERANCE;
use postern_rules::totp::Totp;
use postern_rules::{Account, Channel, Kind, KindName, Platform, Proof, Seed, Stage, Time};

const NOW: Time = Time(1_800_000_000);

fn platform() -> Platform {
    let domains = vec!["example.com".to_owned()];
    Platform { name: "p".to_owned(), domains, netbios: vec![], enabled: true, policy: Policy::default() }
}

fn random(byte: u8) -> Random {
    Random { id: [byte; 5], backup: std::array::from_fn(|at| at as u8 ^ byte) }
}

fn enrolling() -> Account {
    let platforms = [platform()];
    let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(&platforms, "") else { panic!() };
    next(&Account::new(mailbox, "p"), Event::Enable { enrolment_code: None }, NOW)
}

fn does(account: &Account, event: Event<'_>, now: Time) -> Decision {
    decide(account, &platform(), event, now)
}

#[track_caller]
fn next(account: &Account, event: Event<'_>, now: Time) -> Account {
    let decision = does(account, event, now);
    decision.next.unwrap_or_else(|| panic!("{:?}", decision.verdict))
}

fn number() -> Kind {
    Kind::Sms(PhoneNumber::read("+44612345678").unwrap())
}

fn send<'a>(to: Recipient<'a>, session: u8, code: &'a str) -> Event<'a> {
    Event::Send { to, session: [session; 16], replaces: None, code }
}

fn confirm_sent<'a>(by: By<'a>, session: u8, code: &'a str) -> Event<'a> {
    Event::Confirm {
        by,
        offered: Offered::Sent { session: [session; 16], code },
        description: "Mine",
        random: random(1),
        source: Source::default(),
    }
}

/// An account whose one method is a telephone.
fn with_phone() -> Account {
    let account = enrolling();
    let by = By::Enrolment { channel: Channel::Webmail, epoch: account.epoch, code: None };
    let account = next(&account, send(Recipient::Method(by, number()), 1, "123456"), NOW);
    next(&account, confirm_sent(by, 1, "123456"), NOW)
}

fn answer(session: Option<u8>, method: Option<&'static str>, code: &'static str) -> Event<'static> {
    let session = session.map(|session| [session; 16]);
    Event::Answer {
        channel: Channel::Webmail,
        method,
        code,
        window: 1,
        session,
        source: Source::default(),
        trust: false,
    }
}

#[test]
fn a_number_counts_once_its_code_came_back_and_brings_backup_codes() {
    let account = enrolling();
    let by = By::Enrolment { channel: Channel::Webmail, epoch: account.epoch, code: None };
    let decision = does(&account, send(Recipient::Method(by, number()), 1, "123456"), NOW);
    let Verdict::Send { to: Destination::Number(to), again } = decision.verdict else { panic!("{decision:?}") };
    assert_eq!((to.as_str(), again), ("+44612345678", NOW.plus(AGAIN)));
    let account = decision.next.unwrap();
    assert_eq!((account.stage, account.factors.len()), (Stage::Enrolling, 0));
    for (session, code, after) in [(1, "000000", 0), (2, "123456", 0), (1, "123456", LIFETIME)] {
        let decision = does(&account, confirm_sent(by, session, code), NOW.plus(after));
        assert!(matches!(decision.verdict, Verdict::Refused(_)), "{session} {code} {after}");
    }
    let decision = does(&account, confirm_sent(by, 1, "123456"), NOW);
    assert!(matches!(&decision.verdict, Verdict::Added { backup_codes: Some(codes), .. } if codes.len() == 10));
    let account = decision.next.unwrap();
    assert_eq!((account.stage, account.factors[0].kind.as_str()), (Stage::Protected, "sms"));
    // Somebody else who had begun as well is too late.
    assert!(matches!(does(&account, confirm_sent(by, 1, "123456"), NOW).verdict, Verdict::Refused(Refusal::Stale)));
}

#[test]
fn a_sent_code_signs_in_the_session_that_asked_for_it_once() {
    let account = with_phone();
    let id = account.factors[0].id.clone();
    let at = NOW.plus(60);
    let asked = next(&account, send(Recipient::Factor(Channel::Webmail, &id), 7, "777777"), at);
    for event in [answer(Some(8), None, "777777"), answer(None, None, "777777"), answer(Some(7), None, "777778")] {
        let decision = does(&asked, event, at);
        assert_eq!(decision.verdict, Verdict::Refused(Refusal::Wrong { failures: 1 }), "and it counts");
    }
    let decision = does(&asked, answer(Some(7), None, "777777"), at);
    assert!(matches!(&decision.verdict, Verdict::Accepted { method, .. } if *method == id));
    let after = decision.next.unwrap();
    assert!(matches!(
        does(&after, answer(Some(7), None, "777777"), at).verdict,
        Verdict::Refused(Refusal::Spent { .. })
    ));
    assert_eq!(after.factors[0].last_used, Some(at));
    // The code that set it up is none to sign in with.
    assert!(matches!(does(&account, answer(Some(1), None, "123456"), NOW).verdict, Verdict::Refused(_)));
}

fn refusal(account: &Account, to: Recipient<'_>) -> Refusal {
    match does(account, send(to, 9, "999999"), NOW.plus(60)).verdict {
        Verdict::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_asked_for_is_not_sent() {
    let account = with_phone();
    let id = account.factors[0].id.clone();
    let suspended = next(&account, Event::Suspend(1), NOW);
    let factor = |id| Recipient::Factor(Channel::Webmail, id);
    assert_eq!(refusal(&suspended, factor(&id)), Refusal::Stale);
    assert_eq!(refusal(&account, factor("nothing")), Refusal::NoSuchFactor);
    assert_eq!(refusal(&account, factor(BACKUP)), Refusal::NoSuchFactor);
    let at = NOW.plus(60);
    let adds = |kind, to: Option<&str>| Change::AddMethod { kind, to: to.map(str::to_owned) };
    let of_phone = Proof::of(&account, Some(adds(KindName::Sms, Some("+44612345678"))), at);
    assert_eq!(refusal(&account, Recipient::Method(By::Proof(&of_phone), number())), Refusal::SameSecret);
    // A factor for one number is none for another, and a sign-in is none for any.
    for other in [None, Some(adds(KindName::Sms, Some("+44612345679"))), Some(adds(KindName::Email, None))] {
        let other = Proof::of(&account, other, at);
        assert_eq!(refusal(&account, Recipient::Method(By::Proof(&other), number())), Refusal::NotFresh);
    }
    let of_before = Proof::of(&Account { epoch: account.epoch + 1, ..account.clone() }, None, at);
    assert_eq!(refusal(&account, Recipient::Method(By::Proof(&of_before), number())), Refusal::Stale);
    assert_eq!(
        refusal(
            &account,
            Recipient::Method(By::Enrolment { channel: Channel::Webmail, epoch: account.epoch, code: None }, number())
        ),
        Refusal::Stale
    );
    assert_eq!(
        refusal(
            &account,
            Recipient::Method(
                By::Proof(&Proof::of(&account, Some(adds(KindName::Totp, None)), at)),
                Kind::Totp(Totp::new(Seed::made_of([1; 20])))
            )
        ),
        Refusal::NotOffered
    );
    // Who has only the password sets no contact address.
    let address = Address::read("bob@elsewhere.example").unwrap();
    let fresh = enrolling();
    let by = By::Enrolment { channel: Channel::Webmail, epoch: fresh.epoch, code: None };
    assert_eq!(refusal(&fresh, Recipient::Contact(by, address.clone())), Refusal::Stale);
    let proof = Proof::of(&account, Some(Change::SetContact(address.as_str().to_owned())), NOW);
    let proof = By::Proof(&proof);
    let asked = next(&account, send(Recipient::Contact(proof, address.clone()), 5, "555555"), NOW);
    let confirmed = next(&asked, confirm_sent(proof, 5, "555555"), NOW);
    assert_eq!((&confirmed.contact, confirmed.factors.len()), (&Some(address.clone()), 1));
    // It is used up.
    assert_eq!(refusal(&confirmed, Recipient::Contact(proof, address)), Refusal::NotFresh);
}

fn key(counter: u32) -> Kind {
    Kind::Key(Key { id: vec![1, 2, 3], counter, credential: "{}".to_owned(), copied: false })
}

fn with_key(counter: u32) -> Account {
    let account = enrolling();
    let by = By::Enrolment { channel: Channel::Webmail, epoch: account.epoch, code: None };
    let Kind::Key(key) = key(counter) else { panic!() };
    let event = Event::Confirm {
        by,
        offered: Offered::Key(key),
        description: "",
        random: random(2),
        source: Source::default(),
    };
    next(&account, event, NOW)
}

fn signed<'a>(session: u8, key: Option<(&'a [u8], u32)>) -> Event<'a> {
    Event::AnswerKey {
        channel: Channel::Webmail,
        key,
        session: [session; 16],
        until: NOW.plus(300),
        source: Source::default(),
        trust: false,
    }
}

#[test]
fn a_key_answers_each_question_once_and_its_counter_grows() {
    let id: &[u8] = &[1, 2, 3];
    for (kept, counter, passes) in
        [(5, 6, true), (5, 5, false), (5, 4, false), (5, 0, false), (0, 0, true), (0, 1, true)]
    {
        let decision = does(&with_key(kept), signed(1, Some((id, counter))), NOW);
        assert_eq!(matches!(decision.verdict, Verdict::Accepted { .. }), passes, "{kept} {counter}");
        assert!(passes || matches!(decision.verdict, Verdict::Refused(Refusal::Copied { .. })));
    }
    let after = next(&with_key(0), signed(1, Some((id, 0))), NOW);
    assert_eq!(does(&after, signed(1, Some((id, 0))), NOW).verdict, Verdict::Refused(Refusal::Stale), "replayed");
    assert!(matches!(does(&after, signed(2, Some((id, 0))), NOW).verdict, Verdict::Accepted { .. }));
    assert_eq!(does(&after, signed(3, Some((id, 0))), NOW.plus(300)).verdict, Verdict::Refused(Refusal::Stale), "late");
    // Another's key, or a wrong signature, is a wrong code.
    for wrong in [Some((&[9u8][..], 7)), None] {
        let decision = does(&after, signed(4, wrong), NOW);
        assert_eq!(decision.verdict, Verdict::Refused(Refusal::Wrong { failures: 1 }));
    }
}

#[test]
fn a_copied_key_is_refused_until_it_is_removed() {
    let id: &[u8] = &[1, 2, 3];
    let account = with_key(5);
    let key = account.factors[0].id.clone();
    let mut found = next(&account, signed(1, Some((id, 5))), NOW);
    assert!(found.factors[0].is_copied() && postern_rules::standing::may_end_sessions(Some(&account), &found, NOW));
    let epoch = found.epoch;
    // The copy's own counter has grown with each try, and the owner's is ahead of both.
    for (session, counter) in [(2, 6), (3, 7), (4, 1000), (5, 0)] {
        let decision = does(&found, signed(session, Some((id, counter))), NOW);
        assert_eq!(decision.verdict, Verdict::Refused(Refusal::Copied { method: key.clone() }), "{counter}");
        found = decision.next.unwrap();
        assert_eq!((found.epoch, found.factors[0].last_used), (epoch, Some(NOW)));
    }
    // It is none to be left with, and goes only when there is another.
    let removed = |account: &Account, id: &str| {
        let proof = Proof::of(account, Some(Change::RemoveMethod(id.to_owned())), NOW);
        does(account, Event::RemoveOwn { id, proof: &proof }, NOW)
    };
    assert_eq!(removed(&found, &key).verdict, Verdict::Refused(Refusal::OnlyFactor));
    let add = Event::AddTotp { totp: Totp::new(Seed::made_of([3; 20])), description: "", random: random(9) };
    let with_app = next(&found, add, NOW);
    let app = with_app.factors[1].id.clone();
    assert_eq!(removed(&with_app, &app).verdict, Verdict::Refused(Refusal::OnlyFactor));
    let removed = removed(&with_app, &key).next.unwrap();
    assert_eq!((removed.factors.len(), removed.factors[0].id.as_str()), (1, app.as_str()));
    let again = does(&removed, signed(6, Some((id, 1001))), NOW).verdict;
    assert!(matches!(again, Verdict::Refused(Refusal::Wrong { .. })));
}

#[test]
fn what_is_sent_or_plugged_in_is_not_behind_a_password() {
    for account in [with_phone(), with_key(0)] {
        let event = Event::Field {
            channel: Channel::Imap,
            text: "hunter2123456",
            window: 1,
            again: None,
            source: Source::default(),
        };
        let decision = does(&account, event, NOW);
        assert_eq!((decision.verdict, decision.next), (Verdict::Refused(Refusal::Wrong { failures: 0 }), None));
    }
}

#[test]
fn a_method_goes_with_all_that_was_sent_for_it() {
    let account = with_phone();
    let phone = account.factors[0].id.clone();
    let add = Event::AddTotp { totp: Totp::new(Seed::made_of([3; 20])), description: "", random: random(9) };
    let account = next(&account, add, NOW);
    let asked = next(&account, send(Recipient::Factor(Channel::Webmail, &phone), 7, "777777"), NOW.plus(60));
    let proof = Proof::of(&asked, Some(Change::RemoveMethod(phone.clone())), NOW);
    let removed = next(&asked, Event::RemoveOwn { id: &phone, proof: &proof }, NOW.plus(60));
    assert_eq!((removed.factors.len(), removed.epoch), (1, asked.epoch + 1));
    assert!(matches!(does(&removed, answer(Some(7), None, "777777"), NOW.plus(60)).verdict, Verdict::Refused(_)));
    // What was done before counts for nothing now.
    let proof = Proof::of(&asked, Some(Change::DeleteBackupCodes), NOW);
    let stale = does(&removed, Event::DeleteBackupCodes { proof: &proof }, NOW).verdict;
    assert_eq!(stale, Verdict::Refused(Refusal::Stale));
}

#[test]
fn new_backup_codes_void_the_old_ones() {
    let account = with_phone();
    let make = |account: &Account, proof: &Proof, byte| {
        does(account, Event::MakeBackupCodes { proof, random: random(byte) }, NOW)
    };
    let proof_of = |account: &Account| Proof::of(account, Some(Change::MakeBackupCodes), NOW);
    let proof = proof_of(&account);
    let made = make(&account, &proof, 7);
    let Verdict::Codes(first) = made.verdict else { panic!() };
    let account = made.next.unwrap();
    assert_eq!(make(&account, &proof, 8).verdict, Verdict::Refused(Refusal::NotFresh), "it was used");
    let again = make(&account, &proof_of(&account), 8).next.unwrap();
    let with = |account: &Account| {
        let event = Event::Answer {
            channel: Channel::Webmail,
            method: Some(BACKUP),
            code: &first[0],
            window: 1,
            session: None,
            source: Source::default(),
            trust: false,
        };
        does(account, event, NOW).verdict
    };
    assert!(matches!(with(&account), Verdict::Accepted { backup_codes_left: Some(9), .. }));
    assert!(matches!(with(&again), Verdict::Refused(Refusal::Wrong { .. })));
    let proof = Proof::of(&account, Some(Change::DeleteBackupCodes), NOW);
    let gone = next(&account, Event::DeleteBackupCodes { proof: &proof }, NOW);
    assert!(matches!(with(&gone), Verdict::Refused(Refusal::Wrong { .. })));
}

/// Under both policies, and beside a key that is none to be left with.
#[test]
fn a_removal_comes_to_what_was_said_of_it() {
    use Removal::{Free, Kept, SwitchesOff};
    let with_app = |account: &Account| {
        let add = Event::AddTotp { totp: Totp::new(Seed::made_of([3; 20])), description: "", random: random(9) };
        next(account, add, NOW)
    };
    let copied = next(&with_key(5), signed(1, Some((&[1, 2, 3], 5))), NOW);
    for (account, keeping, letting) in [
        (with_phone(), vec![Kept], vec![SwitchesOff]),
        (copied.clone(), vec![Kept], vec![SwitchesOff]),
        (with_app(&with_key(5)), vec![Free, Free], vec![Free, Free]),
        (with_app(&copied), vec![Free, Kept], vec![Free, Kept]),
    ] {
        for (last_method, said) in [("keep", keeping), ("remove", letting)] {
            let mut platform = platform();
            platform.policy.set("last-method", last_method).unwrap();
            for (factor, said) in account.factors.iter().zip(said) {
                assert_eq!(removal(&account, &platform, &factor.id), said, "{last_method}: {factor:?}");
                let proof = Proof::of(&account, Some(Change::RemoveMethod(factor.id.clone())), NOW);
                let remove = Event::RemoveOwn { id: &factor.id, proof: &proof };
                let stage = decide(&account, &platform, remove, NOW).next.map(|next| next.stage);
                let done = match said {
                    Free => Some(Stage::Protected),
                    SwitchesOff => Some(Stage::Off),
                    Kept => None,
                };
                assert_eq!(stage, done, "{last_method}: {factor:?}");
            }
        }
    }
}

#[test]
fn a_proof_is_good_once_within_its_time_and_however_the_clock_steps() {
    let account = with_phone();
    let proof = Proof::of(&account, Some(Change::MakeBackupCodes), NOW);
    let make = |account: &Account, after| {
        does(account, Event::MakeBackupCodes { proof: &proof, random: random(7) }, NOW.plus(after))
    };
    for (after, good) in [(-CLOCK_TOLERANCE - 1, false), (-CLOCK_TOLERANCE, true), (FRESH - 1, true), (FRESH, false)] {
        assert_eq!(matches!(make(&account, after).verdict, Verdict::Codes(_)), good, "{after}");
    }
    let used = make(&account, 0).next.unwrap();
    for after in [0, 60, -60, FRESH, -FRESH] {
        assert_eq!(make(&used, after).verdict, Verdict::Refused(Refusal::NotFresh), "{after}");
    }
    // Nor after the account has been reset and enrolled anew, when it counts from where it was.
    let reset = next(&used, Event::Reset { enrolment_code: None }, NOW);
    assert!(reset.changes == used.changes && reset.epoch > used.epoch);
}

#[test]
fn so_many_changes_a_day_and_those_that_end_something_always() {
    let mut account = with_phone();
    let id = account.factors[0].id.clone();
    let rename = |account: &Account, now| {
        let proof = Proof::of(account, None, NOW);
        does(account, Event::Rename { id: &id, proof: &proof, description: "x" }, now)
    };
    let make = |account: &Account, now| {
        let proof = Proof::of(account, Some(Change::MakeBackupCodes), now);
        does(account, Event::MakeBackupCodes { proof: &proof, random: random(7) }, now)
    };
    // Whoever has the sign-in alone changes words, and keeps nobody from the rest: also not by using up a proof.
    let before = Proof::of(&account, Some(Change::MakeBackupCodes), NOW);
    for number in 0..WORDS_A_DAY as i64 {
        account = rename(&account, NOW.plus(number)).next.unwrap();
    }
    let later = NOW.plus(WORDS_A_DAY as i64);
    assert_eq!(rename(&account, later).verdict, Verdict::Refused(Refusal::TooMany(NOW.plus(DAY))));
    let event = Event::MakeBackupCodes { proof: &before, random: random(7) };
    assert!(matches!(does(&account, event, later).verdict, Verdict::Codes(_)));
    for number in 0..CHANGES_A_DAY as i64 {
        account = make(&account, NOW.plus(number)).next.unwrap();
    }
    let later = NOW.plus(CHANGES_A_DAY as i64);
    assert_eq!(make(&account, later).verdict, Verdict::Refused(Refusal::TooMany(NOW.plus(DAY))));
    // Neither a clock that steps back nor a reset gives the day anew.
    assert!(matches!(rename(&account, NOW.plus(-60)).verdict, Verdict::Refused(Refusal::TooMany(_))));
    assert!(matches!(make(&account, NOW.plus(-60)).verdict, Verdict::Refused(Refusal::TooMany(_))));
    assert_eq!(next(&account, Event::Reset { enrolment_code: None }, later).changed.len(), CHANGES_A_DAY);
    let proof = Proof::of(&account, None, later);
    let revoke = Event::RevokeOtherTrust { browser: None, proof: &proof };
    assert_eq!(does(&account, revoke, later).verdict, Verdict::Already);
    assert_eq!(rename(&account, NOW.plus(DAY)).verdict, Verdict::Done);
}
