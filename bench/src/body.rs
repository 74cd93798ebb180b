//! What is posted: distinct bodies as Meta writes them, signed and made into whole requests before the clock starts.
//!
//! Of twenty bodies twelve hold one message, seven one status and one a batch of ten; they are about 1.4 kB on the
//! average. A third of the statuses each are sent, delivered and read, three in a row about one message. Ids are drawn
//! by chance, as Meta's are, so that they fall anywhere into an index.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use secrecy::SecretString;
use server::meta::body::{Change, body};
use server::meta::{Contact, Content, Kind, Target, Update};
use server::processing::effect::StatusRank;
use server::simulate::signature;

/// How many people take part.
const PEOPLE: u32 = 2_000;
/// The shortest and the longest text of a message, in bytes.
const TEXT: std::ops::Range<usize> = 380..820;
/// Updates in a batch of the mix, and how many of them are messages.
const BATCH: (usize, usize) = (10, 6);

/// A request, ready to be sent.
#[derive(Clone, Debug)]
pub struct Post {
    /// Head and body.
    pub request: Vec<u8>,
    /// Updates in the body.
    pub updates: usize,
}

/// What a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Message,
    Status,
    /// So many updates, of which so many are messages.
    Batch(usize, usize),
}

/// Writes posts, no two alike.
pub struct Author {
    target: Target,
    path: String,
    secret: SecretString,
    rng: StdRng,
    second: i64,
    written: usize,
    statuses: usize,
    outbound: Arc<str>,
}

impl Author {
    /// An author for an account at this path. Equal seeds write equal posts.
    pub fn new(target: Target, path: String, secret: SecretString, seed: u64, second: i64) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        Self { target, path, secret, rng, second, written: 0, statuses: 0, outbound: "".into() }
    }

    /// Posts of the mix.
    pub fn mix(&mut self, count: usize) -> Vec<Post> {
        (0..count).map(|_| self.next()).collect()
    }

    /// Posts of `updates` updates each.
    pub fn batches(&mut self, count: usize, updates: usize) -> Vec<Post> {
        (0..count).map(|_| self.post(Shape::Batch(updates, updates * 6 / 10))).collect()
    }

    /// Posts of the mix under a signature that is well-formed and wrong.
    pub fn forged(&mut self, count: usize) -> Vec<Post> {
        let secret = std::mem::replace(&mut self.secret, "not the app secret".into());
        let posts = self.mix(count);
        self.secret = secret;
        posts
    }

    fn next(&mut self) -> Post {
        let shape = shape(self.written);
        self.written += 1;
        self.post(shape)
    }

    fn post(&mut self, shape: Shape) -> Post {
        let updates = match shape {
            Shape::Message => vec![self.message()],
            Shape::Status => vec![self.status()],
            Shape::Batch(updates, messages) => {
                (0..updates).map(|n| if n < messages { self.message() } else { self.status() }).collect()
            }
        };
        let changes = [Kind::Message, Kind::Status]
            .map(|kind| Change { kind, updates: updates.iter().filter(|update| update.kind == kind).collect() });
        let changes = changes.into_iter().filter(|change| !change.updates.is_empty()).collect();
        self.request(&body(&self.target, &[changes]), updates.len())
    }

    fn request(&self, body: &[u8], updates: usize) -> Post {
        let signature = signature(&self.secret, body);
        let mut request = head(&self.path, &signature, body.len()).into_bytes();
        request.extend_from_slice(body);
        Post { request, updates }
    }

    fn message(&mut self) -> Update {
        let (from, length) = (self.person(), self.rng.random_range(TEXT));
        let content = Content::long_text(&mut self.rng, length);
        let wamid = self.wamid();
        Update::message(&wamid, &from, self.second, content, None)
    }

    fn status(&mut self) -> Update {
        let ranks = [StatusRank::Sent, StatusRank::Delivered, StatusRank::Read];
        let rank = ranks[self.statuses % ranks.len()];
        if rank == StatusRank::Sent {
            self.outbound = self.wamid();
        }
        self.statuses += 1;
        let (to, conversation) = (self.person(), format!("{:032x}", self.rng.random::<u128>()));
        Update::status(&self.outbound, &to, self.second, rank, &conversation)
    }

    fn wamid(&mut self) -> Arc<str> {
        format!("wamid.{}", BASE64.encode(self.rng.random::<[u8; 39]>())).into()
    }

    fn person(&mut self) -> Contact {
        let number = self.rng.random_range(0..PEOPLE);
        Contact {
            name: "Anna Schmidt",
            username: None,
            wa_id: Some(format!("4915{:09}", 100_000_000 + number)),
            user_id: Some(format!("DE.{:020}", u64::from(number) * 7_919)),
        }
    }
}

