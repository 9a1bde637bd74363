//! Tests of the evaluation, with given answers.

use super::*;
use crate::place;
use crate::probe::ENDPOINTS;
use postern_wire::admin::Level;

const CSP: &str = "Content-Security-Policy: default-src 'none'\r\nContent-Type: text/css\r\n";
const ASKED: &str = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"mail\", charset=\"UTF-8\"";
const EXCHANGE: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n\
                        WWW-Authenticate: Basic realm=\"mail\"\r\nX-FEServer: EX01\r\n\r\n";

fn answer(text: &str) -> Result<Answer, Silence> {
    Ok(Answer::read(text.as_bytes()).unwrap())
}

fn ours(rest: &str) -> Result<Answer, Silence> {
    answer(&format!("HTTP/1.1 {rest}\r\n{CSP}\r\n"))
}

fn place() -> Place {
    place::read("https://mail.example.com").unwrap().remove(0)
}

/// A web server that answers every endpoint with `other`, except `special`.
fn web(own: Result<Answer, Silence>, other: &str, special: (&str, Result<Answer, Silence>)) -> Heard {
    let (path, answered) = special;
    let endpoints = ENDPOINTS.map(|endpoint| {
        let answer = if endpoint.path == path { answered.clone() } else { answer(other) };
        (endpoint, answer)
    });
    let endpoints = endpoints.into();
    Heard { chain: vec![], said: Said::Web { ours: own.unwrap(), endpoints, sign_ins: vec![] } }
}

/// A front with all endpoints closed, except this one.
fn front_with(path: &str, answered: Result<Answer, Silence>) -> Heard {
    web(ours("200 OK"), &format!("HTTP/1.1 403 Forbidden\r\n{CSP}\r\n"), (path, answered))
}

fn levels(lines: &[Line]) -> Vec<(Level, &str)> {
    lines.iter().map(|line| (line.level, line.message.as_str())).collect()
}

