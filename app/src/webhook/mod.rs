//! An account's Webhook tab: how it is doing, what to do next, the set-up, the event log, and one event in full.
//!
//! The tab stays while an event is open over it: `events/:event` is a child route, drawn as a page when it is what was
//! asked for, and as a dialog when it was opened from the log. Filters and page of the log are in the URL
//! ([`address`]), and an event's address carries them along. What changes something is a form that posts to a server
//! function; [`writes`] holds these actions, which outlive each reading of the tab.

pub mod address;
mod awaited;
mod event_aside;
mod event_filters;
mod event_log;
mod event_pane;
mod event_row;
mod event_view;
mod field;
mod fold;
mod live;
mod next;
mod page;
mod pulse;
mod server_fns;
mod set_up;
mod settings_form;
mod switch;
mod test_event;
mod tunnel;
mod verify_token;
mod writes;

use crate::ui::refusal;

pub use event_pane::EventPane;
pub use page::{NoEvent, WebhookTab};
