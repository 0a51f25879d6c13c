//! What a client is sent that only Redis still has, page by page as it reads, until the log has what follows.

use super::{
    EntryId, Error,
    backoff::Backoff,
    entry::{self, Entry},
    feed::{Feed, range, read_range},
    index::{After, finishes},
    node::Shared,
    reply::Info,
};
use crate::channel::subscriber::{Ahead, Turn};
use alloc::{sync::Arc, vec::Vec};
use core::{
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll, ready},
};
use std::future::Future;
use tokio::{task::JoinHandle, time};

/// How many bytes of blocks a page should have, and how many entries at first and at most.
const PAGE_SIZE: usize = 64 * 1024;
const FIRST_PAGE: usize = 32;
const LARGEST_PAGE: usize = 512;

pub(super) struct History {
    shared: Arc<Shared>,
    feed: Arc<Feed>,
    generation: u64,
    /// The last entry that was read.
    cursor: EntryId,
    /// Whether the client has everything up to the cursor, so that something may be missing if Redis does not have
    /// that entry any more.
    is_held: bool,
    /// A gap that is to be told ahead of what follows, and how many events it has if that is known.
    gap: Option<Option<u64>>,
    /// Whether the last thing that the client got was that.
    is_told: bool,
    page: Vec<Entry>,
    count: usize,
    task: Option<JoinHandle<Step>>,
}

/// Entries from a cursor on.
pub(super) struct Page {
    /// Whether Redis still has what is at the cursor, which is none of these.
    pub(super) is_there: bool,
    pub(super) entries: Vec<Entry>,
}

impl Page {
    /// Whether nothing follows but the end of the topic.
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
    /// From an entry on that the client does not need to have had.
    pub(super) fn new(shared: Arc<Shared>, feed: Arc<Feed>, cursor: EntryId, generation: u64) -> History {
        History {
            shared,
            feed,
            generation,
            cursor,
            is_held: false,
            gap: None,
            is_told: false,
            page: Vec::new(),
            count: FIRST_PAGE,
            task: None,
        }
    }

    /// Tells of a gap first.
    pub(super) fn after_gap(mut self, missed: Option<u64>) -> History {
        self.gap = Some(missed);
        self
    }

    /// Begins with a page that was read after the cursor.
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

    /// What is next without waiting; `None` once a task has been started.
    fn next(&mut self) -> Option<Turn> {
        if self.page.iter().any(Entry::is_event) {
            if let Some(missed) = self.gap.take() {
                return Some(Turn::Told(self.feed.told(missed, None)));
            }
            self.is_told = false;
            let (frame, marks) = entry::frame(&self.page);
            let average = 1 + frame.len() / self.page.len();
            self.count = (PAGE_SIZE / average).clamp(1, LARGEST_PAGE);
            self.page = Vec::new();
            return Some(Turn::Frame(frame, marks));
        }
        if self.shared.is_closed.load(Ordering::Relaxed) {
            return Some(Turn::Join(self.feed.next()));
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
                self.shared.runtime.spawn(async move { insist(&shared, &feed, cursor, count).await })
            }
            After::Newer => self.shared.runtime.spawn(async move {
                feed.read_up_to(cursor, generation).await;
                Step::Look
            }),
        });
        None
    }

    fn join(&mut self, next: u64) -> Turn {
        if self.is_told || self.gap.is_some() {
            // The log may tell of the same gap next.
            let next = self.feed.after_gap(next);
            self.is_told = true;
            return match self.gap.take() {
                Some(missed) => Turn::Told(self.feed.told(missed, Some(next))),
                None => Turn::Join(next),
            };
        }
        Turn::Join(next)
    }
}

impl Ahead for History {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            if let Some(task) = &mut self.task {
                let step = ready!(Pin::new(task).poll(cx));
                self.task = None;
                // A task that was cancelled, because the runtime is being shut down, has read nothing.
                let Ok(Step::Page(page)) = step else {
                    if step.is_err() {
                        return Poll::Ready(Turn::Join(self.feed.next()));
                    }
                    continue;
                };
                if self.is_held && !page.is_there {
                    self.gap = Some(None);
                }
                if page.entries.is_empty() {
                    // The log once had what follows, and Redis has it no more.
                    if self.is_held {
                        self.gap = Some(None);
                    }
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
}

impl Drop for History {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The page after an entry.
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
    // Ahead of everything is a place for as long as everything is there.
    let is_there =
        is_there || (cursor == EntryId::START && info.is_none_or(|info| info.removed() == Some(0)));
    Ok((Page { is_there, entries }, info))
}

/// The same for a client that waits for it, however long Redis is away.
async fn insist(shared: &Shared, feed: &Feed, cursor: EntryId, count: usize) -> Step {
    let mut backoff = Backoff::default();
    while !shared.is_closed.load(Ordering::Relaxed) {
        match page(shared, feed, cursor, count).await {
            Ok((page, _)) => return Step::Page(page),
            Err(_) => time::sleep(backoff.next()).await,
        }
    }
    Step::Look
}
