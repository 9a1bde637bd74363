//! Known and trusted browsers, and unusual sign-ins.

use crate::calls::{Refuses, connect};
use crate::home::{Home, Running};
use crate::messages::{answer_to, ask_of, confirm_of, prepare_of};
use crate::people::{ALICE, Enrolled};
use crate::post::{Post, code_in};
use postern_wire::Secret;
use postern_wire::admin::{self, Accounts, Action, State};
use postern_wire::auth::{
    self, Answer, AnswerVerdict, AskVerdict, Channel, Offer, Origin, PrepareVerdict, Reason, SignedIn,
};
use postern_wire::security::{Change, ChangeSecurity, ChangeVerdict, OwnBrowser, SecurityVerdict, ShowSecurity};
use std::sync::Barrier;
use std::thread;

const DAY: i64 = 86_400;
const ADDRESS: &str = "alice@elsewhere.example";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";
const CONNECTIONS: usize = 20;

/// The browser of this number, with this address.
fn from(browser: u8, address: &str) -> Origin {
    Origin {
        address: address.parse().ok(),
        service: Some("webmail".to_owned()),
        client: Some(FIREFOX.to_owned()),
        browser: Some(token(browser)),
        before_exchange: false,
    }
}

fn token(browser: u8) -> Secret {
    Secret::from(format!("{browser:043}"))
}

