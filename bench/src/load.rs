//! Sends posts, and notes for each how long the answer took.
//!
//! The closed loop finds the peak: each connection sends its next post as soon as the last one is answered. It says
//! nothing about latency, since a server that stalls is then simply asked less. The open loop does: each post has a
//! moment at which it should be sent, drawn beforehand as chance would have it (exponential gaps, as `pgbench --rate`
//! draws them), and the time to its answer counts from there, whether or not a connection was free.
//!
//! A connection of the open loop is a thread of its own: an async runtime would send at whole milliseconds only, which
//! is about as long as the answers take. Those of the closed loop share a few threads, as those of `pgbench` do: to wake
//! one for each answer is work that the machine has no time for.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::body::Post;
use crate::statistics::{lossy, percentile};
use crate::wire::{Connection, SharedConnection};

/// Threads of a closed loop; `pgbench` is given as many.
pub const CLOSED_LOOP_THREADS: usize = 2;

/// What became of one post.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Which post.
    pub post: usize,
    /// Its status; none: no answer.
    pub status: Option<u16>,
    /// From when it was, or should have been, sent.
    pub took: Duration,
}

/// How a load went.
#[derive(Debug)]
pub struct Run {
    /// One for each post that was sent.
    pub answers: Vec<Answer>,
    /// From the first post to the last answer.
    pub elapsed: Duration,
}

impl Run {
    /// The posts that were answered so.
    pub fn answered(&self, status: u16) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(move |answer| answer.status == Some(status))
    }

    /// How many a second were answered so.
    pub fn rate(&self, status: u16) -> f64 {
        lossy(self.answered(status).count() as u64) / self.elapsed.as_secs_f64()
    }

    /// Milliseconds that the answers took.
    pub fn milliseconds(&self) -> Vec<f64> {
        self.answers.iter().map(|answer| answer.took.as_secs_f64() * 1_000.0).collect()
    }

    /// That every post was answered so.
    pub fn all_are(&self, status: u16) -> Result<()> {
        let mut others: BTreeMap<Option<u16>, usize> = BTreeMap::new();
        for answer in self.answers.iter().filter(|answer| answer.status != Some(status)) {
            *others.entry(answer.status).or_default() += 1;
        }
        if !others.is_empty() {
            bail!("of {} posts some were not answered {status}: {others:?}", self.answers.len());
        }
        Ok(())
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = self.milliseconds();
        let [half, most, all] = [50, 99, 100].map(|percent| percentile(&took, percent).unwrap_or_default());
        let (count, seconds) = (self.answers.len(), self.elapsed.as_secs_f64());
        write!(f, "{count} posts in {seconds:.1} s; p50 {half:.1} ms, p99 {most:.1} ms, slowest {all:.1} ms")
    }
}

/// As fast as the answers come, for so long or until the posts are used up.
pub fn closed(address: SocketAddr, posts: &[Post], connections: usize, time: Duration) -> Result<Run> {
    let next = AtomicUsize::new(0);
    run_closed(address, connections, |started| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        (number < posts.len() && started.elapsed() < time).then(|| (number, &posts[number], Instant::now()))
    })
}

/// The same with posts that may be sent more than once.
pub fn again_and_again(address: SocketAddr, posts: &[Post], connections: usize, time: Duration) -> Result<Run> {
    let next = AtomicUsize::new(0);
    run_closed(address, connections, |started| {
        let number = next.fetch_add(1, Ordering::Relaxed) % posts.len();
        (started.elapsed() < time).then(|| (number, &posts[number], Instant::now()))
    })
}

/// At these moments after the start, one post each.
pub fn open(address: SocketAddr, posts: &[Post], connections: usize, moments: &[Duration]) -> Result<Run> {
    if posts.len() < moments.len() {
        bail!("there are more moments than posts");
    }
    let next = AtomicUsize::new(0);
    run(address, connections, |started| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = started + *moments.get(number)?;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        Some((number, &posts[number], due))
    })
}

/// One connection that waits a while before each post; the time counts from when it is really sent.
pub fn paced(address: SocketAddr, posts: &[Post], pause: Duration) -> Result<Run> {
    let next = AtomicUsize::new(0);
    run(address, 1, |_| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let post = posts.get(number)?;
        thread::sleep(pause);
        Some((number, post, Instant::now()))
    })
}

/// Moments as chance would have them, `rate` a second, for so long.
pub fn moments(rate: f64, time: Duration, seed: u64) -> Vec<Duration> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut moment = 0.0;
    let gaps = std::iter::from_fn(|| {
        moment -= (1.0 - rng.random::<f64>()).ln() / rate;
        Some(Duration::from_secs_f64(moment))
    });
    gaps.take_while(|moment| *moment < time).collect()
}

/// A post and the moment that its time counts from.
type Next<'p> = Option<(usize, &'p Post, Instant)>;

/// Where there are no more connections than threads, each has its own.
fn run_closed<'p>(address: SocketAddr, connections: usize, next: impl Fn(Instant) -> Next<'p> + Sync) -> Result<Run> {
    if connections > CLOSED_LOOP_THREADS {
        run_shared(address, connections, next)
    } else {
        run(address, connections, next)
    }
}

