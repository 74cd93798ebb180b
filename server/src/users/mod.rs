//! The people of a company, and how they sign in.

pub mod add;
pub mod people;
pub mod session;
pub mod sign_in;
pub mod store;
pub mod throttle;

use app::contract::Role;

/// Reads `users.role`; an unknown word gets the least.
pub fn parse_role(word: &str) -> Role {
    match word {
        "admin" => Role::Admin,
        "manager" => Role::Manager,
        _ => Role::Viewer,
    }
}
