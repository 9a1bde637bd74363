//! The pages that ask for a code of the authenticator app or a backup code, and the page to choose a method.

use maud::{Markup, html};

use super::field::{self, APP_TEXTS, BACKUP_TEXTS, CodeField, KEY_TEXTS};
use super::{
    Challenge, ChallengeBackup, ChooseMethod, Context, Method, MethodKind, Problem, Purpose, Trust, fields, paths,
};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, forms};

pub(super) fn sheet(view: &Challenge, language: Language, context: &Context<'_>) -> Sheet {
    let code = CodeField { label: Text::CODE_LABEL, texts: APP_TEXTS, digits: true, is_step: false };
    let content = html! {
        (lead(Text::CHALLENGE_LEAD, language, context))
        (method(&view.method, language))
        @if context.signed_in { p.hint { (language.say(Text::NEXT_CODE)) } }
        @let fields = html! { (code.render(view.problem, language, context)) (field::trust(view.trust, language)) };
        (question(paths::CODE, &fields, view.problem, (view.others, view.trust), language, context))
    };
    Sheet { title: Text::CHALLENGE_TITLE, failed: view.problem.is_some(), wide: false, content }
}

pub(super) fn backup_sheet(view: &ChallengeBackup, language: Language, context: &Context<'_>) -> Sheet {
    let code = CodeField { label: Text::BACKUP_LABEL, texts: BACKUP_TEXTS, digits: false, is_step: false };
    let content = html! {
        (lead(Text::BACKUP_LEAD, language, context))
        @let fields = html! { (code.render(view.problem, language, context)) (field::trust(view.trust, language)) };
        (question(paths::BACKUP_CODE, &fields, view.problem, (view.others, view.trust), language, context))
    };
    Sheet { title: Text::BACKUP_TITLE, failed: view.problem.is_some(), wide: false, content }
}

/// The form with a code field, and the alternatives below it.
fn question(
    path: &str,
    fields: &Markup,
    problem: Option<Problem>,
    (others, trust): (bool, Option<Trust>),
    language: Language,
    context: &Context<'_>,
) -> Markup {
    html! {
        form method="post" action=(path) {
            (fields)
            div.actions {
                (field::send(go_on(context), problem, language, context))
                (ways_out(others, trust, language, context))
            }
        }
        (field::cancel_form())
    }
}

/// The introduction of the page: at a sign-in `at_sign_in`, otherwise what the code is asked for.
pub(super) fn lead(at_sign_in: Text, language: Language, context: &Context<'_>) -> Markup {
    if !context.signed_in {
        return html! { p.lead { (language.say(at_sign_in)) } };
    }
    let Some(purpose) = context.purpose else { return html! { p.lead { (language.say(Text::PROVE_LEAD)) } } };
    html! {
        p.lead { (asked_for(purpose, language)) }
        // A user who did not request the change is being deceived: the hint warns them.
        @if !matches!(purpose, Purpose::Look) { p.hint { (language.say(Text::PROVE_ONCE)) } }
    }
}

fn asked_for(purpose: &Purpose, language: Language) -> Markup {
    let say = |text| html! { (language.say(text)) };
    match purpose {
        Purpose::Look => say(Text::PROVE_FIRST_HOW),
        Purpose::Add { kind: MethodKind::Sms, to } => language.fill(Text::PROVE_ADD_SMS, &[("to", &strong(to))]),
        Purpose::Add { kind: MethodKind::Contact, to } => {
            language.fill(Text::PROVE_SET_CONTACT, &[("to", &strong(to))])
        }
        Purpose::Add { kind: MethodKind::Email, to } => language.fill(Text::PROVE_ADD_EMAIL, &[("to", &strong(to))]),
        Purpose::Add { kind: MethodKind::Key, .. } => say(Text::PROVE_ADD_KEY),
        Purpose::Add { .. } => say(Text::PROVE_ADD_APP),
        Purpose::RemoveMethod(Some(method)) => {
            language.fill(Text::PROVE_REMOVE, &[("method", &strong(&name(method, language)))])
        }
        Purpose::RemoveMethod(None) => say(Text::PROVE_REMOVE_ONE),
        Purpose::MakeCodes => say(Text::PROVE_MAKE_CODES),
        Purpose::DeleteCodes => say(Text::PROVE_DELETE_CODES),
        Purpose::CreateAppPassword => say(Text::PROVE_CREATE_APP),
        Purpose::RemoveContact => say(Text::PROVE_REMOVE_CONTACT),
    }
}

fn strong(text: &str) -> Markup {
    html! { strong { (text) } }
}

/// The label of the submit button.
pub(super) fn go_on(context: &Context<'_>) -> Text {
    if context.signed_in { Text::CONFIRM_IT } else { Text::SIGN_IN }
}

/// The alternatives on a page that asks for one method; the page has a [`field::cancel_form`]. In a form with an offer
/// to trust the browser, they also submit whether it is ticked.
pub(super) fn ways_out(others: bool, trust: Option<Trust>, language: Language, context: &Context<'_>) -> Markup {
    html! {
        @if others && trust.is_some() {
            button.quiet formaction=(paths::METHODS) formnovalidate { (language.say(Text::TRY_ANOTHER)) }
        } @else if others {
            a.quiet href=(paths::METHODS) { (language.say(Text::TRY_ANOTHER)) }
        } @else if !context.signed_in {
            a.quiet href=(paths::LOST) { (language.say(Text::LOST_EVERYTHING)) }
        }
        (field::cancel(language, context))
    }
}

