//! Pages of the event log, in a database with many rows and in one with ten thousand.
//!
//! Both have a large company and a small one; the large one has nearly all events, over ninety days. What is rare in
//! life is rare here, however many rows there are: thirty events each are dead, quarantined, unrouted, of a rare type
//! and (the newest) still pending. The rows are written straight into the tables, without the bodies that no page
//! shows. The pages are asked for over HTTP, as the screen does it, in turns; the first answer of each is not counted.

mod fill;

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::args::{Args, PagesArgs};
use crate::database::Cluster;
use crate::figures::{Goal, Reached};
use crate::process::Server;
use crate::report::{self, surroundings};
use crate::stand::{BENCH, Company, PASSWORD, Stand};
use crate::statistics::median;
use crate::tab::Browser;

/// Rows that the many are compared with.
const FEW: u32 = 10_000;
/// How often each page is asked for.
const TIMES: usize = 51;
/// Pages of many rows ÷ of few.
const GOAL: Goal = Goal::AtMost(1.3, 1.1);

const SMALL: Company =
    Company { name: "Small", number: "100100100100200", waba: "200200200200300", email: "small@waypost.example" };

/// A page: what it is called, whether the small company asks, and what for.
type Page = (String, bool, Vec<(&'static str, String)>);

/// One database with its server.
struct Log {
    stand: Stand,
    server: Server,
    runtime: Runtime,
    large: Browser,
    small: Browser,
    small_account: String,
    rows: u32,
}

/// Fills both, asks for the pages, prints the table and writes it.
pub fn run(args: &Args, options: &PagesArgs) -> Result<()> {
    let cluster = Cluster::new(&args.database_url)?;
    let postgres = cluster.describe()?;
    println!("{postgres}");
    let mut few = Log::create(&cluster, args, "bench_few", FEW)?;
    let mut many = Log::create(&cluster, args, "bench_many", options.rows)?;
    let mut text = format!("## Pages of the event log with {} rows\n\n", options.rows);
    text.push_str(&surroundings(&postgres));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| page | {FEW} rows | {} rows | ratio | at least | aim | reached |", options.rows);
    text.push_str("|---|--:|--:|--:|--:|--:|---|\n");
    for ((name, is_small, in_few), (_, _, in_many)) in few.pages()?.into_iter().zip(many.pages()?) {
        println!("{name} …");
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..=TIMES {
            a.push(few.ask(is_small, &in_few));
            b.push(many.ask(is_small, &in_many));
        }
        text.push_str(&line(&name, &a[1..], &b[1..]));
    }
    text.push_str(
        "\nMilliseconds are medians over HTTP, with session, rights and everything; the page before last of a log is \
         asked for by its cursor. How rare a state or type is, `bench/src/pages.rs` says.\n",
    );
    for log in [few, many] {
        log.server.stop()?;
        cluster.drop(log.stand.database)?;
    }
    report::write_section(&args.results, report::PAGES, &text)
}

/// A page that was refused or timed out is infinitely slow.
fn line(name: &str, few: &[f64], many: &[f64]) -> String {
    let (few, many) = (median(few).unwrap_or(f64::NAN), median(many).unwrap_or(f64::NAN));
    let shown = |value: f64| if value.is_finite() { format!("{value:.2} ms") } else { "no answer in time".to_owned() };
    let ratio = if few.is_finite() && many.is_finite() { many / few } else { f64::NAN };
    let reached = match GOAL.reached(ratio) {
        Reached::Aim => "aim",
        Reached::Goal => "yes",
        Reached::No => "no",
    };
    let ratio = if ratio.is_finite() { format!("**{ratio:.2}**") } else { "**none**".to_owned() };
    format!("| {name} | {} | {} | {ratio} | ≤ 1.3 | ≤ 1.1 | {reached} |\n", shown(few), shown(many))
}

impl Log {
    fn create(cluster: &Cluster, args: &Args, name: &str, rows: u32) -> Result<Self> {
        println!("Filling {name} with {rows} rows …");
        let mut stand = Stand::create(cluster, args, name)?;
        let small_account = stand.add_company(SMALL)?;
        let large_account = stand.account.clone();
        fill::fill(&mut stand.database, &large_account, rows)?;
        fill::fill(&mut stand.database, &small_account, fill::RARE)?;
        stand.database.execute("vacuum analyze")?;
        stand.database.checkpoint()?;
        let (server, _) = stand.serve(0, &stand.author(1).mix(1)[0])?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let url = stand.program.url();
        let large = runtime.block_on(Browser::sign_in(url.clone(), BENCH.email, PASSWORD))?;
        let small = runtime.block_on(Browser::sign_in(url, SMALL.email, PASSWORD))?;
        Ok(Self { stand, server, runtime, large, small, small_account, rows })
    }

    /// Milliseconds until a page has come.
    fn ask(&self, is_small: bool, form: &[(&str, String)]) -> f64 {
        let (browser, account) =
            if is_small { (&self.small, &self.small_account) } else { (&self.large, &self.stand.account) };
        let mut fields = vec![("query[account]", account.as_str())];
        fields.extend(form.iter().map(|(name, value)| (*name, value.as_str())));
        let started = Instant::now();
        match self.runtime.block_on(browser.call("events", &fields)) {
            Ok(_) => started.elapsed().as_secs_f64() * 1_000.0,
            Err(_refused_or_too_slow) => f64::INFINITY,
        }
    }

    /// The pages. Both databases have the same ones in the same order.
    fn pages(&mut self) -> Result<Vec<Page>> {
        let deep = self.cursor(250_000.min(self.rows - 100))?;
        let middle = self.cursor(9_000)?;
        let filter = |name: &str, field, value: &str| (name.to_owned(), false, vec![(field, value.to_owned())]);
        let mut pages = vec![
            ("First page".to_owned(), false, Vec::new()),
            ("First page of the smallest company".to_owned(), true, Vec::new()),
            filter("At 9,000 rows from the newest", "query[cursor]", &middle),
            filter("The 10,000th page, or the page before last", "query[cursor]", &deep),
        ];
        for state in ["processed", "pending", "dead", "quarantined", "unrouted"] {
            pages.push(filter(&format!("State {state}"), "query[state]", state));
        }
        for kind in ["message", "status", "call", "change"] {
            pages.push(filter(&format!("Type {kind}"), "query[event_type]", kind));
        }
        let day = fill::DAY_IN_THE_MIDDLE.to_owned();
        let one_day = vec![("query[from]", day.clone()), ("query[to]", day)];
        pages.push(("One day".to_owned(), false, one_day));
        pages.push(filter("Search for one of the newest", "query[search]", &fill::object_id(self.rows - 40)));
        pages.push(filter("Search for the oldest", "query[search]", &fill::object_id(1)));
        Ok(pages)
    }

    fn cursor(&mut self, rows: u32) -> Result<String> {
        let account = &self.stand.account;
        self.stand.database.one(&format!(
            "select 'o' || (extract(epoch from event_ts) * 1000000)::bigint || '_' || replace(id::text, '-', '')
             from whatsapp_webhook_events
             where account_id = '{account}'
               and company_id = (select company_id from whatsapp_accounts where id = '{account}')
             order by event_ts desc, id desc
             offset {rows} limit 1"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_compares_medians() {
        let line = line("First page", &[2.0, 1.0, 9.0], &[2.4, 2.5, 2.3]);
        assert_eq!(line, "| First page | 2.00 ms | 2.40 ms | **1.20** | ≤ 1.3 | ≤ 1.1 | yes |\n");
    }

    #[test]
    fn a_page_that_never_came_is_not_reached() {
        let line = line("Search", &[2.0], &[f64::INFINITY]);
        assert_eq!(line, "| Search | 2.00 ms | no answer in time | **none** | ≤ 1.3 | ≤ 1.1 | no |\n");
    }
}
