//! Every page as people see it: on a desk, on a phone, in the dark, enlarged, in both languages. The pictures are kept
//! in `target/screenshots/` to be looked at; what a program can tell of a page is tested here.

use super::barriers::has_no_barrier;
use super::person::Person;
use super::world;
use super::wrong_code::ANOTHER_SECRET;
use fantoccini::key::Key;
use postern_tests::World;
use postern_tests::browser::{Browser, Look};
use postern_tests::mailboxes::Mailbox;
use serde_json::json;

/// A way to look at a page: CSS pixels, how much the page is enlarged, and whether it is dark.
pub(super) struct View {
    pub(super) name: &'static str,
    width: u16,
    pub(super) height: u16,
    zoom: u8,
    dark: bool,
}

pub(super) const VIEWS: [View; 5] = [
    View { name: "desk", width: 1280, height: 800, zoom: 1, dark: false },
    View { name: "desk-dark", width: 1280, height: 800, zoom: 1, dark: true },
    View { name: "phone", width: 360, height: 740, zoom: 1, dark: false },
    View { name: "phone-dark", width: 360, height: 740, zoom: 1, dark: true },
    // A window of 1280 pixels at 200 %.
    View { name: "zoom", width: 640, height: 400, zoom: 2, dark: false },
];

/// The narrowest window that a page has to fit: 1280 pixels at 400 % (WCAG 2.2, 1.4.10).
const NARROWEST: View = View { name: "narrowest", width: 320, height: 480, zoom: 1, dark: false };

/// Stops of the Tab key that a page may have before the one that is looked for.
const STOPS: usize = 16;

