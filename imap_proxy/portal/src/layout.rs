//! The frame of every page: head, logo, language switch.

use maud::{DOCTYPE, Markup, html};

use super::{Context, assets, fields, paths};
use postern_pages::{Language, Text, moment};

/// The content of a page, for [`document`].
pub(super) struct Sheet {
    /// The heading, and the document's title.
    pub(super) title: Text,
    /// Whether the input was rejected: the title then begins with that, since screen readers read the title first.
    pub(super) failed: bool,
    /// Whether the page may use a second column on wide screens.
    pub(super) wide: bool,
    /// The content below the heading.
    pub(super) content: Markup,
}

/// The complete document. `path` is the page that the language switch returns to.
pub(super) fn document(sheet: Sheet, path: &str, language: Language, context: &Context<'_>) -> Markup {
    let title = language.say(sheet.title);
    let document_title = if sheet.failed { Text::FAILED_TITLE } else { Text::DOCUMENT_TITLE };
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                title { (language.fill(document_title, &[("title", &title), ("brand", &context.brand)])) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                link rel="icon" type="image/svg+xml" href=(ICON);
                link rel="stylesheet" href=(assets::style_url());
                script src=(assets::script_url()) defer {}
            }
            @let [months, first, clock, day, year, both] = moment::words(language);
            body data-months=(months) data-first=(first) data-clock=(clock) data-day=(day) data-year=(year)
                data-both=(both) {
                header {
                    p.brand { (mark()) span { (context.brand) } }
                    (language_switch(path, language))
                }
                main.wide[sheet.wide] {
                    @if let Some(mailbox) = context.mailbox {
                        @let text = if context.signed_in { Text::SIGNED_IN } else { Text::SIGNING_IN };
                        p.mailbox { (language.fill(text, &[("mailbox", &html! { strong { (mailbox) } })])) }
                    }
                    h1 { (title) }
                    (sheet.content)
                }
                footer { p { (language.say(Text::FOOTER)) } }
            }
        }
    }
}

/// One button for each other language, in that language.
fn language_switch(path: &str, current: Language) -> Markup {
    html! {
        form.language method="post" action=(paths::LANGUAGE) aria-label=(current.say(Text::LANGUAGE_SWITCH)) {
            input type="hidden" name=(fields::BACK) value=(path);
            @for other in Language::ALL.into_iter().filter(|language| *language != current) {
                button.quiet name=(fields::TO) value=(other.tag()) lang=(other.tag()) { (other.own_name()) }
            }
        }
    }
}

/// The logo: a small gate in a wall.
fn mark() -> Markup {
    html! {
        svg.mark xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" {
            path fill="currentColor" fill-rule="evenodd" d=(WALL) {}
        }
    }
}

/// The path of the logo: three merlons, a wall, an arched gate and its knob. The icon below contains the same path.
const WALL: &str = "M3 5h6v4h4V5h6v4h4V5h6v20a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM11 27V19a5 5 0 0 1 10 0v8z\
                    M12.5 27V19a3.5 3.5 0 0 1 7 0v8z";

/// [`WALL`] as a `data:` address for the browser's tab: it prevents browsers from requesting an icon from the webmail.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E\
    %3Cpath fill='%23226b5f' fill-rule='evenodd' d='M3 5h6v4h4V5h6v4h4V5h6v20a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z\
    M11 27V19a5 5 0 0 1 10 0v8z'/%3E%3C/svg%3E";