#[test]
fn the_words_of_an_endpoint() {
    let front = ours("200 OK").unwrap();
    let asks = |schemes: &str| Way::Asks(schemes.to_owned());
    for (answered, expected) in [
        (ours("403 Forbidden"), Way::Closed),
        (ours("404 Not Found"), Way::Closed),
        (ours(ASKED), Way::AppPassword),
        (ours("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"mail\""), asks("Basic")),
        (ours(&format!("{ASKED}\r\nWWW-Authenticate: NTLM")), asks("Basic, NTLM")),
        (answer(&format!("HTTP/1.1 {ASKED}\r\n\r\n")), asks("Basic")),
        (answer(EXCHANGE), asks("Negotiate, NTLM, Basic")),
        (answer("HTTP/1.1 200 OK\r\n\r\n"), Way::Answers),
        (answer("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), Way::Refuses(302)),
        (answer("HTTP/1.1 403 Forbidden\r\n\r\n"), Way::Refuses(403)),
        (answer("HTTP/1.1 401 Unauthorized\r\n\r\n"), Way::Refuses(401)),
        (answer("HTTP/1.1 502 Bad Gateway\r\n\r\n"), Way::Fails("it answers 502".to_owned())),
        (Err(Silence::Broken("late".to_owned())), Way::Fails("late".to_owned())),
    ] {
        assert_eq!(way(&answered, Some(&front)), expected, "{answered:?}");
        // No answer counts as Postern's if Postern's page is missing.
        assert!(!matches!(way(&answered, None), Way::Closed | Way::AppPassword), "{answered:?}");
    }
}

#[test]
fn a_closed_front_is_one_line() {
    let heard = front_with("/OAB/", ours(ASKED));
    let lines = front(&place(), &heard, None);
    let [(Level::Ok, text)] = levels(&lines)[..] else { panic!("{lines:?}") };
    assert!(
        text.contains("closed: /EWS/Exchange.asmx, ") && text.ends_with("opened by app passwords: /OAB/"),
        "{text}"
    );
}

#[test]
fn an_endpoint_that_leads_around_is_a_failure_whatever_the_configuration_says() {
    let heard = front_with("/EWS/Exchange.asmx", answer(EXCHANGE));
    let closed = Openings::new();
    let networks = Opening::Networks(vec!["10.0.0.0/8".parse().unwrap()]);
    let open = Openings::from([("ews", networks)]);
    for (openings, level) in [(None, Level::Failure), (Some(&closed), Level::Failure), (Some(&open), Level::Warning)] {
        let lines = front(&place(), &heard, openings);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[1].level, level, "{openings:?}");
        assert!(lines[1].message.contains("/EWS/Exchange.asmx") && lines[1].message.contains("NTLM, Basic"));
        assert!(!lines[0].message.contains("/EWS"), "{}", lines[0].message);
    }
    let lines = front(&place(), &front_with("/api/", answer("HTTP/1.1 200 OK\r\n\r\n")), None);
    assert!(matches!(levels(&lines)[1], (Level::Failure, text) if text.contains("something else answers")));
}

#[test]
fn an_app_password_is_asked_for_just_where_the_configuration_says_so() {
    let heard = front_with("/EWS/Exchange.asmx", ours(ASKED));
    let closed = front_with("/EWS/Exchange.asmx", ours("403 Forbidden"));
    let open = Openings::from([("ews", Opening::AppPassword)]);
    for (openings, good, bad) in [(&open, &heard, &closed), (&Openings::new(), &closed, &heard)] {
        assert_eq!(front(&place(), good, Some(openings)).len(), 1);
        let lines = front(&place(), bad, Some(openings));
        assert!(matches!(levels(&lines)[1], (Level::Warning, text) if text.contains("`ews` is")), "{lines:?}");
        assert!(lines[1].why.contains("another configuration"), "{lines:?}");
    }
}

#[test]
fn a_server_of_its_own_leads_around() {
    let not_ours = || answer("HTTP/1.1 404 Not Found\r\n\r\n");
    let gone = "HTTP/1.1 404 Not Found\r\n\r\n";
    let mut heard = web(not_ours(), gone, ("/mapi/emsmdb", answer(EXCHANGE)));
    let Said::Web { sign_ins, .. } = &mut heard.said else { unreachable!() };
    sign_ins.push(SignIn { path: "/", product: "Roundcube" });
    let behind = behind(&place(), &heard);
    assert_eq!(behind.level, Level::Ok);
    assert!(behind.message.contains("/mapi/emsmdb") && behind.advice.contains("check doors"), "{behind:?}");
    let lines = outside(&place(), &Ok(heard));
    let [(Level::Failure, page), (Level::Failure, endpoint)] = levels(&lines)[..] else { panic!("{lines:?}") };
    assert!(page.contains("Roundcube") && endpoint.contains("Negotiate, NTLM, Basic"), "{page} {endpoint}");

    let lines = outside(&place(), &Ok(web(not_ours(), gone, ("/api/", not_ours()))));
    assert!(matches!(levels(&lines)[..], [(Level::Ok, _)]), "{lines:?}");
}

#[test]
fn a_place_that_cannot_be_judged_is_not_fine() {
    for (silence, level) in [
        (Silence::Closed("refused".to_owned()), Level::Ok),
        (Silence::NoSuchHost("unknown".to_owned()), Level::Failure),
        (Silence::Broken("no TLS".to_owned()), Level::Warning),
    ] {
        assert_eq!(outside(&place(), &Err(silence.clone()))[0].level, level, "{silence:?}");
    }
}

#[test]
fn a_mail_server_that_greets_by_itself_leads_around() {
    for (text, greeting, level) in [
        ("imaps://a", "* OK [CAPABILITY IMAP4rev1] Postern is ready", Level::Ok),
        ("imaps://a", "* OK [CAPABILITY IMAP4rev1] Dovecot ready.", Level::Failure),
        ("pop3://a", "+OK Dovecot ready.", Level::Failure),
        ("submission://a", "220 mx ESMTP Postfix", Level::Warning),
    ] {
        let place = place::read(text).unwrap().remove(0);
        let heard = Heard { chain: vec![], said: Said::Mail(greeting.to_owned()) };
        assert_eq!(outside(&place, &Ok(heard))[0].level, level, "{greeting}");
    }
}

#[test]
fn an_endpoint_that_is_open_to_networks_is_warned_of() {
    let open = |networks: &str| Openings::from([("ews", Opening::Networks(vec![networks.parse().unwrap()]))]);
    assert_eq!(levels(&policy(&open("10.0.0.0/8"))), [(Level::Warning, "it is open to 10.0.0.0/8")]);
    assert_eq!(levels(&policy(&open("::/0"))), [(Level::Failure, "it is open to everybody")]);
    assert!(policy(&Openings::from([("ews", Opening::Closed)])).is_empty());
}
