//! The user's commands, and calls that are out of turn.

use crate::client::{Client, STREAM, builder, header, ms, refused};
use sse_wire::client::Policy;

#[test]
fn reconnecting_on_command() {
    let mut client = Client::new(builder());
    client.send();
    client.open();
    client.bytes("id: 1\ndata: x\n\nid: 2\nda");
    client.connection.reconnect();
    assert_eq!(client.wait(), Some(ms(0)));
    assert_eq!(header(&client.send(), "last-event-id"), ["1"]);
    // The rate still applies.
    for _ in 0..8 {
        client.connection.reconnect();
        client.send();
    }
    client.connection.reconnect();
    assert_eq!(client.wait(), Some(ms(1000)));
    client.connection.close();
    client.connection.reconnect();
    assert_eq!(client.wait(), None);
}

#[test]
fn nothing_opens_a_closed_connection() {
    for (status, headers) in [(200, STREAM), (302, &[("location", "/")]), (404, &[])] {
        let mut client = Client::new(builder().policy(Policy::new().retry_statuses([404])));
        client.send();
        client.connection.close();
        client.answer(status, headers);
        assert!(client.bytes("data: 1\n\n").is_empty());
        client.connection.end(client.now);
        client.connection.error(refused(), client.now);
        assert_eq!(client.wait(), None, "{status}");
        assert!(client.connection.request(client.now).is_none() && client.connection.is_closed());
    }
}

#[test]
fn what_is_out_of_turn_changes_nothing() {
    let mut client = Client::new(builder());
    client.answer(200, STREAM);
    client.connection.end(client.now);
    client.connection.error(refused(), client.now);
    assert!(client.bytes("data: 1\n\n").is_empty());
    client.send();
    assert!(client.connection.request(client.now).is_none());
    client.open();
    client.answer(404, &[]);
    assert_eq!(client.data("data: 1\n\n"), ["1"]);
}
