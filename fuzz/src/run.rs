//! Trying inputs, one after the other.

use std::any::Any;
use std::collections::HashSet;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::mutate;

/// A parser and what it is held to.
pub struct Target {
    /// Of its folder in the corpus.
    pub name: &'static str,
    /// What means something to it.
    pub words: &'static [&'static [u8]],
    /// Tries an input, and says what kind of outcome it had. Panics if something does not hold.
    pub try_one: fn(&[u8]) -> u64,
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After so many inputs, those of the corpus included.
    Executions(u64),
    /// After so long.
    Time(Duration),
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Inputs tried.
    pub executions: u64,
    /// Kinds of outcome that were seen.
    pub kinds: usize,
    /// From beginning to end.
    pub took: Duration,
    /// The input that broke the target, and how.
    pub failure: Option<(Vec<u8>, String)>,
}

/// Panics are what is looked for here: they are told in one line at the end.
pub fn be_quiet() {
    panic::set_hook(Box::new(|_| {}));
}

/// Tries all inputs as they are, and then children of them. An input with an outcome of a new kind is put to the
/// others. Ends with the first failure.
pub fn fuzz(target: &Target, inputs: &mut Vec<Vec<u8>>, seed: u64, until: Until) -> Ended {
    let (mut rng, began) = (StdRng::seed_from_u64(seed), Instant::now());
    let mut kinds = HashSet::new();
    let mut executions = 0;
    let given = inputs.len();
    let mut failure = None;
    while failure.is_none() && goes_on(until, executions, began) {
        let place = usize::try_from(executions).unwrap_or(usize::MAX);
        let is_given = place < given;
        let input = if is_given { inputs[place].clone() } else { mutate::child(inputs, target.words, &mut rng) };
        executions += 1;
        match panic::catch_unwind(AssertUnwindSafe(|| (target.try_one)(&input))) {
            Ok(kind) if kinds.insert(kind) && !is_given => inputs.push(input),
            Ok(_) => {}
            Err(panic) => failure = Some((input, words(&*panic))),
        }
    }
    Ended { executions, kinds: kinds.len(), took: began.elapsed(), failure }
}

fn goes_on(until: Until, executions: u64, began: Instant) -> bool {
    match until {
        Until::Executions(most) => executions < most,
        // Asking for the time is slower than some of the parsers.
        Until::Time(longest) => !executions.is_multiple_of(64) || began.elapsed() < longest,
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;
    use crate::targets::TARGETS;

    /// In a normal run: the whole corpus, and some thousand children of it.
    #[test]
    fn no_input_breaks_a_parser() {
        let seed = rand::random();
        for target in TARGETS {
            let mut inputs = corpus::load(target.name).expect("the corpus can be read");
            assert!(inputs.len() >= 8, "{} begins with {} inputs", target.name, inputs.len());
            let until = Until::Executions(inputs.len() as u64 + 3_000);
            let ended = fuzz(target, &mut inputs, seed, until);
            eprintln!("{}: {ended:?}, seed {seed}", target.name);
            assert!(ended.failure.is_none(), "{}: {:?}", target.name, ended.failure);
            assert!(ended.kinds >= 4, "{}: hardly anything was reached: {ended:?}", target.name);
        }
    }

    /// The negative control: a parser that slices without asking, behind three steps that no blind guess takes at once.
    #[test]
    fn a_parser_that_is_broken_is_found_out() {
        let careless = |input: &[u8]| {
            let Some(rest) = input.strip_prefix(b"key=") else { return 0 };
            let Some((digits, value)) = std::str::from_utf8(rest).ok().and_then(|rest| rest.split_once(':')) else {
                return 1;
            };
            let Ok(length) = digits.parse::<usize>() else { return 2 };
            3 + u64::from(value[..length].is_empty())
        };
        let target = Target { name: "careless", words: &[b"key=", b":", b"7"], try_one: careless };
        let seed = rand::random();
        let ended = fuzz(&target, &mut vec![b"key".to_vec()], seed, Until::Executions(200_000));
        let (input, why) = ended.failure.unwrap_or_else(|| panic!("it was not found, seed {seed}"));
        assert!(input.starts_with(b"key=") && !why.is_empty(), "{why}");
    }

    #[test]
    fn a_seed_decides_a_run() {
        let run = || {
            let mut inputs = corpus::load("cursor").expect("the corpus can be read");
            let cursor = TARGETS.iter().find(|target| target.name == "cursor").expect("it is there");
            fuzz(cursor, &mut inputs, 7, Until::Executions(500));
            inputs
        };
        assert_eq!(run(), run());
    }
}
