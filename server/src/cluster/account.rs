//! Which user of the system the cluster runs as.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, chown, fchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::ClusterError;

/// Whom root steps down to.
const STEP_DOWN_TO: &str = "postgres";

/// A user of the system, and whether running as it means stepping down from root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    step_down_gid: Option<u32>,
}

impl Account {
    /// Who a new cluster will belong to.
    pub(super) fn for_new() -> Result<Self, ClusterError> {
        match id(&["-u"])? {
            Some(0) => Self::stepping_down(),
            Some(uid) => Ok(Self { uid, step_down_gid: None }),
            None => Err(ClusterError::NobodyToRunAs),
        }
    }

    /// Who an existing cluster belongs to.
    pub(super) fn owning(folder: &Path) -> Result<Self, ClusterError> {
        let owner = folder.metadata().map_err(ClusterError::file(folder))?;
        match (id(&["-u"])?, owner.uid()) {
            (Some(0), 0) | (None, _) => Err(ClusterError::NotACluster(folder.to_owned())),
            (Some(0), uid) => Ok(Self { uid, step_down_gid: Some(owner.gid()) }),
            (Some(me), uid) if me == uid => Ok(Self { uid, step_down_gid: None }),
            (Some(_), _) => Err(ClusterError::SomebodyElses(folder.to_owned())),
        }
    }

    fn stepping_down() -> Result<Self, ClusterError> {
        match (id(&["-u", STEP_DOWN_TO])?, id(&["-g", STEP_DOWN_TO])?) {
            (Some(uid), Some(gid)) => Ok(Self { uid, step_down_gid: Some(gid) }),
            _ => Err(ClusterError::NobodyToRunAs),
        }
    }

    /// Its number.
    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// Gives a folder to it.
    pub(super) fn take_over(&self, folder: &Path) -> Result<(), ClusterError> {
        match self.step_down_gid {
            Some(gid) => chown(folder, Some(self.uid), Some(gid)).map_err(ClusterError::file(folder)),
            None => Ok(()),
        }
    }

    /// Gives an open file to it.
    pub(super) fn take_over_file(&self, file: &File) -> io::Result<()> {
        match self.step_down_gid {
            Some(gid) => fchown(file, Some(self.uid), Some(gid)),
            None => Ok(()),
        }
    }

    /// Whether it can get into a folder.
    pub(super) fn can_enter(&self, folder: &Path) -> Result<bool, ClusterError> {
        let mut test = self.command("test");
        test.arg("-x").arg(folder);
        Ok(output(test)?.status.success())
    }

    /// A program that will run as it: without this process's `PG…` variables, which would redirect PostgreSQL's
    /// programs, and with messages in English.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(name);
            }
        }
        if let Some(gid) = self.step_down_gid {
            command.gid(gid).uid(self.uid);
        }
        command
    }
}

/// Runs a program to its end and collects what it says.
pub(super) fn output(mut command: Command) -> Result<Output, ClusterError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|source| ClusterError::Unrunnable { program, source })
}

/// Like [`output`], and anything but success is an error with what the program said.
pub(super) fn succeed(command: Command) -> Result<(), ClusterError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let said = output(command)?;
    if said.status.success() {
        return Ok(());
    }
    let details = [said.stdout, said.stderr].map(|text| String::from_utf8_lossy(&text).trim().to_owned()).join("\n");
    Err(ClusterError::Failed { program, details: details.trim().to_owned() })
}

/// What `id` prints; none if there is no such user.
fn id(arguments: &[&str]) -> Result<Option<u32>, ClusterError> {
    let mut command = Command::new("id");
    command.args(arguments);
    let said = output(command)?;
    Ok(said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().parse().ok()).flatten())
}
