// Two ticks a connection, with the IDs 1 to 6, and then no more: the same in each of these servers.
import { createServer } from "node:http";
import { createSession } from "better-sse";

const server = createServer(async (request, response) => {
    const last = Number(request.headers["last-event-id"] ?? 0);
    if (last >= 6) {
        response.writeHead(204).end();
        return;
    }
    // Its own serializer makes JSON; one of your own must not yield line ends.
    const options = { retry: 10, serializer: (data) => data, keepAlive: null };
    const session = await createSession(request, response, options);
    for (const id of [last + 1, last + 2]) {
        session.push(`${id} é`, "tick", String(id));
    }
    response.end();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
