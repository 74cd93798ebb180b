//! Slows down guessing verify tokens, and nobody who knows one.
//!
//! Only wrong tokens count. An address with [`PER_ADDRESS`] of them is heard no more until its [`ADDRESS_WINDOW`] ends.
//! Somebody with many addresses is slowed down by the path: after [`PER_PATH`] wrong tokens there, from wherever, an
//! address that has been wrong there once is heard no more until the [`PATH_WINDOW`] ends. So a guesser has one try for
//! each address, and Meta, who comes with the right token from an address of its own, is answered all the while.
//!
//! The token itself is found by a digest, compared in constant time, before any slow hash is asked for.

use std::net::IpAddr;
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::users::throttle::{Throttle, network};

/// Wrong tokens of one address.
pub const PER_ADDRESS: u32 = 20;
const ADDRESS_WINDOW: Duration = Duration::minutes(1);
/// Wrong tokens on one path.
pub const PER_PATH: u32 = 100;
const PATH_WINDOW: Duration = Duration::minutes(5);

/// Wrong tokens, by whom and where.
#[derive(Clone, Debug)]
pub struct Guesses {
    addresses: Arc<Throttle<Option<IpAddr>>>,
    paths: Arc<Throttle<String>>,
    wrong_there: Arc<Throttle<(String, Option<IpAddr>)>>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            addresses: Arc::new(Throttle::new(PER_ADDRESS, ADDRESS_WINDOW)),
            paths: Arc::new(Throttle::new(PER_PATH, PATH_WINDOW)),
            wrong_there: Arc::new(Throttle::new(1, PATH_WINDOW)),
        }
    }
}

impl Guesses {
    /// Whether a token from this address is looked at.
    ///
    /// # Errors
    /// The time until it is.
    pub fn hear(&self, path: &str, address: Option<IpAddr>, now: OffsetDateTime) -> Result<(), Duration> {
        let address = network(address);
        self.addresses.look(&address, now)?;
        let path = path.to_owned();
        self.paths.look(&path, now).or_else(|_many| self.wrong_there.look(&(path, address), now))
    }

    /// Counts a wrong token.
    pub fn wrong(&self, path: &str, address: Option<IpAddr>, now: OffsetDateTime) {
        let address = network(address);
        // What is one too many is said to the next one.
        let _too_many = self.addresses.count(address, now);
        let _too_many = self.paths.count(path.to_owned(), now);
        let _too_many = self.wrong_there.count((path.to_owned(), address), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn address(number: u32) -> Option<IpAddr> {
        format!("203.0.113.{number}").parse().ok()
    }

    #[test]
    fn an_address_is_heard_again_when_its_minute_is_over() {
        let guesses = Guesses::default();
        for _ in 0..PER_ADDRESS {
            assert_eq!(guesses.hear("/a", address(1), START), Ok(()));
            guesses.wrong("/a", address(1), START);
        }
        let later = START + Duration::seconds(20);
        assert_eq!(guesses.hear("/a", address(1), later), Err(Duration::seconds(40)));
        assert_eq!(guesses.hear("/b", address(1), later), Err(Duration::seconds(40)), "wherever it asks");
        assert_eq!(guesses.hear("/a", address(2), later), Ok(()));
        assert_eq!(guesses.hear("/a", address(1), START + ADDRESS_WINDOW), Ok(()));
    }

    #[test]
    fn many_addresses_have_one_try_each() {
        let guesses = Guesses::default();
        (0..PER_PATH).for_each(|number| guesses.wrong("/a", address(number), START));
        for number in 0..PER_PATH {
            assert_eq!(guesses.hear("/a", address(number), START), Err(PATH_WINDOW));
            assert_eq!(guesses.hear("/b", address(number), START), Ok(()), "elsewhere there is no such crowd");
        }
        let new = address(PER_PATH + 1);
        assert_eq!(guesses.hear("/a", new, START), Ok(()), "it may be Meta");
        guesses.wrong("/a", new, START);
        assert_eq!(guesses.hear("/a", new, START), Err(PATH_WINDOW));
        assert_eq!(guesses.hear("/a", new, START + PATH_WINDOW), Ok(()));
    }
}
