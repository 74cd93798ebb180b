//! Adding an account.

use app::contract::{AddAccount, ConsoleError, validate};

use super::ReadError;
use super::rights::{actor, is_admin, require};
use crate::accounts::add::{self, AddError};
use crate::accounts::store::NewAccount;
use crate::users::session::Session;

/// Adds one to the person's company, and gives back its id. For admins.
pub async fn add(session: &Session, form: AddAccount) -> Result<String, ReadError> {
    require(is_admin(session))?;
    let AddAccount { name, phone_number_id, waba_id, display_phone_number } = form;
    let display_phone_number = Some(display_phone_number);
    let account = NewAccount { name, waba_id, phone_number_id, display_phone_number };
    Ok(add::add_bare(&session.tenant, actor(session), &account).await?.to_string())
}

impl From<AddError> for ReadError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Field { field, message } => Self::Console(ConsoleError::invalid(field, message)),
            AddError::NumberTaken => Self::Console(ConsoleError::invalid("phone_number_id", validate::NUMBER_TAKEN)),
            AddError::Config(error) => error.into(),
            AddError::Database(error) => Self::Database(error),
            AddError::Interrupted => Self::Console(ConsoleError::Unavailable { request_id: None }),
        }
    }
}
