//! What every front counts.

use postern_process::{label, metrics};
use postern_wire::CallError;

metrics! {
    /// What every front counts.
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
    /// Which front.
    pub enum Front in "front" {
        /// For browsers, and for programs at the endpoints beside Outlook on the web.
        Webmail = "webmail",
        /// For mail apps.
        Imap = "imap",
    }
}

label! {
    /// How far a connection came.
    pub enum Arrival in "outcome" {
        /// TLS has begun.
        Accepted = "accepted",
        /// As many are open as may be.
        Full = "full",
        /// As many are open from there as may be.
        FullForAddress = "full_for_address",
        /// It carried no request, or had not signed in, and made room for another.
        MadeRoom = "made_room",
        /// A load balancer's PROXY header is none.
        ProxyHeader = "proxy_header",
        /// TLS did not begin.
        Handshake = "handshake",
        /// It took too long, until TLS or until a sign-in.
        Late = "late",
    }
}

label! {
    /// What became of a password, with or without something behind it.
    pub enum Verdict in "verdict" {
        /// It let somebody in.
        Accepted = "accepted",
        /// A code is asked for.
        Challenge = "challenge",
        /// A second factor has to be set up first.
        Enrol = "enrol",
        /// The webmail does not take it.
        Password = "password_refused",
        /// It lets nobody in.
        Refused = "refused",
        /// It is an app password that is of no use any more, or its time is over at the mail server.
        Expired = "expired",
        /// The mailbox has as many sessions as it may have.
        Limit = "limit",
        /// Temporarily unavailable.
        Unavailable = "unavailable",
    }
}

label! {
    /// What came of a call to posternd.
    pub enum Call in "outcome" {
        /// It answered, whatever it said.
        Answered = "answered",
        /// Nobody listens there.
        Unreachable = "unreachable",
        /// It did not answer in time, or broke off.
        Lost = "lost",
        /// What answered is not posternd, or makes no sense.
        Garbage = "garbage",
        /// It says that it cannot.
        Error = "error",
    }
}

impl Call {
    /// Of a call.
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
