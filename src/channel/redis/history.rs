//! Sends a client what only Redis still has, page by page as the client reads, until the log has what follows. A client
//! that is too slow for the log returns here.

use super::{
    EntryId, Error,
    backoff::Backoff,
    entry::{self, Entry},
    feed::{Feed, Position, id_block, range, read_range},
    index::{After, finishes},
    node::Shared,
    reply::Info,
};
use crate::channel::{
    OnLag,
    archive::{Archive, ArchiveStep},
};
use alloc::{sync::Arc, vec::Vec};
use bytes::Bytes;
use core::{
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll, ready},
};
use std::future::Future;
use tokio::{task::JoinHandle, time};

/// How many bytes of blocks a page should have, and how many entries it has at first and at most.
const PAGE_SIZE: usize = 64 * 1024;
const FIRST_PAGE: usize = 32;
const LARGEST_PAGE: usize = 512;

pub(super) struct History {
    shared: Arc<Shared>,
    feed: Arc<Feed>,
    generation: u64,
    /// The last entry that was read, in the log or here.
    cursor: EntryId,
    /// Whether the client has everything up to the cursor. If so, something may be missing once Redis no longer has
    /// that entry.
    is_held: bool,
    /// A gap to report before what follows, and its size if that is known.
    gap: Option<Option<u64>>,
    /// Whether the last thing that the client got was the report of a gap.
    has_just_reported_gap: bool,
    page: Vec<Entry>,
    count: usize,
    task: Option<JoinHandle<Step>>,
}

/// The entries after a cursor.
pub(super) struct Page {
    /// Whether Redis still has the entry at the cursor, which is not one of these.
    pub(super) is_there: bool,
    pub(super) entries: Vec<Entry>,
}

impl Page {
    /// Whether only the end of the topic follows.
    pub(super) fn is_end(&self) -> bool {
        finishes(&self.entries) && !self.entries.iter().any(Entry::is_event)
    }
}

enum Step {
    Page(Page),
    /// The log may have more now.
    Look,
}

impl History {
    /// Reads from an entry on, which the client need not have received.
    pub(super) fn new(shared: Arc<Shared>, feed: Arc<Feed>, cursor: EntryId, generation: u64) -> History {
        History {
            shared,
            feed,
            generation,
            cursor,
            is_held: false,
            gap: None,
            has_just_reported_gap: false,
            page: Vec::new(),
            count: FIRST_PAGE,
            task: None,
        }
    }

    /// For a client that reads the log from this place on, until it falls behind.
    pub(super) fn at(shared: Arc<Shared>, feed: Arc<Feed>, at: Position) -> History {
        let mut history = History::new(shared, feed, at.id, at.generation);
        history.is_held = true;
        history
    }

    /// Reports a gap first.
    pub(super) fn after_gap(mut self, missed: Option<u64>) -> History {
        self.gap = Some(missed);
        self
    }

    /// Begins with a page that has already been read after the cursor.
    pub(super) fn with_page(mut self, page: Page) -> History {
        self.is_held = page.is_there;
        self.take(page.entries);
        self
    }

    fn take(&mut self, entries: Vec<Entry>) {
        if let Some(last) = entries.last() {
            self.cursor = last.id;
            self.is_held = true;
        }
        self.page = entries;
    }

    /// Returns what can be sent without waiting, or `None` if there is more to do: a task was started, or the cursor
    /// was moved.
    fn next(&mut self) -> Option<ArchiveStep> {
        if self.page.iter().any(Entry::is_event) {
            if let Some(missed) = self.gap.take() {
                return Some(ArchiveStep::Notice(self.feed.gap_block(missed, None)));
            }
            self.has_just_reported_gap = false;
            let (frame, marks) = entry::frame(&self.page);
            let average = 1 + frame.len() / self.page.len();
            self.count = (PAGE_SIZE / average).clamp(1, LARGEST_PAGE);
            self.page = Vec::new();
            return Some(ArchiveStep::Frame(frame, marks));
        }
        if is_over(&self.shared, &self.feed) {
            return Some(ArchiveStep::Cut);
        }
        let (shared, feed, cursor, generation) =
            (self.shared.clone(), self.feed.clone(), self.cursor, self.generation);
        self.task = Some(match self.feed.after(cursor, generation) {
            After::At(next) => return Some(self.join(next)),
            After::Gone(origin) => {
                self.generation = self.feed.generation();
                self.cursor = origin;
                self.is_held = false;
                self.gap = Some(None);
                return None;
            }
            After::Older => {
                let count = self.count;
                self.shared
                    .runtime
                    .spawn(async move { page_with_retries(&shared, &feed, cursor, count).await })
            }
            After::Newer => self.shared.runtime.spawn(async move {
                feed.read_up_to(cursor, generation).await;
                Step::Look
            }),
        });
        None
    }

