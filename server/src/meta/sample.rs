//! One update of a chosen kind, for trying out what happens to it.
//!
//! It is as real as anything that Meta sends, except for whom it is from: a contact called "Waypost test" under a
//! number that is reserved for fiction, always the same, so that all samples of an account end up in one conversation.
//! What makes sense only with a message (a reaction, a status) brings that message along, behind it in the same body:
//! the order in which things arrive makes no difference. Time and chance are given by the caller.

use std::sync::Arc;

use app::contract::TestKind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rand::RngExt;
use rand::rngs::StdRng;
use time::OffsetDateTime;

use super::body::{Change, Target, account_change, body};
use super::content::Content;
use super::json::object;
use super::{Contact, Update};
use crate::processing::effect::StatusRank;

/// What the contact is called, in every sample.
pub const NAME: &str = "Waypost test";
/// Its number: 555-0100 to 555-0199 belong to nobody.
pub const WA_ID: &str = "12025550100";

/// A body with one update of this kind for the account; what comes along with it stands behind it.
pub fn sample(kind: TestKind, target: &Target, now: OffsetDateTime, rng: &mut StdRng) -> Vec<u8> {
    let mut made = Maker { target, second: now.unix_timestamp(), rng };
    let updates = match kind {
        TestKind::Text => vec![made.text()],
        TestKind::Image => vec![made.drawn("image")],
        TestKind::Location => vec![made.drawn("location")],
        TestKind::Reaction => made.reaction(),
        TestKind::Sent => made.status(StatusRank::Sent),
        TestKind::Delivered => made.status(StatusRank::Delivered),
        TestKind::Read => made.status(StatusRank::Read),
        TestKind::Failed => made.status(StatusRank::Failed),
        TestKind::Call => vec![made.call()],
        TestKind::Batch => vec![made.text(), made.drawn("image"), made.drawn("location")],
        TestKind::TemplateStatus => return made.template_status(),
    };
    let changes = updates.iter().map(|update| Change { kind: update.kind, updates: vec![update] });
    body(target, &[changes.collect()])
}

struct Maker<'a> {
    target: &'a Target,
    second: i64,
    rng: &'a mut StdRng,
}

impl Maker<'_> {
    fn id(&mut self, prefix: &str) -> Arc<str> {
        format!("{prefix}.{}", BASE64.encode(self.rng.random::<[u8; 24]>())).into()
    }

    fn message(&mut self, wamid: &Arc<str>, content: Content) -> Update {
        Update::message(wamid, &contact(), self.second, content, None)
    }

    fn text(&mut self) -> Update {
        let wamid = self.id("wamid");
        self.message(&wamid, said("This is a test message. Nobody sent it."))
    }

    fn drawn(&mut self, kind: &'static str) -> Update {
        let (wamid, content) = (self.id("wamid"), Content::new(kind, self.rng, 0.0, None));
        self.message(&wamid, content)
    }

    fn reaction(&mut self) -> Vec<Update> {
        let (text, wamid) = (self.text(), self.id("wamid"));
        let body = object! { "message_id": &*text.wamid, "emoji": "👍" };
        vec![self.message(&wamid, Content { kind: "reaction", body, errors: None }), text]
    }

    fn status(&mut self, rank: StatusRank) -> Vec<Update> {
        let (wamid, conversation) = (self.id("wamid"), hex::encode(self.rng.random::<[u8; 16]>()));
        let own = &self.target.display_phone_number;
        let echo = Update::echo(&wamid, own, &contact(), self.second, said("This is a test message to nobody."));
        vec![Update::status(&wamid, &contact(), self.second, rank, &conversation), echo]
    }

    fn call(&mut self) -> Update {
        let id = self.id("wacid");
        Update::call(&id, &contact(), &self.target.display_phone_number, self.second)
    }

    fn template_status(&mut self) -> Vec<u8> {
        let value = object! {
            "event": "APPROVED",
            "message_template_id": self.rng.random_range(1_000_000_000_000_000_i64..10_000_000_000_000_000),
            "message_template_name": "waypost_test",
            "message_template_language": "en",
            "reason": "NONE",
            "message_template_category": "UTILITY",
        };
        account_change(&self.target.waba_id, self.second, "message_template_status_update", value)
    }
}

fn said(text: &str) -> Content {
    Content { kind: "text", body: object! { "body": text }, errors: None }
}

fn contact() -> Contact {
    Contact { name: NAME, username: None, wa_id: Some(WA_ID.into()), user_id: Some("US.WAYPOSTTEST0100".into()) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use serde_json::Value;
    use time::macros::datetime;

    use super::*;

    fn made(kind: TestKind, seed: u64) -> Vec<u8> {
        let target =
            Target { phone_number_id: "1".into(), waba_id: "2".into(), display_phone_number: "15550783881".into() };
        sample(kind, &target, datetime!(2026-11-23 12:00 UTC), &mut StdRng::seed_from_u64(seed))
    }

    #[test]
    fn every_sample_is_for_the_account_and_says_that_it_is_a_test() {
        for kind in TestKind::ALL {
            let text = String::from_utf8(made(kind, 1)).unwrap();
            let body: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(body["entry"][0]["id"], "2", "{text}");
            assert!(text.contains(NAME) || text.contains("waypost_test"), "{text}");
            assert!(text.contains("1795435200"), "{kind:?} has the time of now: {text}");
        }
    }

    #[test]
    fn chance_and_nothing_else_makes_two_samples_differ() {
        for kind in TestKind::ALL {
            assert_eq!(made(kind, 1), made(kind, 1), "{kind:?}");
            assert_ne!(made(kind, 1), made(kind, 2), "{kind:?}");
        }
    }
}
