//! What the daemon's answers mean at this endpoint: the only file of the IMAP front that could fail open.
//!
//! A [`Pass`] is made here and nowhere else, and the backend gives a session for nothing else. Three words of the
//! daemon make one, each for the mailbox that was asked about: `NotRequired`, `Accepted` and `AppPassword`.

use super::credentials::Credentials;
use postern_front::metrics::Verdict;
use postern_wire::auth::{AskVerdict, Asked, FieldVerdict, Reason, Refusal, Session};
use std::fmt;
use zeroize::Zeroizing;

/// Who may sign in at the backend, and with what.
pub struct Pass {
    session: Session,
    password: Zeroizing<Vec<u8>>,
    by_app_password: bool,
    is_proven: bool,
}

impl Pass {
    /// Made where a verdict says so, and with nothing in it that would end a line or a SASL message.
    fn new(mailbox: String, standing: String, password: &[u8]) -> Result<Self, Stop> {
        Credentials::new(mailbox.as_bytes(), password).ok_or(Stop::Refused)?;
        let password = Zeroizing::new(password.to_vec());
        Ok(Self { session: Session { mailbox, standing }, password, by_app_password: false, is_proven: false })
    }

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

    /// What the backend's refusal is to be told about, when the password is one that the daemon has kept: it has been
    /// changed since, and must not be tried again.
    #[must_use]
    pub fn outdated(&self) -> Option<&Session> {
        self.by_app_password.then_some(&self.session)
    }

    /// Whether a second factor or an app password was right. Else the password is all that there is, and only the backend
    /// knows whether that one is.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.is_proven
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
    /// The app password is right, but of no use any more, or not before the next sign-in to the webmail.
    Expired,
    /// Nobody can say now.
    Unavailable,
    /// The backend lets no more sessions of this mailbox in.
    Limit,
    /// The backend says that the time of the mailbox's password is over.
    PasswordExpired,
    /// The backend refuses this mailbox for a reason that the administrator knows.
    ContactAdmin,
}

/// After the daemon was asked what a sign-in needs.
#[derive(Debug)]
#[must_use]
pub enum AfterAsk {
    /// No second factor is required: what was typed is the password.
    Pass(Pass),
    /// What was typed is an app password or has a code at its end, which the daemon has to see.
    Field {
        /// The canonical mailbox.
        mailbox: String,
    },
    /// It ends.
    Stop(Stop),
}

/// What follows the question.
pub fn after_ask<E>(reply: Result<Asked, E>, typed: &Credentials) -> AfterAsk {
    let Ok(Asked { verdict, app_passwords_of, .. }) = reply else { return AfterAsk::Stop(Stop::Unavailable) };
    match (verdict, app_passwords_of) {
        (AskVerdict::Challenge { mailbox, .. }, _) => AfterAsk::Field { mailbox },
        // A phone that works goes on working, whatever is asked of other sign-ins.
        (_, Some(mailbox)) => AfterAsk::Field { mailbox },
        (AskVerdict::NotRequired { mailbox, standing }, None) => match Pass::new(mailbox, standing, typed.password()) {
            Ok(pass) => AfterAsk::Pass(pass),
            Err(stop) => AfterAsk::Stop(stop),
        },
        // Nobody can enrol at this endpoint.
        (AskVerdict::Enrol { .. }, None) => AfterAsk::Stop(Stop::Refused),
        (AskVerdict::Refused(refusal), None) => AfterAsk::Stop(stop(&refusal)),
    }
}

/// What follows when the daemon has looked at what was typed for `mailbox`.
///
/// # Errors
/// The sign-in ends.
pub fn after_field<E>(reply: Result<FieldVerdict, E>, mailbox: &str, typed: &Credentials) -> Result<Pass, Stop> {
    let pass = match reply {
        Ok(FieldVerdict::NotRequired { mailbox, standing }) => Pass::new(mailbox, standing, typed.password())?,
        Ok(FieldVerdict::Accepted { mailbox, standing, password_length, .. }) => {
            let length = usize::try_from(password_length).map_err(|_| Stop::Refused)?;
            let pass = Pass::new(mailbox, standing, typed.password().get(..length).ok_or(Stop::Refused)?)?;
            Pass { is_proven: true, ..pass }
        }
        Ok(FieldVerdict::AppPassword { mailbox, standing, password, .. }) => {
            let pass = Pass::new(mailbox, standing, password.reveal().as_bytes())?;
            Pass { by_app_password: true, is_proven: true, ..pass }
        }
        Ok(FieldVerdict::Refused(refusal)) => return Err(stop(&refusal)),
        Err(_) => return Err(Stop::Unavailable),
    };
    if pass.mailbox() == mailbox { Ok(pass) } else { Err(Stop::Refused) }
}

