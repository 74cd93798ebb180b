//! Whose an update is: by its phone number id, else by its WABA id, and only within the companies that signed it.

use super::snapshot::{Destination, Signer, Snapshot};
use crate::ids::{CompanyId, Owner};

/// Where an update goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// To an account whose company's secret signed it.
    Account(Owner),
    /// To no account; kept for this company.
    Unrouted(CompanyId, UnroutedReason),
}

impl Route {
    /// The company that keeps it.
    pub fn company(self) -> CompanyId {
        match self {
            Self::Account(owner) => owner.company,
            Self::Unrouted(company, _) => company,
        }
    }
}

/// Why an update belongs to no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnroutedReason {
    /// No account has this number or WABA; the dashboard's Test button sends made-up ones.
    UnknownNumber,
    /// Only companies whose secret did not sign it have this number or WABA.
    ForeignNumber,
    /// A person has switched the account off.
    AccountDisabled,
}

impl UnroutedReason {
    /// The word in `unrouted_reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownNumber => "unknown_number",
            Self::ForeignNumber => "foreign_number",
            Self::AccountDisabled => "account_disabled",
        }
    }
}

impl Snapshot {
    /// Finds the account. `signers` must not be empty.
    ///
    /// A number that names no account is not looked up by its WABA instead: it is another number of the same WABA.
    /// Where several accounts share a WABA (or, by mistake, a number), the signer's own comes first, then the oldest.
    pub fn route(&self, signers: &[Signer], phone_number_id: Option<&str>, waba_id: Option<&str>) -> Route {
        let candidates = match phone_number_id {
            Some(number) => self.numbers.get(number),
            None => waba_id.and_then(|waba| self.wabas.get(waba)),
        };
        let candidates = candidates.map_or(&[][..], Vec::as_slice);
        match best(candidates, signers) {
            Some(Destination { owner, disabled: false }) => Route::Account(owner),
            Some(Destination { owner, disabled: true }) => {
                Route::Unrouted(owner.company, UnroutedReason::AccountDisabled)
            }
            None if candidates.is_empty() => Route::Unrouted(signers[0].owner.company, UnroutedReason::UnknownNumber),
            None => Route::Unrouted(signers[0].owner.company, UnroutedReason::ForeignNumber),
        }
    }
}

fn best(candidates: &[Destination], signers: &[Signer]) -> Option<Destination> {
    let signed = |d: &&Destination| signers.iter().any(|signer| signer.owner.company == d.owner.company);
    let is_signer = |d: &Destination| signers.iter().any(|signer| signer.owner == d.owner);
    candidates.iter().filter(signed).min_by_key(|d| (d.disabled, !is_signer(d), d.owner.account)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AccountId;
    use crate::webhook_config::SecretSlot;

    fn owner(company: CompanyId) -> Owner {
        Owner { company, account: AccountId::new() }
    }

    fn signed_by(owners: &[Owner]) -> Vec<Signer> {
        owners.iter().map(|&owner| Signer { owner, slot: SecretSlot::Current }).collect()
    }

    fn snapshot(accounts: &[(Owner, &str, &str, bool)]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for &(owner, number, waba, disabled) in accounts {
            let destination = Destination { owner, disabled };
            snapshot.numbers.entry(number.to_owned()).or_default().push(destination);
            snapshot.wabas.entry(waba.to_owned()).or_default().push(destination);
        }
        snapshot
    }

    #[test]
    fn a_number_leads_to_its_account_even_if_a_sibling_signed() {
        let company = CompanyId::new();
        let (a, b) = (owner(company), owner(company));
        let snapshot = snapshot(&[(a, "1", "w", false), (b, "2", "w", false)]);
        assert_eq!(snapshot.route(&signed_by(&[a]), Some("2"), Some("w")), Route::Account(b));
    }

    #[test]
    fn a_foreign_number_stays_with_the_signer() {
        let (mine, theirs) = (owner(CompanyId::new()), owner(CompanyId::new()));
        let snapshot = snapshot(&[(mine, "1", "w1", false), (theirs, "2", "w2", false)]);
        let kept = Route::Unrouted(mine.company, UnroutedReason::ForeignNumber);
        assert_eq!(snapshot.route(&signed_by(&[mine]), Some("2"), Some("w2")), kept);
        assert_eq!(snapshot.route(&signed_by(&[mine]), None, Some("w2")), kept);
        // Control: signed by both, it does arrive.
        assert_eq!(snapshot.route(&signed_by(&[mine, theirs]), Some("2"), None), Route::Account(theirs));
    }

    #[test]
    fn two_companies_with_the_same_number_get_what_their_own_secret_signed() {
        let (a, b) = (owner(CompanyId::new()), owner(CompanyId::new()));
        let snapshot = snapshot(&[(a, "1", "w", false), (b, "1", "w", false)]);
        assert_eq!(snapshot.route(&signed_by(&[a]), Some("1"), None), Route::Account(a));
        assert_eq!(snapshot.route(&signed_by(&[b]), Some("1"), None), Route::Account(b));
    }

    #[test]
    fn made_up_ids_and_unknown_numbers_are_unrouted() {
        let a = owner(CompanyId::new());
        let snapshot = snapshot(&[(a, "1", "w", false)]);
        let kept = Route::Unrouted(a.company, UnroutedReason::UnknownNumber);
        assert_eq!(snapshot.route(&signed_by(&[a]), Some("999"), Some("w")), kept);
        assert_eq!(snapshot.route(&signed_by(&[a]), None, Some("0")), kept);
        assert_eq!(snapshot.route(&signed_by(&[a]), None, None), kept);
    }

    #[test]
    fn without_a_number_the_waba_decides_and_the_signer_comes_first() {
        let company = CompanyId::new();
        let (a, b) = (owner(company), owner(company));
        let snapshot = snapshot(&[(a, "1", "w", false), (b, "2", "w", false)]);
        assert_eq!(snapshot.route(&signed_by(&[b]), None, Some("w")), Route::Account(b));
    }

    #[test]
    fn a_disabled_account_gets_nothing_but_it_is_kept() {
        let company = CompanyId::new();
        let (a, b) = (owner(company), owner(company));
        let snapshot = snapshot(&[(a, "1", "w", false), (b, "2", "w", true)]);
        let kept = Route::Unrouted(company, UnroutedReason::AccountDisabled);
        assert_eq!(snapshot.route(&signed_by(&[a]), Some("2"), Some("w")), kept);
        assert_eq!(snapshot.route(&signed_by(&[a]), None, Some("w")), Route::Account(a));
    }
}
