import { spawn } from "node:child_process";
import { once } from "node:events";
import { planTcp, type Report, type RunOptions, runLoad, type TcpOptions, tcp } from "../../src/load/mod.ts";
import { type Connection, type Handler, listen, type Server } from "../../src/net/mod.ts";

/** What a test sends unless it says otherwise: four bytes. */
export const PING = [{ kind: "text", text: "ping", first: false, unescape: false }] as const;

/** A server on a free port of the loopback, with what came in; stopped at the end of the test. */
export interface Target extends AsyncDisposable {
  readonly server: Server;
  readonly connections: Set<Connection<{ text: string }>>;
  /** All of each connection, in the order they were opened. */
  readonly texts: string[];
  bytes: number;
}

/** @param reply called for each chunk with the number of the connection, from 0 */
export async function target(
  reply: (connection: Connection<{ text: string }>, bytes: Uint8Array, index: number) => void = () => {},
  more: Handler<{ text: string; index: number }> = {},
): Promise<Target> {
  const opened: { text: string; index: number }[] = [];
  const connections = new Set<Connection<{ text: string }>>();
  const decoder = new TextDecoder();
  const server = await listen<{ text: string; index: number }>(
    { host: "127.0.0.1" },
    {
      ...more,
      open(connection) {
        connection.data = { text: "", index: opened.length };
        opened.push(connection.data);
        connections.add(connection);
        more.open?.(connection);
      },
      chunk(connection, bytes) {
        made.bytes += bytes.length;
        connection.data.text += decoder.decode(bytes);
        reply(connection, bytes, connection.data.index);
      },
      close(connection) {
        connections.delete(connection);
      },
    },
  );
  const made: Target = {
    server,
    connections,
    bytes: 0,
    get texts() {
      return opened.map(({ text }) => text);
    },
    [Symbol.asyncDispose]: () => server.stop({ graceMs: 0 }),
  };
  return made;
}

/** A sink in a process of its own, to be killed as `kill -9` would. */
export async function processTarget(): Promise<AsyncDisposable & { server: { port: number }; kill(): void }> {
  const program = `const server = require("node:net").createServer((socket) => socket.resume().on("error", () => {}));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return {
    server: { port: Number(said.toString()) },
    kill: () => void child.kill("SIGKILL"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Runs against a target that is not tenk; short, and with connections opened at once, unless `options` say otherwise. */
export function runAgainst({ server }: Target, options: TcpOptions, run: RunOptions = {}): Promise<Report> {
  const defaults = { connectRate: Number.POSITIVE_INFINITY, durationMs: 300, messages: PING, statsUrl: false } as const;
  return runLoad(tcp, planTcp({ port: server.port, ...defaults, ...options }), run);
}