/// Runs connections with a thread for each until `next` has no more for them.
fn run<'p>(address: SocketAddr, connections: usize, next: impl Fn(Instant) -> Next<'p> + Sync) -> Result<Run> {
    let opened = (0..connections).map(|_| Connection::open(address)).collect::<io::Result<Vec<_>>>()?;
    let work = opened.into_iter().map(|mut connection| {
        let next = &next;
        move |started| {
            let mut answers = Vec::new();
            while let Some((post, Post { request, .. }, since)) = next(started) {
                let status = connection.ask(request).ok();
                answers.push(Answer { post, status, took: since.elapsed() });
            }
            answers
        }
    });
    together(work.collect())
}

/// Runs connections on [`CLOSED_LOOP_THREADS`] threads until `next` has no more for them.
fn run_shared<'p>(address: SocketAddr, connections: usize, next: impl Fn(Instant) -> Next<'p> + Sync) -> Result<Run> {
    let mut work = Vec::new();
    for thread in 0..CLOSED_LOOP_THREADS {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let inside = runtime.enter();
        let opened = (thread..connections).step_by(CLOSED_LOOP_THREADS).map(|_| SharedConnection::open(address));
        let opened = opened.collect::<io::Result<Vec<_>>>()?;
        drop(inside);
        let next = &next;
        work.push(move |started| {
            let each = opened.into_iter().map(|connection| ask_in_turn(connection, started, next));
            runtime.block_on(join_all(each)).concat()
        });
    }
    together(work)
}

async fn ask_in_turn<'p>(
    mut connection: SharedConnection,
    started: Instant,
    next: &impl Fn(Instant) -> Next<'p>,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    while let Some((post, Post { request, .. }, since)) = next(started) {
        let status = connection.ask(request).await.ok();
        answers.push(Answer { post, status, took: since.elapsed() });
    }
    answers
}

/// Runs each on a thread of its own, from the same moment on.
fn together(work: Vec<impl FnOnce(Instant) -> Vec<Answer> + Send>) -> Result<Run> {
    let ready = Barrier::new(work.len() + 1);
    thread::scope(|scope| {
        let threads: Vec<_> = work
            .into_iter()
            .map(|work| {
                let ready = &ready;
                scope.spawn(move || {
                    ready.wait();
                    work(Instant::now())
                })
            })
            .collect();
        ready.wait();
        let started = Instant::now();
        let mut answers = Vec::new();
        for thread in threads {
            answers.extend(thread.join().map_err(|_| anyhow!("a thread of connections panicked"))?);
        }
        Ok(Run { answers, elapsed: started.elapsed() })
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;

    use super::*;

    const REQUEST: usize = 4;

    fn posts(count: usize) -> Vec<Post> {
        vec![Post { request: vec![b'x'; REQUEST], updates: 1 }; count]
    }

    /// A server that answers 200, and stalls once for `stall` at the request with this number.
    fn server(stalls_at: usize, stall: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, asked) = (stream.unwrap(), Arc::clone(&asked));
                thread::spawn(move || {
                    let mut request = [0; REQUEST];
                    while stream.read_exact(&mut request).is_ok() {
                        if asked.fetch_add(1, Ordering::Relaxed) == stalls_at {
                            thread::sleep(stall);
                        }
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                    }
                });
            }
        });
        address
    }

    #[test]
    fn every_post_is_sent_once() {
        let run = closed(server(usize::MAX, Duration::ZERO), &posts(300), 4, Duration::from_secs(20)).unwrap();
        let mut sent: Vec<usize> = run.answers.iter().map(|answer| answer.post).collect();
        sent.sort_unstable();
        assert_eq!(sent, (0..300).collect::<Vec<_>>());
        run.all_are(200).unwrap();
        assert!(run.all_are(403).is_err());
    }

    #[test]
    fn a_stall_is_counted_for_everybody_whom_it_kept_waiting() {
        let stall = Duration::from_millis(300);
        let each = Duration::from_millis(5);
        let moments: Vec<Duration> = (0..100).map(|number| each * number).collect();
        let slow = |run: Run| run.milliseconds().iter().filter(|took| **took > 50.0).count();
        // With one connection, all that should have been sent during the stall was late: some fifty posts.
        let open = open(server(10, stall), &posts(100), 1, &moments).unwrap();
        assert!(slow(open) >= 30);
        // The closed loop sees one slow answer: why it is no measure of latency.
        let closed = closed(server(10, stall), &posts(100), 1, Duration::from_secs(20)).unwrap();
        assert_eq!(slow(closed), 1);
    }

    #[test]
    fn moments_come_at_the_rate() {
        let moments = moments(1_000.0, Duration::from_secs(10), 1);
        assert!((9_500..10_500).contains(&moments.len()), "{}", moments.len());
        assert!(moments.is_sorted() && moments.last() < Some(&Duration::from_secs(10)));
    }

    #[test]
    fn the_loop_ends_in_time() {
        let run = closed(server(usize::MAX, Duration::ZERO), &posts(200_000), 2, Duration::from_millis(200)).unwrap();
        assert!(run.elapsed < Duration::from_secs(5));
    }
}
