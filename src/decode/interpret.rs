//! The state machine: WHATWG HTML, 9.2.6, "Interpreting an event stream".
//!
//! The text of an event stays where it is while the event lies in one chunk. A second data line moves it into the
//! decoder's own buffers, and so does the end of the chunk, unless the event may wait there. A line that has not ended
//! yet is searched only once, when it arrives, or twice if it waits, so the cost is linear in the input however it is
//! cut. The bytes are decoded as UTF-8 only when the event is dispatched: no part of a multi-byte character looks like
//! a line end, a colon or a space, so lines and fields are the same before and after decoding, and a character that is
//! split between two chunks is whole by then.

use super::{
    Decoder, Input,
    buffer::{Copies, Text},
    field::{Field, Fields},
    input::{LONGEST_WAITING, Value},
    open_line::BOM,
    received,
};
use crate::{error::TooLarge, wire::line::Lines};
use core::{mem, time::Duration};

/// What was found, and where its texts are.
pub(super) enum Found<'c> {
    /// A message. Its texts are in the chunk or in the buffers with these names; its ID is the last event ID.
    Message {
        event: Text<'c>,
        data: Text<'c>,
        has_id: bool,
    },
    /// An ID without a message. It is now the last event ID.
    Id,
    Retry(Duration),
    /// A comment. Its text is in the chunk or in the buffer of the open line.
    Comment(Text<'c>),
    TooLarge(TooLarge),
}

/// What the last item borrows from the decoder.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lent {
    Nothing,
    Comment,
    Event,
}

/// What a line reports at once, if reports of that kind are enabled.
pub(super) enum Report<'l> {
    Retry(Duration),
    Comment(Value<'l>),
}

/// How many bytes of an event are kept, to be shown if the event is never finished.
pub(super) const START: usize = 128;

