use leptos::prelude::*;

use crate::contract::{AccountList, AddAccount, ConsoleError};
use crate::ui::packed::Packed;
#[cfg(feature = "ssr")]
use crate::{console::console, reply::reply};

/// The company's accounts.
#[server(prefix = "/api", endpoint = "accounts")]
pub async fn load_accounts() -> Result<Packed<AccountList>, ConsoleError> {
    console()?.accounts().await.and_then(Packed::new)
}

/// Adds an account, then goes to where its webhook is set up.
#[server(name = AddAccountAction, prefix = "/api", endpoint = "add_account")]
pub async fn add_account(form: AddAccount) -> Result<String, ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let account = console.add_account(form).await?;
    reply.land(&format!("/accounts/{account}/webhook"));
    Ok(account)
}