/// Shows the method that the page asks for.
pub(super) fn method(method: &Method, language: Language) -> Markup {
    html! { p.method.{ "by-" (method.kind.tag()) } { (name(method, language)) } }
}

pub(super) fn methods_sheet(view: &ChooseMethod, language: Language, context: &Context<'_>) -> Sheet {
    let content = html! {
        @if let Some(problem) = view.problem {
            (forms::alert("methods-problem", KEY_TEXTS.explain(problem, language, context)))
        }
        p.lead { (language.say(Text::METHODS_LEAD)) }
        form method="post" action=(paths::METHODS) {
            ul.methods {
                @for method in &view.methods {
                    li {
                        button name=(fields::METHOD) value=(method.id) {
                            strong { (name(method, language)) }
                            " "
                            span.hint { (hint(method, language)) }
                        }
                    }
                }
                @if !context.signed_in {
                    li {
                        a href=(paths::LOST) {
                            strong { (language.say(Text::LOST_EVERYTHING)) }
                            " "
                            span.hint { (language.say(Text::LOST_HINT)) }
                        }
                    }
                }
            }
        }
        div.actions {
            @if let Some(left) = view.left {
                @let path = if left == MethodKind::BackupCode { paths::BACKUP_CODE } else { paths::CODE };
                a.quiet href=(path) { (language.say(Text::BACK)) }
            }
            (field::cancel(language, context))
        }
        (field::cancel_form())
    };
    Sheet { title: Text::METHODS_TITLE, failed: view.problem.is_some(), wide: false, content }
}

/// The user's description of the method, or otherwise the name of its kind.
pub(super) fn name(method: &Method, language: Language) -> String {
    let kind = match method.kind {
        _ if !method.description.trim().is_empty() => return method.description.trim().to_owned(),
        MethodKind::Authenticator => Text::AUTHENTICATOR,
        MethodKind::Sms => Text::SMS,
        MethodKind::Email => Text::EMAIL,
        MethodKind::Key => Text::SECURITY_KEY,
        MethodKind::BackupCode => Text::BACKUP_CODE,
        MethodKind::Contact => Text::CONTACT_ADDRESS,
    };
    language.say(kind)
}

/// The kind of the method, and where its codes are sent.
pub(super) fn hint(method: &Method, language: Language) -> Markup {
    let text = match (method.kind, &method.hint) {
        (MethodKind::Sms, Some(to)) => return language.fill(Text::SMS_TO, &[("to", to)]),
        (MethodKind::Email | MethodKind::Contact, Some(to)) => return language.fill(Text::EMAIL_TO, &[("to", to)]),
        (MethodKind::Authenticator, _) => Text::AUTHENTICATOR_HINT,
        (MethodKind::Sms, None) => Text::SMS_HINT,
        (MethodKind::Email | MethodKind::Contact, None) => Text::EMAIL_HINT,
        (MethodKind::Key, _) => Text::SECURITY_KEY_HINT,
        (MethodKind::BackupCode, _) => Text::BACKUP_CODE_HINT,
    };
    html! { (language.say(text)) }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Given, at};
    use super::super::{Page, render};
    use super::*;

    #[test]
    fn in_the_midst_of_a_session_the_page_says_what_a_code_is_for() {
        let method = |description: &str| Method {
            id: "m1".to_owned(),
            kind: MethodKind::Authenticator,
            description: description.to_owned(),
            hint: None,
        };
        let add = |kind, to: &str| Purpose::Add { kind, to: to.to_owned() };
        for (purpose, english, french) in [
            (add(MethodKind::Authenticator, ""), "add an authenticator app", "ajouter une application"),
            (add(MethodKind::Key, ""), "add a security key", "ajouter une clé"),
            (add(MethodKind::Sms, "+33&lt;"), "+33&amp;lt;", "+33&amp;lt;"),
            (add(MethodKind::Email, "a@b.example"), "a@b.example", "a@b.example"),
            (add(MethodKind::Contact, "a@b.example"), "a@b.example", "a@b.example"),
            (Purpose::RemoveMethod(Some(method("<Old>"))), "&lt;Old&gt;", "&lt;Old&gt;"),
            (Purpose::RemoveMethod(None), "remove a method", "supprimer une méthode"),
            (Purpose::MakeCodes, "make new backup codes", "créer de nouveaux codes"),
            (Purpose::DeleteCodes, "delete your backup codes", "supprimer vos codes"),
            (Purpose::CreateAppPassword, "create an app password", "créer un mot de passe"),
            (Purpose::RemoveContact, "remove your contact address", "supprimer votre adresse"),
        ] {
            for (language, what) in [(Language::English, english), (Language::French, french)] {
                let context =
                    Context { signed_in: true, purpose: Some(&purpose), now: at(0), ..Given::USUAL.context() };
                let view = Challenge { method: method("Mine"), others: true, trust: None, problem: None };
                let html = render(&Page::Challenge(view), language, &context);
                assert!(html.contains(what), "{purpose:?}: {html}");
                assert!(
                    html.contains(&language.say(Text::PROVE_ONCE)) && html.contains(&language.say(Text::NEXT_CODE))
                );
            }
        }
    }
}
