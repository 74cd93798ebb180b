//! A connection is an open file, and the soft limit of open files is often 1024: the process raises it as far as it may,
//! and takes no more connections than leave room for everything else.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are not connections: the database's, those being read, the program's own.
const OTHERS: u64 = 160;

/// How many connections there may be of those wanted; raises the limit if need be.
pub fn connections(wanted: usize) -> usize {
    let needed = wanted as u64 + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None: no limit.
    let Some(current) = current.filter(|&current| current < needed) else { return wanted };
    let raised = maximum.map_or(needed, |maximum| maximum.min(needed));
    let limit = match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }) {
        Ok(()) => raised,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            current
        }
    };
    let possible = usize::try_from(limit.saturating_sub(OTHERS)).unwrap_or(wanted).clamp(1, wanted);
    if possible < wanted {
        tracing::warn!(wanted, possible, "the system's limit of open files allows fewer connections");
    }
    possible
}
