//! How one input is made of others.

use rand::Rng;
use rand::RngExt;
use rand::rngs::StdRng;

/// No input gets longer.
const LONGEST: usize = 8 * 1024;

/// A child of some input, with one to six changes. `words` are those that mean something to the parser.
pub fn child(inputs: &[Vec<u8>], words: &[&[u8]], rng: &mut StdRng) -> Vec<u8> {
    let mut input = pick(inputs, rng).cloned().unwrap_or_default();
    for _ in 0..rng.random_range(1..=6) {
        change(&mut input, inputs, words, rng);
    }
    input.truncate(LONGEST);
    input
}

fn pick<'a, T>(list: &'a [T], rng: &mut StdRng) -> Option<&'a T> {
    if list.is_empty() { None } else { list.get(rng.random_range(0..list.len())) }
}

fn change(input: &mut Vec<u8>, inputs: &[Vec<u8>], words: &[&[u8]], rng: &mut StdRng) {
    let (from, to) = range(input.len(), rng);
    match rng.random_range(0..9) {
        0 if !input.is_empty() => flip(input, rng),
        1 if !input.is_empty() => {
            let at = rng.random_range(0..input.len());
            input[at] = rng.random();
        }
        2 => drop(input.drain(from..to)),
        3 => input.truncate(to),
        4 => {
            let copy = input[from..to].to_vec();
            input.splice(to..to, copy);
        }
        5 => {
            let other = pick(inputs, rng).map_or(&[][..], Vec::as_slice);
            let (first, last) = range(other.len(), rng);
            input.splice(from..to, other[first..last].iter().copied());
        }
        6 => {
            let word = pick(words, rng).copied().unwrap_or_default();
            input.splice(from..from, word.iter().copied());
        }
        7 => {
            let word = pick(words, rng).copied().unwrap_or_default();
            input.splice(from..to, word.iter().copied());
        }
        _ => {
            let mut noise = vec![0; rng.random_range(1..16)];
            rng.fill_bytes(&mut noise);
            input.splice(from..from, noise);
        }
    }
    input.truncate(LONGEST);
}

fn flip(input: &mut [u8], rng: &mut StdRng) {
    let at = rng.random_range(0..input.len());
    input[at] ^= 1 << rng.random_range(0..8);
}

/// A part of something so long; short ones are likelier.
fn range(length: usize, rng: &mut StdRng) -> (usize, usize) {
    let from = rng.random_range(0..=length);
    let longest = if rng.random_bool(0.8) { 24.min(length - from) } else { length - from };
    (from, from + rng.random_range(0..=longest))
}
