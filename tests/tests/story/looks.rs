//! What only a browser can tell of a page: what is in sight at once, whose time it shows, how it counts a wait down, what
//! stands out. The pages are the portal's samples, in the browser as files.

use super::accessibility::{all_pages, write_page};
use fantoccini::Locator;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use postern_portal::*;
use postern_tests::backend::private_directory;
use postern_tests::browser::{Browser, Look};
use postern_tests::certificates::Certificates;
use postern_tests::wait;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A small window on a desk.
const SMALL: Look = Look { width: 1100, height: 657, ..Look::DESKTOP };
/// The contrast that what is no text needs (WCAG 2.2, 1.4.11).
const CONTRAST: f64 = 3.0;

/// What the browser takes for now.
#[expect(clippy::disallowed_methods, reason = "the browser has the machine's own clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A browser, and a place for pages.
struct Desk {
    browser: Browser,
    directory: TempDir,
}

impl Desk {
    async fn new(look: Look) -> Self {
        let directory = private_directory().unwrap();
        let certificates = Certificates::issue(directory.path()).unwrap();
        Self { browser: Browser::open(look, &certificates).await.unwrap(), directory }
    }

    async fn opens(&self, name: &str, page: &Page, signed_in: bool, language: Language) {
        let url = write_page(self.directory.path(), (name, page, signed_in), language, now());
        self.browser.client.goto(&url).await.unwrap();
    }

    async fn opens_sample(&self, wanted: &str, language: Language) {
        let (name, page, signed_in) = all_pages().into_iter().find(|(name, ..)| name == wanted).unwrap();
        self.opens(&name, &page, signed_in, language).await;
    }

    async fn set(&self, what: &str, value: Value) {
        self.browser.devtools(&format!("Emulation.set{what}"), value).await.unwrap();
    }

    async fn is_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.set("EmulatedMedia", json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] })).await;
    }

    async fn runs_scripts(&self, runs: bool) {
        self.set("ScriptExecutionDisabled", json!({ "value": !runs })).await;
    }

    async fn says(&self, script: &str) -> Value {
        self.browser.client.execute(script, vec![]).await.unwrap()
    }
}

/// Where the parts of the set-up page are: top and bottom of each.
const PLACES: &str = "
    const place = css => { const at = document.querySelector(css).getBoundingClientRect(); return [at.top, at.bottom]; };
    return { code: place('#code'), button: place('button.main'), link: place('a.open-app'), qr: place('svg.qr'),
             scrolled: scrollY };";

/// Also after a wrong code, and in whatever language. On a phone, which cannot scan its own screen, the link comes first
/// and the picture last.
#[tokio::test]
async fn at_the_set_up_the_field_and_its_button_are_in_sight() {
    let is_drawn = |page: &Page, name: &str| matches!(page, Page::SetUp(_)) && name != "set-up-undrawn";
    let pages = all_pages();
    let pages: Vec<_> = pages.iter().filter(|(name, page, _)| is_drawn(page, name.trim_start_matches("in-"))).collect();
    assert!(pages.len() > 6);
    for look in [SMALL, Look::PHONE] {
        let desk = Desk::new(look).await;
        for language in Language::ALL {
            for (name, page, signed_in) in &pages {
                desk.opens(name, page, *signed_in, language).await;
                // Typing begins there; the browser says so once it has drawn the page.
                let focus = desk.browser.client.wait().at_most(wait::DEADLINE).for_element(Locator::Css("#code:focus"));
                assert!(focus.await.is_ok(), "{name} in {language:?}");
                let shown = desk.says(PLACES).await;
                let what = format!("{name} in {language:?}, {look:?}: {shown}");
                let at = |part: &str, edge: usize| shown[part][edge].as_f64().unwrap();
                let height = f64::from(look.height);
                assert_eq!(shown["scrolled"], 0, "{what}");
                for part in ["code", "button"] {
                    assert!(at(part, 0) >= 0.0 && at(part, 1) <= height, "{part}: {what}");
                }
                if look == Look::PHONE {
                    assert!(at("link", 1) <= at("code", 0) && at("button", 1) <= at("qr", 0), "{what}");
                } else {
                    assert!(at("qr", 0) >= 0.0 && at("qr", 1) <= height, "{what}");
                }
            }
        }
    }
}

/// A Security page on which things happened that long ago.
fn security(now: Timestamp, ago: &[SignedDuration]) -> Page {
    let method = |ago: &SignedDuration| OwnMethod {
        method: Method { id: "m1".to_owned(), kind: MethodKind::Authenticator, description: String::new(), hint: None },
        created: Some(now - *ago),
        last_used: Some(now - *ago),
        copied: false,
        removal: Removal::Free,
    };
    Page::Security(Security { methods: ago.iter().map(method).collect(), ..Security::default() })
}

