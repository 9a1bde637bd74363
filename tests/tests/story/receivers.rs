//! What is sent to people, where it arrives: a telephone behind an HTTP gateway, and a mailbox at another provider, once
//! with a Postfix of Debian's before it. In both languages, from the number that is typed to the sign-in.

use super::person::Person;
use super::{SECURITY, world, world_with_receivers};
use postern_tests::World;
use postern_tests::backend::private_directory;
use postern_tests::browser::Look;
use postern_tests::postfix::Postfix;
use postern_tests::receivers::Message;

const NUMBER: &str = "+44612345678";
const ADDRESS: &str = "alice@elsewhere.example";
/// Seconds until another code may be sent to the same number or address.
pub(super) const AGAIN: i64 = 30;

/// What a message says in a language, `CODE` for the code and `MAILBOX` for whose it is.
struct Said {
    language: &'static str,
    text: &'static str,
    subject: &'static str,
    mail: &'static str,
}

const SAID: [Said; 2] = [
    Said {
        language: "en",
        text: "CODE is your code for example.com. It is good for 10 minutes. Give it to nobody.\n\n@localhost #CODE",
        subject: "Your code for example.com",
        mail: "Code for MAILBOX:\n\n    CODE\n\nIt is good for 10 minutes, in the window that asked for it. Nobody from \
               example.com will ever ask you for it.\n\nIf you did not ask for a code, somebody knows your password: \
               change it.\n",
    },
    Said {
        language: "fr",
        text: "CODE est votre code pour example.com, valable 10 minutes. Ne le donnez à personne.\n\n@localhost #CODE",
        subject: "Votre code pour example.com",
        mail: "Code pour MAILBOX\u{a0}:\n\n    CODE\n\nIl est valable 10 minutes, dans la fenêtre qui l’a demandé. \
               Personne de example.com ne vous le demandera jamais.\n\nSi vous n’avez pas demandé de code, quelqu’un \
               connaît votre mot de passe\u{a0}: changez-le.\n",
    },
];

impl Said {
    /// The code in a text, which is word for word this one.
    #[track_caller]
    fn texted(&self, message: &Message) -> String {
        let code = message.code().unwrap();
        assert_eq!((message.to.as_str(), &message.text), (NUMBER, &self.text.replace("CODE", &code)));
        code
    }

    /// The code in a mail, which is word for word this one.
    #[track_caller]
    fn mailed(&self, message: &Message, mailbox: &str) -> String {
        let code = message.code().unwrap();
        assert_eq!((message.to.as_str(), message.subject.as_str()), (ADDRESS, self.subject));
        let text = message.text.replace("\r\n", "\n");
        assert_eq!(text.trim_end(), self.mail.replace("CODE", &code).replace("MAILBOX", mailbox).trim_end());
        code
    }
}

#[tokio::test]
async fn a_number_and_an_address_from_the_first_code_to_the_sign_in() {
    let mut world = world_with_receivers();
    for (said, name) in SAID.iter().zip(["alice", "bob"]) {
        let mailbox = world.mailbox(name);
        world.enable(&mailbox);
        let person = Person::at(&world, Look::DESKTOP.in_language(said.language)).await;
        let page = |name: &str| format!("receivers-{name}");
        let text = |world: &World| said.texted(&world.receivers().next("sms", |_| true).unwrap());
        let mail = |world: &World| said.mailed(&world.receivers().next("mail", |_| true).unwrap(), &mailbox.name);

        // The number is confirmed by the code that comes to it.
        person.signs_in(&mailbox).await;
        person.follows_and_looks("button[value=sms]", &page("number")).await;
        person.types("#to", NUMBER).await;
        person.follows_and_looks("button.main", &page("number-sent")).await;
        person.answers(&text(&world)).await;
        person.saves_codes().await;
        person.is_in(&mailbox).await;
        person.signs_out().await;

        // Signed in by SMS; another code voids the first.
        world.move_clock(AGAIN).unwrap();
        person.signs_in(&mailbox).await;
        person.looks_at(&page("sms")).await;
        let first = text(&world);
        world.move_clock(AGAIN).unwrap();
        person.goes_to("/postern/code").await;
        person.follows("button[form=another]").await;
        let second = text(&world);
        person.answers(&first).await;
        person.sees("#code-problem").await;
        person.looks_at(&page("sms-old")).await;
        person.gets_in(&second, &mailbox).await;

        // An address is added, and signed in by from then on.
        person.goes_to(SECURITY).await;
        person.follows_and_looks("[value=email]", &page("address")).await;
        person.types("#to", ADDRESS).await;
        person.follows_and_looks("button.main", &page("prove-address")).await;
        person.answers_and_looks(&text(&world), &page("address-sent")).await;
        person.answers(&mail(&world)).await;
        person.is_at(SECURITY).await;
        person.looks_at(&page("security")).await;
        person.goes_to("/?_task=mail").await;
        person.is_in(&mailbox).await;
        person.signs_out().await;
        world.move_clock(AGAIN).unwrap();
        person.signs_in(&mailbox).await;
        person.looks_at(&page("email")).await;
        let code = mail(&world);
        person.follows_and_looks("a[href='/postern/methods']", &page("methods")).await;
        let listed = person.reads("main").await;
        assert!(listed.contains("+44 ••••••678") && !listed.contains(NUMBER), "{listed}");
        // What is sent by another method leaves the first code good.
        let id = world.method_id(&mailbox, "kind", "sms");
        person.follows(&format!("button[value='{id}']")).await;
        text(&world);
        person.goes_to("/postern/methods").await;
        let id = world.method_id(&mailbox, "kind", "email");
        person.follows(&format!("button[value='{id}']")).await;
        person.gets_in(&code, &mailbox).await;
    }
    assert_eq!(world.receivers().take().len(), 0, "nothing was sent that nobody asked for");
}

/// A real mail server of Debian's, which takes mail with TLS only, and whose certificate is looked at.
#[tokio::test]
async fn a_mail_goes_through_postfix() {
    let mut world = world();
    let directory = private_directory().unwrap();
    let postfix = Postfix::start(directory.path(), &world.certificates).unwrap();
    world.configure_posternd(|text| text.to_owned() + &postfix.configuration()).unwrap();
    let alice = world.mailbox("alice");
    for said in &SAID {
        world.admin(&format!("account reset {}", alice.name));
        let person = Person::signed_in(&world, Look::DESKTOP.in_language(said.language), &alice).await;
        person.follows("button[value=email]").await;
        person.types("#to", ADDRESS).await;
        person.follows("button.main").await;
        let code = said.mailed(&postfix.next().unwrap(), &alice.name);
        person.answers(&code).await;
        person.saves_codes().await;
        person.is_in(&alice).await;
        person.signs_out().await;
        world.move_clock(AGAIN).unwrap();
        person.signs_in(&alice).await;
        person.gets_in(&said.mailed(&postfix.next().unwrap(), &alice.name), &alice).await;
        world.move_clock(AGAIN).unwrap();
    }
}
