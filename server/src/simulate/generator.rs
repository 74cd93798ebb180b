//! From updates to posts: late ones, batches, duplicates, forgeries and big bodies.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use secrecy::SecretString;
use time::OffsetDateTime;

use super::body;
use super::source::Source;
use super::traffic::Traffic;
use crate::meta::{Target, Update};

/// A late update comes after at most this many others.
const LATEST: u64 = 40;

/// A batch holds at most this many updates.
const BATCH: usize = 20;

/// How many posts and updates can come again.
const RECENT_POSTS: usize = 64;
const RECENT_UPDATES: usize = 256;

/// A big body holds as many updates as Meta puts into one, and is about as big as Meta makes them: 3 MB.
const BIG_UPDATES: usize = 1000;
const BIG_TEXT: usize = 2300;

/// A forgery looks like any text.
const FORGED_TEXT: usize = 300;

/// Why a post is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Updates for the first time.
    New,
    /// A thousand of them.
    Big,
    /// The very bytes of an earlier post.
    Resend,
    /// Earlier updates in another body.
    Regrouped,
    /// Not from Meta: to be refused.
    Forged,
}

impl Purpose {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 5] = [Self::New, Self::Big, Self::Resend, Self::Regrouped, Self::Forged];

    /// What a report calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Big => "big",
            Self::Resend => "sent again",
            Self::Regrouped => "regrouped",
            Self::Forged => "forged",
        }
    }
}

/// One request, ready to be sent.
#[derive(Clone, Debug)]
pub struct Post {
    /// Why.
    pub purpose: Purpose,
    /// The bytes.
    pub body: Arc<[u8]>,
    /// `X-Hub-Signature-256`; none for some forgeries.
    pub signature: Option<String>,
    /// What the body holds.
    pub updates: Vec<Arc<Update>>,
}

/// Makes posts until the wanted number of updates is sent.
pub struct Generator {
    traffic: Traffic,
    target: Target,
    secret: SecretString,
    rng: StdRng,
    source: Source,
    taken: u64,
    given: u64,
    bigs: u32,
    late: BTreeMap<(u64, u64), Arc<Update>>,
    recent_posts: VecDeque<Post>,
    recent_updates: VecDeque<Arc<Update>>,
}

impl Generator {
    /// The posts of a run that starts now, signed with this app secret.
    pub fn new(traffic: &Traffic, target: Target, secret: SecretString, start: OffsetDateTime) -> Self {
        Self {
            source: Source::new(traffic, &target.display_phone_number, start),
            rng: StdRng::seed_from_u64(traffic.seed),
            traffic: traffic.clone(),
            target,
            secret,
            taken: 0,
            given: 0,
            bigs: 0,
            late: BTreeMap::new(),
            recent_posts: VecDeque::new(),
            recent_updates: VecDeque::new(),
        }
    }

    /// What all wamids of this run begin with, and no others.
    pub fn prefix(&self) -> String {
        self.source.prefix()
    }

    /// The next update in the order of sending: one that is due, else one that just happened and is not held back.
    fn update(&mut self) -> Option<Arc<Update>> {
        loop {
            let due = self.late.first_key_value().is_some_and(|((due, _), _)| *due <= self.given);
            let none_left = self.taken == self.traffic.count;
            if due || none_left {
                let (_, update) = self.late.pop_first()?;
                self.given += 1;
                return Some(update);
            }
            self.taken += 1;
            let update = Arc::new(self.source.next(&mut self.rng));
            if !self.rng.random_bool(self.traffic.disorder) {
                self.given += 1;
                return Some(update);
            }
            let due = self.given + self.rng.random_range(1..=LATEST);
            self.late.insert((due, self.taken), update);
        }
    }

    fn new_post(&mut self) -> Option<Post> {
        let batch = self.rng.random_bool(self.traffic.batch_share);
        let size = if batch { self.rng.random_range(2..=BATCH) } else { 1 };
        let updates: Vec<_> = (0..size).map_while(|_| self.update()).collect();
        if updates.is_empty() {
            return None;
        }
        self.recent_updates.extend(updates.iter().cloned());
        keep(&mut self.recent_updates, RECENT_UPDATES);
        Some(self.signed(Purpose::New, updates))
    }

    fn big_post(&mut self) -> Post {
        self.bigs += 1;
        let updates = (0..BIG_UPDATES).map(|_| Arc::new(self.source.text(&mut self.rng, BIG_TEXT))).collect();
        self.signed(Purpose::Big, updates)
    }

    fn resend(&mut self) -> Post {
        let chosen = self.rng.random_range(0..self.recent_posts.len());
        Post { purpose: Purpose::Resend, ..self.recent_posts[chosen].clone() }
    }

    fn regrouped(&mut self) -> Post {
        let size = self.rng.random_range(1..=4);
        let len = self.recent_updates.len();
        let updates = (0..size).map(|_| Arc::clone(&self.recent_updates[self.rng.random_range(0..len)])).collect();
        self.signed(Purpose::Regrouped, updates)
    }

    fn forged(&mut self) -> Post {
        let update = Arc::new(self.source.text(&mut self.rng, FORGED_TEXT));
        let mut post = self.signed(Purpose::Forged, vec![update]);
        post.signature = match self.rng.random_range(0..4) {
            0 => Some(body::signature(&"not the app secret".into(), &post.body)),
            1 => Some("sha256=none".to_owned()),
            2 => Some(body::signature(&self.secret, b"another body")),
            _ => None,
        };
        post
    }

    fn signed(&mut self, purpose: Purpose, updates: Vec<Arc<Update>>) -> Post {
        let body = body::body(&self.target, &updates, &mut self.rng);
        Post { purpose, signature: Some(body::signature(&self.secret, &body)), body: body.into(), updates }
    }

    /// Whether the next big body is due: they are spread evenly over the run.
    fn big_is_due(&self) -> bool {
        let place = u64::from(self.bigs + 1) * self.traffic.count / u64::from(self.traffic.big + 1);
        self.bigs < self.traffic.big && self.given >= place
    }

    /// So many extras for each new post, as a chance for each post.
    fn extra(&mut self, share: f64) -> bool {
        self.rng.random_bool(share / (1.0 + share))
    }
}

impl Iterator for Generator {
    type Item = Post;

    fn next(&mut self) -> Option<Post> {
        if self.extra(self.traffic.bad_signatures) {
            return Some(self.forged());
        }
        if !self.recent_posts.is_empty() && self.extra(self.traffic.duplicates) {
            return Some(if self.rng.random_bool(0.5) { self.resend() } else { self.regrouped() });
        }
        if self.big_is_due() {
            return Some(self.big_post());
        }
        let post = self.new_post()?;
        self.recent_posts.push_back(post.clone());
        keep(&mut self.recent_posts, RECENT_POSTS);
        Some(post)
    }
}

fn keep<T>(recent: &mut VecDeque<T>, most: usize) {
    let surplus = recent.len().saturating_sub(most);
    recent.drain(..surplus);
}