impl Running<'_> {
    fn ask_from(&self, origin: &Origin) -> AskVerdict {
        self.home.saw(origin.browser.as_ref().unwrap());
        self.front("Ask", &ask_of(ALICE, Channel::Webmail, origin))
    }

    /// Whether the browser is recorded with the account.
    fn knows(&self, origin: &Origin) -> bool {
        self.front::<auth::Asked>("Ask", &ask_of(ALICE, Channel::Webmail, origin)).browser_known
    }

    /// The standing of a sign-in that requires nothing more.
    #[track_caller]
    fn passes(&self, origin: &Origin) -> String {
        match self.ask_from(origin) {
            AskVerdict::NotRequired { mailbox, standing } if mailbox == ALICE => standing,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn is_challenged(&self, origin: &Origin) -> (Vec<Offer>, Option<u32>) {
        match self.ask_from(origin) {
            AskVerdict::Challenge { methods, trust_days, .. } => (methods, trust_days),
            other => panic!("{other:?}"),
        }
    }

    fn answer_from(&self, origin: &Origin, code: &str, trust: bool) -> AnswerVerdict {
        self.front("Answer", &Answer { trust, ..answer_to(None, origin, code) })
    }

    /// Answers with the app's code and trusts the browser; returns the proof.
    #[track_caller]
    fn trust(&self, alice: &Enrolled, origin: &Origin) -> Secret {
        self.home.clock().advance(30);
        match self.answer_from(origin, &self.code(alice), true) {
            AnswerVerdict::Accepted { proof, .. } => proof.expect("a proof"),
            other => panic!("{other:?}"),
        }
    }

    fn tell(&self, origin: &Origin, standing: &str) {
        let (name, standing, language) = (ALICE.to_owned(), standing.to_owned(), Some("fr".to_owned()));
        let told = SignedIn { name, channel: Channel::Webmail, origin: origin.clone(), standing, language };
        let _: serde_json::Value = self.front("SignedIn", &told);
    }

    fn prepare_from(&self, origin: &Origin) -> PrepareVerdict {
        self.front("Prepare", &prepare_of(auth::CONTACT, origin))
    }

    #[track_caller]
    fn sent_to_contact(&self, origin: &Origin) -> Secret {
        match self.prepare_from(origin) {
            PrepareVerdict::Sent { challenge, .. } => challenge,
            other => panic!("{other:?}"),
        }
    }

    fn browsers(&self, origin: &Origin, proof: &Secret) -> Vec<OwnBrowser> {
        let asked =
            ShowSecurity { name: ALICE.to_owned(), origin: origin.clone(), proof: proof.clone(), clients: Vec::new() };
        match self.front("ShowSecurity", &asked) {
            SecurityVerdict::Shown(security) => security.browsers,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn do_from(&self, origin: &Origin, proof: &Secret, change: Change) {
        let (name, proof, origin) = (ALICE.to_owned(), proof.clone(), origin.clone());
        let verdict =
            self.front("ChangeSecurity", &ChangeSecurity { name, channel: Channel::Webmail, origin, proof, change });
        assert!(matches!(verdict, ChangeVerdict::Done { .. }), "{verdict:?}");
    }

    /// Counts the entries of the audit log with this action.
    fn count(&self, action: &str) -> usize {
        self.audit(None).iter().filter(|entry| entry.action == action).count()
    }
}

/// Removes the line breaks that were inserted into a mail for transport (RFC 2045 section 6.7).
fn unfolded(mail: &str) -> String {
    mail.replace('\r', "").replace("=\n", "")
}

/// Alice, without an account, on a platform that asks at unusual sign-ins; a code was sent to her contact address.
struct Sent {
    origin: Origin,
    challenge: Secret,
    code: String,
}

impl Sent {
    /// Signs in with a new browser.
    fn at(post: &Post, posternd: &Running<'_>) -> Self {
        posternd.set("unusual-sign-in", "ask");
        posternd.set_contact(Some(ADDRESS)).unwrap();
        let origin = from(1, HOME);
        let challenge = posternd.sent_to_contact(&origin);
        Self { origin, challenge, code: post.code("mail") }
    }

    /// Answers with a code.
    fn answer(&self, posternd: &Running<'_>, code: &str) -> Option<Reason> {
        let answer = answer_to(Some(&self.challenge), &self.origin, code);
        posternd.front::<AnswerVerdict>("Answer", &answer).reason()
    }
}

#[test]
fn a_trusted_browser_is_not_asked_for_as_long_as_the_platform_allows() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    let (own, other) = (from(1, HOME), from(2, HOME));
    // By default no browser can be trusted.
    assert_eq!(posternd.is_challenged(&own).1, None);
    posternd.trust(&alice, &own);
    posternd.is_challenged(&own);

    posternd.set("trusted-browsers", "30");
    assert_eq!(posternd.is_challenged(&own).1, Some(30));
    posternd.trust(&alice, &own);
    let trusted_at = home.clock().now();
    let standing = posternd.passes(&own);
    posternd.passes(&from(1, ELSEWHERE));
    assert!(!posternd.is_over(ALICE, &standing));
    posternd.is_challenged(&other);
    assert!(matches!(posternd.front("Ask", &ask_of(ALICE, Channel::Imap, &own)), AskVerdict::Challenge { .. }));
    // A malformed token is ignored, and a request without a token trusts no browser.
    let odd = Origin { browser: Some(Secret::from("not a token")), ..from(1, HOME) };
    posternd.trust(&alice, &odd);
    posternd.is_challenged(&odd);

    // Trust lasts to the exact second, and a policy with a shorter time takes effect at once.
    home.clock().advance(trusted_at + 30 * DAY - 1 - home.clock().now());
    posternd.passes(&own);
    posternd.set("trusted-browsers", "29");
    posternd.is_challenged(&own);
    assert!(posternd.is_over(ALICE, &standing));
    posternd.set("trusted-browsers", "90");
    // Trust that has expired is not restored by a longer time.
    posternd.is_challenged(&own);
    // Trusted under 90 days, ended by 0, and not restored by 90.
    posternd.trust(&alice, &own);
    let standing = posternd.passes(&own);
    let watch = posternd.watch();
    posternd.set("trusted-browsers", "0");
    assert_eq!(watch.next(), None);
    assert!(posternd.is_over(ALICE, &standing));
    posternd.set("trusted-browsers", "90");
    posternd.is_challenged(&own);
    assert!(posternd.is_over(ALICE, &standing));
}

#[test]
fn trust_ends_by_its_owner_and_by_whatever_changes_the_account() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    posternd.set("trusted-browsers", "30");
    let (own, other) = (from(1, HOME), from(2, ELSEWHERE));
    assert!(!posternd.knows(&other));
    posternd.trust(&alice, &other);
    assert!(posternd.knows(&other) && !posternd.knows(&from(1, ELSEWHERE)), "the token counts, not the network");
    let standing = posternd.passes(&other);
    let proof = posternd.trust(&alice, &own);

    let shown = posternd.browsers(&own, &proof);
    assert_eq!(shown.iter().map(|it| it.this).collect::<Vec<_>>(), [true, false]);
    assert_eq!((shown[0].description.as_str(), shown[0].network.as_str()), ("Firefox (Linux)", "192.0.2.0/24"));
    assert!(shown.iter().all(|it| it.trusted_until.is_some()));
    let watch = posternd.watch();
    posternd.do_from(&own, &proof, Change::RevokeTrust { id: shown[1].id.clone() });
    watch.tells_of(ALICE);
    assert!(posternd.is_over(ALICE, &standing));
    posternd.is_challenged(&other);
    posternd.passes(&own);
    assert_eq!(posternd.browsers(&own, &proof)[1].trusted_until, None);
    assert!(posternd.knows(&other));
    // It is still known, and may be trusted again.
    posternd.trust(&alice, &other);
    posternd.passes(&other);
    posternd.do_from(&own, &proof, Change::RevokeOtherTrust);
    posternd.is_challenged(&other);
    let standing = posternd.passes(&own);

    // A suspension ends no trust; a new epoch does.
    posternd.suspend(ALICE, 1).unwrap();
    posternd.change(ALICE, Action::Resume).unwrap();
    assert!(!posternd.is_over(ALICE, &standing));
    let added: admin::TotpAdded =
        posternd.order("AddTotp", &admin::AddTotp { mailbox: ALICE.to_owned(), ..Default::default() }).unwrap();
    home.saw(&added.secret);
    posternd.passes(&own);
    posternd.remove_method(ALICE, &added.id).unwrap();
    posternd.is_challenged(&own);
    assert!(posternd.is_over(ALICE, &standing));
    posternd.trust(&alice, &own);
    let standing = posternd.passes(&own);
    posternd.change(ALICE, Action::Reset).unwrap();
    assert!(posternd.is_over(ALICE, &standing));
    assert!(matches!(posternd.ask_from(&own), AskVerdict::Enrol { .. }));
    assert_eq!(posternd.show(ALICE).unwrap().browsers, 0);
    assert!(!posternd.knows(&own));
}

#[test]
fn trust_is_on_disk_when_it_is_acknowledged_and_asked_of_nobody_while_the_platform_is_off() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    posternd.set("trusted-browsers", "30");
    let own = from(1, HOME);
    posternd.trust(&alice, &own);
    posternd.kill();

    let posternd = home.start();
    let trusted = posternd.passes(&own);
    assert!(trusted.starts_with("trusted/"), "{trusted}");
    posternd.switch_platform(false);
    let standing = posternd.passes(&from(2, ELSEWHERE));
    posternd.tell(&from(2, ELSEWHERE), &standing);
    assert_eq!(posternd.show(ALICE).unwrap().browsers, 1, "off means off");
    posternd.switch_platform(true);
    assert!(posternd.is_over(ALICE, &standing));
    assert!(!posternd.is_over(ALICE, &trusted));
    // Too many wrong codes from elsewhere also lock the webmail for users with a trusted browser.
    for _ in 0..5 {
        assert_eq!(posternd.answer_from(&from(2, ELSEWHERE), "000000", false).reason(), Some(Reason::Wrong));
    }
    assert_eq!(posternd.ask_from(&own).reason(), Some(Reason::Locked));
}

