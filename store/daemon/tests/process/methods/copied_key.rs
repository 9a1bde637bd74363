//! A security key that has been copied.

#[path = "../../../../webauthn/tests/webauthn/soft_key.rs"]
#[expect(dead_code, reason = "the tests of WebAuthn do more with it")]
mod soft_key;

use super::{ADDRESS, NUMBER, begin, begin_to, proof_of, proven};
use crate::calls::Refuses;
use crate::home::Running;
use crate::messages::{answer_of, answer_to, confirm_of, prepare_of};
use crate::people::ALICE;
use crate::post::Post;
use postern_wire::admin::Method;
use postern_wire::auth::{
    Answer, AnswerVerdict, Channel, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, Origin, Prepare, PrepareVerdict,
    Reason,
};
use postern_wire::security::{Change, Proves};
use serde_json::Value;
use soft_key::{Draft, SoftKey};

/// The origin of the pages; the software key is for these.
const SITE: &str = "https://example.org";

/// Sets the challenge of these options in a draft.
fn to(options: &str, draft: Draft) -> Draft {
    let options: Value = serde_json::from_str(options).unwrap();
    let mut draft = draft;
    draft.client_data["challenge"] = options["challenge"].clone();
    draft
}

impl Running<'_> {
    fn registers(&self, key: &SoftKey) -> ConfirmVerdict {
        let enrol = Enrol { site: Some(SITE.to_owned()), ..begin("key") };
        let EnrolVerdict::Key { ticket, options, .. } = self.front("Enrol", &enrol) else { panic!() };
        let response = key.register(&to(&options, key.creation())).to_string();
        let confirm = Confirm { description: "Blue".to_owned(), ..confirm_of(ALICE, &ticket, &response) };
        self.front("Confirm", &confirm)
    }

    /// Requests a challenge for the key.
    fn asks(&self, method: &str) -> PrepareVerdict {
        let (site, language) = (Some(SITE.to_owned()), None);
        let prepare = Prepare { site, language, ..prepare_of(method, &Origin::default()) };
        self.front("Prepare", &prepare)
    }

    fn signs(&self, key: &SoftKey, counter: u32, asked: &PrepareVerdict) -> AnswerVerdict {
        let PrepareVerdict::Key { challenge, options, .. } = asked else { panic!("{asked:?}") };
        let response = key.sign(&to(options, key.request(counter))).to_string();
        self.front("Answer", &answer_to(Some(challenge), &Origin::default(), &response))
    }

    fn methods(&self) -> Vec<Method> {
        self.show(ALICE).unwrap().methods
    }
}

#[test]
fn a_copied_key_stays_refused_and_everybody_hears_of_it() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.enable(ALICE);
    let key = SoftKey::new(b"copied");
    let ConfirmVerdict::Accepted { backup_codes, .. } = posternd.registers(&key) else { panic!() };
    posternd.set_contact(Some(ADDRESS)).unwrap();
    let id = posternd.offers()[0].id.clone();
    let AnswerVerdict::Accepted { standing, .. } = posternd.signs(&key, 5, &posternd.asks(&id)) else { panic!() };
    assert!(!posternd.is_over(ALICE, &standing) && !posternd.methods()[0].copied && post.all("mail").is_empty());

    let asked_before = posternd.asks(&id);
    let refused = posternd.signs(&key, 5, &posternd.asks(&id));
    assert_eq!(refused.reason(), Some(Reason::Copied));
    assert!(posternd.is_over(ALICE, &standing), "it may have been the copy that signed in before");
    let mail = post.notice();
    assert!(
        mail.contains(ADDRESS)
            && !mail.contains("Blue")
            && mail.contains("Subject: example.com: a security key was copied"),
        "{mail}"
    );
    // A key whose counter is ahead is refused as well, and the notice is sent only once.
    assert_eq!(posternd.signs(&key, 100, &asked_before).reason(), Some(Reason::Copied));
    assert!(post.all("mail").is_empty());
    let offered: Vec<String> = posternd.offers().into_iter().map(|offer| offer.kind).collect();
    assert_eq!(offered, ["backup"]);
    assert_eq!(posternd.asks(&id).reason(), Some(Reason::Stale));
    assert!(posternd.methods()[0].copied);
    let entries = posternd.audit(None);
    let told = entries.iter().filter(|entry| entry.outcome == "copied key");
    let told: Vec<&str> = told.map(|entry| entry.detail.as_str()).collect();
    let method = format!("method {id}");
    assert_eq!(told, [&method, &method]);

    // With another method the owner sees the copied key, and replaces it.
    let with = |at: usize, proves| {
        let answer = Answer { proves, ..answer_of(ALICE, Channel::Webmail, backup_codes[at].reveal()) };
        match posternd.front("Answer", &answer) {
            AnswerVerdict::Accepted { proof, .. } => proof.expect("a proof"),
            AnswerVerdict::Refused(refusal) => panic!("{refusal:?}"),
        }
    };
    assert!(posternd.security(&with(0, None)).unwrap().methods[0].copied);
    let remove = || Change::RemoveMethod { id: id.clone() };
    let of_removal = || Some(Proves::RemoveMethod { id: id.clone() });
    assert_eq!(posternd.do_change(&with(1, of_removal()), remove()).unwrap_err(), Reason::OnlyMethod);
    let to_add = with(2, Some(Proves::AddMethod { kind: "sms".to_owned(), to: Some(NUMBER.to_owned()) }));
    let (ticket, _) = posternd.sent(&proven(&to_add, begin_to("sms", NUMBER)));
    proof_of(posternd.finish(&ticket, &post.code("sms")));
    posternd.do_change(&with(3, of_removal()), remove()).unwrap();
    posternd.do_change(&with(4, Some(Proves::DeleteBackupCodes)), Change::DeleteBackupCodes).unwrap();
    let offered: Vec<String> = posternd.offers().into_iter().map(|offer| offer.kind).collect();
    assert_eq!(offered, ["sms"]);
    assert_eq!(posternd.methods().len(), 1);
    posternd.stop();
}
