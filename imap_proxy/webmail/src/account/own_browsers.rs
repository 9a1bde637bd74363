//! Where users are and were signed in: the sessions of this front and the browsers that the daemon knows, merged into
//! one list. The daemon provides all names; no decision depends on them.

use crate::session::released::Released;
use jiff::Timestamp;
use postern_portal::{Location, OwnBrowser};
use postern_proxy_config::Network;
use postern_wire::security::{self, BrowserName, MAX_CLIENTS};
use std::cmp::Reverse;
use std::net::IpAddr;

/// A session of this front.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    agent: String,
    named: BrowserName,
    address: IpAddr,
    since: Timestamp,
    /// Whether it is the session that sent the request.
    this: bool,
}

/// The sessions of this front, and the User-Agents that the daemon is to identify.
pub(super) fn clients(mut sessions: Vec<SignedIn>) -> (Vec<SignedIn>, Vec<String>) {
    sessions.sort_by_key(|session| (!session.this, Reverse(session.since)));
    let agents = sessions.iter().take(MAX_CLIENTS).map(|session| session.agent.clone()).collect();
    (sessions, agents)
}

/// Adds the names that the daemon returns for [`clients`].
pub(super) fn named(mut sessions: Vec<SignedIn>, names: &[BrowserName]) -> Vec<SignedIn> {
    for (session, name) in sessions.iter_mut().zip(names) {
        session.named = name.clone();
    }
    sessions
}

impl SignedIn {
    pub(super) fn of(state: &Released, this: bool) -> Self {
        let client = &state.context.client;
        let (agent, address) = (client.agent.clone().unwrap_or_default(), client.address.to_canonical());
        Self { agent, named: BrowserName::default(), address, since: state.since, this }
    }

    /// Whether the session probably belongs to the browser of this row: the User-Agent is alike, and it comes from the
    /// same network.
    fn fits(&self, row: &Row) -> bool {
        let is_near = |network: &Network| network.contains(self.address);
        let is_alike = || self.named == row.named() && row.network.as_ref().is_some_and(is_near);
        row.shown.since.is_none() && row.shown.this == self.this && (self.this || is_alike())
    }

    /// The session's location relative to `here`.
    fn place(&self, here: Option<IpAddr>) -> Location {
        match here {
            Some(here) if here == self.address => Location::Here,
            _ => elsewhere(Some(self.address), self.address.to_string()),
        }
    }
}

/// A browser in the list, and the network of its last sign-in.
struct Row {
    shown: OwnBrowser,
    network: Option<Network>,
}

impl Row {
    fn named(&self) -> BrowserName {
        BrowserName { browser: self.shown.browser.clone(), system: self.shown.system.clone() }
    }

    fn of_browser(own: &security::OwnBrowser) -> Self {
        let time = |unix: i64| Timestamp::from_second(unix).ok();
        let BrowserName { browser, system } = own.named.clone();
        let place = match own.network.split_once('/') {
            _ if own.here => Location::Here,
            Some((address, _)) => elsewhere(address.parse().ok(), readable(address)),
            None => Location::Unknown,
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
        let BrowserName { browser, system } = session.named.clone();
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

/// The list: this browser first, then those that are signed in, then the others; each group with the latest first.
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

/// Private addresses (RFC 1918, RFC 4193) and loopback belong to the organisation.
fn elsewhere(address: Option<IpAddr>, shown: String) -> Location {
    let is_inside = address.is_some_and(|address| match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_loopback(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_loopback(),
    });
    if is_inside { Location::Inside(shown) } else { Location::Elsewhere(shown) }
}

/// The address of a network, with an ellipsis for the variable part: `192.0.2.0` becomes `192.0.2.…`.
fn readable(network: &str) -> String {
    match network.strip_suffix(".0") {
        Some(known) => format!("{known}.…"),
        None => format!("{network}…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> BrowserName {
        let (browser, system) = text.strip_suffix(')').and_then(|rest| rest.split_once(" (")).unwrap_or_default();
        let name = |text: &str| Some(text).filter(|text| !text.is_empty()).map(str::to_owned);
        BrowserName { browser: name(browser), system: name(system) }
    }

    fn session(description: &str, address: &str, since: i64, this: bool) -> SignedIn {
        let since = Timestamp::from_second(since).unwrap();
        let (agent, named) = (String::new(), name(description));
        SignedIn { agent, named, address: address.parse().unwrap(), since, this }
    }

    fn browser(id: &str, description: &str, network: &str, this: bool) -> security::OwnBrowser {
        let (id, named, network) = (id.to_owned(), name(description), network.to_owned());
        security::OwnBrowser { id, named, network, here: this, this, ..security::OwnBrowser::default() }
    }

    /// Id, since when, and from where.
    fn listed(
        sessions: &[SignedIn],
        browsers: &[security::OwnBrowser],
    ) -> Vec<(Option<String>, Option<i64>, Location)> {
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
        let elsewhere = |network: &str| Location::Elsewhere(network.to_owned());
        assert_eq!(
            listed(&sessions, &browsers),
            [
                (id("c"), Some(100), Location::Here),
                (id("a"), Some(300), elsewhere("203.0.113.7")),
                // The same as this one in all visible properties, but another session.
                (None, Some(200), Location::Here),
                (None, Some(50), Location::Inside("10.1.2.3".to_owned())),
                (id("b"), None, elsewhere("198.51.100.…")),
            ]
        );
    }

    #[test]
    fn where_no_browser_is_known_there_are_the_sessions() {
        let here = session("", "2001:db8::1", 1, true);
        assert_eq!(listed(std::slice::from_ref(&here), &[]), [(None, Some(1), Location::Here)]);
        let network = Location::Elsewhere("2001:db8:1::…".to_owned());
        let listed = listed(&[here], &[browser("a", "", "2001:db8:1::/48", false)]);
        assert_eq!(listed[1], (Some("a".to_owned()), None, network));
    }

    #[test]
    fn each_session_has_the_name_that_the_daemon_gives_for_its_client() {
        let mut sessions = [session("", "192.0.2.9", 100, false), session("", "192.0.2.9", 50, true)];
        (sessions[0].agent, sessions[1].agent) = ("other".to_owned(), "this".to_owned());
        let (sessions, agents) = clients(sessions.to_vec());
        assert_eq!(agents, ["this", "other"]);
        let named = named(sessions, &[name("Firefox (Linux)"), name("Safari (iPhone)")]);
        assert_eq!(
            named.iter().map(|it| (it.this, it.named.clone())).collect::<Vec<_>>(),
            [(true, name("Firefox (Linux)")), (false, name("Safari (iPhone)")),]
        );
    }
}
