//! Who may do what, and in whose name it is done.

use app::contract::{ConsoleError, Permissions, Role};

use crate::audit::Actor;
use crate::users::session::Session;

/// What a role may do on the tab. The one table that the page and every change ask.
pub fn permissions(role: Role) -> Permissions {
    match role {
        Role::Admin => {
            Permissions { configure: true, rotate_token: true, set_status: true, replay: true, send_test: true }
        }
        Role::Manager => {
            Permissions { configure: false, rotate_token: false, set_status: true, replay: true, send_test: true }
        }
        Role::Viewer => Permissions::default(),
    }
}

/// Refuses what a role may not do.
pub fn require(allowed: bool) -> Result<(), ConsoleError> {
    if allowed { Ok(()) } else { Err(ConsoleError::Forbidden) }
}

/// Who may add and shut out, and is helped with a developer's machine.
pub fn is_admin(session: &Session) -> bool {
    session.viewer.role == Role::Admin
}

/// The person, for the audit log.
pub fn actor(session: &Session) -> Actor {
    Actor::User(session.user, session.viewer.name.clone())
}
