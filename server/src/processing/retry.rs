//! When to try again.

use std::time::Duration;

/// The waits after the first, second … try.
const DELAYS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(6),
    Duration::from_hours(24),
];

/// How far a wait may be off, as a part of it.
const SPREAD: f64 = 0.2;

/// How long to wait after so many failed tries (counted from 1); none after the last: the event is dead.
///
/// There are eight tries. The waits between them are 5 s, 30 s, 2 min, 10 min, 1 h, 6 h and 24 h, each up to 20 %
/// shorter or longer, so that events which failed together do not come back together. `jitter` is a random number
/// from 0 (shortest) to 1 (longest).
pub fn after(attempt: u32, jitter: f64) -> Option<Duration> {
    let which = usize::try_from(attempt.saturating_sub(1)).ok()?;
    let jitter = if jitter.is_nan() { 0.5 } else { jitter.clamp(0.0, 1.0) };
    DELAYS.get(which).map(|delay| delay.mul_f64(1.0 + SPREAD * (2.0 * jitter - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_as_promised_and_the_eighth_failure_is_the_last() {
        let waits: Vec<Option<u64>> = (1..=9).map(|attempt| after(attempt, 0.5).map(|wait| wait.as_secs())).collect();
        let promised = [5, 30, 120, 600, 3_600, 21_600, 86_400].map(Some);
        assert_eq!(waits[..7], promised);
        assert_eq!(waits[7..], [None, None]);
    }

    #[test]
    fn jitter_moves_a_wait_by_a_fifth_either_way_and_no_further() {
        assert_eq!(after(2, 0.0), Some(Duration::from_secs(24)));
        assert_eq!(after(2, 1.0), Some(Duration::from_secs(36)));
        assert_eq!(after(2, -7.0), Some(Duration::from_secs(24)));
        assert_eq!(after(2, f64::INFINITY), Some(Duration::from_secs(36)));
        assert_eq!(after(2, f64::NAN), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_count_that_never_began_is_taken_for_the_first_try() {
        assert_eq!(after(0, 0.5), after(1, 0.5));
    }
}
