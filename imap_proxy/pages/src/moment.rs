//! Times for the reader: "14:05 UTC (in about 5 minutes)".

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use maud::{Markup, html};

use crate::language::Language;
use crate::text::Text;

/// The time zone of all times in the documents.
pub const ZONE: &str = "UTC";

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The time `until`, relative to `now`. The reader's time zone is unknown here, so the time is shown in UTC and also in
/// words. Where the script runs, it replaces the content of `<time>` with local time.
pub fn moment(until: Timestamp, now: Timestamp, language: Language) -> Markup {
    let shown = next_minute(until);
    let clock = html! { time datetime=(shown) { (clock(&utc(shown), &utc(now), language)) } };
    let wait = wait(until.as_second().saturating_sub(now.as_second()), language);
    language.fill(Text::MOMENT, &[("clock", &clock), ("wait", &wait)])
}

/// Seconds from `now` until `until`; none if it has passed.
pub fn seconds_until(until: Timestamp, now: Timestamp) -> Option<i64> {
    Some(until.as_second().saturating_sub(now.as_second())).filter(|wait| *wait > 0)
}

/// A day in the past.
pub fn day(time: Timestamp, now: Timestamp, language: Language) -> Markup {
    let shown = utc(time);
    html! { time datetime=(whole(time)) data-day { (date(&shown, &utc(now), language)) } }
}

/// A point in time in the past: "14:05 UTC", with its date unless it is today.
pub fn point(time: Timestamp, now: Timestamp, language: Language) -> Markup {
    html! { time datetime=(whole(time)) { (clock(&utc(time), &utc(now), language)) } }
}

/// The time without fractions of a second.
fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The time rounded up to the minute, so that a clock without seconds shows it only when the time has come.
fn next_minute(time: Timestamp) -> Timestamp {
    let past = time.as_second().rem_euclid(MINUTE);
    if past == 0 {
        return Timestamp::from_second(time.as_second()).unwrap_or(time);
    }
    // Only the last minute of the range of `Timestamp` has no next minute.
    Timestamp::from_second(time.as_second() - past + MINUTE).unwrap_or(time)
}

fn utc(time: Timestamp) -> Zoned {
    time.to_zoned(TimeZone::UTC)
}

/// The time of day, with the date unless it is today.
fn clock(time: &Zoned, now: &Zoned, language: Language) -> String {
    let (hour, minute) = (format!("{:02}", time.hour()), format!("{:02}", time.minute()));
    let clock = language.fill_plain(Text::CLOCK, &[("hour", &hour), ("minute", &minute)]);
    if time.date() == now.date() {
        return format!("{clock} {ZONE}");
    }
    let date = date(time, now, language);
    format!("{} {ZONE}", language.fill_plain(Text::DAY_AND_CLOCK, &[("date", &date), ("clock", &clock)]))
}

/// The words with which the script formats a `<time>` in the reader's time zone. They are the same as here, so that a
/// date looks the same with and without the script: the months, the first day of a month, a time of day, a day, a day
/// with its year, and a day with its time.
pub fn words(language: Language) -> [String; 6] {
    let place = |text, names: &[&'static str]| {
        let values: Vec<(&str, String)> = names.iter().map(|name| (*name, format!("%{name}"))).collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        language.fill_plain(text, &values)
    };
    [
        language.say(Text::MONTHS),
        language.say(Text::FIRST_OF_MONTH),
        place(Text::CLOCK, &["hour", "minute"]),
        place(Text::DAY, &["day", "month"]),
        place(Text::DAY_AND_YEAR, &["day", "month", "year"]),
        place(Text::DAY_AND_CLOCK, &["date", "clock"]),
    ]
}

/// The date, with the year unless it is the current one.
fn date(time: &Zoned, now: &Zoned, language: Language) -> String {
    let day = if time.day() == 1 { language.say(Text::FIRST_OF_MONTH) } else { time.day().to_string() };
    let months = language.say(Text::MONTHS);
    let month = (1..).zip(months.split(' ')).find(|(number, _)| *number == time.month()).map_or("", |(_, name)| name);
    let values = [("day", day.as_str()), ("month", month)];
    if time.year() == now.year() {
        return language.fill_plain(Text::DAY, &values);
    }
    let year = time.year().to_string();
    language.fill_plain(Text::DAY_AND_YEAR, &[values[0], values[1], ("year", &year)])
}

/// The duration `seconds` in words. Minutes are rounded up, since trying too early is of no use; longer durations are
/// rounded to the nearest unit.
fn wait(seconds: i64, language: Language) -> String {
    let say_number = |text, n: i64| language.fill_plain(text, &[("n", &n.to_string())]);
    match seconds {
        ..MINUTE => language.say(Text::SOON),
        MINUTE..HOUR => match (seconds + MINUTE - 1) / MINUTE {
            1 => language.say(Text::IN_A_MINUTE),
            minutes => say_number(Text::IN_MINUTES, minutes),
        },
        _ => match (seconds + HOUR / 2) / HOUR {
            1 => language.say(Text::IN_AN_HOUR),
            hours if hours < 2 * DAY / HOUR => say_number(Text::IN_HOURS, hours),
            _ => say_number(Text::IN_DAYS, (seconds + DAY / 2) / DAY),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(until: &str, language: Language) -> String {
        moment(until.parse().unwrap(), "2026-11-22T14:00:00Z".parse().unwrap(), language).into_string()
    }

    #[test]
    fn a_time_is_shown_to_people_and_to_the_script() {
        assert_eq!(
            shown("2026-11-22T14:04:30Z", Language::English),
            r#"<time datetime="2026-11-22T14:05:00Z">14:05 UTC</time> (in about 5 minutes)"#
        );
        assert_eq!(
            shown("2026-12-01T09:00:00.5Z", Language::French),
            "<time datetime=\"2026-12-01T09:00:00Z\">1er décembre à 09\u{a0}h\u{a0}00 UTC</time> (dans 9 jours environ)"
        );
    }

    #[test]
    fn what_is_past_has_its_day_and_its_year() {
        let now = "2026-11-22T14:00:00Z".parse().unwrap();
        let point = |time: &str| point(time.parse().unwrap(), now, Language::English).into_string();
        assert_eq!(point("2026-11-22T09:05:30.5Z"), r#"<time datetime="2026-11-22T09:05:30Z">09:05 UTC</time>"#);
        assert!(point("2025-12-01T09:05:00Z").contains(">1 December 2025, 09:05 UTC<"));
        let day = |time: &str| day(time.parse().unwrap(), now, Language::French).into_string();
        assert_eq!(day("2026-02-01T09:00:00Z"), r#"<time datetime="2026-02-01T09:00:00Z" data-day>1er février</time>"#);
    }

    #[test]
    fn waits_are_said_in_words() {
        for (seconds, words) in [
            (-5, "in less than a minute"),
            (59, "in less than a minute"),
            (60, "in about a minute"),
            (61, "in about 2 minutes"),
            (3540, "in about 59 minutes"),
            (3600, "in about an hour"),
            (5399, "in about an hour"),
            (5400, "in about 2 hours"),
            (47 * HOUR, "in about 47 hours"),
            (48 * HOUR, "in about 2 days"),
            (720 * HOUR, "in about 30 days"),
        ] {
            assert_eq!(wait(seconds, Language::English), words, "{seconds}");
        }
    }

    #[test]
    fn every_language_has_twelve_months() {
        for language in Language::ALL {
            assert_eq!(language.say(Text::MONTHS).split(' ').count(), 12, "{language:?}");
        }
    }
}
