/**
 * Echoes what Autobahn's fuzzing server sends, case after case, over the connections that `tenk load ws` uses:
 * `bun autobahn-agent.ts ws://127.0.0.1:9001 tenk`. Prints how many cases there were.
 */
import { byOrder } from "../../../src/load/websocket/answers.ts";
import { WebSocketConnection, type WebSocketShared } from "../../../src/load/websocket/connection.ts";
import { WebSocketCounts } from "../../../src/load/websocket/counts.ts";
import { framedBytes, writeMessage } from "../../../src/load/websocket/frame-writer.ts";
import { Masks } from "../../../src/load/websocket/masks.ts";
import { SOCKET_EVENTS } from "../../../src/load/websocket/transport.ts";
import { upgradeRequest } from "../../../src/load/websocket/upgrade-request.ts";
import { Dialer } from "../../../src/net/mod.ts";
import type { Opcode } from "../../../src/wire/websocket/mod.ts";

const [url = "", agent = "tenk"] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const masks = new Masks();

/** Collects each message, and sends it back. */
class EchoConnection extends WebSocketConnection {
  last = "";
  #pieces: Buffer[] = [];

  override content(opcode: Opcode, bytes: Uint8Array, from: number, to: number): void {
    super.content(opcode, bytes, from, to);
    this.#pieces.push(Buffer.from(bytes.subarray(from, to)));
  }

  override message(opcode: Opcode): void {
    super.message(opcode);
    const payload = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.last = payload.toString();
    const frames = new Uint8Array(framedBytes(payload.length, Number.POSITIVE_INFINITY));
    writeMessage(frames, 0, payload, opcode, Number.POSITIVE_INFINITY, masks);
    this.write(frames);
  }
}

/** Connects and echoes until the connection has ended. @returns the last message */
async function visit(path: string): Promise<string> {
  const ended = Promise.withResolvers<void>();
  const nothing = () => {};
  const shared: WebSocketShared = {
    events: {
      open: nothing,
      chunk: nothing,
      came: nothing,
      close: () => ended.resolve(),
      began: nothing,
      answered: () => -1,
      failed: nothing,
      returned: () => false,
      leaving: nothing,
      broken: () => {},
      took: nothing,
    },
    counts: new WebSocketCounts(),
    request: upgradeRequest({ path, authority: `${hostname}:${port}`, headers: [], subprotocols: [] }),
    subprotocols: [],
    maxMessageBytes: 64 * 1024 * 1024,
    masks,
    answers: byOrder(1),
    timeoutMs: 10_000,
    isDeaf: false,
    pending: new Set(),
    pinger: undefined,
  };
  const connection = new EchoConnection(0, shared, (failure) => failure && ended.reject(failure));
  const limits = { stallMs: 0 };
  const bounds = { writeQueueHighBytes: 2 ** 30, writeQueueMaxBytes: 2 ** 30, halfOpen: true, limits };
  await new Dialer({ host: hostname, port: Number(port), ...bounds }, SOCKET_EVENTS).connect({ data: connection });
  await ended.promise;
  return connection.last;
}

const cases = Number(await visit("/getCaseCount"));
for (let number = 1; number <= cases; number++) await visit(`/runCase?case=${number}&agent=${agent}`);
await visit(`/updateReports?agent=${agent}`);
console.log(cases);
