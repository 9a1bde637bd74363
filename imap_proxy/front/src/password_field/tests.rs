use super::*;

const BOB: &str = "bob@example.com";
const REASONS: [Reason; 7] = [
    Reason::Wrong,
    Reason::Locked,
    Reason::Name,
    Reason::Unenrolled,
    Reason::Stale,
    Reason::Expired,
    Reason::Unavailable,
];

fn typed() -> Credentials {
    Credentials::new(b"Bob", b"secret123456").unwrap()
}

fn asked(verdict: AskVerdict) -> Result<Asked, ()> {
    Ok(Asked::from(verdict))
}

fn free() -> AskVerdict {
    AskVerdict::NotRequired { mailbox: BOB.into(), standing: "s".into() }
}

fn accepted(mailbox: &str, password_length: u32) -> Result<FieldVerdict, ()> {
    let (mailbox, standing, method) = (mailbox.into(), "s".into(), "t1".into());
    Ok(FieldVerdict::Accepted { mailbox, standing, method, password_length, backup_codes_left: None })
}

fn app_password(mailbox: &str, password: &str) -> Result<FieldVerdict, ()> {
    let (standing, id, password) = ("app".into(), "abcde".into(), password.into());
    Ok(FieldVerdict::AppPassword { mailbox: mailbox.into(), standing, id, password })
}

#[test]
fn of_all_answers_to_the_question_one_passes() {
    let AfterAsk::Pass(pass) = after_ask(asked(free()), &typed(), Codes::Appended) else { panic!("not required") };
    assert_eq!((pass.mailbox(), pass.password()), (BOB, b"secret123456".as_slice()));
    assert!(pass.outdated().is_none() && !pass.is_proven());
    let challenge = AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new(), trust_days: None };
    assert!(
        matches!(after_ask(asked(challenge), &typed(), Codes::Appended), AfterAsk::Field { mailbox } if mailbox == BOB)
    );
    let enrol = AskVerdict::Enrol { mailbox: BOB.into(), kinds: Vec::new() };
    assert!(matches!(after_ask(asked(enrol), &typed(), Codes::Appended), AfterAsk::Denied(Denied::Refused)));
    for reason in REASONS {
        let refused = AskVerdict::Refused(Refusal::new(reason));
        let AfterAsk::Denied(denied) = after_ask(asked(refused), &typed(), Codes::Appended) else {
            panic!("{reason:?}")
        };
        assert_eq!(denied == Denied::Unavailable, reason == Reason::Unavailable);
    }
    assert!(matches!(after_ask(Err("lost"), &typed(), Codes::Appended), AfterAsk::Denied(Denied::Unavailable)));
}

#[test]
fn where_there_are_app_passwords_the_field_is_looked_at_and_nothing_passes_before() {
    let refused = |reason| AskVerdict::Refused(Refusal::new(reason));
    let enrol = AskVerdict::Enrol { mailbox: BOB.into(), kinds: Vec::new() };
    for verdict in REASONS.into_iter().map(refused).chain([free(), enrol]) {
        let asked = Ok::<_, ()>(Asked { app_passwords_of: Some(BOB.into()), ..Asked::from(verdict) });
        assert!(matches!(after_ask(asked, &typed(), Codes::Appended), AfterAsk::Field { mailbox } if mailbox == BOB));
    }
}

#[test]
fn a_code_counts_for_its_own_mailbox_and_is_not_part_of_the_password() {
    let pass = after_field(accepted(BOB, 6), BOB, &typed(), Codes::Appended).unwrap();
    assert_eq!((pass.mailbox(), pass.password(), pass.is_proven()), (BOB, b"secret".as_slice(), true));
    for other in ["eve@example.com", "Bob@example.com", ""] {
        assert_eq!(after_field(accepted(other, 6), BOB, &typed(), Codes::Appended).unwrap_err(), Denied::Refused);
        assert_eq!(
            after_field(app_password(other, "real"), BOB, &typed(), Codes::Appended).unwrap_err(),
            Denied::Refused
        );
    }
    for length in [0, 13, u32::MAX] {
        assert_eq!(
            after_field(accepted(BOB, length), BOB, &typed(), Codes::Appended).unwrap_err(),
            Denied::Refused,
            "{length}"
        );
    }
    for reason in REASONS {
        let refused = FieldVerdict::Refused(Refusal::new(reason));
        assert!(after_field(Ok::<_, ()>(refused), BOB, &typed(), Codes::Appended).is_err(), "{reason:?}");
    }
    assert_eq!(after_field(Err("lost"), BOB, &typed(), Codes::Appended).unwrap_err(), Denied::Unavailable);
}

