//! Browsers that have signed in at the webmail.
//!
//! Each is identified by a random token in a cookie. Only a hash of the token is stored, with the network of the last
//! sign-in, so that a sign-in that matches neither can be detected. A user may trust a browser for a limited time: it
//! is not asked for a code then.

use crate::Time;
use crate::platform::Policy;
use crate::source::{Source, Token, network};
use crate::time::CLOCK_TOLERANCE;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The most browsers of an account that are remembered. The least recently used one is dropped: first browsers that are
/// known only by their network, trusted browsers last.
pub const BROWSERS_MAX: usize = 32;
/// The most similar browsers that are remembered: with the same description, in the same network, and not trusted. A
/// browser that drops its cookies is a new one at each sign-in.
pub const ALIKE_MAX: usize = 4;
/// The most new browsers in a day of which the account's owner is notified.
pub const NEWS_MAX: usize = 3;
/// Seconds after its last use for which a browser is remembered: as long as browsers keep a cookie (RFC 6265bis section
/// 5.5).
pub const REMEMBERED: i64 = 400 * DAY;
/// Seconds in which another sign-in of a browser from the same network is not recorded.
pub const USE_RESOLUTION: i64 = DAY;
/// Seconds of a day.
const DAY: i64 = 86_400;
/// Letters of a browser's id.
const ID_LENGTH: usize = 16;

/// A browser that has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// Unique in its account: the first part of its token's hash.
    pub id: String,
    /// Such as `Firefox (Linux)`: product names, the same in every language. May be empty.
    #[serde(deserialize_with = "crate::text::read_line")]
    pub description: String,
    /// The network of its last sign-in, if the address was known.
    #[serde(default)]
    pub network: Option<IpNet>,
    /// The first sign-in.
    pub created: Time,
    /// The last sign-in, to [`USE_RESOLUTION`].
    pub last_used: Time,
    token: Token,
    /// The network, if the browser is known only because of it: its token is not valid in other networks, and networks
    /// that it uses later do not become known through it. `None`: it is known in every network, as all browsers were
    /// before this field existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    only_in: Option<IpNet>,
    /// See [`Browser::is_news`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    news: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trust: Option<Trust>,
}

/// How a browser that signs in becomes known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// By a code, or while the platform was in learning mode: known in every network.
    Anywhere,
    /// It was admitted because of what was known before. A new browser is then known only in its network.
    AsBefore,
}

/// The user's trust in a browser. It is bound to the account's epoch and to the platform's trust round: a change of
/// either ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Trust {
    since: Time,
    /// By the policy of that time.
    until: Time,
    epoch: u64,
    round: u64,
}

impl Trust {
    /// The end by the current policy, which limits earlier trust. A policy that allows none has ended it by its round.
    fn until_by(&self, policy: &Policy) -> Time {
        match policy.trusted_browsers {
            0 => self.until,
            days => self.until.min(self.since.plus(i64::from(days) * DAY)),
        }
    }
}

impl Browser {
    fn is_remembered(&self, now: Time) -> bool {
        now < self.last_used.plus(REMEMBERED)
    }

    /// Until when this browser of an account at this epoch is not asked for a code; `None`: it is not trusted at `now`.
    /// The current policy limits earlier trust.
    pub(crate) fn trusted_until(&self, epoch: u64, policy: &Policy, now: Time) -> Option<Time> {
        let trust = self.trust.filter(|trust| trust.epoch == epoch && trust.round == policy.trust_round)?;
        let until = Some(trust.until_by(policy)).filter(|_| policy.trusted_browsers > 0)?;
        // If `now` is well before the start, the clock was set back: that must not extend the trust.
        (trust.since.plus(-CLOCK_TOLERANCE) <= now && now < until).then_some(until)
    }

    /// When its trust ends, if it is trusted.
    pub(crate) fn trust_ends(&self) -> Option<Time> {
        self.trust.map(|trust| trust.until)
    }

    /// Whether the owner is notified of it: at its first sign-in, no similar browser was known in that network, and not
    /// too many others were new on that day.
    pub fn is_news(&self) -> bool {
        self.news
    }

    /// The names in [`Self::description`].
    pub fn named(&self) -> Named {
        Named::read(&self.description)
    }

    /// Whether its description and network are the same: the same browser, as far as this is known without its cookie.
    fn is_alike(&self, network: Option<IpNet>, description: &str) -> bool {
        network.is_some() && self.network == network && self.description == description
    }

