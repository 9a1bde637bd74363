//! The messages of fronts and of the administrator, with default values: about Alice, at the webmail, from no
//! particular address. A test sets the fields that matter to it with `..`.

use crate::people::ALICE;
use postern_wire::Secret;
use postern_wire::admin::{Action, ChangeAccount, CreateAppPassword};
use postern_wire::auth::{Answer, AnswerField, Ask, Channel, Confirm, Origin, Prepare};
use postern_wire::security::OpenRequest;

/// Asks whether a code is needed.
pub(crate) fn ask_of(name: &str, channel: Channel, origin: &Origin) -> Ask {
    Ask { name: name.to_owned(), channel, origin: origin.clone(), ..Ask::default() }
}

/// Answers with a code.
pub(crate) fn answer_of(name: &str, channel: Channel, code: &str) -> Answer {
    Answer { name: name.to_owned(), channel, code: Secret::from(code), ..Answer::default() }
}

/// The same for Alice at the webmail, to a challenge if there is one.
pub(crate) fn answer_to(challenge: Option<&Secret>, origin: &Origin, code: &str) -> Answer {
    let (challenge, origin) = (challenge.cloned(), origin.clone());
    Answer { challenge, origin, ..answer_of(ALICE, Channel::Webmail, code) }
}

/// A field that contains a password and a code.
pub(crate) fn field_of(name: &str, channel: Channel, text: &str) -> AnswerField {
    AnswerField { name: name.to_owned(), channel, origin: Origin::default(), text: Secret::from(text) }
}

/// Prepares a method for Alice: a code is sent, or a challenge for a key is created.
pub(crate) fn prepare_of(method: &str, origin: &Origin) -> Prepare {
    Prepare {
        name: ALICE.to_owned(),
        channel: Channel::Webmail,
        origin: origin.clone(),
        method: method.to_owned(),
        challenge: None,
        language: Some("fr".to_owned()),
        site: None,
    }
}

/// Completes an enrolment.
pub(crate) fn confirm_of(name: &str, ticket: &Secret, code: &str) -> Confirm {
    Confirm {
        name: name.to_owned(),
        channel: Channel::Webmail,
        origin: Origin::default(),
        ticket: ticket.clone(),
        code: Secret::from(code),
        description: "phone".to_owned(),
    }
}

/// Opens a request for a reset of Alice's account.
pub(crate) fn request_of() -> OpenRequest {
    OpenRequest {
        name: ALICE.to_owned(),
        channel: Channel::Webmail,
        origin: Origin::default(),
        contact: "+44 612 345 678".to_owned(),
        reason: "My phone fell into the sea".to_owned(),
        evidence: "My manager knows me".to_owned(),
        language: None,
    }
}

/// Changes the state of an account.
pub(crate) fn change_of(mailbox: &str, action: Action) -> ChangeAccount {
    ChangeAccount { mailbox: mailbox.to_owned(), action, hours: None, dry_run: false, enrolment_code: false }
}

/// Creates an app password for Alice, who has this password at the mail server.
pub(crate) fn app_password_of(password: &str) -> CreateAppPassword {
    CreateAppPassword {
        mailbox: ALICE.to_owned(),
        password: Secret::from(password),
        unchecked: false,
        description: "Alice's phone".to_owned(),
        expires: None,
        networks: Vec::new(),
    }
}
