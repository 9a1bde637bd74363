//! Text messages through an HTTP gateway.

use crate::faults::{Faulty, Step};
use crate::http_gateway::HttpGateway;
use crate::tls::Certificate;
use crate::{NOW, NUMBER, SOON, records, refused, secret_file, send_text, senders, text, unavailable};
use posternd::config::Config;
use posternd::notify::senders::{SendError, Senders};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// A configuration for text messages through the gateway at this port, with the lines `more`.
fn sms(scheme: &str, port: u16, target: &str, more: &str) -> String {
    format!("[sms]\nurl = \"{scheme}://127.0.0.1:{port}{target}\"\n{more}")
}

/// A Twilio-compatible gateway, with TLS of a private CA, a user name and a password.
#[tokio::test]
async fn a_form_is_posted_with_a_password() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(dir.path());
    let gateway = HttpGateway::start(Some(&certificate)).await;
    gateway.answers(201, "{\"sid\":\"SM1\",\"status\":\"queued\"}");
    let password = secret_file(dir.path(), "password", "s3cret");
    let form = r#"headers = { Content-Type = "application/x-www-form-urlencoded" }
        body = "To={number}&From=%2B44700900000&Body={text}""#;
    let more = format!("{form}\nuser = \"AC1\"\npassword_file = {password:?}\nca = {:?}\n", certificate.ca);
    let senders = senders(&sms("https", gateway.port, "/2010-04-01/Accounts/AC1/Messages.json", &more));
    send_text(&senders).await.unwrap();
    let [asked] = &gateway.asked()[..] else { panic!() };
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/2010-04-01/Accounts/AC1/Messages.json"));
    assert_eq!(asked.headers["host"], format!("127.0.0.1:{}", gateway.port));
    assert_eq!(asked.headers["authorization"], "Basic QUMxOnMzY3JldA==");
    let wanted = "To=%2B44612345678&From=%2B44700900000&Body=Votre%20code%20%22%C3%89t%C3%A9%22%20%5C%20%26%20%3D%20%25\
                  %20%2B%20%3A%20246810%0A%0A%40webmail.example.com%20%23246810";
    assert_eq!(asked.body, wanted);
}

