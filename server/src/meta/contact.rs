use super::json::{Json, object};

/// Somebody with a WhatsApp account, as Meta names them beside their updates.
#[derive(Clone, Debug)]
pub struct Contact {
    /// What they call themselves.
    pub name: &'static str,
    /// In place of a number that is hidden.
    pub username: Option<String>,
    /// WhatsApp id; absent where the number is hidden.
    pub wa_id: Option<String>,
    /// Business-scoped user id; absent in the older shape.
    pub user_id: Option<String>,
}

impl Contact {
    /// The member of `contacts[]`.
    pub(crate) fn to_json(&self) -> Json {
        object! {
            "profile": object! { "name": self.name, "username": self.username.clone() },
            "wa_id": self.wa_id.clone(),
            "user_id": self.user_id.clone(),
        }
    }
}
