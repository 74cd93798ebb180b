//! The company's accounts, and what stands above everything that belongs to one of them.

mod add;
mod layout;
mod page;
mod server_fns;

pub use layout::{AccountIndex, AccountLayout, AccountTitle};
pub use page::AccountsPage;
pub use server_fns::load_accounts;
