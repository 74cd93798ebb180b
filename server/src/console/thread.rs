//! Reading one conversation: its messages, with everything that is about them folded in.

use std::collections::HashMap;

use app::contract::{ConsoleError, Message, MessageBody, Quote, Reaction, ThreadPage, ThreadQuery};
use futures::FutureExt;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::read::{cursor, id, owner};
use super::rights::is_admin;
use super::{ReadError, views};
use crate::conversations::render;
use crate::conversations::store::{self, ConversationRow, Filter, MessageRow, StatusRow};
use crate::ids::{ConversationId, MessageId, Owner, UserId};
use crate::paging::{Cursor, cut, limit};
use crate::users::session::Session;

/// Messages on one page.
const PAGE: usize = 50;

/// On the page that holds a certain message: of what was written after it, so many messages at most.
const AFTER_IT: usize = PAGE / 2;

/// Which page.
enum Page {
    /// The one that holds this message.
    With(MessageId),
    /// What was written before this place.
    After(Cursor),
}

/// The rows of one page.
struct Rows {
    conversation: ConversationRow,
    messages: Vec<MessageRow>,
    about: Vec<MessageRow>,
    quoted: Vec<MessageRow>,
    statuses: Vec<StatusRow>,
}

/// One page of a conversation, in reading order.
pub async fn read(session: &Session, query: ThreadQuery, now: OffsetDateTime) -> Result<ThreadPage, ReadError> {
    let owner = owner(session, &query.account)?;
    let conversation: ConversationId = id(&query.conversation)?;
    let page = match query.at.as_deref().filter(|message| !message.is_empty()) {
        Some(message) => Page::With(id(message)?),
        None => Page::After(cursor(query.cursor.as_deref())?),
    };
    let reader = session.user;
    let rows = session.tenant.transaction(move |connection| {
        async move {
            let after = match page {
                Page::With(message) => beside(&mut *connection, owner, conversation, message).await?,
                Page::After(cursor) => cursor,
            };
            let newest = after == Cursor::start();
            // Before the messages are read: what comes meanwhile is not taken for read.
            let arrived = store::newest_arrival(&mut *connection, owner.company, conversation).await?;
            let rows = load(&mut *connection, owner, reader, conversation, after).await?;
            if let Some(arrived) = arrived.filter(|_| newest && rows.conversation.unread > 0) {
                // Whoever is shown the newest page has read it. Without anything unread, looking writes nothing.
                store::note_read(&mut *connection, owner.company, reader, conversation, arrived).await?;
            }
            let newer = newer(connection, owner, conversation, &rows).await?;
            Ok::<_, ReadError>((newest, newer, rows))
        }
        .boxed()
    });
    let (newest, newer, mut rows) = rows.await?;
    let has_more = cut(&mut rows.messages, PAGE);
    let oldest = rows.messages.last().filter(|_| has_more).map(|row| Cursor { at: row.sent_at, id: row.id });
    Ok(ThreadPage {
        conversation: views::conversation(&rows.conversation),
        messages: fold(&rows),
        newest,
        newer: newer.map(Cursor::encode),
        older: oldest.map(Cursor::encode),
        may_erase: is_admin(session),
        now: views::timestamp(now),
    })
}

