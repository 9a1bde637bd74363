//! The pages for codes that are sent: at sign-in, and while the first method is set up.

use jiff::Timestamp;
use maud::{Markup, html};

use super::challenge::{go_on, hint, lead, method, ways_out};
use super::field::{self, ADDRESS_TEXTS, CodeField, NUMBER_TEXTS, ONLY_SENT_TEXTS, SENT_TEXTS};
use super::set_up::other_ways;
use super::{Context, MethodKind, SentCode, SetUpSent, SetUpTo, Trust, fields, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, forms, moment};

/// `maxlength` of a number or an address: an address has 254 characters at most (RFC 3696, erratum 1690).
pub const DESTINATION_LENGTH: usize = 254;

pub(super) fn sheet(view: &SentCode, language: Language, context: &Context<'_>) -> Sheet {
    let (title, at_sign_in) = match (view.sent, view.unusual) {
        (true, false) => (Text::SENT_TITLE, Text::SENT_LEAD),
        (false, false) => (Text::NOT_YET_SENT_TITLE, Text::NOT_YET_SENT_LEAD),
        (true, true) => (Text::SENT_TITLE, Text::UNUSUAL_SENT_LEAD),
        (false, true) => (Text::NOT_YET_SENT_TITLE, Text::UNUSUAL_NOT_YET_SENT_LEAD),
    };
    let texts = if view.others { SENT_TEXTS } else { ONLY_SENT_TEXTS };
    let code = CodeField { label: Text::CODE_LABEL, texts, digits: true, is_step: false };
    // An account without a second factor has nothing to reset.
    let ways_out = match view.unusual {
        true => field::cancel(language, context),
        false => ways_out(view.others, view.trust.filter(|_| view.sent), language, context),
    };
    let content = html! {
        (lead(at_sign_in, language, context))
        (method(&view.method, language))
        p.hint { (hint(&view.method, language)) }
        @if view.sent {
            form method="post" action=(paths::CODE) {
                (code.render(view.problem, language, context))
                (spam_hint(view.method.kind, language))
                (field::trust(view.trust, language))
                div.actions {
                    (field::send(go_on(context), view.problem, language, context))
                    (another(view.again, view.trust, language, context))
                    (ways_out)
                }
            }
        } @else {
            @if let Some(problem) = view.problem {
                (forms::alert("code-problem", code.texts.explain(problem, language, context)))
            }
            div.actions {
                button.main form="another" data-wait=[wait(view.again, context)] { (language.say(Text::SEND_CODE)) }
                (ways_out)
            }
        }
        @if view.unusual { p.hint { (language.say(Text::UNUSUAL_HELP)) } }
        (another_form())
        (field::cancel_form())
    };
    Sheet { title, failed: view.problem.is_some(), wide: false, content }
}

pub(super) fn to_sheet(view: &SetUpTo, language: Language, context: &Context<'_>) -> Sheet {
    let is_number = view.kind == MethodKind::Sms;
    let (title, lead) = match (view.kind, context.signed_in) {
        (MethodKind::Sms, false) => (Text::SET_UP_SMS_TITLE, Text::SET_UP_SMS_LEAD),
        (MethodKind::Sms, true) => (Text::SET_UP_SMS_TITLE, Text::ADD_SMS_LEAD),
        (MethodKind::Contact, _) => (Text::SET_CONTACT_TITLE, Text::NOTICES_HINT),
        (_, false) => (Text::SET_UP_EMAIL_TITLE, Text::SET_UP_EMAIL_LEAD),
        (_, true) => (Text::SET_UP_EMAIL_TITLE, Text::ADD_EMAIL_LEAD),
    };
    let (label, hint, texts) = match is_number {
        true => (Text::NUMBER_LABEL, Text::NUMBER_HINT, NUMBER_TEXTS),
        false => (Text::ADDRESS_LABEL, Text::ADDRESS_HINT, ADDRESS_TEXTS),
    };
    let (input, autocomplete) = if is_number { ("tel", "tel") } else { ("email", "email") };
    let described_by = if view.problem.is_some() { "to-problem to-hint" } else { "to-hint" };
    let problem = view.problem.map(|problem| texts.explain(problem, language, context));
    let input = html! {
        input #to name=(fields::DESTINATION) type=(input) value=(view.to) autocomplete=(autocomplete)
            maxlength=(DESTINATION_LENGTH) required autofocus
            aria-describedby=(described_by) aria-invalid=[problem.as_ref().map(|_| "true")];
    };
    let content = html! {
        p.lead { (language.say(lead)) }
        form method="post" action=(paths::SET_UP) {
            div.field {
                label for="to" { (language.say(label)) }
                (forms::attempt("to-problem", problem, &input))
                p.hint #to-hint { (language.say(hint)) }
            }
            div.actions {
                button.main { (language.say(Text::SEND_CODE)) }
                (field::cancel(language, context))
            }
        }
        (other_ways(&view.others, language))
        (field::cancel_form())
    };
    Sheet { title, failed: view.problem.is_some(), wide: false, content }
}

