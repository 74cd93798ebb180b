//! Reads: what a page shows comes through here.
//!
//! A resource of Leptos takes over what the server has read from a string in the page, and later reads come as bytes
//! from a server function. Decoded each in its own way, every type of the contract would be in the bundle twice; so the
//! string is decoded as bytes too. And there is one kind of resource for all reads, of values that are still packed.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use leptos::prelude::*;
use leptos::serde_json;
use leptos::server::codee::{Decoder, Encoder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::packed::Packed;
use crate::contract::ConsoleError;

/// What is read, whatever it is.
pub type Reading = Resource<Result<Packed<()>, ConsoleError>, JsonBytes>;
type Answer = Pin<Box<dyn Future<Output = Result<Packed<()>, ConsoleError>> + Send>>;

/// A value that is read, and read again when what it depends on changes.
pub struct Loaded<T> {
    /// It, packed.
    pub reading: Reading,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Loaded<T> {}

impl<T> Loaded<T> {
    /// Reads it again.
    pub fn refetch(self) {
        self.reading.refetch();
    }
}

/// Reads by a server function, at once and whenever `source` changes.
pub fn read<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetcher: impl Fn(S) -> F + Send + Sync + 'static,
) -> Loaded<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: 'static,
    F: Future<Output = Result<Packed<T>, ConsoleError>> + Send + 'static,
{
    let asked = Memo::new(move |_| source());
    let fetch = move || -> Answer {
        let answer = fetcher(asked.get_untracked());
        Box::pin(async move { answer.await.map(Packed::untyped) })
    };
    Loaded { reading: reading(Box::new(move || asked.with(|_| ())), Box::new(fetch)), kind: PhantomData }
}

/// `changed` is run again, and what is read with it, whenever what it tracks has changed.
fn reading(changed: Box<dyn Fn() + Send + Sync>, fetch: Box<dyn Fn() -> Answer + Send + Sync>) -> Reading {
    let times = StoredValue::new(0_u32);
    let source = move || {
        changed();
        times.update_value(|times| *times += 1);
        times.get_value()
    };
    Resource::new_with_options(source, move |_times| fetch(), false)
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
