"""Prints two ticks of a stream that is resumed behind the ID 5: the same in each of these clients."""

import sys

import httpx
from httpx_sse import connect_sse

with httpx.Client(timeout=30) as client:
    with connect_sse(client, "GET", sys.argv[1], headers={"Last-Event-ID": "5"}) as source:
        ticks = (event for event in source.iter_sse() if event.event == "tick")
        for _, event in zip(range(2), ticks):
            print(event.event, event.data)
