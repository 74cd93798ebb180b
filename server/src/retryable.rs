//! What an error of the database means for the caller. The one place that reads SQLSTATE.

/// What to do about a database error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is wrong with the statement: a deadlock, a lost race. Try again at once.
    TryAgain,
    /// The database is away, stopping, full or slow. Try again later.
    Away,
    /// The data is wrong and will be wrong again.
    Data,
}

/// Sorts an error. What is not known to be the data's fault is taken for an outage, so that nothing is given up.
pub fn kind(error: &sqlx::Error) -> Kind {
    match error {
        sqlx::Error::Database(error) => error.code().map_or(Kind::Away, |code| by_sqlstate(&code)),
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => Kind::Data,
        _ => Kind::Away,
    }
}

fn by_sqlstate(code: &str) -> Kind {
    match (code, &code[..code.len().min(2)]) {
        // Serialization failure and deadlock; lock not available.
        ("40001" | "40P01" | "55P03", _) => Kind::TryAgain,
        // Program limits (an index row or a value too large), malformed values, violated constraints.
        ("54000", _) | (_, "22" | "23") => Kind::Data,
        _ => Kind::Away,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_sorted_by_what_helps() {
        for (code, expected) in [
            ("40P01", Kind::TryAgain),
            ("40001", Kind::TryAgain),
            ("55P03", Kind::TryAgain),
            ("22P05", Kind::Data),
            ("23514", Kind::Data),
            ("54000", Kind::Data),
            ("57P01", Kind::Away),
            ("57014", Kind::Away),
            ("53100", Kind::Away),
            ("42501", Kind::Away),
            ("", Kind::Away),
        ] {
            assert_eq!(by_sqlstate(code), expected, "{code}");
        }
    }

    #[test]
    fn what_is_no_answer_of_the_database_is_an_outage() {
        assert_eq!(kind(&sqlx::Error::PoolTimedOut), Kind::Away);
        assert_eq!(kind(&sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())), Kind::Away);
    }
}
