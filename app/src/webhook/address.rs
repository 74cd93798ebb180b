//! Where in the URL the state of the event log lives, and the way back to it.
//!
//! `state`, `processed`, `type`, `from`, `to` and `q` filter it, `size` and `cursor` page it. An event's address carries
//! all of it along, so that closing the event does not lose the place.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::contract::{EventQuery, EventRef, EventState};
use crate::ui::query::{escape, filled, query_string};

/// Rows on a page.
pub const SIZES: [u32; 3] = [25, 50, 100];

/// What `processed` says of a log of those that are not.
pub const NOT_PROCESSED: &str = "no";

/// What the log shows, by the URL.
pub fn use_event_query() -> Memo<EventQuery> {
    let (params, query) = (use_params_map(), use_query_map());
    Memo::new(move |_| {
        let query = query.read();
        let word = |name| filled(&query, name).unwrap_or_default();
        EventQuery {
            account: params.read().get("account").unwrap_or_default(),
            state: EventState::parse(&word("state")),
            unprocessed: word("processed") == NOT_PROCESSED,
            event_type: word("type"),
            from: word("from"),
            to: word("to"),
            search: word("q"),
            cursor: filled(&query, "cursor"),
            size: SIZES.into_iter().find(|size| size.to_string() == word("size")).unwrap_or(SIZES[0]),
        }
    })
}

/// Which event is open, by the URL.
pub fn use_event_ref() -> Memo<EventRef> {
    let params = use_params_map();
    Memo::new(move |_| EventRef {
        account: params.read().get("account").unwrap_or_default(),
        event: params.read().get("event").unwrap_or_default(),
    })
}

/// The tab, with nothing filtered.
pub fn tab(account: &str) -> String {
    format!("/accounts/{}/webhook", escape(account))
}

/// The log.
pub fn list(query: &EventQuery) -> String {
    format!("{}{}", tab(&query.account), state(query))
}

/// The log at another page, none being the first.
pub fn list_page(query: &EventQuery, cursor: Option<String>) -> String {
    list(&EventQuery { cursor, ..query.clone() })
}

/// The log, from its beginning, of one state only.
pub fn list_of(query: &EventQuery, state: Option<EventState>) -> String {
    list(&EventQuery { state, unprocessed: false, cursor: None, ..query.clone() })
}

/// The log, from its beginning, of what is not processed only.
pub fn list_unprocessed(query: &EventQuery) -> String {
    list(&EventQuery { state: None, unprocessed: true, cursor: None, ..query.clone() })
}

/// The log, from its beginning, with so many rows on a page.
pub fn list_sized(query: &EventQuery, size: u32) -> String {
    list(&EventQuery { size, cursor: None, ..query.clone() })
}

/// The log of an account with nothing but a state filtered.
pub fn all_of(account: &str, state: EventState) -> String {
    list(&EventQuery { account: account.into(), state: Some(state), ..EventQuery::default() })
}

/// Whether anything is filtered.
pub fn is_filtered(query: &EventQuery) -> bool {
    let EventQuery { state, unprocessed, event_type, from, to, search, .. } = query;
    state.is_some() || *unprocessed || [event_type, from, to, search].iter().any(|filter| !filter.is_empty())
}

/// An event, with the log's state.
pub fn event(query: &EventQuery, event: &str) -> String {
    format!("{}{}", event_page(&query.account, event), state(query))
}

/// An event by itself.
pub fn event_page(account: &str, event: &str) -> String {
    format!("{}/events/{}", tab(account), escape(event))
}

/// An event's bytes as they came, as a file: no page of the app's.
pub fn raw(account: &str, event: &str) -> String {
    format!("{}/raw", event_page(account, event))
}

/// Where the server tells how many events have come after a mark.
pub fn live(query: &EventQuery, mark: &str) -> String {
    let EventQuery { account, event_type, from, to, search, .. } = query;
    let texts = [("account", account), ("event_type", event_type), ("from", from), ("to", to), ("search", search)];
    let mut pairs: Vec<(&'static str, &str)> = texts.map(|(name, text)| (name, text.as_str())).to_vec();
    pairs.extend(query.state.map(|state| ("state", state.as_str())));
    pairs.extend(query.unprocessed.then_some(("unprocessed", "true")));
    pairs.push(("after", mark));
    format!("/api/live/events{}", query_string(&pairs))
}

fn state(query: &EventQuery) -> String {
    let size = query.size.to_string();
    let texts = [("type", &query.event_type), ("from", &query.from), ("to", &query.to), ("q", &query.search)];
    let mut pairs: Vec<(&'static str, &str)> = Vec::new();
    pairs.extend(query.state.map(|state| ("state", state.as_str())));
    pairs.extend(query.unprocessed.then_some(("processed", NOT_PROCESSED)));
    pairs.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, text.as_str())));
    pairs.extend(query.cursor.as_deref().map(|cursor| ("cursor", cursor)));
    pairs.extend(SIZES[1..].contains(&query.size).then_some(("size", size.as_str())));
    query_string(&pairs)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn query() -> EventQuery {
        EventQuery {
            account: "a1".into(),
            state: Some(EventState::Dead),
            event_type: "message".into(),
            search: "wamid/=&".into(),
            cursor: Some("c2".into()),
            size: 50,
            ..EventQuery::default()
        }
    }

    #[test]
    fn the_plain_log_has_the_tabs_address() {
        let plain = EventQuery { account: "a1".into(), size: 25, ..EventQuery::default() };
        assert_eq!(list(&plain), "/accounts/a1/webhook");
        assert!(!is_filtered(&plain));
    }

    #[test]
    fn opening_an_event_keeps_filters_and_place() {
        let state = "state=dead&type=message&q=wamid%2F%3D%26&cursor=c2&size=50";
        assert_eq!(event(&query(), "e1"), format!("/accounts/a1/webhook/events/e1?{state}"));
        assert_eq!(list(&query()), format!("/accounts/a1/webhook?{state}"));
    }

    #[test]
    fn another_filter_or_size_begins_at_the_first_page() {
        assert!(!list_of(&query(), None).contains("cursor"));
        assert!(!list_sized(&query(), 100).contains("cursor"));
        assert!(list_sized(&query(), 100).ends_with("size=100"));
    }

    #[test]
    fn what_is_not_processed_is_a_filter_beside_the_states() {
        let open = list_unprocessed(&query());
        assert_eq!(open, "/accounts/a1/webhook?processed=no&type=message&q=wamid%2F%3D%26&size=50");
        let query = EventQuery { unprocessed: true, account: "a1".into(), ..EventQuery::default() };
        assert!(is_filtered(&query));
        assert_eq!(
            live(&query, "m"),
            "/api/live/events?account=a1&event_type=&from=&to=&search=&unprocessed=true&after=m"
        );
        assert!(!list_of(&query, Some(EventState::Dead)).contains("processed"), "a state says it more exactly");
    }

    #[test]
    fn an_account_cannot_break_out_of_the_path() {
        assert_eq!(tab("a/b?c"), "/accounts/a%2Fb%3Fc/webhook");
    }
}
