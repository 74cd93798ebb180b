use serde::{Deserialize, Serialize};

/// Help for developing behind a tunnel. Only there when the server was told that it is a developer's, and for admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TunnelHelp {
    /// What to type into a terminal, with this server's port: one for each program.
    pub commands: Vec<String>,
    /// What comes behind the public URL.
    pub callback_path: String,
}

/// Asks whether a public URL leads to this server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckTunnel {
    /// The account's id: its callback path is asked for.
    pub account: String,
    /// As the tunnel printed it.
    #[serde(default)]
    pub public_url: String,
}

/// What came back. Never the answer's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TunnelCheck {
    /// This very server answered the challenge.
    Right,
    /// The answer had this status, and not 200.
    Status(u16),
    /// A web page for people.
    Page,
    /// 200, but not this server's answer.
    SomethingElse,
    /// No connection, or no trust in its certificate.
    Unreachable,
    /// No answer in time.
    Timeout,
}

impl TunnelCheck {
    /// The word in the address of the page that says it.
    pub fn word(self) -> String {
        match self {
            Self::Right => "right".into(),
            Self::Status(code) => code.to_string(),
            Self::Page => "page".into(),
            Self::SomethingElse => "else".into(),
            Self::Unreachable => "unreachable".into(),
            Self::Timeout => "timeout".into(),
        }
    }

    /// What to say about the word in the address, with the status that came back; none for a word that no check gave.
    pub fn says(word: &str) -> Option<String> {
        let (status, words) = match word {
            "right" => ("200", "right, the URL leads to this server. Paste the callback URL in Meta's dashboard."),
            "page" => (
                "200",
                "a web page came back instead of the challenge. ngrok shows one to browsers before it lets them through; \
                 Meta would get it too. Give ngrok an account's token, or use cloudflared.",
            ),
            "else" => ("200", "something answered, but it is not this server. Does the tunnel lead to another port?"),
            "unreachable" => (
                "No answer",
                "nothing is there. Is the tunnel still running, and is this the URL that it printed last?",
            ),
            "timeout" => {
                ("No answer", "5 seconds have passed. The tunnel has perhaps just started, or lost its connection.")
            }
            code if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit()) => (code, about_status(code)),
            _ => return None,
        };
        Some(format!("{status}: {words}"))
    }
}

fn about_status(code: &str) -> &'static str {
    match code {
        "404" => "the tunnel has stopped, or it leads to another program than this server.",
        "403" => "Waypost answered, but not this server. Does the tunnel lead to another one?",
        "502" | "503" | "504" | "530" => {
            "the tunnel is there, but finds no server behind it. Does it lead to the right port?"
        }
        _ if code.starts_with('3') => {
            "the URL leads elsewhere (a redirect), and Meta does not follow. Give the https URL that the tunnel printed."
        }
        _ => "another status than 200 came back. Look at what the tunnel prints in its terminal.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_names_the_status_that_came_back() {
        for code in [200, 301, 403, 404, 418, 500, 502, 530] {
            let words = TunnelCheck::says(&TunnelCheck::Status(code).word()).expect("words");
            assert!(words.starts_with(&format!("{code}: ")), "{words}");
        }
        for came_back in [TunnelCheck::Right, TunnelCheck::Page, TunnelCheck::SomethingElse] {
            assert!(TunnelCheck::says(&came_back.word()).expect("words").starts_with("200: "), "{came_back:?}");
        }
        for nothing in [TunnelCheck::Unreachable, TunnelCheck::Timeout] {
            assert!(TunnelCheck::says(&nothing.word()).expect("words").starts_with("No answer: "), "{nothing:?}");
        }
    }

    #[test]
    fn every_result_has_words_that_help() {
        let all = [200, 301, 403, 404, 500, 502, 530, 999].map(TunnelCheck::Status);
        let others = [
            TunnelCheck::Right,
            TunnelCheck::Page,
            TunnelCheck::SomethingElse,
            TunnelCheck::Unreachable,
            TunnelCheck::Timeout,
        ];
        for check in all.into_iter().chain(others) {
            assert!(TunnelCheck::says(&check.word()).is_some(), "{check:?}");
        }
    }

    #[test]
    fn words_of_a_link_are_not_taken_over() {
        for word in ["", "Right", "12", "Call +1 555 0100", "30\u{e9}"] {
            assert_eq!(TunnelCheck::says(word), None, "{word}");
        }
    }
}