#[test]
fn an_unusual_sign_in_needs_a_code_from_the_contact_address() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let (new, known) = (from(1, HOME), from(1, ELSEWHERE));
    posternd.passes(&new);
    posternd.set("unusual-sign-in", "ask");
    assert_eq!(posternd.ask_from(&new).reason(), Some(Reason::Unusual));
    assert_eq!(posternd.prepare_from(&new).reason(), Some(Reason::Stale), "there is no account");
    // On other channels, no code is required.
    assert!(matches!(posternd.ask_at(ALICE, Channel::Imap), AskVerdict::NotRequired { .. }));
    for own in [ALICE, "ALICE@example.com", "alice+x@example.com", "no address"] {
        assert_eq!(posternd.set_contact(Some(own)).unwrap_err().reason, "bad_address", "{own}");
    }
    posternd.set_contact(Some(ADDRESS)).unwrap();
    let (methods, trust_days) = posternd.is_challenged(&new);
    assert_eq!((methods.len(), trust_days), (1, None));
    let Offer { id, kind, digits, hint, .. } = &methods[0];
    assert_eq!((id.as_str(), kind.as_str(), *digits), (auth::CONTACT, "email", Some(6)));
    assert_eq!(hint.as_deref(), Some("a•••@elsewhere.example"));

    let challenge = posternd.sent_to_contact(&new);
    let mail = post.take("mail");
    assert!(mail.contains(ADDRESS) && mail.contains("votre mot de passe"), "{mail}");
    let code = code_in(&mail);
    post.home.saw(&Secret::from(format!("accepted {code}")));
    let try_it = |challenge, code: &str| posternd.front::<AnswerVerdict>("Answer", &answer_to(challenge, &new, code));
    assert_eq!(try_it(None, &code).reason(), Some(Reason::Stale), "another session");
    assert_eq!(posternd.prepare_from(&new).reason(), Some(Reason::TooSoon));
    let wrong = if code == "000000" { "111111" } else { "000000" };
    assert_eq!(try_it(Some(&challenge), wrong).reason(), Some(Reason::Wrong));
    let AnswerVerdict::Accepted { standing, method, proof: None, .. } = try_it(Some(&challenge), &code) else {
        panic!("not accepted, or with a proof")
    };
    assert_eq!(method, auth::CONTACT);
    assert_eq!(try_it(Some(&challenge), &code).reason(), Some(Reason::Stale), "it is known now");
    // The browser is known on every network, and its network with every browser.
    posternd.passes(&known);
    posternd.passes(&from(2, HOME));
    posternd.is_challenged(&from(2, ELSEWHERE));
    assert!(post.all("mail").is_empty(), "of an account of which nothing was known no notice is sent");
    // The session is valid while the account is unchanged.
    assert!(!posternd.is_over(ALICE, &standing));
    posternd.set("unusual-sign-in", "off");
    assert!(!posternd.is_over(ALICE, &standing));
    posternd.enable(ALICE);
    assert!(posternd.is_over(ALICE, &standing));
    assert!(matches!(posternd.ask_from(&new), AskVerdict::Enrol { .. }));
}

