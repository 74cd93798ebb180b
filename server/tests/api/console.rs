//! The console over HTTP: its server functions and its pages.

mod activity;
mod conversations;
mod events;
mod live;
mod pages;
mod rights;
mod sessions;
mod sign_in;
mod thread;
mod webhook;