/// A date looks the same whether a script runs or not; with one it is the reader's, and without the page names its zone.
#[tokio::test]
async fn times_are_the_readers_or_their_zone_is_named() {
    const TIMES: &str = "return [...document.querySelectorAll('time')].map(time => time.textContent)";
    const ZONE: &str = "return document.querySelector('.zone').textContent";
    let desk = Desk::new(Look::DESKTOP).await;
    let now = now();
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    // A month has at most 31 days: one of these is the first of one.
    let ago: Vec<SignedDuration> = (0..=31).chain([400]).map(days).collect();
    for language in Language::ALL {
        let page = security(now, &ago);
        desk.runs_scripts(false).await;
        desk.opens("times", &page, true, language).await;
        let plain = desk.says(TIMES).await;
        let plain: Vec<&str> = plain.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert!(plain.iter().any(|text| text.ends_with(" UTC")), "{plain:?}");
        assert!(desk.says(ZONE).await.as_str().unwrap().ends_with(" UTC"));
        let without_zone: Vec<&str> = plain.iter().map(|text| text.trim_end_matches(" UTC")).collect();
        desk.runs_scripts(true).await;
        desk.set("TimezoneOverride", json!({ "timezoneId": "UTC" })).await;
        desk.opens("times", &page, true, language).await;
        assert_eq!(desk.says(TIMES).await, json!(without_zone), "{language:?}");

        desk.set("TimezoneOverride", json!({ "timezoneId": "Asia/Tokyo" })).await;
        desk.opens("times", &page, true, language).await;
        assert!(desk.says(ZONE).await.as_str().unwrap().ends_with("Asia/Tokyo"));
        let there = now.to_zoned(TimeZone::get("Asia/Tokyo").unwrap());
        let shown = desk.says(TIMES).await;
        let (hour, minute) = (format!("{:02}", there.hour()), format!("{:02}", there.minute()));
        let point = shown[1].as_str().unwrap();
        assert!(point.starts_with(&hour) && point.ends_with(&minute), "{point}: {hour} {minute}");
    }
}

fn challenge(problem: Option<Problem>) -> Page {
    let (id, description) = ("m1".to_owned(), String::new());
    let method = Method { id, kind: MethodKind::Authenticator, description, hint: None };
    Page::Challenge(Challenge { method, others: true, trust: Some(Trust { days: 30, chosen: false }), problem })
}

/// With a script the button counts down and is no use before; without one there is a time, and whose.
#[tokio::test]
async fn a_wait_is_counted_down() {
    const BUTTON: &str = "const at = document.querySelector('button.main'); return [at.disabled, at.textContent]";
    let desk = Desk::new(Look::DESKTOP).await;
    let soon = || now() + SignedDuration::from_secs(4);
    desk.runs_scripts(false).await;
    desk.opens("wait", &challenge(Some(Problem::TooEarly { until: soon() })), false, Language::English).await;
    assert_eq!(desk.says(BUTTON).await, json!([false, "Sign in"]));
    let said = desk.says("return document.querySelector('#code-problem').textContent").await;
    assert!(said.as_str().unwrap().contains(" UTC (in less than a minute)"), "{said}");

    desk.runs_scripts(true).await;
    desk.opens("wait", &challenge(Some(Problem::TooEarly { until: soon() })), false, Language::English).await;
    let shown = desk.says(BUTTON).await;
    assert!(shown[0] == true && shown[1].as_str().unwrap().starts_with("Sign in (0:0"), "{shown}");
    let tries = wait::DEADLINE.as_millis() / wait::POLL.as_millis();
    let mut left = None;
    for _ in 0..tries {
        left = Some(desk.says(BUTTON).await).filter(|shown| *shown != json!([false, "Sign in"]));
        if left.is_none() {
            break;
        }
        tokio::time::sleep(wait::POLL).await;
    }
    assert_eq!(left, None, "the button comes back");
    assert_eq!(desk.says("return document.querySelectorAll('.wrong, .problem').length").await, json!(0));

    let until = Some(now() + SignedDuration::from_mins(90));
    let locked = Page::Locked(Locked { until, may_request: true });
    desk.opens("locked", &locked, false, Language::English).await;
    let shown = desk.says(BUTTON).await;
    assert!(shown[0] == true && shown[1].as_str().unwrap().starts_with("Sign in again (1:"), "{shown}");
}

/// What was wrong stands in one frame with its field.
#[tokio::test]
async fn one_frame_says_what_was_wrong() {
    const FRAMES: &str = "
        const alarm = getComputedStyle(document.querySelector('.problem')).color;
        const has = style => ['Top', 'Right', 'Bottom', 'Left'].some(side =>
            parseFloat(style[`border${side}Width`]) > 0 && style[`border${side}Color`] === alarm);
        return [...document.querySelectorAll('main *')].filter(it => has(getComputedStyle(it))).length";
    let desk = Desk::new(Look::DESKTOP).await;
    for page in [
        "challenge-wrong",
        "challenge-early",
        "backup-wrong",
        "sms-wrong",
        "enrolment-code-wrong",
        "set-up-wrong",
        "set-up-sms-unfit",
        "set-up-email-in-use",
        "backup-codes-not-ticked",
        "create-app-wrong",
        "create-app-full",
        "key-wrong",
    ] {
        desk.opens_sample(page, Language::English).await;
        assert_eq!(desk.says(FRAMES).await, json!(1), "{page}");
    }
}

/// A box that can be ticked is seen in the dark too, and the way out weighs less than the ways on.
#[tokio::test]
async fn a_box_is_seen_and_the_way_out_weighs_less() {
    const CONTRASTS: &str = "
        const parts = color => color.match(/[0-9.]+/g).slice(0, 3).map(it => it / 255);
        const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        const light = color => parts(color).map(linear).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
        const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
        const behind = getComputedStyle(document.querySelector('main')).backgroundColor;
        const style = getComputedStyle(document.querySelector('#trust'));
        const [on, out] = ['.quiet[formaction]', '.cancel'].map(css => getComputedStyle(document.querySelector(css)));
        return [style.appearance, ratio(style.borderTopColor, behind),
                out.color !== on.color && parseFloat(out.fontSize) < parseFloat(on.fontSize)]";
    let desk = Desk::new(Look::DESKTOP).await;
    for dark in [false, true] {
        desk.is_dark(dark).await;
        desk.opens("box", &challenge(None), false, Language::English).await;
        let shown = desk.says(CONTRASTS).await;
        assert!(shown[0] == "none" && shown[1].as_f64().unwrap() >= CONTRAST && shown[2] == true, "{dark}: {shown}");
    }
}
