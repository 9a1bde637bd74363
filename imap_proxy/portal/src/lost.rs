//! The page for a user who has lost every factor: a request to the administrator.

use maud::{Markup, html};
use postern_wire::security::MAX_REQUEST_TEXT;

use super::field;
use super::{Context, Lost, LostProblem, RequestMade, Requested, fields, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, forms, moment};

pub(super) fn sheet(view: &Lost, language: Language, context: &Context<'_>) -> Sheet {
    let texts = [
        RequestField { name: fields::CONTACT, label: Text::CONTACT_LABEL, hint: Some(Text::CONTACT_HINT), long: false },
        RequestField { name: fields::REASON, label: Text::REASON_LABEL, hint: None, long: true },
        RequestField {
            name: fields::EVIDENCE,
            label: Text::EVIDENCE_LABEL,
            hint: Some(Text::EVIDENCE_HINT),
            long: true,
        },
    ];
    let typed = [&view.contact, &view.reason, &view.evidence];
    let incomplete = view.problem == Some(LostProblem::Incomplete);
    let due = typed.iter().position(|typed| typed.is_empty()).unwrap_or_default();
    let content = html! {
        p.lead { (language.say(Text::LOST_LEAD)) }
        form method="post" action=(paths::LOST) {
            @if let Some(problem) = view.problem {
                (forms::alert("lost-problem", explain(problem, language, context)))
            }
            @for (number, (text, typed)) in texts.iter().zip(typed).enumerate() {
                (text.render(typed, number == due, incomplete && typed.is_empty(), language))
            }
            div.actions {
                button.main { (language.say(Text::SEND_REQUEST)) }
                @if view.others { a.quiet href=(paths::METHODS) { (language.say(Text::TRY_ANOTHER)) } }
                (field::cancel(language, context))
            }
        }
        (field::cancel_form())
    };
    Sheet { title: Text::LOST_TITLE, failed: view.problem.is_some(), wide: false, content }
}

/// One of the three fields of the form.
struct RequestField {
    name: &'static str,
    label: Text,
    hint: Option<Text>,
    /// Whether the answer may be longer than one line.
    long: bool,
}

impl RequestField {
    /// `due`: the field gets the focus. `missing`: it was submitted empty.
    fn render(&self, typed: &str, due: bool, missing: bool, language: Language) -> Markup {
        let hint_id = self.hint.map(|_| format!("{}-hint", self.name));
        let described_by = match (missing, &hint_id) {
            (true, Some(hint)) => Some(format!("lost-problem {hint}")),
            (true, None) => Some("lost-problem".to_owned()),
            (false, hint) => hint.clone(),
        };
        let invalid = missing.then_some("true");
        html! {
            div.field {
                label for=(self.name) { (language.say(self.label)) }
                @if self.long {
                    textarea id=(self.name) name=(self.name) rows="4" maxlength=(MAX_REQUEST_TEXT) required
                        autofocus[due] aria-describedby=[described_by] aria-invalid=[invalid] { (typed) }
                } @else {
                    input id=(self.name) name=(self.name) type="text" value=(typed) maxlength=(MAX_REQUEST_TEXT)
                        required autofocus[due] aria-describedby=[described_by] aria-invalid=[invalid];
                }
                @if let (Some(hint), Some(id)) = (self.hint, &hint_id) { p.hint id=(id) { (language.say(hint)) } }
            }
        }
    }
}

fn explain(problem: LostProblem, language: Language, context: &Context<'_>) -> Markup {
    let text = match problem {
        LostProblem::Incomplete => Text::LOST_INCOMPLETE,
        LostProblem::NotNow { until: None } => Text::LOST_NOT_NOW,
        LostProblem::NotNow { until: Some(until) } => {
            let until = moment::moment(until, context.now, language);
            return html! { p { (language.fill(Text::LOST_NOT_BEFORE, &[("until", &until)])) } };
        }
        LostProblem::NotOffered => Text::LOST_NOT_OFFERED,
    };
    html! { p { (language.say(text)) } }
}

pub(super) fn requested_sheet(view: RequestMade, language: Language, context: &Context<'_>) -> Sheet {
    let lead = match view.when {
        Requested::Now => Text::REQUESTED_NOW,
        Requested::Before => Text::REQUESTED_BEFORE,
    };
    let content = html! {
        p.lead { (language.say(lead)) }
        h2 { (language.say(Text::REQUESTED_NEXT)) }
        p { (language.say(Text::REQUESTED_REACH)) }
        p { (language.say(Text::REQUESTED_RESET)) }
        p { (language.say(Text::REQUESTED_NOTICE)) }
        div.actions {
            @if view.others { a.quiet href=(paths::METHODS) { (language.say(Text::TRY_ANOTHER)) } }
            (field::cancel(language, context))
        }
        (field::cancel_form())
    };
    Sheet { title: Text::REQUESTED_TITLE, failed: false, wide: false, content }
}
