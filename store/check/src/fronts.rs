//! Tries the fronts of this host, their backends, and their public names, and evaluates each by its role.

use crate::certificate::{self, Authorities};
use crate::clock;
use crate::connection::Silence;
use crate::endpoints;
use crate::listening;
use crate::place::Place;
use crate::probe::{self, Outcome};
use crate::proxy_config::{MailBackend, ProxyConfig};
use crate::report::{Line, Section};
use jiff::Timestamp;
use std::path::Path;

/// Places from the command line, in addition to the configuration.
pub(crate) struct Named {
    /// Places that must be reachable from here.
    pub(crate) backends: Vec<Place>,
    /// Places to check as an external client.
    pub(crate) outside: Vec<Place>,
}

/// The role of a place.
enum Role<'a> {
    /// A front, at its own address.
    Front,
    /// A front, by its public name.
    Public,
    /// A backend of the fronts; with the trust anchors of the proxy for it, or `None` if the proxy pins the key.
    Behind(Option<Trust<'a>>),
    /// Any place, seen by an unauthenticated client.
    Outside,
}

/// The trust anchors for a server: those in the file, otherwise those of this system.
struct Trust<'a>(Option<&'a Path>);

/// Tries all places, and returns the findings.
pub(crate) fn look<'a>(
    config: &'a ProxyConfig,
    named: Named,
    ca: Option<&'a Path>,
    progress: &dyn Fn(usize, usize),
) -> Vec<Line> {
    let mut places: Vec<(Place, Role<'a>)> = Vec::new();
    places.extend(config.webmail_front().into_iter().chain(config.mail_fronts()).map(|place| (place, Role::Front)));
    places.extend(config.public().map(|place| (place, Role::Public)));
    let trust = Trust(config.webmail.upstream_ca.as_deref());
    places.extend(config.upstream().map(|place| (place, Role::Behind(Some(trust)))));
    let behind =
        |backend: MailBackend<'a>| (backend.place, Role::Behind((!backend.is_pinned).then_some(Trust(backend.ca))));
    places.extend(config.mail_backends().map(behind));
    places.extend(named.backends.into_iter().map(|place| (place, Role::Behind(Some(Trust(ca))))));
    places.extend(named.outside.into_iter().map(|place| (place, Role::Outside)));

    let tried: Vec<Place> = places.iter().map(|(place, _)| place.clone()).collect();
    let outcomes = probe::all(&tried, progress);

    let mut lines = Vec::new();
    let authorities = Authorities::of_system(ca).unwrap_or_else(|error| {
        lines.push(Line::failure(Section::Certificate, "--ca", error));
        Authorities::none()
    });
    let host = config.public().map(|place| place.host);
    let seen = Seen { config, authorities, host, now: clock::now() };
    lines.extend(certificate::file(&config.tls, seen.host.as_deref(), &seen.authorities, seen.now));
    for ((place, role), outcome) in places.iter().zip(&outcomes) {
        let said = match role {
            Role::Front => seen.front(place, outcome),
            Role::Public => seen.public(place, outcome, &lines),
            Role::Behind(trust) => seen.behind(place, outcome, trust.as_ref()),
            Role::Outside => endpoints::outside(place, outcome),
        };
        lines.extend(said);
    }
    lines
}

/// The data for the evaluation of all places.
struct Seen<'a> {
    config: &'a ProxyConfig,
    authorities: Authorities,
    /// The public host of the webmail front.
    host: Option<String>,
    now: Timestamp,
}

impl Seen<'_> {
    fn front(&self, place: &Place, outcome: &Outcome) -> Vec<Line> {
        let at: Vec<String> = place.at.iter().map(ToString::to_string).collect();
        let subject = format!("{place} at {}", at.join(" or "));
        let not_ours = |message: String| {
            let advice = if self.config.has_load_balancers() {
                "if this host is in proxy_protocol_from, it is not answered without a PROXY header: try the public name; \
                 else journalctl -u postern-proxy -n 50"
            } else {
                "systemctl status postern-proxy; journalctl -u postern-proxy -n 50"
            };
            let line = if self.config.has_load_balancers() { Line::warning } else { Line::failure };
            vec![line(Section::Endpoints, &subject, &message).why("nobody gets in there").advice(advice)]
        };
        match outcome {
            Ok(heard) if heard.is_postern() => {
                let mut lines = endpoints::front(place, heard, Some(&self.config.endpoints));
                let (tls, host) = (&self.config.tls, self.host.as_deref());
                if place.service.tls {
                    let name = place.to_string();
                    lines.extend(certificate::shown(&name, &heard.chain, tls, host, &self.authorities, self.now));
                }
                lines
            }
            Ok(heard) => not_ours(format!("it is not Postern that answers: {}", endpoints::status(heard))),
            Err(silence) => not_ours(format!("the front does not answer: {silence}")),
        }
    }

    /// The findings for a public name. An intermediary may answer differently from the front; `before` has the front's
    /// findings.
    fn public(&self, place: &Place, outcome: &Outcome, before: &[Line]) -> Vec<Line> {
        let subject = format!("{place} by its name");
        match outcome {
            Ok(heard) if heard.is_postern() => {
                let lines = endpoints::front(place, heard, Some(&self.config.endpoints));
                if lines.iter().all(|line| before.iter().any(|said| said.message == line.message)) {
                    return vec![Line::ok(Section::Endpoints, subject, "leads to the same front")];
                }
                lines.into_iter().map(|line| Line { subject: subject.clone(), ..line }).collect()
            }
            Ok(heard) => {
                let message = format!("what the name leads to from here is not Postern: {}", endpoints::status(heard));
                let line = Line::failure(Section::Endpoints, &subject, message);
                let mut lines = vec![line.advice("look up where the name leads, and what stands before Postern there")];
                lines.extend(endpoints::outside(place, outcome));
                lines
            }
            Err(Silence::NoSuchHost(why) | Silence::Closed(why) | Silence::Broken(why)) => {
                let advice = format!("from elsewhere: postern check doors {place}/");
                vec![
                    Line::warning(Section::Endpoints, &subject, format!("it could not be tried from here: {why}"))
                        .advice(advice),
                ]
            }
        }
    }

    fn behind(&self, place: &Place, outcome: &Outcome, trust: Option<&Trust<'_>>) -> Vec<Line> {
        let failure = |message: String| Line::failure(Section::Backends, place.to_string(), message);
        let heard = match outcome {
            Ok(heard) => heard,
            Err(silence) => {
                let line = failure(format!("it does not answer: {silence}"));
                return vec![line.why("nobody can sign in through the front before it").advice("is it running?")];
            }
        };
        let mut lines = vec![endpoints::behind(place, heard)];
        lines.extend(listening::look(place));
        let Some(Trust(file)) = trust.filter(|_| place.service.tls) else { return lines };
        let distrust =
            |authorities: &Authorities| certificate::distrust(&heard.chain, Some(&place.host), authorities, self.now);
        let distrust = match file {
            Some(path) => Authorities::of_file(path).map_or_else(Some, |authorities| distrust(&authorities)),
            None => distrust(&self.authorities),
        };
        lines.extend(distrust.map(|why| {
            failure(format!("its certificate is not trusted: {why}"))
                .why("the proxy does not speak to it, so nobody can sign in there")
                .advice("name who has signed it: `upstream_ca` in [webmail], `backend_ca` in [imap] or [pop3]")
        }));
        lines
    }
}
