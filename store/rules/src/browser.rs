//! Browsers that have signed in at the webmail. Each is known by a random token that it keeps in a cookie; of that only
//! a hash is kept, with the network of its last sign-in, so that a sign-in which fits neither can be told apart. A
//! person may trust one for a while: it is not asked for a code then.

use crate::event::Source;
use crate::platform::Policy;
use crate::{Account, Stage, Time, account::CLOCK_TOLERANCE};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Browsers of an account that are remembered; the one that was not used for longest makes room.
pub const BROWSERS_MAX: usize = 32;
/// Seconds after its last use in which a browser is remembered: as long as browsers keep a cookie (RFC 6265bis section
/// 5.5).
pub const REMEMBERED: i64 = 400 * DAY;
/// Seconds in which another sign-in of a browser from the same network is not noted anew.
pub const USE_RESOLUTION: i64 = DAY;
/// Days for which a browser may be trusted at most.
pub const TRUST_DAYS_MAX: u32 = 90;
/// Characters of a token: 32 random bytes in base64url without padding (RFC 4648 section 5).
pub const TOKEN_LENGTH: usize = 43;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Bits of an address that are its network: what a provider or a site moves its people about in.
const NETWORK_V4: u8 = 24;
const NETWORK_V6: u8 = 48;
/// Letters of a browser's id.
const ID_LENGTH: usize = 16;

/// What is kept of a token: its SHA-256. Nobody can guess at 256 random bits, so nothing slower is needed.
pub type Token = [u8; 32];

/// Reads a token as a front hands it on; none: it has not the form of one.
pub fn token(text: &str) -> Option<Token> {
    let is_of_it = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (text.len() == TOKEN_LENGTH && text.bytes().all(is_of_it)).then(|| Sha256::digest(text).into())
}

/// The network of an address: the /24 of an IPv4 one, the /48 of an IPv6 one.
pub fn network(address: IpAddr) -> Option<IpNet> {
    let address = address.to_canonical();
    let bits = if address.is_ipv4() { NETWORK_V4 } else { NETWORK_V6 };
    IpNet::new(address, bits).ok().map(|network| network.trunc())
}

/// A browser that has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// Unique in its account: the beginning of its token's hash.
    pub id: String,
    /// Such as `Firefox (Linux)`: names, which are the same in every language. May be empty.
    pub description: String,
    /// Of its last sign-in, where the address was known.
    #[serde(default)]
    pub network: Option<IpNet>,
    /// When it signed in first.
    pub created: Time,
    /// When it signed in last, to [`USE_RESOLUTION`].
    pub last_used: Time,
    token: Token,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trust: Option<Trust>,
}

/// That a person trusts a browser. It is bound to the account's epoch, and to the platform's round: whatever moves
/// either has ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Trust {
    since: Time,
    /// By the policy of that time.
    until: Time,
    epoch: u64,
    round: u64,
}

impl Browser {
    fn is_remembered(&self, now: Time) -> bool {
        now < self.last_used.plus(REMEMBERED)
    }

    /// Until when this browser of `account` is not asked for a code; none: it is not trusted at `now`. The policy of now
    /// bounds what was allowed before.
    pub fn trusted_until(&self, account: &Account, policy: &Policy, now: Time) -> Option<Time> {
        let is_current = |trust: &Trust| trust.epoch == account.epoch && trust.round == policy.trust_round;
        let trust = self.trust.filter(is_current).filter(|_| account.stage == Stage::Protected)?;
        let days = Some(policy.trusted_browsers).filter(|days| *days > 0)?;
        let until = trust.until.min(trust.since.plus(i64::from(days) * DAY));
        // A moment well before it began is one to which the clock stepped back: trust must not last longer by that.
        (trust.since.plus(-CLOCK_TOLERANCE) <= now && now < until).then_some(until)
    }

    /// Whether this token is its own.
    pub fn is(&self, token: &Token) -> bool {
        self.token == *token
    }
}

/// The browsers of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Browsers(Vec<Browser>);

