//! The steps of a command: which one runs, of how many, and how long each took.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Counts and times the steps of one command.
pub struct Steps {
    command: &'static str,
    total: usize,
    started: Instant,
    finished: Vec<(String, Duration)>,
}

impl Steps {
    /// Starts the clock of a command that has `total` steps.
    pub fn new(command: &'static str, total: usize) -> Self {
        Self { command, total, started: Instant::now(), finished: Vec::new() }
    }

    /// Does one step, and says what it is before and how long it took after.
    /// An error names the step.
    pub fn step<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let place = format!("[{}/{}]", self.finished.len() + 1, self.total);
        println!("\n{place} {what} …");
        let started = Instant::now();
        let value = work().with_context(|| format!("{} stopped at {place} {what}", self.command))?;
        let took = started.elapsed();
        println!("{place} {what}: done in {}", in_words(took));
        self.finished.push((what.to_owned(), took));
        Ok(value)
    }

    /// Prints every step with its time, and last one line that says all is well.
    pub fn finish(self) {
        println!();
        for (what, took) in &self.finished {
            println!("  {:>9}  {what}", in_words(*took));
        }
        let steps = self.finished.len();
        let took = in_words(self.started.elapsed());
        println!("{}: all {steps} steps passed in {took}.", self.command);
    }
}

/// `0.4 s`, `12.3 s`, `4 min 05 s`.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", time.as_secs_f64());
    }
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(in_words(Duration::from_millis(420)), "0.4 s");
        assert_eq!(in_words(Duration::from_secs(245)), "4 min 05 s");
    }

    #[test]
    fn a_failure_names_its_step() {
        let mut steps = Steps::new("cargo xtask test", 2);
        steps.step("one", || Ok(())).expect("the first step passes");
        let error = steps.step::<()>("two", || anyhow::bail!("no luck")).expect_err("the second step fails");
        let text = format!("{error:#}");
        assert_eq!(text, "cargo xtask test stopped at [2/2] two: no luck");
    }
}
