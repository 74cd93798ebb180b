//! How long a client may take for its part. Each ends the connection: whoever is slow would hold its place for ever.

use std::time::Duration;

/// One for each part of a request and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// For the head of a request to arrive, counted from the end of the answer before it.
    pub head: Duration,
    /// For a webhook's body to arrive.
    pub body: Duration,
    /// For a form to arrive.
    pub form: Duration,
    /// For an answer to move on: so long, at most, the client may take nothing of what is there for it.
    pub answer: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(15),
            form: Duration::from_secs(15),
            answer: Duration::from_secs(30),
        }
    }
}
