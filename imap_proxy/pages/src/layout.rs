//! The frame of every page: head, logo, language switch.

use maud::{DOCTYPE, Markup, html};

use crate::forms::fields;
use crate::language::Language;
use crate::moment;
use crate::text::Text;

/// The Content-Security-Policy of every page: only our own style, scripts and forms are allowed, and no framing.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What a page is shown in, for [`document`].
#[derive(Debug)]
pub struct Frame<'a> {
    /// Public name of the platform or host, such as "Example Mail".
    pub brand: &'a str,
    /// The line above the heading, which says who is signed in; none before that is known.
    pub account: Option<Markup>,
    /// The address of [`STYLE`](crate::assets::STYLE).
    pub style: &'a str,
    /// The address of [`SCRIPT`](crate::assets::SCRIPT).
    pub script: &'a str,
    /// The path that takes the form of the language switch, with [`fields::TO`] and [`fields::BACK`].
    pub language_path: &'a str,
    /// The page that the language switch returns to.
    pub back: &'a str,
}

/// The content of a page, for [`document`].
#[derive(Debug)]
pub struct Sheet {
    /// The heading, and the document's title.
    pub title: Text,
    /// Whether the input was rejected: the title then begins with that, since screen readers read the title first.
    pub failed: bool,
    /// Whether the page may use a second column on wide screens.
    pub wide: bool,
    /// The content below the heading.
    pub content: Markup,
}

/// The complete document.
#[must_use]
pub fn document(sheet: Sheet, frame: &Frame<'_>, language: Language) -> Markup {
    let title = language.say(sheet.title);
    let document_title = if sheet.failed { Text::FAILED_TITLE } else { Text::DOCUMENT_TITLE };
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                title { (language.fill(document_title, &[("title", &title), ("brand", &frame.brand)])) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                link rel="icon" type="image/svg+xml" href=(ICON);
                link rel="stylesheet" href=(frame.style);
                script src=(frame.script) defer {}
            }
            @let [months, first, clock, day, year, both] = moment::words(language);
            body data-months=(months) data-first=(first) data-clock=(clock) data-day=(day) data-year=(year)
                data-both=(both) {
                header {
                    p.brand { (mark()) span { (frame.brand) } }
                    (language_switch(frame, language))
                }
                main.wide[sheet.wide] {
                    @if let Some(account) = &frame.account { p.mailbox { (account) } }
                    h1 { (title) }
                    (sheet.content)
                }
                footer { p { (language.say(Text::FOOTER)) } }
            }
        }
    }
}

/// One button for each other language, in that language.
fn language_switch(frame: &Frame<'_>, current: Language) -> Markup {
    html! {
        form.language method="post" action=(frame.language_path) aria-label=(current.say(Text::LANGUAGE_SWITCH)) {
            input type="hidden" name=(fields::BACK) value=(frame.back);
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
