//! Harnesses that look for rare harm: many kills, outages, resets, each at a random moment.
//!
//! Each has one code and two lengths. The short form is part of every run of the tests; the long one runs with
//! `cargo xtask test --soak`, which sets `WAYPOST_SOAK`. `WAYPOST_SEED` brings the chances of an earlier run back, and
//! `WAYPOST_CYCLES` sets the number of cycles of every long form.
//!
//! Each also has a negative control: a test in which something is wrong on purpose, and which fails unless the harness
//! says so.

mod crowd;
mod kills;
mod orders;
mod outages;
mod resets;
mod restarts;
mod sleepers;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::Instant;

/// One harness at work. It says how long it took, and with which seed, when it is dropped: after a failure too.
pub struct Soak {
    name: &'static str,
    cycles: usize,
    seed: u64,
    began: Instant,
}

impl Soak {
    /// Begins a harness with so many cycles in its short and in its long form.
    pub fn begin(name: &'static str, short: usize, long: usize) -> Self {
        let cycles = if is_long() { number("WAYPOST_CYCLES").unwrap_or(long) } else { short };
        let seed = number("WAYPOST_SEED").unwrap_or_else(rand::random);
        eprintln!("{name}: {cycles} cycles, WAYPOST_SEED={seed}");
        Self { name, cycles, seed, began: Instant::now() }
    }

    /// How often.
    pub fn cycles(&self) -> usize {
        self.cycles
    }

    /// The same chances for the same seed.
    pub fn chance(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed)
    }
}

impl Drop for Soak {
    fn drop(&mut self) {
        let how = if std::thread::panicking() { "failed" } else { "ended" };
        eprintln!("{}: {how} after {:.1?}, WAYPOST_SEED={}", self.name, self.began.elapsed(), self.seed);
    }
}

/// Whether the long forms run.
fn is_long() -> bool {
    std::env::var_os("WAYPOST_SOAK").is_some_and(|value| !value.is_empty())
}

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

#[test]
fn the_same_seed_gives_the_same_chances_and_the_short_form_is_the_usual_one() {
    let soak = Soak { seed: 7, ..Soak::begin("self-test", 3, 30) };
    let [one, other]: [u64; 2] = [soak.chance().random(), soak.chance().random()];
    assert_eq!(one, other);
    assert!(is_long() || soak.cycles() == 3);
}
