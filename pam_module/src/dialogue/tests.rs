//! Tests of the dialogue without libpam and without posternd: the messages, their receivers and order, and the result.

use super::*;
use crate::host::ConversationFailed;
use crate::verdict::code;
use pam::constants::PamResultCode;
use postern_wire::client::parse_reply;
use postern_wire::methods::Method;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::VecDeque;
use std::ffi::CString;

const CHALLENGE: &str = r#"{"verdict":"challenge","mailbox":"bob@example.com","methods":[
    {"id":"k3","kind":"totp","description":"","digits":6},{"id":"backup","kind":"backup","description":""}]}"#;
const ENROL: &str = r#"{"verdict":"enrol","mailbox":"bob@example.com"}"#;
const OFFERED: &str = r#"{"verdict":"offered","mailbox":"bob@example.com","ticket":"t1","secret":"GEZDGNBVGY3TQOJQ",
    "uri":"otpauth://totp/example.com:bob@example.com?secret=GEZDGNBVGY3TQOJQ&issuer=example.com"}"#;
const CONFIRMED: &str = r#"{"verdict":"accepted","mailbox":"bob@example.com","standing":"s","method":"k3",
    "backup_codes":["abcd-efgh","ijkl-mnop"]}"#;
const ACCEPTED: &str = r#"{"verdict":"accepted","mailbox":"bob@example.com","standing":"s","method":"k3"}"#;
const BEHIND_6: &str =
    r#"{"verdict":"accepted","mailbox":"bob@example.com","standing":"s","method":"k3","password_length":6}"#;
const APP_PASSWORD: &str = r#"{"verdict":"app_password","mailbox":"bob@example.com","standing":"s","id":"abcde",
    "password":"secret"}"#;
const NOT_REQUIRED: &str = r#"{"verdict":"not_required","mailbox":"bob@example.com","standing":"s"}"#;
const WRONG: &str = r#"{"verdict":"refused","reason":"wrong","failures":1}"#;
const WRONG_AGAIN: &str = r#"{"verdict":"refused","reason":"wrong","failures":2}"#;
const LOCKED: &str = r#"{"verdict":"refused","reason":"locked"}"#;
const UNENROLLED: &str = r#"{"verdict":"refused","reason":"unenrolled"}"#;
const STALE: &str = r#"{"verdict":"refused","reason":"stale"}"#;

/// Plays both ends: gives the replies, and records each message as a line.
#[derive(Default)]
struct Stage {
    user: String,
    authtok: Option<String>,
    silent: bool,
    rhost: Option<&'static str>,
    typed: VecDeque<Option<String>>,
    journal: Vec<String>,
}

/// The daemon: each reply is the bytes of a frame, read as the client reads them; `None` is a lost connection.
struct Script {
    replies: VecDeque<Option<Vec<u8>>>,
    calls: Vec<String>,
}

impl Daemon for Script {
    fn call<M>(&mut self, parameters: &M::Parameters) -> Result<M::Reply, CallError>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>,
    {
        self.calls.push(format!("{} {}", M::NAME, serde_json::to_string(parameters).unwrap()));
        match self.replies.pop_front().flatten() {
            Some(frame) => parse_reply(&frame).map(|(verdict, _)| verdict),
            None => Err(CallError::Lost(std::io::ErrorKind::TimedOut.into())),
        }
    }
}

impl Host for Stage {
    fn user(&mut self) -> Result<String, AuthFailure> {
        Ok(self.user.clone())
    }
    fn service(&self) -> Option<String> {
        Some("sshd".to_owned())
    }
    fn rhost(&self) -> Option<String> {
        Some(self.rhost.unwrap_or("192.0.2.7").to_owned())
    }
    fn password(&self) -> Result<Option<Secret>, Unfit> {
        Ok(self.authtok.as_deref().map(Secret::from))
    }
    fn set_password(&mut self, password: &Secret) -> Result<(), ConversationFailed> {
        self.authtok = Some(password.reveal().to_owned());
        Ok(())
    }
    fn ask(&mut self, prompt: &str) -> Result<Secret, AuthFailure> {
        self.journal.push(format!("ask {prompt}"));
        Ok(self.typed.pop_front().flatten().ok_or(ConversationFailed)?.into())
    }
    fn info(&mut self, text: &str) {
        self.journal.push(format!("info {text}"));
    }
    fn error(&mut self, text: &str) {
        self.journal.push(format!("error {text}"));
    }
    fn shows_text(&self) -> bool {
        !self.silent
    }
    fn shows_unicode(&self) -> bool {
        true
    }
    fn debug(&self, step: &str) {
        assert!(!step.contains("246810") && !step.contains("secret"), "{step}");
    }
}

