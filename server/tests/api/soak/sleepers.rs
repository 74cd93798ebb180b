//! A worker that is stopped past its lease, as a machine under a debugger, a snapshot or too much load is: another one
//! takes over, the first wakes and goes on where it was, and nothing has its effect twice.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::json;
use server::processing::worker::Worker;
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use super::Soak;
use crate::app::{TestApp, envelope, value};
use crate::process::{Process, Program, stand};
use crate::updates::{echo, status_of, text};

/// What one delivery of [`updates`] holds.
const PEOPLE: usize = 10;
/// How long the other worker may take: lease and limits of the database are seconds.
const TAKE_OVER: Duration = Duration::from_secs(25);
/// Something is due now, or will be within the hour.
const WAITING: &str = "select count(*) from whatsapp_webhook_event_logs e
                       join event_queue q on q.company_id = e.company_id and e.id = any(q.events)
                       where e.state = 'pending' and q.due_at < now() + interval '1 hour'";

/// When the worker is stopped.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// It has asked for events and does not know yet that it has them. When it wakes, it is about to begin with their
    /// effects.
    InItsClaim,
    /// It has them, and takes them out of the queue, which comes before their effects.
    BeforeItsEffects,
    /// Its transaction is half done, and its rows are locked.
    InItsTransaction,
    /// Any.
    Whenever,
}

const MOMENTS: [Moment; 4] = [Moment::BeforeItsEffects, Moment::InItsTransaction, Moment::Whenever, Moment::InItsClaim];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_wakes_after_another_has_taken_over_doubles_nothing() {
    let soak = Soak::begin("sleepers", 4, 50);
    let mut chance = soak.chance();
    let stage = Stage::set().await;
    let (mut told, mut caught) = (0, 0);
    for cycle in 0..soak.cycles() {
        let moment = MOMENTS[cycle % MOMENTS.len()];
        let held = stage.stop_and_wake(moment, &mut told, &mut chance).await;
        caught += usize::from(held > 0);
        assert_eq!(stage.found().await, promised(told), "in cycle {cycle}, stopped {moment:?} with {held} events");
    }
    assert!(caught * 2 >= soak.cycles(), "it held a lease in {caught} of {} cycles only", soak.cycles());
    eprintln!("{told} deliveries; stopped {} times, {caught} times with events in hand", soak.cycles());
}

/// The negative control: a database that takes the end of a worker's work though another has taken it over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_is_not_fenced_is_found_out() {
    let soak = Soak::begin("sleepers without a fence", 1, 1);
    let stage = Stage::set().await;
    stage.app.execute(LET_ANOTHER_END_IT_TOO).await;
    let mut told = 0;
    let held = stage.stop_and_wake(Moment::InItsClaim, &mut told, &mut soak.chance()).await;
    assert!(held > 0);
    let (found, promised) = (stage.found().await, promised(told));
    assert!(found["events in the audit log"] > promised["events in the audit log"], "nothing was doubled: {found:?}");
    assert!(found["tries"] > promised["tries"], "{found:?}");
}

/// Whoever takes a row over gets another one like it, and what the other worker ends is open again, with its try
/// counted: the first, which is far from knowing that it is late, finds everything as it left it. Nobody else does, for
/// a day.
const LET_ANOTHER_END_IT_TOO: &str = "
    create function take_another_row() returns trigger language plpgsql as $$
    begin
        new.id := gen_random_uuid();
        return new;
    end $$;
    create trigger take_another_row before update of lease_token on event_queue
    for each row when (old.lease_token <> new.lease_token) execute function take_another_row();

    create function leave_the_first_its_row() returns trigger language plpgsql as $$
    begin
        insert into event_queue (company_id, account_id, id, due_at, events, lease_token, lease_until)
        values (old.company_id, old.account_id, old.id, now() + interval '1 day', old.events, old.lease_token,
                now() + interval '1 day');
        return null;
    end $$;
    create trigger leave_the_first_its_row after update of lease_token on event_queue
    for each row when (old.lease_token <> new.lease_token) execute function leave_the_first_its_row();

    create function let_another_end_it_too() returns trigger language plpgsql as $$
    begin
        delete from event_outcomes where company_id = new.company_id and event_id = new.event_id;
        update whatsapp_webhook_events set attempts = attempts + 1
        where company_id = new.company_id and id = new.event_id;
        return null;
    end $$;
    create trigger let_another_end_it_too after insert on event_outcomes
    for each row when (new.processed_by = 'other') execute function let_another_end_it_too();";

/// Lets a test hold a claim, or the first step of the effects, up: see [`Stage::catch`].
const HOLD_UP: &str = "
    create function hold_up() returns trigger language plpgsql as $$
    begin
        perform pg_advisory_xact_lock_shared(tg_argv[0]::bigint);
        return coalesce(new, old);
    end $$;
    create trigger hold_claims_up before update of lease_token on event_queue
    for each row when (new.lease_token is not null) execute function hold_up(1001);
    create trigger hold_effects_up before delete on event_queue for each row execute function hold_up(1002);";

type Found = BTreeMap<&'static str, i64>;

/// What so many deliveries lead to, and nothing else.
fn promised(deliveries: usize) -> Found {
    let times = |each: usize| i64::try_from(each * deliveries).unwrap();
    BTreeMap::from([
        ("rows of the event log", times(PEOPLE * 3)),
        ("rows processed", times(PEOPLE * 3)),
        ("tries", times(PEOPLE * 3)),
        ("failed tries", 0),
        ("events in the audit log", times(PEOPLE * 3)),
        ("messages", times(PEOPLE * 2)),
        ("messages read", times(PEOPLE)),
        ("statuses", times(PEOPLE)),
        ("contacts", times(PEOPLE)),
        ("open conversations", times(PEOPLE)),
    ])
}

