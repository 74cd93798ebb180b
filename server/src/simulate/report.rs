//! How a run went, in numbers.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::time::Duration;

use super::check::Verdict;
use super::generator::{Post, Purpose};
use crate::meta::{Identity, Kind};

/// Counts of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// From the first request to the last answer.
    pub duration: Duration,
    /// Tries after the first one.
    pub retries: u64,
    /// Answers by status, those to retries included.
    pub answers: BTreeMap<u16, u64>,
    /// Tries without an answer: no connection, or one that broke.
    pub unanswered: u64,
    posts: BTreeMap<Purpose, u64>,
    updates: BTreeMap<Kind, u64>,
    distinct: HashSet<Identity>,
    bytes: u64,
    latencies: Vec<Duration>,
    refused: usize,
    given_up: usize,
    forgeries_accepted: usize,
}

impl Report {
    /// One try.
    pub(super) fn answered(&mut self, answer: Option<u16>, latency: Duration) {
        match answer {
            Some(status) => *self.answers.entry(status).or_default() += 1,
            None => self.unanswered += 1,
        }
        self.latencies.push(latency);
    }

    /// One post, after its last try.
    pub(super) fn posted(&mut self, post: &Post, answer: Option<u16>) {
        *self.posts.entry(post.purpose).or_default() += 1;
        self.bytes += post.body.len() as u64;
        match (post.purpose, answer) {
            (Purpose::Forged, Some(200)) => self.forgeries_accepted += 1,
            (Purpose::Forged, _) | (_, Some(200)) => {}
            (_, Some(status)) if status < 500 && status != 429 => self.refused += 1,
            _ => self.given_up += 1,
        }
        if post.purpose != Purpose::Forged {
            for update in &post.updates {
                *self.updates.entry(update.kind).or_default() += 1;
                self.distinct.insert(update.identity());
            }
        }
    }

    /// What can be told without the database.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        verdict.expect_none("genuine posts refused", self.refused);
        verdict.expect_none("genuine posts given up", self.given_up);
        verdict.expect_none("forged posts accepted", self.forgeries_accepted);
        verdict
    }

    /// The time within which this part of the tries was answered; none before the first one.
    pub fn latency(&self, part: f64) -> Option<Duration> {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        percentile(&sorted, part)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list, which is small and not negative"
)]
fn percentile(sorted: &[Duration], part: f64) -> Option<Duration> {
    let place = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(place.clamp(1, sorted.len().max(1)) - 1).copied()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let posts: u64 = self.posts.values().sum();
        let updates: u64 = self.updates.values().sum();
        let distinct = self.distinct.len() as u64;
        let rate = |count: u64| per_second(count, self.duration);
        writeln!(f, "duration            {:>10.1} s", self.duration.as_secs_f64())?;
        writeln!(
            f,
            "posts               {posts:>10}   {:.0} a second, {} bytes each on average",
            rate(posts),
            self.bytes.checked_div(posts).unwrap_or(0)
        )?;
        for purpose in Purpose::ALL {
            writeln!(f, "  {:<18}{:>10}", purpose.name(), self.posts.get(&purpose).unwrap_or(&0))?;
        }
        writeln!(f, "updates             {updates:>10}   {:.0} a second", rate(updates))?;
        for kind in Kind::ALL {
            writeln!(f, "  {:<18}{:>10}", kind.name(), self.updates.get(&kind).unwrap_or(&0))?;
        }
        writeln!(f, "  {:<18}{distinct:>10}", "distinct")?;
        writeln!(f, "  {:<18}{:>10}", "duplicates", updates - distinct)?;
        writeln!(f, "answers")?;
        for (status, count) in &self.answers {
            writeln!(f, "  {status:<18}{count:>10}")?;
        }
        writeln!(f, "  {:<18}{:>10}", "none", self.unanswered)?;
        writeln!(f, "retries             {:>10}", self.retries)?;
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        for (name, part) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)] {
            let millis = percentile(&sorted, part).unwrap_or_default().as_secs_f64() * 1000.0;
            writeln!(f, "latency {name}         {millis:>10.1} ms")?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown to the whole number")]
fn per_second(count: u64, duration: Duration) -> f64 {
    if duration.is_zero() { 0.0 } else { count as f64 / duration.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_answers_that_were_measured() {
        let mut report = Report::default();
        assert_eq!(report.latency(0.5), None);
        for millis in (1..=100).rev() {
            report.answered(Some(200), Duration::from_millis(millis));
        }
        let at = |part| report.latency(part).unwrap().as_millis();
        assert_eq!([at(0.0), at(0.5), at(0.9), at(0.99), at(1.0)], [1, 50, 90, 99, 100]);
        assert_eq!(report.answers[&200], 100);
    }
}
