//! The Security page: everything about the user's own account, with forms to change it.

use jiff::Timestamp;
use maud::{Markup, Render, html};

use super::challenge::{hint, name};
use super::security::{AppPassword, ChangeKind, Done, Location, OwnBrowser, OwnMethod, Security};
use super::set_up::words;
use super::{Context, MethodKind, fields, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, moment};
use postern_wire::security::Removal;

/// The number of backup codes left at or below which the page warns.
const FEW_CODES: u32 = 3;

pub(super) fn sheet(view: &Security, language: Language, context: &Context<'_>) -> Sheet {
    let content = html! {
        p.lead { (language.say(Text::SECURITY_LEAD)) }
        @if let Some(done) = view.done { p.notice role="status" { (language.say(said(done))) } }
        (section("mailbox", Text::MAILBOX_TITLE, None, language, mailbox(view, language, context)))
        (section("methods", Text::OWN_METHODS_TITLE, Some(Text::OWN_METHODS_HINT), language, methods(view, language, context)))
        (section("codes", Text::OWN_CODES_TITLE, Some(Text::OWN_CODES_HINT), language, codes(view.codes_left, language)))
        @if view.takes_app_passwords {
            (section("apps", Text::APPS_TITLE, Some(Text::APPS_HINT), language, app_passwords(view, language, context)))
        }
        @let hint = if view.may_trust { Text::TRUSTED_BROWSERS_HINT } else { Text::BROWSERS_HINT };
        (section("browsers", Text::BROWSERS_TITLE, Some(hint), language, browsers(view, language, context)))
        (section("notices", Text::NOTICES_TITLE, Some(Text::NOTICES_HINT), language, notices(view, language)))
        p.hint.zone { (language.fill(Text::TIME_ZONE, &[("zone", &html! { span data-zone { (moment::ZONE) } })])) }
        div.actions { a.quiet href=(paths::HOME) { (language.say(Text::BACK_TO_MAIL)) } }
    };
    Sheet { title: Text::SECURITY_TITLE, failed: false, wide: true, content }
}

fn said(done: Done) -> Text {
    match done {
        Done::MethodAdded => Text::DONE_METHOD_ADDED,
        Done::Renamed => Text::DONE_RENAMED,
        Done::MethodRemoved => Text::DONE_METHOD_REMOVED,
        Done::Codes => Text::DONE_CODES,
        Done::CodesDeleted => Text::DONE_CODES_DELETED,
        Done::AppPassword => Text::DONE_APP_PASSWORD,
        Done::AppPasswordRevoked => Text::DONE_APP_PASSWORD_REVOKED,
        Done::ContactSet => Text::DONE_CONTACT_SET,
        Done::ContactRemoved => Text::DONE_CONTACT_REMOVED,
        Done::LanguageSet => Text::DONE_LANGUAGE_SET,
        Done::SignedOut => Text::DONE_SIGNED_OUT,
        Done::TrustRevoked => Text::DONE_TRUST_REVOKED,
        Done::Enough => Text::DONE_ENOUGH,
    }
}

/// A section of the page: its title and hint, and on wide screens its content beside them.
fn section(id: &str, title: Text, hint: Option<Text>, language: Language, content: Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            div.about {
                h2 id=(id) { (language.say(title)) }
                @if let Some(hint) = hint { p.hint { (language.say(hint)) } }
            }
            div.what-there-is { (content) }
        }
    }
}

fn mailbox(view: &Security, language: Language, context: &Context<'_>) -> Markup {
    html! {
        ul.rows {
            li { div.what { strong { (context.mailbox.unwrap_or_default()) } span.hint { (language.say(Text::MAIN_NAME)) } } }
            @for alias in &view.aliases {
                li { div.what { strong { (alias) } span.hint { (language.say(Text::OTHER_NAME)) } } }
            }
        }
    }
}

fn methods(view: &Security, language: Language, context: &Context<'_>) -> Markup {
    html! {
        ul.rows { @for own in &view.methods { (method(own, language, context)) } }
        @let kinds: Vec<MethodKind> =
            view.kinds.iter().copied().filter(|kind| *kind != MethodKind::Contact).collect();
        @if !kinds.is_empty() {
            form.add method="post" action=(paths::SET_UP_WITH) aria-labelledby="add-method" {
                h3 #add-method { (language.say(Text::ADD_METHOD)) }
                div.choices {
                    @for kind in kinds {
                        button name=(fields::METHOD) value=(kind.tag()) { (language.say(words(kind).0)) }
                    }
                }
            }
        }
    }
}

