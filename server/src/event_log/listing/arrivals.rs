//! What has come into a log since somebody looked at it, in the order of arrival and not of Meta's clock: a message that
//! comes late has come nevertheless.
//!
//! Ids are made at receipt and sort by time, so what came since a place in the log is a range of the primary key. They
//! are made a moment before they can be seen, by several processes at once; so only what is [`SETTLED_AFTER`] old is
//! counted for good, and the rest anew with each look. That keeps the range short, however long one looks on.
//!
//! What is told is what arrives. An event that was just being stored while the log was read may be on neither side, and a
//! log of one state is not told of events that come into that state later than [`SETTLED_AFTER`]: "Refresh" shows both.

use app::contract::ConsoleError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::Filter;
use crate::ids::{CompanyId, Owner};

/// Counting stops here.
pub const MANY: usize = 100;
/// After so many milliseconds no event with an earlier id appears any more.
const SETTLED_AFTER: u128 = 10_000;

/// How far a log has been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What came after this id is still to be counted.
    pub after: Uuid,
    /// What had come before it.
    pub count: usize,
}

impl Mark {
    /// Reads what [`encode`](Self::encode) wrote; empty: from the beginning.
    ///
    /// # Errors
    /// `Invalid`, naming `after`.
    pub fn parse(text: &str) -> Result<Self, ConsoleError> {
        if text.is_empty() {
            return Ok(Self { after: Uuid::nil(), count: 0 });
        }
        let mark = text.split_once('_').and_then(|(id, count)| {
            let count = count.parse().ok().filter(|count| *count <= MANY)?;
            Some(Self { after: Uuid::parse_str(id).ok()?, count })
        });
        mark.ok_or_else(|| ConsoleError::invalid("after", "This is no place in the log."))
    }

    /// As it stands in a URL.
    pub fn encode(self) -> String {
        format!("{}_{}", self.after.simple(), self.count)
    }

    /// The newest of a company's events: what comes now comes after it.
    pub async fn newest(tenant: &mut PgConnection, company: CompanyId) -> Result<Self, sqlx::Error> {
        let newest = super::store::newest_id(tenant, company).await?;
        Ok(Self { after: newest.unwrap_or_default(), count: 0 })
    }

    /// Counts what has come, up to [`MANY`], and how far it need not be looked at again.
    pub async fn look(
        self,
        tenant: &mut PgConnection,
        owner: Owner,
        filter: &Filter,
    ) -> Result<(usize, Self), sqlx::Error> {
        let settled = self.after.max(settled_before(Uuid::now_v7()));
        let (mut all, mut counted) = (0, 0);
        for part in filter.parts() {
            let arrived = super::store::arrived(&mut *tenant, owner, &part, self.after, settled).await?;
            (all, counted) = (all + arrived.all, counted + arrived.settled);
        }
        let capped = |count: i64| (self.count + usize::try_from(count).unwrap_or_default()).min(MANY);
        Ok((capped(all), Self { after: settled, count: capped(counted) }))
    }
}

/// No id made [`SETTLED_AFTER`] before this one is greater. The milliseconds are the first 48 bits of an id.
fn settled_before(id: Uuid) -> Uuid {
    Uuid::from_u128(((id.as_u128() >> 80).saturating_sub(SETTLED_AFTER)) << 80)
}

#[cfg(test)]
mod tests {
    use uuid::{NoContext, Timestamp};

    use super::*;

    #[test]
    fn a_mark_comes_back_as_it_went() {
        let mark = Mark { after: Uuid::now_v7(), count: 17 };
        assert_eq!(Mark::parse(&mark.encode()).unwrap(), mark);
        for wrong in ["x", "_", "x_1", "00000000000000000000000000000000", "00000000000000000000000000000000_101"] {
            assert!(Mark::parse(wrong).is_err(), "{wrong:?} passed");
        }
    }

    #[test]
    fn ids_are_divided_by_the_moment_they_were_made() {
        let made_at = |second: u64| Uuid::new_v7(Timestamp::from_unix(NoContext, second, 0));
        let now = made_at(1_793_534_410);
        assert!(made_at(1_793_534_399) < settled_before(now));
        assert!(made_at(1_793_534_400) >= settled_before(now));
    }
}
