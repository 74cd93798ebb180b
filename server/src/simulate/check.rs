//! Compares the database with what was sent: nothing lost, nothing twice, nothing forged, every status where it belongs.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::ids::Owner;
use crate::processing::effect::StatusRank;

use super::expected::Expected;
use super::store::{self, EventRow, MessageRow};
use crate::meta::Kind;

/// How often the database is asked whether all is processed.
const POLL: Duration = Duration::from_millis(100);

/// One promise and whether it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was promised, and in numbers what was found.
    pub text: String,
    /// Whether it was kept.
    pub kept: bool,
}

/// All findings of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict(pub Vec<Finding>);

impl Verdict {
    /// Whether every promise was kept.
    pub fn is_good(&self) -> bool {
        self.0.iter().all(|finding| finding.kept)
    }

    /// Adds the promise that there are none of something.
    pub fn expect_none(&mut self, what: &str, found: usize) {
        let text = if found == 0 { format!("no {what}") } else { format!("{what}: {found}") };
        self.0.push(Finding { text, kept: found == 0 });
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { text, kept } in &self.0 {
            writeln!(f, "{}  {text}", if *kept { "ok  " } else { "FAIL" })?;
        }
        Ok(())
    }
}

/// Waits until all of the run is processed, at most until the deadline, and compares.
pub async fn check(
    pool: &PgPool,
    owner: Owner,
    expected: &Expected,
    deadline: Duration,
) -> Result<Verdict, sqlx::Error> {
    let end = Instant::now() + deadline;
    while store::count_pending(pool, owner, &expected.prefix).await? > 0 && Instant::now() < end {
        sleep(POLL).await;
    }
    let events = store::events(pool, owner, &expected.prefix).await?;
    let messages = store::messages(pool, owner, &expected.prefix).await?;
    Ok(compare(expected, &events, &messages))
}

fn compare(expected: &Expected, events: &[EventRow], messages: &[MessageRow]) -> Verdict {
    let mut verdict = Verdict::default();
    compare_events(&mut verdict, expected, events);
    compare_messages(&mut verdict, expected, messages);
    compare_statuses(&mut verdict, expected, messages);
    let in_state = |state: &str| events.iter().filter(|event| event.state == state).count();
    verdict.expect_none("updates unprocessed", in_state("pending"));
    verdict.expect_none("updates dead", in_state("dead"));
    verdict.expect_none("updates quarantined or unrouted", in_state("quarantined") + in_state("unrouted"));
    verdict
}

