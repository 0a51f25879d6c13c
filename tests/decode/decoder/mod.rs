//! The decoder: compared with the oracle on arbitrary input, and what the standard leaves open.

mod any_bytes;
mod limits;
mod messages;
mod unfinished;

use crate::{
    engines,
    oracle::{Item, Message},
};
use sse_wire::Incoming;

fn item(incoming: &engines::Item) -> Item {
    match incoming {
        Ok(Incoming::Message(message)) => Item::Message(Message {
            event: message.event().into(),
            data: message.data().into(),
            last_event_id: message.last_event_id().into(),
        }),
        Ok(Incoming::Id(id)) => Item::Id(id.clone()),
        Ok(Incoming::Comment(text)) => Item::Comment(text.clone()),
        Ok(Incoming::Retry(time)) => Item::Retry(u64::try_from(time.as_millis()).unwrap()),
        Ok(_) => unreachable!(),
        Err(error) => {
            assert!(error.size > error.limit);
            if error.is_comment { Item::CommentTooLarge } else { Item::TooLarge }
        }
    }
}

/// Those of the oracle's items that a decoder with these settings reports.
fn reported(items: Vec<Item>, comments: bool, retries: bool, ids: bool) -> Vec<Item> {
    let items = items.into_iter().filter_map(|item| match item {
        Item::Comment(text) => {
            comments.then(|| Item::Comment(text.strip_prefix(' ').unwrap_or(&text).into()))
        }
        Item::Retry(_) => retries.then_some(item),
        Item::Id(_) => ids.then_some(item),
        item => Some(item),
    });
    items.collect()
}

/// The IDs that the messages themselves carried.
fn own_ids(seen: &[engines::Item]) -> Vec<Option<String>> {
    let ids = seen.iter().filter_map(|item| match item {
        Ok(Incoming::Message(message)) => Some(message.id().map(String::from)),
        _ => None,
    });
    ids.collect()
}

fn items(incoming: &[engines::Item]) -> Vec<Item> {
    incoming.iter().map(item).collect()
}

fn message(event: &str, data: &str, last_event_id: &str) -> Item {
    Item::Message(Message { event: event.into(), data: data.into(), last_event_id: last_event_id.into() })
}
