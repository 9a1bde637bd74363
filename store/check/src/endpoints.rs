//! Evaluates the answers of a place: which endpoints are closed, which require an app password, and which bypass the
//! second factor. Pure.
//!
//! How Postern's answers are recognized: the front has a page of its own ([`OURS`]), and sends every answer of its own
//! with the same content policy. Answers from the backend do not have that policy, and neither do those of a load
//! balancer that sends some paths elsewhere. So answers need no extra mark.

use crate::connection::Silence;
use crate::http::Answer;
use crate::place::Place;
use crate::probe::{Endpoint, Heard, OURS, Said, SignIn};
use crate::report::{Line, Section};
use postern_proxy_config::{Network, Opening};
use std::collections::BTreeMap;

/// The header that is the same in all answers of one front.
const POLICY: &str = "content-security-policy";

const PASSWORD_ALONE: &str = "the password alone is enough there, without a code";
const FROM_ELSEWHERE: &str = "close it to everybody but Postern and the organisation (firewall), or let it be reached \
                              through Postern";

/// The content of `[webmail.endpoints]`, if known.
pub(crate) type Openings = BTreeMap<&'static str, Opening>;

/// The result at a path, for a client without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// Postern refuses, or shows a page of its own.
    Closed,
    /// Postern requires an app password.
    AppPassword,
    /// Another server requires credentials, with these schemes.
    Asks(String),
    /// Another server answers without credentials.
    Answers,
    /// Another server refuses or redirects.
    Refuses(u16),
    /// The request fails.
    Fails(String),
}

fn way(answer: &Result<Answer, Silence>, ours: Option<&Answer>) -> Way {
    let answer = match answer {
        Ok(answer) => answer,
        Err(silence) => return Way::Fails(silence.to_string()),
    };
    let challenges: Vec<&str> = answer.headers("www-authenticate").collect();
    if ours.is_some_and(|ours| is_alike(ours, answer)) {
        return match (answer.status, &challenges[..]) {
            (401, [only]) if is_our_challenge(only) => Way::AppPassword,
            (500.., _) => Way::Fails(format!("Postern answers {}", answer.status)),
            (_, []) => Way::Closed,
            _ => Way::Asks(schemes(&challenges)),
        };
    }
    match (answer.status, &challenges[..]) {
        (_, [_, ..]) => Way::Asks(schemes(&challenges)),
        // Without a challenge, there is no scheme for credentials.
        (200..=299, _) => Way::Answers,
        (500.., _) => Way::Fails(format!("it answers {}", answer.status)),
        (status, _) => Way::Refuses(status),
    }
}

/// An intermediary may add its own policy to all answers: then the common part of both is compared.
fn is_alike(ours: &Answer, answer: &Answer) -> bool {
    ours.headers(POLICY).next().is_some() && ours.headers(POLICY).eq(answer.headers(POLICY))
}

/// Whether it is Postern's Basic challenge (RFC 7617), in UTF-8. No mail server sends the same.
fn is_our_challenge(challenge: &str) -> bool {
    let challenge = challenge.to_ascii_lowercase();
    challenge.starts_with("basic ") && challenge.ends_with("charset=\"utf-8\"")
}

/// Formats schemes as `Negotiate, NTLM, Basic`.
fn schemes(challenges: &[&str]) -> String {
    let scheme = |challenge: &&str| challenge.split([' ', ',']).next().unwrap_or_default().to_owned();
    challenges.iter().map(scheme).collect::<Vec<_>>().join(", ")
}

/// Formats networks as `10.0.0.0/8, ::1`.
fn list(networks: &[Network]) -> String {
    networks.iter().map(Network::to_string).collect::<Vec<_>>().join(", ")
}

