/** Serves on two listeners of shared threads, has one held up for ever, stops, and has nothing left to do. */
import { listen, ThreadPool } from "../../src/net/mod.ts";
import { HANDLERS } from "../../src/tcp/mod.ts";
import { Client, until } from "./support.ts";

const threads = new ThreadPool(1);
const options = { host: "127.0.0.1", workers: 2, threads } as const;
const stuck = await listen(options, new URL("./stuck-handler.ts", import.meta.url));
const other = await listen(options, HANDLERS.echo.url);
const clients = [new Client(stuck.port), new Client(other.port)];
await until(() => stuck.counts().active === 1 && other.counts().active === 1);
clients[0]!.socket.write("x");
await until(() => stuck.counts().bytesRead === 1);
console.log("held up");
await Promise.all([stuck.stop({ graceMs: 0 }), other.stop({ graceMs: 0 })]);
const ended = (server: typeof stuck) => server.counts().accepted - server.counts().active;
console.log("stopped", ended(stuck), ended(other));
for (const { socket } of clients) socket.destroy();
