//! Which entry of the stream is which event of the log.

use super::{
    EntryId,
    entry::{Content, Entry},
    reply::Info,
};
use alloc::collections::VecDeque;

/// A place in the log that has an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    id: EntryId,
    /// Whether it is the event that reports a gap after the entry with this ID.
    is_gap: bool,
}

/// The places in the log, in the order of their IDs, and how far the stream has been read.
///
/// Used under the lock of the channel.
#[derive(Debug)]
pub(super) struct Index {
    /// Changes when the stream was replaced by another one with the same key: nothing known of the old one holds.
    generation: u64,
    /// The number of the log's event at the first of the places.
    first: u64,
    /// The place before it.
    base: Place,
    places: VecDeque<Place>,
    /// The last entry that was read.
    seen: EntryId,
    /// How many entries had been added to the stream up to and including that one.
    added: Option<u64>,
    /// The last entry of the stream when this generation began.
    origin: EntryId,
}

/// Where a client that has everything up to an entry continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// With this event of the log.
    At(u64),
    /// With what only Redis still has.
    Older,
    /// With what this node has yet to read.
    Newer,
    /// The stream was replaced; the entries of the new one follow this entry.
    Gone(EntryId),
}

/// The result of comparing the stream with what was read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Everything that was added after what was read is still there.
    All,
    /// Entries were dropped before they were read; their number, if it is known.
    Missed(Option<u64>),
    /// What was read is gone, and the stream continues after this entry.
    Gone(EntryId),
}

impl Index {
    /// Begins at the end of the stream.
    pub(super) fn new(info: Option<Info>) -> Index {
        let last = info.map_or(EntryId::START, |info| info.last);
        Index {
            generation: 0,
            first: 1,
            base: Place { id: last, is_gap: false },
            places: VecDeque::new(),
            seen: last,
            added: info.map_or(Some(0), |info| info.added),
            origin: last,
        }
    }

