//! Metrics, and their output in the Prometheus text format, version 0.0.4, which every scraper supports.

use crate::label::Labels;
use std::fmt::Write as _;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The upper bounds of a histogram's buckets, in seconds; one more takes the rest. They range from the time of a local
/// socket to the timeout for a mail server.
const BOUNDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// The value of a reading that was not set.
const UNREAD: i64 = i64::MIN;

/// Values under one name.
pub trait Metric {
    /// A metric with all values zero.
    ///
    /// `help` is the help text, in one line.
    fn new(name: &'static str, help: &'static str) -> Self;

    /// Writes its lines to the page.
    fn show(&self, page: &mut String);
}

/// The name of a metric, and its help text.
struct Head {
    name: &'static str,
    help: &'static str,
}

impl Head {
    fn show(&self, kind: &str, page: &mut String) {
        let Self { name, help } = self;
        put(page, format_args!("# HELP {name} {}\n# TYPE {name} {kind}\n", help.trim()));
    }

    fn line<L: Labels>(&self, index: usize, value: impl std::fmt::Display, page: &mut String) {
        self.labelled("", &L::show(index), value, page);
    }

    fn labelled(&self, suffix: &str, labels: &str, value: impl std::fmt::Display, page: &mut String) {
        let name = self.name;
        match labels {
            "" => put(page, format_args!("{name}{suffix} {value}\n")),
            labels => put(page, format_args!("{name}{suffix}{{{labels}}} {value}\n")),
        }
    }
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = page.write_fmt(text);
}

/// Counts of events since the program started.
pub struct Counters<L: Labels> {
    head: Head,
    lines: Box<[AtomicU64]>,
    labels: PhantomData<fn(L)>,
}

impl<L: Labels> Counters<L> {
    /// Counts one event.
    pub fn count(&self, labels: L) {
        self.add(labels, 1);
    }

    /// Counts `times` events.
    pub fn add(&self, labels: L, times: u64) {
        self.lines[labels.index()].fetch_add(times, Relaxed);
    }
}

impl<L: Labels> Metric for Counters<L> {
    fn new(name: &'static str, help: &'static str) -> Self {
        Self {
            head: Head { name, help },
            lines: (0..L::COUNT).map(|_| AtomicU64::new(0)).collect(),
            labels: PhantomData,
        }
    }

    fn show(&self, page: &mut String) {
        self.head.show("counter", page);
        for (index, line) in self.lines.iter().enumerate() {
            self.head.line::<L>(index, line.load(Relaxed), page);
        }
    }
}

/// Current numbers of objects.
pub struct Gauges<L: Labels> {
    head: Head,
    lines: Box<[AtomicI64]>,
    labels: PhantomData<fn(L)>,
}

