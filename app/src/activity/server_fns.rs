use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::console::console;
use crate::contract::{ActivityPage, ActivityQuery, ConsoleError};

/// One page of an account's activity.
#[server(prefix = "/api", endpoint = "activity")]
pub async fn load_activity(query: ActivityQuery) -> Result<ActivityPage, ConsoleError> {
    console()?.activity(query).await
}
