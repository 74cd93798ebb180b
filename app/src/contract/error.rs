use std::fmt;

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Why the console did not do what was asked. The view chooses the words; internal text stays in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsoleError {
    /// Nobody is signed in, or the session has ended.
    SignedOut,
    /// E-mail address or password is wrong, or the person is deactivated: never said which.
    WrongCredentials,
    /// Too many tries; the next one is heard after this many seconds.
    Throttled {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// The person's role does not allow it.
    Forbidden,
    /// There is no such thing in this company. A foreign id gets the same answer.
    NotFound,
    /// One field is wrong.
    Invalid {
        /// The field's name in the form.
        field: String,
        /// A sentence for the person.
        message: String,
    },
    /// It is our fault or the database's; the log knows more under this request id.
    Unavailable {
        /// The id to give to support.
        request_id: Option<String>,
    },
    /// The browser did not reach the server, or did not understand its answer.
    Unreachable,
}

impl ConsoleError {
    /// One field is wrong, and why: a sentence for the person.
    pub fn invalid(field: &str, message: &str) -> Self {
        Self::Invalid { field: field.to_owned(), message: message.to_owned() }
    }
}

impl fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOut => f.write_str("Please sign in."),
            Self::WrongCredentials => f.write_str("E-mail address or password is wrong."),
            Self::Throttled { retry_after } => write!(f, "Too many tries. Please wait {retry_after} seconds."),
            Self::Forbidden => f.write_str("Your role does not allow this."),
            Self::NotFound => f.write_str("There is no such page."),
            Self::Invalid { message, .. } => f.write_str(message),
            Self::Unavailable { .. } => f.write_str("Something went wrong on our side."),
            Self::Unreachable => f.write_str("The server could not be reached."),
        }
    }
}

impl std::error::Error for ConsoleError {}

impl FromServerFnError for ConsoleError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::invalid("", "The form could not be read.")
            }
            ServerFnErrorErr::ServerError(_) => Self::Unavailable { request_id: None },
            _ => Self::Unreachable,
        }
    }
}
