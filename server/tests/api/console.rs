//! The console over HTTP: its server functions and its pages.

mod conversations;
mod events;
mod pages;
mod rights;
mod sessions;
mod sign_in;
mod test_event;
mod thread;
mod tunnel;
mod webhook;
