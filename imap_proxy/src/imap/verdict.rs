//! What the daemon's answers mean at this door: the only file of the IMAP front that could fail open.
//!
//! A [`Pass`] is made here and nowhere else, and the backend takes a password from nothing else. Two words of the
//! daemon make one: `NotRequired`, and `Accepted` for the mailbox that was asked about.

use super::credentials::Credentials;
use postern_wire::auth::{AskVerdict, PasswordAndCodeVerdict, Reason, Rechecked, Refusal, Session};
use std::fmt;
use zeroize::Zeroizing;

/// Who may sign in at the backend, and with what.
pub struct Pass {
    session: Session,
    password: Zeroizing<Vec<u8>>,
}

impl Pass {
    /// The mailbox that the daemon decided about. The backend is given this name and not the one that was typed: what
    /// the two make of one spelling may differ.
    #[must_use]
    pub fn mailbox(&self) -> &str {
        &self.session.mailbox
    }

    /// The password, without a code. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn password(&self) -> &[u8] {
        &self.password
    }

    /// What is left of it once it has been used.
    #[must_use]
    pub fn into_session(self) -> Session {
        self.session
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").field("mailbox", &self.session.mailbox).finish_non_exhaustive()
    }
}

/// A sign-in ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Stop {
    /// No. Why, is in the daemon's audit log; the client is told the same for every reason.
    Refused,
    /// Nobody can say now.
    Unavailable,
    /// The backend lets no more sessions of this mailbox in.
    Limit,
}

/// After the daemon was asked what a sign-in needs.
#[derive(Debug)]
#[must_use]
pub enum AfterAsk {
    /// No second factor is required: what was typed is the password.
    Pass(Pass),
    /// What was typed has a code at its end, which the daemon has to see.
    Code {
        /// The canonical mailbox.
        mailbox: String,
    },
    /// It ends.
    Stop(Stop),
}

/// What follows the question.
pub fn after_ask<E>(reply: Result<AskVerdict, E>, typed: &Credentials) -> AfterAsk {
    match reply {
        Ok(AskVerdict::NotRequired { mailbox, standing }) => {
            let password = Zeroizing::new(typed.password().to_vec());
            AfterAsk::Pass(Pass { session: Session { mailbox, standing }, password })
        }
        Ok(AskVerdict::Challenge { mailbox, .. }) => AfterAsk::Code { mailbox },
        // Nobody can enrol at this door.
        Ok(AskVerdict::Enrol { .. }) => AfterAsk::Stop(Stop::Refused),
        Ok(AskVerdict::Refused(refusal)) => AfterAsk::Stop(stop(&refusal)),
        Err(_) => AfterAsk::Stop(Stop::Unavailable),
    }
}

/// What follows when the daemon has looked for a code at the end of what was typed for `mailbox`.
///
/// # Errors
/// The sign-in ends.
pub fn after_code<E>(
    reply: Result<PasswordAndCodeVerdict, E>,
    mailbox: &str,
    typed: &Credentials,
) -> Result<Pass, Stop> {
    match reply {
        Ok(PasswordAndCodeVerdict::Accepted { mailbox: other, .. }) if other != mailbox => Err(Stop::Refused),
        Ok(PasswordAndCodeVerdict::Accepted { mailbox, standing, password: length, .. }) => {
            let length = usize::try_from(length).ok().filter(|length| *length > 0).ok_or(Stop::Refused)?;
            let password = typed.password().get(..length).ok_or(Stop::Refused)?;
            Ok(Pass { session: Session { mailbox, standing }, password: Zeroizing::new(password.to_vec()) })
        }
        Ok(PasswordAndCodeVerdict::Refused(refusal)) => Err(stop(&refusal)),
        Err(_) => Err(Stop::Unavailable),
    }
}

/// Which of `asked` sessions end. None: the daemon did not say, so it has to be asked again.
#[must_use]
pub fn after_recheck<E>(reply: Result<Rechecked, E>, asked: usize) -> Option<Vec<bool>> {
    match reply {
        Ok(Rechecked { ended }) if ended.len() == asked => Some(ended),
        // It answered, but not what it was asked: nothing vouches for these sessions.
        Ok(_) => Some(vec![true; asked]),
        Err(_) => None,
    }
}