impl Stage {
    fn typing(typed: &[&str]) -> Self {
        let typed = typed.iter().map(|text| Some((*text).to_owned())).collect();
        Self { user: "bob".to_owned(), typed, ..Self::default() }
    }

    fn after(password: &str, typed: &[&str]) -> Self {
        Self { authtok: Some(password.to_owned()), ..Self::typing(typed) }
    }

    /// Signs in; returns the code for libpam and the calls that the daemon received.
    fn sign_in(&mut self, options: &str, replies: &[&str]) -> (PamResultCode, Vec<String>) {
        let frames = replies.iter().map(|reply| Some(format!("{{\"parameters\":{reply}}}").into_bytes()));
        self.sign_in_with(options, frames.collect())
    }

    fn sign_in_with(&mut self, options: &str, replies: VecDeque<Option<Vec<u8>>>) -> (PamResultCode, Vec<String>) {
        let args: Vec<_> = options.split_whitespace().map(|arg| CString::new(arg).unwrap()).collect();
        let args: Vec<_> = args.iter().map(|arg| arg.as_c_str()).collect();
        let mut daemon = Script { replies, calls: Vec::new() };
        let ended = sign_in(self, &mut daemon, &Options::parse(args.iter().map(|arg| arg.to_bytes())).unwrap());
        (code(&ended), daemon.calls)
    }
}

fn methods(calls: &[String]) -> Vec<&str> {
    calls.iter().map(|call| call.split(' ').next().unwrap()).collect()
}

#[test]
fn a_code_is_prompted_for_and_accepted() {
    let mut host = Stage::typing(&["246810"]);
    let (code, calls) = host.sign_in("domain=example.com debug", &[CHALLENGE, ACCEPTED]);
    assert_eq!(code, PamResultCode::PAM_SUCCESS);
    assert_eq!(host.journal, ["ask Verification code: "]);
    let asked = r#"Ask {"name":"bob@example.com","door":"pam","origin":{"address":"192.0.2.7","service":"sshd"}}"#;
    assert_eq!(calls[0], asked);
    assert!(calls[1].starts_with("Answer {\"name\":\"bob@example.com\"") && calls[1].ends_with("\"code\":\"246810\"}"));
    assert!(!calls[1].contains("method"), "every method that fits may be meant");
}

