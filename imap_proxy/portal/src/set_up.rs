//! Setting up the first method.

use maud::{Markup, html};

use super::field::{self, APP_TEXTS, CodeField};
use super::{Context, MethodKind, SetUp, fields, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, qr};
use postern_wire::Secret;

/// Number of characters in a group of the secret, as authenticator apps display it too.
const GROUP: usize = 4;

pub(super) fn sheet(view: &SetUp, language: Language, context: &Context<'_>) -> Sheet {
    let (title, lead) = match context.signed_in {
        true => (Text::ADD_APP_TITLE, Text::ADD_APP_LEAD),
        false => (Text::SET_UP_TITLE, Text::SET_UP_LEAD),
    };
    let content = html! {
        // After a wrong code the page shows a problem instead, and the field should stay visible.
        @if view.problem.is_none() {
            p.lead {
                (language.say(lead))
                @if !context.signed_in { " " span.on-desk { (language.say(Text::SET_UP_WHY)) } }
            }
        }
        div.set-up {
            ol.steps {
                li {
                    h2 { (language.say(Text::APP_STEP)) }
                    @if view.problem.is_none() { p.hint { (language.say(Text::APP_STEP_HINT)) } }
                }
                li { (account(view, language)) }
                li { (confirmation(view, language, context)) }
            }
            (picture(view, language))
        }
        (other_ways(&view.others, language))
        (field::cancel_form())
    };
    Sheet { title, failed: view.problem.is_some(), wide: true, content }
}

/// The other methods that can be set up instead of the one on this page.
pub(super) fn other_ways(kinds: &[MethodKind], language: Language) -> Markup {
    html! {
        @if !kinds.is_empty() {
            form.others method="post" action=(paths::SET_UP_WITH) {
                h2 { (language.say(Text::OTHER_WAYS)) }
                ul.methods {
                    @for kind in kinds {
                        @let (name, hint) = words(*kind);
                        li {
                            button name=(fields::METHOD) value=(kind.tag()) {
                                strong { (language.say(name)) }
                                " "
                                span.hint { (language.say(hint)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The name and the description of a kind of method.
pub(super) fn words(kind: MethodKind) -> (Text, Text) {
    match kind {
        MethodKind::Authenticator => (Text::AUTHENTICATOR, Text::BY_AUTHENTICATOR_HINT),
        MethodKind::Sms => (Text::SMS, Text::BY_SMS_HINT),
        MethodKind::Email => (Text::EMAIL, Text::BY_EMAIL_HINT),
        MethodKind::Key => (Text::SECURITY_KEY, Text::BY_KEY_HINT),
        MethodKind::BackupCode => (Text::BACKUP_CODE, Text::BACKUP_CODE_HINT),
        MethodKind::Contact => (Text::CONTACT_ADDRESS, Text::NOTICES_HINT),
    }
}

/// How the user adds the account to the app. A phone cannot scan its own screen: on a phone the link comes first and
/// the QR code last.
fn account(view: &SetUp, language: Language) -> Markup {
    let uri = view.uri.reveal();
    html! {
        h2 {
            span.on-desk { (language.say(Text::SCAN_STEP)) }
            span.on-phone { (language.say(Text::ADD_STEP)) }
        }
        div.by-hand {
            @if uri.starts_with("otpauth://") {
                a.open-app href=(uri) {
                    span.on-desk { (language.say(Text::OPEN_HERE)) }
                    span.on-phone { (language.say(Text::OPEN_IN_APP)) }
                }
            }
            details {
                summary { (language.say(Text::KEY_BY_HAND)) }
                div.key {
                    p #key { code { (groups(&view.secret)) } }
                    button.quiet type="button" data-copy="key" data-copied=(language.say(Text::COPIED)) hidden {
                        (language.say(Text::COPY))
                    }
                    span.visually-hidden #copied role="status" {}
                }
            }
        }
    }
}

fn picture(view: &SetUp, language: Language) -> Markup {
    html! {
        figure.picture {
            figcaption.on-phone { (language.say(Text::SCAN_ELSEWHERE)) }
            @match qr::svg(view.uri.reveal(), &language.say(Text::QR_TITLE)) {
                Some(svg) => (svg),
                None => p { (language.say(Text::QR_TOO_LONG)) },
            }
        }
    }
}

/// The secret with a space after each group; authenticator apps ignore spaces.
fn groups(secret: &Secret) -> Markup {
    let characters: Vec<char> = secret.reveal().chars().collect();
    html! {
        @for (number, group) in characters.chunks(GROUP).enumerate() {
            @if number > 0 { " " }
            @for character in group { (character) }
        }
    }
}

fn confirmation(view: &SetUp, language: Language, context: &Context<'_>) -> Markup {
    let code = CodeField { label: Text::CONFIRM_STEP, texts: APP_TEXTS, digits: true, is_step: true };
    let name = html! {
        (field::description(Text::DESCRIPTION_LABEL, Text::DESCRIPTION_HINT, &view.description, language))
    };
    html! {
        form method="post" action=(paths::SET_UP) {
            (code.render_with(&field::send(Text::CONFIRM, view.problem, language, context), view.problem, language, context))
            details open[!view.description.is_empty()] { summary { (language.say(Text::NAME_IT)) } (name) }
            div.actions { (field::cancel(language, context)) }
        }
    }
}
