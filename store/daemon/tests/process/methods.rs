//! Methods whose codes are sent: with a command and sendmail, which are scripts that store their input.

mod copied_key;

use crate::authenticator::code;
use crate::calls::Refuses;
use crate::home::{Home, Plan, Running};
use crate::messages::{answer_of, answer_to, confirm_of, prepare_of, request_of};
use crate::people::ALICE;
use crate::post::{Post, code_in, digits};
use postern_rules::proof::WORDS_A_DAY;
use postern_wire::admin::{Action, Requests};
use postern_wire::auth::{
    Answer, AnswerVerdict, AskVerdict, Channel, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, Offer, Origin, Prepare,
    PrepareVerdict, Reason,
};
use postern_wire::security::{
    Change, ChangeSecurity, ChangeVerdict, OpenRequest, Proves, Removal, RequestVerdict, Security, SecurityVerdict,
    ShowSecurity,
};
use postern_wire::{CallError, Secret};
use std::fs;
use std::thread;

const NUMBER: &str = "+44612345678";
const ADDRESS: &str = "alice@elsewhere.example";
const SITE: &str = "https://webmail.example.com";

impl Running<'_> {
    fn sent(&self, enrol: &Enrol) -> (Secret, i64) {
        match self.front("Enrol", enrol) {
            EnrolVerdict::Sent { ticket, again, .. } => (ticket, again),
            other => panic!("{other:?}"),
        }
    }

    fn refused(&self, enrol: &Enrol) -> Reason {
        self.front::<EnrolVerdict>("Enrol", enrol).reason().expect("a refusal")
    }

    fn finish(&self, ticket: &Secret, code: &str) -> ConfirmVerdict {
        let description = "Mine, and https://evil.example".to_owned();
        self.front("Confirm", &Confirm { description, ..confirm_of(ALICE, ticket, code) })
    }

    fn offers(&self) -> Vec<Offer> {
        match self.ask(ALICE) {
            AskVerdict::Challenge { methods, .. } => methods,
            other => panic!("{other:?}"),
        }
    }

    fn prepare(&self, method: &str, challenge: Option<&Secret>) -> PrepareVerdict {
        let (challenge, site) = (challenge.cloned(), Some(SITE.to_owned()));
        self.front("Prepare", &Prepare { challenge, site, ..prepare_of(method, &Origin::default()) })
    }

    fn prepared(&self, method: &str, challenge: Option<&Secret>) -> Secret {
        match self.prepare(method, challenge) {
            PrepareVerdict::Sent { challenge, .. } => challenge,
            other => panic!("{other:?}"),
        }
    }

    fn answer_sent(&self, challenge: Option<&Secret>, code: &str) -> AnswerVerdict {
        self.front("Answer", &answer_to(challenge, &Origin::default(), code))
    }

    fn security(&self, proof: &Secret) -> Result<Security, Reason> {
        let asked = ShowSecurity {
            name: ALICE.to_owned(),
            origin: Origin::default(),
            proof: proof.clone(),
            clients: Vec::new(),
        };
        match self.front("ShowSecurity", &asked) {
            SecurityVerdict::Shown(security) => Ok(security),
            SecurityVerdict::Refused(refusal) => Err(refusal.reason),
        }
    }

    /// Enables Alice's account and sets up an authenticator; returns the proof of the sign-in, and the secret.
    fn sets_up_app(&self) -> (Secret, String) {
        self.enable(ALICE);
        let (ticket, secret) = self.offered(ALICE);
        (proof_of(self.confirm(ALICE, &ticket, &self.home.code(&secret))), secret)
    }

    /// Answers with the app's next code for this change; returns the proof.
    fn proves(&self, secret: &str, proves: Proves) -> Secret {
        self.home.clock().advance(30);
        let answer = answer_of(ALICE, Channel::Webmail, &self.home.code(secret));
        match self.front("Answer", &Answer { proves: Some(proves), ..answer }) {
            AnswerVerdict::Accepted { proof, .. } => proof.expect("a proof"),
            AnswerVerdict::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    fn do_change(&self, proof: &Secret, change: Change) -> Result<(Option<Secret>, Vec<Secret>), Reason> {
        let (name, origin) = (ALICE.to_owned(), Origin::default());
        let wanted = ChangeSecurity { name, channel: Channel::Webmail, origin, proof: proof.clone(), change };
        match self.front("ChangeSecurity", &wanted) {
            ChangeVerdict::Done { proof, backup_codes, .. } => Ok((proof, backup_codes)),
            ChangeVerdict::Refused(refusal) => Err(refusal.reason),
        }
    }
}

/// Begins to set up a method for Alice.
fn begin(kind: &str) -> Enrol {
    let (name, kind, site) = (ALICE.to_owned(), Some(kind.to_owned()), Some(SITE.to_owned()));
    Enrol { name, kind, site, ..Enrol::default() }
}

/// The same, with this recipient of the codes.
fn begin_to(kind: &str, to: &str) -> Enrol {
    Enrol { to: Some(to.to_owned()), ..begin(kind) }
}

/// The same with a proof.
fn proven(proof: &Secret, enrol: Enrol) -> Enrol {
    Enrol { proof: Some(proof.clone()), ..enrol }
}

fn proof_of(verdict: ConfirmVerdict) -> Secret {
    match verdict {
        ConfirmVerdict::Accepted { proof, .. } => proof.expect("a proof"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_number_is_set_up_and_signs_in() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.enable(ALICE);
    for unfit in ["0612345678", "44612345678", "", "+44 612 x"] {
        assert_eq!(posternd.refused(&begin_to("sms", unfit)), Reason::Unfit, "{unfit}");
    }
    assert_eq!(posternd.refused(&begin_to("fax", NUMBER)), Reason::NotOffered);
    let (ticket, again) = posternd.sent(&begin_to("sms", "+44 (0) 612 345-678"));
    let now = post.home.clock().now();
    assert_eq!(again, now + 30);
    let text = post.take("sms");
    assert!(text.starts_with(&format!("to {NUMBER}\n")), "{text}");
    assert!(text.trim_end().ends_with(&format!("@webmail.example.com #{}", digits(&text))), "{text}");
    let first = digits(&text);
    post.home.saw(&Secret::from(format!("{first} is your code").as_str()));
    // First too soon, then in time: the first code is void.
    let resend = Enrol { ticket: Some(ticket.clone()), ..begin_to("sms", NUMBER) };
    assert_eq!(posternd.refused(&resend), Reason::TooSoon);
    post.home.clock().advance(30);
    let (ticket, _) = posternd.sent(&resend);
    let second = post.code("sms");
    let wrong = if second == "000000" { "111111" } else { "000000" };
    assert_eq!(posternd.finish(&ticket, wrong).reason(), Some(Reason::Wrong));
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Enrol { .. }));
    let ConfirmVerdict::Accepted { backup_codes, .. } = posternd.finish(&ticket, &second) else { panic!() };
    assert_eq!(backup_codes.len(), 10);

    let offers = posternd.offers();
    assert_eq!((offers[0].kind.as_str(), offers[0].hint.as_deref()), ("sms", Some("+44 ••••••678")));
    post.home.clock().advance(60);
    let challenge = posternd.prepared(&offers[0].id, None);
    let text = post.take("sms");
    assert!(text.contains("votre code"), "{text}");
    let sent = digits(&text);
    // Another session, no session, and the right one, which works once.
    assert_eq!(posternd.prepare(&offers[0].id, None).reason(), Some(Reason::TooSoon));
    assert_eq!(posternd.answer_sent(None, &sent).reason(), Some(Reason::Wrong));
    assert_eq!(posternd.answer_sent(Some(&Secret::from("nonsense")), &sent).reason(), Some(Reason::Stale));
    let AnswerVerdict::Accepted { proof, .. } = posternd.answer_sent(Some(&challenge), &sent) else { panic!() };
    assert!(proof.is_some());
    assert_eq!(posternd.answer_sent(Some(&challenge), &sent).reason(), Some(Reason::Wrong));
    posternd.stop();
}

#[test]
fn the_twenty_first_code_of_a_day_is_not_sent_and_a_broken_sender_says_so() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.enable(ALICE);
    for _ in 0..20 {
        posternd.sent(&begin_to("sms", NUMBER));
        post.home.clock().advance(31);
    }
    assert_eq!(post.all("sms").len(), 20);
    assert_eq!(posternd.refused(&begin_to("sms", NUMBER)), Reason::TooMany);
    assert_eq!(posternd.refused(&begin_to("email", ADDRESS)), Reason::TooMany);
    post.home.clock().advance(86_400);
    fs::write(post.home.post().join("send-sms"), "#!/bin/sh\nexit 1\n").unwrap();
    assert_eq!(posternd.refused(&begin_to("sms", NUMBER)), Reason::NotSent);
    posternd.stop();
}

