//! Entries in words.
//!
//! The details of an entry are either fields of one thing, `{ "before": {…}, "after": {…} }`, or the one thing that
//! changed, `{ "before": "verified", "after": "disabled" }`, beside whatever else is worth telling. Actions and fields
//! that are not known here are shown as they are: a line too plain beats a line missing.

use app::contract::ActivityEntry;
use serde_json::{Map, Value};

use super::store::{EntryRow, PersonRow};
use crate::console::views::timestamp;

/// What people and Meta do: the action, its name in the list of actions, and what a sentence says of it.
const ACTIONS: [(&str, &str, &str); 15] = [
    ("account.added", "Account added", "added the account"),
    ("contact.erased", "Contact erased", "erased the personal data of a contact"),
    ("event.replayed", "Event replayed", "had an event processed again"),
    ("user.added", "Person added", "added a person"),
    ("user.deactivated", "Person deactivated", "deactivated a person"),
    ("user.reactivated", "Person reactivated", "let a person in again"),
    ("user.password_changed", "Password changed", "changed the own password"),
    ("user.signed_out_everywhere", "Signed out everywhere", "signed out everywhere"),
    ("webhook.set_up", "Webhook set up", "set the webhook up"),
    ("webhook.changed", "Webhook changed", "changed the webhook"),
    ("webhook.token_rotated", "Verify token rotated", "put a new verify token in place"),
    ("webhook.test_sent", "Test event sent", "sent a test event"),
    ("webhook.verified", "Webhook verified", "verified the webhook"),
    ("webhook.disabled", "Webhook disabled", "disabled the webhook"),
    ("webhook.enabled", "Webhook enabled", "enabled the webhook"),
];

/// Actors that are nobody of the company: the kind, and its name.
pub const OTHERS: [(&str, &str); 2] = [("meta", "Meta"), ("command_line", "Command line")];

/// What lets old events leave, as the name of an actor.
const RETENTION: &str = "retention";

/// Details that are told otherwise than as a line.
const TOLD: [&str; 6] = ["before", "after", "account", "count", "first", "last"];

/// An entry as the browser gets it.
pub fn entry(row: &EntryRow) -> ActivityEntry {
    let none = Map::new();
    let details = row.details.as_object().unwrap_or(&none);
    ActivityEntry {
        at: timestamp(row.at),
        actor: actor(row),
        did: did(&row.action, details),
        changes: changes(&row.subject, details),
        events: events(row, details),
        outcome: (row.outcome != "done").then(|| row.outcome.clone()),
        company_wide: row.company_wide,
    }
}

/// A person goes by the name of that time. What retention did once stood under the command line's kind.
fn actor(row: &EntryRow) -> String {
    if row.actor_kind != "user" && row.actor_name == RETENTION {
        return "Retention".to_owned();
    }
    let other = OTHERS.into_iter().find(|(kind, _)| *kind == row.actor_kind);
    match (other, row.actor_kind.as_str()) {
        (Some((_, name)), _) => name.to_owned(),
        (None, "system") => format!("Worker {}", row.actor_name),
        (None, _) => row.actor_name.clone(),
    }
}

/// Whom one may choose. Who is called like somebody else is told apart by the address.
pub fn people(rows: &[PersonRow]) -> Vec<(String, String)> {
    let is_common = |name: &str| rows.iter().filter(|row| row.name == name).count() > 1;
    let name = |row: &PersonRow| {
        if is_common(&row.name) { format!("{} · {}", row.name, row.email) } else { row.name.clone() }
    };
    let people = rows.iter().map(|row| (row.id.to_string(), name(row)));
    people.chain(OTHERS.map(|(kind, name)| (kind.to_owned(), name.to_owned()))).collect()
}

/// Which actions one may choose, with the one that is chosen, if it is not known.
pub fn actions(chosen: Option<&str>) -> Vec<(String, String)> {
    let unknown = chosen.filter(|chosen| ACTIONS.iter().all(|(action, ..)| action != chosen));
    let known = ACTIONS.into_iter().map(|(action, name, _)| (action, name));
    let all = known.chain(unknown.map(|action| (action, action)));
    all.map(|(action, name)| (action.to_owned(), name.to_owned())).collect()
}

fn did(action: &str, details: &Map<String, Value>) -> String {
    match (action, details.get("count").and_then(Value::as_u64)) {
        ("log.thinned", _) => "removed what is older than it is to be kept".to_owned(),
        ("events.processed", Some(1)) => "processed an event".to_owned(),
        ("events.processed", Some(count)) => format!("processed {count} events"),
        _ => {
            let known = ACTIONS.into_iter().find(|(known, ..)| *known == action);
            known.map_or(action, |(_, _, did)| did).to_owned()
        }
    }
}

fn events(row: &EntryRow, details: &Map<String, Value>) -> Vec<(String, String)> {
    let id = |name: &str| details.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let the = |words: &str, id: Option<String>| id.map(|id| (words.to_owned(), id));
    let of_batch = match (id("first"), id("last")) {
        (first, last) if first == last => [the("Event", first), None],
        (first, last) => [the("First event", first), the("Last event", last)],
    };
    let subject = the("Event", row.subject_id.clone().filter(|_| row.subject == "event"));
    subject.into_iter().chain(of_batch.into_iter().flatten()).chain(each(details)).collect()
}

/// Events that are listed one by one.
fn each(details: &Map<String, Value>) -> Vec<(String, String)> {
    let listed = details.get("events").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let name = |place: usize| if listed.len() == 1 { "Event".to_owned() } else { format!("Event {}", place + 1) };
    let ids = listed.iter().filter_map(Value::as_str).enumerate();
    ids.map(|(place, id)| (name(place), id.to_owned())).collect()
}