/// Where the page begins that holds a message with some of what came before and after it.
async fn beside(
    connection: &mut PgConnection,
    owner: Owner,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Cursor, ReadError> {
    let place = store::place(&mut *connection, owner, conversation, message).await?.ok_or(ConsoleError::NotFound)?;
    let mut newer = store::places_after(connection, owner, conversation, place, limit(AFTER_IT)).await?;
    // With one more than there is room for, the page ends before that one; else it is the newest page.
    Ok(if newer.len() > AFTER_IT { newer.pop() } else { None }.unwrap_or_else(Cursor::start))
}

/// Where the page after this one begins; none if all that was written since is on the newest page.
async fn newer(
    connection: &mut PgConnection,
    owner: Owner,
    conversation: ConversationId,
    rows: &Rows,
) -> Result<Option<Cursor>, sqlx::Error> {
    let Some(last) = rows.messages.first() else { return Ok(None) };
    let place = Cursor { at: last.sent_at, id: last.id };
    let mut newer = store::places_after(connection, owner, conversation, place, limit(PAGE)).await?;
    Ok(if newer.len() > PAGE { newer.pop() } else { None })
}

async fn load(
    connection: &mut PgConnection,
    owner: Owner,
    reader: UserId,
    conversation: ConversationId,
    after: Cursor,
) -> Result<Rows, ReadError> {
    let filter = Filter { reader, only: Some(conversation), search: String::new(), after: Cursor::start(), limit: 1 };
    let found = store::list(&mut *connection, owner, &filter).await?.pop().ok_or(ConsoleError::NotFound)?;
    let messages = store::messages(&mut *connection, owner, conversation, after, limit(PAGE)).await?;
    let wamids: Vec<String> = messages.iter().map(|row| row.wamid.clone()).collect();
    let replies: Vec<String> = messages.iter().filter_map(|row| row.reply_to_wamid.clone()).collect();
    Ok(Rows {
        conversation: found,
        about: store::about(&mut *connection, owner, &wamids).await?,
        quoted: store::by_wamid(&mut *connection, owner, &replies).await?,
        statuses: store::statuses(connection, owner, &wamids).await?,
        messages,
    })
}

fn fold(rows: &Rows) -> Vec<Message> {
    let mut about: HashMap<&str, Vec<&MessageRow>> = HashMap::new();
    for row in &rows.about {
        about.entry(row.about_wamid.as_deref().unwrap_or_default()).or_default().push(row);
    }
    let quoted: HashMap<&str, &MessageRow> = rows.quoted.iter().map(|row| (row.wamid.as_str(), row)).collect();
    let message = |row: &MessageRow| {
        let about = about.get(row.wamid.as_str()).map_or(&[][..], Vec::as_slice);
        let statuses = rows.statuses.iter().filter(|status| status.wamid == row.wamid);
        Message {
            id: row.id.to_string(),
            wamid: row.wamid.clone(),
            direction: views::direction(&row.direction),
            sent_at: views::timestamp(row.sent_at),
            body: edited(shown(row), about),
            reply_to: row.reply_to_wamid.as_deref().map(|wamid| quote(quoted.get(wamid).copied())),
            reactions: reactions(about),
            edits: events(about, "edit"),
            revokes: events(about, "revoke"),
            status: row.status.as_deref().and_then(views::delivery_status),
            timeline: statuses.map(views::status_entry).collect(),
            event_id: row.event_id.to_string(),
        }
    };
    rows.messages.iter().rev().map(message).collect()
}

/// A message's own content; a reaction, edit or revoke that stands for itself says what it is.
fn shown(row: &MessageRow) -> MessageBody {
    let words = row.body.as_deref().unwrap_or_default();
    let note = match row.message_type.as_str() {
        "reaction" if words.is_empty() => "Took a reaction back from a message that is not known here.".to_owned(),
        "reaction" => format!("Reacted {words} to a message that is not known here."),
        "edit" => format!("Changed a message that is not known here to: {words}"),
        "revoke" => "Took back a message that is not known here.".to_owned(),
        _ => return render::message_body(&row.message_type, row.body.as_deref(), row.content.as_ref()),
    };
    MessageBody::System { text: note }
}

/// The newest edit's words in place of the first ones.
fn edited(body: MessageBody, about: &[&MessageRow]) -> MessageBody {
    let newest = about.iter().rev().find(|row| row.message_type == "edit").and_then(|row| row.body.clone());
    match (body, newest) {
        (MessageBody::Text { .. }, Some(text)) => MessageBody::Text { text },
        (MessageBody::Media { media, mime_type, file_name, size, .. }, Some(caption)) => {
            MessageBody::Media { media, mime_type, file_name, size, caption: Some(caption) }
        }
        (body, _) => body,
    }
}

/// The events of what is about a message and of this type, oldest first.
fn events(about: &[&MessageRow], message_type: &str) -> Vec<String> {
    about.iter().filter(|row| row.message_type == message_type).map(|row| row.event_id.to_string()).collect()
}

/// The last reaction of each person, unless it was taken back.
fn reactions(about: &[&MessageRow]) -> Vec<Reaction> {
    let mut last: Vec<&MessageRow> = Vec::new();
    for row in about.iter().filter(|row| row.message_type == "reaction") {
        let same = |known: &&MessageRow| (&known.direction, known.contact_id) == (&row.direction, row.contact_id);
        last.retain(|known| !same(known));
        last.push(row);
    }
    let standing = last.into_iter().filter_map(|row| Some((row.body.clone().filter(|emoji| !emoji.is_empty())?, row)));
    let reaction = |(emoji, row): (String, &MessageRow)| Reaction {
        emoji,
        direction: views::direction(&row.direction),
        event_id: row.event_id.to_string(),
    };
    standing.map(reaction).collect()
}

fn quote(row: Option<&MessageRow>) -> Quote {
    match row {
        Some(row) => Quote { direction: Some(views::direction(&row.direction)), text: render::preview(&shown(row)) },
        None => Quote { direction: None, text: "A message that is not known here".into() },
    }
}
