//! The table, for the terminal and for `bench/RESULTS.md`.
//!
//! The file has a section for the rounds and one for the pages, between marks: each run replaces its own.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use server::clock::Clock;
use time::macros::format_description;

use crate::args::Args;
use crate::figures::{Figure, Goal, Reached, Round, Summary};
use crate::machine;

/// The section of the rounds.
pub const ROUNDS: &str = "rounds";
/// The section of the pages.
pub const PAGES: &str = "pages";

const HEAD: &str = "# How fast Waypost is\n\nWritten by `cargo xtask bench`; the README says how. Figures hang on the \
                    machine and the hour, and on shared machines they mean little by themselves: Waypost and \
                    PostgreSQL were measured in turns, and their ratios are the result.\n";

const HOW_TO_READ: &str = "\
How to read it: **Waypost** and **yardstick** are medians over the rounds, **result** is the median of the rounds' own
ratios (or of the figures, where there is no yardstick), with the least and the most in brackets. A figure is void if in
any round not everything that was answered 200 was in the database, once. Bodies are distinct and signed, 1.4 kB on the
average: of twenty, twelve hold one message, seven one status, one a batch of ten. The peak is a closed loop over two
threads, as `pgbench` has; latencies under load are an open loop, counted from when a post should have been sent.
`pgbench` inserts one row a transaction, prepared, into a table with the events' own columns, checks and indexes, and
always with a payload, of average size; it has no delivery and no queue to store, no row-level security and no signature
to check. The full load is what is acknowledged at the peak, over the time until the last of it has been processed.
`COPY` brings 100,000 such rows.
The load generator, `pgbench` and PostgreSQL share the machine with the server; of the server's processor time and
memory only its own process is counted.
";

/// What a run has to report.
pub struct Report<'a> {
    /// How it was run.
    pub args: &'a Args,
    /// Version and settings.
    pub postgres: String,
    /// What was measured.
    pub rounds: &'a [Round],
    /// What failed.
    pub void: &'a [String],
    /// The lines of the table.
    pub figures: &'a [Figure],
}

impl Report<'_> {
    /// The section.
    pub fn text(&self) -> String {
        let seconds = self.args.load().as_secs_f64();
        let kind = if self.args.short { "short run" } else { "run" };
        let rounds = self.rounds.len();
        let mut text = format!("## Against PostgreSQL itself: {kind}, {rounds} rounds, {seconds} s a load\n\n");
        text.push_str(&surroundings(&self.postgres));
        text.push_str("| figure | Waypost | yardstick | result | at least | aim | reached |\n");
        text.push_str("|---|--:|--:|--:|--:|--:|---|\n");
        for figure in self.figures {
            text.push_str(&line(figure, figure.summary(self.rounds)));
        }
        for reason in self.void {
            // Writing to a string cannot fail.
            let _ = write!(text, "\nVoid: {reason}\n");
        }
        let _ = write!(text, "\n{HOW_TO_READ}");
        text
    }
}

/// Day, machine and database, in a list.
pub fn surroundings(postgres: &str) -> String {
    let day = Clock::system().now().date().format(format_description!("[year]-[month]-[day]")).unwrap_or_default();
    format!("- {day}\n- {}\n- {postgres}\n\n", machine::describe())
}

fn line(figure: &Figure, summary: Option<Summary>) -> String {
    let Figure { name, unit, goal, yardstick, .. } = figure;
    let (goal_text, aim) = goals(*goal, if yardstick.is_some() { "" } else { unit });
    let Some(summary) = summary else {
        return format!("| {name} | | | void | {goal_text} | {aim} | |\n");
    };
    let ours = if yardstick.is_some() { with_unit(summary.ours, unit) } else { String::new() };
    let yardstick = summary.yardstick.map_or(String::new(), |value| with_unit(value, unit));
    let unit = if yardstick.is_empty() { unit } else { "" };
    let (least, most) = summary.spread;
    let result = format!("**{}** ({} to {})", with_unit(summary.value, unit), number(least), number(most));
    let reached = goal.map_or("", |goal| match goal.reached(summary.value) {
        Reached::Aim => "aim",
        Reached::Goal => "yes",
        Reached::No => "no",
    });
    format!("| {name} | {ours} | {yardstick} | {result} | {goal_text} | {aim} | {reached} |\n")
}

