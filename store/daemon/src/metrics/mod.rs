//! The metrics of posternd: what it counts, and what it looks up on each request.

mod labels;

pub use labels::{Build, Change, Channel, Delivery, Method, Needed, Outcome, Socket, Way, Why};

use postern_process::metrics;
use postern_rules::{State, Time};

metrics! {
    /// What posternd counts.
    pub static METRICS: Metrics {
        /// Which posternd this is.
        build: Readings<Build> = "postern_build_info",
        /// When it started, in seconds since 1970.
        started: Readings<()> = "process_start_time_seconds",
        /// What channels were told that a sign-in needs.
        asked: Counters<(Channel, Needed)> = "postern_asks_total",
        /// Second factors that were accepted.
        accepted: Counters<(Channel, Method)> = "postern_accepted_total",
        /// Sign-ins, enrolments and changes by people that were refused.
        refused: Counters<(Channel, Why)> = "postern_refused_total",
        /// What has changed in accounts.
        changes: Counters<Change> = "postern_account_changes_total",
        /// What administrators have asked for.
        administered: Counters<Outcome> = "postern_admin_calls_total",
        /// Connections that are open.
        connections: Gauges<Socket> = "postern_connections",
        /// Calls that are being answered.
        calls: Gauges<Socket> = "postern_calls_running",
        /// Codes and notices, by what became of them.
        messages: Counters<(Way, Delivery)> = "postern_messages_total",
        /// Notices that no mail server has taken yet.
        notices_waiting: Readings<()> = "postern_notices_waiting",
        /// Notices that were given up: refused for good, or tried in vain until their time was over.
        notices_given_up: Counters<()> = "postern_notices_given_up_total",
        /// Messages that may still leave today.
        budget: Readings<Way> = "postern_messages_budget_left",
        /// Whether the store takes writes: 1 if so, else 0.
        writable: Readings<()> = "postern_store_writable",
        /// Daily exports that were tried.
        exports: Counters<Outcome> = "postern_exports_total",
        /// When the newest daily export was made, in seconds since 1970.
        last_export: Readings<()> = "postern_last_export_timestamp_seconds",
    }
}

impl Metrics {
    /// Counts a change of an account: `change` is the subject of the event, and the states show the rest.
    pub fn change(&self, change: Option<Change>, before: Option<State>, after: State) {
        let is_locked = |state: State| matches!(state, State::Locked(_));
        if is_locked(after) && !before.is_some_and(is_locked) {
            self.changes.count(Change::Locked);
        }
        if before == Some(State::Enrolling) && after == State::Protected {
            self.changes.count(Change::Enrolled);
        }
        if let Some(change) = change {
            self.changes.count(change);
        }
    }

    /// Returns all metrics in the text format of Prometheus.
    pub fn look(&self, now: &Snapshot) -> String {
        self.build.set(Build::This, 1);
        self.started.set((), now.started.0);
        self.writable.set((), now.is_writable.into());
        if let Some(made) = now.last_export {
            self.last_export.set((), made.0);
        }
        if let Some(waiting) = now.notices_waiting {
            self.notices_waiting.set((), i64::try_from(waiting).unwrap_or(i64::MAX));
        }
        for (way, left) in [(Way::Sms, now.texts_left), (Way::Mail, now.mails_left)] {
            if let Some(left) = left {
                self.budget.set(way, left.into());
            }
        }
        self.page() + &postern_engine::METRICS.page()
    }
}

/// Values that are looked up on each request; a value that cannot be read keeps its last reading.
#[derive(Debug)]
pub struct Snapshot {
    /// When the daemon started.
    pub started: Time,
    /// Whether the store takes writes.
    pub is_writable: bool,
    /// When the newest daily export was made.
    pub last_export: Option<Time>,
    /// Notices that no mail server has taken yet.
    pub notices_waiting: Option<usize>,
    /// Text messages that may still be sent today.
    pub texts_left: Option<u32>,
    /// Mails that may still be sent today.
    pub mails_left: Option<u32>,
}
