use leptos::prelude::*;

use crate::contract::{ChangePassword, ConsoleError, YouPage};
use crate::ui::packed::Packed;
#[cfg(feature = "ssr")]
use crate::{console::console, reply::reply};

/// The person's own account.
#[server(prefix = "/api", endpoint = "you")]
pub async fn load_you() -> Result<Packed<YouPage>, ConsoleError> {
    console()?.you().await.and_then(Packed::new)
}

/// Changes the person's own password.
#[server(name = ChangePasswordAction, prefix = "/api", endpoint = "change_password")]
pub async fn change_password(form: ChangePassword) -> Result<(), ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    console.change_password(form).await?;
    reply.land("/you?done=password");
    Ok(())
}

/// Ends all sessions of the person.
#[server(name = SignOutEverywhere, prefix = "/api", endpoint = "sign_out_everywhere")]
pub async fn sign_out_everywhere() -> Result<(), ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    console.sign_out_everywhere().await?;
    reply.redirect("/sign-in");
    Ok(())
}
