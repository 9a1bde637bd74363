//! The browser itself: the looks are what they say, and it is gone when the test is, however that ends.

use postern_tests::browser::{Browser, Look};
use postern_tests::{backend, certificates::Certificates, wait};

use serde_json::json;

#[tokio::test]
async fn a_look_is_what_the_page_sees() {
    let directory = backend::private_directory().unwrap();
    let certificates = Certificates::issue(directory.path()).unwrap();
    let looks = [Look::DESKTOP, Look::PHONE.dark().in_language("fr")];
    for look in looks {
        let browser = Browser::open(look, &certificates).await.unwrap();
        browser.client.goto("data:text/html,<meta name=viewport content=width=device-width>").await.unwrap();
        let script =
            "return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches, navigator.language]";
        let seen = browser.client.execute(script, vec![]).await.unwrap();
        assert_eq!(seen, json!([look.width, look.height, look.dark, look.language]));
    }
}

/// Nothing but the drop ends it, so that a failed test leaves nothing either.
#[tokio::test]
async fn a_browser_that_is_dropped_leaves_no_process() {
    let directory = backend::private_directory().unwrap();
    let certificates = Certificates::issue(directory.path()).unwrap();
    let browser = Browser::open(Look::DESKTOP, &certificates).await.unwrap();
    let profile = browser.profile().to_owned();
    assert!(processes_naming(&profile) > 0);
    drop(browser);
    wait::until("the browser to end", || Ok((processes_naming(&profile) == 0).then_some(()))).unwrap();
}

/// How many processes have `text` in their command line.
fn processes_naming(text: &std::path::Path) -> usize {
    let text = text.to_str().unwrap();
    let command_lines = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok());
    command_lines.filter(|bytes| String::from_utf8_lossy(bytes).contains(text)).count()
}
