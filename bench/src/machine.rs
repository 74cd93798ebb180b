//! What the machine is, as far as a reader of the table has to know it.

use std::fs;

/// Processor, cores and memory, in one line.
pub fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let model = value(&cpu, "model name").unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kilobytes: u64 = value(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0);
    format!("{model}, {cores} cores, {} GB of memory", (kilobytes + 512 * 1024) / (1024 * 1024))
}

/// Kilobytes that a process has or had at most in memory (`VmRSS`, `VmHWM`).
pub fn kilobytes(process: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    value(&status, name)?.split(' ').next()?.parse().ok()
}

/// Seconds of processor time that a process has had.
pub fn cpu_seconds(process: u32) -> Option<f64> {
    cpu_seconds_of(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

fn cpu_seconds_of(stat: &str) -> Option<f64> {
    /// What Linux counts in, on every machine that it runs on today.
    const TICKS_A_SECOND: f64 = 100.0;
    // The name of the program stands in brackets and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut times = rest.split_whitespace().skip(11).map_while(|field| field.parse::<u32>().ok());
    let (user, system) = (times.next()?, times.next()?);
    Some((f64::from(user) + f64::from(system)) / TICKS_A_SECOND)
}

/// The first value of this name among lines like `name : value`.
fn value<'a>(lines: &'a str, name: &str) -> Option<&'a str> {
    let pairs = lines.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_something() {
        let id = std::process::id();
        assert!(cpu_seconds(id).is_some());
        assert!(kilobytes(id, "VmRSS") > Some(100));
        assert!(kilobytes(id, "VmHWM") >= kilobytes(id, "VmRSS"));
        assert!(describe().contains("cores"));
    }

    #[test]
    fn the_times_are_the_fourteenth_and_fifteenth_field() {
        let stat = "42 (a (strange) name) S 1 42 42 0 -1 4194560 900 0 0 0 250 50 7 7 20 0 9 0 100 0 0";
        assert_eq!(cpu_seconds_of(stat), Some(3.0));
    }
}