/// The head of a POST with this signature and a body of so many bytes.
pub fn head(path: &str, signature: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nuser-agent: facebookexternalua\r\n\
         x-hub-signature-256: {signature}\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// Twelve, seven and one of twenty, well mixed.
fn shape(number: usize) -> Shape {
    match number * 7 % 20 {
        0..12 => Shape::Message,
        12..19 => Shape::Status,
        _ => Shape::Batch(BATCH.0, BATCH.1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;
    use crate::statistics::lossy;

    fn author() -> Author {
        let target = Target {
            phone_number_id: "1001".into(),
            waba_id: "2001".into(),
            display_phone_number: "15550783881".into(),
        };
        Author::new(target, "/hook".into(), "secret".into(), 1, 1_795_435_200)
    }

    fn body(post: &Post) -> &[u8] {
        let end = post.request.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        &post.request[end + 4..]
    }

    fn updates(post: &Post, list: &str) -> usize {
        let body: Value = serde_json::from_slice(body(post)).unwrap();
        let changes = body["entry"][0]["changes"].as_array().unwrap();
        changes.iter().filter_map(|change| change["value"][list].as_array()).map(Vec::len).sum()
    }

    #[test]
    fn the_mix_is_what_the_report_says() {
        let posts = author().mix(2_000);
        let only = |messages, statuses| {
            posts.iter().filter(|p| (updates(p, "messages"), updates(p, "statuses")) == (messages, statuses)).count()
        };
        assert_eq!((only(1, 0), only(0, 1), only(6, 4)), (1_200, 700, 100));
        let mean = lossy(posts.iter().map(|post| body(post).len() as u64).sum()) / 2_000.0;
        assert!((1_300.0..1_500.0).contains(&mean), "{mean} bytes");
    }

    #[test]
    fn no_two_bodies_and_no_two_messages_are_alike() {
        let posts = author().mix(2_000);
        assert_eq!(posts.iter().map(body).collect::<HashSet<_>>().len(), posts.len());
        let text: String = posts.iter().map(|post| String::from_utf8_lossy(body(post)).into_owned()).collect();
        let named: Vec<&str> = text.split(r#""id":"wamid."#).skip(1).map(|rest| &rest[..52]).collect();
        // 1,200 + 600 messages; of the 700 + 400 statuses each three share a message.
        assert_eq!(named.len(), 2_900);
        assert_eq!(named.iter().collect::<HashSet<_>>().len(), 1_800 + 1_100_usize.div_ceil(3));
    }

    #[test]
    fn each_is_signed_and_forgeries_are_not() {
        let mut author = author();
        for post in author.mix(40) {
            let signature = signature(&"secret".into(), body(&post));
            assert!(String::from_utf8_lossy(&post.request).contains(&signature));
        }
        for post in author.forged(40) {
            let signature = signature(&"secret".into(), body(&post));
            assert!(!String::from_utf8_lossy(&post.request).contains(&signature));
        }
    }

    #[test]
    fn a_batch_has_as_many_updates_as_it_says() {
        for post in author().batches(3, 100) {
            assert_eq!((post.updates, updates(&post, "messages"), updates(&post, "statuses")), (100, 60, 40));
        }
    }
}
