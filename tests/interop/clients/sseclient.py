"""Prints two ticks of a stream that is resumed behind the ID 5: the same in each of these clients."""

import sys

from sseclient import SSEClient

# It holds back what does not fill a chunk.
ticks = (event for event in SSEClient(sys.argv[1], last_id="5", chunk_size=1) if event.event == "tick")
for _, event in zip(range(2), ticks):
    print(event.event, event.data)
