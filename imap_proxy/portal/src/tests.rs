//! Tests that apply to every page.

use proptest::prelude::*;

use super::samples::{Given, all_pages, pages};
use super::*;
use postern_pages::{Piece, Text, pieces as pieces_of};

/// Every sample in every language.
fn every_document(given: &Given<'_>) -> Vec<(String, Language, String)> {
    let mut documents = Vec::new();
    for (name, page, signed_in) in all_pages(given) {
        for language in Language::ALL {
            let html = render(&page, language, &Context { signed_in, ..given.context() });
            documents.push((format!("{name} in {language:?}"), language, html));
        }
    }
    documents
}

/// Attributes that are displayed or read out to users, directly or by a script.
const READ_OUT: [&str; 11] = [
    "aria-label",
    "title",
    "placeholder",
    "alt",
    "data-copied",
    "data-touch",
    "data-again",
    "data-refused",
    "data-known",
    "data-failed",
    "data-unsupported",
];

/// The content of text nodes and of the attributes that are read out to users, still escaped.
fn visible(html: &str) -> Vec<&str> {
    let mut visible = Vec::new();
    for part in html.split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        visible.push(text);
        for attribute in READ_OUT {
            let value = tag.split_once(&format!(" {attribute}=\"")).and_then(|(_, rest)| rest.split('"').next());
            visible.extend(value);
        }
    }
    visible
}

/// A document without the data that it contains for a script.
fn without_data(html: &str) -> String {
    match html.split_once("<script id=\"options\"") {
        Some((before, rest)) => before.to_owned() + rest.split_once("</script>").unwrap().1,
        None => html.to_owned(),
    }
}

/// The words of every catalogue entry in `language`, as they appear on a page, longest first.
fn vocabulary(language: Language) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in Text::all() {
        for piece in pieces_of(&language.say(text)) {
            if let Piece::Words(piece) = piece {
                words.push(maud::html! { (piece) }.into_string().trim().to_owned());
            }
        }
    }
    words.extend(language.say(Text::MONTHS).split(' ').map(str::to_owned));
    words.sort_by_key(|words| std::cmp::Reverse(words.len()));
    words
}

