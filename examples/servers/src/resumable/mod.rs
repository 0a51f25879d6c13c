//! Answers of a language model that grow token by token, and survive a reload, a second tab, and a temporary network
//! outage.
//!
//! Each answer is a channel. The model publishes its tokens there, and then finishes the channel, whether or not
//! anybody is reading. A browser that connects gets the answer from the beginning, or from where it left off, and at
//! the end status 204, after which its `EventSource` stops asking.

mod model;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use sse_wire::{
    Event,
    channel::{Channel, Start},
    response::{self, Shutdown, last_event_id},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::sleep;

pub use model::ANSWER;

pub const PAGE: &str = include_str!("page.html");

/// How many answers are kept. When there are more, the oldest one is dropped, finished or not.
const KEEP: usize = 1_000;

/// The answers, oldest first. The number of the first one changes as answers are dropped.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    answers: VecDeque<Channel>,
    gone: usize,
}

impl Answers {
    /// Keeps the answer, and returns its number.
    fn add(&self, answer: Channel) -> usize {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.answers.len() == KEEP {
            kept.answers.pop_front();
            kept.gone += 1;
        }
        kept.answers.push_back(answer);
        kept.gone + kept.answers.len()
    }

    fn get(&self, number: usize) -> Option<Channel> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(number.checked_sub(kept.gone + 1)?).cloned()
    }
}

#[derive(Clone)]
struct App {
    answers: Answers,
    shutdown: Shutdown,
    /// The time that the model takes for a token.
    token_time: Duration,
}

/// The application. The shutdown ends its streams.
pub fn app(shutdown: Shutdown, token_time: Duration) -> Router {
    Router::new()
        .route("/", get(Html(PAGE)))
        .route("/answers", post(ask))
        .route("/answers/{number}", get(answer))
        .with_state(App { answers: Answers::default(), shutdown, token_time })
}

/// Begins an answer, and returns its number.
async fn ask(State(app): State<App>) -> Response {
    // An answer has a limited length, so all of it is retained.
    let answer = Channel::builder().start(Start::Oldest).events(None).bytes(None).build();
    let number = app.answers.add(answer.clone());
    tokio::spawn(async move {
        for token in model::tokens() {
            sleep(app.token_time).await;
            // A token may contain spaces and line ends; they arrive unchanged.
            if answer.publish(Event::new().event("token").data(token)).is_err() {
                return;
            }
        }
        let _ = answer.finish_with(Event::new().event("done").data(""));
    });
    (StatusCode::CREATED, number.to_string()).into_response()
}

/// An answer as it grows.
async fn answer(State(app): State<App>, Path(number): Path<usize>, headers: HeaderMap) -> Response {
    let Some(channel) = app.answers.get(number) else {
        return (StatusCode::NOT_FOUND, "there is no such answer, or no longer\n").into_response();
    };
    let id = match last_event_id::from_headers(&headers) {
        Ok(id) => id,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    match channel.connect(id) {
        Some(subscriber) => {
            response::Body::new(subscriber).shutdown(&app.shutdown).into_http().map(Body::new)
        }
        // The answer is finished, and the client has all of it.
        None => StatusCode::NO_CONTENT.into_response(),
    }
}
