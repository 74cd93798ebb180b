use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::console::console;
use crate::contract::{ConsoleError, ConversationPage, ConversationQuery, ThreadPage, ThreadQuery};

/// One page of an account's conversations.
#[server(prefix = "/api", endpoint = "conversations")]
pub async fn load_conversations(query: ConversationQuery) -> Result<ConversationPage, ConsoleError> {
    console()?.conversations(query).await
}

/// One page of a conversation.
#[server(prefix = "/api", endpoint = "thread")]
pub async fn load_thread(query: ThreadQuery) -> Result<ThreadPage, ConsoleError> {
    console()?.thread(query).await
}
