//! The status of a message only moves up, whatever the order in which its statuses and the message itself arrive.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::Soak;
use crate::app::TestApp;
use crate::updates::{at, echo, echoes, failed, insist, status_of, statuses};

/// How many steps the longest story has: five statuses and the message.
const STEPS: usize = 6;

/// From the lowest to the highest.
const LADDER: [&str; 5] = ["sent", "failed", "delivered", "read", "played"];

/// One wamid, and what comes of it in which order; `message` stands for the message itself.
#[derive(Clone, Debug)]
struct Story {
    wamid: String,
    steps: Vec<&'static str>,
    /// Of each step, in seconds.
    times: [i64; STEPS],
}

/// The first moment of a story.
const BEGAN: i64 = 1_763_900_001;

/// The same moment for all: none says anything of the order.
const AT_ONCE: [i64; STEPS] = [BEGAN; STEPS];

/// What comes later is said to be older.
const FALLING: [i64; STEPS] = [BEGAN + 50, BEGAN + 40, BEGAN + 30, BEGAN + 20, BEGAN + 10, BEGAN];

impl Story {
    fn highest(&self) -> &'static str {
        LADDER.into_iter().rev().find(|word| self.steps.contains(word)).unwrap()
    }

    fn words(&self) -> BTreeSet<&'static str> {
        self.steps.iter().copied().filter(|step| *step != "message").collect()
    }

    fn has_message(&self) -> bool {
        self.steps.contains(&"message")
    }
}

/// All sequences of up to `length` of these words.
fn sequences(words: &[&'static str], length: usize) -> Vec<Vec<&'static str>> {
    let mut all = vec![Vec::new()];
    let mut longest = all.clone();
    for _ in 0..length {
        longest = longest
            .iter()
            .flat_map(|known: &Vec<_>| words.iter().map(move |word| [known.as_slice(), &[*word]].concat()))
            .collect();
        all.extend(longest.iter().cloned());
    }
    all.retain(|sequence| !sequence.is_empty());
    all
}

/// Everything up to this length of the usual four, and up to length three with `played`, each also with the message at
/// every position.
fn stories(length: usize) -> Vec<Story> {
    let mut all: BTreeSet<Vec<&'static str>> =
        sequences(&["sent", "delivered", "read", "failed"], length).into_iter().collect();
    all.extend(sequences(&LADDER, length.min(3)));
    let with_message: Vec<Vec<&'static str>> = all
        .iter()
        .flat_map(|sequence| {
            (0..=sequence.len()).map(|place| {
                let mut steps = sequence.clone();
                steps.insert(place, "message");
                steps
            })
        })
        .collect();
    all.extend(with_message);
    let numbered = all.into_iter().enumerate();
    numbered.map(|(number, steps)| Story { wamid: format!("wamid.{number}"), steps, times: AT_ONCE }).collect()
}

/// The same stories with other moments.
fn timed(stories: Vec<Story>, mut times: impl FnMut() -> [i64; STEPS]) -> Vec<Story> {
    stories.into_iter().map(|story| Story { times: times(), ..story }).collect()
}

/// Posts the step of that number of each story, in few bodies.
async fn post_step(app: &TestApp, stories: &[Story], number: usize) {
    let (mut reports, mut sent) = (Vec::new(), Vec::new());
    for story in stories {
        let moment = story.times[number];
        match story.steps.get(number) {
            Some(&"message") => sent.push(at(echo(&story.wamid, "16505551234"), moment)),
            Some(&"failed") => reports.push(at(failed(&story.wamid, 131_026), moment)),
            Some(word) => reports.push(at(status_of(&story.wamid, word, "16505551234"), moment)),
            None => {}
        }
    }
    for part in reports.chunks(500) {
        insist(app, statuses(part)).await;
    }
    for part in sent.chunks(500) {
        insist(app, echoes(part)).await;
    }
}

/// The stories that ended otherwise than promised, or of which not every status was kept.
async fn wrong<'a>(app: &TestApp, stories: &'a [Story]) -> Vec<&'a [&'static str]> {
    let found: BTreeMap<String, Value> = app
        .rows("select wamid, status, source, type from messages")
        .await
        .into_iter()
        .map(|row| (row["wamid"].as_str().unwrap().to_owned(), row))
        .collect();
    assert_eq!(found.len(), stories.len());
    let mut kept: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in app.rows("select wamid, status from message_statuses").await {
        let [wamid, status] = ["wamid", "status"].map(|key| row[key].as_str().unwrap().to_owned());
        assert!(kept.entry(wamid).or_default().insert(status), "a status is kept twice: {row}");
    }
    let right = |story: &&Story| {
        let (source, kind) = if story.has_message() { ("echo", "text") } else { ("status", "awaited") };
        let expected = json!({ "wamid": story.wamid, "status": story.highest(), "source": source, "type": kind });
        found[&story.wamid] == expected && kept[&story.wamid].iter().eq(story.words().iter())
    };
    stories.iter().filter(|story| !right(story)).map(|story| &story.steps[..]).collect()
}

