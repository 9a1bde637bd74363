//! The parts of a form that all pages share.

use maud::{Markup, Render, html};

/// Names of form fields.
pub mod fields {
    /// A [`Language::tag`](crate::Language::tag).
    pub const TO: &str = "to";
    /// The page to return to: the front accepts only our own pages.
    pub const BACK: &str = "back";
    /// A random number that is new on each page: a form submitted twice with the same number is processed once.
    pub const IDEMPOTENCY_KEY: &str = "idempotency_key";
}

/// A field, in one frame with the problem of the last attempt: the field refers to `id`.
#[must_use]
pub fn attempt(id: &str, problem: Option<Markup>, field: &Markup) -> Markup {
    html! {
        div.attempt.wrong[problem.is_some()] {
            @if let Some(problem) = problem { (alert(id, problem)) }
            (field)
        }
    }
}

/// The error message that the field refers to by `id`.
#[must_use]
pub fn alert(id: &str, content: impl Render) -> Markup {
    html! { div.problem id=(id) role="alert" { (content) } }
}

/// Adds the hidden field [`fields::IDEMPOTENCY_KEY`] to every form of a document. It is done here so that
/// no page can omit it.
#[must_use]
pub fn with_idempotency_key(document: &str, key: &str) -> String {
    let mut pieces = document.split("<form ");
    let mut written = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // User input is escaped, so the first `>` is the end of the tag.
        let (tag, rest) = piece.split_once('>').unwrap_or((piece, ""));
        let name = fields::IDEMPOTENCY_KEY;
        written.push_str(&format!(r#"<form {tag}><input type="hidden" name="{name}" value="{key}">{rest}"#));
    }
    written
}
