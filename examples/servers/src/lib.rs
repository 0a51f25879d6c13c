//! What the example servers in `src/bin` share.

#[path = "../../demo/mod.rs"]
pub mod demo;
pub mod resumable;

use futures_util::stream::{self, Stream};
use sse_wire::{Sse, response::Shutdown};
use std::{io, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};

/// Each item is everything that happens in one second.
///
/// When the client leaves, the server drops the stream, and nothing of it remains.
pub fn ticks(first: u64) -> impl Stream<Item = Sse> + Send + Sync + 'static {
    stream::unfold((Sse::new(), first), move |(mut sse, n)| async move {
        if n > first {
            sleep(demo::SECOND).await;
        }
        demo::add_happenings(&mut sse, n);
        sse.set_event_id(n).add_message("tick", n);
        // The buffer becomes the frame without being copied. The next one starts empty.
        Some((sse, (Sse::without_retry(), n + 1)))
    })
}

/// Ends all streams when the server is told to stop. Clients reconnect after 1 to 5 seconds.
pub fn shutdown() -> Shutdown {
    Shutdown::builder().retry(Duration::from_secs(1)..=Duration::from_secs(5)).build()
}

/// Completes when the server is told to stop: by Ctrl-C, or with `SIGTERM` by whatever runs it. Signals count from the
/// call on.
pub fn told_to_stop() -> io::Result<impl Future<Output = ()> + Send> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
    })
}

/// How long a server waits for its connections to end when it is told to stop.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// The code of the README, the guides, and the recipes, which needs all these servers and clients to compile.
#[cfg(all(doctest, feature = "readme"))]
mod documentation {
    macro_rules! pages {
        ($($page:ident $file:literal)*) => {$(
            #[doc = include_str!(concat!("../../../", $file))]
            pub struct $page;
        )*};
    }

    pages! {
        Readme "README.md"
        Deployment "src/guide/deployment.md"
        FanOut "src/guide/fan_out.md"
        Features "src/guide/features.md"
        Following "src/guide/following.md"
        Machines "src/guide/machines.md"
        Migrating "src/guide/migrating.md"
        Performance "src/guide/performance.md"
        Reading "src/guide/reading.md"
        Relaying "src/guide/relaying.md"
        Sending "src/guide/sending.md"
        Serving "src/guide/serving.md"
        Testing "src/guide/testing.md"
    }
}

/// The patterns in the documentation, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../../src/response/patterns.md")]
pub struct Patterns;

/// The guide to the channel, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../../src/channel/guide.md")]
pub struct ChannelGuide;