#[test]
fn an_app_password_stands_for_the_mailboxs_own() {
    let pass = after_field(app_password(BOB, "real"), BOB, &typed(), Codes::Appended).unwrap();
    assert_eq!(
        (pass.password(), pass.outdated().map(|it| it.standing.as_str()), pass.is_proven()),
        (b"real".as_slice(), Some("app"), true)
    );
    for unfit in ["", "re\nal", "re\0al"] {
        assert_eq!(
            after_field(app_password(BOB, unfit), BOB, &typed(), Codes::Appended).unwrap_err(),
            Denied::Refused,
            "{unfit:?}"
        );
    }
    let free = FieldVerdict::NotRequired { mailbox: BOB.into(), standing: "s".into() };
    let pass = after_field(Ok::<_, ()>(free), BOB, &typed(), Codes::Appended).unwrap();
    assert_eq!((pass.password(), pass.outdated().is_none()), (b"secret123456".as_slice(), true));
    assert!(!pass.is_proven());
}

#[test]
fn debug_shows_no_password() {
    let pass = after_field(accepted(BOB, 6), BOB, &typed(), Codes::Appended).unwrap();
    assert!(!format!("{pass:?}").contains("secret"));
}

#[test]
fn where_no_code_can_be_given_only_the_password_and_app_passwords_pass() {
    let challenge = || AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new(), trust_days: None };
    let after = |reply| after_ask(reply, &typed(), Codes::Never);
    assert!(matches!(after(asked(challenge())), AfterAsk::Denied(Denied::Refused)));
    assert!(matches!(after(asked(free())), AfterAsk::Pass(pass) if pass.password() == b"secret123456"));
    for reason in REASONS {
        let refused = AskVerdict::Refused(Refusal::new(reason));
        let AfterAsk::Denied(denied) = after(asked(refused)) else { panic!("{reason:?}") };
        assert_eq!(denied == Denied::Unavailable, reason == Reason::Unavailable);
    }
    let refused = |reason| AskVerdict::Refused(Refusal::new(reason));
    for verdict in REASONS.into_iter().map(refused).chain([free(), challenge()]) {
        let asked = Ok::<_, ()>(Asked { app_passwords_of: Some(BOB.into()), ..Asked::from(verdict) });
        assert!(matches!(after(asked), AfterAsk::Field { mailbox } if mailbox == BOB));
    }
    let after = |reply| after_field(reply, BOB, &typed(), Codes::Never);
    assert_eq!(after(accepted(BOB, 6)).unwrap_err(), Denied::Refused);
    let pass = after(app_password(BOB, "real")).unwrap();
    assert_eq!((pass.password(), pass.outdated().unwrap().standing.as_str()), (b"real".as_slice(), "app"));
    assert_eq!(after(app_password("eve@example.com", "real")).unwrap_err(), Denied::Refused);
    let free = FieldVerdict::NotRequired { mailbox: BOB.into(), standing: "s".into() };
    assert_eq!(after(Ok(free)).unwrap().password(), b"secret123456");
    for reason in REASONS {
        assert!(after(Ok(FieldVerdict::Refused(Refusal::new(reason)))).is_err(), "{reason:?}");
    }
    assert_eq!(after(Err(())).unwrap_err(), Denied::Unavailable);
}

#[test]
fn a_refusal_comes_at_a_multiple_of_its_step() {
    let at = |millis| until_refusal(Duration::from_millis(millis), Duration::from_secs(1)).as_millis();
    assert_eq!([at(0), at(1), at(999), at(1000), at(2600)], [1000, 999, 1, 1000, 400]);
}
