/** Every way in which a connection ends, for `whole-or-reset.test.ts`: each serves one connection that is sent `LENGTH` bytes. */
import { createServer, type Server as ForeignServer } from "node:net";
import {
  type Connection,
  type Handler,
  type ListenOptions,
  listen,
  type Server,
  sendFile,
  ThreadPool,
} from "../../src/net/mod.ts";
import { type RelayOptions, relay } from "../../src/tcp/mod.ts";

export const LENGTH = 1_500_000;
export const PAYLOAD = Uint8Array.from({ length: LENGTH }, (_, at) => at * 31 + (at >> 8));

/** What may come of it: all of the payload and a clean end, or, where a limit or a close cuts it, a reset. */
export type Promised = "whole" | "whole-or-reset";

export interface End {
  readonly name: string;
  readonly promised: Promised;
  /** The client's own end, before it reads. */
  readonly finish?: "fin" | "notify" | "notify-fin";
  serve(options: ListenOptions, file: string): Promise<Server | Closing>;
}

/** A server and what it stands on. */
export interface Closing {
  readonly port: number;
  stop(options: { graceMs: number }): Promise<void>;
}

const answering = (then: (connection: Connection) => unknown): Handler => ({
  chunk(connection) {
    connection.write(PAYLOAD);
    return then(connection);
  },
});
const nothing = () => {};
const soon = (what: () => unknown) => setTimeout(what, 50);

function handled(
  name: string,
  promised: Promised,
  handler: () => Handler,
  more: Partial<End> & ListenOptions = {},
): End {
  const { finish, ...options } = more;
  const serve = (given: ListenOptions) => listen({ ...given, ...options }, handler());
  return { name, promised, serve, ...(finish === undefined ? {} : { finish }) };
}

/** The server stops while the answer is under way. */
function stopping(name: string, promised: Promised, graceMs: number): End {
  const serve = async (given: ListenOptions) => {
    const server: Server = await listen(
      given,
      answering(() => soon(() => server.stop({ graceMs }))),
    );
    return server;
  };
  return { name, promised, serve };
}

/** A relay whose target answers when it was asked, or at the client's FIN, and then does `then`. */
function relayed(name: string, promised: Promised, then: Then, more: Partial<End> & ListenOptions = {}): End {
  const { finish, ...options } = more;
  const serve = async (given: ListenOptions) => {
    const target = await targetOf(then, finish === undefined ? "data" : "end");
    const { port } = target.address() as { port: number };
    const relayOptions: RelayOptions = { targets: [`127.0.0.1:${port}`] };
    const server = await listen({ ...given, ...options, halfOpen: true }, relay(relayOptions));
    const stop = async (how: { graceMs: number }) => {
      await server.stop(how);
      target.close();
    };
    return { port: server.port, stop };
  };
  return { name, promised, serve, ...(finish === undefined ? {} : { finish }) };
}

type Then = "end" | "reset" | "stay";

async function targetOf(then: Then, answersAt: "data" | "end"): Promise<ForeignServer> {
  const target = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", nothing);
    socket.once(answersAt, () => {
      if (then === "end") socket.end(PAYLOAD);
      else socket.write(PAYLOAD, () => then === "reset" && socket.resetAndDestroy());
    });
    socket.on("end", nothing).resume();
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  return target;
}

/** A handler file on a worker, which its own error ends: on threads that no other listener shares. */
const crashing: End = {
  name: "its worker crashes",
  promised: "whole-or-reset",
  serve: (given) =>
    listen({ ...given, workers: 2, threads: new ThreadPool(2) }, new URL("./answer-and-crash.ts", import.meta.url)),
};

const filing = (promised: Promised, name: string, more: Partial<End> & ListenOptions = {}): End => {
  const { finish, ...options } = more;
  const serve = (given: ListenOptions, file: string) =>
    listen(
      { ...given, ...options },
      {
        async chunk(connection) {
          await sendFile(connection, file);
          connection.end();
        },
      },
    );
  return { name, promised, serve, ...(finish === undefined ? {} : { finish }) };
};

const publishing: Handler = {
  chunk(connection) {
    connection.subscribe("all");
    for (let at = 0; at < LENGTH; at += 10_000) connection.write(PAYLOAD.subarray(at, at + 10_000));
    connection.end();
  },
};

const publishedTo = {
  name: "end() after what was published",
  promised: "whole",
  serve: async (given: ListenOptions) => {
    const server: Server = await listen(
      { ...given, subscribers: { maxQueuedBytes: 2 * LENGTH } },
      {
        chunk(connection) {
          connection.subscribe("all");
          for (let at = 0; at < LENGTH; at += 10_000) server.publish("all", PAYLOAD.slice(at, at + 10_000));
          connection.end();
        },
      },
    );
    return server;
  },
} satisfies End;

/** The listener gets another handler while the answer is under way. */
const reloaded: End = {
  name: "end() after a reload",
  promised: "whole",
  serve: async (given) => {
    const change = async (connection: Connection) => {
      const other = await server.prepare({ handler: { open: (late) => late.reset() } });
      await other.commit();
      connection.end();
    };
    const server: Server = await listen(given, answering(change));
    return server;
  },
};

export const ENDS: readonly End[] = [
  handled("end()", "whole", () => answering((connection) => connection.end())),
  handled("end() in pieces", "whole", () => publishing),
  handled("close()", "whole-or-reset", () => answering((connection) => connection.close())),
  handled("close() a little later", "whole-or-reset", () => answering((connection) => soon(() => connection.close()))),
  handled("closeWhenSent()", "whole", () => answering((connection) => connection.closeWhenSent()), { halfOpen: true }),
  handled("the peer's FIN", "whole", () => answering(nothing), { finish: "fin" }),
  handled("the peer's close_notify", "whole", () => answering(nothing), { finish: "notify" }),
  handled("the peer's close_notify and FIN", "whole", () => answering(nothing), { finish: "notify-fin" }),
  handled("end() after a peer's FIN, half-open", "whole", () => ({ end: (connection) => { connection.write(PAYLOAD); connection.end(); } }), { finish: "notify-fin", halfOpen: true }), // biome-ignore format: one thought
  handled("idle", "whole-or-reset", () => answering(nothing), { limits: { idleMs: 600 } }),
  handled("lifetime", "whole-or-reset", () => answering(nothing), { limits: { lifetimeMs: 700 } }),
  handled("stalled", "whole-or-reset", () => answering(nothing), { limits: { stallMs: 600, lifetimeMs: 10_000 } }),
  handled("write-queue-full", "whole-or-reset", () => answering((connection) => connection.end()), {
    writeQueueMaxBytes: 600_000,
  }),
  stopping("a stop with time", "whole", 30_000),
  stopping("a stop without time", "whole-or-reset", 0),
  relayed("relay: the target ends", "whole", "end"),
  relayed("relay: the client finishes first", "whole", "end", { finish: "notify-fin" }),
  relayed("relay: the target is reset", "whole-or-reset", "reset"),
  relayed("relay: lifetime", "whole-or-reset", "stay", { limits: { lifetimeMs: 700 } }),
  relayed("relay: idle", "whole-or-reset", "stay", { limits: { idleMs: 600 } }),
  filing("whole", "sendFile"),
  filing("whole", "sendFile, the peer finished", { finish: "notify-fin" }),
  filing("whole-or-reset", "sendFile, lifetime", { limits: { lifetimeMs: 500 } }),
  publishedTo,
  reloaded,
  crashing,
];