fn stop(refusal: &Refusal) -> Stop {
    match refusal.reason {
        Reason::Wrong | Reason::Locked | Reason::Name | Reason::Unenrolled | Reason::Stale => Stop::Refused,
        Reason::Unavailable => Stop::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: &str = "bob@example.com";
    const REASONS: [Reason; 6] =
        [Reason::Wrong, Reason::Locked, Reason::Name, Reason::Unenrolled, Reason::Stale, Reason::Unavailable];

    fn typed() -> Credentials {
        Credentials::new(b"Bob", b"secret123456").unwrap()
    }

    fn accepted(mailbox: &str, password: u32) -> Result<PasswordAndCodeVerdict, ()> {
        let (mailbox, standing, method) = (mailbox.into(), "s".into(), "t1".into());
        Ok(PasswordAndCodeVerdict::Accepted { mailbox, standing, method, password, backup_codes_left: None })
    }

    #[test]
    fn of_all_answers_to_the_question_one_passes() {
        let free = AskVerdict::NotRequired { mailbox: BOB.into(), standing: "s".into() };
        let AfterAsk::Pass(pass) = after_ask(Ok::<_, ()>(free), &typed()) else { panic!("not required") };
        assert_eq!((pass.mailbox(), pass.password()), (BOB, b"secret123456".as_slice()));
        let challenge = AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new() };
        assert!(matches!(after_ask(Ok::<_, ()>(challenge), &typed()), AfterAsk::Code { mailbox } if mailbox == BOB));
        let enrol = AskVerdict::Enrol { mailbox: BOB.into() };
        assert!(matches!(after_ask(Ok::<_, ()>(enrol), &typed()), AfterAsk::Stop(Stop::Refused)));
        for reason in REASONS {
            let refused = AskVerdict::Refused(Refusal::new(reason));
            let AfterAsk::Stop(stop) = after_ask(Ok::<_, ()>(refused), &typed()) else { panic!("{reason:?}") };
            assert_eq!(stop == Stop::Unavailable, reason == Reason::Unavailable);
        }
        assert!(matches!(after_ask(Err("lost"), &typed()), AfterAsk::Stop(Stop::Unavailable)));
    }

    #[test]
    fn a_code_counts_for_its_own_mailbox_and_is_not_part_of_the_password() {
        let pass = after_code(accepted(BOB, 6), BOB, &typed()).unwrap();
        assert_eq!((pass.mailbox(), pass.password()), (BOB, b"secret".as_slice()));
        for other in ["eve@example.com", "Bob@example.com", ""] {
            assert_eq!(after_code(accepted(other, 6), BOB, &typed()).unwrap_err(), Stop::Refused);
        }
        for length in [0, 13, u32::MAX] {
            assert_eq!(after_code(accepted(BOB, length), BOB, &typed()).unwrap_err(), Stop::Refused, "{length}");
        }
        for reason in REASONS {
            let refused = PasswordAndCodeVerdict::Refused(Refusal::new(reason));
            assert!(after_code(Ok::<_, ()>(refused), BOB, &typed()).is_err(), "{reason:?}");
        }
        assert_eq!(after_code(Err("lost"), BOB, &typed()).unwrap_err(), Stop::Unavailable);
    }

    #[test]
    fn a_recheck_that_makes_no_sense_vouches_for_nothing() {
        let reply = |ended: &[bool]| Ok::<_, ()>(Rechecked { ended: ended.to_vec() });
        assert_eq!(after_recheck(reply(&[false, true]), 2), Some(vec![false, true]));
        assert_eq!(after_recheck(reply(&[false]), 2), Some(vec![true, true]));
        assert_eq!(after_recheck(Err("lost"), 2), None);
    }

    #[test]
    fn debug_shows_no_password() {
        let pass = after_code(accepted(BOB, 6), BOB, &typed()).unwrap();
        assert!(!format!("{pass:?}").contains("secret"));
    }
}
