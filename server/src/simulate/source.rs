//! The updates in the order in which they happen: people write, the company writes, and its messages go their way.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rand::RngExt;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::people::Person;
use super::traffic::Traffic;
use crate::meta::Update;
use crate::meta::content::{self, Content};
use crate::processing::effect::StatusRank;

/// How long before the start the first update happened; the last one happens at the start, or a little after.
const SPAN_SECONDS: i64 = 3600;

/// How many messages of the company are on their way at once.
const ON_THEIR_WAY: u64 = 16;

/// How many earlier messages can be answered, reacted to, edited or taken back.
const REMEMBERED: usize = 64;

/// Statuses that a message has on average, by [`way`].
const STATUSES_EACH: f64 = 2.6;

/// A message of the company and the statuses still to come.
struct Way {
    wamid: Arc<str>,
    to: Person,
    second: i64,
    conversation: String,
    ahead: VecDeque<StatusRank>,
}

/// Makes updates without end.
pub(super) struct Source {
    traffic: Traffic,
    number: String,
    start: i64,
    run: [u8; 9],
    made: u64,
    on_their_way: Vec<Way>,
    remembered: VecDeque<(Person, Arc<str>)>,
}

impl Source {
    /// The updates of the run that starts now, to and from this number.
    pub(super) fn new(traffic: &Traffic, number: &str, start: OffsetDateTime) -> Self {
        let mut run = Sha256::new();
        run.update(traffic.seed.to_be_bytes());
        run.update(start.unix_timestamp_nanos().to_be_bytes());
        let digest: [u8; 32] = run.finalize().into();
        let mut run = [0; 9];
        run.copy_from_slice(&digest[..9]);
        Self {
            traffic: traffic.clone(),
            number: number.to_owned(),
            start: start.unix_timestamp() - SPAN_SECONDS,
            run,
            made: 0,
            on_their_way: Vec::new(),
            remembered: VecDeque::new(),
        }
    }

    /// What all wamids of this run begin with, and no others.
    pub(super) fn prefix(&self) -> String {
        // The header and the run's id are twelve bytes: sixteen letters, whatever comes after.
        format!("wamid.{}", BASE64.encode([&HEADER[..], &self.run].concat()))
    }

    /// The next thing that happens.
    pub(super) fn next(&mut self, rng: &mut StdRng) -> Update {
        self.made += 1;
        // Each echo that has to be sent first takes a turn of its statuses.
        let share = (self.traffic.status_share * (1.0 + 1.0 / STATUSES_EACH)).min(1.0);
        if !rng.random_bool(share) {
            return self.message(rng);
        }
        let wanted = ON_THEIR_WAY.min(self.traffic.count / 20 + 1);
        if (self.on_their_way.len() as u64) < wanted { self.echo(rng) } else { self.status(rng) }
    }

    /// A text of a person's, of about this many bytes.
    pub(super) fn text(&mut self, rng: &mut StdRng, bytes: usize) -> Update {
        self.made += 1;
        let from = Person::any(rng, self.traffic.contacts);
        let content = Content::long_text(rng, bytes);
        Update::message(&self.wamid(rng), &from.contact(), self.second(), content, None)
    }

    fn message(&mut self, rng: &mut StdRng) -> Update {
        let stranger = Person::any(rng, self.traffic.contacts);
        let earlier = self.earlier(rng);
        let kind = content::inbound_kind(rng, earlier.as_ref().map(|(_, wamid)| &**wamid));
        let follows_up = matches!(kind, "reaction" | "edit" | "revoke");
        let from = earlier.as_ref().filter(|_| follows_up).map_or(stranger, |(person, _)| *person);
        let about = earlier.as_ref().map(|(_, wamid)| &**wamid);
        let content = Content::new(kind, rng, self.traffic.unicode, about);
        let answers = about.filter(|_| matches!(kind, "interactive" | "button"));
        let wamid = self.wamid(rng);
        let update =
            Update::message(&wamid, &from.contact(), self.second(), content, answers.map(|id| (&*self.number, id)));
        if !follows_up {
            self.remember(from, wamid);
        }
        update
    }

    fn echo(&mut self, rng: &mut StdRng) -> Update {
        let to = Person::any_with_number(rng, self.traffic.contacts);
        let kind = content::outbound_kind(rng);
        let content = Content::new(kind, rng, self.traffic.unicode, None);
        let (wamid, second) = (self.wamid(rng), self.second());
        let conversation = hex::encode(rng.random::<[u8; 16]>());
        let ahead = way(rng, kind == "audio").iter().copied().collect();
        self.on_their_way.push(Way { wamid: Arc::clone(&wamid), to, second, conversation, ahead });
        self.remember(to, Arc::clone(&wamid));
        Update::echo(&wamid, &self.number, &to.contact(), second, content)
    }

    fn status(&mut self, rng: &mut StdRng) -> Update {
        let chosen = rng.random_range(0..self.on_their_way.len());
        let way = &mut self.on_their_way[chosen];
        way.second += rng.random_range(0..3);
        let rank = way.ahead.pop_front().unwrap_or(StatusRank::Sent);
        let update = Update::status(&way.wamid, &way.to.contact(), way.second, rank, &way.conversation);
        if way.ahead.is_empty() {
            self.on_their_way.swap_remove(chosen);
        }
        update
    }

    fn earlier(&self, rng: &mut StdRng) -> Option<(Person, Arc<str>)> {
        let len = self.remembered.len();
        (len > 0).then(|| self.remembered[rng.random_range(0..len)].clone())
    }

    fn remember(&mut self, person: Person, wamid: Arc<str>) {
        self.remembered.push_back((person, wamid));
        if self.remembered.len() > REMEMBERED {
            self.remembered.pop_front();
        }
    }

    /// `wamid.` and base64, as Meta's are: a header, the run, the update, chance.
    fn wamid(&self, rng: &mut StdRng) -> Arc<str> {
        let mut id = Vec::with_capacity(24);
        id.extend_from_slice(&HEADER);
        id.extend_from_slice(&self.run);
        id.extend_from_slice(&self.made.to_be_bytes()[2..]);
        id.extend_from_slice(&rng.random::<[u8; 6]>());
        format!("wamid.{}", BASE64.encode(id)).into()
    }

    fn second(&self) -> i64 {
        let part = i128::from(SPAN_SECONDS) * i128::from(self.made.min(self.traffic.count));
        self.start + i64::try_from(part / i128::from(self.traffic.count.max(1))).unwrap_or(SPAN_SECONDS)
    }
}

/// What Meta's wamids begin with.
const HEADER: [u8; 3] = [0x1d, 0x02, 0x0b];

/// The statuses that a message gets, in the order they happen.
fn way(rng: &mut StdRng, voice: bool) -> &'static [StatusRank] {
    use StatusRank::{Delivered, Failed, Played, Read, Sent};
    match rng.random_range(0..100) {
        0..6 => &[Sent, Failed],
        6..8 => &[Failed],
        // `delivered` may never come.
        8..12 => &[Sent, Read],
        12..40 => &[Sent, Delivered],
        _ if voice => &[Sent, Delivered, Read, Played],
        _ => &[Sent, Delivered, Read],
    }
}
