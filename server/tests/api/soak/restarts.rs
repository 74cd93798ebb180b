//! Told to stop under load, the server says so first, answers every request, loses nothing and ends soon; and starts
//! again where it was.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use rand::{Rng, RngExt};
use server::simulate::Traffic;
use tokio::time::Instant;

use super::Soak;
use crate::line::{Answer, Damage, Line, Silence, damage};
use crate::process::{Process, Program, stand};

/// What SIGTERM may take.
const GOOD_ORDER: Duration = Duration::from_secs(10);
const CONNECTIONS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_under_load_it_says_so_first_cuts_nobody_off_and_ends_well() {
    let soak = Soak::begin("restarts", 3, 30);
    let mut chance = soak.chance();
    let (app, program) = stand().await;
    let line = Line::new(&program.url, &app.account, &Traffic { seed: chance.random(), ..Traffic::default() });
    let mut longest = Duration::ZERO;
    for cycle in 0..soak.cycles() {
        let end = stop_under_load(&program, &line, &mut chance).await;
        assert_eq!(end.complaints(), [""; 0], "in cycle {cycle}: {}", program.said());
        longest = longest.max(end.took);
        let Damage { lost, doubled, .. } = damage(&app.pool, &line.expected()).await;
        assert_eq!((lost, doubled), (0, 0), "in cycle {cycle}");
        assert_eq!(app.leased().await, 0, "a worker left its batch unfinished");
    }
    app.drain().await;
    assert_eq!(damage(&app.pool, &line.expected()).await, Damage::default());
    eprintln!("{} stops, {} posts; the longest took {longest:?}", soak.cycles(), line.answers().len());
}

/// How a server ended.
#[derive(Debug)]
struct End {
    /// What a load balancer heard first.
    readiness: Option<(u16, String)>,
    /// What was answered after it was told, and after readiness had fallen.
    answers: Vec<Answer>,
    accepted_late: usize,
    status: ExitStatus,
    took: Duration,
}

impl End {
    /// What was not in good order.
    fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut expect = |good: bool, otherwise: String| {
            if !good {
                complaints.push(otherwise);
            }
        };
        let cut_off = self.answers.iter().filter(|answer| matches!(answer.status, Err(Silence::CutOff(_)))).count();
        expect(cut_off == 0, format!("{cut_off} requests were cut off"));
        expect(self.readiness == Some((503, "draining".to_owned())), "readiness did not fall first".to_owned());
        expect(self.accepted_late > 0, "nothing was under way".to_owned());
        expect(
            self.answers.iter().any(|answer| answer.status == Err(Silence::NotConnected)),
            "the door is open".into(),
        );
        let mut answered = self.answers.iter().filter_map(|answer| answer.status.clone().ok());
        expect(answered.all(|status| [200, 403, 503].contains(&status.as_u16())), "odd answers".to_owned());
        expect(self.status.success(), format!("it ended with {}", self.status));
        expect(self.took < GOOD_ORDER, format!("it took {:?}", self.took));
        complaints
    }
}

async fn stop_under_load(program: &Program, line: &Arc<Line>, chance: &mut impl Rng) -> End {
    let before = line.answers().len();
    let mut server = program.serve().await;
    let senders = line.open(CONNECTIONS);
    line.until_accepted(before).await;
    tokio::time::sleep(Duration::from_millis(chance.random_range(0..700))).await;
    let told = Instant::now();
    server.terminate().await;
    let readiness = until_not_ready(program).await;
    let still_open = line.answers().len();
    let status = server.end(GOOD_ORDER * 2).await;
    let took = told.elapsed();
    senders.stop().await;
    let answers = line.answers().split_off(before);
    let accepted_late = answers[still_open - before..].iter().filter(|answer| answer.is(200)).count();
    End { readiness, answers, accepted_late, status, took }
}

/// The first answer of `/readyz` that is not 200; none if the door was shut without a word.
async fn until_not_ready(program: &Program) -> Option<(u16, String)> {
    loop {
        let answer = reqwest::get(format!("{}/readyz", program.url)).await.ok()?;
        if answer.status() != 200 {
            return Some((answer.status().as_u16(), answer.text().await.ok()?));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The negative control: a server that does not finish what it has begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_without_good_order_is_found_out() {
    let (app, program) = stand().await;
    let line = Line::new(&program.url, &app.account, &Traffic::default());
    let mut server = program.serve().await;
    let senders = line.open(CONNECTIONS);
    line.until_accepted(0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let end = cut_short(&mut server, &program).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    senders.stop().await;
    let end = End { answers: line.answers(), ..end };
    let complaints = end.complaints();
    for complaint in ["requests were cut off", "readiness did not fall first", "it ended with signal: 9"] {
        assert!(complaints.iter().any(|found| found.contains(complaint)), "{complaint}: {complaints:?}");
    }
}

async fn cut_short(server: &mut Process, program: &Program) -> End {
    let told = Instant::now();
    server.signal("KILL").await;
    let readiness = until_not_ready(program).await;
    let status = server.end(GOOD_ORDER).await;
    End { readiness, answers: Vec::new(), accepted_late: 1, status, took: told.elapsed() }
}
