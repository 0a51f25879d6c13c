//! What a buffer becomes for a server, and that it can go to another thread.

use sse_wire::{Chunk, Error, Event, Sse};

#[test]
fn all_of_it_can_go_to_another_thread() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Sse>();
    check::<Event>();
    check::<Chunk>();
    check::<Error>();
}

#[cfg(feature = "std")]
#[test]
fn readers() {
    use std::io::Read as _;
    let mut sse = Sse::new();
    sse.add_data("é");
    sse.advance(1);
    let mut read = String::new();
    sse.into_reader().read_to_string(&mut read).unwrap();
    assert_eq!(read, "etry: 2000\n\ndata: é\n\n");
}

#[cfg(feature = "http")]
#[test]
fn bodies() {
    use bytes::Bytes;
    use http_body::Body as _;
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };
    let mut context = Context::from_waker(Waker::noop());
    let mut sse = Sse::new();
    sse.add_data(1).advance(1);
    let all = Bytes::from("etry: 2000\n\ndata: 1\n\n");
    assert_eq!(Bytes::from(sse.clone()), all);
    assert_eq!(Bytes::from(sse.clone().next().unwrap()), all.slice(..12));
    assert_eq!(Bytes::from(Event::new().data(1)), all.slice(12..));

    let mut body = pin!(sse.clone().into_body());
    assert_eq!((body.is_end_stream(), body.size_hint().exact()), (false, Some(all.len() as u64)));
    let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut context) else { panic!("no frame") };
    assert_eq!(frame.into_data().unwrap(), all);
    assert!(body.is_end_stream());
    assert!(matches!(body.poll_frame(&mut context), Poll::Ready(None)));
    assert!(Sse::without_retry().into_body().is_end_stream());

    let mut stream = pin!(sse.into_body());
    assert_eq!(futures_core::Stream::poll_next(stream.as_mut(), &mut context), Poll::Ready(Some(Ok(all))));
    assert_eq!(futures_core::Stream::poll_next(stream.as_mut(), &mut context), Poll::Ready(None));
}

/// The calls that the crate promises, as they are written, without a warning.
#[cfg(feature = "std")]
mod promised {
    #![deny(warnings)]

    use sse_wire::{Event, Sse};
    use std::io::{self, Write};

    #[test]
    fn calls() -> Result<(), Box<dyn std::error::Error>> {
        let mut resp = Vec::new();
        let resp: &mut dyn Write = &mut resp;

        let mut sse = Sse::with_retry(500);
        sse.set_retry(5000);
        sse.set_event_id("7");
        sse.set_event_id(7);
        sse.reset_event_id();
        sse.add_message("tick", "1");
        sse.add_data("1");
        sse.add_comment("hello\nworld");
        sse.try_add_message("tick", "1")?;
        sse.try_set_event_id("7")?;
        sse.push(&Event::new().event("tick").id(7).retry(5000).comment("c").data("1"));
        #[allow(clippy::uninlined_format_args)]
        write!(resp, "{}", sse)?;
        sse.as_bytes();
        let _: bool = sse.is_empty();
        sse.flush();
        for chunk in &mut sse {
            resp.write_all(&chunk)?
        }
        sse.write_to(resp)?;
        Ok(())
    }

    #[test]
    fn names_do_not_collide_with_those_of_io() -> io::Result<()> {
        #[allow(unused_imports)]
        use std::{
            fmt::Write as _,
            io::{BufRead as _, Read as _, Seek as _},
        };
        fn by_reference(sse: &mut Sse) -> bool {
            sse.add_data(1).flush();
            sse.is_empty()
        }
        assert!(by_reference(&mut Sse::new()));
        let mut two = String::new();
        Sse::new().into_reader().take(2).read_to_string(&mut two)?;
        assert_eq!(two, "re");
        assert_eq!(Sse::new().take(2).count(), 1);
        Ok(())
    }
}
