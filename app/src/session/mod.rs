//! Coming in and going out.

mod server_fns;
mod sign_in;

pub use server_fns::{SignOut, load_viewer};
pub use sign_in::SignInPage;
