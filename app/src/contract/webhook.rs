use serde::{Deserialize, Serialize};

use super::{Account, Timestamp, TunnelHelp, WebhookStatus};

/// Everything on an account's Webhook tab but the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookPage {
    /// Whose tab it is.
    pub account: Account,
    /// What the person may do here. The server decides again when it is done.
    pub may: Permissions,
    /// Its configuration; none before it is set up.
    pub config: Option<WebhookConfig>,
    /// How it is doing.
    pub pulse: Pulse,
    /// What was refused in the last day, the most frequent reason first.
    pub rejections: Vec<RejectionCount>,
    /// Help with a tunnel; none but on a developer's server.
    pub tunnel: Option<TunnelHelp>,
    /// The server's clock.
    pub now: Timestamp,
}

impl WebhookPage {
    /// Verified, and events have come: setting up is done, and the log is what people are here for.
    pub fn is_in_use(&self) -> bool {
        let verified = self.config.as_ref().is_some_and(|config| config.status == WebhookStatus::Verified);
        verified && self.pulse.last_event.is_some()
    }
}

/// What the person may do on the Webhook tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "A row of the table of who may do what")]
pub struct Permissions {
    /// Set and change callback path and app secret.
    pub configure: bool,
    /// Make a new verify token.
    pub rotate_token: bool,
    /// Switch off and on.
    pub set_status: bool,
    /// Process an event again.
    pub replay: bool,
    /// Send a test event.
    pub send_test: bool,
}

/// How Meta reaches the account. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookConfig {
    /// Where it stands.
    pub status: WebhookStatus,
    /// Since when, and by whom; nobody if by Meta's challenge or the command line.
    pub status_since: Changed,
    /// Meta's last right challenge.
    pub last_verified_at: Option<Timestamp>,
    /// As stored: a path, or a full https URL.
    pub callback_path: String,
    /// The path was chosen by a person rather than made here.
    pub own_path: bool,
    /// To be pasted into Meta's dashboard.
    pub callback_url: String,
    /// Why Meta would not take it; none if nothing speaks against it.
    pub unfit: Option<Unfit>,
    /// When the verify token was made.
    pub verify_token_set: Changed,
    /// When the app secret was set.
    pub app_secret_set: Changed,
    /// The secret before is accepted until then.
    pub previous_secret_until: Option<Timestamp>,
}

/// Why Meta does not take a callback URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// It is not https.
    Plain,
    /// It leads to this machine, or no further than its network.
    Inside,
}

/// When something was changed, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// When.
    pub at: Timestamp,
    /// The person's name; none if it was no person of the console.
    pub by: Option<String>,
}

/// How an account's webhook is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// When the last event came, and what it was.
    pub last_event: Option<(Timestamp, String)>,
    /// Events that came in the last hour, late ones too; counting stops at [`Pulse::MOST`].
    pub last_hour: u32,
    /// Events that came in the last day, late ones too; counting stops at [`Pulse::MOST`].
    pub last_day: u32,
    /// Events that wait to be processed.
    pub waiting: u32,
    /// Events given up.
    pub dead: u32,
}

impl Pulse {
    /// Above this, counts are shown as "more than".
    pub const MOST: u32 = 10_000;
}

/// How often the door refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionCount {
    /// The word in the log: `bad_signature` …
    pub reason: String,
    /// How often in the last day; counting stops at [`Pulse::MOST`].
    pub count: u32,
    /// The last time.
    pub last_at: Timestamp,
}

/// How long the old app secret stays valid beside a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Not at all.
    #[default]
    None,
    /// One hour.
    Hour,
    /// 24 hours.
    Day,
}

/// The set-up form.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveWebhook {
    /// The account's id.
    pub account: String,
    /// Empty: keep, or generate if there is none yet.
    #[serde(default)]
    pub callback_path: String,
    /// Back to a path that is made here, whatever stands in `callback_path`.
    #[serde(default)]
    pub generated_path: bool,
    /// Empty: keep. Required at the first time.
    #[serde(default)]
    pub app_secret: String,
    /// Only at the first time; empty: generate one.
    #[serde(default)]
    pub verify_token: String,
    /// For a new app secret: how long the old one stays valid.
    #[serde(default)]
    pub overlap: Overlap,
}

impl std::fmt::Debug for SaveWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SaveWebhook").field("account", &self.account).finish_non_exhaustive()
    }
}

/// A new verify token: generated, or the person's own.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotateToken {
    /// The account's id.
    pub account: String,
    /// Empty: generate one.
    #[serde(default)]
    pub own: String,
}

impl std::fmt::Debug for RotateToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RotateToken").field("account", &self.account).finish_non_exhaustive()
    }
}

/// A verify token, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedToken {
    /// To be pasted into Meta's dashboard.
    pub verify_token: String,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedToken(redacted)")
    }
}

/// Switches an account's webhook off, or on again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetEnabled {
    /// The account's id.
    pub account: String,
    /// Off is `disabled`; on is what it was proven to be: `verified`, or `unverified` if Meta never asked.
    pub enabled: bool,
}
