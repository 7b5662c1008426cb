//! Points in time as people say them.
//!
//! Everything is reckoned from the server's `now`, never from the browser's clock, so that the page
//! that the server rendered and the one that wasm makes of it agree to the letter.

use chrono::{DateTime, Datelike, FixedOffset, Month, Timelike, Utc};

/// How long before `now` something was; from a week on, the date.
pub fn ago(then: DateTime<Utc>, now: DateTime<Utc>, utc_offset: i32) -> String {
    match (now - then).num_seconds() {
        ..=59 => "just now".to_owned(),
        seconds @ 60..=3599 => count(seconds / 60, "minute"),
        seconds @ 3600..=86_399 => count(seconds / 3600, "hour"),
        seconds @ 86_400..=604_799 => count(seconds / 86_400, "day"),
        _ => date(then, utc_offset),
    }
}

/// The day, such as "5 March 2026".
pub fn date(then: DateTime<Utc>, utc_offset: i32) -> String {
    let day = there(then, utc_offset);
    // By hand, because the code that reads patterns is longer than all of this in the browser's download.
    let month = u8::try_from(day.month()).ok().and_then(|month| Month::try_from(month).ok());
    format!("{} {} {}", day.day(), month.map_or("", |month| month.name()), day.year())
}

/// Day and time to the minute, such as "5 March 2026, 14:03"; says so where it is UTC.
pub fn moment(then: DateTime<Utc>, utc_offset: i32) -> String {
    let zone = if utc_offset == 0 { " UTC" } else { "" };
    format!("{}, {}{zone}", date(then, utc_offset), minute(then, utc_offset))
}

/// The time of day, such as "14:03".
pub fn minute(then: DateTime<Utc>, utc_offset: i32) -> String {
    let time = there(then, utc_offset);
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// The time of day to the second, such as "14:03:05".
pub fn clock(then: DateTime<Utc>, utc_offset: i32) -> String {
    let time = there(then, utc_offset);
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

fn count(n: i64, unit: &str) -> String {
    if n == 1 { format!("1 {unit} ago") } else { format!("{n} {unit}s ago") }
}

fn there(then: DateTime<Utc>, utc_offset: i32) -> DateTime<FixedOffset> {
    match FixedOffset::east_opt(utc_offset) {
        Some(offset) => then.with_timezone(&offset),
        None => then.fixed_offset(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Duration, TimeZone};

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 5, 23, 30, 0).unwrap()
    }

    #[test]
    fn a_week_is_told_in_words_and_then_by_date() {
        let said = |before: Duration| ago(now() - before, now(), 0);
        assert_eq!(said(Duration::seconds(-5)), "just now");
        assert_eq!(said(Duration::seconds(59)), "just now");
        assert_eq!(said(Duration::seconds(60)), "1 minute ago");
        assert_eq!(said(Duration::minutes(59)), "59 minutes ago");
        assert_eq!(said(Duration::hours(1)), "1 hour ago");
        assert_eq!(said(Duration::hours(47)), "1 day ago");
        assert_eq!(said(Duration::days(6)), "6 days ago");
        assert_eq!(said(Duration::days(7)), "26 February 2026");
    }

    #[test]
    fn dates_are_those_of_the_place() {
        assert_eq!(date(now(), 0), "5 March 2026");
        assert_eq!(date(now(), 3600), "6 March 2026");
        assert_eq!(moment(now(), -18_000), "5 March 2026, 18:30");
        assert_eq!(moment(now(), 0), "5 March 2026, 23:30 UTC");
        assert_eq!(clock(now(), 19_800), "05:00:00");
    }
}