    /// Whether this token is its token.
    pub fn is(&self, token: &Token) -> bool {
        self.token == *token
    }
}

/// The browsers of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Browsers(Vec<Browser>);

impl Browsers {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All browsers, in the order in which they were recorded.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Browser> {
        self.0.iter()
    }

    /// Whether a sign-in from this source is known, by its browser or else by its network.
    pub fn know(&self, source: &Source<'_>, now: Time) -> bool {
        let network = source.address.and_then(network);
        let is_known = |browser: &Browser| {
            let is_itself = source.browser.is_some_and(|token| browser.is(&token));
            is_itself && browser.only_in.is_none()
                || network.is_some() && browser.only_in.or(browser.network) == network
        };
        self.0.iter().filter(|browser| browser.is_remembered(now)).any(is_known)
    }

    /// Whether this token is remembered. A browser with another token receives a new one when it is admitted, since an
    /// attacker may have planted the token that it sent.
    pub fn remember(&self, token: &Token, now: Time) -> bool {
        self.find(token).is_some_and(|browser| browser.is_remembered(now))
    }

    /// The browser with this token.
    pub fn find(&self, token: &Token) -> Option<&Browser> {
        self.0.iter().find(|browser| browser.is(token))
    }

    /// Records that a browser has signed in. Returns whether there is a change to write: another sign-in of the same
    /// browser in the same network within a day is none. A visitor without a token is not recorded.
    pub(crate) fn note(
        &mut self,
        source: &Source<'_>,
        known: Known,
        is_trusted: impl Fn(&Browser) -> bool,
        now: Time,
    ) -> bool {
        let Some(token) = source.browser else { return false };
        self.0.retain(|browser| browser.is_remembered(now));
        let network = source.address.and_then(network);
        let description = Named::of(source.client.unwrap_or_default()).description();
        if let Some(browser) = self.0.iter_mut().find(|browser| browser.is(&token)) {
            let only_in = browser.only_in.filter(|_| known == Known::AsBefore);
            let is_same =
                (browser.network, browser.only_in) == (network, only_in) && browser.description == description;
            let is_news = !is_same || (now.0 - browser.last_used.0).abs() >= USE_RESOLUTION;
            *browser = Browser { network, description, only_in, last_used: now, ..browser.clone() };
            return is_news;
        }
        let only_in = network.filter(|_| known == Known::AsBefore);
        if known == Known::AsBefore && only_in.is_none() {
            // Neither its token nor its network is known.
            return false;
        }
        let news = self.are_news(network, &description, now);
        self.make_room(network, &description, known, is_trusted);
        let id = token.iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..ID_LENGTH].to_owned();
        let (created, last_used) = (now, now);
        self.0.push(Browser { id, description, network, created, last_used, token, only_in, news, trust: None });
        true
    }

    /// Whether the owner is notified of a browser like this one.
    fn are_news(&self, network: Option<IpNet>, description: &str, now: Time) -> bool {
        let is_of_today = |browser: &&Browser| browser.news && (now.0 - browser.created.0).abs() < DAY;
        let is_alike = |browser: &Browser| browser.is_alike(network, description);
        !self.0.iter().any(is_alike) && self.0.iter().filter(is_of_today).count() < NEWS_MAX
    }

    /// Makes room for a browser like this one: among similar browsers, which may be the same one without its cookie, or
    /// among all. A browser that is known only by its network replaces one that is known everywhere only if there is no
    /// other.
    fn make_room(
        &mut self,
        network: Option<IpNet>,
        description: &str,
        known: Known,
        is_trusted: impl Fn(&Browser) -> bool,
    ) {
        let rank = |browser: &Browser| (is_trusted(browser), browser.only_in.is_none(), browser.last_used);
        let is_alike = |browser: &Browser| {
            let is_less = known == Known::Anywhere || browser.only_in.is_some();
            browser.is_alike(network, description) && is_less && !is_trusted(browser)
        };
        let all = 0..self.0.len();
        let alike: Vec<usize> = all.clone().filter(|at| is_alike(&self.0[*at])).collect();
        let leaves = if alike.len() >= ALIKE_MAX {
            alike.into_iter().min_by_key(|at| rank(&self.0[*at]))
        } else {
            all.filter(|_| self.0.len() >= BROWSERS_MAX).min_by_key(|at| rank(&self.0[*at]))
        };
        leaves.map(|at| self.0.remove(at));
    }

    /// Trusts the browser with this token from now on. The front has drawn the token for this, so similar untrusted
    /// browsers are removed: among them is the one under which it was known before.
    pub(crate) fn trust(
        &mut self,
        token: &Token,
        (epoch, policy): (u64, &Policy),
        is_trusted: impl Fn(&Browser) -> bool,
        now: Time,
    ) {
        let until = now.plus(i64::from(policy.trusted_browsers) * DAY);
        let trust = Trust { since: now, until, epoch, round: policy.trust_round };
        let Some(browser) = self.0.iter_mut().find(|browser| browser.is(token)) else { return };
        browser.trust = Some(trust);
        let (network, description) = (browser.network, browser.description.clone());
        self.0.retain(|it| it.is(token) || is_trusted(it) || !it.is_alike(network, &description));
    }

    /// Ends the trust of the browsers that `ends` selects. Returns whether one of them was trusted.
    pub(crate) fn end_trust(&mut self, ends: impl Fn(&Browser) -> bool) -> bool {
        let ended = self.0.iter_mut().filter(|browser| browser.trust.is_some() && ends(browser));
        ended.map(|browser| browser.trust = None).count() > 0
    }

    /// Removes trust that has ended at `now`, and limits the rest to what the current policy allows. Returns whether
    /// anything has changed.
    pub(crate) fn settle_trust(&mut self, policy: &Policy, now: Time) -> bool {
        let mut has_changed = false;
        for browser in &mut self.0 {
            let settled = browser.trust.map(|trust| Trust { until: trust.until_by(policy), ..trust });
            let settled = settled.filter(|trust| now < trust.until);
            has_changed |= settled != browser.trust;
            browser.trust = settled;
        }
        has_changed
    }

    /// Removes all browsers.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether each browser that was trusted `before` is still trusted, by this list.
    pub(crate) fn still_trust(&self, before: &Self) -> bool {
        let is_left = |it: &Browser| self.find(&it.token).is_some_and(|left| left.trust.is_some());
        before.0.iter().filter(|it| it.trust.is_some()).all(is_left)
    }
}

