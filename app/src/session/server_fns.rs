use leptos::prelude::*;

use crate::contract::{ConsoleError, SignIn, Viewer};
use crate::ui::packed::Packed;
#[cfg(feature = "ssr")]
use crate::{console::console, contract::validate::next_path, reply::reply};

/// Opens a session, then goes to where the person wanted to be.
#[server(name = SignInAction, prefix = "/api", endpoint = "sign_in")]
pub async fn sign_in(credentials: SignIn) -> Result<(), ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let next = next_path(credentials.next.as_deref()).to_owned();
    console.sign_in(credentials).await?;
    reply.redirect(&next);
    Ok(())
}

/// Ends the session.
#[server(prefix = "/api", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    console.sign_out().await?;
    reply.redirect("/sign-in");
    Ok(())
}

/// Who is looking.
#[server(prefix = "/api", endpoint = "viewer")]
pub async fn load_viewer() -> Result<Packed<Viewer>, ConsoleError> {
    console()?.viewer().await.and_then(Packed::new)
}
