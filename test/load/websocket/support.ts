import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import {
  planWebSocket,
  type Report,
  runLoad,
  type WebSocketOptions,
  type WebSocketReport,
  webSocket,
} from "../../../src/load/mod.ts";

/** A report that has WebSocket's section. */
export type ReportOfWebSocket = Report & { readonly protocol: WebSocketReport };

/** Runs on one connection for a moment, unless the options say otherwise. */
export async function runWebSocket(url: string, options: Partial<WebSocketOptions> = {}): Promise<ReportOfWebSocket> {
  // How late messages are is the machine's doing, and not what is tested.
  const expectations = ["lost=0", "failed=0", "errors=0", ...(options.answers ? ["unanswered+unexpected=0"] : [])];
  const defaults = { connections: 1, connectRate: 1000, durationMs: 200, expectations };
  const report = await runLoad(webSocket, planWebSocket({ url, ...defaults, ...options }));
  if (report.protocol?.kind !== "ws") throw new Error("The report has no section of WebSocket");
  return report as ReportOfWebSocket;
}

/** Returns messages of a plan. */
export function messages(...texts: readonly string[]): WebSocketOptions["messages"] & object {
  return texts.map((text) => ({ kind: "text", text, first: false, unescape: false }));
}

/** Bun's own server: what is sent to it comes back as `reply` says. */
export function bunServer(
  reply: (message: string | Buffer) => readonly (string | Buffer)[] = (message) => [message],
  tls?: { readonly cert: string; readonly key: string },
) {
  const seen = { messages: 0, bytes: 0, closes: new Map<number, number>(), protocols: new Set<string | null>() };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(tls === undefined ? {} : { tls }),
    fetch(request, self) {
      if (request.url.endsWith("/gone")) return new Response("gone", { status: 410 });
      const protocol = request.headers.get("sec-websocket-protocol");
      seen.protocols.add(protocol);
      const headers = protocol === null ? {} : { "Sec-WebSocket-Protocol": protocol.split(",")[0]! };
      return self.upgrade(request, { headers }) ? undefined : new Response("no", { status: 400 });
    },
    websocket: {
      perMessageDeflate: true,
      message(socket, message) {
        seen.messages += 1;
        seen.bytes += message.length;
        for (const each of reply(message as string | Buffer)) socket.send(each);
      },
      close(_, code) {
        seen.closes.set(code, (seen.closes.get(code) ?? 0) + 1);
      },
    },
  });
  return {
    seen,
    url: `${tls === undefined ? "ws" : "wss"}://127.0.0.1:${server.port}/`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** Lines of a valid answer to an opening handshake. */
export function upgraded(accept: string, ...more: readonly string[]): string {
  const lines = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`, ...more];
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** A server that does with its connections whatever a test says, once a handshake's request has come. */
export async function rawServer(answer: (socket: Socket, accept: string) => void) {
  const sockets = new Set<Socket>();
  const seen = { bytes: Buffer.alloc(0), connections: 0 };
  const server = createServer((socket) => {
    seen.connections += 1;
    sockets.add(socket);
    let head = "";
    let isUpgraded = false;
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      if (isUpgraded) {
        seen.bytes = Buffer.concat([seen.bytes, Buffer.from(bytes)]);
        return;
      }
      head += bytes.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      isUpgraded = true;
      answer(socket, acceptOf(/^Sec-WebSocket-Key: (.*)\r$/im.exec(head)?.[1] ?? ""));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
