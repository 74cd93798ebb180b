//! Slows down guessing: so many tries per key and window. In memory and per process, since it only has to make
//! guessing pointless, not to count exactly.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

/// Keys remembered at most; when full, the windows that have ended are forgotten first, then all.
const CAPACITY: usize = 50_000;

/// Counts tries per key.
#[derive(Debug)]
pub struct Throttle<K> {
    tries: u32,
    window: Duration,
    seen: Mutex<HashMap<K, (u32, OffsetDateTime)>>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// Allows `tries` within each `window`.
    pub fn new(tries: u32, window: Duration) -> Self {
        Self { tries, window, seen: Mutex::default() }
    }

    /// Counts a try. If it is one too many: how long to wait.
    ///
    /// # Errors
    /// The time until the window ends.
    pub fn count(&self, key: K, now: OffsetDateTime) -> Result<(), Duration> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= CAPACITY {
            seen.retain(|_, (_, since)| now - *since < self.window);
        }
        if seen.len() >= CAPACITY {
            seen.clear();
        }
        let (count, since) = seen.entry(key).or_insert((0, now));
        if now - *since >= self.window {
            (*count, *since) = (0, now);
        }
        *count += 1;
        if *count > self.tries { Err(self.window - (now - *since)) } else { Ok(()) }
    }

    /// Whether a try would be one too many, without counting one: how long to wait then.
    ///
    /// # Errors
    /// The time until the window ends.
    pub fn look(&self, key: &K, now: OffsetDateTime) -> Result<(), Duration> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get(key) {
            Some((count, since)) if *count >= self.tries && now - *since < self.window => {
                Err(self.window - (now - *since))
            }
            _ => Ok(()),
        }
    }

    /// Forgets the tries of a key: it got in. Gives back how many there were.
    pub fn forget(&self, key: &K) -> u32 {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(key).map_or(0, |(count, _)| count)
    }

    /// Takes tries of a key back that were none after all.
    pub fn take_back(&self, key: &K, tries: u32) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, _)) = seen.get_mut(key) {
            *count = count.saturating_sub(tries);
        }
    }
}

/// The address as it is counted. Whoever has one address of `IPv6` has the 2^64 of its network too.
pub fn network(address: Option<IpAddr>) -> Option<IpAddr> {
    address.map(|address| match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::from(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn one_try_too_many_waits_for_the_window_to_end() {
        let throttle = Throttle::new(2, Duration::minutes(1));
        assert!(throttle.count("a", START).is_ok());
        assert!(throttle.count("a", START).is_ok());
        assert_eq!(throttle.count("a", START + Duration::seconds(20)), Err(Duration::seconds(40)));
        assert!(throttle.count("b", START).is_ok(), "another key is not its brother's keeper");
        assert!(throttle.count("a", START + Duration::minutes(1)).is_ok());
    }

    #[test]
    fn getting_in_forgets_the_tries_before() {
        let throttle = Throttle::new(1, Duration::minutes(1));
        assert!(throttle.count("a", START).is_ok());
        assert_eq!((throttle.forget(&"a"), throttle.forget(&"a")), (1, 0));
        assert!(throttle.count("a", START).is_ok());
    }

    #[test]
    fn what_is_taken_back_was_no_try() {
        let throttle = Throttle::new(2, Duration::minutes(1));
        assert!(throttle.count("a", START).is_ok() && throttle.count("a", START).is_ok());
        throttle.take_back(&"a", 1);
        assert!(throttle.count("a", START).is_ok());
        assert!(throttle.count("a", START).is_err());
        throttle.take_back(&"a", 7);
        throttle.take_back(&"b", 7);
        assert!(throttle.count("a", START).is_ok());
    }

    #[test]
    fn looking_counts_nothing() {
        let throttle = Throttle::new(1, Duration::minutes(1));
        assert_eq!((throttle.look(&"a", START), throttle.look(&"a", START)), (Ok(()), Ok(())));
        assert!(throttle.count("a", START).is_ok());
        assert_eq!(throttle.look(&"a", START + Duration::seconds(20)), Err(Duration::seconds(40)));
        assert_eq!(throttle.look(&"a", START + Duration::minutes(1)), Ok(()));
    }

    #[test]
    fn a_network_is_one_address() {
        let same = |one: &str, other: &str| network(one.parse().ok()) == network(other.parse().ok());
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
