//! Values as JSON.

use super::{fault, wire};
use sse_wire::{Event, Field, Sse};

#[test]
fn json() {
    use serde_json::value::RawValue;
    let raw = RawValue::from_string("{\"a\":\r\n [1,\n2]}".into()).unwrap();
    table! {
        "event: tick\ndata: [1,\"a\\nb\"]\n\n" = |sse| sse.add_json("tick", &(1, "a\nb")).unwrap();
        "data: {\"a\":\ndata:  [1,\ndata: 2]}\n\n" = |sse| sse.add_json("", &raw).unwrap();
        "data: null\n\n" = |sse| sse.push(&Event::new().json(&()).unwrap());
    }
    let unserializable = std::collections::HashMap::from([((1, 2), 3)]);
    let mut sse = Sse::without_retry();
    sse.set_event_id(7);
    let error = sse.add_json("tick", &("half", unserializable)).err().unwrap();
    assert_eq!(error.to_string(), "the data could not be written as JSON");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "key must be a string");
    assert_eq!(fault(sse.add_json("a\n", &1)), (Field::EventType, '\n', 1));
    assert_eq!(sse.to_string(), "id: 7\n\n");
}
