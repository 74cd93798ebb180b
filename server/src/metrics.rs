//! What an operator's dashboard sees. Pushed as things happen, but for the queue of the event log and what is held, which
//! are asked for at each scrape.
//!
//! Names begin with `waypost_`; times are in seconds, sizes in items or bytes as the name says. Labels are words of
//! the program only: never an id, a path or an address.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::event_log::batch::Batch;
use crate::event_log::rejections::Reason;
use crate::event_log::store::Stored;
use crate::processing::store::Backlog;
use crate::retention::Removed;

const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];
const ITEMS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0];

/// How often what was measured is summed up.
const SUM_UP: Duration = Duration::from_secs(5);

/// Installs the recorder once per process and gives its handle.
///
/// # Panics
/// Not: a second recorder is never made, and the buckets are not empty.
pub fn install() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS);
        let builder = builder.and_then(|b| b.set_buckets_for_metric(Matcher::Suffix("_batch_items".into()), &ITEMS));
        let recorder = builder.unwrap_or_else(|_no_buckets| PrometheusBuilder::new()).build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed already; /metrics stays empty");
        }
        describe();
        handle
    })
}

/// Sums up what was measured, again and again. Each time and size is kept by itself until then: where nobody scrapes,
/// they would fill the memory.
pub async fn sum_up() {
    let mut ticks = tokio::time::interval(SUM_UP);
    loop {
        ticks.tick().await;
        install().run_upkeep();
    }
}

fn describe() {
    describe_counter!("waypost_received_total", "POSTs answered 200");
    describe_counter!("waypost_rejected_total", "requests to the door refused, by reason");
    describe_counter!("waypost_deliveries_duplicate_total", "bodies seen before");
    describe_counter!("waypost_events_total", "updates stored");
    describe_counter!("waypost_events_duplicate_total", "updates seen before");
    describe_counter!("waypost_events_quarantined_total", "updates that cannot be read");
    describe_counter!("waypost_events_unrouted_total", "updates that belong to no account");
    describe_counter!("waypost_signature_escaped_total", "bodies whose signature fits their escaped form only");
    describe_counter!("waypost_processed_total", "events that have had their effect");
    describe_counter!("waypost_failed_total", "failed tries, by what follows: retry or dead");
    describe_counter!("waypost_removed_total", "rows that left because they were old, by what they were");
    describe_gauge!("waypost_queue_waiting", "deliveries waiting to be stored");
    describe_gauge!(
        "waypost_connection_places_free",
        "places for connections that are free, without the one kept for the next to come"
    );
    describe_gauge!("waypost_body_kilobytes", "what large bodies hold of their budget");
    describe_gauge!("waypost_queue_kilobytes", "bodies on their way to the disk, in kilobytes");
    describe_gauge!("waypost_live_streams", "open logs that are told of new events");
    describe_gauge!("waypost_backlog_events", "events waiting to be processed, retries included");
    describe_gauge!("waypost_backlog_dead", "events given up and not replayed");
    describe_gauge!("waypost_backlog_oldest_seconds", Unit::Seconds, "age of the oldest event that is due");
    describe_histogram!("waypost_ack_seconds", Unit::Seconds, "from the last byte of a POST to its answer");
    describe_histogram!("waypost_flush_seconds", Unit::Seconds, "one group commit");
    describe_histogram!("waypost_processing_seconds", Unit::Seconds, "from the receipt of an event to its effect");
    describe_histogram!("waypost_removing_seconds", Unit::Seconds, "one step of letting old rows leave");
    describe_histogram!("waypost_store_batch_items", "updates in one group commit");
    describe_histogram!("waypost_process_batch_items", "events in one batch of a worker");
}

/// A POST was stored and answered.
pub fn acknowledged(took: Duration) {
    counter!("waypost_received_total").increment(1);
    histogram!("waypost_ack_seconds").record(took);
}

/// The door refused a request.
pub fn rejected(reason: Reason) {
    counter!("waypost_rejected_total", "reason" => reason.as_str()).increment(1);
}

