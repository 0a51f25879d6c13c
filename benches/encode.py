"""The contenders in Python, driven by src/bin/encode.rs over stdin and stdout.

import <contender>                             answers with its version, or with nothing
workload <event type or -> <id or -> <length>  is followed by the data; answers with its number
time <contender> <workload> <times>            answers with the time in nanoseconds
show <contender> <workload>                    answers with a length, followed by what is sent for one event
"""

import sys
from importlib.metadata import version
from time import perf_counter_ns


def sse():
    from sse import Sse

    buffer = Sse()
    buffer.flush()

    def encode(event, event_id, data):
        if event_id is not None:
            buffer.set_event_id(event_id)
        buffer.add_message(event or "message", data)
        block = str(buffer).encode()
        buffer.flush()
        return block

    return encode


def sse_starlette():
    from sse_starlette import ServerSentEvent

    def encode(event, event_id, data):
        event_id = None if event_id is None else str(event_id)
        return ServerSentEvent(data, event=event, id=event_id).encode()

    return encode


MAKE = {"sse": sse, "sse-starlette": sse_starlette}
SINK = bytearray(16 * 1024)


def touch(block):
    """The sink: copies every byte, as that of the contenders in Rust does."""
    view = memoryview(block)
    for start in range(0, len(view), len(SINK)):
        part = view[start : start + len(SINK)]
        SINK[: len(part)] = part


def time(encode, event, first_id, data, times):
    start = perf_counter_ns()
    for i in range(times):
        touch(encode(event, first_id if first_id is None else first_id + i, data))
    return perf_counter_ns() - start


def main():
    contenders, workloads = {}, []
    answer, commands = sys.stdout.buffer, sys.stdin.buffer
    while command := commands.readline().decode().split():
        match command:
            case ["import", name]:
                try:
                    contenders[name] = MAKE[name]()
                    reply = version(name)
                except ImportError:
                    reply = ""
                answer.write(b"%s\n" % reply.encode())
            case ["workload", event, event_id, length]:
                data = commands.read(int(length)).decode()
                workloads.append((None if event == "-" else event, None if event_id == "-" else int(event_id), data))
                answer.write(b"%d\n" % (len(workloads) - 1))
            case ["time", name, workload, times]:
                answer.write(b"%d\n" % time(contenders[name], *workloads[int(workload)], int(times)))
            case ["show", name, workload]:
                block = contenders[name](*workloads[int(workload)])
                answer.write(b"%d\n%s" % (len(block), block))
        answer.flush()


main()
