//! Every page in every shape is judged by axe-core: in both languages, on a desk and on a phone, in the light and in the
//! dark, and enlarged. The shapes are those that the portal's own tests go through, in the browser as files. And the
//! Security page is walked with the keyboard alone.

use super::barriers::has_no_barrier;
use super::pages::{VIEWS, presses, tabs_to};
use super::person::Person;
use fantoccini::key;
use jiff::Timestamp;
use postern_portal::*;
use postern_tests::axe;
use postern_tests::backend::private_directory;
use postern_tests::browser::{Browser, Look};
use postern_tests::certificates::Certificates;
use postern_tests::{Plan, World};
use std::fs;
use std::path::Path;

#[path = "../../../imap_proxy/portal/src/samples.rs"]
mod samples;
#[path = "../../../imap_proxy/portal/src/security_samples.rs"]
mod security_samples;

/// Every page in every shape: name, page, and whether the person is in.
pub(super) fn all_pages() -> Vec<(String, Page, bool)> {
    samples::all_pages(&samples::Given::USUAL)
}

/// Writes a page, with what it loads, as whoever looks at it at `now` sees it: its address.
pub(super) fn write_page(
    directory: &Path,
    (name, page, signed_in): (&str, &Page, bool),
    language: Language,
    now: Timestamp,
) -> String {
    let assets = [
        (assets::style_url(), "style.css", assets::STYLE),
        (assets::script_url(), "page.js", assets::SCRIPT),
        (assets::key_script_url(), "key.js", assets::KEY_SCRIPT),
    ];
    let context = Context { signed_in, now, ..samples::Given::USUAL.context() };
    let mut html = render(page, language, &context);
    for (url, file, content) in assets {
        html = html.replace(url, file);
        fs::write(directory.join(file), content).unwrap();
    }
    let path = directory.join(name).with_extension("html");
    fs::write(&path, html).unwrap();
    format!("file://{}", path.display())
}

/// Writes every page: name and address.
fn write_pages(directory: &Path, language: Language) -> Vec<(String, String)> {
    let now = samples::Given::USUAL.context().now;
    let write = |(name, page, signed_in): (String, Page, bool)| {
        let url = write_page(directory, (&name, &page, signed_in), language, now);
        (name, url)
    };
    all_pages().into_iter().map(write).collect()
}

#[tokio::test]
async fn no_page_has_a_barrier() {
    let directory = private_directory().unwrap();
    let certificates = Certificates::issue(directory.path()).unwrap();
    // Each way of looking once: colours do not change with the width.
    let [desk, .., dark_phone, enlarged] = &VIEWS;
    for language in Language::ALL {
        let browser = Browser::open(Look::DESKTOP.in_language(language.tag()), &certificates).await.unwrap();
        for (page, url) in write_pages(directory.path(), language) {
            browser.client.goto(&url).await.unwrap();
            for view in [desk, dark_phone, enlarged] {
                view.apply(&browser, view.height.into()).await;
                has_no_barrier(&browser, &format!("{page} in {language:?}, {}", view.name)).await;
            }
        }
    }
}

/// A page that is wrong in two ways, one of them in the dark only: it is seen as it is shown.
#[tokio::test]
async fn a_barrier_is_found_where_it_is() {
    const WRONG: &str = "data:text/html,<!doctype html><html lang=en><title>Wrong</title>\
        <style>@media (prefers-color-scheme: dark) { p { color: %23222; background: black } }</style>\
        <main><h1>Wrong</h1><p>Faint in the dark</p><input></main>";
    let directory = private_directory().unwrap();
    let certificates = Certificates::issue(directory.path()).unwrap();
    let browser = Browser::open(Look::PHONE, &certificates).await.unwrap();
    browser.client.goto(WRONG).await.unwrap();
    let [desk, dark, ..] = &VIEWS;
    for (view, broken) in [(desk, &["label"][..]), (dark, &["color-contrast", "label"]), (desk, &["label"])] {
        view.apply(&browser, view.height.into()).await;
        let found = axe::judge(&browser).await.unwrap();
        assert_eq!(found.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), broken, "{found:#?}");
    }
}

/// Everything that a person can act on, in the order of the page.
const STOPS: &str = "const stops = [...document.querySelectorAll('a[href], button, input, select, textarea')]
    .filter(stop => stop.type !== 'hidden' && stop.getClientRects().length > 0);";

/// The Tab key stops at everything that there is, once, in order, and it is to be seen where it is; Enter and the space
/// bar do the rest. (The way in is walked in [`pages`](super::pages).)
#[tokio::test]
async fn the_security_page_needs_no_mouse() {
    let mut world =
        World::start(Plan { movable_clock: true, imap_front: true, receivers: true, ..Plan::default() }).unwrap();
    let (alice, secret) = world.protected("alice");
    let person = Person::signed_in(&world, Look::DESKTOP, &alice).await;
    person.gets_in(&world.next_code(&secret), &alice).await;
    person.goes_to(paths::SECURITY).await;
    let count = person.client().execute(&format!("{STOPS} return stops.length"), vec![]).await.unwrap();
    let count = count.as_u64().unwrap();
    assert!(count > 8, "{count}");
    let script = format!(
        "{STOPS} const at = document.activeElement;
         return [stops.indexOf(at), getComputedStyle(at).outlineStyle !== 'none', at.outerHTML]"
    );
    for number in 0..count {
        presses(&person, &key::Key::Tab).await;
        let at = person.client().execute(&script, vec![]).await.unwrap();
        assert_eq!((at[0].as_u64(), at[1].as_bool()), (Some(number), Some(true)), "{}", at[2]);
    }

    // Another name for the method.
    person.goes_to(paths::SECURITY).await;
    tabs_to(&person, "a[href*='change=rename']").await;
    person.leaves_by(presses(&person, &key::Key::Enter)).await;
    tabs_to(&person, "#description").await;
    presses(&person, "Telephone").await;
    person.leaves_by(presses(&person, &key::Key::Enter)).await;
    person.is_at(paths::SECURITY).await;
    assert!(person.reads("main").await.contains("Telephone"));

    // New backup codes, which have to be saved.
    tabs_to(&person, "a[href*='change=backup-codes']").await;
    person.leaves_by(presses(&person, &key::Key::Enter)).await;
    tabs_to(&person, "button.main").await;
    person.leaves_by(presses(&person, &key::Key::Enter)).await;
    let code = world.next_code(&secret);
    person.leaves_by(presses(&person, &format!("{code}{}", '\u{e007}'))).await;
    person.is_at("/postern/backup-codes").await;
    tabs_to(&person, "#saved").await;
    presses(&person, " ").await;
    tabs_to(&person, "button.main").await;
    person.leaves_by(presses(&person, &key::Key::Enter)).await;
    person.is_at(paths::SECURITY).await;

    // And back to the mail.
    tabs_to(&person, "a.quiet[href='/']").await;
    person.leaves_by(presses(&person, &key::Key::Enter)).await;
    person.is_in(&alice).await;
}