    fn join(&mut self, next: u64) -> ArchiveStep {
        if self.has_just_reported_gap || self.gap.is_some() {
            // The next event of the log may report the same gap.
            let next = self.feed.after_gap(next);
            self.has_just_reported_gap = true;
            return match self.gap.take() {
                Some(missed) => ArchiveStep::Notice(self.feed.gap_block(missed, Some(next))),
                None => ArchiveStep::Join(next),
            };
        }
        ArchiveStep::Join(next)
    }
}

impl Archive for History {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ArchiveStep> {
        loop {
            if let Some(task) = &mut self.task {
                let step = ready!(Pin::new(task).poll(cx));
                self.task = None;
                let page = match step {
                    Ok(Step::Page(page)) => page,
                    Ok(Step::Look) => continue,
                    // A task that was cancelled because the runtime is shutting down has read nothing.
                    Err(_) => return Poll::Ready(ArchiveStep::Cut),
                };
                // Redis dropped what follows the cursor, although the log once had it.
                if self.is_held && (!page.is_there || page.entries.is_empty()) {
                    if self.feed.channel.0.policy.on_lag == OnLag::Close {
                        return Poll::Ready(ArchiveStep::End);
                    }
                    self.gap = Some(None);
                }
                if page.entries.is_empty() {
                    self.is_held = false;
                    let oldest = self.feed.oldest();
                    if self.feed.generation() == self.generation {
                        let turn = self.join(oldest);
                        return Poll::Ready(turn);
                    }
                }
                self.take(page.entries);
            }
            if let Some(turn) = self.next() {
                return Poll::Ready(turn);
            }
        }
    }

    fn passed(&mut self, next: u64) {
        // If the event belongs to an earlier stream, the generation stays unchanged, so that this is noticed later.
        if let Some((id, generation)) = self.feed.passed(next) {
            (self.cursor, self.generation) = (id, generation);
        }
        self.is_held = true;
        self.has_just_reported_gap = false;
    }

    fn id_block(&self) -> Bytes {
        id_block(self.cursor)
    }
}

impl Drop for History {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Whether nothing more of a topic will be sent.
fn is_over(shared: &Shared, feed: &Feed) -> bool {
    shared.is_closed.load(Ordering::Relaxed) || feed.is_closed()
}

/// Reads the page after an entry.
pub(super) async fn page(
    shared: &Shared,
    feed: &Feed,
    cursor: EntryId,
    count: usize,
) -> Result<(Page, Option<Info>), Error> {
    let (mut entries, info) = read_range(shared.link.read(&range(&feed.key, cursor, count + 1)).await?)?;
    let is_there = entries.first().is_some_and(|entry| entry.id == cursor);
    if is_there {
        entries.remove(0);
    }
    // The place before every entry is still there as long as no entry has been removed.
    let is_there =
        is_there || (cursor == EntryId::START && info.is_none_or(|info| info.removed() == Some(0)));
    Ok((Page { is_there, entries }, info))
}

/// Reads the page after an entry, and tries again for as long as Redis is unavailable.
async fn page_with_retries(shared: &Shared, feed: &Feed, cursor: EntryId, count: usize) -> Step {
    let mut backoff = Backoff::new(shared.redis().timeout);
    while !is_over(shared, feed) {
        match page(shared, feed, cursor, count).await {
            Ok((page, _)) => return Step::Page(page),
            Err(_) => time::sleep(backoff.next()).await,
        }
    }
    Step::Look
}
