//! From one signed body to a delivery for each company that has a share in it.
//!
//! Nearly always that is one company, which keeps the body byte for byte. Where companies share an app secret, one
//! body may hold updates of several; each then keeps a JSON array of its own updates, unchanged bytes again, and the
//! hash of the whole: no company ever holds a byte of another's.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use time::OffsetDateTime;

use super::envelope;
use super::signature::Signature;
use crate::event_log::batch::{Body, Delivery, NewEvent};
use crate::event_log::item::Item;
use crate::event_log::rejections::Reason;
use crate::ids::{CompanyId, DeliveryId};
use crate::webhook_config::routing::Route;
use crate::webhook_config::snapshot::{Signer, Snapshot};

/// A body as it was posted.
#[derive(Debug)]
pub struct Post {
    /// As received.
    pub body: Bytes,
    /// Of the body.
    pub sha256: [u8; 32],
    /// What its header says.
    pub signature: Signature,
    /// Without query.
    pub path: String,
    /// Of the request.
    pub headers: HeaderMap,
    /// When its last byte had come.
    pub received_at: OffsetDateTime,
}

/// Checks the signature, and only then looks inside: cuts the body into its updates, finds out whose each is, and gives
/// each company its own.
///
/// # Errors
/// `UnknownPath` or `BadSignature`.
pub fn of(post: &Post, snapshot: &Snapshot) -> Result<Vec<Delivery>, Reason> {
    let entry = snapshot.path(&post.path).ok_or(Reason::UnknownPath)?;
    let signers = entry.signers(&post.body, &post.signature, post.received_at);
    if signers.is_empty() {
        return Err(Reason::BadSignature);
    }
    Ok(split(post, &signers, snapshot))
}

fn split(post: &Post, signers: &[Signer], snapshot: &Snapshot) -> Vec<Delivery> {
    let mut shares: BTreeMap<CompanyId, Vec<(usize, Item, Route)>> = BTreeMap::new();
    let (items, told) = envelope::cut_and_tell(&post.body, &post.sha256, post.received_at);
    for (position, item) in items.into_iter().enumerate() {
        let route = snapshot.route(signers, item.phone_number_id.as_deref(), item.waba_id.as_deref());
        shares.entry(route.company()).or_default().push((position, item, route));
    }
    let alone = shares.len() == 1;
    // A route leads to a signer's company only.
    let signer_of = |company| signers.iter().find(|signer| signer.owner.company == company);
    let share = |(company, share)| Some(post.delivery(*signer_of(company)?, share, alone, told.as_deref()));
    shares.into_iter().filter_map(share).collect()
}

impl Post {
    fn delivery(&self, signer: Signer, share: Vec<(usize, Item, Route)>, alone: bool, told: Option<&str>) -> Delivery {
        let (body, offsets) = if alone { self.whole(&share) } else { self.part(&share) };
        let events = share.into_iter().zip(offsets).map(|((position, item, route), offset)| {
            NewEvent::new((position, offset), item, route, signer.owner, told)
        });
        Delivery {
            company: signer.owner.company,
            id: DeliveryId::new(),
            body_sha256: self.sha256,
            body,
            body_size: i32::try_from(self.body.len()).unwrap_or(i32::MAX),
            signature: self.signature.to_string(),
            signed_by: signer.owner,
            signed_with: signer.slot,
            callback_path: self.path.clone(),
            headers: self.kept_headers(),
            received_at: self.received_at,
            events: events.collect(),
        }
    }

    fn whole(&self, share: &[(usize, Item, Route)]) -> (Body, Vec<usize>) {
        let offsets = share.iter().map(|(_, item, _)| item.bytes.start).collect();
        (Body { bytes: self.body.clone(), is_whole: true }, offsets)
    }

    fn part(&self, share: &[(usize, Item, Route)]) -> (Body, Vec<usize>) {
        let mut bytes = Vec::new();
        let mut offsets = Vec::with_capacity(share.len());
        for (_, item, _) in share {
            bytes.push(if bytes.is_empty() { b'[' } else { b',' });
            offsets.push(bytes.len());
            bytes.extend_from_slice(&self.body[item.bytes.clone()]);
        }
        bytes.push(b']');
        (Body { bytes: bytes.into(), is_whole: false }, offsets)
    }

