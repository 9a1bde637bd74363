//! The metrics of every front.

use postern_process::{label, metrics};
use postern_wire::CallError;

metrics! {
    /// The metrics of every front.
    pub static METRICS: Metrics {
        /// Who has connected, by whether TLS began.
        arrivals: Counters<(Front, Arrival)> = "postern_proxy_connections_total",
        /// Connections that are open.
        connections: Gauges<Front> = "postern_proxy_connections",
        /// Passwords, with or without something behind them, by what became of them.
        sign_ins: Counters<(Front, Verdict)> = "postern_proxy_sign_ins_total",
        /// What it takes until posternd has answered a call.
        calls: Histograms<Call> = "postern_proxy_daemon_call_seconds",
        /// Connections over which posternd tells of changes; while there are none, nobody is let in.
        streams: Gauges<()> = "postern_proxy_daemon_streams",
    }
}

label! {
    /// A front.
    pub enum Front in "front" {
        /// For browsers, and for programs at the endpoints beside Outlook on the web.
        Webmail = "webmail",
        /// For mail apps.
        Imap = "imap",
        /// For mail apps that use POP3.
        Pop3 = "pop3",
    }
}

label! {
    /// How far a connection came.
    pub enum Arrival in "outcome" {
        /// TLS has begun.
        Accepted = "accepted",
        /// The maximum number of connections is open.
        Full = "full",
        /// The maximum number of connections from that address or network is open.
        FullForAddress = "full_for_address",
        /// It carried no request, or had not signed in, and was closed to make room for another.
        MadeRoom = "made_room",
        /// The PROXY header of a load balancer was invalid.
        ProxyHeader = "proxy_header",
        /// TLS did not begin.
        Handshake = "handshake",
        /// The time limit passed, before TLS or before a sign-in.
        Late = "late",
    }
}

label! {
    /// The outcome of a password, with or without a code after it.
    pub enum Verdict in "verdict" {
        /// The client was signed in.
        Accepted = "accepted",
        /// A code is asked for.
        Challenge = "challenge",
        /// A second factor has to be set up first.
        Enrol = "enrol",
        /// The webmail refused the password.
        Password = "password_refused",
        /// The client is refused.
        Refused = "refused",
        /// It is an app password that can no longer be used, or has expired at the mail server.
        Expired = "expired",
        /// The mailbox has reached its maximum number of sessions.
        Limit = "limit",
        /// Temporarily unavailable.
        Unavailable = "unavailable",
    }
}

label! {
    /// The outcome of a call to posternd.
    pub enum Call in "outcome" {
        /// It answered, whatever the answer is.
        Answered = "answered",
        /// No process listens there.
        Unreachable = "unreachable",
        /// It did not answer in time, or the connection broke.
        Lost = "lost",
        /// The answer did not come from posternd, or is invalid.
        Garbage = "garbage",
        /// It answered with an error.
        Error = "error",
    }
}

impl Call {
    /// The outcome of a call.
    pub fn of<T>(outcome: &Result<T, CallError>) -> Self {
        match outcome {
            Ok(_) => Self::Answered,
            Err(CallError::Unreachable(_)) => Self::Unreachable,
            Err(CallError::Lost(_)) => Self::Lost,
            Err(CallError::Impostor(_) | CallError::Garbage(_)) => Self::Garbage,
            Err(CallError::Error(_)) => Self::Error,
        }
    }
}