#[test]
fn a_code_to_the_contact_address_is_good_for_that_address_and_guessing_is_slow() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let sent = Sent::at(&post, &posternd);
    // The address changes in between: the old one receives a notice, and its code is void.
    posternd.set_contact(Some("thief@elsewhere.example")).unwrap();
    post.wait_for("mail", 2);
    assert_eq!(sent.answer(&posternd, &sent.code), Some(Reason::Wrong));
    posternd.set_contact(Some(ADDRESS)).unwrap();
    for _ in 0..4 {
        assert_eq!(sent.answer(&posternd, "000000"), Some(Reason::Wrong));
    }
    let right = sent.answer(&posternd, &sent.code);
    assert_eq!(right, Some(Reason::Locked), "a right code learns nothing while the channel is locked");
    let new = &sent.origin;
    assert_eq!(posternd.ask_from(new).reason(), Some(Reason::Locked));
    assert_eq!(posternd.show(ALICE).unwrap().state, State::Off);
    assert!(posternd.change(ALICE, Action::Unlock).unwrap().changed);
    posternd.is_challenged(new);
    posternd.set_contact(None).unwrap();
    assert_eq!(posternd.ask_from(new).reason(), Some(Reason::Unusual));
    assert_eq!(posternd.prepare_from(new).reason(), Some(Reason::Unusual));
    // An address that now resolves to the mailbox itself is not used.
    posternd.set_contact(Some("ally@example.com")).unwrap();
    posternd.is_challenged(new);
    posternd.add_aliases(ALICE, &["ally@example.com"]).unwrap();
    assert_eq!(posternd.ask_from(new).reason(), Some(Reason::Unusual));
    assert_eq!(posternd.prepare_from(new).reason(), Some(Reason::Unusual));
}