#[tokio::test]
async fn ovhclouds_request_is_json_and_signed() {
    let dir = tempfile::tempdir().unwrap();
    let gateway = HttpGateway::start(None).await;
    let request = r#"headers = { Content-Type = "application/json" }
        body = '{"message":"{text}","receivers":["{number}"],"sender":"Postern","noStopClause":true}'
        answer_has = '"invalidReceivers":[]'"#;
    let [secret, consumer] = ["as", "ck"].map(|name| secret_file(dir.path(), name, name));
    let keys = format!("application_secret_file = {secret:?}\nconsumer_key_file = {consumer:?}");
    let more = format!("{request}\n[sms.ovh]\napplication_key = \"ak\"\n{keys}\n");
    let senders = senders(&sms("http", gateway.port, "/1.0/sms/sms-ab12345-1/jobs", &more));
    gateway.answers(200, r#"{"totalCreditsRemoved":1,"invalidReceivers":[],"ids":[1],"validReceivers":["+1"]}"#);
    send_text(&senders).await.unwrap();
    gateway.answers(200, r#"{"totalCreditsRemoved":0,"invalidReceivers":["+44612345678"],"ids":[]}"#);
    assert!(refused(send_text(&senders).await).contains("without `answer_has`"));
    let asked = &gateway.asked()[0];
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((&body["message"], &body["receivers"][0]), (&text().reveal().into(), &NUMBER.into()));
    assert_eq!(asked.headers["x-ovh-application"], "ak");
    assert_eq!(asked.headers["x-ovh-consumer"], "ck");
    assert_eq!(asked.headers["x-ovh-timestamp"], NOW.0.to_string());
    // The same, computed independently.
    let url = format!("http://127.0.0.1:{}/1.0/sms/sms-ab12345-1/jobs", gateway.port);
    let signed = dir.path().join("signed");
    std::fs::write(&signed, format!("as+ck+POST+{url}+{}+{}", asked.body, NOW.0)).unwrap();
    let sum = std::process::Command::new("sha1sum").arg(&signed).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap();
    assert_eq!(asked.headers["x-ovh-signature"], format!("$1${}", &sum[..40]));
}

#[tokio::test]
async fn a_request_may_stand_in_the_url() {
    let dir = tempfile::tempdir().unwrap();
    let gateway = HttpGateway::start(None).await;
    let password = secret_file(dir.path(), "password", "s3cret&x");
    let more = format!(
        "headers = {{ X-Token = \"Bearer {{PASSWORD}}\" }}\nanswer_has = \"OK\"\n\
         secret_files = {{ PASSWORD = {password:?} }}\n"
    );
    let target = "/http2sms.cgi?to={digits}&message={text}&password={PASSWORD}";
    let senders = senders(&sms("http", gateway.port, target, &more));
    send_text(&senders).await.unwrap();
    let asked = &gateway.asked()[0];
    assert_eq!((asked.method.as_str(), asked.body.as_str()), ("GET", ""));
    assert_eq!(asked.headers["x-token"], "Bearer s3cret&x");
    let target = &asked.target;
    assert!(target.starts_with("/http2sms.cgi?to=44612345678&message=Votre%20code%20%22"), "{target}");
    assert!(target.ends_with("%23246810&password=s3cret%26x"), "{target}");
    // A gateway that repeats the request.
    gateway.answers(200, &format!("KO +44612345678 {} s3cret&x", text().reveal()));
    assert!(refused(send_text(&senders).await).contains("something with a secret in it"));
    gateway.answers(400, &format!("no: +44612345678 {} {target}", text().reveal()));
    assert!(refused(send_text(&senders).await).contains("400 Bad Request and says “no: +###########"));
}

fn simple(port: u16) -> String {
    sms("http", port, "/?{number}={text}", "")
}

#[tokio::test]
async fn each_answer_has_its_meaning_and_is_asked_for_once() {
    let gateway = HttpGateway::start(None).await;
    let senders = senders(&simple(gateway.port));
    let mut times = 0;
    for (status, is_refused, says) in [
        (400, true, "400 Bad Request"),
        (422, true, "422"),
        (301, false, "where that leads to"),
        (401, false, "keys and passwords"),
        (403, false, "keys and passwords"),
        (404, false, "[sms] url"),
        (429, false, "429"),
        (500, false, "is not known"),
        (503, false, "is not known"),
    ] {
        gateway.answers(status, "no");
        let outcome = send_text(&senders).await;
        let why = if is_refused { refused(outcome) } else { unavailable(outcome) };
        assert!(why.contains(says) && why.contains("+…78") && why.contains("“no”"), "{why}");
        times += 1;
        assert_eq!(gateway.asked().len(), times, "{why}");
    }
    gateway.answers(202, "");
    send_text(&senders).await.unwrap();
    assert!(refused(senders.text(NOW, "+44 61\r\n", &text()).await).contains("international format"));
    assert_eq!(gateway.asked().len(), times + 1);
}

#[tokio::test]
async fn an_untrusted_certificate_gets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let gateway = HttpGateway::start(Some(&Certificate::new(dir.path()))).await;
    let other = tempfile::tempdir().unwrap();
    let ca = Certificate::new(other.path()).ca;
    for ca in [format!("ca = {ca:?}"), String::new()] {
        let senders = senders(&sms("https", gateway.port, "/?{number}={text}", &ca));
        let why = unavailable(send_text(&senders).await);
        assert!(why.contains("could not be sent") && why.contains("name that in `ca`"), "{why}");
    }
    assert!(gateway.asked().is_empty());
}

const REQUEST: Step = Step::Hear("\r\n\r\n");

/// A failure after the request was sent is never a reason to send it again.
#[tokio::test]
async fn a_broken_answer_is_not_asked_for_again() {
    for steps in [
        &[REQUEST, Step::Reset][..],
        &[REQUEST, Step::Say("SSH-2.0-OpenSSH_9.2\r\n\r\n")],
        &[REQUEST, Step::Say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), Step::Reset],
        &[REQUEST, Step::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")],
    ] {
        let gateway = Faulty::start(steps).await;
        let senders = senders(&format!("{}answer_has = \"OK\"\n", simple(gateway.port)));
        let why = unavailable(send_text(&senders).await);
        assert!(why.contains("whether a text to +…78 was sent is not known"), "{why}");
        assert_eq!(gateway.heard().len(), 1, "{steps:?}");
    }
}

#[tokio::test]
async fn a_gateway_that_hangs_is_given_up() {
    for steps in [
        &[REQUEST, Step::Hang][..],
        &[REQUEST, Step::Say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), Step::Hang],
    ] {
        let gateway = Faulty::start(steps).await;
        let senders = senders(&format!("{}answer_has = \"OK\"\n", simple(gateway.port)));
        let (outcome, ()) = tokio::join!(send_text(&senders), gateway.let_time_pass());
        let why = unavailable(outcome);
        assert!(why.contains("did not answer within 10 s"), "{why}");
        assert_eq!(gateway.heard().len(), 1);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_for_ever() {
    let endless = [REQUEST, Step::Say("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"), Step::Flood];
    let gateway = Faulty::start(endless).await;
    let senders = senders(&format!("{}answer_has = \"OK\"\n", simple(gateway.port)));
    let why = unavailable(send_text(&senders).await);
    assert!(why.contains("cannot be read: length limit exceeded"), "{why}");
}

/// Sends a text message to a gateway that answers in this way over TLS; `answer_has = "OK"` means that it was accepted.
async fn send_to(certificate: &Certificate, steps: &[Step]) -> Result<(), SendError> {
    let gateway = Faulty::behind(Some(certificate.acceptor.clone()), steps).await;
    let more = format!("answer_has = \"OK\"\nca = {:?}\n", certificate.ca);
    let senders = senders(&sms("https", gateway.port, "/?{number}={text}", &more));
    let outcome = send_text(&senders).await;
    assert_eq!(gateway.heard().len(), 1, "{steps:?}");
    outcome
}

/// Nothing that could follow would revoke it.
#[tokio::test]
async fn an_answer_that_says_enough_counts_however_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(dir.path());
    for steps in [
        &[REQUEST, Step::Say("HTTP/1.0 200 OK\r\n\r\nOK: 1 text"), Step::Leave][..],
        &[REQUEST, Step::Say("HTTP/1.1 200\r\nConnection: close\r\n\r\nstatus=OK"), Step::Leave],
        &[REQUEST, Step::Say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK"), Step::Leave],
        &[REQUEST, Step::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n"), Step::Leave],
        &[REQUEST, Step::Say("HTTP/1.0 200 OK\r\n\r\nOK"), Step::Hang],
        &[REQUEST, Step::Say("HTTP/1.0 200 OK\r\n\r\nOK"), Step::Flood],
    ] {
        send_to(&certificate, steps).await.unwrap_or_else(|error| panic!("{steps:?}: {error}"));
    }
    for steps in [
        &[REQUEST, Step::Say("HTTP/1.0 400 No\r\n\r\nno such number"), Step::Leave][..],
        &[REQUEST, Step::Say("HTTP/1.0 422 No\r\nContent-Length: 99\r\n\r\n"), Step::Leave],
    ] {
        refused(send_to(&certificate, steps).await);
    }
    // The missing part may have contained it.
    for steps in [
        &[REQUEST, Step::Say("HTTP/1.0 200 OK\r\n\r\nyour text is O"), Step::Leave][..],
        &[REQUEST, Step::Say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"), Step::Leave],
        &[REQUEST, Step::Say("HTTP/1.1 200 OK\r\nX: OK"), Step::Leave],
        &[REQUEST, Step::Leave],
    ] {
        assert!(unavailable(send_to(&certificate, steps).await).contains("is not known"), "{steps:?}");
    }
}

/// The server at `port` starts shortly after the first attempt.
#[tokio::test]
async fn connecting_is_tried_again() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let senders = senders(&simple(port));
    tokio::time::pause();
    let receiver = async {
        // The clock stands still while there is work: the first attempt has failed when this time has passed.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        tokio::time::resume();
        drop(timeout(SOON, listener.accept()).await.unwrap().unwrap());
    };
    let (outcome, ()) = tokio::join!(send_text(&senders), receiver);
    assert!(unavailable(outcome).contains("broke off"));
}

#[tokio::test]
async fn a_budget_is_for_what_may_have_left() {
    let gateway = HttpGateway::start(None).await;
    let (records, config) = (records(), format!("{}daily_budget = 2\n", simple(gateway.port)));
    let config = Config::parse(&config).unwrap();
    let before = Senders::new(&config, records.clone()).unwrap();
    // Rejected because of a missing password: nothing was sent.
    gateway.answers(401, "");
    for _ in 0..3 {
        unavailable(send_text(&before).await);
    }
    gateway.answers(500, "");
    unavailable(send_text(&before).await);
    gateway.answers(200, "");
    // A restart.
    let senders = Senders::new(&config, records).unwrap();
    send_text(&senders).await.unwrap();
    let error = send_text(&senders).await.unwrap_err();
    assert!(matches!(error, SendError::Budget(_, most) if most.get() == 2), "{error}");
    assert!(error.to_string().contains("[sms] daily_budget"), "{error}");
    assert_eq!(gateway.asked().len(), 5);
    senders.text(NOW.plus(12 * 3600), NUMBER, &text()).await.unwrap();
}

#[tokio::test]
async fn a_text_goes_to_the_countries_that_are_named() {
    let gateway = HttpGateway::start(None).await;
    for (prefixes, goes) in [("\"+33\"", false), ("\"+33\", \"+446\"", true), ("\"+4461234567890\"", false)] {
        let senders = senders(&format!("{}prefixes = [{prefixes}]\n", simple(gateway.port)));
        match senders.text(NOW, "+44612345678", &text()).await {
            Ok(()) => assert!(goes, "{prefixes}"),
            Err(error) => assert!(!goes && error.to_string().contains("[sms] prefixes"), "{error}"),
        }
    }
    assert_eq!(gateway.asked().len(), 1);
}

#[tokio::test]
async fn who_is_not_there_costs_nothing() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let senders = senders(&format!("{}daily_budget = 1\n", simple(port)));
    for _ in 0..2 {
        let why = unavailable(send_text(&senders).await);
        assert!(why.contains("cannot be reached") && why.contains("Connection refused"), "{why}");
    }
}
