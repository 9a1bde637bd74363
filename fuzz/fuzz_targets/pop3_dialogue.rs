//! The POP3 dialogue before sign-in: the same bytes in other pieces give the same replies and sign-ins, no sign-in happens
//! without TLS, and no byte after a sign-in is lost or added.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_front::credentials::Credentials;
use postern_mail::before_sign_in::{FrontOptions, MAX_BAD, MAX_FAILED};
use postern_mail::pop3::login::Listening;
use postern_mail::pop3::offers::Shown;
use postern_mail::protocol::{Listening as _, Next, Step};
use postern_mail::refusal_text::RefusalText;
use postern_mail::{Security, SignInFailure};

/// How a dialogue went, in which every sign-in but the last of `accepted` is refused.
#[derive(Debug, PartialEq)]
struct Went {
    said: Vec<u8>,
    asked: Vec<Credentials>,
    end: &'static str,
    /// What is left for the backend.
    rest: Option<Vec<u8>>,
}

fn go(security: Security, bytes: &[u8], size: usize, accepted: usize) -> Went {
    let options = FrontOptions { texts: RefusalText::new(None), login_mechanism: true };
    let mut went = Went { said: Vec::new(), asked: Vec::new(), end: "open", rest: None };
    let Step { say, next: Next::Read(mut listening) } = Listening::begin(security, options, Shown::default()) else {
        panic!("a greeting")
    };
    went.said.extend(say);
    let mut pieces = bytes.chunks(size);
    while let Some(piece) = pieces.next() {
        let mut step = listening.receive(piece);
        listening = loop {
            went.said.extend_from_slice(&step.say);
            step = match step.next {
                Next::Read(listening) => break listening,
                Next::Close => return Went { end: "closed", ..went },
                Next::StartTls(listening) => {
                    assert_eq!(security, Security::Clear);
                    // Nothing of before is kept.
                    assert!(listening.accept().is_empty());
                    return Went { end: "TLS", ..went };
                }
                Next::Judge(judging) => {
                    assert_eq!(security, Security::Tls);
                    went.asked.push(judging.credentials.clone());
                    if went.asked.len() == accepted {
                        let rest = [&judging.listening.accept()[..], &pieces.collect::<Vec<_>>().concat()].concat();
                        assert!(bytes.ends_with(&rest));
                        return Went { end: "in", rest: Some(rest), ..went };
                    }
                    judging.refuse(SignInFailure::Refused)
                }
            };
        };
    }
    went
}

fuzz_target!(|input: (bool, u8, u8, &[u8])| {
    let security = if input.0 { Security::Tls } else { Security::Clear };
    let (size, accepted, bytes) = (usize::from(input.1) + 1, usize::from(input.2 % 4) + 1, input.3);
    let went = go(security, bytes, bytes.len().max(1), accepted);
    assert_eq!(went, go(security, bytes, size, accepted));
    assert_eq!(went, go(security, bytes, 1, accepted));
    assert!(went.asked.len() <= MAX_FAILED as usize);
    let refused = went.said.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"-ERR That is not")).count();
    assert!(refused <= MAX_BAD as usize);
});
