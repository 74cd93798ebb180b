//! The console over HTTP: its server functions and its pages.

mod accounts;
mod activity;
mod conversations;
mod cross_site;
mod events;
mod foreign;
mod live;
mod pages;
mod people;
mod rights;
mod sessions;
mod sign_in;
mod test_event;
mod thread;
mod tunnel;
mod webhook;
mod you;