    pub(super) fn seen(&self) -> EntryId {
        self.seen
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn is_finished(&self) -> bool {
        self.seen == EntryId::END
    }

    /// Forgets the places that the log has evicted.
    pub(super) fn evict(&mut self, log_first: u64) {
        while self.first < log_first
            && let Some(place) = self.places.pop_front()
        {
            self.base = place;
            self.first += 1;
        }
    }

    /// Notes these entries, whose events are appended to the log next.
    pub(super) fn extend(&mut self, entries: &[Entry]) {
        let Some(last) = entries.last() else { return };
        self.places.extend(
            entries
                .iter()
                .filter(|entry| entry.is_event())
                .map(|entry| Place { id: entry.id, is_gap: false }),
        );
        self.seen = last.id;
        self.added = self.added.map(|added| added + entries.len() as u64);
    }

    /// Notes that an event is appended to the log next that reports missing entries.
    pub(super) fn gap(&mut self, missed: Option<u64>) {
        self.places.push_back(Place { id: self.seen, is_gap: true });
        self.added = self.added.zip(missed).map(|(added, missed)| added + missed);
    }

    /// Notes that an event is appended to the log next that reports that the stream was replaced. The new one is read
    /// from here.
    pub(super) fn restart(&mut self, from: EntryId, added: Option<u64>) {
        self.first += self.places.len() as u64;
        self.places.clear();
        self.places.push_back(Place { id: from, is_gap: true });
        self.generation += 1;
        self.base = Place { id: from, is_gap: false };
        self.seen = from;
        self.origin = from;
        self.added = added;
    }

    /// The number of the log's event after the one with this ID, if the log knows that ID.
    ///
    /// IDs that fall between known ones are not known themselves.
    pub(super) fn find(&self, id: EntryId) -> Option<u64> {
        let place = Place { id, is_gap: false };
        match self.places.binary_search(&place) {
            Ok(index) => Some(self.first + index as u64 + 1),
            Err(_) if self.base == place => Some(self.first),
            Err(_) => None,
        }
    }

    /// Where a client continues that has everything up to this entry of this generation.
    pub(super) fn after(&self, id: EntryId, generation: u64) -> After {
        let place = Place { id, is_gap: false };
        if generation != self.generation {
            After::Gone(self.origin)
        } else if place < self.base {
            After::Older
        } else if id > self.seen {
            After::Newer
        } else {
            After::At(self.first + self.places.partition_point(|other| *other <= place) as u64)
        }
    }

    /// The number of the first event, from this one on, that does not report a gap.
    pub(super) fn after_gap(&self, number: u64) -> u64 {
        number + u64::from(self.place(number).is_some_and(|place| place.is_gap))
    }

    /// The number of the oldest event in the log that belongs to this stream.
    pub(super) fn oldest(&self) -> u64 {
        self.first
    }

    /// The ID of the entry before this event of the log, unless it belongs to an earlier stream.
    pub(super) fn passed(&self, next: u64) -> Option<EntryId> {
        self.place(next.checked_sub(1)?).map(|place| place.id)
    }

    /// The place of this event of the log.
    fn place(&self, number: u64) -> Option<&Place> {
        let index = number.checked_sub(self.first)?;
        self.places.get(usize::try_from(index).ok()?)
    }

    /// Compares what was read before with the stream. `from_seen` holds the stream's entries from `seen` on, that one
    /// included if it is still there; `all` says whether these are all of them.
    pub(super) fn compare(&self, info: Option<Info>, from_seen: &[Entry], all: bool) -> Found {
        let Some(info) = info else {
            return if self.seen == EntryId::START { Found::All } else { Found::Gone(EntryId::START) };
        };
        let new = from_seen.iter().filter(|entry| entry.id > self.seen).count() as u64;
        let is_there = new < from_seen.len() as u64;
        if !is_there {
            if info.last < self.seen {
                // If only the end was lost, as with a file that was not synced, what the log has must not be sent
                // again.
                let known = self.find(info.last).is_some();
                return Found::Gone(if known { info.last } else { EntryId::START });
            }
            // Entries are dropped oldest first, unless somebody deletes one.
            if info.first.is_none_or(|first| first > self.seen) {
                return match (info.removed(), self.added) {
                    (Some(removed), Some(added)) if removed < added => Found::Gone(EntryId::START),
                    (Some(removed), Some(added)) if removed == added => Found::All,
                    (Some(removed), Some(added)) => Found::Missed(Some(removed - added)),
                    _ => Found::Missed(None),
                };
            }
        }
        match (info.added, self.added) {
            // Dropped between two entries that were read.
            (Some(now), Some(added)) if all && now > added + new => Found::Missed(Some(now - added - new)),
            _ => Found::All,
        }
    }
}

/// Whether the topic ends with these entries. Nothing can follow.
pub(super) fn finishes(entries: &[Entry]) -> bool {
    matches!(entries.last(), Some(Entry { id: EntryId::END, content: Content::Finish }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec::Vec};

    fn id(millis: u64) -> EntryId {
        EntryId::parse(format!("{millis}-0").as_bytes()).unwrap()
    }

    fn events(ids: impl IntoIterator<Item = u64>) -> Vec<Entry> {
        ids.into_iter()
            .map(|at| Entry { id: id(at), content: Content::Event(b"data: 1\n\n".to_vec(), None) })
            .collect()
    }

    fn info(len: u64, added: u64, first: Option<u64>, last: u64) -> Option<Info> {
        Some(Info { len, added: Some(added), first: first.map(id), last: id(last) })
    }

    #[test]
    fn places_are_found_by_id_and_clients_by_order() {
        let mut index = Index::new(info(2, 5, Some(4), 10));
        index.extend(&events([20, 30]));
        index.gap(Some(2));
        index.extend(&events([40]));
        // The log has 20, 30, the gap and 40 now.
        let found: Vec<_> = [9, 10, 11, 20, 30, 40, 41].iter().map(|at| index.find(id(*at))).collect();
        assert_eq!(found, [None, Some(1), None, Some(2), Some(3), Some(5), None]);
        let after: Vec<_> = [9, 10, 25, 30, 40, 41].iter().map(|at| index.after(id(*at), 0)).collect();
        use After::{At, Newer, Older};
        assert_eq!(after, [Older, At(1), At(2), At(3), At(5), Newer]);
        let passed: Vec<_> = (2..7).map(|number| index.passed(number)).collect();
        assert_eq!(passed, [Some(id(20)), Some(id(30)), Some(id(30)), Some(id(40)), None]);

        index.evict(3);
        assert_eq!((index.find(id(20)), index.find(id(30))), (None, Some(3)));
        index.evict(4);
        // A client that was there before the gap must be told of it by whoever still can.
        assert_eq!((index.find(id(30)), index.after(id(30), 0)), (None, Older));
        assert_eq!(index.find(id(40)), Some(5));
    }

    #[test]
    fn another_stream_knows_none_of_the_ids() {
        let mut index = Index::new(None);
        index.extend(&events([20, 30]));
        index.restart(EntryId::START, Some(0));
        index.extend(&events([25]));
        assert_eq!((index.find(id(20)), index.find(id(25))), (None, Some(5)));
        assert_eq!(index.after(id(20), 0), After::Gone(EntryId::START));
        assert_eq!([3, 4, 5].map(|number| index.passed(number)), [None, Some(EntryId::START), Some(id(25))]);
        // The event that reports the gap is the first one of the new stream.
        assert_eq!(index.after(EntryId::START, 1), After::At(3));
    }

    #[test]
    fn what_is_missing_is_noticed() {
        let mut index = Index::new(info(1, 1, Some(10), 10));
        index.extend(&events([20, 30]));
        let compare = |info, ids: &[u64]| index.compare(info, &events(ids.iter().copied()), true);
        // Nothing new, and something new.
        assert_eq!(compare(info(3, 3, Some(10), 30), &[30]), Found::All);
        assert_eq!(compare(info(4, 4, Some(10), 40), &[30, 40]), Found::All);
        // Trimmed exactly up to where it was read, and further.
        assert_eq!(compare(info(1, 4, Some(40), 40), &[40]), Found::All);
        assert_eq!(compare(info(1, 6, Some(60), 60), &[60]), Found::Missed(Some(2)));
        assert_eq!(compare(info(0, 6, None, 60), &[]), Found::Missed(Some(3)));
        // An entry that had been read was deleted by hand.
        assert_eq!(compare(info(3, 4, Some(10), 40), &[40]), Found::All);
        // Gone, emptied and filled again, with higher and with lower IDs.
        assert_eq!(compare(None, &[]), Found::Gone(EntryId::START));
        assert_eq!(compare(info(1, 1, Some(99), 99), &[99]), Found::Gone(EntryId::START));
        assert_eq!(compare(info(1, 1, Some(5), 5), &[]), Found::Gone(EntryId::START));
        // Only the end was lost.
        assert_eq!(compare(info(2, 2, Some(10), 20), &[]), Found::Gone(id(20)));
        // Trimmed while it was read.
        let index = Index { added: Some(1), ..index };
        assert_eq!(index.compare(info(1, 3, Some(30), 30), &events([30]), true), Found::Missed(Some(2)));

        let empty = Index::new(None);
        assert_eq!(empty.compare(None, &[], true), Found::All);
        assert_eq!(empty.compare(info(1, 1, Some(5), 5), &events([5]), true), Found::All);
        assert_eq!(empty.compare(info(1, 3, Some(5), 5), &events([5]), true), Found::Missed(Some(2)));
    }
}
