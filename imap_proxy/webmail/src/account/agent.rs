//! What a browser says of itself, in plain words: for people who look for a session that is not theirs. A guess, since
//! browsers name each other in it; nothing rests on it. The names are those of the daemon (`store/rules/src/browser.rs`): on
//! the Security page a session is told by them which browser is its own.

/// Browsers by what only they say, those that call themselves another's name too before the other.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The same for what they run on.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// The browser, and what it runs on, as far as the words of a `User-Agent` tell.
pub(crate) fn describe(agent: &str) -> (Option<&'static str>, Option<&'static str>) {
    let find = |known: &[(&str, &'static str)]| known.iter().find(|(word, _)| agent.contains(word)).map(|it| it.1);
    (find(&BROWSERS), find(&SYSTEMS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, browser, system) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(), "Firefox", "Linux"),
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64) {webkit} Chrome/142.0 Safari/537.36"), "Chrome", "Windows"),
            (format!("Mozilla/5.0 (Windows NT 10.0) {webkit} Chrome/142.0 Safari/537.36 Edg/142.0"), "Edge", "Windows"),
            (
                format!("Mozilla/5.0 (Linux; Android 10; K) {webkit} Chrome/142.0 Mobile Safari/537.36"),
                "Chrome",
                "Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1"
                    .to_owned(),
                "Safari",
                "iOS",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15".to_owned(),
                "Safari",
                "macOS",
            ),
        ] {
            assert_eq!(describe(&agent), (Some(browser), Some(system)), "{agent}");
        }
        assert_eq!(describe("Wget"), (None, None));
    }
}