fn goals(goal: Option<Goal>, unit: &str) -> (String, String) {
    match goal {
        None => (String::new(), String::new()),
        Some(Goal::AtLeast(goal, aim)) => {
            (format!("≥ {}", with_unit(goal, unit)), format!("≥ {}", with_unit(aim, unit)))
        }
        Some(Goal::AtMost(goal, aim)) => {
            (format!("≤ {}", with_unit(goal, unit)), format!("≤ {}", with_unit(aim, unit)))
        }
    }
}

/// `4,120 /s`, `0.63 ms`, `1.35`.
pub fn with_unit(value: f64, unit: &str) -> String {
    if unit.is_empty() { number(value) } else { format!("{} {unit}", number(value)) }
}

/// A few digits, thousands separated.
fn number(value: f64) -> String {
    match value {
        value if value >= 1_000.0 => {
            let whole = format!("{value:.0}");
            let (thousands, rest) = whole.split_at(whole.len() - 3);
            format!("{thousands},{rest}")
        }
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 0.1 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}

/// Prints a section, and puts it in place of the one of this name in the file.
pub fn write_section(file: &Path, name: &str, section: &str) -> Result<()> {
    println!("\n{section}");
    let old = fs::read_to_string(file).unwrap_or_default();
    fs::write(file, replaced(&old, name, section))?;
    Ok(())
}

fn replaced(old: &str, name: &str, section: &str) -> String {
    let mut text = HEAD.to_owned();
    for known in [ROUNDS, PAGES] {
        let (begin, end) = (format!("<!-- {known} -->\n"), format!("<!-- end of {known} -->\n"));
        let kept = || old.split_once(&begin)?.1.split_once(&end).map(|(kept, _)| kept);
        let inside = if known == name { Some(section) } else { kept() };
        if let Some(inside) = inside {
            let inside = inside.trim_end();
            let _ = write!(text, "\n{begin}{inside}\n{end}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{FIGURES, Key};

    fn rounds(ratios: [f64; 3]) -> Vec<Round> {
        let round = |ratio: f64| {
            let mut round = Round::default();
            round.note(Key::Acks, 4_000.0 * ratio);
            round.note(Key::Inserts, 4_000.0);
            round
        };
        ratios.map(round).to_vec()
    }

    #[test]
    fn a_line_says_what_was_measured_and_whether_it_is_enough() {
        let line = line(&FIGURES[0], FIGURES[0].summary(&rounds([1.3, 1.25, 2.5])));
        let name = FIGURES[0].name;
        assert_eq!(
            line,
            format!("| {name} | 5,200 /s | 4,000 /s | **1.30** (1.25 to 2.50) | ≥ 1.20 | ≥ 2.00 | yes |\n")
        );
    }

    #[test]
    fn a_void_figure_shows_nothing_but_that() {
        let name = FIGURES[0].name;
        assert_eq!(line(&FIGURES[0], None), format!("| {name} | | | void | ≥ 1.20 | ≥ 2.00 | |\n"));
    }

    #[test]
    fn a_figure_without_yardstick_has_its_unit() {
        let figure = FIGURES.iter().find(|figure| figure.ours == Key::Start).unwrap();
        let mut round = Round::default();
        round.note(Key::Start, 1_234.5);
        let line = line(figure, figure.summary(&[round]));
        assert!(line.ends_with("|  |  | **1,234 ms** (1,234 to 1,234) | ≤ 250.0 ms | ≤ 60.0 ms | no |\n"), "{line}");
    }

    #[test]
    fn numbers_have_few_digits() {
        let texts = [12_345.6, 999.4, 12.34, 0.5, 0.0123].map(number);
        assert_eq!(texts, ["12,346", "999.4", "12.3", "0.50", "0.012"]);
    }

    #[test]
    fn a_run_replaces_its_own_section_only() {
        let first = replaced("", PAGES, "old pages\n");
        let second = replaced(&first, ROUNDS, "rounds\n");
        let third = replaced(&second, PAGES, "new pages");
        assert!(second.contains("old pages") && second.contains("rounds"));
        assert!(third.contains("new pages") && third.contains("\nrounds\n") && !third.contains("old pages"));
        assert_eq!(third.matches("# How fast").count(), 1);
        assert!(third.starts_with(HEAD) && third.find("rounds\n<!--") < third.find("new pages"));
    }
}
