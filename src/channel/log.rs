//! The log: the published events that are retained, as bytes.
//!
//! The bytes lie in blocks of memory of at most 64 KiB. Writers append to the last block, which is *hot*. The
//! first reader that reaches the unread bytes in it freezes them into a piece, which all other readers share. Once a
//! block is full its pieces are joined, so that a replay consists of few, long pieces. A frame that waits for a
//! stalled client pins one block.

use super::id::Epoch;
use crate::{encode::block::Buffer, wire::line};
use alloc::{collections::VecDeque, vec::Vec};
use bytes::{Bytes, BytesMut};
use core::{fmt, time::Duration};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Instant,
};

/// The largest block of memory, unless a single event is larger: what one stalled connection pins.
const LARGEST: usize = 64 * 1024;

/// The size of the first block; each further one is twice as large. Small, because most of ten thousand topics are.
const SMALLEST: usize = 1024;

/// A reader that is a few events behind gets a frame of at least this size, if there is that much.
const WORTHWHILE: usize = 16 * 1024;

/// How much is retained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) events: usize,
    pub(super) bytes: usize,
    pub(super) age: Option<Duration>,
}

/// Where in a block the values of the fields `id` and `event` begin, if it has them.
#[derive(Clone, Copy)]
pub(super) struct Values {
    pub(super) id_at: Option<usize>,
    pub(super) type_at: Option<usize>,
}

/// One event.
#[derive(Clone, Copy)]
struct Entry {
    /// Where it ends, in bytes since the channel was made.
    end: u64,
    /// The keyed hash of the ID that it was published with, or 0 if the channel made its ID.
    id_hash: u64,
    /// Where in its block the values of these fields begin; 0 if the event has no such field.
    id_at: usize,
    type_at: usize,
}

/// One event in a frame.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    /// Where it ends in the frame.
    pub(super) end: usize,
    /// Where in its block the values of these fields begin; 0 if the event has no such field.
    pub(super) id_at: usize,
    pub(super) type_at: usize,
}

/// Several events in one piece of shared memory.
struct Piece {
    /// The number of the event after it.
    next: u64,
    /// Where it ends, in bytes since the channel was made.
    end: u64,
    bytes: Bytes,
}

impl Piece {
    fn start(&self) -> u64 {
        self.end - self.bytes.len() as u64
    }
}

pub struct Log {
    bounds: Bounds,
    pub(super) epoch: Epoch,
    entries: VecDeque<Entry>,
    /// The number of the first event that is retained. Events are counted from 1.
    first: u64,
    /// Where that event begins, in bytes since the channel was made.
    first_start: u64,
    /// The frozen pieces, in order and without gaps, up to `hot_start`.
    pieces: VecDeque<Piece>,
    /// How many of the pieces, counted from the last, lie in the hot block.
    hot_pieces: usize,
    hot: BytesMut,
    hot_start: u64,
    block_size: usize,
    /// The events that were published with an ID, by its hash. If several have the same ID the first counts, so
    /// that resuming there repeats events instead of losing them.
    ///
    /// Only hashes are compared. Clients choose the IDs that are looked up, but do not know the key.
    ids: HashMap<u64, u64>,
    hasher: RandomState,
    /// For each publication, its time and the number of the event after it. Empty without a limit on age.
    times: VecDeque<(u64, Instant)>,
}

impl Log {
    pub(super) fn new(bounds: Bounds) -> Log {
        Log {
            bounds,
            epoch: Epoch::random(),
            entries: VecDeque::new(),
            first: 1,
            first_start: 0,
            pieces: VecDeque::new(),
            hot_pieces: 0,
            hot: BytesMut::new(),
            hot_start: 0,
            block_size: SMALLEST,
            ids: HashMap::new(),
            hasher: RandomState::new(),
            times: VecDeque::new(),
        }
    }

    /// The number of the first event that is retained.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next event will have.
    pub(super) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many bytes are retained.
    pub(super) fn bytes(&self) -> usize {
        // Nothing is cut off: so many bytes are in memory.
        (self.end() - self.first_start) as usize
    }

    fn end(&self) -> u64 {
        self.hot_start + self.hot.len() as u64
    }

