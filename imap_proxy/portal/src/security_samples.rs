//! Samples of the Security page and its related pages in every variant, for the tests over all pages.

use super::samples::{Given, at};
use super::{
    AppPassword, ChangePage, ChangeProblem, Changing, Done, Language, Location, Method, MethodKind, NewAppPassword,
    OwnBrowser, OwnMethod, Page, Removal, Security, SetUpSent, SetUpTo,
};
use postern_wire::Secret;

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// The pages with a short name for each.
pub(super) fn pages(given: &Given<'_>) -> Vec<(&'static str, Page)> {
    let change = |changing, problem| Page::Change(ChangePage { changing, problem });
    let method = || own(given, MethodKind::Authenticator, given.description, None, -9 * DAY, Some(-3));
    let remove = |removal| Changing::RemoveMethod { method: OwnMethod { removal, ..method() } };
    let create = |description: &str, may, problem| {
        change(Changing::CreateAppPassword { description: description.to_owned(), may, proven: true }, problem)
    };
    let made = |description: &str| {
        let (description, app_password) = (description.to_owned(), Secret::from(given.code));
        Page::AppPassword(NewAppPassword { description, app_password })
    };
    let contact = |problem| {
        let (kind, to, others) = (MethodKind::Contact, given.mailbox.to_owned(), Vec::new());
        Page::SetUpTo(SetUpTo { kind, to, others, problem })
    };
    let (to, description) = (given.mailbox.to_owned(), String::new());
    let (kind, again, others) = (MethodKind::Contact, at(1), Vec::new());
    let mut all = vec![
        ("security", Page::Security(usual(given))),
        ("security-bare", Page::Security(bare(given))),
        ("security-off", Page::SecurityOff),
        ("prove-first", Page::ProveFirst),
        ("rename", change(Changing::Rename { method: method() }, None)),
        ("remove", change(remove(Removal::Free), None)),
        ("remove-last", change(remove(Removal::SwitchesOff), None)),
        ("remove-never", change(remove(Removal::Kept), None)),
        ("remove-refused", change(remove(Removal::Kept), Some(ChangeProblem::OnlyMethod))),
        ("make-codes", change(Changing::MakeCodes { replaces: true }, None)),
        ("make-first-codes", change(Changing::MakeCodes { replaces: false }, None)),
        ("delete-codes", change(Changing::DeleteCodes, None)),
        (
            "create-app-first",
            change(Changing::CreateAppPassword { description: String::new(), may: true, proven: false }, None),
        ),
        ("create-app", create("", true, None)),
        ("create-app-wrong", create(given.description, true, Some(ChangeProblem::WrongPassword))),
        ("create-app-unchecked", create(given.description, true, Some(ChangeProblem::NotChecked))),
        ("create-app-full", create(given.description, true, Some(ChangeProblem::Full))),
        ("create-app-never", create("", false, None)),
        ("revoke", change(Changing::RevokeAppPassword(app_password(given, true)), None)),
        ("revoke-unnamed", change(Changing::RevokeAppPassword(app_password(given, false)), None)),
        ("remove-contact", change(Changing::RemoveContact { address: given.mailbox.to_owned() }, None)),
        ("app-password", made(given.description)),
        ("app-password-unnamed", made("")),
        ("few-codes", Page::FewCodes(2)),
        ("one-code", Page::FewCodes(1)),
        ("no-code", Page::FewCodes(0)),
        ("contact", contact(None)),
        ("contact-sent", Page::SetUpSent(SetUpSent { kind, to, again, description, others, problem: None })),
    ];
    for done in [
        Done::MethodAdded,
        Done::Renamed,
        Done::MethodRemoved,
        Done::Codes,
        Done::CodesDeleted,
        Done::AppPassword,
        Done::AppPasswordRevoked,
        Done::ContactSet,
        Done::ContactRemoved,
        Done::LanguageSet,
        Done::SignedOut,
        Done::TrustRevoked,
    ] {
        all.push(("security-done", Page::Security(Security { done: Some(done), ..bare(given) })));
    }
    all
}

fn own(
    given: &Given<'_>,
    kind: MethodKind,
    description: &str,
    hint: Option<&str>,
    created: i64,
    last_used: Option<i64>,
) -> OwnMethod {
    let (id, description, hint) = (given.method_id.to_owned(), description.to_owned(), hint.map(str::to_owned));
    let method = Method { id, kind, description, hint };
    OwnMethod {
        method,
        created: Some(at(created)),
        last_used: last_used.map(at),
        copied: false,
        removal: Removal::Free,
    }
}

fn app_password(given: &Given<'_>, used: bool) -> AppPassword {
    let text = |text: &str| used.then(|| text.to_owned());
    AppPassword {
        id: given.method_id.to_owned(),
        description: text(given.description).unwrap_or_default(),
        created: Some(at(-400 * DAY)),
        expires: used.then(|| at(100 * DAY)),
        last_used: used.then(|| at(-2 * DAY)),
        address: text(given.number),
        client: text(given.description),
        outdated: used,
    }
}

fn browser(given: &Given<'_>, (browser, system): (bool, bool), place: Location, since: Option<i64>) -> OwnBrowser {
    OwnBrowser {
        id: Some(given.method_id.to_owned()),
        browser: browser.then(|| "Firefox".to_owned()),
        system: system.then(|| "Linux".to_owned()),
        place,
        since: since.map(at),
        last_used: Some(at(-2 * DAY)),
        trusted_until: None,
        this: false,
    }
}

fn browsers(given: &Given<'_>) -> Vec<OwnBrowser> {
    let network = || given.number.to_owned();
    let trusted_until = Some(at(28 * DAY));
    vec![
        OwnBrowser { this: true, trusted_until, ..browser(given, (true, true), Location::Here, Some(-5)) },
        OwnBrowser { id: None, last_used: None, ..browser(given, (true, false), Location::Here, Some(-3 * DAY)) },
        browser(given, (false, true), Location::Inside(network()), Some(-4 * DAY)),
        OwnBrowser { trusted_until, ..browser(given, (true, true), Location::Elsewhere(network()), None) },
        browser(given, (false, false), Location::Unknown, None),
    ]
}

fn usual(given: &Given<'_>) -> Security {
    let methods = [
        own(given, MethodKind::Authenticator, given.description, None, -300 * DAY, Some(-3)),
        own(given, MethodKind::Sms, "", Some(given.number), -30 * DAY, Some(-12 * DAY)),
        own(given, MethodKind::Email, given.description, Some(given.mailbox), -30 * DAY, None),
        own(given, MethodKind::Key, given.description, None, -2 * DAY, None),
        OwnMethod { copied: true, ..own(given, MethodKind::Key, "", None, 0, None) },
    ];
    Security {
        aliases: vec![given.mailbox.to_owned()],
        methods: methods.into(),
        codes_left: Some(7),
        app_passwords: vec![app_password(given, true), app_password(given, false)],
        takes_app_passwords: true,
        can_make_app_passwords: true,
        browsers: browsers(given),
        may_trust: true,
        contact: Some(given.mailbox.to_owned()),
        kinds: MethodKind::ALL.into_iter().filter(|kind| *kind != MethodKind::BackupCode).collect(),
        language: Some(Language::French),
        done: None,
    }
}

fn bare(given: &Given<'_>) -> Security {
    Security {
        methods: vec![OwnMethod {
            removal: Removal::Kept,
            ..own(given, MethodKind::Authenticator, "", None, -1, None)
        }],
        browsers: browsers(given).drain(..1).collect(),
        ..Security::default()
    }
}
