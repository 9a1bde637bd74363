//! Why there is no certificate, what to do about it, and when the order is tried again.

use super::http::RequestFailed;
use super::state::StateError;
use instant_acme::{Error, Problem};
use std::fmt;
use std::time::Duration;

/// The wait after the first failure that costs the authority nothing; each further failure doubles it.
const SOON: Duration = Duration::from_secs(5);
/// The longest of these waits.
const SOON_AT_MOST: Duration = Duration::from_secs(15 * 60);
/// The same after a failed order: Let's Encrypt allows five of these an hour for each name.
const SLOWLY: Duration = Duration::from_secs(15 * 60);
/// The longest of these waits.
const SLOWLY_AT_MOST: Duration = Duration::from_secs(6 * 3600);
/// The longest wait that is accepted from an authority.
const TOLD_AT_MOST: Duration = Duration::from_secs(7 * 24 * 3600);
/// Doublings after which no wait grows any more.
const MAX_DOUBLINGS: u32 = 16;
/// Maximum number of characters of another party's message that are passed on.
const MAX_TEXT: usize = 500;
/// The prefix of problem types (RFC 8555, section 6.7).
const URN: &str = "urn:ietf:params:acme:error:";

/// Why there is no certificate.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The state cannot be stored; the authority was not asked.
    State(StateError),
    /// An account or a certificate was issued, but could not be stored.
    Unkept(StateError),
    /// The authority does not answer.
    RequestFailed(RequestFailed),
    /// Its response is invalid.
    Garbled(String),
    /// It refused the request.
    Refused {
        /// The name that the problem is about.
        name: Option<String>,
        /// Its problem document.
        problem: Problem,
    },
    /// It offers no challenge of the configured type for this name.
    NoChallenge(String),
    /// The order did not finish in time.
    Slow,
    /// The issued certificate cannot be used.
    Useless(String),
}

impl Trouble {
    /// Whether the authority does not know the account.
    pub(super) fn is_of_unknown_account(&self) -> bool {
        matches!(self, Self::Refused { problem, .. } if kind(problem) == "accountDoesNotExist")
    }
}

impl From<StateError> for Trouble {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::Refused { name: None, problem },
            Error::Timeout(_) => Self::Slow,
            Error::Other(other) => match other.downcast() {
                Ok(failed) => Self::RequestFailed(*failed),
                Err(other) => Self::Garbled(other.to_string()),
            },
            other => Self::Garbled(other.to_string()),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(error) => write!(f, "{error}"),
            Self::Unkept(error) => write!(f, "what the authority gave could not be kept: {error}"),
            Self::RequestFailed(RequestFailed::Later { said, .. }) => {
                write!(f, "the authority wants to be asked later: {}; there is nothing to do but wait", plain(said))
            }
            Self::RequestFailed(failed) => write!(
                f,
                "the authority does not answer: {}; look at `directory` and `directory_ca` in [tls.acme], and at the way \
                 to the network",
                plain(&failed.to_string())
            ),
            Self::Garbled(why) => {
                write!(f, "what answers is no ACME authority: {}; look at `directory` in [tls.acme]", plain(why))
            }
            Self::Refused { name, problem } => {
                let about = name.as_ref().map_or(String::new(), |name| format!(" {}", plain(name)));
                write!(f, "the authority refuses{about}: {}; {}", said(problem), advice(problem, name.is_some()))
            }
            Self::NoChallenge(name) => {
                write!(f, "the authority has no such challenge for {}; change `challenge` in [tls.acme]", plain(name))
            }
            Self::Slow => f.write_str("the authority came to no end; it is asked again"),
            Self::Useless(why) => {
                write!(f, "what the authority issued is of no use: {}; ask the authority", plain(why))
            }
        }
    }
}

/// The number of consecutive failures, for each kind of cost.
#[derive(Debug, Default)]
pub(super) struct BackOff {
    soon: u32,
    slowly: u32,
}