/// A signature fitted the escaped form of a body only.
pub fn signature_escaped() {
    counter!("waypost_signature_escaped_total").increment(1);
}

/// Deliveries are waiting for a lane.
pub fn queued(waiting: usize) {
    gauge!("waypost_queue_waiting").set(lossy(waiting));
}

/// A lane ended a flush.
pub fn flushed(took: Duration) {
    histogram!("waypost_flush_seconds").record(took);
}

/// A batch was committed.
pub fn stored(batch: &Batch<'_>, stored: Stored) {
    let posts: i32 = batch.deliveries.iter().map(|(_, count)| count).sum();
    let known = u64::try_from(i64::from(posts) - stored.deliveries).unwrap_or(0);
    let offered = batch.events.len() as u64;
    let new = u64::try_from(stored.events).unwrap_or(0);
    counter!("waypost_deliveries_duplicate_total").increment(known);
    counter!("waypost_events_total").increment(new);
    counter!("waypost_events_duplicate_total").increment(offered - new.min(offered) + batch.repeated);
    let quarantined = batch.events.iter().filter(|(_, event)| event.quarantined.is_some()).count();
    let unrouted = batch.events.iter().filter(|(_, event)| event.fault() == Some("unrouted")).count();
    counter!("waypost_events_quarantined_total").increment(quarantined as u64);
    counter!("waypost_events_unrouted_total").increment(unrouted as u64);
    histogram!("waypost_store_batch_items").record(lossy(batch.events.len()));
}

/// A worker committed a batch; `waits` are the times from receipt to effect.
pub fn processed(waits: impl IntoIterator<Item = Duration>) {
    let mut events = 0;
    for wait in waits {
        histogram!("waypost_processing_seconds").record(wait);
        events += 1;
    }
    counter!("waypost_processed_total").increment(events as u64);
    histogram!("waypost_process_batch_items").record(lossy(events));
}

/// A try failed.
pub fn failed(dead: bool) {
    counter!("waypost_failed_total", "then" => if dead { "dead" } else { "retry" }).increment(1);
}

/// Old rows have left.
pub fn removed(removed: Removed, took: Duration) {
    let Removed { deliveries, events, attempts, rejections } = removed;
    let rows = [("deliveries", deliveries), ("events", events), ("attempts", attempts), ("rejections", rejections)];
    for (what, count) in rows {
        counter!("waypost_removed_total", "what" => what).increment(u64::try_from(count).unwrap_or(0));
    }
    histogram!("waypost_removing_seconds").record(took);
}

/// What is held at a scrape: what stays held while nobody asks for anything has been left behind.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Places for connections that are free, without the one kept for the next to come.
    pub places_free: usize,
    /// What large bodies hold of their budget.
    pub body_kilobytes: usize,
    /// Bodies on their way to the disk.
    pub queue_kilobytes: usize,
    /// Open streams of new events.
    pub live_streams: usize,
}

/// See [`Held`].
pub fn held(held: Held) {
    gauge!("waypost_connection_places_free").set(lossy(held.places_free));
    gauge!("waypost_body_kilobytes").set(lossy(held.body_kilobytes));
    gauge!("waypost_queue_kilobytes").set(lossy(held.queue_kilobytes));
    gauge!("waypost_live_streams").set(lossy(held.live_streams));
}

/// What the event log says at a scrape.
pub fn backlog(backlog: Backlog) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge; 2^52 events are enough")]
    let lossy = |n: i64| n as f64;
    gauge!("waypost_backlog_events").set(lossy(backlog.pending));
    gauge!("waypost_backlog_dead").set(lossy(backlog.dead));
    gauge!("waypost_backlog_oldest_seconds").set(backlog.oldest_seconds);
}

#[expect(clippy::cast_precision_loss, reason = "a gauge; 2^52 are enough")]
fn lossy(n: usize) -> f64 {
    n as f64
}