/// One object that a gauge counts, until this is dropped.
#[must_use]
pub struct Held(&'static AtomicI64);

impl<L: Labels> Gauges<L> {
    /// Counts one more object, for as long as the returned value lives.
    pub fn hold(&'static self, labels: L) -> Held {
        let line = &self.lines[labels.index()];
        line.fetch_add(1, Relaxed);
        Held(line)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl<L: Labels> Metric for Gauges<L> {
    fn new(name: &'static str, help: &'static str) -> Self {
        Self {
            head: Head { name, help },
            lines: (0..L::COUNT).map(|_| AtomicI64::new(0)).collect(),
            labels: PhantomData,
        }
    }

    fn show(&self, page: &mut String) {
        self.head.show("gauge", page);
        for (index, line) in self.lines.iter().enumerate() {
            self.head.line::<L>(index, line.load(Relaxed), page);
        }
    }
}

/// Values from the last reading: a time in seconds since 1970, a remaining amount. A line is not shown before it is
/// set.
pub struct Readings<L: Labels> {
    head: Head,
    lines: Box<[AtomicI64]>,
    labels: PhantomData<fn(L)>,
}

impl<L: Labels> Readings<L> {
    /// Sets the value.
    pub fn set(&self, labels: L, value: i64) {
        self.lines[labels.index()].store(value, Relaxed);
    }
}

impl<L: Labels> Metric for Readings<L> {
    fn new(name: &'static str, help: &'static str) -> Self {
        let lines = (0..L::COUNT).map(|_| AtomicI64::new(UNREAD)).collect();
        Self { head: Head { name, help }, lines, labels: PhantomData }
    }

    fn show(&self, page: &mut String) {
        self.head.show("gauge", page);
        for (index, line) in self.lines.iter().enumerate() {
            let value = line.load(Relaxed);
            if value != UNREAD {
                self.head.line::<L>(index, value, page);
            }
        }
    }
}

/// Distributions of durations.
pub struct Histograms<L: Labels> {
    head: Head,
    lines: Box<[Histogram]>,
    labels: PhantomData<fn(L)>,
}

#[derive(Default)]
struct Histogram {
    /// Counts of the values in each bucket, without those of the buckets before it.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

impl<L: Labels> Histograms<L> {
    /// Records a duration.
    pub fn observe(&self, labels: L, took: Duration) {
        let line = &self.lines[labels.index()];
        let seconds = took.as_secs_f64();
        line.buckets[BOUNDS.partition_point(|bound| *bound < seconds)].fetch_add(1, Relaxed);
        line.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl<L: Labels> Metric for Histograms<L> {
    fn new(name: &'static str, help: &'static str) -> Self {
        Self {
            head: Head { name, help },
            lines: (0..L::COUNT).map(|_| Histogram::default()).collect(),
            labels: PhantomData,
        }
    }

    fn show(&self, page: &mut String) {
        self.head.show("histogram", page);
        for (index, line) in self.lines.iter().enumerate() {
            let labels = L::show(index);
            let separator = if labels.is_empty() { "" } else { "," };
            let mut so_far = 0;
            for (number, bucket) in line.buckets.iter().enumerate() {
                so_far += bucket.load(Relaxed);
                let bound = BOUNDS.get(number).map_or_else(|| "+Inf".to_owned(), f64::to_string);
                self.head.labelled("_bucket", &format!("{labels}{separator}le=\"{bound}\""), so_far, page);
            }
            let seconds = Duration::from_micros(line.microseconds.load(Relaxed)).as_secs_f64();
            self.head.labelled("_sum", &labels, seconds, page);
            self.head.labelled("_count", &labels, so_far, page);
        }
    }
}

/// Declares the metrics of a program, as a `static` that is created when it is first used. The comment of a metric is
/// its help text, so it is one line of plain text.
///
/// ```
/// postern_process::metrics! {
///     /// What this program counts.
///     pub static METRICS: Metrics {
///         /// Letters that were delivered.
///         letters: Counters<()> = "example_letters_total",
///     }
/// }
/// METRICS.letters.count(());
/// assert!(METRICS.page().contains("example_letters_total 1\n"));
/// ```
#[macro_export]
macro_rules! metrics {
    (
        $(#[$about:meta])*
        $visibility:vis static $table:ident: $type:ident {
            $($(#[doc = $help:literal])+ $field:ident: $metric:ident<$labels:ty> = $name:literal,)+
        }
    ) => {
        $(#[$about])*
        $visibility static $table: ::std::sync::LazyLock<$type> = ::std::sync::LazyLock::new($type::new);

        $(#[$about])*
        $visibility struct $type {
            $($(#[doc = $help])+ pub $field: $crate::$metric<$labels>,)+
        }

        impl $type {
            fn new() -> Self {
                Self { $($field: $crate::Metric::new($name, concat!($($help),+)),)+ }
            }

            /// All metrics, in the Prometheus text format.
            $visibility fn page(&self) -> String {
                let mut page = String::new();
                $($crate::Metric::show(&self.$field, &mut page);)+
                page
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::label! {
        enum Channel in "door" {
            Imap = "imap",
            Webmail = "webmail",
        }
    }

    metrics! {
        /// Of this test.
        static TABLE: Table {
            /// Somebody knocked,
            /// hard.
            knocks: Counters<Channel> = "t_knocks_total",
            /// Guests.
            guests: Gauges<()> = "t_guests",
            /// The last guest's coming.
            last: Readings<Channel> = "t_last_timestamp_seconds",
            /// How long a knock is heard.
            heard: Histograms<()> = "t_heard_seconds",
        }
    }

    #[test]
    fn a_page_has_what_was_counted() {
        TABLE.knocks.count(Channel::Webmail);
        TABLE.knocks.add(Channel::Webmail, 2);
        let guest = TABLE.guests.hold(());
        drop(TABLE.guests.hold(()));
        TABLE.last.set(Channel::Imap, -5);
        for milliseconds in [0, 1, 2, 700, 31_000] {
            TABLE.heard.observe((), Duration::from_millis(milliseconds));
        }
        let page = TABLE.page();
        drop(guest);
        for wanted in [
            "# HELP t_knocks_total Somebody knocked, hard.\n# TYPE t_knocks_total counter\n",
            "t_knocks_total{door=\"imap\"} 0\nt_knocks_total{door=\"webmail\"} 3\n",
            "# TYPE t_guests gauge\nt_guests 1\n",
            "# TYPE t_last_timestamp_seconds gauge\nt_last_timestamp_seconds{door=\"imap\"} -5\n#",
            "# TYPE t_heard_seconds histogram\nt_heard_seconds_bucket{le=\"0.0005\"} 1\n",
            // A value that is equal to a bound is counted below it.
            "t_heard_seconds_bucket{le=\"0.001\"} 2\nt_heard_seconds_bucket{le=\"0.0025\"} 3\n",
            "t_heard_seconds_bucket{le=\"1\"} 4\nt_heard_seconds_bucket{le=\"5\"} 4\n",
            "t_heard_seconds_bucket{le=\"30\"} 4\nt_heard_seconds_bucket{le=\"+Inf\"} 5\n",
            "t_heard_seconds_sum 31.703\nt_heard_seconds_count 5\n",
        ] {
            assert!(page.contains(wanted), "{wanted}\nis not in\n{page}");
        }
        assert!(TABLE.page().contains("t_guests 0\n"));
    }
}
