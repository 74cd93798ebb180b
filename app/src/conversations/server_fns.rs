use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::console::console;
use crate::contract::{ConsoleError, ConversationPage, ConversationQuery, ThreadPage, ThreadQuery};
use crate::ui::packed::Packed;

/// One page of an account's conversations.
#[server(prefix = "/api", endpoint = "conversations")]
pub async fn load_conversations(query: ConversationQuery) -> Result<Packed<ConversationPage>, ConsoleError> {
    console()?.conversations(query).await.and_then(Packed::new)
}

/// One page of a conversation.
#[server(prefix = "/api", endpoint = "thread")]
pub async fn load_thread(query: ThreadQuery) -> Result<Packed<ThreadPage>, ConsoleError> {
    console()?.thread(query).await.and_then(Packed::new)
}
