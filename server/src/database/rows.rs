//! Rows as arguments: one as a value of a composite type, or many at once in one array of it.
//!
//! With an array for each column (`unnest($1, $2, …)`) PostgreSQL calls a function and fills a store per column, which is
//! half of what a statement of twenty columns costs for a single row. The fields of a struct are the columns of its type,
//! in their order; one that has another number or type of them is refused by the database.

/// Names the composite type that a struct with borrowed fields is sent as: the derive of [`sqlx::Type`] knows only those
/// that own theirs. What it is sent as is derived: [`sqlx::Encode`].
macro_rules! sent_as {
    ($row:ident, $name:literal) => {
        impl sqlx::Type<sqlx::Postgres> for $row<'_> {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                sqlx::postgres::PgTypeInfo::with_name($name)
            }
        }

        impl sqlx::postgres::PgHasArrayType for $row<'_> {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                sqlx::postgres::PgTypeInfo::array_of($name)
            }
        }
    };
}

pub(crate) use sent_as;
