//! Reading and writing the part of an address behind its `?`.

use leptos_router::params::ParamsMap;

/// A parameter that has something in it.
pub fn filled(query: &ParamsMap, name: &str) -> Option<String> {
    query.get(name).filter(|value| !value.is_empty())
}

/// `?name=value&…`, or nothing if there is nothing to say.
pub fn query_string(pairs: &[(&'static str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Text as a part of an address. The router's own escapes more on the server than in the browser, where an address would
/// look different from what it is in the first page.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            _ => escaped.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]),
        }
    }
    escaped
}

fn hex_digit(half: u8) -> char {
    char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_readable_and_nothing_else_gets_out() {
        assert_eq!(escape("01a2-b_c.d~"), "01a2-b_c.d~");
        assert_eq!(escape("a/b?c&d=e+f #ü%"), "a%2Fb%3Fc%26d%3De%2Bf%20%23%C3%BC%25");
    }
}