impl Browsers {
    /// None has signed in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, the one that was noted first first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Browser> {
        self.0.iter()
    }

    /// Whether a sign-in from there fits what is known: its browser, or else its network.
    pub fn know(&self, source: &Source<'_>, now: Time) -> bool {
        let network = source.address.and_then(network);
        let is_known = |browser: &Browser| {
            source.browser.is_some_and(|token| browser.is(&token)) || (network.is_some() && browser.network == network)
        };
        self.0.iter().filter(|browser| browser.is_remembered(now)).any(is_known)
    }

    /// The one that this token is of.
    pub fn find(&self, token: &Token) -> Option<&Browser> {
        self.0.iter().find(|browser| browser.is(token))
    }

    /// Notes that a browser has signed in. Whether that is news: the same browser in the same network is none within a
    /// day. A visitor without a token is not noted.
    pub(crate) fn note(&mut self, source: &Source<'_>, now: Time) -> bool {
        let Some(token) = source.browser else { return false };
        self.0.retain(|browser| browser.is_remembered(now));
        let network = source.address.and_then(network);
        let description = description(source.client.unwrap_or_default());
        if let Some(browser) = self.0.iter_mut().find(|browser| browser.is(&token)) {
            let is_same = browser.network == network && browser.description == description;
            let is_news = !is_same || (now.0 - browser.last_used.0).abs() >= USE_RESOLUTION;
            *browser = Browser { network, description, last_used: now, ..browser.clone() };
            return is_news;
        }
        if self.0.len() >= BROWSERS_MAX
            && let Some(at) = (0..self.0.len()).min_by_key(|at| self.0[*at].last_used)
        {
            self.0.remove(at);
        }
        let id = token.iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..ID_LENGTH].to_owned();
        self.0.push(Browser { id, description, network, created: now, last_used: now, token, trust: None });
        true
    }

    /// The browser of this token is trusted from now on.
    pub(crate) fn trust(&mut self, token: &Token, epoch: u64, policy: &Policy, now: Time) {
        let until = now.plus(i64::from(policy.trusted_browsers) * DAY);
        let trust = Trust { since: now, until, epoch, round: policy.trust_round };
        for browser in self.0.iter_mut().filter(|browser| browser.is(token)) {
            browser.trust = Some(trust);
        }
    }

    /// The browsers of which `ends` says so are trusted no more. Whether one of them was.
    pub(crate) fn end_trust(&mut self, ends: impl Fn(&Browser) -> bool) -> bool {
        let ended = self.0.iter_mut().filter(|browser| browser.trust.is_some() && ends(browser));
        ended.map(|browser| browser.trust = None).count() > 0
    }

    /// None of them is known any more.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether each that was trusted `before` is trusted still, as far as these know.
    pub(crate) fn still_trust(&self, before: &Self) -> bool {
        let is_left = |it: &Browser| self.find(&it.token).is_some_and(|left| left.trust.is_some());
        before.0.iter().filter(|it| it.trust.is_some()).all(is_left)
    }
}

/// What a browser says of itself (User-Agent, RFC 9110 section 10.1.5), in names that people know. Where several fit the
/// first does: the later ones are what others pretend to be.
fn description(client: &str) -> String {
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
    const SYSTEMS: [(&str, &str); 7] = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(sign, _)| client.contains(sign)).map(|(_, name)| *name);
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} ({system})"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_800_000_000);

    fn from(byte: u8, address: &str) -> Source<'static> {
        Source { browser: Some([byte; 32]), address: address.parse().ok(), ..Source::default() }
    }

    #[test]
    fn a_token_is_read_in_its_form_only() {
        assert!(token(&"aZ0-_".repeat(9)[..43]).is_some());
        assert_ne!(token(&"a".repeat(43)), token(&"b".repeat(43)));
        for text in ["", "a", &"a".repeat(42), &"a".repeat(44), &format!("{}=", "a".repeat(42)), &"é".repeat(43)] {
            assert_eq!(token(text), None, "{text}");
        }
    }

    #[test]
    fn a_network_is_a_24_or_a_48() {
        for (address, expected) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:ffff::7", "2001:db8:1::/48"),
        ] {
            assert_eq!(network(address.parse().unwrap()).unwrap().to_string(), expected);
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
            ("curl/8.14.1", ""),
            ("<script>", ""),
        ] {
            assert_eq!(description(client), expected, "{client}");
        }
    }

    #[test]
    fn either_the_browser_or_its_network_is_known_for_400_days() {
        let mut browsers = Browsers::default();
        assert!(!browsers.know(&from(1, "192.0.2.1"), NOW), "of nobody nothing is known");
        assert!(browsers.note(&from(1, "192.0.2.1"), NOW));
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
        // Two whose networks are not known have none in common.
        assert!(browsers.note(&from(3, ""), NOW));
        assert!(!browsers.know(&from(4, ""), NOW));
        assert!(!browsers.know(&Source::default(), NOW));
    }

    #[test]
    fn the_same_again_is_news_once_a_day() {
        let mut browsers = Browsers::default();
        assert!(!browsers.note(&Source { address: "192.0.2.1".parse().ok(), ..Source::default() }, NOW), "no token");
        for (address, after, news) in [
            ("192.0.2.1", 0, true),
            ("192.0.2.9", USE_RESOLUTION - 1, false),
            ("198.51.100.1", USE_RESOLUTION - 1, true),
            ("198.51.100.1", 2 * USE_RESOLUTION - 1, true),
        ] {
            let was = browsers.clone();
            assert_eq!(browsers.note(&from(1, address), NOW.plus(after)), news, "{address} {after}");
            // What is no news is not written.
            browsers = if news { browsers } else { was };
        }
        assert_eq!(browsers.iter().len(), 1);
        assert_eq!((browsers.0[0].created, browsers.0[0].last_used), (NOW, NOW.plus(2 * USE_RESOLUTION - 1)));
    }

    #[test]
    fn the_one_unused_longest_makes_room() {
        let mut browsers = Browsers::default();
        for byte in 0..BROWSERS_MAX as u8 {
            browsers.note(&from(byte, ""), NOW.plus(i64::from(byte)));
        }
        browsers.note(&from(0, ""), NOW.plus(USE_RESOLUTION));
        browsers.note(&from(99, ""), NOW.plus(USE_RESOLUTION));
        assert_eq!(browsers.iter().len(), BROWSERS_MAX);
        assert!(browsers.find(&[0; 32]).is_some() && browsers.find(&[1; 32]).is_none());
    }
}
