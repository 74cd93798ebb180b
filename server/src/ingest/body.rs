//! Reading a body: into one buffer, hashed while it arrives, within a deadline, a limit and a budget.
//!
//! What has arrived of a body cannot be checked before its last byte is there, so whoever knows a callback path can make
//! the server hold bytes. The budget bounds them: beyond a small first part, which is bounded by the number of
//! connections, each kilobyte that has arrived is taken from it and given back with the answer. What was only announced
//! costs nothing; where nothing was announced, all that the buffer has room for is taken. When the budget is used up, a
//! large body is answered 503, and Meta comes again; the usual body of one or two kilobytes fits into the first part, so
//! nobody who holds large bodies back keeps it out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::event_log::rejections::Reason;

/// Meta sends up to 3 MB.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;
/// Bytes of each body that the budget does not count.
const FREE: usize = 16 * 1024;

/// How much of large bodies the door holds at once.
#[derive(Clone, Debug)]
pub struct BodyBudget {
    kilobytes: Arc<Semaphore>,
    all: usize,
    deadline: Duration,
}

/// A whole body.
#[derive(Debug)]
pub struct Received {
    /// As they came.
    pub bytes: Bytes,
    /// Of the bytes.
    pub sha256: [u8; 32],
    /// Gives its part of the budget back.
    pub held: Held,
}

/// A part of the budget.
#[derive(Debug, Default)]
pub struct Held(Option<OwnedSemaphorePermit>);

impl BodyBudget {
    /// A budget of this many MiB, for bodies that may take so long to arrive.
    pub fn new(mebibytes: usize, deadline: Duration) -> Self {
        let all = (mebibytes * 1024).min(Semaphore::MAX_PERMITS);
        Self { kilobytes: Arc::new(Semaphore::new(all)), all, deadline }
    }

