//! Child processes: one way to run them, and errors that name the command.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::root;

/// How often a child with a time limit is asked whether it has ended.
const POLL: Duration = Duration::from_millis(50);

/// A command that runs in the root of the checkout.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root::root());
    command
}

/// Runs a command whose output goes straight to the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let text = shown(command);
    let status = command.status().with_context(|| format!("`{text}` could not be started"))?;
    if !status.success() {
        bail!("`{text}` failed ({status})");
    }
    Ok(())
}

/// Runs a command out of sight and gives its standard output, trimmed.
/// When it fails, what it wrote to standard error is part of the error.
pub fn output(command: &mut Command) -> Result<String> {
    let text = shown(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("`{text}` could not be started"))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        bail!("`{text}` failed ({}): {}", output.status, reason.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a command can be started and says yes. For questions, not for work.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Like [`run`], but ends the child when it takes longer than `limit`.
pub fn run_within(limit: Duration, command: &mut Command) -> Result<()> {
    let text = shown(command);
    let mut child = command.spawn().with_context(|| format!("`{text}` could not be started"))?;
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("`{text}` failed ({status})"),
            None if Instant::now() < deadline => thread::sleep(POLL),
            None => {
                child.kill()?;
                child.wait()?;
                bail!("`{text}` took longer than {} s", limit.as_secs());
            }
        }
    }
}

/// The command as one would type it, without its environment (which may hold a password).
pub fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        // Writing to a string cannot fail.
        let _ = write!(text, " {}", argument.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_named_with_what_it_said() {
        let error =
            output(command("sh").args(["-c", "echo no such thing >&2; exit 3"])).expect_err("the command fails");
        let text = format!("{error:#}");
        assert!(text.contains("`sh -c"), "{text}");
        assert!(text.contains("no such thing"), "{text}");
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let started = Instant::now();
        let limit = Duration::from_millis(100);
        let error = run_within(limit, command("sleep").arg("30")).expect_err("it hangs");
        assert!(error.to_string().contains("took longer"), "{error:#}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn passwords_in_the_environment_are_not_shown() {
        let mut command = command("psql");
        command.env("PGPASSWORD", "hunter2").arg("--version");
        assert_eq!(shown(&command), "psql --version");
    }
}
