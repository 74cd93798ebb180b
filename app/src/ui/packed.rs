//! A value of the contract on its way to a view, still as JSON.
//!
//! Everything between a server function and a view is compiled once for each type that it carries: the request, the
//! resource, the suspended view. Packed, they all carry the same, and only the view that draws a value takes it apart. In
//! the bundle that is a tenth.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::contract::ConsoleError;

/// JSON of a `T`. On the wire it is that JSON and nothing else.
pub struct Packed<T> {
    json: Arc<RawValue>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Packed<T> {
    /// The same, when it no longer matters what is in it.
    pub fn untyped(self) -> Packed<()> {
        Packed::from_json(self.json)
    }

    fn from_json(json: Arc<RawValue>) -> Self {
        Self { json, kind: PhantomData }
    }
}

impl<T: Serialize> Packed<T> {
    /// Packs a value.
    ///
    /// # Errors
    /// `Unavailable`, for a type that JSON has no words for.
    pub fn new(value: T) -> Result<Self, ConsoleError> {
        let json = to_raw_value(&value).map_err(|_no_json| ConsoleError::Unavailable { request_id: None })?;
        Ok(Self::from_json(json.into()))
    }
}

impl Packed<()> {
    /// Takes out what was packed.
    ///
    /// # Errors
    /// `Unreachable`, if it is no `T`: the page and the server are of different versions.
    pub fn open<T: DeserializeOwned>(&self) -> Result<T, ConsoleError> {
        serde_json::from_slice(self.json.get().as_bytes()).map_err(|_other_version| ConsoleError::Unreachable)
    }
}

impl<T> Clone for Packed<T> {
    fn clone(&self) -> Self {
        Self::from_json(Arc::clone(&self.json))
    }
}

impl<T> Serialize for Packed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Packed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|json| Self::from_json(json.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_its_json_and_comes_out_again() {
        let packed = Packed::new(vec![Some("a"), None]).unwrap();
        let json = serde_json::to_string(&packed).unwrap();
        assert_eq!(json, r#"["a",null]"#);
        let back: Packed<Vec<Option<String>>> = serde_json::from_str(&json).unwrap();
        assert_eq!(back.clone().untyped().open::<Vec<Option<String>>>(), Ok(vec![Some("a".to_owned()), None]));
        assert_eq!(back.untyped().open::<u32>(), Err(ConsoleError::Unreachable));
    }
}