    /// How much of it is held.
    pub fn held_kilobytes(&self) -> usize {
        self.all - self.kilobytes.available_permits()
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// `TooLarge`, `BrokenBody` when it breaks off or takes too long, `QueueFull` when the budget is used up.
    pub async fn read(&self, body: Body) -> Result<Received, Reason> {
        tokio::time::timeout(self.deadline, self.collect(body)).await.unwrap_or(Err(Reason::BrokenBody))
    }

    async fn collect(&self, mut body: Body) -> Result<Received, Reason> {
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(BODY_LIMIT).min(BODY_LIMIT);
        let mut arrived = Arrived::new(announced);
        let (mut hash, mut held) = (Sha256::new(), Held::default());
        while let Some(frame) = body.frame().await {
            // What is no data are trailers, which say nothing to us.
            let Ok(data) = frame.map_err(|_| Reason::BrokenBody)?.into_data() else { continue };
            if arrived.len() + data.len() > BODY_LIMIT {
                return Err(Reason::TooLarge);
            }
            held.cover(arrived.cost_with(data.len()), &self.kilobytes)?;
            hash.update(&data);
            arrived.add(data);
        }
        Ok(Received { bytes: arrived.whole(), sha256: hash.finalize().into(), held })
    }
}

impl Held {
    /// Takes what is still missing for a body of this length.
    fn cover(&mut self, length: usize, budget: &Arc<Semaphore>) -> Result<(), Reason> {
        let wanted = length.saturating_sub(FREE).div_ceil(1024);
        let missing = wanted.saturating_sub(self.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| Reason::TooLarge)?;
        let more = Arc::clone(budget).try_acquire_many_owned(missing).map_err(|_| Reason::QueueFull)?;
        match &mut self.0 {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

/// What has arrived so far. The usual body comes in one piece and is not copied.
enum Arrived {
    Nothing { announced: usize },
    Piece { piece: Bytes, announced: usize },
    Many { bytes: Vec<u8>, announced: usize },
}

impl Arrived {
    fn new(announced: usize) -> Self {
        Self::Nothing { announced }
    }

    fn len(&self) -> usize {
        match self {
            Self::Nothing { .. } => 0,
            Self::Piece { piece, .. } => piece.len(),
            Self::Many { bytes, .. } => bytes.len(),
        }
    }

    /// Bytes that the budget has to cover once so many more are here: those of an announced body, whose buffer is as
    /// large as it must be, and otherwise all that the buffer has room for.
    fn cost_with(&self, more: usize) -> usize {
        let length = self.len() + more;
        match self {
            Self::Many { announced: 0, .. } => self.room_with(more),
            _ => length,
        }
    }

    /// Bytes that the buffer has room for once so many more are here. It grows by a quarter, not twofold.
    fn room_with(&self, more: usize) -> usize {
        let length = self.len() + more;
        match self {
            Self::Nothing { .. } => length,
            Self::Piece { announced, .. } => length.max(*announced),
            Self::Many { bytes, .. } if length <= bytes.capacity() => bytes.capacity(),
            Self::Many { bytes, .. } => length.max((bytes.capacity() + bytes.capacity() / 4).min(BODY_LIMIT)),
        }
    }

    /// From the second piece on there is one buffer of the announced size: memory that is not written to yet is only
    /// an address.
    fn add(&mut self, data: Bytes) {
        let room = self.room_with(data.len());
        *self = match std::mem::replace(self, Self::Nothing { announced: 0 }) {
            Self::Nothing { announced } => Self::Piece { piece: data, announced },
            Self::Piece { piece, announced } => {
                let mut bytes = Vec::with_capacity(room);
                bytes.extend_from_slice(&piece);
                bytes.extend_from_slice(&data);
                Self::Many { bytes, announced }
            }
            Self::Many { mut bytes, announced } => {
                bytes.reserve_exact(room - bytes.len());
                bytes.extend_from_slice(&data);
                Self::Many { bytes, announced }
            }
        };
    }

    fn whole(self) -> Bytes {
        match self {
            Self::Nothing { .. } => Bytes::new(),
            Self::Piece { piece, .. } => piece,
            Self::Many { bytes, .. } => bytes.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;

    use super::*;
    use crate::crypto;

    fn budget(mebibytes: usize) -> BodyBudget {
        BodyBudget::new(mebibytes, Duration::from_secs(15))
    }

    /// Each of another letter.
    fn parts(sizes: &[usize]) -> Vec<Vec<u8>> {
        (b'a'..=b'z').cycle().zip(sizes).map(|(letter, size)| vec![letter; *size]).collect()
    }

    fn pieces(sizes: &[usize]) -> Body {
        Body::from_stream(stream::iter(parts(sizes).into_iter().map(Ok::<_, Infallible>)))
    }

    #[tokio::test]
    async fn a_body_is_the_same_in_however_many_pieces_it_comes() {
        for sizes in [vec![], vec![0], vec![1400], vec![1, 1, 1], vec![40_000; 60], vec![3_000_000, 1]] {
            let received = budget(64).read(pieces(&sizes)).await.unwrap();
            assert!(received.bytes == parts(&sizes).concat(), "{sizes:?}");
            assert_eq!(received.sha256, crypto::sha256(&received.bytes));
        }
    }

    #[test]
    fn what_was_not_announced_takes_no_more_room_than_the_budget_covers() {
        for size in [1_000, 40_000, 65_536] {
            let (mut arrived, mut covered) = (Arrived::new(0), 0);
            while arrived.len() + size <= BODY_LIMIT {
                covered = covered.max(arrived.cost_with(size));
                arrived.add(vec![b'x'; size].into());
                let Arrived::Many { bytes, .. } = &arrived else { continue };
                assert!(bytes.capacity() <= covered, "{} of {covered}", bytes.capacity());
                assert!(covered <= bytes.len() + bytes.len() / 4 + size, "{covered} for {}", bytes.len());
            }
        }
    }

    #[tokio::test]
    async fn one_byte_above_the_limit_is_too_large() {
        let budget = budget(64);
        assert_eq!(budget.read(pieces(&[BODY_LIMIT])).await.unwrap().bytes.len(), BODY_LIMIT);
        assert_eq!(budget.read(pieces(&[BODY_LIMIT, 1])).await.unwrap_err(), Reason::TooLarge);
    }

    #[tokio::test]
    async fn what_the_budget_does_not_hold_is_refused_while_small_bodies_go_through() {
        let budget = budget(2);
        let first = budget.read(pieces(&[1_500_000])).await.unwrap();
        assert_eq!(budget.read(pieces(&[500_000, 500_000])).await.unwrap_err(), Reason::QueueFull);
        assert_eq!(budget.read(pieces(&[1400])).await.unwrap().bytes.len(), 1400);
        drop(first);
        assert!(budget.read(pieces(&[500_000, 500_000])).await.is_ok());
        assert_eq!(budget.held_kilobytes(), 0, "all of it came back, of the refused body too");
    }

    #[tokio::test]
    async fn a_body_that_stands_still_ends_at_the_deadline_and_gives_back_what_it_held() {
        let budget = BodyBudget::new(2, Duration::from_millis(50));
        let piece = stream::iter([Ok::<_, Infallible>(vec![b'a'; 500_000])]);
        let body = Body::from_stream(stream::StreamExt::chain(piece, stream::pending()));
        assert_eq!(budget.read(body).await.unwrap_err(), Reason::BrokenBody);
        assert_eq!(budget.held_kilobytes(), 0);
    }
}
