//! Looking for what happens elsewhere. Meanwhile the page stays as it is: nothing is drawn anew before there is news.

use std::future::Future;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

use super::packed::Packed;
use crate::contract::ConsoleError;

/// Asks every so often, at most so many times, while its owner lives and the page can be seen, and tells of the first
/// news. An answer that fails is no news.
pub fn look_for<T, F>(
    every: Duration,
    times: u32,
    ask: impl Fn() -> F + 'static,
    is_news: impl Fn(&T) -> bool + 'static,
    tell: Callback<()>,
) where
    T: DeserializeOwned + 'static,
    F: Future<Output = Result<Packed<T>, ConsoleError>> + 'static,
{
    if cfg!(feature = "ssr") {
        return;
    }
    let (left, is_news) = (StoredValue::new(times), StoredValue::new_local(is_news));
    let look = move || {
        if document().hidden() || left.get_value() == 0 {
            return;
        }
        left.update_value(|left| *left -= 1);
        let answer = ask();
        spawn_local(async move {
            let seen = answer.await.and_then(|packed| packed.untyped().open::<T>());
            // Its owner may be gone by now.
            if seen.is_ok_and(|seen| is_news.try_with_value(|is_news| is_news(&seen)) == Some(true)) {
                left.set_value(0);
                tell.run(());
            }
        });
    };
    let clock = set_interval_with_handle(look, every).ok();
    on_cleanup(move || clock.into_iter().for_each(|clock| clock.clear()));
}