impl BackOff {
    /// Counts a failure, and returns how long to wait after it.
    pub(super) fn after(&mut self, trouble: &Trouble) -> Duration {
        let is_cheap = match trouble {
            Trouble::RequestFailed(RequestFailed::Later { .. }) => false,
            Trouble::RequestFailed(RequestFailed::Status { status, .. }) => !status.is_client_error(),
            Trouble::RequestFailed(_) => true,
            Trouble::State(_) | Trouble::Garbled(_) => true,
            _ => false,
        };
        let (first, most, failures) = match is_cheap {
            true => (SOON, SOON_AT_MOST, &mut self.soon),
            false => (SLOWLY, SLOWLY_AT_MOST, &mut self.slowly),
        };
        let wait = first.saturating_mul(1 << *failures).min(most);
        *failures = (*failures + 1).min(MAX_DOUBLINGS);
        match trouble {
            Trouble::RequestFailed(RequestFailed::Later { wait: Some(told), .. }) => wait.max(*told).min(TOLD_AT_MOST),
            _ => wait,
        }
    }
}

/// The type of a problem, without the common prefix.
fn kind(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|kind| kind.strip_prefix(URN)).unwrap_or_default()
}

/// A problem's text, with those of its subproblems.
fn said(problem: &Problem) -> String {
    let parts = problem.subproblems.iter().map(ToString::to_string);
    let whole = problem.detail.iter().cloned().chain(parts).collect::<Vec<_>>().join("; ");
    let kind = problem.r#type.as_deref().unwrap_or("without a type");
    plain(&format!("{} ({kind})", whole.trim_end_matches('.')))
}

fn advice(problem: &Problem, is_of_name: bool) -> &'static str {
    match kind(problem) {
        "connection" => {
            "under that name it must reach this host, with tls-alpn-01 at port 443 and with http-01 at port 80: look at \
             the firewall, and at what the DNS says"
        }
        "dns" => "the name must lead to this host in the DNS that the authority asks",
        "unauthorized" | "incorrectResponse" | "tls" if is_of_name => {
            "under that name it must reach this host, with tls-alpn-01 at port 443 and with http-01 at port 80, and \
             nothing between that answers instead: look at what the DNS says"
        }
        "caa" => {
            "the CAA records of the domain allow other authorities only: change them, or `directory` in [tls.acme]"
        }
        "rateLimited" => "there is nothing to do but wait",
        "rejectedIdentifier" | "unsupportedIdentifier" => "take the name out of `domains` in [tls.acme]",
        "externalAccountRequired" => {
            "put what it gives its customers into `external_account_id` and `external_account_key` in [tls.acme]"
        }
        "invalidContact" | "unsupportedContact" => "change `contact` in [tls.acme]",
        "userActionRequired" => "its terms have changed: follow what it says, then reload",
        "unauthorized" => "it does not take this account: move account.json away from `state`, and another is made",
        _ => "it is asked again; if it stays so, ask the authority",
    }
}

/// Makes another party's message fit for a log: one line, of bounded length.
fn plain(text: &str) -> String {
    text.chars().take(MAX_TEXT).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: &str, name: Option<&str>) -> Trouble {
        let problem = format!(r#"{{"type":"{URN}{kind}","detail":"It\nis so."}}"#);
        let problem = serde_json::from_str(&problem).unwrap();
        Trouble::Refused { name: name.map(str::to_owned), problem }
    }

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut silent = BackOff::default();
        let waits: Vec<u64> =
            (0..10).map(|_| silent.after(&Trouble::RequestFailed(RequestFailed::Silent)).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        let mut refusing = BackOff::default();
        let waits: Vec<u64> = (0..7).map(|_| refusing.after(&refused("dns", None)).as_secs() / 60).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 360, 360]);
        for _ in 0..100 {
            assert_eq!(refusing.after(&Trouble::Slow), SLOWLY_AT_MOST);
        }
    }

    #[test]
    fn an_authority_that_names_a_wait_gets_it() {
        let told = |seconds| {
            let wait = Some(Duration::from_secs(seconds));
            BackOff::default()
                .after(&Trouble::RequestFailed(RequestFailed::Later { wait, said: String::new() }))
                .as_secs()
        };
        assert_eq!((told(1), told(86_400), told(u64::MAX)), (900, 86_400, 7 * 86_400));
    }

    #[test]
    fn a_refusal_is_a_line_that_says_what_to_do() {
        let said = refused("connection", Some("mail.example.com")).to_string();
        assert!(said.starts_with("the authority refuses mail.example.com: It is so (urn:ietf:"), "{said}");
        assert!(said.contains("look at the firewall") && !said.contains('\n'), "{said}");
        assert!(refused("accountDoesNotExist", None).is_of_unknown_account());
        assert!(refused("unauthorized", None).to_string().contains("move account.json away"));
        assert!(refused("unauthorized", Some("a")).to_string().contains("nothing between that answers instead"));
    }
}
