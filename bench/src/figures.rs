//! What is measured, against what, and what it should come to.

use std::collections::BTreeMap;

use crate::statistics::median;

/// One thing that each round measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Acks,
    AcksWorking,
    AcksProcessed,
    Inserts,
    BatchUpdates,
    CopyRows,
    AckIdle,
    AckAlone,
    RefusalIdle,
    InsertIdle,
    InsertPaced,
    AckLoaded,
    InsertLoaded,
    EffectHalf,
    EffectWorst,
    EffectCalm,
    EffectCalmWorst,
    Processed,
    Ingested,
    Refused,
    AcksAlone,
    AcksBeside,
    WorstAlone,
    WorstBeside,
    CpuAlone,
    CpuWorking,
    MemoryIdle,
    MemoryPeak,
    HalfSentFew,
    HalfSentMany,
    Start,
    DiskStored,
    DiskProcessed,
    BodyBytes,
    Tab,
}

/// What one round has measured. A key that is missing is void.
#[derive(Clone, Debug, Default)]
pub struct Round(BTreeMap<Key, f64>);

impl Round {
    /// Notes a figure.
    pub fn note(&mut self, key: Key, value: f64) {
        self.0.insert(key, value);
    }

    /// A figure.
    pub fn get(&self, key: Key) -> Option<f64> {
        self.0.get(&key).copied()
    }
}

/// What a figure should come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Not less than the first, better the second.
    AtLeast(f64, f64),
    /// Not more than the first, better the second.
    AtMost(f64, f64),
}

/// How far a goal was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    Aim,
    Goal,
    No,
}

impl Goal {
    /// How far this value reaches it.
    pub fn reached(self, value: f64) -> Reached {
        let (goal, aim) = match self {
            Self::AtLeast(goal, aim) => (value >= goal, value >= aim),
            Self::AtMost(goal, aim) => (value <= goal, value <= aim),
        };
        match (goal, aim) {
            (_, true) => Reached::Aim,
            (true, false) => Reached::Goal,
            (false, false) => Reached::No,
        }
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// What Waypost does.
    pub ours: Key,
    /// What it is divided by, if it is a ratio.
    pub yardstick: Option<Key>,
    /// Of both.
    pub unit: &'static str,
    /// What it should come to.
    pub goal: Option<Goal>,
}

/// The values of a figure over all rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Median of Waypost's.
    pub ours: f64,
    /// Median of the yardstick's.
    pub yardstick: Option<f64>,
    /// Median of the rounds' own ratios, or of the figures where there is no yardstick.
    pub value: f64,
    /// The least and the most of these.
    pub spread: (f64, f64),
}

impl Figure {
    /// Sums the rounds up; none if one of them is void.
    pub fn summary(&self, rounds: &[Round]) -> Option<Summary> {
        let all = |key| rounds.iter().map(|round| round.get(key)).collect::<Option<Vec<f64>>>();
        let ours = all(self.ours)?;
        let yardsticks = match self.yardstick {
            Some(key) => Some(all(key)?),
            None => None,
        };
        let values = match &yardsticks {
            Some(yardsticks) => ours.iter().zip(yardsticks).map(|(ours, yardstick)| ours / yardstick).collect(),
            None => ours.clone(),
        };
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some(Summary {
            ours: median(&ours)?,
            yardstick: yardsticks.as_deref().and_then(median),
            value: median(&values)?,
            spread: (least, most),
        })
    }
}

const fn figure(
    name: &'static str,
    ours: Key,
    yardstick: Option<Key>,
    unit: &'static str,
    goal: Option<Goal>,
) -> Figure {
    Figure { name, ours, yardstick, unit, goal }
}

