//! JSON as Meta writes it: members in the order they were given, ASCII only, slashes escaped. Parsing such text and
//! writing it again gives other bytes, which is why the signature must be checked over what came in.

/// A value to be written.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    /// A member that is left out.
    Absent,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

/// An object with its members in this order; those that are `None` are left out.
macro_rules! object {
    ($($key:literal: $value:expr),* $(,)?) => {
        $crate::meta::json::Json::Object(vec![$(($key, $crate::meta::json::Json::from($value))),*])
    };
}
pub(crate) use object;

impl Json {
    /// As text.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::with_capacity(512);
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Absent => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => out.push_str(&value.to_string()),
            Self::Float(value) => out.push_str(&value.to_string()),
            Self::Text(value) => write_text(value, out),
            Self::List(values) => write_all('[', ']', values, out, Self::write),
            Self::Object(members) => {
                let present = members.iter().filter(|(_, value)| !matches!(value, Self::Absent));
                write_all('{', '}', present, out, |(key, value), out| {
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                });
            }
        }
    }
}

fn write_all<T>(
    open: char,
    close: char,
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' | '/' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            ' '..='~' => out.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    out.push_str("\\u");
                    for shift in [12, 8, 4, 0] {
                        out.extend(char::from_digit(u32::from(*unit >> shift) & 0xf, 16));
                    }
                }
            }
        }
    }
    out.push('"');
}

macro_rules! from {
    ($($type:ty => $make:expr),* $(,)?) => {
        $(impl From<$type> for Json {
            fn from(value: $type) -> Self {
                $make(value)
            }
        })*
    };
}
from!(
    bool => Self::Bool,
    i64 => Self::Int,
    f64 => Self::Float,
    String => Self::Text,
    &str => |text: &str| Self::Text(text.to_owned()),
    Vec<Json> => Self::List,
);

impl<T> From<Option<T>> for Json
where
    Json: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_the_way_meta_does() {
        let value = object! { "b": "https://x/ä😀\n\u{7}\"", "a": None::<String>, "list": vec![Json::from(1_i64), true.into()] };
        let text = value.to_text();
        assert_eq!(text, r#"{"b":"https:\/\/x\/\u00e4\ud83d\ude00\n\u0007\"","list":[1,true]}"#);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["b"], "https://x/ä😀\n\u{7}\"");
    }
}
