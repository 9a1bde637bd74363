//! What the daemon's answers mean at the endpoints beside the webmail: their only file that could fail open.
//!
//! A [`Pass`] is made here and nowhere else. Two words of the daemon make one, each for the mailbox that was asked
//! about: `NotRequired` and `AppPassword`. A code behind the password makes none: programs send what they were once given
//! with every request, and a code is good once.

use super::basic::Credentials;
use crate::metrics::OneEndpoint;
use postern_wire::Secret;
use postern_wire::auth::{AskVerdict, Asked, FieldVerdict, Reason, Refusal, Session};
use std::fmt;

/// Who may pass, and with which password.
pub struct Pass {
    session: Session,
    password: Secret,
    by_app_password: bool,
}

impl Pass {
    /// For rechecks.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The mailbox that the daemon decided about, which goes upstream in place of the name that was typed.
    pub fn mailbox(&self) -> &str {
        &self.session.mailbox
    }

    /// The mailbox's password. Whoever calls this answers for where it goes.
    pub fn password(&self) -> &Secret {
        &self.password
    }

    /// What a refusal of it is to be told about, when the password is one that the daemon has kept.
    pub fn outdated(&self) -> Option<&Session> {
        self.by_app_password.then_some(&self.session)
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").field("mailbox", &self.session.mailbox).finish_non_exhaustive()
    }
}

/// A request ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum EndpointDenial {
    /// No. The client is told the same for every reason.
    Refused,
    /// Nobody can say now.
    Unavailable,
}

/// After the daemon was asked what this name needs.
#[derive(Debug)]
#[must_use]
pub enum AfterAsk {
    /// No second factor is required: what was typed is the password.
    Pass(Pass),
    /// What was typed may be an app password, which the daemon has to see.
    Field {
        /// The canonical mailbox.
        mailbox: String,
    },
    /// It ends.
    Denied(EndpointDenial),
}

/// What follows the question.
pub fn after_ask<E>(reply: Result<Asked, E>, typed: &Credentials) -> AfterAsk {
    let Ok(Asked { verdict, app_passwords_of, .. }) = reply else {
        return AfterAsk::Denied(EndpointDenial::Unavailable);
    };
    match (verdict, app_passwords_of) {
        // A phone that works goes on working, whatever is asked of other sign-ins.
        (_, Some(mailbox)) => AfterAsk::Field { mailbox },
        (AskVerdict::NotRequired { mailbox, standing }, None) => {
            AfterAsk::Pass(as_typed(Session { mailbox, standing }, typed))
        }
        // There is no app password, and nothing else opens the endpoint: the daemon has nothing to look at.
        (AskVerdict::Challenge { .. } | AskVerdict::Enrol { .. }, None) => AfterAsk::Denied(EndpointDenial::Refused),
        (AskVerdict::Refused(refusal), None) => AfterAsk::Denied(denial(&refusal)),
    }
}

/// What follows when the daemon has looked at what was typed for `mailbox`.
///
/// # Errors
/// The request ends.
pub fn after_field<E>(
    reply: Result<FieldVerdict, E>,
    mailbox: &str,
    typed: &Credentials,
) -> Result<Pass, EndpointDenial> {
    let pass = match reply {
        Ok(FieldVerdict::NotRequired { mailbox, standing }) => as_typed(Session { mailbox, standing }, typed),
        Ok(FieldVerdict::AppPassword { mailbox, standing, password, .. }) => {
            Pass { session: Session { mailbox, standing }, password, by_app_password: true }
        }
        Ok(FieldVerdict::Accepted { .. }) => return Err(EndpointDenial::Refused),
        Ok(FieldVerdict::Refused(refusal)) => return Err(denial(&refusal)),
        Err(_) => return Err(EndpointDenial::Unavailable),
    };
    if pass.mailbox() == mailbox { Ok(pass) } else { Err(EndpointDenial::Refused) }
}

fn as_typed(session: Session, typed: &Credentials) -> Pass {
    Pass { session, password: typed.password().clone(), by_app_password: false }
}