/// Browsers by a part of the User-Agent that only they send (RFC 9110 section 10.1.5). The first match counts: browsers
/// pretend to be those further down.
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

/// The same for operating systems.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// A browser and its operating system, by common names. A guess: the only decision that depends on it is which of
/// several similar browsers is dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Named {
    /// The browser.
    pub browser: Option<&'static str>,
    /// The operating system.
    pub system: Option<&'static str>,
}

impl Named {
    /// Parses a client's description of itself.
    pub fn of(client: &str) -> Self {
        let first = |names: &[(&str, &'static str)]| {
            names.iter().find(|(sign, _)| client.contains(sign)).map(|(_, name)| *name)
        };
        Self { browser: first(&BROWSERS), system: first(&SYSTEMS) }
    }

    /// Such as `Firefox (Linux)`; may be empty.
    fn description(self) -> String {
        match (self.browser, self.system) {
            (Some(browser), Some(system)) => format!("{browser} ({system})"),
            (Some(name), None) | (None, Some(name)) => name.to_owned(),
            (None, None) => String::new(),
        }
    }

    /// Parses such a description.
    fn read(description: &str) -> Self {
        let both = description.strip_suffix(')').and_then(|rest| rest.split_once(" ("));
        let (browser, system) = both.unwrap_or((description, description));
        let known =
            |names: &[(&str, &'static str)], name: &str| names.iter().map(|(_, known)| *known).find(|it| *it == name);
        Self { browser: known(&BROWSERS, browser), system: known(&SYSTEMS, system) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_800_000_000);

    fn from(byte: u8, address: &str) -> Source<'static> {
        Source { browser: Some([byte; 32]), address: address.parse().ok(), ..Source::default() }
    }

    impl Browsers {
        /// Records a browser that has sent a code.
        fn learn(&mut self, source: &Source<'_>, now: Time) -> bool {
            self.note(source, Known::Anywhere, |_| false, now)
        }

        /// Records a browser that was admitted because of what was known.
        fn let_in(&mut self, source: &Source<'_>, now: Time) -> bool {
            assert!(self.know(source, now), "{source:?}");
            self.note(source, Known::AsBefore, |_| false, now)
        }

        /// The first bytes of the tokens.
        fn known(&self) -> Vec<u8> {
            self.0.iter().map(|browser| browser.token[0]).collect()
        }
    }

    #[test]
    fn browsers_are_told_by_names_that_people_know() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        for (client, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox (Linux)"),
            (&format!("{windows} AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"), "Chrome (Windows)"),
            (&format!("{windows} AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0"), "Edge (Windows)"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15", "Safari (macOS)"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) CriOS/142.0 Safari/604.1", "Chrome (iOS)"),
            ("Mozilla/5.0 (Linux; Android 10; K) Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome (Android)"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/26.0 Safari/604.1", "Safari (iOS)"),
            ("Wget (Linux)", "Linux"),
            ("Firefox/145.0", "Firefox"),
            ("curl/8.14.1", ""),
            ("<script>", ""),
        ] {
            assert_eq!(Named::of(client).description(), expected, "{client}");
            assert_eq!(Named::read(expected), Named::of(client), "{client}");
        }
    }

    #[test]
    fn either_the_browser_or_its_network_is_known_for_400_days() {
        let mut browsers = Browsers::default();
        assert!(!browsers.know(&from(1, "192.0.2.1"), NOW), "of nobody nothing is known");
        assert!(browsers.learn(&from(1, "192.0.2.1"), NOW));
        for (byte, address, after, known) in [
            (1, "192.0.2.1", 0, true),
            (1, "198.51.100.1", 0, true),
            (2, "192.0.2.254", 0, true),
            (2, "192.0.3.1", 0, false),
            (2, "", 0, false),
            (1, "192.0.2.1", REMEMBERED - 1, true),
            (1, "192.0.2.1", REMEMBERED, false),
        ] {
            assert_eq!(browsers.know(&from(byte, address), NOW.plus(after)), known, "{byte} {address} {after}");
        }
        // Two browsers whose networks are unknown have none in common.
        assert!(browsers.learn(&from(3, ""), NOW));
        assert!(!browsers.know(&from(4, ""), NOW));
        assert!(!browsers.know(&Source::default(), NOW));
    }

    #[test]
    fn the_same_again_is_news_once_a_day() {
        let mut browsers = Browsers::default();
        assert!(!browsers.learn(&Source { address: "192.0.2.1".parse().ok(), ..Source::default() }, NOW), "no token");
        for (address, after, news) in [
            ("192.0.2.1", 0, true),
            ("192.0.2.9", USE_RESOLUTION - 1, false),
            ("198.51.100.1", USE_RESOLUTION - 1, true),
            ("198.51.100.1", 2 * USE_RESOLUTION - 1, true),
        ] {
            let was = browsers.clone();
            assert_eq!(browsers.learn(&from(1, address), NOW.plus(after)), news, "{address} {after}");
            // A browser of which the owner is not notified is not written.
            browsers = if news { browsers } else { was };
        }
        assert_eq!(browsers.iter().len(), 1);
        assert_eq!((browsers.0[0].created, browsers.0[0].last_used), (NOW, NOW.plus(2 * USE_RESOLUTION - 1)));
    }

    #[test]
    fn the_one_unused_longest_makes_room() {
        let mut browsers = Browsers::default();
        for byte in 0..BROWSERS_MAX as u8 {
            browsers.learn(&from(byte, ""), NOW.plus(i64::from(byte)));
        }
        browsers.learn(&from(0, ""), NOW.plus(USE_RESOLUTION));
        browsers.learn(&from(99, ""), NOW.plus(USE_RESOLUTION));
        assert_eq!(browsers.iter().len(), BROWSERS_MAX);
        assert!(browsers.find(&[0; 32]).is_some() && browsers.find(&[1; 32]).is_none());
    }

    #[test]
    fn a_browser_that_its_network_vouches_for_is_known_there_and_nowhere_else() {
        let mut browsers = Browsers::default();
        browsers.learn(&from(1, "192.0.2.1"), NOW);
        assert!(browsers.let_in(&from(2, "192.0.2.2"), NOW));
        assert!(!browsers.know(&from(2, "198.51.100.1"), NOW), "its token alone is nothing");
        assert!(browsers.know(&from(2, "192.0.2.3"), NOW));
        // It is admitted elsewhere while the other browser is there, and that network does not become known for it.
        browsers.learn(&from(1, "198.51.100.1"), NOW);
        assert!(browsers.let_in(&from(2, "198.51.100.2"), NOW));
        browsers.learn(&from(1, "203.0.113.1"), NOW);
        for (byte, address, known) in [(2, "198.51.100.2", false), (3, "198.51.100.2", false), (3, "192.0.2.3", true)] {
            assert_eq!(browsers.know(&from(byte, address), NOW), known, "{byte} {address}");
        }
        // A code makes it known everywhere, and that is written at once; a later sign-in without a code does not undo
        // it.
        let there = from(2, "198.51.100.2");
        assert!(browsers.learn(&there, NOW));
        assert!(!browsers.let_in(&there, NOW) && browsers.know(&from(2, "100.64.0.1"), NOW));
        // A new browser whose network is unknown is not recorded.
        assert!(!browsers.note(&from(9, ""), Known::AsBefore, |_| false, NOW));
        assert!(browsers.find(&[9; 32]).is_none());
    }

    #[test]
    fn a_browser_that_forgets_its_cookies_takes_few_places_and_is_no_news() {
        let mut browsers = Browsers::default();
        let firefox = |byte, address| Source { client: Some("Firefox/145.0"), ..from(byte, address) };
        for byte in 0..20 {
            browsers.learn(&firefox(byte, "192.0.2.1"), NOW.plus(i64::from(byte)));
        }
        assert_eq!(browsers.known(), [16, 17, 18, 19]);
        // A browser that is known only by its network replaces none of these.
        for byte in 20..40 {
            browsers.let_in(&firefox(byte, "192.0.2.1"), NOW.plus(i64::from(byte)));
        }
        assert_eq!(browsers.known(), [16, 17, 18, 19, 36, 37, 38, 39]);
        browsers.learn(&firefox(40, "192.0.2.1"), NOW.plus(40));
        assert_eq!(browsers.known(), [16, 17, 18, 19, 37, 38, 39, 40]);
        // In another network, or of another kind, it is another browser; so is one whose network is unknown.
        assert!(browsers.0.iter().all(|browser| !browser.is_news()));
        for new in [firefox(41, "198.51.100.1"), from(42, "192.0.2.1"), firefox(43, "")] {
            browsers.learn(&new, NOW.plus(USE_RESOLUTION));
            assert!(browsers.find(&new.browser.unwrap()).unwrap().is_news(), "{new:?}");
        }
    }

    #[test]
    fn of_few_new_browsers_the_owner_is_told_within_a_day() {
        let mut browsers = Browsers::default();
        let mut come = |byte: u8, after: i64| {
            browsers.learn(&from(byte, &format!("192.0.{byte}.1")), NOW.plus(after));
            browsers.find(&[byte; 32]).unwrap().is_news()
        };
        let told = (1..=5).map(|byte| come(byte, i64::from(byte))).collect::<Vec<_>>();
        assert_eq!(told, [true, true, true, false, false]);
        // The day of the first is over, and that of the second; those without a notice do not count.
        assert_eq!([come(6, DAY), come(7, DAY + 1), come(8, DAY + 1)], [false, true, false]);
    }

    #[test]
    fn the_trusted_leave_last_and_those_that_a_network_vouches_for_first() {
        let mut browsers = Browsers::default();
        let kind = |byte: u8| ["Edg Linux", "Edg Android", "Edg iPad"][usize::from(byte % 3)];
        for byte in 0..BROWSERS_MAX as u8 {
            let source = from(byte, &format!("192.0.{}.1", byte / 3));
            browsers.learn(&Source { client: Some(kind(byte)), ..source }, NOW.plus(i64::from(byte)));
        }
        let is_trusted = |browser: &Browser| browser.token[0] == 0;
        let is_here = |browsers: &Browsers, byte: u8| browsers.find(&[byte; 32]).is_some();
        browsers.note(&from(100, "192.0.0.1"), Known::AsBefore, is_trusted, NOW.plus(DAY));
        assert!(is_here(&browsers, 0) && !is_here(&browsers, 1) && is_here(&browsers, 100));
        browsers.note(&from(101, "192.0.1.1"), Known::Anywhere, is_trusted, NOW.plus(DAY));
        assert!(is_here(&browsers, 0) && is_here(&browsers, 2) && !is_here(&browsers, 100));
        assert_eq!(browsers.iter().len(), BROWSERS_MAX);
    }
}
