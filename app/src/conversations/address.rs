//! Where in the URL the state of the screen lives, and the way back.
//!
//! `q` searches the list and `cursor` pages it; `before` pages the thread, and `at` opens it at a message. A thread's address carries the list's
//! state along, so that opening one does not lose the place.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::contract::{ConversationQuery, ThreadQuery};
use crate::ui::query::{escape, filled, query_string};

/// What the list shows, by the URL.
pub fn use_conversation_query() -> Memo<ConversationQuery> {
    let (params, query) = (use_params_map(), use_query_map());
    Memo::new(move |_| ConversationQuery {
        account: params.read().get("account").unwrap_or_default(),
        search: query.read().get("q").unwrap_or_default(),
        cursor: filled(&query.read(), "cursor"),
    })
}

/// What the thread shows, by the URL.
pub fn use_thread_query() -> Memo<ThreadQuery> {
    let (params, query) = (use_params_map(), use_query_map());
    Memo::new(move |_| ThreadQuery {
        account: params.read().get("account").unwrap_or_default(),
        conversation: params.read().get("conversation").unwrap_or_default(),
        cursor: filled(&query.read(), "before"),
        at: filled(&query.read(), "at"),
    })
}

/// The list's address.
pub fn list(query: &ConversationQuery) -> String {
    format!("/accounts/{}/conversations{}", escape(&query.account), query_string(&list_state(query)))
}

/// The page that is open, list or thread, beside the conversations that were searched for.
pub fn search(path: &str, search: &str) -> String {
    let pair = Some(("q", search)).filter(|_| !search.is_empty());
    format!("{path}{}", query_string(pair.as_slice()))
}

/// The list's address without its search and its page.
pub fn whole_list(query: &ConversationQuery) -> String {
    list(&ConversationQuery { account: query.account.clone(), ..ConversationQuery::default() })
}

/// The list's address at another page, none being the first.
pub fn list_page(query: &ConversationQuery, cursor: Option<String>) -> String {
    list(&ConversationQuery { cursor, ..query.clone() })
}

/// A thread's address at one of its pages, none being the newest.
pub fn thread(query: &ConversationQuery, conversation: &str, before: Option<&str>) -> String {
    let mut state = list_state(query);
    state.extend(before.map(|cursor| ("before", cursor)));
    let (account, conversation) = (escape(&query.account), escape(conversation));
    format!("/accounts/{account}/conversations/{conversation}{}", query_string(&state))
}

/// A thread, by itself, opened at one of its messages. The message is marked as the target of the address, which a
/// browser finds out when it loads the page: a link to it is `rel="external"`.
pub fn message(account: &str, conversation: &str, message: &str) -> String {
    let list = ConversationQuery { account: account.into(), ..ConversationQuery::default() };
    let at = query_string(&[("at", message)]);
    format!("{}{at}#{}", thread(&list, conversation, None), message_id(message))
}

/// Where a conversation's contact is erased.
pub fn erase(account: &str, conversation: &str) -> String {
    let list = ConversationQuery { account: account.into(), ..ConversationQuery::default() };
    format!("{}/erase", thread(&list, conversation, None))
}

/// The id of a message's element.
pub fn message_id(message: &str) -> String {
    format!("m-{}", escape(message))
}

fn list_state(query: &ConversationQuery) -> Vec<(&'static str, &str)> {
    let search = Some(query.search.as_str()).filter(|search| !search.is_empty());
    let search = search.map(|search| ("q", search));
    search.into_iter().chain(query.cursor.as_deref().map(|cursor| ("cursor", cursor))).collect()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn query(search: &str, cursor: Option<&str>) -> ConversationQuery {
        ConversationQuery { account: "a1".into(), search: search.into(), cursor: cursor.map(Into::into) }
    }

    #[test]
    fn the_plain_list_has_a_plain_address() {
        assert_eq!(list(&query("", None)), "/accounts/a1/conversations");
    }

    #[test]
    fn opening_a_thread_keeps_the_place_in_the_list() {
        let address = thread(&query("lena", Some("c2")), "t1", Some("m9"));
        assert_eq!(address, "/accounts/a1/conversations/t1?q=lena&cursor=c2&before=m9");
    }

    #[test]
    fn a_message_is_asked_for_and_pointed_at() {
        assert_eq!(message("a1", "t1", "m9"), "/accounts/a1/conversations/t1?at=m9#m-m9");
    }

    #[test]
    fn another_page_keeps_the_search() {
        assert_eq!(list_page(&query("lena", Some("c2")), None), "/accounts/a1/conversations?q=lena");
    }

    #[test]
    fn clearing_the_search_clears_the_page_too() {
        assert_eq!(whole_list(&query("lena", Some("c2"))), "/accounts/a1/conversations");
    }

    #[test]
    fn what_was_typed_cannot_break_out_of_the_query() {
        assert_eq!(list(&query("a&b=c #+", None)), "/accounts/a1/conversations?q=a%26b%3Dc%20%23%2B");
    }
}
