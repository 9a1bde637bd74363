//! Checks whether every program of this host could send the fronts a false client address: they trust a PROXY header
//! from a loopback address, and a decision depends on the client's address. Pure.

use crate::proxy_config::ProxyConfig;
use crate::report::{Line, Section};
use postern_proxy_config::{Network, Opening};
use postern_wire::address::parse_network;
use postern_wire::admin::Platform;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The finding; `None` if no header from a loopback address is trusted.
pub(crate) fn judge(config: &ProxyConfig, platforms: &[Platform]) -> Option<Line> {
    let trusted: Vec<String> =
        config.load_balancers().filter(|network| holds_loopback(network)).map(Network::to_string).collect();
    if trusted.is_empty() {
        return None;
    }
    let endpoints = config.endpoints.iter().filter(|(_, opening)| matches!(opening, Opening::Networks(_)));
    let keys = platforms.iter().flat_map(|platform| platform.settings.iter().map(move |setting| (platform, setting)));
    let keys = keys.filter(|(_, (_, value))| is_list_of_networks(value));
    let lists: Vec<String> = endpoints
        .map(|(endpoint, _)| format!("`{endpoint}` in [webmail.doors]"))
        .chain(keys.map(|(platform, (key, _))| format!("{key} of platform {}", platform.name)))
        .collect();
    let subject = "proxy_protocol_from";
    let message =
        format!("a PROXY header is believed from {}, where every program of this host can connect", trusted.join(", "));
    if lists.is_empty() {
        return Some(Line::ok(Section::Policies, subject, message));
    }
    let why = format!("any local user can pretend to come from the networks of {}", lists.join(", "));
    Some(Line::warning(Section::Policies, subject, message).why(why).advice(
        "let the proxy on this host connect to a Unix socket: `listen = \"unix:/run/postern-proxy/https.sock\"`; see \
         \"nginx in front\" in operations.md",
    ))
}

/// Whether it includes a loopback address: any of 127.0.0.0/8, or ::1.
fn holds_loopback(network: &Network) -> bool {
    match network.address() {
        IpAddr::V4(address) => {
            let shared = u32::from(network.bits()).min(8);
            let top = |address: Ipv4Addr| u32::from(address).checked_shr(u32::BITS - shared).unwrap_or_default();
            top(address) == top(Ipv4Addr::LOCALHOST)
        }
        IpAddr::V6(address) => {
            let rest = u128::BITS - u32::from(network.bits());
            let top = |address: Ipv6Addr| u128::from(address).checked_shr(rest).unwrap_or_default();
            top(address) == top(Ipv6Addr::LOCALHOST)
        }
    }
}

fn is_list_of_networks(value: &str) -> bool {
    let mut items = value.split([',', ' ']).filter(|item| !item.is_empty()).peekable();
    items.peek().is_some() && items.all(|item| item.contains(['.', ':']) && parse_network(item).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_wire::admin::Level;

    fn platform(key: &str, value: &str) -> Platform {
        Platform {
            name: "example".to_owned(),
            domains: vec![],
            netbios: vec![],
            enabled: true,
            settings: [(key.to_owned(), value.to_owned())].into(),
            accounts: 0,
        }
    }

    fn holds_loopback(text: &str) -> bool {
        text.parse().is_ok_and(|network| super::holds_loopback(&network))
    }

    #[test]
    fn loopback_is_found_in_every_spelling() {
        for text in [
            "127.0.0.1",
            "127.0.0.0/8",
            "127.1.2.3/32",
            "0.0.0.0/0",
            "::1",
            "::/0",
            "::1/128",
            "::ffff:127.0.0.1",
            "::ffff:127.0.0.0/104",
            "::ffff:0.0.0.0/96",
        ] {
            assert!(holds_loopback(text), "{text}");
        }
        for text in ["10.0.0.0/8", "126.0.0.0/8", "128.0.0.0/8", "2001:db8::/32", "::2", "fe80::/10", "", "localhost"] {
            assert!(!holds_loopback(text), "{text}");
        }
    }

    #[test]
    fn it_matters_where_something_depends_on_networks() {
        let read = |more: &str| -> ProxyConfig {
            let text = format!("[webmail]\nlisten = \"127.0.0.1:8443\"\nproxy_protocol_from = [\"127.0.0.1\"]\n{more}");
            ProxyConfig::of(&text)
        };
        let none = [platform("unlisted", "refuse"), platform("trusted-browsers", "30")];
        let line = judge(&read(""), &none).unwrap();
        assert_eq!(line.level, Level::Ok);
        let endpoints = judge(&read("[webmail.doors]\news = [\"10.0.0.0/8\"]\noab = \"closed\"\n"), &none).unwrap();
        assert_eq!(endpoints.level, Level::Warning);
        let key = judge(&read(""), &[platform("no-code-from", "10.0.0.0/8, 2001:db8::/32")]).unwrap();
        assert_eq!(key.level, Level::Warning);
        let unix =
            "[webmail]\nlisten = \"unix:/run/postern-proxy/https.sock\"\n[webmail.doors]\news = [\"10.0.0.0/8\"]\n";
        assert!(judge(&ProxyConfig::of(unix), &none).is_none());
        let elsewhere = "[imap]\nlisten = \"[::]:993\"\nproxy_protocol_from = [\"10.0.0.0/8\"]\n";
        assert!(judge(&ProxyConfig::of(elsewhere), &none).is_none());
    }
}
