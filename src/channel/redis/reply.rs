//! Parses the replies of Redis, without trusting them.

use super::{
    EntryId, Error,
    entry::{Content, Entry},
};
use alloc::vec::Vec;
use redis::Value;

/// What Redis says about a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Info {
    /// How many entries it has.
    pub(super) len: u64,
    /// How many were ever added. Redis counts them since version 7.
    pub(super) added: Option<u64>,
    /// The ID of the first entry that it still has.
    pub(super) first: Option<EntryId>,
    /// The highest ID that it has ever given.
    pub(super) last: EntryId,
}

impl Info {
    /// How many entries have been dropped.
    pub(super) fn removed(&self) -> Option<u64> {
        self.added?.checked_sub(self.len)
    }
}

/// The reply to `XINFO STREAM`; `None` if there is no such stream.
pub(super) fn info(reply: Result<Value, redis::RedisError>) -> Result<Option<Info>, Error> {
    let reply = match reply {
        Err(error) if error.detail().is_some_and(|detail| detail.contains("no such key")) => return Ok(None),
        reply => reply.map_err(|error| Error::new(&error))?,
    };
    let (mut len, mut added, mut first, mut last) = (None, None, None, None);
    for (name, value) in pairs(reply)? {
        match &*bytes(name)? {
            b"length" => len = number(&value),
            b"entries-added" => added = number(&value),
            b"last-generated-id" => last = EntryId::parse(&bytes(value)?),
            b"first-entry" if value != Value::Nil => first = Some(entry(value)?.id),
            _ => {}
        }
    }
    match (len, last) {
        (Some(len), Some(last)) => Ok(Some(Info { len, added, first, last })),
        _ => Err(Error::UnexpectedReply),
    }
}

/// What `XREAD` found in one stream.
pub(super) struct Stream {
    pub(super) key: Vec<u8>,
    pub(super) entries: Vec<Entry>,
}

/// The reply to `XREAD`.
pub(super) fn streams(reply: Value) -> Result<Vec<Stream>, Error> {
    let stream = |key, list| Ok(Stream { key: bytes(key)?, entries: entries(list)? });
    match reply {
        Value::Nil => Ok(Vec::new()),
        Value::Map(streams) => streams.into_iter().map(|(key, list)| stream(key, list)).collect(),
        reply => {
            let streams = array(reply)?.into_iter();
            streams.map(|reply| pair(reply).and_then(|[key, list]| stream(key, list))).collect()
        }
    }
}

/// The reply to `XRANGE`.
pub(super) fn entries(reply: Value) -> Result<Vec<Entry>, Error> {
    array(reply)?.into_iter().map(entry).collect()
}

fn entry(reply: Value) -> Result<Entry, Error> {
    let [id, fields] = pair(reply)?;
    let id = EntryId::parse(&bytes(id)?).ok_or(Error::UnexpectedReply)?;
    let fields: Vec<_> = pairs(fields)?
        .into_iter()
        .map(|(name, value)| Ok((bytes(name)?, bytes(value)?)))
        .collect::<Result<_, Error>>()?;
    Ok(Entry { id, content: Content::new(fields.into_iter()) })
}

/// The reply to `XADD`.
pub(super) fn id(reply: Value) -> Result<EntryId, Error> {
    EntryId::parse(&bytes(reply)?).ok_or(Error::UnexpectedReply)
}

pub(super) fn number(reply: &Value) -> Option<u64> {
    match reply {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

fn bytes(reply: Value) -> Result<Vec<u8>, Error> {
    match reply {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        _ => Err(Error::UnexpectedReply),
    }
}

fn array(reply: Value) -> Result<Vec<Value>, Error> {
    match reply {
        Value::Array(values) => Ok(values),
        _ => Err(Error::UnexpectedReply),
    }
}

fn pair(reply: Value) -> Result<[Value; 2], Error> {
    array(reply)?.try_into().map_err(|_| Error::UnexpectedReply)
}

/// A map. Before version 3 of the protocol it is a list of alternating names and values.
fn pairs(reply: Value) -> Result<Vec<(Value, Value)>, Error> {
    match reply {
        Value::Map(pairs) => Ok(pairs),
        reply => {
            let mut values = array(reply)?.into_iter();
            let mut pairs = Vec::with_capacity(values.len() / 2);
            while let Some(name) = values.next() {
                pairs.push((name, values.next().ok_or(Error::UnexpectedReply)?));
            }
            Ok(pairs)
        }
    }
}