    /// Appends an event: `write` writes a block of `len` bytes.
    #[inline]
    pub(super) fn append(&mut self, len: usize, values: Values, write: impl FnOnce(&mut BytesMut)) {
        let number = self.next();
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(number).as_bytes();
        let id_len = match values.id_at {
            None => "id: \n".len() + self.epoch.as_bytes().len() + digits.len(),
            Some(_) => 0,
        };
        if self.hot.capacity() - self.hot.len() < id_len + len {
            self.seal(id_len + len);
        }
        if id_len > 0 {
            self.hot.extend_from_slice(b"id: ");
            self.hot.extend_from_slice(self.epoch.as_bytes());
            self.hot.extend_from_slice(digits);
            self.hot.extend_from_slice(b"\n");
        }
        let block_at = self.hot.len();
        write(&mut self.hot);
        let id_hash = match values.id_at.map(|at| value(&self.hot[block_at + at..])) {
            // An empty ID makes a client forget the one that it has.
            None | Some([]) => 0,
            Some(id) => {
                let hash = self.hash(id);
                self.ids.entry(hash).or_insert(number);
                hash
            }
        };
        self.entries.push_back(Entry {
            end: self.end(),
            id_hash,
            id_at: values.id_at.unwrap_or(0),
            type_at: values.type_at.map_or(0, |at| id_len + at),
        });
    }

    fn hash(&self, id: &[u8]) -> u64 {
        // 0 is reserved for "no ID".
        self.hasher.hash_one(id).max(1)
    }

    /// Ends a publication that began with the event `from`, and evicts what exceeds the bounds. This publication itself
    /// is retained whatever the bounds, so that readers that keep up get it.
    pub(super) fn commit(&mut self, from: u64) {
        // An empty publication must not evict the one before it.
        if self.next() == from {
            return;
        }
        if self.bounds.age.is_some() {
            let now = Instant::now();
            self.times.push_back((self.next(), now));
            self.evict_older(now);
        }
        while self.first < from
            && (self.entries.len() > self.bounds.events || self.bytes() > self.bounds.bytes)
        {
            self.evict_first();
        }
        self.drop_pieces();
    }

    /// Evicts what has become too old.
    pub(super) fn evict_expired(&mut self) {
        if self.bounds.age.is_some() {
            self.evict_older(Instant::now());
            self.drop_pieces();
        }
    }

    fn evict_older(&mut self, now: Instant) {
        let Some(age) = self.bounds.age else { return };
        while let Some((next, time)) = self.times.front()
            && now.saturating_duration_since(*time) > age
        {
            let next = *next;
            self.times.pop_front();
            while self.first < next {
                self.evict_first();
            }
        }
    }

