//! The backup codes, shown once: to copy, print or download.

use maud::{Markup, html};

use super::{BackupCodes, Context, fields, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, forms};
use postern_wire::Secret;

/// The name of the downloaded file.
pub const CODES_FILE_NAME: &str = "postern-backup-codes.txt";

pub(super) fn sheet(view: &BackupCodes, language: Language, context: &Context<'_>) -> Sheet {
    let content = html! {
        p.lead { (language.say(if context.signed_in { Text::NEW_CODES_LEAD } else { Text::CODES_LEAD })) }
        p.notice { (language.say(Text::CODES_ONCE)) }
        p.printed { (headline(language, context)) }
        ol.codes #codes aria-label=(language.say(Text::CODES_LIST)) {
            @for code in &view.codes { li { code { (code.reveal()) } } }
        }
        (ways_to_keep(language))
        (saved(view.not_ticked, language, context))
    };
    Sheet { title: Text::CODES_TITLE, failed: view.not_ticked, wide: false, content }
}

/// The buttons for keeping the codes. Downloading needs no script; the other two appear only when the script runs.
fn ways_to_keep(language: Language) -> Markup {
    html! {
        div.keep {
            form method="post" action=(paths::CODES_FILE) { button { (language.say(Text::DOWNLOAD)) } }
            button type="button" data-print hidden { (language.say(Text::PRINT)) }
            button type="button" data-copy="codes" data-copied=(language.say(Text::COPIED)) hidden {
                (language.say(Text::COPY))
            }
            span.visually-hidden #copied role="status" {}
        }
    }
}

fn saved(not_ticked: bool, language: Language, context: &Context<'_>) -> Markup {
    let problem = not_ticked.then(|| html! { p { (language.say(Text::NOT_TICKED)) } });
    let tick = html! {
        p.tick {
            input #saved type="checkbox" name=(fields::SAVED) value=(fields::YES) required autofocus[not_ticked]
                aria-describedby=[not_ticked.then_some("saved-problem")]
                aria-invalid=[not_ticked.then_some("true")];
            label for="saved" { (language.say(Text::TICK)) }
        }
    };
    html! {
        form.saved method="post" action=(paths::SAVED) {
            (forms::attempt("saved-problem", problem, &tick))
            div.actions {
                @if context.signed_in {
                    button.main { (language.say(Text::FINISH)) }
                } @else {
                    button.main { (language.say(Text::GO_ON)) }
                    button.quiet name=(fields::NEXT) value=(fields::SECURITY) { (language.say(Text::OPEN_SECURITY)) }
                }
            }
        }
    }
}

/// Identifies the account that the codes belong to, for a printed sheet or a file that is found years later.
fn headline(language: Language, context: &Context<'_>) -> String {
    let mailbox = context.mailbox.unwrap_or_default();
    language.fill_plain(Text::CODES_FOR, &[("mailbox", mailbox), ("brand", context.brand)])
}

/// The codes as a text file, to be sent as an attachment named [`CODES_FILE_NAME`]. Lines end with CR LF, so that every
/// editor shows them correctly.
#[must_use]
pub fn render_codes_file(codes: &[Secret], language: Language, context: &Context<'_>) -> String {
    let codes: Vec<&str> = codes.iter().map(Secret::reveal).collect();
    let file =
        format!("{}\n\n{}\n\n{}\n", headline(language, context), language.say(Text::FILE_RULES), codes.join("\n"));
    file.replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_the_codes_one_a_line() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let context =
            Context { brand: "Example Mail", mailbox: Some("bob@example.com"), now, signed_in: false, purpose: None };
        let codes = [Secret::from("1111-2222"), Secret::from("3333-4444")];
        let file = render_codes_file(&codes, Language::English, &context);
        assert!(file.starts_with("Backup codes of bob@example.com for Example Mail\r\n\r\n"), "{file}");
        assert!(file.ends_with("\r\n\r\n1111-2222\r\n3333-4444\r\n"), "{file}");
        assert_eq!(file.matches('\n').count(), file.matches("\r\n").count());
    }
}
