use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::address;
use crate::contract::{
    CheckTunnel, ConsoleError, EventDetail, EventPage, EventQuery, EventRef, IssuedToken, RotateToken, SaveWebhook,
    SendTest, SetEnabled, TestSent, TunnelCheck, WebhookPage,
};
use crate::ui::packed::Packed;
#[cfg(feature = "ssr")]
use crate::{console::console, reply::reply};

/// Everything on the tab but the event log.
#[server(prefix = "/api", endpoint = "webhook")]
pub async fn load_webhook(account: String) -> Result<Packed<WebhookPage>, ConsoleError> {
    console()?.webhook(account).await.and_then(Packed::new)
}

/// Sets the webhook up, or changes it.
#[server(name = SaveWebhookAction, prefix = "/api", endpoint = "save_webhook")]
pub async fn save_webhook(form: SaveWebhook) -> Result<Option<IssuedToken>, ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let tab = address::tab(&form.account);
    let issued = console.save_webhook(form).await?;
    reply.land(&format!("{tab}?done=saved"));
    Ok(issued)
}

/// Makes a new verify token.
#[server(name = RotateTokenAction, prefix = "/api", endpoint = "rotate_token")]
pub async fn rotate_token(form: RotateToken) -> Result<IssuedToken, ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let tab = address::tab(&form.account);
    let issued = console.rotate_token(form).await?;
    reply.land(&tab);
    Ok(issued)
}

/// Switches the webhook off or on, and says which.
#[server(name = SetEnabledAction, prefix = "/api", endpoint = "set_enabled")]
pub async fn set_enabled(form: SetEnabled) -> Result<bool, ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let (tab, enabled) = (address::tab(&form.account), form.enabled);
    console.set_enabled(form).await?;
    reply.land(&format!("{tab}?done={}", if enabled { "enabled" } else { "disabled" }));
    Ok(enabled)
}

/// One page of the event log.
#[server(prefix = "/api", endpoint = "events")]
pub async fn load_events(query: EventQuery) -> Result<Packed<EventPage>, ConsoleError> {
    console()?.events(query).await.and_then(Packed::new)
}

/// Everything about one event.
#[server(prefix = "/api", endpoint = "event")]
pub async fn load_event(event: EventRef) -> Result<Packed<EventDetail>, ConsoleError> {
    console()?.event(event).await.and_then(Packed::new)
}

/// Has an event processed again.
#[server(name = ReplayAction, prefix = "/api", endpoint = "replay")]
pub async fn replay(event: EventRef) -> Result<(), ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let page = address::event_page(&event.account, &event.event);
    console.replay(event).await?;
    reply.land(&format!("{page}?done=replayed"));
    Ok(())
}

/// Sends a signed test event through the door, and leads to it.
#[server(name = SendTestAction, prefix = "/api", endpoint = "send_test")]
pub async fn send_test(form: SendTest) -> Result<TestSent, ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let sent = console.send_test(form).await?;
    let page = sent.events.first().map(|event| address::event_page(&sent.account, event));
    reply.land(&page.unwrap_or_else(|| address::tab(&sent.account)));
    Ok(sent)
}

/// Asks whether a public URL leads to this server, and says so on the tab.
#[server(name = CheckTunnelAction, prefix = "/api", endpoint = "check_tunnel")]
pub async fn check_tunnel(form: CheckTunnel) -> Result<TunnelCheck, ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let tab = address::tab(&form.account);
    let check = console.check_tunnel(form).await?;
    reply.land(&format!("{tab}?tunnel={}#tunnel", check.word()));
    Ok(check)
}
