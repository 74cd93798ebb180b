//! Reads: what a page shows comes through here.
//!
//! A resource of Leptos takes over what the server has read from a string in the page, and later reads come as bytes
//! from a server function. Decoded each in its own way, every type of the contract would be in the bundle twice; so the
//! string is decoded as bytes too.

use std::future::Future;

use leptos::prelude::*;
use leptos::serde_json;
use leptos::server::codee::{Decoder, Encoder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::ConsoleError;

/// A value that is read, and read again when what it depends on changes.
pub type Loaded<T> = Resource<Result<T, ConsoleError>, JsonBytes>;

/// Reads by a server function, at once and whenever `source` changes.
pub fn read<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetcher: impl Fn(S) -> F + Send + Sync + 'static,
) -> Loaded<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Result<T, ConsoleError>> + Send + 'static,
{
    Resource::new_with_options(source, fetcher, false)
}

/// JSON, decoded as bytes.
pub struct JsonBytes;

impl<T: Serialize> Encoder<T> for JsonBytes {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for JsonBytes {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        serde_json::from_slice(text.as_bytes())
    }
}