pub(super) fn sent_sheet(view: &SetUpSent, language: Language, context: &Context<'_>) -> Sheet {
    let (title, other) = match view.kind {
        MethodKind::Sms => (Text::CONFIRM_NUMBER_TITLE, Text::OTHER_NUMBER),
        _ => (Text::CONFIRM_ADDRESS_TITLE, Text::OTHER_ADDRESS),
    };
    let (name, hint) = match view.kind {
        MethodKind::Sms => (Text::DESCRIPTION_LABEL, Text::DESCRIPTION_HINT),
        _ => (Text::ADDRESS_NAME, Text::ADDRESS_NAME_HINT),
    };
    let code = CodeField { label: Text::CODE_LABEL, texts: SENT_TEXTS, digits: true, is_step: false };
    let content = html! {
        p.lead { (language.fill(Text::SENT_TO, &[("to", &html! { strong { (view.to) } })])) }
        form method="post" action=(paths::SET_UP) {
            (code.render(view.problem, language, context))
            (spam_hint(view.kind, language))
            @if view.kind != MethodKind::Contact { (field::description(name, hint, &view.description, language)) }
            div.actions {
                (field::send(Text::CONFIRM, view.problem, language, context))
                (another(Some(view.again), None, language, context))
                button.quiet form="other" formnovalidate { (language.say(other)) }
                (field::cancel(language, context))
            }
        }
        form #other method="post" action=(paths::SET_UP_WITH) hidden {
            input type="hidden" name=(fields::METHOD) value=(view.kind.tag());
        }
        (other_ways(&view.others, language))
        (another_form())
        (field::cancel_form())
    };
    Sheet { title, failed: view.problem.is_some(), wide: false, content }
}

fn spam_hint(kind: MethodKind, language: Language) -> Markup {
    html! { @if kind != MethodKind::Sms { p.hint { (language.say(Text::SPAM_HINT)) } } }
}

/// The button that requests another code, and the time before which none is sent, if there is one. A script shows that
/// time on the button. With an offer to trust the browser, the button also submits whether it is ticked.
fn another(again: Option<Timestamp>, trust: Option<Trust>, language: Language, context: &Context<'_>) -> Markup {
    let (form, action) = if trust.is_some() { (None, Some(paths::SEND)) } else { (Some("another"), None) };
    let wait = wait(again, context);
    html! {
        @if let Some(from) = again.filter(|_| wait.is_some()) {
            @let until = moment::moment(from, context.now, language);
            p.hint.without-script { (language.fill(Text::ANOTHER_FROM, &[("until", &until)])) }
        }
        button.quiet form=[form] formaction=[action] formnovalidate data-wait=[wait] {
            (language.say(Text::SEND_ANOTHER))
        }
    }
}

fn wait(again: Option<Timestamp>, context: &Context<'_>) -> Option<i64> {
    again.and_then(|from| moment::seconds_until(from, context.now))
}

/// The form that the button of [`another`] submits. It is separate because forms cannot be nested.
fn another_form() -> Markup {
    html! { form #another method="post" action=(paths::SEND) hidden {} }
}
