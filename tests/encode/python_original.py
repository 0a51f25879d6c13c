"""Reads lists of calls as JSON, makes them on the Python package `sse`, and prints what it writes."""

import json
import sys

import sse

results = []
for calls in json.load(sys.stdin):
    buffer = sse.Sse()
    for name, *arguments in calls:
        if name.startswith("add_event_"):
            getattr(buffer, name)(text=arguments[0])
        else:
            getattr(buffer, name)(*arguments)
    results.append(str(buffer))
json.dump(results, sys.stdout)
