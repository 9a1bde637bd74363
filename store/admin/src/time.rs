//! Output of times, absolute in the local zone and relative; parsing of typed times.

use crate::table::clean_line;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// From this value on, a time is shown in the next larger unit: "2 h" is clearer than "90 min".
const HOURS_FROM: i64 = 59 * MINUTE + 30;
const DAYS_FROM: i64 = 48 * HOUR;

/// The current time and the zone for output and input.
pub(crate) struct Calendar {
    now: Timestamp,
    zone: TimeZone,
}

impl Calendar {
    /// With the zone of this system (`TZ`, otherwise `/etc/localtime`).
    pub(crate) fn local(now: Timestamp) -> Self {
        Self { now, zone: TimeZone::system() }
    }

    /// Converts RFC 3339 to `2026-11-22 01:10 (in 58 min)`. Text that is not a time is returned unchanged.
    pub(crate) fn show(&self, text: &str) -> String {
        self.parsed(text, |time| format!("{} ({})", self.format(time, "%Y-%m-%d %H:%M"), self.distance(time)))
    }

    /// Converts RFC 3339 to `in 58 min`.
    pub(crate) fn show_distance(&self, text: &str) -> String {
        self.parsed(text, |time| self.distance(time))
    }

    /// Converts RFC 3339 to `2026-11-22 01:10:09`.
    pub(crate) fn show_second(&self, text: &str) -> String {
        self.parsed(text, |time| self.format(time, "%Y-%m-%d %H:%M:%S"))
    }

    fn parsed(&self, text: &str, show: impl FnOnce(Timestamp) -> String) -> String {
        text.parse().map_or_else(|_| clean_line(text).into_owned(), show)
    }

    fn format(&self, time: Timestamp, format: &str) -> String {
        time.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    fn distance(&self, time: Timestamp) -> String {
        let seconds = time.as_second().saturating_sub(self.now.as_second());
        let length = match seconds.abs() {
            0 => return "now".to_owned(),
            n if n < MINUTE => format!("{n} s"),
            n if n < HOURS_FROM => format!("{} min", rounded(n, MINUTE)),
            n if n < DAYS_FROM => format!("{} h", rounded(n, HOUR)),
            n => format!("{} days", rounded(n, DAY)),
        };
        if seconds > 0 { format!("in {length}") } else { format!("{length} ago") }
    }

    /// Parses a typed time: RFC 3339, a date or a date with a time in this zone, or an age (`30m`, `2h`, `3d`, `1w`).
    /// Returns RFC 3339.
    ///
    /// # Errors
    /// A text that lists the forms.
    pub(crate) fn since(&self, text: &str) -> Result<String, String> {
        let time = match length(text) {
            Some(length) => self.now.checked_sub(length).ok(),
            None => self.moment(text),
        };
        time.map(|time| time.to_string()).ok_or_else(|| not_a_time(text, "ago"))
    }

    /// The same for a future time: `30d` is that far from now.
    ///
    /// # Errors
    /// A text that lists the forms.
    pub(crate) fn until(&self, text: &str) -> Result<String, String> {
        let time = match length(text) {
            Some(length) => self.now.checked_add(length).ok(),
            None => self.moment(text),
        };
        time.map(|time| time.to_string()).ok_or_else(|| not_a_time(text, "from now"))
    }

    fn moment(&self, text: &str) -> Option<Timestamp> {
        text.parse().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            local.to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp())
        })
    }
}

fn not_a_time(text: &str, direction: &str) -> String {
    format!(
        "'{}' is not a time: use 30m, 2h, 3d or 1w ({direction}), a date such as 2026-11-22, \"2026-11-22 14:30\", or \
         RFC 3339",
        clean_line(text)
    )
}

fn rounded(seconds: i64, unit: i64) -> i64 {
    (seconds + unit / 2) / unit
}

fn length(text: &str) -> Option<SignedDuration> {
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "m" | "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => WEEK,
        _ => return None,
    };
    let count: u32 = digits.parse().ok()?;
    Some(SignedDuration::from_secs(i64::from(count) * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        Calendar { now: "2026-11-22T12:00:00Z".parse().unwrap(), zone }
    }

    #[test]
    fn times_are_local_and_relative() {
        for (time, shown) in [
            ("2026-11-22T12:58:20Z", "2026-11-22 13:58 (in 58 min)"),
            ("2026-11-22T12:59:50Z", "2026-11-22 13:59 (in 1 h)"),
            ("2026-11-22T13:00:00Z", "2026-11-22 14:00 (in 1 h)"),
            ("2026-11-22T11:59:30Z", "2026-11-22 12:59 (30 s ago)"),
            ("2026-11-22T12:00:00Z", "2026-11-22 13:00 (now)"),
            ("2026-11-21T00:30:00Z", "2026-11-21 01:30 (36 h ago)"),
            ("2026-12-22T12:00:00Z", "2026-12-22 13:00 (in 30 days)"),
            ("someday\x1b", "someday\u{fffd}"),
        ] {
            assert_eq!(calendar().show(time), shown);
        }
    }

    #[test]
    fn people_type_times_in_four_forms() {
        for (typed, time) in [
            ("2h", "2026-11-22T10:00:00Z"),
            ("30m", "2026-11-22T11:30:00Z"),
            ("3d", "2026-11-19T12:00:00Z"),
            ("1w", "2026-11-15T12:00:00Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-11-20 14:30", "2026-11-20T13:30:00Z"),
            ("2026-11-20T14:30:00+02:00", "2026-11-20T12:30:00Z"),
            ("2026-11-20T14:30:00Z", "2026-11-20T14:30:00Z"),
        ] {
            assert_eq!(calendar().since(typed).as_deref(), Ok(time), "{typed}");
        }
        assert_eq!(calendar().until("1w").as_deref(), Ok("2026-11-29T12:00:00Z"));
        assert!(calendar().until("tomorrow").unwrap_err().contains("3d or 1w (from now)"));
        for typed in ["", "yesterday", "-2h", "1.5h", "h", "2y", "99999999999h", "4294967295w", "2026-13-01", "12"] {
            assert!(calendar().since(typed).unwrap_err().contains("3d"), "{typed}");
        }
    }
}
