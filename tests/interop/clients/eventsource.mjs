// Prints two ticks of a stream that is resumed behind the ID 5: the same in each of these clients.
import { EventSource } from "eventsource";

let count = 0;
const resume = (input, init) => fetch(input, { ...init, headers: { ...init.headers, "Last-Event-ID": "5" } });
const source = new EventSource(process.argv[2], { fetch: resume });
source.addEventListener("tick", (event) => {
    console.log(`${event.type} ${event.data}`);
    count += 1;
    if (count === 2) {
        source.close();
    }
});
source.onerror = (event) => {
    console.error(event.message);
    process.exit(1);
};