fn stop(refusal: &Refusal) -> Stop {
    match refusal.reason {
        Reason::Expired => Stop::Expired,
        Reason::Unavailable => Stop::Unavailable,
        _ => Stop::Refused,
    }
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused | Stop::ContactAdmin => Self::Refused,
            Stop::Expired | Stop::PasswordExpired => Self::Expired,
            Stop::Unavailable => Self::Unavailable,
            Stop::Limit => Self::Limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: &str = "bob@example.com";
    const REASONS: [Reason; 7] = [
        Reason::Wrong,
        Reason::Locked,
        Reason::Name,
        Reason::Unenrolled,
        Reason::Stale,
        Reason::Expired,
        Reason::Unavailable,
    ];

    fn typed() -> Credentials {
        Credentials::new(b"Bob", b"secret123456").unwrap()
    }

    fn asked(verdict: AskVerdict) -> Result<Asked, ()> {
        Ok(Asked { verdict, app_passwords_of: None, browser_known: false })
    }

    fn free() -> AskVerdict {
        AskVerdict::NotRequired { mailbox: BOB.into(), standing: "s".into() }
    }

    fn accepted(mailbox: &str, password_length: u32) -> Result<FieldVerdict, ()> {
        let (mailbox, standing, method) = (mailbox.into(), "s".into(), "t1".into());
        Ok(FieldVerdict::Accepted { mailbox, standing, method, password_length, backup_codes_left: None })
    }

    fn app_password(mailbox: &str, password: &str) -> Result<FieldVerdict, ()> {
        let (standing, id, password) = ("app".into(), "abcde".into(), password.into());
        Ok(FieldVerdict::AppPassword { mailbox: mailbox.into(), standing, id, password })
    }

    #[test]
    fn of_all_answers_to_the_question_one_passes() {
        let AfterAsk::Pass(pass) = after_ask(asked(free()), &typed()) else { panic!("not required") };
        assert_eq!((pass.mailbox(), pass.password()), (BOB, b"secret123456".as_slice()));
        assert!(pass.outdated().is_none() && !pass.is_proven());
        let challenge = AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new(), trust_days: None };
        assert!(matches!(after_ask(asked(challenge), &typed()), AfterAsk::Field { mailbox } if mailbox == BOB));
        let enrol = AskVerdict::Enrol { mailbox: BOB.into(), kinds: Vec::new() };
        assert!(matches!(after_ask(asked(enrol), &typed()), AfterAsk::Stop(Stop::Refused)));
        for reason in REASONS {
            let refused = AskVerdict::Refused(Refusal::new(reason));
            let AfterAsk::Stop(stop) = after_ask(asked(refused), &typed()) else { panic!("{reason:?}") };
            assert_eq!(stop == Stop::Unavailable, reason == Reason::Unavailable);
        }
        assert!(matches!(after_ask(Err("lost"), &typed()), AfterAsk::Stop(Stop::Unavailable)));
    }

    #[test]
    fn where_there_are_app_passwords_the_field_is_looked_at_and_nothing_passes_before() {
        let refused = |reason| AskVerdict::Refused(Refusal::new(reason));
        let enrol = AskVerdict::Enrol { mailbox: BOB.into(), kinds: Vec::new() };
        for verdict in REASONS.into_iter().map(refused).chain([free(), enrol]) {
            let asked = Ok::<_, ()>(Asked { verdict, app_passwords_of: Some(BOB.into()), browser_known: false });
            assert!(matches!(after_ask(asked, &typed()), AfterAsk::Field { mailbox } if mailbox == BOB));
        }
    }

    #[test]
    fn a_code_counts_for_its_own_mailbox_and_is_not_part_of_the_password() {
        let pass = after_field(accepted(BOB, 6), BOB, &typed()).unwrap();
        assert_eq!((pass.mailbox(), pass.password(), pass.is_proven()), (BOB, b"secret".as_slice(), true));
        for other in ["eve@example.com", "Bob@example.com", ""] {
            assert_eq!(after_field(accepted(other, 6), BOB, &typed()).unwrap_err(), Stop::Refused);
            assert_eq!(after_field(app_password(other, "real"), BOB, &typed()).unwrap_err(), Stop::Refused);
        }
        for length in [0, 13, u32::MAX] {
            assert_eq!(after_field(accepted(BOB, length), BOB, &typed()).unwrap_err(), Stop::Refused, "{length}");
        }
        for reason in REASONS {
            let refused = FieldVerdict::Refused(Refusal::new(reason));
            assert!(after_field(Ok::<_, ()>(refused), BOB, &typed()).is_err(), "{reason:?}");
        }
        assert_eq!(after_field(Err("lost"), BOB, &typed()).unwrap_err(), Stop::Unavailable);
    }

    #[test]
    fn an_app_password_stands_for_the_mailboxs_own() {
        let pass = after_field(app_password(BOB, "real"), BOB, &typed()).unwrap();
        assert_eq!(
            (pass.password(), pass.outdated().map(|it| it.standing.as_str()), pass.is_proven()),
            (b"real".as_slice(), Some("app"), true)
        );
        for unfit in ["", "re\nal", "re\0al"] {
            assert_eq!(after_field(app_password(BOB, unfit), BOB, &typed()).unwrap_err(), Stop::Refused, "{unfit:?}");
        }
        let free = FieldVerdict::NotRequired { mailbox: BOB.into(), standing: "s".into() };
        let pass = after_field(Ok::<_, ()>(free), BOB, &typed()).unwrap();
        assert_eq!((pass.password(), pass.outdated().is_none()), (b"secret123456".as_slice(), true));
        assert!(!pass.is_proven());
    }

    #[test]
    fn debug_shows_no_password() {
        let pass = after_field(accepted(BOB, 6), BOB, &typed()).unwrap();
        assert!(!format!("{pass:?}").contains("secret"));
    }
}