fn method(own: &OwnMethod, language: Language, context: &Context<'_>) -> Markup {
    let called = name(&own.method, language);
    let which = Some(own.method.id.as_str());
    html! {
        li.method.{ "by-" (own.method.kind.tag()) } {
            div.what {
                strong { (called) }
                span.hint { (kind_and_hint(own, language)) }
                (times(own.created, own.last_used, language, context))
                @if own.copied { div.problem { p { (language.say(Text::OWN_KEY_COPIED)) } } }
                @if own.removal == Removal::Kept { span.hint.stays { (language.say(Text::ONLY_METHOD_STAYS)) } }
            }
            div.do {
                (link(ChangeKind::Rename, which, Text::RENAME, &called, language))
                @if own.removal != Removal::Kept {
                    (link(ChangeKind::RemoveMethod, which, Text::REMOVE, &called, language))
                }
            }
        }
    }
}

/// The kind of a method, where its name does not tell it, and where its codes are sent.
pub(super) fn kind_and_hint(own: &OwnMethod, language: Language) -> Markup {
    match own.method.kind {
        MethodKind::Authenticator | MethodKind::Key if !own.method.description.trim().is_empty() => {
            html! { (language.say(words(own.method.kind).0)) }
        }
        _ => hint(&own.method, language),
    }
}

/// When an item was created, and when it was last used.
fn times(created: Option<Timestamp>, used: Option<Timestamp>, language: Language, context: &Context<'_>) -> Markup {
    html! {
        span.hint {
            @if let Some(time) = created {
                (language.fill(Text::ADDED, &[("day", &moment::day(time, context.now, language))])) " · "
            }
            @match used {
                Some(time) => {
                    (language.fill(Text::LAST_USED, &[("time", &moment::point(time, context.now, language))]))
                }
                None => (language.say(Text::NEVER_USED)),
            }
        }
    }
}

fn codes(left: Option<u32>, language: Language) -> Markup {
    html! {
        @match left {
            Some(left) => {
                @let text = codes_left(left, language);
                @if left <= FEW_CODES {
                    div.problem { p { (text) } p { (language.say(Text::FEW_CODES_HINT)) } }
                } @else {
                    p { (text) }
                }
            }
            None => div.problem { p { (language.say(Text::NO_CODES)) } },
        }
        div.do {
            (link(ChangeKind::MakeCodes, None, Text::MAKE_CODES, "", language))
            @if left.is_some() { (link(ChangeKind::DeleteCodes, None, Text::DELETE_CODES, "", language)) }
        }
    }
}

/// How many backup codes are left, in words.
pub(super) fn codes_left(left: u32, language: Language) -> Markup {
    match left {
        0 => html! { (language.say(Text::NO_CODE_LEFT)) },
        1 => html! { (language.say(Text::ONE_CODE_LEFT)) },
        left => language.fill(Text::CODES_LEFT, &[("n", &left)]),
    }
}

fn app_passwords(view: &Security, language: Language, context: &Context<'_>) -> Markup {
    html! {
        @if view.app_passwords.is_empty() {
            p { (language.say(Text::NO_APPS)) }
        } @else {
            ul.rows { @for own in &view.app_passwords { (app_password(own, language, context)) } }
        }
        @if view.can_make_app_passwords {
            @let address = address(ChangeKind::CreateAppPassword, None);
            div.choices { a.choice href=(address) { (language.say(Text::CREATE_APP)) } }
        } @else {
            p.hint { (language.say(Text::NO_APPS_NOW)) }
        }
    }
}

/// The user's description of an app password, or otherwise its first letters.
pub(super) fn app_name(own: &AppPassword) -> &str {
    if own.description.trim().is_empty() { &own.id } else { own.description.trim() }
}

fn app_password(own: &AppPassword, language: Language, context: &Context<'_>) -> Markup {
    let called = app_name(own);
    html! {
        li {
            div.what {
                strong { (called) }
                (times(own.created, own.last_used, language, context))
                @if let Some(address) = &own.address {
                    span.hint {
                        (language.fill(Text::FROM_ADDRESS, &[("address", address)]))
                        @if let Some(client) = &own.client { " · " (client) }
                    }
                }
                @if let Some(time) = own.expires {
                    @let time = moment::point(time, context.now, language);
                    span.hint { (language.fill(Text::APP_EXPIRES, &[("time", &time)])) }
                }
                @if own.outdated { span.hint { (language.say(Text::APP_OUTDATED)) } }
            }
            div.do { (link(ChangeKind::RevokeAppPassword, Some(&own.id), Text::REVOKE, called, language)) }
        }
    }
}

fn browsers(view: &Security, language: Language, context: &Context<'_>) -> Markup {
    let is_other = |own: &OwnBrowser| !own.this && (own.since.is_some() || own.trusted_until.is_some());
    html! {
        ul.rows { @for own in &view.browsers { (browser_row(own, language, context)) } }
        @if view.browsers.iter().any(is_other) {
            form method="post" action=(paths::SECURITY_CHANGE) {
                input type="hidden" name=(fields::CHANGE) value=(ChangeKind::SignOutOthers.tag());
                div.choices { button { (language.say(Text::SIGN_OUT_OTHERS)) } }
            }
        }
    }
}

