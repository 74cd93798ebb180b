//! The ground truth: what must be in the database after a run, and what may be.
//!
//! 200 means committed, so whatever was answered with 200 must be there. What was sent and never answered so (Meta gave
//! up, or the connection broke after the commit) may be there. Anything else must not: forgeries above all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::processing::effect::StatusRank;

use super::generator::{Generator, Post, Purpose};
use crate::meta::{Identity, Kind};

/// Some of the updates of a run, and what they lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The distinct updates: one row of the event log each.
    pub updates: HashSet<Identity>,
    /// The distinct messages, echoes and reactions and edits included: one row of `messages` each.
    pub messages: HashSet<Arc<str>>,
    /// How far the statuses move each message.
    pub best_status: HashMap<Arc<str>, StatusRank>,
}

impl Outcome {
    fn add(&mut self, post: &Post) {
        for update in &post.updates {
            self.updates.insert(update.identity());
            if update.kind != Kind::Status {
                self.messages.insert(Arc::clone(&update.wamid));
            }
            if let Some(rank) = update.rank() {
                let best = self.best_status.entry(Arc::clone(&update.wamid)).or_insert(rank);
                *best = rank.max(*best);
            }
        }
    }
}

/// What the database is compared with.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What all wamids of the run begin with, and no others.
    pub prefix: String,
    /// Answered with 200: must be there.
    pub acknowledged: Outcome,
    /// Sent with a good signature: may be there.
    pub sent: Outcome,
}

impl Expected {
    /// Of a run that has not begun.
    pub fn new(generator: &Generator) -> Self {
        Self { prefix: generator.prefix(), acknowledged: Outcome::default(), sent: Outcome::default() }
    }

    /// Notes what became of a post.
    pub fn record(&mut self, post: &Post, acknowledged: bool) {
        if post.purpose == Purpose::Forged {
            return;
        }
        self.sent.add(post);
        if acknowledged {
            self.acknowledged.add(post);
        }
    }
}
