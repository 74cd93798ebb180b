//! Which page of the log: filters, and a place to go on from in either direction.

use std::cmp::Ordering;

use app::contract::{ConsoleError, EventQuery, EventState};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::paging::{Cursor, days};

/// Longest search text, in characters.
const LONGEST_SEARCH: usize = 200;

/// The states of an account's events that have had no effect.
const OPEN: [EventState; 3] = [EventState::Pending, EventState::Dead, EventState::Quarantined];

/// Which way a page goes from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To older events: the first page, and `next`.
    Older,
    /// To newer events: `previous`.
    Newer,
}

/// Which events, in the database's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<EventState>,
    /// Only those that have had no effect yet. A question to the database is about one state: see [`Filter::parts`].
    pub unprocessed: bool,
    /// Only of this type.
    pub event_type: Option<String>,
    /// From this moment on.
    pub from: Option<OffsetDateTime>,
    /// Before this moment.
    pub until: Option<OffsetDateTime>,
    /// Part of an object's id or dedup key; empty: all.
    pub search: String,
    /// Where to go on.
    pub cursor: Cursor,
    /// In which direction.
    pub way: Way,
    /// Rows on a page.
    pub size: usize,
}

impl Filter {
    /// Reads what the URL asks for.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn parse(query: &EventQuery) -> Result<Self, ConsoleError> {
        let (way, cursor) = match query.cursor.as_deref().filter(|text| !text.is_empty()) {
            None => (Way::Older, Cursor::start()),
            Some(text) => {
                place(text).ok_or_else(|| ConsoleError::invalid("cursor", "This link leads to no page of the list."))?
            }
        };
        let (from, until) = days(&query.from, &query.to)?;
        Ok(Self {
            state: query.state,
            unprocessed: query.unprocessed,
            event_type: Some(plain(&query.event_type)).filter(|word| !word.is_empty()),
            from,
            until,
            search: plain(&query.search),
            cursor,
            way,
            size: if matches!(query.size, 50 | 100) { query.size as usize } else { 25 },
        })
    }
}

impl Filter {
    /// Where an index is entered: the cursor, or the end of the days asked for if that comes first on the way. (Without
    /// it, what lies between the two would be read and thrown away.)
    pub fn begin(&self) -> Cursor {
        let edge = |at| Cursor { at, id: Uuid::nil() };
        let key = |cursor: &Cursor| (cursor.at, cursor.id);
        match self.way {
            Way::Older => self.until.map(edge).into_iter().chain([self.cursor]).min_by_key(key),
            Way::Newer => self.from.map(edge).into_iter().chain([self.cursor]).max_by_key(key),
        }
        .unwrap_or(self.cursor)
    }

    /// The questions that it is to the database. What is not processed is in one of three states, each of which has an
    /// index or is found quickly; without one, all that is processed would be read and thrown away.
    pub fn parts(&self) -> Vec<Self> {
        let of = |state| Self { state: Some(state), unprocessed: false, ..self.clone() };
        match self.state {
            None if self.unprocessed => Vec::from(OPEN.map(of)),
            Some(EventState::Processed) if self.unprocessed => Vec::new(),
            _ => vec![self.clone()],
        }
    }

    /// Nothing is newer than what it begins with.
    pub fn is_first(&self) -> bool {
        self.way == Way::Older && self.cursor == Cursor::start()
    }

    /// The same from the newest event on.
    #[must_use]
    pub fn first_page(self) -> Self {
        Self { cursor: Cursor::start(), way: Way::Older, ..self }
    }

    /// Which of two places comes first on its way.
    pub fn order(&self, one: Cursor, other: Cursor) -> Ordering {
        let order = (one.at, one.id).cmp(&(other.at, other.id));
        match self.way {
            Way::Older => order.reverse(),
            Way::Newer => order,
        }
    }
}

/// What is searched for, without what no id has and PostgreSQL takes in no text.
fn plain(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_SEARCH).collect()
}

/// A link to the page that goes on from here.
pub fn link(way: Way, cursor: Cursor) -> String {
    let sign = if way == Way::Older { 'o' } else { 'n' };
    format!("{sign}{}", cursor.encode())
}

