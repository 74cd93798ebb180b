//! Reading JSON that somebody else wrote.
//!
//! Unknown keys, absent keys, nulls, numbers where strings are expected and the other way round are everyday things
//! on this wire, so nothing here fails: what is not there, or is not what it should be, is simply absent. [`Node`]
//! is used instead of derived structs because one odd member must not make the rest of the update unreadable.
//!
//! What a message's parts mean to a reader ([`card`], [`reply`]) is here too, since processing needs it to write a
//! row and the console to show one.

pub mod card;
pub mod reply;

use serde_json::Value;
use time::OffsetDateTime;

/// A place in a JSON document, which may be empty. `null` counts as empty.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a>(Option<&'a Value>);

impl<'a> Node<'a> {
    /// The place where nothing is.
    pub const ABSENT: Self = Self(None);

    /// The document itself.
    pub fn of(value: &'a Value) -> Self {
        Self(Some(value).filter(|value| !value.is_null()))
    }

    /// The member of that name, if this is an object that has it.
    #[must_use]
    pub fn at(self, key: &str) -> Self {
        self.0.and_then(|value| value.get(key)).map_or(Self::ABSENT, Self::of)
    }

    /// The first of these members that is there.
    #[must_use]
    pub fn any(self, keys: &[&str]) -> Self {
        keys.iter().map(|key| self.at(key)).find(|node| node.is_present()).unwrap_or(Self::ABSENT)
    }

    /// This place, or that one if nothing is here.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_present() { self } else { other }
    }

    /// Whether anything is here.
    pub fn is_present(self) -> bool {
        self.0.is_some()
    }

    /// What is here.
    pub fn value(self) -> Option<&'a Value> {
        self.0
    }

    /// The elements of a list. Anything else is taken for a list of one.
    pub fn list(self) -> impl Iterator<Item = Node<'a>> {
        let elements = match self.0 {
            Some(Value::Array(elements)) => elements.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        elements.iter().map(Self::of)
    }

    /// The first element of a list.
    #[must_use]
    pub fn first(self) -> Self {
        self.list().next().unwrap_or(Self::ABSENT)
    }

    /// Words for people, as they were written. An empty text is none.
    pub fn text(self) -> Option<String> {
        match self.0? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// An id or a word for machines, without the white space around it. An empty one is none.
    pub fn id(self) -> Option<String> {
        let text = self.text()?;
        Some(text.trim().to_owned()).filter(|id| !id.is_empty())
    }

    /// An id or a word for machines, cut after so many characters.
    pub fn word(self, most: usize) -> Option<String> {
        self.id().map(|word| word.chars().take(most).collect())
    }

    /// Seconds since 1970, as text or as a number.
    pub fn moment(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.id()?.parse().ok()?).ok()
    }
}

/// The first title (or else message) in a list of errors.
pub fn error_title(errors: Node<'_>) -> Option<String> {
    errors.list().find_map(|error| error.any(&["title", "message"]).text())
}

/// The digits of a phone number, however it is written.
pub fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_and_absent_are_the_same() {
        let value = json!({"a": null, "b": {"c": 1}});
        let node = Node::of(&value);
        assert!(!node.at("a").is_present());
        assert!(!node.at("z").at("y").is_present());
        assert!(!Node::of(&json!(null)).is_present());
        assert!(!Node::of(&json!("text")).at("a").is_present());
        assert_eq!(node.any(&["a", "b"]).at("c").id().as_deref(), Some("1"));
    }

    #[test]
    fn numbers_and_strings_stand_for_each_other() {
        assert_eq!(Node::of(&json!(16_505_551_234_u64)).id().as_deref(), Some("16505551234"));
        assert_eq!(Node::of(&json!("  x ")).id().as_deref(), Some("x"));
        assert_eq!(Node::of(&json!("  ")).id(), None);
        assert_eq!(Node::of(&json!(true)).id(), None);
        let second = OffsetDateTime::from_unix_timestamp(1_739_321_024).ok();
        assert_eq!(Node::of(&json!("1739321024")).moment(), second);
        assert_eq!(Node::of(&json!(1_739_321_024)).moment(), second);
        assert_eq!(Node::of(&json!("yesterday")).moment(), None);
        assert_eq!(Node::of(&json!("9999999999999999")).moment(), None);
    }

    #[test]
    fn words_for_people_are_left_as_they_are() {
        assert_eq!(Node::of(&json!(" hi \n")).text().as_deref(), Some(" hi \n"));
        assert_eq!(Node::of(&json!("")).text(), None);
    }

    #[test]
    fn anything_can_be_read_as_a_list() {
        assert_eq!(Node::of(&json!([1, 2])).list().count(), 2);
        assert_eq!(Node::of(&json!({"a": 1})).list().count(), 1);
        assert_eq!(Node::ABSENT.list().count(), 0);
    }

    #[test]
    fn words_are_cut_by_characters_not_bytes() {
        assert_eq!(Node::of(&json!("ääää")).word(2).as_deref(), Some("ää"));
    }

    #[test]
    fn an_error_speaks_by_its_title_or_else_its_message() {
        let errors = json!([{"code": 1}, {"message": "Unknown type"}, {"title": "later"}]);
        assert_eq!(error_title(Node::of(&errors)).as_deref(), Some("Unknown type"));
    }

    #[test]
    fn only_the_digits_of_a_number_count() {
        assert_eq!(digits("+1 555-078-3881"), "15550783881");
    }
}
