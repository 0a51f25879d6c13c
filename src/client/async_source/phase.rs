//! An attempt in async code: what is going on, and how it makes progress.

use super::{Answer, AsyncEventSource};
use crate::{
    client::{BoxFuture, ClientEvent, body::BoxBody, builder::Part, driver::Computed},
    decode::Input,
};
use alloc::collections::VecDeque;
use bytes::{Buf, Bytes};
use core::task::{Context, Poll};
use std::time::SystemTime;

pub(super) enum Phase {
    /// There is no connection.
    Idle,
    /// The parts of the next request are being computed.
    Preparing(VecDeque<(Part, BoxFuture<Computed>)>),
    Opening(BoxFuture<Answer>),
    Reading {
        body: BoxBody,
        chunk: Bytes,
        /// How many chunks have arrived without waiting.
        in_a_row: u32,
    },
}

/// After how many chunks in a row other tasks get their turn, and commands are noticed: if chunks keep coming and
/// contain no message, nothing else makes the reader return.
const MOST_IN_A_ROW: u32 = 32;

impl AsyncEventSource {
    /// Begins an attempt.
    pub(super) fn prepare(&mut self) {
        let driver = &self.driver;
        let needed = self.computed.iter_mut().filter(|(part, _)| driver.needs(part));
        self.phase = Phase::Preparing(needed.map(|(part, compute)| (part.clone(), compute())).collect());
    }

    /// Makes progress with the current connection.
    pub(super) fn progress(&mut self, context: &mut Context<'_>) -> Progress {
        match self.phase {
            Phase::Idle => Progress::None,
            Phase::Preparing(_) => self.compute(context),
            Phase::Opening(_) => self.await_answer(context),
            Phase::Reading { .. } => self.read(context),
        }
    }

    /// Computes the next part of the request, or sends the request once it has all of them.
    fn compute(&mut self, context: &mut Context<'_>) -> Progress {
        let Phase::Preparing(parts) = &mut self.phase else { return Progress::None };
        if let Some((part, compute)) = parts.front_mut() {
            let Poll::Ready(computed) = compute.as_mut().poll(context) else { return Progress::None };
            let part = part.clone();
            parts.pop_front();
            if !self.driver.set(&part, computed, self.timer.now()) {
                self.phase = Phase::Idle;
            }
        } else {
            self.phase = match self.driver.connection.request(self.timer.now()) {
                Some(request) => Phase::Opening((self.transport)(request)),
                None => Phase::Idle,
            };
        }
        Progress::Some
    }

    fn await_answer(&mut self, context: &mut Context<'_>) -> Progress {
        let Phase::Opening(answer) = &mut self.phase else { return Progress::None };
        let connection = &mut self.driver.connection;
        match answer.as_mut().poll(context) {
            Poll::Pending => return Progress::None,
            Poll::Ready(Ok(answer)) => {
                let (mut head, body) = answer.into_parts();
                head.extensions.insert(SystemTime::now());
                connection.response(head, self.timer.now());
                self.phase = Phase::Reading { body, chunk: Bytes::new(), in_a_row: 0 };
            }
            Poll::Ready(Err(error)) => {
                connection.error(error, self.timer.now());
                self.phase = Phase::Idle;
            }
        }
        Progress::Some
    }

    /// Decodes what has arrived, up to the next client event, or takes the next chunk.
    #[inline]
    fn read(&mut self, context: &mut Context<'_>) -> Progress {
        let Phase::Reading { body, chunk, in_a_row } = &mut self.phase else { return Progress::None };
        let connection = &mut self.driver.connection;
        if !chunk.is_empty() {
            let mut input = Input::once(chunk);
            if let Some(event) = connection.read(&mut input) {
                let rest = input.remaining().len();
                chunk.advance(chunk.len() - rest);
                return Progress::Event(event);
            }
            *chunk = Bytes::new();
        }
        if !connection.is_reading() {
            return Progress::None;
        }
        if *in_a_row == MOST_IN_A_ROW {
            *in_a_row = 0;
            context.waker().wake_by_ref();
            return Progress::OthersFirst;
        }
        match body.as_mut().poll_chunk(context) {
            // An empty chunk brings nothing, and there may be no end of them.
            Poll::Ready(Some(Ok(bytes))) if bytes.is_empty() => {
                context.waker().wake_by_ref();
                return Progress::None;
            }
            Poll::Ready(Some(Ok(bytes))) => {
                *in_a_row += 1;
                *chunk = bytes;
            }
            Poll::Ready(Some(Err(error))) => {
                connection.error(error, self.timer.now());
                self.phase = Phase::Idle;
            }
            Poll::Ready(None) => {
                connection.end(self.timer.now());
                self.phase = Phase::Idle;
            }
            Poll::Pending => {
                *in_a_row = 0;
                return Progress::None;
            }
        }
        Progress::Some
    }
}

/// The result of trying to make progress.
pub(super) enum Progress {
    Event(ClientEvent),
    /// Some was made; there may be more to do at once.
    Some,
    /// Nothing can be done until something arrives or a time is over.
    None,
    /// Other tasks get their turn before there is more.
    OthersFirst,
}