#[test]
fn where_no_mail_leaves_an_unusual_sign_in_is_refused() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    posternd.set("unusual-sign-in", "ask");
    posternd.set_contact(Some(ADDRESS)).unwrap();
    assert_eq!(posternd.ask_from(&from(1, HOME)).reason(), Some(Reason::Unusual));
    let findings: admin::Findings = posternd.order("Check", &admin::Empty {}).unwrap();
    assert!(findings.findings.iter().any(|it| it.message.contains("no mail leaves here")), "{findings:?}");
}

#[test]
fn of_twenty_answers_with_one_mailed_code_one_is_accepted_and_of_twenty_words_none_is_lost() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    let sent = Sent::at(&post, &posternd);
    let together = Barrier::new(CONNECTIONS);
    let accepted = thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let (mut client, together) = (connect(&post.home.auth()), &together);
                let answer = answer_to(Some(&sent.challenge), &sent.origin, &sent.code);
                scope.spawn(move || {
                    together.wait();
                    client.call::<AnswerVerdict>(auth::INTERFACE, "Answer", &answer).unwrap().reason()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(Option::is_none).count()
    });
    assert_eq!(accepted, 1);
    // Twenty browsers on one network sign in at once, each of another kind.
    let standing = posternd.passes(&sent.origin);
    let kinds = ["Edg", "OPR/", "Vivaldi/", "FxiOS/", "Chrome/"];
    let kinds = kinds.iter().flat_map(|kind| ["Android", "iPad", "Windows", "CrOS"].map(|on| format!("{kind} {on}")));
    let kinds: Vec<String> = kinds.collect();
    assert_eq!(kinds.len(), CONNECTIONS);
    thread::scope(|scope| {
        for (number, kind) in kinds.iter().enumerate() {
            let (posternd, together, standing) = (&posternd, &together, &standing);
            let from = Origin { client: Some(kind.clone()), ..from(100 + number as u8, HOME) };
            scope.spawn(move || {
                together.wait();
                posternd.tell(&from, standing);
            });
        }
    });
    assert_eq!(posternd.show(ALICE).unwrap().browsers, 1 + CONNECTIONS as u32);
}

#[test]
fn a_front_notes_only_what_it_may_let_pass_and_the_same_once_a_day() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    let (own, other) = (from(1, HOME), from(2, ELSEWHERE));
    let standing = posternd.passes(&own);
    posternd.tell(&own, &standing);
    assert_eq!(posternd.show(ALICE).unwrap_err().reason, "unknown_mailbox", "there was nothing to note");
    posternd.set("unusual-sign-in", "learn");
    posternd.tell(&own, &standing);
    posternd.tell(&from(1, "192.0.2.200"), &standing);
    assert_eq!((posternd.count("signed in"), posternd.show(ALICE).unwrap().browsers), (1, 1));
    home.clock().advance(DAY - 1);
    posternd.tell(&own, &standing);
    assert_eq!(posternd.count("signed in"), 1);
    home.clock().advance(1);
    posternd.tell(&own, &standing);
    assert_eq!(posternd.count("signed in"), 2);

    posternd.set("unusual-sign-in", "ask");
    let made_up = ["unverified/webmail/0", "unverified/imap/0", "verified/0", "trusted/0/3030303030303030", "", "x"];
    for standing in made_up {
        posternd.tell(&other, standing);
    }
    assert_eq!(posternd.ask_from(&other).reason(), Some(Reason::Unusual));
    // Nothing is recorded for an account that enrols or is suspended, nor for a protected one without a code.
    posternd.enrolled(ALICE);
    for standing in made_up {
        posternd.tell(&other, standing);
    }
    posternd.suspend(ALICE, 1).unwrap();
    let standing = posternd.passes(&other);
    posternd.tell(&other, &standing);
    assert_eq!(posternd.show(ALICE).unwrap().browsers, 0, "the enrolment told of no browser");
}

