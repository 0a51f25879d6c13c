"""Two ticks a connection, with the IDs 1 to 6, and then no more: the same in each of these servers."""

import socket

from aiohttp import web
from aiohttp_sse import sse_response


async def events(request):
    last = int(request.headers.get("Last-Event-ID", 0))
    if last >= 6:
        return web.Response(status=204)
    async with sse_response(request) as response:
        for number in (last + 1, last + 2):
            await response.send(f"{number} é", id=str(number), event="tick", retry=10)
    return response


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
app = web.Application()
app.router.add_get("/events", events)
web.run_app(app, sock=listener, print=None)