fn compare_events(verdict: &mut Verdict, expected: &Expected, events: &[EventRow]) {
    let there: HashSet<(&str, &str, &str)> =
        events.iter().map(|event| (&*event.event_type, &*event.wamid, &*event.subtype)).collect();
    let name = |(kind, wamid, subtype): &(Kind, _, &'static str)| (kind.event_type().as_str(), *wamid, *subtype);
    let acknowledged: HashSet<_> =
        expected.acknowledged.updates.iter().map(|(k, w, s)| name(&(*k, &**w, *s))).collect();
    let sent: HashSet<_> = expected.sent.updates.iter().map(|(k, w, s)| name(&(*k, &**w, *s))).collect();
    verdict.expect_none("acknowledged updates lost", acknowledged.difference(&there).count());
    verdict.expect_none("updates that nobody signed", there.difference(&sent).count());
    verdict.expect_none("updates stored twice", events.len() - there.len());
}

fn compare_messages(verdict: &mut Verdict, expected: &Expected, messages: &[MessageRow]) {
    let there: HashSet<&str> = messages.iter().filter(|row| !row.awaited).map(|row| &*row.wamid).collect();
    let missing = expected.acknowledged.messages.iter().filter(|wamid| !there.contains(&***wamid)).count();
    let foreign = there.iter().filter(|wamid| !expected.sent.messages.contains(**wamid)).count();
    verdict.expect_none("messages missing", missing);
    verdict.expect_none("messages that nobody sent", foreign);
    verdict.expect_none(
        "messages twice",
        messages.len() - messages.iter().map(|row| &row.wamid).collect::<HashSet<_>>().len(),
    );
    verdict.expect_none("messages in no conversation", messages.iter().filter(|row| row.is_adrift).count());
}

fn compare_statuses(verdict: &mut Verdict, expected: &Expected, messages: &[MessageRow]) {
    let there: HashMap<&str, Option<StatusRank>> =
        messages.iter().map(|row| (&*row.wamid, row.status.as_deref().and_then(StatusRank::parse))).collect();
    let now = |wamid: &str| there.get(wamid).copied().flatten();
    let lower = expected.acknowledged.best_status.iter().filter(|(wamid, best)| now(wamid) < Some(**best)).count();
    let higher =
        there.iter().filter(|(wamid, status)| **status > expected.sent.best_status.get(**wamid).copied()).count();
    verdict.expect_none("messages with a status lower than the best one sent", lower);
    verdict.expect_none("messages with a status that was never sent", higher);
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::{Generator, Target, Traffic};
    use super::*;

    /// A run that was acknowledged in full, and the rows of a database that did everything right.
    fn flawless() -> (Expected, Vec<EventRow>, Vec<MessageRow>) {
        let target =
            Target { phone_number_id: "1".into(), waba_id: "2".into(), display_phone_number: "4930123456".into() };
        let generator = Generator::new(&Traffic::default(), target, "secret".into(), datetime!(2026-11-23 12:00 UTC));
        let mut expected = Expected::new(&generator);
        generator.for_each(|post| expected.record(&post, true));
        let events = expected.acknowledged.updates.iter().map(|(kind, wamid, subtype)| EventRow {
            event_type: kind.event_type().as_str().to_owned(),
            wamid: wamid.to_string(),
            subtype: (*subtype).to_owned(),
            state: "processed".to_owned(),
        });
        let best = &expected.acknowledged.best_status;
        let messages = expected.acknowledged.messages.iter().map(|wamid| MessageRow {
            wamid: wamid.to_string(),
            awaited: false,
            status: best.get(wamid).map(|rank| rank.as_str().to_owned()),
            is_adrift: false,
        });
        let (events, messages) = (events.collect(), messages.collect());
        (expected, events, messages)
    }

    fn broken(damage: impl FnOnce(&mut Expected, &mut Vec<EventRow>, &mut Vec<MessageRow>)) -> Vec<String> {
        let (mut expected, mut events, mut messages) = flawless();
        damage(&mut expected, &mut events, &mut messages);
        let verdict = compare(&expected, &events, &messages);
        verdict.0.into_iter().filter(|finding| !finding.kept).map(|finding| finding.text).collect()
    }

    #[test]
    fn a_flawless_database_passes() {
        assert_eq!(broken(|_, _, _| {}), [""; 0]);
    }

    #[test]
    fn every_kind_of_damage_is_found_and_counted() {
        let copy = |row: &EventRow| EventRow {
            state: row.state.clone(),
            wamid: row.wamid.clone(),
            event_type: row.event_type.clone(),
            subtype: row.subtype.clone(),
        };
        assert_eq!(broken(|_, events, _| drop(events.pop())), ["acknowledged updates lost: 1"]);
        assert_eq!(broken(|_, events, _| events.push(copy(&events[0]))), ["updates stored twice: 1"]);
        assert_eq!(broken(|_, events, _| events[0].state = "dead".into()), ["updates dead: 1"]);
        assert_eq!(broken(|_, events, _| events[0].state = "pending".into()), ["updates unprocessed: 1"]);
        assert_eq!(broken(|_, events, _| events[0].state = "unrouted".into()), ["updates quarantined or unrouted: 1"]);
        let forged = |_: &mut Expected, events: &mut Vec<EventRow>, _: &mut Vec<MessageRow>| {
            events.push(EventRow { wamid: "forged".into(), ..copy(&events[0]) });
        };
        assert_eq!(broken(forged), ["updates that nobody signed: 1"]);
    }

    #[test]
    fn every_message_must_be_there_once_with_its_best_status() {
        let silent = |messages: &[MessageRow]| messages.iter().position(|row| row.status.is_none()).unwrap();
        let read =
            |messages: &[MessageRow]| messages.iter().position(|row| row.status.as_deref() == Some("read")).unwrap();
        assert_eq!(broken(|_, _, messages| drop(messages.remove(silent(messages)))), ["messages missing: 1"]);
        assert_eq!(
            broken(|_, _, messages| {
                let at = silent(messages);
                messages[at].awaited = true;
            }),
            ["messages missing: 1"]
        );
        assert_eq!(broken(|_, _, messages| messages[0].is_adrift = true), ["messages in no conversation: 1"]);
        for (status, complaint) in [
            ("delivered", "messages with a status lower than the best one sent: 1"),
            ("failed", "messages with a status lower than the best one sent: 1"),
            ("played", "messages with a status that was never sent: 1"),
        ] {
            let set = |_: &mut Expected, _: &mut Vec<EventRow>, messages: &mut Vec<MessageRow>| {
                let at = read(messages);
                messages[at].status = Some(status.to_owned());
            };
            assert_eq!(broken(set), [complaint]);
        }
    }

    #[test]
    fn what_was_never_acknowledged_may_be_there_or_not() {
        let unanswered = |expected: &mut Expected| expected.acknowledged = super::super::Outcome::default();
        assert_eq!(broken(|expected, _, _| unanswered(expected)), [""; 0]);
        assert_eq!(
            broken(|expected, events, messages| {
                unanswered(expected);
                events.clear();
                messages.clear();
            }),
            [""; 0]
        );
    }
}