#[test]
fn an_address_is_told_in_one_spelling() {
    for (rhost, told) in [
        ("::ffff:192.0.2.7", r#""origin":{"address":"192.0.2.7","#),
        ("fe80::1%eth0", r#""origin":{"address":"fe80::1","#),
        ("2001:DB8::7", r#""origin":{"address":"2001:db8::7","#),
        ("desk.example.com", r#""origin":{"service":"#),
        ("", r#""origin":{"service":"#),
    ] {
        let mut host = Stage { rhost: Some(rhost), ..Stage::typing(&[]) };
        let (_, calls) = host.sign_in("", &[NOT_REQUIRED]);
        assert!(calls[0].contains(told), "{rhost}: {}", calls[0]);
    }
}

/// Input in the form of an app password, and an account that has one.
const TYPED_APP_PASSWORD: &str = "abcde-fghij-klmno-pqrst-uvwxy";
const HAS_APP_PASSWORDS: &str = r#","app_passwords_of":"bob@example.com"}"#;

#[test]
fn an_app_password_is_taken_where_one_field_is_given_whatever_is_asked_of_other_sign_ins() {
    for (verdict, options) in [
        (CHALLENGE, "forward_pass"),
        (CHALLENGE, "use_first_pass forward_pass"),
        (CHALLENGE, "try_first_pass forward_pass"),
        (NOT_REQUIRED, "forward_pass"),
        (NOT_REQUIRED, "try_first_pass forward_pass"),
        (LOCKED, "forward_pass"),
        (LOCKED, "use_first_pass forward_pass"),
        (ENROL, "no_enrol forward_pass"),
    ] {
        let asked = verdict.trim_end_matches('}').to_owned() + HAS_APP_PASSWORDS;
        let mut host = match options {
            "forward_pass" | "no_enrol forward_pass" => Stage::typing(&[TYPED_APP_PASSWORD]),
            _ => Stage::after(TYPED_APP_PASSWORD, &[]),
        };
        let (code, calls) = host.sign_in(options, &[&asked, APP_PASSWORD]);
        assert_eq!((code, methods(&calls)), (PamResultCode::PAM_SUCCESS, vec!["Ask", "AnswerField"]), "{options}");
        assert_eq!(host.authtok.as_deref(), Some("secret"), "the mailbox's own, for the module after this one");
    }
}

#[test]
fn what_is_no_app_password_changes_nothing() {
    let asked = |verdict: &str| verdict.trim_end_matches('}').to_owned() + HAS_APP_PASSWORDS;
    // A suspended account and its password.
    let mut host = Stage::typing(&["secret"]);
    let (code, _) = host.sign_in("forward_pass", &[&asked(NOT_REQUIRED), NOT_REQUIRED]);
    assert_eq!((code, host.authtok.as_deref()), (PamResultCode::PAM_IGNORE, Some("secret")));
    let (code, calls) = Stage::after("secret", &[]).sign_in("use_first_pass forward_pass", &[&asked(NOT_REQUIRED)]);
    assert_eq!((code, methods(&calls)), (PamResultCode::PAM_IGNORE, vec!["Ask"]), "it has not the length of one");
    // A code prompt, which shells use too, accepts no app password.
    let (code, calls) = Stage::typing(&[]).sign_in("", &[&asked(NOT_REQUIRED)]);
    assert_eq!((code, methods(&calls)), (PamResultCode::PAM_IGNORE, vec!["Ask"]));
    // A code has become required after the first call, or is required anyway.
    for (verdict, answer) in
        [(NOT_REQUIRED, WRONG), (NOT_REQUIRED, STALE), (LOCKED, LOCKED), (ENROL, STALE), (CHALLENGE, WRONG)]
    {
        let mut host = Stage::typing(&[TYPED_APP_PASSWORD]);
        let (code, _) = host.sign_in("no_enrol forward_pass", &[&asked(verdict), answer]);
        assert!(!matches!(code, PamResultCode::PAM_SUCCESS | PamResultCode::PAM_IGNORE), "{verdict} {answer}");
        assert_eq!(host.authtok, None);
    }
}

/// Each request that ends in "wrong" counts against the account.
#[test]
fn a_password_as_long_as_an_app_password_is_asked_about_only_where_there_are_some() {
    let asked = CHALLENGE.trim_end_matches('}').to_owned() + HAS_APP_PASSWORDS;
    for (asked, expected) in [(CHALLENGE, &["Ask", "Answer"][..]), (&asked, &["Ask", "AnswerField", "Answer"])] {
        let replies = [&[asked][..], if expected.len() == 3 { &[WRONG] } else { &[] }, &[ACCEPTED]].concat();
        let mut host = Stage::after(TYPED_APP_PASSWORD, &["246810"]);
        let (code, calls) = host.sign_in("try_first_pass", &replies);
        assert_eq!((code, methods(&calls)), (PamResultCode::PAM_SUCCESS, expected.to_vec()));
    }
}

#[test]
fn not_required_passes_without_a_word_and_leaves_the_password() {
    for options in ["", "forward_pass", "use_first_pass forward_pass", "try_first_pass", "no_enrol"] {
        let mut host = Stage::after("secret", &[]);
        let (code, calls) = host.sign_in(options, &[NOT_REQUIRED]);
        assert_eq!(code, PamResultCode::PAM_IGNORE);
        assert_eq!((host.journal.len(), host.authtok.as_deref(), calls.len()), (0, Some("secret"), 1));
    }
}

#[test]
fn refusals_have_their_codes_and_words() {
    for (replies, expected, word) in [
        (&[CHALLENGE, WRONG][..], PamResultCode::PAM_AUTH_ERR, "next one"),
        (&[CHALLENGE, WRONG_AGAIN], PamResultCode::PAM_AUTH_ERR, "clock"),
        (&[CHALLENGE, LOCKED], PamResultCode::PAM_MAXTRIES, "Too many"),
        (&[CHALLENGE, STALE], PamResultCode::PAM_AUTH_ERR, "again"),
        (&[LOCKED], PamResultCode::PAM_MAXTRIES, "Too many"),
        (&[CHALLENGE], PamResultCode::PAM_AUTHINFO_UNAVAIL, "later"),
        (&[], PamResultCode::PAM_AUTHINFO_UNAVAIL, "later"),
    ] {
        let mut host = Stage::typing(&["246810"]);
        assert_eq!(host.sign_in("", replies).0, expected);
        let last = host.journal.last().unwrap();
        assert!(last.starts_with("error") && last.contains(word), "{last}");
    }
}

#[test]
fn forward_pass_asks_for_both_and_leaves_the_bare_password() {
    let mut host = Stage::typing(&["secret246810"]);
    let (code, calls) = host.sign_in("forward_pass", &[CHALLENGE, BEHIND_6]);
    assert_eq!((code, host.authtok.as_deref()), (PamResultCode::PAM_SUCCESS, Some("secret")));
    assert_eq!(host.journal, ["ask Password & verification code: "]);
    assert!(calls[1].ends_with("\"text\":\"secret246810\"}"));
    let mut host = Stage::typing(&["secret246810"]);
    assert_eq!(host.sign_in("forward_pass", &[CHALLENGE, WRONG]).0, PamResultCode::PAM_AUTH_ERR);
    assert_eq!(host.authtok, None);
}

#[test]
fn use_first_pass_never_prompts() {
    let mut host = Stage::after("secret246810", &["246810"]);
    assert_eq!(host.sign_in("use_first_pass", &[CHALLENGE, BEHIND_6]).0, PamResultCode::PAM_SUCCESS);
    assert_eq!(host.authtok.as_deref(), Some("secret246810"), "only forward_pass changes it");
    assert_eq!(host.sign_in("use_first_pass forward_pass", &[CHALLENGE, BEHIND_6]).0, PamResultCode::PAM_SUCCESS);
    assert_eq!(host.authtok.as_deref(), Some("secret"));
    assert_eq!(host.sign_in("use_first_pass", &[CHALLENGE, WRONG]).0, PamResultCode::PAM_AUTH_ERR);
    let (code, calls) = Stage::typing(&["246810"]).sign_in("use_first_pass", &[CHALLENGE, BEHIND_6]);
    assert_eq!((code, calls.len()), (PamResultCode::PAM_AUTH_ERR, 1));
    assert!(host.journal.iter().all(|line| !line.starts_with("ask")));
}

#[test]
fn try_first_pass_prompts_where_there_is_no_code() {
    let mut host = Stage::after("secret246810", &[]);
    assert_eq!(host.sign_in("try_first_pass forward_pass", &[CHALLENGE, BEHIND_6]).0, PamResultCode::PAM_SUCCESS);
    assert_eq!(host.authtok.as_deref(), Some("secret"));

    // A password that cannot end in a code causes no failure of the account.
    let mut host = Stage::after("secret24681", &["246810"]);
    let (code, calls) = host.sign_in("try_first_pass", &[CHALLENGE, ACCEPTED]);
    assert_eq!((code, methods(&calls)), (PamResultCode::PAM_SUCCESS, vec!["Ask", "Answer"]));

    let mut host = Stage::after("born1234567", &["246810"]);
    let (code, calls) = host.sign_in("try_first_pass", &[CHALLENGE, WRONG, ACCEPTED]);
    assert_eq!((code, methods(&calls)), (PamResultCode::PAM_SUCCESS, vec!["Ask", "AnswerField", "Answer"]));

    // A locked account is no reason to prompt.
    let (code, _) = Stage::after("born1234567", &["246810"]).sign_in("try_first_pass", &[CHALLENGE, LOCKED, ACCEPTED]);
    assert_eq!(code, PamResultCode::PAM_MAXTRIES);

    let (code, calls) = Stage::typing(&["246810"]).sign_in("try_first_pass", &[CHALLENGE, ACCEPTED]);
    assert_eq!((code, methods(&calls)), (PamResultCode::PAM_SUCCESS, vec!["Ask", "Answer"]));
}

#[test]
fn what_is_no_answer_is_not_sent() {
    let long = "1".repeat(auth::MAX_CODE + 1);
    for typed in ["", "\u{8}\n\r\u{7f}INCORRECT", &long] {
        let (code, calls) = Stage::typing(&[typed]).sign_in("", &[CHALLENGE, ACCEPTED]);
        assert_eq!((code, calls.len()), (PamResultCode::PAM_AUTH_ERR, 1), "{typed:?}");
    }
    let (code, calls) = Stage::after("\u{8}\n\r\u{7f}INCORRECT", &[]).sign_in("use_first_pass", &[CHALLENGE, BEHIND_6]);
    assert_eq!((code, calls.len()), (PamResultCode::PAM_AUTH_ERR, 1));
    let (code, calls) = Stage::typing(&[]).sign_in("", &[CHALLENGE, ACCEPTED]);
    assert_eq!((code, calls.len()), (PamResultCode::PAM_CONV_ERR, 1));
    let mut host = Stage { user: "b".repeat(auth::MAX_NAME + 1), ..Stage::typing(&[]) };
    let (code, calls) = host.sign_in("", &[NOT_REQUIRED]);
    assert_eq!((code, calls.len()), (PamResultCode::PAM_AUTH_ERR, 0));
}

/// An unauthenticated client must not be able to cause "unavailable", which some stacks ignore.
#[test]
fn what_the_daemon_cannot_read_is_reported_as_invalid_input() {
    let error = br#"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"name"}}"#;
    let (code, _) = Stage::typing(&[]).sign_in_with("", [Some(error.to_vec())].into());
    assert_eq!(code, PamResultCode::PAM_AUTH_ERR);
    let error = br#"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"Ask"}}"#;
    let (code, _) = Stage::typing(&[]).sign_in_with("", [Some(error.to_vec())].into());
    assert_eq!(code, PamResultCode::PAM_AUTHINFO_UNAVAIL);
}

#[test]
fn enrolment_shows_the_secret_confirms_it_and_shows_the_backup_codes() {
    let mut host = Stage::typing(&["111111", "246810", ""]);
    let (code, calls) = host.sign_in("", &[ENROL, OFFERED, WRONG, CONFIRMED]);
    assert_eq!(code, PamResultCode::PAM_SUCCESS);
    assert_eq!(methods(&calls), ["Ask", "Enrol", "Confirm", "Confirm"]);
    assert!(calls[3].contains("\"ticket\":\"t1\""));
    let [invitation, picture, first, not, second, codes, kept] = &host.journal[..] else {
        panic!("{:?}", host.journal)
    };
    assert!(invitation.contains("GEZD GNBV GY3T QOJQ") && picture.contains('█'));
    assert_eq!((first, second), (&format!("ask {}", text::FIRST_CODE), first));
    assert!(not.contains("does not fit") && codes.contains("abcd-efgh") && kept.contains("Enter"));
}

#[test]
fn enrolment_stands_whatever_becomes_of_the_last_prompt() {
    let mut host = Stage::typing(&["246810"]);
    assert_eq!(host.sign_in("", &[ENROL, OFFERED, CONFIRMED]).0, PamResultCode::PAM_SUCCESS);
    let mut host = Stage::typing(&["1", "2", "3", "4"]);
    assert_eq!(host.sign_in("", &[ENROL, OFFERED, WRONG, WRONG, WRONG, CONFIRMED]).0, PamResultCode::PAM_AUTH_ERR);
    assert_eq!(Stage::typing(&["1"]).sign_in("", &[ENROL, OFFERED, STALE]).0, PamResultCode::PAM_AUTH_ERR);
}

#[test]
fn who_cannot_enrol_here_is_told_where() {
    let url = "no_enrol enrol_url=https://webmail.example.com/";
    for reply in [ENROL, UNENROLLED] {
        // The answer to the last prompt is ignored, even if it is right or missing.
        for typed in [&["246810"][..], &[]] {
            let mut host = Stage::typing(typed);
            let (code, calls) = host.sign_in(url, &[reply, ACCEPTED]);
            assert_eq!((code, calls.len()), (PamResultCode::PAM_AUTH_ERR, 1));
            assert!(host.journal[0].starts_with("ask ") && host.journal[0].contains("https://webmail.example.com/"));
        }
    }
    let mut host = Stage::typing(&[]);
    assert_eq!(host.sign_in("no_enrol", &[ENROL]).0, PamResultCode::PAM_AUTH_ERR);
    assert_eq!(host.journal, [format!("error {}", text::UNENROLLED)]);
    // The password is checked later: an unauthenticated client could enrol.
    for options in ["forward_pass", "try_first_pass forward_pass"] {
        let mut host = Stage::after("nonsense", &["246810"]);
        assert_eq!(host.sign_in(options, &[ENROL, OFFERED, CONFIRMED]).0, PamResultCode::PAM_AUTH_ERR);
    }
    // PAM_SILENT: a secret that may not be shown cannot be enrolled.
    let mut host = Stage { silent: true, ..Stage::typing(&["246810"]) };
    assert_eq!(host.sign_in("", &[ENROL, OFFERED, CONFIRMED]).0, PamResultCode::PAM_AUTH_ERR);
}

#[test]
fn a_password_that_ends_in_the_middle_of_a_character_is_garbage() {
    for (typed, password) in [("sécret246810", 2), ("secret", 7), ("secret", u32::MAX)] {
        let reply = BEHIND_6.replace("\"password_length\":6", &format!("\"password_length\":{password}"));
        let mut host = Stage::typing(&[typed]);
        assert_eq!(host.sign_in("forward_pass", &[CHALLENGE, &reply]).0, PamResultCode::PAM_AUTHINFO_UNAVAIL);
        assert_eq!(host.authtok, None);
    }
}

/// A reply that must not admit a sign-in: none at all, arbitrary bytes, a truncated or changed verdict, a verdict that
/// the method does not have, an error, a refusal.
fn fault() -> impl Strategy<Value = Option<Vec<u8>>> {
    let verdicts = [CHALLENGE, ENROL, OFFERED, WRONG, LOCKED, UNENROLLED, STALE];
    let framed = |reply: &str| format!("{{\"parameters\":{reply}}}").into_bytes();
    let cut = |reply: &'static str| {
        (0..reply.len()).prop_map(move |at| Some(format!("{{\"parameters\":{}", &reply[..at]).into_bytes()))
    };
    prop_oneof![
        Just(None),
        prop::collection::vec(any::<u8>(), 0..80).prop_map(Some),
        prop::sample::select(verdicts.to_vec()).prop_map(move |reply| Some(framed(reply))),
        prop::sample::select(vec![NOT_REQUIRED, ACCEPTED, CONFIRMED, BEHIND_6]).prop_flat_map(cut),
        "[a-z_]{0,14}".prop_filter("a verdict", |word| word != "not_required" && word != "accepted").prop_map(|word| {
            Some(
                format!("{{\"parameters\":{{\"verdict\":\"{word}\",\"mailbox\":\"\",\"standing\":\"\"}}}}")
                    .into_bytes(),
            )
        }),
        "[A-Za-z.]{0,40}"
            .prop_map(|name| Some(format!("{{\"error\":\"{name}\",\"parameters\":{NOT_REQUIRED}}}").into_bytes())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_fault_lets_anybody_in(
        replies in prop::collection::vec(fault(), 0..6),
        misplaced in any::<bool>(),
        typed in prop::collection::vec(prop::option::of(".{0,12}"), 0..5),
        authtok in prop::option::of(".{0,16}"),
        silent in any::<bool>(),
        options in prop::sample::select(vec![
            "", "forward_pass", "use_first_pass", "try_first_pass forward_pass", "no_enrol", "no_enrol enrol_url=https://x/",
        ]),
    ) {
        let mut replies: VecDeque<_> = replies.into();
        if misplaced {
            // An acceptance, but of a different call.
            replies.push_front(Some(format!("{{\"parameters\":{ACCEPTED}}}").into_bytes()));
        }
        let mut host = Stage { user: "bob".to_owned(), authtok, silent, typed: typed.into(), ..Stage::default() };
        let (code, _) = host.sign_in_with(options, replies);
        prop_assert!(code != PamResultCode::PAM_SUCCESS && code != PamResultCode::PAM_IGNORE, "{:?}", code);
    }
}
