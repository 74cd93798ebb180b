//! Many requests of every kind, panics and the database's own failures among them. The short form is part of every run
//! of the tests; the long one runs with `cargo xtask test --soak`.

use super::house::{House, leaks};
use super::panics::serve_if_asked;
use crate::soak::Soak;

#[tokio::test]
async fn after_many_failures_no_secret_stands_where_it_does_not_belong() {
    if serve_if_asked().await {
        return;
    }
    let soak = Soak::begin("canaries", 400, 10_000);
    let test = "secrets::soak::after_many_failures_no_secret_stands_where_it_does_not_belong";
    let house = House::build(test).await;
    assert_eq!(leaks(house, soak.cycles(), soak.chance()).await, [""; 0]);
}

/// The negative control: a trigger that quotes what it refuses, as somebody may have added one. The database's log has
/// it then, and the same run says so.
#[tokio::test]
async fn a_database_that_quotes_what_it_refuses_is_reported() {
    if serve_if_asked().await {
        return;
    }
    let soak = Soak::begin("canaries, quoted", 200, 200);
    let house = House::build("secrets::soak::a_database_that_quotes_what_it_refuses_is_reported").await;
    let quote = "create function quote() returns trigger language plpgsql as
                 $$ begin raise exception 'refused: %', new.body using errcode = 'check_violation'; end $$;
                 create trigger quote before insert on messages for each row execute function quote()";
    house.app().execute(quote).await;
    let found = leaks(house, soak.cycles(), soak.chance()).await;
    let quoted = |fault: &String| fault.starts_with("the message's text stands in the database's log");
    assert!(found.iter().any(quoted), "{found:?}");
}
