//! The story in Chromium.

use super::Site;
use crate::story::person::{Person, QR};
use postern_tests::browser::Look;
use postern_tests::mailboxes::Mailbox;
use postern_tests::wait;

const NAME: &str = "input[ng-model='app.creds.username']";
const PASSWORD: &str = "#passwordField";
const SUBMIT: &str = "#login button[type=submit]";
const SUBJECTS: &str = "#messagesList .sg-md-body";
const SIGN_OUT: &str = "a[href$='/logoff']";

/// Types both, once the page has finished moving its fields about.
async fn types(person: &Person, name: &str, password: &str) {
    person.goes_to("/").await;
    for (field, text) in [(NAME, name), (PASSWORD, password)] {
        let field = person.sees(field).await;
        let looks = wait::DEADLINE.as_millis() / wait::POLL.as_millis();
        for _ in 0..looks {
            if field.send_keys(text).await.is_ok() {
                break;
            }
            tokio::time::sleep(wait::POLL).await;
        }
        assert_eq!(field.prop("value").await.unwrap().as_deref(), Some(text));
    }
}

async fn signs_in(person: &Person, mailbox: &Mailbox) {
    types(person, &mailbox.name, &mailbox.password).await;
    person.follows(SUBMIT).await;
}

async fn is_in(person: &Person, mailbox: &Mailbox) {
    person.sees(SUBJECTS).await;
    let page = person.source().await;
    assert!(page.contains(&mailbox.private_subject()), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sets_up_a_phone_reads_mail_and_signs_out() {
    let mut site = Site::new();
    let alice = site.mailbox("alice");
    let person = Person::at(&site, Look::DESKTOP).await;

    types(&person, "alice", "not it").await;
    person.clicks(SUBMIT).await;
    person.sees("#login [ng-switch-when=error], #login .md-warn").await;
    assert_eq!(person.cookies().await, ["__Host-postern-login"]);

    // The first time: the phone is set up.
    signs_in(&person, &alice).await;
    let secret = person.photographs_secret(&mut site, "sogo-set-up").await;
    person.answers(&site.code(&secret).unwrap()).await;
    person.saves_codes().await;
    is_in(&person, &alice).await;
    person.browser.screenshot("sogo-mailbox").await.unwrap();
    let has = |names: &[String], name: &str| names.iter().any(|found| found == name);
    let names = person.cookies().await;
    assert!(has(&names, "XSRF-TOKEN") && !has(&names, "0xHIGHFLYxSOGo"), "{names:?}");

    person.follows(SIGN_OUT).await;
    person.sees(NAME).await;

    // From now on a code is asked for.
    signs_in(&person, &alice).await;
    person.is_at("/postern/code").await;
    person.does_not_see(QR).await;
    person.answers(&site.next_code(&secret)).await;
    is_in(&person, &alice).await;
}
