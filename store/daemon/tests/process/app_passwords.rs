//! App passwords: created after the mail server's confirmation, opened to the password that they stand for, and invalid
//! once revoked.

use crate::calls::Refuses;
use crate::home::{Home, Running};
use crate::mail_server::{offer_checks, only_right};
use crate::messages::{app_password_of, ask_of, field_of};
use crate::people::{ALICE, Enrolled};
use crate::wait_until;
use postern_wire::Secret;
use postern_wire::admin::{
    Action, AppPassword, AppPasswordCreated, AppPasswords, CreateAppPassword, Empty, Mailbox, Refused,
    RevokeAppPassword,
};
use postern_wire::auth::{
    AnswerField, AskVerdict, Asked, Channel, CheckOutcome, FieldVerdict, Origin, PasswordAccepted, PasswordRefused,
    Reason, Session,
};
use std::time::Duration;

/// The mailbox's password at the mail server.
const PASSWORD: &str = "correct horse battery";

impl Running<'_> {
    fn create(&self, wanted: &CreateAppPassword) -> Result<AppPasswordCreated, Refused> {
        if !wanted.password.reveal().is_empty() {
            self.home.saw(&wanted.password);
        }
        let created = self.order::<AppPasswordCreated>("CreateAppPassword", wanted)?;
        self.home.saw(&created.app_password);
        self.home.saw(&Secret::from(created.app_password.reveal().replace('-', "")));
        Ok(created)
    }

    fn app_passwords(&self) -> Vec<AppPassword> {
        let mailbox = Mailbox { mailbox: ALICE.to_owned() };
        self.order::<AppPasswords>("ListAppPasswords", &mailbox).unwrap().app_passwords
    }

    fn field(&self, channel: Channel, text: &str) -> FieldVerdict {
        self.front("AnswerField", &field_of(ALICE, channel, text))
    }

    fn field_from(&self, address: &str, client: &str, text: &str) -> FieldVerdict {
        let origin = Origin { address: address.parse().ok(), client: Some(client.to_owned()), ..Origin::default() };
        self.front("AnswerField", &AnswerField { origin, ..field_of(ALICE, Channel::Imap, text) })
    }
}

/// Returns the password that an app password stands for, and its session.
fn opened(verdict: FieldVerdict) -> (String, Session) {
    match verdict {
        FieldVerdict::AppPassword { mailbox, standing, password, .. } => {
            (password.reveal().to_owned(), Session { mailbox, standing })
        }
        other => panic!("{other:?}"),
    }
}

/// A daemon with Alice protected, and an upstream mail server that accepts her password.
fn protected(home: &Home) -> (Running<'_>, Enrolled) {
    let (posternd, alice) = home.start_with_alice();
    offer_checks(&posternd, only_right(PASSWORD));
    (posternd, alice)
}

#[test]
fn one_is_made_when_the_mail_server_accepts_the_password_and_stands_for_it() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    let refusal = |wanted: &CreateAppPassword| posternd.create(wanted).unwrap_err().reason;
    assert_eq!(refusal(&app_password_of(PASSWORD)), "unknown_mailbox");
    posternd.enrolled(ALICE);
    assert_eq!(refusal(&app_password_of(PASSWORD)), "no_front", "nobody can say whether it is right");
    let unchecked = posternd.create(&CreateAppPassword { unchecked: true, ..app_password_of("whatever") }).unwrap();
    assert_eq!(opened(posternd.field(Channel::Pam, unchecked.app_password.reveal())).0, "whatever");
    let revoked = RevokeAppPassword { mailbox: ALICE.to_owned(), id: unchecked.id };
    posternd.order::<AppPasswords>("RevokeAppPassword", &revoked).unwrap();
    offer_checks(&posternd, |_, _| Some(CheckOutcome::Unavailable));
    assert_eq!(refusal(&app_password_of(PASSWORD)), "mail_server");
    offer_checks(&posternd, only_right(PASSWORD));
    assert_eq!(refusal(&app_password_of("another")), "wrong_password");
    assert_eq!(refusal(&app_password_of("")), "bad_password");
    assert_eq!(
        refusal(&CreateAppPassword { expires: Some("2020-01-01T00:00:00Z".into()), ..app_password_of(PASSWORD) }),
        "bad_time"
    );
    assert_eq!(
        refusal(&CreateAppPassword { networks: vec!["192.0.2.0/33".into()], ..app_password_of(PASSWORD) }),
        "bad_network"
    );
    assert!(posternd.app_passwords().is_empty());

    let created = posternd.create(&app_password_of(PASSWORD)).unwrap();
    let shown = created.app_password.reveal();
    assert_eq!((shown.split('-').next(), shown.len()), (Some(created.id.as_str()), 29));
    let asked: Asked = posternd.front("Ask", &ask_of("alice", Channel::Imap, &Origin::default()));
    assert_eq!(asked.app_passwords_of.as_deref(), Some(ALICE));
    for typed in [shown.to_owned(), shown.replace('-', ""), shown.replace('-', " ").to_uppercase()] {
        for channel in [Channel::Imap, Channel::Pam] {
            assert_eq!(opened(posternd.field(channel, &typed)).0, PASSWORD);
        }
    }
    let almost = shown.replace(&shown[28..], if shown.ends_with('a') { "b" } else { "a" });
    assert_eq!(posternd.field(Channel::Imap, &almost).reason(), Some(Reason::Wrong));
    assert_eq!(
        posternd.field(Channel::Imap, PASSWORD).reason(),
        Some(Reason::Wrong),
        "the mailbox's own is not enough"
    );
    posternd.stop();
    // The thread outlives the daemon.
    let posternd = home.start();
    assert_eq!(opened(posternd.field(Channel::Imap, shown)).0, PASSWORD);
    posternd.stop();
}

