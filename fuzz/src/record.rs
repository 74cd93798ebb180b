//! What has been tried so far: a table in `fuzz/README.md`, to which every run adds a row for each parser, also when it
//! broke one. How much was tried is not known otherwise: a run leaves nothing behind but the inputs that it kept.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use time::Date;

use crate::run::Ended;

/// A row of the table.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The day, in UTC.
    pub day: Date,
    /// The target's name.
    pub target: &'a str,
    /// What decided the run.
    pub seed: u64,
    /// How it ended.
    pub ended: &'a Ended,
}

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// Adds a row.
///
/// # Errors
/// Those of the file system, also when the table is missing.
pub fn append(entry: &Entry<'_>) -> io::Result<()> {
    OpenOptions::new().append(true).open(table())?.write_all(entry.row().as_bytes())
}

/// The inputs that a target was fed with in all runs on record.
///
/// # Errors
/// Those of the file system, also when the table is missing.
pub fn total(target: &str) -> io::Result<u64> {
    Ok(sum(&std::fs::read_to_string(table())?, target))
}

fn sum(table: &str, target: &str) -> u64 {
    let rows = table.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let executions =
        rows.filter(|cells| cells.get(2) == Some(&target)).filter_map(|cells| cells.get(3)?.parse::<u64>().ok());
    executions.sum()
}

impl Entry<'_> {
    fn row(&self) -> String {
        let Self { day, target, seed, ended: Ended { executions, kinds, took, failure } } = self;
        let found = if failure.is_some() { "broken: see the corpus" } else { "nothing" };
        format!("| {day} | {target} | {executions} | {kinds} | {:.0} s | {seed} | {found} |\n", took.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::date;

    use super::*;

    fn row(target: &str, failure: Option<(Vec<u8>, String)>) -> String {
        let ended = Ended { executions: 1_200_000, kinds: 41, took: Duration::from_millis(59_700), failure };
        Entry { day: date!(2026 - 11 - 28), target, seed: 7, ended: &ended }.row()
    }

    #[test]
    fn a_row_says_what_was_tried_and_what_came_of_it() {
        assert_eq!(row("cursor", None), "| 2026-11-28 | cursor | 1200000 | 41 | 60 s | 7 | nothing |\n");
        let broken = row("cursor", Some((b"|\n".to_vec(), "of | and\n".into())));
        assert_eq!(broken, "| 2026-11-28 | cursor | 1200000 | 41 | 60 s | 7 | broken: see the corpus |\n");
    }

    #[test]
    fn the_rows_of_a_parser_add_up() {
        let table = ["# Of cursor\n", &row("cursor", None), &row("sealed", None), &row("cursor", None)].concat();
        assert_eq!([sum(&table, "cursor"), sum(&table, "sealed"), sum(&table, "parser")], [2_400_000, 1_200_000, 0]);
    }

    /// Rows are added at the end, which must be that of the table.
    #[test]
    fn the_record_ends_with_its_table() {
        let text = std::fs::read_to_string(table()).expect("the record is there");
        let last = text.lines().next_back().unwrap_or_default();
        assert!(last.starts_with('|') && text.ends_with('\n'), "{last:?}");
        let head = text.lines().find(|line| line.starts_with('|')).unwrap_or_default();
        assert_eq!(head.split('|').count(), row("cursor", None).split('|').count());
    }
}
