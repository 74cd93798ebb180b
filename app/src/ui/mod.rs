//! The pieces that several screens share. Each does one thing and has a style sheet of the same name.

pub(crate) mod async_view;
pub(crate) mod badge;
pub(crate) mod choice;
pub(crate) mod confirm;
pub(crate) mod copy_button;
pub(crate) mod get_form;
pub(crate) mod icon;
pub(crate) mod json_view;
pub(crate) mod look;
pub(crate) mod packed;
pub(crate) mod plain_form;
pub(crate) mod post_form;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod refusal;
pub(crate) mod rules;
pub(crate) mod text;
pub mod theme;
pub(crate) mod time;
pub(crate) mod toast;
pub mod typed;
