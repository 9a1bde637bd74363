//! Notices: e-mails to the owner of an account about a change of the account, so that a thief cannot change it
//! unnoticed. They are sent to the contact address and, if the platform's policy says so, to the mailbox.
//!
//! A notice contains no text that a user can choose, such as the name of a method or of an app password: the user who
//! changes the account may be the thief that the notice warns of, and could make this host send a text and a link of
//! their choice. A notice identifies the change by its kind, its time and the client's address.

use crate::actor::Actor;
use crate::clock;
use crate::notify::letter::Letter;
use crate::notify::texts::{MessageLanguage, place};
use postern_rules::notice::{self, Notice};
use postern_rules::{Account, KindName, Platform};
use postern_wire::Secret;
use std::net::IpAddr;

/// The no-break space before a French colon, so that no line begins with a colon.
const NO_BREAK: &str = "\u{a0}";

/// Returns the notices to send; none if no mail can be sent at all.
pub fn written(
    can_mail: bool,
    platform: &Platform,
    (before, next): (&Account, &Account),
    notices: &[Notice],
    actor: &Actor,
) -> Vec<Letter> {
    if !can_mail {
        return Vec::new();
    }
    let addresses = notice::addresses(before, next, platform);
    let language = MessageLanguage::of(before, next.language.as_deref().or(actor.language.as_deref()));
    let (place, mailbox) = (place(next, platform), next.mailbox.as_str());
    let texts = notices.iter().map(|it| text(it, language, place, mailbox, actor.address));
    let letters = texts.flat_map(|(subject, text)| {
        let letter = |to: &String| Letter {
            mailbox: mailbox.to_owned(),
            to: to.clone(),
            subject: subject.clone(),
            text: text.clone(),
        };
        addresses.iter().map(letter).collect::<Vec<_>>()
    });
    letters.collect()
}

/// Returns the subject and the text of a notice.
fn text(
    notice: &Notice,
    language: MessageLanguage,
    place: &str,
    mailbox: &str,
    from: Option<IpAddr>,
) -> (String, Secret) {
    let (subject, what) = match language {
        MessageLanguage::English => in_english(notice),
        MessageLanguage::French => in_french(notice),
    };
    let when = clock::rfc3339(clock::now());
    let from = from.map_or(String::new(), |address| format!(" ({address})"));
    let (colon, advice) = (language.pick("", NO_BREAK), advice(notice, language));
    let text = format!("{mailbox}{colon}: {what}\n\n{when}{from}\n\n{advice} {place}.\n");
    (format!("{place}: {subject}"), Secret::from(text))
}

/// Returns the advice of a notice, up to the name of the place where the administrator is.
fn advice(notice: &Notice, language: MessageLanguage) -> &'static str {
    match notice {
        // The owner has not done this either.
        Notice::KeyCopied => language.pick(
            "Whoever uses the copy knows your password: change your password now. Then sign in by another method, or \
             with a backup code, remove this key on the security page of the webmail, and register a new one there. \
             Tell your administrator at",
            "La personne qui utilise la copie connaît votre mot de passe\u{a0}: changez votre mot de passe maintenant. \
             Connectez-vous ensuite par une autre méthode ou avec un code de secours, supprimez cette clé sur la page \
             Sécurité du webmail et enregistrez-en une nouvelle. Prévenez votre administrateur chez",
        ),
        _ => language.pick(
            "If this was you, there is nothing to do. If it was not, change your password now, look at the security \
             page of the webmail, and tell your administrator at",
            "Si c’était vous, il n’y a rien à faire. Sinon, changez votre mot de passe maintenant, regardez la page \
             Sécurité du webmail et prévenez votre administrateur chez",
        ),
    }
}