impl View {
    pub(super) async fn apply(&self, browser: &Browser, height: u64) {
        let screen = json!({ "width": self.width, "height": height, "deviceScaleFactor": self.zoom, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", screen).await.unwrap();
        let scheme = if self.dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.devtools("Emulation.setEmulatedMedia", media).await.unwrap();
    }
}

impl Person {
    /// Looks at the page in every view, keeps the pictures, and tests what a program can tell. Every shape of every page is
    /// judged in [`accessibility`](super::accessibility); this is the page as the front serves it, its policy and scripts
    /// with it.
    pub(super) async fn looks_at(&self, page: &str) {
        let language = self.language;
        assert_eq!(property(self, "lang").await, json!(language), "{page}");
        for view in VIEWS.iter().chain([&NARROWEST]) {
            view.apply(&self.browser, view.height.into()).await;
            let width = property(self, "scrollWidth").await.as_u64().unwrap();
            assert!(width <= view.width.into(), "{page} in {language}, {}: {width} pixels wide", view.name);
            // The whole page, as if the window were as high.
            let height = property(self, "scrollHeight").await.as_u64().unwrap();
            view.apply(&self.browser, height.max(view.height.into())).await;
            self.browser.screenshot(&format!("page-{page}-{language}-{}", view.name)).await.unwrap();
        }
        VIEWS[0].apply(&self.browser, VIEWS[0].height.into()).await;
        has_no_barrier(&self.browser, page).await;
    }

    /// Follows what leads to `page`, and looks at it.
    pub(super) async fn follows_and_looks(&self, css: &str, page: &str) {
        self.follows(css).await;
        self.looks_at(page).await;
    }

    /// Sends a code, and looks at `page`, which comes then.
    pub(super) async fn answers_and_looks(&self, code: &str, page: &str) {
        self.answers(code).await;
        self.looks_at(page).await;
    }

    /// Opens `path`, and looks at `page`, which is there.
    pub(super) async fn goes_to_and_looks(&self, path: &str, page: &str) {
        self.goes_to(path).await;
        self.looks_at(page).await;
    }
}

/// A property of the document's root.
async fn property(person: &Person, name: &str) -> serde_json::Value {
    person.client().execute("return document.documentElement[arguments[0]]", vec![name.into()]).await.unwrap()
}

#[tokio::test]
async fn every_page_fits_and_is_pictured() {
    let mut world = world();
    for (language, name) in [("en", "alice"), ("fr", "bob")] {
        let mailbox = world.mailbox(name);
        world.enable(&mailbox);
        let person = Person::at(&world, Look::DESKTOP.in_language(language)).await;
        let secret = set_up(&mut world, &person, &mailbox).await;
        challenge(&mut world, &person, &mailbox, &secret).await;
        notices(&mut world, &person, &mailbox).await;
    }
}

async fn set_up(world: &mut World, person: &Person, mailbox: &Mailbox) -> String {
    let wrong = world.code(ANOTHER_SECRET).unwrap();
    person.signs_in(mailbox).await;
    person.looks_at("set-up").await;
    person.answers(&wrong).await;
    person.answers_and_looks(&wrong, "set-up-wrong").await;
    let secret = person.reads("#key").await.replace(' ', "");
    world.plant(&secret);
    person.answers_and_looks(&world.code(&secret).unwrap(), "backup-codes").await;
    // What a browser that does not know `required` would send.
    person.client().execute("document.querySelector('#saved').required = false", vec![]).await.unwrap();
    person.follows_and_looks("form.saved button.main", "backup-codes-not-ticked").await;
    person.clicks("#saved").await;
    person.follows("form.saved button.main").await;
    person.is_in(mailbox).await;
    person.signs_out().await;
    secret
}

async fn challenge(world: &mut World, person: &Person, mailbox: &Mailbox, secret: &str) {
    let wrong = world.code(ANOTHER_SECRET).unwrap();
    person.signs_in(mailbox).await;
    person.looks_at("code").await;
    person.answers_and_looks("12", "code-slip").await;
    person.answers(&wrong).await;
    person.follows_and_looks("a[href='/postern/methods']", "methods").await;
    person.follows_and_looks("button[value=backup]", "backup-code").await;
    person.answers_and_looks("AAAA-AAAA-AAAA", "backup-code-wrong").await;
    person.goes_to("/postern/code").await;
    // What can be no backup code was no guess, so the fifth is the last of these.
    for _ in 0..4 {
        person.answers(&wrong).await;
    }
    person.looks_at("code-wrong").await;
    person.answers_and_looks(&world.code(secret).unwrap(), "code-too-early").await;
    person.follows("button[form=cancel]").await;
    person.signs_in(mailbox).await;
    person.looks_at("locked").await;
    person.follows("button.cancel[form=cancel]").await;
    world.admin(&format!("account unlock {}", mailbox.name));
}

async fn notices(world: &mut World, person: &Person, mailbox: &Mailbox) {
    person.signs_in(mailbox).await;
    world.posternd.stop().unwrap();
    person.answers_and_looks("123456", "unavailable").await;
    world.posternd.start().unwrap();
    world.admin(&format!("account reset {}", mailbox.name));
    person.goes_to_and_looks("/postern/code", "session-ended").await;
    for (page, path) in [("not-found", "/postern/nothing"), ("bad-request", "/a%2fb")] {
        person.goes_to_and_looks(path, page).await;
    }
    world.admin("platform set example unlisted refuse");
    person.signs_in(&world.mailbox("frank")).await;
    person.looks_at("refused").await;
    world.admin("platform set example unlisted pass");
}

/// From the password to the mail and back again, with Tab, Enter and the space bar.
#[tokio::test]
async fn a_keyboard_is_enough() {
    let mut world = world();
    let alice = world.mailbox("alice");
    let person = Person::at(&world, Look::DESKTOP).await;
    presses_password(&person, &alice).await;
    person.is_at("/postern/set-up").await;
    let secret = person.offered_secret(&mut world).await;
    tabs_to(&person, "#code").await;
    presses(&person, &world.code(&secret).unwrap()).await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    person.is_at("/postern/backup-codes").await;
    tabs_to(&person, "#saved").await;
    presses(&person, " ").await;
    tabs_to(&person, "button.main").await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    person.is_in(&alice).await;
    person.client().delete_all_cookies().await.unwrap();

    presses_password(&person, &alice).await;
    person.is_at("/postern/code").await;
    // Another method, and back: the field has the focus already. What one comes from is no other.
    tabs_to(&person, "a[href='/postern/methods']").await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    tabs_to(&person, "button[name=method][value=backup]").await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    person.is_at("/postern/backup-code").await;
    tabs_to(&person, "a[href='/postern/methods']").await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    person.does_not_see("button[value=backup]").await;
    tabs_to(&person, "a[href='/postern/backup-code']").await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    tabs_to(&person, "a[href='/postern/methods']").await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    tabs_to(&person, "button[name=method]").await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    person.is_at("/postern/code").await;
    presses(&person, &world.next_code(&secret)).await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    person.is_in(&alice).await;
}

async fn presses_password(person: &Person, mailbox: &Mailbox) {
    person.goes_to("/").await;
    tabs_to(person, super::person::USER).await;
    presses(person, &mailbox.name).await;
    tabs_to(person, super::person::PASSWORD).await;
    presses(person, &mailbox.password).await;
    person.leaves_by(presses(person, &Key::Enter)).await;
}

/// Types where the focus is.
pub(super) async fn presses(person: &Person, keys: &str) {
    person.client().active_element().await.unwrap().send_keys(keys).await.unwrap();
}

/// Presses Tab until the focus is on `css`. On the way it is always to be seen where it is.
pub(super) async fn tabs_to(person: &Person, css: &str) {
    let script = "const at = document.activeElement; return [at.matches(arguments[0]), at === document.body || \
                  at.matches('[id^=rcm]') || getComputedStyle(at).outlineStyle !== 'none', at.outerHTML]";
    for _ in 0..STOPS {
        let seen = person.client().execute(script, vec![css.into()]).await.unwrap();
        assert_eq!(seen[1], true, "the focus is not to be seen on {}", seen[2]);
        if seen[0] == true {
            return;
        }
        presses(person, &Key::Tab).await;
    }
    panic!("{STOPS} times Tab do not lead to {css}");
}

/// Roundcube cannot do without, but the pages before it can. They have one script, and their policy forbids others.
#[tokio::test]
async fn no_script_is_needed() {
    let mut world = world();
    let alice = world.mailbox("alice");
    let person = Person::at(&world, Look::DESKTOP).await;
    person.browser.devtools("Network.enable", json!({})).await.unwrap();
    person.browser.devtools("Network.setBlockedURLs", json!({ "urls": ["*/postern/page.js*"] })).await.unwrap();
    person.signs_in(&alice).await;
    let secret = person.reads("#key").await.replace(' ', "");
    world.plant(&secret);
    person.answers("nonsense").await;
    assert!(person.reads("#code-problem").await.contains("digits"));
    person.answers(&world.code(&secret).unwrap()).await;
    // What needs a script is not offered without.
    assert!(!person.sees("button[data-copy]").await.is_displayed().await.unwrap());
    let code = person.reads("#codes li").await;
    world.plant(&code);
    person.follows("button[lang=fr]").await;
    assert_eq!(person.reads("#codes li").await, code);
    person.clicks("#saved").await;
    person.follows("form.saved button.main").await;
    person.is_in(&alice).await;

    person.client().delete_all_cookies().await.unwrap();
    person.signs_in(&alice).await;
    person.follows("a[href='/postern/methods']").await;
    person.follows("button[value=backup]").await;
    person.gets_in(&code, &alice).await;
}
