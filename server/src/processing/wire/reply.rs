//! `interactive`: what somebody pressed, chose or filled in; or, going out, the question with its buttons.

use serde_json::Value;

use super::Node;

/// Long forms are cut here: the raw event has all of it.
const LONGEST_DETAIL: usize = 500;

/// What a person reads first: the pressed title, the form's caption, or the question's text.
pub fn title(interactive: Node<'_>) -> Option<String> {
    answer(interactive)
        .any(&["title", "body", "name", "response", "payment_method"])
        .text()
        .or_else(|| question(interactive))
}

/// The text of a question that goes out with buttons; an answer has none.
pub fn question(interactive: Node<'_>) -> Option<String> {
    interactive.at("body").at("text").text()
}

/// What was said about the answer: a row's description, the fields of a form, or what is paid for.
pub fn detail(interactive: Node<'_>) -> Option<String> {
    let answer = answer(interactive);
    answer.any(&["description", "reference_id"]).text().or_else(|| form(answer.at("response_json")))
}

/// The object under the key that `type` names; some senders leave `type` out.
fn answer(interactive: Node<'_>) -> Node<'_> {
    let named = interactive.at("type").id().map_or(Node::ABSENT, |kind| interactive.at(&kind));
    named.or(interactive.any(&["button_reply", "list_reply", "nfm_reply", "call_permission_reply"]))
}

/// `response_json` is JSON inside a string, though not always an object, and some senders unpack it.
fn form(response: Node<'_>) -> Option<String> {
    match response.value()? {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(value) => fields(&value),
            Err(_) => Some(cut(text)),
        },
        value => fields(value),
    }
}

fn fields(value: &Value) -> Option<String> {
    let Value::Object(members) = value else {
        return Node::of(value).text().map(|text| cut(&text));
    };
    let said: Vec<String> = members
        .iter()
        .filter(|(key, _)| *key != "flow_token")
        .filter_map(|(key, value)| Some(format!("{key}: {}", Node::of(value).text()?)))
        .collect();
    Some(cut(&said.join(", "))).filter(|text| !text.is_empty())
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST_DETAIL {
        return text.to_owned();
    }
    text.chars().take(LONGEST_DETAIL).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(interactive: &Value) -> (Option<String>, Option<String>) {
        (title(Node::of(interactive)), detail(Node::of(interactive)))
    }

    fn said(title: &str, detail: Option<&str>) -> (Option<String>, Option<String>) {
        (Some(title.into()), detail.map(Into::into))
    }

    #[test]
    fn a_reply_speaks_by_its_title() {
        let button = json!({"type": "button_reply", "button_reply": {"id": "1", "title": "Yes"}});
        assert_eq!(read(&button), said("Yes", None));
        let row = json!({"list_reply": {"id": "1", "title": "Large", "description": "Feeds four"}});
        assert_eq!(read(&row), said("Large", Some("Feeds four")));
        let calls = json!({"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}});
        assert_eq!(read(&calls), said("accept", None));
        let payment =
            json!({"type": "payment_method", "payment_method": {"payment_method": "pix", "reference_id": "r-1"}});
        assert_eq!(read(&payment), said("pix", Some("r-1")));
        let question = json!({"type": "button", "body": {"text": "Ready?"}, "action": {"buttons": []}});
        assert_eq!(read(&question), said("Ready?", None));
    }

    #[test]
    fn a_form_may_come_as_a_string_as_an_object_or_as_anything() {
        let form = |response| json!({"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": response}});
        let text = json!(r#"{"count": 2, "flow_token": "x", "size": "L"}"#);
        assert_eq!(read(&form(text)), said("Sent", Some("count: 2, size: L")));
        assert_eq!(read(&form(json!({"size": "L"}))), said("Sent", Some("size: L")));
        assert_eq!(read(&form(json!("no JSON"))), said("Sent", Some("no JSON")));
        assert_eq!(read(&form(json!("\"a word\""))), said("Sent", Some("a word")));
        assert_eq!(read(&form(json!(null))), said("Sent", None));
        assert_eq!(read(&form(json!([1]))), said("Sent", None));
    }

    #[test]
    fn a_long_form_is_cut() {
        let reply = json!({"nfm_reply": {"response_json": "ä".repeat(2000)}});
        assert_eq!(detail(Node::of(&reply)).map(|text| text.chars().count()), Some(LONGEST_DETAIL + 1));
    }

    #[test]
    fn nonsense_says_nothing() {
        assert_eq!(read(&json!("x")), (None, None));
        assert_eq!(read(&json!({"type": 3, "button_reply": []})), (None, None));
    }
}