#[test]
fn an_ipv4_address_in_ipv6s_form_is_that_address() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    let bound = |network: &str| {
        posternd.create(&CreateAppPassword {
            unchecked: true,
            networks: vec![network.into()],
            ..app_password_of(PASSWORD)
        })
    };
    let refusal = bound("fe80::1%eth0/64").unwrap_err();
    assert!(refusal.reason == "bad_network" && refusal.message.contains("write fe80::1"), "{refusal:?}");
    let created = bound("::ffff:192.0.2.0/120").unwrap();
    assert_eq!(posternd.app_passwords()[0].networks, ["192.0.2.0/24"]);
    let shown = created.app_password.reveal();
    let from = |address: &str| posternd.field_from(address, "K-9", shown);
    assert_eq!(opened(from("::ffff:192.0.2.7")).0, PASSWORD);
    assert_eq!(from("::ffff:192.0.3.7").reason(), Some(Reason::Wrong));
    let is_logged = || home.log().contains("address=\"192.0.3.7\"");
    wait_until("the address is in the journal as fail2ban reads it", Duration::from_secs(20), is_logged);
}

#[test]
fn it_passes_whatever_is_asked_of_other_sign_ins_and_goes_with_the_account() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    posternd.enable(ALICE);
    offer_checks(&posternd, only_right(PASSWORD));
    let created = posternd.create(&app_password_of(PASSWORD)).unwrap();
    let shown = created.app_password.reveal();
    let passes = |why: &str| assert_eq!(opened(posternd.field(Channel::Imap, shown)).0, PASSWORD, "{why}");
    passes("enrolling");
    assert_eq!(posternd.field(Channel::Imap, PASSWORD).reason(), Some(Reason::Unenrolled));
    posternd.enrolled(ALICE);
    passes("protected");
    posternd.suspend(ALICE, 1).unwrap();
    passes("suspended");
    assert!(matches!(posternd.field(Channel::Imap, PASSWORD), FieldVerdict::NotRequired { .. }));
    posternd.change(ALICE, Action::Resume).unwrap();
    posternd.switch_platform(false);
    passes("the platform is off");
    posternd.switch_platform(true);
    for _ in 0..5 {
        assert_eq!(posternd.field(Channel::Imap, "password123456").reason(), Some(Reason::Wrong));
    }
    assert_eq!(posternd.field(Channel::Imap, "password123456").reason(), Some(Reason::Locked));
    passes("the door is locked");
    assert!(matches!(posternd.ask_at(ALICE, Channel::Imap), AskVerdict::Refused(_)), "and stays so");
    posternd.change(ALICE, Action::Reset).unwrap();
    assert_eq!(posternd.field(Channel::Imap, shown).reason(), Some(Reason::Unenrolled));
    assert!(posternd.app_passwords().is_empty());
    posternd.stop();
}

#[test]
fn it_is_bound_in_time_and_place_and_not_for_shells() {
    let home = Home::with_clock();
    let (posternd, _) = protected(&home);
    let (day, networks) = (86_400, vec!["192.0.2.0/24".to_owned(), "2001:db8::5".to_owned()]);
    let expires = Some(posternd::clock::rfc3339(postern_rules::Time(home.clock().now() + day)));
    let created = posternd.create(&CreateAppPassword { expires, networks, ..app_password_of(PASSWORD) }).unwrap();
    let shown = created.app_password.reveal();
    let listed = posternd.app_passwords();
    assert_eq!(listed[0].networks, ["192.0.2.0/24", "2001:db8::5/128"]);
    assert_eq!((listed[0].description.as_str(), &listed[0].last_used), ("Alice's phone", &None));
    for (address, reason) in [
        ("192.0.2.200", None),
        ("::ffff:192.0.2.1", None),
        ("2001:db8::5", None),
        ("192.0.3.1", Some(Reason::Wrong)),
        ("2001:db8::6", Some(Reason::Wrong)),
    ] {
        assert_eq!(posternd.field_from(address, "K-9 Mail", shown).reason(), reason, "{address}");
    }
    let used = &posternd.app_passwords()[0];
    assert_eq!((used.last_address.as_deref(), used.last_client.as_deref()), (Some("2001:db8::5"), Some("K-9 Mail")));
    assert!(used.last_used.is_some());
    for service in ["sshd", "sudo", "login"] {
        let origin =
            Origin { address: "192.0.2.1".parse().ok(), service: Some(service.to_owned()), ..Origin::default() };
        let verdict: FieldVerdict =
            posternd.front("AnswerField", &AnswerField { origin, ..field_of(ALICE, Channel::Pam, shown) });
        assert_eq!(verdict.reason(), Some(Reason::Wrong), "{service}");
    }
    home.clock().advance(day);
    assert_eq!(posternd.field_from("192.0.2.200", "K-9 Mail", shown).reason(), Some(Reason::Expired));
    posternd.stop();
}