#[test]
fn an_address_is_set_up_but_not_the_mailbox_itself() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.enable(ALICE);
    posternd.add_aliases(ALICE, &["ally@example.com"]).unwrap();
    for own in [ALICE, "ALICE@example.com", "alice+x@example.com", "ally@example.com", "not an address"] {
        assert_eq!(posternd.refused(&begin_to("email", own)), Reason::Unfit, "{own}");
    }
    // A user who has only the password cannot set a contact address.
    assert_eq!(posternd.refused(&begin_to("contact", ADDRESS)), Reason::Stale);
    let (ticket, _) = posternd.sent(&begin_to("email", ADDRESS));
    let mail = post.take("mail");
    assert!(mail.contains("Auto-Submitted: auto-generated"), "{mail}");
    proof_of(posternd.finish(&ticket, &code_in(&mail)));
    assert_eq!(posternd.offers()[0].kind, "email");
    posternd.stop();
}

#[test]
fn people_change_their_own_account_with_a_factor_for_each_change() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let (signed_in, secret) = posternd.sets_up_app();
    let proves = |what| posternd.proves(&secret, what);
    let security = posternd.security(&signed_in).unwrap();
    assert_eq!((security.methods.len(), security.backup_codes_left), (1, Some(10)));
    assert_eq!(security.kinds, ["totp", "sms", "email", "key", "contact"]);
    let totp = security.methods[0].id.clone();
    posternd.do_change(&signed_in, Change::Rename { id: totp.clone(), description: "Old phone".into() }).unwrap();
    // A contact address, confirmed by a code.
    let contact = |proof: &Secret| proven(proof, begin_to("contact", ADDRESS));
    assert_eq!(posternd.refused(&contact(&signed_in)), Reason::NotFresh, "a sign-in is not enough");
    let proof = proves(Proves::SetContact { to: ADDRESS.replace("elsewhere", "ELSEWHERE") });
    let (ticket, _) = posternd.sent(&contact(&proof));
    proof_of(posternd.finish(&ticket, &post.code("mail")));
    assert_eq!(posternd.refused(&contact(&proof)), Reason::NotFresh, "it is used up");
    // A number in addition to the app: the contact address receives a notice, without any text that the user has typed.
    let number = |proof: &Secret| proven(proof, begin_to("sms", NUMBER));
    let nobody = begin_to("sms", NUMBER);
    assert_eq!(posternd.refused(&nobody), Reason::Stale, "the password is not enough");
    let adds = |kind: &str, to: Option<&str>| Proves::AddMethod { kind: kind.into(), to: to.map(str::to_owned) };
    let elsewhere = proves(adds("sms", Some("+44612345679")));
    assert_eq!(posternd.refused(&number(&elsewhere)), Reason::NotFresh, "that number was not shown");
    let proof = proves(adds("sms", Some(NUMBER)));
    let (ticket, _) = posternd.sent(&number(&proof));
    proof_of(posternd.finish(&ticket, &post.code("sms")));
    let notice = post.notice();
    assert!(notice.contains("codes by SMS") && !notice.contains("evil"), "{notice}");
    assert_eq!(posternd.refused(&number(&proves(adds("sms", Some(NUMBER))))), Reason::InUse);
    let security = posternd.security(&signed_in).unwrap();
    assert_eq!((security.methods.len(), security.contact.as_deref()), (2, Some(ADDRESS)));
    assert_eq!(security.methods[0].description, "Old phone");

    let (_, codes) = posternd.do_change(&proves(Proves::MakeBackupCodes), Change::MakeBackupCodes).unwrap();
    assert_eq!(codes.len(), 10);
    posternd.do_change(&proves(Proves::DeleteBackupCodes), Change::DeleteBackupCodes).unwrap();
    assert_eq!(posternd.security(&signed_in).unwrap().backup_codes_left, None);
    // Removing a method ends all sessions except the one that continues with the returned state.
    let remove = |id: &str| Change::RemoveMethod { id: id.to_owned() };
    let phone = security.methods[1].id.clone();
    let proof = proves(Proves::RemoveMethod { id: phone.clone() });
    assert_eq!(posternd.do_change(&proof, remove(&totp)).unwrap_err(), Reason::NotFresh, "another was shown");
    let (next, _) = posternd.do_change(&proof, remove(&phone)).unwrap();
    assert_eq!(posternd.security(&signed_in).unwrap_err(), Reason::Stale);
    let signed_in = next.unwrap();
    let proof = proves(Proves::RemoveMethod { id: totp.clone() });
    assert_eq!(posternd.do_change(&proof, remove(&totp)).unwrap_err(), Reason::OnlyMethod);
    // After a quarter of an hour a factor no longer proves anything; changes of texts need no factor.
    let proof = proves(Proves::MakeBackupCodes);
    post.home.clock().advance(15 * 60);
    assert_eq!(posternd.do_change(&proof, Change::MakeBackupCodes).unwrap_err(), Reason::NotFresh);
    posternd.do_change(&signed_in, Change::SetLanguage { language: "fr".into() }).unwrap();
    // A proof of another user, and a forged one, are invalid.
    posternd.enable("bob@example.com");
    for other in [Secret::from("nonsense"), ticket] {
        assert_eq!(posternd.security(&other).unwrap_err(), Reason::Stale);
    }
    posternd.stop();
}

