//! What Meta decides about the number itself: its name, its quality, its review.

use super::Event;
use crate::processing::effect::AccountChange;
use crate::processing::wire::{Node, digits};

/// What is new about the account; none for every other field.
///
/// These updates come to the whole WABA. One that names another of its numbers says nothing about this account.
pub(super) fn change(event: &Event<'_>) -> Option<AccountChange> {
    let item = event.item();
    if is_of_another_number(event) {
        return None;
    }
    let change = if is_name(event) {
        name(item)
    } else if is_quality(event) {
        quality(item)
    } else if event.is_field("account_review_update") {
        AccountChange { review_status: item.at("decision").word(LONGEST_WORD), ..AccountChange::default() }
    } else {
        AccountChange::default()
    };
    Some(change).filter(|change| *change != AccountChange::default())
}

/// Longest decision, event or limit worth keeping, in characters.
const LONGEST_WORD: usize = 64;

fn is_name(event: &Event<'_>) -> bool {
    event.item().at("requested_verified_name").is_present() || event.is_field("phone_number_name_update")
}

/// `account_update` has an event, and `business_capability_update` a limit; only quality has both.
fn is_quality(event: &Event<'_>) -> bool {
    let item = event.item();
    event.is_field("phone_number_quality_update") || (item.at("event").is_present() && limit(item).is_present())
}

fn name(item: Node<'_>) -> AccountChange {
    let approved = item.at("decision").id().is_some_and(|decision| decision.eq_ignore_ascii_case("APPROVED"));
    let verified_name = item.any(&["requested_verified_name", "verified_name"]).id().filter(|_| approved);
    AccountChange { verified_name, ..AccountChange::default() }
}

fn quality(item: Node<'_>) -> AccountChange {
    AccountChange {
        quality_event: item.at("event").word(LONGEST_WORD),
        messaging_limit: limit(item).word(LONGEST_WORD),
        ..AccountChange::default()
    }
}

/// Renamed in 2025.
fn limit(item: Node<'_>) -> Node<'_> {
    item.any(&["current_limit", "max_daily_conversations_per_business"])
}

fn is_of_another_number(event: &Event<'_>) -> bool {
    let named = event.item().at("display_phone_number").id().map(|number| digits(&number));
    let own = event.display_phone_number.map(digits);
    match (named, own) {
        (Some(named), Some(own)) => !named.is_empty() && !own.is_empty() && named != own,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::processing::effect::Effects;
    use crate::processing::translate::testing::translated;

    #[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
    fn changed(field: &str, item: Value) -> Option<AccountChange> {
        let effects = translated("change", json!({"field": field, "item": item}));
        assert_eq!(Effects { account: None, ..effects.clone() }, Effects::default());
        effects.account
    }

    #[test]
    fn an_approved_name_is_taken_over_and_a_declined_one_is_not() {
        let named = |decision: &str| {
            json!({
                "display_phone_number": "+1 555-078-3881", "decision": decision,
                "requested_verified_name": "Lucky Shrub", "rejection_reason": null,
            })
        };
        let approved = changed("phone_number_name_update", named("APPROVED"));
        assert_eq!(approved.and_then(|change| change.verified_name).as_deref(), Some("Lucky Shrub"));
        assert!(changed("odd_field", named("APPROVED")).is_some(), "the keys decide");
        assert_eq!(changed("phone_number_name_update", named("REJECTED")), None);
    }

    #[test]
    fn quality_and_limit_are_kept_under_the_old_name_and_the_new() {
        for limit in ["current_limit", "max_daily_conversations_per_business"] {
            let item = json!({"display_phone_number": "15550783881", "event": "FLAGGED", limit: "TIER_10K"});
            let change = changed("phone_number_quality_update", item).expect("a change");
            assert_eq!(change.quality_event.as_deref(), Some("FLAGGED"));
            assert_eq!(change.messaging_limit.as_deref(), Some("TIER_10K"));
        }
    }

    #[test]
    fn a_review_is_kept_as_decided() {
        let change = changed("account_review_update", json!({"decision": "APPROVED"}));
        assert_eq!(change.and_then(|change| change.review_status).as_deref(), Some("APPROVED"));
    }

    #[test]
    fn news_of_another_number_of_the_waba_is_none_of_this_account() {
        let item = json!({"display_phone_number": "15550000000", "event": "FLAGGED", "current_limit": "TIER_1K"});
        assert_eq!(changed("phone_number_quality_update", item), None);
    }

    #[test]
    fn every_other_field_changes_nothing() {
        let item = json!({"event": "APPROVED", "message_template_id": 1, "reason": null});
        assert_eq!(changed("message_template_status_update", item), None);
        assert_eq!(changed("account_update", json!({"event": "DISABLED_UPDATE", "ban_info": {}})), None);
        assert_eq!(changed("business_capability_update", json!({"max_daily_conversations_per_business": 1})), None);
        assert_eq!(changed("account_review_update", json!({})), None);
        assert_eq!(changed("flows", json!(null)), None);
    }
}