fn updates(delivery: usize) -> Vec<u8> {
    let number = |person: usize| format!("1650{delivery:04}{person:03}");
    let wamid = |way: &str, person: usize| format!("wamid.{way}.{delivery}.{person}");
    let messages: Vec<_> = (0..PEOPLE).map(|p| text(&wamid("in", p), &number(p), "Hello")).collect();
    let echoes: Vec<_> = (0..PEOPLE).map(|p| echo(&wamid("out", p), &number(p))).collect();
    let statuses: Vec<_> = (0..PEOPLE).map(|p| status_of(&wamid("out", p), "read", &number(p))).collect();
    envelope(&[
        json!({ "field": "messages", "value": value(&json!({ "messages": messages, "statuses": statuses })) }),
        json!({ "field": "message_echoes", "value": value(&json!({ "message_echoes": echoes })) }),
    ])
}

/// A process with one worker and a short lease, and another worker in the hands of the test.
struct Stage {
    app: TestApp,
    program: Program,
    sleeper: Process,
    other: Worker,
}

impl Stage {
    async fn set() -> Self {
        let (app, program) = stand().await;
        app.execute(HOLD_UP).await;
        let sleeper = program.serve_with(&[("WAYPOST_WORKERS", "1"), ("WAYPOST_WORKER_LEASE", "1")]).await;
        let other = Worker { name: "other".into(), ..app.worker.clone() };
        Self { app, program, sleeper, other }
    }

    /// Stops the worker at this moment of a batch, lets the other take over, wakes it, and waits until it has got over
    /// it. How many rows it held when it was stopped.
    async fn stop_and_wake(&self, moment: Moment, told: &mut usize, chance: &mut StdRng) -> i64 {
        self.catch(moment, told, chance).await;
        let held = self.app.leased().await;
        let end = Instant::now() + TAKE_OVER;
        while self.app.count(WAITING).await > 0 {
            assert!(Instant::now() < end, "{moment:?}: nobody can take over; {}", self.program.said());
            self.other.run_once().await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.sleeper.signal("CONT").await;
        self.get_over_it(told).await;
        held
    }

    async fn catch(&self, moment: Moment, told: &mut usize, chance: &mut StdRng) {
        let door = match moment {
            Moment::InItsClaim | Moment::BeforeItsEffects | Moment::InItsTransaction => &self.app.url,
            Moment::Whenever => &self.program.url,
        };
        let lock = match moment {
            Moment::InItsClaim => "begin; select pg_advisory_xact_lock(1001)",
            Moment::BeforeItsEffects => "begin; select pg_advisory_xact_lock(1002)",
            Moment::InItsTransaction => "begin; lock table messages in exclusive mode",
            Moment::Whenever => "begin",
        };
        let mut obstacle = PgConnection::connect(&self.app.place.url).await.unwrap();
        sqlx::raw_sql(lock).execute(&mut obstacle).await.unwrap();
        self.tell(door, told).await;
        match moment {
            Moment::Whenever => tokio::time::sleep(Duration::from_micros(chance.random_range(0..40_000))).await,
            _ => self.until_it_waits().await,
        }
        self.sleeper.signal("STOP").await;
        // The database goes on with what it was asked for, whether anybody listens or not.
        obstacle.close().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    async fn until_it_waits(&self) {
        let waiting = "select count(*) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock'";
        self.app.wait_until(waiting, 1, Duration::from_secs(5)).await;
    }

    /// It has one worker, so once it has dealt with something new, it is done with what it held.
    async fn get_over_it(&self, told: &mut usize) {
        self.tell(&self.program.url, told).await;
        let by_it = format!(
            "select count(*) from whatsapp_webhook_event_logs
             where object_id like 'wamid.%.{told}.%' and state = 'processed' and processed_by <> 'other'"
        );
        self.app.wait_until(&by_it, i64::try_from(PEOPLE * 3).unwrap(), Duration::from_secs(10)).await;
    }

    /// The next delivery. A server that has just woken may have to be asked again.
    async fn tell(&self, door: &str, told: &mut usize) {
        *told += 1;
        let url = format!("{door}{}", self.app.account.callback_path);
        let body = updates(*told);
        let signature = crate::app::signature(&self.app.account.app_secret, &body);
        for _ in 0..10 {
            let post = self.app.client.post(&url).header("X-Hub-Signature-256", &signature).body(body.clone());
            let answer = post.timeout(Duration::from_secs(10)).send().await.unwrap();
            if answer.status() == 200 {
                return;
            }
        }
        panic!("nothing is accepted: {}", self.program.said());
    }

    async fn found(&self) -> Found {
        let mut found = BTreeMap::new();
        for (what, sql) in [
            ("rows of the event log", "select count(*) from whatsapp_webhook_event_logs"),
            ("rows processed", "select count(*) from whatsapp_webhook_event_logs where processed"),
            ("tries", "select sum(attempts)::bigint from whatsapp_webhook_event_logs"),
            ("failed tries", "select count(*) from event_attempts"),
            (
                "events in the audit log",
                "select sum((details->>'count')::bigint)::bigint from audit_log where actor_kind = 'system'",
            ),
            ("messages", "select count(*) from messages"),
            ("messages read", "select count(*) from messages where status = 'read'"),
            ("statuses", "select count(*) from message_statuses"),
            ("contacts", "select count(*) from contacts"),
            ("open conversations", "select count(*) from conversations where state = 'open'"),
        ] {
            found.insert(what, self.app.count(sql).await);
        }
        found
    }
}
