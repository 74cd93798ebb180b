//! What the machine must have. Every `ensure` looks first, is done in milliseconds when
//! all is there, installs what it may, and otherwise stops with the command to type.

pub mod apt;
pub mod browser;
pub mod debian_rust;
pub mod make;
pub mod postgresql;
pub mod toolchain;
pub mod wasm;

use std::process::Command;

use crate::command::output;

/// Whether this process may install system packages and step down to other users.
pub fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
