//! Setting up the first method.

use maud::{Markup, html};

use super::field::{self, APP_TEXTS, CodeField};
use super::layout::Sheet;
use super::text::Text;
use super::{Context, Language, MethodKind, Secret, SetUp, fields, paths, qr};

/// Characters of the secret that stand together, as authenticator apps show it too.
const GROUP: usize = 4;

pub(super) fn sheet(view: &SetUp, language: Language, context: &Context<'_>) -> Sheet {
    let (title, lead) = match context.signed_in {
        true => (Text::AddAppTitle, Text::AddAppLead),
        false => (Text::SetUpTitle, Text::SetUpLead),
    };
    let content = html! {
        p.lead { (language.say(lead)) }
        ol.steps {
            li.app {
                h2 { (language.say(Text::AppStep)) }
                p.hint { (language.say(Text::AppStepHint)) }
            }
            li.scan {
                h2 { (language.say(Text::ScanStep)) }
                (code_to_scan(view, language))
            }
            li.confirm {
                h2 { (language.say(Text::ConfirmStep)) }
                (confirmation(view, language, context))
            }
        }
        (other_ways(&view.others, language))
        (field::cancel_form())
    };
    Sheet { title, failed: view.problem.is_some(), wide: true, content }
}

/// What can be set up in place of what the page is about.
pub(super) fn other_ways(kinds: &[MethodKind], language: Language) -> Markup {
    html! {
        @if !kinds.is_empty() {
            form.others method="post" action=(paths::SET_UP_WITH) {
                h2 { (language.say(Text::OtherWays)) }
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

/// What a way is called, and what it is like.
pub(super) fn words(kind: MethodKind) -> (Text, Text) {
    match kind {
        MethodKind::Authenticator => (Text::Authenticator, Text::ByAuthenticatorHint),
        MethodKind::Sms => (Text::Sms, Text::BySmsHint),
        MethodKind::Email => (Text::Email, Text::ByEmailHint),
        MethodKind::Key => (Text::SecurityKey, Text::ByKeyHint),
        MethodKind::BackupCode => (Text::BackupCode, Text::BackupCodeHint),
        MethodKind::Contact => (Text::ContactAddress, Text::NoticesHint),
    }
}

/// The QR code, and the same key for those who cannot or need not scan it.
fn code_to_scan(view: &SetUp, language: Language) -> Markup {
    let uri = view.uri.expose();
    html! {
        @match qr::svg(uri, &language.say(Text::QrTitle)) {
            Some(svg) => (svg),
            None => p { (language.say(Text::QrTooLong)) },
        }
        p.by-hand #key-label { (language.say(Text::KeyByHand)) }
        p.key #key role="group" aria-labelledby="key-label" { code { (groups(&view.secret)) } }
        @if uri.starts_with("otpauth://") {
            p.hint { a href=(uri) { (language.say(Text::OpenInApp)) } }
        }
    }
}

/// The secret with a blank after each group; authenticator apps pass over blanks.
fn groups(secret: &Secret) -> Markup {
    let characters: Vec<char> = secret.expose().chars().collect();
    html! {
        @for (number, group) in characters.chunks(GROUP).enumerate() {
            @if number > 0 { " " }
            @for character in group { (character) }
        }
    }
}

fn confirmation(view: &SetUp, language: Language, context: &Context<'_>) -> Markup {
    let code = CodeField { label: Text::SetUpCodeLabel, texts: APP_TEXTS, digits: true, due: false };
    html! {
        form method="post" action=(paths::SET_UP) {
            (code.render(view.problem, language, context))
            (field::description(Text::DescriptionLabel, Text::DescriptionHint, &view.description, language))
            div.actions {
                button.main { (language.say(Text::Confirm)) }
                (field::cancel(language, context))
            }
        }
    }
}
