//! Reading and writing the part of an address behind its `?`.

use leptos_router::location::Url;
use leptos_router::params::ParamsMap;

/// A parameter that has something in it.
pub fn filled(query: &ParamsMap, name: &str) -> Option<String> {
    query.get(name).filter(|value| !value.is_empty())
}

/// `?name=value&…`, or nothing if there is nothing to say.
pub fn query_string(pairs: &[(&'static str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", Url::escape(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}
