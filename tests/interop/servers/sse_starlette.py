"""Two ticks a connection, with the IDs 1 to 6, and then no more: the same in each of these servers."""

import socket

import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route


async def events(request):
    last = int(request.headers.get("last-event-id", 0))
    if last >= 6:
        return Response(status_code=204)

    async def ticks():
        for number in (last + 1, last + 2):
            yield ServerSentEvent(f"{number} é", event="tick", id=str(number), retry=10)

    return EventSourceResponse(ticks())


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
app = Starlette(routes=[Route("/events", events)])
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