/// Regression: one proof created eight sets of backup codes at once.
#[test]
fn a_proof_is_used_up_by_its_change_at_once_and_over_a_restart() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let (signed_in, secret) = posternd.sets_up_app();
    assert_eq!(posternd.do_change(&signed_in, Change::MakeBackupCodes).unwrap_err(), Reason::NotFresh);
    let proof = posternd.proves(&secret, Proves::MakeBackupCodes);
    let make = || posternd.do_change(&proof, Change::MakeBackupCodes);
    let made = thread::scope(|scope| {
        let makers: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    assert!(made.iter().flat_map(|made| made.as_ref().err()).all(|reason| *reason == Reason::NotFresh));
    posternd.kill();
    let posternd = post.home.start();
    assert_eq!(posternd.do_change(&proof, Change::MakeBackupCodes).unwrap_err(), Reason::NotFresh);
    // One factor does not have two uses either: a factor for a change does not trust the browser.
    post.home.clock().advance(30);
    let mut both = answer_of(ALICE, Channel::Webmail, &post.home.code(&secret));
    (both.trust, both.proves) = (true, Some(Proves::MakeBackupCodes));
    let refused = posternd.try_front::<AnswerVerdict>("Answer", &both);
    assert!(matches!(refused, Err(CallError::Error(error)) if error.name.ends_with("InvalidParameter")));
    posternd.stop();
}

/// The secret is not shown before the factor, and after it the secret is for one method only.
#[test]
fn the_secret_of_a_further_method_is_shown_behind_a_factor_for_it() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let (signed_in, secret) = posternd.sets_up_app();
    let adds = |kind: &str| Proves::AddMethod { kind: kind.to_owned(), to: None };
    let of_codes = posternd.proves(&secret, Proves::MakeBackupCodes);
    let of_key = posternd.proves(&secret, adds("key"));
    for proof in [&signed_in, &of_codes, &of_key] {
        assert_eq!(posternd.refused(&proven(proof, begin("totp"))), Reason::NotFresh);
    }
    assert!(matches!(posternd.front("Enrol", &proven(&of_key, begin("key"))), EnrolVerdict::Key { .. }));
    let proof = posternd.proves(&secret, adds("totp"));
    let [(one, of_one), (other, of_other)] =
        [(); 2].map(|()| match posternd.front("Enrol", &proven(&proof, begin("totp"))) {
            EnrolVerdict::Offered { ticket, secret, .. } => (ticket, secret.reveal().to_owned()),
            verdict => panic!("{verdict:?}"),
        });
    let now = post.home.clock().now();
    proof_of(posternd.finish(&one, &code(&of_one, now)));
    assert_eq!(
        posternd.finish(&other, &code(&of_other, now)).reason(),
        Some(Reason::NotFresh),
        "one factor, one method"
    );
    let shown_again = Enrol { name: ALICE.to_owned(), ticket: Some(other), ..Enrol::default() };
    assert_eq!(posternd.refused(&shown_again), Reason::NotFresh);
    posternd.stop();
}

