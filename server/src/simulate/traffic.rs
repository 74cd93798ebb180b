//! What kind of traffic: the options that decide every byte of it.

use clap::Args;

/// What kind of traffic. With the same seed and the same start time, the bytes are the same.
#[derive(Clone, Debug, Args)]
pub struct Traffic {
    /// How many distinct updates (messages, echoes and statuses) to send; duplicates come on top
    #[arg(long, env = "WAYPOST_SIMULATE_COUNT", default_value_t = 1000, value_name = "UPDATES")]
    pub count: u64,

    /// Share of the updates that are statuses, from 0 to 0.7: each needs an outbound message to be about
    #[arg(long, env = "WAYPOST_SIMULATE_STATUS_SHARE", default_value_t = 0.4, value_name = "SHARE", value_parser = share)]
    pub status_share: f64,

    /// Share of the bodies that hold several updates, up to twenty
    #[arg(long, env = "WAYPOST_SIMULATE_BATCH_SHARE", default_value_t = 0.05, value_name = "SHARE", value_parser = share)]
    pub batch_share: f64,

    /// Duplicates for each body: half of them the very same bytes, half an update again inside another body
    #[arg(long, env = "WAYPOST_SIMULATE_DUPLICATES", default_value_t = 0.2, value_name = "SHARE", value_parser = share)]
    pub duplicates: f64,

    /// Share of the updates that come late, so that statuses overtake their message and each other
    #[arg(long, env = "WAYPOST_SIMULATE_DISORDER", default_value_t = 0.2, value_name = "SHARE", value_parser = share)]
    pub disorder: f64,

    /// Forged posts for each body: a wrong signature, a malformed one, none, or that of another body
    #[arg(long, env = "WAYPOST_SIMULATE_BAD_SIGNATURES", default_value_t = 0.02, value_name = "SHARE", value_parser = share)]
    pub bad_signatures: f64,

    /// Share of the texts that are written beyond ASCII
    #[arg(long, env = "WAYPOST_SIMULATE_UNICODE", default_value_t = 0.2, value_name = "SHARE", value_parser = share)]
    pub unicode: f64,

    /// How many bodies of a thousand updates and 3 MB to send, on top of the count
    #[arg(long, env = "WAYPOST_SIMULATE_BIG", default_value_t = 0, value_name = "BODIES")]
    pub big: u32,

    /// Where chance begins
    #[arg(long, env = "WAYPOST_SIMULATE_SEED", default_value_t = 1)]
    pub seed: u64,

    /// How many people take part
    #[arg(long, env = "WAYPOST_SIMULATE_CONTACTS", default_value_t = 200, value_name = "PEOPLE", value_parser = clap::value_parser!(u32).range(2..))]
    pub contacts: u32,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            count: 1000,
            status_share: 0.4,
            batch_share: 0.05,
            duplicates: 0.2,
            disorder: 0.2,
            bad_signatures: 0.02,
            unicode: 0.2,
            big: 0,
            seed: 1,
            contacts: 200,
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("it must be a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches, Parser};

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        traffic: Traffic,
    }

    #[test]
    fn the_defaults_are_the_same_in_code_and_on_the_command_line() {
        let command = Only::command().mut_args(|option| option.env(None));
        let parsed = Only::from_arg_matches(&command.get_matches_from(["simulate"])).unwrap();
        assert_eq!(format!("{:?}", parsed.traffic), format!("{:?}", Traffic::default()));
    }

    #[test]
    fn a_share_is_a_part_of_one() {
        assert_eq!(share("0.25"), Ok(0.25));
        assert!(["-0.1", "1.1", "NaN", "half", ""].iter().all(|wrong| share(wrong).is_err()));
    }
}
