//! Security keys: asked for at sign-in, and set up as the first method. The only part that needs JavaScript.

use maud::{Markup, PreEscaped, html};

use super::challenge::{lead, method, ways_out};
use super::field::{self, KEY_TEXTS, NEW_KEY_TEXTS, ProblemTexts};
use super::set_up::other_ways;
use super::{Context, Key, Problem, SetUpKey, assets, fields, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, forms};

pub(super) fn sheet(view: &Key, language: Language, context: &Context<'_>) -> Sheet {
    let ways_out = ways_out(view.others, view.trust.filter(|_| view.options.is_some()), language, context);
    let content = html! {
        (lead(Text::KEY_LEAD, language, context))
        (method(&view.method, language))
        (no_script(language))
        @match &view.options {
            Some(options) => {
                @let texts = html! {
                    (problem(&KEY_TEXTS, view.problem, language, context))
                    (field::trust(view.trust, language))
                };
                // Where there is something to read or to tick, that comes first.
                @let at_once = view.problem.is_none() && view.trust.is_none();
                @let dialogue = Dialogue { action: paths::CODE, button: Text::USE_KEY, at_once };
                (dialogue.render(options, &texts, &ways_out, language))
            }
            None => {
                (problem(&KEY_TEXTS, view.problem, language, context))
                div.actions {
                    button.main form="another" { (language.say(Text::KEY_AGAIN)) }
                    (ways_out)
                }
                form #another method="post" action=(paths::SEND) hidden {}
            }
        }
        (field::cancel_form())
    };
    Sheet { title: Text::KEY_TITLE, failed: view.problem.is_some(), wide: false, content }
}

pub(super) fn set_up_sheet(view: &SetUpKey, language: Language, context: &Context<'_>) -> Sheet {
    let above = html! {
        (problem(&NEW_KEY_TEXTS, view.problem, language, context))
        (field::description(Text::KEY_NAME, Text::KEY_NAME_HINT, &view.description, language))
    };
    // The user types the description first.
    let dialogue = Dialogue { action: paths::SET_UP, button: Text::REGISTER_KEY, at_once: false };
    let content = html! {
        p.lead { (language.say(if context.signed_in { Text::ADD_KEY_LEAD } else { Text::SET_UP_KEY_LEAD })) }
        (no_script(language))
        (dialogue.render(&view.options, &above, &field::cancel(language, context), language))
        (other_ways(&view.others, language))
        (field::cancel_form())
    };
    Sheet { title: Text::SET_UP_KEY_TITLE, failed: view.problem.is_some(), wide: false, content }
}

/// The form that [`assets::KEY_SCRIPT`] fills, and its texts; that file documents what it needs.
struct Dialogue {
    action: &'static str,
    button: Text,
    /// Whether the browser asks for the key before the button is pressed.
    at_once: bool,
}

impl Dialogue {
    fn render(&self, options: &str, above: &Markup, beside: &Markup, language: Language) -> Markup {
        html! {
            form #key method="post" action=(self.action) data-start[self.at_once]
                data-touch=(language.say(Text::KEY_TOUCH)) data-again=(language.say(Text::KEY_AGAIN))
                data-refused=(language.say(Text::KEY_REFUSED)) data-known=(language.say(Text::KEY_KNOWN))
                data-failed=(language.say(Text::KEY_FAILED)) data-unsupported=(language.say(Text::KEY_UNSUPPORTED)) {
                (above)
                input type="hidden" name=(fields::RESPONSE);
                p.notice #key-message role="status" {}
                div.actions {
                    button.main { (language.say(self.button)) }
                    (beside)
                }
            }
            script type="application/json" #options { (as_data(options)) }
            script src=(assets::key_script_url()) defer {}
        }
    }
}

/// JSON for a script element: it cannot end the element. Outside of strings, JSON contains no `<`.
fn as_data(json: &str) -> PreEscaped<String> {
    PreEscaped(json.replace('<', "\\u003c"))
}

fn no_script(language: Language) -> Markup {
    html! { noscript { p.notice { (language.say(Text::KEY_NEEDS_SCRIPT)) } } }
}

fn problem(texts: &ProblemTexts, problem: Option<Problem>, language: Language, context: &Context<'_>) -> Markup {
    html! { @if let Some(problem) = problem { (forms::alert("key-problem", texts.explain(problem, language, context))) } }
}