#[test]
fn repeated_changes_are_stopped_for_the_day() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let (proof, secret) = posternd.sets_up_app();
    let id = posternd.security(&proof).unwrap().methods[0].id.clone();
    let rename = |number: usize| Change::Rename { id: id.clone(), description: number.to_string() };
    for number in 0..WORDS_A_DAY {
        posternd.do_change(&proof, rename(number)).unwrap();
    }
    assert_eq!(posternd.do_change(&proof, rename(0)).unwrap_err(), Reason::TooMany);
    let of_codes = posternd.proves(&secret, Proves::MakeBackupCodes);
    // Changes of texts have a limit of their own: it does not block other changes.
    posternd.do_change(&of_codes, Change::MakeBackupCodes).unwrap();
    // Changes that end something are still possible.
    posternd.do_change(&proof, Change::RevokeOtherTrust).unwrap();
    post.home.clock().advance(86_400);
    posternd.do_change(&proof, rename(0)).unwrap();
    posternd.stop();
}

#[test]
fn the_last_method_goes_only_where_the_platform_lets_it() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let (signed_in, secret) = posternd.sets_up_app();
    let id = posternd.security(&signed_in).unwrap().methods[0].id.clone();
    let remove = || Change::RemoveMethod { id: id.clone() };
    assert_eq!(posternd.security(&signed_in).unwrap().methods[0].removal, Removal::Kept);
    let proof = posternd.proves(&secret, Proves::RemoveMethod { id: id.clone() });
    assert_eq!(posternd.do_change(&proof, remove()).unwrap_err(), Reason::OnlyMethod);
    posternd.set("last-method", "remove");
    assert_eq!(posternd.security(&signed_in).unwrap().methods[0].removal, Removal::SwitchesOff);
    assert_eq!(posternd.do_change(&proof, remove()).unwrap().0, None, "the second factor is off");
    assert!(matches!(posternd.ask(ALICE), AskVerdict::NotRequired { .. }));
    posternd.stop();
}

