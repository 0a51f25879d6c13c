//! Streams a completion from an OpenAI-compatible endpoint, token by token.
//!
//! Without arguments, it talks to its own small fake endpoint:
//!
//!     cargo run --features ureq,json --example llm_stream
//!
//! With a URL, and optionally a model and a question, it talks to a real one:
//!
//!     OPENAI_API_KEY=… cargo run --features ureq-rustls,json --example llm_stream -- \
//!         https://api.openai.com/v1/chat/completions gpt-4o-mini 'What is an event stream?'
//!
//! The request is a `POST`, which is sent only once. A stream that ends before `[DONE]` is an error.

use serde_json::{Value, json};
use sse_wire::{EventSource, Sse};
use std::{
    env,
    error::Error,
    io::{self, Write},
    thread,
    time::Duration,
};

type BoxError = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), BoxError> {
    let mut arguments = env::args().skip(1);
    let url = match arguments.next() {
        Some(url) => url,
        None => fake_endpoint()?,
    };
    let model = arguments.next().unwrap_or_else(|| "gpt-4o-mini".into());
    let question = arguments.next().unwrap_or_else(|| "What is an event stream?".into());

    let request = json!({
        "model": model,
        "stream": true,
        "messages": [{ "role": "user", "content": question }],
    });
    let mut builder = EventSource::builder(url)
        .header("Content-Type", "application/json")
        .body(request.to_string())
        .until_data("[DONE]");
    if let Ok(key) = env::var("OPENAI_API_KEY") {
        builder = builder.header("Authorization", format!("Bearer {key}"));
    }

    let mut output = io::stdout();
    for message in builder.build()? {
        let chunk: Value = message?.json()?;
        if let Some(token) = chunk["choices"][0]["delta"]["content"].as_str()
            && write!(output, "{token}").and_then(|()| output.flush()).is_err()
        {
            return Ok(()); // nobody reads the output any more
        }
    }
    _ = writeln!(output);
    Ok(())
}

/// An endpoint that knows one answer.
fn fake_endpoint() -> Result<String, BoxError> {
    const ANSWER: &str = "An event stream is a response that does not end: \
        the server writes a block of text for each event, and the client reads it as it arrives.";
    const HEAD: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n";

    let server = tiny_http::Server::http("127.0.0.1:0")?;
    let address = server.server_addr().to_ip().ok_or("no address")?;
    thread::spawn(move || -> io::Result<()> {
        for request in server.incoming_requests() {
            let mut client = request.into_writer();
            client.write_all(HEAD)?;
            let mut sse = Sse::without_retry();
            for token in ANSWER.split_inclusive(' ') {
                let chunk = json!({ "choices": [{ "index": 0, "delta": { "content": token } }] });
                sse.add_data(chunk.to_string());
                sse.write_to(&mut client)?;
                client.flush()?;
                thread::sleep(Duration::from_millis(50));
            }
            sse.add_data("[DONE]");
            sse.write_to(&mut client)?;
            client.flush()?;
        }
        Ok(())
    });
    Ok(format!("http://{address}/v1/chat/completions"))
}