    fn kept_headers(&self) -> String {
        let mut kept = serde_json::Map::new();
        for name in [header::CONTENT_TYPE, header::USER_AGENT] {
            let value = text(&self.headers, name.as_str());
            if !value.is_empty() {
                kept.insert(name.as_str().to_owned(), value.into());
            }
        }
        serde_json::Value::Object(kept).to_string()
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, Owner};
    use crate::ingest::signature;
    use crate::webhook_config::SecretSlot;
    use crate::webhook_config::snapshot::tests::snapshot_of;

    fn body() -> Bytes {
        let change = |number: &str, wamid: &str| {
            format!(
                r#"{{"id":"w","changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"{number}"}},"messages":[{{"id":"{wamid}","type":"text","text":{{"body":"hello from {number}"}}}}]}}}}]}}"#
            )
        };
        let entries = [change("1", "wamid.A"), change("2", "wamid.B"), change("1", "wamid.C")].join(",");
        format!(r#"{{"object":"whatsapp_business_account","entry":[{entries}]}}"#).into()
    }

    fn split_for(owners: &[(Owner, &str)], signers: &[Owner]) -> Vec<Delivery> {
        let signers: Vec<_> = signers.iter().map(|&owner| Signer { owner, slot: SecretSlot::Current }).collect();
        let post = Post {
            body: body(),
            sha256: [7; 32],
            signature: signature::sign(b"secret", &body()),
            path: "/api/webhooks/whatsapp/x".into(),
            headers: HeaderMap::new(),
            received_at: OffsetDateTime::UNIX_EPOCH,
        };
        split(&post, &signers, &snapshot_of(owners))
    }

    fn owner() -> Owner {
        Owner { company: CompanyId::new(), account: AccountId::new() }
    }

    fn bytes_of(delivery: &Delivery, event: &NewEvent) -> String {
        let start = usize::try_from(event.body_offset).unwrap();
        let end = start + usize::try_from(event.body_length).unwrap();
        String::from_utf8(delivery.body.bytes[start..end].to_vec()).unwrap()
    }

    #[test]
    fn one_company_keeps_the_body_byte_for_byte() {
        let (a, b) = (owner(), owner());
        let b = Owner { company: a.company, ..b };
        let deliveries = split_for(&[(a, "1"), (b, "2")], &[a]);
        assert_eq!(deliveries.len(), 1);
        assert_eq!(deliveries[0].body.bytes, body());
        assert!(deliveries[0].body.is_whole);
        let accounts: Vec<_> = deliveries[0].events.iter().map(|event| event.account).collect();
        assert_eq!(accounts, [Some(a.account), Some(b.account), Some(a.account)]);
        assert!(bytes_of(&deliveries[0], &deliveries[0].events[1]).contains("wamid.B"));
    }

    #[test]
    fn companies_that_share_a_secret_keep_their_own_updates_only() {
        let (a, b) = (owner(), owner());
        let deliveries = split_for(&[(a, "1"), (b, "2")], &[a, b]);
        assert_eq!(deliveries.len(), 2);
        for delivery in &deliveries {
            let (mine, theirs) =
                if delivery.company == a.company { ("from 1", "from 2") } else { ("from 2", "from 1") };
            let text = String::from_utf8(delivery.body.bytes.to_vec()).unwrap();
            assert!(text.contains(mine) && !text.contains(theirs), "{text}");
            assert!(!delivery.body.is_whole);
            assert_eq!(delivery.body_sha256, [7; 32]);
            assert!(serde_json::from_str::<Vec<serde_json::Value>>(&text).is_ok());
            for event in &delivery.events {
                assert!(bytes_of(delivery, event).contains(event.item.object_id.as_deref().unwrap()));
            }
        }
    }

    #[test]
    fn a_company_that_did_not_sign_gets_nothing() {
        let (a, b) = (owner(), owner());
        let deliveries = split_for(&[(a, "1"), (b, "2")], &[a]);
        assert_eq!(deliveries.len(), 1);
        assert_eq!(deliveries[0].company, a.company);
        let faults: Vec<_> = deliveries[0].events.iter().map(NewEvent::fault).collect();
        assert_eq!(faults, [None, Some("unrouted"), None]);
    }
}
