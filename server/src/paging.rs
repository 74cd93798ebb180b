//! Lists that are read page by page: by a place in them, not by a number, since they grow meanwhile.
//!
//! A place is opaque to the browser; nothing in it is trusted. Whether there is another page is known from one row more
//! than it holds.

use app::contract::ConsoleError;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

/// What to ask the database for: a page of this size and one row more.
pub fn limit(size: usize) -> i64 {
    i64::try_from(size + 1).unwrap_or(i64::MAX)
}

/// Cuts what came down to the page, and says whether there is another.
pub fn cut<T>(rows: &mut Vec<T>, size: usize) -> bool {
    let has_more = rows.len() > size;
    rows.truncate(size);
    has_more
}

/// From the beginning of the one day up to the end of the other, `YYYY-MM-DD` in UTC; empty: without that bound.
///
/// # Errors
/// `Invalid`, naming `from` or `to`.
pub fn days(from: &str, to: &str) -> Result<(Option<OffsetDateTime>, Option<OffsetDateTime>), ConsoleError> {
    Ok((day("from", from)?, day("to", to)?.map(|day| day + Duration::DAY)))
}

/// The beginning of a day, `YYYY-MM-DD` in UTC; none for an empty field.
///
/// # Errors
/// `Invalid`, naming the field.
fn day(field: &str, text: &str) -> Result<Option<OffsetDateTime>, ConsoleError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let date = Date::parse(text.trim(), format_description!("[year]-[month]-[day]"));
    // Beyond these years PostgreSQL and the time crate disagree; nothing happened there anyway.
    let date = date.ok().filter(|date| (2000..3000).contains(&date.year()));
    date.map(|date| Some(date.midnight().assume_utc()))
        .ok_or_else(|| ConsoleError::invalid(field, "Please give a day as YYYY-MM-DD."))
}

/// After (time, id), going back in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Time of the last row seen.
    pub at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}

impl Cursor {
    /// Before everything: the first page.
    pub fn start() -> Self {
        // The last moment that both the time crate and PostgreSQL know.
        Self { at: time::macros::datetime!(9999-12-31 23:59:59 UTC), id: Uuid::max() }
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (micros, id) = text.split_once('_')?;
        let nanos = i128::from(micros.parse::<i64>().ok()?) * 1000;
        // What PostgreSQL would refuse leads nowhere, like anything else that no list has written.
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok().filter(|at| (1..=9999).contains(&at.year()))?;
        Some(Self { at, id: Uuid::parse_str(id).ok()? })
    }

    /// As it stands in a URL.
    pub fn encode(self) -> String {
        format!("{}_{}", self.at.unix_timestamp_nanos() / 1000, self.id.simple())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_767_225_600_123_456_000).unwrap();
        let cursor = Cursor { at, id: Uuid::now_v7() };
        assert_eq!(Cursor::parse(&cursor.encode()), Some(cursor));
    }

    #[test]
    fn anything_else_is_refused() {
        let far = format!("{}_{}", i64::MAX, Uuid::nil().simple());
        for wrong in ["", "_", "1", "1_x", "x_00000000000000000000000000000000", "<script>", far.as_str()] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong:?} passed");
        }
    }

    #[test]
    fn a_time_that_the_database_does_not_know_is_refused() {
        let before_christ = format!("-377705116800000000_{}", Uuid::nil().simple());
        assert_eq!(Cursor::parse(&before_christ), None);
        assert_eq!(Cursor::parse(&Cursor::start().encode()), Some(Cursor::start()));
    }

    proptest! {
        #[test]
        fn every_place_comes_back(micros in -62_135_596_800_000_000_i64..=253_402_300_799_999_999, id in any::<u128>()) {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).unwrap();
            let cursor = Cursor { at, id: Uuid::from_u128(id) };
            prop_assert_eq!(Cursor::parse(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn whatever_is_read_is_written_and_read_alike(text in "[-+0-9]{0,20}_?[-{}0-9a-fA-Fx:]{0,40}|.{0,60}") {
            if let Some(cursor) = Cursor::parse(&text) {
                prop_assert_eq!(Cursor::parse(&cursor.encode()), Some(cursor));
                prop_assert!((1..=9999).contains(&cursor.at.year()));
            }
        }
    }
}
