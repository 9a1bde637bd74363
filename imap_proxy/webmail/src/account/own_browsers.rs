//! Where a person is signed in and where they were: the sessions of this front and the browsers that the daemon knows, as
//! one list. The words for it are the portal's, and nothing rests on it.

use super::agent;
use crate::session::released::Released;
use jiff::Timestamp;
use postern_portal::{ConnectionPermit, OwnBrowser};
use postern_proxy_config::Network;
use postern_wire::security;
use std::cmp::Reverse;
use std::net::IpAddr;

/// A browser, and what it runs on, as far as that is known.
type Named = (Option<String>, Option<String>);

/// A session of this front.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    named: Named,
    address: IpAddr,
    since: Timestamp,
    /// Whether it is the one that looks.
    this: bool,
}

impl SignedIn {
    pub(crate) fn of(state: &Released, this: bool) -> Self {
        let client = &state.context.client;
        let (browser, system) = client.agent.as_deref().map_or((None, None), agent::describe);
        let named = (browser.map(str::to_owned), system.map(str::to_owned));
        Self { named, address: client.address.to_canonical(), since: state.since, this }
    }

    /// Whether it may well be this browser's: it says the same of itself, and comes from the same network.
    fn fits(&self, row: &Row) -> bool {
        let is_near = |network: &Network| network.contains(self.address);
        let is_alike = || self.named == row.named() && row.network.as_ref().is_some_and(is_near);
        row.shown.since.is_none() && row.shown.this == self.this && (self.this || is_alike())
    }

    /// From where it is, seen from `here`.
    fn place(&self, here: Option<IpAddr>) -> ConnectionPermit {
        match here {
            Some(here) if here == self.address => ConnectionPermit::Here,
            _ => elsewhere(Some(self.address), self.address.to_string()),
        }
    }
}

/// A browser on the list, and the network of its last sign-in.
struct Row {
    shown: OwnBrowser,
    network: Option<Network>,
}

impl Row {
    fn named(&self) -> Named {
        (self.shown.browser.clone(), self.shown.system.clone())
    }

    fn of_browser(own: &security::OwnBrowser) -> Self {
        let time = |unix: i64| Timestamp::from_second(unix).ok();
        let (browser, system) = named(&own.description);
        let place = match own.network.split_once('/') {
            _ if own.here => ConnectionPermit::Here,
            Some((address, _)) => elsewhere(address.parse().ok(), readable(address)),
            None => ConnectionPermit::Unknown,
        };
        let shown = OwnBrowser {
            id: Some(own.id.clone()),
            browser,
            system,
            place,
            since: None,
            last_used: time(own.last_used),
            trusted_until: own.trusted_until.and_then(time),
            this: own.this,
        };
        Self { shown, network: own.network.parse().ok() }
    }

    fn of_session(session: &SignedIn, here: Option<IpAddr>) -> Self {
        let (browser, system) = session.named.clone();
        let shown = OwnBrowser {
            id: None,
            browser,
            system,
            place: session.place(here),
            since: Some(session.since),
            last_used: None,
            trusted_until: None,
            this: session.this,
        };
        Self { shown, network: None }
    }
}

/// The list: this browser first, then those that are signed in, then the others; each time the latest first.
pub(crate) fn list(mut sessions: Vec<SignedIn>, browsers: &[security::OwnBrowser]) -> Vec<OwnBrowser> {
    sessions.sort_by_key(|session| (!session.this, Reverse(session.since)));
    let here = sessions.first().filter(|session| session.this).map(|session| session.address);
    let mut rows: Vec<Row> = browsers.iter().map(Row::of_browser).collect();
    for session in &sessions {
        match rows.iter_mut().find(|row| session.fits(row)) {
            Some(row) => {
                row.shown.since = Some(session.since);
                row.shown.place = session.place(here);
            }
            None => rows.push(Row::of_session(session, here)),
        }
    }
    let mut list: Vec<OwnBrowser> = rows.into_iter().map(|row| row.shown).collect();
    list.sort_by_key(|it| (!it.this, Reverse(it.since), Reverse(it.last_used)));
    list
}