#[test]
fn revoking_ends_its_sessions_and_no_others() {
    let home = Home::with_clock();
    let (posternd, alice) = protected(&home);
    let [phone, tablet] = [(); 2].map(|()| posternd.create(&app_password_of(PASSWORD)).unwrap());
    let [of_phone, of_tablet] =
        [&phone, &tablet].map(|it| opened(posternd.field(Channel::Imap, it.app_password.reveal())).1.standing);
    let watch = posternd.watch();
    let revoke = |id: &str| -> Result<AppPasswords, Refused> {
        posternd.order("RevokeAppPassword", &RevokeAppPassword { mailbox: ALICE.to_owned(), id: id.to_owned() })
    };
    assert_eq!(revoke(&phone.id).unwrap().app_passwords.len(), 1);
    watch.tells_of(ALICE); // fronts are told
    assert!(posternd.is_over(ALICE, &of_phone));
    assert!(!posternd.is_over(ALICE, &of_tablet) && !posternd.is_over(ALICE, &alice.standing));
    assert_eq!(posternd.field(Channel::Imap, phone.app_password.reveal()).reason(), Some(Reason::Wrong));
    assert_eq!(opened(posternd.field(Channel::Imap, tablet.app_password.reveal())).0, PASSWORD);
    assert_eq!(revoke(&phone.id).unwrap_err().reason, "unknown_app_password");
    let actions: Vec<String> = posternd.audit(None).into_iter().map(|entry| entry.action).collect();
    assert!(actions.iter().any(|it| it == "add app password") && actions.iter().any(|it| it == "revoke app password"));
    posternd.stop();
}

#[test]
fn a_changed_password_is_tried_once_and_renewed_for_all() {
    let home = Home::with_clock();
    let (posternd, _) = protected(&home);
    let [phone, tablet] = [(); 2].map(|()| posternd.create(&app_password_of(PASSWORD)).unwrap().app_password);
    let (_, session) = opened(posternd.field(Channel::Imap, phone.reveal()));
    // The password at the mail server has changed.
    let refused = PasswordRefused { session: session.clone() };
    posternd.front::<Empty>("PasswordRefused", &refused);
    for it in [&phone, &tablet] {
        assert_eq!(posternd.field(Channel::Imap, it.reveal()).reason(), Some(Reason::Expired));
    }
    assert!(posternd.app_passwords().iter().all(|it| it.outdated));
    assert!(!posternd.is_over(ALICE, &session.standing), "what is open stays so");
    home.clock().advance(1);
    let accepted = PasswordAccepted {
        name: "alice".to_owned(),
        channel: Channel::Webmail,
        origin: Origin::default(),
        password: Secret::from("changed pässword"),
    };
    home.saw(&accepted.password);
    posternd.front::<Empty>("PasswordAccepted", &accepted);
    for it in [&phone, &tablet] {
        assert_eq!(opened(posternd.field(Channel::Imap, it.reveal())).0, "changed pässword");
    }
    // A rejection of the previously sealed password does not apply to the current one.
    posternd.front::<Empty>("PasswordRefused", &refused);
    assert!(posternd.app_passwords().iter().all(|it| !it.outdated));
    // Values made up by an attacker on the socket change nothing.
    for (mailbox, standing) in
        [(ALICE, "verified/1"), (ALICE, "app/xxxxx/0/9999999999"), ("eve@example.org", "app/a/0/0")]
    {
        let session = Session { mailbox: mailbox.to_owned(), standing: standing.to_owned() };
        posternd.front::<Empty>("PasswordRefused", &PasswordRefused { session });
    }
    assert!(posternd.app_passwords().iter().all(|it| !it.outdated));
    posternd.stop();
}

#[test]
fn an_account_has_so_many_and_no_more() {
    let home = Home::with_clock();
    let (posternd, _) = protected(&home);
    let most = postern_rules::app_password::APP_PASSWORDS_MAX;
    for _ in 0..most {
        posternd.create(&app_password_of(PASSWORD)).unwrap();
    }
    assert_eq!(posternd.create(&app_password_of(PASSWORD)).unwrap_err().reason, "too_many");
    assert_eq!(posternd.app_passwords().len(), most);
    posternd.stop();
}