/// The findings about a Postern front. `openings`: `None` if its configuration is not known.
pub(crate) fn front(place: &Place, heard: &Heard, openings: Option<&Openings>) -> Vec<Line> {
    let subject = place.to_string();
    let Said::Web { ours, endpoints, .. } = &heard.said else {
        let protocol = place.service.scheme.trim_end_matches('s').to_uppercase();
        return vec![Line::ok(Section::Endpoints, subject, format!("Postern's {protocol} front"))];
    };
    let (mut closed, mut by_app_password, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for (endpoint, answer) in endpoints {
        let way = way(answer, Some(ours));
        match way {
            Way::Closed | Way::Refuses(_) => closed.push(endpoint.path),
            Way::AppPassword => by_app_password.push(endpoint.path),
            _ => {}
        }
        lines.extend(leads(&subject, endpoint, &way, openings));
    }
    let mut text = Vec::new();
    for (what, paths) in [("closed", closed), ("opened by app passwords", by_app_password)] {
        if !paths.is_empty() {
            text.push(format!("{what}: {}", paths.join(", ")));
        }
    }
    lines.insert(0, Line::ok(Section::Endpoints, subject, format!("Postern's front. {}", text.join("; "))));
    lines
}

fn leads(subject: &str, endpoint: &Endpoint, way: &Way, openings: Option<&Openings>) -> Option<Line> {
    let Endpoint { path, key } = endpoint;
    let opening = openings.map(|openings| (key, openings.get(*key)));
    let wants_app_password = opening.is_some_and(|(_, opening)| opening == Some(&Opening::AppPassword));
    Some(match (way, opening) {
        (Way::Asks(schemes), Some((key, Some(Opening::Networks(networks))))) => {
            let message = format!(
                "{path} asks for {schemes}: `{key}` is open to {}, and this host is one of them",
                list(networks)
            );
            Line::warning(Section::Endpoints, subject, message)
                .why(PASSWORD_ALONE)
                .advice("make the list as short as it can be, or open the endpoint to app passwords instead")
        }
        (Way::Asks(schemes), _) => Line::failure(
            Section::Endpoints,
            subject,
            format!("{path} leads around: the server behind asks for {schemes}"),
        )
        .why(PASSWORD_ALONE)
        .advice(
            "close it in [webmail.doors]; if it is closed there, restart postern-proxy, and see that whatever \
                     stands before Postern sends it every path",
        ),
        (Way::Answers, _) => Line::failure(
            Section::Endpoints,
            subject,
            format!("{path} does not lead to Postern: something else answers"),
        )
        .why("what stands there is not guarded")
        .advice("let whatever stands before Postern send it every path"),
        (Way::AppPassword, Some((key, _))) if !wants_app_password => {
            elsewise(subject, format!("{path} asks for an app password, and `{key}` is not open to any"))
        }
        (Way::Closed, Some((key, _))) if wants_app_password => {
            elsewise(subject, format!("{path} is closed, and `{key}` is open to app passwords"))
        }
        (Way::Fails(why), _) => Line::warning(Section::Endpoints, subject, format!("{path} cannot be judged: {why}"))
            .advice("journalctl -u postern-proxy"),
        _ => return None,
    })
}

/// A finding that the front differs from its configuration.
fn elsewise(subject: &str, message: String) -> Line {
    Line::warning(Section::Endpoints, subject, message)
        .why("postern-proxy runs with another configuration than the one in the file")
        .advice("systemctl restart postern-proxy")
}

/// The endpoints and services that accept the password alone, at a place that is not Postern.
fn takes_passwords(heard: &Heard) -> (Vec<String>, Vec<&'static str>) {
    let Said::Web { endpoints, sign_ins, .. } = &heard.said else { return (vec![], vec![]) };
    let page = |SignIn { path, product }: &SignIn| format!("{path} (the sign-in page of {product})");
    let mut asking: Vec<String> = sign_ins.iter().map(page).collect();
    let mut open = Vec::new();
    for (Endpoint { path, .. }, answer) in endpoints {
        match way(answer, None) {
            Way::Asks(schemes) => asking.push(format!("{path} ({schemes})")),
            Way::Answers => open.push(*path),
            _ => {}
        }
    }
    (asking, open)
}

/// The finding about the backend of a front, seen from the front's own host: it must be reachable from here, and only
/// from here.
pub(crate) fn behind(place: &Place, heard: &Heard) -> Line {
    let subject = place.to_string();
    if heard.is_postern() {
        return Line::failure(
            Section::Backends,
            subject,
            "Postern itself answers there: the front stands before a front",
        )
        .why("users who sign in are asked twice, or do not get there")
        .advice("name the webmail or mail server itself");
    }
    let (asking, _) = takes_passwords(heard);
    let message = match &heard.said {
        Said::Mail(greeting) => format!("answers: {greeting}"),
        Said::Web { .. } if asking.is_empty() => "answers".to_owned(),
        Said::Web { .. } => format!("answers. It takes the password alone at {}", asking.join(", ")),
    };
    let line = Line::ok(Section::Backends, subject, message);
    if place.is_loopback() {
        return line;
    }
    line.advice(format!(
        "this host has to reach it, nobody outside may: try `postern check doors {place}` from a machine outside"
    ))
}

/// The findings about any place, as seen by an external client.
pub(crate) fn outside(place: &Place, outcome: &Result<Heard, Silence>) -> Vec<Line> {
    let subject = place.to_string();
    let heard = match outcome {
        Ok(heard) if heard.is_postern() => return front(place, heard, None),
        Ok(heard) => heard,
        Err(Silence::Closed(why)) => {
            return vec![Line::ok(Section::Endpoints, subject, format!("nobody answers from here ({why})"))];
        }
        Err(Silence::NoSuchHost(why)) => {
            // The same for every port of a host.
            return vec![Line::failure(Section::Endpoints, &place.host, format!("nothing could be tried: {why}"))];
        }
        Err(Silence::Broken(why)) => {
            return vec![
                Line::warning(Section::Endpoints, subject, format!("it cannot be judged: {why}"))
                    .advice("look at it by hand: somebody listens there"),
            ];
        }
    };
    if let Said::Mail(greeting) = &heard.said {
        let why = if place.service.opens_mailbox {
            "whoever knows the password reads the mail there without a code, unless the server asks posternd through PAM"
        } else {
            "whoever knows the password can send mail in the owner's name"
        };
        let message = format!("a mail server answers, not Postern: {greeting}");
        let line = if place.service.opens_mailbox {
            Line::failure(Section::Endpoints, subject, message)
        } else {
            Line::warning(Section::Endpoints, subject, message)
        };
        return vec![line.why(why).advice(FROM_ELSEWHERE)];
    }
    let (asking, open) = takes_passwords(heard);
    let mut lines = Vec::new();
    for what in asking {
        let message = format!("it leads around Postern: {what}");
        lines.push(Line::failure(Section::Endpoints, &subject, message).why(PASSWORD_ALONE).advice(FROM_ELSEWHERE));
    }
    if !open.is_empty() {
        let message = format!("it answers without asking who it is, at {}", open.join(", "));
        lines.push(Line::warning(Section::Endpoints, &subject, message).advice("look at it by hand: whose is it?"));
    }
    if lines.is_empty() {
        let message = format!("not Postern, and no way to a mailbox was found ({})", status(heard));
        lines.push(Line::ok(Section::Endpoints, subject, message));
    }
    lines
}

/// The answer of a place that should be Postern and is not.
pub(crate) fn status(heard: &Heard) -> String {
    match &heard.said {
        Said::Web { ours, .. } => format!("{} at {OURS}", ours.status),
        Said::Mail(greeting) => greeting.clone(),
    }
}

/// The endpoints that `[webmail.endpoints]` opens to clients with the password.
pub(crate) fn policy(openings: &Openings) -> Vec<Line> {
    let networks = openings.iter().filter_map(|(endpoint, opening)| match opening {
        Opening::Networks(networks) => Some((endpoint, networks)),
        Opening::Closed | Opening::AppPassword => None,
    });
    let line = |(endpoint, networks): (&&'static str, &Vec<Network>)| {
        let is_all = networks.iter().any(|network| network.bits() == 0);
        let subject = format!("door {endpoint}");
        let line = if is_all {
            Line::failure(Section::Policies, subject, "it is open to everybody")
        } else {
            Line::warning(Section::Policies, subject, format!("it is open to {}", list(networks)))
        };
        line.why(PASSWORD_ALONE).advice("close it in [webmail.doors], or open it to app passwords")
    };
    networks.map(line).collect()
}

#[cfg(test)]
#[path = "endpoints_tests.rs"]
mod tests;
