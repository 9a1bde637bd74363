//! The texts of messages: codes by SMS and e-mail, in the user's language.

use postern_rules::{Account, Platform, sent};
use postern_wire::Secret;

/// Lifetime of a code in minutes.
const MINUTES: i64 = sent::LIFETIME / 60;

/// The languages of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageLanguage {
    /// `en`
    English,
    /// `fr`
    French,
}

impl MessageLanguage {
    /// Parses a language tag; every language except French becomes English.
    pub fn parse(tag: Option<&str>) -> Self {
        if tag == Some("fr") { Self::French } else { Self::English }
    }

    /// The language that the account's owner has chosen, or else the language of the pages.
    pub fn of(account: &Account, pages: Option<&str>) -> Self {
        Self::parse(account.language.as_deref().or(pages))
    }

    /// Picks one of the two values.
    pub fn pick<T>(self, english: T, french: T) -> T {
        match self {
            Self::English => english,
            Self::French => french,
        }
    }
}

/// The name by which users know this service.
pub fn place<'a>(account: &'a Account, platform: &'a Platform) -> &'a str {
    if platform.policy.issuer.is_empty() { account.mailbox.domain() } else { &platform.policy.issuer }
}

/// The text of an SMS. With a host, its last line lets a phone fill the code in on that host's pages only
/// (<https://wicg.github.io/sms-one-time-codes/>).
pub fn sms(language: MessageLanguage, place: &str, code: &str, host: Option<&str>) -> Secret {
    let text = language.pick(
        format!("{code} is your code for {place}. It is good for {MINUTES} minutes. Give it to nobody."),
        format!("{code} est votre code pour {place}, valable {MINUTES} minutes. Ne le donnez à personne."),
    );
    Secret::from(match host {
        Some(host) => format!("{text}\n\n@{host} #{code}"),
        None => text,
    })
}

/// The subject and the text of an e-mail. The subject does not contain the code, since lock screens show subjects.
pub fn mail(language: MessageLanguage, place: &str, mailbox: &str, code: &str) -> (String, Secret) {
    let subject = language.pick(format!("Your code for {place}"), format!("Votre code pour {place}"));
    let text = language.pick(
        format!(
            "Code for {mailbox}:\n\n    {code}\n\nIt is good for {MINUTES} minutes, in the window that asked for it. \
             Nobody from {place} will ever ask you for it.\n\nIf you did not ask for a code, somebody knows your \
             password: change it.\n"
        ),
        format!(
            "Code pour {mailbox}\u{a0}:\n\n    {code}\n\nIl est valable {MINUTES} minutes, dans la fenêtre qui l’a demandé. \
             Personne de {place} ne vous le demandera jamais.\n\nSi vous n’avez pas demandé de code, quelqu’un connaît \
             votre mot de passe\u{a0}: changez-le.\n"
        ),
    );
    (subject, Secret::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_fits_into_one_sms_and_ends_so_that_phones_fill_it_in() {
        for language in [MessageLanguage::English, MessageLanguage::French] {
            let text = sms(language, "example.com", "123456", Some("webmail.example.com"));
            assert!(text.reveal().ends_with("\n\n@webmail.example.com #123456"), "{text:?}");
            // A message has 160 characters of the GSM 7-bit alphabet, which includes é and à.
            assert!(text.reveal().chars().count() <= 160, "{}", text.reveal());
            assert!(text.reveal().chars().all(|c| c.is_ascii() || "éà".contains(c)), "{}", text.reveal());
        }
    }

    #[test]
    fn a_subject_does_not_hold_the_code() {
        for language in [MessageLanguage::English, MessageLanguage::French] {
            let (subject, text) = mail(language, "example.com", "bob@example.com", "123456");
            assert!(!subject.contains("123456") && text.reveal().contains("\n    123456\n"));
        }
    }
}
