use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;
use time::macros::datetime;

use super::*;
use crate::processing::effect::StatusRank;

const START: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn generator(traffic: &Traffic) -> Generator {
    let target = Target {
        phone_number_id: "106540352242922".into(),
        waba_id: "102290129340398".into(),
        display_phone_number: "4930123456".into(),
    };
    Generator::new(traffic, target, "app secret".into(), START)
}

fn plain(count: u64) -> Traffic {
    Traffic { count, batch_share: 0.0, duplicates: 0.0, disorder: 0.0, bad_signatures: 0.0, ..Traffic::default() }
}

/// Wamid and list of each update in a body.
fn items(body: &[u8]) -> Vec<(String, String)> {
    let body: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(body["object"], "whatsapp_business_account");
    let mut found = Vec::new();
    for change in body["entry"].as_array().unwrap().iter().flat_map(|entry| entry["changes"].as_array().unwrap()) {
        assert_eq!(change["value"]["metadata"]["phone_number_id"], "106540352242922");
        for list in ["messages", "message_echoes", "statuses"] {
            for item in change["value"][list].as_array().into_iter().flatten() {
                found.push((item["id"].as_str().unwrap().to_owned(), list.to_owned()));
            }
        }
    }
    found
}

fn share(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let bytes = |seed| generator(&Traffic { seed, ..Traffic::default() }).map(|post| post.body).collect::<Vec<_>>();
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn every_body_verifies_but_the_forged_ones() {
    for post in generator(&Traffic { bad_signatures: 0.5, ..Traffic::default() }) {
        let good = signature(&"app secret".into(), &post.body);
        assert_eq!(post.signature == Some(good), post.purpose != Purpose::Forged);
    }
}

#[test]
fn bodies_are_ascii_as_metas_are_and_hold_what_they_say() {
    let mut escaped = 0;
    for post in generator(&Traffic::default()) {
        assert!(post.body.is_ascii());
        escaped += usize::from(post.body.windows(2).any(|two| two == b"\\u"));
        let said: BTreeSet<_> =
            post.updates.iter().map(|update| (update.wamid.to_string(), update.kind.list().to_owned())).collect();
        let held = items(&post.body);
        assert_eq!(held.len(), post.updates.len());
        assert_eq!(held.into_iter().collect::<BTreeSet<_>>(), said);
    }
    assert!(escaped > 100, "names and texts beyond ASCII are there: {escaped}");
}

#[test]
fn bodies_are_about_as_long_as_metas() {
    let lengths: Vec<usize> = generator(&Traffic::default()).map(|post| post.body.len()).collect();
    let average = lengths.iter().sum::<usize>() / lengths.len();
    assert!((1200..2000).contains(&average), "{average} bytes on average");
}

#[test]
fn exactly_so_many_distinct_updates_are_sent_whatever_is_mixed_in() {
    for count in [0, 1, 2, 37, 2000] {
        let mixed = generator(&Traffic { count, batch_share: 0.3, bad_signatures: 0.3, ..Traffic::default() });
        let genuine = mixed.filter(|post| post.purpose != Purpose::Forged);
        let distinct: HashSet<Identity> =
            genuine.flat_map(|post| post.updates.iter().map(|update| update.identity()).collect::<Vec<_>>()).collect();
        assert_eq!(distinct.len() as u64, count);
    }
}

#[test]
fn shares_are_about_what_was_asked_for() {
    let traffic = Traffic { count: 20_000, duplicates: 0.25, bad_signatures: 0.1, ..Traffic::default() };
    let posts: Vec<Post> = generator(&traffic).collect();
    let of = |purpose| posts.iter().filter(|post| post.purpose == purpose).count();
    let new = of(Purpose::New);
    assert!((0.22..0.28).contains(&share(of(Purpose::Resend) + of(Purpose::Regrouped), new)));
    assert!(of(Purpose::Resend) > new / 10 && of(Purpose::Regrouped) > new / 10);
    assert!((0.08..0.14).contains(&share(of(Purpose::Forged), new)));
    let fresh: Vec<_> =
        posts.iter().filter(|post| post.purpose == Purpose::New).flat_map(|post| &post.updates).collect();
    let statuses = fresh.iter().filter(|update| update.kind == Kind::Status).count();
    assert!((0.36..0.44).contains(&share(statuses, fresh.len())), "{}", share(statuses, fresh.len()));
    let batches = posts.iter().filter(|post| post.purpose == Purpose::New && post.updates.len() > 1).count();
    assert!((0.03..0.07).contains(&share(batches, new)));
}

#[test]
fn all_types_of_messages_come() {
    let kinds: HashSet<_> = generator(&plain(5000)).map(|post| post.updates[0].subtype).collect();
    for kind in [
        "text",
        "image",
        "audio",
        "video",
        "document",
        "sticker",
        "reaction",
        "interactive",
        "button",
        "location",
        "contacts",
        "order",
        "edit",
        "revoke",
        "unsupported",
        "system",
    ] {
        assert!(kinds.contains(kind), "{kind} never came");
    }
}

#[test]
fn statuses_are_metas_words_about_a_message_of_the_company_in_an_order_that_happens() {
    let mut last: HashMap<String, StatusRank> = HashMap::new();
    let mut echoes = HashSet::new();
    for post in generator(&plain(5000)) {
        let update = &post.updates[0];
        match update.kind {
            Kind::Echo => drop(echoes.insert(update.wamid.to_string())),
            Kind::Status => {
                assert!(echoes.contains(&*update.wamid), "a status of a message that was never sent");
                let rank = StatusRank::parse(update.subtype).unwrap();
                assert!(last.insert(update.wamid.to_string(), rank) < Some(rank));
            }
            Kind::Message | Kind::Call => {}
        }
    }
    let ends: HashSet<_> = last.into_values().collect();
    assert_eq!(ends.len(), 5, "sent, failed, delivered, read and played are all an end of some message");
}

#[test]
fn disorder_lets_statuses_overtake_their_message_and_each_other() {
    let (mut before_message, mut before_lower) = (0, 0);
    let mut seen: HashMap<String, Option<StatusRank>> = HashMap::new();
    for post in generator(&Traffic { disorder: 0.2, ..plain(5000) }) {
        let update = &post.updates[0];
        let earlier = seen.get(&*update.wamid).copied();
        before_message += usize::from(update.kind == Kind::Echo && earlier.is_some());
        before_lower += usize::from(update.rank() < earlier.flatten() && update.kind == Kind::Status);
        seen.insert(update.wamid.to_string(), update.rank().max(earlier.flatten()));
    }
    assert!(before_message > 50 && before_lower > 50, "{before_message} {before_lower}");
}

#[test]
fn a_big_body_is_as_big_as_metas_get_and_comes_on_top() {
    let posts: Vec<Post> = generator(&Traffic { big: 2, ..plain(100) }).collect();
    let big: Vec<_> = posts.iter().filter(|post| post.purpose == Purpose::Big).collect();
    assert_eq!(big.len(), 2);
    for post in &big {
        assert_eq!(items(&post.body).len(), 1000);
        assert!((2_700_000..=3_145_728).contains(&post.body.len()), "{} bytes", post.body.len());
    }
    assert_eq!(posts.iter().map(|post| post.updates.len()).sum::<usize>(), 2100);
}

#[test]
fn wamids_of_a_run_begin_alike_and_those_of_another_do_not() {
    let traffic = Traffic::default();
    let run = generator(&traffic);
    let prefix = run.prefix();
    assert!(run.flat_map(|post| post.updates).all(|update| update.wamid.starts_with(&prefix)));
    assert_ne!(prefix, generator(&Traffic { seed: 2, ..traffic }).prefix());
}

#[test]
fn what_was_answered_with_200_must_be_there_and_what_was_sent_may_be() {
    let mut expected = Expected::new(&generator(&plain(0)));
    let mut answered = 0;
    for (number, post) in generator(&Traffic { bad_signatures: 0.5, ..plain(300) }).enumerate() {
        let acknowledged = number % 2 == 0;
        answered += usize::from(acknowledged && post.purpose != Purpose::Forged);
        expected.record(&post, acknowledged);
    }
    assert_eq!(expected.acknowledged.updates.len(), answered);
    assert_eq!(expected.sent.updates.len(), 300, "forgeries are no part of the truth");
    assert!(expected.acknowledged.best_status.iter().all(|(wamid, best)| *best <= expected.sent.best_status[wamid]));
}
