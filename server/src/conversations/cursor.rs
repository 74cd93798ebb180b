//! A place in a list that is sorted by time and id. Opaque to the browser; nothing in it is trusted.

use time::OffsetDateTime;
use uuid::Uuid;

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
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
        Some(Self { at, id: Uuid::parse_str(id).ok()? })
    }

    /// As it stands in a URL.
    pub fn encode(self) -> String {
        format!("{}_{}", self.at.unix_timestamp_nanos() / 1000, self.id.simple())
    }
}

#[cfg(test)]
mod tests {
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
}