fn place(text: &str) -> Option<(Way, Cursor)> {
    let (way, rest) = match text.split_at_checked(1)? {
        ("o", rest) => (Way::Older, rest),
        ("n", rest) => (Way::Newer, rest),
        _ => return None,
    };
    Some((way, Cursor::parse(rest)?))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn all() -> Filter {
        Filter::parse(&EventQuery::default()).unwrap()
    }

    #[test]
    fn a_day_range_includes_its_last_day() {
        let query = EventQuery { from: "2026-11-01".into(), to: " 2026-11-02 ".into(), ..EventQuery::default() };
        let filter = Filter::parse(&query).unwrap();
        assert_eq!(filter.from, Some(datetime!(2026-11-01 0:00 UTC)));
        assert_eq!(filter.until, Some(datetime!(2026-11-03 0:00 UTC)));
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (field, query) in [
            ("from", EventQuery { from: "yesterday".into(), ..EventQuery::default() }),
            ("to", EventQuery { to: "9999-12-31".into(), ..EventQuery::default() }),
            ("cursor", EventQuery { cursor: Some("x1_2".into()), ..EventQuery::default() }),
        ] {
            let Err(ConsoleError::Invalid { field: named, .. }) = Filter::parse(&query) else {
                panic!("{field} passed")
            };
            assert_eq!(named, field);
        }
    }

    #[test]
    fn a_link_leads_on_in_its_direction() {
        let cursor = Cursor { at: datetime!(2026-11-01 12:00 UTC), id: Uuid::now_v7() };
        assert_eq!(place(&link(Way::Newer, cursor)), Some((Way::Newer, cursor)));
        assert_eq!(place(&link(Way::Older, cursor)), Some((Way::Older, cursor)));
    }

    #[test]
    fn the_days_asked_for_are_entered_at_their_edge() {
        let cursor = Cursor { at: datetime!(2026-11-20 12:00 UTC), id: Uuid::now_v7() };
        let filter = Filter { cursor, until: Some(datetime!(2026-11-10 0:00 UTC)), ..all() };
        assert_eq!(filter.begin(), Cursor { at: datetime!(2026-11-10 0:00 UTC), id: Uuid::nil() });
        let inside = Filter { until: Some(datetime!(2026-11-21 0:00 UTC)), ..filter.clone() };
        assert_eq!(inside.begin(), cursor);
        let newer = Filter { way: Way::Newer, from: Some(datetime!(2026-11-25 0:00 UTC)), ..filter };
        assert_eq!(newer.begin(), Cursor { at: datetime!(2026-11-25 0:00 UTC), id: Uuid::nil() });
    }

    #[test]
    fn the_nearer_place_depends_on_the_way() {
        let at = |second: u8| Cursor {
            at: datetime!(2026-11-20 12:00 UTC).replace_second(second).unwrap(),
            id: Uuid::nil(),
        };
        let newer = Filter { way: Way::Newer, ..all() };
        assert_eq!((all().order(at(2), at(1)), newer.order(at(2), at(1))), (Ordering::Less, Ordering::Greater));
        assert_eq!(newer.order(at(1), at(1)), Ordering::Equal);
    }

    #[test]
    fn what_is_not_processed_is_asked_for_state_by_state() {
        let asked = |state| -> Vec<_> {
            let filter = Filter { state, unprocessed: true, ..all() };
            filter.parts().into_iter().map(|part| part.state).collect()
        };
        assert_eq!(asked(None), OPEN.map(Some));
        assert_eq!(asked(Some(EventState::Dead)), [Some(EventState::Dead)]);
        assert_eq!(asked(Some(EventState::Unrouted)), [Some(EventState::Unrouted)]);
        assert!(asked(Some(EventState::Processed)).is_empty(), "none of it is both");
        assert_eq!(all().parts(), [all()]);
    }

    #[test]
    fn only_three_sizes_are_offered() {
        let size = |size| Filter::parse(&EventQuery { size, ..EventQuery::default() }).unwrap().size;
        assert_eq!([0, 25, 50, 100, 1_000_000].map(size), [25, 25, 50, 100, 25]);
    }
}