impl Decoder {
    /// Decodes up to the next item.
    #[inline]
    pub(super) fn find<'c>(&mut self, input: &mut Input<'c>) -> Option<Found<'c>> {
        self.release();
        let found = self.read_lines(input);
        if !matches!(found, Some(Found::Message { .. })) {
            self.keep_start(input);
        }
        found
    }

    /// Takes back what the last item borrowed.
    #[inline(always)]
    fn release(&mut self) {
        match self.lent {
            Lent::Nothing => {}
            Lent::Comment => {
                self.line.buffer.reset();
                self.lent = Lent::Nothing;
            }
            Lent::Event => self.drop_event(),
        }
    }

    #[inline(always)]
    fn read_lines<'c>(&mut self, input: &mut Input<'c>) -> Option<Found<'c>> {
        if self.bom < BOM.len()
            && let Some(error) = self.skip_bom(input)
        {
            return Some(Found::TooLarge(error));
        }
        if self.line.len > 0 {
            let found = self.end_line(input);
            if found.is_some() || self.line.len > 0 {
                return found;
            }
        }
        if self.skipping {
            self.skip(input)?;
        }
        let mut fields = Fields::default();
        loop {
            let Some(line) = input.line(&mut self.lines) else {
                if input.may_wait && self.wait(input) {
                    return None;
                }
                self.keep(&mut fields);
                let rest = input.take_rest();
                return self.begin_line(rest, input).map(Found::TooLarge);
            };
            if line.is_empty() {
                if fields.data.is_some() || self.has_data {
                    return Some(self.dispatch(fields, input));
                }
                if let Some(found) = self.end_without_data(mem::take(&mut fields), input) {
                    return Some(found);
                }
                continue;
            }
            if line.len() >= self.room()
                && let Some(error) = self.exceeds(line.starts_with(b":"), line.len())
            {
                if error.is_comment {
                    self.keep(&mut fields);
                }
                return Some(Found::TooLarge(error));
            }
            let report = self.process(line, &mut fields, |value| input.value(value));
            if self.size == 0 {
                self.drop_start(input);
            }
            if let Some(report) = report {
                self.keep(&mut fields);
                return Some(match report {
                    Report::Retry(time) => Found::Retry(time),
                    Report::Comment(value) => self.comment(Some(value), input),
                });
            }
        }
    }

    /// Leaves an event that is not complete in the chunk, if all of it is there. Returns whether it does.
    #[inline(never)]
    fn wait(&mut self, input: &mut Input<'_>) -> bool {
        let is_in_chunk = self.start.is_empty() && !self.has_data && self.bom == BOM.len();
        // What is too large is reported as soon as that is known.
        let waits = is_in_chunk && input.go_back(LONGEST_WAITING.min(self.limit.saturating_sub(1)));
        if waits {
            self.size = 0;
            self.lines = Lines::new();
        }
        waits
    }

    /// 9.2.6, "Process the field": what each field does. `value_at` returns where a value lies.
    #[inline(always)]
    pub(super) fn process<'l>(
        &mut self,
        line: &'l [u8],
        fields: &mut Fields<'l>,
        value_at: impl Fn(&'l [u8]) -> Value<'l>,
    ) -> Option<Report<'l>> {
        let mut report = None;
        match Field::of(line) {
            Field::Data(value) if fields.data.is_none() && !self.has_data => {
                fields.data = Some(value_at(value));
            }
            Field::Data(value) => {
                self.keep_data(fields);
                self.begin_data();
                self.data.append(value, self.limit);
            }
            Field::Event(value) => fields.event = Some(value_at(value)),
            Field::Id(value) if received::is_id(value) => fields.id = Some(value_at(value)),
            Field::Retry(value) => {
                if let Some(time) = received::retry(value) {
                    self.reconnection_time = Some(time);
                    report = self.retries.then_some(Report::Retry(time));
                }
            }
            // A comment is not part of the event, and does not count towards its size.
            Field::Comment(value) => return self.comments.then(|| Report::Comment(value_at(value))),
            Field::Id(_) | Field::Unknown => {}
        }
        self.size = self.size.saturating_add(line.len() + 1);
        report
    }

    /// A comment that lies in the chunk or, if `value` is `None`, in the buffer of the open line.
    pub(super) fn comment<'c>(&mut self, value: Option<Value<'c>>, input: &mut Input<'c>) -> Found<'c> {
        self.lent = Lent::Comment;
        match self.line.buffer.decode(value, input, &mut Copies::new(self.limit)) {
            Ok(text) => Found::Comment(text),
            Err(size) => Found::TooLarge(TooLarge { size, limit: self.limit, is_comment: true }),
        }
    }

    /// 9.2.6, dispatching, steps 1 and 3 to 8.
    #[inline(always)]
    pub(super) fn dispatch<'c>(&mut self, fields: Fields<'c>, input: &mut Input<'c>) -> Found<'c> {
        if self.has_data || !self.event.bytes.is_empty() {
            self.lent = Lent::Event;
        }
        self.size = 0;
        self.has_data = false;
        self.drop_start(input);
        match self.texts(fields, input) {
            Ok((data, event, has_id)) => {
                if let (Text::Kept, _) | (_, Text::Kept) = (data, event) {
                    self.lent = Lent::Event;
                }
                Found::Message { event, data, has_id }
            }
            Err(size) => {
                self.lent = Lent::Event;
                Found::TooLarge(TooLarge { size, limit: self.limit, is_comment: false })
            }
        }
    }

    /// The data, the event type, and whether there was an ID, which is now the last event ID.
    #[inline(always)]
    fn texts<'c>(
        &mut self,
        fields: Fields<'c>,
        input: &mut Input<'c>,
    ) -> Result<(Text<'c>, Text<'c>, bool), usize> {
        let mut copies = Copies::new(self.limit);
        let data = self.data.decode(fields.data, input, &mut copies)?;
        let event = self.event.decode(fields.event, input, &mut copies)?;
        let has_id = self.id.commit(fields.id, input, &mut copies)?;
        Ok((data, event, has_id))
    }

    /// 9.2.6, dispatching, steps 1 and 2: the ID counts, but without data there is no message.
    pub(super) fn end_without_data<'c>(
        &mut self,
        fields: Fields<'c>,
        input: &mut Input<'c>,
    ) -> Option<Found<'c>> {
        let committed = self.id.commit(fields.id, input, &mut Copies::new(self.limit));
        self.drop_event();
        self.drop_start(input);
        match committed {
            Ok(has_id) => (has_id && self.ids).then_some(Found::Id),
            Err(size) => Some(Found::TooLarge(TooLarge { size, limit: self.limit, is_comment: false })),
        }
    }

    /// Finds what is left when the input ends, as if a blank line followed.
    #[cold]
    pub(super) fn find_last(&mut self) -> Option<Found<'static>> {
        self.release();
        self.end_last_line();
        if mem::take(&mut self.skipping) {
            return None;
        }
        let mut input = Input::once(&[]);
        if self.has_data {
            Some(self.dispatch(Fields::default(), &mut input))
        } else {
            self.end_without_data(Fields::default(), &mut input)
        }
    }

    /// Moves what lies in the chunk to the decoder's buffers.
    pub(super) fn keep(&mut self, fields: &mut Fields<'_>) {
        self.keep_data(fields);
        if let Some(event) = fields.event.take() {
            self.event.set(event.bytes);
        }
        if let Some(id) = fields.id.take() {
            self.id.set(id.bytes);
        }
    }

    #[inline]
    fn keep_data(&mut self, fields: &mut Fields<'_>) {
        if let Some(data) = fields.data.take() {
            self.begin_data();
            self.data.append(data.bytes, self.limit);
        }
    }

    /// Begins a line in the data buffer. (The standard puts a line feed after each line, and drops the last one: 9.2.6,
    /// dispatching, step 3.)
    #[inline]
    pub(super) fn begin_data(&mut self) {
        if mem::replace(&mut self.has_data, true) {
            self.data.append(b"\n", self.limit);
        }
    }

    /// How much room the limit leaves for another line of the event, its end included.
    #[inline(always)]
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.size)
    }

    /// Handles a line that, with its end, makes the event too large. `len` bytes of it have arrived.
    #[cold]
    pub(super) fn exceeds(&mut self, is_comment: bool, len: usize) -> Option<TooLarge> {
        let size = len.saturating_add(1);
        if !is_comment {
            let size = self.size.saturating_add(size);
            self.drop_event();
            self.skipping = true;
            return Some(TooLarge { size, limit: self.limit, is_comment });
        }
        // A comment never costs an event, and an unwanted comment costs nothing.
        let is_too_large = self.comments && size > self.limit;
        is_too_large.then_some(TooLarge { size, limit: self.limit, is_comment })
    }

    /// Drops lines up to the next blank line. `None` if there is none in this chunk.
    #[cold]
    fn skip(&mut self, input: &mut Input<'_>) -> Option<()> {
        while let Some(line) = input.line(&mut self.lines) {
            if line.is_empty() {
                self.skipping = false;
                self.drop_start(input);
                return Some(());
            }
        }
        self.ignore_line(input.take_rest());
        None
    }

    /// Drops the event that has begun. The data buffer keeps its size: a stream that has had large events will have
    /// more of them.
    #[inline]
    pub(super) fn drop_event(&mut self) {
        self.size = 0;
        self.start.clear();
        self.data.clear();
        self.has_data = false;
        self.event.reset();
        self.id.drop_buffer();
        self.lent = Lent::Nothing;
    }

    /// The next event begins here: only comments preceded it.
    #[inline(always)]
    pub(super) fn drop_start(&mut self, input: &mut Input<'_>) {
        self.start.clear();
        input.begin_event();
    }

    /// Keeps the first bytes of the event that have been decoded.
    #[inline]
    fn keep_start(&mut self, input: &mut Input<'_>) {
        let mut event = input.take_event();
        if self.start.is_empty() {
            // The second half of the CRLF before the event.
            event = event.strip_prefix(b"\n").unwrap_or(event);
        }
        let missing = START - self.start.len();
        if missing > 0 && !event.is_empty() {
            self.start.reserve_exact(missing);
            self.start.extend_from_slice(event.get(..missing).unwrap_or(event));
        }
    }
}
