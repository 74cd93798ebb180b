//! The pieces that several screens share. Each does one thing and has a style sheet of the same name.

pub(crate) mod async_view;
pub(crate) mod badge;
pub(crate) mod copy_button;
pub(crate) mod icon;
pub(crate) mod problem;
pub(crate) mod text;
pub mod theme;
pub(crate) mod time;
