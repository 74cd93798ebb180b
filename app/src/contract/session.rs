use serde::{Deserialize, Serialize};

/// What somebody may do: everything, change states, or only look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, people and secrets included.
    Admin,
    /// Sees everything, changes states, replays events.
    Manager,
    /// Only looks.
    Viewer,
}

impl Role {
    /// The name as it is shown and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Viewer => "viewer",
        }
    }
}

/// The person in front of the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// How the person is called.
    pub name: String,
    /// What the person signed in with.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// The company whose data is shown.
    pub company: String,
}

/// What the sign-in form sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Compared without regard to case and surrounding blanks.
    pub email: String,
    /// As typed; nothing is trimmed.
    pub password: String,
    /// Path to go to afterwards; only a path of this site is followed.
    #[serde(default)]
    pub next: Option<String>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn(redacted)")
    }
}
