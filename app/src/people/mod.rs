//! The company's people: a list for everybody, and what admins may change about it.

mod add;
mod first_password;
mod page;
mod row;
mod server_fns;

pub use page::PeoplePage;
