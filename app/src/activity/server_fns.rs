use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::console::console;
use crate::contract::{ActivityPage, ActivityQuery, ConsoleError};
use crate::ui::packed::Packed;

/// One page of an account's activity.
#[server(prefix = "/api", endpoint = "activity")]
pub async fn load_activity(query: ActivityQuery) -> Result<Packed<ActivityPage>, ConsoleError> {
    console()?.activity(query).await.and_then(Packed::new)
}