fn denial(refusal: &Refusal) -> EndpointDenial {
    if refusal.reason == Reason::Unavailable { EndpointDenial::Unavailable } else { EndpointDenial::Refused }
}

impl OneEndpoint {
    /// Of a request that brought something.
    pub fn of<T>(outcome: &Result<T, EndpointDenial>) -> Self {
        match outcome {
            Ok(_) => Self::Passed,
            Err(EndpointDenial::Refused) => Self::Refused,
            Err(EndpointDenial::Unavailable) => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::basic;

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
        basic::read(&Credentials::header("Bob", &"secret123456".into()).unwrap()).unwrap()
    }

    fn free() -> AskVerdict {
        AskVerdict::NotRequired { mailbox: BOB.into(), standing: "s".into() }
    }

    fn challenge() -> AskVerdict {
        AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new(), trust_days: None }
    }

    fn asked(verdict: AskVerdict, app_passwords_of: Option<&str>) -> Result<Asked, ()> {
        Ok(Asked { verdict, app_passwords_of: app_passwords_of.map(str::to_owned), browser_known: false })
    }

    #[test]
    fn the_password_passes_where_nothing_else_is_required() {
        let AfterAsk::Pass(pass) = after_ask(asked(free(), None), &typed()) else { panic!("not required") };
        assert_eq!((pass.mailbox(), pass.password().reveal()), (BOB, "secret123456"));
        assert!(pass.outdated().is_none() && !format!("{pass:?}").contains("secret"));
        assert!(matches!(after_ask(asked(challenge(), None), &typed()), AfterAsk::Denied(EndpointDenial::Refused)));
        for reason in REASONS {
            let refused = AskVerdict::Refused(Refusal::new(reason));
            let AfterAsk::Denied(denial) = after_ask(asked(refused, None), &typed()) else { panic!("{reason:?}") };
            assert_eq!(denial == EndpointDenial::Unavailable, reason == Reason::Unavailable);
        }
        assert!(matches!(after_ask(Err("lost"), &typed()), AfterAsk::Denied(EndpointDenial::Unavailable)));
    }

    #[test]
    fn where_there_are_app_passwords_nothing_passes_before_the_daemon_has_looked() {
        let refused = REASONS.map(|reason| AskVerdict::Refused(Refusal::new(reason)));
        for verdict in refused.into_iter().chain([free(), challenge()]) {
            let after = after_ask(asked(verdict, Some(BOB)), &typed());
            assert!(matches!(after, AfterAsk::Field { mailbox } if mailbox == BOB));
        }
    }

    #[test]
    fn an_app_password_passes_for_its_own_mailbox_and_a_code_does_not() {
        let app = |mailbox: &str| {
            let (standing, id, password) = ("app".into(), "abcde".into(), "real".into());
            Ok::<_, ()>(FieldVerdict::AppPassword { mailbox: mailbox.into(), standing, id, password })
        };
        let pass = after_field(app(BOB), BOB, &typed()).unwrap();
        assert_eq!((pass.password().reveal(), pass.outdated().unwrap().standing.as_str()), ("real", "app"));
        assert_eq!(after_field(app("eve@example.com"), BOB, &typed()).unwrap_err(), EndpointDenial::Refused);
        let code = FieldVerdict::Accepted {
            mailbox: BOB.into(),
            standing: "s".into(),
            method: "t1".into(),
            password_length: 6,
            backup_codes_left: None,
        };
        assert_eq!(after_field(Ok::<_, ()>(code), BOB, &typed()).unwrap_err(), EndpointDenial::Refused);
        let free = FieldVerdict::NotRequired { mailbox: BOB.into(), standing: "s".into() };
        assert_eq!(after_field(Ok::<_, ()>(free), BOB, &typed()).unwrap().password().reveal(), "secret123456");
        for reason in REASONS {
            assert!(after_field(Ok::<_, ()>(FieldVerdict::Refused(Refusal::new(reason))), BOB, &typed()).is_err());
        }
        assert_eq!(after_field(Err("lost"), BOB, &typed()).unwrap_err(), EndpointDenial::Unavailable);
    }
}
