//! Where a subscriber reads what the log has evicted.

use super::log::Mark;
use alloc::vec::Vec;
use bytes::Bytes;
use core::task::{Context, Poll};

/// Reads what the log has evicted, where it is still kept.
pub(super) trait Archive: Send {
    /// What comes next, or where to continue in the log.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ArchiveStep>;

    /// Notes that the subscriber has read the log up to this event. The caller holds the channel's lock.
    fn passed(&mut self, next: u64);

    /// A block with only the ID of the last event that was read, here or in the log.
    fn id_block(&self) -> Bytes;
}

pub(super) enum ArchiveStep {
    /// Whole blocks, with a mark for each.
    Frame(Bytes, Vec<Mark>),
    /// A block that bypasses the filter.
    Notice(Bytes),
    /// The source is done: continue with this event of the log.
    Join(u64),
    /// The rest can no longer be read: only the channel's farewell is left to send.
    Cut,
    /// The stream ends.
    End,
}