#[test]
fn an_enrolment_code_keeps_a_thief_with_the_password_from_being_first() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let given = posternd.enable_with_code(ALICE);
    let with = |code: Option<&str>| Enrol {
        name: ALICE.to_owned(),
        enrolment_code: code.map(Secret::from),
        ..Enrol::default()
    };
    for wrong in [None, Some(""), Some("aaaa-aaaa")] {
        assert_eq!(posternd.refused(&with(wrong)), Reason::EnrolmentCode);
    }
    let typed = given.reveal().replace('-', " ").to_uppercase();
    let EnrolVerdict::Offered { ticket, secret, kinds, .. } = posternd.front("Enrol", &with(Some(&typed))) else {
        panic!()
    };
    assert_eq!(kinds, ["totp", "sms", "email", "key"]);
    // A user who has the ticket has typed the code, as long as the code has not changed.
    let (_, _) = posternd.sent(&Enrol { ticket: Some(ticket.clone()), ..begin_to("sms", NUMBER) });
    let right = post.home.code(secret.reveal());
    assert!(matches!(posternd.finish(&ticket, &right), ConfirmVerdict::Accepted { .. }));
    // If the platform requires a code, no user can enrol without one.
    posternd.set("enrolment-code", "required");
    posternd.change(ALICE, Action::Reset).unwrap();
    assert_eq!(posternd.refused(&with(Some(&typed))), Reason::EnrolmentCode);
    // An account that is enrolling accepts a new one.
    let typed = posternd.enable_with_code(ALICE);
    assert!(matches!(posternd.front("Enrol", &with(Some(typed.reveal()))), EnrolVerdict::Offered { .. }));
    posternd.stop();
}