fn in_english(notice: &Notice) -> (&'static str, String) {
    let kind = |kind: &KindName| match kind {
        KindName::Totp => "an authenticator app",
        KindName::Sms => "codes by SMS",
        KindName::Email => "codes by e-mail",
        KindName::Key => "a security key",
    };
    match notice {
        Notice::MethodAdded(it) => ("a new sign-in method", format!("{} was set up to sign in with.", kind(it))),
        Notice::MethodRemoved(it) => ("a sign-in method was removed", format!("{} was removed.", kind(it))),
        Notice::Reset => {
            let text = "an administrator took all sign-in methods away. The next sign-in sets up a new one.";
            ("sign-in methods reset", text.to_owned())
        }
        Notice::Removed => ("second factor switched off", "the password alone opens the mailbox now.".to_owned()),
        Notice::KeyCopied => {
            let text = "a security key is not accepted any more, since there is a copy of it: its counter went back. \
                        All sessions have ended.";
            ("a security key was copied", text.to_owned())
        }
        Notice::Suspended(until) => {
            ("second factor suspended", format!("no code is asked until {}.", clock::rfc3339(*until)))
        }
        Notice::BackupCodeUsed(left) => {
            ("a backup code was used", format!("somebody signed in with a backup code; {left} are left."))
        }
        Notice::BackupCodesMade => ("new backup codes", "there is a new set; the old codes are void.".to_owned()),
        Notice::AppPasswordMade => ("a new app password", "an app password was made, which mail apps use.".to_owned()),
        Notice::ContactChanged => {
            ("contact address changed", "notices like this one go elsewhere from now on.".to_owned())
        }
        Notice::RequestOpened => {
            let text = "somebody who knows the password says that all sign-in methods are lost, and asks for a reset.";
            ("a reset was asked for", text.to_owned())
        }
        Notice::NewBrowser(description) => {
            let what = "somebody signed in to the webmail from a browser that was not known here";
            ("a sign-in from a new browser", format!("{what}{}.", told(description, ": ")))
        }
    }
}

fn in_french(notice: &Notice) -> (&'static str, String) {
    let kind = |kind: &KindName| match kind {
        KindName::Totp => "une application d’authentification",
        KindName::Sms => "l’envoi de codes par SMS",
        KindName::Email => "l’envoi de codes par e-mail",
        KindName::Key => "une clé de sécurité",
    };
    match notice {
        Notice::MethodAdded(it) => ("nouvelle méthode de connexion", format!("méthode ajoutée\u{a0}: {}.", kind(it))),
        Notice::MethodRemoved(it) => {
            ("méthode de connexion supprimée", format!("méthode supprimée\u{a0}: {}.", kind(it)))
        }
        Notice::Reset => {
            let text = "un administrateur a retiré toutes les méthodes de connexion. La prochaine connexion en \
                        configure une nouvelle.";
            ("méthodes de connexion réinitialisées", text.to_owned())
        }
        Notice::Removed => {
            ("double authentification désactivée", "le mot de passe seul ouvre désormais la boîte.".to_owned())
        }
        Notice::KeyCopied => {
            let text = "une clé de sécurité n’est plus acceptée, car il en existe une copie\u{a0}: son compteur est \
                        revenu en arrière. Toutes les sessions ont été fermées.";
            ("clé de sécurité copiée", text.to_owned())
        }
        Notice::Suspended(until) => {
            let until = clock::rfc3339(*until);
            ("double authentification suspendue", format!("aucun code n’est demandé jusqu’au {until}."))
        }
        Notice::BackupCodeUsed(left) => {
            ("code de secours utilisé", format!("connexion avec un code de secours\u{202f}; il en reste {left}."))
        }
        Notice::BackupCodesMade => ("nouveaux codes de secours", "les anciens codes ne sont plus valables.".to_owned()),
        Notice::AppPasswordMade => {
            let text = "un mot de passe d’application a été créé pour un logiciel de messagerie.";
            ("nouveau mot de passe d’application", text.to_owned())
        }
        Notice::ContactChanged => {
            ("adresse de contact modifiée", "les avis comme celui-ci iront désormais ailleurs.".to_owned())
        }
        Notice::RequestOpened => {
            let text = "quelqu’un qui connaît le mot de passe dit avoir perdu toutes les méthodes de connexion et \
                        demande une réinitialisation.";
            ("réinitialisation demandée", text.to_owned())
        }
        Notice::NewBrowser(description) => {
            let what = "connexion au webmail depuis un navigateur encore inconnu ici";
            ("connexion depuis un nouveau navigateur", format!("{what}{}.", told(description, "\u{a0}: ")))
        }
    }
}

