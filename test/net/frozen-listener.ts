/** Listens and then stops itself: the kernel goes on taking connections, up to the backlog, and nobody accepts them. */
import { listen } from "../../src/net/mod.ts";

const server = await listen({ host: "127.0.0.1", backlog: Number(process.argv[2]) }, {});
console.log(server.port);
setTimeout(() => process.kill(process.pid, "SIGSTOP"), 20);
