//! The people the traffic is from and to. A person has the same ids in every run, so that runs meet the same contacts.

use rand::RngExt;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

use crate::meta::Contact;

const NAMES: [&str; 10] = [
    "Anna Schmidt",
    "José García",
    "Olamide Adeyemi",
    "李小龙",
    "Priya Sharma",
    "Łukasz Żółć",
    "محمد علي",
    "Chloé Dubois",
    "John O'Neill",
    "Mia 🌻",
];

/// Somebody with a WhatsApp account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person(u32);

impl Person {
    /// One of the first `count` people.
    pub(super) fn any(rng: &mut StdRng, count: u32) -> Self {
        Self(rng.random_range(0..count.max(1)))
    }

    /// One whose number is known, which it must be to write to them first.
    pub(super) fn any_with_number(rng: &mut StdRng, count: u32) -> Self {
        let person = Self::any(rng, count);
        // The neighbour of somebody without a number has one; person 1 always does.
        if person.wa_id().is_some() { person } else { Self(if person.0 + 1 < count { person.0 + 1 } else { 1 }) }
    }

    /// WhatsApp id; absent where somebody hides the number behind a username, as one in twenty does.
    pub(super) fn wa_id(self) -> Option<String> {
        (!self.hides_number()).then(|| format!("4915{:09}", (u64::from(self.0) * 7_919 + 123_456_789) % 1_000_000_000))
    }

    /// Business-scoped user id; absent in the older shape, which one in ten still comes in.
    pub(super) fn user_id(self) -> Option<String> {
        let digest = Sha256::digest(self.0.to_be_bytes());
        (self.0 % 10 != 3).then(|| format!("DE.{}", hex::encode_upper(&digest[..10])))
    }

    /// As Meta names the person beside an update.
    pub(super) fn contact(self) -> Contact {
        let name = NAMES[self.0 as usize % NAMES.len()];
        let username = self.hides_number().then(|| format!("somebody.{}", self.0));
        Contact { name, username, wa_id: self.wa_id(), user_id: self.user_id() }
    }

    fn hides_number(self) -> bool {
        self.0 % 20 == 7
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;

    use super::*;

    #[test]
    fn everybody_can_be_told_apart() {
        let people: Vec<Person> = (0..10_000).map(Person).collect();
        assert!(people.iter().all(|person| person.wa_id().is_some() || person.user_id().is_some()));
        let numbers: Vec<String> = people.iter().filter_map(|person| person.wa_id()).collect();
        assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
        let mut rng = StdRng::seed_from_u64(1);
        for count in 1..50 {
            assert!((0..50).all(|_| Person::any_with_number(&mut rng, count).wa_id().is_some()));
        }
    }
}