#[tokio::test]
async fn the_highest_status_stands_when_each_step_is_processed_before_the_next() {
    let app = TestApp::start().await;
    let stories = stories(5);
    assert!(stories.len() > 9000, "{}", stories.len());
    tell_one_by_one(&app, &stories).await;
    assert_eq!(wrong(&app, &stories).await, [[""; 0]; 0]);
    assert_eq!(app.count("select count(*) from conversations").await, 1);
}

#[tokio::test]
async fn the_highest_status_stands_when_what_comes_later_is_said_to_be_older() {
    let app = TestApp::start().await;
    let stories = timed(stories(5), || FALLING);
    tell_one_by_one(&app, &stories).await;
    assert_eq!(wrong(&app, &stories).await, [[""; 0]; 0]);
}

#[tokio::test]
async fn the_highest_status_stands_whatever_the_moments_that_are_said() {
    let soak = Soak::begin("orders at shuffled moments", 1, 3);
    let mut chance = soak.chance();
    for cycle in 0..soak.cycles() {
        let app = TestApp::start().await;
        let stories = timed(stories(5), || {
            let mut times = FALLING;
            times.shuffle(&mut chance);
            times
        });
        if cycle % 2 == 0 {
            tell_at_once(&app, &stories).await;
        } else {
            tell_one_by_one(&app, &stories).await;
        }
        assert_eq!(wrong(&app, &stories).await, [[""; 0]; 0]);
    }
}

#[tokio::test]
async fn the_highest_status_stands_when_all_is_processed_at_once() {
    let app = TestApp::start().await;
    let stories = stories(5);
    tell_at_once(&app, &stories).await;
    assert_eq!(wrong(&app, &stories).await, [[""; 0]; 0]);
}

async fn tell_at_once(app: &TestApp, stories: &[Story]) {
    for number in 0..STEPS {
        post_step(app, stories, number).await;
    }
    app.drain().await;
}

async fn tell_one_by_one(app: &TestApp, stories: &[Story]) {
    for number in 0..STEPS {
        post_step(app, stories, number).await;
        app.drain().await;
    }
}

/// The negative control: a database in which the status that came last stands.
#[tokio::test]
async fn a_status_that_moves_down_is_found_out() {
    let app = TestApp::start().await;
    app.execute(
        "create function the_last_stands() returns trigger language plpgsql security definer as $$
         begin
             update messages set status = new.status::message_status where wamid = new.wamid;
             return null;
         end $$",
    )
    .await;
    app.execute(
        "create trigger the_last_stands after insert on message_statuses
         for each row execute function the_last_stands()",
    )
    .await;
    let stories = stories(2);
    tell_one_by_one(&app, &stories).await;
    let wrong = wrong(&app, &stories).await;
    assert!(wrong.contains(&&["read", "sent"][..]), "{wrong:?}");
    assert!(!wrong.contains(&&["sent", "read"][..]), "{wrong:?}");
}

/// The negative control: a database in which the status of the newest moment stands. While all have one moment nobody can
/// tell.
#[tokio::test]
async fn a_status_that_follows_the_moment_is_found_out() {
    let app = TestApp::start().await;
    app.execute(
        "create function the_newest_stands() returns trigger language plpgsql security definer as $$
         begin
             new.status := (select s.status::message_status from message_statuses s where s.wamid = new.wamid
                            order by s.occurred_at desc limit 1);
             return new;
         end $$",
    )
    .await;
    app.execute(
        "create trigger the_newest_stands before update on messages
         for each row execute function the_newest_stands()",
    )
    .await;
    let stories = timed(stories(2), || FALLING);
    tell_one_by_one(&app, &stories).await;
    let wrong = wrong(&app, &stories).await;
    assert!(wrong.contains(&&["sent", "read"][..]), "{wrong:?}");
    assert!(!wrong.contains(&&["read", "sent"][..]), "{wrong:?}");
}