#[test]
fn what_is_noted_of_a_name_never_lets_it_pass() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    posternd.set("unusual-sign-in", "learn");
    let own = from(1, HOME);
    let standing = posternd.passes(&own);
    posternd.tell(&own, &standing);
    posternd.set_contact(Some(ADDRESS)).unwrap();
    assert_eq!(posternd.show(ALICE).unwrap().contact.as_deref(), Some(ADDRESS));
    // It is not listed or counted.
    assert_eq!((posternd.accounts().len(), posternd.status().accounts["off"]), (0, 0));
    assert_eq!(posternd.status().platforms[0].accounts, 0);
    for learns in ["learn", "ask", "off"] {
        posternd.set("unusual-sign-in", learns);
        posternd.set("unlisted", "refuse");
        assert_eq!(posternd.ask_from(&own).reason(), Some(Reason::Name), "{learns}");
        assert_eq!(posternd.ask_at(ALICE, Channel::Imap).reason(), Some(Reason::Name), "{learns}");
        assert!(posternd.is_over(ALICE, &standing));
        posternd.set("unlisted", "pass");
        posternd.passes(&own);
    }
    // After it was enabled and removed again, the administrator sees it.
    posternd.enable(ALICE);
    posternd.change(ALICE, Action::Remove).unwrap();
    posternd.set("unlisted", "refuse");
    posternd.passes(&own);
    assert_eq!(posternd.accounts().len(), 1);
    assert_eq!(posternd.show(ALICE).unwrap().contact.as_deref(), Some(ADDRESS), "codes may have to go there");
}

#[test]
fn a_noted_name_can_become_an_alias_and_a_lookalike_stays_refused() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    posternd.set("unusual-sign-in", "learn");
    let note = |name: &str| {
        let ask = ask_of(name, Channel::Webmail, &from(1, HOME));
        let AskVerdict::NotRequired { mailbox, standing } = posternd.front("Ask", &ask) else { panic!("{name}") };
        let told =
            SignedIn { name: mailbox, channel: Channel::Webmail, origin: from(1, HOME), standing, language: None };
        let _: serde_json::Value = posternd.front("SignedIn", &told);
    };
    note("ally@example.com");
    assert_eq!(posternd.show("ally@example.com").unwrap().browsers, 1);
    let (mailbox, address) = ("josé@example.com".to_owned(), Some(ADDRESS.to_owned()));
    posternd.order::<Accounts>("SetContact", &admin::SetContact { mailbox, address }).unwrap();
    assert_eq!(posternd.ask("josé@example.com").reason(), Some(Reason::Name));
    posternd.enrolled(ALICE);
    posternd.add_aliases(ALICE, &["ally@example.com"]).unwrap();
    assert!(matches!(posternd.ask("ally@example.com"), AskVerdict::Challenge { mailbox, .. } if mailbox == ALICE));
    // What was recorded about it does not come back.
    posternd.remove_aliases(ALICE, &["ally@example.com"]).unwrap();
    assert_eq!(posternd.show("ally@example.com").unwrap_err().reason, "unknown_mailbox");
}