fn changes(subject: &str, details: &Map<String, Value>) -> Vec<(String, String)> {
    let (before, after) = (details.get("before"), details.get("after"));
    let mut lines = match (before.and_then(Value::as_object), after.and_then(Value::as_object)) {
        (None, None) => change(whole(subject), before, after).into_iter().collect(),
        (before, after) => of_fields(before, after),
    };
    // What is not so needs no line; events that are listed are links.
    let is_link = |name: &str, value: &Value| name == "events" && value.is_array();
    let told = |(name, value): &(&String, &Value)| {
        !TOLD.contains(&name.as_str()) && **value != Value::Bool(false) && !is_link(name, value)
    };
    lines.extend(details.iter().filter(told).filter_map(|(name, value)| change(name, None, Some(value))));
    lines
}

/// What the one thing is that changed, where it has no name.
fn whole(subject: &str) -> &'static str {
    match subject {
        "account" => "status",
        "event" => "state",
        _ => "value",
    }
}

fn of_fields(before: Option<&Map<String, Value>>, after: Option<&Map<String, Value>>) -> Vec<(String, String)> {
    let none = Map::new();
    let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    after.keys().chain(gone).filter_map(|name| change(name, before.get(name), after.get(name))).collect()
}

/// `before → after`, or what there is of it; none where nothing changed.
fn change(name: &str, before: Option<&Value>, after: Option<&Value>) -> Option<(String, String)> {
    let there = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(|value| said(name, value));
    let words = match (there(before), there(after)) {
        (None, None) => return None,
        _ if before == after => return None,
        (None, Some(after)) => after,
        (before, after) => [before, after].map(|value| value.unwrap_or_else(|| "none".to_owned())).join(" → "),
    };
    Some((name.replace('_', " "), words))
}

/// A value. No writer puts a secret into an entry; if one did, it would end here.
fn said(name: &str, value: &Value) -> String {
    let is_secret = ["secret", "token", "password", "hash"].iter().any(|word| name.contains(word));
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        _ if is_secret => "not shown".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(subject: &str, details: &Value) -> Vec<String> {
        let lines = changes(subject, details.as_object().unwrap());
        lines.into_iter().map(|(field, words)| format!("{field}: {words}")).collect()
    }

    #[test]
    fn only_what_changed_is_told() {
        let details = json!({ "before": { "path": "/a", "name": "x" }, "after": { "path": "/b", "name": "x" } });
        assert_eq!(told("account", &details), ["path: /a → /b"]);
        assert_eq!(
            told("account", &json!({ "before": "verified", "after": "disabled" })),
            ["status: verified → disabled"]
        );
        assert_eq!(told("account", &json!({ "before": "verified", "after": "verified" })), [""; 0]);
    }

    #[test]
    fn what_came_or_went_has_one_side() {
        assert_eq!(told("user", &json!({ "after": { "callback_path": "/a" } })), ["callback path: /a"]);
        assert_eq!(told("user", &json!({ "before": { "limit": 7 }, "after": { "limit": null } })), ["limit: 7 → none"]);
        assert_eq!(told("user", &json!({ "before": { "limit": 7 } })), ["limit: 7 → none"]);
    }

    #[test]
    fn other_details_are_lines_unless_they_are_not_so() {
        let details = json!({ "role": "viewer", "app_secret_replaced": true, "chosen_by_hand": false, "account": "1" });
        assert_eq!(told("user", &details), ["app secret replaced: yes", "role: viewer"]);
        assert_eq!(told("user", &json!({ "scopes": ["a", "b"] })), [r#"scopes: ["a","b"]"#]);
    }

    #[test]
    fn listed_events_are_links_and_counted_ones_a_line() {
        let listed = json!({ "kind": "text", "events": ["e1", "e2"] });
        assert_eq!(told("account", &listed), ["kind: text"]);
        let links = |details: &Value| each(details.as_object().unwrap());
        let link = |words: &str, id: &str| (words.to_owned(), id.to_owned());
        assert_eq!(links(&listed), [link("Event 1", "e1"), link("Event 2", "e2")]);
        assert_eq!(links(&json!({ "events": ["e1"] })), [link("Event", "e1")]);
        assert_eq!(
            (links(&json!({ "events": 7 })), told("company", &json!({ "events": 7 }))),
            (vec![], vec!["events: 7".to_owned()])
        );
    }

    #[test]
    fn a_secret_that_slipped_in_is_not_shown() {
        let details =
            json!({ "verify_token": "hidden", "after": { "app_secret": "hidden", "password_hash": "hidden" } });
        assert_eq!(
            told("account", &details),
            ["app secret: not shown", "password hash: not shown", "verify token: not shown"]
        );
        assert_eq!(
            told("a", &json!({ "before": { "token": "x" }, "after": { "token": "y" } })),
            ["token: not shown → not shown"]
        );
    }

    #[test]
    fn an_unknown_action_is_shown_as_it_is() {
        assert_eq!(did("door.painted", &Map::new()), "door.painted");
        assert!(actions(Some("door.painted")).contains(&("door.painted".to_owned(), "door.painted".to_owned())));
        assert_eq!(actions(Some("user.added")).len(), ACTIONS.len());
    }

    #[test]
    fn who_is_called_the_same_is_told_apart() {
        let person =
            |name: &str, email: &str| PersonRow { id: uuid::Uuid::nil(), name: name.into(), email: email.into() };
        let rows = [person("Ann", "a@x.example"), person("Ann", "b@x.example"), person("Bo", "bo@x.example")];
        let names: Vec<String> = people(&rows).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["Ann · a@x.example", "Ann · b@x.example", "Bo", "Meta", "Command line"]);
    }
}