/// Formats the description that a browser gives of itself, if it is known.
fn told(description: &str, colon: &str) -> String {
    if description.is_empty() { String::new() } else { format!("{colon}{description}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_rules::app_password::{self, Sealed, Typed};
    use postern_rules::decide::administer::enable;
    use postern_rules::decide::answer::{Code, SignIn, answer};
    use postern_rules::decide::app_passwords::{Administrator, Made, add};
    use postern_rules::decide::methods::{Added, add_totp, remove_factor};
    use postern_rules::decision::Random;
    use postern_rules::name::{LookupName, Named};
    use postern_rules::notice::{Cause, of};
    use postern_rules::platform::Policy;
    use postern_rules::source::Source;
    use postern_rules::totp::Totp;
    use postern_rules::{AppPassword, Channel, Seed, Settled, Time, backup, factor, seed};

    const NOW: Time = Time(1_800_000_000);

    #[test]
    fn every_notice_says_whose_it_is_and_what_to_do() {
        let all = [
            Notice::MethodAdded(KindName::Totp),
            Notice::MethodRemoved(KindName::Key),
            Notice::KeyCopied,
            Notice::Reset,
            Notice::Removed,
            Notice::Suspended(NOW),
            Notice::BackupCodeUsed(3),
            Notice::BackupCodesMade,
            Notice::AppPasswordMade,
            Notice::ContactChanged,
            Notice::RequestOpened,
            Notice::NewBrowser("Firefox (Linux)".to_owned()),
            Notice::NewBrowser(String::new()),
        ];
        for notice in all {
            let [english, french] = [MessageLanguage::English, MessageLanguage::French]
                .map(|language| text(&notice, language, "example.com", "bob@example.com", "192.0.2.7".parse().ok()));
            for (subject, text) in [&english, &french] {
                assert!(subject.starts_with("example.com: ") && !subject.contains('\n'), "{subject}");
                assert!(text.reveal().starts_with("bob@example.com") && text.reveal().contains("192.0.2.7"));
            }
            assert_ne!(english.0, french.0);
            for text in [&french.0, french.1.reveal()] {
                assert!([" :", " ;", " !", " ?", "« ", " »", "“"].iter().all(|plain| !text.contains(plain)), "{text}");
            }
            assert!(english.1.reveal().contains("change your password") && french.1.reveal().contains("changez votre"));
        }
    }

    /// The name that the enrolling user has given to the method.
    const TYPED: &str = "Win a prize: https://evil.example";

    fn with_a_method(id: u8, before: &Account, platform: &Platform) -> (Account, Added) {
        let random = Random { id: [id; factor::ID_RANDOM], backup: [id; backup::RANDOM] };
        let totp = Totp::new(Seed::made_of([id; seed::SEED_LEN]));
        let added = add_totp(&Settled::of(before, platform, NOW), totp, TYPED, random);
        (added.next.unwrap(), added.verdict.unwrap())
    }

    #[test]
    fn no_notice_quotes_what_a_user_has_typed() {
        let domains = vec!["example.com".to_owned()];
        let (name, policy) = ("example".to_owned(), Policy::default());
        let platform = Platform { name, domains, netbios: Vec::new(), enabled: true, policy };
        let Ok(Named::Ours(mailbox, _)) = LookupName::new("bob@example.com").read(std::slice::from_ref(&platform), "")
        else {
            panic!()
        };
        let at = |account: &Account| Settled::of(account, &platform, NOW);
        let enrolling = enable(&at(&Account::new(mailbox, "example")), None).next.unwrap();
        let (one, first) = with_a_method(1, &enrolling, &platform);
        let (two, _) = with_a_method(2, &one, &platform);
        let removal = remove_factor(&at(&two), &two.factors[0].id);
        let typed = Typed::made_of(&zeroize::Zeroizing::new([7; app_password::RANDOM]));
        let sealed = Sealed { key: [9; 32], text: vec![1], at: NOW };
        let mut fresh = AppPassword::keep(&typed, &two.mailbox, sealed, NOW);
        TYPED.clone_into(&mut fresh.description);
        let app = add(&at(&two), Made { fresh, epoch: two.epoch, renewed: Vec::new() }, &Administrator);
        let source = Source { browser: Some([3; 32]), client: Some(TYPED), ..Source::default() };
        let sign_in = SignIn { channel: Channel::Webmail, source, trust: false };
        let code = &first.backup_codes.unwrap()[0];
        let signed_in = answer(&at(&two), sign_in, &Code { method: None, code, window: 1, session: None });
        let left = signed_in.verdict.unwrap().backup_codes_left.unwrap();
        let told = [
            of(&enrolling, &one, Cause::MethodAdded),
            of(&one, &two, Cause::MethodAdded),
            of(&two, &removal.next.unwrap(), Cause::Other),
            of(&two, &app.next.unwrap(), Cause::Other),
            of(&two, &signed_in.next.unwrap(), Cause::BackupCodeUsed(left)),
        ];
        for notice in told.iter().inspect(|notices| assert!(!notices.is_empty())).flatten() {
            for language in [MessageLanguage::English, MessageLanguage::French] {
                let (subject, text) = self::text(notice, language, "example.com", "bob@example.com", None);
                assert!(![&subject, text.reveal()].iter().any(|text| text.contains("evil")), "{notice:?}");
            }
        }
    }
}
