//! Moments in words, in UTC, and computed from the `now` that the server sent: so the server's page and the
//! browser's say the same. The calendar is a dozen lines of arithmetic, which a time library in WASM is not.

use leptos::prelude::*;

use crate::contract::Timestamp;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month from 1, day from 1, in the Gregorian calendar.
type Date = (i64, i64, i64);

/// How long ago, or the day if that is more than a month.
#[component]
pub fn Ago(
    /// The moment.
    at: Timestamp,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    view! { <Moment at words=ago(at, now) /> }
}

/// The time of a message in a list: the clock today, else the day.
#[component]
pub fn ListTime(
    /// The moment.
    at: Timestamp,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let words = if days(at) == days(now) { clock(at) } else { day_label(at, now) };
    view! { <Moment at words /> }
}

/// Hours and minutes.
#[component]
pub fn Clock(
    /// The moment.
    at: Timestamp,
) -> impl IntoView {
    view! { <Moment at words=clock(at) /> }
}

/// The time of a line in a log: to the second, with the day if it is not today.
#[component]
pub fn LogTime(
    /// The moment.
    at: Timestamp,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    view! { <Moment at words=log_time(at, now) /> }
}

/// Date and time to the second.
#[component]
pub fn Exact(
    /// The moment.
    at: Timestamp,
) -> impl IntoView {
    view! { <Moment at words=absolute(at) /> }
}

#[component]
fn Moment(at: Timestamp, words: String) -> impl IntoView {
    view! {
        <time class="num" datetime=iso(at) title=absolute(at)>
            {words}
        </time>
    }
}

/// Days since 1970, whole ones, also before it.
pub fn days(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY)
}

/// `Today`, `Yesterday`, else the date, with the year if it is another one.
pub fn day_label(at: Timestamp, now: Timestamp) -> String {
    match days(now) - days(at) {
        0 => "Today".into(),
        1 => "Yesterday".into(),
        _ => date_label(at, now),
    }
}

fn date_label(at: Timestamp, now: Timestamp) -> String {
    let (year, month, day) = date(at);
    if year == date(now).0 { format!("{day} {}", month_name(month)) } else { long_date((year, month, day)) }
}

/// A clock that runs ahead of ours must not make a moment lie in the future.
fn ago(at: Timestamp, now: Timestamp) -> String {
    match (now.0 - at.0).max(0) {
        age if age < SECOND => "just now".into(),
        age if age < MINUTE => format!("{} s ago", age / SECOND),
        age if age < HOUR => format!("{} min ago", age / MINUTE),
        age if age < DAY => format!("{} h ago", age / HOUR),
        age if age < 30 * DAY => format!("{} d ago", age / DAY),
        _ => date_label(at, now),
    }
}

fn log_time(at: Timestamp, now: Timestamp) -> String {
    let time = format!("{}:{:02}", clock(at), seconds(at));
    if days(at) == days(now) { time } else { format!("{}, {time}", date_label(at, now)) }
}

fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(SECOND).rem_euclid(60)
}

fn clock(at: Timestamp) -> String {
    format!("{:02}:{:02}", at.0.div_euclid(HOUR).rem_euclid(24), at.0.div_euclid(MINUTE).rem_euclid(60))
}

fn absolute(at: Timestamp) -> String {
    format!("{}, {}:{:02} UTC", long_date(date(at)), clock(at), seconds(at))
}

fn iso(at: Timestamp) -> String {
    let (year, month, day) = date(at);
    format!("{year:04}-{month:02}-{day:02}T{}:{:02}Z", clock(at), seconds(at))
}

fn long_date((year, month, day): Date) -> String {
    format!("{day} {} {year}", month_name(month))
}

fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

/// The date of a day, by Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last,
/// and repeat every 400 years of 146 097 days.
fn date(at: Timestamp) -> Date {
    let shifted = days(at) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12 November 2026, 14:02:11 UTC.
    const NOW: Timestamp = Timestamp(1_794_492_131_000);

    fn before(milliseconds: i64) -> Timestamp {
        Timestamp(NOW.0 - milliseconds)
    }

    #[test]
    fn a_moment_is_written_in_full() {
        assert_eq!(iso(NOW), "2026-11-12T14:02:11Z");
        assert_eq!(absolute(NOW), "12 Nov 2026, 14:02:11 UTC");
    }

    #[test]
    fn a_log_names_the_day_only_when_it_is_another() {
        assert_eq!(log_time(NOW, NOW), "14:02:11");
        assert_eq!(log_time(before(DAY), NOW), "11 Nov, 14:02:11");
    }

    #[test]
    fn leap_days_and_the_time_before_1970_have_dates() {
        assert_eq!(date(Timestamp(0)), (1970, 1, 1));
        assert_eq!(date(Timestamp(-1)), (1969, 12, 31));
        assert_eq!(date(Timestamp(951_782_400_000)), (2000, 2, 29));
        assert_eq!(date(Timestamp(1_709_164_800_000)), (2024, 2, 29));
        assert_eq!(date(Timestamp(4_107_542_400_000)), (2100, 3, 1));
    }

    #[test]
    fn a_day_follows_a_day_for_four_hundred_years() {
        let mut last = date(Timestamp(0));
        for day in 1..146_097 {
            let next = date(Timestamp(day * DAY));
            let (year, month, date) = last;
            let expected = [(year, month, date + 1), (year, month + 1, 1), (year + 1, 1, 1)];
            assert!(expected.contains(&next), "{next:?} came after {last:?}");
            last = next;
        }
        assert_eq!(last, (2369, 12, 31));
    }

    #[test]
    fn the_age_is_told_in_its_largest_unit() {
        for (age, words) in [
            (0, "just now"),
            (12 * SECOND, "12 s ago"),
            (MINUTE, "1 min ago"),
            (59 * MINUTE + 59 * SECOND, "59 min ago"),
            (3 * HOUR, "3 h ago"),
            (2 * DAY, "2 d ago"),
            (40 * DAY, "3 Oct"),
            (400 * DAY, "8 Oct 2025"),
        ] {
            assert_eq!(ago(before(age), NOW), words);
        }
    }

    #[test]
    fn a_moment_ahead_of_our_clock_is_now() {
        assert_eq!(ago(Timestamp(NOW.0 + HOUR), NOW), "just now");
    }

    #[test]
    fn days_are_those_of_the_calendar_not_of_24_hours() {
        assert_eq!(day_label(before(14 * HOUR), NOW), "Today");
        assert_eq!(day_label(before(15 * HOUR), NOW), "Yesterday");
        assert_eq!(day_label(before(5 * DAY), NOW), "7 Nov");
        assert_eq!(day_label(before(365 * DAY), NOW), "12 Nov 2025");
    }
}
