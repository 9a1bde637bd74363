//! Times as text.

use jiff::Timestamp;
use postern_rules::Time;

/// Formats a time as RFC 3339 in UTC, or, if it is outside the calendar, as seconds since 1970.
pub fn rfc3339(time: Time) -> String {
    Timestamp::from_second(time.0).map_or_else(|_| format!("@{}", time.0), |stamp| stamp.to_string())
}

/// Parses RFC 3339.
pub fn parse_rfc3339(text: &str) -> Option<Time> {
    text.parse::<Timestamp>().ok().map(|stamp| Time(stamp.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_and_read() {
        assert_eq!(rfc3339(Time(1_111_111_109)), "2005-03-18T01:58:29Z");
        assert_eq!(parse_rfc3339("2005-03-18T02:58:29+01:00"), Some(Time(1_111_111_109)));
        assert_eq!(rfc3339(Time(i64::MAX)), format!("@{}", i64::MAX));
        assert_eq!(parse_rfc3339("yesterday"), None);
    }
}
