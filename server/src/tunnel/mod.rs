//! Help for developing behind a tunnel: does a public URL lead to this very server?
//!
//! Asking works as Meta asks, with a GET challenge through the URL. Meta proves itself with the verify token, which is
//! kept as a hash only, so a check brings a token of its own ([`proof`]): random, made for one path and one challenge,
//! good for one answer within a minute, and held in the memory of this process alone. The door answers it and does
//! nothing else: no configuration is marked, nothing is written. Somebody who learns such a token (the tunnel's
//! operator does) can at most have that one challenge repeated. That the server at the other end is this one is not
//! taken from the answer, which any server could echo, but from the token having been used here.
//!
//! [`probe`] is the client. It asks wherever an admin says, from inside the house, so it is only there with
//! `DEV_TUNNEL_HELP`, speaks https to public addresses (with a certificate that browsers trust) and http to this machine,
//! follows no redirect, waits five seconds, reads 4 KiB, and tells what it saw as a category and never in the answer's
//! words.

pub mod probe;
pub mod proof;

pub use proof::Proofs;

/// What the console needs to help. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TunnelSupport {
    /// The port that this server listens on.
    pub port: u16,
    /// The door's.
    pub proofs: Proofs,
}

impl TunnelSupport {
    /// What to type into a terminal: one line for each program that makes tunnels.
    pub fn commands(&self) -> Vec<String> {
        let port = self.port;
        vec![format!("ngrok http {port}"), format!("cloudflared tunnel --url http://localhost:{port}")]
    }
}