    fn evict_first(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            if entry.id_hash != 0 && self.ids.get(&entry.id_hash) == Some(&self.first) {
                self.ids.remove(&entry.id_hash);
            }
            self.first += 1;
            self.first_start = entry.end;
        }
    }

    fn drop_pieces(&mut self) {
        while self.pieces.front().is_some_and(|piece| piece.next <= self.first) {
            self.pieces.pop_front();
        }
        self.hot_pieces = self.hot_pieces.min(self.pieces.len());
        while self.times.front().is_some_and(|(next, _)| *next <= self.first) {
            self.times.pop_front();
        }
    }

    /// Where the event begins, in bytes since the channel was made.
    fn start_of(&self, number: u64) -> u64 {
        if number <= self.first {
            return self.first_start;
        }
        self.entry(number - 1).map_or(self.end(), |entry| entry.end)
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Where each event ends in a frame that begins with the event `from`.
    pub(super) fn marks(&self, from: u64, next: u64, marks: &mut Vec<Mark>) {
        let start = self.start_of(from);
        marks.extend((from..next).filter_map(|number| {
            let entry = self.entry(number)?;
            Some(Mark { end: (entry.end - start) as usize, id_at: entry.id_at, type_at: entry.type_at })
        }));
    }

    /// The `id` line with which a client that has all events up to this one resumes. It is empty if the event was
    /// published with an ID that has been evicted with it.
    pub(super) fn id_line(&mut self, number: u64) -> Vec<u8> {
        let mut line = b"id: ".to_vec();
        let own = |entry: Option<&Entry>| entry.is_some_and(|entry| entry.id_hash != 0);
        if own(self.entry(number)) {
            let at = self.entry(number).map_or(0, |entry| entry.id_at);
            if let Some((bytes, _)) = self.read(number) {
                line.extend_from_slice(value(&bytes[at..]));
            }
        } else if number < self.first && own(self.entry(self.first)) {
            // Other channels that are fed the same events know the events' own IDs, but none of this channel's.
            return Vec::new();
        } else {
            line.extend_from_slice(self.epoch.as_bytes());
            line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        line.push(b'\n');
        line
    }

    /// A block with only that line, or nothing if there is no such line.
    pub(super) fn id_block(&mut self, number: u64) -> Vec<u8> {
        let mut block = self.id_line(number);
        if !block.is_empty() {
            block.push(b'\n');
        }
        block
    }

    /// Those events from `from` on that lie in one piece, and the number of the event after them. `from` must be
    /// retained, or be the next event.
    pub(super) fn read(&mut self, from: u64) -> Option<(Bytes, u64)> {
        if from >= self.next() {
            return None;
        }
        let start = self.start_of(from);
        if start >= self.hot_start {
            self.freeze();
        }
        let last = self.pieces.len().checked_sub(1)?;
        let mut index = last;
        if self.pieces[last].start() > start {
            index = self.pieces.partition_point(|piece| piece.next <= from);
            if index + self.hot_pieces > last {
                self.join_late(index);
            }
        }
        let piece = &self.pieces[index];
        Some((piece.bytes.slice((start - piece.start()) as usize..), piece.next))
    }

    /// Turns the unread bytes of the hot block into a piece.
    fn freeze(&mut self) {
        if !self.hot.is_empty() {
            let bytes = self.hot.split().freeze();
            self.hot_start += bytes.len() as u64;
            self.pieces.push_back(Piece { next: self.next(), end: self.hot_start, bytes });
            self.hot_pieces += 1;
        }
    }

    /// Closes the hot block, and begins a new one with room for `len` bytes.
    #[cold]
    fn seal(&mut self, len: usize) {
        self.freeze();
        self.join(self.pieces.len() - self.hot_pieces, self.pieces.len());
        self.hot_pieces = 0;
        self.hot = BytesMut::with_capacity(len.max(self.block_size));
        // A small log should not pin much more than it retains.
        self.block_size = (2 * self.block_size).min(LARGEST.min(self.bounds.bytes / 4).max(SMALLEST));
    }

    /// Joins pieces of the hot block for a reader that is behind.
    fn join_late(&mut self, index: usize) {
        self.freeze();
        let mut len = 0;
        let long_enough = |piece: &Piece| {
            len += piece.bytes.len();
            len >= WORTHWHILE
        };
        let end = self.pieces.range(index..).position(long_enough);
        self.join(index, end.map_or(self.pieces.len(), |count| index + count + 1));
    }

    /// Joins pieces of the hot block. Readers find their places by event number, so nothing changes for them.
    fn join(&mut self, start: usize, end: usize) {
        if end - start < 2 {
            return;
        }
        let mut bytes =
            Vec::with_capacity(self.pieces.range(start..end).map(|piece| piece.bytes.len()).sum());
        for piece in self.pieces.range(start..end) {
            bytes.extend_from_slice(&piece.bytes);
        }
        let last = &mut self.pieces[end - 1];
        last.bytes = bytes.into();
        self.pieces.drain(start..end - 1);
        self.hot_pieces -= end - start - 1;
    }

    /// The event that was published with this ID, if it is retained.
    pub(super) fn find(&self, id: &str) -> Option<u64> {
        if self.ids.is_empty() { None } else { self.ids.get(&self.hash(id.as_bytes())).copied() }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("first", &self.first).field("next", &self.next()).finish_non_exhaustive()
    }
}

impl Buffer for BytesMut {
    #[inline(always)]
    fn extend(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// The value of a field that begins here.
pub(super) fn value(rest: &[u8]) -> &[u8] {
    &rest[..line::find_end(rest).unwrap_or(rest.len())]
}