fn placeholders(entry: &str) -> Vec<&str> {
    let mut names: Vec<_> = pieces_of(entry)
        .filter_map(|piece| if let Piece::Placeholder(name) = piece { Some(name) } else { None })
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn every_form_has_the_idempotency_key() {
    for (name, _, html) in every_document(&Given::USUAL) {
        let written = with_idempotency_key(&html, "k1");
        let field = r#"<input type="hidden" name="idempotency_key" value="k1">"#;
        let forms = written.split("<form ").skip(1);
        assert!(forms.clone().count() > 0, "{name}: the language switch is one");
        for form in forms {
            assert!(form.split_once('>').unwrap().1.starts_with(field), "{name}: {form}");
        }
        assert_eq!(written.replace(field, ""), html, "{name}");
    }
}

#[test]
fn every_entry_says_the_same_in_both_languages() {
    for text in Text::all() {
        let (english, french) = (text.entry(Language::English), text.entry(Language::French));
        assert!(!english.trim().is_empty() && !french.trim().is_empty(), "{text:?}");
        assert_eq!(placeholders(english), placeholders(french), "{text:?}");
        assert_eq!(english.matches('\n').count(), french.matches('\n').count(), "{text:?}");
        assert!(!english.contains('\'') && !french.contains('\''), "{text:?}: write ’ for an apostrophe");
    }
}

#[test]
fn french_punctuation_never_starts_a_line() {
    for text in Text::all() {
        let said = text.entry(Language::French);
        let pieces =
            pieces_of(said).filter_map(|piece| if let Piece::Words(words) = piece { Some(words) } else { None });
        for words in pieces.filter(|_| text != Text::CLOCK) {
            for (at, mark) in words.match_indices([':', ';', '?', '!', '»']) {
                assert!(words[..at].ends_with(' '), "{text:?}: a space before {mark}");
            }
        }
        let set = Language::French.say(text);
        for mark in [" :", " ;", " ?", " !", " »", "« "] {
            assert!(!set.contains(mark), "{text:?}: {set}");
        }
    }
}

/// Removing the catalogue's words and the given values from a page leaves nothing. So no text comes from outside the
/// catalogue, and no page contains text of the other language.
#[test]
fn every_word_on_a_page_is_of_its_language() {
    let given = Given::USUAL;
    let mut values = vec![given.brand, given.mailbox, given.description, given.code, given.number, given.method_id];
    values.extend(Language::ALL.map(Language::own_name));
    // These names are the same in every language.
    values.extend(["Firefox", "Linux"]);
    for (page, language, html) in every_document(&given) {
        let vocabulary = vocabulary(language);
        for text in visible(&without_data(&html)) {
            let mut rest = text.replace(given.mailbox, " ");
            for known in values.iter().copied().chain(vocabulary.iter().map(String::as_str)) {
                if known.chars().any(char::is_alphabetic) {
                    rest = rest.replace(known, " ");
                }
            }
            // The key in its groups is the only value without lower-case letters.
            let strange = rest.chars().any(char::is_alphabetic) && rest.chars().any(char::is_lowercase);
            assert!(!strange, "{page}: {text:?} is not of the catalogue: {rest:?}");
        }
    }
}

#[test]
fn every_page_names_its_language_and_its_error_first() {
    for (page, language, html) in every_document(&Given::USUAL) {
        assert!(html.starts_with(&format!("<!DOCTYPE html><html lang=\"{}\">", language.tag())), "{page}");
        let title = html.split_once("<title>").unwrap().1;
        let error = ["Error: ", "Erreur\u{a0}: "].iter().any(|word| title.starts_with(word));
        assert_eq!(error, html.contains("role=\"alert\""), "{page}");
        assert_eq!(html.matches("<h1>").count(), 1, "{page}");
        assert!(!without_data(&html).contains(['{', '}']), "{page}: a placeholder is left");
    }
}

#[test]
fn nothing_on_a_page_asks_for_more_than_the_policy_grants() {
    for (page, _, html) in every_document(&Given::USUAL) {
        for tag in html.split('<').skip(1).filter_map(|part| part.split_once('>').map(|(tag, _)| tag)) {
            assert!(!tag.contains(" style="), "{page}: <{tag}>");
            assert!(!tag.starts_with("style"), "{page}: <{tag}>");
            let names: Vec<&str> = tag.split('"').step_by(2).collect();
            assert!(!names.iter().any(|name| name.contains(" on")), "{page}: <{tag}>");
            if tag.starts_with("script") {
                let ours = [
                    "src=\"/postern/page.js?v=",
                    "src=\"/postern/key.js?v=",
                    "id=\"options\" type=\"application/json\"",
                ];
                assert!(ours.iter().any(|start| tag.starts_with(&format!("script {start}"))), "{page}: <{tag}>");
            }
            if tag.starts_with("form") {
                assert!(tag.contains(" method=\"post\" action=\"/postern/"), "{page}: <{tag}>");
            }
        }
        let scripts = without_data(&html);
        assert_eq!(scripts.matches("<script").count(), scripts.matches("></script>").count(), "{page}");
    }
}

#[test]
fn every_reference_inside_a_page_has_its_target() {
    for (page, _, html) in every_document(&Given::USUAL) {
        for attribute in ["for", "aria-describedby", "aria-labelledby", "form", "data-copy", "data-over"] {
            let attribute = format!(" {attribute}=\"");
            let values = html.split(&attribute).skip(1).filter_map(|rest| rest.split('"').next());
            for id in values.flat_map(|ids| ids.split(' ')) {
                assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{page}:{attribute}{id}");
            }
        }
        assert!(html.matches(" autofocus").count() <= 1, "{page}");
    }
}

#[test]
fn the_code_field_is_easy_to_fill() {
    let (_, challenge) = pages(&Given::USUAL).into_iter().find(|(name, _)| *name == "challenge-wrong").unwrap();
    let html = render(&challenge, Language::English, &Given::USUAL.context());
    let field = html.split("<input").find(|tag| tag.contains("name=\"code\"")).unwrap();
    for attribute in [
        "inputmode=\"numeric\"",
        "autocomplete=\"one-time-code\"",
        "maxlength=\"64\"",
        "aria-describedby=\"code-problem\"",
        "aria-invalid=\"true\"",
        "autofocus",
        "required",
    ] {
        assert!(field.contains(attribute), "{attribute}");
    }
}

#[test]
fn the_clock_is_suspected_from_the_second_miss() {
    let given = Given::USUAL;
    let hint = Language::English.say(Text::CLOCK_HINT);
    for (misses, hinted) in [(1, false), (2, true), (99, true)] {
        let method =
            Method { id: "m".to_owned(), kind: MethodKind::Authenticator, description: String::new(), hint: None };
        let page =
            Page::Challenge(Challenge { method, others: false, trust: None, problem: Some(Problem::Wrong { misses }) });
        assert_eq!(render(&page, Language::English, &given.context()).contains(&hint), hinted, "{misses}");
    }
}

#[test]
fn the_secret_is_shown_in_groups_of_four() {
    let (_, set_up) = pages(&Given::USUAL).swap_remove(0);
    let html = render(&set_up, Language::English, &Given::USUAL.context());
    assert!(html.contains("<code>JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP</code>"), "{html}");
}

#[test]
fn secrets_do_not_reach_a_log() {
    let given = Given::USUAL;
    for (name, page, _) in all_pages(&given) {
        let shown = format!("{page:?}");
        for secret in [given.secret, given.uri, given.code] {
            assert!(!shown.contains(secret), "{name}: {shown}");
        }
    }
}

#[test]
fn every_page_with_an_address_is_returned_to() {
    for (name, page, _) in all_pages(&Given::USUAL) {
        assert!(paths::PAGES.contains(&page.path()), "{name}: {}", page.path());
    }
}

#[test]
fn assets_are_named_by_their_content() {
    let (path, key) = assets::style_url().split_once("?v=").unwrap();
    assert_eq!((path, key.len()), (paths::STYLE, 16));
    assert!(assets::script_url().starts_with("/postern/page.js?v="));
    assert!(assets::key_script_url().starts_with("/postern/key.js?v="));
    assert_ne!(key, assets::script_url().split_once("?v=").unwrap().1);
}

/// The tags of a document, without the attribute values.
fn skeleton(html: &str) -> Vec<&str> {
    let tags = html.split('<').skip(1);
    tags.map(|part| part.split([' ', '>']).next().unwrap_or_default()).collect()
}

/// The number of attribute values of a document, twice: a value that escaped its quotes would increase it.
fn quotes(html: &str) -> usize {
    html.matches('"').count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever users type, the document has the same tags and attributes as with harmless values.
    #[test]
    fn values_never_become_markup(
        hostile in prop_oneof!["[<>\"'&/= a-z]{1,40}", Just("<script>\"'&".to_owned()), Just("\" onfocus=x \"".to_owned())],
    ) {
        // A value of only spaces is shown as none, so the harmless value has to be one as well.
        prop_assume!(!hostile.trim().is_empty());
        let harmless = "x".repeat(hostile.chars().count());
        let with = |value: &str| {
            let uri = format!("otpauth://{value}");
            // The daemon writes valid JSON: user input is only in its strings.
            let options = format!("{{\"name\":\"{}\"}}", value.replace('"', "'"));
            every_document(&Given {
                brand: value,
                mailbox: value,
                description: value,
                method_id: value,
                secret: value,
                uri: &uri,
                code: value,
                number: value,
                options: &options,
            })
        };
        for ((page, _, attacked), (_, _, plain)) in with(&hostile).into_iter().zip(with(&harmless)) {
            prop_assert_eq!(skeleton(&attacked), skeleton(&plain), "{}", page);
            prop_assert_eq!(quotes(&attacked), quotes(&plain), "{}", page);
        }
    }
}

/// Every entry is used by a page; an unused one would be translated for nothing.
#[test]
fn every_entry_is_said_on_some_page() {
    let folders = [concat!(env!("CARGO_MANIFEST_DIR"), "/src"), concat!(env!("CARGO_MANIFEST_DIR"), "/../pages/src")];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let said: String = files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let words: std::collections::BTreeSet<&str> = said
        .split("Text::")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next())
        .collect();
    for text in Text::all() {
        assert!(words.contains(format!("{text:?}").as_str()), "no page says {text:?}");
    }
}
