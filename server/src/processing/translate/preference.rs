//! `user_preferences[]`: whether somebody wants marketing messages.

use super::{Event, Refusal, person};
use crate::processing::effect::{Effects, MarketingPreference, Person};
use crate::processing::wire::Node;

/// What somebody wants. Other categories than marketing are only kept.
pub(super) fn preference(event: &Event<'_>) -> Result<Effects, Refusal> {
    let item = event.item();
    let person = person::someone(item.at("user_id"), item.at("wa_id"), event.contact())
        .ok_or(Refusal("The preference names nobody."))?;
    Ok(Effects { person: Some(Person { marketing_preference: marketing(item), ..person }), ..Effects::default() })
}

fn marketing(item: Node<'_>) -> Option<MarketingPreference> {
    if item.at("category").id().is_some_and(|category| category != "marketing_messages") {
        return None;
    }
    match item.at("value").id()?.to_lowercase().as_str() {
        "stop" => Some(MarketingPreference::Stop),
        "resume" => Some(MarketingPreference::Resume),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::processing::translate::testing::{refused, translated};

    #[test]
    fn a_preference_belongs_to_its_person() {
        let table = [
            (json!("marketing_messages"), json!("stop"), Some(MarketingPreference::Stop)),
            (json!("marketing_messages"), json!("resume"), Some(MarketingPreference::Resume)),
            (json!(null), json!("STOP"), Some(MarketingPreference::Stop)),
            (json!("marketing_messages"), json!("perhaps"), None),
            (json!("marketing_messages"), json!(null), None),
            (json!("newsletters"), json!("stop"), None),
        ];
        for (category, value, expected) in table {
            let item = json!({"wa_id": "16505551234", "category": category, "value": value, "timestamp": 1});
            let person = translated("preference", json!({"item": item})).person.expect("a person");
            assert_eq!(person.wa_id.as_deref(), Some("16505551234"));
            assert_eq!(person.marketing_preference, expected, "{item}");
        }
    }

    #[test]
    fn a_preference_of_nobody_is_refused() {
        assert_eq!(refused("preference", json!({"item": {"value": "stop"}})), "The preference names nobody.");
    }
}