fn browser_row(own: &OwnBrowser, language: Language, context: &Context<'_>) -> Markup {
    let called = browser(own.browser.as_deref(), own.system.as_deref(), language);
    html! {
        li {
            div.what {
                strong { (called) }
                (when(own, language, context))
                (place(&own.place, language))
                @if let Some(time) = own.trusted_until {
                    @let time = moment::day(time, context.now, language);
                    span.hint { (language.fill(Text::TRUSTED_UNTIL, &[("time", &time)])) }
                }
            }
            @if own.this { p.this { (language.say(Text::THIS_SESSION)) } }
            @if let (Some(_), Some(id)) = (own.trusted_until, &own.id) {
                form.do method="post" action=(paths::SECURITY_CHANGE) {
                    input type="hidden" name=(fields::CHANGE) value=(ChangeKind::RevokeTrust.tag());
                    input type="hidden" name=(fields::WHICH) value=(id);
                    button.quiet {
                        (language.say(Text::REVOKE_TRUST))
                        span.visually-hidden { ": " (called) }
                    }
                }
            }
        }
    }
}

fn when(own: &OwnBrowser, language: Language, context: &Context<'_>) -> Markup {
    html! {
        @if let Some(time) = own.since {
            @let since = moment::point(time, context.now, language);
            span.now { (language.fill(Text::SIGNED_IN_SINCE, &[("time", &since)])) }
        } @else if let Some(time) = own.last_used {
            @let day = moment::day(time, context.now, language);
            span.hint { (language.fill(Text::LAST_SIGNED_IN, &[("day", &day)])) }
        }
    }
}

fn place(place: &Location, language: Language) -> Markup {
    let said = |text, network: &String| language.fill(text, &[("network", network)]);
    let said = match place {
        Location::Here => html! { (language.say(Text::PLACE_HERE)) },
        Location::Inside(network) => said(Text::PLACE_INSIDE, network),
        Location::Elsewhere(network) => said(Text::PLACE_ELSEWHERE, network),
        Location::Unknown => return html! {},
    };
    html! { span.hint { (said) } }
}

fn browser(browser: Option<&str>, system: Option<&str>, language: Language) -> Markup {
    match (browser, system) {
        (Some(browser), Some(system)) => language.fill(Text::BROWSER_ON, &[("browser", &browser), ("system", &system)]),
        (Some(only), None) | (None, Some(only)) => html! { (only) },
        (None, None) => html! { (language.say(Text::UNKNOWN_BROWSER)) },
    }
}

fn notices(view: &Security, language: Language) -> Markup {
    html! {
        @match &view.contact {
            Some(contact) => {
                ul.rows {
                    li {
                        div.what { strong { (contact) } span.hint { (language.say(Text::CONTACT_ADDRESS)) } }
                        div.do { (link(ChangeKind::RemoveContact, None, Text::REMOVE, contact, language)) }
                    }
                }
            }
            None => p { (language.say(Text::NO_CONTACT)) },
        }
        @if view.kinds.contains(&MethodKind::Contact) {
            @let text = if view.contact.is_some() { Text::CHANGE_CONTACT } else { Text::ADD_CONTACT };
            form method="post" action=(paths::SET_UP_WITH) {
                input type="hidden" name=(fields::METHOD) value=(MethodKind::Contact.tag());
                div.choices { button { (language.say(text)) } }
            }
        }
        (notices_language(view.language.unwrap_or(language), language))
    }
}

fn notices_language(chosen: Language, language: Language) -> Markup {
    html! {
        form.pick method="post" action=(paths::SECURITY_CHANGE) {
            input type="hidden" name=(fields::CHANGE) value=(ChangeKind::SetLanguage.tag());
            label for="notices-language" { (language.say(Text::NOTICES_LANGUAGE)) }
            select #notices-language name=(fields::TO) {
                @for each in Language::ALL {
                    option value=(each.tag()) lang=(each.tag()) selected[each == chosen] { (each.own_name()) }
                }
            }
            button { (language.say(Text::SAVE)) }
        }
    }
}

/// A link to the page of one change; screen readers also read out `what`, which is otherwise clear only from the row.
fn link(kind: ChangeKind, which: Option<&str>, text: Text, what: impl Render, language: Language) -> Markup {
    let what = html! { (what) };
    let address = address(kind, which);
    html! {
        a.quiet href=(address) {
            (language.say(text))
            @if !what.0.is_empty() { span.visually-hidden { ": " (what) } }
        }
    }
}

/// The address of the page of one change. Ids come from the daemon; characters that are not allowed in a query are
/// omitted.
fn address(kind: ChangeKind, which: Option<&str>) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let which: String = which.unwrap_or_default().chars().filter(plain).collect();
    let which = if which.is_empty() { String::new() } else { format!("&{}={which}", fields::WHICH) };
    format!("{}?{}={}{which}", paths::SECURITY_CHANGE, fields::CHANGE, kind.tag())
}
