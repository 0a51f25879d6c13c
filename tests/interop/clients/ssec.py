"""Prints two ticks of a stream that is resumed behind the ID 5: the same in each of these clients."""

import sys

from ssec import EventSource

seen = 0


def tick(event):
    global seen
    print(event.type, event.data)
    seen += 1
    if seen == 2:
        source.close()


source = EventSource(sys.argv[1], headers={"Last-Event-ID": "5"})
source.add_event_listener("tick", tick)
source.open()
