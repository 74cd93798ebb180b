//! What the tests of this folder share: an account, and the way an event of it is translated.

use serde_json::Value;
use time::OffsetDateTime;

use super::{Event, Refusal, translate};
use crate::processing::effect::Effects;

/// Time of the events, in seconds.
pub(super) const SENT: i64 = 1_739_321_024;

/// Translates an event of the account +1 555-078-3881.
pub(super) fn outcome(event_type: &str, payload: &Value) -> Result<Effects, Refusal> {
    translate(&Event {
        event_type,
        subtype: None,
        payload,
        event_ts: OffsetDateTime::from_unix_timestamp(SENT).expect("a time"),
        phone_number_id: "106540352242922",
        display_phone_number: Some("+1 555-078-3881"),
    })
}

/// The effects of an event that has some.
#[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
pub(super) fn translated(event_type: &str, payload: Value) -> Effects {
    outcome(event_type, &payload).expect("it can be applied")
}

/// Why an event is refused.
#[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
pub(super) fn refused(event_type: &str, payload: Value) -> String {
    outcome(event_type, &payload).expect_err("it cannot be applied").to_string()
}
