//! One's own account: the password, and where one is signed in.

mod page;
mod password_form;
mod server_fns;
mod sessions;

pub use page::YouPage;