/// Private addresses (RFC 1918, RFC 4193) and loopback are the organisation's own.
fn elsewhere(address: Option<IpAddr>, shown: String) -> ConnectionPermit {
    let is_inside = address.is_some_and(|address| match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_loopback(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_loopback(),
    });
    if is_inside { ConnectionPermit::Inside(shown) } else { ConnectionPermit::Elsewhere(shown) }
}

/// The address of a network, with an ellipsis for what differs in it: `192.0.2.0` is `192.0.2.…`.
fn readable(network: &str) -> String {
    match network.strip_suffix(".0") {
        Some(known) => format!("{known}.…"),
        None => format!("{network}…"),
    }
}

/// What a description means as the daemon writes it: `Firefox (Linux)`.
fn named(description: &str) -> Named {
    let both = description.strip_suffix(')').and_then(|rest| rest.split_once(" ("));
    let (browser, system) = both.map_or((description, None), |(browser, system)| (browser, Some(system)));
    (Some(browser).filter(|browser| !browser.is_empty()).map(str::to_owned), system.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(description: &str, address: &str, since: i64, this: bool) -> SignedIn {
        let since = Timestamp::from_second(since).unwrap();
        SignedIn { named: named(description), address: address.parse().unwrap(), since, this }
    }

    fn browser(id: &str, description: &str, network: &str, this: bool) -> security::OwnBrowser {
        let (id, description, network) = (id.to_owned(), description.to_owned(), network.to_owned());
        security::OwnBrowser { id, description, network, here: this, this, ..security::OwnBrowser::default() }
    }

    /// Id, since when, and from where.
    fn listed(
        sessions: &[SignedIn],
        browsers: &[security::OwnBrowser],
    ) -> Vec<(Option<String>, Option<i64>, ConnectionPermit)> {
        let list = list(sessions.to_vec(), browsers);
        list.into_iter().map(|it| (it.id, it.since.map(Timestamp::as_second), it.place)).collect()
    }

    #[test]
    fn a_browser_that_is_signed_in_is_one_of_the_list_and_not_two() {
        let id = |id: &str| Some(id.to_owned());
        let sessions = [
            session("Firefox (Linux)", "192.0.2.9", 100, true),
            session("Firefox (Linux)", "192.0.2.9", 200, false),
            session("Safari (iPhone)", "203.0.113.7", 300, false),
            session("Chrome (Windows)", "10.1.2.3", 50, false),
        ];
        let browsers = [
            browser("a", "Safari (iPhone)", "203.0.113.0/24", false),
            browser("b", "Safari (iPhone)", "198.51.100.0/24", false),
            browser("c", "Firefox (Linux)", "192.0.2.0/24", true),
        ];
        let elsewhere = |network: &str| ConnectionPermit::Elsewhere(network.to_owned());
        assert_eq!(
            listed(&sessions, &browsers),
            [
                (id("c"), Some(100), ConnectionPermit::Here),
                (id("a"), Some(300), elsewhere("203.0.113.7")),
                // Like this one in all that is to be seen, and another session.
                (None, Some(200), ConnectionPermit::Here),
                (None, Some(50), ConnectionPermit::Inside("10.1.2.3".to_owned())),
                (id("b"), None, elsewhere("198.51.100.…")),
            ]
        );
    }

    #[test]
    fn where_no_browser_is_known_there_are_the_sessions() {
        let here = session("", "2001:db8::1", 1, true);
        assert_eq!(listed(std::slice::from_ref(&here), &[]), [(None, Some(1), ConnectionPermit::Here)]);
        let network = ConnectionPermit::Elsewhere("2001:db8:1::…".to_owned());
        let listed = listed(&[here], &[browser("a", "", "2001:db8:1::/48", false)]);
        assert_eq!(listed[1], (Some("a".to_owned()), None, network));
    }

    #[test]
    fn a_browser_is_named_in_the_readers_language() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(named("Firefox (Linux)"), (text("Firefox"), text("Linux")));
        assert_eq!(named("Firefox"), (text("Firefox"), None));
        assert_eq!(named(""), (None, None));
    }
}
