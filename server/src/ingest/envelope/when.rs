//! Meta's timestamps: seconds, as a string or a number, sometimes milliseconds.

use std::time::Duration;

use time::OffsetDateTime;
use time::macros::datetime;

/// WhatsApp is not older than this.
const EARLIEST: OffsetDateTime = datetime!(2009-01-01 0:00 UTC);
/// How far a sender's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_hours(24);
/// Greater ones are milliseconds: as seconds they would lie beyond the year 5000.
const MAX_SECONDS: i128 = 100_000_000_000;

/// The time that `digits` tell, if it is one that can be believed.
pub(super) fn believable(digits: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let number = i128::from(digits.parse::<u64>().ok()?);
    let milliseconds = if number > MAX_SECONDS { number } else { number * 1000 };
    let time = OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000).ok()?;
    (EARLIEST..=now + AHEAD).contains(&time).then_some(time)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::believable;

    const NOW: OffsetDateTime = datetime!(2026-11-23 17:00 UTC);

    #[test]
    fn seconds_and_milliseconds_are_told_apart() {
        let noon = Some(datetime!(2025-11-01 12:00 UTC));
        assert_eq!(believable("1761998400", NOW), noon);
        assert_eq!(believable("1761998400000", NOW), noon);
        assert_eq!(believable("01761998400", NOW), noon);
    }

    #[test]
    fn only_the_time_of_whatsapp_is_believed() {
        assert_eq!(believable("1230768000", NOW), Some(datetime!(2009-01-01 0:00 UTC)));
        assert_eq!(believable("1230767999", NOW), None);
        let tomorrow = NOW.unix_timestamp() + 86_400;
        assert!(believable(&tomorrow.to_string(), NOW).is_some());
        assert_eq!(believable(&(tomorrow + 1).to_string(), NOW), None);
    }

    #[test]
    fn what_is_no_number_tells_no_time() {
        for digits in
            ["", " 1761998400", "1.7e9", "-1761998400", "soon", "99999999999999999999999999", "18446744073709551615"]
        {
            assert_eq!(believable(digits, NOW), None, "{digits}");
        }
    }
}