#[test]
fn a_request_for_a_reset_waits_for_an_administrator() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let wanted = OpenRequest {
        origin: Origin { address: "192.0.2.7".parse().ok(), ..Origin::default() },
        contact: "+44 612 345 678\u{1b}[31m".to_owned(),
        ..request_of()
    };
    let open = |wanted: &OpenRequest| -> RequestVerdict { posternd.front("OpenRequest", wanted) };
    assert!(matches!(open(&wanted), RequestVerdict::Refused(_)), "nothing can be lost there");
    posternd.enrolled(ALICE);
    assert!(matches!(open(&OpenRequest { contact: " ".to_owned(), ..wanted.clone() }), RequestVerdict::Refused(_)));
    assert_eq!(open(&wanted), RequestVerdict::Opened);
    assert_eq!(open(&wanted), RequestVerdict::OpenAlready);
    posternd.set("request-wait", "24");
    let listed: Requests =
        posternd.order("ShowRequest", &postern_wire::admin::Mailbox { mailbox: ALICE.into() }).unwrap();
    assert_eq!((listed.requests.len(), listed.requests[0].contact.as_str()), (1, "+44 612 345 678[31m"));
    assert_eq!(posternd.decide(true).unwrap_err().reason, "too_soon");
    post.home.clock().advance(24 * 3600);
    let code = posternd.decide(true).unwrap().enrolment_code.expect("whoever asked knows the password only");
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Enrol { .. }));
    let with = |code: Option<Secret>| Enrol { name: ALICE.to_owned(), enrolment_code: code, ..Enrol::default() };
    assert_eq!(posternd.refused(&with(None)), Reason::EnrolmentCode);
    assert!(matches!(posternd.front("Enrol", &with(Some(code))), EnrolVerdict::Offered { .. }));
    assert_eq!(posternd.decide(false).unwrap_err().reason, "no_request");
    posternd.stop();
}

#[test]
fn a_request_is_over_when_the_owner_signs_in_with_a_second_factor() {
    let post = Post::new();
    let (posternd, alice) = post.home.start_with_alice();
    let open = || posternd.front::<RequestVerdict>("OpenRequest", &request_of());
    assert_eq!(open(), RequestVerdict::Opened);
    post.home.clock().advance(30);
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
    assert_eq!(posternd.decide(true).unwrap_err().reason, "over");
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Challenge { .. }));
    // Further requests can be opened then, three a day; the owner receives a notice of each.
    for _ in 0..2 {
        assert_eq!(open(), RequestVerdict::Opened);
        posternd.decide(false).unwrap();
    }
    let RequestVerdict::Refused(refusal) = open() else { panic!() };
    assert!(refusal.reason == Reason::TooMany && refusal.until.is_some(), "{refusal:?}");
    post.home.clock().advance(86_400);
    assert_eq!(open(), RequestVerdict::Opened);
    posternd.stop();
}

#[test]
fn an_export_after_something_was_sent_can_be_imported() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.enable(ALICE);
    posternd.sent(&begin_to("sms", NUMBER));
    let text = posternd.export().unwrap();
    posternd.stop();
    let sister = Home::new(Plan { key: Some(post.home.path("master.key")), clock: true, ..Plan::default() });
    let restored = sister.start();
    restored.import(&text).unwrap();
    assert_eq!(restored.accounts().len(), 1);
    restored.stop();
}

#[test]
fn a_ticket_of_before_an_enrolment_code_is_none_after_it() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.enable(ALICE);
    let (ticket, secret) = posternd.offered(ALICE);
    posternd.enable_with_code(ALICE);
    let right = post.home.code(&secret);
    assert_eq!(posternd.finish(&ticket, &right).reason(), Some(Reason::Stale));
    // The same applies if the platform starts to require one.
    posternd.enable("bob@example.com");
    let (ticket, secret) = posternd.offered("bob@example.com");
    posternd.set("enrolment-code", "required");
    let right = post.home.code(&secret);
    assert_eq!(posternd.confirm("bob@example.com", &ticket, &right).reason(), Some(Reason::EnrolmentCode));
    posternd.stop();
}
