//! The commands that publishers send.

use super::{
    EntryId, Error, PublishError, Redis,
    entry::{EVENT, FINISH},
    reply,
};
use alloc::{string::ToString, vec::Vec};
use redis::{Pipeline, RedisResult, Value};

/// Adds these blocks to a topic, all or none, and then finishes the topic if `is_last`.
pub(super) fn publish(redis: &Redis, topic: &str, blocks: &[Vec<u8>], is_last: bool) -> Pipeline {
    let mut commands = redis::pipe();
    commands.ignore_errors();
    let key = redis.key(topic);
    for block in blocks {
        commands.cmd("XADD").arg(&key);
        if let Some((by, bound)) = redis.trim() {
            commands.arg(by).arg("~").arg(bound);
        }
        commands.arg("*").arg(EVENT).arg(block);
    }
    if is_last {
        commands.cmd("XADD").arg(&key).arg(EntryId::END.to_string()).arg(FINISH).arg("");
        if let Some(time) = redis.keep_finished {
            let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4);
            commands.cmd("PEXPIRE").arg(&key).arg(millis);
        }
    }
    if commands.len() > 1 {
        commands.atomic();
    }
    commands
}

/// The ID of the last event, from the replies to the commands that added `events` of them.
pub(super) fn published(answers: Vec<RedisResult<Value>>, events: usize) -> Result<EntryId, PublishError> {
    let mut last = Err(PublishError::Ambiguous(Error::UnexpectedReply));
    for answer in answers.into_iter().take(events) {
        let answer = answer.map_err(|error| PublishError::new(Error::new(&error), true))?;
        last = reply::id(answer).map_err(|error| PublishError::new(error, true));
    }
    last
}
