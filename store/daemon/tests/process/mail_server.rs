//! A front with an upstream mail server: it checks the passwords that the daemon sends.

use crate::calls::{DEADLINE, connect};
use crate::home::Running;
use postern_wire::admin::Empty;
use postern_wire::auth::{self, CheckOutcome, PasswordChecked, PasswordChecks};
use std::sync::mpsc;

/// Offers to check passwords, from now until the daemon ends: `judge` acts as the mail server.
pub(crate) fn offer_checks(
    posternd: &Running<'_>,
    judge: impl Fn(&str, &str) -> Option<CheckOutcome> + Send + 'static,
) {
    let socket = posternd.home.auth();
    let (heard, ready) = mpsc::channel();
    std::thread::spawn(move || {
        connect(&socket).call_more(auth::INTERFACE, "CheckPasswords", &Empty {}, |PasswordChecks { check }| {
            let Some(check) = check else {
                let _ = heard.send(());
                return;
            };
            if let Some(outcome) = judge(&check.mailbox, check.password.reveal()) {
                let checked = PasswordChecked { id: check.id, outcome };
                connect(&socket).call::<Empty>(auth::INTERFACE, "PasswordChecked", &checked).unwrap();
            }
        })
    });
    ready.recv_timeout(DEADLINE).expect("the offer was not heard");
}

/// Accepts one password for all mailboxes.
pub(crate) fn only_right(password: &'static str) -> impl Fn(&str, &str) -> Option<CheckOutcome> {
    move |_, typed| Some(if typed == password { CheckOutcome::Accepted } else { CheckOutcome::Refused })
}
