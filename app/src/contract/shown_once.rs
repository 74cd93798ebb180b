use serde::{Deserialize, Serialize};

use super::{FirstPassword, IssuedToken};

/// What a form made that is shown once. A form posted without WASM is answered by the page with it in the context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ShownOnce {
    /// Of an account's webhook.
    Token(IssuedToken),
    /// Of somebody who was added.
    Password(FirstPassword),
}