#[test]
fn the_owner_hears_of_a_browser_that_was_not_known() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.set("trusted-browsers", "30");
    let alice = posternd.enrolled(ALICE);
    posternd.set_contact(Some(ADDRESS)).unwrap();
    let own = from(1, HOME);
    let proof = posternd.trust(&alice, &own);
    let mail = unfolded(&post.notice());
    assert!(mail.contains("a browser that was not known here: Firefox (Linux).") && mail.contains(HOME), "{mail}");
    // The same browser is not reported again, on whatever network, nor is a browser of the same kind on a known
    // network: it may be the same one without its cookie. Another browser is reported, in the owner's language.
    posternd.do_from(&own, &proof, Change::SetLanguage { language: "fr".to_owned() });
    posternd.trust(&alice, &from(1, ELSEWHERE));
    let standing = posternd.passes(&own);
    posternd.tell(&own, &standing);
    posternd.trust(&alice, &from(6, HOME));
    posternd.trust(&alice, &from(2, "203.0.113.1"));
    let mail = unfolded(&post.notice());
    assert!(mail.contains("un navigateur encore inconnu ici=C2=A0: Firefox (Linux)."), "{mail}");

    // Without a second factor, the first browser is not reported, and the next one is reported in the language of the
    // pages.
    posternd.change(ALICE, Action::Remove).unwrap();
    post.notice();
    posternd.set("unusual-sign-in", "learn");
    for (browser, address) in [(3, HOME), (4, ELSEWHERE)] {
        let from = from(browser, address);
        let standing = posternd.passes(&from);
        posternd.tell(&from, &standing);
    }
    assert!(unfolded(&post.notice()).contains("encore inconnu ici"));
    assert_eq!(posternd.show(ALICE).unwrap().browsers, 2);
    posternd.stop();
    assert!(post.all("mail").is_empty());
}

#[test]
fn the_browser_that_enrols_is_known_and_no_news() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.enable(ALICE);
    posternd.set_contact(Some(ADDRESS)).unwrap();
    let (ticket, secret) = posternd.offered(ALICE);
    let confirm = auth::Confirm { origin: from(1, HOME), ..confirm_of(ALICE, &ticket, &post.home.code(&secret)) };
    assert_eq!(posternd.front::<auth::ConfirmVerdict>("Confirm", &confirm).reason(), None);
    assert!(post.notice().contains("was set up"));
    assert_eq!(posternd.show(ALICE).unwrap().browsers, 1);
    let alice = Enrolled { secret, backup_codes: Vec::new(), standing: String::new() };
    posternd.trust(&alice, &from(1, HOME));
    posternd.stop();
    assert!(post.all("mail").is_empty());
}

#[test]
fn of_many_new_browsers_the_owner_hears_three_times_a_day() {
    let post = Post::new();
    let (posternd, alice) = post.home.start_with_alice();
    posternd.set_contact(Some(ADDRESS)).unwrap();
    for number in 1..=5 {
        posternd.trust(&alice, &from(number, &format!("10.0.{number}.1")));
    }
    post.wait_for("mail", 3);
    assert_eq!(posternd.show(ALICE).unwrap().browsers, 5);
    post.home.clock().advance(DAY);
    posternd.trust(&alice, &from(6, "10.0.6.1"));
    post.wait_for("mail", 4);
    posternd.stop();
    assert_eq!(post.all("mail").len(), 4);
}

#[test]
fn who_was_let_in_by_a_known_network_is_unusual_elsewhere_until_a_code_is_brought() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.set_contact(Some(ADDRESS)).unwrap();
    posternd.set("unusual-sign-in", "learn");
    let owner = from(1, HOME);
    let standing = posternd.passes(&owner);
    posternd.tell(&owner, &standing);
    posternd.set("unusual-sign-in", "ask");
    let (at_home, away) = (from(2, HOME), from(2, ELSEWHERE));
    let standing = posternd.passes(&at_home);
    posternd.tell(&at_home, &standing);
    assert_eq!(posternd.show(ALICE).unwrap().browsers, 2);
    posternd.is_challenged(&away);
    // A report of a front does not change that.
    posternd.tell(&away, &standing);
    posternd.is_challenged(&away);
    posternd.passes(&from(1, ELSEWHERE));
    let challenge = posternd.sent_to_contact(&away);
    let answer = answer_to(Some(&challenge), &away, &post.code("mail"));
    assert_eq!(posternd.front::<AnswerVerdict>("Answer", &answer).reason(), None);
    posternd.passes(&from(2, "203.0.113.1"));
    posternd.stop();
}
