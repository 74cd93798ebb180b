use leptos::prelude::*;

use crate::contract::{ConsoleError, ConversationPage, ConversationQuery, EraseContact, ThreadPage, ThreadQuery};
use crate::ui::packed::Packed;
#[cfg(feature = "ssr")]
use crate::{console::console, conversations::address, reply::reply};

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

/// Erases the contact that a conversation is with.
#[server(name = EraseContactAction, prefix = "/api", endpoint = "erase_contact")]
pub async fn erase_contact(form: EraseContact) -> Result<(), ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let done = format!("{}?done=erased", address::erase(&form.account, &form.conversation));
    console.erase_contact(form).await?;
    reply.land(&done);
    Ok(())
}