/// The table.
pub const FIGURES: [Figure; 26] = {
    use Goal::{AtLeast, AtMost};
    [
        figure(
            "Webhooks acknowledged ÷ rows inserted by pgbench, 64 connections",
            Key::Acks,
            Some(Key::Inserts),
            "/s",
            Some(AtLeast(1.2, 2.0)),
        ),
        figure(
            "The same while workers process what comes in",
            Key::AcksWorking,
            Some(Key::Inserts),
            "/s",
            Some(AtLeast(1.2, 2.0)),
        ),
        figure("The same until the last of it has been processed", Key::AcksProcessed, Some(Key::Inserts), "/s", None),
        figure(
            "Updates stored in bodies of 100 ÷ rows by COPY",
            Key::BatchUpdates,
            Some(Key::CopyRows),
            "/s",
            Some(AtLeast(0.4, 0.8)),
        ),
        figure(
            "Acknowledgement p50, idle ÷ pgbench p50, 1 client that pauses as long",
            Key::AckIdle,
            Some(Key::InsertPaced),
            "ms",
            Some(AtMost(1.5, 1.2)),
        ),
        figure(
            "Refusal of a forgery p50, idle: the way through the server alone ÷ the same",
            Key::RefusalIdle,
            Some(Key::InsertPaced),
            "ms",
            None,
        ),
        figure(
            "Acknowledgement p50, one connection without a pause ÷ pgbench p50, 1 client",
            Key::AckAlone,
            Some(Key::InsertIdle),
            "ms",
            Some(AtMost(1.5, 1.2)),
        ),
        figure(
            "Acknowledgement p99 at 70 % of the peak ÷ pgbench p99 at that rate",
            Key::AckLoaded,
            Some(Key::InsertLoaded),
            "ms",
            Some(AtMost(1.5, 1.0)),
        ),
        figure(
            "Commit of the delivery to commit of its effect at half of the full load, p50",
            Key::EffectHalf,
            None,
            "ms",
            Some(AtMost(10.0, 10.0)),
        ),
        figure("The same, p99", Key::EffectWorst, None, "ms", Some(AtMost(100.0, 100.0))),
        figure("The same at a tenth of the full load, p50", Key::EffectCalm, None, "ms", None),
        figure("The same, p99", Key::EffectCalmWorst, None, "ms", None),
        figure(
            "Events processed from a backlog ÷ updates ingested at the peak",
            Key::Processed,
            Some(Key::Ingested),
            "/s",
            Some(AtLeast(1.0, 1.5)),
        ),
        figure(
            "Forgeries refused ÷ webhooks acknowledged",
            Key::Refused,
            Some(Key::Acks),
            "/s",
            Some(AtLeast(5.0, 10.0)),
        ),
        figure(
            "Webhooks acknowledged while old rows leave ÷ just before",
            Key::AcksBeside,
            Some(Key::AcksAlone),
            "/s",
            None,
        ),
        figure("Their p99 ÷ just before", Key::WorstBeside, Some(Key::WorstAlone), "ms", None),
        figure("Processor time of the server per 1000 acknowledgements", Key::CpuAlone, None, "s", None),
        figure("The same while workers process what comes in", Key::CpuWorking, None, "s", None),
        figure("Memory, idle", Key::MemoryIdle, None, "MB", Some(AtMost(40.0, 40.0))),
        figure("Memory, at most, after the peak with workers", Key::MemoryPeak, None, "MB", Some(AtMost(150.0, 150.0))),
        figure("Memory with 256 half-sent bodies of 3 MB", Key::HalfSentMany, None, "MB", None),
        figure(
            "The same ÷ with 128 of them (bounded: no growth)",
            Key::HalfSentMany,
            Some(Key::HalfSentFew),
            "MB",
            Some(AtMost(1.25, 1.1)),
        ),
        figure(
            "Start of the process to the first commit acknowledged",
            Key::Start,
            None,
            "ms",
            Some(AtMost(250.0, 60.0)),
        ),
        figure(
            "Bytes on disk, indexes included ÷ bytes of the bodies, as they were stored",
            Key::DiskStored,
            Some(Key::BodyBytes),
            "MB",
            Some(AtMost(3.0, 2.0)),
        ),
        figure(
            "The same after processing, with the dead versions of rows that are not taken back yet",
            Key::DiskProcessed,
            Some(Key::BodyBytes),
            "MB",
            None,
        ),
        figure("Webhook tab, nothing cached, everything it links", Key::Tab, None, "kB", Some(AtMost(350.0, 200.0))),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(figures: &[(f64, f64)]) -> Vec<Round> {
        let round = |(acks, inserts): &(f64, f64)| {
            let mut round = Round::default();
            round.note(Key::Acks, *acks);
            round.note(Key::Inserts, *inserts);
            round
        };
        figures.iter().map(round).collect()
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_own_ratios() {
        let summary = FIGURES[0].summary(&rounds(&[(10.0, 10.0), (40.0, 10.0), (20.0, 10.0)])).unwrap();
        assert_eq!(summary, Summary { ours: 20.0, yardstick: Some(10.0), value: 2.0, spread: (1.0, 4.0) });
    }

    #[test]
    fn one_void_round_makes_the_figure_void() {
        let mut rounds = rounds(&[(10.0, 10.0), (40.0, 10.0)]);
        assert!(FIGURES[0].summary(&rounds).is_some());
        rounds.push(Round::default());
        assert_eq!(FIGURES[0].summary(&rounds), None);
        assert_eq!(FIGURES[0].summary(&[]), None);
    }

    #[test]
    fn goals_have_two_steps_in_their_own_direction() {
        let more = Goal::AtLeast(1.2, 2.0);
        assert_eq!([1.1, 1.2, 2.0].map(|value| more.reached(value)), [Reached::No, Reached::Goal, Reached::Aim]);
        let less = Goal::AtMost(1.5, 1.2);
        assert_eq!([1.6, 1.5, 1.2].map(|value| less.reached(value)), [Reached::No, Reached::Goal, Reached::Aim]);
    }
}
