use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::console::console;
use crate::contract::{AccountList, ConsoleError};

/// The company's accounts.
#[server(prefix = "/api", endpoint = "accounts")]
pub async fn load_accounts() -> Result<AccountList, ConsoleError> {
    console()?.accounts().await
}
