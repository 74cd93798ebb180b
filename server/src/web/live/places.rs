//! Places for streams: so many in all, that the door always has connections, and so many for each person, that nobody
//! takes the others'.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ids::UserId;

/// Streams at once.
const ALL: usize = 512;
/// Streams of one person at once. Tabs that nobody looks at have none.
const EACH: usize = 16;

type Taken = Arc<Mutex<HashMap<UserId, usize>>>;

/// What is there to take.
#[derive(Clone, Debug)]
pub struct Places {
    all: Arc<Semaphore>,
    taken: Taken,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(ALL)), taken: Taken::default() }
    }
}

impl Places {
    /// Streams that have a place now.
    pub fn open(&self) -> usize {
        ALL - self.all.available_permits()
    }

    /// A place for one stream, while there are any.
    pub fn take(&self, person: UserId) -> Option<Place> {
        let one = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut taken = lock(&self.taken);
        let count = taken.entry(person).or_default();
        if *count == EACH {
            return None;
        }
        *count += 1;
        Some(Place { person, taken: Arc::clone(&self.taken), _one: one })
    }
}

/// A place; it is given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    person: UserId,
    taken: Taken,
    _one: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        match taken.get_mut(&self.person) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.person)),
        }
    }
}

/// Nothing is left half done under this lock, so that a panic has not spoilt what it holds.
fn lock(taken: &Taken) -> MutexGuard<'_, HashMap<UserId, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn nobody_takes_the_others_places_and_what_is_given_back_can_be_taken() {
        let places = Places::default();
        let (ann, ben) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let mut anns: Vec<_> = (0..EACH).map(|_| places.take(ann).expect("one of hers")).collect();
        assert!(places.take(ann).is_none());
        let bens = places.take(ben).expect("his");
        anns.pop();
        assert!(places.take(ann).is_some());
        assert_eq!(places.open(), EACH, "what was given back at once is not open");
        drop((anns, bens));
        assert!(lock(&places.taken).is_empty(), "who has none is forgotten");
        assert_eq!(places.open(), 0);
    }
}
