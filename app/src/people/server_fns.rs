use leptos::prelude::*;

use crate::contract::{AddUser, ConsoleError, FirstPassword, PeoplePage, SetActive};
use crate::ui::packed::Packed;
#[cfg(feature = "ssr")]
use crate::{console::console, reply::reply};

/// One page of the company's people.
#[server(prefix = "/api", endpoint = "people")]
pub async fn load_people(after: Option<String>) -> Result<Packed<PeoplePage>, ConsoleError> {
    console()?.people(after).await.and_then(Packed::new)
}

/// Adds somebody. The page that answers shows the first password.
#[server(name = AddUserAction, prefix = "/api", endpoint = "add_user")]
pub async fn add_user(form: AddUser) -> Result<FirstPassword, ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let password = console.add_user(form).await?;
    reply.land("/people");
    Ok(password)
}

/// Lets somebody in no longer, or again.
#[server(name = SetActiveAction, prefix = "/api", endpoint = "set_active")]
pub async fn set_active(form: SetActive) -> Result<(), ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    let done = if form.active { "/people?done=reactivated" } else { "/people?done=deactivated" };
    console.set_active(form).await?;
    reply.land(done);
    Ok(())
}
