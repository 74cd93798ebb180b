//! Where in the URL the state of the tab lives: `kind` says whose activity, `person`, `action`, `from` and `to` filter
//! it, `cursor` pages it.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::contract::{ActivityKind, ActivityQuery};
use crate::ui::query::{escape, filled, query_string};

/// The value of `kind` for the workers' activity; without it, it is people's.
pub const PROCESSING: &str = "processing";

/// What the tab shows, by the URL.
pub fn use_activity_query() -> Memo<ActivityQuery> {
    let (params, query) = (use_params_map(), use_query_map());
    Memo::new(move |_| {
        let query = query.read();
        let word = |name| filled(&query, name).unwrap_or_default();
        ActivityQuery {
            account: params.read().get("account").unwrap_or_default(),
            kind: if word("kind") == PROCESSING { ActivityKind::Processing } else { ActivityKind::People },
            person: word("person"),
            action: word("action"),
            from: word("from"),
            to: word("to"),
            cursor: filled(&query, "cursor"),
        }
    })
}

/// The tab, with nothing filtered.
pub fn tab(account: &str) -> String {
    format!("/accounts/{}/activity", escape(account))
}

/// What is to be shown. Who did it and what was done are asked of people only.
pub fn list(query: &ActivityQuery) -> String {
    let ActivityQuery { account, kind, person, action, from, to, cursor } = query;
    let is_processing = *kind == ActivityKind::Processing;
    let mut pairs = if is_processing {
        vec![("kind", PROCESSING)]
    } else {
        vec![("person", person.as_str()), ("action", action.as_str())]
    };
    pairs.extend([("from", from.as_str()), ("to", to.as_str()), ("cursor", cursor.as_deref().unwrap_or_default())]);
    pairs.retain(|(_, text)| !text.is_empty());
    format!("{}{}", tab(account), query_string(&pairs))
}

/// The same at another page, none being the first.
pub fn list_page(query: &ActivityQuery, cursor: Option<String>) -> String {
    list(&ActivityQuery { cursor, ..query.clone() })
}

/// The other list, of the same days, from its beginning.
pub fn list_of(query: &ActivityQuery, kind: ActivityKind) -> String {
    list(&ActivityQuery { kind, cursor: None, ..query.clone() })
}

/// The list with nothing filtered.
pub fn whole(query: &ActivityQuery) -> String {
    list(&ActivityQuery { account: query.account.clone(), kind: query.kind, ..ActivityQuery::default() })
}

/// Whether anything is filtered.
pub fn is_filtered(query: &ActivityQuery) -> bool {
    whole(query) != list_page(query, None)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn query() -> ActivityQuery {
        ActivityQuery {
            account: "a1".into(),
            person: "meta".into(),
            from: "2026-11-01".into(),
            cursor: Some("c2".into()),
            ..ActivityQuery::default()
        }
    }

    #[test]
    fn what_is_not_asked_for_is_not_in_the_address() {
        let plain = ActivityQuery { account: "a1".into(), ..ActivityQuery::default() };
        assert_eq!(list(&plain), "/accounts/a1/activity");
        assert!(!is_filtered(&plain));
        assert_eq!(list_of(&plain, ActivityKind::Processing), "/accounts/a1/activity?kind=processing");
    }

    #[test]
    fn another_page_keeps_the_filters() {
        let address = list_page(&query(), Some("c3".into()));
        assert_eq!(address, "/accounts/a1/activity?person=meta&from=2026-11-01&cursor=c3");
        assert!(is_filtered(&query()));
    }

    #[test]
    fn the_other_list_keeps_the_days_and_begins_anew() {
        let address = list_of(&query(), ActivityKind::Processing);
        assert_eq!(address, "/accounts/a1/activity?kind=processing&from=2026-11-01");
    }

    #[test]
    fn a_page_further_back_is_no_filter() {
        assert!(!is_filtered(&ActivityQuery {
            account: "a1".into(),
            cursor: Some("c2".into()),
            ..ActivityQuery::default()
        }));
    }
}
